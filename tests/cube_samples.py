"""Cubes by hand: tiny ones of known numbers, and two real ones read straight with rasterio (no part of siteline)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

VERDUN_CREDIT = "Contains modified Copernicus Sentinel data 2015-2020, processed by CNES for Theia"


def data_folder(name: str) -> Path:
    """A folder of SITELINE_DATA, or the test is skipped."""
    root = os.environ.get("SITELINE_DATA")
    if not root or not (Path(root) / name).is_dir():
        pytest.skip(f"SITELINE_DATA with {name}/ is not set")
    return Path(root) / name


def cube(
    values: np.ndarray,
    reason: np.ndarray | None = None,
    when: list[str] | None = None,
    *,
    bands: tuple[str, ...] = ("red", "green", "blue"),
    epsg: int = 32631,
    corner: tuple[float, float] = (670540.0, 5461500.0),
    res: float = 10.0,
    name: str = "reflectance",
    **coords: list[object],
) -> xr.Dataset:
    """A cube as ``cube.load`` gives it. ``values`` [time, band, y, x]; ``reason`` [time, y, x]; ``when`` EDTF texts."""
    from pyproj import CRS

    n, _, height, width = values.shape
    when = when or [f"2019-03-{i + 1:02d}T10:58Z" for i in range(n)]
    reason = np.zeros((n, height, width), np.uint8) if reason is None else reason
    stamps = np.array([w.removeprefix("../").split("/")[0].rstrip("Z") for w in when], "datetime64[ns]")
    along = {
        "scene_id": [f"test/s{i}" for i in range(n)],
        "source": ["test"] * n,
        "provider": ["THEIA"] * n,
        "platform": ["Sentinel-2A"] * n,
        "when": when,
        "credit": ["Credit line"] * n,
        "licence": ["open"] * n,
        "quantity": ["surface_reflectance"] * n,
        "usable_share": [float((r == 0).mean()) for r in reason],
        "doubt": [""] * n,
        "unread": [""] * n,
        "alignment": ["reference"] + ["aligned"] * (n - 1),
        "shift_x": [np.nan] + [0.3] * (n - 1),
        "shift_y": [np.nan] + [-0.1] * (n - 1),
        "residual": [np.nan] + [0.08] * (n - 1),
        "votes": [0] + [14] * (n - 1),
        **coords,
    }
    return xr.Dataset(
        {
            name: (("time", "band", "y", "x"), values.astype(np.float32)),
            "valid": (("time", "y", "x"), (reason == 0) & np.isfinite(values).all(axis=1)),
            "reason": (("time", "y", "x"), reason.astype(np.uint8)),
        },
        coords={
            "time": stamps,
            "band": list(bands),
            "y": corner[1] - (np.arange(height) + 0.5) * res,
            "x": corner[0] + (np.arange(width) + 0.5) * res,
            **{key: ("time", np.array(value)) for key, value in along.items()},
            "spatial_ref": xr.DataArray(
                0,
                attrs={
                    "crs_wkt": CRS.from_epsg(epsg).to_wkt(),
                    "GeoTransform": f"{corner[0]} {res} 0 {corner[1]} 0 {-res}",
                },
            ),
        },
    )


def verdun(*, limit: int | None = None) -> xr.Dataset:
    """The 187 dates of verdun-s2 (or the first ``limit``): red, green, blue; CLM bit 0 as cloud; -10000 as missing."""
    import rasterio

    folder = data_folder("verdun-s2") / "SENTINEL" / "ZoneTest"
    scenes = sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: p.name.split("_")[1])[:limit]
    values, reasons, when, platforms = [], [], [], []
    for scene in scenes:
        bands = []
        for band in ("B4", "B3", "B2"):
            with rasterio.open(next(scene.glob(f"*_FRE_{band}.tif"))) as file:
                raw = file.read(1).astype(np.float32)
            bands.append(np.where(raw == -10000, np.nan, raw / 10000))
        with rasterio.open(next((scene / "MASKS").glob("*_CLM_R2.tif"))) as file:
            clouds = (file.read(1).repeat(2, 0).repeat(2, 1) & 1).astype(bool)
        missing = ~np.isfinite(bands).all(axis=0)
        values.append(bands)
        reasons.append(np.where(missing, 3, np.where(clouds, 6, 0)))
        platform, stamp = re.match(r"(SENTINEL2[AB])_(\d{8}-\d{6})", scene.name).groups()
        platforms.append("Sentinel-2" + platform[-1])
        when.append(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}Z")
    n = len(scenes)
    return cube(
        np.array(values, np.float32),
        np.array(reasons, np.uint8),
        when,
        platform=platforms,
        credit=[VERDUN_CREDIT] * n,
        scene_id=[f"verdun/{s.name}" for s in scenes],
    )


def naip(side: int = 300) -> xr.Dataset:
    """Ten years of naip-nd, ``side`` x ``side`` pixels of 5 m from the same corner: red, green, blue, nir as stored."""
    import rasterio
    from rasterio.windows import from_bounds

    files = sorted(data_folder("naip-nd").glob("*.tif"))
    left, top = 487400.0, 5208245.0
    values, when = [], []
    for path in files:
        with rasterio.open(path) as file:
            window = from_bounds(left, top - side * 5, left + side * 5, top, file.transform)
            values.append(file.read(window=window, out_shape=(4, side, side)).astype(np.float32))
        stamp = path.stem[-8:]
        when.append(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}")
    n = len(files)
    return cube(
        np.array(values),
        None,
        when,
        bands=("red", "green", "blue", "nir"),
        epsg=26914,
        corner=(left, top),
        res=5.0,
        provider=["USDA"] * n,
        platform=["NAIP"] * n,
        credit=["USDA National Agriculture Imagery Program"] * n,
        quantity=["digital_number"] * n,
        alignment=["not tried"] * n,
    )


def lonlat(epsg: int, *corners: tuple[float, float]) -> str:
    """A polygon whose corners are given in a projected CRS, as EPSG:4326 WKT."""
    from pyproj import Transformer

    back = Transformer.from_crs(epsg, 4326, always_xy=True)
    ring = [back.transform(*corner) for corner in (*corners, corners[0])]
    return f"POLYGON (({', '.join(f'{a:.9f} {b:.9f}' for a, b in ring)}))"


def box(epsg: int, left: float, top: float, width: float, height: float) -> str:
    """A rectangle in a projected CRS, as EPSG:4326 WKT."""
    return lonlat(epsg, (left, top), (left + width, top), (left + width, top - height), (left, top - height))
