"""Where a site is, as people write it down: a box, WKT, GeoJSON, KML or KMZ, in longitude and latitude."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siteline.guard.archives import read_member
from siteline.guard.files import read_text
from siteline.guard.xmldoc import all_named, first_text, parse_xml, plain, read_xml
from siteline.model.errors import BadInput

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from shapely.geometry.base import BaseGeometry

MAX_AREA_FILE: Final = 16 * 1024 * 1024
"""Largest file of an area that is read, in bytes; a KML inside a KMZ likewise."""

MAX_VERTICES: Final = 100_000
_NUMBER = r"\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?\s*"
_BOX = re.compile(rf"{_NUMBER}(?:,{_NUMBER}){{3}}\Z")
_WKT = re.compile(r"\s*(?:SRID=4326;)?\s*(POINT|LINESTRING|POLYGON|MULTI|GEOMETRYCOLLECTION)", re.IGNORECASE)
_KINDS: Final = (".geojson", ".json", ".kml", ".kmz", ".wkt", ".txt")


MAX_DEGREES: Final = 20.0
"""Longest side of an area, in degrees: more is a slip of the pen, not a site."""


def read_area(text: str) -> str:
    """WKT in EPSG:4326 of the area that ``text`` is or names.

    ``text``: west,south,east,north in degrees (west > east crosses the antimeridian), WKT, GeoJSON, or the path of a
    GeoJSON, KML, KMZ or WKT file; of a collection all shapes together. Raises ``BadInput``, and ``FileTrouble`` for a file
    that cannot be read, is too large, or is XML with declarations.
    """
    if _BOX.match(text):
        return _box(text)
    if _WKT.match(text):
        return _checked(_from_wkt(text))
    if text.lstrip().startswith("{"):
        return _checked(_from_geojson(text, "the area"))
    path = Path(text)
    if path.suffix.casefold() not in _KINDS:
        raise BadInput(
            f"{text[:80]!r} is no area; write west,south,east,north, WKT, or the name of a .geojson, .kml, .kmz or .wkt file"
        )
    return _checked(_from_file(path))


def _from_file(path: Path) -> BaseGeometry:
    kind = path.suffix.casefold()
    if kind == ".kml":
        return _from_kml(read_xml(path, MAX_AREA_FILE), path.name)
    if kind == ".kmz":
        return _from_kml(parse_xml(read_member(path, ".kml", MAX_AREA_FILE), MAX_AREA_FILE), path.name)
    text = read_text(path, MAX_AREA_FILE)
    return _from_geojson(text, path.name) if text.lstrip().startswith("{") else _from_wkt(text)


def _box(text: str) -> str:
    from shapely.geometry import MultiPolygon, box

    west, south, east, north = (float(part) for part in text.split(","))
    if south >= north:
        raise BadInput(f"the box {text} has its south at or above its north; write west,south,east,north")
    if west == east:
        raise BadInput(f"the box {text} has no width; write west,south,east,north")
    if west < east:
        return _checked(box(west, south, east, north))
    return _checked(MultiPolygon([box(west, south, 180.0, north), box(-180.0, south, east, north)]))


def _from_wkt(text: str) -> BaseGeometry:
    from shapely import from_wkt
    from shapely.errors import ShapelyError

    try:
        return from_wkt(re.sub(r"\A\s*SRID=4326;", "", text, flags=re.IGNORECASE))
    except ShapelyError:
        raise BadInput(
            f"{text[:60]!r} is not WKT; write for example POLYGON ((124.6 39.6, 124.8 39.6, 124.7 39.7, 124.6 39.6))"
        ) from None


def _from_geojson(text: str, name: str) -> BaseGeometry:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is not JSON ({error})") from None
    if (
        isinstance(document, dict)
        and (system := document.get("crs"))
        and not re.search(r"CRS84|EPSG::?4326", json.dumps(system))
    ):
        raise BadInput(
            f"{name} is in another CRS ({json.dumps(system)[:80]}); GeoJSON is in longitude and latitude: reproject it"
        )
    return _together([_shape(part, name) for part in _geometries(document, name, 0)], name)


def _geometries(document: Any, name: str, depth: int) -> Iterator[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    if depth > 20 or not isinstance(kind, str):
        raise BadInput(f"{name} is not GeoJSON: an object without a type")
    if kind == "FeatureCollection":
        for feature in document.get("features") or ():
            yield from _geometries(feature, name, depth + 1)
    elif kind == "Feature":
        if document.get("geometry") is not None:
            yield from _geometries(document["geometry"], name, depth + 1)
    else:
        yield document


def _shape(geometry: dict[str, Any], name: str) -> BaseGeometry:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        return shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise BadInput(f"{name} holds a geometry that is not GeoJSON ({str(geometry)[:60]})") from None


def _from_kml(root: Element, name: str) -> BaseGeometry:
    """Every polygon, line and point of a KML document (OGC 12-007r2); heights are left out, links are not followed."""
    from shapely.geometry import LineString, Point, Polygon

    found: list[BaseGeometry] = []
    for element in root.iter():
        tag = plain(str(element.tag))
        try:
            if tag == "Polygon":
                shells = [_positions(part, name) for part in all_named(element, "outerBoundaryIs")]
                holes = [_positions(part, name) for part in all_named(element, "innerBoundaryIs")]
                found += [Polygon(shell, holes) for shell in shells]
            elif tag == "LineString":
                found.append(LineString(_positions(element, name)))
            elif tag == "Point":
                found.append(Point(_positions(element, name)[0]))
        except (ValueError, IndexError) as error:
            raise BadInput(f"{name} holds a {tag} that cannot be read ({error})") from None
    return _together(found, name)


def _positions(element: Element, name: str) -> list[tuple[float, float]]:
    positions = []
    for place in first_text(element, "coordinates").split():
        parts = place.split(",")
        positions.append((float(parts[0]), float(parts[1])))
        if len(positions) > MAX_VERTICES:
            raise BadInput(f"{name} has more than {MAX_VERTICES} vertices; simplify it")
    return positions


def _together(shapes: Sequence[BaseGeometry], name: str) -> BaseGeometry:
    from shapely import GeometryCollection, union_all

    if not shapes:
        raise BadInput(f"{name} holds no shape")
    if len(shapes) == 1:
        return shapes[0]
    if all(shape.area for shape in shapes) and all(shape.is_valid for shape in shapes):
        return union_all(list(shapes))
    return GeometryCollection(list(shapes))


def _checked(shape: BaseGeometry) -> str:
    """The WKT of a shape that can be a site."""
    from shapely import force_2d, get_num_coordinates, to_wkt

    flat = force_2d(shape)
    if flat.is_empty or not all(map(math.isfinite, flat.bounds)):
        raise BadInput("the area is empty; draw a polygon around the site")
    if get_num_coordinates(flat) > MAX_VERTICES:
        raise BadInput(f"the area has more than {MAX_VERTICES} vertices; simplify it")
    west, south, east, north = flat.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        reach = f"{west:g}, {south:g} to {east:g}, {north:g}"
        remedy = "give longitude (-180 to 180) first, then latitude (-90 to 90), in degrees: reproject it or swap the axes"
        raise BadInput(f"the area reaches from {reach}; {remedy}")
    if _width(flat) > MAX_DEGREES or north - south > MAX_DEGREES:
        size = f"{_width(flat):.0f} by {north - south:.0f} degrees"
        remedy = "a site is at most 20; check the numbers (a west above its east crosses the antimeridian)"
        raise BadInput(f"the area is {size}: {remedy}")
    if not flat.is_valid:
        from shapely import is_valid_reason

        raise BadInput(f"the area's outline is not valid ({is_valid_reason(flat)}); draw it without crossing itself")
    return str(to_wkt(flat, rounding_precision=-1))


def _width(shape: BaseGeometry) -> float:
    """Degrees of longitude from west to east, the short way where parts lie on both sides of the antimeridian."""
    west, _, east, _ = shape.bounds
    if east - west <= 180:
        return float(east - west)
    parts = [part.bounds for part in getattr(shape, "geoms", [shape])]
    wests = [w + 360 if w < 0 else w for w, _, _, _ in parts]
    easts = [e + 360 if e < 0 else e for _, _, e, _ in parts]
    return float(max(easts) - min(wests))
