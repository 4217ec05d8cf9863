"""Pixels of one scene put where they are shown: read through ``guard``, warped by rio-tiler from memory."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube.calibrate import gain
from siteline.guard.dataset import crs_of, dataset_of
from siteline.guard.gdal import rasterio
from siteline.guard.pixels import Affine, Bounds, Pixels, Request
from siteline.model.errors import BadInput, ReadFailed
from siteline.model.grid import Grid
from siteline.model.scene import Asset, ImageScene
from siteline.web.sampling import Gains

if TYPE_CHECKING:
    from siteline.guard.reader import Reader

MERCATOR: Final = "EPSG:3857"
TILE: Final = 256
"""Pixels along the side of a tile."""

MOST_READ: Final = 36_000_000
"""Most pixels of a band unpacked for one picture: a file without overviews, seen from far, would cost without bound."""

_WORLD: Final = 2 * math.pi * 6378137.0
_METRES_A_DEGREE: Final = 111_195.0

Numbers = NDArray[np.float32]
"""Float32[band, row, column], calibrated, NaN where there is no number."""


@cache
def tiler() -> Any:
    """The package ``rio_tiler``, imported when it is first needed, after ``guard`` has set up GDAL."""
    rasterio()
    import rio_tiler.io
    from rio_tiler.errors import NoOverviewWarning

    warnings.filterwarnings("ignore", category=NoOverviewWarning)  # what it is given is the level that was needed
    return rio_tiler


class Outside(Exception):
    """The scene has nothing there."""


def tile(
    scene: ImageScene, bands: tuple[str, ...], gains: Gains, at: tuple[int, int, int], reader: Reader, site: Grid
) -> Numbers:
    """The tile ``at`` (z, x, y) of the web mercator pyramid, 256 pixels a side, north up.

    ``gains``: by band, value = scale x number + offset. ``site``: the area that copies of remote files cover. Raises
    ``Outside``, ``ReadFailed``, ``BadInput`` (the scene has no such band, or the file cannot be read from so far away).
    """
    z, x, y = at
    bounds = left, _, _, top = tile_bounds(at)
    side = _WORLD / 2**z
    ground = side / TILE / math.cosh((bounds[1] + bounds[3]) / 2 / 6378137.0)  # metres a pixel, true at that latitude

    def warp(opened: Any, how: dict[str, Any]) -> Any:
        return opened.tile(x, y, z, tilesize=TILE, **how, **_exactly(left, top, side / TILE, (TILE, TILE)))

    return _put(scene, bands, gains, (bounds, MERCATOR, side / TILE, ground), reader, site, warp, (TILE, TILE))


def tile_bounds(at: tuple[int, int, int]) -> Bounds:
    """Left, bottom, right and top of the tile ``at`` (z, x, y), metres in ``MERCATOR``."""
    z, x, y = at
    side = _WORLD / 2**z
    left, top = x * side - _WORLD / 2, _WORLD / 2 - y * side
    return left, top - side, left + side, top


def part(scene: ImageScene, bands: tuple[str, ...], gains: Gains, grid: Grid, reader: Reader, site: Grid) -> Numbers:
    """The scene on ``grid``, whose CRS is projected, in metres. Raises as ``tile`` does."""

    def warp(opened: Any, how: dict[str, Any]) -> Any:
        place = {"dst_crs": crs_of(grid.crs), "bounds_crs": crs_of(grid.crs), "height": grid.height, "width": grid.width}
        return opened.part(grid.bounds, **place, **how, **_exactly(grid.left, grid.top, grid.res, grid.shape))

    return _put(scene, bands, gains, (grid.bounds, grid.crs, grid.res, grid.res), reader, site, warp, grid.shape)


def _exactly(left: float, top: float, res: float, shape: tuple[int, int]) -> dict[str, Any]:
    """To warp onto the picture's own pixels at once: else it is done on pixels of the file's size, and then again."""
    from rasterio.transform import from_origin

    return {"vrt_options": {"transform": from_origin(left, top, res, res), "height": shape[0], "width": shape[1]}}


def _put(
    scene: ImageScene,
    bands: tuple[str, ...],
    gains: Gains,
    view: tuple[Bounds, str, float, float],
    reader: Reader,
    site: Grid,
    warp: Callable[[Any, dict[str, Any]], Any],
    shape: tuple[int, int],
) -> Numbers:
    out = np.full((len(bands), *shape), np.nan, dtype=np.float32)
    alike: dict[
        tuple[Affine, str, tuple[int, ...]], list[tuple[int, NDArray[np.float32]]]
    ] = {}  # bands on the same pixels go together
    for group in _by_file(scene, bands):
        pixels = _read(reader, scene, [asset for _, asset in group], view, site)
        for n, (place, asset) in enumerate(group if pixels.values.size else ()):
            key = (pixels.transform, pixels.crs, pixels.values.shape[1:])
            alike.setdefault(key, []).append((place, _numbers(scene, asset, pixels, n, gains)))
    for (transform, crs, _), layers in alike.items():
        how = _resampling(transform, crs, view[3])
        try:
            values = np.stack([layer for _, layer in layers])
            with dataset_of(values, transform, crs) as data, tiler().io.Reader(None, dataset=data) as opened:
                image = warp(opened, {"resampling_method": how, "reproject_method": how})
        except tiler().errors.TileOutsideBounds:
            continue
        for (place, _), layer in zip(layers, image.array.filled(np.nan), strict=True):
            out[place] = layer
    if np.isnan(out).all():
        raise Outside
    return out


def _by_file(scene: ImageScene, bands: tuple[str, ...]) -> list[list[tuple[int, Asset]]]:
    groups: dict[tuple[str, str], list[tuple[int, Asset]]] = {}
    for place, (band, asset) in enumerate(zip(bands, scene.bands(bands), strict=True)):
        if asset is None:
            raise BadInput(f"{scene.scene_id} has no band {band!r}")
        groups.setdefault((asset.href, asset.access), []).append((place, asset))
    return list(groups.values())


def _read(
    reader: Reader, scene: ImageScene, assets: Sequence[Asset], view: tuple[Bounds, str, float, float], site: Grid
) -> Pixels:
    """The part of one file that is in view; of one that is there only as a copy, the part that the copy covers."""
    bounds, crs, res, ground = view
    first, indexes = assets[0], tuple(asset.index for asset in assets)
    whole = Request(first.href, indexes, bounds, crs, res, first.access, scene.georef)
    try:
        return _bounded(reader, whole)
    except ReadFailed:
        if first.href.startswith("/"):
            raise
    inner = _within(site, bounds, crs)
    if inner is None:
        raise Outside
    try:
        return _bounded(reader, Request(first.href, indexes, inner, site.crs, ground, first.access, scene.georef))
    except ReadFailed as error:
        if error.kind not in ("unavailable", "refused"):
            raise
        raise ReadFailed(error.href, "unavailable", "there is no copy of it here", "copy it first: siteline fetch") from None


def _bounded(reader: Reader, request: Request) -> Pixels:
    if (count := reader.cost(request)) > MOST_READ:
        raise BadInput(f"{count:,} pixels of its file would be unpacked, which has no coarser levels; zoom in")
    asked = (request.href, request.indexes, request.bounds, request.crs, request.res)
    return reader.read(*asked, request.access, request.georef)


def _within(site: Grid, bounds: Bounds, crs: str) -> Bounds | None:
    """``bounds`` in the CRS of ``site``, cut to it; None where they do not meet."""
    from rasterio.warp import transform_bounds

    left, bottom, right, top = transform_bounds(crs_of(crs), crs_of(site.crs), *bounds, densify_pts=21)
    west, south, east, north = site.bounds
    cut = max(left, west), max(bottom, south), min(right, east), min(top, north)
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def _numbers(scene: ImageScene, asset: Asset, pixels: Pixels, n: int, gains: Gains) -> NDArray[np.float32]:
    """One band as read, calibrated; NaN where the file, the product or its rule says that there is no number."""
    stored = pixels.values[n]
    absent = ~pixels.present
    meaning = gain(scene, asset)
    for none in (*meaning.nodata, *(() if pixels.nodata is None else (pixels.nodata,))):
        absent = absent | (stored == none)
    scale, offset = gains.get(asset.band, (meaning.scale, meaning.offset))
    made = np.asarray(stored, dtype=np.float32) * np.float32(scale) + np.float32(offset)
    made[absent | ~np.isfinite(made)] = np.nan
    return made


def _resampling(transform: Affine, crs: str, ground: float) -> str:
    """Averaged where a pixel of the picture holds several of the file, in squares where the file's are seen one by one."""
    a, b, _, d, e, _ = transform
    own = max(math.hypot(a, d), math.hypot(b, e)) * (_METRES_A_DEGREE if crs_of(crs).is_geographic else 1.0)
    return "average" if ground >= 1.2 * own else "bilinear" if ground >= own / 2 else "nearest"
