"""Loading: every pixel where it belongs, with its number, or a gap that says why."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cube_scenes import CRS, VERDUN_GRID, PlainReader, data, made, scene, verdun
from siteline.cube.load import load
from siteline.model.doubts import Doubt, SceneUnusable
from siteline.model.errors import BadInput, MixedStack, NoScenes
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import Asset

GRID = Grid(CRS, 600_000.0, 5_000_000.0, 10.0, 30, 20)


def ramp(grid: Grid, dtype: str = "uint16", start: int = 1) -> np.ndarray:
    return (np.arange(grid.width * grid.height).reshape(grid.shape) + start).astype(dtype)


def test_pixels_on_the_same_grid_are_copied_and_scaled(tmp_path: Path) -> None:
    found = made(tmp_path, "a", "2020-01-02T10:00Z", GRID, {"red": ramp(GRID)}, calibration="theia")
    cube = load([found], GRID, reader=PlainReader())
    assert np.allclose(cube.reflectance.values[0, 0], ramp(GRID) * 1e-4, rtol=1e-6)
    assert cube.valid.all() and cube.reflectance.dtype == np.float32
    assert cube.time.values[0] == np.datetime64("2020-01-02T10:00")
    assert list(cube.band.values) == ["red"]


def test_scenes_are_sorted_and_one_without_a_time_comes_last(tmp_path: Path) -> None:
    late = made(tmp_path, "late", "2021-05-01T00:00Z", GRID, {"red": ramp(GRID)}, calibration="theia")
    early = made(tmp_path, "early", "2019", GRID, {"red": ramp(GRID)}, calibration="theia")
    never = made(tmp_path, "never", "", GRID, {"red": ramp(GRID)}, calibration="theia")
    cube = load([never, late, early], GRID, reader=PlainReader())
    assert list(cube.scene_id.values) == ["test/early", "test/late", "test/never"]
    assert np.isnat(cube.time.values[2]) and cube.time.values[0] == np.datetime64("2019-01-01")


def test_outside_and_nodata_are_told_apart_and_are_nan(tmp_path: Path) -> None:
    values = ramp(GRID)
    values[3, 4] = 0
    found = made(tmp_path, "a", "2020", GRID, {"red": values}, nodata=0, calibration="theia")
    wider = Grid(CRS, GRID.left - 50, GRID.top + 20, 10.0, 40, 25)
    cube = load([found], wider, reader=PlainReader())
    codes = cube.reason.values[0]
    assert codes[2 + 3, 5 + 4] == Reason.NODATA
    assert (codes[:2] == Reason.OUTSIDE).all() and (codes[22:] == Reason.OUTSIDE).all()
    assert np.isnan(cube.reflectance.values[0, 0][codes > 0]).all()
    assert np.isfinite(cube.reflectance.values[0, 0][codes == 0]).all()
    assert float(cube.usable_share[0]) == pytest.approx((30 * 20 - 1) / (40 * 25))


def test_row_05_row_12_a_failed_read_is_a_gap_with_its_reason_never_zero(tmp_path: Path) -> None:
    whole = made(tmp_path, "whole", "2020-01-01", GRID, {"red": ramp(GRID), "nir": ramp(GRID)}, calibration="theia")
    half = made(tmp_path, "half", "2020-01-02", GRID, {"red": ramp(GRID), "nir": ramp(GRID)}, calibration="theia")
    with pytest.warns(SceneUnusable, match="half"):
        cube = load([whole, half], GRID, reader=PlainReader(broken=("half-nir",)))
    assert np.isfinite(cube.reflectance.sel(band="red").values).all()
    assert np.isnan(cube.reflectance.values[1, 1]).all()
    assert (cube.reason.values[1] == Reason.FAILED_READ).all() and not cube.valid.values[1].any()
    assert "nir not read" in str(cube.doubt.values[1]) and "not read" not in str(cube.doubt.values[0])


def test_row_29_vanished_assets_are_missing_not_demolished(tmp_path: Path) -> None:
    there = made(tmp_path, "there", "2020-01-01", GRID, {"red": ramp(GRID)}, calibration="theia")
    gone = scene("gone", "2020-01-02", calibration="theia", problems=("its images are gone",))
    lost = scene("lost", "2020-01-03", Asset("red", str(tmp_path / "none.tif"), "red"), calibration="theia")
    with pytest.warns(SceneUnusable):
        cube = load([there, gone, lost], GRID, reader=PlainReader())
    assert np.isnan(cube.reflectance.values[1:]).all()
    assert (cube.reason.values[1:] == Reason.FAILED_READ).all()
    assert "gone" in str(cube.doubt.values[1]) and "no such file" in str(cube.doubt.values[2])


def test_a_band_that_a_scene_lacks_is_nan_there_and_one_that_no_scene_has_is_refused(tmp_path: Path) -> None:
    both = made(tmp_path, "both", "2020-01-01", GRID, {"red": ramp(GRID), "nir": ramp(GRID)}, calibration="theia")
    one = made(tmp_path, "one", "2020-01-02", GRID, {"red": ramp(GRID)}, calibration="theia")
    cube = load([both, one], GRID, bands=["nir", "red"], reader=PlainReader())
    assert list(cube.band.values) == ["nir", "red"]
    assert np.isnan(cube.reflectance.values[1, 0]).all() and np.isfinite(cube.reflectance.values[1, 1]).all()
    assert (cube.reason.values[1] == Reason.NODATA).all() and "no nir" in str(cube.doubt.values[1])
    with pytest.raises(BadInput, match=r"swir16.*nir, red"):
        load([both, one], GRID, bands=["swir16"], reader=PlainReader())


def test_bands_left_out_are_those_most_scenes_have_by_wavelength(tmp_path: Path) -> None:
    layers = {band: ramp(GRID) for band in ("swir16", "nir", "blue")}
    scenes = [made(tmp_path, f"s{i}", f"2020-01-0{i + 1}", GRID, layers, calibration="theia") for i in range(2)]
    scenes.append(made(tmp_path, "x", "2020-01-09", GRID, {"red": ramp(GRID), "blue": ramp(GRID)}, calibration="theia"))
    assert list(load(scenes, GRID, reader=PlainReader()).band.values) == ["blue", "nir", "swir16"]


def test_no_scenes_mixed_stacks_and_unknown_references_are_refused(tmp_path: Path) -> None:
    optical = made(tmp_path, "o", "2020-01-01", GRID, {"red": ramp(GRID)}, calibration="theia")
    radar = made(
        tmp_path, "r", "2020-01-02", GRID, {"vv": ramp(GRID)}, calibration="opera-rtc", sensor="radar", relative_orbit=7
    )
    with pytest.raises(NoScenes):
        load([], GRID, reader=PlainReader())
    with pytest.raises(MixedStack, match="radar 7"):
        load([optical, radar], GRID, reader=PlainReader())
    with pytest.raises(BadInput, match="reference"):
        load([optical], GRID, reader=PlainReader(), reference="test/x")


def test_all_verdun_scenes_load_and_the_ninety_empty_ones_stay_empty() -> None:
    scenes = verdun(data("verdun-s2"))
    cube = load(scenes, VERDUN_GRID, reader=PlainReader())
    empty = np.isnan(cube.reflectance.values).all(axis=(1, 2, 3))
    assert cube.sizes["time"] == 187 and empty.sum() == 90
    assert (cube.reason.values[empty] == Reason.NODATA).all()
    assert int((cube.usable_share >= 0.95).sum()) == 65  # NOTE.md of the data: about 65 dates are at least 95 % clear
    clear = cube.reflectance.sel(band="nir08").where(cube.valid).median().item()
    assert 0.1 < clear < 0.5


@pytest.mark.parametrize("chunks", [{"time": 1}, {"time": 40, "y": 33, "x": 41}, {}])
def test_eager_and_lazy_are_identical(chunks: dict[str, int]) -> None:
    scenes = verdun(data("verdun-s2"))[60:90]
    eager = load(scenes, VERDUN_GRID, reader=PlainReader())
    lazy = load(scenes, VERDUN_GRID, reader=PlainReader(), chunks=chunks)
    assert lazy.chunks["time"][0] == min(chunks.get("time", 30), 30)
    assert eager.identical(lazy.compute(scheduler="synchronous"))


def test_lazy_blocks_refuse_unknown_names(tmp_path: Path) -> None:
    found = made(tmp_path, "a", "2020", GRID, {"red": ramp(GRID)}, calibration="theia")
    for chunks in ({"band": 1}, {"time": 0}, {"y": -3}):
        with pytest.raises(BadInput, match="chunks"):
            load([found], GRID, reader=PlainReader(), chunks=chunks)


def test_quiet_scenes_raise_no_warning(tmp_path: Path) -> None:
    found = made(tmp_path, "a", "2020", GRID, {"red": ramp(GRID)}, calibration="theia")
    with warnings.catch_warnings():
        warnings.simplefilter("error", Doubt)
        load([found], GRID, reader=PlainReader(), progress=lambda done, all_: None)


def test_a_grid_of_one_pixel_and_one_of_sixty_thousand(tmp_path: Path) -> None:
    found = made(tmp_path, "a", "2020", GRID, {"red": ramp(GRID)}, calibration="theia")
    one = load([found], Grid(CRS, GRID.left + 30, GRID.top - 20, 10.0, 1, 1), reader=PlainReader())
    assert one.reflectance.values.ravel()[0] == np.float32(ramp(GRID)[2, 3]) * np.float32(1e-4)
    reader = PlainReader()
    huge = Grid(CRS, GRID.left - 100_000, GRID.top + 100_000, 10.0, 60_000, 60_000)
    with pytest.raises(BadInput, match=r"GB.*chunks"):
        load([found] * 100, huge, reader=PlainReader())
    lazy = load([found], huge, reader=reader, chunks={"time": 1, "y": 1024, "x": 1024})
    assert np.isnan(lazy.usable_share.values[0])
    spot = lazy.isel(y=slice(10_000, 10_020), x=slice(10_000, 10_030)).compute(scheduler="synchronous")
    assert np.allclose(spot.reflectance.values[0, 0], ramp(GRID) * 1e-4, rtol=1e-6)
    assert reader.reads < 10  # the middle, and the blocks that were asked for
    assert (lazy.reason[0, 0, :5].compute(scheduler="synchronous") == Reason.OUTSIDE).all()


def test_scenes_outside_the_grid_are_outside(tmp_path: Path) -> None:
    away = made(tmp_path, "a", "2020", Grid(CRS, 0.0, 5_000_000.0, 10.0, 30, 20), {"red": ramp(GRID)}, calibration="theia")
    here = made(tmp_path, "b", "2021", GRID, {"red": ramp(GRID)}, calibration="theia")
    cube = load([away, here], GRID, reader=PlainReader())
    assert (cube.reason.values[0] == Reason.OUTSIDE).all() and np.isnan(cube.reflectance.values[0]).all()
    assert cube.usable_share.values.tolist() == [0.0, 1.0]


def test_a_quarantined_scene_is_never_read(tmp_path: Path) -> None:
    here = made(tmp_path, "b", "2021", GRID, {"red": ramp(GRID)}, calibration="theia")
    bad = replace(here, scene_id="test/q", quarantined=True, problems=("dated in the future",))
    reader = PlainReader()
    with pytest.warns(SceneUnusable, match="future"):
        cube = load([here, bad], GRID, reader=reader)
    assert reader.reads == 1 and (cube.reason.values[1] == Reason.FAILED_READ).all()


def test_the_cube_follows_cf(tmp_path: Path) -> None:
    import pyproj

    cube = load([made(tmp_path, "b", "2021", GRID, {"red": ramp(GRID)}, calibration="theia")], GRID, reader=PlainReader())
    assert pyproj.CRS.from_wkt(cube.spatial_ref.attrs["crs_wkt"]).to_epsg() == 32631
    assert [float(part) for part in cube.spatial_ref.attrs["GeoTransform"].split()] == [600000, 10, 0, 5000000, 0, -10]
    assert cube.x.values[0] == 600005 and cube.y.values[0] == 4999995
    words = cube.reason.attrs["flag_meanings"].split()
    assert list(cube.reason.attrs["flag_values"]) == list(range(9)) and words[2] == "failed_read" and len(words) == 9
