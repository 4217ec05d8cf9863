"""A case mapped from its own scenes: files written, areas kept, doubts told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import typer
from jsonschema import Draft202012Validator
from shapely import from_wkt
from typer.testing import CliRunner

from cube_samples import cube
from simulate_plans import box
from siteline.cli.commands import app
from siteline.cli.map import map_
from siteline.images import mapping
from siteline.images.mapping import map_changes
from siteline.model.doubts import CalibrationDoubtful
from siteline.model.errors import BadInput, NoScenes
from siteline.simulate import Built, Plan, Work, simulate
from siteline.simulate.defaults import roof
from siteline.store.case import Case
from siteline.store.checking import check_case

SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "map.schema.json"
WORK = Work(date(2021, 7, 4), "built")

pytestmark = pytest.mark.filterwarnings("ignore::siteline.model.doubts.NotAligned")  # pixels of 20 m are too few


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A hall of 70 x 60 m that is built, as a case and the folder of its images."""
    folder = tmp_path_factory.mktemp("map")
    hall = Built("hall", box(0, 0, 70, 60), 8.0, roof("light metal"), (WORK,))
    plan = Plan(4, structures=(hall,), side_m=700.0, period=(date(2020, 10, 1), date(2022, 3, 31)), cloudiness=0.35)
    made = simulate(plan, folder / "site")
    home = pytest.MonkeyPatch()
    home.setenv("SITELINE_HOME", str(folder / "home"))
    case = folder / "case.gpkg"
    for args in (("import", made.ledger, case), ("find", case, "--source", made.catalogue)):
        result = CliRunner().invoke(app, [str(a) for a in args])
        assert result.exit_code == 0, result.output
    yield case, folder
    home.undo()


def run(case: Path, out: Path, **options: Any) -> mapping.Mapped:
    return map_changes(case, out, told=lambda step: None, progress=lambda done, total: None, who="Ann", **options)


@pytest.fixture(scope="module")
def mapped(written: tuple[Path, Path]) -> mapping.Mapped:
    case, folder = written
    return run(case, folder / "out", keep=("changed-area-1",))


def test_the_hall_is_an_area_with_its_date_and_place(written: tuple[Path, Path], mapped: mapping.Mapped):
    area = mapped.areas[0]
    assert area.after < WORK.start + 1 and area.interval95[0] - 1 <= WORK.start <= area.interval95[1] + 1
    with Case.open(written[0]) as case:
        hall = from_wkt(case.data().structures["hall"].geometry_wkt)
    outline = from_wkt(area.outline_wkt)
    assert outline.intersection(hall).area > 0.9 * hall.area
    assert area.area_m2 == pytest.approx(100 * area.pixels) and area.pixels < 70
    assert mapped.found - area.pixels <= mapped.nominal * mapped.pixels


def test_the_files_are_what_other_programs_read(mapped: mapping.Mapped):
    frame = geopandas.read_file(mapped.files["case-changes.gpkg"], layer="changes")
    assert len(frame) == len(mapped.areas) and frame.crs == "EPSG:4326"
    assert frame["area_id"][0] == "changed-area-1" and frame["by"][0].startswith("2021")
    (style,) = pyogrio.read_dataframe(mapped.files["case-changes.gpkg"], layer="layer_styles").itertuples()
    assert (style.f_table_name, style.f_geometry_column, bool(style.useAsDefault)) == ("changes", "geom", True)
    told = [c.get("label") for c in ElementTree.fromstring(style.styleQML).iter("category")]
    assert told == ["changed", "possible change (below 50 %)"]
    with rasterio.open(mapped.files["case-probability.tif"]) as file:
        shown = file.read(1)
        assert np.isnan(file.nodata) and file.descriptions == ("probability of a change",)
        assert shown.size == mapped.pixels and np.nanmin(shown) >= 0 and np.nanmax(shown) <= 1
        assert np.isnan(shown).sum() == mapped.unknown
    with rasterio.open(mapped.files["case-date.tif"]) as file:
        after, by = file.read((1, 2))
        assert np.isfinite(by).sum() == mapped.found and (by >= after)[np.isfinite(by)].all()
    with rasterio.open(mapped.files["case-size.tif"]) as file:
        assert file.count == 4 and file.units[0] == "reflectance"
    assert mapped.files["map-case.png"].read_bytes()[:4] == b"\x89PNG"


def test_an_area_that_is_kept_is_a_structure_under_a_name_of_its_own(written: tuple[Path, Path], mapped: mapping.Mapped):
    case, folder = written
    assert mapped.kept == ("changed-area-1",)
    with Case.open(case) as opened:
        kept = opened.data().structures["changed-area-1"]
        assert from_wkt(kept.geometry_wkt).equals(from_wkt(mapped.areas[0].outline_wkt))
        assert "siteline map" in kept.notes and kept.kind == "changed area"
        assert [e.who for e in opened.journal() if e.key == "changed-area-1"] == ["Ann"]
    again = run(case, folder / "again", keep=("changed-area-1",), res=20.0)
    assert again.kept == ("changed-area-1-2",)
    assert check_case(case) == []


def test_what_cannot_be_is_named(written: tuple[Path, Path], tmp_path: Path):
    case, _ = written
    with pytest.raises(BadInput, match="sentinel-2 10 m"):
        run(case, tmp_path, stack="landsat")
    with pytest.raises(BadInput, match="no area 'x'"):
        run(case, tmp_path, keep=("x",), res=20.0)
    with pytest.raises(NoScenes):
        run(case, tmp_path, end=datetime(2000, 1, 1, tzinfo=UTC))


def test_blocks_say_the_same_as_memory(written: tuple[Path, Path], mapped: mapping.Mapped, monkeypatch: pytest.MonkeyPatch):
    case, folder = written
    monkeypatch.setattr(mapping, "MOST_BYTES", 1)
    lazy = run(case, folder / "lazy", res=20.0)
    monkeypatch.undo()
    whole = run(case, folder / "whole", res=20.0)
    assert lazy.pixels == whole.pixels and lazy.unknown == whole.unknown
    assert lazy.areas[0].by == pytest.approx(whole.areas[0].by, abs=0.01)


def test_the_command_tells_and_its_json_fits_the_schema(written: tuple[Path, Path], tmp_path: Path):
    alone = typer.Typer()
    alone.command()(map_)
    args = [str(written[0]), "--out", str(tmp_path), "--res", "20"]
    told = CliRunner(env={"COLUMNS": "110"}).invoke(alone, args)
    assert told.exit_code == 0, told.output
    assert "sentinel-2 20 m" in told.stdout and "changed-area-1" in told.stdout and "case-changes.gpkg" in told.stdout
    answer = CliRunner().invoke(alone, [*args, "--json"])
    value = json.loads(answer.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(value)
    assert value["areas"][0]["after"][:4] == "2021"


def test_a_processing_that_changes_in_the_gap_of_most_pixels_is_told():
    from siteline.detect.maps import change_map
    from siteline.detect.prior import Prior

    rng = np.random.default_rng(2)
    values = 0.2 + rng.normal(0, 0.01, (40, 2, 24, 24))
    values[20:, :, :8] += 0.1
    when = [f"{np.datetime64('2019-01-01') + 12 * n}T10:58Z" for n in range(40)]
    for since, told in ((20, True), (12, False)):
        baselines = ["02.14"] * since + ["04.00"] * (40 - since)
        made = cube(values, None, when, bands=("red", "nir"), baseline=baselines)
        layers = change_map(made, Prior(change=0.05))
        if told:
            with pytest.warns(CalibrationDoubtful, match="baseline changes from 02.14 to 04.00"):
                doubts = mapping._common_doubts(made, layers)
        else:
            doubts = mapping._common_doubts(made, layers)
        assert bool(doubts) == told
