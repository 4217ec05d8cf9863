"""Item 3: the chance of completion within 6, 12, 24 months for sites still under way, on regions not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from siteline.dating.durations import (
    known_on,
    learn_durations,
    learn_forecast,
    onset_day,
    outcome,
    spells,
    still_looked_at,
)
from siteline.dating.sequence import COMPLETION, Floats, Life, gap

ELAPSED = (180.0, 365.0, 730.0)
HORIZONS = (183.0, 365.0, 730.0)
METHODS = ("climatology", "durations", "regression")


@dataclass(frozen=True, slots=True)
class Cases:
    """Forecasts: ``rows`` (n, 3 + 3): elapsed, horizon, region number, outcome, weight, then one column per method."""

    rows: Floats

    def brier(self, method: str, horizon: float, elapsed: float | None = None, keep: Floats | None = None) -> float:
        """Weighted Brier score, the outcome being a probability."""
        r = self.rows if keep is None else self.rows[keep.astype(int)]
        r = r[(r[:, 1] == horizon) & ((r[:, 0] == elapsed) if elapsed is not None else True)]
        p, y = r[:, 5 + METHODS.index(method)], r[:, 3]
        return float(np.average(y * (1 - p) ** 2 + (1 - y) * p**2, weights=r[:, 4]))

    def difference(self, method: str, horizon: float, draws: int = 500) -> tuple[float, float]:
        """90 % range of Brier(method) - Brier(climatology), regions redrawn."""
        rng = np.random.default_rng(7)
        regions = np.unique(self.rows[:, 2])
        where = {r: np.flatnonzero(self.rows[:, 2] == r) for r in regions}
        found = []
        for _ in range(draws):
            keep = np.concatenate([where[r] for r in rng.choice(regions, regions.size)])
            found.append(self.brier(method, horizon, keep=keep) - self.brier("climatology", horizon, keep=keep))
        low, high = np.percentile(found, [5, 95])
        return float(low), float(high)


def forecast(lives: Sequence[Life], folds: Mapping[str, int]) -> Cases:
    """Cross-validated by region: ``folds`` maps region to fold."""
    usable = [life for life in lives if onset_day(life) is not None and gap(life, COMPLETION).after is not None]
    bounds = spells(usable)
    fold = np.array([folds[life.region] for life in usable])
    regions = {r: i for i, r in enumerate(sorted({life.region for life in usable}))}
    rows = []
    for held in sorted(set(fold.tolist())):
        train = bounds[fold != held]
        durations, looked = learn_durations(train), still_looked_at(train)
        for elapsed in ELAPSED:
            covariates = np.stack([known_on(life, (onset_day(life) or 0.0) + elapsed) for life in usable])
            for horizon in HORIZONS:
                found = [outcome(b, elapsed, horizon, looked) for b in bounds]
                learn_at = [i for i, o in enumerate(found) if o is not None and fold[i] != held]
                model = learn_forecast(covariates[learn_at], [o for i in learn_at if (o := found[i]) is not None])
                for i, o in enumerate(found):
                    if o is None or fold[i] != held:
                        continue
                    p = (model.frequency, durations.within(elapsed, horizon), model.probability(covariates[i]))
                    rows.append((elapsed, horizon, regions[usable[i].region], o.over, o.weight, *p))
    return Cases(np.array(rows))


def reliability(cases: Cases, method: str, horizon: float, bins: int = 8) -> list[tuple[float, float, float]]:
    """(mean forecast, observed frequency, weight) in bins of equal number."""
    r = cases.rows[cases.rows[:, 1] == horizon]
    column = 5 + METHODS.index(method)
    parts = np.array_split(r[np.argsort(r[:, column], kind="stable")], bins)
    return [
        (float(np.average(x[:, column], weights=x[:, 4])), float(np.average(x[:, 3], weights=x[:, 4])), float(x[:, 4].sum()))
        for x in parts
    ]
