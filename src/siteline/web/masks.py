"""What the masks that came with a scene mark, hatched: widened as in a cube, over the site, put on map tiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube.positions import Part
from siteline.cube.reading import fetch_masks
from siteline.cube.slices import WIDENED_M, Wanted, place
from siteline.guard.dataset import crs_of
from siteline.guard.gdal import rasterio
from siteline.model.errors import ReadFailed
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene
from siteline.web.windows import MERCATOR, TILE, tile_bounds

if TYPE_CHECKING:
    from siteline.guard.reader import Reader

SIDE: Final = 1024
"""Most pixels along the longer side of the site that its masks are looked at in."""

_PERIOD: Final = 8  # pixels from line to line; a whole number of them makes a tile, so that lines run on
_INK, _PAPER = (29, 28, 26, 190), (255, 254, 251, 150)  # beside one another: seen on cloud and in shadow

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Masked:
    """Bool[y, x] on ``grid``: True = a mask of the scene says cloud, shadow, snow or a defect."""

    grid: Grid
    hidden: Mask


def masked(scene: ImageScene, grid: Grid, reader: Reader) -> Masked:
    """What the scene's masks mark on ``grid``. Raises ``ReadFailed`` where one cannot be read."""
    wanted = Wanted((), Part.whole(grid), WIDENED_M)
    stored = fetch_masks(scene, wanted, reader)
    if stored.blind:
        raise ReadFailed(scene.scene_id, "unavailable", "; ".join(stored.notes), "copy it first: siteline fetch")
    reasons = place(stored, wanted, np.empty((0, *grid.shape), dtype=np.float32))
    return Masked(grid, reasons > Reason.NODATA)


def hatched(found: Masked, at: tuple[int, int, int]) -> bytes:
    """The tile ``at`` (z, x, y) as a PNG: lines where it is masked, else clear."""
    from PIL import Image

    rgba = np.where(_on_tile(found, at)[..., None], _lines(), np.uint8(0))
    held = BytesIO()
    Image.fromarray(rgba, "RGBA").save(held, "PNG", compress_level=1)
    return held.getvalue()


def _on_tile(found: Masked, at: tuple[int, int, int]) -> Mask:
    """The mask on the pixels of a tile, each of the nearest pixel of the grid."""
    rasterio()
    from rasterio.transform import from_bounds, from_origin
    from rasterio.warp import Resampling, reproject

    grid, out = found.grid, np.zeros((TILE, TILE), dtype=np.uint8)
    reproject(
        found.hidden.astype(np.uint8),
        out,
        src_transform=from_origin(grid.left, grid.top, grid.res, grid.res),
        src_crs=crs_of(grid.crs),
        dst_transform=from_bounds(*tile_bounds(at), TILE, TILE),
        dst_crs=crs_of(MERCATOR),
        resampling=Resampling.nearest,
    )
    return out > 0


@cache
def _lines() -> NDArray[np.uint8]:
    """Uint8[256, 256, 4], slanted lines in ink, each with a pale one beside it."""
    y, x = np.mgrid[:TILE, :TILE]
    made = np.zeros((TILE, TILE, 4), dtype=np.uint8)
    made[(x + y) % _PERIOD < 2] = _INK
    made[(x + y) % _PERIOD == 2] = _PAPER
    return made
