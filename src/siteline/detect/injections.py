"""Which changes are put into a site's own pixels: half a pixel to the footprint wide, faint to plain, passing or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.trust import Injection

OPTICAL: Final = (0.03, 0.06, 0.12)
"""Contrasts in reflectance: barely another shade, another field, a roof on grass."""

RADAR: Final = (1.5, 3.0, 6.0)
"""Contrasts in decibels."""

PLAIN: Final = (1.0, 2.0, 4.0)
"""Contrasts in spreads of the surroundings, for scenes whose numbers have no calibration."""

SIDES_PX: Final = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
PASSING_DAYS: Final = (30.0, 90.0)
FOREVER: Final = float("inf")

Effect = Callable[[float, float], NDArray[np.float32]]
"""(side in metres, contrast) -> Float32[place, time], what the footprint's contrast gains where a pixel gains that much."""


def direction(sizes: NDArray[np.float64] | None, bands: int) -> NDArray[np.float64]:
    """How a change spreads over bands, Float64[band], the largest 1: as one that was found, or the same in every band."""
    if sizes is None or not np.isfinite(sizes).all() or not np.abs(sizes).max() > 0:
        return np.ones(bands)
    return np.asarray(sizes / np.abs(sizes).max())


def curve(
    effect: Effect, towards: NDArray[np.float64], contrasts: Sequence[float], unit: str, pixel_m: float, footprint_m: float
) -> list[Injection]:
    """The changes of a full power curve: every side up to the footprint's (metres) at every contrast, lasting for good.

    And, at the middle contrast and as large as the footprint, changes that pass.
    """
    sides = [side * pixel_m for side in SIDES_PX if side * pixel_m < 0.95 * footprint_m] + [footprint_m]
    kinds = [_kind(effect, towards, side, contrast, unit, FOREVER) for contrast in contrasts for side in sides[-6:]]
    middle = contrasts[len(contrasts) // 2]
    return kinds + [_kind(effect, towards, footprint_m, middle, unit, days) for days in PASSING_DAYS]


def quick(
    effect: Effect, towards: NDArray[np.float64], contrasts: Sequence[float], unit: str, footprint_m: float
) -> list[Injection]:
    """Changes as large as the footprint, to set the temperature by."""
    return [_kind(effect, towards, footprint_m, contrast, unit, FOREVER) for contrast in contrasts[1:]]


def _kind(effect: Effect, towards: NDArray[Any], side_m: float, contrast: float, unit: str, days: float) -> Injection:
    jump = effect(side_m, contrast)[:, None, :] * towards[None, :, None].astype(np.float32)
    return Injection(round(side_m, 2), contrast, unit, days, np.nan_to_num(jump, nan=0.0))
