"""The simple peer: a three-state Markov chain (not started, under way, done) with constant rates and no label noise.

Rates are one over the mean time to onset and from onset to completion at the sites learned from. Exact up to the grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from siteline.dating.sequence import COMPLETION, ONSET, Floats, Life, gap
from siteline.dating.sequence_terms import support

Period = tuple[float, float]
CELLS = 160
TINY = 1e-300


def rates(lives: Sequence[Life], periods: Mapping[str, Period]) -> tuple[float, float]:
    """(onsets, completions) per day from the middles of closed brackets; ``periods`` by site or region."""
    waited, lasted = [], []
    for life in lives:
        onset, done = gap(life, ONSET), gap(life, COMPLETION)
        if onset.after is None or onset.by is None:
            continue
        begun = (onset.after + onset.by) / 2
        waited.append(begun - (periods.get(life.site) or periods[life.region])[0])
        if done.after is not None and done.by is not None:
            lasted.append((done.after + done.by) / 2 - begun)
    return 1 / float(np.mean(waited)), 1 / float(np.mean(lasted))


def density(seen: Life, change: int, period: Period, rate: tuple[float, float]) -> tuple[Floats, Floats]:
    """(edges Float[m + 1], mass Float[m]) of one change over the thinned gap, given all looks, within ``period``."""
    onset, done = gap(seen, ONSET), gap(seen, COMPLETION)
    first, second = rate
    cuts = np.linspace(*support(gap(seen, change), period), CELLS + 1)
    day = (cuts[1:] + cuts[:-1]) / 2
    since = day - period[0]
    if change == ONSET:
        # The onset at ``day``, and the completion in its own gap.
        low = period[0] if done.after is None else done.after
        until = 0.0 if done.by is None else np.exp(-second * np.maximum(done.by - day, 0.0))
        weight = np.exp(-first * since) * (np.exp(-second * np.maximum(low - day, 0.0)) - until)
    else:
        # The completion at ``day``, and the onset before it in its own gap, integrated.
        low = 0.0 if onset.after is None else onset.after - period[0]
        high = np.minimum(since, np.inf if onset.by is None else onset.by - period[0])
        slope = second - first
        weight = np.exp(-second * since) * (np.exp(slope * high) - np.exp(slope * low)) / slope
    weight = np.maximum(weight, TINY)
    return cuts, weight / weight.sum()
