"""The kernel against dense matrices, against simulated truth, and on bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.detect import reference
from siteline.detect.design import columns, season_columns
from siteline.detect.intervals import bracket, gap_days, intervals, tempered
from siteline.detect.kernels.standard import counts, standardise, usable
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import beside, change_points, scan
from siteline.model.errors import BadInput

NOISES = {
    "white": lambda bands: Noise.plain(bands),
    "slow and yearly": lambda bands: Noise(np.eye(bands), drift=0.5, memory_days=40.0, yearly_sd=0.25, trend_sd=0.3),
}
PRIOR = Prior(ramp_days=(45.0, 120.0), second=0.2)


def series(seed: int, bands: int, looks: int, *, step: float = 0.0, missing: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Irregular looks over three years with season, a few outliers and a step at 60 % of the period."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 1100, looks)).round(3)
    season = np.outer(rng.normal(0, 3, bands), np.cos(2 * np.pi * days / 365.25))
    values = 50 + season + rng.normal(0, 1, (bands, looks)) + step * (days > 660)
    values[:, rng.random(looks) < 0.05] += 9
    values[:, rng.random(looks) < missing] = np.nan
    return values, days


def standard(values: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The looks of one series as the kernel sees them: standardised bands, their days, their places in time."""
    bands, times = values.shape
    index = np.zeros(times, dtype=np.int64)
    m = usable(values, index)
    y, w, scale = np.zeros((bands, times)), np.zeros(times), np.ones(bands)
    doubt = Noise.plain(bands).doubt
    scratch = (*np.zeros((2, times)), np.zeros((bands, times)), np.zeros(times))
    standardise(values, days, index, m, doubt, y, w, scale, *scratch)
    return y[:, :m], days[index[:m]], index[:m]


def test_a_look_counts_the_less_the_further_off_it_is() -> None:
    noise = Noise(np.eye(2), outliers=0.05, outlier_sd=6.0)
    assert noise.doubt == pytest.approx(2 * np.log(19 * 36))  # where the density of an outlier is that of the rest
    away = np.linspace(0, 20, 200) ** 2
    told = np.array([counts(a, noise.doubt) for a in away])
    assert told[0] == 1 and (np.diff(told) < 0).all() and told[-1] > 0
    assert counts(noise.doubt, noise.doubt) == pytest.approx(0.5)
    between = (1 + np.exp((away - noise.doubt) / 2)) ** -1, 6 / (4 + np.maximum(away, 2))
    far = away > 2 * noise.doubt
    assert (told[far] > between[0][far]).all() and (told[far] < between[1][far]).all()
    assert Noise(np.eye(2), outliers=0.01).doubt > noise.doubt
    for wrong in ({"outliers": 0.0}, {"outliers": 0.6}, {"outlier_sd": 1.0}):
        with pytest.raises(BadInput, match="outliers"):
            Noise(np.eye(2), **wrong)


def relative(log_factors: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Posterior over gaps from log Bayes factors by gap (last axis)."""
    gap = np.concatenate([[np.nan], np.diff(days)])
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(np.isfinite(log_factors), log_factors + np.log(gap), -np.inf)
    mass = np.exp(score - score.max())
    return mass / mass.sum()


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("name", NOISES)
def test_posterior_is_that_of_the_dense_reference(name: str, bands: int) -> None:
    noise = NOISES[name](bands)
    for seed in range(3):
        values, days = series(seed, bands, 60, step=1.5)
        found = change_points(values[None], days, PRIOR, noise, threads=1)
        y, at, index = standard(values, days)
        weights = found.weights[0, index]
        dense = reference.one_change(y, days, index, weights, PRIOR, noise)
        shares = np.log([1 - PRIOR.ramp, PRIOR.ramp / 2, PRIOR.ramp / 2])
        together = np.logaddexp.reduce(dense["shape"] + shares[:, None], axis=0)
        expected = relative(together, at)
        np.testing.assert_allclose(found.mass[0, index], expected, atol=1e-6)
        gap = np.concatenate([[0.0], np.diff(at)])
        inside = np.isfinite(together)
        evidence = np.log(np.sum(np.exp(together[inside]) * gap[inside]) / gap[inside].sum())
        assert found.one[0] == pytest.approx(evidence, abs=1e-6)
        pairs = reference.two_changes(y, days, index, weights, PRIOR, noise)
        both = np.isfinite(pairs)
        prior = np.where(both, np.outer(gap, gap), 0.0)
        two = np.log(np.sum(np.exp(np.where(both, pairs, 0.0)) * prior) / prior.sum())
        assert found.two[0] == pytest.approx(two, abs=1e-6)
        joint = np.where(both, np.exp(np.where(both, pairs, 0.0)), 0.0) * prior
        np.testing.assert_allclose(found.pair_mass[0, 0, index], joint.sum(1) / joint.sum(), atol=1e-6)
        np.testing.assert_allclose(found.pair_mass[0, 1, index], joint.sum(0) / joint.sum(), atol=1e-6)


@pytest.mark.parametrize("name", NOISES)
def test_scan_is_that_of_the_dense_reference(name: str) -> None:
    noise, prior = NOISES[name](2), Prior()
    stack = np.stack([series(seed, 2, 70, step=1.0)[0] for seed in range(5)])
    days = series(0, 2, 70)[1]
    found = scan(stack, days, prior, noise, threads=1)
    small = scan(stack.astype(np.float32), days, prior, noise, threads=1)
    for i in range(5):
        y, at, index = standard(stack[i], days)
        dense = reference.one_change(y, days, index, found.weights[i, index], Prior(ramp_days=()), noise)["step"]
        gap = np.concatenate([[0.0], np.diff(at)])
        inside = np.isfinite(dense)
        evidence = np.log(np.sum(np.exp(dense[inside]) * gap[inside]) / gap[inside].sum())
        assert found.evidence[i] == pytest.approx(evidence, abs=1e-6)
        assert small.evidence[i] == pytest.approx(evidence, abs=5e-3)
        best = int(np.argmax(np.where(inside, dense + np.log(np.maximum(gap, 1e-300)), -np.inf)))
        assert (found.after[i], found.by[i]) == (at[best - 1], at[best])


def test_sizes_come_back_in_the_unit_of_the_values() -> None:
    values, days = series(1, 3, 200, step=0.0, missing=0.2)
    jump = np.array([4.0, -2.0, 0.0])
    values = values + jump[:, None] * (days > 660)
    mix = np.array([[0.5, 0.0, 0.0], [0.2, 0.5, 0.0], [0.1, 0.1, 0.5]])
    found = change_points(values[None], days, Prior(), Noise(mix))
    assert found.p_none[0] < 1e-6
    assert np.all(np.abs(found.size[0] - jump) < 4 * found.size_sd[0])
    assert np.all(found.size_sd[0] < 0.6)
    after, by = bracket(found.mass, found.step_mass, found.days, found.weights > 0)
    assert after[0] < 660 <= by[0]


def test_built_and_dismantled_is_two_changes() -> None:
    rng = np.random.default_rng(5)
    days = np.arange(0, 1000, 6.0)
    values = rng.normal(0, 1, (40, 1, days.size)) + 3.0 * ((days > 400) & (days < 640))
    found = change_points(values, days, Prior(), Noise.plain(1))
    assert np.mean(found.p_two > 0.9) > 0.9
    first, second = found.days[found.pair_at[:, 0]], found.days[found.pair_at[:, 1]]
    assert np.mean(np.abs(first - 402) <= 6) > 0.8
    assert np.mean(np.abs(second - 642) <= 6) > 0.8
    assert np.all(np.abs(found.pair_size[:, 0, 0] - 3) < 4.5 * found.pair_size_sd[:, 0, 0])


def test_without_a_change_evidence_is_rare_and_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(6)
    days = np.arange(0, 1000, 9.0)
    values = rng.standard_t(5, (400, 2, days.size)) + np.cos(2 * np.pi * days / 365.25)
    found = change_points(values, days, Prior(), Noise.plain(2))
    np.testing.assert_allclose(found.p_none + found.p_one + found.p_two, 1.0, atol=1e-9)
    # by Markov's inequality a Bayes factor of 20 comes up in at most 1 of 20 series without a change
    assert np.mean(found.evidence > np.log(20)) <= 0.05


def test_too_few_looks_say_nothing_rather_than_no_change() -> None:
    days = np.arange(12.0) * 10
    values = np.full((3, 1, 12), np.nan)
    values[1, 0, :8] = 1.0
    values[2, 0] = np.sin(days)
    found = change_points(values, days, Prior(min_looks=4), Noise.plain(1))
    assert np.isnan(found.evidence[:2]).all()
    assert np.isnan(found.p_none[:2]).all()
    assert np.isfinite(found.evidence[2])
    assert np.isnan(intervals(found.mass, found.days, found.weights > 0, 0.9)[0][0])


def test_infinities_are_missing_and_constants_show_no_change() -> None:
    values, days = series(3, 1, 80, step=2.0, missing=0.0)
    holed = values.copy()
    holed[0, ::7] = np.inf
    gone = values.copy()
    gone[0, ::7] = np.nan
    both = change_points(np.stack([holed, gone]), days, Prior(), Noise.plain(1))
    assert both.evidence[0] == both.evidence[1]
    flat = change_points(np.full((1, 1, 80), 7.0), days, Prior(), Noise.plain(1))
    assert flat.evidence[0] < 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_order_and_scale_do_not_matter(seed: int, doubled: bool) -> None:
    values, days = series(seed, 2, 40, step=2.0, missing=0.1)
    if doubled:
        days[10] = days[9]
    base = change_points(values[None], days, PRIOR, Noise.plain(2), threads=1)
    order = np.random.default_rng(seed).permutation(days.size)
    if doubled:  # looks of one instant keep their order among themselves
        order = np.sort(order)[::1]
    moved = change_points(values[None][:, :, order] * 3 - 100, days[order], PRIOR, Noise.plain(2), threads=1)
    assert moved.evidence[0] == pytest.approx(base.evidence[0], abs=1e-5)
    np.testing.assert_allclose(moved.mass, base.mass, atol=1e-6)
    np.testing.assert_allclose(moved.size, base.size * 3, rtol=1e-4, atol=1e-6)


def test_arrays_that_do_not_fit_are_named() -> None:
    with pytest.raises(BadInput, match="one day a time"):
        change_points(np.zeros((1, 1, 5)), np.zeros(4), Prior(), Noise.plain(1))
    with pytest.raises(BadInput, match="2 bands"):
        change_points(np.zeros((1, 1, 5)), np.zeros(5), Prior(), Noise.plain(2))
    with pytest.raises(BadInput, match="without a date"):
        change_points(np.zeros((1, 1, 2)), np.array([0, np.nan]), Prior(), Noise.plain(1))
    with pytest.raises(BadInput, match="probability"):
        Prior(ramp=1.5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=12), st.floats(0.1, 1.0), st.floats(0.1, 0.99))
def test_intervals_nest_and_widen(weights: list[float], temperature: float, share: float) -> None:
    mass = np.array([[0.0, *weights]])
    if mass.sum() == 0:
        return
    mass = mass / mass.sum()
    days = np.cumsum(np.arange(1.0, mass.size + 1))
    looks = np.ones_like(mass, dtype=bool)
    assert tempered(mass, days, looks, temperature).sum() == pytest.approx(1.0)
    low, high, first, last = intervals(mass, days, looks, share)
    assert first[0] <= low[0] <= high[0] <= last[0]
    wider = intervals(mass, days, looks, min(share * 1.01, 0.999))
    assert wider[0][0] <= low[0] + 1e-9
    assert wider[1][0] >= high[0] - 1e-9


def test_a_flat_posterior_stays_flat_when_tempered() -> None:
    days = np.array([0.0, 5.0, 20.0, 21.0, 40.0])
    looks = np.ones((1, 5), dtype=bool)
    mass = gap_days(days, looks) / 40.0
    np.testing.assert_allclose(tempered(mass, days, looks, 0.3), mass)


def test_two_changes_are_dated_beside_one_another_as_the_dense_reference_does() -> None:
    rng = np.random.default_rng(8)
    days = np.arange(0, 700, 10.0)
    values = rng.normal(0, 1, (1, 1, days.size)) + 4.0 * (days > 250) - 4.0 * np.clip((days - 450) / 90, 0, 1)
    noise, prior = Noise.plain(1), Prior(ramp_days=(45.0, 90.0), second=0.5)
    changes = change_points(values, days, prior, noise)
    mass, _, shape, size, _ = beside(values, changes, 0, prior, noise)
    y, at, index = standard(values[0], days)
    weights = changes.weights[0, index]
    shares = np.log([1 - prior.ramp, prior.ramp / 2, prior.ramp / 2])
    x, precision, _ = columns(days, noise)
    cycle = season_columns(days, noise)
    for q in range(2):
        other = int(changes.pair_at[0, 1 - q])
        step = (np.arange(days.size) >= other).astype(float)
        none = reference.covariance(at, weights, noise, x, precision) + prior.size_sd**2 * np.outer(step, step)
        base = reference.log_evidence(y, none, weights.sum())
        factor = np.full((3, days.size), -np.inf)
        for k in range(prior.min_looks, days.size - prior.min_looks + 1):
            for n, length in enumerate((0.0, *prior.ramp_days)):
                s = reference.line(at, k, length)
                plain = none + prior.size_sd**2 * np.outer(s, s)
                c = s[:, None] * cycle
                full = plain + prior.season_sd**2 * c @ c.T
                both = [reference.log_evidence(y, cov, weights.sum()) - base for cov in (plain, full)]
                factor[n, k] = np.logaddexp(np.log(1 - prior.season) + both[0], np.log(prior.season) + both[1])
        expected = relative(np.logaddexp.reduce(factor + shares[:, None], axis=0), at)
        side = index < other if q == 0 else index > other
        expected = np.where(side, expected, 0.0) / expected[side].sum()
        # the kernel leaves out ramps through gaps that are hopeless for a step
        np.testing.assert_allclose(mass[q, index], expected, atol=1e-4)
    low, high, _, _ = intervals(mass, days, np.ones((2, days.size), dtype=bool), 0.95)
    assert low[0] <= 250 <= high[0]
    assert low[1] <= 450 <= high[1]
    assert shape[1, 0] > shape[0, 0]
    assert size[0, 0] == pytest.approx(4, abs=1)
    assert size[1, 0] == pytest.approx(-4, abs=1)
