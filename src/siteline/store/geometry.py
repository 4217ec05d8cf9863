"""Footprints: GeoJSON in folders, GeoPackage binary (OGC 12-128r19, 2.1.3) in the case, WKT in records.

Coordinates are WGS 84 longitude and latitude in degrees.
"""

from __future__ import annotations

import struct
from typing import Any

_HEADER = struct.Struct("<2sBBi")


def to_blob(geojson: Any) -> bytes:
    """GeoPackage binary of a GeoJSON geometry in WGS 84. Raises ``ValueError`` with the reason."""
    import shapely
    from shapely.geometry import shape

    if not isinstance(geojson, dict):
        raise ValueError("the geometry must be an object or null")
    try:
        geometry = shape(geojson)
    except (shapely.errors.ShapelyError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a GeoJSON geometry ({error})") from None
    if geometry.is_empty:
        raise ValueError("the geometry is empty; write null where no footprint is known")
    west, south, east, north = geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("coordinates must be WGS 84 longitude (-180 to 180), then latitude (-90 to 90)")
    wkb: bytes = shapely.to_wkb(geometry, byte_order=1, flavor="iso")
    return _HEADER.pack(b"GP", 0, 1, 4326) + wkb


def to_wkt(blob: bytes | None) -> str | None:
    """WKT of a GeoPackage binary, None for none. Raises ``ValueError``."""
    import shapely

    return None if blob is None else str(shapely.to_wkt(_geometry(blob), rounding_precision=-1))


def to_geojson(blob: bytes | None) -> Any:
    """GeoJSON object of a GeoPackage binary, coordinates unrounded; None for none. Raises ``ValueError``."""
    if blob is None:
        return None
    from shapely.geometry import mapping

    return mapping(_geometry(blob))


def bounds(blob: bytes) -> tuple[float, float, float, float]:
    """(west, south, east, north) of a GeoPackage binary. Raises ``ValueError``."""
    west, south, east, north = _geometry(blob).bounds
    return west, south, east, north


def _geometry(blob: bytes) -> Any:
    import shapely

    if len(blob) < _HEADER.size or blob[:2] != b"GP":
        raise ValueError("not a GeoPackage geometry")
    envelope = (0, 32, 48, 48, 64, 0, 0, 0)[(blob[3] >> 1) & 7]  # other programs may add an envelope
    try:
        return shapely.from_wkb(blob[_HEADER.size + envelope :])
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"not a GeoPackage geometry ({error})") from None
