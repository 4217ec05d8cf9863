"""Intervals and brackets from the posterior over gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GRADUAL = 0.9
"""P(ramp) from which a change is called gradual. On simulated steps a lower bound costs brackets and gains nothing."""


def tempered(mass: FloatArray, days: FloatArray, looks: NDArray[np.bool_], temperature: float) -> FloatArray:
    """``mass`` (Float[series, time], sums to 1 a series) with its evidence raised to ``temperature``.

    Below 1 the posterior widens. What is raised is the evidence, mass over the prior of its gap (its length in days), so
    that an uninformative series stays uninformative. ``looks``: Bool[series, time], the dates that count.
    """
    if temperature == 1.0:
        return mass
    length = gap_days(days, looks)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(length > 0, mass / length, 0.0)
        top = density.max(axis=-1, keepdims=True)
        raised = length * np.where(top > 0, density / top, 0.0) ** temperature
        total = raised.sum(axis=-1, keepdims=True)
        return np.where(total > 0, raised / total, mass)


def gap_days(days: FloatArray, looks: NDArray[np.bool_]) -> FloatArray:
    """Days from the look before to each look, Float[series, time]; 0 at the first look and where there is none."""
    before = _previous(days, looks)
    return np.where(looks & np.isfinite(before), days - before, 0.0)


def intervals(
    mass: FloatArray, days: FloatArray, looks: NDArray[np.bool_], share: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Central intervals that hold ``share`` of ``mass``: (lower, upper) within gaps, then the looks that enclose them.

    The first two spread the mass of a gap evenly over its days. The last two are conservative: the look before the lower and
    the look after the upper end. Float[series] each, NaN where there is no mass.
    """
    before = _previous(days, looks)
    total = mass.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        after = np.cumsum(mass, axis=-1) / total
    tail = (1 - share) / 2
    out = []
    for level in (tail, 1 - tail):
        at = np.argmax(after >= level - 1e-12, axis=-1)
        rows = np.arange(len(mass))
        with np.errstate(invalid="ignore", divide="ignore"):
            own = mass[rows, at] / total[:, 0]
        into = np.clip((level - (after[rows, at] - own)) / np.where(own > 0, own, 1.0), 0.0, 1.0)
        start, end = before[rows, at], days[at]
        out.append((start + into * (end - start), start, end))
    empty = ~(total[:, 0] > 0)
    lower, upper, first, last = (np.where(empty, np.nan, v) for v in (out[0][0], out[1][0], out[0][1], out[1][2]))
    return lower, upper, first, last


def bracket(
    mass: FloatArray, step_mass: FloatArray, days: FloatArray, looks: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """The likeliest gap (after, by), Float[series] each; NaN where there is no mass.

    It is the gap of a step unless P(ramp) reaches ``GRADUAL``: a ramp's start is the less certain, the more it looks like
    one.
    """
    stepped = step_mass.sum(axis=-1) > (1 - GRADUAL) * mass.sum(axis=-1)
    at = np.argmax(np.where(stepped[:, None], step_mass, mass - step_mass), axis=-1)
    rows = np.arange(len(mass))
    empty = ~(mass.sum(axis=-1) > 0)
    before = _previous(days, looks)
    return np.where(empty, np.nan, before[rows, at]), np.where(empty, np.nan, days[at])


def _previous(days: FloatArray, looks: NDArray[np.bool_]) -> FloatArray:
    """Day of the last look before each date, Float[series, time]; NaN where there is none."""
    seen = np.where(looks, days, -np.inf)
    latest = np.maximum.accumulate(seen, axis=-1)
    before = np.concatenate([np.full((len(looks), 1), -np.inf), latest[:, :-1]], axis=1)
    return np.where(np.isfinite(before), before, np.nan)
