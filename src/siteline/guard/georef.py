"""Where the pixels of a TIFF lie: its CRS and affine coefficients, from its geo keys (GeoTIFF 1.1, OGC 19-008r4)."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

from siteline.guard import tiff
from siteline.guard.gdal import crs_text, rasterio
from siteline.guard.pixels import Affine, Georef
from siteline.guard.tiff import BadTiff, Layout, Tag
from siteline.guard.tiffcut import Entry, geo_keys, is_point, write_tiff


def affine_of(layout: Layout) -> Affine | None:
    """The coefficients of the whole image, None where it has no (or only a list of control points).

    As GDAL does it, a scale with a point is taken before a matrix.
    """
    tags, header = layout.levels[0].tags, layout.header
    half = 0.5 if is_point(layout) else 0.0
    scale, tie = _reals(layout, tags.get(tiff.SCALE), 2), _reals(layout, tags.get(tiff.TIEPOINT), 6)
    if scale and tie and scale[0] and scale[1]:
        (sx, sy), (col, row, _, x, y, _) = scale, tie
        sy = abs(sy)
        return _sound((sx, 0.0, x - (col + half) * sx, 0.0, -sy, y + (row + half) * sy))
    matrix = tags.get(tiff.MATRIX)
    if matrix and matrix.kind == 12 and matrix.count == 16:
        m = struct.unpack(f"{header.order}16d", header.value(matrix))
        a, b, c, d, e, f = m[0], m[1], m[3], m[4], m[5], m[7]
        return _sound((a, b, c - half * (a + b), d, e, f - half * (d + e)))
    return None


def stated(georef: Georef) -> Affine:
    """The coefficients that are stated beside a file. Raises ``BadTiff`` where they put nothing anywhere."""
    numbers = georef[1]
    if len(numbers) == 6:
        a, b, c, d, e, f = map(float, numbers)
        if (affine := _sound((a, b, c, d, e, f))) is not None:
            return affine
    raise BadTiff("the coefficients stated beside it do not say where its pixels lie", "no georeference")


def _reals(layout: Layout, tag: Tag | None, count: int) -> tuple[float, ...] | None:
    """The first ``count`` real numbers of a tag, None where it has not so many."""
    code = {11: "f", 12: "d"}.get(tag.kind) if tag else None
    if tag is None or code is None or tag.count < count:
        return None
    size = struct.calcsize(code)
    return struct.unpack(f"{layout.header.order}{count}{code}", layout.header.read(tag.at, count * size))


def _sound(affine: Affine) -> Affine | None:
    """``affine``, None where it puts nothing anywhere."""
    a, b, _, d, e, _ = affine
    det = a * e - b * d
    return affine if all(map(math.isfinite, (*affine, det))) and det else None


def crs_of(layout: Layout) -> str:
    """The CRS as ``EPSG:<code>`` where it has one, else as WKT; "" where the file names none."""
    keys = tuple(geo_keys(layout))
    return _crs(layout.header.order, keys) if keys else ""


@lru_cache(maxsize=512)
def _crs(order: str, keys: tuple[Entry, ...]) -> str:
    """GDAL's reading of geo keys, from a file of one pixel that holds nothing else."""
    module = rasterio()

    def long(value: int) -> bytes:
        return struct.pack(f"{order}I", value)

    def short(value: int) -> bytes:
        return struct.pack(f"{order}H", value)

    entries: list[Entry] = [
        (tiff.WIDTH, 4, 1, long(1)),
        (tiff.HEIGHT, 4, 1, long(1)),
        (tiff.BITS, 3, 1, short(8)),
        (tiff.COMPRESSION, 3, 1, short(1)),
        (tiff.PHOTOMETRIC, 3, 1, short(1)),
        (tiff.SAMPLES, 3, 1, short(1)),
        (tiff.ROWS_PER_STRIP, 4, 1, long(1)),
        (tiff.SCALE, 12, 3, struct.pack(f"{order}3d", 1, 1, 0)),
        (tiff.TIEPOINT, 12, 6, struct.pack(f"{order}6d", 0, 0, 0, 0, 0, 0)),
        *keys,
    ]
    try:
        with (
            module.MemoryFile(write_tiff(order, entries, [b"\1"], tiled=False)) as file,
            file.open(driver="GTiff") as source,
        ):
            found = source.crs
    except (module.errors.RasterioError, module._err.CPLE_BaseError, ValueError):
        return ""
    return crs_text(found)
