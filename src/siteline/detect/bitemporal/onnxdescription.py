"""What a learned model wants and what it answers, as its JSON description says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from siteline.detect.bitemporal.tiles import Tiling
from siteline.guard.files import read_text
from siteline.model.errors import BadInput

_SCENES: Final = {"before": ("before",), "after": ("after",), "both": ("before", "after")}
_LARGEST_TILE: Final = 4096
_LONGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One input: the ``bands`` of each of its ``scenes`` in order, each value times ``scale`` plus ``offset`` (by band)."""

    name: str
    scenes: tuple[str, ...]
    bands: tuple[str, ...]
    scale: tuple[float, ...]
    offset: tuple[float, ...]

    @property
    def channels(self) -> int:
        """Layers this input takes."""
        return len(self.scenes) * len(self.bands)


@dataclass(frozen=True, slots=True)
class Description:
    """``output``: its name; ``channel``: which of its layers, from 0, shows change; ``means``: what its numbers are."""

    inputs: tuple[ModelInput, ...]
    tiling: Tiling
    output: str
    channel: int
    means: Literal["probability", "logit"]


class _Wrong(ValueError):
    """A part of the description that is not as it should be."""


def described(path: Path) -> Description:
    """The description at ``path``. Raises ``BadInput`` that names what is wrong, ``FileTrouble`` if unreadable."""
    try:
        told = _fields(json.loads(read_text(path, _LONGEST)), "it", {"inputs", "tile", "output"}, {"overlap"})
        if not isinstance(told["inputs"], list) or not told["inputs"]:
            raise _Wrong("inputs must be a list of at least one")
        inputs = tuple(_input(one, f"inputs[{n}]") for n, one in enumerate(told["inputs"]))
        if len({one.name for one in inputs}) < len(inputs):
            raise _Wrong("two inputs have one name")
        side = _whole(told["tile"], "tile", 1, _LARGEST_TILE)
        tiling = Tiling(side, _whole(told.get("overlap", side // 4), "overlap", 0, side // 2))
        output = _fields(told["output"], "output", {"name", "means"}, {"channel"})
        means = output["means"]
        if means not in ("probability", "logit"):
            raise _Wrong(f"output.means must be 'probability' or 'logit', not {means!r}")
        channel = _whole(output.get("channel", 0), "output.channel", 0, 10_000)
        return Description(inputs, tiling, _text(output["name"], "output.name"), channel, means)
    except (_Wrong, json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{path.name}, the description of a model, cannot be used: {error}; mend it") from error


def _input(value: Any, where: str) -> ModelInput:
    told = _fields(value, where, {"name", "scene", "bands"}, {"scale", "offset"})
    scene, bands = told["scene"], told["bands"]
    if scene not in tuple(_SCENES):
        raise _Wrong(f"{where}.scene must be one of {', '.join(_SCENES)}, not {scene!r}")
    if not isinstance(bands, list) or not bands:
        raise _Wrong(f"{where}.bands must be a list of band names")
    names = tuple(_text(band, f"{where}.bands") for band in bands)
    scale, offset = (
        _numbers(told.get(key, usual), f"{where}.{key}", len(names)) for key, usual in (("scale", 1), ("offset", 0))
    )
    return ModelInput(_text(told["name"], f"{where}.name"), _SCENES[scene], names, scale, offset)


def _fields(value: Any, where: str, needed: set[str], others: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{where} must be an object with {', '.join(sorted(needed))}")
    if lacking := needed - set(value):
        raise _Wrong(f"{where} lacks {', '.join(sorted(lacking))}")
    if unknown := set(value) - needed - others:
        raise _Wrong(f"{where} has {', '.join(sorted(unknown))}, which nobody knows")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong(f"{where} must be a text")
    return value


def _whole(value: Any, where: str, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _Wrong(f"{where} must be a whole number from {low} to {high}, not {value!r}")
    return value


def _numbers(value: Any, where: str, count: int) -> tuple[float, ...]:
    """One number for each of ``count`` bands; one given stands for all."""
    given = value if isinstance(value, list) else [value] * count
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in given)
    if len(given) != count or not plain:
        raise _Wrong(f"{where} must be a number, or one for each of the {count} bands")
    return tuple(float(n) for n in given)
