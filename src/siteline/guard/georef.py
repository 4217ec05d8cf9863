"""Where the pixels of a TIFF lie: its CRS and affine coefficients, from its geo keys (GeoTIFF 1.1, OGC 19-008r4)."""

from __future__ import annotations

import math
import struct
from functools import lru_cache

from siteline.guard import tiff
from siteline.guard.gdal import rasterio
from siteline.guard.pixels import Affine
from siteline.guard.tiff import Layout
from siteline.guard.tiffcut import Entry, is_point, write_tiff


def affine_of(layout: Layout) -> Affine | None:
    """The coefficients of the whole image, None where it has no (or only a list of control points)."""
    tags, header = layout.levels[0].tags, layout.header
    half = 0.5 if is_point(layout) else 0.0
    matrix = tags.get(tiff.MATRIX)
    if matrix and matrix.kind == 12 and matrix.count == 16:
        m = struct.unpack(f"{header.order}16d", header.value(matrix))
        a, b, c, d, e, f = m[0], m[1], m[3], m[4], m[5], m[7]
        return _sound((a, b, c - half * (a + b), d, e, f - half * (d + e)))
    scale, tie = tags.get(tiff.SCALE), tags.get(tiff.TIEPOINT)
    if not (scale and tie and scale.kind == tie.kind == 12 and scale.count >= 2 and tie.count >= 6):
        return None
    sx, sy = struct.unpack(f"{header.order}2d", header.value(scale)[:16])
    col, row, _, x, y, _ = struct.unpack(f"{header.order}6d", header.value(tie)[:48])
    sy = abs(sy)
    return _sound((sx, 0.0, x - (col + half) * sx, 0.0, -sy, y + (row + half) * sy))


def _sound(affine: Affine) -> Affine | None:
    """``affine``, None where it puts nothing anywhere."""
    a, b, _, d, e, _ = affine
    det = a * e - b * d
    return affine if all(map(math.isfinite, (*affine, det))) and det else None


def crs_of(layout: Layout) -> str:
    """The CRS as ``EPSG:<code>`` where it has one, else as WKT; "" where the file names none."""
    tags, header = layout.levels[0].tags, layout.header
    keys = tuple(
        (number, tag.kind, tag.count, header.value(tag))
        for number in (tiff.GEOKEYS, tiff.GEODOUBLES, tiff.GEOASCII)
        if (tag := tags.get(number)) is not None and tag.length <= 1024 * 1024
    )
    return _crs(header.order, keys) if keys else ""


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
    except (module.errors.RasterioError, module._err.CPLE_BaseError):
        return ""
    if not found:
        return ""
    code = found.to_epsg()
    same = code is not None and module.CRS.from_epsg(code) == found  # its guesses may be near ones
    return f"EPSG:{code}" if same else str(found.to_wkt())
