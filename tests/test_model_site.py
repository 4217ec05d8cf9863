"""Grids and sites: the right zone, the right size, wherever on the Earth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from siteline.model.errors import BadGrid
from siteline.model.grid import Grid, utm_crs
from siteline.model.site import Site, grid_over

GEOD = Geod(ellps="WGS84")


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(20, 20_000), st.sampled_from([0.5, 3.0, 10.0, 30.0]))
def test_a_grid_around_a_point_holds_it_at_its_centre(lon: float, lat: float, side: float, res: float):
    grid = Grid.around(lon, lat, side, res)
    x, y = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform(lon, lat)
    left, bottom, right, top = grid.bounds
    assert left <= x <= right and bottom <= y <= top
    assert abs((left + right) / 2 - x) <= res and abs((bottom + top) / 2 - y) <= res
    assert side <= right - left <= side + 2 * res + 1e-6
    assert grid.left % res == pytest.approx(0, abs=1e-6) or grid.left % res == pytest.approx(res, abs=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (124.7, 39.66, "EPSG:32651"),
        (-179.99, -17, "EPSG:32701"),
        (180.0, -17, "EPSG:32701"),
        (179.99, 71, "EPSG:32660"),
        (5.99, 49, "EPSG:32631"),
        (6.0, 49, "EPSG:32632"),
        (0, 89, "EPSG:32661"),
        (0, -85, "EPSG:32761"),
    ],
)
def test_zones(lon: float, lat: float, crs: str):
    assert utm_crs(lon, lat) == crs


def test_a_site_across_the_antimeridian_is_one_small_place():
    wkt = "MULTIPOLYGON (((179.99 -17, 180 -17, 180 -16.99, 179.99 -16.99, 179.99 -17)), \
((-180 -17, -179.99 -17, -179.99 -16.99, -180 -16.99, -180 -17)))"
    site = Site(wkt, {})
    west, south, east, north = site.bbox
    assert (west, south, east, north) == pytest.approx((179.99, -17, -179.99, -16.99))
    _, _, width = GEOD.inv(west, south, east, south)
    grid = site.grid(10, margin_m=0)
    assert grid.width * 10 == pytest.approx(width, rel=0.02)  # the box also holds the turn of the zone's north, 0.9 degrees


def test_a_site_on_the_edge_of_two_zones_lies_in_that_of_its_centre():
    wkt = "POLYGON ((5.99 49, 6.02 49, 6.02 49.01, 5.99 49.01, 5.99 49))"
    grid = grid_over(wkt, 10, 0)
    assert grid.crs == "EPSG:32632"
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    left, bottom, right, top = grid.bounds
    lons = [to_degrees(x, y)[0] for x in (left, right) for y in (bottom, top)]
    assert min(lons) <= 5.99 and max(lons) >= 6.02


def test_a_point_gets_a_square_and_the_margin_is_metres():
    grid = grid_over("POINT (124.7 39.66)", 10, 0)
    assert (grid.width, grid.height) in {(200, 200), (201, 201), (200, 201), (201, 200)}
    wider = grid_over("POINT (124.7 39.66)", 10, 250)
    assert wider.width - grid.width == 50


@pytest.mark.parametrize(
    "make",
    [
        lambda: Grid("EPSG:32631", 0, 0, 0, 1, 1),
        lambda: Grid("EPSG:32631", 0, 0, 1, 0, 1),
        lambda: Grid("EPSG:32631", float("nan"), 0, 1, 1, 1),
        lambda: Grid("EPSG:32631", 0, 0, 1, 60_001, 1),
        lambda: Grid.around(0, 91, 100, 10),
        lambda: Grid.around(0, 0, 1e9, 10),
        lambda: Grid.covering("EPSG:32631", (0, 0, float("inf"), 1), 10),
    ],
)
def test_grids_that_cannot_be_are_refused(make):
    with pytest.raises(BadGrid, match="the grid cannot be used: "):
        make()


def test_the_largest_grid_is_allowed_and_one_pixel_too():
    assert Grid("EPSG:32631", 0, 0, 1, 60_000, 60_000).shape == (60_000, 60_000)
    assert Grid.covering("EPSG:32631", (5, 5, 5, 5), 10).shape == (1, 1)
