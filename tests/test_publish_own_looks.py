"""Looks that siteline took from the pixels are never passed off as a person's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import change_samples as samples
from siteline.dating.engine import date_observations
from siteline.dating.pixels import with_pixels
from siteline.model.records import CaseData
from siteline.publish.figure import PHONE, SCREEN, key_figure_svg
from siteline.publish.ownlooks import OWN, is_own, look_names, own_looks, own_sources
from siteline.publish.pixelsection import PixelsShown
from siteline.publish.report import render
from siteline.publish.rows import row
from test_publish_report import Page
from weigh_cases import case, claim, look, weighed

LABELS = (look("o1", "2016-07-01", "absent"), look("o2", "2020-05-01", "complete"))
CLAIM = claim("c", "began", "2019-01-01", "2019-12-31", "building", "b")


@pytest.fixture(scope="module")
def dated() -> CaseData:
    """A case of two looks by one person, with a change that siteline found between them."""
    made = case(LABELS, (CLAIM,))
    return with_pixels(made, samples.two_sensors()[1])


@pytest.fixture(scope="module")
def page(dated: CaseData) -> Page:
    rows, answers = samples.two_sensors()
    dating = date_observations(dated.observations, dated.settings, ("hall",))
    return Page(render(dated, dating, weighed(dated), PixelsShown(answers, tuple(rows)))[0])


def test_the_helper_knows_what_dating_adds(dated: CaseData) -> None:
    added = dated.observations[len(LABELS) :]
    assert len(added) == 2 and own_looks(dated) == list(added)
    assert own_sources(dated) == {"pixels:hall"}
    assert [is_own(o.observation_id, o.observer) for o in LABELS] == [False, False]
    assert not is_own("pixels:hall:1:before", "Analyst") and not is_own("o1", "siteline")


def test_they_are_named_in_words_with_their_day(dated: CaseData) -> None:
    names = look_names(dated)
    assert names["o1"] == "o1"
    before, after = (names[o.observation_id] for o in own_looks(dated))
    assert re.fullmatch(r"last scene before \(\d+ \w{3} \d{4}\)", before)
    assert re.fullmatch(r"first scene after \(\d+ \w{3} \d{4}\)", after)


def test_they_stand_in_a_line_of_their_own_after_those_of_people(dated: CaseData) -> None:
    history = date_observations(dated.observations, dated.settings, ("hall",)).histories["hall"]
    lanes = row(dated, history).lanes
    assert [lane.label for lane in lanes] == ["A", OWN]
    assert [m.own for m in lanes[0].marks] == [False, False] and [m.own for m in lanes[1].marks] == [True, True]
    (shared,) = row(dated, history, lanes=1).lanes
    assert sum(m.own for m in shared.marks) == 2


@pytest.mark.parametrize("width", [SCREEN, PHONE])
def test_figures_draw_them_as_diamonds_and_say_so(dated: CaseData, width: int) -> None:
    dating = date_observations(dated.observations, dated.settings, ("hall",))
    svg = key_figure_svg(dated, dating, weighed(dated), theme="light", width=width)
    plain = case(LABELS, (CLAIM,))
    undated = date_observations(LABELS, plain.settings, ("hall",))
    without = key_figure_svg(plain, undated, weighed(plain), theme="light", width=width)
    assert OWN in svg and OWN not in without


def test_the_report_counts_them_apart_and_the_method_says_what_they_are(dated: CaseData, page: Page) -> None:
    scenes = len({m.scene_id for m in samples.two_sensors()[0]})
    assert f"2 observations · 2 looks of siteline’s own, from pixels · {scenes} scenes measured · 2 sources" in page.text
    assert "Every look was written by a person" not in page.text and "drawn as diamonds" in page.text
    assert "pixels:hall:1" not in page.text and "last scene before (" in page.text
    assert not page.problems and {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_without_them_the_report_says_that_people_made_every_look() -> None:
    data = case(LABELS)
    rows, answers = samples.two_sensors()
    still = tuple(replace(a, changes=(), evidence=-4.0) for a in answers)
    dating = date_observations(data.observations, data.settings, ("hall",))
    text = Page(render(data, dating, weighed(data), PixelsShown(still, tuple(rows)))[0]).text
    assert "Every look was written by a person" in text and "diamond" not in text and OWN not in text
