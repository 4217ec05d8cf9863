"""The learned density: brackets, calibration on sites drawn from a known law, and bad input."""

from __future__ import annotations

import numpy as np
import pytest

from siteline.dating.durations import learn_durations, learn_forecast, outcome, spells, still_looked_at
from siteline.dating.learned import Learned, central, learn, thin, truth_mass
from siteline.dating.sequence import COMPLETION, ONSET, Gap, Life, contradictions, gap, make_life, read_phases
from siteline.dating.sequence_terms import edges
from siteline.model.errors import NothingToDate, UnknownState

PERIOD = {"X": (0.0, 3000.0), "Y": (0.0, 3000.0)}
WORDS = ("No Activity", "Site Preparation", "Active Construction", "Post Construction")


def site(rng: np.random.Generator, region: str) -> tuple[Life, float, float]:
    """A site with a known onset and completion, looked at every 20 days or so."""
    onset = rng.uniform(600, 1000)
    active, done = onset + rng.gamma(4, 25), onset + 100 + rng.gamma(9, 60)
    days = np.cumsum(rng.exponential(20, 200))
    days = days[(days > onset - 400) & (days < done + 300)]
    looks = [(d, WORDS[sum(bool(d > t) for t in (onset, active, done))]) for d in days]
    return make_life("s", region, looks), onset, done


@pytest.fixture(scope="module")
def learned() -> Learned:
    rng = np.random.default_rng(1)
    return learn([site(rng, "X")[0] for _ in range(150)], PERIOD, draws=1)


def test_phases_of_parts() -> None:
    assert read_phases("No Activity") == (0, 0, 0)
    assert read_phases("Unknown, Post Construction") == (3, 1, -1)
    assert read_phases("Post Construction, Site Preparation") == (1, 1, 0)
    assert read_phases("No Activity, Unknown") == (0, -1, 0)
    with pytest.raises(UnknownState, match="Demolition"):
        read_phases("Demolition")


def test_gaps_ignore_order_and_looks_that_tell_nothing() -> None:
    life = make_life("s", "X", [(50, WORDS[2]), (10, WORDS[0]), (20, "Unknown"), (80, WORDS[3])])
    assert gap(life, ONSET) == Gap(10, 50)
    assert gap(life, COMPLETION) == Gap(50, 80)
    assert gap(life.until(60), COMPLETION) == Gap(50, None)
    relapse = make_life("s", "X", [(10, WORDS[3]), (20, WORDS[2]), (30, WORDS[3])])
    assert gap(relapse, COMPLETION) == Gap(20, 30)
    assert contradictions([relapse]) == (1, 6)


def test_density_stays_in_the_gap_and_sums_to_one(learned: Learned) -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        life, _, _ = site(rng, "Y")
        seen = thin(life, 0.1, rng)
        for change in (ONSET, COMPLETION):
            bracket = gap(seen, change)
            dated = learned.date(seen, change, PERIOD["Y"])
            assert dated.mass.sum() == pytest.approx(1.0) and (dated.mass >= 0).all()
            assert dated.gap == bracket and dated.low < dated.high
            assert bracket.after is None or dated.low >= bracket.after
            assert bracket.by is None or dated.high <= bracket.by


def test_intervals_hold_nine_in_ten_true_dates_of_new_sites(learned: Learned) -> None:
    rng = np.random.default_rng(3)
    held, nearer = [], []
    for _ in range(250):
        life, *truth = site(rng, "Y")
        seen = thin(life, 0.2, rng)
        for change in (ONSET, COMPLETION):
            d = learned.date(seen, change, PERIOD["Y"])
            held.append(d.low <= truth[change] <= d.high)
            if not d.gap.closed:
                middle = (d.edges[0] + d.edges[-1]) / 2
                nearer.append(abs(central(d.edges, d.mass, 0.0)[0] - truth[change]) < abs(middle - truth[change]))
    assert 0.85 < np.mean(held) < 0.95
    assert np.mean(nearer) > 0.7


def test_thinning_keeps_two_looks_in_order() -> None:
    life, _, _ = site(np.random.default_rng(4), "X")
    seen = thin(life, 0.001, np.random.default_rng(0))
    assert seen.days.size == 2 and seen.days[0] < seen.days[1]
    single = life.keep(np.array([0]))
    assert thin(single, 0.5, np.random.default_rng(0)).days.size == 1


def test_nothing_to_learn_or_date(learned: Learned) -> None:
    with pytest.raises(NothingToDate, match="nothing to learn"):
        learn([make_life("s", "X", [(1, WORDS[0])])], PERIOD)
    with pytest.raises(NothingToDate, match="no look"):
        learned.date(make_life("s", "X", []), ONSET, PERIOD["X"])
    with pytest.raises(NothingToDate):
        truth_mass(Gap(None, 3.0), np.array([0.0, 1.0]))


def test_grid_covers_the_gap() -> None:
    for bracket in (Gap(100, 200), Gap(None, 200), Gap(100, None), Gap(None, None)):
        cuts = edges(bracket, (0.0, 1000.0))
        assert (np.diff(cuts) > 0).all()
        assert cuts[0] == (bracket.after or 0.0) and cuts[-1] == (bracket.by or 1000.0)


def test_turnbull_recovers_a_known_law_from_censored_brackets() -> None:
    rng = np.random.default_rng(5)
    true = rng.gamma(6, 100, 1500)
    low = np.floor(true / 90) * 90
    stop = rng.uniform(200, 2500, 1500)
    bounds = np.column_stack([np.minimum(low, stop), np.where(stop < low + 90, np.inf, low + 90)])
    fitted = learn_durations(bounds)
    for day in (360.0, 540.0, 900.0):
        assert fitted.survival(np.array([day]))[0] == pytest.approx(np.mean(true > day), abs=0.06)
    assert fitted.within(360, 180) == pytest.approx(np.mean(true[true > 360] <= 540), abs=0.08)


def test_outcomes_of_bracketed_and_censored_ends() -> None:
    looked = still_looked_at(np.array([[100.0, 200.0], [5000.0, 5100.0]]))
    sure = outcome(np.array([300.0, 310.0]), 100, 365, looked)
    half = outcome(np.array([300.0, 500.0]), 200, 200, looked)
    assert sure is not None and sure.over == 1.0 and sure.weight == pytest.approx(1.0)
    assert half is not None and half.over == pytest.approx(0.5)
    assert outcome(np.array([300.0, np.inf]), 200, 200, looked) is None
    assert outcome(np.array([100.0, 150.0]), 200, 200, looked) is None
    censored = outcome(np.array([900.0, np.inf]), 200, 200, looked)
    assert censored is not None and censored.over == 0.0


def test_forecast_is_the_frequency_without_covariates_and_learns_with_them() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(400, 2))
    looked = still_looked_at(np.array([[5000.0, 5100.0]]))
    late, early = np.array([900.0, 910.0]), np.array([300.0, 310.0])
    found = [outcome(early if v > 0 else late, 100, 365, looked) for v in x[:, 0]]
    kept = [o for o in found if o is not None]
    model = learn_forecast(x, kept)
    assert model.probability(np.array([2.0, 0.0])) > 0.8 > 0.2 > model.probability(np.array([-2.0, 0.0]))
    flat = learn_forecast(np.zeros((400, 2)), kept)
    assert flat.probability(np.zeros(2)) == pytest.approx(flat.frequency, abs=1e-3)
    with pytest.raises(NothingToDate):
        learn_forecast(np.zeros((0, 2)), [])


def test_spells_need_a_dated_onset() -> None:
    looks = [(0, WORDS[0]), (10, WORDS[1]), (100, WORDS[2])]
    assert spells([make_life("s", "X", looks)]).tolist() == [[95.0, np.inf]]
    assert spells([make_life("s", "X", looks[1:])]).shape == (0, 2)
    with pytest.raises(NothingToDate):
        learn_durations(np.zeros((0, 2)))
