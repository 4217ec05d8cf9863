"""find, fetch, chips, compare and doctor as a user runs them, against a real STAC API and real COGs over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from typer.testing import CliRunner, Result

import image_site
import siteline
from siteline.cli.commands import app
from siteline.guard.vault import Vault
from siteline.images.opening import images_folder
from siteline.store.case import Case
from siteline.store.geometry import to_blob
from siteline.store.imagery import found_scenes, searches

SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with image_site.site(tmp_path_factory.mktemp("site")) as addresses:
        yield addresses


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITELINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SITELINE_WHO", "tester")


@pytest.fixture
def case(tmp_path: Path, served: tuple[str, str]) -> Path:
    """A case with the hall's footprint and the scenes found."""
    path = tmp_path / "case.gpkg"
    ran("import", image_site.structures(tmp_path / "in"), path)
    ran("find", path, "--source", served[0], "--from", "2019", "--to", "2019")
    return path


def run(*args: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(a) for a in args])


def ran(*args: object, code: int = 0) -> Result:
    result = run(*args)
    assert result.exit_code == code, result.output
    return result


def answer(name: str, *args: object) -> Any:
    """The JSON answer of a command, held against its schema."""
    value = json.loads(ran(name, *args, "--json").stdout)
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))).validate(value)
    return value


def test_find_keeps_every_scene_and_says_whether_these_are_all(case: Path, served: tuple[str, str]):
    told = answer("find", case, "--source", served[0])
    assert [s["acquired"][:10] for s in told["scenes"] if s["status"] == "kept"] == list(image_site.DAYS)
    assert told["searches"][0]["returned"] == 7
    with Case.open(case) as opened:
        assert {s.source for s in searches(opened)} == {served[0]}
        scenes = found_scenes(opened)
    assert all(s.stac["type"] == "Feature" and s.site_share == 1.0 and s.structure_shares == {"hall": 1.0} for s in scenes)
    assert run("check", case).exit_code == 0


def test_find_tells_what_this_search_found_and_asks_the_same_sources_again(case: Path, served: tuple[str, str]):
    told = ran("find", case, "--from", "2019-02", "--to", "2019-02").output  # no --source: those searched before
    assert "2019-02-04" in told and "2019-02-24" in told and "2019-01-15" not in told
    assert "with those of other searches the case holds 6 scenes, 2019-01-05 to 2019-04-05" in " ".join(told.split())
    assert f"Next: siteline fetch {case}" in told.replace("\n", " ")
    none = ran("find", case, "--from", "2030-01", "--to", "2030-02", code=4)
    assert "none new; the case still has 6 scenes, 2019-01-05 to 2019-04-05" in none.output
    assert "Next:" not in none.output and "2019-02-04" not in none.output
    ran("find", case, "--from", "2019-03-20", "--to", "2019-03-25", code=4)
    answered = answer("find", case)
    assert {search["source"] for search in answered["searches"]} == {served[0]} and len(answered["scenes"]) == 7


def test_a_source_that_only_the_case_names_is_not_asked(case: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SITELINE_HOME", str(tmp_path / "somebody else"))
    assert "name what to search now: --source" in ran("find", case, code=2).output


def test_find_names_a_footprint_outside_every_scene(case: Path, served: tuple[str, str], tmp_path: Path):
    lon, lat = image_site.degrees(128, 128)
    with Case.open(case) as opened, opened.writing("t") as db:
        turned = {"type": "Point", "coordinates": [lat, lon - 90]}
        db.execute("INSERT INTO structures (structure_id, geom) VALUES ('turned', ?)", (to_blob(turned),))
    box = ",".join(map(str, (*image_site.degrees(64, 192), *image_site.degrees(192, 64))))
    told = ran("find", case, "--bbox", box, "--source", served[0])
    assert "turned lies outside all 6 scenes; check its coordinates (longitude first)" in " ".join(told.output.split())
    assert answer("find", case, "--bbox", box)["outside"] == ["turned"]


def test_row_28_one_datatake_in_two_baselines_is_kept_once_with_the_rule(case: Path):
    with Case.open(case) as opened:
        lost = [s for s in found_scenes(opened) if s.status == "duplicate"]
    assert [(s.acquired[:10], "baseline" in s.why) for s in lost] == [(image_site.DAYS[image_site.REPROCESSED], True)]


def test_fetch_plans_first_then_copies_and_copies_nothing_twice(case: Path, served: tuple[str, str]):
    assert "is not a public address" in ran("fetch", case, code=5).output  # row 20: a catalogue's word is not trusted
    due = answer("fetch", case, "--plan", "--trust", served[1])
    assert due["files"] == 6 * 5 and due["bytes_got"] == 0 and not due["failed"]
    assert not images_folder(case).exists()
    got = answer("fetch", case)
    assert (got["files"], got["bytes_got"]) == (due["files"], due["bytes_due"])
    again = answer("fetch", case)
    assert (again["files"], again["held"], again["bytes_got"]) == (0, got["files"], 0)
    with Case.open(case) as opened:
        clouds = {s.acquired[:10]: s.site_cloud_percent for s in found_scenes(opened) if s.status == "kept"}
    assert clouds[image_site.DAYS[image_site.CLOUDED]] > 30
    assert all(c < 1 for day, c in clouds.items() if day != image_site.DAYS[image_site.CLOUDED])


def test_the_cube_is_calibrated_masked_and_aligned_from_copies_alone(case: Path, served: tuple[str, str]):
    ran("fetch", case, "--trust", served[1])
    opened = siteline.open(case)
    first = opened.images[0].scene_id
    cube = opened.cube(structure="hall", bands=["red", "green", "blue"], reference=first, offline=True)
    assert cube.reflectance.dims == ("time", "band", "y", "x")
    assert list(cube.alignment.values) == ["reference", *["aligned"] * 5]
    assert float(cube.shift_y[image_site.SHIFTED]) == pytest.approx(1.5, abs=0.15)
    hall = image_site.degrees(image_site.HALL[1].start + 7, image_site.HALL[0].start + 6)
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", image_site.CRS, always_xy=True).transform(*hall)
    series = cube.sel(band="red").sel(x=x, y=y, method="nearest")
    clear = [n for n in range(6) if n != image_site.CLOUDED]
    assert list(series.valid.values) == [n in clear for n in range(6)]
    built = series.reflectance.values[[3, 4, 5]]
    assert built == pytest.approx(0.45, abs=0.02)  # row 26: baseline 04.00 makes no step
    assert series.reflectance.values[[0, 1]].max() < 0.35
    lazy = opened.cube(structure="hall", bands=["red"], chunks={"time": 2}, offline=True)
    eager = opened.cube(structure="hall", bands=["red"], offline=True)
    np.testing.assert_array_equal(lazy.reflectance.compute().values, eager.reflectance.values)


def test_row_14_a_copy_that_was_changed_is_not_used_and_is_fetched_anew(case: Path, served: tuple[str, str]):
    ran("fetch", case, "--trust", served[1])
    entry = next(e for e in Vault(images_folder(case)).entries() if e.href.endswith("s3/red.tif"))
    path = Vault(images_folder(case)).path(entry)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.warns(siteline.Doubt):
        cube = siteline.open(case).cube(structure="hall", bands=["red"], offline=True)
    assert not cube.valid[3].any() and np.isnan(cube.reflectance[3]).all()
    assert "SHA-256" in str(cube.doubt[3].values)
    assert answer("fetch", case)["files"] == 1
    assert siteline.open(case).cube(structure="hall", bands=["red"], offline=True).valid[3].any()


def test_row_08_a_killed_fetch_goes_on_to_the_same_copies(case: Path, served: tuple[str, str], tmp_path: Path):
    other = tmp_path / "whole.gpkg"
    other.write_bytes(case.read_bytes())
    ran("fetch", other, "--trust", served[1])
    command = [sys.executable, "-c", "from siteline.cli import main; main()", "fetch", str(case), "--workers", "1"]
    for pause in (0.9, 1.1, 1.3):
        process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    ran("fetch", case)
    pieces = [{(e.href, e.sha256) for e in Vault(images_folder(c)).entries()} for c in (case, other)]
    assert pieces[0] == pieces[1]
    assert list(Vault(images_folder(case)).problems()) == []


def test_chips_and_compare_write_figures_that_show_the_hall(case: Path, served: tuple[str, str], tmp_path: Path):
    ran("fetch", case, "--trust", served[1])
    sheet = answer("chips", case, "hall", "--out", tmp_path / "a")["files"]
    assert {Path(p).suffix for p in sheet.values()} == {".png", ".svg"}
    text = next(Path(p) for p in sheet.values() if p.endswith(".svg")).read_text(encoding="utf-8")
    assert "Assembly hall" in text and "5 Jan 2019" in text and "cloud" in text
    pair = answer("compare", case, "2019-01-15", "2019-02-24", "--structure", "hall", "--out", tmp_path / "b")["files"]
    assert {Path(p).suffix for p in pair.values()} == {".png", ".svg", ".webp", ".gif"}
    with Image.open(next(p for p in pair.values() if p.endswith(".png"))) as image:
        assert min(image.size) > 600


def test_row_41_the_same_inputs_twice_give_the_same_bytes(case: Path, served: tuple[str, str], tmp_path: Path):
    ran("fetch", case, "--trust", served[1])
    for turn in ("one", "two"):
        ran("chips", case, "hall", "--out", tmp_path / turn)
        ran("compare", case, "2019-01-15", "2019-02-24", "--out", tmp_path / turn)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert len(files) == 6
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_row_29_scenes_whose_files_vanish_are_missing_not_demolished(case: Path, served: tuple[str, str], tmp_path: Path):
    with Case.open(case) as opened, opened.writing("t") as db:
        db.execute("UPDATE imagery SET stac = replace(stac, '/s4/', '/vanished/')")
    told = answer("fetch", case, "--trust", served[1])
    assert len(told["failed"]) == 5 and all("missing" in f["reason"] for f in told["failed"])
    with pytest.warns(siteline.Doubt):
        cube = siteline.open(case).cube(structure="hall", bands=["red"])
    assert not cube.valid[4].any() and np.isnan(cube.reflectance[4]).all()
    assert "missing" in str(cube.doubt[4].values)


def test_row_31_the_date_of_a_mosaic_is_a_limit_in_the_cube_and_on_the_sheet(
    case: Path, served: tuple[str, str], tmp_path: Path
):
    with Case.open(case) as opened, opened.writing("t") as db:
        change = 'replace(stac, \'"gsd":10,"eo:\', \'"siteline:when_kind":"not_later_than","gsd":10,"eo:\')'
        db.execute(f"UPDATE imagery SET stac = {change} WHERE acquired LIKE '2019-02-24%'")
    ran("fetch", case, "--trust", served[1])
    cube = siteline.open(case).cube(structure="hall", bands=["red"])
    assert list(cube.when_kind.values) == ["acquired"] * 3 + ["not_later_than"] + ["acquired"] * 2
    files = answer("chips", case, "hall", "--out", tmp_path / "a")["files"]
    text = next(Path(p) for p in files.values() if p.endswith(".svg")).read_text(encoding="utf-8")
    assert "not later than" in text


def test_wrong_input_says_what_to_do(case: Path, tmp_path: Path):
    assert "search.example" in ran("find", case, "--source", "search.example", code=2).output
    assert "write west,south,east,north" in ran("find", case, "--bbox", "1,2", code=2).output
    assert "is not a usable date" in ran("find", case, "--from", "03/04/2019", code=2).output
    assert "no structure 'tower'" in ran("chips", case, "tower", code=2).output
    early = ran("compare", case, "2018-01-01", "2019-01-05", code=2).output
    assert "taken on 2018-01-01; nearest in time: 2019-01-05 (" in early and " and " not in early
    between = ran("compare", case, "2019-01-20", "2019-02-24", code=2).output
    assert "nearest in time: 2019-01-15 (" in between and " and 2019-02-04 (" in between
    assert "no scene of the case is 'one'" in ran("compare", case, "one", "2019-01-05", code=2).output
    assert "2019-01-05" in ran("compare", case, "2019-01-05", "2019-01-05", "--structure", "ASSEMBLY hall", code=2).output
    assert "are the same scene" in ran("compare", case, "2019-01-05", "2019-01-05", code=2).output
    assert "name the earlier one first" in ran("compare", case, "2019-01-15", "2019-01-05", code=2).output
    assert "one band for grey, or three" in ran("chips", case, "hall", "--bands", "nir,red", code=2).output
    assert "does not exist" in ran("find", case, "--source", tmp_path / "nowhere", code=3).output
    assert "is no source of images" in ran("find", case, "--source", case, code=3).output
    assert "a site is at most 20" in ran("find", case, "--area", "91,0,1,1", code=2).output
    assert "does not hold hall" in ran("find", case, "--area", "10,50,10.1,50.1", "--source", tmp_path / "in").output
    told = answer("find", case, "--area", "10,50,10.1,50.1", "--source", tmp_path / "in")["scenes"]
    assert {scene["site_share"] for scene in told} == {0.0}  # shares follow the area
    ran("find", case, "--area", "none", "--source", tmp_path / "in")
    ran("new", tmp_path / "empty.gpkg")
    assert "--area" in ran("find", tmp_path / "empty.gpkg", code=2).output
    ran("find", tmp_path / "empty.gpkg", "--area", "126,39,126.1,39.1", "--source", tmp_path / "in", code=4)
    assert "siteline find" in ran("fetch", tmp_path / "empty.gpkg", code=4).output


def test_doctor_tells_what_answers_and_prints_no_secret(
    case: Path, served: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    from siteline.catalogue import presets

    monkeypatch.setattr(presets, "PRESETS", {"cdse": presets.Preset("cdse", f"{served[0]}/nowhere", ())})
    monkeypatch.setenv("CDSE_S3_ACCESS_KEY", "key-8d1f")
    monkeypatch.setenv("CDSE_S3_SECRET_KEY", "secret-77aa")
    told = answer("doctor", case, "--source", served[0])
    by_name = {s["name"]: s for s in told["sources"]}
    assert by_name[served[0]]["reached"] and not by_name["cdse"]["reached"]
    assert by_name["cdse"]["access_ready"] and "CDSE_S3_ACCESS_KEY" in by_name["cdse"]["access_note"]
    shown = ran("doctor", case, "--source", served[0]).output + json.dumps(told)
    assert "8d1f" not in shown and "77aa" not in shown


def test_scenes_of_a_source_the_user_named_load_without_a_reader_of_ones_own(case: Path, served: tuple[str, str]):
    scenes = siteline.open(case).images
    grid = image_site.grid()
    with pytest.warns(siteline.Doubt):
        assert not siteline.load(scenes[:1], grid, bands=["red"]).valid.any()  # its file server was never named
    ran("fetch", case, "--trust", served[1])
    assert siteline.load(scenes[:1], grid, bands=["red"]).valid.all()
