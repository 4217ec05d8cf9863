"""Windows of rasters: which pixels cover an area of another CRS, and how large those pixels are there."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

from siteline.guard.pixels import Affine, Bounds
from siteline.guard.tiffhead import BadTiff
from siteline.model.errors import shorten

Window = tuple[int, int, int, int]
"""(first row, first column, rows, columns)"""

MARGIN_PX: Final = 2
NOTHING: Final[Window] = (0, 0, 0, 0)


def window_of(frame: Affine, width: int, height: int, bounds: Bounds) -> Window:
    """The pixels of a ``width`` x ``height`` raster that cover ``bounds`` and a margin of two, cut to it; else 0 rows."""
    a, b, c, d, e, f = frame
    det = a * e - b * d
    if not det:
        return NOTHING
    left, bottom, right, top = bounds
    corners = [(x - c, y - f) for x in (left, right) for y in (bottom, top)]
    cols = [(e * x - b * y) / det for x, y in corners]
    rows = [(a * y - d * x) / det for x, y in corners]
    if not all(map(math.isfinite, (*cols, *rows))):
        return NOTHING
    if max(cols) <= 0 or max(rows) <= 0 or min(cols) >= width or min(rows) >= height:
        return NOTHING
    col0, row0 = max(_floor(min(cols)) - MARGIN_PX, 0), max(_floor(min(rows)) - MARGIN_PX, 0)
    col1, row1 = min(-_floor(-max(cols)) + MARGIN_PX, width), min(-_floor(-max(rows)) + MARGIN_PX, height)
    return row0, col0, row1 - row0, col1 - col0


def moved(frame: Affine, row: int, col: int) -> Affine:
    """``frame`` with its origin at pixel (``row``, ``col``)."""
    a, b, c, d, e, f = frame
    return a, b, c + a * col + b * row, d, e, f + d * col + e * row


def place(bounds: Bounds, crs: str, target: str, frame: Affine, width: int, height: int) -> Bounds:
    """``bounds`` of ``crs`` in the CRS ``target`` of a raster, edges followed; infinite where they do not reach there.

    Longitudes are turned to where the raster has them (-180 to 180, or 0 to 360): of an area on both sides of its edge, to
    the larger part. Raises ``BadTiff`` for a CRS that is not known, or not of the Earth.
    """
    own = _transformed(bounds, crs, target)
    if not _is_geographic(target) or not math.isfinite(own[0]):
        return own
    left, bottom, right, top = own
    if left > right:  # across the antimeridian
        right += 360.0
    turns = [(left + turn, bottom, right + turn, top) for turn in (0.0, 360.0, -360.0)]

    def covered(turned: Bounds) -> int:
        _, _, rows, cols = window_of(frame, width, height, turned)
        return rows * cols

    return max(turns, key=covered)


def side_in(frame: Affine, own: Bounds, target: str, crs: str) -> float:
    """The longer side of a pixel of ``frame``, whose CRS is ``target``, in units of ``crs``, at the middle of ``own``.

    Infinite where that cannot be told.
    """
    a, b, _, d, e, _ = frame
    if target == crs:
        return max(math.hypot(a, d), math.hypot(b, e))
    x, y = (own[0] + own[2]) / 2, (own[1] + own[3]) / 2
    xs, ys = _transformer(target, crs).transform((x, x + a, x + b), (y, y + d, y + e))
    sides = [math.hypot(xs[n] - xs[0], ys[n] - ys[0]) for n in (1, 2)]
    return max(sides) if all(map(math.isfinite, sides)) else math.inf


@lru_cache(maxsize=4096)
def _transformed(bounds: Bounds, crs: str, target: str) -> Bounds:
    from pyproj.exceptions import ProjError

    if crs == target:
        return bounds
    way = _transformer(crs, target)
    try:
        left, bottom, right, top = way.transform_bounds(*bounds, densify_pts=21)
    except ProjError:
        return (math.inf,) * 4
    return float(left), float(bottom), float(right), float(top)


@lru_cache(maxsize=256)
def _transformer(crs: str, target: str) -> Any:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(crs, target, always_xy=True)
    except ProjError:
        raise BadTiff(f"nothing leads from {shorten(crs)} to {shorten(target)}", "no georeference") from None


@lru_cache(maxsize=256)
def _is_geographic(crs: str) -> bool:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return bool(CRS.from_user_input(crs).is_geographic)
    except CRSError:
        raise BadTiff(f"its CRS is not known: {shorten(crs)}", "no georeference") from None


def _floor(value: float) -> int:
    return math.floor(value + 1e-6)
