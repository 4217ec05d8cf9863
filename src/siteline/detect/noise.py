"""What noise a stack of series has, learned from the stack itself (empirical Bayes): bands, slow noise, years that differ.

The hyper-parameters are chosen by the marginal likelihood of control series, each with or without one step with equal odds:
some of them may have changed, and a model that knows no change would call that slow noise; choosing the quiet series instead
would call the noise smaller than it is.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.design import columns
from siteline.detect.kernels.lanes import SCALE_LOOKS
from siteline.detect.kernels.standard import standardise, usable
from siteline.detect.kernels.whitened import free_of_design, gains
from siteline.detect.prior import Noise, Prior
from siteline.detect.scan import scan_mixed

FloatArray = NDArray[np.float64]

MOST = 300
"""Control series looked at; more change nothing that matters."""

FEWEST = 20
"""Control series below which the noise is not fitted: their own chance would pass for its nature."""

UNKNOWN: Final = (1.0, 40.0, 0.5, 0.3)
"""Slow noise, its days, yearly swings and trend where none can be fitted: those of fields, so that weather is no change."""

_SLOW: Final = (
    *((0.0, 40.0), (0.2, 40.0), (0.5, 15.0), (0.5, 40.0), (0.5, 100.0)),
    *((1.0, 40.0), (1.0, 100.0), (2.0, 60.0), (4.0, 60.0)),
)
_YEARLY: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
_TRENDS: Final = (0.03, 0.1, 0.3)
_NEAR: Final = 3.0
_EITHER: Final = Prior()
_TRIM: Final = (0.05, 0.95)


def fit_noise(values: NDArray[Any], days: FloatArray, *, seed: int = 0, harmonics: int = 2) -> Noise:
    """The noise of control series ``values`` (Float[series, band, time]) at ``days`` (Float64[time], increasing).

    A random choice of at most ``MOST`` series (``seed``) is used. Where fewer than ``FEWEST`` series have ten looks, the
    bands are only put on a common scale, and ``UNKNOWN`` is assumed: what cannot be learned is taken for large.
    """
    rng = np.random.default_rng(seed)
    chosen = values if len(values) <= MOST else values[np.sort(rng.choice(len(values), MOST, replace=False))]
    chosen = chosen.astype(np.float64)
    looks = np.isfinite(chosen).all(axis=1).sum(axis=1)
    good = chosen[looks >= 10]
    mix = band_mix(good, days)
    if len(good) < FEWEST:
        return Noise(mix, *UNKNOWN, harmonics)
    with np.errstate(invalid="ignore"):  # infinities are missing looks
        mixed = np.matmul(mix, good)
    best = (Noise(mix, harmonics=harmonics), -np.inf)
    for drift, memory in _SLOW:
        best = _better(best, mixed, days, Noise(mix, drift, memory, 0.25, 0.1, harmonics))
    for yearly in _YEARLY if harmonics else (0.0,):
        for trend in _TRENDS:
            fitted = best[0]
            best = _better(best, mixed, days, Noise(mix, fitted.drift, fitted.memory_days, yearly, trend, harmonics))
    for drift, memory in _SLOW:
        best = _better(best, mixed, days, Noise(mix, drift, memory, best[0].yearly_sd, best[0].trend_sd, harmonics))
    return best[0]


def _better(best: tuple[Noise, float], mixed: FloatArray, days: FloatArray, noise: Noise) -> tuple[Noise, float]:
    changed = scan_mixed(mixed, days, _EITHER, noise).evidence
    evidence = null_evidence(mixed, days, noise) + np.logaddexp(np.log(0.5), np.log(0.5) + np.nan_to_num(changed, nan=0.0))
    low, high = np.quantile(evidence, _TRIM)
    score = float(evidence[(evidence >= low) & (evidence <= high)].mean())
    return (noise, score) if score > best[1] else best


def null_evidence(mixed: FloatArray, days: FloatArray, noise: Noise) -> FloatArray:
    """Log evidence of no change, Float64[series], up to a constant that does not depend on ``noise``.

    The weights of doubtful looks are those of their neighbours, the same for every noise, so that evidences compare.
    """
    n, bands, times = mixed.shape
    x, precision, _ = columns(days, noise)
    p = x.shape[1]
    index = np.zeros(times, dtype=np.int64)
    y, w, f, root, g = np.zeros((bands, times)), np.zeros(times), np.zeros(times), np.zeros(times), np.zeros(times)
    whitened, left, gram = np.zeros((p, times)), np.zeros((bands, times)), np.zeros((p, p))
    scratch = np.zeros((3, times)), np.zeros((bands, times))
    out = np.zeros(n)
    for i in range(n):
        m = usable(mixed[i], index)
        at = index[:m]
        standardise(
            mixed[i],
            days,
            index,
            m,
            noise.doubt,
            y,
            w,
            np.ones(bands),
            scratch[0][0],
            scratch[0][1],
            scratch[1],
            scratch[0][2],
        )
        f[: m - 1] = np.exp(-np.diff(days[at]) / noise.memory_days) if noise.drift > 0 else 0.0
        gains(w, f, noise.drift, root, g, m)
        rss = free_of_design(np.ascontiguousarray(x[at].T), y, f, root, g, precision, whitened, left, gram, m)
        volume = 2 * np.log(np.diag(gram)).sum() - np.log(precision).sum() - 2 * np.log(root[:m]).sum()
        out[i] = -0.5 * bands * volume - 0.5 * (w[:m].sum() + SCALE_LOOKS) * np.log(rss + SCALE_LOOKS).sum()
    return out


def band_mix(values: FloatArray, days: FloatArray) -> FloatArray:
    """Float64[band, band] that takes bands to uncorrelated ones of unit noise.

    The correlation is that of the distances of looks from the line between their neighbours, outliers left out: it holds the
    noise that bands share, and neither season nor change.
    """
    bands = values.shape[1]
    apart: list[FloatArray] = []
    scales: list[FloatArray] = []
    for one in values:
        good = np.isfinite(one).all(axis=0)
        t, y = days[good], one[:, good]
        if t.size < 10:
            continue
        span = t[2:] - t[:-2]
        share = np.divide(t[1:-1] - t[:-2], span, out=np.full(span.shape, 0.5), where=span > 0)
        unit = np.sqrt(1 + share**2 + (1 - share) ** 2)
        bend = (y[:, 1:-1] - (1 - share) * y[:, :-2] - share * y[:, 2:]) / unit
        scale = 1.4826 * np.median(np.abs(bend), axis=1)
        if not (scale > 0).all():
            continue
        inside = (np.abs(bend) < _NEAR * scale[:, None]).all(axis=0)
        apart.append(bend[:, inside] / scale[:, None])
        scales.append(scale)
    if not apart or bands == 1:
        return np.diag(1 / np.median(scales, axis=0)) if scales else np.eye(bands)
    joined = np.concatenate(apart, axis=1)
    if joined.shape[1] < 5 * bands:
        return np.asarray(np.diag(1 / np.median(scales, axis=0)))
    correlation = np.corrcoef(joined)
    # bands that all but repeat another one would be blown up: keep a share of noise that is their own
    correlation = 0.98 * correlation + 0.02 * np.eye(bands)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(correlation)) / np.median(scales, axis=0)[None, :])
