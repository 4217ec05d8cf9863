"""Change points of many series at once: the entrance to the kernel.

An exact Bayesian change point over the gaps between looks, in a robust harmonic regression with slow noise. Every gap, ramp
length and pair of gaps is enumerated and weighed by its evidence; nothing is sampled. ``reference`` computes the same from
dense matrices, slowly.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteline.detect.design import columns, season_columns
from siteline.detect.kernels.posterior import posterior
from siteline.detect.prior import Noise, Prior
from siteline.detect.scan import Scan, scan_mixed
from siteline.model.errors import BadInput

Progress = Callable[[int, int], None]
FloatArray = NDArray[np.float64]

ROUNDS = 3
"""Times that looks are weighed anew before the posterior: a third round still tells outliers apart, a fourth does not."""

_PART = 256
"""Series handed to a thread at a time."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What series show; arrays over series, NaN where a series has too few looks to say anything.

    ``days``: Float64[time], sorted. ``evidence``: log Bayes factor of one change or more against none, ``one`` and ``two``
    of exactly so many. ``p_none``, ``p_one``, ``p_two``: Float64[series], posterior probabilities under the prior; they sum
    to 1. ``mass``: Float64[series, time], P(the change lies in the gap between a look and the one before it | one change),
    at the later look; a ramp counts where it starts. ``step_mass``: the part of ``mass`` that steps carry. ``pair_mass``:
    Float64[series, 2, time], of the first and second of two; ``pair_at``: Int[series, 2], the likeliest pair. ``ramp``:
    P(gradual | one change); ``ramp_days``: mean length if so. ``size``, ``size_sd``: Float64[series, band], at the likeliest
    gap, in the unit of the values; ``pair_size``, ``pair_size_sd``: Float64[series, 2, band]. ``weights``: Float[series,
    time], of each look: near 0 it is an outlier whatever happened, 0 it is missing.
    """

    days: FloatArray
    evidence: FloatArray
    one: FloatArray
    two: FloatArray
    p_none: FloatArray
    p_one: FloatArray
    p_two: FloatArray
    mass: FloatArray
    step_mass: FloatArray
    pair_mass: FloatArray
    pair_at: NDArray[np.int64]
    ramp: FloatArray
    ramp_days: FloatArray
    size: FloatArray
    size_sd: FloatArray
    pair_size: FloatArray
    pair_size_sd: FloatArray
    weights: NDArray[Any]


def change_points(
    values: ArrayLike,
    days: ArrayLike,
    prior: Prior,
    noise: Noise,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Changes:
    """Date the changes of every series.

    ``values``: Float[series, band, time]; a date counts where every band is finite. ``days``: Float[time], in any order,
    doubled or not. ``prior``, ``noise``: what is assumed (``detect.prior``). ``threads``: None = one a core.
    ``progress(done, in all)``. Raises ``BadInput`` for arrays that do not fit one another.
    """
    array, at, _ = _checked(values, days, noise)
    n, bands, times = array.shape
    workers = threads or os.cpu_count() or 1
    found = scan_mixed(array, at, prior, noise, rounds=ROUNDS, threads=workers)
    made = _empty(n, bands, times)
    x, precision, _ = columns(at, noise)
    settings = _settings(at, prior, noise)

    def part(start: int) -> int:
        s = slice(start, min(start + _PART, n))
        rest = (*settings, prior.second > 0, *(a[s] for a in made))
        posterior(array[s], at, found.weights[s], x, precision, *rest)
        return int(s.stop - start)

    done = 0
    with ThreadPoolExecutor(workers) as pool:
        for count in pool.map(part, range(0, n, _PART)):
            done += count
            if progress:
                progress(done, n)
    return _assembled(made, found, prior, noise, at)


def beside(
    values: NDArray[Any], changes: Changes, row: int, prior: Prior, noise: Noise
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """The two changes of series ``row`` of ``changes`` (Float[series, band, time] ``values``, in its order), dated once
    more, each with the other where it is likeliest: as steps or ramps, where the pairs themselves know only steps.

    Returns by change, first and second: mass, step mass (Float64[2, time]), shape (Float64[2, 2]: P(ramp), its mean days),
    size and its standard deviation (Float64[2, band]), as in ``Changes``.
    """
    days, bands = changes.days, values.shape[1]
    x, precision, _ = columns(days, noise)
    settings = _settings(days, prior, noise)
    mixed = np.matmul(noise.mix, values[row : row + 1].astype(np.float64))
    weights = changes.weights[row : row + 1].astype(np.float64)
    places = np.arange(days.size)
    parts = []
    for q in range(2):
        own, other = (int(changes.pair_at[row, k]) for k in (q, 1 - q))
        step = (places >= other).astype(np.float64)
        made = _empty(1, bands, days.size)
        wide = np.ascontiguousarray(np.column_stack([x, step]))
        rest = (*settings, False, *made)
        posterior(mixed, days, weights, wide, np.append(precision, prior.size_sd**-2), *rest)
        side = places < other if own < other else places > other
        mass, step_mass = made[2][0] * side, made[3][0] * side
        total = mass.sum()
        if not total > 0:  # the other change took it all: the pair's own answer stands
            mass = step_mass = changes.pair_mass[row, q]
            total = 1.0
        parts.append((mass / total, step_mass / total, made[5][0], made[6][0], made[7][0]))
    mass, step_mass, shape, size, size_sd = (np.stack([part[k] for part in parts]) for k in range(5))
    back = np.linalg.inv(noise.mix)
    return mass, step_mass, shape, size @ back.T, np.sqrt(size_sd**2 @ (back.T**2))


def _settings(days: FloatArray, prior: Prior, noise: Noise) -> tuple[Any, ...]:
    """What the kernel of the posterior takes between the design and the answers."""
    season = season_columns(days, noise) if prior.season > 0 else np.zeros((days.size, 0))
    keep = np.zeros(days.size)
    if noise.drift > 0 and days.size > 1:
        keep[:-1] = np.exp(-np.diff(days) / noise.memory_days)
    with_ramps = prior.ramp > 0 and bool(prior.ramp_days)
    lengths = np.array((0.0, *prior.ramp_days) if with_ramps else (0.0,))
    shares = np.full(lengths.size, prior.ramp / max(lengths.size - 1, 1))
    shares[0] = 1 - prior.ramp if with_ramps else 1.0
    variances = np.array([prior.size_sd**2] + [prior.season_sd**2] * season.shape[1])
    return season, keep, noise.drift, noise.doubt, lengths, shares, variances, prior.season, prior.min_looks


def scan(
    values: ArrayLike,
    days: ArrayLike,
    prior: Prior,
    noise: Noise,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Evidence for one step in every series, with its likeliest gap: what ``change_points`` begins with, for maps.

    Arguments and errors as there; float32 values are computed in float32.
    """
    array, at, order = _checked(values, days, noise)
    found = scan_mixed(array, at, prior, noise, threads=threads or os.cpu_count() or 1, progress=progress)
    size = found.size @ np.linalg.inv(noise.mix).T.astype(np.float32)
    return Scan(found.evidence, found.after, found.by, size, _unsorted(found.weights, order))


def _checked(values: ArrayLike, days: ArrayLike, noise: Noise) -> tuple[NDArray[Any], FloatArray, NDArray[np.intp]]:
    array, at = np.asarray(values), np.asarray(days, dtype=np.float64)
    if array.ndim != 3 or at.ndim != 1 or array.shape[2] != at.size:
        raise BadInput(f"values {array.shape} must be (series, band, time), with one day a time; there are {at.shape} days")
    if array.shape[1] != noise.mix.shape[0]:
        raise BadInput(f"the noise is of {noise.mix.shape[0]} bands, the values have {array.shape[1]}")
    if not np.isfinite(at).all():
        raise BadInput("days must be finite numbers; leave out scenes without a date")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    order = np.argsort(at, kind="stable")
    sorted_ = array if bool(np.all(order[1:] > order[:-1])) else array[:, :, order]
    with np.errstate(invalid="ignore"):
        mixed = np.matmul(noise.mix.astype(array.dtype), sorted_) if not _is_unit(noise.mix) else sorted_
    return np.ascontiguousarray(mixed), at[order], order


def _is_unit(mix: FloatArray) -> bool:
    return bool(np.array_equal(mix, np.eye(len(mix))))


def _empty(n: int, bands: int, times: int) -> tuple[Any, ...]:
    nan = np.nan
    return (
        np.full(n, nan),
        np.full(n, nan),
        np.zeros((n, times)),
        np.zeros((n, times)),
        np.zeros((n, 2, times)),
        np.full((n, 2), nan),
        np.full((n, bands), nan),
        np.full((n, bands), nan),
        np.full((n, 2, bands), nan),
        np.full((n, 2, bands), nan),
        np.full((n, 2), -1, dtype=np.int64),
    )


def _assembled(made: tuple[Any, ...], found: Scan, prior: Prior, noise: Noise, at: FloatArray) -> Changes:
    one, two, mass, step_mass, pair_mass, shape, size, size_sd, pair_size, pair_size_sd, pair_at = made
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.log([1 - prior.change, prior.change * (1 - prior.second), prior.change * prior.second])
        two = np.where(np.isnan(two) & ~np.isnan(one), -np.inf, two)
        logs = np.stack([np.zeros_like(one), one, two]) + shares[:, None]
        p_none, p_one, p_two = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
        evidence = np.logaddexp(one + np.log1p(-prior.second), two + np.log(prior.second))
    back = np.linalg.inv(noise.mix)
    return Changes(
        at,
        evidence,
        one,
        two,
        p_none,
        p_one,
        p_two,
        mass,
        step_mass,
        pair_mass,
        pair_at,
        shape[:, 0],
        shape[:, 1],
        size @ back.T,
        np.sqrt(size_sd**2 @ (back.T**2)),
        pair_size @ back.T,
        np.sqrt(pair_size_sd**2 @ (back.T**2)),
        found.weights,
    )


def _unsorted(weights: NDArray[Any], order: NDArray[np.intp]) -> NDArray[Any]:
    back = np.empty_like(weights)
    back[:, order] = weights
    return back
