"""Texture and edges of an area: what of a structure shows even where its mean brightness does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area
from siteline.measure.bands import FEW_PX, LEAST_SHARE, Series
from siteline.measure.pixels import Pixels
from siteline.measure.surroundings import shared

FloatArray = NDArray[np.float64]

_LEAST_NEIGHBOURS = 6
"""Usable pixels of nine below which their mean is not taken."""


def pattern(pixels: Pixels, foot: Area, ring: Area, controls: Sequence[Area]) -> dict[str, Series]:
    """``texture``, ``edges`` and ``coherence`` of a footprint; the first two also against the ring and the controls.

    Against others they are logarithms of ratios: gain, haze and illumination that both share cancel. Nothing is measured of
    a footprint of fewer than ``FEW_PX`` pixels.
    """
    if foot.effective < FEW_PX:
        return {}
    own = _pattern(pixels, foot)
    measures = dict(own)
    if ring.count:
        around = _pattern(pixels, ring)
        for name in ("texture", "edges"):
            measures[f"contrast:{name}"] = _ratio(own[name], around[name])
    if controls:
        others = [_pattern(pixels, area) for area in controls]
        for name in ("texture", "edges"):
            value, spread = _logarithm(own[name])
            movement, doubt = shared(np.stack([_logarithm(other[name]).value for other in others]))
            measures[f"control:{name}"] = Series(value - movement, np.hypot(spread, doubt))
    return measures


def _pattern(pixels: Pixels, area: Area) -> Mapping[str, Series]:
    """Texture: standard deviation of the grey level minus its 3 x 3 mean. Edges: mean gradient, per pixel. Coherence: how
    much gradients agree in orientation, 0 to 1, from the structure tensor (Bigun and Granlund 1987)."""
    height, width = pixels.values.shape[-2:]
    top, left = max(area.rows.min() - 1, 0), max(area.cols.min() - 1, 0)
    down, right = min(area.rows.max() + 2, height), min(area.cols.max() + 2, width)
    grey = np.pad(pixels.grey(slice(top, down), slice(left, right)), ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    at = (slice(None), area.rows - top + 1, area.cols - left + 1)
    fine = (grey[:, 1:-1, 1:-1] - _local_mean(grey))[:, at[1] - 1, at[2] - 1]
    across = (grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2])[:, at[1] - 1, at[2] - 1] / 2
    along = (grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1])[:, at[1] - 1, at[2] - 1] / 2
    slope = np.hypot(across, along)
    mean, count = _weighted(fine, area)
    with np.errstate(invalid="ignore", divide="ignore"):
        texture = np.sqrt(_weighted((fine - mean[:, None]) ** 2, area)[0])
        edges, number = _weighted(slope, area)
        scatter = np.sqrt(_weighted((slope - edges[:, None]) ** 2, area)[0])
        xx, yy, xy = (_weighted(product, area)[0] for product in (across**2, along**2, across * along))
        coherence = np.where(xx + yy > 0, np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy), np.nan)
        return {
            "texture": Series(texture, texture / np.sqrt(2 * np.maximum(count - 1, 1))),
            "edges": Series(edges, scatter / np.sqrt(np.maximum(number - 1, 1))),
            "coherence": Series(coherence, (1 - coherence**2) / np.sqrt(np.maximum(number - 1, 1))),
        }


def _local_mean(grey: FloatArray) -> FloatArray:
    """Mean of the usable pixels of each 3 x 3 window, Float64[time, h - 2, w - 2]."""
    from numpy.lib.stride_tricks import sliding_window_view

    windows = sliding_window_view(grey, (3, 3), axis=(1, 2))
    held = np.isfinite(windows)
    count = held.sum(axis=(-1, -2))
    total = np.where(held, windows, 0).sum(axis=(-1, -2))
    return np.where(count >= _LEAST_NEIGHBOURS, total / np.maximum(count, 1), np.nan)


def _weighted(values: FloatArray, area: Area) -> tuple[FloatArray, FloatArray]:
    """Weighted mean over the last axis and its effective count; NaN where too little of the area is usable."""
    held = np.isfinite(values)
    weights = np.where(held, area.weights, 0)
    total = weights.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weights * np.where(held, values, 0)).sum(axis=-1) / total
        count = total**2 / (weights**2).sum(axis=-1)
    return np.where(total >= LEAST_SHARE * area.full, mean, np.nan), count


def _logarithm(series: Series) -> Series:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log(np.where(series.value > 0, series.value, np.nan))
        return Series(value, series.spread / series.value)


def _ratio(one: Series, other: Series) -> Series:
    top, bottom = _logarithm(one), _logarithm(other)
    return Series(top.value - bottom.value, np.hypot(top.spread, bottom.spread))
