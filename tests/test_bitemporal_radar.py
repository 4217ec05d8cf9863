"""Radar tests on simulated speckle, whose law is known, beside exact distributions and sums written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from siteline.detect.bitemporal.radar import equality, log_ratio, omnibus
from siteline.model.errors import BadInput

SIDE, LOOKS = 140, 4.4
PIXELS = SIDE * SIDE


def speckled(means: list[list[float]], seed: int = 0, looks: float = LOOKS, side: int = SIDE) -> np.ndarray:
    """Float64[time, band, y, x]: gamma speckle over ground of ``means`` [time][band]."""
    rng = np.random.default_rng(seed)
    ground = np.array(means, float)[:, :, None, None]
    return ground * rng.gamma(looks, 1 / looks, (*ground.shape[:2], side, side))


def unchanged(dates: int, bands: int = 2, **told) -> np.ndarray:
    return speckled([[0.1, 0.02][:bands]] * dates, **told)


def within_chance(count: int, rate: float, of: int = PIXELS) -> bool:
    """Whether ``count`` of ``of`` would be usual (to one in ten thousand) where each comes with probability ``rate``."""
    return bool(stats.binomtest(count, of, rate).pvalue > 1e-4)


@pytest.mark.parametrize("looks", [1, 3, 4.4, 20])
def test_log_ratios_of_unchanged_ground_have_uniform_p_values(looks):
    found = log_ratio(*unchanged(2, 1, looks=looks), looks)
    assert stats.kstest(found.p_value.ravel(), "uniform").pvalue > 1e-3
    assert within_chance(np.count_nonzero(found.p_value < 0.01), 0.01)


def test_a_log_ratio_is_in_decibels_and_signed():
    found = log_ratio(np.array([1.0, 10.0, 2.0]), np.array([10.0, 1.0, 2.0]), LOOKS)
    assert found.decibels == pytest.approx([10, -10, 0])
    assert found.p_value == pytest.approx([2 * stats.f(8.8, 8.8).sf(10)] * 2 + [1])


def test_the_likelihood_ratio_of_one_band_is_the_exact_test():
    before, after = unchanged(2, 1)
    exact = log_ratio(before[0], after[0] * 2, LOOKS).p_value
    assert equality(before, after * 2, LOOKS).p_value == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize("dates", [2, 3, 9])
@pytest.mark.parametrize("bands", [1, 2])
@pytest.mark.parametrize("looks", [3, 4.4, 12])
def test_unchanged_ground_is_rejected_at_the_nominal_rate(dates, bands, looks):
    found = omnibus(unchanged(dates, bands, looks=looks, seed=dates), looks, level=0.05)
    assert stats.kstest(found.equal.p_value.ravel(), "uniform").pvalue > 1e-3
    rejected = np.count_nonzero(found.equal.p_value < 0.05)
    assert within_chance(rejected, 0.05)
    assert np.count_nonzero(found.changes) <= rejected


def test_one_look_stays_near_the_nominal_rate():
    p_value = omnibus(unchanged(4, looks=1), 1).equal.p_value
    assert 0.04 < np.mean(p_value < 0.05) < 0.065
    assert 0.008 < np.mean(p_value < 0.01) < 0.018


def power(ratio: float, looks: float, bands: int) -> float:
    before, after = unchanged(2, bands, looks=looks)
    return float(np.mean(equality(before, after * ratio, looks).p_value < 0.01))


@pytest.mark.parametrize(
    ("ratio", "looks"), [(1.5, 4.4), (2, 4.4), (4, 4.4), (8, 4.4), (2, 3), (2, 12), (2, 40), (0.25, 4.4)]
)
def test_changes_are_found_as_often_as_they_can_be(ratio, looks):
    """Of one band the power follows from the F distribution of the ratio."""
    ratios = stats.f(2 * looks, 2 * looks)
    least = ratios.isf(0.005)
    expected = ratios.sf(least / ratio) + ratios.cdf(1 / least / ratio)
    assert power(ratio, looks, 1) == pytest.approx(expected, abs=0.015)


def test_power_grows_with_the_change_the_looks_and_the_bands():
    by_ratio = [power(ratio, 4.4, 1) for ratio in (1, 1.5, 2, 4, 8)]
    by_looks = [power(2, looks, 1) for looks in (1, 4, 12, 40)]
    assert by_ratio == sorted(by_ratio)
    assert by_looks == sorted(by_looks)
    assert power(2, 4.4, 2) > power(2, 4.4, 1)


def test_q_is_the_product_of_the_r():
    """ln Q = sum of ln R_j, each written out from its likelihoods, so that the sums within agree with the paper's."""
    stack = unchanged(5, side=4)
    looks, dates, bands = LOOKS, 5, 2

    def ln_r(j: int) -> np.ndarray:
        early, until = stack[: j - 1].sum(axis=0), stack[:j].sum(axis=0)
        logs = (j - 1) * np.log(early) + np.log(stack[j - 1]) - j * np.log(until)
        return looks * (bands * (j * np.log(j) - (j - 1) * np.log(j - 1)) + logs.sum(axis=0))

    rho = 1 - (dates + 1) / (6 * dates * looks)
    expected = -2 * rho * sum(ln_r(j) for j in range(2, dates + 1))
    assert omnibus(stack, looks).equal.statistic == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("when", [1, 4, 7])
def test_one_change_is_found_between_the_right_dates(when):
    stack = speckled([[0.1, 0.02]] * when + [[1.2, 0.2]] * (8 - when), looks=8, side=60)
    found = omnibus(stack, 8, level=0.001)
    right = (found.after[when] == when - 1) & (found.changes == 1)
    assert right.mean() > 0.97
    assert found.intervals(3, 4) == ((when - 1, when),)


def test_two_changes_are_found_between_the_right_dates():
    stack = speckled([[0.1, 0.02]] * 4 + [[1.2, 0.3]] * 4 + [[0.1, 0.02]] * 4, looks=8, side=60)
    found = omnibus(stack, 8, level=0.001)
    right = (found.after[4] == 3) & (found.after[8] == 7) & (found.changes == 2)
    assert right.mean() > 0.97
    assert found.intervals(0, 0) == ((3, 4), (7, 8))


def test_a_gain_of_all_dates_does_not_matter():
    stack = speckled([[0.1, 0.02]] * 3 + [[0.3, 0.02]] * 3, side=40)
    gain = np.random.default_rng(3).uniform(0.2, 5, (2, 40, 40))
    plain, scaled = omnibus(stack, LOOKS), omnibus(stack * gain, LOOKS)
    assert scaled.equal.statistic == pytest.approx(plain.equal.statistic, rel=1e-3, abs=1e-3)
    assert (scaled.after == plain.after).all()


def test_dates_that_miss_a_pixel_are_skipped_for_it():
    stack = speckled([[0.1, 0.02]] * 4 + [[2.0, 0.4]] * 4, looks=8, side=30)
    holed = stack.copy()
    holed[3, 0], holed[4, 1], holed[0, 0, 5, 5] = np.nan, 0.0, np.inf
    found = omnibus(holed, 8, level=1e-4)
    assert np.mean((found.after[5] == 2) & (found.changes == 1)) > 0.99
    kept = omnibus(stack[[0, 1, 2, 5, 6, 7]], 8, level=1e-4).equal
    away = np.ones((30, 30), bool)
    away[5, 5] = False
    assert found.equal.p_value[away] == pytest.approx(kept.p_value[away])
    assert found.equal.p_value[5, 5] == pytest.approx(omnibus(stack[[1, 2, 5, 6, 7]], 8).equal.p_value[5, 5])


def test_a_pixel_seen_once_or_never_has_no_answer():
    stack = unchanged(3, side=2).astype(np.float32)
    stack[:, :, 0, 0] = np.nan
    stack[1:, 0, 0, 1] = np.nan
    found = omnibus(stack, LOOKS)
    assert np.isnan(found.equal.p_value).tolist() == [[True, True], [False, False]]
    assert np.isnan(found.equal.statistic[0]).all() and found.changes[0].tolist() == [0, 0]
    assert np.isnan(log_ratio(np.array([np.nan, 0.0]), np.array([1.0, 1.0]), 3).p_value).all()


def test_images_larger_than_a_block_answer_as_their_parts():
    stack = unchanged(3, 1, side=300)
    found, part = omnibus(stack, LOOKS, 0.2), omnibus(stack[:, :, 250:], LOOKS, 0.2)
    assert (found.equal.p_value[250:] == part.equal.p_value).all()
    assert (found.after[:, 250:] == part.after).all()


def test_wrong_input_says_what_and_what_to_do():
    image = np.ones((1, 3, 3))
    with pytest.raises(BadInput, match="load both onto one grid"):
        equality(image, image[:, :2], 4)
    with pytest.raises(BadInput, match="at least 1, not 0"):
        log_ratio(image, image, 0)
    with pytest.raises(BadInput, match="at least 1, not nan"):
        equality(image, image, float("nan"))
    with pytest.raises(BadInput, match="two dates or more"):
        omnibus(image[None], 4)
    with pytest.raises(BadInput, match="between 0 and 1"):
        omnibus(np.stack([image, image]), 4, level=5)
