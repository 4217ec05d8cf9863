"""Band means of a footprint, alone and against its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area
from siteline.measure.pixels import Pixels
from siteline.measure.robust import Mean, huber
from siteline.measure.surroundings import alike, shared

FloatArray = NDArray[np.float64]

LEAST_SHARE: Final = 0.5
"""Usable share of an area below which it is not measured."""

FEW_PX: Final = 4
"""Effective pixels below which their own scatter tells nothing; that of the ring stands in."""


class Series(NamedTuple):
    """One measure over time: ``value`` and ``spread`` (standard error), Float64[time], NaN = could not be measured."""

    value: FloatArray
    spread: FloatArray


def means(pixels: Pixels, area: Area) -> Mean:
    """Robust means of an area, Float64[time, band]; NaN where less than ``LEAST_SHARE`` of it is usable."""
    numbers = pixels.of(area)
    found = huber(numbers, area.weights)
    usable = np.where(np.isfinite(numbers), area.weights, 0).sum(axis=-1) / max(area.full, 1e-12)
    return Mean(np.where(usable >= LEAST_SHARE, found.value, np.nan), *found[1:])


def bandwise(
    pixels: Pixels,
    foot: Area,
    ring: Area,
    elsewhere: Sequence[Area],
    early: NDArray[np.bool_],
    pixel_sd: FloatArray | None = None,
) -> tuple[dict[str, Series], list[int]]:
    """``mean:``, ``contrast:`` (minus the ring) and ``control:`` (minus what controls did together) of each band.

    ``elsewhere``: areas that may become controls; ``early``: Bool[time], the dates by which they are chosen. ``pixel_sd``:
    Float[band], standard deviation of one pixel where physics tells it; else the pixels' own scatter does. Returns the
    measures and which of ``elsewhere`` are the controls. Errors of a sum are those of its terms, which are independent.
    """
    own, around = means(pixels, foot), means(pixels, ring)
    with np.errstate(invalid="ignore", divide="ignore"):
        if pixel_sd is None:
            error, doubt_around = np.where(own.number < FEW_PX, around.sd / np.sqrt(own.number), own.error), around.error
        else:
            error, doubt_around = pixel_sd / np.sqrt(own.number), pixel_sd / np.sqrt(around.number)
    measures = {f"mean:{band}": Series(own.value[:, n], error[:, n]) for n, band in enumerate(pixels.bands)}
    if ring.count:
        off = np.hypot(error, doubt_around)
        for n, band in enumerate(pixels.bands):
            measures[f"contrast:{band}"] = Series(own.value[:, n] - around.value[:, n], off[:, n])
    others = np.stack([_plain(pixels, area) for area in elsewhere]) if elsewhere else np.empty((0, *own.value.shape))
    chosen = alike(own.value, others, early)
    if chosen:
        movement, doubt = shared(others[chosen])
        off = np.hypot(error, doubt)
        for n, band in enumerate(pixels.bands):
            measures[f"control:{band}"] = Series(own.value[:, n] - movement[:, n], off[:, n])
    return measures, chosen


def _plain(pixels: Pixels, area: Area) -> FloatArray:
    """Weighted means, Float64[time, band]: cheaper than robust ones, for the many areas that may become controls."""
    numbers = pixels.of(area)
    held = np.isfinite(numbers)
    weights = np.where(held, area.weights, 0)
    total = weights.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (np.where(held, numbers, 0) * weights).sum(axis=-1) / total
    return np.where(total >= LEAST_SHARE * max(area.full, 1e-12), mean, np.nan)
