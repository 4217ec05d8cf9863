"""What a structure is compared with: a ring around it, and areas elsewhere that used to behave like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area, area_of_mask

GAP_PX: Final = 1
"""Pixels left out around a footprint: they are mixed, and the sensor's own blur reaches there."""

RING_SHARE: Final = 3.0
"""Area of the ring, in areas of the footprint."""

RING_LEAST: Final = 12
"""Fewest pixels of a ring, so that a one-pixel footprint is not compared with its noise."""

CANDIDATES: Final = 200
"""Most areas elsewhere that are tried as controls."""

CONTROLS: Final = 10
"""Areas kept as controls."""

FEWEST_DATES: Final = 6
"""Common dates below which two series cannot be compared."""

FloatArray = NDArray[np.float64]


def grown(mask: NDArray[np.bool_], pixels: float) -> NDArray[np.bool_]:
    """``mask`` and everything within ``pixels`` of it, between pixel centres."""
    return _distance(mask) <= pixels


def ring(foot: Area, others: NDArray[np.bool_]) -> Area:
    """The nearest pixels around ``foot`` beyond the gap, ``RING_SHARE`` times its area; Bool[y, x] ``others`` are left out.

    Pixels equally near are taken together. Empty where there are fewer than four.
    """
    shape = others.shape
    own = foot.mask(shape)
    wanted = max(RING_SHARE * foot.weights.sum(), RING_LEAST)
    distance = np.where(grown(own, GAP_PX * 1.5) | others, np.inf, _distance(own))
    near = np.sort(distance[np.isfinite(distance)])
    if len(near) < 4:
        return area_of_mask(np.zeros(shape, dtype=bool), note="there are no surroundings to compare with")
    reach = near[min(int(np.ceil(wanted)), len(near)) - 1]
    return area_of_mask(distance <= reach)


def candidates(foot: Area, taken: NDArray[np.bool_]) -> list[Area]:
    """``foot`` laid elsewhere, clear of Bool[y, x] ``taken``: at most ``CANDIDATES``, on an even lattice over the grid."""
    height, width = taken.shape
    top, left = foot.rows.min(), foot.cols.min()
    tall, wide = foot.rows.max() - top + 1, foot.cols.max() - left + 1
    apart = int(np.ceil(np.sqrt(height * width / CANDIDATES)))
    downs = np.arange(-top, height - tall - top + 1)[:: max(tall + GAP_PX, apart)]
    rights = np.arange(-left, width - wide - left + 1)[:: max(wide + GAP_PX, apart)]
    moved = (foot.moved(int(down), int(right)) for down in downs for right in rights)
    return [area for area in moved if not taken[area.rows, area.cols].any()]


def alike(own: FloatArray, others: FloatArray, early: NDArray[np.bool_]) -> list[int]:
    """Which of ``others``, Float[k, time, band], moved most like ``own``, Float[time, band], on the dates ``early``.

    Ranked by the robust variance of the difference, relative to that of ``own``, over bands: what an area is like matters
    less than that weather, season and calibration move it alike. This is the idea of synthetic controls (Abadie et al.
    2010, doi:10.1198/jasa.2009.ap08746) with equal weights. Where ``early`` has too few dates, all of them decide.
    """
    clear = np.isfinite(own).any(axis=1)
    dates = early & clear if (early & clear).sum() >= FEWEST_DATES else clear
    if dates.sum() < 2 or not len(others):
        return []
    difference = others[:, dates] - own[dates]
    enough = np.isfinite(difference).any(axis=2).sum(axis=1) >= min(FEWEST_DATES, int(dates.sum()))
    relative = _spread(difference) ** 2 / np.maximum(_spread(own[dates]) ** 2, 1e-12)
    held = np.isfinite(relative)
    score = np.where(held, relative, 0).sum(axis=1) / np.where(held.any(axis=1), held.sum(axis=1), np.nan)
    ranked = np.argsort(np.where(enough & np.isfinite(score), score, np.inf), kind="stable")
    return [int(k) for k in ranked[:CONTROLS] if enough[k] and np.isfinite(score[k])]


def shared(controls: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How ``controls``, Float[k, time, ...], moved together: median over k of each one's departure from its own median.

    Returns (movement, its standard error), Float[time, ...]; NaN where no control is usable. Each control counts by its
    departures, so that it makes no step where a cloud hides some of them.
    """
    departures = controls - _median(controls, 1)[:, None]
    movement = _median(departures, 0)
    count = np.isfinite(departures).sum(axis=0)
    off = 1.4826 * _median(np.abs(departures - movement), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(count > 1, 1.2533 * off / np.sqrt(np.maximum(count, 1)), np.nan)
    return movement, error


def everything_taken(feet: Sequence[Area], rings: Sequence[Area], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Bool[y, x], True in the footprints of all structures, the gaps around them, and their rings."""
    held = np.zeros(shape, dtype=bool)
    for area in feet:
        held[area.rows, area.cols] = True
    held = grown(held, GAP_PX * 1.5) if held.any() else held
    for area in rings:
        held[area.rows, area.cols] = True
    return held


def _distance(mask: NDArray[np.bool_]) -> FloatArray:
    """Distance of each pixel to the mask, in pixels; infinite where the mask is empty."""
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.full(mask.shape, np.inf)
    found: FloatArray = distance_transform_edt(~mask)
    return found


def _spread(values: FloatArray) -> FloatArray:
    """Robust standard deviation over the dates, the last axis but one."""
    middle = np.expand_dims(_median(values, -2), -2)
    return 1.4826 * _median(np.abs(values - middle), -2)


def _median(values: FloatArray, axis: int) -> FloatArray:
    """Median of the numbers there are, NaN where there is none, without a warning."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: FloatArray = np.nanmedian(values, axis=axis)
    return found
