"""The noise of a stack: learned back from simulated series, changed ones among them; bands made independent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.detect.noise import FEWEST, MOST, UNKNOWN, band_mix, fit_noise, null_evidence
from siteline.detect.prior import Noise

YEAR = 365.2425
DRIFTS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0)
MEMORIES = (15.0, 40.0, 60.0, 100.0)
YEARLY = (0.0, 0.25, 0.5, 1.0, 2.0)


def simulated(
    seed: int, *, n: int = 120, bands: int = 2, drift: float = 0, memory: float = 40, yearly: float = 0, share: float = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Series (Float64[series, band, time]) of unit noise times 0.02 over four years, a ``share`` with a step, and days."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 4 * YEAR, 240)).round(2)
    values = 50 + rng.normal(size=(n, bands, days.size))
    if drift:
        apart = np.abs(days[:, None] - days)
        slow = np.linalg.cholesky(drift * np.exp(-apart / memory) + 1e-9 * np.eye(days.size))
        values += rng.normal(size=values.shape) @ slow.T
    years = days / YEAR
    wave = np.stack([np.cos(2 * np.pi * years), np.sin(2 * np.pi * years)])
    values += np.einsum("nbh,ht->nbt", rng.normal(0, 3, (n, bands, 2)), wave)
    for k in range(5):
        own = np.einsum("nbh,ht->nbt", rng.normal(0, yearly, (n, bands, 2)), wave)
        values += np.clip(1 - np.abs(years - k), 0, None) * own
    at = rng.uniform(0.2, 0.8, n) * days[-1]
    step = rng.normal(0, 5, (n, bands, 1)) * (days >= at[:, None])[:, None, :]
    values += step * (rng.random(n) < share)[:, None, None]
    values[np.broadcast_to(rng.random((n, 1, days.size)) < 0.3, values.shape)] = np.nan
    return 0.02 * values, days


def apart(found: float, true: float, grid: tuple[float, ...]) -> int:
    """How many steps of a grid lie between what was found and the nearest to what is true."""
    return abs(grid.index(found) - int(np.argmin(np.abs(np.array(grid) - true))))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_white_noise_has_no_memory_even_where_half_of_the_series_changed(share: float) -> None:
    for seed in range(2):
        noise = fit_noise(*simulated(seed, share=share))
        assert apart(noise.drift, 0.0, DRIFTS) == 0
        assert apart(noise.yearly_sd, 0.0, YEARLY) <= 1
        np.testing.assert_allclose(noise.mix, 50 * np.eye(2), atol=5)


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize(("drift", "memory"), [(0.5, 15.0), (1.0, 40.0), (4.0, 60.0)])
def test_slow_noise_is_found_within_a_step_of_the_grid(drift: float, memory: float, share: float) -> None:
    noise = fit_noise(*simulated(3, drift=drift, memory=memory, share=share))
    assert apart(noise.drift, drift, DRIFTS) <= 1
    assert apart(noise.memory_days, memory, MEMORIES) <= 1
    # neighbours share slow noise: what one look has of its own is told from it all the same
    np.testing.assert_allclose(np.diag(noise.mix), 50, rtol=0.2)


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("yearly", [0.5, 1.0, 2.0])
def test_years_that_differ_are_found_within_a_step_of_the_grid(yearly: float, share: float) -> None:
    noise = fit_noise(*simulated(4, yearly=yearly, share=share))
    assert apart(noise.yearly_sd, yearly, YEARLY) <= 1
    assert noise.drift <= 0.2


def test_the_evidence_of_no_change_prefers_the_noise_that_made_the_series() -> None:
    values, days = simulated(5, n=60, drift=1.0)
    mixed = 50 * values
    told = {drift: null_evidence(mixed, days, Noise(np.eye(2), drift)).mean() for drift in (0.0, 0.3, 1.0, 3.0)}
    assert max(told, key=lambda drift: told[drift]) == 1.0


def test_only_so_many_series_are_looked_at_and_the_seed_says_which() -> None:
    values, days = simulated(6, n=MOST + 200, bands=1, drift=1.0)
    first, again, other = (fit_noise(values, days, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.mix, again.mix)
    assert (first.drift, first.memory_days, first.yearly_sd) == (again.drift, again.memory_days, again.yearly_sd)
    assert not np.array_equal(first.mix, other.mix)
    assert apart(other.drift, first.drift, DRIFTS) <= 1


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_few_series_put_bands_on_a_common_scale_and_take_the_rest_for_large(count: int) -> None:
    values, days = simulated(7, drift=4.0)
    noise = fit_noise(values[:count], days)
    assert (noise.drift, noise.memory_days, noise.yearly_sd, noise.trend_sd) == UNKNOWN
    assert noise.mix.shape == (2, 2)
    assert np.isfinite(noise.mix).all()


@pytest.mark.filterwarnings("error")
def test_series_of_few_looks_do_not_count_and_infinities_are_missing() -> None:
    values, days = simulated(8, drift=1.0)
    seldom = values[:40].copy()
    seldom[:, :, 9:] = np.nan
    base = fit_noise(values, days)
    more = fit_noise(np.concatenate([values, seldom]), days)
    np.testing.assert_array_equal(more.mix, base.mix)
    assert (more.drift, more.memory_days) == (base.drift, base.memory_days)
    holed = np.where(np.isnan(values), np.inf, values)
    holed[:, 0, ::2] = np.where(np.isnan(values[:, 0, ::2]), -np.inf, values[:, 0, ::2])
    same = fit_noise(holed, days)
    np.testing.assert_array_equal(same.mix, base.mix)
    assert (same.drift, same.yearly_sd, same.trend_sd) == (base.drift, base.yearly_sd, base.trend_sd)


def test_series_that_never_move_are_no_reason_to_fail() -> None:
    noise = fit_noise(np.full((30, 2, 60), 7.0), np.arange(60.0) * 9)
    assert np.isfinite(noise.mix).all()
    assert np.linalg.det(noise.mix) > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_correlated_bands_become_independent_ones_of_unit_noise(seed: int, bands: int) -> None:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, 1000, 150))
    scales = 10.0 ** rng.uniform(-3, 3, bands)
    common = rng.uniform(-0.7, 0.7, (bands, 1)) * rng.normal(size=(40, 1, 150)) * np.sqrt(bands)
    noise = scales[:, None] * (common + rng.normal(size=(40, bands, 150)))
    season = scales[:, None] * 20 * np.cos(2 * np.pi * days / YEAR)
    level = scales[:, None] * rng.normal(0, 100, (40, bands, 1))
    mix = band_mix(noise + season + level + scales[:, None] * 8 * (days > 500), days)
    whitened = np.matmul(mix, noise).swapaxes(0, 1).reshape(bands, -1)
    np.testing.assert_allclose(np.corrcoef(whitened), np.eye(bands), atol=0.15)
    np.testing.assert_allclose(whitened.std(axis=1), 1, rtol=0.2)


def test_a_band_that_repeats_another_is_not_blown_up() -> None:
    rng = np.random.default_rng(9)
    one = rng.normal(size=(30, 1, 100))
    mix = band_mix(np.concatenate([one, one * 3], axis=1), np.arange(100.0))
    assert np.isfinite(mix).all()
    # what of the second band is its own is nothing; at most it is taken for a fiftieth of its variance
    assert np.abs(mix[1] * (1, 3)).max() < np.sqrt(50) + 1
