"""Structures dated from the pixels of a case: simulated, found, loaded, detected, kept, told; and what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import xarray
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from simulate_plans import box, hall, plan
from siteline import flow
from siteline.cli.commands import app
from siteline.images.detecting import Detecting
from siteline.images.onestructure import Part, doubts, one_structure, settings
from siteline.images.opening import scenes
from siteline.images.readycube import ready
from siteline.images.stackcubes import stack_cube, tell_missing
from siteline.measure.areas import footprint, ground_of
from siteline.model.changed import Detected
from siteline.model.errors import BadInput, NoScenes
from siteline.model.reasons import Reason
from siteline.model.site import Site
from siteline.simulate import SENTINEL1, SENTINEL2, Built, Plan, Work, render_cube, simulate
from siteline.simulate.defaults import roof
from siteline.simulate.ledger import structures_geojson
from siteline.store.case import Case
from siteline.store.changed import detected, measured, trusted
from siteline.store.checking import check_case
from siteline.store.geometry import to_blob

pytestmark = pytest.mark.filterwarnings("ignore::siteline.model.doubts.NotAligned")  # a small site gives little to align by

SCHEMAS = Path(__file__).parents[1] / "docs" / "schema"
BASELINE = date(2022, 1, 25)
"""From then on Sentinel-2's numbers lie 1000 higher: an offset that is known, and a doubt all the same."""

OPTICAL, RADAR = "sentinel-2 10 m", "sentinel-1 10 m orbit 88 ascending"
ONE_ORBIT = tuple(replace(sensor, orbits=sensor.orbits[:1]) for sensor in (SENTINEL2, SENTINEL1))


@dataclass
class Made:
    """A case from a simulated site, and what was found in it."""

    case: Path
    plan: Plan
    done: Detecting
    told: list[str]

    def of(self, structure: str, stack: str) -> Detected:
        (found,) = [f for f in self.done.detected if (f.structure_id, f.stack) == (structure, stack)]
        return found


def invoked(*args: object) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, [str(arg) for arg in args])


def run(*args: object) -> Result:
    result = invoked(*args)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITELINE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A hall built on the day of the new baseline, a shed that only stands there; one satellite of each kind."""
    folder = tmp_path_factory.mktemp("detect")
    shed = Built("shed", box(130, -120, 40, 30), 6.0, roof("light metal"))
    period = (date(2021, 7, 1), date(2022, 8, 31))
    given = plan(hall(Work(BASELINE, "built")), shed, side_m=460.0, period=period, cloudiness=0.15, lon=-4.0, lat=38.0)
    site = simulate(replace(given, sensors=ONE_ORBIT), folder / "site")
    case = folder / "case.gpkg"
    run("import", site.ledger, case)
    run("find", case, "--source", site.catalogue)
    told: list[str] = []
    done = flow.detect(case, told=told.append, progress=lambda done, total: None, who="Ann")
    return Made(case, given, done, told)


def holds(found: Detected, day: date) -> bool:
    """Whether one change was found, its bracket with ``day``, its intervals around it and within one another."""
    (change,) = found.changes
    true = Work(day, "built").start
    after, by = change.bracket.after, change.bracket.by
    assert after is not None and by is not None
    ends = (change.interval95[0], change.interval90[0], change.interval50[0])
    assert list(ends) == sorted(ends)
    return after < true <= by and change.interval95[0] <= true <= change.interval95[1]


def test_the_hall_is_dated_and_the_shed_is_quiet(made: Made) -> None:
    assert holds(made.of("hall", OPTICAL), BASELINE)
    assert holds(made.of("hall", "all"), BASELINE)
    assert all(made.of("shed", stack).changes == () for stack in ("all", OPTICAL, RADAR))
    sizes = {size.measure: size for size in made.of("hall", OPTICAL).changes[0].sizes}
    assert set(sizes) == {f"contrast:{band}" for band in ("blue", "green", "red", "nir")}
    assert all(size.size > 4 * size.sd > 0 for size in sizes.values())  # light metal on land
    assert made.done.without == ()
    assert f"{OPTICAL}: 2 structures against the same footprint elsewhere" in made.told


def test_two_sensors_give_one_answer_between_scenes_of_either(made: Made) -> None:
    optical, radar, both = (made.of("hall", stack) for stack in (OPTICAL, RADAR, "all"))
    assert both.scenes == optical.scenes + radar.scenes
    assert (both.first, both.last) == (min(optical.first, radar.first), max(optical.last, radar.last))
    (change,), (alone,) = both.changes, optical.changes
    width = change.bracket.by - change.bracket.after  # type: ignore[operator]
    assert width <= alone.bracket.by - alone.bracket.after  # type: ignore[operator]
    ids = {scene.scene_id for scene in scenes(made.case)}
    assert {change.after_scene, change.by_scene, alone.after_scene, alone.by_scene} <= ids
    order = [(f.structure_id, f.stack) for f in made.done.detected]
    assert order == [(key, stack) for key in ("hall", "shed") for stack in ("all", OPTICAL, RADAR)]
    assert [(t.structure_id, t.stack) for t in made.done.trust] == order
    joint = made.done.trust[0]
    assert joint.placebos == 400 and joint.false_alarm < 0.01 and joint.threshold < both.evidence


def test_a_baseline_that_changes_in_the_same_gap_is_a_doubt(made: Made) -> None:
    words = "the processing baseline changes from 02.14 to 04.00 in the same gap"
    assert words in made.of("hall", OPTICAL).doubts
    assert not any("baseline" in doubt for doubt in made.of("hall", RADAR).doubts)
    assert made.of("shed", OPTICAL).doubts == ()


def test_what_was_found_is_kept_and_read_back(made: Made) -> None:
    def comparable(found: Detected) -> Any:
        told = [(change.to_json(), change.posterior.edges.round(4).tolist()) for change in found.changes]
        return found.structure_id, found.stack, found.scenes, round(found.evidence, 6), found.doubts, found.note, told

    with Case.open(made.case) as opened:
        kept, trust, rows = detected(opened), trusted(opened), measured(opened)
        runs = [entry.who for entry in opened.journal() if entry.table == "measurements"]
    assert [comparable(found) for found in kept] == [comparable(found) for found in made.done.detected]
    assert [(t.structure_id, t.stack, t.placebos, t.exceeding, t.temperature) for t in trust] == [
        (t.structure_id, t.stack, t.placebos, t.exceeding, t.temperature) for t in made.done.trust
    ]
    assert {row.stack for row in rows} == {OPTICAL, RADAR} and {row.structure_id for row in rows} == {"hall", "shed"}
    assert runs == ["Ann"]
    assert check_case(made.case) == []
    assert [f.structure_id for f in flow.detections(made.case)] == [f.structure_id for f in kept]


def test_dating_takes_the_change_between_the_labels_of_the_ledger(made: Made) -> None:
    data = flow.read(made.case)
    dated = flow.date(flow.with_images(made.case, data)).histories
    (transition,) = dated["hall"].transitions
    (change,) = made.of("hall", "all").changes
    true = Work(BASELINE, "built").start
    assert transition.interval90[0] <= true <= transition.interval90[1]
    (plain,) = flow.date(data).histories["hall"].transitions
    assert transition.interval90[1] - transition.interval90[0] < 0.2 * (plain.interval90[1] - plain.interval90[0])
    assert transition.bracket.after is not None and change.bracket.after is not None
    assert transition.bracket.after <= change.bracket.after + 1e-4
    assert dated["shed"].transitions == ()


def test_the_report_gets_answers_measurements_and_images_around_the_change(made: Made) -> None:
    shown = flow.shown(made.case)
    assert shown is not None
    assert [f.stack for f in shown.detected] == [f.stack for f in made.done.detected]
    assert len(shown.trust) == 6 and {row.structure_id for row in shown.measured} == {"hall", "shed"}
    assert list(shown.chips) == ["hall"] and shown.chips["hall"].startswith(b"\x89PNG")
    assert any("Simulated" in credit for credit in shown.credits)


def test_scenes_in_any_order_make_the_same_cube(made: Made) -> None:
    members = [scene for scene in scenes(made.case) if scene.sensor == "radar"]
    grid = made.plan.grid(SENTINEL1)
    one, other = (
        stack_cube(made.case, chosen, grid, None, 10.0, lambda done, total: None) for chosen in (members, members[::-1])
    )
    xarray.testing.assert_identical(one, other)


def test_the_command_names_the_finding_and_replaces_only_its_structures(made: Made) -> None:
    with Case.open(made.case) as opened:
        before = detected(opened)
    told = run("detect", made.case, "--structure", "hall").stdout
    assert "What the pixels show" in told and " hall" in told and "shed" not in told
    assert "Changed after" in told and "Jan 2022" in told and "The processing baseline changes" in told
    assert "all together" in told and OPTICAL in told and "False alarms: of 400 footprints" in told
    assert "siteline trust" in told
    with Case.open(made.case) as opened:
        after = detected(opened)
    assert {(f.structure_id, f.stack) for f in after} == {(f.structure_id, f.stack) for f in before}
    # the same images give the same answer
    assert {(f.stack, round(f.evidence, 6)) for f in after} == {(f.stack, round(f.evidence, 6)) for f in before}


def answer(name: str, result: Result) -> Any:
    value = json.loads(result.stdout)
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))).validate(value)
    return value


def test_json_fits_its_schema_and_another_run_replaces_all_stacks_of_a_structure(made: Made, tmp_path: Path) -> None:
    case = tmp_path / "copy.gpkg"
    case.write_bytes(made.case.read_bytes())
    value = answer("detect", run("detect", case, "--structure", "hall", "--bands", "vv", "--json"))
    (found,) = value["detected"]
    assert (found["stack"], found["measures"]) == (RADAR, ["contrast:vv"])
    with Case.open(case) as opened:
        for kept in (detected(opened), trusted(opened)):
            assert [item.stack for item in kept if item.structure_id == "hall"] == [RADAR]
            assert len([item for item in kept if item.structure_id == "shed"]) == 3


def test_where_only_one_stack_says_something_that_is_the_joint_answer(made: Made, tmp_path: Path) -> None:
    case = tmp_path / "copy.gpkg"
    case.write_bytes(made.case.read_bytes())
    with Case.open(case) as opened, opened.writing("t") as db:
        for table in ("measurements", "imagery"):
            db.execute(f"DELETE FROM {table} WHERE scene_id LIKE '%sim-S1A%' AND scene_id > 'site/sim-S1A_IW_RTC_202108'")
    done = flow.detect(case, ("hall",), bands=("red", "vv"), told=print, progress=lambda done, total: None, who="t")
    both, optical, radar = done.detected
    assert [found.stack for found in done.detected] == [trust.stack for trust in done.trust] == ["all", OPTICAL, RADAR]
    assert "usable looks, where 9 are needed" in radar.note and radar.changes == ()
    assert both == replace(optical, stack="all") and holds(both, BASELINE)
    assert flow.date(flow.with_images(case, flow.read(case))).transitions != flow.date(flow.read(case)).transitions


def test_trust_says_what_would_have_been_missed(made: Made, tmp_path: Path) -> None:
    case = tmp_path / "copy.gpkg"
    case.write_bytes(made.case.read_bytes())
    result = run("trust", case, "--structure", "hall", "--bands", "red", "--out", tmp_path / "figures", "--json")
    value = answer("trust", result)
    (item,) = value["trust"]
    lasting = [point for point in item["power"] if point["days"] is None]
    assert {point["contrast"] for point in lasting} == {0.03, 0.06, 0.12}
    assert {point["unit"] for point in lasting} == {"reflectance"}
    strongest = [point for point in lasting if point["contrast"] == 0.12]
    assert strongest[0]["found"] < 0.5 * strongest[0]["injected"] < 0.9 * strongest[-1]["injected"] < strongest[-1]["found"]
    assert len(value["figures"]) == 2 and all(Path(path).stat().st_size > 1000 for path in value["figures"])


def copied(made: Made, folder: Path) -> Path:
    case = folder / "copy.gpkg"
    case.write_bytes(made.case.read_bytes())
    return case


def test_where_no_scene_can_be_read_nothing_is_written(made: Made, tmp_path: Path) -> None:
    case = copied(made, tmp_path)
    with Case.open(case) as opened, opened.writing("t") as db:
        db.execute("UPDATE imagery SET stac = replace(stac, '.tif', '.gone')")
        db.execute("DELETE FROM measurements")
        db.execute("DELETE FROM imagery WHERE scene_id LIKE '%sim-S1%' OR acquired > '2021-09'")
    before = case.read_bytes()
    for command in ("detect", "measure", "map"):
        result = invoked(command, case)
        assert result.exit_code == 3
        assert "nothing was written" in result.stderr and "does not exist" in result.stderr
        assert "put the folder back" in result.stderr
    assert case.read_bytes() == before


def test_an_answer_that_takes_the_place_of_another_says_so(made: Made, tmp_path: Path) -> None:
    case = copied(made, tmp_path)
    again = answer("detect", run("detect", case, "--structure", "Hall", "--bands", "red,vv", "--from", "2022-02", "--json"))
    (found,) = again["replaced"]
    assert (found["structure_id"], found["stack"]) == ("hall", "all")
    assert found["changes"] == made.of("hall", "all").to_json()["changes"]
    told = invoked("detect", case, "--structure", "hall", "--bands", "red", "--to", "2021-08-05")
    assert told.exit_code == 4 and "This replaces an earlier answer: no change was found." in told.stdout
    assert "usable looks, where 9 are needed" in told.stdout.replace("\n   ", " ")
    told = told.stdout
    assert "siteline compare" in told and not any(
        word in told for word in ("False alarms", "For comparison", "siteline trust")
    )


def test_a_footprint_outside_all_scenes_is_named_and_not_judged(made: Made, tmp_path: Path) -> None:
    case = copied(made, tmp_path)
    far = "POLYGON ((10 50, 10.001 50, 10.001 50.001, 10 50.001, 10 50))"
    with Case.open(case) as opened, opened.writing("t") as db:
        shape = to_blob(shapely.geometry.mapping(shapely.from_wkt(far)))
        db.execute("INSERT INTO structures (structure_id, name, geom) VALUES ('far', 'Far shed', ?)", (shape,))
        db.execute("DELETE FROM measurements")
        db.execute("DELETE FROM imagery WHERE acquired > '2021-12'")
    alone = invoked("trust", case, "--structure", "far")
    assert alone.exit_code == 4 and "far lies outside all" in alone.stderr and "longitude first" in alone.stderr
    value = answer("measure", run("measure", case, "--bands", "red", "--json"))
    assert value["outside"] == ["far"] and {stack["structure_id"] for stack in value["stacks"]} == {"hall", "shed"}
    told = run("detect", case, "--structure", "far", "--structure", "hall", "--bands", "red").stdout
    assert "far lies outside all" in told and told.count("For comparison") == 1


def test_bands_that_a_stack_lacks_are_said_to_be_left_out() -> None:
    told: list[str] = []
    tell_missing(OPTICAL, ("red", "swir16"), ("red",), told.append)
    tell_missing(OPTICAL, ("red",), ("red",), told.append)
    tell_missing(OPTICAL, None, None, told.append)
    tell_missing(RADAR, ("red",), None, told.append)
    assert told == [f"{OPTICAL} has no swir16: left out", f"{RADAR} has no red: left out"]


def test_no_scene_with_the_bands_asked_for_is_an_error(made: Made) -> None:
    with pytest.raises(BadInput, match="no scene has a band swir22"):
        flow.detect(made.case, bands=("swir22",), told=print, progress=lambda done, total: None, who="t")
    with pytest.raises(NoScenes):
        start = datetime(2030, 1, 1, tzinfo=UTC)
        flow.detect(made.case, start=start, told=print, progress=lambda done, total: None, who="t")


# One structure in a cube, without files -----------------------------------------------------------------------------

BUILT = date(2021, 11, 10)


@pytest.fixture(scope="module")
def small() -> tuple[xarray.Dataset, Site]:
    """A hall built in November in a small cloudless cube, red and nir, and its footprint."""
    structure = hall(Work(BUILT, "built"), width=40.0, depth=30.0)
    given = plan(
        structure, side_m=360.0, period=(date(2021, 5, 1), date(2022, 5, 31)), lon=-4.0, lat=38.0, sensor=ONE_ORBIT[0]
    )
    cube = render_cube(given).sel(band=["red", "nir"])
    feature = structures_geojson(given)["features"][0]
    return cube, Site("", {"hall": shapely.geometry.shape(feature["geometry"]).wkt})


def look_at(cube: xarray.Dataset, site: Site, key: str = "hall") -> Part:
    return one_structure(ready(cube, site, OPTICAL, 10.0), key, settings(0.05), power=False)


def foot_of(cube: xarray.Dataset, site: Site) -> tuple[slice, slice]:
    area = footprint(site.footprints["hall"], ground_of(cube))
    return slice(area.rows.min(), area.rows.max() + 1), slice(area.cols.min(), area.cols.max() + 1)


def nothing_told(part: Part, note: str) -> None:
    found = part.detected
    assert found.changes == () and note in found.note
    assert np.isnan(found.evidence) and np.isnan(found.probability)
    assert part.own is None
    assert part.trust.exceeding == part.trust.placebos  # nothing speaks for a change


def test_a_change_away_from_the_new_baseline_raises_no_doubt(small: tuple[xarray.Dataset, Site]) -> None:
    part = look_at(*small)
    assert holds(part.detected, BUILT)
    assert part.detected.doubts == ()
    assert part.trust.placebos > 100 and part.trust.exceeding == 0


@pytest.mark.parametrize(
    ("fact", "words"),
    [("platform", "the satellite"), ("calibration", "the calibration"), ("relative_orbit", "the relative orbit")],
)
def test_whatever_else_changes_in_the_gap_is_a_doubt(small: tuple[xarray.Dataset, Site], fact: str, words: str) -> None:
    cube, site = small
    part = look_at(cube, site)
    late = cube.time.values.astype("datetime64[D]") >= np.datetime64(BUILT)
    swapped = cube.assign_coords({fact: ("time", np.where(late, "new", "old"))})
    assert doubts(swapped, part.detected) == (f"{words} changes from old to new in the same gap",)
    mixed = cube.assign_coords({fact: ("time", np.where(np.arange(late.size) % 2, "new", "old"))})
    assert doubts(mixed, part.detected) == ()  # both kinds on both sides: it made no step


def test_under_cloud_in_every_scene_it_says_so(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small[0].copy(deep=True), small[1]
    rows, cols = foot_of(cube, site)
    cube["valid"].values[:, rows, cols] = False
    cube["reason"].values[:, rows, cols] = Reason.CLOUD
    nothing_told(look_at(cube, site), "100 % of its pixels are lost to cloud")


def test_no_usable_scene_at_all_is_no_crash(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small[0].copy(deep=True), small[1]
    cube["valid"].values[:] = False
    cube["reason"].values[:] = Reason.CLOUD
    part = look_at(cube, site)
    nothing_told(part, "lost to cloud")
    assert "the rate is not known" in part.trust.note


@pytest.mark.parametrize("count", [1, 2, 7])
def test_few_scenes_say_nothing_rather_than_no_change(small: tuple[xarray.Dataset, Site], count: int) -> None:
    part = look_at(small[0].isel(time=slice(0, count)), small[1])
    nothing_told(part, f"{count} usable look{'s' if count > 1 else ''}, where 9 are needed")
    assert part.detected.scenes == count
    assert part.trust.threshold == float("inf")


def test_outside_every_scene(small: tuple[xarray.Dataset, Site]) -> None:
    far = Site("", {"hall": shapely.transform(shapely.from_wkt(small[1].footprints["hall"]), lambda xy: xy + 0.1).wkt})
    nothing_told(look_at(small[0], far), "the footprint lies outside the images")


@pytest.mark.parametrize(("metres", "note"), [(900.0, "there are no surroundings to compare with"), (330.0, "")])
def test_larger_than_the_image_or_nearly(small: tuple[xarray.Dataset, Site], metres: float, note: str) -> None:
    shape = shapely.from_wkt(small[1].footprints["hall"])
    grown = shapely.buffer(shape.centroid, metres / 2 / 111_000, cap_style="square")
    part = look_at(small[0], Site("", {"hall": grown.wkt}))
    if note:
        nothing_told(part, note)
    assert part.trust.placebos == 0 and not np.isfinite(part.trust.threshold)
    assert part.trust.note == (note or "too few places to lay the footprint in: the rate is not known")


def test_too_few_places_leave_the_rate_unknown_and_a_plain_change_found(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small
    tight = cube.isel(y=slice(9, 27), x=slice(9, 27)).copy(deep=True)
    left, top = float(tight.x[0]) - 5, float(tight.y[0]) + 5
    tight["spatial_ref"].attrs["GeoTransform"] = f"{left!r} 10.0 0.0 {top!r} 0.0 -10.0"
    part = look_at(tight, site)
    assert part.trust.placebos < 19 and "the rate is not known" in part.trust.note
    assert part.trust.threshold == float("inf")
    assert holds(part.detected, BUILT) and part.detected.probability > 0.95


def test_all_the_same_value_is_no_change(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small[0].copy(deep=True), small[1]
    cube["reflectance"].values[:] = 0.25
    found = look_at(cube, site).detected
    assert found.changes == () and found.probability < 0.5


def test_not_a_number_and_infinity_are_missing(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small[0].copy(deep=True), small[1]
    rows, cols = foot_of(cube, site)
    for t, number in enumerate((np.nan, np.inf, -np.inf)):
        cube["reflectance"].values[t * 3, :, rows, cols] = number
    part = look_at(cube, site)
    assert part.detected.scenes == cube.sizes["time"] - 3
    assert holds(part.detected, BUILT)


def test_doubled_and_shuffled_scenes_change_nothing_about_the_date(small: tuple[xarray.Dataset, Site]) -> None:
    cube, site = small
    order = np.random.default_rng(1).permutation(cube.sizes["time"])
    base, moved = look_at(cube, site).detected, look_at(cube.isel(time=order), site).detected
    assert [c.to_json() for c in moved.changes] == [c.to_json() for c in base.changes]
    doubled = look_at(cube.isel(time=np.sort(np.concatenate([np.arange(cube.sizes["time"]), [5, 12]]))), site)
    assert holds(doubled.detected, BUILT)


@pytest.mark.parametrize("gap", ["first", "last"])
def test_a_change_in_the_first_or_last_gap_is_not_dated_elsewhere(small: tuple[xarray.Dataset, Site], gap: str) -> None:
    cube, site = small
    at = int(np.argmax(cube.time.values.astype("datetime64[D]") >= np.datetime64(BUILT)))
    part = look_at(cube.isel(time=slice(at - 1, None) if gap == "first" else slice(0, at + 1)), site)
    # one look on that side is no level: it is taken for an outlier, and nothing is found
    assert part.detected.changes == () and part.detected.note == ""
    assert np.isfinite(part.detected.evidence)
