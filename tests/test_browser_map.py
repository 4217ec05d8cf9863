"""Map, comparison and time line in a real browser: what is drawn differs where the scenes differ, and follows time."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from browser import (
    DESK,
    TABLET,
    Window,
    chromium,
    differing,
    drawn,
    eventually,
    picture,
    settled,
    shown,
    site,
    sohae,
    window,
)
from web_server import Bench

__all__ = ["chromium", "site", "sohae", "window"]


@pytest.fixture(scope="module")
def pair(site: Bench) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last scene without the hall and the first with it."""
    state = site.state()
    change = next(s for s in state["structures"] if s["id"] == "hall")["transitions"][0]
    scenes = {round(s["first"], 5): s for s in state["scenes"]}
    return scenes[round(change["after"], 5)], scenes[round(change["by"], 5)]


def link(a: str, b: str = "", mode: str = "", **more: str) -> str:
    fields = {"a": a, **({"b": b, "m": mode} if b else {}), "s": "hall", "v": "5.399300,43.700300,16.4", **more}
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in fields.items())


def inner(image: NDArray[np.int16]) -> NDArray[np.int16]:
    """The map without what lies over its edges: bar, controls, credits."""
    return image[50:-90, 60:-60]


def test_swipe_shows_one_scene_on_each_side_of_its_border(window: Window, site: Bench, pair: tuple[Any, Any]) -> None:
    a, b = (scene["id"] for scene in pair)
    page = window.open(site, at=link(a, b, "swipe", x="0.5"))
    drawn(page, b, "b")
    page.locator(".compare-swiper-vertical").focus()
    seen = {}
    for key, times, share in (("End", 1, 1.0), ("Home", 1, 0.0), ("Shift+ArrowRight", 2, 0.2), ("Shift+ArrowRight", 6, 0.8)):
        for _ in range(times):
            page.keyboard.press(key)
        assert float(shown(page)["x"]) == pytest.approx(share, abs=1e-3)
        seen[share] = inner(picture(page))
    one, other = seen[1.0], seen[0.0]
    assert differing(one, other) > 0.3  # these scenes are from different days
    for share in (0.2, 0.8):
        both, border = seen[share], round(share * (one.shape[1] + 120)) - 60
        left, right = np.s_[:, : border - 30], np.s_[:, border + 30 :]
        assert differing(both[left], one[left]) < 0.01 < 0.3 < differing(both[left], other[left])
        assert differing(both[right], other[right]) < 0.01 < 0.3 < differing(both[right], one[right])


def test_swipe_by_its_key_takes_the_arrows_at_once(window: Window, site: Bench) -> None:
    page = window.open(site, at="s=hall")
    page.keyboard.press("s")
    page.wait_for_selector(".compare-swiper-vertical:focus")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    assert float(shown(page)["x"]) < 0.5


def test_swipe_follows_the_pointer(window: Window, site: Bench, pair: tuple[Any, Any]) -> None:
    page = window.open(site, at=link(pair[0]["id"], pair[1]["id"], "swipe", x="0.5"))
    box = page.locator(".compare-swiper-vertical").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] - 180, box["y"] + 20, steps=4)
    page.mouse.up()
    wide = page.locator("#maps").bounding_box()
    assert wide is not None
    assert float(shown(page)["x"]) == pytest.approx((box["x"] - 180 - wide["x"]) / wide["width"], abs=0.01)


def test_opacity_goes_from_one_scene_to_the_other(window: Window, site: Bench, pair: tuple[Any, Any]) -> None:
    page = window.open(site, at=link(pair[0]["id"], pair[1]["id"], "opacity"))
    drawn(page, pair[1]["id"], "b")
    seen = {}
    for share in (0, 50, 100):
        page.locator("#opacity").fill(str(share))
        page.wait_for_timeout(200)
        seen[share] = inner(picture(page)).astype(float)
    middle = (seen[0] + seen[100]) / 2
    assert np.abs(seen[0] - seen[100]).mean() > 10
    assert np.abs(seen[50] - middle).mean() < 2


def test_blink_alternates_slowly_and_stands_still_where_motion_is_unwelcome(
    window: Window, site: Bench, pair: tuple[Any, Any]
) -> None:
    where = link(pair[0]["id"], pair[1]["id"], "blink")
    page = window.open(site, at=where)
    drawn(page, pair[1]["id"], "b")
    rates = page.locator("#pairbar select option").evaluate_all("all => all.map(one => Number(one.value))")
    assert max(rates) <= 3
    page.locator("#pairbar select").select_option("3")
    flips = page.evaluate(
        "() => new Promise(done => { let n = 0; const box = document.getElementById('map-b').classList;"
        " let was = box.contains('off'); const end = performance.now() + 2000; const look = () => {"
        " if (box.contains('off') !== was) { n += 1; was = !was; }"
        " if (performance.now() < end) requestAnimationFrame(look); else done(n); }; look(); })"
    )
    assert 3 <= flips <= 6  # three a second at most
    calm = window.open(site, at=where, reduced_motion="reduce")
    drawn(calm, pair[1]["id"], "b")
    before = inner(picture(calm))
    calm.wait_for_timeout(1500)
    assert differing(inner(picture(calm)), before) < 0.01
    calm.keyboard.press(".")
    calm.wait_for_timeout(200)
    assert differing(inner(picture(calm)), before) > 0.3


def test_compared_scenes_are_under_one_stretch_unless_asked_otherwise(
    window: Window, site: Bench, pair: tuple[Any, Any]
) -> None:
    page = window.open(site)
    asked: list[str] = []
    page.on("request", lambda request: "/tiles/" in request.url and asked.append(request.url))
    page.goto("about:blank")
    page.goto(f"http://{site.host}/#{link(pair[0]['id'], pair[1]['id'], 'swipe')}")
    settled(page)
    drawn(page, pair[1]["id"], "b")
    limits = {url.partition("low=")[2] for url in asked if "low=" in url}
    assert len(limits) == 1
    asked.clear()
    page.get_by_role("button", name="Display").click()
    page.get_by_role("checkbox", name="One stretch for both scenes").click()
    assert eventually(lambda: len({url.partition("low=")[2] for url in asked}) == 2, page)


def test_time_moves_everything(window: Window, site: Bench, pair: tuple[Any, Any]) -> None:
    page = window.open(site, at=link(pair[1]["id"]))
    assert "Standing" in page.locator("#panel-structure .now").inner_text()
    assert pair[1]["text"][:10] in page.locator("#credits").inner_text()
    with_hall = inner(picture(page))
    plot = page.locator(".timerows canvas").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + 0.2 * plot["width"], plot["y"] + 70)  # early, in the row of the barn
    page.wait_for_timeout(300)
    now = shown(page)
    drawn(page, now["a"])
    assert now["t"] < "2021-07-01" and now["s"] == "barn"
    page.keyboard.press("k")  # back to the hall
    page.wait_for_timeout(200)
    assert "Absent" in page.locator("#panel-structure .now").inner_text()
    scene = next(s for s in site.state()["scenes"] if s["id"] == now["a"])
    assert scene["text"][:10] in page.locator("#credits").inner_text()
    assert differing(inner(picture(page)), with_hall) > 0.3
    page.locator("#cursor .grip").focus()
    told = page.locator("#cursor .grip").get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert page.locator("#cursor .grip").get_attribute("aria-valuetext") != told
    assert shown(page)["t"] > now["t"]


def test_scenes_that_cannot_be_used_say_why(window: Window, site: Bench) -> None:
    state = site.state()
    bad = next(s for s in state["scenes"] if s["status"] == "not" and s["why"])
    page = window.open(site, at=link(bad["id"]))
    assert bad["why"] in page.locator("#credits").inner_text()
    assert bad["why"] in (page.locator("#cursor .grip").get_attribute("aria-valuetext") or "")
    first, last = state["period"]
    plot = page.locator(".timetop canvas").bounding_box()
    assert plot is not None
    x = plot["x"] + (bad["first"] - first) / (last - first) * plot["width"]
    for shift in range(-12, 13, 2):  # the axis has a little room at its ends
        page.mouse.move(x + shift, plot["y"] + 40)
        if bad["why"] in page.locator("#tip").inner_text():
            return
    raise AssertionError("no reason under the pointer")


def test_a_link_restores_what_was_on_screen(window: Window, site: Bench, pair: tuple[Any, Any]) -> None:
    page = window.open(site)
    page.keyboard.press("j")
    page.keyboard.press("s")
    drawn(page, None, "b")
    page.locator("#tab-weigh").click()
    page.locator("#map-a canvas").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(700)
    drawn(page)
    there, before = shown(page), inner(picture(page))
    assert {"s", "a", "b", "m", "x", "t", "tab", "v"} <= set(there)
    other = window.open(site, at=page.evaluate("location.hash.slice(1)"))
    drawn(other, there["b"], "b")
    assert shown(other) == there
    assert differing(inner(picture(other)), before) < 0.05  # the last digits of the view move a pixel here and there


def test_zoom_of_the_time_line_by_key_wheel_and_button(window: Window, site: Bench) -> None:
    page = window.open(site)
    whole = picture(page, ".timetop")
    page.locator("#cursor .grip").focus()
    page.keyboard.press("+")
    page.wait_for_timeout(150)
    closer = picture(page, ".timetop")
    assert differing(whole, closer) > 0.01
    page.keyboard.press("0")
    page.wait_for_timeout(150)
    assert differing(picture(page, ".timetop"), whole) < 0.005
    box = page.locator(".timetop canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 50)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(150)
    assert differing(picture(page, ".timetop"), whole) > 0.01
    page.get_by_role("button", name="Everything").click()
    page.get_by_role("button", name="Change", exact=True).click()
    page.wait_for_timeout(150)
    assert differing(picture(page, ".timetop"), whole) > 0.01


def test_without_images_the_page_is_useful_and_says_how_to_get_some(window: Window, sohae: Bench) -> None:
    page = window.open(sohae)
    board = page.locator("#board")
    assert board.is_visible()
    assert "siteline find" in board.inner_text()
    tile = board.get_by_role("button", name="Rail-mounted transfer building")
    assert "standing" in tile.inner_text()
    plot = page.locator(".timerows canvas").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + 0.4 * plot["width"], plot["y"] + 25)
    assert eventually(lambda: "partly dismantled" in tile.inner_text(), page)
    assert page.locator("#scenebar").inner_text().startswith("No images")
    assert not page.locator("#scenebar select").first.is_visible()


@pytest.mark.parametrize("size", [DESK, TABLET])
def test_nothing_is_wider_than_the_screen(window: Window, sohae: Bench, site: Bench, size: tuple[int, int]) -> None:
    for bench in (sohae, site):
        page = window.open(bench, size=size)
        for tab in ("structure", "observe", "weigh", "journal"):
            page.locator(f"#tab-{tab}").click()
            wide = page.evaluate(
                "() => [...document.querySelectorAll('#bar, #scenebar, #work > *, .timehead, .body:not([hidden])')]"
                ".filter(one => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth + 1)"
                ".map(one => one.id || one.className)"
            )
            assert wide == [], (tab, wide)


def test_what_is_masked_is_hatched_on_the_map_and_not_in_blind_mode(window: Window, site: Bench) -> None:
    scene = next(one for one in site.state()["scenes"] if one["pixels"] and one["status"] == "partly")
    page = window.open(site, at=link(scene["id"]))
    drawn(page, scene["id"])
    plain = inner(picture(page))
    page.keyboard.press("c")
    expect(page.locator("#credits")).to_contain_text("hatched: masked")
    page.wait_for_timeout(300)
    drawn(page, scene["id"])
    hatched = inner(picture(page))
    assert 0.01 < differing(plain, hatched) < 0.5
    page.reload()  # it is kept
    settled(page)
    drawn(page, scene["id"])
    assert differing(hatched, inner(picture(page))) < 0.01
    page.get_by_role("button", name="Display").click()
    expect(page.get_by_role("checkbox", name="Hatch what is masked")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.wait_for_timeout(300)
    drawn(page, scene["id"])
    expect(page.locator("#credits")).not_to_contain_text("hatched")
    assert differing(plain, inner(picture(page))) < 0.05  # but for what stands in the labels
    page.keyboard.press("x")
    page.keyboard.press("c")
    page.wait_for_timeout(300)
    drawn(page, scene["id"])
    assert differing(plain, inner(picture(page))) < 0.01
