"""The page as a whole: nothing from a case is ever run, everybody can use it, and it stays small."""

from __future__ import annotations

import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from typer.testing import Result

from browser import DESK, TABLET, Window, chromium, copied, eventually, shown, site, sohae, window
from siteline.store.case import Case
from siteline.web.app import STATIC
from web_server import Bench, serving

__all__ = ["chromium", "site", "sohae", "window"]

HOSTILE = (
    "<img src=x onerror=\"alert('img')\">",
    "</script><script>alert('script')</script>",
    "\"'><svg onload=alert('svg')>",
    "javascript:alert('link')",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} &lt;b&gt;",
    "‮gnirts lortnoc‬ \u202eمبنى ١‏ 建物 " + "x" * 300,
    "<style>*{display:none}</style><iframe src=//example.org></iframe>",
)
REFUSED = {"error": {"kind": "NoScenes", "message": "no looks", "remedy": "add some"}}
TABS = ("structure", "observe", "weigh", "journal")


def hostile(value: Any, keys: frozenset[str], at: int = 0) -> Any:
    """``value`` with every free text in it replaced by something that wants to be run; what is looked up stays as it is."""
    if isinstance(value, dict):
        return {
            key: HOSTILE[(at + n) % len(HOSTILE)] if key in keys and isinstance(part, str) else hostile(part, keys, at + n)
            for n, (key, part) in enumerate(value.items())
        }
    if isinstance(value, list):
        return [hostile(part, keys, at + n) for n, part in enumerate(value)]
    return value


FREE = frozenset(
    (
        *("title", "subtitle", "case", "name", "kind", "notes", "aliases", "sentence", "text", "provider", "platform"),
        *("credit", "licence", "why", "activity", "observer", "paraphrase", "what", "place", "because", "direction"),
        *("basis", "explanation", "author", "label", "publisher", "url", "note", "confidence", "verdict"),
    )
)


@pytest.mark.parametrize("which", ["site", "sohae"])
def test_nothing_from_a_case_is_run_or_asked_for(window: Window, which: str, request: pytest.FixtureRequest) -> None:
    """Reliability rows 42 and 45: markup, links and scripts in any text stay text."""
    bench: Bench = request.getfixturevalue(which)
    state = hostile(copy.deepcopy(bench.state()), FREE)
    page = window.open(bench)
    page.route("**/api/state", lambda route: route.fulfill(json=state))
    page.route("**/api/journal*", lambda route: route.fulfill(json=_journal()))
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        for view in page.locator("[data-view]").all() if tab == "weigh" else []:
            view.click()
        page.wait_for_timeout(200)
        assert page.locator("#work :is(script, iframe, object, embed, link, style, base, form[action])").count() == 0
        assert (
            page.evaluate(
                "() => [...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames())"
                ".filter(one => one.startsWith('on'))"
            )
            == []
        )
        links = page.evaluate("() => [...document.querySelectorAll('a')].map(one => [one.protocol, one.rel, one.target])")
        assert all(protocol == "http:" and (not target or rel == "noopener noreferrer") for protocol, rel, target in links)
        assert page.locator("img:not(.chip img)").count() == 0
    page.locator("#tab-structure").click()
    expect(page.locator("#panel-structure h2 bdi")).to_have_attribute("dir", "auto")
    plot = page.locator(".timerows canvas").bounding_box()
    assert plot is not None
    for share in (0.05, 0.3, 0.6, 0.9):
        for y in (20, 41):
            page.mouse.move(plot["x"] + share * plot["width"], plot["y"] + y)
    page.keyboard.press("/")
    page.keyboard.type("alert")
    page.wait_for_timeout(300)  # window.close() holds that no dialog opened and nothing outside was asked for


def _journal() -> list[dict[str, Any]]:
    rows = [{"name": text, "state": text, "notes": ""} for text in HOSTILE]
    return [
        {
            "entry": n,
            "at": "2026-01-01T00:00:00Z",
            "who": text,
            "table": "structures",
            "key": text,
            "what": text,
            "before": None,
            "after": row,
        }
        for n, (text, row) in enumerate(zip(HOSTILE, rows, strict=True))
    ]


def test_hostile_names_of_a_real_case_reach_every_part_as_text(window: Window, site: Bench) -> None:
    for n, text in enumerate(HOSTILE[:4]):
        ring = [
            [5.4 + n * 0.0004, 43.7],
            [5.4002 + n * 0.0004, 43.7],
            [5.4002 + n * 0.0004, 43.7002],
            [5.4 + n * 0.0004, 43.7],
        ]
        cells = {"name": text, "notes": text, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        assert site.put("structures", f"evil{n}", cells, None, who=text[:90]).status == 200
    page = window.open(site, at="s=evil0")
    assert page.locator("#labels").get_by_text(HOSTILE[0], exact=True).count() == 1
    assert page.locator("#panel-structure h2").inner_text() == HOSTILE[0]
    for n in range(4):
        version = next(s for s in site.state()["structures"] if s["id"] == f"evil{n}")["version"]
        site.put("structures", f"evil{n}", None, version, who="test")


def test_the_page_holds_to_its_policy() -> None:
    """No script, style or handler stands in the HTML; no module makes markup of text or code of strings."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    for file in (STATIC / "js").glob("*.js"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", text
        ), file.name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), file.name


def test_all_script_is_under_600_kb_compressed_and_modules_stay_small() -> None:
    scripts = [*STATIC.glob("js/*.js"), *STATIC.glob("vendor/*.js")]
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in scripts) < 600_000
    for file in STATIC.glob("js/*.js"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300, file.name
        assert max(map(len, lines)) <= 125, file.name
    assert {"maplibre-gl-LICENSE.txt", "maplibre-gl-compare-LICENCE"} <= {file.name for file in STATIC.glob("vendor/*")}


def violations(page: Page, but: str = "") -> list[str]:
    found = Axe().run(
        page,
        options={
            "resultTypes": ["violations"],
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    )
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
        if one["id"] != but
    ]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("which", ["site", "sohae"])
def test_axe_finds_nothing(window: Window, which: str, dark: bool, request: pytest.FixtureRequest) -> None:
    page = window.open(request.getfixturevalue(which), dark=dark, size=DESK if dark else TABLET, who="Ana")
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        page.wait_for_timeout(150)
        views = page.locator("[data-view]").all() if tab == "weigh" else [None]
        for view in views:
            if view:
                view.click()
            assert violations(page) == [], tab
    if which == "site":
        page.keyboard.press("s")
        page.wait_for_timeout(300)
        assert violations(page) == []
        page.keyboard.press("d")
        page.wait_for_timeout(200)
        assert violations(page) == []
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export").click()
    assert violations(page) == []


def test_every_control_is_reached_by_tab_and_is_large_enough(window: Window, site: Bench) -> None:
    page = window.open(site, who="Ana")
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const one = document.activeElement; return one.id || one.dataset.id || one.dataset.mode"
                " || one.ariaLabel || one.className?.baseVal || one.className || one.tagName; }"
            )
        )
    for wanted in ("search", "swipe", "tab-structure", "grip", "hall", "Map of the site", "split-time", "Scene A"):
        assert any(wanted.lower() in str(one).lower() for one in reached), (wanted, reached)
    small = page.evaluate(
        "() => [...document.querySelectorAll('button, select, input, summary, [role=slider]')]"
        ".filter(one => one.checkVisibility() && !one.closest('label')).map(one => [one.getBoundingClientRect(), one])"
        ".filter(([box]) => box.width && (box.width < 24 || box.height < 24))"
        ".map(([box, one]) => `${one.className} ${one.textContent} ${box.width}x${box.height}`)"
    )
    assert small == []


def test_single_letters_can_be_turned_off_and_never_act_in_text(window: Window, site: Bench) -> None:
    page = window.open(site)
    before = shown(page)["s"]
    page.keyboard.press("/")
    page.keyboard.type("jx?")
    assert shown(page)["s"] == before and page.locator("dialog").count() == 0
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_label("Single-letter keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert shown(page)["s"] == before
    page.locator("#cursor .grip").focus()
    page.keyboard.press("ArrowDown")
    assert shown(page)["s"] != before


def test_each_end_of_a_bracket_says_how_sure_it_is_and_whose(window: Window, sohae: Bench, site: Bench) -> None:
    state = sohae.state()
    (one,) = (s for s in state["structures"] if s["id"] == "rail_transfer_building")
    looks, sources = ({row["id"]: row for row in state[name]} for name in ("observations", "sources"))
    page = window.open(sohae, at="s=rail_transfer_building&tab=structure")
    rows = page.locator("#panel-structure .changes > li")
    expect(rows).to_have_count(len(one["transitions"]))
    for n, change in enumerate(one["transitions"]):
        told = rows.nth(n).locator(".evidence").all_inner_texts()
        ends: dict[str, list[Any]] = {"Last look without it": [], "First look with it": []}
        for look in map(looks.__getitem__, change["deciding"]):
            ends["Last look without it" if look["first"] == change["after"] else "First look with it"].append(look)
        for label, held in ends.items():
            said = [text for text in told if text.startswith(label)]
            assert len(said) == bool(held), (label, told)
            for look in held:
                assert f"{look['confidence']} confidence:" in said[0] or f"; {look['confidence']}: " in said[0]
                assert (look["observer"] or sources[look["source"]]["publisher"]) in said[0]
    february = rows.filter(has_text="after 2019-02-16").locator(".evidence").first
    expect(february).to_contain_text("2019-02-16 partly dismantled")
    expect(february).to_contain_text("low confidence:")
    page = window.open(site, at="s=hall&tab=structure")
    expect(page.locator("#panel-structure .evidence").first).to_contain_text("high confidence: the machine")


def test_usable_scenes_are_counted_in_the_words_of_the_terminal(window: Window, site: Bench) -> None:
    page = window.open(site, at="s=hall&tab=structure")
    scenes = [one["status"] for one in site.state()["scenes"]]
    told = f"{scenes.count('usable')} of {len(scenes)} scenes usable"
    expect(page.locator(".timetop .names")).to_contain_text(told)
    expect(page.locator("#panel-structure h3").filter(has_text="Scene by scene")).to_contain_text(told)
    (stack,) = site.get("/api/series/hall").json["stacks"]
    measured = sum(value is not None for value in stack["values"][stack["bands"][0]])
    expect(page.locator("#panel-structure figcaption").first).to_contain_text(
        f"{measured} of {len(stack['scenes'])} looks usable"
    )
    page.get_by_label(f"with {scenes.count('not')} scenes not usable").check()
    expect(page.locator("#panel-structure .chip")).to_have_count(len(scenes))
    page.get_by_role("button", name="Display").click()
    expect(page.get_by_role("checkbox", name="Pass over scenes that are not usable")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("x")  # blind: what others could see is not told
    expect(page.locator(".timetop .names")).not_to_contain_text("usable")
    expect(page.locator("#panel-structure h3").filter(has_text="Scene by scene")).not_to_contain_text("usable")


def test_search_finds_scenes_and_structures_by_key(window: Window, site: Bench) -> None:
    page = window.open(site)
    page.keyboard.press("/")
    page.keyboard.type("barn")
    page.keyboard.press("Enter")
    assert shown(page)["s"] == "barn"
    page.keyboard.press("/")
    page.keyboard.type("2021-06")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert shown(page)["t"].startswith("2021-06")


def test_a_name_given_by_enter_is_asked_for_once(window: Window, site: Bench) -> None:
    page = window.open(site)
    page.get_by_role("button", name="Your name").click()
    page.keyboard.type("Cy")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cy")).to_be_focused()
    assert page.locator("dialog").count() == 0


def test_the_name_given_to_serve_is_that_of_the_page(window: Window, demo: tuple[Path, Result]) -> None:
    with serving(copied(demo[0] / "sohae.gpkg", "named"), named="Ana") as bench:
        expect(window.open(bench).get_by_role("button", name="Ana", exact=True)).to_be_visible()
        assert bench.state()["who"] == "Ana"


def test_the_theme_is_chosen_and_kept(window: Window, site: Bench) -> None:
    page = window.open(site)
    theme = page.get_by_role("button", name="Theme")
    seen = []
    for _ in range(3):
        theme.click()
        seen.append(
            page.evaluate("[document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]")
        )
    assert [one for one, _ in seen] == ["light", "dark", "light"]
    assert seen[0][1] != seen[1][1]
    theme.click()
    theme.click()
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_what_is_on_screen_is_exported(window: Window, site: Bench) -> None:
    page = window.open(site, at="s=hall")
    page.keyboard.press("s")
    page.get_by_role("button", name="Export").click()
    heads = {"Time line, SVG": b"<svg", "Before and after, PNG": b"\x89PNG", "Layers for QGIS": b"SQLite format 3"}
    asked: list[str] = []
    page.on("request", lambda request: "/api/export/" in request.url and asked.append(request.url))
    for label, head in heads.items():
        if not page.locator(".menu[role=group]").is_visible():
            page.get_by_role("button", name="Export").click()
        with page.expect_download() as got:
            page.get_by_role("link", name=label).click()
        held = Path(got.value.path()).read_bytes()
        assert head in held[:400], label
        assert got.value.suggested_filename.startswith("page-")
    before, after = (parse_qs(urlsplit(asked[1]).query)[name][0] for name in ("before", "after"))
    assert {before, after} == {shown(page)["a"], shown(page)["b"]}
    while shown(page).get("m") == "swipe":
        page.keyboard.press("Escape")  # closes the menu, then the comparison
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as got:
        page.get_by_role("link", name="Scene, SVG").click()
    assert b"<svg" in Path(got.value.path()).read_bytes()[:400]
    window.tolerated = ("422",)
    page.route("**/api/export/report.zip", lambda route: route.fulfill(status=422, json=REFUSED))
    page.get_by_role("button", name="Export").click()
    page.get_by_role("link", name="Report HTML").click()
    expect(page.locator("#notices")).to_contain_text("no looks. To mend it: add some")


def test_the_token_is_asked_for_in_words(window: Window, site: Bench) -> None:
    window.tolerated = ("401",)
    context = window._browser.new_context()
    window.contexts.append(context)
    page = context.new_page()
    page.goto(f"http://{site.host}/")
    expect(page.locator("body")).to_contain_text("siteline serve")
    assert eventually(lambda: page.locator("#map-a").count() == 0, page)
    assert json.dumps(site.token) not in page.content()


def test_an_empty_case_says_what_comes_first_and_takes_a_first_structure(window: Window, tmp_path: Path) -> None:
    case = tmp_path / "new.gpkg"
    Case.create(case).close()
    with serving(case) as bench:
        page = window.open(bench, who="Ana")
        expect(page.locator("#board")).to_contain_text("Nothing here yet")
        expect(page.locator("#board")).to_contain_text("siteline import")
        for tab in TABS:
            page.locator(f"#tab-{tab}").click()
        page.get_by_role("button", name="Draw the first structure").click()
        expect(page.get_by_label("Its name")).to_be_focused()
        page.keyboard.type("Hall")
        page.get_by_role("button", name="Draw it").click()
        page.locator("#panel-observe textarea.coords").fill("5.4 43.7")
        page.locator("#panel-observe").get_by_role("button", name="Finish").click()
        expect(page.locator("#labels")).to_contain_text("Hall")
        (made,) = bench.state()["structures"]
        assert made["geometry"] == {"type": "Point", "coordinates": [5.4, 43.7]}
        page.keyboard.press("v")  # the board in the place of the map, and back
        expect(page.locator("#board")).to_be_visible()
        page.keyboard.press("v")
        expect(page.locator("#board")).to_be_hidden()
