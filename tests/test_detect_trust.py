"""Trust: placebos hold their rate, injected changes come back, intervals hold their share; on simulated series."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from siteline.detect.found import detected
from siteline.detect.injections import FOREVER, PASSING_DAYS, SIDES_PX, curve, direction, quick
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import Changes, change_points
from siteline.detect.trust import (
    FEWEST,
    TEMPERATURES,
    Found,
    Injection,
    Judged,
    inject,
    judge,
    profiles,
    random_dates,
    two_told,
)
from siteline.model.changed import Detected
from siteline.model.errors import BadInput

PRIOR = Prior()
PERIOD = 1100.0
DAYS = np.sort(np.random.default_rng(0).uniform(0, PERIOD, 90)).round(2)
UNIT = 0.02
"""Noise of one look."""


def quiet(seed: int, count: int, kind: str = "white") -> np.ndarray:
    """Series without a change, Float32[series, band, time]: season, clouds, and noise of a ``kind``."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(count, 2, DAYS.size))
    if kind == "heavy":
        noise = rng.standard_t(3, noise.shape)
    if kind == "wandering":  # slower than any noise that the model knows, by which its own evidence is too large
        apart = np.abs(DAYS[:, None] - DAYS)
        slow = np.linalg.cholesky(3.0 * np.exp(-apart / 400) + 1e-9 * np.eye(DAYS.size))
        noise += rng.normal(size=noise.shape) @ slow.T
    noise += rng.normal(0, 2, (count, 2, 1)) * np.cos(2 * np.pi * DAYS / 365.25)
    values = 0.2 + UNIT * noise
    values[np.broadcast_to(rng.random((count, 1, DAYS.size)) < 0.25, values.shape)] = np.nan
    return values.astype(np.float32)


@cache
def judged(kind: str) -> Judged:
    return judge(quiet(1, 401, kind), DAYS, PRIOR)


@cache
def known(kind: str) -> tuple[Judged, Found]:
    """Placebos of a kind of noise, and what became of changes of 1 to 4 units put into them."""
    given = judged(kind)
    kinds = [even(f * c * UNIT, c, f) for c in (1.0, 2.0, 4.0) for f in (0.3, 0.6, 1.0)]
    return given, inject(quiet(1, 401, kind)[1:], DAYS, PRIOR, given, kinds, each=120, seed=2)


def even(jump: float, contrast: float = 1.0, size: float = 1.0, days: float = FOREVER) -> Injection:
    return Injection(size, contrast, "reflectance", days, np.full((400, 2, DAYS.size), jump, dtype=np.float32))


def of(changes: Changes, row: int) -> Changes:
    """The answer about one series."""
    own = {f.name: getattr(changes, f.name)[row : row + 1] for f in fields(changes) if f.name != "days"}
    return replace(changes, **own)


def say(series: np.ndarray, given: Judged, temperature: float = 1.0) -> Detected:
    """What is said of the one series that ``given`` is about."""
    scenes = [f"s{n}" for n in range(DAYS.size)]
    return detected("hall", "stack", ("red", "nir"), scenes, PRIOR, given, series, temperature=temperature)


@pytest.mark.parametrize("kind", ["white", "heavy", "wandering"])
def test_the_threshold_holds_its_rate_on_series_it_has_not_seen(kind: str) -> None:
    alarms, total = 0, 0
    for seed in range(4):
        given = judge(quiet(100 + seed, 201, kind), DAYS, PRIOR, nominal=0.05)
        fresh = change_points(quiet(200 + seed, 500, kind), DAYS, PRIOR, given.noise).evidence
        alarms, total = alarms + int((fresh > given.threshold).sum()), total + fresh.size
        assert (given.evidence > given.threshold).sum() <= 10  # a twentieth of the placebos and the structure itself
    # the rate under one threshold varies as Beta(10, 191), sd 0.015; four of them and 2000 series: sd 0.009
    assert alarms / total < 0.05 + 3 * 0.009
    if kind == "wandering":  # where evidence is too large, the threshold is no stricter than it must be either
        assert given.threshold > 0
        assert alarms / total > 0.05 - 3 * 0.009


def test_without_placebos_wandering_series_would_pass_for_changed() -> None:
    """Else the test above could not fail."""
    fresh = change_points(quiet(300, 300, "wandering"), DAYS, PRIOR, Noise(np.eye(2) / UNIT)).evidence
    assert np.mean(fresh > 0) > 0.15


@pytest.mark.parametrize("kind", ["white", "heavy", "wandering"])
def test_power_rises_with_size_and_contrast(kind: str) -> None:
    _, found = known(kind)
    share = np.array([point.found / point.injected for point in found.power]).reshape(3, 3)
    slack = 3 * np.sqrt(0.25 / 120)
    assert (np.diff(share, axis=0) > -slack).all() and (np.diff(share, axis=1) > -slack).all()
    assert share[0, 0] < 0.5 < share[2, 2]
    assert share[0, 0] + 0.4 < share[2, 2]
    assert [(p.contrast, p.size_m) for p in found.power] == [(c, f) for c in (1.0, 2.0, 4.0) for f in (0.3, 0.6, 1.0)]
    assert all(0 <= p.dated <= p.found <= p.injected == 120 for p in found.power)


def test_strong_changes_are_found_and_dated() -> None:
    _, found = known("white")
    strong = found.power[-1]
    assert strong.found >= 118
    assert strong.dated >= 0.88 * strong.found


def test_works_that_are_slow_begin_and_end_gently() -> None:
    days, starts, lengths = np.arange(0.0, 101.0, 10.0), np.array([20.0, 20.0]), np.array([40.0, 0.0])
    steady, gentle = (profiles(days, starts, lengths, slow=np.array([slow] * 2)) for slow in (False, True))
    assert steady[0].tolist() == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    assert gentle[0].tolist() == [0, 0, 0, 0.15625, 0.5, 0.84375, 1, 1, 1, 1, 1]  # 3 t^2 - 2 t^3
    assert np.array_equal(gentle[1], steady[1])  # what takes no time cannot be slow


def test_what_passes_is_found_the_rather_the_longer_it_lasts() -> None:
    given = judged("white")
    kinds = [even(4 * UNIT, days=days) for days in (0.01, 30.0, 150.0, 500.0)]
    found = inject(quiet(1, 401)[1:], DAYS, PRIOR, given, kinds, each=120, seed=3)
    share = [point.found / point.injected for point in found.power]
    assert max(share[:2]) < 0.2  # it lies between two looks, or lasts fewer looks than a level must
    assert min(share[2:]) > 0.9
    assert found.power[2].dated > 0.75 * found.power[2].found
    # passing changes say nothing about the intervals of those that last
    assert (found.temperature, np.isnan(found.covered)) == (1.0, True)


@pytest.mark.parametrize("kind", ["white", "heavy", "wandering"])
def test_intervals_under_the_temperature_hold_their_share_of_true_dates(kind: str) -> None:
    given, found = known(kind)
    assert found.temperature in TEMPERATURES
    rng = np.random.default_rng(5)
    count = 300
    true = rng.uniform(0.1 * PERIOD, 0.9 * PERIOD, count)
    lengths = np.where(rng.random(count) < PRIOR.ramp, rng.choice((0.0, *PRIOR.ramp_days), count), 0)
    rise = np.clip((DAYS - true[:, None]) / np.maximum(lengths, 1e-9)[:, None], 0, 1)
    sizes = UNIT * rng.uniform(1, 4, count) * rng.choice((-1, 1), count)
    series = quiet(6, count, kind) + (sizes[:, None] * rise)[:, None].astype(np.float32)
    changes = change_points(series, DAYS, PRIOR, given.noise)
    hit, cold = [], []
    for n in range(count):
        one = replace(given, changes=of(changes, n))
        for temperature, hits in ((found.temperature, hit), (1.0, cold)):
            if told := say(series[n : n + 1], one, temperature).changes:
                hits.append(any(c.interval95[0] <= true[n] <= c.interval95[1] for c in told))
    assert len(hit) > 100
    least = 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(hit))
    assert np.mean(hit) > least
    if kind == "wandering":  # of noise that the model does not know, intervals are too short unless widened
        assert np.mean(cold) < least
    if found.temperature > TEMPERATURES[-1]:
        assert found.covered >= 0.95


def test_two_changes_are_told_only_where_there_are_two() -> None:
    given = judged("white")
    start, end = 350.0, 700.0
    stands, gone = np.greater_equal(DAYS, start), np.greater_equal(DAYS, end)
    told = []
    for n, shape in enumerate((np.zeros(DAYS.size), stands, stands & ~gone)):
        series = quiet(20 + n, 200) + np.float32(3 * UNIT) * shape
        changes = change_points(series, DAYS, PRIOR, given.noise)
        told.append(np.mean(two_told(changes, given.second) & (changes.evidence > given.threshold)))
    limit = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert told[0] < limit and told[1] < limit
    assert told[2] > 0.9
    pair = say(series[:1], replace(given, changes=of(changes, 0)))
    assert [c.bracket.after < day <= c.bracket.by for c, day in zip(pair.changes, (start, end), strict=True)] == [True, True]
    signs = [np.sign(size.size) for change in pair.changes for size in change.sizes]
    assert signs == [1, 1, -1, -1]


def test_a_change_of_use_passes_for_two_changes_far_more_rarely_than_a_false_alarm() -> None:
    given = judged("white")
    rng = np.random.default_rng(5)
    when = random_dates(DAYS, 600, rng)[:, None, None]
    spliced = np.where(DAYS[None, None, :] < when, quiet(50, 600), quiet(51, 600))
    changes = change_points(spliced, DAYS, PRIOR, given.noise)
    # 0.01 is asked; the second largest of 200 splices varies as Beta(2, 199), sd 0.007, and the share of 600 series by 0.004
    assert np.mean(changes.two - changes.one > given.second) < 0.5 * given.nominal


@pytest.mark.parametrize(("count", "nominal"), [(0, 0.05), (FEWEST - 1, 0.05), (FEWEST - 1, 0.3), (60, 0.01)])
def test_too_few_placebos_set_no_threshold(count: int, nominal: float) -> None:
    series = quiet(30, 1 + count)
    given = judge(series, DAYS, PRIOR, nominal=nominal)
    assert given.threshold == float("inf")
    told = say(series[:1], given)
    assert told.changes == () and np.isfinite(told.evidence)
    # a change beyond doubt is told all the same, by its probability
    changed = series + np.float32(6 * UNIT) * (DAYS > 500)
    told = say(changed[:1], judge(changed, DAYS, PRIOR, nominal=nominal))
    assert len(told.changes) == 1 and told.probability > 0.99


def test_enough_placebos_set_one() -> None:
    assert np.isfinite(judge(quiet(31, 1 + FEWEST), DAYS, PRIOR).threshold)
    assert np.isfinite(judge(quiet(31, 101), DAYS, PRIOR, nominal=0.01).threshold)


def test_placebos_with_too_few_looks_do_not_count() -> None:
    series = quiet(32, 101)
    series[21:, :, 5:] = np.nan
    given = judge(series, DAYS, PRIOR)
    assert np.isfinite(given.evidence).sum() == 20
    alone = judge(series[:21], DAYS, PRIOR)
    assert given.threshold == alone.threshold < float("inf")


def test_order_of_scenes_does_not_matter_and_the_seed_decides() -> None:
    series, given = quiet(1, 401), judged("white")
    order = np.random.default_rng(3).permutation(DAYS.size)
    moved = judge(series[:, :, order], DAYS[order], PRIOR)
    assert moved.threshold == pytest.approx(given.threshold, abs=1e-4)
    np.testing.assert_allclose(moved.evidence, given.evidence, atol=1e-3)
    kind = even(2 * UNIT)
    one = inject(series[1:], DAYS, PRIOR, given, [kind], each=60, seed=4)
    again = inject(series[1:, :, order], DAYS[order], PRIOR, given, [kind], each=60, seed=4)
    assert again.power == one.power and again.temperature == one.temperature
    told: list[tuple[int, int]] = []
    inject(series[1:], DAYS, PRIOR, given, [kind, kind], each=5, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_nothing_to_judge_and_no_rate_are_named() -> None:
    with pytest.raises(BadInput, match="measure the structure first"):
        judge(np.zeros((0, 2, 90)), DAYS, PRIOR)
    with pytest.raises(BadInput, match=r"between 0 and 0\.5, not 0$"):
        judge(quiet(1, 30), DAYS, PRIOR, nominal=0.0)


def test_the_curve_holds_sizes_to_the_footprint_and_changes_that_pass() -> None:
    def effect(side: float, contrast: float) -> np.ndarray:
        return np.full((3, 4), side * contrast, dtype=np.float32)

    towards = direction(np.array([0.02, -0.04]), 2)
    np.testing.assert_allclose(towards, [0.5, -1.0])
    kinds = curve(effect, towards, (0.03, 0.06), "reflectance", 10.0, 33.0)
    lasting = [kind for kind in kinds if kind.days == FOREVER]
    assert {kind.contrast for kind in lasting} == {0.03, 0.06}
    assert max(kind.size_m for kind in kinds) == 33.0
    assert {kind.size_m for kind in lasting} <= {10.0 * side for side in SIDES_PX} | {33.0}
    assert [kind.days for kind in kinds if kind.days < FOREVER] == list(PASSING_DAYS)
    for kind in kinds:
        np.testing.assert_allclose(kind.jump[1, :, 2], kind.size_m * kind.contrast * towards, rtol=1e-5)
    assert [kind.size_m for kind in quick(effect, towards, (0.03, 0.06, 0.12), "reflectance", 33.0)] == [33.0, 33.0]
    for nothing in (None, np.zeros(2), np.array([np.nan, 1.0])):
        np.testing.assert_array_equal(direction(nothing, 2), [1, 1])


def test_a_scene_without_a_number_at_a_place_gets_no_jump_there() -> None:
    def hidden(side: float, contrast: float) -> np.ndarray:
        return np.array([[np.nan, contrast]], dtype=np.float32)

    (kind,) = quick(hidden, np.ones(1), (0.1, 0.2), "reflectance", 10.0)
    np.testing.assert_allclose(kind.jump, [[[0.0, 0.2]]], rtol=1e-6)
