"""The benchmark's own arithmetic, and the SMART files where ``SITELINE_DATA`` has them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import smart
from benchmarks.dating import folds
from benchmarks.dating_forecast import HORIZONS, forecast
from benchmarks.dating_score import score, uniform_score

from siteline.dating.learned import central, learn, thin
from siteline.dating.sequence import ONSET, Gap, Life, gap, make_life


def test_crps_equals_the_mean_of_its_definition() -> None:
    rng = np.random.default_rng(0)
    cuts, mass = np.array([0.0, 10.0, 40.0, 100.0]), np.array([0.2, 0.5, 0.3])
    truth = Gap(25.0, 70.0)
    inside, width, crps, _ = score(cuts, mass, central(cuts, mass, 0.9), truth, 1e-4, 100.0)
    draw = np.interp(rng.uniform(size=(2, 200_000)), np.concatenate([[0], np.cumsum(mass)]), cuts)
    true = rng.uniform(25, 70, 200_000)
    expected = np.mean(np.abs(draw[0] - true)) - np.mean(np.abs(draw[0] - draw[1])) / 2
    assert crps == pytest.approx(expected, rel=0.01)
    low, high = central(cuts, mass, 0.9)
    assert inside == pytest.approx(np.mean((true > low) & (true < high)), abs=0.01) and width == pytest.approx(high - low)


def test_uniform_scores_in_closed_form() -> None:
    inside, width, crps, log = uniform_score(0.0, 60.0, Gap(0.0, 60.0), 0.0, 1.0)
    assert (inside, width) == (pytest.approx(0.9), pytest.approx(54.0))
    assert crps == pytest.approx(10.0) and log == pytest.approx(-np.log(60.0))


def test_programme_dates_are_clipped_to_the_period() -> None:
    looks = [("2013-05-01", "No Activity"), ("2013-09-01", "No Activity"), ("2014-02-01", "Unknown")]
    looks += [("2014-03-01", "Site Preparation"), ("2021-12-01", "Post Construction")]
    life = make_life("s", "XX", [(smart.number(d), p) for d, p in looks])
    found = smart.programme_dates(life)
    assert list(found.values()) == ["2014-01-01", "2014-03-01", "2014-03-01", "2021-08-31", "2021-08-31"]


def real() -> tuple[Path, list[Life]]:
    path = smart.folder()
    if path is None:
        pytest.skip("SITELINE_DATA is not set or holds no smart/; set it to run on the real annotations")
    return path, smart.read_lives(path)


def test_golden_dates_are_reproduced() -> None:
    path, lives = real()
    golden = smart.read_golden(path)
    assert len(golden) > 30
    assert smart.compare_golden(lives, golden) == []


def test_learned_beats_uniform_on_a_region_it_never_saw() -> None:
    _, lives = real()
    periods = smart.periods(lives)
    learned = learn([x for x in lives if x.region.startswith(("BR", "US"))], periods, draws=1)
    rng = np.random.default_rng(1)
    ours, flat = [], []
    for life in [x for x in lives if x.region == "LT_R001"] * 5:
        truth = gap(life, ONSET)
        seen = thin(life, 0.05, rng)
        bracket = gap(seen, ONSET)
        if truth.closed and bracket.after is not None and bracket.by is not None:
            d = learned.date(seen, ONSET, periods[life.region])
            ours.append(score(d.edges, d.mass, (d.low, d.high), truth, 1e-4, 3000.0)[2])
            flat.append(uniform_score(bracket.after, bracket.by, truth, 1e-4, 3000.0)[2])
    assert len(ours) > 10 and np.mean(ours) < np.mean(flat)


def test_forecast_beats_climatology_across_regions() -> None:
    _, lives = real()
    fold = folds(lives)
    assert all(len({fold[x.region] for x in lives if x.region == r}) == 1 for r in fold)
    cases = forecast(lives, fold)
    assert all(cases.brier("regression", h) < cases.brier("climatology", h) for h in HORIZONS)
