"""How often the answer would be wrong, measured on the user's own images: placebos and injections.

*Placebo*: the same footprint laid where nothing is known to have changed; the evidence found there is what chance, weather
and season can do. *Injection*: changes of known size, contrast, date and duration added to those same series; the share
found and dated is what the images could have shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.intervals import intervals, tempered
from siteline.detect.noise import fit_noise
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import Changes, beside, change_points
from siteline.model.changed import Power
from siteline.model.errors import BadInput

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]

TEMPERATURES: Final = tuple(round(1 - 0.05 * k, 2) for k in range(15))  # to 0.3
"""Tried in this order: the first at which 95 % intervals hold 95 % of the injected dates is kept."""

LEVEL: Final = 0.95

EDGE_SHARE: Final = 0.1
"""Injected dates lie between the first and the last tenth of the period, where a level can be seen on both sides."""

SPLICES: Final = 200
"""Changes of use that set the threshold for a second change."""

SECOND_SHARE: Final = 0.2
"""How much rarer than a false alarm a false second change is: where one change is sure, a second must not be doubtful."""

FEWEST: Final = 19
"""Placebos below which a rate of false alarms of 5 % cannot be told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A structure's own series beside those of its placebos, under one noise.

    ``changes``: of the structure, the first series, and of its placebos. ``evidence``: Float64[placebo], log Bayes factors,
    NaN where too few looks. ``threshold``: log Bayes factor that ``nominal`` of the placebos exceed; infinite where there
    are too few of them to tell. ``second``: log Bayes factor of two changes against one that a second one must exceed
    (``_second``).
    """

    noise: Noise
    changes: Changes
    evidence: FloatArray
    threshold: float
    second: float
    nominal: float


def judge(
    series: NDArray[Any], days: FloatArray, prior: Prior, *, nominal: float = 0.05, seed: int = 0, threads: int | None = None
) -> Judged:
    """Weigh a structure against its placebos: ``series`` Float[1 + placebo, band, time], the structure first.

    The noise is that of the placebos. Raises ``BadInput`` where there is no series, or ``nominal`` is no rate.
    """
    if series.ndim != 3 or not len(series):
        raise BadInput("there is no series to judge; measure the structure first")
    if not 0 < nominal < 0.5:
        raise BadInput(f"the rate of false alarms must lie between 0 and 0.5, not {nominal:g}")
    order = np.argsort(days, kind="stable")
    noise = fit_noise(series[1:][:, :, order] if len(series) > 1 else series[:, :, order], days[order], seed=seed)
    changes = change_points(series, days, prior, noise, threads=threads)
    evidence = changes.evidence[1:]
    # evidence below zero speaks against a change, however rare it is among placebos
    threshold = max(exceeded(evidence, nominal), 0.0)
    second = _second(series[1:], days, prior, noise, nominal, seed, threads)
    return Judged(noise, changes, evidence, threshold, second, nominal)


def _second(
    placebos: NDArray[Any], days: FloatArray, prior: Prior, noise: Noise, nominal: float, seed: int, threads: int | None
) -> float:
    """By how much two changes explain a series better than one, where one place became like another and nothing else did.

    Placebos are cut at a random date and continued by another place: a change of use, which changes seasons and unrest too.
    """
    if len(placebos) < FEWEST:
        return float("inf")
    rng = np.random.default_rng(seed)
    first, then = rng.integers(0, len(placebos), (2, SPLICES))
    when = random_dates(days, SPLICES, rng)
    spliced = np.where(days[None, None, :] < when[:, None, None], placebos[first], placebos[then])
    changes = change_points(spliced, days, prior, noise, threads=threads)
    with np.errstate(invalid="ignore"):
        gained = changes.two - changes.one
    # a rate that so few splices cannot show becomes the smallest one that they can
    smallest = 1.01 / (np.isfinite(gained).sum() + 1)
    return max(exceeded(gained, max(SECOND_SHARE * nominal, smallest)), 0.0)


def random_dates(days: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """``count`` dates (days) spread evenly between the first and the last tenth of the period, Float64[count]."""
    start, length = float(days.min()), float(np.ptp(days))
    return rng.uniform(start + EDGE_SHARE * length, start + (1 - EDGE_SHARE) * length, count)


def exceeded(values: FloatArray, share: float) -> float:
    """What ``share`` of the placebos (Float64[placebo]) exceed, the structure counted among them: valid whatever their
    distribution. NaN are left out; infinite where there are too few."""
    known = np.sort(values[np.isfinite(values)])
    if len(known) < FEWEST or (len(known) + 1) * share < 1:
        return float("inf")
    return float(known[len(known) - int(np.floor((len(known) + 1) * share))])


@dataclass(frozen=True, slots=True)
class Injection:
    """One kind of change to inject: a square of ``size_m`` metres, ``contrast`` in ``unit`` where it fills a pixel, lasting
    ``days`` (infinite = for good). ``jump``: Float32[place, band, time], what it adds to each placebo while it lasts."""

    size_m: float
    contrast: float
    unit: str
    days: float
    jump: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """What became of injected changes: points of the power curve, the ``temperature`` that makes intervals hold their share,
    and the share ``covered`` of dates in 95 % intervals under it (NaN where nothing was found)."""

    power: tuple[Power, ...]
    temperature: float
    covered: float


def inject(
    placebos: NDArray[Any],
    days: FloatArray,
    prior: Prior,
    judged: Judged,
    kinds: Sequence[Injection],
    *,
    each: int = 200,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """Put each of ``kinds`` into ``each`` randomly chosen ``placebos`` (Float[place, band, time]) at random dates.

    Steps and ramps come about as often as ``prior`` says, ``prior.slow`` of the ramps bent. Found: the evidence exceeds the
    placebos' threshold. Dated: found, and the date lies in its tempered 95 % interval.
    """
    rng = np.random.default_rng(seed)
    parts: list[_Part] = []
    for done, kind in enumerate(kinds):
        places = rng.integers(0, len(placebos), each)
        starts = random_dates(days, each, rng)
        lengths = np.where(rng.random(each) < prior.ramp, rng.choice((0.0, *prior.ramp_days), each), 0.0)
        shape = profiles(days, starts, lengths, kind.days, slow=rng.random(each) < prior.slow)
        changed = placebos[places] + kind.jump[places] * shape[:, None, :].astype(np.float32)
        found = change_points(changed, days, prior, judged.noise, threads=threads)
        parts.append(_Part(kind, starts, found, _masses(changed, days, found, prior, judged)))
        if progress:
            progress(done + 1, len(kinds))
    temperature, covered = _temperature(parts, judged)
    power = []
    for part in parts:
        kind, exceeds = part.kind, part.changes.evidence > judged.threshold
        dated = int((exceeds & _inside(part, temperature)).sum())
        power.append(Power(kind.size_m, kind.contrast, kind.unit, kind.days, each, int(exceeds.sum()), dated))
    return Found(tuple(power), temperature, covered)


def profiles(
    days: FloatArray,
    starts: FloatArray,
    lengths: FloatArray,
    lasting: float = float("inf"),
    slow: NDArray[np.bool_] | None = None,
) -> FloatArray:
    """Float64[change, time], 0 before a change and 1 when it is complete, ``lengths`` days later (0 = a step); 0 again
    ``lasting`` days after it began. Those that are ``slow`` (Bool[change]) begin and end gently, 3 t^2 - 2 t^3."""
    since = days[None, :] - starts[:, None]
    rise = np.where(lengths[:, None] > 0, np.clip(since / np.maximum(lengths[:, None], 1e-9), 0, 1), (since >= 0) * 1.0)
    if slow is not None:
        rise = np.where(slow[:, None], rise**2 * (3 - 2 * rise), rise)
    return np.where(since >= lasting, 0.0, rise)


def two_told(changes: Changes, second: float) -> NDArray[np.bool_]:
    """Bool[series], whether two changes are reported rather than one: they explain the series better by more than in
    placebos."""
    with np.errstate(invalid="ignore"):
        return np.asarray((changes.p_two > changes.p_one) & (changes.two - changes.one > second))


@dataclass(frozen=True, slots=True)
class _Part:
    """Changes of one kind put in at ``starts``, and what came back. ``masses``: Float64[series, 2, time], of the change
    reported, twice, or of the two."""

    kind: Injection
    starts: FloatArray
    changes: Changes
    masses: FloatArray


def _masses(values: NDArray[Any], days: FloatArray, changes: Changes, prior: Prior, judged: Judged) -> FloatArray:
    masses = np.repeat(changes.mass[:, None], 2, axis=1)
    told = two_told(changes, judged.second) & (changes.evidence > judged.threshold)
    order = np.argsort(days, kind="stable")
    for row in np.flatnonzero(told):
        masses[row] = beside(values[:, :, order], changes, int(row), prior, judged.noise)[0]
    return masses


def _inside(part: _Part, temperature: float) -> NDArray[np.bool_]:
    """Whether a date lies in the 95 % interval of the change reported, or of either of two."""
    looks = part.changes.weights > 0
    inside = np.zeros(len(part.starts), dtype=bool)
    for q in range(2):
        mass = tempered(part.masses[:, q], part.changes.days, looks, temperature)
        lower, upper, _, _ = intervals(mass, part.changes.days, looks, LEVEL)
        with np.errstate(invalid="ignore"):
            inside |= (part.starts >= lower) & (part.starts <= upper)
    return inside


def _temperature(parts: Sequence[_Part], judged: Judged) -> tuple[float, float]:
    """As ``least_cooling`` has it, over all changes that were found and last."""
    lasting = [part for part in parts if not np.isfinite(part.kind.days)]
    found = [part.changes.evidence > judged.threshold for part in lasting]
    total = int(sum(one.sum() for one in found))

    def covered(temperature: float) -> float:
        hits = sum(int((one & _inside(part, temperature)).sum()) for one, part in zip(found, lasting, strict=True))
        return hits / total

    return least_cooling(covered) if total else (1.0, float("nan"))


def least_cooling(covered: Callable[[float], float]) -> tuple[float, float]:
    """The first of ``TEMPERATURES`` under which 95 % intervals hold their share of dates, and the share they hold: the last
    one where none does. ``covered``: the share under a temperature."""
    share = float("nan")
    for temperature in TEMPERATURES:
        share = covered(temperature)
        if share >= LEVEL:
            return temperature, share
    return TEMPERATURES[-1], share


def named_prior(prior: Prior, noise: Noise) -> Mapping[str, float]:
    """What was assumed, by name, for the record."""
    return {
        **prior.named(),
        "drift": noise.drift,
        "memory_days": noise.memory_days,
        "yearly_sd": noise.yearly_sd,
        "trend_sd": noise.trend_sd,
    }
