"""MAD, its iterations, plain differences, and the false-alarm rate: on made pairs with known answers, and on real ones."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cube_scenes import VERDUN_GRID, PlainReader, verdun
from siteline.cube.load import load
from siteline.detect.bitemporal.cva import cva, normalised
from siteline.detect.bitemporal.mad import SOUND_SHARE, irmad, mad
from siteline.detect.bitemporal.null import decide, null
from siteline.model.errors import BadInput

SIDE, BANDS = 120, 4
EVERYWHERE = np.ones((SIDE, SIDE), bool)
NEW = np.zeros((SIDE, SIDE), bool)
NEW[40:52, 60:80] = True


def made(seed: int = 0, noise: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """Two scenes of the same ground, with independent noise, the second with gains and offsets of its own."""
    rng = np.random.default_rng(seed)
    ground = np.tensordot(rng.normal(size=(BANDS, BANDS)), rng.normal(size=(BANDS, SIDE, SIDE)), 1) * 0.1 + 0.3
    before, after = (ground + noise * rng.normal(size=ground.shape) for _ in range(2))
    return before, after * np.array([1.3, 0.8, 1.0, 1.1])[:, None, None] + 0.05


@pytest.mark.parametrize("method", [mad, irmad])
def test_without_change_the_statistic_is_chi_square(method):
    found = method(*made(), EVERYWHERE)
    assert stats.kstest(found.statistic.ravel(), stats.chi2(BANDS).cdf).statistic < 0.03
    assert found.settled and found.note == ""


def test_variates_do_not_care_for_any_linear_mixing_of_bands():
    before, after = made()
    mixed = np.tensordot(np.random.default_rng(5).normal(size=(BANDS, BANDS)), after, 1) + 0.7
    expected = mad(before, after, EVERYWHERE)
    found = mad(before, mixed, EVERYWHERE)
    assert np.allclose(found.correlations, expected.correlations, atol=1e-6)
    assert np.allclose(found.statistic, expected.statistic, rtol=1e-2, atol=1e-2)


def test_correlations_are_those_of_plain_algebra():
    before, after = (values.reshape(BANDS, -1) for values in made())
    cov = np.cov(np.vstack([before, after]))
    xx, yy, xy = cov[:BANDS, :BANDS], cov[BANDS:, BANDS:], cov[:BANDS, BANDS:]
    squared = np.linalg.eigvals(np.linalg.solve(xx, xy) @ np.linalg.solve(yy, xy.T)).real
    found = mad(*made(), EVERYWHERE)
    assert np.allclose(found.correlations, np.sort(np.sqrt(squared))[::-1], atol=1e-6)


def test_iterations_find_a_change_that_one_pass_blurs():
    before, after = made()
    after[:, NEW] += np.array([0.3, -0.2, 0.25, 0.4])[:, None] * np.random.default_rng(1).normal(1, 0.3, (1, NEW.sum()))
    once, often = mad(before, after, EVERYWHERE), irmad(before, after, EVERYWHERE)
    assert often.iterations > 2 and often.correlations.min() > once.correlations.min()
    assert np.median(often.statistic[NEW]) > 2 * np.median(once.statistic[NEW])
    assert decide(often.statistic, 0.01)[NEW].mean() > 0.95


def test_a_runaway_iteration_is_not_followed():
    """A tenth of the ground agrees almost exactly (still water); everything else has noise a hundred times as large."""
    before, after = made(noise=0.1)
    rng = np.random.default_rng(2)
    after[:, :12] = before[:, :12] * 1.1 + 1e-4 * rng.normal(size=(BANDS, 12, SIDE))
    wild = irmad(before, after, EVERYWHERE, sound_share=0.0, consistent=False)
    assert wild.share < 0.08  # as published: the still water alone
    held = irmad(before, after, EVERYWHERE, consistent=False)
    assert SOUND_SHARE <= held.share < 0.2 and held.iterations < wild.iterations
    assert "rested on 10.0% of the pixels" in held.note and not held.settled
    found = irmad(before, after, EVERYWHERE)
    assert found.share > 0.3 and found.settled and found.note == ""


def test_gaps_stay_gaps_and_do_not_change_the_rest():
    before, after = made()
    seen = EVERYWHERE.copy()
    seen[:, :30] = False
    after[1, 80:, 100:] = np.nan
    before[:, ~seen] = 1e6
    found = mad(before, after, seen)
    assert np.isnan(found.statistic[:, :30]).all() and np.isnan(found.statistic[80:, 100:]).all()
    assert stats.kstest(found.statistic[:80, 30:].ravel(), stats.chi2(BANDS).cdf).statistic < 0.03
    assert np.isnan(cva(before, after, seen)[:, :30]).all()


def test_constant_and_doubled_bands_are_borne():
    before, after = made()
    before[2], after[2] = 0.1, 0.1
    before[3], after[3] = before[0], after[0]
    assert np.isfinite(irmad(before, after, EVERYWHERE).statistic).all()
    assert np.isfinite(cva(before, after, EVERYWHERE)).all()


def test_normalisation_undoes_gain_and_offset_whatever_changed():
    before, after = made(noise=0.003)
    after[:, NEW] = 2.0
    moved, lines = normalised(before, after, EVERYWHERE)
    assert np.allclose(lines[:, 0], 1 / np.array([1.3, 0.8, 1.0, 1.1]), rtol=0.01)
    assert np.abs((moved - before)[:, ~NEW]).max() < 0.05
    assert cva(before, after, EVERYWHERE)[NEW].min() > cva(before, after, EVERYWHERE)[~NEW].max()


@pytest.mark.parametrize(
    ("draw", "allowed"),
    [
        (lambda rng, size: rng.chisquare(6, size), 1.6),
        (lambda rng, size: rng.chisquare(10, size), 1.6),
        (lambda rng, size: 40 * rng.f(8, 6, size), 1.6),
        (lambda rng, size: rng.chisquare(8, size) * rng.choice([1.0, 1.5, 2.0], size), 1.6),
    ],
)
@pytest.mark.parametrize("changed", [0.0, 0.02])
def test_the_rate_of_false_alarms_is_the_stated_one(draw, allowed, changed):
    rng = np.random.default_rng(3)
    still = draw(rng, 200_000)
    statistic = np.concatenate([still, still.max() * rng.uniform(1, 5, int(changed * len(still)))])
    for rate in (0.05, 0.01):
        reached = decide(statistic, rate)[: len(still)].mean()
        assert rate / allowed / (1 + 10 * changed) < reached < rate * allowed
        assert decide(statistic, rate)[len(still) :].all()


def test_p_values_and_threshold_say_the_same():
    statistic = np.random.default_rng(4).chisquare(5, (100, 100))
    statistic[0, 0] = np.nan
    fitted = null(statistic)
    assert np.isnan(fitted.p_values(statistic)[0, 0])
    assert fitted.p_values(np.array([fitted.threshold(0.01)]))[0] == pytest.approx(0.01, rel=1e-4)
    assert decide(statistic, 0.01)[0, 0] == np.False_


def test_what_cannot_be_answered_is_refused_with_a_remedy():
    before, after = made()
    with pytest.raises(BadInput, match="one shape"):
        mad(before, after[:, 1:], EVERYWHERE)
    with pytest.raises(BadInput, match="only 0 pixels"):
        irmad(before, after, ~EVERYWHERE)
    with pytest.raises(BadInput, match="only 0 pixels"):
        cva(before * np.nan, after, EVERYWHERE)
    with pytest.raises(BadInput, match="too few"):
        null(np.ones(10))
    with pytest.raises(BadInput, match="same scene twice"):
        null(np.zeros(1000))
    with pytest.raises(BadInput, match="rate must"):
        decide(np.random.default_rng(0).chisquare(3, 1000), 0.5)


@pytest.mark.skipif("SITELINE_DATA" not in os.environ, reason="SITELINE_DATA is not set: real scenes are not at hand")
def test_on_a_wood_that_did_not_change_the_rate_holds_within_a_factor_of_three():
    """Neighbouring clear dates before the clearing of 2019 (the folder's note)."""
    scenes = verdun(Path(os.environ["SITELINE_DATA"]).resolve() / "verdun-s2")
    cube = load(scenes, VERDUN_GRID, reader=PlainReader())  # type: ignore[arg-type]
    early = cube.isel(time=(cube.time.values < np.datetime64("2019-02-01")))
    values, ok = early.reflectance.values, early.valid.values & np.isfinite(early.reflectance.values).all(axis=1)
    clear = np.flatnonzero(ok.mean(axis=(1, 2)) > 0.98)
    rates = []
    for one, other in pairwise(clear):
        if early.time.values[other] - early.time.values[one] <= np.timedelta64(30, "D"):
            statistic = mad(values[one], values[other], ok[one] & ok[other]).statistic
            rates.append(decide(statistic, 0.01).mean())
    assert len(rates) >= 3
    assert 0.01 / 3 < np.median(rates) < 0.03
