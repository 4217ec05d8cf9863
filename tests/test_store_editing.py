"""Rows changed one at a time: valid or not at all, never over an unseen change, undone as they were."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from siteline.model.errors import BadInput, BadRow, CaseBusy, RowChanged
from siteline.model.tables import BY_NAME
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.editing import EDITABLE, Done, Row, cells_of, put, undo
from siteline.store.exporting import export_folder
from siteline.store.importing import import_folder
from siteline.store.revision import changes, entries, revision, version, versions
from store_folders import SOHAE, small, write

SQUARE = {"type": "Polygon", "coordinates": [[[124.7, 39.65], [124.71, 39.65], [124.71, 39.66], [124.7, 39.65]]]}


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    import_folder(write(tmp_path / "in", small()), tmp_path / "c.gpkg", who="importer")
    with Case.open(tmp_path / "c.gpkg") as opened:
        yield opened


def look(**cells: str) -> dict[str, str]:
    return {"structure_id": "pad", "state": "complete", "confidence": "high", "source_id": "s1", **cells}


def now(case: Case, table: str, key: str) -> tuple[int, dict[str, Any] | None]:
    with case.reading() as db:
        return version(db, table, key), cells_of(db, BY_NAME[table], key)


def everything(path: Path) -> dict[str, bytes]:
    folder = path.with_suffix(f".out{random.random()}")
    export_folder(path, folder)
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_new_row_is_there_with_its_version_and_journal_line(case: Case):
    done = put(case, Row("observations", "n1", look(acquired_date="2019-03-02")), None, "Ana")
    at, cells = now(case, "observations", "n1")
    assert (at, done.entry, done.revision) == (done.version,) * 3
    assert cells is not None
    assert (cells["state"], cells["image_id"], cells["acquired_date"]) == ("complete", "", "2019-03-02")
    told = case.journal()[-1]
    assert (told.who, told.table, told.key, told.what, told.before) == ("Ana", "observations", "n1", "insert", None)
    assert check_case(case.path) == []


def test_cells_not_named_stay_and_the_footprint_too(case: Case):
    put(case, Row("structures", "pad", {"geometry": SQUARE}), now(case, "structures", "pad")[0], "Ana")
    put(case, Row("structures", "pad", {"notes": "cracked"}), now(case, "structures", "pad")[0], "Ben")
    cells = now(case, "structures", "pad")[1]
    assert cells is not None
    assert (cells["name"], cells["notes"]) == ("Pad", "cracked")
    assert cells["geometry"]["coordinates"][0][0] == (124.7, 39.65)
    put(case, Row("structures", "pad", {"geometry": None}), now(case, "structures", "pad")[0], "Ana")
    assert now(case, "structures", "pad")[1] == {**cells, "geometry": None}


def test_a_change_of_something_else_than_was_read_is_refused_and_says_by_whom(case: Case):
    seen = now(case, "observations", "o1")[0]
    put(case, Row("observations", "o1", {"paraphrase": "first"}), seen, "Ana")
    with pytest.raises(RowChanged, match="changed by Ana at 20") as caught:
        put(case, Row("observations", "o1", {"paraphrase": "second"}), seen, "Ben")
    assert caught.value.present is not None
    assert (caught.value.who, caught.value.present["paraphrase"]) == ("Ana", "first")
    assert caught.value.version == now(case, "observations", "o1")[0]
    with pytest.raises(RowChanged):
        put(case, Row("observations", "o1", look()), None, "Ben")  # new, they think
    put(case, Row("observations", "o1", None), caught.value.version, "Ana")
    with pytest.raises(RowChanged, match="was removed by Ana") as gone:
        put(case, Row("observations", "o1", {"paraphrase": "third"}), caught.value.version, "Ben")
    assert gone.value.present is None


@pytest.mark.parametrize(
    ("table", "key", "cells", "column", "reason"),
    [
        ("observations", "n", look(state="melted"), "state", "unknown state"),
        ("observations", "n", look(confidence="sure"), "confidence", "not one of"),
        ("observations", "n", look(structure_id="nowhere"), "structure_id", "is not a structure_id"),
        ("observations", "n", look(source_id=""), "source_id", "is empty"),
        ("observations", "n", look(acquired_date="2219-01-01"), "acquired_date", "future"),
        ("observations", "n", look(image_id="i1", acquired_date="2018-01-01"), "acquired_date", "differs from"),
        ("observations", "n;m", look(), "observation_id", "cannot be a key"),
        ("observations", "n", look(colour="red"), "colour", "is no column"),
        ("observations", "n", look(activity=3), "activity", "must be text"),  # type: ignore[arg-type]
        ("observations", "n", look(activity="a\0b"), "activity", "NUL"),
        ("observations", "n", look(activity="\ud800"), "activity", "half a character"),
        ("structures", "n", {"geometry": {"type": "Point", "coordinates": [500, 0]}}, "geometry", "WGS 84"),
        ("structures", "pad", None, "structure_id", "observations 'o1'"),
        ("sources", "s1", None, "source_id", "is not a source_id"),
    ],
)
def test_what_an_import_would_refuse_is_refused_with_its_column(
    case: Case, table: str, key: str, cells: Any, column: str, reason: str
):
    before, base = everything(case.path), now(case, table, key)[0] or None
    with pytest.raises(BadRow, match=reason) as caught:
        put(case, Row(table, key, cells), base, "Ana")
    assert column in {problem.column for problem in caught.value.problems}
    assert everything(case.path) == before


def test_only_tables_of_evidence_are_edited(case: Case):
    for name in set(BY_NAME) - set(EDITABLE) | {"siteline_journal", 'x"; DROP TABLE sources; --'}:
        with pytest.raises(BadInput, match="not edited row by row"):
            put(case, Row(name, "a", {}), None, "Ana")


def test_what_was_wrong_before_does_not_stop_another_change(case: Case):
    case._db.execute("PRAGMA foreign_keys=OFF")
    case._db.execute("UPDATE observations SET structure_id = 'lost' WHERE observation_id = 'o1'")
    put(case, Row("events", "e9", {"start_date": "2019", "what": "w", "source_id": "s1"}), None, "Ana")
    assert now(case, "events", "e9")[1] is not None


def test_rows_that_a_change_refers_to_come_with_it_or_not_at_all(case: Case):
    source, scene = Row("sources", "own", {"publisher": "Ana"}), Row("scenes", "i9", {"acquired_date": "2019-03-09"})
    good = look(source_id="own", image_id="i9")
    with pytest.raises(BadRow):
        put(case, Row("observations", "n1", good | {"state": "melted"}), None, "Ana", with_=[source, scene])
    assert now(case, "sources", "own") == (0, None)
    put(case, Row("observations", "n1", good), None, "Ana", with_=[source, scene])
    put(case, Row("observations", "n2", good), None, "Ana", with_=[Row("sources", "own", {"publisher": "Other"}), scene])
    assert now(case, "sources", "own")[1]["publisher"] == "Ana"  # type: ignore[index]
    assert check_case(case.path) == []


def test_nothing_different_writes_no_line(case: Case):
    base = now(case, "observations", "o1")[0]
    done = put(case, Row("observations", "o1", {"activity": "crane"}), base, "Ana")
    assert done == Done(None, base, revision(case._db))


def test_what_changed_nothing_names_no_earlier_change_to_be_undone(case: Case):
    gone = put(case, Row("observations", "o1", None), now(case, "observations", "o1")[0], "Ana")
    again = put(case, Row("observations", "o1", None), gone.version, "Ben")
    assert (again.entry, again.version) == (None, gone.entry)
    assert put(case, Row("observations", "never", None), None, "Ben").entry is None


CELLS = {
    "paraphrase": st.text(max_size=20).filter(lambda t: "\0" not in t).filter(lambda t: t.isprintable()),
    "state": st.sampled_from(["complete", "absent", "obscured", "melted"]),
    "confidence": st.sampled_from(["high", "low", "sure"]),
    "structure_id": st.sampled_from(["pad", "stand", "nowhere"]),
}
STEP = st.tuples(
    st.sampled_from(["a", "b", "o1"]),
    st.none() | st.fixed_dictionaries({}, optional=CELLS),
    st.booleans(),  # whether the writer has seen the row as it is
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12), undone=st.lists(st.integers(0, 30), max_size=6))
def test_whatever_is_tried_the_case_stays_sound_and_is_what_the_accepted_changes_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any], undone: list[int]
):
    folder = tmp_path_factory.mktemp("edit")
    path = folder / "c.gpkg"
    import_folder(write(folder / "in", small()), path, who="importer")
    with Case.open(path) as case:
        expected = {key: now(case, "observations", key)[1] for key in ("a", "b", "o1")}
        made: list[tuple[Done, str, dict[str, Any] | None]] = []
        for key, cells, fresh in steps:
            at, row = now(case, "observations", key)
            base = (at if row is not None or at else None) if fresh else 10**6
            try:
                done = put(case, Row("observations", key, cells if cells is None or row else look() | cells), base, "Ana")
            except (BadRow, RowChanged) as error:
                assert isinstance(error, RowChanged) or fresh
                assert now(case, "observations", key) == (at, row)
                continue
            assert (done.entry is None) == (now(case, "observations", key) == (at, row))
            made.append((done, key, row))
            expected[key] = (
                None if cells is None else {**(row or blank()), **(cells if row else look() | cells), "observation_id": key}
            )
        for n in undone:
            if n < len(made) and made[n][0].entry is not None:
                done, key, row = made[n]
                at = now(case, "observations", key)[0]
                try:
                    undo(case, done.entry, "Ben")
                except RowChanged:
                    assert at != done.entry
                except BadInput:
                    assert done.entry not in {c.entry for c in changes(case._db, 0)}
                else:
                    expected[key] = row
                    made[n] = (Done(-1, -1, -1), key, row)
        assert {key: now(case, "observations", key)[1] for key in expected} == expected
        told = versions(case._db, ["observations"])["observations"]
        assert all(now(case, "observations", key)[0] == told.get(key, 0) for key in expected)
    assert check_case(path) == []


def blank() -> dict[str, str]:
    return {c.name: "" for c in BY_NAME["observations"].columns}


@pytest.mark.parametrize("table", EDITABLE)
def test_every_row_of_a_real_case_comes_back_by_undo_as_it_was(tmp_path: Path, table: str):
    import_folder(SOHAE, tmp_path / "s.gpkg", who="importer")
    before = everything(tmp_path / "s.gpkg")
    with Case.open(tmp_path / "s.gpkg") as case:
        keys = [row[0] for row in case._db.execute(f"SELECT {BY_NAME[table].key} FROM {table} ORDER BY fid").fetchall()]
        text = next(c.name for c in BY_NAME[table].columns if c.kind == "text" and not c.required)
        for key in keys[-3:]:
            done = put(case, Row(table, key, {text: "changed"}), now(case, table, key)[0], "Ana")
            undo(case, done.entry, "Ana")
        try:
            gone = put(case, Row(table, keys[-1], None), now(case, table, keys[-1])[0], "Ana")
        except BadRow:
            pass  # others refer to it
        else:
            undo(case, gone.entry, "Ana")
    assert everything(tmp_path / "s.gpkg") == before


def test_undo_of_an_undo_and_of_what_was_changed_again(case: Case):
    first = put(case, Row("observations", "n1", look()), None, "Ana")
    back = undo(case, first.entry, "Ana")
    assert now(case, "observations", "n1")[1] is None
    undo(case, back.entry, "Ana")
    again = put(case, Row("observations", "n1", {"state": "absent"}), now(case, "observations", "n1")[0], "Ben")
    with pytest.raises(RowChanged, match="changed by Ben"):
        undo(case, first.entry, "Ana")
    with pytest.raises(BadInput, match="no entry"):
        undo(case, again.entry + 1, "Ana")
    (number, last), *_ = entries(case._db, 1)
    assert (number, last.who, last.after["state"]) == (again.entry, "Ben", "absent")  # type: ignore[index]


def test_own_steps_go_back_one_by_one_and_those_of_others_stay(case: Case):
    made = [put(case, Row("observations", "n1", look()), None, "Ana")]
    for state in ("absent", "complete"):
        made.append(put(case, Row("observations", "n1", {"state": state}), made[-1].version, "Ana"))
    for done, left in zip(reversed(made[1:]), ("absent", look()["state"]), strict=True):
        undo(case, done.entry, "Ana")
        assert now(case, "observations", "n1")[1]["state"] == left
    theirs = put(case, Row("observations", "n1", {"state": "absent"}), now(case, "observations", "n1")[0], "Ben")
    undo(case, theirs.entry, "Ben")  # the row is as Ana left it, but Ben chose that
    with pytest.raises(RowChanged, match="changed by Ben"):
        undo(case, made[0].entry, "Ana")
    assert now(case, "observations", "n1")[1]["state"] == look()["state"]


def test_an_edit_by_another_program_counts_as_a_change(case: Case):
    seen = now(case, "observations", "o1")[0]
    case._db.execute("UPDATE observations SET paraphrase = 'by QGIS' WHERE observation_id = 'o1'")
    with pytest.raises(RowChanged, match="another program"):
        put(case, Row("observations", "o1", {"paraphrase": "mine"}), seen, "Ana")


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path):
    import_folder(write(tmp_path / "in", small()), tmp_path / "c.gpkg", who="importer")
    wins: list[str] = []
    clashes: list[RowChanged] = []

    def count(who: str) -> None:
        with Case.open(tmp_path / "c.gpkg", wait_s=30) as case:
            for _ in range(25):
                while True:
                    at, cells = now(case, "observations", "o1")
                    assert cells is not None
                    number = int(cells["paraphrase"] or 0) if cells["paraphrase"].isdecimal() else 0
                    try:
                        put(case, Row("observations", "o1", {"paraphrase": str(number + 1)}), at, who)
                    except RowChanged as error:
                        clashes.append(error)
                    except CaseBusy:
                        continue
                    else:
                        wins.append(who)
                        break

    threads = [threading.Thread(target=count, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Case.open(tmp_path / "c.gpkg") as case:
        assert now(case, "observations", "o1")[1]["paraphrase"] == "75"  # type: ignore[index]
    assert len(wins) == 75


def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(tmp_path: Path):
    import_folder(write(tmp_path / "in", small()), tmp_path / "c.gpkg", who="importer")
    child = [sys.executable, str(Path(__file__).with_name("web_child.py")), "writer", str(tmp_path / "c.gpkg"), "40"]
    done = subprocess.run(child, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] == 40
    assert told["acknowledged"] > 40
    assert told["lost"] == []
    assert check_case(tmp_path / "c.gpkg") == []
