"""Shares of a place in a scene's outline, against areas known from geometry and from the ellipsoid (pyproj.Geod)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely import from_wkt, transform
from shapely.geometry import GeometryCollection, MultiPolygon, Point, box

from siteline.catalogue.coverage import covered_share
from siteline.model.scene import ImageScene


def share(outline: str | None, place: str, gsd_m: float | None = None) -> float | None:
    return covered_share(ImageScene("s/a", "s", footprint_wkt=outline, gsd_m=gsd_m), place)


def test_an_unknown_outline_is_unknown_never_zero() -> None:
    assert share(None, box(0, 0, 1, 1).wkt) is None


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 179), st.floats(-85, 84), st.floats(0.0, 1.0))
def test_a_part_cut_off_by_a_meridian_is_its_share_of_area(lon: float, lat: float, part: float) -> None:
    place = box(lon, lat, lon + 0.02, lat + 0.02)
    got = share(box(lon - 0.5, lat - 0.5, lon + 0.02 * part, lat + 0.5).wkt, place.wkt)
    assert got == pytest.approx(part, abs=1e-5)


def test_a_part_cut_off_by_a_parallel_has_its_area_on_the_ellipsoid() -> None:
    geod = Geod(ellps="WGS84")
    place, outline = box(20, 60, 21, 62), box(10, 50, 30, 61)

    def area(shape: object) -> float:
        return abs(geod.geometry_area_perimeter(shape.segmentize(0.01))[0])  # type: ignore[attr-defined]

    expected = area(place.intersection(outline)) / area(place)
    assert expected > 0.505, "a degree of latitude is wider in the south"
    assert share(outline.wkt, place.wkt) == pytest.approx(expected, abs=1e-4)


ACROSS = MultiPolygon([box(179.99, 10, 180, 10.02), box(-180, 10, -179.99, 10.02)]).wkt


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        (MultiPolygon([box(179, 9, 180, 11), box(-180, 9, -179, 11)]).wkt, 1.0),
        (box(179, 9, 181, 11).wkt, 1.0),
        (box(-181, 9, -179, 11).wkt, 1.0),
        (box(179, 9, 180, 11).wkt, 0.5),
        (box(-180, 9, -179, 11).wkt, 0.5),
        (box(-179, 9, 179, 11).wkt, 0.0),
    ],
)
def test_a_site_across_the_antimeridian(outline: str, expected: float) -> None:
    assert share(outline, ACROSS) == pytest.approx(expected, abs=1e-6)


def test_near_a_pole() -> None:
    place = box(-180, 89.9, 180, 90).wkt
    assert share(box(-180, 80, 180, 90).wkt, place) == pytest.approx(1.0, abs=1e-3)
    assert share(box(0, 80, 90, 90).wkt, place) == pytest.approx(0.25, abs=1e-3)


def test_a_point_is_one_ground_sample_distance_wide() -> None:
    # 5 m inside the edge of a scene of 10 m pixels: all of the disc of radius r but a segment of height r/2
    to = Transformer.from_crs("EPSG:4326", "EPSG:32651", always_xy=True)
    x, y = to.transform(124.7, 39.66)
    back = Transformer.from_crs("EPSG:32651", "EPSG:4326", always_xy=True)
    outline = transform(box(x - 5, y - 1000, x + 1000, y + 1000), lambda xy: list(zip(*back.transform(*xy.T), strict=True)))
    missing = (math.acos(0.5) - 0.5 * math.sqrt(0.75)) / math.pi
    assert share(outline.wkt, Point(124.7, 39.66).wkt, 10.0) == pytest.approx(1 - missing, abs=0.01)
    assert share(outline.wkt, Point(124.69, 39.66).wkt, 10.0) == 0.0


def test_overlapping_footprints_of_a_site_count_once() -> None:
    one = box(10, 50, 10.02, 50.02)
    both = GeometryCollection([one, one, box(10.01, 50, 10.02, 50.02)])
    assert share(box(9, 49, 10.01, 51).wkt, both.wkt) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    "outline", [box(-180, -90, 180, 90).wkt, "POLYGON ((9 49, 11 51, 11 49, 9 51, 9 49))", box(5, 45, 15, 55).wkt]
)
def test_a_world_wide_or_crossed_outline_is_no_failure(outline: str) -> None:
    got = share(outline, box(10.3, 49.99, 10.32, 50.01).wkt)
    assert got is not None and 0 <= got <= 1 and from_wkt(outline) is not None
    if "9 49" not in outline:
        assert got == 1.0
