"""Footprints on pixels, rings and controls: exact shares, and nothing that is not comparable among them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from siteline.measure.areas import Ground, area_of_mask, footprint
from siteline.measure.surroundings import CONTROLS, alike, candidates, everything_taken, ring, shared
from siteline.model.errors import BadInput

GROUND = Ground(CRS.from_epsg(32631).to_wkt(), 670_000.0, 5_461_000.0, 10.0, -10.0, 60, 80)
NONE = np.zeros(GROUND.shape, dtype=bool)


def box(col: float, row: float, wide: float, tall: float) -> shapely.Geometry:
    """A rectangle in pixels of the grid."""
    left, top = GROUND.left + 10 * col, GROUND.top - 10 * row
    return shapely.box(left, top - 10 * tall, left + 10 * wide, top)


def supersampled(shape: shapely.Geometry, per: int = 20) -> np.ndarray:
    """Shares of pixels by counting points inside, an independent truth."""
    steps = (np.arange(per) + 0.5) / per
    xs = GROUND.left + 10 * (np.arange(GROUND.width)[:, None] + steps).ravel()
    ys = GROUND.top - 10 * (np.arange(GROUND.height)[:, None] + steps).ravel()
    inside = shapely.contains_xy(shape, *np.meshgrid(xs, ys))
    return inside.reshape(GROUND.height, per, GROUND.width, per).mean(axis=(1, 3))


def dense(shape: object) -> np.ndarray:
    area = footprint(shape, GROUND)
    full = np.zeros(GROUND.shape)
    full[area.rows, area.cols] = area.weights
    return full


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.floats(-10, 90), st.floats(-10, 70)), min_size=3, max_size=6),
    st.floats(0.05, 1.0),
)
def test_shares_are_those_of_points_counted(corners: list[tuple[float, float]], shrink: float):
    points = [(GROUND.left + 10 * (20 + shrink * x), GROUND.top - 10 * (20 + shrink * y)) for x, y in corners]
    hull = shapely.convex_hull(shapely.MultiPoint(points))
    if hull.area < 1:
        return
    shares = dense(hull)
    assert shares == pytest.approx(supersampled(hull), abs=0.08)
    grid = shapely.box(GROUND.left, GROUND.top - 600, GROUND.left + 800, GROUND.top)
    assert shares.sum() == pytest.approx(hull.intersection(grid).area / 100, rel=1e-9)
    if len(footprint(hull, GROUND).rows):
        assert footprint(hull, GROUND).full == pytest.approx(hull.area / 100)


def test_a_pixel_half_a_pixel_and_a_point():
    one = footprint(box(12, 7, 1, 1), GROUND)
    assert (one.rows.tolist(), one.cols.tolist(), one.weights.tolist()) == ([7], [12], [1.0])
    half = footprint(box(12.25, 7.25, 0.5, 0.5), GROUND)
    assert (half.count, half.weights[0], half.full) == (1, pytest.approx(0.25), pytest.approx(0.25))
    point = footprint(shapely.Point(GROUND.left + 125, GROUND.top - 75), GROUND)
    assert (point.rows.tolist(), point.cols.tolist()) == ([7], [12])
    line = footprint(shapely.LineString([(GROUND.left + 5, GROUND.top - 55), (GROUND.left + 105, GROUND.top - 55)]), GROUND)
    assert set(line.rows.tolist()) == {5}


def test_degrees_land_where_the_projection_puts_them():
    to_degrees = Transformer.from_crs(32631, 4326, always_xy=True)
    square = shapely.transform(box(12, 7, 3, 2), lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))
    assert dense(shapely.to_wkt(square, rounding_precision=-1)) == pytest.approx(dense(box(12, 7, 3, 2)), abs=1e-3)


def test_partly_and_wholly_outside():
    corner = footprint(box(-2, -1, 4, 4), GROUND)
    assert corner.weights.sum() / corner.full == pytest.approx(2 * 3 / 16)
    away = footprint(box(100, 5, 2, 2), GROUND)
    assert (away.count, away.note) == (0, "the footprint lies outside the images")
    assert footprint(box(80, 5, 2, 2), GROUND).count == 0  # touches the edge
    assert footprint(shapely.Polygon(), GROUND).note == "the footprint cannot be put on a map"
    crossed = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    bow = shapely.transform(crossed, lambda xy: xy * 40 + [GROUND.left + 50, GROUND.top - 90])
    assert footprint(bow, GROUND).weights.sum() == pytest.approx(800 / 100)  # a bow tie is mended, not refused


def test_masks_count_as_they_are():
    mask = np.zeros(GROUND.shape)
    mask[3, 4], mask[5, 6], mask[0, 0] = 0.5, 1.0, np.nan
    area = footprint(mask, GROUND)
    assert (area.weights.tolist(), area.full) == ([0.5, 1.0], 1.5)
    assert footprint(mask * 0, GROUND).note == "the mask is empty"
    with pytest.raises(BadInput, match=r"the mask has \(2, 2\) pixels where the cube has \(60, 80\)"):
        footprint(np.ones((2, 2)), GROUND)
    with pytest.raises(BadInput, match="cannot be read as WKT"):
        footprint("POLYGON((", GROUND)


@pytest.mark.parametrize("side", [1, 3, 8])
def test_the_ring_leaves_a_gap_and_the_others_out(side: int):
    foot = footprint(box(30, 25, side, side), GROUND)
    neighbour = footprint(box(30 + side + 2, 25, 4, 4), GROUND)
    taken = everything_taken([foot, neighbour], [], GROUND.shape)
    held = ring(foot, taken).mask(GROUND.shape)
    assert not (held & taken).any()
    rows, cols = np.nonzero(held)
    away = np.maximum(np.maximum(30 - cols, cols - (29 + side)), np.maximum(25 - rows, rows - (24 + side)))
    assert away.min() == 2  # one pixel of gap
    assert max(3 * side**2, 12) <= held.sum() <= max(3 * side**2, 12) + 8 * (side + 6)


def test_a_footprint_as_large_as_the_image_has_no_ring_and_no_controls():
    foot = footprint(box(-5, -5, 100, 100), GROUND)
    taken = everything_taken([foot], [], GROUND.shape)
    assert ring(foot, taken).note == "there are no surroundings to compare with"
    assert candidates(foot, taken) == []


def test_candidates_are_copies_clear_of_what_is_taken_and_all_over_the_image():
    foot = footprint(box(30.5, 25, 3, 2), GROUND)
    around = ring(foot, everything_taken([foot], [], GROUND.shape))
    taken = everything_taken([foot], [around], GROUND.shape)
    found = candidates(foot, taken)
    assert 50 < len(found) <= 200
    for area in found:
        assert np.array_equal(area.weights, foot.weights)
        assert not taken[area.rows, area.cols].any()
        assert area.rows.min() >= 0 and area.cols.max() < GROUND.width
    assert {(int(a.rows.min() > 30), int(a.cols.min() > 40)) for a in found} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_controls_are_those_that_moved_alike_before_and_what_came_later_does_not_matter():
    rng = np.random.default_rng(3)
    season = 0.1 * np.sin(np.arange(80) / 5)[:, None]
    own = season + rng.normal(0, 0.005, (80, 2))
    like = 0.3 + season + rng.normal(0, 0.005, (15, 80, 2))
    unlike = rng.normal(0, 0.1, (25, 80, 2))
    others = np.concatenate([unlike, like])
    early = np.arange(80) < 30
    changed = own.copy()
    changed[50:] += 1.0
    chosen = alike(changed, others, early)
    assert len(chosen) == CONTROLS and min(chosen) >= 25
    assert chosen == alike(own, others, early)
    others[chosen[0], :30] = np.nan
    assert chosen[0] not in alike(own, others, early)
    assert alike(np.full((80, 2), np.nan), others, early) == []
    assert alike(own, others[:0], early) == []


def test_what_controls_share_makes_no_step_where_some_are_hidden():
    levels = np.array([0.1, 0.2, 0.5, 0.9])[:, None, None]
    moved = np.sin(np.arange(30) / 3)[None, :, None]
    controls = levels + moved
    controls[2:, 10:20] = np.nan  # the bright ones are under cloud
    movement, error = shared(controls)
    assert np.ptp(movement[:, 0] - moved[0, :, 0]) < 0.35  # of levels that differ by 0.8
    whole, _ = shared(levels + moved)
    assert whole[:, 0] - whole[0, 0] == pytest.approx(moved[0, :, 0] - moved[0, 0, 0])
    assert np.isfinite(error).all()
    controls[:, 5] = np.nan
    assert np.isnan(shared(controls)[0][5]).all()


def test_an_area_moves_with_its_weights():
    area = area_of_mask(np.array([[0, 0.5], [1, 0]]))
    assert area.moved(3, 4).rows.tolist() == [3, 4]
    assert area.effective == pytest.approx(1.5**2 / 1.25)
