"""Weighing in a real browser: what the images cannot decide is said first, the prior moves the number, tables are edited."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser import Window, chromium, eventually, window
from browser import own_sohae as sohae
from web_server import Bench

__all__ = ["chromium", "sohae", "window"]


def claim(bench: Bench, key: str) -> dict[str, Any]:
    return next(one for one in bench.state()["claims"] if one["id"] == key)


def numbers(page: Page) -> list[int]:
    """P(before) of every event and change, per cent."""
    return [int(re.sub(r"\D", "", text)) for text in page.locator("#weigh-events .big").all_inner_texts()]


def test_the_prior_moves_the_number_and_the_images_speak_first(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="s=rail_transfer_building&tab=weigh")
    first = page.locator("#weigh-events .positions > li").first
    text = first.inner_text()
    assert text.index("The images cannot decide this.") < text.index("before or after") < text.index("%")
    slider = page.get_by_role("slider", name="Prior rates")
    seen = {}
    for key in ("Home", "End"):
        slider.focus()
        page.keyboard.press(key)
        seen[key] = numbers(page)
    positions = {(p["event"], p["transition"]): p for p in sohae.state()["positions"]}
    told = sorted(round(100 * p["before"][0]) for p in positions.values())
    assert sorted(seen["Home"]) == pytest.approx(told, abs=1)
    assert sorted(seen["End"]) == pytest.approx(sorted(round(100 * p["before"][-1]) for p in positions.values()), abs=1)
    assert seen["Home"] != seen["End"]
    slider.fill("0")
    assert sorted(numbers(page)) == pytest.approx(sorted(round(100 * p["before"][10]) for p in positions.values()), abs=1)
    assert "as declared" in (slider.get_attribute("aria-valuetext") or "")


def test_a_claim_is_corrected_in_place_and_judged_anew(window: Window, sohae: Bench) -> None:
    window.tolerated = ("422",)
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.locator("[data-view=claims]").click()
    page.get_by_role("button", name="goes further than the evidence").click()
    row = page.locator("#weigh-claims tr[data-claim=f006]")
    expect(row).to_contain_text("goes further")
    before = claim(sohae, "f006")
    page.get_by_role("button", name="Edit claim f006").click()
    form = page.locator("#weigh-claims .rowform")
    form.get_by_label("Not before").fill("31 of June")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("small.error").filter(has_text=re.compile(r"\w"))).to_be_visible()  # said beside the field
    assert form.get_by_label("Not before").input_value() == "31 of June"
    assert claim(sohae, "f006") == before
    form.get_by_label("Not before").fill("2017-09-01")
    form.get_by_label("Not after").fill("2018-07-20")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    after = claim(sohae, "f006")
    assert (after["after"], after["before"]) == ("2017-09-01", "2018-07-20")
    assert after["verdict"] != before["verdict"]
    page.get_by_role("button", name="goes further than the evidence").click()  # all verdicts again
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#weigh-claims tr[data-claim=f006]")).to_contain_text(after["verdict"])
    page.keyboard.press("u")
    assert eventually(lambda: claim(sohae, "f006")["verdict"] == before["verdict"], page)


def test_the_matrix_is_edited_by_keyboard(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.locator("[data-view=hypotheses]").focus()
    page.keyboard.press("Enter")
    state = sohae.state()
    row = state["matrix"]["rows"][0]
    (first,) = [h["id"] for h in state["hypotheses"]][:1]
    cell = page.locator("#weigh-hypotheses .matrix .cell").first
    expect(cell).to_have_text({"consistent": "+", "inconsistent": "−", "neutral": "·"}[row["readings"][first]])
    cell.focus()
    page.keyboard.press("Enter")
    form = page.locator("#weigh-hypotheses .rowform")
    form.get_by_label(re.compile("Would one expect")).select_option("inconsistent")
    form.get_by_label("Because").fill("It would have been announced.")
    form.get_by_role("button", name="Save").press("Enter")
    expect(form).to_be_hidden()
    expect(cell).to_have_text("−")
    now = sohae.state()
    assert now["matrix"]["rows"][0]["readings"][first] == "inconsistent"
    assert now["matrix"]["inconsistency"][first] > state["matrix"]["inconsistency"][first]
    reading = next(r for r in now["readings"] if r["hypothesis"] == first and r["item"] == row["item"])
    assert (reading["why"], reading["author"]) == ("It would have been announced.", "Ana")


def test_hypotheses_and_claims_can_be_added(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.locator("[data-view=hypotheses]").click()
    page.get_by_role("button", name="Add one").click()
    page.get_by_label("The explanation in a few words").fill("Wind damage")
    page.locator(".rowform").get_by_role("button", name="Save").click()
    expect(page.locator("#weigh-hypotheses .hypotheses")).to_contain_text("Wind damage")
    assert [h["author"] for h in sohae.state()["hypotheses"] if h["title"] == "Wind damage"] == ["Ana"]
    page.locator("[data-view=claims]").click()
    count = len(sohae.state()["claims"])
    page.get_by_role("button", name="Add a claim").click()
    form = page.locator("#weigh-claims .rowform")
    form.get_by_label("What is claimed").fill("Work stopped in April")
    form.get_by_label("Published by").select_option(index=1)
    form.get_by_role("button", name="Save").click()
    assert eventually(lambda: len(sohae.state()["claims"]) == count + 1, page)


def test_the_journal_says_who_changed_what_and_undoes_it(window: Window, sohae: Bench) -> None:
    sohae.put("structures", "rail_transfer_building", {"notes": "Seen from the north"}, _version(sohae), who="Cleo كليو")
    page = window.open(sohae, at="tab=journal", who="Ana")
    entry = page.locator("#panel-journal .entry").first
    expect(entry).to_contain_text("Cleo")
    expect(entry).to_contain_text("Seen from the north")
    assert re.search(r"\d\d:\d\d UTC", entry.inner_text())
    assert entry.locator("bdi").first.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    notes = lambda: next(s for s in sohae.state()["structures"] if s["id"] == "rail_transfer_building")["notes"]  # noqa: E731
    entry.get_by_role("button", name=re.compile("Undo")).click()
    assert eventually(lambda: notes() != "Seen from the north", page)
    expect(page.locator("#panel-journal .entry").first).to_contain_text("Ana")


def _version(bench: Bench) -> int:
    return int(next(s for s in bench.state()["structures"] if s["id"] == "rail_transfer_building")["version"])


def test_what_is_typed_outlives_a_change_by_somebody_else_and_does_not_cover_it(window: Window, sohae: Bench) -> None:
    window.tolerated = ("409",)
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.locator("[data-view=claims]").click()
    page.get_by_role("button", name="Edit claim f006").click()
    box = page.locator("#weigh-claims .rowform").get_by_label("What is claimed")
    box.fill("Removed in part, in July")
    box.press("End")
    sohae.put("claims", "f006", {"direction": "rebuilding"}, claim(sohae, "f006")["version"], who="Cleo")
    expect(page.locator("#notices")).to_contain_text("Cleo")
    expect(box).to_have_value("Removed in part, in July")
    expect(box).to_be_focused()
    page.keyboard.type(" 2018")
    page.locator("#weigh-claims .rowform").get_by_role("button", name="Save").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Cleo")
    assert claim(sohae, "f006")["direction"] == "rebuilding"
    dialog.get_by_role("button", name="Keep theirs").click()
    assert claim(sohae, "f006")["paraphrase"] != "Removed in part, in July 2018"
