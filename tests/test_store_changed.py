"""What pixels show, kept in the case: whole, replaced by the next run, journalled by the run, named where it is broken."""

from __future__ import annotations

import math
import re
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from siteline.model.changed import Detected, Measured, PixelChange, Power, Size, Trust
from siteline.model.dated import Bracket, Posterior
from siteline.model.errors import BadInput, BadRows
from siteline.model.imagery import FoundScene, Search
from siteline.model.pixeltables import PIXEL_TABLES
from siteline.store.case import Case
from siteline.store.changed import detected, keep_detected, keep_measured, keep_trust, measured, trusted
from siteline.store.checking import check_case
from siteline.store.exporting import export_folder
from siteline.store.imagery import keep_search
from siteline.store.importing import import_folder
from siteline.store.schema import create_schema
from store_folders import TODAY, small, write

NAN, INF = math.nan, math.inf
SCENES = [f"earth-search/{n}" for n in range(5)]

numbers = st.floats(width=64) | st.sampled_from([0.0, -0.0, NAN, INF, -INF, 1e-300, 0.1 + 0.2])
shares = st.floats(0, 1) | st.just(NAN)
days = st.floats(-1e5, 1e5)
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
filled = text.filter(lambda t: t.strip() != "")
plain = st.text("abc:/% 発", min_size=1, max_size=8).filter(lambda t: t == t.strip())


def prepared(path: Path) -> Path:
    """A case with the structures 'pad' and 'stand' and five scenes."""
    ledger = {name: rows for name, rows in small().items() if name not in {t.file for t in PIXEL_TABLES}}
    import_folder(write(path.parent / "in", ledger), path, who="t", today=TODAY)
    search = Search("q", "earth-search", "{}", "2026-01-14T00:00:00Z", 5, 5, "complete")
    with Case.open(path) as case:
        keep_search(case, search, [FoundScene(scene, "q", {"id": scene}) for scene in SCENES], "t")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return prepared(tmp_path / "case.gpkg")


def row(structure: str = "pad", scene: int = 0, measure: str = "contrast:nir", **facts: object) -> Measured:
    made = Measured(structure, SCENES[scene], "s2 10 m", 17_000.5 + scene, "2016-07-18T12:00Z", measure, 0.25, 0.01, 1.0)
    return replace(made, **facts)  # type: ignore[arg-type]


def change(after: float = 17_000.0) -> PixelChange:
    posterior = Posterior(np.array([after, after + 3, after + 10.1]), np.array([0.1, 0.9]))
    interval = (after + 1, after + 9)
    sizes = (Size("contrast:nir", 0.3, NAN), Size("texture", -1.5, 0.2))
    bracket = Bracket(after, after + 10.1)
    return PixelChange("step", 0.0, bracket, SCENES[0], SCENES[1], posterior, interval, interval, interval, 0.97, sizes)


def found(structure: str = "pad", stack: str = "all", **facts: object) -> Detected:
    made = Detected(structure, stack, ("contrast:nir",), 5, 17_000.0, 17_004.0, 0.99, 12.5, 3.0, (change(),))
    return replace(made, **facts)  # type: ignore[arg-type]


def trust(structure: str = "pad", **facts: object) -> Trust:
    power = (Power(15.0, 2.0, "sd", INF, 40, 38, 30), Power(8.0, 0.1, "reflectance", 90.0, 40, 3, 1))
    return replace(Trust(structure, "all", 200, 2, 0.05, 3.2, 0.8, 0.95, 10.0, power), **facts)  # type: ignore[arg-type]


def same(one: object, other: object) -> bool:
    """Equal in every field and every bit, NaN being NaN."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and same(tuple(one.tolist()), tuple(other.tolist()))
    if isinstance(one, float):
        return isinstance(other, float) and (one.hex() == other.hex() or (math.isnan(one) and math.isnan(other)))
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__dataclass_fields__"):
        return type(one) is type(other) and all(same(getattr(one, f), getattr(other, f)) for f in one.__dataclass_fields__)
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    return one == other


measurements = st.builds(
    Measured,
    structure_id=st.sampled_from(["pad", "stand"]),
    scene_id=st.sampled_from(SCENES),
    stack=filled,
    when=numbers,
    acquired=text,
    measure=plain,
    value=numbers,
    spread=numbers,
    usable_share=shares,
    reasons=text,
)
intervals = st.tuples(numbers, numbers)


@st.composite
def changes(draw: st.DrawFn) -> PixelChange:
    edges = sorted(draw(st.lists(numbers, min_size=2, max_size=6)))
    mass = draw(st.lists(st.floats(0, 1), min_size=len(edges) - 1, max_size=len(edges) - 1))
    after, by = draw(st.none() | days), draw(st.none() | days)
    if after is not None and by is not None:
        after, by = min(after, by), max(after, by)
    return PixelChange(
        shape=draw(st.sampled_from(["step", "ramp"])),
        ramp_days=draw(numbers),
        bracket=Bracket(after, by),
        after_scene=draw(text),
        by_scene=draw(text),
        posterior=Posterior(np.array(edges), np.array(mass)),
        interval50=draw(intervals),
        interval90=draw(intervals),
        interval95=draw(intervals),
        probability=draw(st.floats(0, 1)),
        sizes=tuple(draw(st.lists(st.builds(Size, text, numbers, numbers), max_size=3))),
    )


detections = st.builds(
    Detected,
    structure_id=st.sampled_from(["pad", "stand"]),
    stack=filled.filter(lambda t: t == t.strip() and not any(c < " " or c in ";\x7f" for c in t)),
    measures=st.lists(text, max_size=3).map(tuple),
    scenes=st.integers(0, 10**6),
    first=numbers,
    last=numbers,
    probability=shares,
    evidence=numbers,
    threshold=numbers,
    changes=st.lists(changes(), max_size=2).map(tuple),
    prior=st.dictionaries(text, numbers, max_size=3),
    doubts=st.lists(text, max_size=2).map(tuple),
    conflict=text,
    note=text,
)
counts = st.integers(0, 10**9)
trusts = st.builds(
    Trust,
    structure_id=st.sampled_from(["pad", "stand"]),
    stack=st.sampled_from(["all", "s2 10 m"]),
    placebos=counts,
    exceeding=counts,
    nominal=shares,
    threshold=numbers,
    temperature=numbers,
    covered=shares,
    ground_m=numbers,
    power=st.lists(st.builds(Power, numbers, numbers, text, numbers, counts, counts, counts), max_size=3).map(tuple),
    note=text,
)


@settings(
    max_examples=50,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.lists(measurements, max_size=6, unique_by=lambda m: (m.structure_id, m.scene_id, m.measure)),
    st.lists(detections, max_size=3, unique_by=lambda d: (d.structure_id, d.stack)),
    st.lists(trusts, max_size=3, unique_by=lambda t: (t.structure_id, t.stack)),
)
def test_every_bit_comes_back_from_the_case_and_from_a_folder(
    rows: list[Measured], answers: list[Detected], tried: list[Trust]
):
    with tempfile.TemporaryDirectory() as name:
        path, again = prepared(Path(name) / "a.gpkg"), Path(name) / "b.gpkg"
        with Case.open(path) as case:
            keep_measured(case, rows, "Ann")
            keep_detected(case, answers, "Ann")
            keep_trust(case, tried, "Ann")
        assert check_case(path, today=TODAY) == []
        export_folder(path, Path(name) / "out")
        import_folder(Path(name) / "out", again, who="Bob", today=TODAY)
        for file in (path, again):
            with Case.open(file) as case:
                assert same(measured(case), tuple(rows))
                assert same(detected(case), tuple(answers))
                assert same(trusted(case), tuple(tried))


def test_what_could_not_be_measured_is_blank_never_zero(path: Path):
    with Case.open(path) as case:
        keep_measured(case, [row(value=NAN, spread=NAN, usable_share=0.0, reasons="cloud 100 %")], "Ann")
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT value, spread, usable_share, reasons FROM measurements"
        assert db.execute(sql).fetchall() == [("", "", "0.0", "cloud 100 %")]


def test_a_run_replaces_what_it_measured_anew_and_nothing_else(path: Path):
    with Case.open(path) as case:
        keep_measured(case, [row(scene=n) for n in range(4)], "Ann")
        other = [row("stand"), row(scene=4, stack="radar 137 ascending")]
        keep_measured(case, other, "Ann")
        newer = [row(scene=n, value=0.5) for n in (0, 1)]
        keep_measured(case, newer, "Bob")
        assert set(measured(case)) == {*other, *newer}
        assert measured(case, "stand") == (other[0],)
        renamed = [row(scene=n, value=0.7, stack="s2 20 m") for n in range(2)]  # the same scenes under another name
        keep_measured(case, renamed, "Bob")
        assert set(measured(case)) == {*other, *renamed}
        keep_measured(case, [], "Bob")
        assert set(measured(case)) == {*other, *renamed}


def test_a_run_is_one_line_of_the_journal_and_a_strangers_edit_one_more(path: Path):
    with Case.open(path) as case:
        before = len(case.journal())
        keep_measured(case, [row(scene=n) for n in range(5)], "Ann")
        keep_measured(case, [row(scene=n, value=1.0) for n in range(5)], "Bob")
        lines = case.journal()[before:]
        assert [(e.who, e.what, e.table) for e in lines] == [(w, "run", "measurements") for w in ("Ann", "Bob")]
        assert lines[1].after == {"rows": 5, "replaced": 5, "structures": ["pad"], "stacks": ["s2 10 m"]}
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE measurements SET value = '9' WHERE fid = (SELECT max(fid) FROM measurements)")
        last = case.journal()[-1]
        assert (last.who, last.what, last.after["value"]) == ("another program", "update", "9")  # type: ignore[index]


def test_a_folder_of_measurements_is_one_line_too(path: Path, tmp_path: Path):
    with Case.open(path) as case:
        keep_measured(case, [row(scene=n) for n in range(5)], "Ann")
    export_folder(path, tmp_path / "out")
    import_folder(tmp_path / "out", tmp_path / "b.gpkg", who="Bob", today=TODAY)
    with Case.open(tmp_path / "b.gpkg") as case:
        lines = [e for e in case.journal() if e.table == "measurements"]
        assert [(e.who, e.what, dict(e.after or {})) for e in lines] == [("Bob", "run", {"rows": 5, "of": "a folder"})]


def test_answers_are_journalled_row_by_row_and_replaced_by_structure(path: Path):
    with Case.open(path) as case:
        keep_detected(case, [found(), found(stack="s2 10 m"), found("stand")], "Ann")
        keep_detected(case, [found(note="anew")], "Bob")
        assert [(d.structure_id, d.stack, d.note) for d in detected(case)] == [("pad", "all", "anew"), ("stand", "all", "")]
        told = [(e.who, e.what, e.key) for e in case.journal() if e.table == "detections"]
        assert told[3:] == [("Bob", "delete", "pad/s2 10 m"), ("Bob", "update", "pad/all")]
        keep_trust(case, [trust()], "Ann")
        keep_trust(case, [trust(stack="s2 10 m"), trust(placebos=300)], "Bob")
        assert [(t.stack, t.placebos) for t in trusted(case)] == [("all", 300), ("s2 10 m", 200)]
        assert trusted(case)[0].false_alarm == 3 / 301
        keep_trust(case, [trust("stand")], "Ann")
        keep_trust(case, [trust(stack="s2 20 m")], "Bob")  # what is no longer detected is no longer judged
        assert {(t.structure_id, t.stack) for t in trusted(case)} == {("stand", "all"), ("pad", "s2 20 m")}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_old_cases_take_them(tmp_path: Path, version: int):
    path = tmp_path / "old.gpkg"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        create_schema(db, version=version)
        db.execute("INSERT INTO structures (structure_id, name) VALUES ('pad', 'Pad')")
    search = Search("q", "earth-search", "{}", "2026-01-14T00:00:00Z", 1, 1, "complete")
    with Case.open(path) as case:
        assert case.data().structures["pad"].name == "Pad"
        assert measured(case) == detected(case) == trusted(case) == ()
        keep_search(case, search, [FoundScene(SCENES[0], "q", {"id": "0"})], "t")
        keep_measured(case, [row()], "Ann")
        assert measured(case) == (row(),)
    assert check_case(path) == []


def test_what_the_case_does_not_have_is_refused_and_nothing_kept(path: Path):
    with Case.open(path) as case:
        keep_measured(case, [row()], "Ann")
        before = case.journal()
        for rows, words in (
            ([row(), row("tower")], "no structures 'tower'; add them first: siteline import"),
            ([row(scene_id="x/9")], "no scenes 'x/9'; add them first: siteline find"),
            ([row(), row(), row(scene=1)], "1 measurements name a structure, scene and measure twice"),
        ):
            with pytest.raises(BadInput, match=words):
                keep_measured(case, rows, "Ann")
        with pytest.raises(BadInput, match="comes twice with the stack 'all'"):
            keep_detected(case, [found(), found()], "Ann")
        with pytest.raises(BadInput, match="no structures 'tower'"):
            keep_trust(case, [trust("tower")], "Ann")
        assert case.journal() == before
        assert measured(case) == (row(),)


BROKEN = [
    ("measurements", "value", "1,5", "is not a number; correct it, or leave it blank"),
    ("measurements", "usable_share", "1.5", "is not a number from 0 to 1"),
    ("measurements", "stack", "", "must be filled in"),
    ("measurements", "scene_id", "gone", "is not a scene_id of imagery.csv"),
    ("detections", "probability", "likely", "is not a number from 0 to 1"),
    ("detections", "scenes", "-3", "is not a whole number; correct it"),
    ("detections", "changes", "[{", "is not JSON .* detect again: siteline detect"),
    ("detections", "changes", '[{"shape":"step"}]', "lacks 'edges'; detect again"),
    ("detections", "prior", '{"rate":"often"}', "'often' is not a number"),
    ("detections", "doubts", '"none"', "is not a list"),
    ("trust", "power", '[{"injected":1.5,"found":0,"dated":0}]', "must be whole numbers.*try again: siteline trust"),
    ("trust", "placebos", "", "is not a whole number"),
]


@pytest.mark.parametrize(("table", "column", "value", "words"), BROKEN)
def test_a_row_spoilt_by_another_program_is_named(path: Path, table: str, column: str, value: str, words: str):
    with Case.open(path) as case:
        keep_measured(case, [row()], "Ann")
        keep_detected(case, [found()], "Ann")
        keep_trust(case, [trust()], "Ann")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {table} SET {column} = ?", (value,))
    key = {"measurements": "pad/earth-search/0/contrast:nir"}.get(table, "pad/all")
    (problem,) = check_case(path, today=TODAY)
    assert problem.column == f"{table}[{key}].{column}"
    with pytest.raises(AssertionError if column in ("usable_share", "stack", "scene_id", "scenes") else BadRows):
        with Case.open(path) as case:
            measured(case), detected(case), trusted(case)
        raise AssertionError("could be read")
    assert re.search(words, problem.reason), problem.reason
