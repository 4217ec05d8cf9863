"""The case file: its journal, its versions, its writers, and places where it cannot be written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from siteline.model.errors import BadRows, BadSetting, CaseBusy, CaseTooNew, FileTrouble, NotACase, WouldOverwrite
from siteline.model.pixeltables import PIXEL_TABLES
from siteline.model.settings import Settings
from siteline.model.tables import TABLES
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.exporting import export_folder
from siteline.store.importing import import_folder, read_folder
from siteline.store.schema import create_schema
from store_folders import TODAY, small, write


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.gpkg"
    import_folder(write(tmp_path / "in", small()), path, who="Ann", today=TODAY)
    return path


def test_an_empty_case_is_empty_and_sound(tmp_path: Path):
    with Case.create(tmp_path / "a.gpkg", who="Ann", settings=Settings(title="T")) as made:
        data = made.data()
        assert data.settings.title == "T"
        assert not data.structures
        assert [(e.who, e.table) for e in made.journal()] == [("Ann", "siteline_settings")]
    assert check_case(tmp_path / "a.gpkg") == []


def test_the_case_holds_what_the_folder_holds(case: Path, tmp_path: Path):
    with Case.open(case) as opened:
        assert opened.data() == read_folder(tmp_path / "in", today=TODAY)
    assert check_case(case, today=TODAY) == []


def test_progress_ends_at_the_number_of_rows(tmp_path: Path):
    told: dict[str, int] = {}
    counts = import_folder(write(tmp_path / "in", small()), tmp_path / "a.gpkg", who="t", progress=told.__setitem__)
    assert told == counts
    assert set(counts) == {t.name for t in TABLES}


def test_every_row_has_its_journal_entry(case: Path):
    with Case.open(case) as opened:
        journal = opened.journal()
    rows = {(e.table, e.key) for e in journal}
    assert {("observations", "o1"), ("claims", "f1"), ("sources", "s2")} <= rows
    assert len(journal) == sum(len(r) for r in small().values())
    assert {e.who for e in journal} == {"Ann"}
    first = next(e for e in journal if e.key == "o1")
    assert first.what == "insert" and first.before is None
    assert first.after is not None and first.after["state"] == "being_rebuilt"
    assert first.at.endswith("Z")


def test_the_journal_only_grows(case: Path):
    with closing(sqlite3.connect(case)) as db:
        for sql in ("DELETE FROM siteline_journal", "UPDATE siteline_journal SET who='nobody'"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                db.execute(sql)


def test_changes_by_other_programs_are_journalled(case: Path):
    with closing(sqlite3.connect(case)) as db, db:
        db.execute("UPDATE structures SET notes='moved' WHERE structure_id='pad'")
        db.execute("UPDATE structures SET notes='moved' WHERE structure_id='pad'")  # changes nothing
        db.execute("DELETE FROM readings")
    with Case.open(case) as opened:
        edit, removal = opened.journal()[-2:]
    assert (edit.who, edit.what, edit.key) == ("another program", "update", "pad")
    assert edit.before is not None and edit.after is not None
    assert (edit.before["notes"], edit.after["notes"]) == ("", "moved")
    assert (removal.what, removal.after) == ("delete", None)


def test_settings_are_replaced_under_a_name(case: Path):
    with Case.open(case) as opened:
        opened.set_settings(Settings(title="New", key_events=("e1",)), "Bob")
        assert opened.data().settings.title == "New"
        entry = opened.journal()[-1]
        assert (entry.who, entry.table) == ("Bob", "siteline_settings")


def test_settings_that_do_not_fit_the_case_are_refused(tmp_path: Path):
    tables = small()
    tables["observations.csv"][0]["state"] = "Busy"
    folder = write(tmp_path / "in", tables)
    (folder / "settings.json").write_text('{"vocabulary": {"Busy": "being_built"}}')
    import_folder(folder, tmp_path / "a.gpkg", who="t", today=TODAY)
    with Case.open(tmp_path / "a.gpkg") as opened:
        before = opened.journal()
        with pytest.raises(BadSetting, match="'Busy'"):
            opened.set_settings(Settings(), "Bob")
        with pytest.raises(BadSetting, match="key_events"):
            opened.set_settings(Settings(key_events=("nope",), vocabulary={"Busy": "being_built"}), "Bob")
        assert opened.journal() == before


def test_a_merge_replaces_adds_and_leaves_the_rest(case: Path, tmp_path: Path):
    tables = small()
    rows = [{"structure_id": "pad", "name": "Launch pad", "kind": "", "aliases": "", "notes": "", "mine": "x"}]
    rows.append({**rows[0], "structure_id": "new", "name": "New"})
    look = {**tables["observations.csv"][1], "observation_id": "o3", "structure_id": "new"}
    folder = write(tmp_path / "more", {"structures.csv": rows, "observations.csv": [look]})
    with pytest.raises(WouldOverwrite):
        import_folder(folder, case, who="Bob", today=TODAY)
    import_folder(folder, case, who="Bob", merge=True, today=TODAY)
    with Case.open(case) as opened:
        data = opened.data()
        assert list(data.structures) == ["pad", "stand", "new"]
        assert data.structures["pad"].name == "Launch pad"
        assert [o.observation_id for o in data.observations] == ["o1", "o2", "o3"]
        changes = [(e.what, e.table, e.key) for e in opened.journal() if e.who == "Bob"]
    assert changes == [("update", "structures", "pad"), ("insert", "structures", "new"), ("insert", "observations", "o3")]


def test_a_merge_with_bad_rows_changes_nothing(case: Path, tmp_path: Path):
    rows = [{"structure_id": "pad", "name": "Lost", "kind": "", "aliases": "", "notes": ""}]
    looks = [{**small()["observations.csv"][1], "observation_id": "o3", "structure_id": "nowhere"}]
    folder = write(tmp_path / "more", {"structures.csv": rows, "observations.csv": looks})
    with Case.open(case) as opened:
        before = opened.data(), opened.journal()
    with pytest.raises(BadRows) as caught:
        import_folder(folder, case, who="Bob", merge=True, today=TODAY)
    assert [(p.file, p.line, p.column) for p in caught.value.problems] == [("observations.csv", 2, "structure_id")]
    with Case.open(case) as opened:
        assert (opened.data(), opened.journal()) == before


def test_a_merge_that_contradicts_a_row_of_the_case_names_that_row(case: Path, tmp_path: Path):
    scene = {**small()["images.csv"][0], "acquired_date": "2019-03-04"}
    folder = write(tmp_path / "more", {"images.csv": [scene]})
    with pytest.raises(BadRows) as caught:
        import_folder(folder, case, who="Bob", merge=True, today=TODAY)
    (problem,) = caught.value.problems
    assert problem.line is None and "'o1' already in the case" in problem.reason


def test_a_merge_without_footprints_leaves_footprints_alone(case: Path, tmp_path: Path):
    text = '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"structure_id": "pad"},'
    text += ' "geometry": {"type": "Point", "coordinates": [124.7, 39.7]}}]}'
    (tmp_path / "geo").mkdir()
    (tmp_path / "geo" / "structures.geojson").write_text(text)
    import_folder(tmp_path / "geo", case, who="t", merge=True)
    import_folder(tmp_path / "in", case, who="t", merge=True)
    with Case.open(case) as opened:
        structure = opened.data().structures["pad"]
    assert structure.geometry_wkt == "POINT (124.7 39.7)"
    assert structure.name == "Pad"


def test_a_second_writer_is_told_and_the_first_goes_on(case: Path):
    with Case.open(case) as one, Case.open(case, wait_s=0) as two:
        with one.writing("Ann") as db:
            db.execute("UPDATE structures SET notes='1' WHERE structure_id='pad'")
            with pytest.raises(CaseBusy, match="another program is writing"):
                two.set_settings(Settings(title="x"), "Bob")
            assert two.data().structures["pad"].notes == ""  # readers go on, and see the case as it was
        two.set_settings(Settings(title="x"), "Bob")
        assert one.data().settings.title == "x"
        assert one.data().structures["pad"].notes == "1"


def test_a_transaction_that_fails_leaves_nothing(case: Path):
    with Case.open(case) as opened:
        before = opened.data(), opened.journal()
        with pytest.raises(KeyboardInterrupt), opened.writing("Ann") as db:
            db.execute("DELETE FROM readings")
            raise KeyboardInterrupt
        with pytest.raises(FileTrouble, match="FOREIGN KEY"), opened.writing("Ann") as db:
            db.execute("DELETE FROM sources")
        assert (opened.data(), opened.journal()) == before


def test_a_newer_case_is_left_alone(case: Path):
    with closing(sqlite3.connect(case)) as db, db:
        db.execute("UPDATE siteline_meta SET value='5' WHERE key='schema_version'")
    raw = case.read_bytes()
    for use in (Case.open, check_case):
        with pytest.raises(CaseTooNew, match="schema version 5, this siteline reads up to 4"):
            use(case)
    assert case.read_bytes() == raw


def old_case(path: Path, version: int = 1) -> Path:
    """A case of an older version with a source and a structure."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        create_schema(db, version=version)
        db.execute("INSERT INTO sources (source_id, publisher) VALUES ('s1', 'P')")
        db.execute("INSERT INTO structures (structure_id, name) VALUES ('pad', 'Pad')")
        assert ("extra" in [row[1] for row in db.execute("PRAGMA table_info(sources)")]) == (version > 1)
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        assert ("imagery" in names) == (version > 2) and "measurements" not in names
    return path


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_case_is_brought_up_to_date(tmp_path: Path, version: int):
    path = old_case(tmp_path / "old.gpkg", version)
    steps = [("migrate", {"value": v}, {"value": v + 1}) for v in range(version, 4)]
    with Case.open(path) as opened:
        assert opened.data().sources["s1"].publisher == "P"
        migrations = [e for e in opened.journal() if e.what == "migrate"]
        assert [(e.what, e.before, e.after) for e in migrations] == steps
    assert check_case(path) == []
    import_folder(write(tmp_path / "in", small()), path, who="Ann", merge=True, today=TODAY)
    with Case.open(path) as opened:
        updated = [e for e in opened.journal() if e.what == "update" and e.key == "s1"]
        assert updated[0].before is not None  # its rows are journalled from now on
        assert opened.data() == read_folder(tmp_path / "in", today=TODAY)
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        create_schema(fresh)
        for table in ("observations", "structures", *(t.name for t in PIXEL_TABLES)):
            columns = [[row[1:] for row in d.execute(f"PRAGMA table_info({table})")] for d in (db, fresh)]
            assert columns[0] == columns[1]
        sql = "SELECT name, sql FROM sqlite_master WHERE type='trigger' ORDER BY name"
        assert db.execute(sql).fetchall() == fresh.execute(sql).fetchall()


@pytest.mark.parametrize(
    "make", [lambda p: p.write_text("hello"), lambda p: p.touch(), lambda p: sqlite3.connect(p).close()]
)
def test_what_is_no_case_is_said_to_be_none(tmp_path: Path, make: Callable[[Path], object]):
    path = tmp_path / "a.gpkg"
    make(path)
    with pytest.raises(NotACase, match="is not a siteline case; make one"):
        Case.open(path)


def test_another_geopackage_is_no_case(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as db:
        db.execute("CREATE TABLE t (x)")
    with pytest.raises(NotACase):
        Case.open(tmp_path / "a.gpkg")


def test_a_missing_case_is_not_made(tmp_path: Path):
    with pytest.raises(FileTrouble, match="does not exist"):
        Case.open(tmp_path / "a.gpkg")
    with pytest.raises(FileTrouble, match="does not exist"):
        Case.create(tmp_path / "no" / "a.gpkg")
    assert not list(tmp_path.iterdir())


def test_check_names_what_other_programs_wrote(case: Path):
    with closing(sqlite3.connect(case)) as db, db:
        db.execute("UPDATE observations SET state='gone', acquired_date='someday' WHERE observation_id='o2'")
        db.execute("UPDATE claims SET source_id='nobody'")
        db.execute("UPDATE structures SET geom=x'00' WHERE structure_id='pad'")
    found = {(p.file, p.column) for p in check_case(case, today=TODAY)}
    rows = ("observations[o2].state", "observations[o2].acquired_date", "claims[f1].source_id", "structures[pad].geom")
    assert found == {("case.gpkg", row) for row in rows}
    with Case.open(case) as opened, pytest.raises(BadRows, match="siteline check"):
        opened.data()


def test_check_notices_a_journal_without_its_guard(case: Path):
    with closing(sqlite3.connect(case)) as db:
        db.execute("DROP TRIGGER siteline_journal_no_delete")
    assert [p.column for p in check_case(case)] == ["siteline_journal"]


def test_check_notices_damage(case: Path):
    raw = bytearray(case.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 3000] = b"\xaa" * 3000
    case.write_bytes(raw)
    try:
        assert check_case(case)
    except FileTrouble as error:
        assert "damaged" in str(error)


def test_export_overwrites_nothing(case: Path, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(WouldOverwrite):
        export_folder(case, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_read_only_place_allows_reading_and_refuses_writing(case: Path, tmp_path: Path):
    """In a child without root's rights, since root may write anywhere."""
    raw = case.read_bytes()
    for path, mode in ((case, 0o444), (tmp_path, 0o555)):
        path.chmod(mode)
    for parent in [tmp_path, *tmp_path.parents[:-2]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        os._exit(_use_read_only(case))
    _, status = os.waitpid(child, 0)
    tmp_path.chmod(0o755)
    assert os.waitstatus_to_exitcode(status) == 0
    assert case.read_bytes() == raw
    assert {p.name for p in tmp_path.iterdir()} == {"case.gpkg", "in"}


def test_a_case_left_by_a_crash_in_a_read_only_place_is_never_shown_as_it_was_before(case: Path, tmp_path: Path):
    child = os.fork()
    if child == 0:
        opened = Case.open(case)
        opened.set_settings(Settings(title="newest"), "Bob")
        os._exit(0)  # without closing: the change lies in the write-ahead log
    os.waitpid(child, 0)
    (tmp_path / "case.gpkg-shm").unlink()
    assert (tmp_path / "case.gpkg-wal").stat().st_size > 0
    for path in (case, tmp_path / "case.gpkg-wal"):
        path.chmod(0o444)
    for parent in tmp_path.parents[:-2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    tmp_path.chmod(0o555)
    child = os.fork()
    if child == 0:
        os._exit(_use_left_behind(case))
    _, status = os.waitpid(child, 0)
    tmp_path.chmod(0o755)
    assert os.waitstatus_to_exitcode(status) == 0
    with Case.open(case) as opened:
        assert opened.data().settings.title == "newest"


def _use_left_behind(case: Path) -> int:
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        with Case.open(case) as opened:
            return 0 if opened.data().settings.title == "newest" else 1
    except FileTrouble as error:
        return 0 if "check the path and the permissions of its folder" in str(error) else 2


def _use_read_only(case: Path) -> int:
    """0 if all is as promised, else the number of the first promise broken."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    with Case.open(case) as opened:
        if not opened.read_only or len(opened.data().observations) != 2:
            return 1
        try:
            opened.set_settings(Settings(title="x"), "Bob")
            return 2
        except FileTrouble as error:
            if "copy it to a folder that can be written" not in str(error):
                return 3
    try:
        import_folder(case.parent / "in", case.parent / "b.gpkg", who="t", today=TODAY)
        return 4
    except FileTrouble as error:
        return 0 if "permission denied" in str(error) else 5
