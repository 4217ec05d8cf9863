"""Scenes for tests of the cube: a reader over rasterio (none of siteline), images of known numbers, real ones."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from rasterio.warp import transform_bounds
from rasterio.windows import Window, from_bounds

from siteline.guard.pixels import Pixels
from siteline.model.errors import ReadFailed
from siteline.model.grid import Grid
from siteline.model.scene import Asset, ImageScene
from siteline.model.span import Span

CRS = "EPSG:32631"


class PlainReader:
    """Windows by rasterio, as the contract of ``guard.reader`` says; counts its reads, and fails for names in ``broken``."""

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.broken, self.reads = tuple(broken), 0

    def read(
        self, href: str, indexes: Any, bounds: Any, crs: str, res: float | None, access: str = "", georef: Any = None
    ) -> Pixels:
        self.reads += 1
        if any(name in href for name in self.broken):
            raise ReadFailed(href, "truncated", "the file ends early")
        if not Path(href).is_file():
            raise ReadFailed(href, "missing", "there is no such file")
        with rasterio.open(href) as source:
            there = transform_bounds(crs, source.crs, *bounds)
            window = from_bounds(*there, transform=source.transform)
            left, top = int(np.floor(window.col_off)) - 2, int(np.floor(window.row_off)) - 2
            right, down = left + int(np.ceil(window.width)) + 5, top + int(np.ceil(window.height)) + 5
            left, top = max(left, 0), max(top, 0)
            right, down = max(min(right, source.width), left), max(min(down, source.height), top)
            cut = Window(left, top, right - left, down - top)
            empty = not (cut.width and cut.height)
            values = np.empty((len(indexes), 0, 0), source.dtypes[0]) if empty else source.read(list(indexes), window=cut)
            place = source.window_transform(cut)
            there = np.ones(values.shape[1:], bool)
            return Pixels(values, tuple(place)[:6], source.crs.to_wkt(), source.nodata, there)


def write(
    path: Path,
    values: np.ndarray,
    grid: Grid | None = None,
    *,
    transform: Sequence[float] | None = None,
    crs: str | None = None,
    nodata: float | None = None,
) -> str:
    """A GeoTIFF of ``values`` [row, col] or [band, row, col] on ``grid``; its path."""
    values = values if values.ndim == 3 else values[None]
    place = Affine(*(transform or grid.transform))
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[2], height=values.shape[1], count=len(values), dtype=values.dtype,
        crs=crs or grid.crs, transform=place, nodata=nodata, compress="deflate",
    ) as out:  # fmt: skip
        out.write(values)
    return str(path)


def scene(name: str, when: str, *assets: Asset, **facts: Any) -> ImageScene:
    """A scene by hand."""
    return ImageScene(f"test/{name}", "test", Span.parse(when), assets=assets, **facts)


def made(
    folder: Path,
    name: str,
    when: str,
    grid: Grid,
    layers: dict[str, np.ndarray],
    masks: dict[str, np.ndarray] | None = None,
    nodata: float | None = None,
    **facts: Any,
) -> ImageScene:
    """A scene whose bands (and masks) are written on ``grid``."""
    folder.mkdir(exist_ok=True)
    assets = [
        Asset(band, write(folder / f"{name}-{band}.tif", values, grid, nodata=nodata), band)
        for band, values in layers.items()
    ]
    for kind, values in (masks or {}).items():
        assets.append(Asset(kind, write(folder / f"{name}-{kind}.tif", values, grid), kind, "mask"))
    return scene(name, when, *assets, **facts)


def data(name: str) -> Path:
    """A folder of SITELINE_DATA, or the test is skipped."""
    root = os.environ.get("SITELINE_DATA")
    if not root or not (Path(root) / name).is_dir():
        pytest.skip(f"SITELINE_DATA with {name}/ is not set")
    return Path(root) / name


THEIA_BANDS = {"B2": "blue", "B3": "green", "B4": "red", "B8A": "nir08", "B11": "swir16", "B12": "swir22"}


def verdun(root: Path, masks: bool = True) -> list[ImageScene]:
    """The 187 THEIA scenes, their cloud masks left out on request."""
    scenes = []
    for folder in sorted(path for path in (root / "SENTINEL" / "ZoneTest").iterdir() if path.is_dir()):
        found = re.match(r"SENTINEL2([AB])_(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)", folder.name)
        assert found
        unit, year, month, day, hour, minute, second = found.groups()
        assets = [
            Asset(
                number,
                str(folder / f"{folder.name}_FRE_{number}.tif"),
                band,
                nodata=-10000.0,
                gsd_m=10.0 if len(number) == 2 else 20.0,
            )
            for number, band in THEIA_BANDS.items()
        ]
        if masks:
            clm = folder / "MASKS" / f"{folder.name}_CLM_R2.tif"
            assets.append(Asset("CLM", str(clm), "theia_clm", "mask", gsd_m=20.0))
        when = f"{year}-{month}-{day}T{hour}:{minute}:{second}Z"
        facts = {"platform": f"sentinel-2{unit.lower()}", "quantity": "surface_reflectance", "calibration": "theia"}
        scenes.append(scene(folder.name, when, *assets, provider="THEIA", **facts))
    return scenes


VERDUN_GRID = Grid("EPSG:32631", 670540.0, 5461500.0, 10.0, 80, 80)
