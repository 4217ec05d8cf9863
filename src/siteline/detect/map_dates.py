"""When pixels (or whole areas) changed that are known to have changed: brackets, intervals, sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.detect.intervals import bracket, intervals, tempered
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import Changes, change_points
from siteline.detect.trust import LEVEL, least_cooling, profiles, random_dates

FloatArray = NDArray[np.float64]

_AT_ONCE = 4096
_INJECTED = 300


@dataclass(frozen=True, slots=True)
class Dated:
    """One change a series; Float64[series] in days, ``size``: Float64[series, band] in the unit of the values.

    ``after``, ``by``: the looks that bound it, of the likeliest gap. ``lower``, ``upper``: its 95 % interval.
    """

    after: FloatArray
    by: FloatArray
    lower: FloatArray
    upper: FloatArray
    size: FloatArray


def dated(
    series: NDArray[np.floating],
    days: FloatArray,
    prior: Prior,
    noise: Noise,
    *,
    temperature: float = 1.0,
    threads: int | None = None,
) -> Dated:
    """Date ``series`` (Float[series, band, time]); of two changes the one that is larger, measured in the noise.

    ``temperature``: see ``intervals.tempered``. Few series are held at once, however many there are.
    """
    parts = []
    for start in range(0, max(len(series), 1), _AT_ONCE):
        changes = change_points(series[start : start + _AT_ONCE], days, prior, noise, threads=threads)
        parts.append(_dated(changes, noise, temperature))
    return Dated(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _dated(changes: Changes, noise: Noise, temperature: float) -> tuple[FloatArray, ...]:
    looks, days = changes.weights > 0, changes.days
    mass, step_mass, size = _one_of(changes, noise)
    after, by = bracket(mass, step_mass, days, looks)
    lower, upper, _, _ = intervals(tempered(mass, days, looks, temperature), days, looks, LEVEL)
    return after, by, lower, upper, size


def _one_of(changes: Changes, noise: Noise) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mass over gaps, the steps' part of it, and size, of the one change, or of the larger one of two."""
    pair = changes.p_two > changes.p_one
    rows = np.arange(len(pair))
    with np.errstate(invalid="ignore"):
        large = np.square(changes.pair_size @ noise.mix.T).sum(axis=2)
    which = np.argmax(np.nan_to_num(large, nan=-1.0), axis=1)
    chosen = changes.pair_mass[rows, which]
    mass = np.where(pair[:, None], chosen, changes.mass)
    step_mass = np.where(pair[:, None], chosen, changes.step_mass)
    return mass, step_mass, np.where(pair[:, None], changes.pair_size[rows, which], changes.size)


def interval_temperature(
    quiet: NDArray[np.floating],
    days: FloatArray,
    prior: Prior,
    noise: Noise,
    *,
    threshold: float,
    seed: int,
    threads: int | None,
) -> float:
    """The temperature at which 95 % intervals hold 95 % of the dates of changes put into ``quiet`` series of the site.

    The changes are those of ``prior``, steps and ramps, of dates spread evenly between the first and last tenth of the
    period; those whose evidence exceeds ``threshold`` count. ``quiet``: Float[series, band, time]; 1 where there are none.
    """
    if not len(quiet) or days.size < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    chosen = quiet[rng.integers(0, len(quiet), _INJECTED)].astype(np.float64)
    starts = random_dates(days, _INJECTED, rng)
    lengths = rng.choice(prior.ramp_days or (0.0,), _INJECTED) * (rng.random(_INJECTED) < prior.ramp)
    rise = profiles(days, starts, lengths)
    jump = rng.normal(0, prior.size_sd, (_INJECTED, quiet.shape[1])) @ np.linalg.inv(noise.mix).T
    changes = change_points(chosen + jump[:, :, None] * rise[:, None, :], days, prior, noise, threads=threads)
    looks = changes.weights > 0
    mass, _, _ = _one_of(changes, noise)
    known = (changes.evidence > threshold) & (mass.sum(axis=1) > 0)
    if not known.any():
        return 1.0

    def covered(temperature: float) -> float:
        cooled = tempered(mass[known], days, looks[known], temperature)
        lower, upper, _, _ = intervals(cooled, days, looks[known], LEVEL)
        return float(np.mean((starts[known] >= lower) & (starts[known] <= upper)))

    return least_cooling(covered)[0]
