"""Radar speckle filtered over time: only where it is asked for, since it lets every date borrow from the others."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 7
"""Side of the window of local means, in pixels."""


def filtered(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multitemporal filter of backscatter, Float32[time, band, y, x], linear, NaN = no number; the same shape.

    J_k = m_k / N x sum over i of I_i / m_i, with m the local mean (of ``SIDE`` x ``SIDE`` pixels, those that have a number)
    and N the dates that have one: Quegan and Yu 2001, doi:10.1109/36.964973, for independent dates. The mean of each date is
    kept, speckle falls with the number of dates; what changes within a window at one date stays at that date, softened.
    Each band alone.
    """
    out = np.empty_like(values)
    for band in range(values.shape[1]):
        layers = values[:, band]
        means = np.stack([_local_mean(layer) for layer in layers])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = layers / means
        held = np.isfinite(ratio)
        count = held.sum(axis=0)
        total = np.where(held, ratio, np.float32(0)).sum(axis=0, dtype=np.float64)
        common = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        out[:, band] = np.where(np.isfinite(layers), means * common, np.nan)
    return out


def filtered_blocks(values: Any) -> Any:
    """``filtered`` for a dask array: all dates of a block of pixels together, with the margin that the window needs."""
    import dask.array as array

    da: Any = array
    whole_time = values.rechunk({0: -1, 1: -1})
    margin = {0: 0, 1: 0, 2: SIDE // 2, 3: SIDE // 2}
    return da.map_overlap(
        filtered, whole_time, depth=margin, boundary="none", dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
    )


def _local_mean(layer: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of the numbers around each pixel; summed afresh each time, so that a block gives what the whole gives."""
    from scipy.ndimage import correlate1d

    held = np.isfinite(layer)
    total, count = np.where(held, layer, 0.0).astype(np.float64), held.astype(np.float64)
    ones = np.ones(SIDE)
    for axis in (0, 1):
        total = correlate1d(total, ones, axis=axis, mode="constant")
        count = correlate1d(count, ones, axis=axis, mode="constant")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
