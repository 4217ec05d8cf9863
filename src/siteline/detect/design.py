"""The columns that a series without a change is made of, and how large each may be.

Intercept, trend and yearly harmonics as in Zhu & Woodcock (2014, Remote Sensing of Environment 144), with Gaussian priors;
the amplitude of the first harmonic may drift from year to year.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.detect.prior import Noise

YEAR = 365.2425
_LEVEL_SD = 30.0
_HARMONIC_SD = (20.0, 8.0, 4.0, 2.0)


def columns(days: NDArray[np.float64], noise: Noise) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Design of the dates ``days`` (Float64[time], increasing): (columns Float64[time, p], prior precisions Float64[p],
    core).

    The first ``core`` columns are intercept, trend and harmonics; the rest are yearly amplitudes. Precisions are in units of
    one over the variance of the noise. The trend column is years from the middle of the period.
    """
    years = (days - days[0]) / YEAR if days.size else days
    middle = years.mean() if days.size else 0.0
    made = [np.ones_like(years), years - middle]
    sds = [_LEVEL_SD, noise.trend_sd]
    for h in range(1, noise.harmonics + 1):
        made += [np.cos(2 * np.pi * h * years), np.sin(2 * np.pi * h * years)]
        sds += [_HARMONIC_SD[h - 1]] * 2
    core = len(made)
    if noise.yearly_sd > 0 and noise.harmonics > 0 and days.size:
        for k in range(int(np.ceil(years[-1])) + 1):
            near = np.clip(1 - np.abs(years - k), 0, None)
            made += [near * made[2], near * made[3]]
            sds += [noise.yearly_sd] * 2
    return np.ascontiguousarray(np.stack(made, 1)), np.array(sds, dtype=np.float64) ** -2, core


def season_columns(days: NDArray[np.float64], noise: Noise) -> NDArray[np.float64]:
    """The first harmonic, Float64[time, 2], by which the season may change at a break; no column where it has none."""
    if noise.harmonics == 0 or not days.size:
        return np.zeros((days.size, 0))
    years = (days - days[0]) / YEAR
    return np.stack([np.cos(2 * np.pi * years), np.sin(2 * np.pi * years)], 1)
