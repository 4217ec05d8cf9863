"""Maps of change against truth: planted changes found and dated, quiet ground quiet, blocks bounded, bad input told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import xarray as xr

from cube_samples import cube
from cube_scenes import VERDUN_GRID, PlainReader, data, verdun
from simulate_plans import box, inside
from siteline.cube.load import load
from siteline.detect import maps
from siteline.detect.map_series import stack_of
from siteline.detect.map_shared import scene_wide, unchanged
from siteline.detect.maps import ChangeLayers, change_map
from siteline.detect.objects_in_time import changed_areas
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import scan
from siteline.detect.threshold import Bulk, Null, bulk, modelled, probability
from siteline.model.errors import BadInput
from siteline.simulate import Built, Plan, Work
from siteline.simulate.dataset import render_cube
from siteline.simulate.defaults import roof

PRIOR = Prior(change=0.05)
SIDE, DATES = 48, 70
FIRST, SECOND = (slice(8, 16), slice(6, 18)), (slice(16, 24), slice(6, 18))
"""Two works that touch one another, of different dates."""
EARLY, LATE = 25, 45
"""Dates from which they show."""


def site(seed: int = 3, *, step: float = 0.08, works: bool = True, hidden: float = 0.3, sides: int = SIDE) -> xr.Dataset:
    """Three years of two bands: seasons by field, haze by date, noise, clouds in patches, two works."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.choice(1095, DATES, replace=False))
    field = rng.normal(0, 0.03, (sides // 8, sides // 8)).repeat(8, 0).repeat(8, 1)
    season = np.cos(2 * np.pi * days / 365.25)[:, None, None, None] * (0.03 + field)
    values = 0.2 + season + rng.normal(0, 0.01, (DATES, 2, sides, sides)) + rng.normal(0, 0.03, (DATES, 2, 1, 1))
    if works:
        values[EARLY:, :, *FIRST] += step
        values[LATE:, :, *SECOND] -= step
    patches = (rng.random((DATES, sides // 8, sides // 8)) < hidden).repeat(8, 1).repeat(8, 2)
    when = [f"{np.datetime64('2019-01-01') + int(day)}T10:58Z" for day in days]
    return cube(values, np.where(patches, 6, 0), when, bands=("red", "nir"))


@pytest.fixture(scope="module")
def planted() -> tuple[xr.Dataset, ChangeLayers]:
    made = site()
    return made, change_map(made, PRIOR)


def days_of(made: xr.Dataset) -> np.ndarray:
    return made["time"].values.astype("datetime64[ns]").astype(np.int64) / 86400e9


def test_planted_changes_are_found_dated_and_sized(planted: tuple[xr.Dataset, ChangeLayers]):
    made, layers = planted
    days = days_of(made)
    for where, since, size in ((FIRST, EARLY, 0.08), (SECOND, LATE, -0.08)):
        assert layers.found[where].mean() > 0.95
        assert np.nanmin(layers.probability[where]) > 0.5
        valid = made["valid"].values[:, *where]
        shape = valid.shape[1:]
        # the truth for each pixel: its own last usable look before, and first one since
        last = np.array([[days[:since][valid[:since, y, x]][-1] for x in range(shape[1])] for y in range(shape[0])])
        next_ = np.array([[days[since:][valid[since:, y, x]][0] for x in range(shape[1])] for y in range(shape[0])])
        found = layers.found[where]
        hit = (np.abs(layers.after[where] - last) < 0.01) & (np.abs(layers.by[where] - next_) < 0.01)
        assert hit[found].mean() > 0.9
        assert np.mean((layers.lower[where] <= next_) & (layers.upper[where] >= last)) > 0.9
        assert np.median(layers.size[:, *where][:, found]) == pytest.approx(size, abs=0.01)
        assert (layers.direction[where][found] == np.sign(size)).mean() > 0.95


def test_what_did_not_change_is_quiet_and_only_what_is_found_is_dated(planted: tuple[xr.Dataset, ChangeLayers]):
    _, layers = planted
    untouched = np.ones(layers.found.shape, dtype=bool)
    untouched[FIRST] = untouched[SECOND] = False
    assert layers.found[untouched].mean() <= 0.02
    for name in ("after", "by", "lower", "upper", "direction"):
        assert np.array_equal(np.isfinite(getattr(layers, name)), layers.found)


@pytest.mark.parametrize("nominal", [0.01, 0.05])
def test_false_alarms_come_at_the_rate_asked_for(nominal: float):
    rates = [change_map(site(seed, works=False), PRIOR, nominal=nominal).found.mean() for seed in range(4)]
    # four sites of 36 fields: pixels of a field are not independent, hence the room
    assert nominal / 4 < np.mean(rates) < 2 * nominal


def test_areas_that_touch_are_told_apart_by_date(planted: tuple[xr.Dataset, ChangeLayers]):
    made, layers = planted
    areas, labels = changed_areas(layers)
    assert [area.name for area in areas][:2] == ["changed area 1", "changed area 2"]
    days = days_of(made)
    for where, since, sign in ((FIRST, EARLY, 1), (SECOND, LATE, -1)):
        own = np.bincount(labels[where].ravel()).argmax()
        (area,) = [one for one in areas if one.label == own]
        assert (labels[where] == own).mean() > 0.95
        assert (labels == own).sum() < 1.1 * labels[where].size
        assert area.after < days[since] <= area.by + 0.01
        assert area.lower <= days[since] and area.upper >= days[since - 1]
        assert np.sign(area.size_overall) == sign and area.probability > 0.9
        assert area.outline.area == pytest.approx(area.pixels * 100.0)
        rows, cols = where
        left, top = float(made["x"][cols.start]) - 5, float(made["y"][rows.start]) + 5
        assert area.outline.bounds[0] <= left + 10 and area.outline.bounds[3] >= top - 10


def test_ground_never_seen_is_unknown_not_unchanged():
    made = site()
    made["valid"][:, :, 40:] = False
    made["valid"][6:, :5, :5] = False
    layers = change_map(made, PRIOR)
    for name in ("evidence", "chance", "probability", "after"):
        assert np.isnan(getattr(layers, name)[:, 40:]).all()
        assert np.isnan(getattr(layers, name)[:5, :5]).all()
    assert (layers.looks[:, 40:] == 0).all() and (layers.looks[:5, :5] <= 6).all()
    assert not layers.found[:, 40:].any()
    assert np.isfinite(layers.evidence[10:, :39]).all()


def test_dask_in_blocks_equals_numpy_and_holds_few_series_at_once(
    planted: tuple[xr.Dataset, ChangeLayers], monkeypatch: pytest.MonkeyPatch
):
    made, layers = planted
    held: list[int] = []
    real = maps.scan

    def watched(series: np.ndarray, *args: object, **more: object) -> object:
        held.append(len(series))
        return real(series, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(maps, "scan", watched)
    monkeypatch.setattr(maps, "BLOCK_BYTES", 4 * 2 * DATES * SIDE * 5)
    done: list[tuple[int, int]] = []
    lazy = change_map(
        made.chunk({"time": 7, "y": 20, "x": 30}), PRIOR, progress=lambda part, total: done.append((part, total))
    )
    assert max(held[2:]) == 5 * SIDE  # the first two are the random sample, and series like it that do not change
    assert done[-1] == (SIDE, SIDE) and len(done) == -(-SIDE // 5)
    for name in ("evidence", "probability", "found", "looks", "after", "by", "lower", "upper", "size", "direction"):
        np.testing.assert_allclose(getattr(lazy, name), getattr(layers, name), rtol=1e-4, atol=2e-3, err_msg=name)


def test_rows_chosen_are_those_of_the_whole_map(planted: tuple[xr.Dataset, ChangeLayers]):
    made, layers = planted
    part = change_map(made, PRIOR, rows=slice(10, 20))
    np.testing.assert_allclose(part.evidence, layers.evidence[10:20], rtol=1e-4, atol=2e-3)
    assert np.array_equal(part.found, layers.found[10:20])


def test_radar_is_mapped_in_decibels_whatever_is_not_positive_is_missing():
    rng = np.random.default_rng(4)
    values = 0.1 * rng.gamma(5, 1 / 5, (50, 2, 32, 32))
    values[25:, :, 8:14, 8:14] *= 10**0.8
    values[3] = 0.0
    when = [f"{np.datetime64('2019-01-01') + 12 * n}T06:00Z" for n in range(50)]
    layers = change_map(cube(values, None, when, bands=("vv", "vh"), name="gamma0"), PRIOR)
    assert layers.unit == "dB" and (layers.looks == 49).all()
    assert layers.found[8:14, 8:14].mean() > 0.9
    assert np.nanmedian(layers.size[:, 8:14, 8:14]) == pytest.approx(8.0, abs=0.7)
    assert layers.found.mean() < 36 / 1024 + 0.02


def test_what_the_scene_does_at_once_is_no_change_even_where_a_third_of_it_changes():
    made = site(works=False)
    values = made["reflectance"].values
    values[EARLY:] += 0.05  # the provider's processing changes
    values[LATE:, :, :16] += 0.1  # a third of the site changes
    layers = change_map(made, PRIOR)
    assert layers.found[:16].mean() > 0.95
    assert layers.found[16:].mean() < 0.03
    quiet = stack_of(made).sample
    assert scene_wide(quiet).shape == (2, DATES)


@pytest.mark.parametrize("changed", [0.0, 0.05, 0.2, 0.4])
@pytest.mark.parametrize("slope", [1.0, 4.0])
def test_the_bulk_is_found_beneath_any_share_of_changes(changed: float, slope: float):
    rng = np.random.default_rng(8)
    unchanged = rng.exponential(slope, 4000) - 3
    mixed = np.concatenate([unchanged, rng.normal(120, 25, int(4000 * changed / (1 - changed)))])
    found = bulk(mixed)
    assert found.unchanged == pytest.approx(1 - changed, abs=0.06)
    assert 0.002 < np.mean(unchanged > found.threshold(0.01)) < 0.015
    assert (mixed[4000:] > found.threshold(0.01)).all()


def test_without_enough_pixels_the_bayes_factor_is_its_own_bound():
    found = bulk(np.zeros(50))
    assert (found.pixels, found.threshold(0.01)) == (0, pytest.approx(np.log(100)))
    np.testing.assert_allclose(found.chance(np.array([-3.0, 0.0, 2.0])), [1, 1, np.exp(-2)])
    assert np.isnan(found.chance(np.array([np.nan]))).all()


@pytest.mark.parametrize("bands", [1, 3])
def test_ground_that_is_all_alike_keeps_the_rate_too(bands: int):
    values = 0.2 + np.random.default_rng(bands).normal(0, 0.01, (60, bands, 60, 60))
    when = [f"{np.datetime64('2019-01-01') + 12 * n}T10:00Z" for n in range(60)]
    layers = change_map(cube(values, None, when, bands=("red", "nir", "swir16")[:bands]), PRIOR)
    assert layers.found.mean() < 0.018  # 3600 pixels that know nothing of one another: 0.01 and four standard errors


def test_series_that_do_what_the_noise_says_are_as_it_says():
    days = np.arange(0, 900, 10.0)
    noise = Noise(np.eye(2), drift=0.5, memory_days=40.0, yearly_sd=0.25, trend_sd=0.1)
    sample = np.zeros((1500, 2, days.size), dtype=np.float32)
    sample[:, 1, ::4] = np.nan
    made = unchanged(sample, days, noise, seed=1)
    assert np.isnan(made[:, 0, ::4]).all() and np.isfinite(made[:, :, 1::4]).all()
    evidence = scan(made, days, PRIOR, noise).evidence
    told = modelled(evidence)
    again = scan(unchanged(sample, days, noise, seed=2), days, PRIOR, noise).evidence
    assert 0.003 < np.mean(again > told.threshold(0.01)) < 0.02
    both = Null(Bulk(), told)
    assert both.threshold(0.01) == max(np.log(100), told.threshold(0.01))
    assert both.chance(np.array([both.threshold(0.01)]))[0] == pytest.approx(0.01, rel=1e-6)


def test_chance_and_threshold_agree_and_probability_grows_with_evidence():
    told = Bulk(tail=0.5, start=-2.0, slope=3.0, shape=0.1)
    for nominal in (0.3, 0.01, 1e-6):
        assert told.chance(np.array([told.threshold(nominal)]))[0] == pytest.approx(nominal)
    evidence = np.linspace(-40, 400, 200)
    shown = probability(told.chance(evidence), 0.05)
    assert (np.diff(shown) >= -1e-12).all() and 0.02 < shown[0] < 0.05 and shown[-1] > 0.95
    assert probability(np.array([1e-9]), 0.05)[0] > 0.99


def test_no_usable_scene_one_or_two_say_nothing():
    made = site(works=False)
    for usable in (0, 1, 2):
        few = made.copy(deep=True)
        few["valid"][usable:] = False
        layers = change_map(few, PRIOR)
        assert np.isnan(layers.evidence).all() and np.isnan(layers.probability).all() and not layers.found.any()
        assert layers.looks.max() <= usable
        assert changed_areas(layers)[0] == ()
    assert np.isnan(change_map(made.isel(time=[0]), PRIOR).evidence).all()


def test_constant_ground_and_infinities():
    made = site(works=False)
    flat = made.copy(deep=True)
    flat["reflectance"][:] = 0.2
    assert not change_map(flat, PRIOR).found.any()
    holed = made.copy(deep=True)
    holed["reflectance"][::9, 0] = np.inf
    gone = made.copy(deep=True)
    gone["reflectance"][::9] = np.nan
    gone["valid"][::9] = False
    one, other = change_map(holed, PRIOR), change_map(gone, PRIOR)
    assert np.array_equal(one.looks, other.looks) and np.array_equal(one.found, other.found)


def test_order_and_undated_scenes_do_not_matter(planted: tuple[xr.Dataset, ChangeLayers]):
    made, layers = planted
    shuffled = made.isel(time=np.random.default_rng(1).permutation(DATES))
    undated = made.isel(time=[0]).assign_coords(time=np.array(["NaT"], dtype="datetime64[ns]"))
    again = change_map(xr.concat([shuffled, undated], dim="time"), PRIOR)
    np.testing.assert_allclose(again.evidence, layers.evidence, rtol=1e-4, atol=2e-3)


def test_bad_input_is_named():
    made = site(works=False, sides=8)
    with pytest.raises(BadInput, match="rate of false alarms"):
        change_map(made, PRIOR, nominal=0.0)
    with pytest.raises(BadInput, match="3 bands, the cube has 2"):
        change_map(made, PRIOR, noise=Noise.plain(3))
    with pytest.raises(BadInput, match="a map needs a cube"):
        change_map(made.drop_vars("valid"), PRIOR)


def test_a_simulated_hall_is_found_where_and_when_it_was_built():
    built = Built("hall", box(0, 0, 60, 50), 8.0, roof("light metal"), (Work(date(2020, 7, 10), "built"),))
    plan = Plan(5, structures=(built,), side_m=600.0, period=(date(2019, 1, 1), date(2021, 12, 31)), cloudiness=0.4)
    made = render_cube(plan)
    layers = change_map(made, PRIOR)
    footprint = inside(made, plan, built, grown=-8)
    assert layers.found[footprint].mean() > 0.9
    start = built.history[0].start
    areas, labels = changed_areas(layers)
    (hall,) = [one for one in areas if one.label == np.bincount(labels[footprint]).argmax()]
    assert hall.lower - 1 <= start <= hall.upper + 1
    # beyond the reach of its shadow: what fields do on their own, at about the rate asked for
    away = ~inside(made, plan, built, grown=60)
    assert layers.found[away].mean() < 0.04
    never = render_cube(replace(plan, structures=(replace(built, history=()),)))
    assert change_map(never, PRIOR).found.mean() < 0.04


def test_the_three_stages_of_verdun_are_dated_into_their_brackets():
    root = data("verdun-s2")
    layers = change_map(load(verdun(root), VERDUN_GRID, reader=PlainReader()), PRIOR)
    areas, labels = changed_areas(layers)
    for (y, x), bracket in {
        (14, 65): ("2019-02-27", "2019-03-19"),
        (60, 10): ("2019-03-19", "2019-03-29"),
        (50, 38): ("2019-03-29", "2019-04-18"),
    }.items():
        (area,) = [one for one in areas if one.label == labels[y, x]]
        assert tuple(str(np.datetime64(int(day), "D")) for day in (area.after, area.by)) == bracket
