"""A learned model of someone else's, behind a door: an ONNX file with a description of what goes in and comes out.

No weights are shipped. Runs on the processor through onnxruntime, the optional extra ``siteline[onnx]``. The description is
a JSON file beside the model (``model.onnx`` and ``model.json``), explained in docs/concepts/two-scenes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteline.detect.bitemporal.onnxdescription import Description, ModelInput, described
from siteline.detect.bitemporal.onnxfile import other_files
from siteline.detect.bitemporal.tiles import blended
from siteline.guard.files import read_bytes
from siteline.model.errors import BadInput, FileTrouble

_FLOAT = "tensor(float)"


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """A model that fits its ``description``. ``session``: of onnxruntime."""

    name: str
    description: Description
    session: Any

    def answer(self, given: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """Probability of change of one tile, Float32[side, side]; ``given``: by input, Float32[1, channel, side, side]."""
        told = self.description
        try:
            (out,) = self.session.run([told.output], given)
        except Exception as error:
            raise BadInput(f"{self.name} failed on a tile of {told.tiling.side} px: {_first_line(error)}") from error
        layers = out[0] if out.ndim == 4 else out
        side = told.tiling.side
        if layers.ndim != 3 or layers.shape[0] <= told.channel or layers.shape[1:] != (side, side):
            raise BadInput(
                f"{self.name}: output {told.output!r} has the shape {out.shape} where (1, channel, {side}, {side}) with "
                f"channel {told.channel} is needed; mend its description"
            )
        layer = np.asarray(layers[told.channel], np.float32)
        if told.means == "probability":
            return layer
        from scipy.special import expit

        return np.asarray(expit(layer), np.float32)


def load_model(path: Path, description: Path | None = None) -> LearnedModel:
    """The model at ``path`` with its ``description`` (without one: the file of the same name that ends in ``.json``).

    Raises ``BadInput`` where onnxruntime is not installed, the description is missing or does not fit the model, the model
    takes weights from outside its folder or needs operators that onnxruntime does not have; ``FileTrouble`` for a file that
    cannot be read.
    """
    beside = path.with_suffix(".json") if description is None else description
    if not beside.is_file():
        raise BadInput(
            f"{path.name} has no description: {beside} is missing; write it as docs/concepts/two-scenes.md says, "
            "for without it nobody knows which bands the model wants"
        )
    told = described(beside)
    others = other_files(path, read_bytes(path))
    for other in others:
        if not other.is_file():
            raise FileTrouble(other, f"is missing, where {path.name} keeps its weights", "fetch it with the model")
    model = LearnedModel(path.name, told, _session(path))
    _check(model)
    return model


def run(
    model: LearnedModel,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    bands_before: Sequence[str],
    bands_after: Sequence[str],
) -> NDArray[np.float32]:
    """Probability of change, Float32[y, x], of two scenes on one grid, Float[band, y, x] with their bands' names in order.

    In overlapping tiles; a scene smaller than a tile is reflected at its edges. NaN where a band that the model uses is
    missing in either scene. Raises ``BadInput`` for a band the model needs and a scene lacks, for shapes that differ, and
    where the model fails.
    """
    scenes = {"before": (before, bands_before), "after": (after, bands_after)}
    for name, (values, bands) in scenes.items():
        if values.ndim != 3 or len(values) != len(bands):
            raise BadInput(f"the scene {name} must be (band, row, column) with {len(bands)} bands named, not {values.shape}")
    if before.shape[1:] != after.shape[1:]:
        raise BadInput(
            f"both scenes must lie on one grid, not {before.shape[1:]} and {after.shape[1:]} px; "
            "load both onto one (siteline.load)"
        )
    inputs = model.description.inputs
    parts = [_scaled(model.name, one, scenes) for one in inputs]
    ends = np.cumsum([len(part) for part in parts])[:-1]

    def answer(tile: NDArray[np.float32]) -> NDArray[np.float32]:
        given = zip(inputs, np.split(tile, ends), strict=True)
        return model.answer({one.name: np.ascontiguousarray(part)[None] for one, part in given})

    return blended(answer, np.concatenate(parts), model.description.tiling)


def _scaled(
    name: str, wanted: ModelInput, scenes: dict[str, tuple[NDArray[np.floating], Sequence[str]]]
) -> NDArray[np.float32]:
    """What one input is given, Float32[channel, y, x], NaN = missing."""
    layers = []
    for scene in wanted.scenes:
        values, bands = scenes[scene]
        lacking = [band for band in wanted.bands if band not in bands]
        if lacking:
            raise BadInput(
                f"{name} needs {', '.join(lacking)} of the scene {scene}, which has {', '.join(bands) or 'no bands'}; "
                "load these bands, or choose another scene or model"
            )
        chosen = values[[list(bands).index(band) for band in wanted.bands]].astype(np.float64)
        scaled = chosen * np.array(wanted.scale)[:, None, None] + np.array(wanted.offset)[:, None, None]
        layers.append(np.where(np.isfinite(scaled), scaled, np.nan))
    return np.concatenate(layers).astype(np.float32)


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BadInput("onnxruntime, which runs learned models, is not installed; pip install 'siteline[onnx]'") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised; the rest is not for the user's terminal
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's failures share no class of their own
        told = _first_line(error)
        if "is not a registered function/op" in told:
            remedy = "it needs operators of its own, which siteline does not load; export it with standard operators"
        else:
            remedy = "export it again, or for the installed onnxruntime"
        raise BadInput(f"{path.name} cannot be run: {told}; {remedy}") from error


def _check(model: LearnedModel) -> None:
    """Raise ``BadInput`` where the model's inputs and outputs are not those described."""
    told, session = model.description, model.session
    has = {one.name: one for one in session.get_inputs()}
    wants = {one.name: one for one in told.inputs}
    if set(has) != set(wants):
        raise _unfit(model, f"the model's inputs are {_listed(has)}, those described {_listed(wants)}")
    for name, one in wants.items():
        shape, kind = has[name].shape, has[name].type
        if kind != _FLOAT:
            raise _unfit(model, f"input {name!r} takes {kind}, where 32-bit numbers ({_FLOAT}) are given")
        expected = (1, one.channels, told.tiling.side, told.tiling.side)
        if len(shape) != 4 or any(isinstance(n, int) and n != m for n, m in zip(shape, expected, strict=True)):
            raise _unfit(model, f"input {name!r} has the shape {tuple(shape)}, the description gives {expected}")
    outputs = [one.name for one in session.get_outputs()]
    if told.output not in outputs:
        raise _unfit(model, f"the output {told.output!r} is not among the model's: {_listed(outputs)}")


def _unfit(model: LearnedModel, reason: str) -> BadInput:
    return BadInput(f"{model.name} does not fit its description: {reason}; mend the description, or take the model's own")


def _listed(names: Sequence[str] | dict[str, Any]) -> str:
    return ", ".join(sorted(map(repr, names))) or "none"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
