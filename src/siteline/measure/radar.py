"""Radar backscatter: mean log-intensity, with the spread that speckle gives it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.pixels import Pixels

FloatArray = NDArray[np.float64]

WINDOW_PX: Final = 5
"""Side of the windows in which the number of looks is estimated."""

FEWEST_LOOKS: Final = 0.5
"""Below one look, only texture of the ground is left; the spread stays finite."""

DB: Final = 10 / np.log(10)
"""Decibels in one unit of the natural logarithm."""


def looks(pixels: Pixels) -> FloatArray:
    """The equivalent number of looks of each band, Float64[band]: mean^2 / variance of intensity, NaN where unknown.

    The median over disjoint ``WINDOW_PX`` windows and dates. Ground that is not even within a window lowers it, so spreads
    err towards too large (Oliver and Quegan 2004, section 4.3).
    """
    count, bands, height, width = pixels.values.shape
    rows, cols = height // WINDOW_PX, width // WINDOW_PX
    found = np.full(bands, np.nan)
    if not (count and rows and cols):
        return found
    part = pixels.values[:, :, : rows * WINDOW_PX, : cols * WINDOW_PX]
    valid = pixels.valid[:, : rows * WINDOW_PX, : cols * WINDOW_PX]
    for band in range(bands):
        per_date = []
        for date in range(count):
            numbers = np.where(valid[date] & (part[date, band] > 0), part[date, band], np.nan).astype(np.float64)
            windows = numbers.reshape(rows, WINDOW_PX, cols, WINDOW_PX).swapaxes(1, 2).reshape(rows * cols, -1)
            windows = windows[np.isfinite(windows).all(axis=1)]
            with np.errstate(divide="ignore", invalid="ignore"):
                per_date.append(windows.mean(axis=1) ** 2 / windows.var(axis=1, ddof=1))
        every = np.concatenate(per_date)
        every = every[np.isfinite(every)]
        if len(every):
            found[band] = np.median(every)
    return found


def speckle_db(pixels: Pixels) -> FloatArray:
    """Standard deviation of one pixel's log-intensity in dB, Float64[band], from its number of looks L.

    The logarithm of an L-look intensity has the variance psi'(L), psi' the trigamma function (Hoekman 1991,
    doi:10.1080/01431169108955177).
    """
    from scipy.special import polygamma

    return np.asarray(DB * np.sqrt(polygamma(1, np.maximum(looks(pixels), FEWEST_LOOKS))), dtype=np.float64)
