"""Events, statements and sources in a real browser: added, corrected and removed where they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from typer.testing import Result

from browser import DESK, TABLET, Window, chromium, copied, differing, eventually, picture, window
from siteline.model.tables import BY_NAME
from siteline.store.case import Case
from siteline.store.editing import cells_of
from web_server import Bench, serving

__all__ = ["chromium", "window"]
WEIGH = "s=rail_transfer_building&tab=weigh"


@pytest.fixture
def case(demo: tuple[Path, Result]) -> Path:
    """The bundled case in a copy of its own."""
    return copied(demo[0] / "sohae.gpkg", "tables")


@pytest.fixture
def sohae(case: Path) -> Iterator[Bench]:
    with serving(case) as bench:
        yield bench


def cells(case: Path, table: str, key: str) -> dict[str, Any] | None:
    """A row as it stands in the case file."""
    with Case.open(case) as held, held.reading() as db:
        return cells_of(db, BY_NAME[table], key)


def named(rows: list[dict[str, Any]], cell: str, value: str) -> dict[str, Any]:
    return next(one for one in rows if one[cell] == value)


def opened(page: Page, view: str) -> Locator:
    page.locator(f"[data-view={view}]").click()
    return page.locator(f"#weigh-{view}")


def test_an_event_is_added_drawn_and_weighed_once_it_is_key(window: Window, sohae: Bench, case: Path) -> None:
    page = window.open(sohae, at=WEIGH, who="Ana")
    before, head = sohae.state(), picture(page, ".timetop")
    part = opened(page, "events")
    part.get_by_role("button", name="Add an event").press("Enter")  # all of it by keyboard
    form = part.locator(".rowform")
    form.get_by_label("What happened").fill("Inspectors invited, by letter")
    form.get_by_label("First day").fill("2019-03-04")
    form.get_by_role("button", name="New source…").press("Enter")
    dialog = page.locator("dialog")
    expect(dialog.get_by_label("Who published it")).to_be_focused()
    page.keyboard.type("Wire مصدر")
    dialog.get_by_label("Published (date").fill("2019-03-05")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    source = named(sohae.state()["sources"], "publisher", "Wire مصدر")
    assert form.get_by_label("Reported by").input_value() == source["id"]
    expect(form.get_by_label("Reported by")).to_be_focused()
    kept = page.evaluate(
        "() => Object.entries(sessionStorage).filter(([name]) => name.includes('events')).map(one => one[1])"
    )
    assert [source["id"] in text for text in kept] == [True]  # the draft has it too
    form.get_by_role("button", name="Save").press("Enter")
    expect(form).to_be_hidden()
    event = named(sohae.state()["events"], "what", "Inspectors invited, by letter")
    assert cells(case, "events", event["id"]) == {
        "event_id": event["id"],
        "start_date": "2019-03-04",
        "end_date": "",
        "timezone_or_place": "",
        "what": "Inspectors invited, by letter",
        "source_id": source["id"],
    }
    expect(page.locator(".timetop .names")).to_contain_text(f"{len(before['events']) + 1} events")
    plain = picture(page, ".timetop")
    assert differing(head, plain) > 0
    assert sohae.state()["positions"] == before["positions"]

    part.get_by_role("button", name="Show all").click()
    listed = part.locator(f"[data-event='{event['id']}']")
    listed.get_by_label("key event").press("Space")
    weighed = part.locator(".positions > li").filter(has_text="Inspectors invited")
    expect(weighed.first).to_be_visible()
    state = sohae.state()
    told = [p for p in state["positions"] if p["event"] == event["id"]]
    assert weighed.count() == len(told) > 0
    assert {re.sub(r"\D", "", text) for text in weighed.locator(".big").all_inner_texts()} <= {
        f"{round(100 * p['before'][10]):d}" if 0.01 <= p["before"][10] <= 0.99 else "1" if p["before"][10] < 0.01 else "99"
        for p in told
    }
    with Case.open(case) as held:
        assert held.data().settings.key_events == ("e034", "e014", event["id"])
    page.wait_for_timeout(100)
    assert differing(plain, picture(page, ".timetop")) > 0.001  # its name and its band
    page.locator("#tab-journal").click()
    entry = page.locator("#panel-journal .entry").first
    expect(entry).to_contain_text(re.compile(rf"Ana changed settings\s*key events e034; e014 e034; e014; {event['id']}"))
    entry.get_by_role("button", name="Undo").click()
    assert eventually(lambda: sohae.state()["positions"] == before["positions"], page)
    with Case.open(case) as held:
        assert held.data().settings.key_events == ("e034", "e014")


def test_an_event_is_corrected_cell_by_cell_and_removed(window: Window, sohae: Bench, case: Path) -> None:
    window.tolerated = ("422",)
    page = window.open(sohae, at=WEIGH, who="Ana")
    part = opened(page, "events")
    was = cells(case, "events", "e034")
    assert was is not None
    summit = part.locator("[data-event=e034]")
    summit.get_by_role("button", name="Edit event").click()
    form = summit.locator(".rowform")
    assert [form.get_by_label(name).input_value() for name in ("First day", "Last day")] == ["2019-02-27", "2019-02-28"]
    expect(form.get_by_role("button", name="Remove")).to_have_count(0)
    expect(form).to_contain_text("A key event is not removed.")
    form.get_by_label("Last day").fill("2019-02-01")
    form.get_by_role("button", name="Save").click()
    expect(form.locator(".error").filter(has_text="ends before it starts")).to_be_visible()
    assert cells(case, "events", "e034") == was
    form.get_by_label("Last day").fill("2019-03-01")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    expect(summit).to_contain_text("2019-02-27/2019-03-01")
    assert cells(case, "events", "e034") == {**was, "end_date": "2019-03-01"}
    journal = sohae.get("/api/journal?limit=1").json[0]
    assert (journal["who"], journal["table"], journal["key"]) == ("Ana", "events", "e034")
    other = part.locator("[data-event=e002]")
    other.get_by_role("button", name="2012-04-13").click()  # far from what the time line shows: it goes there
    expect(page.locator("#cursor .grip")).to_be_visible()
    expect(page.locator(".timehead .read")).to_contain_text("2012-04-13")
    other.get_by_role("button", name="Edit event").click()
    other.get_by_role("button", name="Remove").click()
    expect(other).to_have_count(0)
    assert cells(case, "events", "e002") is None
    page.keyboard.press("u")
    assert eventually(lambda: cells(case, "events", "e002") is not None, page)


def test_a_statement_is_added_and_weighed_against_the_hypotheses(window: Window, sohae: Bench, case: Path) -> None:
    page = window.open(sohae, at=WEIGH, who="Ana")
    part = opened(page, "hypotheses")
    before = sohae.state()
    part.get_by_role("button", name="Add a statement").click()
    form = part.locator(".rowform")
    form.get_by_label("What was said").fill("The site stays closed.")
    form.get_by_label("Who said it").fill("Ministry")
    form.get_by_label("When").fill("2018-05-30")
    form.get_by_label("Stance").fill("stays_closed")
    form.get_by_label("Reported by").select_option("wh-20180612")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    said = named(sohae.state()["statements"], "paraphrase", "The site stays closed.")
    kept = cells(case, "statements", said["id"])
    assert kept is not None
    assert (kept["speaker"], kept["date"], kept["stance"]) == ("Ministry", "2018-05-30", "stays_closed")
    assert kept["source_id"] == "wh-20180612"
    listed = part.locator(f"[data-statement='{said['id']}']")
    listed.get_by_role("button", name="Weigh the statement of Ministry").click()
    form = listed.locator(".rowform")
    form.get_by_label("What is read").select_option(index=1)
    form.get_by_label("Would one expect it").select_option("inconsistent")
    form.get_by_label("Because").fill("Rebuilding would be at odds with it.")
    form.get_by_role("button", name="Save").click()
    expect(listed).to_contain_text("in the matrix")
    state = sohae.state()
    assert len(state["matrix"]["rows"]) == len(before["matrix"]["rows"]) + 1
    item = named(state["matrix"]["rows"], "item", "stance:stays_closed")
    assert item["readings"] == {before["hypotheses"][0]["id"]: "inconsistent"}
    cell = part.locator(".matrix tr").filter(has_text="stays closed").locator(".cell").first
    expect(cell).to_have_text("−")
    assert named(state["readings"], "item", "stance:stays_closed")["author"] == "Ana"


def test_a_source_is_found_corrected_and_not_removed_while_something_rests_on_it(
    window: Window, sohae: Bench, case: Path
) -> None:
    window.tolerated = ("422",)
    page = window.open(sohae, at=WEIGH, who="Ana")
    part = opened(page, "sources")
    page.get_by_label("Filter the sources").fill("wh-2018")
    expect(part.locator("[data-source]")).to_have_count(1)
    listed = part.locator("[data-source=wh-20180612]")
    expect(listed).to_contain_text("1 event")
    listed.get_by_role("button", name="Edit source").click()
    form = listed.locator(".rowform")
    form.get_by_label("web address").fill("gopher://example.org")
    form.get_by_role("button", name="Save").click()
    expect(form.locator("small.error").filter(has_text="http")).to_be_visible()
    form.get_by_label("web address").fill("https://example.org/read-out")
    form.get_by_label("Authors").fill("Press office")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    kept = cells(case, "sources", "wh-20180612")
    assert kept is not None
    assert (kept["url"], kept["authors"]) == ("https://example.org/read-out", "Press office")
    expect(listed.get_by_role("link")).to_have_attribute("href", "https://example.org/read-out")
    listed.get_by_role("button", name="Edit source").click()
    assert form.get_by_label("Authors").input_value() == "Press office"
    form.get_by_role("button", name="Remove").click()
    expect(form.locator("p.error")).to_contain_text("e014")  # what rests on it is named
    assert cells(case, "sources", "wh-20180612") is not None
    form.get_by_label("Authors").press("Escape")
    expect(form).to_be_hidden()
    expect(page.get_by_label("Filter the sources")).to_have_value("wh-2018")


@pytest.mark.parametrize(("dark", "size"), [(False, TABLET), (True, DESK)])
def test_axe_finds_nothing_in_the_forms(window: Window, sohae: Bench, dark: bool, size: tuple[int, int]) -> None:
    page = window.open(sohae, at=WEIGH, who="Ana", dark=dark, size=size)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    for view, add in (("events", "Add an event"), ("hypotheses", "Add a statement"), ("sources", "Add a source")):
        part = opened(page, view)
        part.get_by_role("button", name=add).click()
        if view == "hypotheses":
            part.get_by_role("button", name="Weigh the statement of").first.click()
        found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules})
        assert found.response["violations"] == [], view
        wide = page.evaluate(
            "() => document.querySelector('#panel-weigh').scrollWidth <= document.querySelector('#panel-weigh').clientWidth"
        )
        assert wide, view
    opened(page, "events").get_by_role("button", name="New source…").click()
    assert Axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules}).response["violations"] == []
