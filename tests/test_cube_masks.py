"""Mask layers: every class and bit of each provider's table, by hand; and how they reach the cube."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cube_scenes import CRS, VERDUN_GRID, PlainReader, data, made, scene, verdun, write
from siteline.cube.load import load
from siteline.cube.masks import cloud_percents, layers_of, lowest, read_mask
from siteline.model.doubts import SceneUnusable
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import MASKS, Asset

R = Reason
GRID = Grid(CRS, 600_000.0, 5_000_000.0, 10.0, 40, 40)


def codes(kind: str, *values: int, dtype: str = "uint8", name: str = "") -> list[int]:
    return [int(code) for code in read_mask(kind, np.array([[values]], dtype), name)[0]]


def test_sentinel_2_scene_classification() -> None:
    assert codes("scl", *range(12)) == [
        R.NODATA, R.DEFECTIVE, 0, R.SHADOW, 0, 0, 0, 0, R.CLOUD, R.CLOUD, R.CLOUD, R.SNOW
    ]  # fmt: skip


def test_landsat_collection_2_bits() -> None:
    assert codes("qa_pixel", *(1 << bit for bit in range(16)), dtype="uint16") == [
        R.NODATA, R.CLOUD, R.CLOUD, R.CLOUD, R.SHADOW, R.SNOW, *[0] * 10
    ]  # fmt: skip
    # values listed in the USGS guide: clear land, clear water, cloud (high confidence), shadow, snow, fill
    assert codes("qa_pixel", 21824, 21952, 22280, 23888, 30048, 1, dtype="uint16") == [
        0,
        0,
        R.CLOUD,
        R.SHADOW,
        R.SNOW,
        R.NODATA,
    ]


def test_landsat_collection_1_bits() -> None:
    # USGS's own worked values of BQA for Landsat 8: clear, cloud, cirrus, shadow, snow, fill, terrain occlusion, saturated
    assert codes("qa_c1", 2720, 2800, 6816, 2976, 3744, 1, 2722, 2732, dtype="uint16") == [
        0, R.CLOUD, R.CLOUD, R.SHADOW, R.SNOW, R.NODATA, R.DEFECTIVE, R.SATURATED
    ]  # fmt: skip


def test_theia_bits() -> None:
    assert codes("theia_clm", 0, 1, 3, 16, 33, 65, 129, 43, 4, 8) == [
        0, R.SHADOW, R.CLOUD, R.CLOUD, R.SHADOW, R.SHADOW, R.CLOUD, R.CLOUD, 0, 0
    ]  # fmt: skip


def test_planet_masks() -> None:
    assert codes("udm1", *(1 << bit for bit in range(8))) == [R.NODATA, R.CLOUD, *[R.DEFECTIVE] * 6]
    layers = np.zeros((8, 1, 9), np.uint8)
    layers[0, 0, 0] = 1  # clear
    for column, band in enumerate(range(2, 7), 1):
        layers[band - 1, 0, column] = 1
    layers[6] = 90  # confidence
    layers[7, 0, 6:] = (1, 4, 0)  # black fill, suspect blue, nothing
    assert list(read_mask("udm2", layers)[0]) == [0, R.SNOW, R.SHADOW, R.CLOUD, R.CLOUD, R.CLOUD, R.NODATA, R.DEFECTIVE, 0]
    with pytest.raises(ValueError, match="8 bands"):
        read_mask("udm2", layers[:1])
    assert layers_of("udm2", 1) == tuple(range(1, 9)) and layers_of("scl", 3) == (3,)


def test_both_codings_of_fmask_and_the_radar_mask() -> None:
    assert codes("fmask", 0, 1, 2, 3, 4, 5, name="oa_fmask") == [R.NODATA, 0, R.CLOUD, R.SHADOW, R.SNOW, 0]
    assert codes("fmask", 0, 1, 2, 3, 4, 255, name="Fmask") == [0, 0, R.SHADOW, R.SNOW, R.CLOUD, R.NODATA]
    assert codes("rtc_mask", 0, 1, 2, 3, 255) == [0, R.DEFECTIVE, R.DEFECTIVE, R.DEFECTIVE, R.NODATA]


def test_every_kind_is_read_and_floats_are_not_masks() -> None:
    for kind in MASKS:
        assert read_mask(kind, np.zeros((8, 2, 2), np.uint16)).shape == (2, 2)
        with pytest.raises(ValueError, match="whole numbers"):
            read_mask(kind, np.zeros((8, 2, 2), np.float32))


def test_the_lowest_reason_wins() -> None:
    one, other = np.array([0, 0, 6, 8, 255], np.uint8), np.array([0, 7, 3, 0, 1], np.uint8)
    assert list(lowest(one, other)) == [0, 7, 3, 8, 1]


def simple(folder: Path, scl: np.ndarray, name: str = "a") -> object:
    grid20 = Grid(CRS, GRID.left, GRID.top, 20.0, 20, 20)
    path = write(folder / f"{name}-red.tif", np.full(GRID.shape, 500, np.uint16), GRID)
    mask = write(folder / f"{name}-scl.tif", scl, grid20)
    assets = Asset("red", path, "red", gsd_m=10.0), Asset("scl", mask, "scl", "mask", gsd_m=20.0)
    return scene(name, "2020-01-01", *assets, calibration="theia")


def test_clouds_and_shadows_are_widened_by_metres_and_snow_and_nodata_are_not(tmp_path: Path) -> None:
    scl = np.full((20, 20), 4, np.uint8)
    scl[4, 4], scl[4, 14], scl[14, 4], scl[14, 14] = 9, 3, 11, 0
    counts = {}
    for metres in (0.0, 20.0, 40.0):
        cube = load([simple(tmp_path, scl)], GRID, reader=PlainReader(), dilate_m=metres)
        counts[metres] = [int((cube.reason == reason).sum()) for reason in (R.CLOUD, R.SHADOW, R.SNOW, R.NODATA)]
        assert np.isfinite(cube.reflectance.values).all()  # values under cloud stay
    # pixels of 10 m in disks of radius 0, 1 and 2 mask pixels of 20 m: 1, 5 and 13 of them
    assert counts == {0.0: [4, 4, 4, 4], 20.0: [20, 20, 4, 4], 40.0: [52, 52, 4, 4]}


def test_a_mask_that_does_not_reach_leaves_pixels_unknown_and_one_that_fails_is_doubted(tmp_path: Path) -> None:
    path = write(tmp_path / "r.tif", np.full(GRID.shape, 500, np.uint16), GRID)
    half = write(tmp_path / "half.tif", np.full((20, 10), 4, np.uint8), Grid(CRS, GRID.left, GRID.top, 20.0, 10, 20))
    short = scene("s", "2020", Asset("red", path, "red"), Asset("scl", half, "scl", "mask"), calibration="theia")
    cube = load([short], GRID, reader=PlainReader())
    assert cube.valid.values[0, :, :20].all() and (cube.reason.values[0, :, 20:] == R.OUTSIDE).all()
    blind = scene("b", "2020", Asset("red", path, "red"), Asset("scl", half, "scl", "mask"), calibration="theia")
    with pytest.warns(SceneUnusable):
        cube = load([blind], GRID, reader=PlainReader(broken=("half",)))
    assert "scl not read" in str(cube.doubt.values[0]) and np.isfinite(cube.reflectance.values).all()
    assert (cube.reason == R.FAILED_READ).all()


def test_udm2_is_read_with_all_its_bands(tmp_path: Path) -> None:
    layers = np.zeros((8, 40, 40), np.uint8)
    layers[5, :10] = 1
    path = write(tmp_path / "r.tif", np.full(GRID.shape, 500, np.uint16), GRID)
    mask = write(tmp_path / "udm2.tif", layers, GRID)
    found = scene("p", "2020", Asset("red", path, "red"), Asset("udm2", mask, "udm2", "mask"), calibration="planet-sr")
    cube = load([found], GRID, reader=PlainReader(), dilate_m=0)
    assert (cube.reason.values[0, :10] == R.CLOUD).all() and cube.valid.values[0, 10:].all()


def test_cloud_over_the_site_in_percent(tmp_path: Path) -> None:
    scl = np.full((20, 20), 4, np.uint8)
    scl[:5], scl[5:10], scl[10:15] = 9, 0, 11
    maskless = made(tmp_path, "m", "2020", GRID, {"red": np.full(GRID.shape, 5, np.uint16)}, calibration="theia")
    found = cloud_percents([simple(tmp_path, scl), maskless], GRID, PlainReader())
    assert found == {"test/a": pytest.approx(100 / 3)}
    assert cloud_percents([simple(tmp_path, scl)], GRID, PlainReader(broken=("scl",))) == {}


def test_the_cloud_masks_of_verdun_reach_the_cube_whole() -> None:
    """Every pixel with any bit set, read straight with rasterio, and no other: on the dates with data, not widened."""
    root = data("verdun-s2")
    scenes = verdun(root)
    cube = load(scenes, VERDUN_GRID, reader=PlainReader(), dilate_m=0, bands=["red"])
    clouded = ((cube.reason == R.CLOUD) | (cube.reason == R.SHADOW)).mean(dim=("y", "x")).values
    import rasterio

    checked = 0
    for found, share in zip(sorted(scenes, key=lambda s: s.when.start), clouded, strict=True):
        with rasterio.open(found.masks[0].href) as source:
            own = source.read(1)
        if (cube.reason.sel(time=found.when.start.replace(tzinfo=None)) == R.NODATA).any():
            continue
        assert share == pytest.approx(float((own > 0).mean()), abs=1e-9)
        checked += 1
    assert checked > 90


@pytest.mark.skipif(sys.platform == "win32", reason="paths")
def test_landsat_8_collection_1_masks_are_read() -> None:
    root = data("landsat8-ny") / "L8NY18"
    seen: set[int] = set()
    for path in sorted(root.glob("*/*BQA.TIF")):
        import rasterio

        with rasterio.open(path) as source:
            seen |= set(np.unique(read_mask("qa_c1", source.read())))
    assert {0, R.NODATA, R.CLOUD, R.SHADOW, R.SNOW} <= seen
