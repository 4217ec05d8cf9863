"""How long construction lasts, learned from brackets, and the chance that it is over within so many days.

Durations between two bracketed dates are interval-censored, and right-censored where the end was never seen; their
distribution is Turnbull's (1976, self-consistency) on a grid. Forecasts are ridge logistic regressions on what was known
on the day, shrunk towards the learned frequency; sites whose looks stop early count through the others by inverse
probability of censoring (Graf et al. 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from siteline.dating.sequence import COMPLETION, ONSET, Floats, Life, gap
from siteline.model.errors import NothingToDate

STEP = 30.0
"""Cell of the duration grid, days."""

RIDGE = 15.0
"""Penalty on standardised weights, in units of the log-likelihood (sites)."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Distribution of a duration: ``mass`` (m,) in cells of ``STEP`` days from 0; the last cell is open."""

    mass: Floats

    def survival(self, days: Floats) -> Floats:
        """P(duration > days), linear inside a cell."""
        cdf = np.concatenate([[0.0], np.cumsum(self.mass)])
        return np.asarray(1.0 - np.interp(days, STEP * np.arange(cdf.size), cdf), dtype=np.float64)

    def within(self, elapsed: float, horizon: float) -> float:
        """P(duration <= elapsed + horizon | duration > elapsed)."""
        left, right = self.survival(np.array([elapsed, elapsed + horizon]))
        return float(1.0 - right / left) if left > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether work was over ``horizon`` days after a day: ``over`` is a probability where the end is a bracket,
    ``weight`` the probability that it was under way on the day, over that of still being looked at."""

    over: float
    weight: float


def onset_day(life: Life) -> float | None:
    """Middle of the onset's bracket in days since 1970, or None where a side is missing."""
    bracket = gap(life, ONSET)
    return None if bracket.after is None or bracket.by is None else (bracket.after + bracket.by) / 2


def spells(lives: Sequence[Life]) -> Floats:
    """(n, 2) bounds in days from onset to completion; the upper is infinite where completion was never seen."""
    rows = []
    for life in lives:
        start, end = onset_day(life), gap(life, COMPLETION)
        if start is not None and end.after is not None:
            rows.append((max(end.after - start, 0.0), np.inf if end.by is None else end.by - start))
    return np.array(rows, dtype=np.float64).reshape(len(rows), 2)


def learn_durations(bounds: Floats, cells: int = 120) -> Durations:
    """Turnbull's estimate from ``bounds`` (n, 2). Raises ``NothingToDate`` when there are none."""
    if not bounds.size:
        raise NothingToDate("no site has a dated onset; there are no durations to learn from")
    start = STEP * np.arange(cells)
    stop = np.append(start[1:], np.inf)
    may = ((stop[None, :] > bounds[:, :1]) & (start[None, :] < bounds[:, 1:])).astype(np.float64)
    may[may.sum(axis=1) == 0, -1] = 1.0
    mass = np.full(cells, 1.0 / cells)
    for _ in range(300):
        share = may * mass
        fresh = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
        if float(np.max(np.abs(fresh - mass))) < 1e-7:
            break
        mass = fresh
    return Durations(mass)


def still_looked_at(bounds: Floats) -> Durations:
    """Kaplan-Meier of how long sites are looked at: the end of the looks is the event, completion censors it."""
    ended = np.isinf(bounds[:, 1])
    last = np.where(ended, bounds[:, 0], np.where(ended, 0.0, bounds.mean(axis=1)))
    cells = 200
    at = np.minimum((last / STEP).astype(int), cells - 1)
    events = np.bincount(at[ended], minlength=cells).astype(np.float64)
    risk = np.array([np.sum(at >= k) for k in range(cells)], dtype=np.float64)
    survival = np.cumprod(1.0 - events / np.maximum(risk, 1.0))
    return Durations(np.asarray(-np.diff(np.concatenate([[1.0], survival])), dtype=np.float64))


def outcome(bounds: Floats, elapsed: float, horizon: float, looked: Durations) -> Outcome | None:
    """What happened to one site (``bounds`` (2,)) in (elapsed, elapsed + horizon]; None where the looks do not say."""
    low, high = float(bounds[0]), float(bounds[1])
    end = elapsed + horizon
    if np.isinf(high):
        if low < end:
            return None
        over, under_way, known = 0.0, 1.0, end
    else:
        width = max(high - low, 1e-9)
        under_way = float(np.clip((high - elapsed) / width, 0.0, 1.0))
        if under_way <= 0.0:
            return None
        over = float(np.clip((end - max(low, elapsed)) / max(high - max(low, elapsed), 1e-9), 0.0, 1.0))
        known = min(end, (max(low, elapsed) + high) / 2)
    now, then = looked.survival(np.array([elapsed, known]))
    return Outcome(over, under_way * float(now) / max(float(then), 0.1))


def known_on(life: Life, day: float) -> Floats:
    """Covariates (p,) from the looks up to ``day`` only: last phase, time in it and since it, spacing of looks, year."""
    seen = life.until(day)
    telling = seen.phase >= 0
    last = int(seen.phase[telling][-1]) if telling.any() else -1
    since = day - float(seen.days[telling][-1]) if telling.any() else 1000.0
    active = seen.days[seen.phase == 2]
    work = day - float(active[0]) if active.size else 0.0
    year = (day - 17532.0) / 365.2425
    recent = float(np.sum(seen.days > day - 180))
    unsure = float(np.mean(~telling[seen.days > day - 180])) if recent else 0.0
    part = float(np.any(seen.phase[seen.days > day - 180] == 3))
    flags = [float(last == 0), float(last == 1), float(last == 3), part, float(active.size > 0)]
    return np.array([*flags, np.log1p(since / 30), np.log1p(work / 30), np.log1p(recent), unsure, year, year**2 / 4])


@dataclass(frozen=True, slots=True)
class Forecast:
    """P(over within a horizon) on the day: a frequency and how covariates move it. ``mean``, ``scale``, ``weights`` (p,)."""

    frequency: float
    constant: float
    weights: Floats
    mean: Floats
    scale: Floats

    def probability(self, covariates: Floats) -> float:
        """P for one site's ``covariates`` (p,)."""
        score = self.constant + float(np.clip((covariates - self.mean) / self.scale, -3, 3) @ self.weights)
        return float(1.0 / (1.0 + np.exp(-score)))


def learn_forecast(covariates: Floats, outcomes: Sequence[Outcome], ridge: float = RIDGE) -> Forecast:
    """Fit by penalised likelihood; ``covariates`` (n, p) matches ``outcomes``. Raises ``NothingToDate`` when empty."""
    if not outcomes:
        raise NothingToDate("no site was under way on that day; there is nothing to learn a forecast from")
    over = np.array([o.over for o in outcomes])
    weight = np.array([o.weight for o in outcomes])
    frequency = float(np.average(over, weights=weight))
    mean, scale = covariates.mean(axis=0), covariates.std(axis=0)
    scale = np.where(scale < 1e-9, np.inf, scale)
    design = np.column_stack([np.ones(over.size), np.clip((covariates - mean) / scale, -3, 3)])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 1e-3
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-(design @ beta)))
        slope = design.T @ (weight * (over - p)) - penalty * beta
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        beta += step * min(1.0, 2.0 / max(float(np.max(np.abs(step))), 1e-12))
    return Forecast(frequency, float(beta[0]), beta[1:], mean, scale)
