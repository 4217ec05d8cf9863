"""One scene read onto a part of the grid: numbers as stored, and the reason wherever a pixel is not usable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import warp
from siteline.cube.calibrate import Gain
from siteline.cube.positions import Part, Place
from siteline.cube.warp import Field
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

SLC_OFF: Final = datetime(2003, 5, 31, tzinfo=UTC)
"""Landsat 7's scan line corrector failed; since then a fifth of each scene is in stripes without data (USGS)."""

UNSHIFTED: Final = (0.0, 0.0)

WIDENED_M: Final = 40.0
"""Metres by which clouds and shadows are widened unless somebody asks for other ones."""

_FAILED: Final = np.uint8(Reason.FAILED_READ - 1)
_NODATA: Final = np.uint8(Reason.NODATA - 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of every scene: ``bands`` on ``part``, clouds and shadows widened by ``dilate_m`` metres."""

    bands: tuple[str, ...]
    part: Part
    dilate_m: float


@dataclass(slots=True)
class Stored:
    """What was read of a scene, in the files' own pixels: fields by band, reasons by mask layer, what went wrong.

    ``gains``: by band, how its numbers are read. ``failed``: bands whose file could not be read; ``lacking``: bands the
    scene does not have. ``blind``: a mask layer could not be read; clouds are then not known, and nothing is usable.
    ``notes``: doubts. ``unread``: why a file could not be read, "" where all were.
    """

    scene: ImageScene
    fields: dict[str, Field] = field(default_factory=dict)
    gains: dict[str, Gain] = field(default_factory=dict)
    masks: list[tuple[NDArray[np.uint8], Place]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    blind: bool = False
    notes: list[str] = field(default_factory=list)
    unread: str = ""


def place(
    stored: Stored, wanted: Wanted, out: NDArray[np.float32], shift: tuple[float, float] = UNSHIFTED
) -> NDArray[np.uint8]:
    """Put what was read on the grid: numbers as stored into ``out``, Float32[band, y, x]; returns reasons, Uint8[y, x].

    ``shift``: pixels of the grid by which the scene's content lies too far right and down; it is taken off in the same
    sampling. What then lies beyond the grid was not asked for, and counts as outside.
    """
    part = wanted.part if shift == UNSHIFTED else wanted.part.moved(*shift)
    state = np.full(part.shape, warp.USABLE, dtype=np.uint8)
    for band, layer in zip(wanted.bands, out, strict=True):
        if band in stored.fields:
            warp.put(stored.fields[band], part, layer, state)
        else:
            layer[...] = np.nan
    for codes, where in stored.masks:
        on_grid = np.full(part.shape, Reason.OUTSIDE, dtype=np.uint8)  # where a mask does not reach, clouds are not known
        warp.put_codes(codes, where, part, on_grid)
        np.minimum(state, on_grid - np.uint8(1), out=state)
    if shift != UNSHIFTED:
        beyond = _beyond(wanted.part, shift)
        out[:, beyond] = np.nan
        state[beyond] = np.uint8(Reason.OUTSIDE - 1)
    if stored.failed or stored.blind or stored.lacking:
        np.minimum(state, _NODATA if stored.lacking and not (stored.failed or stored.blind) else _FAILED, out=state)
    reasons: NDArray[np.uint8] = state + np.uint8(1)
    if _has_stripes(stored.scene) and not (reasons == Reason.NODATA).all():
        reasons[reasons == Reason.NODATA] = Reason.DEFECTIVE
    return reasons


def metres(grid: Grid) -> float:
    """Metres per CRS unit of ``grid``, for degrees those of latitude."""
    from pyproj import CRS

    crs = CRS.from_user_input(grid.crs)
    return 111_195.0 if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


def _beyond(part: Part, shift: tuple[float, float]) -> NDArray[np.bool_]:
    """Bool[y, x] of ``part``, True = the shifted centre lies beyond the grid."""
    rows = part.row + np.arange(part.height) + 0.5 + shift[1]
    cols = part.col + np.arange(part.width) + 0.5 + shift[0]
    return ((rows < 0) | (rows > part.grid.height))[:, None] | ((cols < 0) | (cols > part.grid.width))


def _has_stripes(scene: ImageScene) -> bool:
    return (
        scene.platform in ("landsat-7", "landsat7", "le07") and scene.when.start is not None and scene.when.start > SLC_OFF
    )
