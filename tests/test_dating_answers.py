"""What dating must answer: the bundled case, invariants, and odd input."""

from __future__ import annotations

import random
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siteline
from siteline.dating.engine import COMPILED_FROM, date_observations
from siteline.dating.frames import observations_from_rows
from siteline.model.dated import Dating, Transition
from siteline.model.errors import BadInput, NothingToDate, UnknownState
from siteline.model.records import CaseData, Observation
from siteline.model.settings import Settings
from siteline.model.span import Span, iso
from siteline.model.states import SMART_VOCABULARY, STATES
from siteline.store.importing import read_folder

RAIL, STAND = "rail_transfer_building", "vets_superstructure"


def look(i: str, day: str, state: str, how: str = "high", at: str = "hall") -> Observation:
    return Observation(i, at, Span.parse(day), state, how)


LIFE = (
    look("o1", "2018-01-01", "absent"),
    look("o2", "2018-06-01", "being_built"),
    look("o3", "2019-06-01", "complete"),
    look("o4", "2020-06-01", "being_dismantled"),
    look("o5", "2020-08-01", "dismantled"),
)


@pytest.fixture(scope="module")
def sohae() -> CaseData:
    with resources.as_file(resources.files("siteline") / "data" / "sohae") as folder:
        return read_folder(Path(folder))


@pytest.fixture(scope="module")
def dated(sohae: CaseData) -> Dating:
    return date_observations(sohae.observations, sohae.settings, tuple(sohae.structures))


def change(dating: Dating, structure: str, to: str) -> Transition:
    return next(t for t in dating.histories[structure].transitions if t.to_state == to)


def ends(transition: Transition) -> tuple[str | None, str | None]:
    found = transition.to_json()
    return found["after"], found["by"]


def test_dismantling_is_seen_from_20_to_22_july_2018(dated: Dating) -> None:
    assert ends(change(dated, RAIL, "being_dismantled")) == (None, "2018-07-20")
    assert ends(change(dated, STAND, "being_dismantled")) == ("2017-08-09", "2018-07-20")
    assert ends(change(dated, STAND, "dismantled")) == ("2018-07-20", "2018-07-22")


@pytest.mark.parametrize("structure", [RAIL, STAND])
def test_rebuilding_began_after_16_february_and_by_2_march(dated: Dating, sohae: CaseData, structure: str) -> None:
    found = change(dated, structure, "being_rebuilt")
    assert ends(found) == ("2019-02-16", "2019-03-02")
    summit = sohae.events["e034"].when
    low, centre, high = found.before_range(summit.first_day)
    assert 0.0 < low < centre < high < 1.0
    assert found.bracket.after < summit.first_day < summit.last_day < found.bracket.by  # type: ignore[operator]


def test_complete_by_6_and_8_march_with_6_march_contested_at_the_stand(dated: Dating) -> None:
    assert ends(change(dated, RAIL, "complete")) == ("2019-03-02", "2019-03-06")
    stand = change(dated, STAND, "complete")
    assert ends(stand) == ("2019-03-02", "2019-03-08")
    assert {"o098", "o099", "o102", "o103"} <= set(stand.unusable)


@pytest.mark.parametrize("structure", [RAIL, STAND])
def test_no_change_from_8_to_13_march_and_none_from_august_to_february(dated: Dating, structure: str) -> None:
    for t in dated.histories[structure].transitions:
        assert (t.bracket.by or 0.0) <= Span.parse("2019-03-08").first_day
        assert not (Span.parse("2018-08-03").first_day < (t.bracket.by or 0.0) <= Span.parse("2019-02-16").first_day)


def test_labels_that_do_not_fit_are_shown_as_dissent(dated: Dating) -> None:
    assert {"o065", "o071"} <= set(change(dated, STAND, "being_rebuilt").dissenting)


def test_a_contested_date_after_a_change_is_no_dissent_from_it(dated: Dating) -> None:
    assert change(dated, RAIL, "being_dismantled").dissenting == ()
    assert {"o036", "o037", "o038", "o049"} == set(change(dated, RAIL, "partly_dismantled").unusable)


def test_an_undated_look_decides_nothing(dated: Dating, sohae: CaseData) -> None:
    assert set(dated.histories[RAIL].undated) == {"o140", "o141"}
    dateless = [o for o in sohae.observations if o.when.known]
    again = date_observations(dateless, sohae.settings, tuple(sohae.structures))
    assert [t.to_json() for t in again.transitions] == [t.to_json() for t in dated.transitions]


def test_order_does_not_matter(sohae: CaseData, dated: Dating) -> None:
    shuffled = list(sohae.observations)
    random.Random(4).shuffle(shuffled)
    again = date_observations(shuffled, sohae.settings, tuple(sohae.structures))
    assert again.to_json() == dated.to_json()


def test_many_structures_take_the_compiled_path_to_the_same_answer() -> None:
    many = [look(f"{o.observation_id}-{n}", o.when.text, o.state, at=f"s{n}") for n in range(COMPILED_FROM) for o in LIFE]
    few = date_observations(LIFE).transitions
    for history in date_observations(many).histories.values():
        for one, other in zip(history.transitions, few, strict=True):
            np.testing.assert_allclose(one.posterior.mass, other.posterior.mass, rtol=1e-9)
            assert one.bracket == other.bracket


def test_a_whole_life() -> None:
    found = date_observations(LIFE).transitions
    assert [(t.from_state, t.to_state, t.direction) for t in found] == [
        ("absent", "being_built", "construction"),
        ("being_built", "complete", "construction"),
        ("complete", "being_dismantled", "dismantling"),
        ("being_dismantled", "dismantled", "dismantling"),
    ]
    for t in found:
        assert t.posterior.mass.sum() == pytest.approx(1.0)
        assert t.posterior.edges[0] <= t.interval90[0] <= t.interval50[0] <= t.interval50[1] <= t.interval90[1]
        assert t.interval90[1] <= t.posterior.edges[-1]
        assert (np.diff(t.posterior.edges) > 0).all()
        assert t.bracket.after == t.posterior.edges[0]
        assert t.bracket.by == t.posterior.edges[-1] - 1.0  # the day look's whole day


def test_states_sum_to_one_and_follow_the_labels() -> None:
    history = date_observations(LIFE).histories["hall"]
    np.testing.assert_allclose(history.states.sum(axis=1), 1.0, rtol=1e-9)
    for observation in LIFE:
        cell = int(np.searchsorted(history.edges, observation.when.first_day, side="right")) - 1
        assert history.states[cell].argmax() == STATES.index(observation.state)


def test_looks_that_could_not_tell_count_but_move_nothing() -> None:
    blind = [
        look("b1", "2018-03-01", "obscured"),
        look("b2", "2018-04-01", "not_stated"),
        look("b3", "2018-05", "being_built"),
    ]
    plain, with_blind = date_observations(LIFE), date_observations([*LIFE, *blind])
    for one, other in zip(plain.transitions, with_blind.transitions, strict=True):
        np.testing.assert_allclose(one.posterior.mass, other.posterior.mass)
    assert with_blind.transitions[0].unusable == ("b1", "b2", "b3")
    assert len(with_blind.histories["hall"].looks) == len(LIFE) + 3
    reasons = {x.observation_id: x.reason for x in with_blind.histories["hall"].looks}
    assert "obscured" in reasons["b1"] and "2018-05" in reasons["b3"]


def test_times_of_day_give_hours() -> None:
    timed = [look("o1", "2020-01-01T06:00Z", "complete"), look("o2", "2020-01-03T18:00+09:00", "being_dismantled")]
    (found,) = date_observations(timed).transitions
    assert ends(found) == ("2020-01-01T06:00Z", "2020-01-03T09:00Z")
    assert np.diff(found.posterior.edges).max() <= 1 / 24 + 1e-9
    assert "T" in found.to_json()["interval50"][0]


def test_another_vocabulary_gives_the_same_dates() -> None:
    words = {"absent": "No Activity", "being_built": "Active Construction", "complete": "Post Construction"}
    told = [look(o.observation_id, o.when.text, words[o.state]) for o in LIFE[:3]]
    mapped = date_observations(told, Settings(vocabulary=SMART_VOCABULARY)).transitions
    for one, other in zip(mapped, date_observations(LIFE[:3]).transitions, strict=True):
        assert one.bracket == other.bracket
        np.testing.assert_allclose(one.posterior.mass, other.posterior.mass)
    assert mapped[0].after_state == "Active Construction"  # answers use the observers' words


def test_a_higher_rate_of_leaving_moves_the_date() -> None:
    looks = [look("o1", "2020-01-01", "complete"), look("o2", "2020-12-31", "dismantled")]
    slow, fast = (
        date_observations(looks, Settings(rates={"being_dismantled->dismantled": r})).transitions[-1].posterior.quantile(0.5)
        for r in (1.0, 50.0)
    )
    assert slow != pytest.approx(fast, abs=1.0)


def test_nobody_looked_nobody_could_tell_nobody_dated() -> None:
    looks = [
        look("b1", "2020-01-01", "obscured", at="dark"),
        look("u1", "", "complete", at="undated"),
        look("m1", "2020-01", "complete", at="monthly"),
    ]
    dating = date_observations(looks, structure_ids=["never", "dark"])
    assert list(dating.histories) == ["never", "dark", "undated", "monthly"]
    assert all(not h.transitions and h.note for h in dating.histories.values())
    assert not date_observations([]).histories


def test_contradiction_on_one_day_is_not_decided() -> None:
    looks = [
        look("o1", "2020-01-01", "complete"),
        look("o2", "2020-02-01", "complete"),
        look("o3", "2020-02-01", "dismantled"),
    ]
    (found,) = date_observations(looks).histories.values()
    reasons = {x.observation_id: x.reason for x in found.looks}
    assert reasons["o2"].startswith("contested") and reasons["o3"].startswith("contested")
    assert all(t.bracket.by is None for t in found.transitions)


@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-02"), ("9999-12-29", "9999-12-30"), ("0500-01-01", "2400-01-01")])
def test_the_ends_of_time(days: tuple[str, str]) -> None:
    history = date_observations([look("o1", days[0], "complete"), look("o2", days[1], "dismantled")]).histories["hall"]
    assert len(history.edges) < 20_000
    assert all(ends(t)[0] for t in history.transitions)


def test_bad_words_are_refused_with_the_remedy() -> None:
    with pytest.raises(UnknownState, match="vocabulary"):
        date_observations([look("o1", "2020-01-01", "x" * 1_000_000)])
    with pytest.raises(BadInput, match="high, medium or low"):
        date_observations([look("o1", "2020-01-01", "complete", how="sure")])


def test_rows_are_refused_all_at_once() -> None:
    rows = [
        {"structure_id": "", "acquired_date": "2020-01-01", "state": "complete", "confidence": "high"},
        {"structure_id": "a", "acquired_date": "2020-13-01", "state": "complete", "confidence": "high"},
        {"structure_id": "a", "acquired_date": "2020-01-01", "state": "complete", "confidence": "sure"},
        {"structure_id": "a", "state": "complete", "confidence": "high"},
    ]
    with pytest.raises(BadInput) as failure:
        observations_from_rows(rows)
    assert all(f"row {n}:" in str(failure.value) for n in (1, 2, 3, 4))


def test_frames() -> None:
    frame = pd.DataFrame(
        {
            "structure_id": ["hall"] * 3,
            "acquired_date": pd.to_datetime(["2020-01-01", "2020-02-01", None]),
            "state": ["complete", "being_dismantled", "dismantled"],
            "confidence": ["high"] * 3,
        }
    )
    dating = siteline.date(frame)
    table = siteline.transitions_frame(dating)
    assert str(table["after"].dtype) == "datetime64[us, UTC]"
    assert table["after"][0] == pd.Timestamp("2020-01-01", tz="UTC") and table["by"][0] == pd.Timestamp(
        "2020-02-01", tz="UTC"
    )
    assert dating.histories["hall"].undated == ("row3",)
    states = siteline.states_frame(dating)
    np.testing.assert_allclose(states[list(STATES)].sum(axis=1), 1.0)
    with pytest.raises(NothingToDate):
        siteline.date([])


DAYS = st.integers(17000, 19000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(DAYS, st.sampled_from([*STATES, "obscured"]), st.sampled_from(["high", "medium", "low"])), max_size=12
    )
)
def test_whatever_is_seen_the_answer_holds_together(rows: list[tuple[int, str, str]]) -> None:
    looks = [look(f"o{k}", iso(float(day)), state, how) for k, (day, state, how) in enumerate(rows)]
    named = {o.observation_id for o in looks}
    for history in date_observations(looks).histories.values():
        assert len(history.looks) == len(looks)
        assert np.isfinite(history.states).all()
        previous = -np.inf
        for t in history.transitions:
            assert t.posterior.mass.sum() == pytest.approx(1.0)
            assert 0.0 <= t.probability <= 1.0
            assert {*t.deciding, *t.dissenting, *t.unusable} <= named
            low = -np.inf if t.bracket.after is None else t.bracket.after
            assert low >= previous
            previous = low
            first, centre, last = t.before_range(18000.0)
            assert first <= centre <= last
