"""Words, lines, shifts, events, hypotheses, disagreements and findings, against hand-computed cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteline.model.dated import Posterior
from siteline.model.records import Event, Hypothesis, Reading, Statement
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.weigh.hypotheses import diagnosticity
from siteline.weigh.lines import Lines
from siteline.weigh.shifts import reweighted
from siteline.weigh.words import days, likelihood, listed, percent, phrase
from weigh_cases import REBUILT, case, claim, look, source, weighed

SUMMIT = Event("e", Span.parse("2020-01-14/2020-01-15"), "Hanoi", "Second summit, ended early", "x")


@pytest.mark.parametrize(
    ("share", "word"),
    [
        (0.01, "almost no chance"),
        (0.049, "almost no chance"),
        (0.05, "very unlikely"),
        (0.2, "unlikely"),
        (0.45, "roughly even chance"),
        (0.55, "likely"),
        (0.8, "very likely"),
        (0.95, "almost certain"),
        (0.99, "almost certain"),
    ],
)
def test_likelihood_words_are_those_of_icd_203(share: float, word: str) -> None:
    assert likelihood(share) == word


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_likelier_thing_never_gets_a_weaker_word(a: float, b: float) -> None:
    words = [
        "almost no chance",
        "very unlikely",
        "unlikely",
        "roughly even chance",
        "likely",
        "very likely",
        "almost certain",
    ]
    assert (words.index(likelihood(a)) <= words.index(likelihood(b))) or a > b


def test_percent_never_claims_certainty() -> None:
    assert percent(0.9999) == "above 99 %"
    assert percent(0.0001) == "below 1 %"
    assert percent(0.5) == "50 %"


def test_words_for_days_lists_and_events() -> None:
    first = Span.parse("2019-02-27").first_day
    assert days(first, first + 1) == "27 to 28 February 2019"
    assert days(first, first + 2) == "27 February to 1 March 2019"
    assert days(first - 365, first) == "27 February 2018 to 27 February 2019"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert phrase(SUMMIT) == "the second summit (14 to 15 January 2020)"


def test_lines_follow_repeats_to_their_roots() -> None:
    lines = Lines(
        {
            s.source_id: s
            for s in (
                source("root", publisher="38 North (blog)"),
                source("later", publisher="38 North"),
                source("echo", "root"),
                source("echo2", "echo"),
                source("digest", "root", "other"),
                source("other"),
                source("loop1", "loop2"),
                source("loop2", "loop1"),
            )
        }
    )
    assert lines.names(["root", "later", "echo", "echo2"]) == ["38 North"]  # one publisher, one line
    assert lines.names(["digest", "root"]) == ["38 North"]  # the digest adds nothing
    assert lines.count(["root", "other"]) == 2
    assert lines.count(["loop1", "loop2"]) >= 1  # ends
    mine = (look("o1", "2020-01-01", "complete", "echo"), look("o2", "2020-01-01", "complete", "other"))
    assert [o.observation_id for o in lines.independent_of("root", mine)] == ["o2"]


def test_one_report_moves_a_flat_posterior_as_bayes_says() -> None:
    flat = Posterior(np.array([18262.0, 18272.0]), np.array([1.0]))  # 2020-01-01 to 2020-01-11
    half = claim("c", "began", "2020-01-01", "2020-01-05", "rebuilding", "x")  # five of ten days
    assert reweighted(flat, [(0.75, [half])]).cdf(18267.0) == pytest.approx(0.75)
    assert reweighted(flat, [(0.75, [half, half])]).cdf(18267.0) == pytest.approx(0.75)  # two of a kind count once
    assert reweighted(flat, [(0.75, [half]), (0.65, [half])]).cdf(18267.0) == pytest.approx(
        0.75 * 0.65 / (0.75 * 0.65 + 0.25 * 0.35)
    )
    assert reweighted(flat, [(0.5, [half])]).cdf(18267.0) == pytest.approx(0.5)  # a coin adds nothing


def test_an_event_inside_the_bracket_is_undecided_and_says_what_others_add() -> None:
    settings = Settings(key_events=("e",), key_structures=("hall",))
    before = claim("c", "began", "", "2020-01-13", "rebuilding", "x", "official")
    found = weighed(case(REBUILT, [before], events=[SUMMIT], settings=settings))
    (position,) = found.positions
    assert not position.decided
    low, centre, high = position.before
    assert 0 < low <= centre <= high < 1
    assert sum(v[1] for v in (position.before, position.during, position.after)) == pytest.approx(1.0)
    assert "cannot be determined from these images" in position.assessment.text
    alone, official = position.lines
    assert alone.probability == pytest.approx(centre)
    assert official.claim_ids == ("c",) and official.probability > centre
    assert official.low <= official.probability <= official.high
    assert found.findings[0].probability == pytest.approx(centre)


def test_an_event_outside_every_bracket_is_decided() -> None:
    settings = Settings(key_events=("e",), key_structures=("hall",))
    early = Event("e", Span.parse("2020-01-05"), "", "Holiday", "x")
    looks = (
        look("o0", "2019-12-01", "absent", "a"),
        look("o1", "2019-12-20", "being_built", "a"),
        look("o2", "2020-01-20", "being_built", "a"),
    )
    (position,) = weighed(case(looks, events=[early], settings=settings)).positions
    assert position.decided and position.lines == ()
    assert position.before[1] == pytest.approx(1.0) and position.after[1] == pytest.approx(0.0)  # the change came before it


def test_diagnosticity_is_the_share_of_pairs_told_apart() -> None:
    assert diagnosticity(["consistent"] * 4) == 0.0
    assert diagnosticity(["consistent", "inconsistent"]) == 1.0
    assert diagnosticity(["consistent", "consistent", "inconsistent"]) == pytest.approx(2 / 3)


def test_least_inconsistent_and_never_more() -> None:
    hypotheses = [Hypothesis("h1", "Signal"), Hypothesis("h2", "Upkeep")]
    readings = [
        Reading("r1", "h1", "s1", "consistent"),
        Reading("r2", "h2", "s1", "inconsistent"),
        Reading("r3", "h1", "c", "neutral"),
        Reading("r4", "h2", "c", "neutral"),
    ]
    said = [Statement("s1", "Somebody", "", "", Span.parse("2020-01-20"), "It is a message", "rebuilding", "signal", "x")]
    claims = [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "x")]
    found = weighed(case(REBUILT, claims, statements=said, hypotheses=hypotheses, readings=readings)).matrix
    assert found is not None
    assert found.inconsistency == {"h1": 0.0, "h2": 1.0}
    assert found.least == ("h1",)
    assert [row.item for row in found.rows] == ["s1", "c"]  # most diagnostic first
    assert found.assessment.probability is None  # no verdict on intentions
    assert weighed(case(REBUILT)).matrix is None
    # what nobody has judged is not the least inconsistent
    more = [*hypotheses, Hypothesis("h3", "Storm repair")]
    found = weighed(case(REBUILT, claims, statements=said, hypotheses=more, readings=readings)).matrix
    assert found is not None and found.least == ("h1",)
    assert "Not compared" in found.assessment.text and "Storm repair" in found.assessment.text
    partly = [Reading("r1", "h1", "s1", "consistent"), Reading("r2", "h2", "s1", "inconsistent")]
    partly += [Reading("r3", "h1", "c", "consistent"), Reading("r5", "h3", "c", "inconsistent")]
    found = weighed(case(REBUILT, claims, statements=said, hypotheses=more, readings=partly)).matrix
    assert found is not None and found.least == ("h1",)  # the only one judged on both items
    partly = [Reading("r2", "h2", "s1", "inconsistent"), *partly[2:], Reading("r6", "h3", "s1", "consistent")]
    found = weighed(case(REBUILT, claims, statements=said, hypotheses=hypotheses[1:], readings=partly[:1])).matrix
    assert found is not None and found.assessment.text.startswith("No item tells")


def test_disagreements_keep_every_side() -> None:
    settings = Settings(key_events=("e",))
    claims = [
        claim("c1", "began", "", "2020-01-13", "rebuilding", "x"),
        claim("c2", "began", "2020-01-16", "", "rebuilding", "y"),
        claim("c3", "no_change", "2019-12-01", "", "none", "x"),
        claim("c4", "activity", "2019-12-01", "", "none", "y"),
    ]
    torn = (look("o7", "2020-01-25", "dismantled", "a"), look("o8", "2020-01-25", "complete", "b"))
    found = weighed(case((*REBUILT, *torn), claims, events=[SUMMIT], settings=settings)).disagreements
    sides = [tuple(ids for _, ids, _ in d.sides) for d in found]
    assert (("c1",), ("c2",)) in sides
    assert (("c3",), ("c4",)) in sides
    assert (("o7",), ("o8",)) in sides


def test_confidence_is_a_sentence_of_its_own() -> None:
    found = weighed(case(REBUILT)).findings
    assert found
    for finding in found:
        assert "onfidence" not in finding.text
        assert finding.confidence.startswith("Confidence is ")
        assert finding.observation_ids and finding.source_ids
