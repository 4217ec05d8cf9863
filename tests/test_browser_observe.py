"""Observing in a real browser: labels and footprints reach the case file, can be undone, never cover an unseen change."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from typer.testing import Result

from browser import TABLET, Window, chromium, copied, differing, drawn, eventually, picture, shown, window
from browser import own_site as site
from browser import own_sohae as sohae
from siteline.store.case import Case
from web_server import Bench, serving

__all__ = ["chromium", "site", "sohae", "window"]
HALL = "s=hall&tab=observe&v=5.399300,43.700300,16.4"


def kept(demo: tuple[Path, Result], sub: str = "simulated") -> Any:
    """What the case file holds."""
    with Case.open(demo[0] / sub / "observe.gpkg") as case:
        return case.data()


def own(bench: Bench, who: str) -> list[dict[str, Any]]:
    return [look for look in bench.state()["observations"] if look["observer"] == who]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def test_a_label_by_keyboard_alone_reaches_the_case_and_is_undone(
    window: Window, site: Bench, demo: tuple[Path, Result]
) -> None:
    page = window.open(site, at=HALL)
    before = site.state()
    scene = shown(page)["a"]
    row = picture(page, ".timerows")
    page.keyboard.press("4")
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_editable()
    page.keyboard.type("Ana Núñez")  # asked for once
    page.keyboard.press("Enter")
    assert eventually(lambda: bool(own(site, "Ana Núñez")), page)
    (look,) = own(site, "Ana Núñez")
    assert (look["structure"], look["scene"], look["state"], look["confidence"]) == (
        "hall",
        scene,
        "being_dismantled",
        "low",
    )
    (stored,) = [o for o in kept(demo).observations if o.observer == "Ana Núñez"]
    assert (stored.structure_id, stored.state, stored.confidence) == ("hall", "being_dismantled", "low")
    expect(page.locator("#panel-observe .visit")).to_contain_text("being dismantled")
    assert eventually(lambda: shown(page)["a"] != scene, page)  # on to the next scene
    assert eventually(lambda: differing(picture(page, ".timerows"), row) > 0.002, page)
    page.keyboard.press("u")
    assert eventually(lambda: not own(site, "Ana Núñez"), page)
    after = site.state()
    assert after["observations"] == before["observations"]
    assert [s["segments"] for s in after["structures"]] == [s["segments"] for s in before["structures"]]
    entries = site.get("/api/journal?limit=9").json
    assert [e["who"] for e in entries if e["table"] == "observations"] == ["Ana Núñez", "Ana Núñez"]


def test_a_second_enter_does_not_save_twice(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("3")
    page.evaluate("() => { const save = document.getElementById('save-look'); save.click(); save.click(); save.click(); }")
    assert eventually(lambda: bool(own(site, "Ana")), page)
    page.wait_for_timeout(500)
    assert len(own(site, "Ana")) == 1


def test_labels_by_pointer_and_the_next_scene_is_one_key(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.get_by_label("then the next scene").uncheck()
    for word in ("complete", "obscured"):
        page.locator(f"#panel-observe label:has(input[value={word}])").click()
        page.get_by_label("Activity seen").fill("trucks; crane")
        page.locator("#save-look").click()
        expect(page.locator("#panel-observe .labelform")).to_contain_text("Saved:")
        scene = shown(page)["a"]
        page.locator("#map-a canvas").focus()
        page.keyboard.press("n")
        assert eventually(lambda scene=scene: shown(page)["a"] != scene, page)  # type: ignore[misc]
    assert {(look["state"], look["activity"]) for look in own(site, "Ana")} == {
        ("complete", "trucks; crane"),
        ("obscured", "trucks; crane"),
    }
    page.keyboard.press("p")
    expect(page.locator("#panel-observe input[value=obscured]")).to_be_checked()  # one's own look is there to be corrected
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    assert eventually(lambda: {look["state"] for look in own(site, "Ana")} == {"complete", "absent"}, page)


SLOWLY = """() => {
  const real = window.fetch;
  window.fetch = async (path, options) => {
    const answer = await real(path, options);
    if (options?.method === "POST") await new Promise((done) => setTimeout(done, 900));
    return answer;
  };
}"""


def test_labels_are_given_faster_than_they_are_saved(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.evaluate(SLOWLY)  # as on a machine that is busy
    first = shown(page)["a"]
    for key in ("3", "Enter", "4", "Enter", "5", "Enter"):
        page.keyboard.press(key)
    assert eventually(lambda: [one["state"] for one in by_time(site, "Ana")] == THREE, page)
    assert len({one["image_id"] for one in own(site, "Ana")}) == 3  # each in a scene of its own
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("p")
    for key in ("1", "Enter", "2", "Enter"):  # corrected while it is being saved
        page.keyboard.press(key)
    page.get_by_label("What is to be seen").fill("and more")  # typed while it is being saved
    assert eventually(lambda: [one["state"] for one in by_time(site, "Ana")] == [*THREE[:2], "being_built"], page)
    expect(page.locator("#panel-observe .labelform")).to_contain_text("Saved: Hall: being built")
    page.wait_for_timeout(200)
    assert page.get_by_label("What is to be seen").input_value() == "and more"
    page.locator("#save-look").click()
    page.keyboard.press("u")  # what is being saved is the last change
    expect(page.locator("#notices")).to_contain_text("Undone: Hall: being built")
    assert [(one["state"], one["paraphrase"]) for one in by_time(site, "Ana")][2] == ("being_built", "")
    page.locator("dialog").wait_for(state="detached")
    assert shown(page)["a"] != first


def test_a_look_is_corrected_while_it_waits_to_be_saved(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.evaluate(SLOWLY)
    for key in ("1", "Enter", "2", "Enter", "3", "Enter", "p", "p", "6", "Enter"):  # the middle one, which is not saved yet
        page.keyboard.press(key)
    assert eventually(
        lambda: [one["state"] for one in by_time(site, "Ana")] == ["absent", "dismantled", "complete"], page, 9000
    )
    assert len({one["image_id"] for one in own(site, "Ana")}) == 3


def test_a_label_is_of_whoever_gave_it(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Rex")
    page.evaluate(SLOWLY)
    for key in ("1", "Enter", "2", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Rex").click()
    page.get_by_label("Name", exact=True).fill("Sue")
    page.keyboard.press("Enter")
    assert eventually(lambda: len(own(site, "Rex")) == 2, page)
    assert own(site, "Sue") == []


def test_the_question_for_a_name_takes_no_label_for_one(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL)
    for key in ("1", "Enter", "2", "Enter", "3"):
        page.keyboard.press(key)
    box = page.get_by_label("Name", exact=True)
    expect(box).to_have_value("")
    expect(box).to_be_editable()
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_contain_text("A name has a letter in it.")
    box.fill("Ülo")
    page.keyboard.press("Enter")
    assert eventually(lambda: [one["state"] for one in own(site, "Ülo")] == ["absent"], page)


def test_hands_that_go_on_labelling_decide_no_conflict(window: Window, site: Bench) -> None:
    page = alone(window, site, HALL)
    overtaken(page, site, "intact")
    for key in ("2", "Enter"):
        page.keyboard.press(key)
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Cleo")
    for key in ("4", "Enter", "5", "Enter", " "):
        page.keyboard.press(key)
    expect(dialog).to_contain_text("Cleo")
    dialog.get_by_role("button", name="Save mine over it").click()
    assert eventually(lambda: [one["state"] for one in own(site, "Ana")] == ["being_built"], page)


def test_steps_of_one_look_go_back_one_by_one(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.get_by_label("then the next scene").uncheck()
    for key, word in (("1", "absent"), ("2", "being built"), ("3", "complete")):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(page.locator("#panel-observe .labelform")).to_contain_text(f"Saved: Hall: {word}")
    for left in (["being_built"], ["absent"], []):
        page.keyboard.press("u")
        assert eventually(lambda left=left: [one["state"] for one in own(site, "Ana")] == left, page)  # type: ignore[misc]
    page.keyboard.press("u")
    expect(page.locator("#notices")).to_contain_text("Nothing of this visit is left to undo")


def test_scenes_of_one_day_are_each_within_reach(window: Window, sohae: Bench) -> None:
    march = [one for one in sohae.state()["scenes"] if one["first"] and 17957 <= one["first"] < 17963]  # from 2 March 2019
    scenes = [one["id"] for one in march]
    assert len({one["first"] for one in march[:4]}) < 4
    page = window.open(sohae, at=f"s=rail_transfer_building&tab=observe&a={scenes[0]}", who="Ana")
    for key, scene in zip("1234", march, strict=False):
        for place in (".obshead", "#time .read"):  # panel and time line speak of the same scene
            expect(page.locator(place)).to_contain_text(scene["provider"])
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    assert eventually(lambda: len(own(sohae, "Ana")) == 4, page)
    looks = {one["image_id"]: one["state"] for one in own(sohae, "Ana")}
    assert looks == dict(zip(scenes, ("absent", "being_built", "complete", "being_dismantled"), strict=False))
    again = window.open(sohae, at=page.evaluate("() => location.hash.slice(1)"), who="Ana")
    assert again.locator(".obshead").inner_text() == page.locator(".obshead").inner_text()


def alone(window: Window, bench: Bench, at: str) -> Page:
    """A page of Ana's that does not hear of what others change; a question that was under way would be answered too late."""
    window.tolerated = ("409", "ERR_FAILED")
    page = window.open(bench, at=at, who="Ana")
    page.route("**/api/revision*", lambda route: route.abort())
    return page


def overtaken(page: Page, bench: Bench, state: str) -> None:
    """Label the scene and come back to it, while Cleo changes the look to ``state``."""
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-observe .labelform")).to_contain_text("Saved:")
    (look,) = own(bench, "Ana")
    page.keyboard.press("p")
    bench.put("observations", look["id"], {"state": state}, look["version"], who="Cleo")


def by_time(bench: Bench, who: str) -> list[dict[str, Any]]:
    return sorted(own(bench, who), key=lambda look: look["image_id"][-22:])


THREE = ["complete", "being_dismantled", "partly_dismantled"]


def test_a_label_that_was_not_saved_is_told_where_one_has_gone_on_to(window: Window, site: Bench) -> None:
    page = alone(window, site, HALL)
    scene = shown(page)["a"]
    overtaken(page, site, "absent")
    page.evaluate(SLOWLY)
    for key in ("5", "Enter", "4"):
        page.keyboard.press(key)
    page.locator("dialog").get_by_role("button", name="Back to my changes").click()
    notice = page.locator("#notices .trouble").filter(has_text="Not saved")
    expect(notice).to_contain_text("Not saved: Hall: partly dismantled")
    assert shown(page)["a"] != scene
    notice.get_by_role("button", name="Show").click()
    assert shown(page)["a"] == scene
    expect(page.locator("#panel-observe input[value=partly_dismantled]")).to_be_checked()
    assert [one["state"] for one in own(site, "Ana")] == ["absent"]


def test_a_tablet_labels_and_draws_by_touch(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Tess", size=TABLET, has_touch=True)
    for name in ("Structure", "Observe"):
        page.get_by_role("tab", name=name).tap()
        assert page.locator(f"#panel-{name.lower()}").is_visible()
    page.locator("#panel-observe label:has(input[value=absent])").tap()
    page.locator("#save-look").tap()
    assert eventually(lambda: [look["state"] for look in own(site, "Tess")] == ["absent"], page)
    time = shown(page)["t"]
    box = page.locator("#time canvas").first.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    assert eventually(lambda: shown(page)["t"] != time, page)


def test_everything_is_drawn_anew_after_a_label(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("4")
    page.evaluate(
        "() => { window.anew = false; new MutationObserver(() => { window.anew = true; })"
        ".observe(document.querySelector('#time table').parentElement ?? document.body, {childList: true, subtree: true}); }"
    )
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.anew")  # how soon: benchmarks/web_page.py


def test_what_was_typed_for_a_scene_is_there_when_one_comes_back(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.locator("#map-a canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-observe .labelform .error")).to_contain_text("Choose a state")
    page.keyboard.press("2")
    note = page.get_by_label("What is to be seen")
    note.fill("steel frame")
    page.get_by_role("button", name="Next scene", exact=True).click()
    expect(note).to_have_value("")
    page.get_by_role("button", name="Previous scene", exact=True).click()
    expect(note).to_have_value("steel frame")
    expect(page.locator("#panel-observe input[value=being_built]")).to_be_checked()
    assert not own(site, "Ana")


def test_a_lost_server_is_said_and_what_was_typed_is_kept(window: Window, demo: tuple[Path, Result]) -> None:
    window.tolerated = ("ERR_CONNECTION_REFUSED", "Failed to load resource", "ERR_")
    case = copied(demo[0] / "sohae.gpkg", "lost")
    with serving(case) as bench:
        page = window.open(bench, at="tab=observe", who="Ana")
        port, token = bench.port, bench.token
        page.keyboard.press("1")
        page.get_by_label("What is to be seen").fill("two cranes")
    page.locator("#save-look").click()
    expect(page.locator("#notices")).to_contain_text("cannot be reached")
    expect(page.locator("#panel-observe .labelform .error")).to_contain_text("start siteline serve again")
    assert page.get_by_label("What is to be seen").input_value() == "two cranes"
    with serving(case, port=port, token=token) as bench:
        page.locator("#save-look").click()
        assert eventually(lambda: [look["paraphrase"] for look in own(bench, "Ana")] == ["two cranes"], page)
        expect(page.locator("#notices")).to_contain_text("back")


def test_a_footprint_is_drawn_corrected_and_undone(window: Window, site: Bench, demo: tuple[Path, Result]) -> None:
    page = window.open(site, at=HALL, who="Ana")
    page.locator("#panel-observe summary").click()
    page.get_by_label("Its name").fill("Depot ‏مستودع")
    page.get_by_role("button", name="Draw it").click()
    box = page.locator("#map-a").bounding_box()
    assert box is not None
    corners = [(box["x"] + 520, box["y"] + 120), (box["x"] + 600, box["y"] + 120), (box["x"] + 600, box["y"] + 180)]
    for corner in [*corners, (box["x"] + 520, box["y"] + 200), (box["x"] + 300, box["y"] + 200)]:
        page.mouse.click(*corner)
        page.wait_for_timeout(60)
    page.keyboard.press("Backspace")  # the last one was a mistake
    page.keyboard.press("Enter")
    assert eventually(lambda: len(site.state()["structures"]) == 3, page)
    made = next(s for s in site.state()["structures"] if s["name"].startswith("Depot"))
    ring = made["geometry"]["coordinates"][0]
    assert len(ring) == 5
    view = dict(zip(("lng", "lat", "zoom"), map(float, shown(page)["v"].split(",")), strict=True))
    metres = 156543.03392804097 / 2 / 2 ** view["zoom"]  # MapLibre's world is 512 px wide at zoom 0
    for (lng, lat), (x, y) in zip(ring, corners, strict=False):
        east = (lng - view["lng"]) * 111319.49079327358
        north = (math.log(math.tan(math.radians(45 + lat / 2))) - math.log(math.tan(math.radians(45 + view["lat"] / 2)))) * (
            6378137
        )
        assert east == pytest.approx((x - box["x"] - box["width"] / 2) * metres, abs=2 * metres)
        assert -north == pytest.approx((y - box["y"] - box["height"] / 2) * metres, abs=2 * metres)
    assert made["id"] in kept(demo).structures
    expect(page.locator(".draft-hint")).to_be_hidden()
    page.keyboard.press("d")
    expect(page.locator("#panel-observe textarea.coords")).to_have_value(
        "\n".join(f"{x:.6f}, {y:.6f}" for x, y in ring[:-1])
    )
    drag(page, corners[0], (corners[0][0] - 40, corners[0][1] - 30))
    page.keyboard.press("Enter")
    moved = lambda: next(s for s in site.state()["structures"] if s["id"] == made["id"])["geometry"]["coordinates"][0]  # noqa: E731
    assert eventually(lambda: moved() != ring, page)
    west, north_ = moved()[0]
    assert west < ring[0][0] and north_ > ring[0][1] and moved()[1:4] == ring[1:4]
    expect(page.locator(".draft-hint")).to_be_hidden()
    page.keyboard.press("u")
    assert eventually(lambda: moved() == ring, page)


def test_a_footprint_by_numbers_alone_also_where_there_is_no_map_yet(window: Window, sohae: Bench) -> None:
    page = window.open(sohae, at="s=rail_transfer_building&tab=observe", who="Ana")
    page.keyboard.press("d")
    text = page.locator("#panel-observe textarea.coords")
    text.fill("124.705 39.66\n124.706 39.66\nx")
    expect(page.locator("#panel-observe")).to_contain_text("Each line must be a longitude and a latitude")
    text.fill("124.7050, 39.6600\n124.7056, 39.6600\n124.7056, 39.6604")
    page.locator("#panel-observe").get_by_role("button", name="Finish").click()
    found = lambda: next(s for s in sohae.state()["structures"] if s["id"] == "rail_transfer_building")["geometry"]  # noqa: E731
    assert eventually(lambda: found() is not None, page)
    assert found()["coordinates"][0][:3] == [[124.705, 39.66], [124.7056, 39.66], [124.7056, 39.6604]]
    expect(page.locator("#board")).to_be_hidden()  # now there is a place, and a map of it
    expect(page.locator("#labels")).to_contain_text("Rail-mounted transfer building")
    expect(page.locator("#mapnote")).to_contain_text("No images yet")


def test_drawing_can_be_left_and_a_crossed_outline_is_refused_in_words(window: Window, site: Bench) -> None:
    window.tolerated = ("422",)
    page = window.open(site, at=HALL, who="Ana")
    before = site.state()["structures"]
    page.keyboard.press("d")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    assert page.locator("#panel-observe textarea.coords").count() == 0
    page.keyboard.press("d")
    page.locator("#panel-observe textarea.coords").fill("5.3990 43.7\n5.3995 43.7004\n5.3995 43.7\n5.3990 43.7004")
    page.locator("#panel-observe").get_by_role("button", name="Finish").click()
    expect(page.locator("#panel-observe")).to_contain_text("not sound")
    assert "43.7004" in page.locator("#panel-observe textarea.coords").input_value()
    assert site.state()["structures"] == before


def test_blind_mode_hides_what_others_and_the_machine_say_everywhere(window: Window, sohae: Bench) -> None:
    state = sohae.state()
    told = {look["paraphrase"] for look in state["observations"] if look["paraphrase"]}
    told |= {claim["paraphrase"] for claim in state["claims"] if claim["paraphrase"]}
    told |= {one["sentence"] for one in state["structures"] if one["sentence"]} | {one["text"] for one in state["findings"]}
    words = {"dismantled", "being rebuilt", "cannot decide", "supported"}
    page = window.open(sohae, who="Ana")
    open_rows = picture(page, ".timerows")
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Blind", exact=True)).to_have_attribute("aria-pressed", "true")
    for tab in ("structure", "observe", "weigh", "journal"):
        page.locator(f"#tab-{tab}").click()
        page.wait_for_timeout(400)
        seen = page.evaluate(
            "() => [document.body.textContent, ...[...document.querySelectorAll('[title],[aria-label],[aria-valuetext]')]"
            ".flatMap(one => [one.title, one.ariaLabel, one.getAttribute('aria-valuetext')])].join('\\n')"
        )
        for choices in page.locator(".labelform").evaluate_all("all => all.map(one => one.textContent)"):
            seen = seen.replace(choices, "")  # the words to choose from tell nothing
        assert not [text for text in told if text in seen]
        assert not [word for word in words if word in seen and word not in state["title"]], tab
    blind_rows = picture(page, ".timerows")
    assert differing(open_rows, blind_rows) > 0.02
    plot = page.locator(".timerows canvas").bounding_box()
    assert plot is not None
    for share in (0.1, 0.2, 0.3, 0.5, 0.8):
        page.mouse.move(plot["x"] + share * plot["width"], plot["y"] + 22)
        assert not page.locator("#tip").is_visible()
    page.locator("#tab-observe").click()
    page.keyboard.press("n")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    assert eventually(lambda: len(own(sohae, "Ana")) == 1, page)
    page.locator("#tab-structure").click()
    expect(page.locator("#panel-structure .looks")).to_contain_text("partly dismantled")  # one's own look stays
    page.keyboard.press("x")
    expect(page.locator("#panel-structure")).to_contain_text("38 North")


def test_two_people_never_overwrite_one_another_silently(window: Window, site: Bench) -> None:
    first = alone(window, site, HALL)
    first.get_by_label("then the next scene").uncheck()
    first.keyboard.press("3")
    first.keyboard.press("Enter")
    expect(first.locator("#panel-observe .labelform")).to_contain_text("Saved:")
    (look,) = own(site, "Ana")
    second = window.open(site, at=HALL, who="Ben")
    expect(second.locator("#panel-observe")).to_contain_text("Ana")
    changed = site.put("observations", look["id"], {"state": "absent"}, look["version"], who="Cleo")
    assert changed.status == 200
    first.keyboard.press("5")
    first.keyboard.press("Enter")
    dialog = first.locator("dialog")
    expect(dialog).to_contain_text("Cleo")
    expect(dialog).to_contain_text("absent")
    expect(dialog).to_contain_text("partly_dismantled")
    assert [one["state"] for one in own(site, "Ana")] == ["absent"]  # nothing was saved yet
    dialog.get_by_role("button", name="Save mine over it").click()
    assert eventually(lambda: [one["state"] for one in own(site, "Ana")] == ["partly_dismantled"], first)


def test_a_conflict_shows_both_versions_and_theirs_can_be_kept(window: Window, site: Bench) -> None:
    page = alone(window, site, "s=barn&tab=observe")
    page.get_by_label("then the next scene").uncheck()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-observe .labelform")).to_contain_text("Saved:")
    (look,) = own(site, "Ana")
    site.put("observations", look["id"], {"state": "absent", "confidence": "low"}, look["version"], who="Cleo")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    expect(dialog.locator("tr.differs").first).to_be_visible()
    differ = dialog.locator("tr.differs").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert ["state", "absent", "partly_dismantled"] in differ and ["confidence", "low", "medium"] in differ
    dialog.get_by_role("button", name="Keep theirs").click()
    expect(page.locator("#panel-observe input[value=absent]")).to_be_checked()
    assert [(one["state"], one["confidence"]) for one in own(site, "Ana")] == [("absent", "low")]


def test_changes_of_others_appear_with_a_quiet_notice(window: Window, site: Bench) -> None:
    page = window.open(site, at="s=hall")
    assert json.dumps("a new yard") not in page.content()
    site.put("structures", "yard", {"name": "Yard of Cleo"}, None, who="Cleo")
    expect(page.locator("#notices")).to_contain_text("Cleo")
    expect(page.locator("#time")).to_contain_text("Yard of Cleo")
    drawn(page)


def test_an_outline_that_somebody_else_changed_meanwhile_is_not_overwritten(window: Window, site: Bench) -> None:
    window.tolerated = ("409",)
    page = window.open(site, at=HALL, who="Ana")
    page.keyboard.press("d")
    hall = lambda: next(s for s in site.state()["structures"] if s["id"] == "hall")  # noqa: E731
    theirs = {"type": "Point", "coordinates": [5.3995, 43.7003]}
    site.put("structures", "hall", {"geometry": theirs}, hall()["version"], who="Cleo")
    expect(page.locator("#notices")).to_contain_text("Cleo")  # the page has heard of it, the drawing began before
    page.locator("#map-a canvas").focus()
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Cleo")
    expect(dialog).to_contain_text("Point")
    assert hall()["geometry"] == theirs
    dialog.get_by_role("button", name="Save mine over it").click()
    assert eventually(
        lambda: hall()["geometry"]["type"] == "Polygon" and len(hall()["geometry"]["coordinates"][0]) == 4, page
    )


def test_a_footprint_by_keyboard_alone_on_the_map(window: Window, site: Bench) -> None:
    page = window.open(site, at=HALL, who="Ana", reduced_motion="reduce")
    hall = lambda: next(s for s in site.state()["structures"] if s["id"] == "hall")["geometry"]["coordinates"][0]  # noqa: E731
    before = hall()
    page.locator("#map-a canvas").focus()
    page.keyboard.press("d")
    for _ in before[1:]:
        page.keyboard.press("Backspace")
    for arrow in ("ArrowRight", "ArrowDown", "ArrowLeft"):  # move the map, then put a corner at its middle
        page.keyboard.press("Space")
        page.keyboard.press(arrow)
        page.wait_for_timeout(120)
    page.keyboard.press("Space")
    expect(page.locator("#panel-observe textarea.coords")).to_have_value(re.compile(r"^(.+\n){3}.+$"))
    page.keyboard.press("Enter")
    assert eventually(lambda: hall() != before, page)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = hall()[:4]
    assert x1 > x0 and y2 < y1 and x3 < x2  # west to east, then south, then west
    assert (y0, x1, y2) == pytest.approx((y1, x2, y3), abs=1e-5)
