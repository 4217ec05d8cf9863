"""What is typed or drawn and not saved yet, in a real browser: a reload loses none of it, and it covers no later change."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

from browser import Window, addressed, chromium, eventually, picture, settled, window
from browser import own_site as site
from browser import own_sohae as sohae
from web_server import Bench

__all__ = ["chromium", "site", "sohae", "window"]
HALL = "s=hall&tab=observe&v=5.399300,43.700300,16.4"
NOTE = re.compile(r"Draft from \d\d:\d\d UTC, not saved yet\.")


def again(page: Page) -> None:
    addressed(page)
    page.reload()
    settled(page)


def own(bench: Bench, who: str) -> list[dict[str, Any]]:
    return [look for look in bench.state()["observations"] if look["observer"] == who]


def stored(page: Page) -> list[str]:
    return list(page.evaluate("() => Object.keys(sessionStorage).filter(one => one.startsWith('siteline.draft.'))"))


def test_a_half_filled_label_is_there_again_and_can_be_saved(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("2")
    page.get_by_label("What is to be seen").fill("two cranes مصنع")
    again(page)
    expect(page.locator("#panel-observe .draftnote")).to_have_text(re.compile(NOTE.pattern + " Discard it"))
    expect(page.locator("#notices")).to_contain_text("Not saved yet: 1 label.")
    expect(page.locator("#panel-observe input[value=being_built]")).to_be_checked()
    expect(page.get_by_label("What is to be seen")).to_have_value("two cranes مصنع")
    assert own(site, "Ana") == []
    page.locator("#save-look").click()
    assert eventually(lambda: [one["paraphrase"] for one in own(site, "Ana")] == ["two cranes مصنع"], page)
    expect(page.locator("#panel-observe .draftnote")).to_have_count(0)
    assert stored(page) == []
    page.get_by_label("What is to be seen").fill("three")
    again(page)
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_label("What is to be seen")).to_have_value("two cranes مصنع")
    assert stored(page) == []


def test_what_was_saved_without_the_page_hearing_of_it_is_no_draft(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.route("**/api/rows/**", lambda route: (route.fetch(), route.abort()))  # the answer is lost
    window.tolerated = ("ERR_FAILED",)
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("cannot be reached")
    assert [look["state"] for look in own(site, "Ana")] == ["being_built"] and len(stored(page)) == 1
    again(page)
    expect(page.locator("#panel-observe input[value=being_built]")).to_be_checked()
    expect(page.locator(".draftnote")).to_have_count(0)
    assert stored(page) == [] and page.locator("#notices").inner_text() == ""


def test_a_kept_label_does_not_cover_what_somebody_else_changed(window: Window, site: Bench) -> None:
    window.tolerated = ("409",)
    page = window.open(site, at="s=barn&tab=observe", who="Ana")
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-observe .labelform")).to_contain_text("Saved:")
    page.get_by_label("What is to be seen").fill("mine")
    (look,) = own(site, "Ana")
    site.put("observations", look["id"], {"state": "absent"}, look["version"], who="Cleo")
    again(page)
    expect(page.get_by_label("What is to be seen")).to_have_value("mine")
    page.locator("#save-look").click()
    expect(page.locator("dialog")).to_contain_text("Cleo")
    assert [(one["state"], one["paraphrase"]) for one in own(site, "Ana")] == [("absent", "")]


def test_a_footprint_that_is_being_drawn_is_there_again(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    assert stored(page) == []  # nothing was drawn
    page.locator("#panel-observe summary").click()
    page.get_by_label("Its name").fill("Depot")
    page.get_by_role("button", name="Draw it").click()
    box = page.locator("#map-a").bounding_box()
    assert box is not None
    for x, y in ((520, 120), (600, 120), (600, 180)):
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.wait_for_timeout(60)
    corners = page.locator("#panel-observe textarea.coords").input_value()
    drawn = picture(page, "#map-a")[100:220, 480:640]
    again(page)
    expect(page.locator(".draft-hint .draftnote")).to_have_text(NOTE)
    expect(page.locator("#panel-observe textarea.coords")).to_have_value(corners)
    page.wait_for_timeout(300)
    assert abs(drawn - picture(page, "#map-a")[100:220, 480:640]).max(axis=2).mean() < 2  # it is drawn as it was
    page.keyboard.press("Enter")
    assert eventually(lambda: any(one["name"] == "Depot" for one in site.state()["structures"]), page)
    made = next(one for one in site.state()["structures"] if one["name"] == "Depot")
    ring = made["geometry"]["coordinates"][0]
    assert "\n".join(f"{x:.6f}, {y:.6f}" for x, y in ring[:-1]) == corners
    assert eventually(lambda: stored(page) == [], page)  # the page hears of it after the case holds it


def test_half_filled_forms_are_open_again_where_they_were(window: Window, sohae: Bench) -> None:
    window.tolerated = ("409",)
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.locator("[data-view=hypotheses]").click()
    page.get_by_role("button", name="Add a statement").click()
    form = page.locator("#weigh-hypotheses .rowform")
    form.get_by_label("What was said").fill("Half a sentence")
    form.get_by_label("Reported by").select_option("wh-20180612")
    page.locator("[data-view=claims]").click()
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="Edit claim f006").click()
    page.locator("#weigh-claims .rowform").get_by_label("What is claimed").fill("Removed in part")
    claim = next(one for one in sohae.state()["claims"] if one["id"] == "f006")
    again(page)
    expect(page.locator("#notices")).to_contain_text("Not saved yet: 2 forms.")
    expect(page.locator("#weigh-claims .rowform .draftnote")).to_have_text(NOTE)  # the view of the last one is open
    page.locator("[data-view=hypotheses]").click()
    expect(form.locator(".draftnote")).to_have_text(NOTE)
    expect(form.get_by_label("What was said")).to_have_value("Half a sentence")
    expect(form.get_by_label("Reported by")).to_have_value("wh-20180612")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    assert [one["source"] for one in sohae.state()["statements"] if one["paraphrase"] == "Half a sentence"] == [
        "wh-20180612"
    ]
    sohae.put("claims", "f006", {"direction": "rebuilding"}, claim["version"], who="Cleo")
    again(page)
    page.locator("[data-view=claims]").click()
    form = page.locator("#weigh-claims .rowform")
    expect(form.get_by_label("What is claimed")).to_have_value("Removed in part")
    form.get_by_role("button", name="Save").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Cleo")
    dialog.get_by_role("button", name="Back to my changes").click()
    expect(form.get_by_role("button", name="Save")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Cleo")
    dialog.get_by_role("button", name="Save mine over it").click()
    expect(form).to_be_hidden()
    now = next(one for one in sohae.state()["claims"] if one["id"] == "f006")
    assert (now["paraphrase"], now["direction"]) == ("Removed in part", "rebuilding")  # only what was typed is changed
    assert stored(page) == []


def test_the_way_to_a_draft_leads_to_its_form(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="tab=weigh", who="Ana")
    page.get_by_role("button", name="Add an event").click()
    page.locator("#weigh-events .rowform").get_by_label("What happened").fill("Half a sentence")
    again(page)
    note = page.locator("#weigh-events .draftnote")
    expect(note).not_to_be_in_viewport()
    page.locator("[data-view=sources]").click()
    page.locator("#notices").get_by_role("button", name="Show").click()
    expect(note).to_be_in_viewport()


def test_what_is_malformed_in_the_browser_is_passed_over(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="tab=observe", who="Ana")
    name = f"siteline.draft.{sohae.state()['id']}."
    cells = {"structure": "", "name": "A", "points": "north", "closed": ""}
    held = {
        "a": "{",
        "b": "null",
        "row\nclaims\nf006": json.dumps({"at": "noon", "base": None, "cells": {}}),
        "row\nclaims\nf007": json.dumps({"at": "2026-01-01T00:00:00Z", "base": -1, "cells": {"paraphrase": "x"}}),
        "label\nhall": json.dumps({"at": "2026-01-01T00:00:00Z", "base": None, "cells": [1]}),
        "footprint": json.dumps({"at": "2026-01-01T00:00:00Z", "base": None, "cells": cells}),
    }
    page.evaluate(
        "held => { for (const [key, text] of held) sessionStorage.setItem(key, text); }",
        [[name + k, v] for k, v in held.items()],
    )
    again(page)
    expect(page.locator(".draft-hint")).to_have_count(0)
    page.locator("#tab-weigh").click()
    for view in page.locator("[data-view]").all():
        view.click()
        expect(page.locator(".rowform")).to_have_count(0)


def test_leaving_is_asked_about_only_where_something_would_be_lost(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="tab=observe", who="Ana")
    page.get_by_label("What is to be seen").click()
    page.keyboard.type("kept")
    again(page)
    assert window.wrong == []
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }")
    page.get_by_label("What is to be seen").click()
    page.keyboard.type(" and more")
    page.close(run_before_unload=True)
    assert eventually(lambda: any(one.startswith("dialog") for one in window.wrong), page, 3000)
    window.wrong.clear()
    assert page.get_by_label("What is to be seen").input_value() == "kept and more"  # the question was answered with no
