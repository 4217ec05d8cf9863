"""The kernel once more, from dense matrices and one gap at a time: slow, short, and what the tests hold the fast one
against.

Where the kernel filters, updates and shares work between gaps, this forms the covariance of every hypothesis and takes its
logarithmic evidence: y ~ Student t with scale matrix K + X V X' + (change), the noise scale integrated out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.detect.design import columns, season_columns
from siteline.detect.kernels.lanes import SCALE_LOOKS
from siteline.detect.prior import Noise, Prior

FloatArray = NDArray[np.float64]


def covariance(days: FloatArray, weights: FloatArray, noise: Noise, x: FloatArray, precision: FloatArray) -> FloatArray:
    """Covariance without a change, Float64[look, look], in units of the noise variance."""
    apart = np.abs(days[:, None] - days[None, :])
    return noise.drift * np.exp(-apart / noise.memory_days) + np.diag(1 / weights) + x @ np.diag(1 / precision) @ x.T


def log_evidence(y: FloatArray, cov: FloatArray, looks: float) -> float:
    """Log evidence of independent bands ``y`` (Float64[band, look]) under ``cov``, up to a constant.

    ``looks``: sum of the weights, which stands for the number of looks in the power of the Student t.
    """
    _, volume = np.linalg.slogdet(cov)
    squares = np.einsum("bi,bi->b", y, np.linalg.solve(cov, y.T).T)
    return float(-0.5 * len(y) * volume - 0.5 * (looks + SCALE_LOOKS) * np.log(squares + SCALE_LOOKS).sum())


def line(days: FloatArray, k: int, length: float) -> FloatArray:
    """A change in the gap that ends at look ``k``: a step, or a ramp of ``length`` days from the gap's middle."""
    if length == 0:
        return (np.arange(days.size) >= k).astype(float)
    return np.where(np.arange(days.size) >= k, np.minimum((days - (days[k - 1] + days[k]) / 2) / length, 1.0), 0.0)


def one_change(
    y: FloatArray, axis: FloatArray, index: NDArray[np.int64], weights: FloatArray, prior: Prior, noise: Noise
) -> dict[str, FloatArray]:
    """Log Bayes factors of one change in a standardised series: ``step`` by gap, ``shape`` by (ramp length, gap).

    ``y``: Float64[band, look]; ``axis``: Float64[time], days of the whole stack, of which the looks are at ``index``;
    ``weights``: Float64[look]. Gaps that a level of ``min_looks`` forbids are -inf. ``shape`` averages over whether the
    season changes too; its first row is the step.
    """
    x, precision, cycle = _design(axis, index, noise)
    days = axis[index]
    none, looks = covariance(days, weights, noise, x, precision), float(weights.sum())
    base = log_evidence(y, none, looks)
    lengths = (0.0, *prior.ramp_days)
    step = np.full(days.size, -np.inf)
    shape = np.full((len(lengths), days.size), -np.inf)
    for k in range(prior.min_looks, days.size - prior.min_looks + 1):
        for q, length in enumerate(lengths):
            s = line(days, k, length)
            plain = none + prior.size_sd**2 * np.outer(s, s)
            factor = log_evidence(y, plain, looks) - base
            if q == 0:
                step[k] = factor
            c = s[:, None] * cycle
            full = log_evidence(y, plain + prior.season_sd**2 * c @ c.T, looks) - base
            with np.errstate(divide="ignore"):
                shape[q, k] = np.logaddexp(np.log(1 - prior.season) + factor, np.log(prior.season) + full)
    return {"step": step, "shape": shape}


def two_changes(
    y: FloatArray, axis: FloatArray, index: NDArray[np.int64], weights: FloatArray, prior: Prior, noise: Noise
) -> FloatArray:
    """Log Bayes factors of two steps, Float64[look, look] by their gaps; -inf where a level is too short."""
    x, precision, _ = _design(axis, index, noise)
    days = axis[index]
    none, looks = covariance(days, weights, noise, x, precision), float(weights.sum())
    base = log_evidence(y, none, looks)
    edge, m = prior.min_looks, days.size
    out = np.full((m, m), -np.inf)
    for i in range(edge, m - 2 * edge + 1):
        for k in range(i + edge, m - edge + 1):
            s = np.stack([line(days, i, 0.0), line(days, k, 0.0)], 1)
            out[i, k] = log_evidence(y, none + prior.size_sd**2 * s @ s.T, looks) - base
    return out


def _design(axis: FloatArray, index: NDArray[np.int64], noise: Noise) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, precision, _ = columns(axis, noise)
    return x[index], precision, season_columns(axis, noise)[index]
