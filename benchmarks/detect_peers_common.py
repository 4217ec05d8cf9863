"""What the adapters of the peers share: how a method is described, working points, seasons off, bands made independent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from benchmarks.changepoint_data import FALSE_ALARMS, SERIES, Batch, Bools, Floats, Found

YEAR = 365.25
STEPS = 12  # halvings of the range of a sensitivity, on a logarithmic scale
HUBER = 1.345  # residuals beyond so many standard deviations are weighted down (95 % efficient under Gaussian noise)
ROUNDS = 3  # of reweighting; more change nothing


class NotInstalled(Exception):
    """A peer cannot run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Method:
    """One contender: what it is called, how it answers a batch, and why it is set up as it is."""

    name: str
    run: Callable[[Batch], Found]
    note: str
    bands: tuple[int, ...] = (1,)  # how many bands it can be given
    limit: int = SERIES  # series of each seed it is given: slow methods answer the first few hundred


def brackets(given: Batch, by: Floats) -> tuple[Floats, Floats]:
    """(look before, look at or after) each date ``by`` Float[series]; the last two looks where it is NaN."""
    after, at = np.empty(by.size), np.empty(by.size)
    for i, date in enumerate(by):
        looks = given.days[np.isfinite(given.values[i, 0])]
        k = looks.size - 1 if np.isnan(date) else min(max(int(np.searchsorted(looks, date)), 1), looks.size - 1)
        after[i], at[i] = looks[k - 1], looks[k]
    return after, at


def looks_earlier(given: Batch, dates: Floats, count: int) -> Floats:
    """``dates`` Float[series] moved back by ``count`` looks of their own series: to where a confirmed run of looks began."""
    moved = dates.copy()
    for i in np.flatnonzero(np.isfinite(dates)):
        looks = given.days[np.isfinite(given.values[i, 0])]
        moved[i] = looks[max(int(np.searchsorted(looks, dates[i])) - count, 0)]
    return moved


def at_working_point(run: Callable[[float], tuple[Floats, float]], quiet: Bools, low: float, high: float) -> Found:
    """Answers of a method that only says yes or no, at the most sensitive setting with at most 5 % false alarms.

    ``run`` gives (date Float[series], NaN where nothing was found; CPU seconds) for a setting between ``low`` and ``high``,
    the larger the stricter. The setting is found by bisection on ``quiet``, as favourable to the method as can be.
    """
    count = int(quiet.sum())
    allowed = count - 1 - math.ceil((1 - FALSE_ALARMS) * (count - 1))  # then the 95 % quantile of yes and no is "no"
    dates, seconds = run(high)
    for _ in range(STEPS):
        middle = math.sqrt(low * high)
        tried, spent = run(middle)
        if int(np.isfinite(tried[quiet]).sum()) <= allowed:
            high, dates, seconds = middle, tried, spent
        else:
            low = middle
    return Found(np.isfinite(dates).astype(float), dates, dates, seconds)


def without_season(values: np.ndarray, days: Floats) -> Floats:
    """Float[series, band, time]: residuals of two harmonics a year and a level, by Huber's M-estimator, in noise units."""
    angle = 2 * np.pi * days / YEAR
    design = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0).astype(float)
    weight = seen.astype(float)
    pairs = (design[:, :, None] * design[:, None, :]).reshape(days.size, -1)
    rest = filled
    for _ in range(ROUNDS):
        normal = (weight @ pairs).reshape(*values.shape[:2], design.shape[1], design.shape[1])
        fitted = np.linalg.solve(normal, ((weight * filled) @ design)[..., None])[..., 0] @ design.T
        rest = np.where(seen, values - fitted, np.nan)
        size = np.abs(rest)
        scale = 1.4826 * np.take_along_axis(np.sort(size, axis=-1), seen.sum(axis=-1, keepdims=True) // 2, axis=-1)
        weight = np.where(seen, np.minimum(1.0, HUBER * scale / np.maximum(size, 1e-9)), 0.0)
    return np.asarray(rest / noise_of(rest)[..., None])


def noise_of(rest: Floats) -> Floats:
    """Float[series, band]: noise of residuals Float[series, band, time] from differences of looks; a step adds nothing."""
    told = np.empty(rest.shape[:2])
    for i, bands in enumerate(rest):
        steps = np.abs(np.diff(bands[:, np.isfinite(bands[0])]))
        told[i] = 1.4826 / math.sqrt(2) * np.median(steps, axis=1)
    return told


def whitened(values: np.ndarray) -> Floats:
    """Float[series, band, time]: bands made independent and of unit noise by one matrix for all series.

    The noise is read from a look minus the mean of its neighbours; differences beyond three deviations are left out.
    """
    some = values[:: max(1, len(values) // 400)]
    differences = []
    for series in some:
        looks = series[:, np.isfinite(series[0])].astype(float)
        differences.append((looks[:, 1:-1] - (looks[:, :-2] + looks[:, 2:]) / 2) / math.sqrt(1.5))
    pooled = np.concatenate(differences, axis=1)
    spread = 1.4826 * np.median(np.abs(pooled), axis=1)
    usual = pooled[:, (np.abs(pooled) < 3 * spread[:, None]).all(axis=0)]
    shape = np.corrcoef(usual) * np.outer(spread, spread)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(shape)) @ values)
