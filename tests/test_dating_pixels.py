"""Changes in the pixels as looks: only between labels that differ, never evidence for whoever lent the label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from siteline.dating.engine import date_observations
from siteline.dating.pixels import with_pixels
from siteline.model.changed import Detected, PixelChange, Size
from siteline.model.dated import Bracket, Posterior
from siteline.model.records import OBSERVER, CaseData, Event
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.weigh.events import positions
from siteline.weigh.shifts import shifts
from weigh_cases import case, claim, look, source, verdict


def day(text: str) -> float:
    return Span.parse(text).first_day


def change(after: str, by: str, *, spill: float = 0.0) -> PixelChange:
    """A change between two scenes; ``spill``: mass in the gaps of ten days on both sides of theirs."""
    edges = np.array([day(after) - 10, day(after), day(by), day(by) + 10])
    posterior = Posterior(edges, np.array([spill, 1 - 2 * spill, spill]))
    spans = [posterior.interval(share) for share in (0.5, 0.9, 0.95)]
    bracket = Bracket(day(after), day(by))
    return PixelChange(
        "step", 0.0, bracket, "s1", "s2", posterior, *spans, 1 - 2 * spill, (Size("contrast:red", 0.1, 0.01),)
    )


def found(*changes: PixelChange, stack: str = "sentinel-2 10 m", at: str = "hall") -> Detected:
    return Detected(at, stack, ("contrast:red",), 90, day("2019-01-01"), day("2021-12-31"), 0.99, 9.0, 1.0, changes)


LABELS = (look("o1", "2019-03-01", "absent"), look("o2", "2021-03-01", "complete"))
STEP = change("2020-05-10T10:30:00Z", "2020-05-15T10:30:00Z")


def added(data: CaseData, *detected: Detected) -> list[tuple[str, str, str]]:
    """What is added: id, when, state."""
    made = with_pixels(data, detected)
    assert made.observations[: len(data.observations)] == data.observations
    return [(o.observation_id, o.when.text, o.state) for o in made.observations[len(data.observations) :]]


def test_a_change_between_two_states_becomes_a_look_on_each_side() -> None:
    assert added(case(LABELS), found(STEP)) == [
        ("pixels:hall:1:before", "2020-05-10T10:30Z", "absent"),
        ("pixels:hall:1:after", "2020-05-15T10:30Z", "complete"),
    ]
    made = with_pixels(case(LABELS), [found(STEP)])
    looks = made.observations[2:]
    assert {o.observer for o in looks} == {OBSERVER} and {o.source_id for o in looks} == {"pixels:hall"}
    assert "o1" in looks[0].paraphrase and "o2" in looks[1].paraphrase
    transition = date_observations(made.observations, made.settings, ("hall",)).transitions[0]
    assert (transition.bracket.after, transition.bracket.by) == (day("2020-05-10T10:30:00Z"), day("2020-05-15T10:30:00Z"))
    plain = date_observations(LABELS, made.settings, ("hall",)).transitions[0]
    assert transition.interval90[1] - transition.interval90[0] < 0.1 * (plain.interval90[1] - plain.interval90[0])


def test_looks_enclose_nearly_all_of_the_posterior() -> None:
    certain, unsure = (change("2020-05-10", "2020-05-15", spill=spill) for spill in (0.004, 0.02))
    assert [when for _, when, _ in added(case(LABELS), found(certain))] == ["2020-05-10", "2020-05-15"]
    assert [when for _, when, _ in added(case(LABELS), found(unsure))] == ["2020-04-30", "2020-05-25"]


@pytest.mark.parametrize(
    "looks",
    [
        (),
        (LABELS[0],),
        (LABELS[1],),
        (LABELS[0], look("o2", "2021-03-01", "absent")),
        (LABELS[0], look("o2", "2021-03-01", "obscured")),
        (LABELS[0], look("o2", "", "complete")),
        (LABELS[0], look("o2", "2021-03-01", "complete", at="shed")),
        (look("o1", "2020-06-01", "absent"), LABELS[1]),
        (look("o1", "2020", "absent"), LABELS[1]),
        (LABELS[0], look("o2", "2020", "complete")),
        (look("o1", "2020-05-10/2020-05-20", "absent"), LABELS[1]),
        (LABELS[0], look("o2", "2020-05-12/2020-05-20", "complete")),
    ],
    ids=[
        "no label",
        "none after",
        "none before",
        "same state",
        "no state",
        "no date",
        "another structure",
        "both after",
        "too vague before",
        "too vague after",
        "reaches into it from before",
        "reaches into it from after",
    ],
)
def test_without_two_labels_that_differ_nothing_is_added(looks: tuple) -> None:
    data = case(looks)
    assert with_pixels(data, [found(STEP)]) is data


def test_the_nearest_labels_on_both_sides_count() -> None:
    nearer = (look("o3", "2020-01-01", "being_built"), look("o4", "2020-08-01", "dismantled", "b"))
    told = added(case((*LABELS, *nearer)), found(STEP))
    assert [state for _, _, state in told] == ["being_built", "dismantled"]
    # a label of the day of the scene itself is on the scene's side of the change
    same_day = (look("o3", "2020-05-10", "being_built"), look("o4", "2020-05-15", "dismantled", "b"))
    assert [state for _, _, state in added(case((*LABELS, *same_day)), found(STEP))] == ["being_built", "dismantled"]
    within = (look("o3", "2020-05-12", "being_built"),)
    assert [state for _, _, state in added(case((*LABELS, *within)), found(STEP))] == ["absent", "complete"]


def test_two_changes_are_two_pairs_of_looks_from_one_source() -> None:
    labels = (*LABELS, look("o3", "2020-09-01", "complete", "b"), look("o4", "2021-09-01", "dismantled", "c"))
    gone = change("2021-05-01", "2021-05-06")
    made = with_pixels(case(labels), [found(STEP, gone)])
    looks = made.observations[4:]
    assert [o.state for o in looks] == ["absent", "complete", "complete", "dismantled"]
    assert len({o.observation_id for o in made.observations}) == len(made.observations)
    assert made.sources["pixels:hall"].repeats == ("a", "b", "c")


def test_of_two_changes_without_a_label_between_them_only_the_outer_looks_are_told() -> None:
    again = change("2020-05-20T10:30:00Z", "2020-05-25T10:30:00Z")
    data = case(LABELS)
    made = with_pixels(data, [found(STEP, again)])
    assert [(o.observation_id, o.when.text, o.state) for o in made.observations[2:]] == [
        ("pixels:hall:1:before", "2020-05-10T10:30Z", "absent"),
        ("pixels:hall:2:after", "2020-05-25T10:30Z", "complete"),
    ]
    assert all(o.pixel_date is None for o in made.observations)
    # intervals that overlap leave no room for a label, whatever was said in those days
    wide = change("2020-05-16T10:30:00Z", "2020-05-21T10:30:00Z", spill=0.1)
    said = (*LABELS, look("o3", "2020-05-15", "dismantled"))
    assert [o.state for o in with_pixels(case(said), [found(STEP, wide)]).observations[3:]] == ["absent", "complete"]


def test_the_date_of_the_pixels_takes_the_place_of_the_prior() -> None:
    labels = (look("o1", "2019-03-01", "complete"), look("o2", "2021-03-01", "dismantled"))
    lean = replace(STEP, posterior=Posterior(STEP.posterior.edges, np.array([0.002, 0.997, 0.001])))
    made = with_pixels(case(labels), [found(lean)])
    (told,) = date_observations(made.observations, made.settings, ("hall",)).histories["hall"].transitions
    # taking a structure down takes weeks by the prior rates; these pixels have seen that it took days
    assert told.by_pixels and told.probability == pytest.approx(0.997, abs=1e-9)
    assert told.before_range(STEP.bracket.by or 0.0) == (1.0, 1.0, 1.0)
    assert told.to_json()["by_pixels"] is True
    edges, mass = told.posterior.edges, told.posterior.mass
    assert (edges[0], edges[-1], mass.sum()) == (STEP.bracket.after, STEP.bracket.by, pytest.approx(1.0))
    # people who label the very scenes, on the days that they give, take nothing from it
    both = (look("o3", "2020-05-10", "complete", "b"), look("o4", "2020-05-15", "dismantled", "b"))
    beside = with_pixels(case((*labels, *both)), [found(lean)])
    (told,) = date_observations(beside.observations, beside.settings, ("hall",)).histories["hall"].transitions
    assert told.by_pixels and told.probability == pytest.approx(0.997, abs=1e-9)
    # a label that makes the bracket narrower decides by itself
    seen = look("o3", "2020-05-12", "dismantled", "b")
    nearer = with_pixels(case((*labels, seen)), [found(lean)])
    (told,) = date_observations(nearer.observations, nearer.settings, ("hall",)).histories["hall"].transitions
    assert not told.by_pixels and "o3" in told.deciding
    assert told.to_json()["by_pixels"] is False


@pytest.mark.parametrize(("mass", "decided"), [((0.003, 0.02, 0.974, 0.003), True), ((0.003, 0.5, 0.494, 0.003), False)])
def test_pixels_decide_an_event_inside_their_bracket_where_they_put_the_change_on_one_side(
    mass: tuple, decided: bool
) -> None:
    edges = np.array([day("2020-05-01"), day("2020-05-10"), day("2020-05-15"), day("2020-05-20"), day("2020-06-01")])
    posterior = Posterior(edges, np.array(mass))
    step = replace(STEP, posterior=posterior, bracket=Bracket(edges[1], edges[3]))
    data = case(
        LABELS,
        events=(Event("summit", Span.parse("2020-05-14"), "UTC", "a summit", "a"),),
        settings=Settings(key_events=("summit",)),
    )
    made = with_pixels(data, [found(step)])
    dating = date_observations(made.observations, made.settings, ("hall",))
    (told,) = positions(made, dating)
    assert told.decided is decided
    words = told.assessment.text if decided else told.assessment.confidence
    assert "the pixels make a change" in words.lower()
    assert ("cannot be determined" in told.assessment.text) is not decided
    report = claim("c1", "began", "2020-05-10", "2020-05-13", "construction", "x", "official")
    assert shifts(told.transition, told.event, [report])[0].label == "The pixels alone"


def test_a_borrowed_state_is_no_surer_than_its_label_and_doubtful_labels_lend_last() -> None:
    doubtful = look("o3", "2020-05-15", "being_built", "b", how="low")
    looks = with_pixels(case((*LABELS, doubtful)), [found(STEP)]).observations[3:]
    assert [(o.state, o.confidence) for o in looks] == [("absent", "high"), ("complete", "high")]
    looks = with_pixels(case((LABELS[0], doubtful)), [found(STEP)]).observations[2:]
    assert [(o.state, o.confidence) for o in looks] == [("absent", "high"), ("being_built", "low")]


def test_ids_and_sources_of_the_case_are_left_alone() -> None:
    mine = look("pixels:hall:1:before", "2019-02-01", "absent")
    data = case((*LABELS, mine), sources=(source("a"), source("pixels:hall"), source("pixels:hall (2)")))
    made = with_pixels(data, [found(STEP)])
    assert len({o.observation_id for o in made.observations}) == len(made.observations) == 5
    assert made.sources["pixels:hall"] == data.sources["pixels:hall"]
    assert {o.source_id for o in made.observations[3:]} == {"pixels:hall (3)"}
    again = case((*LABELS, replace(mine, observation_id="pixels:hall:1:after")))
    assert len({o.observation_id for o in with_pixels(again, [found(STEP)]).observations}) == 5


def test_of_several_stacks_the_joint_answer_counts() -> None:
    joint = found(change("2020-05-12", "2020-05-14"), stack="all")
    other = found(change("2020-09-01", "2020-09-13"), stack="sentinel-1 10 m orbit 88")
    for order in ((joint, found(STEP), other), (found(STEP), other, joint)):
        assert [when for _, when, _ in added(case(LABELS), *order)] == ["2020-05-12", "2020-05-14"]
    # stacks that were never weighed together, or a joint answer without a change, say nothing
    assert added(case(LABELS), found(STEP), other) == []
    assert added(case(LABELS), found(stack="all"), found(STEP), other) == []


def test_structures_have_their_own_looks() -> None:
    labels = (
        *LABELS,
        look("o3", "2019-03-01", "complete", "b", at="shed"),
        look("o4", "2021-03-01", "gone", "b", at="shed"),
    )
    data = replace(case(labels), settings=replace(case(labels).settings, vocabulary={"gone": "dismantled"}))
    made = with_pixels(data, [found(STEP), found(STEP, at="shed"), found(at="yard")])
    assert [(o.structure_id, o.state) for o in made.observations[4:]] == [
        ("hall", "absent"), ("hall", "complete"), ("shed", "complete"), ("shed", "gone"),
    ]  # fmt: skip
    assert {k: s.repeats for k, s in made.sources.items() if k.startswith("pixels")} == {
        "pixels:hall": ("a",), "pixels:shed": ("b",),
    }  # fmt: skip


def test_pixels_check_claims_of_others_but_not_of_those_whose_labels_they_borrow() -> None:
    theirs = claim("c", "began", "2020-05-01", "2020-05-31", "construction", "b")
    own = replace(theirs, source_id="a")
    told = {}
    for name, one in (("theirs", theirs), ("own", own)):
        plain = case(LABELS, (one,), (source("a"), source("b")))
        told[name] = (verdict(plain), verdict(with_pixels(plain, [found(STEP)])))
    assert told["theirs"][0].verdict != "supported" and told["theirs"][1].verdict == "supported"
    assert told["theirs"][1].independent_lines == told["theirs"][0].independent_lines  # no line of evidence more
    assert told["own"][1].verdict == told["own"][0].verdict
    assert told["own"][1].probability == told["own"][0].probability
