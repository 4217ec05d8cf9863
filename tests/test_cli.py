"""The commands: what they print for programs, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

import siteline
from siteline.cli.commands import app
from siteline.frames import VERDICT_COLUMNS
from siteline.guard.bytesource import LocalBytes
from siteline.model import errors
from siteline.store.case import Case
from store_folders import SOHAE, small, write

SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"
LOOKS = """structure_id,acquired_date,state,confidence
hall,2020-01-01,absent,high
hall,2020-02-01,obscured,low
hall,2020-03-01,being_built,high
"""


def run(*args: object) -> Result:
    return CliRunner(env={"COLUMNS": "80", "SITELINE_WHO": "tester"}).invoke(app, [str(a) for a in args])


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def undocumented(value: Any, shape: Any, root: dict[str, Any]) -> Iterator[str]:
    """Keys of ``value`` that ``shape`` does not describe."""
    if "$ref" in shape:
        shape = root["$defs"][shape["$ref"].rpartition("/")[2]]
    if isinstance(value, dict) and "properties" in shape:
        for key, inner in value.items():
            if key not in shape["properties"]:
                yield key
            else:
                yield from undocumented(inner, shape["properties"][key], root)
    elif isinstance(value, list) and "items" in shape:
        for inner in value:
            yield from undocumented(inner, shape["items"] or {}, root)


def answer(name: str, result: Result, code: int = 0) -> Any:
    """The JSON answer, held against its schema: valid, and nothing in it undescribed."""
    assert result.exit_code == code, result.output
    value = json.loads(result.stdout)
    shape = schema(name)
    Draft202012Validator(shape).validate(value)
    assert not list(undocumented(value, shape, shape))
    return value


def failure(result: Result, code: int, kind: str) -> Any:
    error = answer("error", result, code)["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)
    assert error["message"].split("\n")[0][:40] in result.stderr
    assert "Traceback" not in result.output
    return error


@pytest.fixture(scope="module")
def sohae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("cli") / "sohae.gpkg"
    assert run("import", SOHAE, case).exit_code == 0
    return case


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda p: p.name)
def test_schemas_are_schemas_with_descriptions(path: Path):
    shape = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(shape)
    if path.name == "folder.schema.json":
        return
    inner = [shape, *shape.get("$defs", {}).values()]
    assert all("description" in p or "$ref" in p for s in inner for p in s["properties"].values())


def test_new_import_export_check_tell_what_they_did(tmp_path: Path):
    case, folder = tmp_path / "a.gpkg", write(tmp_path / "in", small())
    assert answer("new", run("new", case, "--title", "T", "--json")) == {"case": str(case)}
    with Case.open(case) as made:
        assert made.data().settings.title == "T"
    told = answer("import", run("import", folder, case, "--merge", "--who", "anna", "--json"))
    assert told["rows"]["observations"] == 2
    with Case.open(case) as made:
        assert {entry.who for entry in made.journal()} == {"tester", "anna"}
    out = tmp_path / "out"
    assert answer("export", run("export", case, out, "--json"))["rows"]["sources"] == 2
    for good in (case, out, folder):
        assert answer("check", run("check", good, "--json")) == {"ok": True, "problems": []}
        assert run("check", good).exit_code == 0


def test_check_lists_every_problem_of_a_folder(tmp_path: Path):
    tables = small()
    tables["observations.csv"][0]["state"] = "gone"
    tables["observations.csv"][1]["acquired_date"] = "2018-13"
    folder = write(tmp_path / "in", tables)
    problems = answer("check", run("check", folder, "--json"), 2)["problems"]
    assert [(p["file"], p["line"], p["column"]) for p in problems] == [
        ("observations.csv", 2, "state"),
        ("observations.csv", 3, "acquired_date"),
    ]
    plain = run("check", folder)
    assert plain.exit_code == 2
    assert "observations.csv:2: state:" in plain.stderr
    case = tmp_path / "a.gpkg"
    error = failure(run("import", folder, case, "--json"), 2, "BadRows")
    assert error["problems"] == problems
    assert not case.exists()


def test_check_of_a_case_another_program_spoilt(tmp_path: Path):
    case = tmp_path / "a.gpkg"
    run("import", write(tmp_path / "in", small()), case)
    with Case.open(case) as made, made.writing("x") as db:
        db.execute("UPDATE observations SET confidence = 'sure'")
    problems = answer("check", run("check", case, "--json"), 2)["problems"]
    assert problems
    assert all(p["line"] is None and p["column"].startswith("observations[") for p in problems)


def test_date_gives_the_fields_others_rely_on(sohae: Path):
    dated = answer("date", run("date", sohae, "--json"))
    rows = [t for t in dated["transitions"] if t["structure_id"] == "rail_transfer_building" and t["to"] == "being_rebuilt"]
    assert [(t["after"], t["by"], t["direction"]) for t in rows] == [("2019-02-16", "2019-03-02", "rebuilding")]
    assert {s["structure_id"] for s in dated["structures"]} >= {t["structure_id"] for t in dated["transitions"]}
    for t in dated["transitions"]:
        assert t["interval90"][0] <= t["interval50"][0] <= t["interval50"][1] <= t["interval90"][1]


def test_claims_give_the_fields_others_rely_on(sohae: Path):
    claims = answer("claims", run("claims", sohae, "--json"))["claims"]
    assert len(claims) == 91
    assert set(claims[0]) == set(VERDICT_COLUMNS)
    told = run("claims", sohae)
    assert told.exit_code == 0
    assert all(claim["claim_id"] in told.stdout for claim in claims)


def test_demo_and_report_write_what_they_name(tmp_path: Path, sohae: Path, demo: tuple[Path, Result]):
    folder, made = demo
    first = answer("demo", made)
    assert all(Path(path).stat().st_size > 0 for path in first["files"].values())
    again = run("demo", "--out", folder)
    assert again.exit_code == 0
    assert all(path in again.stdout for path in first["files"].values())
    assert "using the case that is there" in again.stderr
    files = answer("report", run("report", sohae, "--out", tmp_path / "r", "--json"))
    assert [Path(files[k]).read_bytes() for k in ("html", "pdf")] == [
        Path(first["files"][k]).read_bytes() for k in ("html", "pdf")
    ]


def test_looks_are_dated_without_a_case(tmp_path: Path):
    looks = tmp_path / "looks.csv"
    looks.write_text(LOOKS, encoding="utf-8")
    (found,) = answer("date", run("date", "--observations", looks, "--json"))["transitions"]
    assert (found["after"], found["by"], found["direction"]) == ("2020-01-01", "2020-03-01", "construction")
    assert found["unusable"] == ["row3"]
    plain = run("date", "--observations", looks).stdout
    assert "after 1 Jan 2020, by 1 Mar 2020" in plain
    assert "could not tell: row3" in plain


def test_a_date_by_the_pixels_says_so(demo: tuple[Path, Result], sohae: Path):
    (hall,) = answer("date", run("date", demo[0] / "simulated" / "site.gpkg", "--json"))["transitions"]
    assert (hall["structure_id"], hall["by_pixels"]) == ("hall", True)
    assert not any(change["by_pixels"] for change in answer("date", run("date", sohae, "--json"))["transitions"])
    assert list(siteline.open(demo[0] / "simulated" / "site.gpkg").transitions["by_pixels"]) == [True]


def test_settings_map_words_and_change_rates(tmp_path: Path):
    looks, settings = tmp_path / "looks.csv", tmp_path / "s.json"
    looks.write_text(LOOKS.replace("absent", "No Activity").replace("being_built", "Active"), encoding="utf-8")
    assert failure(run("date", "--observations", looks, "--json"), 2, "BadRows")["problems"]
    words = {"No Activity": "absent", "Active": "being_built"}
    settings.write_text(json.dumps({"vocabulary": words}), encoding="utf-8")
    (usual,) = answer("date", run("date", "--observations", looks, "--settings", settings, "--json"))["transitions"]
    assert (usual["from"], usual["to"]) == ("No Activity", "Active")
    settings.write_text(json.dumps({"vocabulary": words, "rates": {"absent->being_built": 100}}), encoding="utf-8")
    (fast,) = answer("date", run("date", "--observations", looks, "--settings", settings, "--json"))["transitions"]
    assert (fast["after"], fast["by"]) == (usual["after"], usual["by"])  # brackets know no rates
    assert fast["interval50"] != usual["interval50"]
    settings.write_text('{"vocabulry": {}}', encoding="utf-8")
    failure(run("date", "--observations", looks, "--settings", settings, "--json"), 2, "BadSetting")


def test_wrong_ways_of_asking_end_with_2(tmp_path: Path, sohae: Path):
    looks = tmp_path / "looks.csv"
    looks.write_text(LOOKS, encoding="utf-8")
    failure(run("date", "--json"), 2, "BadInput")
    failure(run("date", sohae, "--observations", looks, "--json"), 2, "BadInput")
    failure(run("date", sohae, "--settings", looks, "--json"), 2, "BadInput")
    for wrong in (["report", sohae], ["date", "--nonsense"], ["import", "x"], ["nonsense"], []):
        result = run(*wrong)
        assert result.exit_code == 2, wrong
        assert "Traceback" not in result.output


def test_file_trouble_ends_with_3(tmp_path: Path, sohae: Path):
    missing, text = tmp_path / "missing.gpkg", tmp_path / "text.gpkg"
    text.write_text("not a database", encoding="utf-8")
    for command in (["date"], ["claims"], ["check"], ["report", "--out", tmp_path / "r"], ["export", tmp_path / "e"]):
        args = [command[0], missing, *command[1:]]
        failure(run(*args, "--json"), 3, "FileTrouble")
    failure(run("date", text, "--json"), 3, "NotACase")
    failure(run("new", sohae, "--json"), 3, "WouldOverwrite")
    failure(run("import", SOHAE, sohae, "--json"), 3, "WouldOverwrite")
    failure(run("export", sohae, SOHAE, "--json"), 3, "WouldOverwrite")
    failure(run("date", "--observations", missing, "--json"), 3, "FileTrouble")
    failure(run("import", tmp_path / "nowhere", tmp_path / "n.gpkg", "--json"), 3, "FileTrouble")
    failure(run("report", sohae, "--out", text, "--json"), 3, "FileTrouble")
    with Case.open(sohae) as case:
        assert len(case.data().observations) == 144


def test_a_missing_file_has_a_remedy_for_reading(tmp_path: Path, sohae: Path):
    missing = tmp_path / "missing.gpkg"
    for command in (["detect", missing], ["report", missing, "--out", tmp_path / "r"], ["find", missing]):
        told = failure(run(*command, "--json"), 3, "FileTrouble")["message"]
        assert "does not exist; check the path, or make a case" in told and "folders" not in told
    told = failure(run("date", "--observations", tmp_path / "no.csv", "--json"), 3, "FileTrouble")["message"]
    assert told.endswith("no.csv: does not exist; check the path")
    with pytest.raises(errors.FileTrouble, match="restore it, or find the images again"):
        LocalBytes(tmp_path / "red.tif")
    written = failure(run("new", tmp_path / "none" / "a.gpkg", "--json"), 3, "FileTrouble")["message"]
    assert "folders are not made on the way" in written


def test_a_share_of_false_alarms_is_asked_for_as_a_share(tmp_path: Path, sohae: Path):
    for command in ("detect", "trust", "map"):
        told = failure(run(command, sohae, "--false-alarms", "5", "--json"), 2, "BadInput")["message"]
        assert "5 % is 0.05" in told
    assert "%" not in failure(run("detect", sohae, "--false-alarms", "-1", "--json"), 2, "BadInput")["message"]


def test_after_an_import_the_next_step_is_what_the_case_lacks(tmp_path: Path):
    tables = small()
    plain = run("import", write(tmp_path / "plain", tables), tmp_path / "plain.gpkg").stdout
    assert "Next: siteline date" in plain and "siteline find" not in plain
    for name in ("structures", "imagery", "measurements", "detections", "trust"):
        tables.pop(f"{name}.csv", None)
    folder = write(tmp_path / "placed", tables)
    corners = [[10.0, 50.0], [10.001, 50.0], [10.001, 50.001], [10.0, 50.0]]
    place = {"type": "Polygon", "coordinates": [corners]}
    features = [{"type": "Feature", "properties": {"structure_id": key}, "geometry": place} for key in ("pad", "stand")]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "structures.geojson").write_text(text, encoding="utf-8")
    placed = run("import", folder, tmp_path / "placed.gpkg")
    assert placed.exit_code == 0, placed.output
    assert "Next: siteline date" in placed.stdout and "images of it: siteline find" in placed.stdout


def test_nothing_to_date_ends_with_4(tmp_path: Path):
    case = tmp_path / "empty.gpkg"
    run("new", case)
    for command in (["date", case], ["claims", case], ["report", case, "--out", tmp_path / "r"]):
        assert "import" in failure(run(*command, "--json"), 4, "NothingToDate")["message"]
    looks = tmp_path / "looks.csv"
    looks.write_text("structure_id,acquired_date,state,confidence\nhall,,absent,high\n", encoding="utf-8")
    assert "acquired_date" in failure(run("date", "--observations", looks, "--json"), 4, "NothingToDate")["message"]
    assert not (tmp_path / "r").exists()


def test_every_failure_has_an_exit_code_of_its_branch():
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SitelineError)]
    codes = {kind.exit_code for kind in tree if kind is not errors.SitelineError}
    assert codes == set(schema("error")["properties"]["error"]["properties"]["exit_code"]["enum"])
    assert [f.name for f in fields(errors.RowProblem)] == list(schema("check")["$defs"]["problem"]["properties"])
