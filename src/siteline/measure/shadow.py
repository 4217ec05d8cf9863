"""The shadow of what stands on a footprint: darker on the side away from the sun, and how far."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area, Ground
from siteline.measure.bands import Series
from siteline.measure.pixels import Pixels
from siteline.measure.robust import Mean, huber

FloatArray = NDArray[np.float64]

TYPICAL_M: Final = 10.0
"""Height whose shadow sets how far from the footprint is looked."""

MOST_PX: Final = 24
"""Farthest that is looked, in pixels."""

FINE_M: Final = 3.0
"""Pixel size, in metres, above which a shadow's length cannot be told."""

STEP_DEG: Final = 3.0
"""Steps in which the sun's azimuth is taken."""

LEAST_PX: Final = 3
"""Fewest usable pixels of a side."""


def shadow(
    pixels: Pixels, foot: Area, others: NDArray[np.bool_], ground: Ground, azimuth: FloatArray, elevation: FloatArray
) -> dict[str, Series]:
    """``shadow``: grey level of the side towards the sun minus that of the side away from it; and ``height``, in metres.

    ``azimuth``, ``elevation``: of the sun, Float[time], degrees from north and above the horizon, NaN = not known.
    ``others``: Bool[y, x], other structures, left out. The sides are what the footprint sweeps over when it moves by the
    length of the shadow of something ``TYPICAL_M`` high, without itself. ``height`` (only where pixels are ``FINE_M`` or
    finer) is the distance at which the darkness falls to half,
    times the tangent of the elevation: a hint, good to a pixel or two, on flat ground that is evenly bright.
    """
    if not np.isfinite(azimuth).any():
        return {}
    found = {"shadow": Series(np.full(len(azimuth), np.nan), np.full(len(azimuth), np.nan))}
    metres = float(np.sqrt(abs(ground.dx * ground.dy)))
    rise = np.tan(np.radians(np.where(np.isfinite(elevation), elevation, 45.0).clip(5, 85)))
    reach = np.clip(np.round(TYPICAL_M / rise / metres), 1, MOST_PX).astype(int)
    if fine := metres <= FINE_M:
        found["height"] = Series(np.full(len(azimuth), np.nan), np.full(len(azimuth), np.nan))
    course = np.round(azimuth / STEP_DEG) * STEP_DEG
    known = np.flatnonzero(np.isfinite(azimuth))
    for angle, far in sorted({(float(course[n]), int(reach[n])) for n in known}):
        dates = known[(course[known] == angle) & (reach[known] == far)]
        towards = np.array([-np.cos(np.radians(angle)), np.sin(np.radians(angle))])  # rows, columns
        lit, dark = (_strips(foot, others, sign * towards, MOST_PX if fine else far) for sign in (1, -1))
        bright, dim = (_level(pixels, dates, np.concatenate(side[:far])) for side in (lit, dark))
        found["shadow"].value[dates] = bright.value - dim.value
        found["shadow"].spread[dates] = np.hypot(bright.error, dim.error)
        if fine:
            profile = np.stack([bright.value - _level(pixels, dates, strip).value for strip in dark], axis=1)
            lengths = np.array([_length(one, least) for one, least in zip(profile, 3 * bright.error, strict=True)])
            told = np.isfinite(elevation[dates])
            found["height"].value[dates] = np.where(told, lengths * metres * rise[dates], np.nan)
            found["height"].spread[dates] = metres * rise[dates]
    return found


def _strips(foot: Area, others: NDArray[np.bool_], step: FloatArray, far: int) -> list[NDArray[np.intp]]:
    """The pixels, Int[n, 2], that the footprint newly covers with each of ``far`` steps of one pixel; others left out."""
    solid = foot.weights >= 0.5 * foot.weights.max()
    seen = others.copy()
    seen[foot.rows, foot.cols] = True
    strips = []
    for distance in range(1, far + 1):
        down, right = np.round(distance * step).astype(int)
        rows, cols = foot.rows[solid] + down, foot.cols[solid] + right
        inside = (rows >= 0) & (rows < seen.shape[0]) & (cols >= 0) & (cols < seen.shape[1])
        rows, cols = rows[inside], cols[inside]
        new = ~seen[rows, cols]
        seen[rows, cols] = True
        strips.append(np.column_stack([rows[new], cols[new]]))
    return strips


def _level(pixels: Pixels, dates: NDArray[np.intp], places: NDArray[np.intp]) -> Mean:
    """Robust means of the grey level of pixels, Int[n, 2], by date; NaN from fewer than ``LEAST_PX`` usable pixels."""
    ones = np.ones(len(places))
    numbers = pixels.grey_of(Area(places[:, 0], places[:, 1], ones, float(len(places))), dates)
    found = huber(numbers, ones)
    return Mean(np.where(found.number >= min(LEAST_PX, len(places)), found.value, np.nan), *found[1:])


def _length(darkness: FloatArray, least: float) -> float:
    """Where ``darkness``, by pixels from the wall, falls to half of its level near the wall; NaN where none stands out."""
    near = np.nanmedian(darkness[:2]) if np.isfinite(darkness[:2]).any() else np.nan
    if not near > max(least, 0.0):
        return np.nan
    below = np.flatnonzero(darkness < near / 2)
    if not len(below) or not below[0]:
        return np.nan
    first = below[0]
    before, after = darkness[first - 1], darkness[first]
    part = (before - near / 2) / (before - after) if np.isfinite(before) and before > after else 0.5
    return float(first + part - 0.5)  # strips are one pixel long, counted at their middles
