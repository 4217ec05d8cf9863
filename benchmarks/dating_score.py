"""Scores of a dated change against a truth that is itself a bracket, taken as uniform."""

from __future__ import annotations

import numpy as np

from siteline.dating.learned import central
from siteline.dating.sequence import Floats, Gap

Score = tuple[float, float, float, float]


def score(cuts: Floats, mass: Floats, interval: tuple[float, float], truth: Gap, missed: float, days: float) -> Score:
    """(share of the truth inside, width in days, CRPS in days, log score in nats per day) of one density.

    The CRPS is averaged over the truth: the integral of F^2 (1 - G) + (1 - F)^2 G, exact by Simpson's rule between the
    edges of both. The log score mixes in ``missed`` even over ``days``, for truth outside the gap.
    """
    assert truth.after is not None and truth.by is not None
    knots = np.unique(np.concatenate([cuts, [truth.after, truth.by]]))
    middle = (knots[1:] + knots[:-1]) / 2

    def ours(day: Floats) -> Floats:
        return np.interp(day, cuts, np.concatenate([[0.0], np.cumsum(mass)]))

    def true(day: Floats) -> Floats:
        return np.interp(day, [truth.after, truth.by], [0.0, 1.0])

    def loss(day: Floats) -> Floats:
        f, g = ours(day), true(day)
        return np.asarray(f**2 * (1 - g) + (1 - f) ** 2 * g)

    at, mid, gaps = loss(knots), loss(middle), np.diff(knots)
    crps = float(np.sum(gaps * (at[:-1] + 4 * mid + at[1:]) / 6))
    density = np.diff(ours(knots)) / gaps
    log = float(np.sum(np.diff(true(knots)) * np.log((1 - missed) * density + missed / days)))
    inside = float(np.diff(true(np.array(interval)))[0])
    return inside, interval[1] - interval[0], crps, log


def uniform_score(low: float, high: float, truth: Gap, missed: float, days: float) -> Score:
    """The same for a density even over (low, high)."""
    cuts, mass = np.array([low, high]), np.ones(1)
    return score(cuts, mass, central(cuts, mass, 0.9), truth, missed, days)
