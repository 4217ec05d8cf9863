"""A thinned look at one scene: how its numbers are read, and which of them are usable to choose a stretch by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import darkfloor
from siteline.cube.positions import Part
from siteline.cube.reading import fetch
from siteline.cube.slices import Wanted, place
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene
from siteline.model.site import MARGIN_M, grid_over

if TYPE_CHECKING:
    from siteline.guard.reader import Reader

SIDE: Final = 160
"""Pixels along the longer side of what is looked at."""

Gains = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sample:
    """``values``: Float32[band, pixel], calibrated and usable; ``gains``: by band, value = scale x number + offset.

    ``why``: what could not be read, "" where all could.
    """

    values: NDArray[np.float32]
    gains: Gains
    why: str


def coarse(area: str, gsd_m: float | None, side: int = SIDE) -> Grid:
    """A grid over ``area`` (WKT, EPSG:4326) and its margin, of about ``side`` pixels, no finer than ``gsd_m``."""
    left, bottom, right, top = grid_over(area, 10.0, MARGIN_M).bounds
    return grid_over(area, max((right - left) / side, (top - bottom) / side, gsd_m or 0.1, 0.1), MARGIN_M)


def sample(scene: ImageScene, bands: tuple[str, ...], grid: Grid, reader: Reader) -> Sample:
    """Look at ``bands`` of ``scene`` on ``grid``; what cannot be read is said, never raised."""
    wanted = Wanted(bands, Part.whole(grid), 0.0)
    stored = fetch(scene, wanted, reader)
    numbers = np.empty((len(bands), *grid.shape), dtype=np.float32)
    reasons = place(stored, wanted, numbers)
    failed = "; ".join(stored.notes) if stored.failed else ""
    if stored.blind:  # its clouds are not known: then all that has numbers
        reasons = np.where(np.isfinite(numbers).all(axis=0), 0, reasons).astype(np.uint8)
    gains = {band: (meaning.scale, meaning.offset) for band, meaning in stored.gains.items()}
    if scene.calibration == "sentinel-2":
        floors = darkfloor.floors(numbers, reasons == 0, bands)
        gains = _without_offset(gains, scene, floors)
    for band, layer in zip(bands, numbers, strict=True):
        scale, offset = gains.get(band, (1.0, 0.0))
        layer *= np.float32(scale)
        layer += np.float32(offset)
    return Sample(numbers[:, (reasons == 0) & np.isfinite(numbers).all(axis=0)], gains, failed)


def _without_offset(gains: Gains, scene: ImageScene, floors: darkfloor.Floors) -> Gains:
    """The gains of a Sentinel-2 scene by its own metadata and pixels; other scenes are not asked (see ``darkfloor``)."""
    settled = darkfloor.settle_alone(scene, floors)
    offset = darkfloor.stated(scene).offset if settled is None else settled.offset
    return {band: (scale, scale * offset) for band, (scale, _) in gains.items()}


def chosen_bands(scene: ImageScene, named: tuple[str, ...]) -> tuple[str, ...]:
    """The bands to draw: those ``named``, else colours where there are some. Raises ``BadInput`` for others."""
    from siteline.publish.stretch import choose_bands

    held = tuple(dict.fromkeys(asset.band for asset in scene.assets if asset.role == "data"))
    if not named:
        return choose_bands(held, radar=scene.sensor == "radar")[1]
    if len(named) not in (1, 3):
        raise BadInput("name one band for grey, or three for red, green and blue")
    if lacking := [band for band in named if band not in held]:
        raise BadInput(f"the scene has no band {lacking[0][:40]!r}; it has {', '.join(held)}")
    return named
