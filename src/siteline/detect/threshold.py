"""From evidence to a rate of false alarms: what the evidence of the site's own unchanged pixels looks like.

A log Bayes factor is calibrated only as far as its model is true, and no model knows every field and wood. Where nothing
changed its upper tail is close to exponential, on every site with a slope of its own, a little heavier because a site is a
mixture of grounds. An empirical null (Efron 2004, Journal of the American Statistical Association 99) is fitted to the bulk
of the site, and extrapolated as a generalised Pareto tail (Pickands 1975, Annals of Statistics 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FEWEST: Final = 200
"""Pixels below which the site's own evidence says too little about itself."""

_LOW: Final = 0.5
_HIGH: Final = 0.85
"""Quantiles of the unchanged pixels that the tail is fitted between: beyond the upper one few are left to fit to."""

_SHAPE: Final = 0.1
"""How much heavier than exponential (0) the tail is: in the middle of what simulated and real sites without changes show."""

_SEEN: Final = 0.1
_FAR: Final = 0.005
"""Shares of simulated series between which their tail is fitted."""

_LEAST: Final = 0.3
_STEP: Final = 0.025
"""Least share of unchanged pixels that is considered, and by how much the next is larger."""

_ORDINARY: Final = 15.0
"""Evidence that fields and woods reach on their own, on simulated and on real sites: pixels below it count as unchanged."""

_FALLS: Final = 7.4
"""Pixels are counted beyond the fitted part, to see whether the tail goes on, until it should have fallen by this factor."""

_ENOUGH: Final = 1.05
"""Pixels there for each predicted, from which on the tail is taken to go on as it should."""

_NEARLY: Final = 1.5
_WORSE: Final = 0.1
"""Once that number was below the first, it may rise by the second before the search ends: from there on larger shares take
in pixels that changed."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """How much evidence there is without a change: P(more than e) = ``tail`` (1 + ``shape`` x)^(-1 / ``shape``), x = (e
    - ``start``) / ``slope``, or ``tail`` exp(-x) where ``shape`` is 0; at most 1.

    ``unchanged``: share of the pixels that it describes; ``pixels``: how many it was learned from, 0 where it is not learned
    but follows from the Bayes factor itself (P(more than e) is at most exp(-e), by Markov's inequality, if the model holds).
    """

    tail: float = 1.0
    start: float = 0.0
    slope: float = 1.0
    shape: float = 0.0
    unchanged: float = 1.0
    pixels: int = 0

    def threshold(self, nominal: float) -> float:
        """The evidence (log Bayes factor) that a share ``nominal`` of unchanged pixels exceeds."""
        return self.start + self.slope * _excess(self.tail / nominal, self.shape)

    def chance(self, evidence: NDArray[np.floating]) -> FloatArray:
        """P(as much evidence or more | no change), Float64 of the shape of ``evidence``; NaN stays NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            x = np.maximum((evidence.astype(np.float64) - self.start) / self.slope, math.log(self.tail))
            log = np.log1p(self.shape * x) / self.shape if self.shape else x
            return np.minimum(self.tail * np.exp(-log), 1.0)


@dataclass(frozen=True, slots=True)
class Null:
    """Evidence without a change: of the ``site``'s own bulk, and of the ``model`` even if it were true (``modelled``).

    The worse of both counts. On quiet ground most pixels lie at the least evidence there can be, and a bulk extrapolated
    from there would call ordinary chance a change.
    """

    site: Bulk
    model: Bulk

    def threshold(self, nominal: float) -> float:
        """The evidence (log Bayes factor) that a share ``nominal`` of unchanged pixels exceeds, or fewer: it is at least 0,
        for what speaks against a change is not reported as one."""
        return max(self.site.threshold(nominal), self.model.threshold(nominal), 0.0)

    def chance(self, evidence: NDArray[np.floating]) -> FloatArray:
        """P(as much evidence or more | no change), Float64 of the shape of ``evidence``; NaN stays NaN."""
        return np.maximum(self.site.chance(evidence), self.model.chance(evidence))


def modelled(evidence: NDArray[np.floating]) -> Bulk:
    """The tail of ``evidence`` of series that are known not to change: simulated ones, so that its end can be seen."""
    known = evidence[np.isfinite(evidence)]
    if known.size < FEWEST:
        return Bulk()
    start, end = (float(v) for v in np.quantile(known, (1 - _SEEN, 1 - _FAR)))
    if not end > start:
        return Bulk()
    return Bulk(tail=_SEEN, start=start, slope=(end - start) / math.log(_SEEN / _FAR), pixels=int(known.size))


def bulk(evidence: NDArray[np.floating]) -> Bulk:
    """The bulk of ``evidence`` (Float[pixel], one of every pixel or of a random choice); NaN are left out.

    Which pixels changed is not known. Those with ordinary evidence count as unchanged; the share of unchanged ones is taken
    to be the smallest, from there upwards, beyond whose tail there are about as many pixels as it predicts: those that
    changed lie far above it. Where they lie everywhere above it (edges, works of all sizes), it is the share that predicts
    best. Where many pixels changed a little, the threshold comes out too high rather than too low.
    """
    known = np.sort(evidence[np.isfinite(evidence)])
    if known.size < FEWEST:
        return Bulk()
    ordinary = float(np.searchsorted(known, _ORDINARY)) / known.size
    shares = np.arange(max(_LEAST, ordinary), 1.0 + _STEP / 2, _STEP)
    best = _tail(known, float(shares[0]))
    for unchanged in shares[1:]:
        if best.excess <= _ENOUGH:
            break
        tail = _tail(known, min(float(unchanged), 1.0))
        if best.excess < _NEARLY and tail.excess > best.excess + _WORSE:
            break
        best = min(best, tail, key=lambda one: one.excess)
    if not best.slope > 0:
        return Bulk()
    # a tail steeper than the Bayes factor's own, exp(-e), is chance: most pixels then lie at the least evidence there can be
    return Bulk(1 - _LOW, best.start, max(best.slope, 1.0), _SHAPE, best.unchanged, int(known.size))


def _excess(factor: float, shape: float) -> float:
    """By how many slopes a tail falls to one part in ``factor``."""
    return math.expm1(shape * math.log(factor)) / shape if shape else math.log(factor)


@dataclass(frozen=True, slots=True)
class _Tail:
    unchanged: float
    start: float
    slope: float
    excess: float


def _tail(known: NDArray[np.floating], unchanged: float) -> _Tail:
    """The tail if a share ``unchanged`` of the sorted ``known`` are; ``excess``: pixels just beyond, by each predicted."""
    start, end = (float(v) for v in np.quantile(known, (_LOW * unchanged, _HIGH * unchanged)))
    slope = (end - start) / _excess((1 - _LOW) / (1 - _HIGH), _SHAPE)
    reach = start + slope * _excess((1 - _LOW) / (1 - _HIGH) * _FALLS, _SHAPE)
    beyond = np.searchsorted(known, (end, reach), side="right")
    predicted = (1 - 1 / _FALLS) * (1 - _HIGH) * unchanged * known.size
    return _Tail(unchanged, start, slope, float(beyond[1] - beyond[0]) / predicted)


def probability(chance: NDArray[np.floating], prior: float) -> FloatArray:
    """P(change), Float64, from ``chance`` (P(so much evidence | no change)) and the ``prior`` P(change).

    The Bayes factor that a p-value is worth when every alternative p^(k - 1) k, 0 < k < 1, is equally plausible: (1 - p + p
    ln p) / (p ln^2 p) (Vovk & Wang 2021, Annals of Statistics 49). The log Bayes factor of the series itself is not used
    here, for it overstates wherever a site's noise is not that of the model.
    """
    p = np.clip(chance, 1e-300, 1 - 1e-4)  # towards 1 the factor goes to 1/2 as a ratio of two zeros
    log = np.log(p)
    factor = (1 - p + p * log) / (p * log**2)
    odds = factor * prior / (1 - prior)
    return np.asarray(odds / (1 + odds))
