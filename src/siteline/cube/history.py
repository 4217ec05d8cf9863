"""What own-history cloud detection needs of each scene, and what it found put back on the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import clouds
from siteline.cube.masks import dilate, lowest
from siteline.cube.positions import Part
from siteline.cube.slices import Wanted, metres
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    from siteline.cube.survey import Decision

_CELL_M: Final = 20.0
_MOST_CELLS: Final = 160
_BRIGHT: Final = ("blue", "green", "red")
_NIR: Final = ("nir", "nir08")


@dataclass(frozen=True, slots=True)
class Seen:
    """One scene in cells of ``side`` pixels: ``bands``, Float32[row, col] as stored; ``masked``, Bool[row, col]."""

    side: int
    bands: dict[str, NDArray[np.float32]]
    masked: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """Reasons by cell of ``side`` pixels, Uint8[row, col]."""

    side: int
    codes: NDArray[np.uint8]


def is_needed(scenes: Sequence[ImageScene]) -> bool:
    """Whether some scene could be judged only by the history of the site."""
    return any(_is_bare(scene) for scene in scenes)


def look(numbers: NDArray[np.float32], reasons: NDArray[np.uint8], wanted: Wanted) -> Seen:
    """A scene in cells: ``numbers`` Float32[band, y, x] as stored, ``reasons`` Uint8[y, x]."""
    grid = wanted.part.grid
    side = max(1, round(_CELL_M / (grid.res * metres(grid))), math.ceil(max(wanted.part.shape) / _MOST_CELLS))
    layers = dict(zip(wanted.bands, numbers, strict=True))
    used = [band for band in layers if band in (*_BRIGHT, *_NIR, "swir16")]
    masked = clouds.cells((reasons >= Reason.CLOUD).astype(np.float32), side) > 0.25
    return Seen(side, {band: clouds.cells(layers[band], side) for band in used}, masked)


def find(decisions: Sequence[Decision], wanted: Wanted, *, whole: bool) -> None:
    """Look for clouds in the scenes that have no mask, or doubt that none are known. ``whole``: the grid was seen whole."""
    bare = [decision for decision in decisions if _is_bare(decision.record.scene)]
    if not bare:
        return
    usable = [decision for decision in decisions if decision.seen is not None and _is_reflectance(decision.record.scene)]
    why = _why_not(usable, wanted, whole)
    answer = None if why else clouds.detect(_history(usable, wanted))
    if answer is None:
        why = why or f"fewer than {clouds.FEWEST} scenes show it"
    found = {} if answer is None else {id(each): codes for each, codes in zip(usable, answer, strict=True)}
    cell_m = (
        0.0
        if not usable or usable[0].seen is None
        else usable[0].seen.side * wanted.part.grid.res * metres(wanted.part.grid)
    )
    for decision in bare:
        if id(decision) in found and decision.seen is not None:
            decision.found = Found(decision.seen.side, dilate(found[id(decision)], wanted.dilate_m / cell_m))
            decision.record.doubts.append("no mask layer: clouds were looked for against the history of the site")
        else:
            reason = why if _is_reflectance(decision.record.scene) else "its numbers are not reflectance"
            decision.record.doubts.append(f"no mask layer, clouds are not known: {reason or 'nothing of it is seen'}")
    for decision in usable:
        decision.seen = None  # judged: blocks that are read later carry what was found, not what it was found in


def merge(reasons: NDArray[np.uint8], found: Found | None, part: Part) -> NDArray[np.uint8]:
    """``reasons``, Uint8[y, x] of ``part``, with what was found in the scene."""
    if found is None:
        return reasons
    rows = (part.row + np.arange(part.height)) // found.side
    cols = (part.col + np.arange(part.width)) // found.side
    return lowest(reasons, found.codes.take(rows, axis=0).take(cols, axis=1))


def _why_not(usable: Sequence[Decision], wanted: Wanted, whole: bool) -> str:
    if not whole:
        return "the area is too large to be judged by its own history; load smaller ones"
    if not set(_BRIGHT) & set(wanted.bands):
        return "no visible band is loaded"
    return "" if len(usable) >= clouds.FEWEST else f"fewer than {clouds.FEWEST} scenes show it in reflectance"


def _history(usable: Sequence[Decision], wanted: Wanted) -> clouds.History:
    def stack(*names: str) -> NDArray[np.float32] | None:
        name = next((name for name in names if name in wanted.bands), None)
        return None if name is None else np.stack([_calibrated(decision, name) for decision in usable])

    bright = stack(*_BRIGHT)
    first = usable[0].seen
    assert bright is not None and first is not None  # _why_not has checked both
    return clouds.History(
        bright,
        stack(*_NIR),
        stack("green"),
        stack("swir16"),
        np.stack([decision.seen.masked for decision in usable if decision.seen is not None]),
        [decision.record.scene.sun_azimuth for decision in usable],
        first.side * wanted.part.grid.res * metres(wanted.part.grid),
    )


def _calibrated(decision: Decision, band: str) -> NDArray[np.float32]:
    assert decision.seen is not None
    scale, offset = decision.gains.get(band, (1.0, 0.0))
    return decision.seen.bands[band] * np.float32(scale) + np.float32(offset)


def _is_bare(scene: ImageScene) -> bool:
    return scene.sensor == "optical" and not scene.masks


def _is_reflectance(scene: ImageScene) -> bool:
    return scene.quantity in ("surface_reflectance", "toa_reflectance")
