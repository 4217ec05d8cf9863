"""Dating learned from annotated sites: a date density per change whose terms are fitted, not declared.

The density over the days of a gap is log-linear in ``sequence_terms.terms`` (a conditional logit over cells: McFadden
1974), fitted by ridge-penalised maximum likelihood to brackets of full records seen through thinned ones. A learned
level then makes the nominal 90 % interval hold 90 % on the sites learned from. Wrong labels are learned too: the share of
the truth that thinned gaps miss.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from siteline.dating.sequence import COMPLETION, ONSET, Floats, Gap, Life, gap
from siteline.dating.sequence_terms import edges, terms
from siteline.model.errors import NothingToDate

KEPT = (0.5, 0.2, 0.1, 0.05)
"""Shares of looks kept when learning, so that sparse and dense records are both met."""

RIDGE = 20.0
"""Penalty on standardised weights, in units of the log-likelihood (sites seen)."""

SPARSE = (10, 25)
"""Numbers of looks that part sparse, middling and dense records, each calibrated by itself."""

PARTS = 3
"""Parts of the regions, each dated by the others when the interval's level is learned."""

LEVELS = np.concatenate([np.linspace(0.60, 0.98, 39), [0.985, 0.99, 0.995]])


@dataclass(frozen=True, slots=True)
class Dated:
    """A dated change. ``edges`` (m + 1,) days since 1970, ``mass`` (m,) sums to 1, even inside a cell. ``low``/``high``
    bound the calibrated 90 % interval; ``gap`` is the evidence alone."""

    edges: Floats
    mass: Floats
    low: float
    high: float
    gap: Gap

    def cdf(self, day: Floats) -> Floats:
        """Probability that the change lay before each ``day``."""
        return np.asarray(np.interp(day, self.edges, np.concatenate([[0.0], np.cumsum(self.mass)])), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Density:
    """Fitted weights (p,) on terms divided by ``scale`` (p,), and per number of looks (``SPARSE``) the
    ``level`` whose central interval holds 90 % of the truth."""

    weights: Floats
    scale: Floats
    level: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned: a density per (change, kind of gap), and the share of truth that gaps missed."""

    densities: Mapping[tuple[int, str], Density]
    missed: float

    def date(self, life: Life, change: int, period: tuple[float, float]) -> Dated:
        """Date ``change`` (``ONSET`` or ``COMPLETION``) of a site inside ``period`` (days since 1970).

        A kind of gap that no site learned from had is dated evenly. Raises ``NothingToDate`` when the site has no look.
        """
        if not life.days.size:
            raise NothingToDate(f"site {life.site} has no look; add observations of it")
        bracket = gap(life, change)
        density = self.densities.get((change, kind(bracket)))
        cuts = edges(bracket, period)
        if density is None:
            low, high = central(cuts, np.diff(cuts) / (cuts[-1] - cuts[0]), 0.90)
            return Dated(cuts, np.diff(cuts) / (cuts[-1] - cuts[0]), low, high, bracket)
        mass = _mass(density, terms(life, change, bracket, period), cuts)
        low, high = central(cuts, mass, density.level[_group(life.days.size)])
        return Dated(cuts, mass, low, high, bracket)


def kind(bracket: Gap) -> str:
    """``closed``, or which side is missing: ``no_after``, ``no_by``, ``none``."""
    if bracket.closed:
        return "closed"
    if bracket.after is None and bracket.by is None:
        return "none"
    return "no_after" if bracket.after is None else "no_by"


def thin(life: Life, share: float, rng: np.random.Generator) -> Life:
    """``share`` of the looks, drawn without replacement, at least two where there are two."""
    count = min(life.days.size, max(2, round(share * life.days.size)))
    return life.keep(np.sort(rng.choice(life.days.size, count, replace=False)))


def central(cuts: Floats, mass: Floats, level: float) -> tuple[float, float]:
    """Central interval of ``level`` of a density that is even inside its cells."""
    cdf = np.concatenate([[0.0], np.cumsum(mass)])
    tail = (1 - level) / 2
    low, high = np.interp([tail, 1 - tail], cdf, cuts)
    return float(low), float(high)


def truth_mass(truth: Gap, cuts: Floats) -> Floats:
    """Share of the closed bracket ``truth``, taken as uniform, in each cell of ``cuts``."""
    if truth.after is None or truth.by is None:
        raise NothingToDate("a truth bracket must be bounded on both sides")
    cdf = np.clip((cuts - truth.after) / (truth.by - truth.after), 0.0, 1.0)
    return np.asarray(np.diff(cdf), dtype=np.float64)


def learn(
    lives: Sequence[Life],
    periods: Mapping[str, tuple[float, float]],
    *,
    seed: int = 0,
    draws: int = 3,
    progress: Callable[[str], None] | None = None,
) -> Learned:
    """Learn from annotated ``lives``; ``periods`` gives each site's or region's period, ``draws`` thinnings a share.

    Raises ``NothingToDate`` when no site has a bracket closed on both sides.
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, str], list[_Row]] = {}
    inside: list[float] = []
    for life in lives:
        for change in (ONSET, COMPLETION):
            truth = gap(life, change)
            if not truth.closed:
                continue
            period = periods.get(life.site) or periods[life.region]
            for share in KEPT * draws:
                seen = thin(life, share, rng)
                bracket = gap(seen, change)
                cuts = edges(bracket, period)
                held = truth_mass(truth, cuts)
                inside.append(float(held.sum()))
                if held.sum() > 0.5:
                    columns = terms(seen, change, bracket, period)
                    row = _Row(columns, held / held.sum(), cuts, seen.days.size, life.region)
                    found.setdefault((change, kind(bracket)), []).append(row)
    if not inside:
        raise NothingToDate("no annotated site has a look on both sides of a change; there is nothing to learn from")
    densities = {}
    for key, rows in sorted(found.items()):
        if progress:
            progress(f"learning {('onset', 'completion')[key[0]]}, {key[1]}: {len(rows)} gaps")
        densities[key] = _fit(rows, draws * len(KEPT) / 2)
    return Learned(densities, max(1.0 - float(np.mean(inside)), 1e-4))


@dataclass(frozen=True, slots=True)
class _Row:
    """One thinned gap: terms (CELLS, p), truth (CELLS,), edges (CELLS + 1,), number of looks, region."""

    columns: Floats
    truth: Floats
    cuts: Floats
    looks: int
    region: str


def _fit(rows: Sequence[_Row], repeats: float) -> Density:
    """Weights from all rows; levels from rows of regions that the weights behind them did not see (three parts)."""
    design = np.stack([r.columns for r in rows])
    target = np.stack([r.truth for r in rows])
    length = np.log(np.stack([np.diff(r.cuts) for r in rows]))
    design -= design.mean(axis=1, keepdims=True)
    scale = np.sqrt(np.mean(design**2, axis=(0, 1)))
    scale[scale < 1e-9] = np.inf
    design /= scale
    penalty = RIDGE * repeats
    weights = _newton(design, target, length, penalty)
    regions = Counter(r.region for r in rows).most_common()
    part = {name: number % PARTS for number, (name, _) in enumerate(regions)}
    held = np.array([part[r.region] for r in rows])
    mass = _softmax(design @ weights + length)
    if len(regions) >= PARTS:
        for number in range(PARTS):
            away = held != number
            fitted = _newton(design[away], target[away], length[away], penalty)
            mass[~away] = _softmax(design[~away] @ fitted + length[~away])
    return Density(weights, scale, _calibrate(rows, mass))


def _newton(design: Floats, target: Floats, length: Floats, penalty: float) -> Floats:
    """Newton's method on the concave penalised likelihood. ``design`` (n, CELLS, p), the others (n, CELLS)."""
    flat = design.reshape(-1, design.shape[2])
    weights = np.zeros(design.shape[2])
    for _ in range(15):
        mass = _softmax(design @ weights + length)
        mean = np.einsum("nk,nkp->np", mass, design)
        slope = ((target - mass).reshape(-1) @ flat) - penalty * weights
        curve = (flat * mass.reshape(-1, 1)).T @ flat - mean.T @ mean + penalty * np.eye(weights.size)
        step = np.linalg.solve(curve, slope)
        step *= min(1.0, 2.0 / max(float(np.max(np.abs(step))), 1e-12))
        weights += step
        if float(np.max(np.abs(step))) < 1e-4:
            break
    return weights


def _calibrate(rows: Sequence[_Row], mass: Floats) -> tuple[float, ...]:
    """The levels whose central interval holds 90 % of the truth, per number of looks; all together where rows are few."""
    group = np.array([_group(r.looks) for r in rows])
    share = np.empty((len(rows), LEVELS.size))
    for i, row in enumerate(rows):
        cdf, truth = np.concatenate([[0.0], np.cumsum(mass[i])]), np.concatenate([[0.0], np.cumsum(row.truth)])
        ends = np.interp(np.concatenate([(1 - LEVELS) / 2, (1 + LEVELS) / 2]), cdf, row.cuts)
        held = np.interp(ends, row.cuts, truth)
        share[i] = held[LEVELS.size :] - held[: LEVELS.size]
    result = []
    for number in range(len(SPARSE) + 1):
        mean = share[group == number].mean(axis=0) if np.sum(group == number) >= 100 else share.mean(axis=0)
        result.append(float(np.interp(0.90, np.maximum.accumulate(mean), LEVELS)))
    return tuple(result)


def _group(looks: int) -> int:
    return sum(looks > bound for bound in SPARSE)


def _mass(density: Density, columns: Floats, cuts: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    return _softmax((centred / density.scale) @ density.weights + np.log(np.diff(cuts)))


def _softmax(score: Floats) -> Floats:
    raised = np.exp(score - score.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), dtype=np.float64)
