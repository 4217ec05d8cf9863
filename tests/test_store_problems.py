"""Bad rows: every one reported, at once, in its place, and nothing written."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from siteline.guard.csvfile import MAX_PROBLEMS
from siteline.model.errors import BadRows, FileTrouble, RowProblem
from siteline.store.importing import import_folder, read_folder
from store_folders import SOHAE, TODAY, Rows, small, write

# (file, row, column, bad value, part of the reason): one fault each, none that causes another.
FAULTS = [
    ("sources.csv", 0, "url", "javascript:alert(1)", "web address"),
    ("sources.csv", 1, "url", "https://a b", "web address"),
    ("sources.csv", 0, "published", "2019-02-30", "not a usable date"),
    ("sources.csv", 1, "published", "soon", "not a usable date"),
    ("sources.csv", 1, "repeats", "s1; nobody", "'nobody' is not a source_id of sources.csv"),
    ("sources.csv", 0, "repeats", "s1", "names itself"),
    ("images.csv", 0, "acquired_time_utc_if_stated", "26:00", "HH:MM"),
    ("images.csv", 0, "source_ids", "s1;s9", "'s9' is not a source_id"),
    ("observations.csv", 0, "structure_id", "pda", "'pda' is not a structure_id"),
    ("observations.csv", 1, "structure_id", " ", "is empty"),
    ("observations.csv", 0, "acquired_date", "2019-03-03", "differs from 2019-03-02, the date of scene 'i1'"),
    ("observations.csv", 1, "acquired_date", "0000-01-01", "year 0"),
    ("observations.csv", 1, "acquired_date", "2026-01-17", "future"),
    ("observations.csv", 1, "acquired_date", "2019-03-02T02:11", "zone"),
    ("observations.csv", 0, "state", "Intact", "unknown state 'Intact'"),
    ("observations.csv", 0, "confidence", "", "not one of high, medium, low"),
    ("observations.csv", 1, "source_id", "", "is empty"),
    ("findings.csv", 0, "after_date", "2019-03-03", "reversed"),
    ("findings.csv", 0, "claim_type", "finished", "not one of began"),
    ("events.csv", 0, "end_date", "2019-02-26", "ends before it starts"),
    ("events.csv", 0, "start_date", "2026-02", "future"),
    ("statements.csv", 0, "date", "2019-13", "not a usable date"),
    ("hypotheses.csv", 0, "title", "", "is empty"),
    ("readings.csv", 0, "item", "stance:nothing", "no 'stance:' that a statement takes"),
    ("readings.csv", 0, "reading", "maybe", "not one of consistent"),
]


def faults_of(folder: Path) -> tuple[RowProblem, ...]:
    with pytest.raises(BadRows) as caught:
        read_folder(folder, today=TODAY)
    return caught.value.problems


def test_the_sound_folder_is_sound(tmp_path: Path):
    data = read_folder(write(tmp_path, small()), today=TODAY)
    assert data.observations[0].when.is_instant  # the scene's time
    assert data.sources["s2"].repeats == ("s1",)


@pytest.mark.parametrize(("file", "row", "column", "value", "words"), FAULTS)
def test_each_fault_is_found_alone(tmp_path: Path, file: str, row: int, column: str, value: str, words: str):
    tables = small()
    tables[file][row][column] = value
    (problem,) = faults_of(write(tmp_path, tables))
    assert (problem.file, problem.line, problem.column) == (file, row + 2, column)
    assert words in problem.reason


@pytest.mark.parametrize("seed", range(30))
def test_all_faults_are_reported_at_once_and_nothing_is_written(tmp_path: Path, seed: int):
    chosen: dict[tuple[str, int], tuple[str, str]] = {}
    for file, row, column, value, _ in random.Random(seed).sample(FAULTS, 12):
        chosen[(file, row)] = (column, value)  # one fault a row: a row's dates are compared only if each can be read
    tables = small()
    for (file, row), (column, value) in chosen.items():
        tables[file][row][column] = value
    folder = write(tmp_path / "in", tables)
    with pytest.raises(BadRows) as caught:
        import_folder(folder, tmp_path / "case.gpkg", who="t", today=TODAY)
    found = {(p.file, p.line, p.column) for p in caught.value.problems}
    assert found == {(file, row + 2, column) for (file, row), (column, _) in chosen.items()}
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_a_key_used_twice_names_both_lines(tmp_path: Path):
    tables = small()
    tables["observations.csv"].append(tables["observations.csv"][0])
    (problem,) = faults_of(write(tmp_path, tables))
    assert (problem.line, problem.column) == (4, "observation_id")
    assert "first on line 2" in problem.reason


@pytest.mark.parametrize("key", ["a;b", " a", "a\nb", "a\x07"])
def test_keys_that_would_break_lists_are_refused(tmp_path: Path, key: str):
    tables = small()
    tables["statements.csv"][0]["statement_id"] = key
    (problem,) = faults_of(write(tmp_path, tables))
    assert problem.column == "statement_id"


def test_line_numbers_count_line_breaks_inside_cells(tmp_path: Path):
    tables = small()
    tables["observations.csv"][0]["paraphrase"] = "three\nlines\nhere"
    tables["observations.csv"][1]["state"] = "gone"
    (problem,) = faults_of(write(tmp_path, tables))
    assert problem.line == 5


@pytest.mark.parametrize("file", ["sources.csv", "structures.csv", "observations.csv"])
def test_a_missing_file_is_reported(tmp_path: Path, file: str):
    write(tmp_path, small())
    (tmp_path / file).unlink()
    (problem,) = faults_of(tmp_path)  # and no complaint about every key that would have been in it
    assert (problem.file, problem.line) == (file, None)
    assert "the file is missing" in problem.reason


def test_files_that_are_not_needed_may_be_missing(tmp_path: Path):
    tables = small()
    needed = {name: tables[name] for name in ("sources.csv", "structures.csv", "images.csv", "observations.csv")}
    assert len(read_folder(write(tmp_path, needed), today=TODAY).observations) == 2


def test_missing_columns_are_all_named_and_optional_ones_are_not(tmp_path: Path):
    tables = small()
    for row in tables["sources.csv"]:
        for name in ("url", "published", "repeats"):
            del row[name]
    problems = [p for p in faults_of(write(tmp_path, tables)) if p.file == "sources.csv"]
    assert [(p.line, p.column) for p in problems] == [(1, "url"), (1, "published")]


@pytest.mark.parametrize(("name", "meant"), [("finding.csv", "findings.csv"), ("claims.csv", "findings.csv")])
def test_a_nearly_right_file_name_is_not_passed_over(tmp_path: Path, name: str, meant: str):
    write(tmp_path, small())
    (tmp_path / "findings.csv").rename(tmp_path / name)
    (tmp_path / "notes.txt").write_text("left alone")
    (problem,) = faults_of(tmp_path)
    assert problem.file == name
    assert meant in problem.reason


def test_a_vocabulary_in_the_settings_makes_words_known(tmp_path: Path):
    tables = small()
    tables["observations.csv"][0]["state"] = "Active Construction"
    write(tmp_path, tables)
    assert "vocabulary" in faults_of(tmp_path)[0].reason
    (tmp_path / "settings.json").write_text(json.dumps({"vocabulary": {"Active Construction": "being_built"}}))
    assert read_folder(tmp_path, today=TODAY).observations[0].state == "Active Construction"


@pytest.mark.parametrize(
    ("raw", "column"),
    [
        (b"{", "settings.json"),
        (b"[" * 100_000, "settings.json"),
        (b'{"titel": ""}', "titel"),
        (b'{"key_events": ["e9"]}', "key_events"),
        (b'{"key_structures": ["e9"]}', "key_structures"),
        (b'{"rates": {"complete->gone": 1}}', "rates"),
        (b'{"title": "\\ud800"}', None),
        (b"\xff", None),
    ],
)
def test_bad_settings_are_problems_of_their_file(tmp_path: Path, raw: bytes, column: str | None):
    write(tmp_path, small())
    (tmp_path / "settings.json").write_bytes(raw)
    (problem,) = faults_of(tmp_path)
    assert (problem.file, problem.column) == ("settings.json", column)


def test_wrong_encoding_names_the_line_and_other_files_are_checked_too(tmp_path: Path):
    write(tmp_path, small())
    path = tmp_path / "statements.csv"
    path.write_bytes(path.read_bytes().replace(b"t1,X", b"t1,\xc9"))
    (tmp_path / "hypotheses.csv").write_text("hypothesis_id,title,explanation,author\nh1,,,\n")
    assert [(p.file, p.line) for p in faults_of(tmp_path)] == [("statements.csv", 2), ("hypotheses.csv", 2)]


def test_tomorrow_is_not_yet_the_future(tmp_path: Path):
    tables = small()
    tables["observations.csv"][1]["acquired_date"] = "2026-01-16"  # TODAY + 1: somewhere it is tomorrow already
    read_folder(write(tmp_path, tables), today=TODAY)


def test_a_flood_of_problems_is_bounded(tmp_path: Path):
    tables = small()
    tables["observations.csv"] = [{**tables["observations.csv"][1], "state": "?"} for _ in range(MAX_PROBLEMS)]
    problems = faults_of(write(tmp_path, tables))
    assert MAX_PROBLEMS <= len(problems) <= MAX_PROBLEMS + 2


Change = Callable[[dict], object]


@pytest.mark.parametrize(
    ("change", "line", "column", "words"),
    [
        (lambda c: c.update(type="Feature"), None, None, "FeatureCollection"),
        (lambda c: c.update(features={}), None, None, "list"),
        (lambda c: c.update(crs={"properties": {"name": "EPSG:32652"}}), None, None, "WGS 84"),
        (
            lambda c: c["features"][1].update(geometry={"type": "Point", "coordinates": [39.6, 124.7]}),
            3,
            "geometry",
            "longitude",
        ),
        (lambda c: c["features"][1].update(geometry={"type": "Point"}), 3, "geometry", "not a GeoJSON geometry"),
        (lambda c: c["features"][1].update(geometry={"type": "Polygon", "coordinates": []}), 3, "geometry", "empty"),
        (lambda c: c["features"][1].update(geometry=7), 3, "geometry", "object or null"),
        (lambda c: c["features"][1]["properties"].update(name=3), 3, "name", "text"),
        (lambda c: c["features"][1]["properties"].update(name="\ud800"), 3, "name", "UTF-8"),
        (lambda c: c["features"][1]["properties"].update(kind="a\0"), 3, "kind", "NUL"),
        (lambda c: c["features"].append(c["features"][0]), 4, "structure_id", "twice"),
    ],
)
def test_bad_geojson_is_named_with_its_line(
    tmp_path: Path, change: Change, line: int | None, column: str | None, words: str
):
    tables = small()
    names = [row["structure_id"] for row in tables.pop("structures.csv")]
    write(tmp_path, tables)
    features = [{"type": "Feature", "properties": {"structure_id": n}, "geometry": None} for n in names]
    collection = {"type": "FeatureCollection", "features": features}
    change(collection)
    text = json.dumps(collection).replace('{"type": "Feature",', '\n{"type": "Feature",')
    (tmp_path / "structures.geojson").write_text(text)
    problem = next(p for p in faults_of(tmp_path) if p.file == "structures.geojson")
    assert (problem.line, problem.column) == (line, column)
    assert words in problem.reason


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b'{"type":\n}', 2, "not JSON"),
        (b"[" * 100_000, None, "too deeply"),
        (b"{}\n\xff", None, "line 2 is not UTF-8"),
        (b'{"type": "FeatureCollection", "features": [\n7]}', 2, "not a GeoJSON feature"),
        (b"", 1, "not JSON"),
    ],
)
def test_geojson_that_cannot_be_read_is_one_problem(tmp_path: Path, raw: bytes, line: int | None, words: str):
    tables = small()
    del tables["structures.csv"]
    write(tmp_path, tables)
    (tmp_path / "structures.geojson").write_bytes(raw)
    (problem,) = faults_of(tmp_path)
    assert (problem.file, problem.line) == ("structures.geojson", line)
    assert words in problem.reason


def test_features_are_counted_on_their_lines_wherever_the_list_stands(tmp_path: Path):
    tables = small()
    del tables["structures.csv"]
    write(tmp_path, tables)
    feature = '{"type": "Feature", "geometry": null, "properties": {"structure_id": "%s", "name": %s}}'
    text = '\n{ "a": {"features": [1,\n2]},\n"features" :\n[ ' + feature % ("pad", "1") + "\n,\n" + feature % ("stand", "2")
    (tmp_path / "structures.geojson").write_text(text + '\n] , "type": "FeatureCollection"}\n')
    assert [(p.line, p.column) for p in faults_of(tmp_path)] == [(5, "name"), (7, "name")]


def test_two_files_of_structures_are_refused(tmp_path: Path):
    write(tmp_path, small())
    features = [{"type": "Feature", "properties": {"structure_id": n}, "geometry": None} for n in ("pad", "stand")]
    (tmp_path / "structures.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (problem,) = faults_of(tmp_path)
    assert "keep one" in problem.reason


def test_a_folder_that_is_none_says_so(tmp_path: Path):
    with pytest.raises(FileTrouble, match="is not a folder"):
        read_folder(tmp_path / "nowhere")


def test_one_megabyte_cells_pass_and_longer_ones_are_named(tmp_path: Path):
    tables: dict[str, Rows] = small()
    tables["structures.csv"][0]["notes"] = "x" * 2**20
    assert len(read_folder(write(tmp_path, tables), today=TODAY).structures["pad"].notes) == 2**20
    tables["structures.csv"][0]["notes"] += "x"
    (problem,) = faults_of(write(tmp_path, tables))
    assert (problem.line, problem.column) == (2, "notes")


def test_the_bundled_case_is_sound():
    data = read_folder(SOHAE)
    assert len(data.observations) == 144
    assert len(data.claims) == 91
