"""The table of measurements: complete, honest about what is missing, unmoved by bad input."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import xarray as xr

from cube_samples import cube, verdun
from siteline.measure.table import measure
from siteline.model.changed import Measured
from siteline.model.errors import BadInput
from siteline.model.span import Span, to_days

SIDE = 40
LEFT, TOP = 670540.0, 5461500.0


def box(col: float, row: float, wide: float = 4, tall: float = 4) -> shapely.Geometry:
    left, top = LEFT + 10 * col, TOP - 10 * row
    return shapely.box(left, top - 10 * tall, left + 10 * wide, top)


def ground(count: int = 12, seed: int = 1) -> np.ndarray:
    return 0.1 + 0.02 * np.random.default_rng(seed).normal(size=(count, 3, SIDE, SIDE))


def values(rows: tuple[Measured, ...], name: str = "mean:red", structure: str = "hall") -> list[float]:
    return [row.value for row in rows if row.measure == name and row.structure_id == structure]


def test_there_is_a_row_for_every_structure_scene_and_measure():
    rows = measure(cube(ground()), {"hall": box(10, 10), "shed": box(25, 25, 1, 1)})
    for structure in ("hall", "shed"):
        own = [row for row in rows if row.structure_id == structure]
        names = {row.measure for row in own}
        assert len(own) == 12 * len(names) == len({(r.scene_id, r.measure) for r in own})
    first = rows[0]
    assert (first.scene_id, first.acquired, first.stack) == ("test/s0", "2019-03-01T10:58Z", "sentinel-2 10 m")
    start = Span.parse(first.acquired).start
    assert start is not None and first.when == pytest.approx(to_days(start))


def test_measuring_again_or_some_only_gives_the_same():
    feet = {"hall": box(10, 10), "shed": box(25, 25, 1, 1)}
    made = cube(ground())
    rows = measure(made, feet)
    assert repr(measure(made, feet)) == repr(rows)
    assert repr(measure(made, feet, only=("shed",))) == repr(tuple(r for r in rows if r.structure_id == "shed"))


def test_what_is_hidden_is_missing_with_the_reason_and_the_share():
    reason = np.zeros((12, SIDE, SIDE), np.uint8)
    reason[1] = 6
    reason[2, 10:13, 10:14] = 7  # three rows of four
    reason[3, 10, 10:14] = 6
    reason[4] = 2
    rows = measure(cube(ground(), reason), {"hall": box(10, 10)})
    told = {row.scene_id: row for row in rows if row.measure == "mean:red"}
    assert [np.isnan(told[f"test/s{n}"].value) for n in range(6)] == [False, True, True, False, True, False]
    assert [told[f"test/s{n}"].usable_share for n in range(6)] == pytest.approx([1, 0, 0.25, 0.75, 0, 1])
    texts = ["", "cloud 100 %", "shadow 75 %", "cloud 25 %", "failed read 100 %"]
    assert [told[f"test/s{n}"].reasons for n in range(5)] == texts
    assert all(np.isnan(row.value) == (row.usable_share < 0.5) for row in rows if row.measure.startswith("contrast"))


def test_under_cloud_in_every_scene():
    rows = measure(cube(ground(), np.full((12, SIDE, SIDE), 6)), {"hall": box(10, 10)})
    assert len(rows) >= 12 and all(np.isnan(row.value) and row.reasons == "cloud 100 %" for row in rows)


def test_outside_partly_outside_and_larger_than_the_image():
    feet = {"away": box(500, 0), "edge": box(-1, 10), "huge": box(-50, -50, 150, 150)}
    rows = measure(cube(ground()), feet)
    away = [row for row in rows if row.structure_id == "away"]
    assert len(away) == 12 and {row.reasons for row in away} == {"the footprint lies outside the images"}
    edge = [row for row in rows if row.structure_id == "edge" and row.measure == "mean:red"]
    assert {(row.usable_share, row.reasons) for row in edge} == {(0.75, "outside 25 %")}
    assert np.isfinite(values(rows, structure="edge")).all()
    assert np.isnan(values(rows, structure="huge")).all()
    whole = measure(cube(ground()), {"hall": box(0, 0, SIDE, SIDE)})
    assert np.isfinite(values(whole)).all()
    assert not {row.measure.split(":")[0] for row in whole} & {"contrast", "control"}


def test_one_scene_and_none():
    one = measure(cube(ground(1)), {"hall": box(10, 10)})
    assert np.isfinite(values(one)).all() and np.isfinite(values(one, "contrast:red")).all()
    assert measure(cube(ground(2)).isel(time=slice(0, 0)), {"hall": box(10, 10)}) == ()
    assert measure(cube(ground(2)), {}) == ()


def test_all_the_same_value():
    rows = measure(cube(np.full((12, 3, SIDE, SIDE), 0.2)), {"hall": box(10, 10)})
    assert values(rows) == pytest.approx([0.2] * 12, abs=1e-6)
    assert values(rows, "contrast:red") == pytest.approx([0] * 12, abs=1e-6)
    flat = [row for row in rows if row.measure == "contrast:texture"]
    assert all(np.isnan(row.value) and row.reasons == "too flat, or nothing usable to compare with" for row in flat)
    raw = measure(cube(np.full((2, 3, SIDE, SIDE), 0.2), quantity=["digital_number"] * 2), {"hall": box(10, 10)})
    assert np.isnan(values(raw)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_number(bad: float):
    wild = ground()
    wild[3] = bad
    wild[4, 0] = bad  # one band alone
    wild[5, :, 11, 11] = bad
    wild[6, :, :9] = bad
    made = cube(wild)
    made["valid"][:] = True  # whatever the masks say
    rows = measure(made, {"hall": box(10, 10)})
    assert np.isnan(values(rows)[3]) and np.isnan(values(rows)[4])
    assert np.isfinite(values(rows, "mean:green")[4])
    assert np.isfinite(values(rows)[5]) and np.isfinite(values(rows, "contrast:red")[6])
    assert all(np.isfinite(row.value) or np.isnan(row.value) for row in rows)
    hidden = next(row for row in rows if row.measure == "mean:red" and row.scene_id == "test/s3")
    assert (hidden.usable_share, hidden.reasons) == (0.0, "no number 100 %")


def test_doubled_times_are_two_looks_and_a_doubled_scene_is_refused():
    when = ["2019-03-01T10:58Z"] * 2 + [f"2019-03-{n:02d}T10:58Z" for n in range(2, 12)]
    rows = measure(cube(ground(), None, when), {"hall": box(10, 10)})
    assert len(values(rows)) == 12
    with pytest.raises(BadInput, match="scene 'a' is in the cube 2 times"):
        measure(cube(ground(2), scene_id=["a", "a"]), {"hall": box(10, 10)})


def test_scenes_out_of_order_and_without_a_date():
    made = cube(ground())
    mixed = made.isel(time=[3, 1, 0, 2, *range(4, 12)])
    one, other = (sorted(measure(c, {"hall": box(10, 10)}), key=lambda r: (r.measure, r.when)) for c in (made, mixed))
    assert [(r.scene_id, r.measure) for r in one] == [(r.scene_id, r.measure) for r in other]
    assert [r.value for r in one] == pytest.approx([r.value for r in other], abs=1e-7, nan_ok=True)
    undated = made.assign_coords(time=np.array(["NaT"] * 12, "datetime64[ns]"))
    assert all(np.isnan(row.when) for row in measure(undated, {"hall": box(10, 10)}))


def test_scenes_that_could_not_be_aligned_are_told_and_where_pixels_are_fine_not_measured():
    alignment = ["reference", "not aligned", *["aligned"] * 10]
    mask = np.zeros((SIDE, SIDE), bool)
    mask[10:14, 10:14] = True
    for res, missing in ((10.0, []), (3.0, ["test/s1"])):
        rows = [r for r in measure(cube(ground(), alignment=alignment, res=res), {"hall": mask}) if r.measure == "mean:red"]
        assert [row.scene_id for row in rows if np.isnan(row.value)] == missing
        assert [row.scene_id for row in rows if row.reasons == "not aligned"] == ["test/s1"]


def test_sensors_are_series_of_their_own():
    rows = measure(cube(ground(), platform=["sentinel-2a", "landsat-8"] * 6), {"hall": box(10, 10)})
    assert {row.stack for row in rows} == {"sentinel-2 10 m", "landsat 8-9 10 m"}


def test_other_structures_are_no_surroundings():
    near = ground()
    near[6:, :, 4:20, 15:30] += 0.5  # another structure changes beside it
    feet = {"hall": box(10, 10), "other": box(15, 4, 15, 16)}
    alone, told = (values(measure(cube(near), f), "contrast:red") for f in ({"hall": feet["hall"]}, feet))
    assert abs(np.mean(told[6:]) - np.mean(told[:6])) < 0.01 < abs(np.mean(alone[6:]) - np.mean(alone[:6]))


@pytest.mark.parametrize("gone", ["reflectance", "reason", "scene_id", "spatial_ref"])
def test_what_is_no_cube_is_refused(gone: str):
    with pytest.raises(BadInput, match=r"make it with siteline\.load"):
        measure(cube(ground(2)).drop_vars(gone), {"hall": box(10, 10)})


def test_lazy_cubes_give_the_same():
    made = cube(ground())
    lazy = made.chunk({"time": 3, "y": 16})
    assert isinstance(lazy, xr.Dataset)
    assert repr(measure(lazy, {"hall": box(10, 10)})) == repr(measure(made, {"hall": box(10, 10)}))


def test_verdun_the_stand_that_was_removed_steps():
    made = verdun()
    before = to_days(Span.parse("2019-01-01").start)  # type: ignore[arg-type]
    height, width = made.sizes["y"], made.sizes["x"]
    core = np.zeros((height, width), bool)
    core[height // 2 - 3 : height // 2 + 3, width // 2 - 3 : width // 2 + 3] = True
    rows = measure(made, {"core": core}, before=before)
    gone = to_days(Span.parse("2019-04-18").start)  # type: ignore[arg-type]
    found = [r for r in rows if r.measure == "mean:red" and np.isfinite(r.value)]
    early = [r.value for r in found if r.when < before]
    late = [r.value for r in found if r.when > gone]
    assert len(early) > 20 and len(late) > 10
    assert np.median(late) - np.median(early) > 3 * np.std(early)
    assert all(row.reasons for row in rows if np.isnan(row.value))
