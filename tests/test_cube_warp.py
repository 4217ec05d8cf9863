"""Sampling, against GDAL's own warper with an exact transformer, and against known positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject
from scipy.ndimage import distance_transform_edt, map_coordinates

from cube_scenes import PlainReader, scene, write
from siteline.cube import kernels
from siteline.cube.load import load
from siteline.cube.masks import dilate
from siteline.cube.positions import Part, Place, positions
from siteline.cube.warp import Field, put, put_codes
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import Asset


def smooth(height: int, width: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(500, 4000, (height // 8 + 3, width // 8 + 3))
    rows, cols = np.linspace(0, coarse.shape[0] - 1.01, height), np.linspace(0, coarse.shape[1] - 1.01, width)
    r, c = rows.astype(int)[:, None], cols.astype(int)[None, :]
    v, u = rows[:, None] - r, cols[None, :] - c
    field = (1 - v) * ((1 - u) * coarse[r, c] + u * coarse[r, c + 1]) + v * (
        (1 - u) * coarse[r + 1, c] + u * coarse[r + 1, c + 1]
    )
    return field.astype(np.float32)


def gdal(values: np.ndarray, transform: tuple[float, ...], crs: str, grid: Grid, how: Resampling) -> np.ndarray:
    out = np.full(grid.shape, np.nan, np.float32)
    reproject(
        values, out, src_transform=Affine(*transform), src_crs=crs, dst_transform=Affine(*grid.transform), dst_crs=grid.crs,
        src_nodata=np.nan, dst_nodata=np.nan, resampling=how, tolerance=0,
    )  # fmt: skip
    return out


def sampled(values: np.ndarray, transform: tuple[float, ...], crs: str, grid: Grid, part: Part | None = None) -> np.ndarray:
    part = part or Part.whole(grid)
    out, state = np.empty(part.shape, np.float32), np.full(part.shape, 255, np.uint8)
    put(Field(values, Place(crs, transform, values.shape[1])), part, out, state)
    assert (np.isnan(out) == (state < 3)).all()
    return out


CASES = {
    "20 m bands on a 10 m grid": ("EPSG:32631", (20.0, 0, 499_960.0, 0, -20.0, 5_000_040.0)),
    "half a pixel aside": ("EPSG:32631", (10.0, 0, 499_985.0, 0, -10.0, 5_000_015.0)),
    "the neighbouring zone": ("EPSG:32632", (10.0, 0, 27_000.0, 0, -10.0, 5_019_000.0)),
    "degrees": ("EPSG:4326", (1.2e-4, 0, 2.9985, 0, -0.9e-4, 45.1545)),
    "rotated": ("EPSG:32631", (8.0, 3.0, 499_800.0, 3.0, -8.0, 4_999_900.0)),
    "south up": ("EPSG:32631", (10.0, 0, 499_900.0, 0, 10.0, 4_998_000.0)),
}
GRID = Grid("EPSG:32631", 500_000.0, 5_000_000.0, 10.0, 120, 90)


def exact(crs: str, transform: tuple[float, ...], grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Column and row (of pixel centres) of every pixel of the grid, each by PROJ."""
    x, y = np.meshgrid(grid.xs(), grid.ys())
    x, y = Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y)
    cols, rows = ~Affine(*transform) @ (x, y)
    return cols - 0.5, rows - 0.5


@pytest.mark.parametrize("name", CASES)
def test_bilinear_is_scipys_at_exact_positions(name: str) -> None:
    crs, transform = CASES[name]
    values = smooth(400, 400)
    cols, rows = exact(crs, transform, GRID)
    truth = map_coordinates(values, [rows, cols], order=1, cval=np.nan)
    ours = sampled(values, transform, crs, GRID)
    both = np.isfinite(ours) & np.isfinite(truth)
    assert both.mean() > 0.9
    # positions are interpolated to within a hundredth of a pixel; the field changes by at most ~450 per pixel
    assert np.abs(ours - truth)[both].max() < 0.01 * 450 + 0.5


@pytest.mark.parametrize("name", list(CASES)[:2])  # GDAL widens its kernel where a source pixel is the smaller
def test_bilinear_is_gdals(name: str) -> None:
    crs, transform = CASES[name]
    values = smooth(400, 400)
    ours, theirs = sampled(values, transform, crs, GRID), gdal(values, transform, crs, GRID, Resampling.bilinear)
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.mean() > 0.9
    assert np.abs(ours - theirs)[both].max() < 0.01 * 450 + 0.5
    assert (np.isfinite(ours) != np.isfinite(theirs)).mean() < 0.02  # GDAL reaches half a pixel beyond edges


@pytest.mark.parametrize("name", CASES)
def test_nodata_never_bleeds_and_a_pixel_has_a_number_where_its_own_source_pixel_has(name: str) -> None:
    crs, transform = CASES[name]
    values = smooth(400, 400)
    rng = np.random.default_rng(2)
    values[rng.random(values.shape) < 0.2] = np.nan
    ours = sampled(values, transform, crs, GRID)
    nearest = gdal(values, transform, crs, GRID, Resampling.nearest)
    differ = np.isfinite(ours) != np.isfinite(nearest)
    assert differ.mean() < 0.005  # only where a centre lies on the line between two source pixels
    finite = np.isfinite(ours)
    assert ours[finite].min() >= 500 and ours[finite].max() <= 4000


def test_average_is_gdals_when_the_grid_is_coarser() -> None:
    values = smooth(400, 400)
    transform = (3.0, 0, 499_990.0, 0, -3.0, 5_000_010.0)
    grid = Grid("EPSG:32631", 500_000.0, 5_000_000.0, 10.0, 100, 100)
    ours, theirs = (
        sampled(values, transform, "EPSG:32631", grid),
        gdal(values, transform, "EPSG:32631", grid, Resampling.average),
    )
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.mean() > 0.95
    assert np.abs(ours - theirs)[both].max() < 0.5
    exact = (3.0, 0, 500_000.0, 0, -3.0, 5_000_000.0)
    blocks = sampled(values[:300, :300], exact, "EPSG:32631", Grid("EPSG:32631", 500_000.0, 5_000_000.0, 30.0, 30, 30))
    assert np.allclose(blocks, values[:300, :300].reshape(30, 10, 30, 10).mean((1, 3)), rtol=1e-5)


def test_average_needs_half_of_the_box() -> None:
    values = np.full((40, 40), 7.0, np.float32)
    values[:, :20][:, ::10] = np.nan
    values[0:10, 20:26] = np.nan
    out = sampled(values, (1.0, 0, 0.0, 0, -1.0, 0.0), "EPSG:32631", Grid("EPSG:32631", 0.0, 0.0, 10.0, 4, 4))
    assert np.isnan(out[0, 2]) and np.isfinite(np.delete(out.ravel(), 2)).all()
    assert np.nanmin(out) == 7.0 == np.nanmax(out)


@pytest.mark.parametrize("name", CASES)
def test_a_part_is_sampled_as_the_whole(name: str) -> None:
    crs, transform = CASES[name]
    values = smooth(400, 400)
    whole = sampled(values, transform, crs, GRID)
    for row, col, height, width in ((0, 0, 7, 9), (13, 37, 50, 60), (89, 119, 1, 1)):
        part = sampled(values, transform, crs, GRID, Part(GRID, row, col, height, width))
        assert np.array_equal(part, whole[row : row + height, col : col + width], equal_nan=True)


def known(crs: str, grid: Grid, transform: tuple[float, ...], width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A raster whose numbers are its columns and rows, and where the grid's centres truly lie in it (PROJ, each pixel)."""
    x, y = np.meshgrid(grid.xs(), grid.ys())
    x, y = Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y)
    if x.max() - x.min() > 180:
        x = np.where(x < 0, x + 360, x)
    truth = np.stack([(x - transform[2]) / transform[0] - 0.5, (y - transform[5]) / transform[4] - 0.5])
    own = np.stack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)
    return own, truth


FAR = {
    "antimeridian, zone 1 from zone 60": ("EPSG:32660", 179.999, 10.0, "EPSG:32601"),
    "antimeridian, degrees to 180": ("EPSG:4326", 180.0, -17.0, "EPSG:32760"),
    "near the north pole, UPS from zone 33": ("EPSG:32633", 15.0, 84.5, "EPSG:32661"),
    "near the south pole, degrees": ("EPSG:4326", 30.0, -87.0, "EPSG:32761"),
    "web mercator at 60 N": ("EPSG:3857", 24.0, 60.0, "EPSG:32635"),
}


@pytest.mark.parametrize("name", FAR)
def test_positions_are_true_far_from_home(name: str) -> None:
    crs, lon, lat, own_crs = FAR[name]
    grid = Grid.around(lon, lat, 3000.0, 10.0)
    if own_crs != grid.crs:
        x, y = Transformer.from_crs("EPSG:4326", own_crs, always_xy=True).transform(lon, lat)
        grid = Grid.covering(own_crs, (x - 1500, y - 1500, x + 1500, y + 1500), 10.0)
    x, y = np.meshgrid(grid.xs(), grid.ys())
    x, y = Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y)
    if x.max() - x.min() > 180:
        x = np.where(x < 0, x + 360, x)
    step = 1e-4 if crs == "EPSG:4326" else 10.0
    wide = 2e-3 if lat < -80 else step
    transform = (wide, 0.0, float(x.min()) - 5 * wide, 0.0, -step, float(y.max()) + 5 * step)
    width, height = int((x.max() - x.min()) / wide) + 12, int((y.max() - y.min()) / step) + 12
    own, truth = known(crs, grid, transform, width, height)
    for axis in range(2):
        got = sampled(own[axis], transform, crs, grid)
        assert np.isfinite(got).all()
        assert np.abs(got - truth[axis]).max() < 0.02


def test_a_pole_within_the_grid_is_computed_pixel_by_pixel() -> None:
    grid = Grid("EPSG:32661", 2_000_000.0 - 300, 2_000_000.0 + 300, 10.0, 60, 60)
    place = Place("EPSG:4326", (0.5, 0.0, -180.0, 0.0, -0.0005, 90.0), 720)
    nodes, step = positions(Part.whole(grid), place)
    assert step == 1
    x, y = np.meshgrid(grid.xs(), grid.ys())
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    assert np.allclose(nodes[0][:60, :60], (lon + 180) / 0.5, atol=1e-6)
    assert np.allclose(nodes[1][:60, :60], (90 - lat) / 0.0005, atol=1e-6)


def test_five_crs_in_one_cube_agree(tmp_path: Path) -> None:
    """The same ground, written in five CRSs, comes out the same to a small part of a pixel."""
    lon, lat = 5.9999, 46.0  # the edge of zones 31 and 32
    grid = Grid.around(lon, lat, 1000.0, 10.0)
    crs_list = ["EPSG:32631", "EPSG:32632", "EPSG:3857", "EPSG:3035", "EPSG:2154"]
    scenes = []
    for i, crs in enumerate(crs_list):
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
        transform = (10.0, 0.0, round(x, -1) - 1500, 0.0, -10.0, round(y, -1) + 1500)
        cols, rows = np.meshgrid(np.arange(300) + 0.5, np.arange(300) + 0.5)
        east, north = transform[2] + 10 * cols, transform[5] - 10 * rows
        gx, gy = Transformer.from_crs(crs, grid.crs, always_xy=True).transform(east, north)
        ground = (2000 + 900 * np.sin(gx / 90) * np.cos(gy / 70)).astype(np.float32)
        path = write(tmp_path / f"{i}.tif", ground, transform=transform, crs=crs)
        scenes.append(scene(f"s{i}", f"2020-01-0{i + 1}", Asset("red", path, "red"), calibration="theia"))
    cube = load(scenes, grid, reader=PlainReader())
    x, y = np.meshgrid(grid.xs(), grid.ys())
    truth = (2000 + 900 * np.sin(x / 90) * np.cos(y / 70)) * 1e-4
    assert cube.valid.all()
    error = np.abs(cube.reflectance.values[:, 0] - truth).max(axis=(1, 2))
    assert (error < 0.0025).all(), error  # bilinear on a wave of 90 m radius: (10/90)^2 / 8 of 0.09, twice over


def test_masks_take_the_nearest_pixel(tmp_path: Path) -> None:
    codes = np.random.default_rng(3).integers(0, 9, (60, 60)).astype(np.uint8)
    place = Place("EPSG:32631", (20.0, 0, 500_000.0, 0, -20.0, 5_000_000.0), 60)
    out = np.full(GRID.shape, 77, np.uint8)
    put_codes(codes, place, Part.whole(GRID), out)
    assert np.array_equal(out, np.kron(codes, np.ones((2, 2), np.uint8))[:90, :120])
    away = np.full(GRID.shape, 77, np.uint8)
    put_codes(codes, Place("EPSG:32631", (20.0, 0, 0.0, 0, -20.0, 0.0), 60), Part.whole(GRID), away)
    assert (away == 77).all()


def test_dilation_is_a_disk_and_keeps_lower_reasons() -> None:
    rng = np.random.default_rng(4)
    codes = np.zeros((70, 90), np.uint8)
    codes[rng.random(codes.shape) < 0.01] = Reason.CLOUD
    codes[rng.random(codes.shape) < 0.01] = Reason.SHADOW
    codes[rng.random(codes.shape) < 0.02] = Reason.NODATA
    codes[rng.random(codes.shape) < 0.02] = Reason.SNOW
    for radius in (1.0, 2.0, 4.5):
        out = dilate(codes, radius)
        cloud = distance_transform_edt(codes != Reason.CLOUD) <= radius
        shadow = distance_transform_edt(codes != Reason.SHADOW) <= radius
        truth = np.where(cloud, Reason.CLOUD, np.where(shadow, Reason.SHADOW, codes))
        truth = np.where((codes > 0) & (codes < truth), codes, truth)
        assert np.array_equal(out, truth)


def test_saturated_pixels_keep_their_number_and_are_marked() -> None:
    values = np.full((90, 120), 1000, np.uint16)
    values[5, 6] = 65535
    field = Field(values, Place(GRID.crs, GRID.transform, 120))
    for part, spot in ((Part.whole(GRID), (5, 6)), (Part.whole(GRID).moved(0.0, 0.4), (5, 6))):
        out, state = np.empty(GRID.shape, np.float32), np.full(GRID.shape, 255, np.uint8)
        put(field, part, out, state)
        assert state[spot] == Reason.SATURATED - 1 and np.isfinite(out[spot])
        assert (state == Reason.SATURATED - 1).sum() == 1


def test_kernels_are_the_same_compiled_and_plain() -> None:
    values = smooth(40, 40)
    values[3:9, 4:12] = np.nan
    grid = Grid("EPSG:32631", 500_000.0, 5_000_000.0, 7.0, 20, 20)
    nodes, step = positions(Part.whole(grid), Place("EPSG:32631", (10.0, 0, 499_990.0, 0, -10.0, 5_000_010.0), 40))
    for kernel, more in ((kernels.bilinear, ()), (kernels.average, (1.5, 1.5))):
        results = []
        for function in (kernel, kernel.py_func):
            out, state = np.empty(grid.shape, np.float32), np.full(grid.shape, 255, np.uint8)
            function(values, np.empty((0, 0), np.uint8), nodes, step, 0, 0, out, state, *more)
            results.append((out, state))
        assert np.allclose(results[0][0], results[1][0], equal_nan=True, rtol=1e-6)
        assert np.array_equal(results[0][1], results[1][1])


def test_a_part_without_nodata_is_sampled_as_the_whole_with_it() -> None:
    values = smooth(400, 400)
    values[10, 20] = np.nan
    for name in ("20 m bands on a 10 m grid", "half a pixel aside", "south up"):
        crs, transform = CASES[name]
        whole = sampled(values, transform, crs, GRID)
        for row, col, height, width in ((0, 0, 7, 9), (13, 37, 50, 60), (40, 70, 30, 40)):
            part = sampled(values, transform, crs, GRID, Part(GRID, row, col, height, width))
            assert np.array_equal(part, whole[row : row + height, col : col + width], equal_nan=True)
            cut = values[20:]
            lower = (*transform[:5], transform[5] + 20 * transform[4])
            from_cut = sampled(cut, lower, crs, GRID, Part(GRID, 70, 30, 15, 15))
            assert np.allclose(from_cut, whole[70:85, 30:45], equal_nan=True, rtol=1e-6)
