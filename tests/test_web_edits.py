"""Changes made over HTTP: in the case file, in the journal under their author's name, in the answers; and by two at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from siteline import flow
from siteline.cli.commands import app
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.editing import Row, put
from siteline.store.importing import import_folder
from siteline.store.revision import version
from siteline.web.live import Live
from siteline.web.state import Memory, state
from store_folders import SOHAE, small, write
from web_cases import many
from web_server import Bench, serving

LABEL = {"structure_id": "pad", "state": "complete", "confidence": "high", "acquired_date": "2019-04-01"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    import_folder(write(tmp_path / "in", small()), tmp_path / "c.gpkg", who="importer")
    return tmp_path / "c.gpkg"


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    with serving(path, who="Ana") as made:
        yield made


def named(rows: list[Any], key: str) -> Any:
    return next(row for row in rows if row["id"] == key)


def test_a_label_is_in_the_file_in_the_journal_and_in_the_answers(bench: Bench, path: Path):
    before = named(bench.state()["structures"], "pad")
    answer = bench.put("observations", "n1", LABEL)
    assert answer.status == 200
    with Case.open(path) as case:
        observation = next(o for o in case.data().observations if o.observation_id == "n1")
        told = case.journal()
    assert (observation.state, observation.observer, observation.source_id) == ("complete", "Ana", "workbench:Ana")
    assert [(e.who, e.table, e.key, e.what) for e in told[-2:]] == [
        ("Ana", "sources", "workbench:Ana", "insert"),
        ("Ana", "observations", "n1", "insert"),
    ]
    after = bench.state()
    assert after["revision"] == answer.json["revision"]
    assert named(after["observations"], "n1")["version"] == answer.json["version"]
    assert (len(before["transitions"]), [t["to"] for t in named(after["structures"], "pad")["transitions"]]) == (
        1,
        ["being_rebuilt", "complete"],
    )
    assert check_case(path) == []


def test_a_footprint_is_drawn_corrected_and_put_back(bench: Bench):
    ring = [[124.7, 39.65], [124.71, 39.65], [124.71, 39.66], [124.7, 39.65]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    made = bench.put("structures", "shed", {"name": "Shed", "geometry": shape}).json
    assert named(bench.state()["structures"], "shed")["geometry"] == shape
    moved = {"type": "Polygon", "coordinates": [[[x + 0.1, y] for x, y in ring]]}
    second = bench.put("structures", "shed", {"geometry": moved}, made["version"]).json
    assert named(bench.state()["structures"], "shed")["geometry"] == moved
    assert bench.post("/api/undo", {"entry": second["entry"]}).status == 200
    assert named(bench.state()["structures"], "shed")["geometry"] == shape
    journal = bench.get("/api/journal?limit=3").json
    assert [(e["key"], e["what"]) for e in journal] == [("shed", "update"), ("shed", "update"), ("shed", "insert")]
    older = bench.get(f"/api/journal?limit=2&before={journal[1]['entry']}").json
    assert older[0]["entry"] == journal[2]["entry"]


def test_the_second_of_two_writers_is_told_by_whom_and_sees_the_row_as_it_is(bench: Bench):
    seen = named(bench.state()["observations"], "o1")["version"]
    assert bench.put("observations", "o1", {"paraphrase": "by Ana"}, seen, who="Ana").status == 200
    clash = bench.put("observations", "o1", {"paraphrase": "by Ben"}, seen, who="Ben")
    told = clash.json
    assert (clash.status, told["who"], told["present"]["paraphrase"]) == (409, "Ana", "by Ana")
    assert "changed by Ana" in told["error"]["message"]
    again = bench.put("observations", "o1", {"paraphrase": "by Ben"}, told["version"], who="Ben")
    assert again.status == 200
    entry = bench.get("/api/journal?limit=1").json[0]
    assert (entry["who"], entry["before"]["paraphrase"], entry["after"]["paraphrase"]) == ("Ben", "by Ana", "by Ben")


def test_key_events_are_marked_and_put_back(bench: Bench, path: Path):
    was = [e["id"] for e in bench.state()["events"] if e["key"]]
    assert bench.put("events", "n1", {"what": "A visit", "start_date": "2019-03-01", "source_id": "s1"}).status == 200
    since = bench.state()["revision"]
    marked = bench.post("/api/key-events/n1", {"key": True, "who": "Ben"})
    assert marked.status == 200
    assert bench.post("/api/key-events/n1", {"key": True}).json["entry"] is None  # it is one already
    news = bench.get(f"/api/revision?since={since}").json["changed"]
    assert [(c["who"], c["table"]) for c in news] == [("Ben", "siteline_settings")]
    with Case.open(path) as case:
        assert case.data().settings.key_events == (*was, "n1")
    version = named(bench.state()["events"], "n1")["version"]
    refused = bench.put("events", "n1", None, version)
    assert (refused.status, refused.json["error"]["column"]) == (422, "key_events")
    assert bench.post("/api/undo", {"entry": marked.json["entry"]}).status == 200
    assert [e["id"] for e in bench.state()["events"] if e["key"]] == was
    assert bench.post("/api/undo", {"entry": marked.json["entry"]}).status == 409  # it changed again since
    assert bench.put("events", "n1", None, version).status == 200
    assert bench.post("/api/key-events/n1", {"key": True}).status == 422
    for body in ({}, {"key": 1}, {"key": "yes"}):
        assert bench.post("/api/key-events/n1", body).status == 422


def test_only_key_events_of_the_settings_are_put_back(bench: Bench, path: Path):
    with Case.open(path) as case:
        case.set_settings(replace(case.data().settings, title="Another title"), "Ana")
    entry = bench.get("/api/journal?limit=1").json[0]
    refused = bench.post("/api/undo", {"entry": entry["entry"]})
    assert (refused.status, "settings.json" in refused.json["error"]["message"]) == (422, True)
    with Case.open(path) as case:
        assert case.data().settings.title == "Another title"


def test_what_is_not_valid_names_column_reason_and_remedy(bench: Bench):
    answer = bench.put("observations", "n1", {**LABEL, "state": "melted"})
    error = answer.json["error"]
    assert (answer.status, error["kind"], error["column"]) == (422, "BadRow", "state")
    assert "unknown state" in error["reason"]
    assert error["remedy"]
    for body in ({}, {"cells": 3}, {"cells": {}, "base": "1"}, {"cells": {}, "base": True}, {"cells": {}, "who": 7}):
        assert bench.post("/api/rows/observations/n1", body).status == 422
    assert bench.post("/api/rows/measurements/n1", {"base": None, "cells": {}}).status == 422
    assert bench.post("/api/undo", {"entry": 10**9}).status == 422


def test_two_servers_and_the_command_line_see_each_other(bench: Bench, path: Path, tmp_path: Path):
    with serving(path, who="Ben") as other:
        since = other.state()["revision"]
        bench.put("observations", "n1", LABEL)
        news = other.get(f"/api/revision?since={since}").json
        assert [(c["who"], c["table"], c["key"]) for c in news["changed"]] == [
            ("Ana", "sources", "workbench:Ana"),
            ("Ana", "observations", "n1"),
        ]
        assert named(other.state()["observations"], "n1")["state"] == "complete"
        write(tmp_path / "more", {"observations.csv": [small()["observations.csv"][0] | {"state": "absent"}]})
        told = CliRunner().invoke(app, ["import", str(tmp_path / "more"), str(path), "--merge", "--who", "Cem"])
        assert told.exit_code == 0, told.output
        assert named(bench.state()["observations"], "o1")["state"] == "absent"
        assert named(other.state()["observations"], "o1")["state"] == "absent"
        assert bench.get(f"/api/revision?since={news['revision']}").json["changed"][-1]["who"] == "Cem"


def test_a_case_that_can_only_be_read_is_shown_and_says_so(path: Path):
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with Case.open(path) as case:
            read_only = case.read_only  # the administrator writes everywhere
        with serving(path) as bench:
            assert bench.state()["read_only"] == read_only
            assert bench.put("observations", "n1", LABEL).status == (500 if read_only else 200)
    finally:
        path.parent.chmod(0o755)


def test_an_empty_case_opens(tmp_path: Path):
    with Case.create(tmp_path / "e.gpkg"):
        pass
    with serving(tmp_path / "e.gpkg") as bench:
        told = bench.state()
        assert (told["structures"], told["scenes"], told["matrix"]) == ([], [], None)
        bench.put("structures", "pad", {"name": "Pad"})
        assert bench.put("observations", "n1", LABEL).status == 200
        assert named(bench.state()["structures"], "pad")["segments"][0]["state"] == "complete"


def test_the_state_says_what_the_commands_say(tmp_path: Path):
    import_folder(SOHAE, tmp_path / "s.gpkg", who="importer")
    answer = flow.answer(flow.read(tmp_path / "s.gpkg"))
    with serving(tmp_path / "s.gpkg") as bench:
        told = bench.state()
    expected = answer.dating.to_json()["transitions"]
    shown = [{**t, "structure_id": s["id"]} for s in told["structures"] for t in s["transitions"]]
    for ours, theirs in zip(shown, expected, strict=True):
        assert {k: ours[k] for k in ("structure_id", "from", "to", "direction", "probability", "deciding", "unusable")} == {
            k: theirs[k] for k in ("structure_id", "from", "to", "direction", "probability", "deciding", "unusable")
        }
        assert (ours["after_iso"], ours["by_iso"]) == (theirs["after"], theirs["by"])
    assert [(c["id"], c["verdict"], c["because"]) for c in told["claims"]] == [
        (v.claim.claim_id, v.verdict, v.because) for v in answer.weighing.claims
    ]
    for ours, position in zip(told["positions"], answer.weighing.positions, strict=True):
        low, centre, high = position.before
        assert [ours["factors"][n] for n in (0, 10, 20)] == [0.2, 1.0, 5.0]
        day, change = position.event.when.first_day, position.transition
        assert ours["before"][10] == pytest.approx(centre, abs=1e-6)
        ends = change.slow.cdf(day), change.fast.cdf(day)
        assert (ours["before"][0], ours["before"][20]) == pytest.approx(ends, abs=1e-6)
        assert low <= centre <= high


def test_changes_found_in_the_pixels_are_in_the_state_as_in_the_commands(demo: tuple[Path, Any], tmp_path: Path):
    case = Path(shutil.copy(demo[0] / "simulated" / "site.gpkg", tmp_path / "site.gpkg"))
    answer = flow.answer(flow.with_images(case, flow.read(case)))
    with serving(case, who="Ana") as bench:
        told = bench.state()
        shown = [
            (s["id"], t["after_iso"], t["by_iso"], t["probability"]) for s in told["structures"] for t in s["transitions"]
        ]
        expected = answer.dating.to_json()["transitions"]
        assert shown == [(t["structure_id"], t["after"], t["by"], t["probability"]) for t in expected]
        machine = [o["id"] for o in told["observations"] if o["machine"]]
        assert machine == [o.observation_id for o in flow.with_images(case, flow.read(case)).observations[-len(machine) :]]
        assert {d["structure"] for d in told["detections"]} == {s["id"] for s in told["structures"]}
        series = bench.get("/api/series/hall").json["stacks"][0]
        assert {len(column) for column in (series["scenes"], series["days"], *series["values"].values())} == {146}
        assert any(value is None for value in next(iter(series["values"].values())))
        drawn = next(s for s in told["scenes"] if s["pixels"] and not s["looked"])
        look = {"structure_id": "hall", "image_id": drawn["id"], "state": "absent", "confidence": "high"}
        assert bench.put("observations", "n1", look).status == 200
        after = bench.state()
    label = named(after["observations"], "n1")
    assert (label["scene"], label["first"], label["machine"]) == (drawn["id"], drawn["first"], False)
    assert named(after["scenes"], drawn["id"])["looked"]
    live = Live(case)
    fresh = json.loads(json.dumps(state(live.held(), case="site.gpkg", read_only=False, memory=Memory())))
    assert fresh == {name: part for name, part in after.items() if name not in ("id", "who")}  # of the file, of the page
    live.close()
    assert check_case(case) == []


STATES = st.sampled_from(["absent", "being_built", "complete", "obscured"])
EDITS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 11), STATES | st.none()), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many(tmp_path_factory.mktemp("few"), structures=4, scenes=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_what_is_brought_up_to_date_is_what_a_fresh_reading_gives(few: Path, edits: list[tuple[int, int, str | None]]):
    """Answers kept in memory through any changes are those of the same case opened anew."""
    live, fresh = Live(few), Live(few)
    try:
        live.held()
        for structure, n, word in edits:
            key = f"o{structure}-{4 * n}"
            with live.case.reading() as db:
                base = version(db, "observations", key)
                gone = db.execute("SELECT 1 FROM observations WHERE observation_id = ?", (key,)).fetchone() is None
            if gone and word is None:
                continue
            look = {"structure_id": f"b{structure}", "confidence": "high", "source_id": "s0", "image_id": f"i{4 * n}"}
            cells = None if word is None else {**(look if gone else {}), "state": word}
            put(live.case, Row("observations", key, cells), base, "Ana")
            live.held()
        told = [json.dumps(state(one.held(), case="c", read_only=False, memory=Memory())) for one in (live, fresh)]
        assert told[0] == told[1]
    finally:
        live.close()
        fresh.close()


def test_a_change_of_the_settings_moves_every_answer(tmp_path: Path):
    live = Live(many(tmp_path, structures=2, scenes=60))
    memory = Memory()
    before = state(live.held(), case="c", read_only=False, memory=memory)
    kept = live.held().data.settings
    live.case.set_settings(replace(kept, rates={"absent->being_built": 30.0}), "Ana")
    after = state(live.held(), case="c", read_only=False, memory=memory)
    fresh = Live(live.case.path)
    assert after == state(fresh.held(), case="c", read_only=False, memory=Memory())
    fresh.close()
    assert not before["positions"][0]["decided"]
    assert before["positions"][0]["before"] != after["positions"][0]["before"]
    assert before["structures"][0]["transitions"][0]["posterior"] != after["structures"][0]["transitions"][0]["posterior"]
    live.close()


def test_a_server_killed_at_any_moment_loses_nothing_it_acknowledged(path: Path):
    """200 times, while labels are posted."""
    child = [sys.executable, str(Path(__file__).with_name("web_child.py")), "server", str(path), "200"]
    done = subprocess.run(child, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["kills"], told["lost"]) == (200, [])
    assert told["acknowledged"] > 100
    assert check_case(path) == []
