"""Verdicts on claims, against cases small enough to judge by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weigh_cases import REBUILT, case, claim, look, source, verdict


@pytest.mark.parametrize(
    ("after", "before", "basis", "expected"),
    [
        ("2020-01-10", "2020-01-20", "imagery", "supported"),  # the bracket itself
        ("2020-01", "2020-02", "repeat", "supported"),  # wider
        ("", "2020-01-20", "official", "supported"),
        ("2020-01-21", "2020-02-09", "imagery", "contradicted"),  # the first look with it came before
        ("", "2020-01-09", "official", "contradicted"),  # the last look without it came after
        ("2020-01-20", "", "inference", "goes further than the evidence"),  # only the last day of the bracket
        ("2020-01-03", "2020-01-20", "repeat", "goes further than the evidence"),  # a bound that nothing carries
        ("2020-01-03", "2020-01-20", "imagery", "supported"),  # a look of its own may carry it
        ("", "", "imagery", "not testable"),
    ],
)
def test_rules_for_the_beginning_of_a_change(after: str, before: str, basis: str, expected: str) -> None:
    data = case(REBUILT, [claim("c", "began", after, before, "rebuilding", "x", basis)])
    assert verdict(data).verdict == expected


def test_a_change_nobody_saw_is_not_testable() -> None:
    data = case(REBUILT, [claim("c", "began", "2020-01-10", "2020-01-20", "construction", "x")])
    assert verdict(data).verdict == "not testable"
    assert verdict(data).probability is None


def test_end_of_a_change() -> None:
    good = claim("c", "ended", "2020-01-20", "2020-02-10", "rebuilding", "x")
    late = claim("d", "ended", "2020-02-11", "", "rebuilding", "x")
    data = case(REBUILT, [good, late])
    assert verdict(data, "c").verdict == "supported"
    assert verdict(data, "d").verdict == "contradicted"


def test_looks_of_the_claims_own_line_do_not_support_it() -> None:
    data = case(REBUILT, [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "b")])
    found = verdict(data)
    assert found.verdict == "not testable"  # without b nobody saw any work
    assert found.with_own == "supported"
    assert found.independent_lines == 0
    assert "own line" in found.because


def test_a_repeater_is_not_independent_of_what_it_repeats() -> None:
    looks = (*REBUILT, look("o4", "2020-01-20", "being_rebuilt", "echo"))
    data = case(looks, [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "b")], [source("echo", "b")])
    assert verdict(data).verdict == "not testable"
    free = case(looks, [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "b")])
    assert verdict(free).verdict == "supported"


def test_own_looks_that_narrow_the_bracket_make_a_claim_consistent() -> None:
    looks = (*REBUILT, look("o0", "2020-01-02", "dismantled", "c"), look("o4", "2020-01-20", "being_rebuilt", "c"))
    data = case(looks, [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "a")])
    found = verdict(data)
    assert (found.verdict, found.with_own) == ("consistent", "supported")
    assert found.probability is not None and found.probability_with_own is not None
    assert found.probability < found.probability_with_own == pytest.approx(1.0)


def test_lines_are_counted_not_articles() -> None:
    looks = (*REBUILT, look("o4", "2020-01-20", "being_rebuilt", "e1"), look("o5", "2020-01-20", "being_rebuilt", "e2"))
    echoes = [source("e1", "b"), source("e2", "b")]
    assert verdict(case(looks, [claim("c", "began", "", "2020-01-20", "rebuilding", "x")], echoes)).independent_lines == 2


def test_no_change() -> None:
    inside = claim("c", "no_change", "2020-01-05", "2020-01-25", "none", "x")
    before = claim("d", "no_change", "2019-12-01", "2020-01-10", "none", "x")
    after = claim("e", "no_change", "2020-02-10", "2020-03-10", "none", "x")
    looks = (look("o0", "2019-12-01", "dismantled", "a"), *REBUILT, look("o9", "2020-03-10", "complete", "a"))
    data = case(looks, [inside, before, after])
    assert [verdict(data, i).verdict for i in "cde"] == ["contradicted", "supported", "supported"]


def test_quiet_since_a_date_speaks_up_to_the_next_change() -> None:
    looks = (look("o0", "2019-12-01", "dismantled", "a"), *REBUILT)
    assert verdict(case(looks, [claim("c", "no_change", "2019-12", "", "none", "x")])).verdict == "supported"


def test_no_change_of_the_whole_site_is_at_best_consistent() -> None:
    looks = (look("o0", "2019-12-01", "dismantled", "a"), *REBUILT)
    data = case(looks, [claim("c", "no_change", "2019-12-01", "2020-01-10", "none", "x", at="site")])
    assert verdict(data).verdict == "consistent"


def test_activity() -> None:
    data = case(
        (*REBUILT, look("o5", "2020-03-01", "complete", "a", activity="crane")),
        [
            claim("c", "activity", "2020-01-15", "2020-01-25", "rebuilding", "x"),
            claim("d", "activity", "2020-02-20", "2020-03-10", "none", "x"),
            claim("e", "activity", "2021-01-01", "2021-02-01", "rebuilding", "x"),
            claim("f", "activity", "2020-01-15", "2020-01-25", "inspection_preparation", "x"),
        ],
    )
    assert [verdict(data, i).verdict for i in "cdef"] == ["supported", "supported", "not testable", "not testable"]


def test_a_site_claim_is_held_against_the_best_bounded_change() -> None:
    shed = (
        look("p1", "2019-06-01", "dismantled", "a", at="shed"),
        look("p2", "2020-01-20", "being_rebuilt", "b", at="shed"),
    )
    data = case((*shed, *REBUILT), [claim("c", "began", "2020-01-10", "2020-01-20", "rebuilding", "x", at="site")])
    assert verdict(data).verdict == "supported"


def test_other_first_hand_reports_decide_what_the_prior_would() -> None:
    narrow = claim("c", "began", "2020-01-10", "2020-01-13", "rebuilding", "x", "official")
    alone = verdict(case(REBUILT, [narrow]))
    backed = verdict(
        case(
            REBUILT,
            [
                narrow,
                *(
                    claim(f"d{k}", "began", "2020-01-10", "2020-01-13", "rebuilding", f"y{k}", b)
                    for k, b in enumerate(("imagery", "materials"))
                ),
            ],
        )
    )
    assert alone.verdict == "goes further than the evidence"
    assert backed.verdict == "consistent"
    assert alone.probability == pytest.approx(backed.probability or 0.0)  # the evidence from looks is the same


@settings(max_examples=60, deadline=None)
@given(st.integers(-40, 40), st.integers(0, 60), st.integers(0, 30), st.integers(0, 30))
def test_widening_never_makes_a_first_hand_claim_worse(start: int, length: int, left: int, right: int) -> None:
    order = ["contradicted", "goes further than the evidence", "consistent", "supported"]

    def judged(first: int, last: int) -> int:
        days = [(date(2020, 1, 10) + timedelta(days=d)).isoformat() for d in (first, last)]
        return order.index(verdict(case(REBUILT, [claim("c", "began", *days, "rebuilding", "x")])).verdict)

    assert judged(start - left, start + length + right) >= judged(start, start + length)
