"""Robust means of many pixel sets at once, with their standard errors."""

from __future__ import annotations

import warnings
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TUNING: Final = 1.345
"""Huber's constant: residuals beyond it, in standard deviations, count less; 95 % efficient for normal pixels."""

_ROUNDS: Final = 30
_TOLERANCE: Final = 1e-7


class Mean(NamedTuple):
    """Robust means. ``value``, ``error`` (standard error), ``sd`` (of one pixel) and ``number`` (effective count of pixels)
    have the shape of the values without their last axis; NaN where no pixel is usable."""

    value: FloatArray
    error: FloatArray
    sd: FloatArray
    number: FloatArray


def huber(values: FloatArray, weights: FloatArray) -> Mean:
    """Huber's M-estimate of location over the last axis; values Float[..., n] (NaN = missing), weights Float[n].

    Huber 1964, doi:10.1214/aoms/1177703732; scale: 1.4826 x median absolute deviation from the median, kept fixed. The
    error is the sandwich estimate for weighted pixels that are independent; NaN from fewer than two pixels.
    """
    held = np.isfinite(values)
    x = np.where(held, values, 0.0)
    w = np.where(held, weights, 0.0)
    total, squares = w.sum(axis=-1), (w**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no pixel at all: NaN is the answer
        middle = np.nanmedian(np.where(held, values, np.nan), axis=-1)
        sd = 1.4826 * np.nanmedian(np.where(held, np.abs(values - middle[..., None]), np.nan), axis=-1)
        mean = np.where(np.isfinite(sd) & (sd > 0), middle, (w * x).sum(axis=-1) / total)
        trusted = w
        for _ in range(_ROUNDS):
            off = np.abs(x - mean[..., None])
            trusted = w * np.minimum(1.0, TUNING * np.where(sd > 0, sd, np.inf)[..., None] / np.maximum(off, 1e-300))
            last, mean = mean, (trusted * x).sum(axis=-1) / trusted.sum(axis=-1)
            if np.nanmax(np.abs(mean - last) / np.where(sd > 0, sd, 1.0), initial=0.0) < _TOLERANCE:
                break
        count = total**2 / squares
        straight = np.where(TUNING * np.where(sd > 0, sd, np.inf)[..., None] >= np.abs(x - mean[..., None]), w, 0.0)
        variance = ((trusted * (x - mean[..., None])) ** 2).sum(axis=-1) / straight.sum(axis=-1) ** 2
        error = np.where(count > 1.5, np.sqrt(variance * count / (count - 1)), np.nan)
    return Mean(np.where(total > 0, mean, np.nan), error, sd, np.where(total > 0, count, 0.0))
