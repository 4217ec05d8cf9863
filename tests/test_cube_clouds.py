"""Clouds by the history of the site, on simulated places of known truth, and speckle."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cube_scenes import CRS, VERDUN_GRID, PlainReader, data, made, verdun
from siteline.cube import clouds
from siteline.cube.load import load
from siteline.cube.speckle import filtered
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

BANDS = {"blue": 0.04, "green": 0.07, "red": 0.06, "nir": 0.30, "swir16": 0.20}
SIDE = 40


def place(times: int = 16, seed: int = 1) -> dict[str, np.ndarray]:
    """A quiet site in cells of 20 m: Float[time, row, col] by band, season and noise included."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform(0.7, 1.3, (SIDE, SIDE))
    season = 1 + 0.15 * np.sin(np.arange(times) / times * 4 * np.pi)
    return {
        band: (level * ground * season[:, None, None] + rng.normal(0, 0.003, (times, SIDE, SIDE))).astype(np.float32)
        for band, level in BANDS.items()
    }


def found(layers: dict[str, np.ndarray], sun: float | None = None) -> np.ndarray:
    times = len(layers["blue"])
    nothing = np.zeros(layers["blue"].shape, bool)
    codes = clouds.detect(
        clouds.History(layers["blue"], layers["nir"], layers["green"], layers["swir16"], nothing, [sun] * times, 20.0)
    )
    assert codes is not None
    return codes


def test_a_quiet_site_is_clear() -> None:
    assert (found(place()) > 0).mean() < 0.002


def test_a_cloud_and_its_shadow_are_found_where_they_are() -> None:
    layers = place()
    for band in layers:
        layers[band][7, 5:15, 5:15] += 0.25
        layers[band][7, 5:15, 22:30] *= 0.5
    codes = found(layers, sun=270.0)  # the sun in the west: shadows fall to the east
    assert (codes[7, 5:15, 5:15] == Reason.CLOUD).all() and (codes[7, 5:15, 22:30] == Reason.SHADOW).all()
    others = np.delete(codes, 7, axis=0)
    assert (others > 0).mean() < 0.005
    assert (codes[7, 20:] > 0).mean() < 0.01


@pytest.mark.parametrize("size", [1, 6])
def test_a_bright_object_that_stays_is_no_cloud(size: int) -> None:
    """A roof of 20 m and one of 120 m, built between scenes 7 and 8."""
    layers = place()
    for band in layers:
        layers[band][8:, 10 : 10 + size, 10 : 10 + size] = 0.35
    codes = found(layers)[:, 10 : 10 + size, 10 : 10 + size]
    assert not codes[:-2].any() and not codes[8:].all(axis=(1, 2)).any()


def test_a_bright_object_that_is_taken_away_is_no_cloud() -> None:
    layers = place()
    for band in layers:
        layers[band][:8, 10:16, 10:16] = 0.35
    assert not found(layers)[2:, 10:16, 10:16].any()


def test_a_small_bright_thing_in_one_scene_is_no_cloud() -> None:
    layers = place()
    for band in layers:
        layers[band][7, 10, 10] = 0.5
    assert not found(layers)[7].any()


def test_overcast_and_haze_mark_whole_scenes_and_a_small_common_shift_does_not() -> None:
    layers = place()
    for band in layers:
        layers[band][4] += 0.4
        layers[band][9] += 0.08
        layers[band][12] += 0.01
    codes = found(layers)
    assert (codes[4] == Reason.CLOUD).all() and (codes[9] == Reason.CLOUD).mean() > 0.99
    assert (codes[12] > 0).mean() < 0.01


def test_snow_is_snow() -> None:
    layers = place()
    for band, level in (("blue", 0.7), ("green", 0.7), ("red", 0.7), ("nir", 0.6), ("swir16", 0.08)):
        layers[band][5, :20] = level
    codes = found(layers)
    assert (codes[5, :20] == Reason.SNOW).all()


def test_too_few_scenes_are_no_history() -> None:
    layers = place(4)
    nothing = np.zeros(layers["blue"].shape, bool)
    assert clouds.detect(clouds.History(layers["blue"], None, None, None, nothing, [None] * 4, 20.0)) is None


def test_cells_are_means_of_what_there_is() -> None:
    layer = np.arange(35, dtype=np.float32).reshape(5, 7)
    layer[0, :2] = np.nan
    out = clouds.cells(layer, 2)
    assert out.shape == (3, 4)
    assert out[0, 0] == np.float32((7 + 8) / 2) and out[2, 3] == 34 and out[1, 1] == np.float32((16 + 17 + 23 + 24) / 4)
    layer[1, 0] = np.nan
    assert np.isnan(clouds.cells(layer, 2)[0, 0])


GRID = Grid(CRS, 600_000.0, 5_000_000.0, 10.0, 2 * SIDE, 2 * SIDE)


def bare_scenes(folder: Path, layers: dict[str, np.ndarray], **facts: object) -> list[ImageScene]:
    scenes = []
    for t in range(len(layers["blue"])):
        numbers = {band: np.kron(np.round(1e4 * v[t]), np.ones((2, 2))).astype(np.int16) for band, v in layers.items()}
        scenes.append(
            made(
                folder,
                f"s{t:02d}",
                f"2020-{t // 2 + 1:02d}-{1 + 14 * (t % 2):02d}",
                GRID,
                numbers,
                calibration="theia",
                **facts,
            )
        )
    return scenes


def test_scenes_without_masks_are_masked_in_a_cube_eager_and_lazy(tmp_path: Path) -> None:
    layers = place(10)
    for band in layers:
        layers[band][4, 5:15, 5:15] += 0.25
    scenes = bare_scenes(tmp_path, layers, quantity="surface_reflectance")
    cube = load(scenes, GRID, reader=PlainReader())
    assert (cube.reason.values[4, 10:30, 10:30] == Reason.CLOUD).all()
    assert (cube.reason.values[4, 6:10, 10:30] == Reason.CLOUD).all()  # widened by 40 m
    assert "history of the site" in str(cube.doubt.values[0]) and np.isfinite(cube.reflectance.values).all()
    lazy = load(scenes, GRID, reader=PlainReader(), chunks={"time": 3, "y": 33, "x": 17})
    assert cube.identical(lazy.compute(scheduler="synchronous"))


def test_where_clouds_cannot_be_known_it_is_said(tmp_path: Path) -> None:
    scenes = bare_scenes(tmp_path, place(6), quantity="surface_reflectance")
    assert "fewer than 5" in str(load(scenes[:4], GRID, reader=PlainReader()).doubt.values[0])
    assert "no visible band" in str(load(scenes, GRID, bands=["nir"], reader=PlainReader()).doubt.values[0])
    raw = bare_scenes(tmp_path, place(6), quantity="digital_number")
    doubt = str(load(raw, GRID, reader=PlainReader()).doubt.values[0])
    assert "clouds are not known" in doubt


def test_verdun_without_its_masks_is_masked_as_well_as_the_page_says() -> None:
    data("verdun-s2")
    from benchmarks.cube_masks import run

    figures = run()
    assert figures["held out"]["dates"] == 48
    assert figures["held out"]["false_cloud"] < 0.08 and figures["held out"]["false_clear"] < 0.30
    assert figures["held out"]["false_clear_thick"] < 0.15


def test_the_dismantled_stand_of_verdun_is_not_taken_for_cloud() -> None:
    """The clearing of spring 2019 brightens 40 % of the area: clear scenes after it must stay as usable as before."""
    scenes = verdun(data("verdun-s2"), masks=False)
    cube = load(scenes, VERDUN_GRID, reader=PlainReader())
    truth = load(verdun(data("verdun-s2")), VERDUN_GRID, reader=PlainReader())
    clear = (truth.usable_share > 0.99).values & (cube.time >= np.datetime64("2019-03-01")).values
    clear &= (cube.time <= np.datetime64("2019-09-30")).values
    assert clear.sum() >= 8
    assert float(cube.usable_share.values[clear].mean()) > 0.85


def gamma(times: int = 12, looks: float = 4.0, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.full((times, 1, 80, 80), 0.05)
    truth[:, :, 30:] = 0.2
    truth[times // 2 :, :, 40:60, 40:60] = 0.8
    return truth, (truth * rng.gamma(looks, 1 / looks, truth.shape)).astype(np.float32)


def test_the_speckle_filter_keeps_means_and_raises_looks() -> None:
    truth, speckled = gamma()
    out = filtered(speckled)
    for area in ((slice(5, 25), slice(5, 75)), (slice(66, 76), slice(5, 75)), (slice(44, 56), slice(44, 56))):
        before, after = speckled[:, 0, *area], out[:, 0, *area]
        assert np.allclose(after.mean(axis=(1, 2)), truth[:, 0, *area].mean(axis=(1, 2)), rtol=0.08)
        looks = [float((a.mean(axis=(1, 2)) ** 2 / a.var(axis=(1, 2))).mean()) for a in (before, after)]
        assert 3.2 < looks[0] < 4.8 and looks[1] > 4 * looks[0]


def test_the_speckle_filter_keeps_gaps() -> None:
    _, speckled = gamma(6)
    speckled[2, 0, 10:20] = np.nan
    speckled[:, 0, 70, 70] = np.nan
    out = filtered(speckled)
    assert np.array_equal(np.isnan(out), np.isnan(speckled))


def test_speckle_is_filtered_only_if_asked_eager_and_lazy_alike(tmp_path: Path) -> None:
    _, speckled = gamma(5)
    facts = {"calibration": "opera-rtc", "sensor": "radar", "quantity": "gamma0", "relative_orbit": 7}
    scenes = [made(tmp_path, f"r{t}", f"2020-01-0{t + 1}", GRID, {"vv": speckled[t, 0]}, **facts) for t in range(5)]
    plain = load(scenes, GRID, reader=PlainReader())
    assert np.array_equal(plain.gamma0.values, speckled)
    cube = load(scenes, GRID, reader=PlainReader(), speckle=True)
    assert np.allclose(cube.gamma0.values, filtered(speckled), rtol=1e-6)
    lazy = load(scenes, GRID, reader=PlainReader(), speckle=True, chunks={"time": 2, "y": 30, "x": 50})
    assert np.allclose(lazy.gamma0.compute(scheduler="synchronous").values, cube.gamma0.values, rtol=1e-6)
    optical = bare_scenes(tmp_path, place(2), quantity="surface_reflectance")
    with pytest.raises(BadInput, match="radar"):
        load(optical, GRID, reader=PlainReader(), speckle=True)
