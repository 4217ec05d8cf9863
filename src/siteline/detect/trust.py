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
from siteline.detect.series import Changes, change_points
from siteline.model.changed import Power
from siteline.model.errors import BadInput

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]

TEMPERATURES: Final = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Tried in this order: the first at which 95 % intervals hold 95 % of the injected dates is kept."""

LEVEL: Final = 0.95

EDGE_SHARE: Final = 0.1
"""Injected dates lie between the first and the last tenth of the period, where a level can be seen on both sides."""

FEWEST: Final = 19
"""Placebos below which a rate of false alarms of 5 % cannot be told."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A structure's own series beside those of its placebos, under one noise.

    ``changes``: of the structure, one series. ``evidence``: Float64[placebo], log Bayes factors, NaN where too few looks.
    ``threshold``: log Bayes factor that ``nominal`` of the placebos exceed; infinite where there are too few of them to
    tell. ``second``: the same for two changes against one.
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
    with np.errstate(invalid="ignore"):
        second = changes.two[1:] - changes.one[1:]
    # evidence below zero speaks against a change, however rare it is among placebos
    threshold = max(_exceeded(evidence, nominal), 0.0)
    return Judged(noise, changes, evidence, threshold, max(_exceeded(second, nominal), 0.0), nominal)


def _exceeded(values: FloatArray, share: float) -> float:
    """What ``share`` of the placebos exceed, the structure counted among them: valid whatever their distribution."""
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

    Steps and ramps come as often as ``prior`` says. Found: the evidence exceeds the placebos' threshold. Dated: found, and
    the date lies in its tempered 95 % interval.
    """
    rng = np.random.default_rng(seed)
    length = float(np.ptp(days))
    early, late = (float(days.min()) + share * length for share in (EDGE_SHARE, 1 - EDGE_SHARE))
    parts: list[tuple[Injection, FloatArray, Changes]] = []
    for done, kind in enumerate(kinds):
        places = rng.integers(0, len(placebos), each)
        starts = rng.uniform(early, late, each)
        lengths = np.where(rng.random(each) < prior.ramp, rng.choice((0.0, *prior.ramp_days), each), 0.0)
        shape = _profiles(days, starts, lengths, kind.days)
        changed = placebos[places] + kind.jump[places] * shape[:, None, :].astype(np.float32)
        parts.append((kind, starts, change_points(changed, days, prior, judged.noise, threads=threads)))
        if progress:
            progress(done + 1, len(kinds))
    temperature, covered = _temperature(parts, judged)
    power = []
    for kind, starts, changes in parts:
        found = changes.evidence > judged.threshold
        inside = found & _inside(changes, starts, temperature, judged.second)
        power.append(Power(kind.size_m, kind.contrast, kind.unit, kind.days, each, int(found.sum()), int(inside.sum())))
    return Found(tuple(power), temperature, covered)


def _profiles(days: FloatArray, starts: FloatArray, lengths: FloatArray, lasting: float) -> FloatArray:
    """Float64[change, time], 0 before a change and 1 when it is complete; 0 again ``lasting`` days after it began."""
    since = days[None, :] - starts[:, None]
    rise = np.where(lengths[:, None] > 0, np.clip(since / np.maximum(lengths[:, None], 1e-9), 0, 1), (since >= 0) * 1.0)
    return np.where(since >= lasting, 0.0, rise)


def two_told(changes: Changes, second: float) -> NDArray[np.bool_]:
    """Bool[series], whether two changes are reported rather than one: they explain the series better by more than in
    placebos."""
    with np.errstate(invalid="ignore"):
        return np.asarray((changes.p_two > changes.p_one) & (changes.two - changes.one > second))


def _inside(changes: Changes, starts: FloatArray, temperature: float, second: float) -> NDArray[np.bool_]:
    """Whether a date lies in the 95 % interval of the change reported, or of either of two."""
    looks = changes.weights > 0
    told = two_told(changes, second)
    inside = np.zeros(len(starts), dtype=bool)
    for raw, rows in ((changes.mass, ~told), (changes.pair_mass[:, 0], told), (changes.pair_mass[:, 1], told)):
        mass = tempered(raw[rows], changes.days, looks[rows], temperature)
        lower, upper, _, _ = intervals(mass, changes.days, looks[rows], LEVEL)
        with np.errstate(invalid="ignore"):
            inside[rows] |= (starts[rows] >= lower) & (starts[rows] <= upper)
    return inside


def _temperature(parts: Sequence[tuple[Injection, FloatArray, Changes]], judged: Judged) -> tuple[float, float]:
    """The least cooling under which found changes that last lie in their 95 % intervals as often as that says."""
    covered = float("nan")
    for temperature in TEMPERATURES:
        hits, total = 0, 0
        for kind, starts, changes in parts:
            if np.isfinite(kind.days):
                continue
            found = changes.evidence > judged.threshold
            hits += int((found & _inside(changes, starts, temperature, judged.second)).sum())
            total += int(found.sum())
        if not total:
            return 1.0, float("nan")
        covered = hits / total
        if covered >= LEVEL:
            return temperature, covered
    return TEMPERATURES[-1], covered


def named_prior(prior: Prior, noise: Noise) -> Mapping[str, float]:
    """What was assumed, by name, for the record."""
    return {
        **prior.named(),
        "drift": noise.drift,
        "memory_days": noise.memory_days,
        "yearly_sd": noise.yearly_sd,
        "trend_sd": noise.trend_sd,
    }
