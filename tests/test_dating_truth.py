"""Dating against simulated truth: lives drawn from the declared chain by a simulator of its own."""

from __future__ import annotations

import numpy as np
import pytest

from siteline.dating.chain import DAY, generator
from siteline.dating.engine import date_observations
from siteline.dating.priors import PHASES, RATES, confusion
from siteline.model.records import Observation
from siteline.model.settings import Settings
from siteline.model.span import Span, iso
from siteline.model.states import STATES

START = 16436.0  # 2015-01-01
YEARS = 8


def lives(count: int, seed: int, every: float, wrong: float) -> tuple[list[Observation], dict[str, list[tuple[float, str]]]]:
    """Observations of ``count`` lives (Gillespie 1977 over the phases), a look about every ``every`` days, and the truth:
    per structure the (day, state entered) of its life. A share ``wrong`` of labels is wrong as declared."""
    rng = np.random.default_rng(seed)
    matrix, member = generator(RATES, PHASES)
    matrix = matrix * DAY
    noise = confusion(wrong) if wrong else np.eye(len(STATES))
    observations, truth = [], {}
    for n in range(count):
        phase, now = int(np.flatnonzero(member == STATES.index("being_dismantled" if n % 2 else "being_built"))[0]), START
        story = [(now, STATES[member[phase]])]
        while now < START + YEARS * 365:
            now += rng.exponential(-1 / matrix[phase, phase])
            ways = np.maximum(matrix[phase], 0.0)
            phase = int(rng.choice(len(member), p=ways / ways.sum()))
            if STATES[member[phase]] != story[-1][1]:
                story.append((now, STATES[member[phase]]))
        truth[f"s{n}"] = story
        looks = np.sort(rng.uniform(START, START + YEARS * 365, int(YEARS * 365 / every)))
        for k, day in enumerate(np.unique(np.floor(looks))):
            moment = day + rng.uniform()  # the label is of an unknown moment of that day
            state = next(s for t, s in reversed([(START - 1, story[0][1]), *story]) if t <= moment)
            label = STATES[rng.choice(len(STATES), p=noise[STATES.index(state)])]
            observations.append(Observation(f"s{n}-{k}", f"s{n}", Span.parse(iso(float(day))), label, "high"))
    return observations, truth


def test_without_noise_every_bracket_holds_a_true_change() -> None:
    observations, truth = lives(60, seed=1, every=25, wrong=0.0)
    dating = date_observations(observations)
    checked = 0
    for name, history in dating.histories.items():
        labels = [look for look in history.looks if look.state]
        told = {(t.bracket.after, t.bracket.by): t for t in history.transitions if t.bracket.closed}
        for transition in told.values():
            low, high = transition.bracket.after or 0.0, (transition.bracket.by or 0.0) + 1.0
            assert any(low <= day <= high for day, _ in truth[name]), (name, transition.bracket)
            checked += 1
        assert len(labels) > 50
    assert checked > 100


@pytest.mark.parametrize(("every", "seed"), [(60.0, 2), (150.0, 3)])
def test_intervals_cover_as_often_as_they_say(every: float, seed: int) -> None:
    observations, truth = lives(220, seed=seed, every=every, wrong=0.02)
    inside50, inside90, places, expected, happened = [], [], [], [], []
    for name, history in date_observations(observations).histories.items():
        for t in history.transitions:
            if not t.bracket.closed:
                continue
            low, high = float(t.posterior.edges[0]), float(t.posterior.edges[-1])
            days = [day for day, state in truth[name] if state == t.to_state and low <= day <= high]
            expected.append(t.probability)
            happened.append(bool(days))
            if days:
                inside50.append(t.interval50[0] <= days[-1] <= t.interval50[1])
                inside90.append(t.interval90[0] <= days[-1] <= t.interval90[1])
                places.append(t.posterior.cdf(days[-1]))
    count = len(places)
    assert count > 250
    # Three standard errors of a share.
    assert np.mean(inside90) == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / count))
    assert np.mean(inside50) == pytest.approx(0.5, abs=3 * np.sqrt(0.25 / count))
    assert np.mean(places) == pytest.approx(0.5, abs=3 * np.sqrt(1 / 12 / count))
    # Stories that the labels tell are true about as often as the chain says.
    assert np.mean(happened) == pytest.approx(np.mean(expected), abs=0.05)


def test_sharper_looks_give_sharper_dates() -> None:
    widths = []
    for every in (200.0, 50.0, 12.0):
        observations, _ = lives(40, seed=5, every=every, wrong=0.0)
        each = [t.interval90[1] - t.interval90[0] for t in date_observations(observations).transitions if t.bracket.closed]
        widths.append(np.median(each))
    assert widths[0] > widths[1] > widths[2]


def test_observers_declared_worse_move_answers_less() -> None:
    days = ["2020-01-01", "2020-03-01", "2020-05-01"]
    states = ["complete", "being_dismantled", "dismantled"]
    looks = [
        Observation(f"o{k}", "hall", Span.parse(day), state, "high", observer="blog" if k == 1 else "lab")
        for k, (day, state) in enumerate(zip(days, states, strict=True))
    ]
    (trusting, _), (doubting, _) = (
        date_observations(looks, Settings(noise=noise)).transitions for noise in ({}, {"observer:blog": 0.4})
    )
    assert doubting.probability < trusting.probability
