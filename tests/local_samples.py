"""Small images and deliveries made for tests: real GeoTIFFs, and the providers' metadata in their documented structure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine

from siteline.catalogue.items import scene_of
from siteline.catalogue.local import source_for
from siteline.model.scene import ImageScene
from siteline.model.search import Found, Query

WORLD = Query((-180.0, -90.0, 180.0, 90.0))
UTM = Affine(10.0, 0.0, 300_000.0, 0.0, -10.0, 4_400_000.0)
"""Ten metres a pixel, in EPSG:32652: near 126.67 E, 39.73 N."""


def write_tif(
    path: Path,
    count: int = 1,
    *,
    shape: tuple[int, int] = (8, 6),
    crs: str | None = "EPSG:32652",
    transform: Affine | None = UTM,
    dtype: str = "uint16",
    nodata: float | None = None,
) -> Path:
    """A GeoTIFF of ``count`` bands whose pixels are their band's number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    where: dict[str, Any] = {"crs": crs} if crs else {}
    if crs and transform is not None:
        where["transform"] = transform
    with rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=count, dtype=dtype, nodata=nodata, **where
    ) as out:
        for band in range(1, count + 1):
            out.write(np.full(shape, band, dtype=dtype), band)
    return path


def write_picture(path: Path, size: tuple[int, int] = (60, 40)) -> Path:
    """An RGB picture of ``size`` (width, height)."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 60)).save(path)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def search(folder: Path, query: Query = WORLD) -> Found:
    return source_for(folder).search(query)


def scenes(folder: Path, query: Query = WORLD) -> list[ImageScene]:
    found = search(folder, query)
    return [scene_of(item, found.source) for item in found.items]


def scene(folder: Path) -> ImageScene:
    (only,) = scenes(folder)
    return only


def bands(one: ImageScene) -> dict[str, tuple[str, int]]:
    """File name and index by band."""
    return {asset.band: (Path(asset.href).name, asset.index) for asset in one.assets if asset.role == "data"}


def says(one: ImageScene, *words: str) -> bool:
    """Whether one of its problems holds all ``words``."""
    return any(all(word in problem for word in words) for problem in one.problems)


def noted(found: Found, *words: str) -> bool:
    return any(all(word in note for word in words) for note in found.notes)


def ids(found: Found) -> Sequence[str]:
    return [item["id"] for item in found.items]
