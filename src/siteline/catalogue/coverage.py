"""How much of a place a scene's outline covers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from siteline.model.scene import ImageScene
from siteline.model.site import unwrapped

if TYPE_CHECKING:
    from pyproj import Transformer
    from shapely.geometry.base import BaseGeometry

WHOLE: Final = 0.9999
"""From this share on a place counts as covered whole: outlines are given to some metres only."""

_REACH = 40.0  # degrees around the place within which an outline matters; a flat map cannot show much more
_DEFAULT_GSD_M = 10.0


def covered_share(scene: ImageScene, wkt: str) -> float | None:
    """The share (0 to 1) of the shape ``wkt`` (EPSG:4326) that lies in the outline of ``scene``; None without an outline.

    Areas are true: both are put on a Lambert azimuthal equal-area map centred on the shape, so the antimeridian and the
    poles need no care. Points and lines are taken one ground sample distance wide. The edges of an outline are straight in
    longitude and latitude (RFC 7946, section 3.1.1), as far as an outline is known at all.
    """
    if scene.footprint_wkt is None:
        return None
    place, project, centre = _place(wkt, scene.gsd_m or _DEFAULT_GSD_M)
    outline = _flat(_nearby(scene.footprint_wkt, centre), project)
    if place.area == 0 or outline.is_empty:
        return 0.0
    share = place.intersection(outline).area / place.area
    return 1.0 if share > 1 - 1e-6 else 0.0 if share < 1e-9 else float(share)


@lru_cache(maxsize=256)
def _place(wkt: str, gsd_m: float) -> tuple[BaseGeometry, Transformer, tuple[float, float]]:
    """The place on its own flat map, in metres, the way there, and its centre in degrees."""
    from pyproj import Transformer
    from shapely import GeometryCollection, from_wkt

    shape = unwrapped(wkt)
    if shape.bounds[2] - shape.bounds[0] > 180 or shape.area == 0:
        shape = from_wkt(wkt)  # around a pole: there is no meridian to unwrap at
    middle = shape.envelope.centroid
    flat_map = f"+proj=laea +lat_0={middle.y!r} +lon_0={middle.x!r} +datum=WGS84 +units=m"
    project = Transformer.from_crs("EPSG:4326", flat_map, always_xy=True)
    parts = getattr(shape, "geoms", [shape])
    flat = [_flat(part, project) for part in parts]
    wide = [part if part.area > 0 else part.buffer(gsd_m) for part in flat]
    return _joined(GeometryCollection(wide)), project, (middle.x, middle.y)


def _nearby(wkt: str, centre: tuple[float, float]) -> BaseGeometry:
    """The part of an outline within reach of ``centre``, its longitudes unwrapped around it."""
    from shapely import GeometryCollection, box, from_wkt, make_valid
    from shapely.affinity import translate

    outline = make_valid(from_wkt(wkt))
    lon, lat = centre
    breadth = _REACH if abs(lat) < 90 - _REACH else 180.0
    window = box(lon - breadth, max(lat - _REACH, -90), lon + breadth, min(lat + _REACH, 90))
    turned = [translate(outline, turn).intersection(window) for turn in (-360, 0, 360)]
    return GeometryCollection([part for part in turned if not part.is_empty])


def _flat(shape: BaseGeometry, project: Transformer) -> BaseGeometry:
    import numpy as np
    from shapely import make_valid, transform

    if shape.is_empty:
        return shape
    flat = transform(shape.segmentize(0.05), lambda xy: np.column_stack(project.transform(xy[:, 0], xy[:, 1])))
    return _joined(flat) if flat.area else make_valid(flat)


def _joined(shapes: BaseGeometry) -> BaseGeometry:
    """One shape of all parts, so that nothing counts twice."""
    from shapely import make_valid, union_all

    return union_all([make_valid(part) for part in getattr(shapes, "geoms", [shapes])])
