"""Outlines of scenes as WKT in EPSG:4326, cut at the antimeridian (RFC 7946, section 3.1.9)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MAX_VERTICES = 20_000
"""More than any real outline has."""


def footprint_of(geometry: object, bbox: object) -> tuple[str | None, str]:
    """The outline of an item from its GeoJSON ``geometry``, else its ``bbox``, and what is wrong with it ("" if nothing).

    None where there is none: its place is then unknown, which is not the same as nowhere.
    """
    if isinstance(geometry, Mapping):
        shape, problem = _from_geojson(geometry)
    elif isinstance(bbox, Sequence) and len(bbox) in (4, 6) and all(_is_number(value) for value in bbox):
        middle = len(bbox) // 2
        shape, problem = _checked(box_of((bbox[0], bbox[1], bbox[middle], bbox[middle + 1])))
    else:
        return None, "its footprint is unknown: the item has neither a geometry nor a box"
    return (None, problem) if shape is None else (shape.wkt, problem)


def box_of(bbox: tuple[float, float, float, float]) -> BaseGeometry:
    """The box west, south, east, north; two of them where it crosses the antimeridian (west > east)."""
    from shapely.geometry import MultiPolygon, box

    west, south, east, north = bbox
    if west <= east:
        return box(west, south, east, north)
    return MultiPolygon([box(west, south, 180, north), box(-180, south, east, north)])


def cut(shape: BaseGeometry) -> BaseGeometry:
    """``shape`` within -180 to 180 degrees; one written the long way round the world is put across the antimeridian."""
    from shapely.affinity import translate
    from shapely.geometry import box
    from shapely.ops import unary_union

    if shape.geom_type.startswith("Multi") and shape.bounds[0] >= -180 and shape.bounds[2] <= 180:
        parts = [cut(part) for part in shape.geoms]
        return unary_union(parts)
    if shape.bounds[2] - shape.bounds[0] > 180:
        shifted = _eastward(shape)
        if shifted.bounds[2] - shifted.bounds[0] < 180:
            shape = shifted
    if shape.bounds[0] >= -180 and shape.bounds[2] <= 180:
        return shape
    worlds = [translate(shape.intersection(box(-180 + turn, -90, 180 + turn, 90)), -turn) for turn in (-360, 0, 360)]
    return unary_union([part for part in worlds if not part.is_empty])


def _from_geojson(geometry: Mapping[str, Any]) -> tuple[BaseGeometry | None, str]:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        return _checked(shape(dict(geometry)))
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None, "its footprint is unknown: the geometry is not GeoJSON"


def _checked(shape: BaseGeometry) -> tuple[BaseGeometry | None, str]:
    from shapely import get_num_coordinates, make_valid

    if shape.is_empty or not all(map(math.isfinite, shape.bounds)):
        return None, "its footprint is unknown: the geometry is empty"
    if get_num_coordinates(shape) > MAX_VERTICES:
        return None, f"its footprint is unknown: more than {MAX_VERTICES} vertices"
    west, south, east, north = shape.bounds
    if south < -90.01 or north > 90.01 or west < -540 or east > 540:
        return None, "its footprint is unknown: it lies off the Earth (longitude and latitude swapped?)"
    whole = cut(shape)
    return (whole if whole.is_valid else make_valid(whole)), ""


def _eastward(shape: BaseGeometry) -> BaseGeometry:
    import numpy as np
    from shapely import transform

    return transform(shape, lambda xy: np.column_stack((np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1])))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
