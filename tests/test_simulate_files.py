"""Simulated sites on disk: found, read and calibrated as real ones are; importable; the same for the same seed."""

from __future__ import annotations

import csv
import hashlib
import json
import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import rasterio
import typer
import xarray
from typer.testing import CliRunner

from simulate_plans import hall, inside, plan
from siteline.catalogue.items import scene_of
from siteline.catalogue.staticstac import StaticStac
from siteline.cli.simulate import simulate as command
from siteline.cube.clouds import FEWEST
from siteline.cube.load import load
from siteline.guard.reader import Reader
from siteline.model.errors import NoScenes, WouldOverwrite
from siteline.model.scene import ImageScene
from siteline.model.search import Query
from siteline.simulate import LANDSAT, PLANETSCOPE, SENTINEL1, SENTINEL2, Plan, Simulated, Work, render_cube, simulate
from siteline.store.importing import read_folder

SENSORS = (SENTINEL2, LANDSAT, PLANETSCOPE, SENTINEL1)
SHORT = replace(PLANETSCOPE, orbits=(replace(PLANETSCOPE.orbits[0], repeat_days=6),))
SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "simulate.schema.json"


@pytest.fixture(scope="module")
def made() -> Plan:
    """Five months around the day on which Sentinel-2's numbers change, seen by every sensor."""
    works = Work(date(2022, 2, 10), "built", 20)
    chosen = (SENTINEL2, LANDSAT, SHORT, SENTINEL1)
    return replace(plan(hall(works), cloudiness=0.3, period=(date(2021, 12, 1), date(2022, 4, 30))), sensors=chosen)


@pytest.fixture(scope="module")
def site(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(made, tmp_path_factory.mktemp("sim") / "site")


@pytest.fixture(scope="module")
def scenes(site: Simulated) -> list[ImageScene]:
    found = StaticStac("simulated", str(site.catalogue), None).search(Query(bbox=(5.3, 49.1, 5.5, 49.3)))  # type: ignore[arg-type]
    assert found.completeness == "complete"
    assert found.notes == ()
    return [scene_of(item, "simulated") for item in found.items]


@pytest.fixture
def reader(site: Simulated) -> Iterator[Reader]:
    with Reader(offline=True, local_roots=(site.folder,)) as opened:
        yield opened


def of(scenes: list[ImageScene], made: Plan, name: str) -> list[ImageScene]:
    platforms = {orbit.platform for orbit in made.sensor(name).orbits}
    return [scene for scene in scenes if scene.platform in platforms and scene.relative_orbit in (None, 51, 88)]


def test_scenes_have_nothing_wrong_with_them_and_say_what_they_are(site: Simulated, scenes: list[ImageScene]):
    assert len(scenes) == sum(site.scenes.values())
    assert [scene.problems for scene in scenes if scene.problems or scene.quarantined] == []
    assert len({scene.scene_id for scene in scenes}) == len(scenes)
    for scene in scenes:
        assert "Simulated" in scene.credit
        assert scene.scene_id.startswith("simulated/sim-")
        assert scene.licence == "CC0-1.0"
        assert scene.when.is_instant
        assert (scene.sun_elevation is None) == (scene.sensor == "radar")


def test_no_two_scenes_are_taken_for_one(scenes: list[ImageScene]):
    from siteline.catalogue.duplicates import resolve

    assert resolve(scenes).dropped == ()


@pytest.mark.parametrize("name", [sensor.name for sensor in SENSORS])
def test_files_load_as_the_cube_that_is_rendered(made: Plan, scenes: list[ImageScene], reader: Reader, name: str):
    sensor = made.sensor(name)
    loaded = load(of(scenes, made, name), made.grid(sensor), reader=reader)
    rendered = render_cube(made, name)
    layer = "gamma0" if sensor.looks else "reflectance"
    step = {"sentinel-2": 1e-4, "landsat": 2.75e-5, "planetscope": 1e-4, "sentinel-1": 0.0}[name]
    assert list(loaded.band.values) == list(rendered.band.values)
    assert np.abs(loaded[layer].values - rendered[layer].values).max() <= 0.51 * step + 1e-6
    assert np.array_equal(loaded.reason.values, rendered.reason.values)
    assert np.array_equal(loaded.valid.values, rendered.valid.values)
    assert set(loaded.coords) <= set(rendered.coords)
    for key in set(loaded.coords) - {"doubt"}:
        assert loaded[key].dtype.kind == rendered[key].dtype.kind, key
        xarray.testing.assert_allclose(loaded[key].variable, rendered[key].variable)
    assert np.mean(loaded.doubt.values != "") < 0.1  # snow and thin cloud can make the calibration look doubtful
    assert loaded.spatial_ref.attrs == rendered.spatial_ref.attrs


def test_sentinel2_numbers_rise_by_1000_with_baseline_4(made: Plan, site: Simulated, scenes: list[ImageScene]):
    found = of(scenes, made, "sentinel-2")
    assert {scene.baseline for scene in found} == {"02.14", "04.00"}
    rendered = render_cube(made, "sentinel-2")
    for scene, truth in zip(sorted(found, key=lambda s: s.when.first_day), rendered.reflectance.values, strict=True):
        late = scene.when.first_day >= (date(2022, 1, 25) - date(1970, 1, 1)).days
        assert scene.baseline == ("04.00" if late else "02.14")
        with rasterio.open(next(asset.href for asset in scene.assets if asset.band == "red")) as file:
            numbers = file.read(1).astype(float)
        assert np.abs(numbers - (truth[2] * 1e4 + (1000 if late else 0))).max() < 0.51


def test_images_are_cloud_optimised_and_masks_on_the_pixels_of_the_provider(made: Plan, scenes: list[ImageScene]):
    sizes = {"sentinel-2": (10, 20), "landsat": (30, 30), "planetscope": (3, 3)}
    for name, (pixel, mask) in sizes.items():
        scene = of(scenes, made, name)[0]
        for asset in scene.assets:
            with rasterio.open(asset.href) as file:
                assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
                assert file.res == ((mask, mask) if asset.role == "mask" else (pixel, pixel))
                assert file.crs == made.grid(made.sensor(name)).crs
    assert [mask.band for name in sizes for mask in of(scenes, made, name)[0].masks] == ["scl", "qa_pixel", "udm2"]


def test_the_truth_names_every_change_and_what_each_scene_shows(made: Plan, site: Simulated, scenes: list[ImageScene]):
    truth = json.loads(site.truth.read_text(encoding="utf-8"))
    assert truth["structures"][0]["changes"] == [
        {"what": "built", "start": "2022-02-10T00:00:00Z", "end": "2022-03-02T00:00:00Z"}
    ]
    listed = {scene["scene"]: scene for scene in truth["scenes"]}
    assert set(listed) == {scene.scene_id.removeprefix("simulated/") for scene in scenes}
    assert [s["acquired"] for s in truth["scenes"]] == sorted(s["acquired"] for s in truth["scenes"])
    cube = render_cube(made, "sentinel-2")
    core = inside(cube, made, made.structures[0], -10)
    for t, key in enumerate(cube.scene_id.values):
        told = listed[key.removeprefix("simulated/")]
        clear = (cube.true_cloud.values[t] < 0.1) & (cube.true_shadow.values[t] < 0.2)
        assert told["clear"]["hall"] <= clear[core].mean() + 0.35
        assert told["shift_px"] == pytest.approx([float(cube.true_shift_x[t]), float(cube.true_shift_y[t])], abs=1e-3)
        days = (cube.time.values[t] - np.datetime64("2022-02-10")) / np.timedelta64(1, "D")
        assert told["standing"]["hall"] == pytest.approx(min(max(days / 20, 0), 1), abs=1e-3)


def test_the_ledger_imports_and_its_analyst_is_right(made: Plan, site: Simulated):
    data = read_folder(site.ledger)
    footprint = data.structures["hall"].geometry_wkt
    assert footprint.startswith("POLYGON")
    states = [observation.state for observation in data.observations]
    assert states == ["absent", "complete"]
    assert len(data.events) == 1
    assert len(data.claims) == 2
    truth = json.loads(site.truth.read_text(encoding="utf-8"))
    shown = {scene["scene"]: scene["clear"]["hall"] for scene in truth["scenes"]}
    with (site.ledger / "observations.csv").open(encoding="utf-8") as file:
        assert all(shown[row["image_id"]] >= 0.95 for row in csv.DictReader(file))


def test_one_claim_is_true_and_the_other_says_more_than_images_show(site: Simulated):
    with (site.ledger / "findings.csv").open(encoding="utf-8") as file:
        true, bold = csv.DictReader(file)
    done = "2022-03-02"
    assert true["claim_type"] == "ended"
    assert true["after_date"] < done <= true["before_date"]
    width = date.fromisoformat(bold["before_date"]) - date.fromisoformat(bold["after_date"])
    assert width.days == 5
    assert bold["before_date"] < "2022-02-10"


def test_the_footprint_of_the_ledger_lies_where_the_image_changes(made: Plan, site: Simulated):
    import shapely
    from pyproj import Transformer

    data = read_folder(site.ledger)
    grid = made.grid(SENTINEL2)
    project = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform
    shape = shapely.transform(
        shapely.from_wkt(data.structures["hall"].geometry_wkt), lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1]))
    )
    x, y = made.centre
    assert shape.area == pytest.approx(60 * 40, rel=1e-3)
    assert (shape.centroid.x - x, shape.centroid.y - y) == pytest.approx((0, 0), abs=0.01)


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    small = replace(
        plan(hall(), cloudiness=0.5, period=(date(2022, 1, 10), date(2022, 2, 5))), sensors=(SENTINEL2, SENTINEL1)
    )
    one, same, other = (
        digests(simulate(replace(small, seed=seed), tmp_path / name).folder) for seed, name in ((1, "a"), (1, "b"), (2, "c"))
    )
    assert one == same
    assert one["truth.json"] != other["truth.json"]
    assert not {digest for name, digest in one.items() if name.endswith("red.tif")} & set(other.values())


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_nothing_is_overwritten_and_nothing_half_written_is_left(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine.txt").write_text("mine")
    small = plan(period=(date(2021, 6, 1), date(2021, 6, 30)))
    with pytest.raises(WouldOverwrite):
        simulate(small, kept)
    assert [path.name for path in kept.iterdir()] == ["mine.txt"]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(small, tmp_path / "cut", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_progress_counts_scenes_and_a_period_without_passes_is_said(tmp_path: Path):
    told: list[tuple[int, int]] = []
    small = plan(period=(date(2021, 6, 1), date(2021, 6, 30)))
    done = simulate(small, tmp_path / "a", lambda *at: told.append(at))
    total = done.scenes["sentinel-2"]
    assert told == [(n, total) for n in range(1, total + 1)]
    with pytest.raises(NoScenes, match="longer period"):
        simulate(plan(period=(date(2010, 1, 1), date(2010, 2, 1))), tmp_path / "b")


def run(*args: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(args))


def test_the_command_writes_a_site_and_says_where(tmp_path: Path):
    period = ("--from", "2021-06", "--to", "2021-06-20", "--structures", "2")
    told = run(str(tmp_path / "s"), "--seed", "4", *period, "--json")
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    jsonschema.validate(answer, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert Path(answer["catalogue"]).is_file()
    assert sum(answer["scenes"].values()) == len(json.loads(Path(answer["truth"]).read_text(encoding="utf-8"))["scenes"])
    assert len(read_folder(Path(answer["ledger"])).structures) == 2
    plain = run(str(tmp_path / "t"), "--seed", "4", *period)
    assert "siteline find" in plain.stdout


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--sensors", "kodak"), 2, "sentinel-2, landsat, planetscope, sentinel-1"),
        (("--from", "2022-05-01", "--to", "2022-04-01"), 2, "swap"),
        (("--from", "2010-01-01", "--to", "2010-02-01"), 4, "longer period"),
        (("--from", "", "--to", "2010-02-01"), 2, "both ends"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, args: tuple[str, ...], code: int, words: str):
    told = run(str(tmp_path / "s"), *args)
    assert told.exit_code == code
    assert words in told.stderr
    assert not (tmp_path / "s").exists()


def test_the_example_of_the_documentation_runs(tmp_path: Path):
    page = (SCHEMA.parents[1] / "concepts" / "simulation.md").read_text(encoding="utf-8")
    example = tmp_path / "example.py"
    example.write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
    space = runpy.run_path(str(example), {"folder": tmp_path / "site"})
    assert space["cube"].sizes["time"] == space["done"].scenes["sentinel-2"] > 30


def test_enough_scenes_for_the_site_to_be_its_own_history(site: Simulated):
    assert all(count >= FEWEST for count in site.scenes.values())
