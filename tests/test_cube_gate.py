"""The registration gate: what lies aside is put back in the same sampling, or marked; nothing is moved in silence."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cube_scenes import CRS, PlainReader, made, scene, write
from siteline.cube.load import load
from siteline.model.doubts import NotAligned
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import Asset, ImageScene

GRID = Grid(CRS, 600_000.0, 5_000_000.0, 10.0, 256, 256)
WIDE = Grid(CRS, GRID.left - 200, GRID.top + 200, 10.0, 296, 296)


def ground(seed: int = 0) -> np.ndarray:
    """Fields, roads and texture: reflectance x 10000 on ``WIDE``."""
    rng = np.random.default_rng(seed)
    rows, cols = (np.repeat(np.arange(30), rng.integers(6, 30, 30))[:296] for _ in range(2))
    fields = rng.uniform(600, 2600, (30, 30))[rows[:, None], cols[None, :]]
    return gaussian_filter(fields, 1.0) + gaussian_filter(rng.normal(0, 600, (296, 296)), 1.2)


def shifted(values: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """Content moved right and down by Fourier shift."""
    rows, cols = np.fft.fftfreq(values.shape[0])[:, None], np.fft.fftfreq(values.shape[1])[None, :]
    return np.fft.ifft2(np.fft.fft2(values) * np.exp(-2j * np.pi * (rows * dy + cols * dx))).real


def sight(folder: Path, name: str, day: int, values: np.ndarray) -> ImageScene:
    rng = np.random.default_rng(day)
    numbers = np.round(values + rng.normal(0, 20, values.shape)).astype(np.int16)
    clear = np.full(WIDE.shape, 4, np.uint8)
    return made(
        folder, name, f"2020-01-{day:02d}", WIDE, {"red": numbers, "nir": numbers}, {"scl": clear}, calibration="theia"
    )


def test_row_33_known_shifts_are_found_and_taken_off(tmp_path: Path) -> None:
    truth = ground()
    moves = [(0.0, 0.0), (1.0, 0.0), (0.0, -1.0), (2.4, 1.3), (-0.5, 0.25)]
    scenes = [sight(tmp_path, f"s{i}", i + 1, shifted(truth, dx, dy)) for i, (dx, dy) in enumerate(moves)]
    cube = load(scenes, GRID, reader=PlainReader(), reference="test/s0")
    assert list(cube.alignment.values) == ["reference"] + ["aligned"] * 4
    for i, (dx, dy) in enumerate(moves):
        assert abs(float(cube.shift_x[i]) - dx) < 0.1 and abs(float(cube.shift_y[i]) - dy) < 0.1
    inner = (slice(None), 0, slice(8, -8), slice(8, -8))
    error = cube.reflectance.values[inner] - truth[28:-28, 28:-28] * 1e-4
    assert np.sqrt((error**2).mean(axis=(1, 2))).max() < 0.012
    untouched = load(scenes, GRID, reader=PlainReader()).reflectance.values[inner] - truth[28:-28, 28:-28] * 1e-4
    assert np.sqrt((untouched[3] ** 2).mean()) > 4 * np.sqrt((error[3] ** 2).mean())


def test_what_the_shift_brings_in_from_beyond_the_grid_is_outside_and_lazy_is_the_same(tmp_path: Path) -> None:
    truth = ground()
    scenes = [sight(tmp_path, "a", 1, truth), sight(tmp_path, "b", 2, shifted(truth, 3.0, -2.0))]
    cube = load(scenes, GRID, reader=PlainReader(), reference="test/a")
    outside = cube.reason.values[1] == Reason.OUTSIDE
    assert outside[:, -3:].mean() > 0.9 and outside[:2].mean() > 0.9 and not outside[4:, :-5].any()
    lazy = load(scenes, GRID, reader=PlainReader(), reference="test/a", chunks={"time": 1, "y": 100, "x": 77})
    assert cube.identical(lazy.compute(scheduler="synchronous"))


def test_row_33_swapped_axes_are_not_aligned_and_marked(tmp_path: Path) -> None:
    truth = ground()
    scenes = [sight(tmp_path, "a", 1, truth), sight(tmp_path, "swapped", 2, truth.T.copy())]
    with pytest.warns(NotAligned, match="swapped") as told:
        cube = load(scenes, GRID, reader=PlainReader(), reference="test/a")
    assert list(cube.alignment.values) == ["reference", "not aligned"]
    assert np.isnan(cube.shift_x.values[1]) and "not aligned" in str(cube.doubt.values[1])
    (doubt,) = [each.message for each in told if isinstance(each.message, NotAligned)]
    assert not doubt.unseen and doubt.why in str(cube.doubt.values[1])
    assert cube.valid.values[1].all()  # kept: whoever measures selects by alignment
    assert cube.where(cube.alignment != "not aligned", drop=True).sizes["time"] == 1


def test_a_scene_that_cannot_be_seen_is_not_aligned(tmp_path: Path) -> None:
    truth = ground()
    cloudy = sight(tmp_path, "cloudy", 2, truth)
    cover = write(tmp_path / "cover.tif", np.full(WIDE.shape, 9, np.uint8), WIDE)
    cloudy = ImageScene(
        cloudy.scene_id,
        "test",
        cloudy.when,
        calibration="theia",
        assets=(*cloudy.assets[:2], Asset("scl", cover, "scl", "mask")),
    )
    with pytest.warns(NotAligned, match="cloudy") as told:
        cube = load([sight(tmp_path, "a", 1, truth), cloudy], GRID, reader=PlainReader(), reference="test/a")
    assert cube.alignment.values[1] == "not aligned" and (cube.reason.values[1] == Reason.CLOUD).all()
    (doubt,) = [each.message for each in told if isinstance(each.message, NotAligned)]
    assert doubt.unseen and list(cube.unread.values) == ["", ""]


def test_without_a_reference_nothing_is_moved_or_said(tmp_path: Path) -> None:
    scenes = [sight(tmp_path, "a", 1, ground()), sight(tmp_path, "b", 2, shifted(ground(), 2.0, 0.0))]
    with warnings.catch_warnings():
        warnings.simplefilter("error", NotAligned)
        cube = load(scenes, GRID, reader=PlainReader())
    assert list(cube.alignment.values) == ["not tried"] * 2 and np.isnan(cube.shift_x.values).all()


def test_radar_is_aligned_by_its_logarithm(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    level = 10 ** (gaussian_filter(ground(), 1.0) / 2000 - 2)
    facts = {"calibration": "opera-rtc", "sensor": "radar", "quantity": "gamma0", "relative_orbit": 7}
    scenes = []
    for day, dx in ((1, 0.0), (2, 2.0)):
        speckled = shifted(level, dx, 0.0).clip(1e-4) * rng.gamma(20, 1 / 20, WIDE.shape)
        scenes.append(made(tmp_path, f"r{day}", f"2020-01-0{day}", WIDE, {"vv": speckled.astype(np.float32)}, **facts))
    cube = load(scenes, GRID, reader=PlainReader(), reference="test/r1")
    assert cube.alignment.values[1] == "aligned" and abs(float(cube.shift_x[1]) - 2.0) < 0.15


def test_a_large_grid_is_aligned_by_its_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from siteline.cube import survey

    monkeypatch.setattr(survey, "MAX_WINDOW", 160)
    truth = ground()
    scenes = [sight(tmp_path, "a", 1, truth), sight(tmp_path, "b", 2, shifted(truth, 1.6, 0.7))]
    cube = load(scenes, GRID, reader=PlainReader(), reference="test/a")
    assert abs(float(cube.shift_x[1]) - 1.6) < 0.15
    lazy = load(scenes, GRID, reader=PlainReader(), reference="test/a", chunks={"time": 1, "y": 100})
    assert np.isnan(lazy.usable_share.values).all()  # not known before all of it is read
    assert cube.drop_vars("usable_share").identical(lazy.drop_vars("usable_share").compute(scheduler="synchronous"))


def test_the_reader_of_the_product_gives_the_same_cube(tmp_path: Path) -> None:
    from siteline.guard.reader import Reader

    truth = ground()
    scenes = [sight(tmp_path, "a", 1, truth), sight(tmp_path, "b", 2, shifted(truth, 1.6, 0.7))]
    gone = scene("gone", "2020-01-09", Asset("red", str(tmp_path / "x.tif"), "red"), calibration="theia")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = load([*scenes, gone], GRID, reader=PlainReader(), reference="test/a")
        with Reader(local_roots=(tmp_path,)) as reader:
            ours = load([*scenes, gone], GRID, reader=reader, reference="test/a")
            lazy = load([*scenes, gone], GRID, reader=reader, reference="test/a", chunks={"time": 2, "x": 99}).compute()
        own = load([*scenes, gone], GRID, reference="test/a")
    words = ["doubt", "unread"]  # each reader has its own
    assert ours.drop_vars(words).identical(plain.drop_vars(words)) and lazy.identical(ours)
    assert "not read" in str(ours.doubt.values[2])
    assert [bool(why) for why in ours.unread.values] == [False, False, True] and "does not exist" in str(
        ours.unread.values[2]
    )
    # without a reader, files of this machine that nobody named are not opened: a scene's address may come from anywhere
    assert (own.reason == Reason.FAILED_READ).all() and "folders you named" in str(own.doubt.values[0])
