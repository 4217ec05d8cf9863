"""What the whole scene does at once: haze, calibration, an early spring. It is nobody's change, and is taken off.

Per scene and band it is the median, over quiet pixels, of the distance from the pixel's own median in time. Quiet is the
half of the pixels with the least evidence of change beforehand: where a third of a site changes, the median of all its
pixels moves with them, and what is taken off would put their change into everything else.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from siteline.detect.design import columns
from siteline.detect.noise import FEWEST, fit_noise
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import scan

FloatArray = NDArray[np.float64]

_QUIET = 0.5
"""Share of the pixels that the rest of the scene is told from; up to so many may have changed."""


def harmonics_for(sample: NDArray[np.float32]) -> int:
    """Yearly harmonics that series Float[pixel, band, time] can bear: 2 from 30 looks on, 1 from 15."""
    looks = np.isfinite(sample).all(axis=1).sum(axis=1)
    usual = float(np.median(looks)) if looks.size else 0.0
    return 2 if usual >= 30 else 1 if usual >= 15 else 0


def learned(
    sample: NDArray[np.float32], days: FloatArray, prior: Prior, noise: Noise | None, *, seed: int, threads: int | None
) -> tuple[NDArray[np.float32], Noise]:
    """(shared Float32[band, time], to be taken off every series; the noise of what remains) of random pixels.

    ``sample``: Float32[pixel, band, time]; ``noise``: one that is known, else it is fitted. Where the sample has too few
    pixels to tell, nothing is shared.
    """
    harmonics = harmonics_for(sample)
    first = noise or fit_noise(sample, days, seed=seed, harmonics=harmonics)
    shared = np.zeros(sample.shape[1:], dtype=np.float32)
    if len(sample) < FEWEST:
        return shared, first
    evidence = scan(sample, days, prior, first, threads=threads).evidence
    known = np.isfinite(evidence)
    if known.sum() < FEWEST:
        return shared, first
    quiet = known & (evidence <= np.quantile(evidence[known], _QUIET))
    shared = scene_wide(sample[quiet])
    return shared, noise or fit_noise(sample - shared, days, seed=seed, harmonics=harmonics)


def scene_wide(quiet: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32[band, time]: medians over ``quiet`` (Float32[pixel, band, time]) of the distance from their own medians."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a date that no quiet pixel sees: nothing is taken off
        apart = quiet - np.nanmedian(quiet, axis=2, keepdims=True)
        return np.asarray(np.nan_to_num(np.nanmedian(apart, axis=0)), dtype=np.float32)


def unchanged(sample: NDArray[np.float32], days: FloatArray, noise: Noise, *, seed: int) -> NDArray[np.float32]:
    """As many series as ``sample`` (Float32[pixel, band, time]) has, usable where they are, that do what ``noise`` says.

    Bands are uncorrelated and of unit noise; seasons and levels, which every series may have as it likes, are left out.
    """
    rng = np.random.default_rng(seed)
    n, bands, times = sample.shape
    strange = rng.random((n, 1, times)) < noise.outliers
    values = rng.normal(size=sample.shape) * np.where(strange, noise.outlier_sd, 1.0)
    if noise.drift > 0 and times:
        keep = np.exp(-np.diff(days, prepend=days[0]) / noise.memory_days)
        slow = rng.normal(0, np.sqrt(noise.drift), (n, bands))
        for k in range(times):
            slow = keep[k] * slow + rng.normal(0, np.sqrt(noise.drift * (1 - keep[k] ** 2)), (n, bands))
            values[:, :, k] += slow
    x, precision, core = columns(days, noise)
    vary = [1, *range(core, x.shape[1])]
    values += rng.normal(size=(n, bands, len(vary))) @ (x[:, vary] * precision[vary] ** -0.5).T
    hidden = np.asarray(~np.isfinite(sample).all(axis=1, keepdims=True))
    return np.where(hidden, np.nan, values).astype(np.float32)
