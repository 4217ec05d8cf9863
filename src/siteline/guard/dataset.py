"""Pixels that were read here, as a dataset that other libraries take: a GeoTIFF in memory with nothing else in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from siteline.guard.gdal import rasterio
from siteline.guard.pixels import Affine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@contextmanager
def dataset_of(values: NDArray[np.float32], transform: Affine, crs: str) -> Iterator[Any]:
    """A rasterio dataset of ``values``, Float32[band, row, col], NaN where there is none; open while the block runs.

    ``transform``, ``crs``: as in ``Pixels``. It belongs to the thread that opened it.
    """
    module = rasterio()
    count, height, width = values.shape
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": count,
        "height": height,
        "width": width,
        "nodata": float("nan"),
        "crs": crs_of(crs),
        "transform": module.Affine(*transform),
    }
    with module.MemoryFile() as file:
        with file.open(**profile) as made:
            made.write(values)
        with file.open(driver="GTiff", num_threads=1) as opened:
            yield opened


@lru_cache(maxsize=256)
def crs_of(text: str) -> Any:
    """The rasterio CRS of a text; parsed once."""
    return rasterio().crs.CRS.from_user_input(text)
