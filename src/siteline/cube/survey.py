"""What must be known of every scene before its numbers can be used: where it lies, what its numbers mean, where clouds are.

Decided once, on one window of the grid, and the same whether pixels are then loaded at once or block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import darkfloor, history
from siteline.cube.dataset import Record
from siteline.cube.positions import Part
from siteline.cube.reading import fetch
from siteline.cube.slices import Stored, Wanted, place
from siteline.model.doubts import CalibrationDoubtful, Doubt, NotAligned, SceneUnusable
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    from siteline.guard.reader import Reader

MAX_WINDOW: Final = 2048
"""Largest side, in pixels, of a grid that is looked at as a whole; of larger ones the middle is."""

MIN_SHIFT_PX: Final = 0.1
"""A smaller shift is within the error of measuring it and not worth resampling for."""

_VISIBLE: Final = ("blue", "green", "red")
_RADAR: Final = frozenset(("vv", "vh", "hh", "hv"))

Spread = Callable[..., Iterable[Any]]


@dataclass(slots=True)
class Decision:
    """How one scene is put on the grid: ``shift`` (pixels to take off), ``gains`` by band (scale, offset).

    ``floors``: of its pixels, by band; ``settled``: the gains are final. ``seen``: the scene in cells, where clouds are
    looked for; ``found``: those there are.
    """

    record: Record
    shift: tuple[float, float] = (0.0, 0.0)
    gains: dict[str, tuple[float, float]] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    settled: bool = False
    warnings: list[Doubt] = field(default_factory=list)
    seen: history.Seen | None = None
    found: history.Found | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The picture others are aligned to: ``image`` Float32[y, x] and where it is ``ok``."""

    image: NDArray[np.float32]
    ok: NDArray[np.bool_]


def window(grid: Grid) -> Part:
    """The part of ``grid`` that is looked at."""
    height, width = min(grid.height, MAX_WINDOW), min(grid.width, MAX_WINDOW)
    return Part(grid, (grid.height - height) // 2, (grid.width - width) // 2, height, width)


def visit(
    scene: ImageScene,
    wanted: Wanted,
    reader: Reader,
    target: Target | None,
    out: NDArray[np.float32],
    reference: bool,
    in_cells: bool,
    spread: Spread,
) -> tuple[Decision, NDArray[np.uint8], Target | None]:
    """Read one scene into ``out``, Float32[band, y, x] of ``wanted.part``, aligned to ``target`` where there is one.

    ``in_cells``: clouds will be looked for against the history of the site. Returns what was decided, the reasons,
    Uint8[y, x], and, of the ``reference``, what others are aligned to.
    """
    stored = fetch(scene, wanted, reader, spread=spread)
    decision = Decision(Record(scene, list(stored.notes), unread=stored.unread))
    if stored.failed or stored.blind:
        decision.warnings.append(SceneUnusable(scene.scene_id, "; ".join(stored.notes)))
    reasons = place(stored, wanted, out)
    seen = None
    if reference:
        decision.record.alignment, decision.record.shift = "reference", (0.0, 0.0)
        seen = picture(out, reasons, wanted)
    elif target is not None:
        reasons = _align(decision, stored, wanted, target, out, reasons)
    decision.gains = {band: (meaning.scale, meaning.offset) for band, meaning in stored.gains.items()}
    look = inner(wanted.part)
    if scene.calibration == "sentinel-2":
        decision.floors = darkfloor.floors(out[:, *look], reasons[look] == 0, wanted.bands)
        if alone := darkfloor.settle_alone(scene, decision.floors):
            _settle(decision, alone)
    else:
        decision.settled = True
    if in_cells and not stored.failed:
        decision.seen = history.look(out, reasons, wanted)
    if decision.settled:
        calibrate(out, wanted.bands, decision)
    return decision, reasons, seen


def picture(numbers: NDArray[np.float32], reasons: NDArray[np.uint8], wanted: Wanted) -> Target:
    """What alignment looks at: the mean of the visible bands there are (of all, without any), its logarithm for radar."""
    bands, look = wanted.bands, inner(wanted.part)
    seen = [i for i, band in enumerate(bands) if band in _VISIBLE] or range(len(bands))
    layers = [numbers[i][look] for i in seen]
    layers = [layer for layer in layers if np.isfinite(layer).any()] or layers[:1]
    image: NDArray[np.float32] = np.asarray(np.mean(layers, axis=0, dtype=np.float32))
    if set(bands) & _RADAR:
        image = np.log10(np.where(image > 0, image, np.nan)).astype(np.float32)
    return Target(image, np.isfinite(image) & ((reasons[look] == 0) | (reasons[look] == Reason.SATURATED)))


def settle(decisions: Sequence[Decision], values: NDArray[np.float32] | None, bands: Sequence[str]) -> None:
    """Decide on the Sentinel-2 offset of scenes that need the others to tell; calibrate them in ``values``, if held."""
    optical = [i for i, decision in enumerate(decisions) if decision.record.scene.calibration == "sentinel-2"]
    if all(decisions[i].settled for i in optical):
        return
    answers = darkfloor.settle([decisions[i].record.scene for i in optical], [decisions[i].floors for i in optical])
    for i, answer in zip(optical, answers, strict=True):
        if not decisions[i].settled:
            _settle(decisions[i], answer)
            if values is not None:
                calibrate(values[i], bands, decisions[i])


def calibrate(numbers: NDArray[np.float32], bands: Sequence[str], decision: Decision) -> None:
    """Turn stored numbers, Float32[band, y, x], into values in place."""
    for band, layer in zip(bands, numbers, strict=True):
        scale, offset = decision.gains.get(band, (1.0, 0.0))
        if scale != 1.0:
            np.multiply(layer, np.float32(scale), out=layer)
        if offset:
            np.add(layer, np.float32(offset), out=layer)


def _settle(decision: Decision, answer: darkfloor.Settled) -> None:
    decision.settled = True
    decision.gains = {band: (scale, scale * answer.offset) for band, (scale, _) in decision.gains.items()}
    if answer.doubt:
        decision.record.doubts.append(answer.doubt)
        decision.warnings.append(CalibrationDoubtful(decision.record.scene.scene_id, answer.doubt))


def _align(
    decision: Decision,
    stored: Stored,
    wanted: Wanted,
    target: Target,
    out: NDArray[np.float32],
    reasons: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    from siteline.cube.align import shift_between

    record = decision.record
    moving = picture(out, reasons, wanted)
    found = shift_between(target.image, moving.image, target.ok, moving.ok)
    record.votes, record.residual = found.votes, found.residual
    if not found.aligned:
        record.alignment = "not aligned"
        record.doubts.append(f"not aligned: {found.reason}")
        decision.warnings.append(NotAligned(record.scene.scene_id, found.reason, unseen=found.unseen))
        return reasons
    record.alignment, record.shift = "aligned", (0.0, 0.0)
    if max(abs(found.dx), abs(found.dy)) < MIN_SHIFT_PX:
        return reasons
    record.shift = decision.shift = (float(found.dx), float(found.dy))
    return place(stored, wanted, out, decision.shift)


def inner(part: Part) -> tuple[slice, slice]:
    """The window that is looked at, within ``part``."""
    look = window(part.grid)
    top, left = look.row - part.row, look.col - part.col
    return slice(top, top + look.height), slice(left, left + look.width)
