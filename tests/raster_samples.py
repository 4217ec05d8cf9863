"""Small rasters of every kind, written by GDAL, and GDAL's own reading of them: the truth to hold ours against."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.windows import Window

from fault_server import FaultServer

UTM = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 4_400_000.0)
CRS = "EPSG:32652"


def numbers(count: int, height: int, width: int, dtype: str, seed: int = 1) -> NDArray[Any]:
    """Smooth numbers with noise, [band, row, column], none of them zero."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    wave = 90 + 40 * np.sin(x / 9.0) + 30 * np.cos(y / 7.0)
    values = np.stack([wave + 10 * band + rng.normal(0, 3, wave.shape) for band in range(count)])
    if dtype == "int16":
        values = values * 40 - 6000
    elif dtype in ("uint16", "uint32", "int32"):
        values = values * 100
    elif dtype.startswith("float"):
        return (values / 300).astype(dtype)
    return np.where(np.rint(values) == 0, 1, np.rint(values)).astype(dtype)


def write(
    path: Path,
    values: NDArray[Any],
    *,
    crs: str | None = CRS,
    transform: Affine = UTM,
    overviews: tuple[int, ...] = (),
    mask: NDArray[np.bool_] | None = None,
    tags: dict[str, str] | None = None,
    driver: str = "GTiff",
    **options: Any,
) -> Path:
    """``values`` [band, row, column] as a file."""
    count, height, width = values.shape
    profile = {"driver": driver, "count": count, "height": height, "width": width, "dtype": values.dtype.name, **options}
    if crs:
        profile |= {"crs": crs, "transform": transform}
    with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", **profile) as out:
            if tags:
                out.update_tags(**tags)
            out.write(values)
            if mask is not None:
                out.write_mask(mask)
        if overviews:
            with rasterio.open(path, "r+") as out:
                out.build_overviews(list(overviews), Resampling.average)
    return path


def window_bounds(transform: Affine, row: int, col: int, height: int, width: int) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of a window, by its corners."""
    corners = [transform @ (c, r) for c in (col, col + width) for r in (row, row + height)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def gdal_window(path: Path | str, pixels: Any, indexes: tuple[int, ...], level: int | None = None) -> NDArray[Any]:
    """GDAL's numbers of the window where ``pixels`` lie, of overview ``level`` (0 = the first)."""
    options = {} if level is None else {"overview_level": level}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, **options) as source:
            row, col = place(source.transform, pixels.transform)
            height, width = pixels.values.shape[1:]
            return source.read(list(indexes), window=Window(col, row, width, height))


def gdal_mask(path: Path | str, pixels: Any, level: int | None = None) -> NDArray[np.bool_]:
    """GDAL's mask of the same window."""
    options = {} if level is None else {"overview_level": level}
    with rasterio.open(path, **options) as source:
        row, col = place(source.transform, pixels.transform)
        height, width = pixels.values.shape[1:]
        return source.dataset_mask(window=Window(col, row, width, height)) != 0


def place(whole: Affine, part: tuple[float, ...]) -> tuple[int, int]:
    """(row, column) of ``part``'s first pixel, checked to be whole numbers."""
    col, row = ~whole @ (part[2], part[5])
    assert abs(col - round(col)) < 1e-3 and abs(row - round(row)) < 1e-3, (col, row)
    assert np.allclose(np.array(part)[[0, 1, 3, 4]], np.array(whole)[[0, 1, 3, 4]], rtol=1e-9)
    return round(row), round(col)


def served_anew(server: FaultServer, files: dict[str, bytes]) -> FaultServer:
    """``server`` as if it had just been started with ``files``: starting one takes a while."""
    server.files, server.etags = dict(files), {}
    server.asked.clear()
    server._planned.clear()
    return server
