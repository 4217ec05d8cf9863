"""A case measured from its own scenes: loaded by stack, kept, told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from jsonschema import Draft202012Validator
from shapely import from_wkt
from shapely.geometry import mapping
from typer.testing import CliRunner

import image_site
from siteline.cli.commands import app
from siteline.cli.measure import measure as command
from siteline.images.measuring import measure
from siteline.model.errors import BadInput, NoArea, NoScenes
from siteline.store.case import Case
from siteline.store.changed import measured
from siteline.store.checking import check_case
from siteline.store.geometry import to_blob

SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "measure.schema.json"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with image_site.site(tmp_path_factory.mktemp("site")) as addresses:
        yield addresses


@pytest.fixture
def case(tmp_path: Path, served: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SITELINE_HOME", str(tmp_path / "home"))
    path = tmp_path / "case.gpkg"
    for args in (
        ("import", image_site.structures(tmp_path / "in"), path),
        ("find", path, "--source", served[0], "--from", "2019", "--to", "2019"),
        ("fetch", path, "--trust", served[1]),
    ):
        result = CliRunner().invoke(app, [str(a) for a in args])
        assert result.exit_code == 0, result.output
    return path


def run(case: Path, **options: Any) -> Any:
    return measure(case, told=lambda step: None, progress=lambda done, total: None, who="Ann", **options)


def test_the_hall_is_measured_in_every_scene_and_kept(case: Path):
    done = run(case)
    (found,) = done.stacks
    assert (found.structure_id, found.stack, found.scenes, found.usable) == ("hall", "sentinel-2 10 m", 6, 5)
    assert (found.first[:10], found.last[:10]) == (image_site.DAYS[0], image_site.DAYS[5])
    assert found.reasons == ("cloud",)
    with Case.open(case) as opened:
        rows = measured(opened, "hall")
        assert [(e.who, e.what) for e in opened.journal() if e.table == "measurements"] == [("Ann", "run")]
    assert len(rows) == done.rows
    red = [row.value for row in rows if row.measure == "contrast:red"]
    assert np.isnan(red[image_site.CLOUDED])
    assert max(red[:2]) < 0.15 and min(red[3:]) > 0.25  # it stands from the fourth scene on
    assert check_case(case) == []


def test_measuring_again_replaces(case: Path):
    first = run(case)
    assert run(case, structures=("hall",)) == first
    coarse = run(case, res=20.0, bands=("nir",))
    assert {found.stack for found in coarse.stacks} == {"sentinel-2 20 m"}
    with Case.open(case) as opened:
        rows = measured(opened)
    assert {row.stack for row in rows} == {"sentinel-2 20 m"} and len(rows) == coarse.rows


def test_the_command_tells_and_its_json_fits_the_schema(case: Path):
    alone = typer.Typer()
    alone.command()(command)
    told = CliRunner(env={"COLUMNS": "80"}).invoke(alone, [str(case)])
    assert told.exit_code == 0, told.output
    assert "sentinel-2 10 m" in told.stdout and "5 of 6" in told.stdout and "siteline detect" in told.stdout
    answer = CliRunner().invoke(alone, [str(case), "--from", "2019-01", "--to", "2019-02-10", "--json"])
    value = json.loads(answer.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(value)
    assert value["stacks"][0]["scenes"] == 3


def test_neighbours_are_loaded_together_and_keep_out_of_each_others_surroundings(case: Path):
    hall = image_site.HALL
    corners = image_site.ring(slice(hall[1].stop + 1, hall[1].stop + 9), hall[0])
    wkt = f"POLYGON(({', '.join(f'{lon} {lat}' for lon, lat in corners)}))"
    alone = run(case)
    with Case.open(case) as opened, opened.writing("t") as db:
        db.execute("INSERT INTO structures (structure_id, geom) VALUES ('yard', ?)", (to_blob(mapping(from_wkt(wkt))),))
    steps: list[str] = []
    both = measure(case, ("hall", "yard", "hall"), told=steps.append, progress=lambda done, total: None, who="Ann")
    assert steps == ["measuring hall, yard in 6 scenes of sentinel-2 10 m"]
    assert [found.structure_id for found in both.stacks] == ["hall", "yard"]
    assert both.rows == 2 * alone.rows


def test_wrong_input_says_what_to_do(case: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="no structure 'tower'; with footprints it has: hall"):
        run(case, structures=("tower",))
    with pytest.raises(BadInput, match="no scene has a band vv; leave bands out"):
        run(case, bands=("vv",))
    with Case.open(case) as opened, opened.writing("t") as db:
        db.execute("INSERT INTO structures (structure_id, name) VALUES ('shed', 'Shed')")
    assert run(case).without == ("shed",)
    with pytest.raises(NoArea, match="structure 'shed' has no footprint"):
        run(case, structures=("shed",))
    with Case.open(case) as opened, opened.writing("t") as db:
        change = 'replace(stac, \'"gsd":10,"eo:\', \'"siteline:when_kind":"not_later_than","gsd":10,"eo:\')'
        db.execute(f"UPDATE imagery SET stac = {change}")
    with pytest.raises(NoScenes, match="has a date of its own"):
        run(case)
