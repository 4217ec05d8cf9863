"""The OSCD pairs (Daudt et al. 2018), made comparable: one grid, shift taken out, clouds masked, truth beside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siteline.cube.align import Shift, shift_between

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
UNIT = 10_000.0


@dataclass(frozen=True, slots=True)
class City:
    """``before``, ``after``: Float32[band, y, x] of ``bands``, reflectance; ``valid``, ``truth``: Bool[y, x].

    ``shift``: how far the second scene lay off, in pixels, before it was moved back.
    """

    name: str
    before: np.ndarray
    after: np.ndarray
    valid: np.ndarray
    truth: np.ndarray
    shift: Shift
    bands: tuple[str, ...] = BANDS


def cities(root: Path | None = None) -> Iterator[City]:
    """Every city of the folder ``oscd`` in ``root`` (else of SITELINE_DATA), by name."""
    folder = (root or Path(os.environ["SITELINE_DATA"]).resolve()) / "oscd"
    for place in sorted(folder.iterdir()):
        if place.is_dir():
            yield city(place)


def city(place: Path) -> City:
    """The pair in one folder: the second scene on the grid of the first."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    first, second = sorted(place.glob(f"{place.name}_2*.tif"))
    with rasterio.open(place / f"{place.name}_change_mask.tif") as source:
        truth = source.read(1) > 0
    with rasterio.open(first) as one, rasterio.open(second) as other:
        if one.descriptions != BANDS or other.descriptions != BANDS:
            raise ValueError(f"{place}: bands are not {BANDS}")
        before = one.read().astype(np.float32)
        transform, crs = one.transform, one.crs
        stored, from_transform, from_crs = other.read().astype(np.float32), other.transform, other.crs

    def moved(shift: tuple[float, float]) -> np.ndarray:
        out = np.full_like(before, np.nan)
        reproject(
            stored,
            out,
            src_transform=from_transform @ rasterio.Affine.translation(-shift[0], -shift[1]),
            src_crs=from_crs,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=np.nan,
            resampling=Resampling.cubic,
        )
        return out

    after = moved((0, 0))
    seen = np.isfinite(after).all(axis=0)
    found = shift_between(before[2], after[2], seen, seen)
    if found.aligned:
        after = moved((found.dx, found.dy))
    valid = np.isfinite(after).all(axis=0) & ~(clouded(before) | clouded(after))
    return City(place.name, before / UNIT, after / UNIT, valid, truth, found)


def clouded(scene: np.ndarray) -> np.ndarray:
    """Bool[y, x]: cloud, opaque, with a margin: very bright in blue, and so over more than a large roof."""
    from scipy.ndimage import binary_dilation, binary_opening, gaussian_filter

    blue = np.nan_to_num(scene[0]) / UNIT
    large = binary_opening(gaussian_filter(blue, 1.5) > 0.3, iterations=8)
    return np.asarray(binary_dilation(large, iterations=20)) if large.any() else large
