"""A case with its images beside it, moved or copied: it finds them, and nothing that a foreign case should not read."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner, Result

from simulate_plans import hall, plan
from siteline.cli.commands import app
from siteline.guard import beside
from siteline.images.opening import reader
from siteline.model.errors import ReadFailed
from siteline.simulate import Work, simulate
from siteline.store.case import Case
from siteline.store.imagery import found_scenes
from web_server import serving

RED = "images/red.tif"


def run(*args: object) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, [str(arg) for arg in args])


def ran(*args: object) -> Any:
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def another_machine(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """From here on nobody has named a source yet."""
    patch.setenv("SITELINE_HOME", str(folder / "another machine"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case and a simulated site below it, in which everything was found; only tests' copies are used."""
    folder = tmp_path_factory.mktemp("whole")
    given = plan(hall(Work(date(2021, 4, 20), "built")), side_m=300.0, period=(date(2021, 3, 1), date(2021, 6, 15)))
    site = simulate(given, folder / "site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITELINE_HOME", str(folder / "home"))
        assert run("import", site.ledger, folder / "case.gpkg").exit_code == 0
        assert run("find", folder / "case.gpkg", "--source", site.catalogue).exit_code == 0
    return folder


def hrefs(case: Path) -> list[str]:
    with Case.open(case) as opened:
        return [asset["href"] for scene in found_scenes(opened) for asset in scene.stac["assets"].values()]


def rewrite(case: Path, old: str, new: str) -> None:
    with Case.open(case) as opened, opened.writing("t") as db:
        db.execute("UPDATE imagery SET stac = replace(stac, ?, ?)", (old, new))


def test_a_moved_case_is_measured_dated_and_shown_as_before(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    shutil.copytree(whole, old)
    monkeypatch.setenv("SITELINE_HOME", str(tmp_path / "home"))
    before = ran("measure", old / "case.gpkg"), ran("detect", old / "case.gpkg")
    new.parent.mkdir()
    old.rename(new)
    another_machine(monkeypatch, tmp_path)
    case = new / "case.gpkg"
    assert all(href.startswith(f"{new}/site/") for href in hrefs(case))
    assert (ran("measure", case), ran("detect", case)) == before
    with serving(case) as bench:
        scenes = [s["id"] for s in bench.state()["scenes"] if s["pixels"]]
        picture = bench.get(f"/chips/hall/{quote(scenes[0], safe='')}.png?size=96")
    assert picture.status == 200 and picture.body.startswith(b"\x89PNG")


def test_a_copy_reads_its_own_images(whole: Path, tmp_path: Path):
    shutil.copytree(whole, tmp_path / "copy")
    assert all(Path(href).is_relative_to(tmp_path / "copy") for href in hrefs(tmp_path / "copy" / "case.gpkg"))
    assert all(Path(href).is_relative_to(whole) for href in hrefs(whole / "case.gpkg"))


def test_a_case_moved_without_its_images_reads_them_where_they_are(whole: Path, tmp_path: Path):
    case = tmp_path / "case.gpkg"
    shutil.copy(whole / "case.gpkg", case)
    assert all(Path(href).is_relative_to(whole) for href in hrefs(case))


def test_images_that_are_gone_are_told_with_the_remedy(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(whole, tmp_path / "copy")
    case, site = tmp_path / "copy" / "case.gpkg", tmp_path / "copy" / "site"
    rewrite(case, str(whole), "/nowhere")
    another_machine(monkeypatch, tmp_path)
    site.rename(tmp_path / "site")
    failed = run("measure", case)
    assert failed.exit_code == 3
    told = " ".join(failed.stderr.split())
    assert "there is no such file on this machine" in told and "beside the case, or name its new place" in told
    found = run("find", case, "--source", tmp_path / "site" / "catalog.json")  # the remedy
    assert found.exit_code == 0 and ran("measure", case)["rows"]
    assert set(hrefs(case)) and all(Path(href).is_relative_to(tmp_path / "site") for href in hrefs(case))


def test_images_elsewhere_are_read_only_where_this_user_named_them(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    case = tmp_path / "case.gpkg"
    shutil.copy(whole / "case.gpkg", case)
    another_machine(monkeypatch, tmp_path)
    failed = run("measure", case)
    assert failed.exit_code == 3
    assert "outside the folders you named; name its folder: siteline find --source" in " ".join(failed.stderr.split())


def test_a_case_made_before_this_was_noted_goes_on_working(whole: Path, tmp_path: Path):
    shutil.copytree(whole, tmp_path / "copy")
    case = tmp_path / "copy" / "case.gpkg"
    rewrite(case, beside.BESIDE, "other")
    assert all(Path(href).is_relative_to(whole) for href in hrefs(case))


def item(**asset: Any) -> dict[str, Any]:
    return {"id": "s", "assets": {"red": asset}}


def href_of(told: dict[str, Any], case: Path) -> str:
    return str(beside.found(told, case)["assets"]["red"]["href"])


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The path of a case in a folder of its own, an image beside it, and one above."""
    folder = tmp_path / "mine" / "case"
    for image in (folder / RED, tmp_path / "mine" / "private.tif"):
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"II*\0")
    return folder / "case.gpkg"


@pytest.mark.parametrize(
    "path", ["../private.tif", "images/../../private.tif", "/etc/hostname", "a\0b", "x" * 5000, 7, None]
)
def test_what_leads_out_of_the_folder_is_no_place_beside_it(case: Path, path: object):
    assert href_of(item(href="/gone/red.tif", **{beside.BESIDE: path}), case) == "/gone/red.tif"


def test_a_link_out_of_the_folder_is_not_followed(case: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    another_machine(monkeypatch, tmp_path)
    (case.parent / "link.tif").symlink_to(tmp_path / "mine" / "private.tif")
    told = href_of(item(href="/gone/red.tif", **{beside.BESIDE: "link.tif"}), case)
    with reader(case, offline=True) as opened, pytest.raises(ReadFailed, match="outside the folders you named"):
        opened.info(told)
    with reader(case, offline=True) as opened, pytest.raises(ReadFailed, match="leaves its folder"):
        opened.info(f"{case.parent}/../private.tif")


def test_only_files_of_this_machine_are_looked_for_beside_the_case(case: Path):
    remote = "https://example.org/red.tif"
    assert href_of(item(href=remote, **{beside.BESIDE: RED}), case) == remote
    assert beside.noted(item(href=remote, **{beside.BESIDE: RED}), case) == item(href=remote)
    assert beside.found({"assets": "none"}, case) == {"assets": "none"}
    assert beside.found({"assets": {"red": 1}}, case) == {"assets": {"red": 1}}


def test_where_a_file_lies_is_noted_and_kept_while_it_is_away(case: Path):
    noted = beside.noted(item(href=f"{case.parent}/{RED}"), case)
    assert noted["assets"]["red"][beside.BESIDE] == RED
    elsewhere = beside.noted(item(href=f"{case.parent.parent}/private.tif"), case)
    assert beside.BESIDE not in elsewhere["assets"]["red"]
    moved = case.parent.parent / "later" / "case.gpkg"
    assert beside.noted(noted, moved) == noted  # its images may come after it
    assert href_of(noted, moved) == f"{case.parent}/{RED}"


def test_a_case_in_the_home_folder_opens_nothing_beside_it(case: Path, monkeypatch: pytest.MonkeyPatch):
    assert beside.roots(case) == (case.parent.resolve(),)
    for home in (case.parent, case.parent / "ann"):
        monkeypatch.setenv("HOME", str(home))
        assert beside.roots(case) == ()
    monkeypatch.setenv("HOME", str(case.parent.parent))
    assert beside.roots(case) == (case.parent.resolve(),)
