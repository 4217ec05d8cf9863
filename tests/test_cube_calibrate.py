"""Numbers to reflectance, by hand; and whether Sentinel-2 numbers still carry their offset, from pixels of known truth."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cube_scenes import CRS, VERDUN_GRID, PlainReader, data, made, scene, verdun, write
from siteline.cube import darkfloor
from siteline.cube.calibrate import RULES, gain
from siteline.cube.load import load
from siteline.model.doubts import CalibrationDoubtful, Doubt
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import Asset, ImageScene

GRID = Grid(CRS, 600_000.0, 5_000_000.0, 10.0, 60, 60)
BANDS = ("blue", "green", "red", "nir", "swir16")


def value(rule: str, number: float, *, scale: float | None = None, offset: float | None = None, **facts: object) -> float:
    asset = Asset("B", "/x.tif", "red", scale=scale, offset=offset)
    meaning = gain(scene("s", "2020", asset, calibration=rule, **facts), asset)
    return meaning.scale * number + meaning.offset


def test_each_rule_by_hand() -> None:
    assert value("sentinel-2", 1234) == pytest.approx(0.1234)
    assert value("theia", 1234) == pytest.approx(0.1234)
    assert value("landsat-c2-sr", 10_000) == pytest.approx(0.075)  # 0.275 - 0.2
    assert value("landsat-c2-sr", 43_636) == pytest.approx(0.99999)  # USGS: the valid range ends at 1.0
    assert value("landsat-c1-toa", 10_000, scale=2e-5, offset=-0.1, sun_elevation=30.0) == pytest.approx(0.2)
    assert value("planet-sr", 2500) == pytest.approx(0.25)
    assert value("planet-sr", 5000, scale=2.1e-5) == pytest.approx(0.105)
    assert value("opera-rtc", 0.037) == 0.037
    assert value("declared", 200, scale=0.002, offset=0.01) == pytest.approx(0.41)
    assert value("none", 77) == 77


def test_nodata_is_the_documented_value_and_the_declared_one() -> None:
    asset = Asset("B", "/x.tif", "red", nodata=65535.0)
    kinds = {rule: gain(scene("s", "2020", asset, calibration=rule), asset).nodata for rule in RULES}
    assert kinds["sentinel-2"] == (65535.0, 0.0) and kinds["theia"] == (65535.0, -10000.0)
    assert kinds["landsat-c2-sr"] == (65535.0, 0.0) and kinds["opera-rtc"] == (65535.0,)


def test_what_is_not_known_is_doubted_and_an_unknown_rule_refused() -> None:
    asset = Asset("B", "/x.tif", "red")
    for rule, word in (("none", "nothing says"), ("landsat-c1-toa", "no MTL"), ("declared", "declared")):
        assert word in gain(scene("s", "2020", asset, calibration=rule), asset).doubt
    sunless = replace(asset, scale=2e-5, offset=-0.1)
    assert "sun" in gain(scene("s", "2020", sunless, calibration="landsat-c1-toa"), sunless).doubt
    with pytest.raises(BadInput, match="unknown calibration 'x'"):
        gain(scene("s", "2020", asset, calibration="x"), asset)


def ground(seed: int = 5, darkest: float = 0.005) -> dict[str, np.ndarray]:
    """Reflectances of a place, Float[y, x] by band, as dark as ``darkest`` in places."""
    rng = np.random.default_rng(seed)
    base = rng.gamma(2.0, 0.02, GRID.shape)
    colour = {"blue": 0.6, "green": 0.9, "red": 0.8, "nir": 4.0, "swir16": 2.0}
    return {band: darkest + base * colour[band] for band in BANDS}


def numbers(truth: dict[str, np.ndarray], carries: bool, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        band: np.clip(np.round(1e4 * (r + rng.normal(0, 0.002, r.shape)) + (1000 if carries else 0)), 1, 65534).astype(
            np.uint16
        )
        for band, r in truth.items()
    }


def sentinel(
    folder: Path, i: int, baseline: str, carries: bool, flag: bool | None = None, darkest: float = 0.005, **facts: object
) -> ImageScene:
    properties = {} if flag is None else {"earthsearch:boa_offset_applied": flag}
    return made(
        folder, f"s{i:02d}", f"202{i // 12}-{i % 12 + 1:02d}-05T10:50Z", GRID, numbers(ground(darkest=darkest), carries, i),
        calibration="sentinel-2", baseline=baseline, quantity="surface_reflectance", properties=properties, **facts,
    )  # fmt: skip


def calm(scenes: list[ImageScene]) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Doubt)
        return load(scenes, GRID, reader=PlainReader()).reflectance.values


def test_row_26_no_step_at_a_change_of_baseline(tmp_path: Path) -> None:
    scenes = [sentinel(tmp_path, i, "02.14" if i < 6 else "05.09", carries=i >= 6) for i in range(12)]
    values = calm(scenes)
    step = values[6:].mean(axis=(0, 2, 3)) - values[:6].mean(axis=(0, 2, 3))
    assert np.abs(step).max() < 5e-4  # of reflectance; the offset is 0.1
    truth = np.stack([ground()[band] for band in BANDS])
    assert np.abs(values.mean(axis=0) - truth).mean() < 0.002


def test_row_27_a_flag_that_would_take_the_offset_off_twice_is_found_in_the_pixels(tmp_path: Path) -> None:
    wrong = sentinel(tmp_path, 3, "05.09", carries=False, flag=False)
    with pytest.warns(CalibrationDoubtful, match=r"boa_offset_applied = false.*no offset") as told:
        cube = load([wrong], GRID, reader=PlainReader())
    assert [w.message.subject for w in told if isinstance(w.message, Doubt)] == ["test/s03"]
    assert "none was taken off" in str(cube.doubt.values[0])
    truth = np.stack([ground()[band] for band in BANDS])
    assert np.abs(cube.reflectance.values[0] - truth).mean() < 0.003


def test_row_27_a_flag_that_would_leave_the_offset_in_is_found_against_other_scenes(tmp_path: Path) -> None:
    scenes = [sentinel(tmp_path, i, "02.14", carries=False) for i in range(4)]
    wrong = sentinel(tmp_path, 7, "05.09", carries=True, flag=True)
    with pytest.warns(CalibrationDoubtful, match=r"s07.*1000 was taken off"):
        cube = load([*scenes, wrong], GRID, reader=PlainReader())
    assert ["taken off" in str(text) for text in cube.doubt.values] == [False] * 4 + [True]
    level = cube.reflectance.values.mean(axis=(1, 2, 3))
    assert abs(level[4] - level[:4].mean()) < 0.002


def test_row_27_where_pixels_do_not_tell_the_metadata_stand_and_are_doubted(tmp_path: Path) -> None:
    """One dark scene is too few to overrule a flag, and a bright place with metadata that disagree cannot be judged."""
    peer, wrong = sentinel(tmp_path, 0, "02.14", carries=False), sentinel(tmp_path, 7, "05.09", carries=True, flag=True)
    with pytest.warns(CalibrationDoubtful, match=r"s07.*was followed"):
        cube = load([peer, wrong], GRID, reader=PlainReader())
    assert cube.reflectance.values[1].mean() - cube.reflectance.values[0].mean() == pytest.approx(0.1, abs=0.003)

    bright = sentinel(tmp_path, 9, "05.09", carries=False, flag=True, darkest=0.2)
    bright = replace(bright, assets=tuple(replace(asset, scale=1e-4, offset=-0.1) for asset in bright.assets))
    with pytest.warns(CalibrationDoubtful, match="disagree"):
        cube = load([bright], GRID, reader=PlainReader())
    truth = np.stack([ground(darkest=0.2)[band] for band in BANDS])
    assert np.abs(cube.reflectance.values[0] - truth).mean() < 0.003


def test_a_true_flag_beside_a_declared_offset_is_settled_by_dark_pixels_without_alarm(tmp_path: Path) -> None:
    """As Earth Search lists many scenes: the offset is applied, and declared all the same."""
    right = sentinel(tmp_path, 1, "05.09", carries=False, flag=True)
    right = replace(right, assets=tuple(replace(asset, scale=1e-4, offset=-0.1) for asset in right.assets))
    truth = np.stack([ground()[band] for band in BANDS])
    assert np.abs(calm([right])[0] - truth).mean() < 0.003


def test_row_28_both_baselines_of_one_datatake_come_out_alike(tmp_path: Path) -> None:
    values = calm([sentinel(tmp_path, 1, "02.14", False), sentinel(tmp_path, 2, "05.00", True)])
    assert np.abs(values[0] - values[1]).mean() < 0.004 and abs(values[0].mean() - values[1].mean()) < 2e-4


def test_snow_haze_and_season_are_no_offset(tmp_path: Path) -> None:
    scenes = [sentinel(tmp_path, i, "02.14", carries=False) for i in range(5)]
    truth = ground()
    changed = {
        "haze": {band: r + add for (band, r), add in zip(truth.items(), (0.10, 0.08, 0.06, 0.03, 0.01), strict=True)},
        "snow": {band: r + add for (band, r), add in zip(truth.items(), (0.6, 0.6, 0.6, 0.5, 0.02), strict=True)},
        "bare": {band: r + add for (band, r), add in zip(truth.items(), (0.03, 0.05, 0.09, 0.0, 0.2), strict=True)},
    }
    for i, (name, layers) in enumerate(changed.items()):
        scenes.append(
            made(
                tmp_path,
                name,
                f"2023-0{i + 1}-01",
                GRID,
                numbers(layers, False, 50 + i),
                calibration="sentinel-2",
                baseline="02.14",
            )
        )
    calm(scenes)


def test_lazy_blocks_decide_as_the_whole(tmp_path: Path) -> None:
    scenes = [sentinel(tmp_path, i, "02.14", carries=False) for i in range(4)]
    scenes += [
        sentinel(tmp_path, 7, "05.09", carries=True, flag=True),
        sentinel(tmp_path, 8, "05.09", carries=False, flag=False),
    ]
    with pytest.warns(CalibrationDoubtful):
        eager = load(scenes, GRID, reader=PlainReader())
    with pytest.warns(CalibrationDoubtful):
        lazy = load(scenes, GRID, reader=PlainReader(), chunks={"time": 2, "y": 25})
    assert eager.identical(lazy.compute(scheduler="synchronous"))


@pytest.mark.parametrize(
    ("baseline", "flag", "declared", "expected"),
    [
        ("02.14", None, None, 0.0), ("04.00", None, None, -1000.0), ("N0509", None, None, -1000.0),
        ("05.09", True, None, 0.0), ("05.09", False, None, -1000.0), ("02.14", False, None, 0.0), ("", None, -0.1, -1000.0),
        ("", None, None, 0.0),
        ("99.99", None, None, -1000.0), ("05.09", True, -0.1, 0.0),
    ],
)  # fmt: skip
def test_what_metadata_say(baseline: str, flag: bool | None, declared: float | None, expected: float) -> None:
    asset = Asset("B", "/x.tif", "red", scale=None if declared is None else 1e-4, offset=declared)
    properties = {} if flag is None else {"earthsearch:boa_offset_applied": flag}
    said = darkfloor.stated(scene("s", "2022", asset, baseline=baseline, properties=properties))
    assert said.offset == expected
    assert said.disputed == (not (baseline or declared) or (flag is True and declared is not None))


def test_floors_need_enough_clear_pixels() -> None:
    layer = np.full((1, 30, 30), 900, np.float32)
    layer[0, :3, :10] = 300
    assert darkfloor.floors(layer, np.ones((30, 30), bool), ("red",)) == {"red": 300.0}
    assert darkfloor.floors(layer, np.zeros((30, 30), bool), ("red",)) == {}
    few = np.zeros((30, 30), bool)
    few[:1] = True
    assert darkfloor.floors(layer, few, ("red",)) == {}


def test_real_scenes_raise_no_alarm() -> None:
    """OSCD: level 1C of 2015 to 2018, before the offset. THEIA: no offset ever, though its scenes are read as Sentinel-2."""
    root = data("oscd")
    names = {1: "blue", 2: "green", 3: "red", 7: "nir", 9: "swir16"}
    for city in sorted(path.name for path in root.iterdir() if path.is_dir()):
        scenes = []
        for path in sorted((root / city).glob(f"{city}_20*.tif")):
            assets = [Asset(band, str(path), band, index=i) for i, band in names.items()]
            when = path.stem.rpartition("_")[2]
            facts = {"calibration": "sentinel-2", "baseline": "02.06", "quantity": "toa_reflectance"}
            scenes.append(scene(path.stem, when, *assets, **facts))
        import rasterio

        with rasterio.open(path) as source:
            bounds = source.bounds
        grid = Grid.covering("EPSG:4326", tuple(bounds), 1e-4)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Doubt)
            cube = load(scenes, grid, reader=PlainReader())
        assert 0.02 < float(cube.reflectance.median()) < 0.4
    theia = [replace(found, calibration="sentinel-2", baseline="02.14") for found in verdun(data("verdun-s2"))]
    with warnings.catch_warnings():
        warnings.simplefilter("error", Doubt)
        load(theia, VERDUN_GRID, reader=PlainReader())


def test_landsat_7_stripes_are_defects_not_nodata(tmp_path: Path) -> None:
    values = np.full(GRID.shape, 9000, np.uint16)
    values[20:23] = 0
    for name, platform, when, word in (
        ("e", "landsat-7", "2010-06-01", "DEFECTIVE"),
        ("b", "landsat-7", "2002-06-01", "NODATA"),
        ("t", "landsat-5", "2010-06-01", "NODATA"),
    ):
        found = made(tmp_path, name, when, GRID, {"red": values}, calibration="landsat-c2-sr", platform=platform)
        codes = load([found], GRID, reader=PlainReader()).reason
        assert (codes.values[0, 20:23] == Reason[word]).all() and (codes.values[0, :20] == 0).all()


def test_landsat_top_of_atmosphere_through_a_load(tmp_path: Path) -> None:
    path = write(tmp_path / "b.tif", np.full(GRID.shape, 9000, np.uint16), GRID)
    asset = Asset("B4", path, "red", scale=2e-5, offset=-0.1)
    found = scene("l", "2018-01-31T15:40Z", asset, calibration="landsat-c1-toa", sun_elevation=28.5)
    cube = load([found], GRID, reader=PlainReader())
    assert float(cube.reflectance.mean()) == pytest.approx((2e-5 * 9000 - 0.1) / math.sin(math.radians(28.5)), rel=1e-5)
