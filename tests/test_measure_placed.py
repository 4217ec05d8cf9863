"""A footprint laid elsewhere: its contrasts as numpy gives them pixel by pixel, and injected squares as if really there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.measure.areas import Area, area_of_mask
from siteline.measure.pixels import Pixels
from siteline.measure.placed import Laid, contrasts, effects, lay, margin_px, numbers_of, square, usable
from siteline.measure.surroundings import everything_taken, ring

SHAPE = (46, 52)


def pixels(seed: int, *, radar: bool = False, times: int = 6, cloud: float = 0.3) -> Pixels:
    """Random numbers with clouds in blocks, a band with a hole here and there, and some that are no number."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.02, 0.6, (times, 2, *SHAPE)).astype(np.float32)
    blocks = rng.random((times, SHAPE[0] // 8 + 1, SHAPE[1] // 8 + 1)) < cloud
    reason = np.kron(blocks, np.ones((8, 8), dtype=np.uint8))[:, : SHAPE[0], : SHAPE[1]].astype(np.uint8)
    values[rng.random(values.shape) < 0.02] = np.nan
    values[rng.random(values.shape) < 0.005] = np.inf
    values[0, 0, 3, 3] = 0.0
    values[0, 1, 4, 3] = -0.01
    return Pixels(values, reason == 0, reason, ("red", "nir"), np.zeros((times, 2)), np.ones((times, 2)), radar)


def footprint(seed: int) -> Area:
    """Six by four pixels of any shares."""
    rng = np.random.default_rng(seed)
    held = np.zeros(SHAPE)
    held[20:26, 24:28] = rng.uniform(0.1, 1.0, (6, 4))
    return area_of_mask(held)


def laid(seed: int, most: int = 25) -> Laid:
    foot = footprint(seed)
    taken = everything_taken([foot], [], SHAPE)
    return lay(foot, ring(foot, taken), taken, seed, most)


def by_hand(given: Pixels, area: Area, down: int, right: int) -> np.ndarray:
    """Weighted mean of the usable numbers of an area, Float64[band, time]; NaN below half of it."""
    out = np.full((len(given.bands), len(given.values)), np.nan)
    for t in range(len(given.values)):
        for b in range(len(given.bands)):
            total = held = 0.0
            for row, col, weight in zip(area.rows + down, area.cols + right, area.weights, strict=True):
                number = (float(given.values[t, b, row, col]) - given.level[t, b]) / given.gain[t, b]
                if given.radar:
                    number = 10 * np.log10(number) if number > 0 else np.nan
                if given.valid[t, row, col] and np.isfinite(number):
                    total, held = total + weight * number, held + weight
            if held >= 0.5 * area.full:
                out[b, t] = total / held
    return out


@pytest.mark.parametrize("kind", ["reflectance", "radar", "uncalibrated"])
def test_contrasts_are_those_of_plain_arithmetic_at_every_place(kind: str) -> None:
    for seed in range(3):
        given, places = pixels(seed, radar=kind == "radar"), laid(seed)
        if kind == "uncalibrated":
            rng = np.random.default_rng(seed)
            given = replace(given, level=rng.uniform(0, 1, (6, 2)), gain=rng.uniform(0.1, 2, (6, 2)))
            given.level[2] = given.gain[2] = np.nan
        found = contrasts(numbers_of(given), places)
        offsets = [(0, 0), *map(tuple, places.offsets)]
        expected = np.stack([by_hand(given, places.foot, *o) - by_hand(given, places.around, *o) for o in offsets])
        np.testing.assert_allclose(found, expected, atol=2e-5)
        assert 0.02 < np.isnan(expected).mean() < 0.98


def test_half_of_footprint_and_ring_is_enough_and_less_is_not() -> None:
    foot = area_of_mask(np.pad(np.ones((2, 2)), ((20, 24), (24, 26))))
    around = ring(foot, np.zeros(SHAPE, dtype=bool))
    places = Laid(foot, around, np.zeros((0, 2), dtype=np.int64))
    values = np.full((3, 1, *SHAPE), 0.5, dtype=np.float32)
    values[:, :, foot.rows, foot.cols] = 0.75
    valid = np.ones((3, *SHAPE), dtype=bool)
    valid[0, foot.rows[:2], foot.cols[:2]] = False
    valid[1, foot.rows[:3], foot.cols[:3]] = False
    valid[2, around.rows[: around.count // 2 + 1], around.cols[: around.count // 2 + 1]] = False
    given = Pixels(values, valid, (~valid).astype(np.uint8), ("red",), np.zeros((3, 1)), np.ones((3, 1)), False)
    np.testing.assert_allclose(contrasts(numbers_of(given), places)[0, 0], [0.25, np.nan, np.nan])
    half_outside = replace(places, foot=replace(foot, full=9.0))
    assert np.isnan(contrasts(numbers_of(given), half_outside)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 0.02), st.integers(1, 60), st.integers(1, 9), st.integers(1, 9))
def test_places_are_clear_of_what_is_taken_and_lie_on_the_grid(
    seed: int, density: float, most: int, height: int, width: int
) -> None:
    rng = np.random.default_rng(seed)
    held = np.zeros(SHAPE)
    top, left = rng.integers(0, SHAPE[0] - height), rng.integers(0, SHAPE[1] - width)
    held[top : top + height, left : left + width] = rng.uniform(0.1, 1, (height, width))
    foot = area_of_mask(held)
    taken = everything_taken([foot], [], SHAPE) | (rng.random(SHAPE) < density)
    around = ring(foot, taken)
    places = lay(foot, around, taken, seed, most)
    assert len(places.offsets) <= most
    assert len({tuple(o) for o in places.offsets}) == len(places.offsets)
    for area in (foot, around):
        rows, cols = (area.rows + places.offsets[:, :1]), (area.cols + places.offsets[:, 1:])
        assert ((rows >= 0) & (rows < SHAPE[0]) & (cols >= 0) & (cols < SHAPE[1])).all()
        assert not taken[rows, cols].any()
    np.testing.assert_array_equal(lay(foot, around, taken, seed, most).offsets, places.offsets)
    # fewer than asked for are all there are: as many as a search by hand finds
    rows, cols = np.concatenate([foot.rows, around.rows]), np.concatenate([foot.cols, around.cols])
    free = 0
    for down in range(-rows.min(), SHAPE[0] - rows.max()):
        for right in range(-cols.min(), SHAPE[1] - cols.max()):
            free += not taken[rows + down, cols + right].any()
    assert len(places.offsets) == min(free, most)


def test_places_are_drawn_evenly_and_by_the_seed() -> None:
    foot = area_of_mask(np.pad(np.ones((2, 2)), ((20, 24), (24, 26))))
    taken = foot.mask(SHAPE)
    around = ring(foot, taken)
    one, other = (lay(foot, around, taken, seed, 150).offsets for seed in (1, 2))
    assert not np.array_equal(one, other)
    thirds = np.histogram(one[:, 0] + 20, bins=3, range=(0, SHAPE[0]))[0]
    assert thirds.min() > 30
    none = lay(foot, around, np.ones(SHAPE, dtype=bool), 1)
    assert none.offsets.shape == (0, 2)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 12), st.floats(0, 1.4))
def test_a_square_covers_its_area_wherever_it_lies_and_however_blurred(seed: int, side: float, blur: float) -> None:
    made = square(footprint(seed), side, blur)
    assert made.sum() == pytest.approx(side**2, rel=1e-4)
    assert made.min() >= 0 and made.max() <= 1 + 1e-6


def test_a_square_lies_on_the_middle_of_the_footprint() -> None:
    foot = footprint(3)
    made = square(foot, 3.3, 0.5).astype(float)
    rows, cols = np.arange(made.shape[0]) + 0.5, np.arange(made.shape[1]) + 0.5
    margin = margin_px(3.3)
    centre = (made.sum(1) @ rows / made.sum() - margin + foot.rows.min(), made.sum(0) @ cols / made.sum() - margin + 24)
    wanted = [(foot.weights * (at + 0.5)).sum() / foot.weights.sum() for at in (foot.rows, foot.cols)]
    np.testing.assert_allclose(centre, wanted, atol=0.05)  # a pixel that is covered in part counts at its middle


def with_square(given: Pixels, places: Laid, n: int, side_px: float, blur: float, change: float) -> Pixels:
    """The same pixels with the square put in at place ``n``: added in every band, or for radar multiplied in."""
    cover = square(places.foot, side_px, blur)
    down, right = (0, 0) if n == 0 else places.offsets[n - 1]
    margin = margin_px(side_px)
    whole = np.zeros(tuple(s + 60 for s in SHAPE), dtype=np.float32)  # what falls beyond the edge is lost
    top, left = places.foot.rows.min() + down - margin + 30, places.foot.cols.min() + right - margin + 30
    whole[top : top + cover.shape[0], left : left + cover.shape[1]] = cover
    share = whole[30 : 30 + SHAPE[0], 30 : 30 + SHAPE[1]]
    values = given.values * (1 + share * (change - 1)) if given.radar else given.values + change * share
    return replace(given, values=values.astype(np.float32))


@pytest.mark.parametrize("radar", [False, True])
@pytest.mark.parametrize(("side", "blur"), [(7.0, 0.5), (22.0, 0.0), (61.0, 1.0)])
def test_an_injected_square_is_what_measuring_it_would_show(radar: bool, side: float, blur: float) -> None:
    given, places = pixels(7, radar=radar), laid(7, 8)
    given.values[:, 1] = np.where(np.isfinite(given.values[:, 0]), given.values[:, 1], np.nan)
    given.values[:, 0] = np.where(np.isfinite(given.values[:, 1]), given.values[:, 0], np.nan)
    given.values[:, :, 3:5, 3] = -0.01  # no backscatter at all: a pixel that says nothing in dB
    before = contrasts(numbers_of(given), places)
    change = 10**0.3 if radar else 0.12
    told = effects(usable(given), places, side, blur, 10.0, change if radar else 0.0)
    told = told if radar else told * np.float32(change)
    for n in range(1 + len(places.offsets)):
        after = contrasts(numbers_of(with_square(given, places, n, side / 10, blur, change)), places)[n]
        np.testing.assert_allclose(after - before[n], np.broadcast_to(told[n], after.shape), atol=3e-5)
    assert np.nanmax(told) > 0.002


def test_pixels_without_a_number_in_decibels_are_not_usable() -> None:
    given = pixels(1, radar=True, cloud=0.0)
    good = usable(given)
    assert not good[0, 3, 3] and not good[0, 4, 3]
    assert usable(replace(given, radar=False))[0, 3, 3]
    expected = np.isfinite(given.values).all(axis=1) & (given.values > 0).all(axis=1)
    np.testing.assert_array_equal(good, expected)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 60), st.floats(-0.3, 0.3))
def test_effects_are_linear_in_contrast_and_never_more_than_the_change_itself(side: float, contrast: float) -> None:
    places = laid(2, 5)
    good = usable(pixels(2))
    unit = effects(good, places, side, 0.5, 10.0)
    assert np.nanmax(np.abs(unit)) <= 1 + 1e-6
    changed = replace(pixels(2), values=np.nan_to_num(pixels(2).values, nan=0.3, posinf=0.3))
    after = contrasts(numbers_of(with_square(changed, places, 0, side / 10, 0.5, contrast)), places)[0]
    before = contrasts(numbers_of(changed), places)[0]
    seen = effects(usable(changed), places, side, 0.5, 10.0)[0]
    np.testing.assert_allclose(after - before, np.broadcast_to(contrast * seen, after.shape), atol=3e-5)
    # a larger square never adds less, until it reaches the ring
    if side < 40:
        larger = effects(good, places, side * 1.05, 0.0, 10.0) - effects(good, places, side, 0.0, 10.0)
        assert np.all(np.nan_to_num(larger) > -1e-6)
