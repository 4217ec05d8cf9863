"""The oracle of the yardstick: everything about a series is known but the date. No method can date better.

The clean signal, the law of the noise, which looks are outliers, and size and length of the change are given; every gap
between good looks is tried, its probability the likelihood times its length. Unchanged series are given the size of a change
drawn like the others'.
"""

from __future__ import annotations

import time

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found, yardstick
from numpy.typing import NDArray

CORRELATED, MEMORY = 0.3, 40.0  # share of the noise variance that is correlated in "hard", and over how many days
TREND = 0.3  # standard deviation of a trend a year in "hard", in units of noise
YEAR = 365.25
LEVEL = 0.95


def covariance(days: Floats, scenario: str, scale: float) -> Floats:
    """Float[look, look] of one band in units of its noise; ``scale``: the noise's variance against the trend's."""
    if scenario == "std":
        return np.eye(days.size)
    lag = np.abs(days[:, None] - days)
    noise = (1 - CORRELATED) * np.eye(days.size) + CORRELATED * np.exp(-lag / MEMORY)
    years = days / YEAR
    return np.asarray(noise + TREND**2 / scale * np.outer(years, years))


def interval(mass: Floats, edges: Floats) -> tuple[float, float]:
    """Central 95 % of a date whose probability ``mass`` Float[gap] is spread evenly over each gap between ``edges``."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    early, late = np.interp([(1 - LEVEL) / 2, (1 + LEVEL) / 2], total / total[-1], edges)
    return float(early), float(late)


def profiles(days: Floats, length: float) -> Floats:
    """Float[look, gap]: what a change in each gap does to each look; a ramp begins in the middle of its gap."""
    after = days[:, None] >= days[1:]
    if length == 0:
        return after.astype(float)
    return np.clip((days[:, None] - (days[1:] + days[:-1]) / 2) / length, 0.0, 1.0) * after


def likelihoods(rest: Floats, size: Floats, days: Floats, length: float, scenario: str, variances: Floats) -> Floats:
    """Float[gap]: log-likelihood ratio of a change in each gap against none.

    ``rest`` Float[band, look] without the clean signal and ``size`` Float[band] have independent bands of ``variances``.
    """
    change = profiles(days, length)
    told = np.zeros(days.size - 1)
    for variance in np.unique(variances.round(9)):
        mine = np.isclose(variances, variance)
        root = np.linalg.cholesky(covariance(days, scenario, float(variance)))
        seen, steps = np.linalg.solve(root, rest[mine].T), np.linalg.solve(root, change)
        told += (size[mine] / variance) @ (seen.T @ steps) - 0.5 * (size[mine] ** 2).sum() / variance * (steps**2).sum(0)
    return told


def oracle(given: Batch, seed: int = 0) -> Found:
    """Date, evidence and 95 % interval of every series of ``given`` by the known law of its noise."""
    truth, generator = given.truth, yardstick("generator")
    bands, start = list(given.bands), time.process_time()
    rng = np.random.default_rng(seed)
    variances, turn = np.linalg.eigh((0.5 + 0.5 * np.eye(6))[np.ix_(bands, bands)])  # the generator's noise between bands
    noise = generator.SIG[bands]
    strengths = np.unique(truth["snr"][truth["changed"]])
    found: NDArray[np.float64] = np.full((5, len(given.values)), np.nan)
    for i, values in enumerate(given.values):
        good = np.isfinite(values[0]) & ~truth["out"][i]
        days = given.days[good]
        snr = truth["snr"][i] if truth["changed"][i] else rng.choice(strengths)
        rest = (values[:, good].astype(float) - truth["sig"][i][bands][:, good]) / noise[:, None]
        size = snr * truth["w"][i][bands]
        told = likelihoods(turn.T @ rest, turn.T @ size, days, float(truth["ramp"][i]), given.scenario, variances)
        told = told + np.log(np.diff(days) / (days[-1] - days[0]))
        top = int(told.argmax())
        mass = np.exp(told - told[top])
        found[:, i] = told[top] + np.log(mass.sum()), days[top], days[top + 1], *interval(mass, days)
    score, after, by, early, late = found
    return Found(score, after, by, time.process_time() - start, early, late)
