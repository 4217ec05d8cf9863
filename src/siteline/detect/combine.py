"""Several stacks of one structure: their evidence multiplied day by day, and told apart where they contradict one another.

Each stack says of every day how much better its series is explained by a change on that day than by none. Days are common to
all sensors, sizes are not: a change may be bright to one and invisible to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.series import Changes
from siteline.model.span import iso

FloatArray = NDArray[np.float64]

VISIBLE: Final = 0.8
"""P(a change that happened shows in a stack at all); the rest of the time the stack says nothing, whatever the day."""

CONTRADICTS: Final = np.log(1 / 20)
"""Log Bayes factor below which a stack speaks against what the others found: twenty to one."""


@dataclass(frozen=True, slots=True)
class ByDay:
    """Log Bayes factor of a change on a day against none, piecewise constant: ``edges`` Float64[n + 1] (days, increasing),
    ``factor`` Float64[n]. Before and after its edges a stack says nothing: its factor is 0."""

    edges: FloatArray
    factor: FloatArray

    def at(self, edges: FloatArray) -> FloatArray:
        """The factor between each two of ``edges``, Float64[n]."""
        middle = (edges[1:] + edges[:-1]) / 2
        inside = np.searchsorted(self.edges, middle, side="right") - 1
        known = (inside >= 0) & (inside < self.factor.size)
        return np.where(
            known, self.factor[np.clip(inside, 0, max(self.factor.size - 1, 0))] if self.factor.size else 0.0, 0.0
        )


def by_day(changes: Changes, min_looks: int, temperature: float = 1.0, row: int = 0) -> ByDay:
    """The evidence of one series (``row``) by day, of exactly one change, raised to ``temperature``.

    ``min_looks``: those that a level must last at least (``Prior``); where a change cannot be told for want of them, the
    series says nothing.
    """
    at = np.flatnonzero(changes.weights[row] > 0)
    edges = changes.days[at]
    length, mass = np.diff(edges), changes.mass[row, at][1:]
    later = np.arange(1, edges.size)
    held = (later >= min_looks) & (later <= edges.size - min_looks) & (length > 0)
    factor = np.zeros(length.size)
    # beside overwhelming evidence the mass of other days is too small for a number; it is no more than the smallest
    density = np.maximum(mass[held], np.finfo(np.float64).tiny) / length[held]
    factor[held] = temperature * (changes.one[row] + np.log(density * length[held].sum()))
    return ByDay(np.unique(edges), factor[length > 0])


@dataclass(frozen=True, slots=True)
class Together:
    """All stacks together: ``edges`` Float64[n + 1] (days), ``mass`` Float64[n] of the date given a change, ``evidence``:
    log Bayes factor of one change common to all against none. ``conflicts``: by stack, how it speaks against the others."""

    edges: FloatArray
    mass: FloatArray
    evidence: float
    conflicts: Mapping[str, str]


def combine(parts: Mapping[str, ByDay], *, visible: float = VISIBLE) -> Together:
    """Multiply the evidence of ``parts`` on the union of their dates; the date is as likely on every day of it beforehand.

    ``visible``: P(the change shows in a stack), by which a stack that sees nothing cannot rule out what it may not be able
    to see. A stack contradicts the others where, on the days that they find, it makes a change twenty times less likely, or
    where its own date excludes theirs.
    """
    edges = np.unique(np.concatenate([part.edges for part in parts.values()]))
    if edges.size < 2:
        return Together(edges, np.zeros(0), float("nan"), {})
    length = np.diff(edges)
    own = {name: np.logaddexp(np.log1p(-visible), np.log(visible) + part.at(edges)) for name, part in parts.items()}
    total = np.sum(list(own.values()), axis=0)
    evidence, mass = _posterior(total, length)
    conflicts = {}
    for name, factor in own.items():
        rest = total - factor
        found, where = _posterior(rest, length)
        if len(parts) > 1 and found > -CONTRADICTS:
            against = float(np.log(np.sum(where * np.exp(np.minimum(parts[name].at(edges), 700.0)))))
            if text := _conflict(parts[name], edges, length, where, against):
                conflicts[name] = text
    return Together(edges, mass, evidence, conflicts)


def _conflict(part: ByDay, edges: FloatArray, length: FloatArray, where: FloatArray, against: float) -> str:
    own_evidence, own_mass = _posterior(part.at(edges), length)
    if own_evidence > -CONTRADICTS:
        mine, theirs = (_span(edges, m) for m in (own_mass, where))
        if mine[1] < theirs[0] or mine[0] > theirs[1]:
            return f"it dates the change to {_days(mine)}, the others to {_days(theirs)} (95 %)"
        return ""
    if against < CONTRADICTS:
        return f"it shows no change where the others date one, {_days(_span(edges, where))} (95 %)"
    return ""


def _posterior(factor: FloatArray, length: FloatArray) -> tuple[float, FloatArray]:
    top = float(factor.max())
    mass = np.exp(factor - top) * length
    return top + float(np.log(mass.sum() / length.sum())), mass / mass.sum()


def _span(edges: FloatArray, mass: FloatArray) -> tuple[float, float]:
    cumulative = np.concatenate([[0.0], np.cumsum(mass)])
    low, high = np.interp((0.025, 0.975), cumulative, edges)
    return float(low), float(high)


def _days(span: Sequence[float]) -> str:
    return " to ".join(iso(float(np.floor(day))) for day in span)
