"""Maps of change: every pixel of a cube weighed, those that stand out dated, at a rate of false alarms that is stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.map_dates import dated, interval_temperature
from siteline.detect.map_series import Stack, stack_of
from siteline.detect.map_shared import learned, unchanged
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import scan
from siteline.detect.threshold import Bulk, Null, bulk, modelled, probability
from siteline.model.errors import BadInput

if TYPE_CHECKING:
    import xarray

Progress = Callable[[int, int], None]
Layer = NDArray[np.float32]
FloatArray = NDArray[np.float64]

BLOCK_BYTES: Final = 128_000_000
"""Series held at once; computing on them takes about five times as much."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What the scene taught about itself: the ``stack`` used, ``shared`` (Float32[band, time], what the whole scene does at
    once, taken off every series), the ``noise`` of the rest, the ``null``: what evidence there is without a change, the
    ``temperature`` of intervals (``map_dates``)."""

    stack: Stack
    shared: NDArray[np.float32]
    noise: Noise
    null: Null
    temperature: float

    def block(self, rows: slice) -> NDArray[np.float32]:
        """Series of whole ``rows``, Float32[pixel, band, time], without what the whole scene does."""
        return self.stack.block(rows) - self.shared


@dataclass(frozen=True, slots=True)
class ChangeLayers:
    """Float32[y, x] unless said otherwise; NaN where too few looks see the ground, which is not the same as no change.

    ``evidence``: natural log Bayes factor of a step against none. ``chance``: P(as much evidence | no change), from the
    site's own bulk. ``probability``: P(change), under the prior. ``found``: Bool[y, x], evidence above ``threshold``, which
    ``nominal`` of the unchanged pixels exceed. ``looks``: Int32[y, x], usable ones. Only where ``found``, else NaN:
    ``after``, ``by``: days since 1970 (UTC) of the looks between which it changed; ``lower``, ``upper``: 95 % interval,
    days; ``size``: Float32[band, y, x], after minus before, in ``unit``; ``direction``: 1 brighter, -1 darker, by what the
    bands say together.
    """

    evidence: Layer
    chance: Layer
    probability: Layer
    found: NDArray[np.bool_]
    looks: NDArray[np.int32]
    after: Layer
    by: Layer
    lower: Layer
    upper: Layer
    size: Layer
    direction: Layer
    bands: tuple[str, ...]
    unit: str
    nominal: float
    threshold: float
    prior: Prior
    learned: Learned


def change_map(
    cube: xarray.Dataset,
    prior: Prior,
    *,
    noise: Noise | None = None,
    nominal: float = 0.01,
    rows: slice | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ChangeLayers:
    """Weigh every pixel of ``cube`` (``cube.dataset``, NumPy or dask) for one change or more, and date those that stand out.

    What the whole scene does at once is taken off first. ``noise``: None to fit it to the scene. ``nominal``: share of
    unchanged pixels that may be reported, above 0 and below 0.5. ``rows``: only these, the scene still being learned from
    all. Of a dask cube only ``BLOCK_BYTES`` of series are held at a time. ``progress(rows done, in all)``. Same ``seed``,
    same answer. Raises ``BadInput`` for what is no cube, or no rate.
    """
    if not 0 < nominal < 0.5:
        raise BadInput(f"the rate of false alarms must lie above 0 and below 0.5, not {nominal:g}")
    known = learn(cube, prior, noise=noise, nominal=nominal, seed=seed, threads=threads)
    first, stop, _ = (rows or slice(None)).indices(cube.sizes["y"])
    out = _empty(known, prior, nominal, max(stop - first, 0), cube.sizes["x"])
    step = known.stack.rows_within(BLOCK_BYTES)
    for start in range(first, stop, step):
        end = min(start + step, stop)
        _fill(out, known, slice(start, end), slice(start - first, end - first), threads)
        if progress:
            progress(end - first, stop - first)
    return out


def learn(
    cube: xarray.Dataset,
    prior: Prior,
    *,
    noise: Noise | None = None,
    nominal: float = 0.01,
    seed: int = 0,
    threads: int | None = None,
) -> Learned:
    """What the scene itself tells from some thousand of its pixels, before every pixel is looked at. Raises ``BadInput``."""
    stack = stack_of(cube, seed=seed)
    if noise is not None and noise.mix.shape[0] != len(stack.bands):
        raise BadInput(f"the noise is of {noise.mix.shape[0]} bands, the cube has {len(stack.bands)}")
    if not stack.days.size:
        nothing = np.zeros((len(stack.bands), 0), dtype=np.float32)
        return Learned(stack, nothing, noise or Noise.plain(len(stack.bands)), Null(Bulk(), Bulk()), 1.0)
    shared, fitted = learned(stack.sample, stack.days, prior, noise, seed=seed, threads=threads)
    sample = stack.sample - shared
    evidence = scan(sample, stack.days, prior, fitted, threads=threads).evidence
    true = unchanged(stack.sample, stack.days, fitted, seed=seed)
    alone = replace(fitted, mix=np.eye(len(fitted.mix)))
    null = Null(bulk(evidence), modelled(scan(true, stack.days, prior, alone, threads=threads).evidence))
    limit = null.threshold(nominal)
    with np.errstate(invalid="ignore"):
        quiet = sample[evidence <= limit]
    temperature = interval_temperature(quiet, stack.days, prior, fitted, threshold=limit, seed=seed, threads=threads)
    return Learned(stack, shared, fitted, null, temperature)


def _empty(known: Learned, prior: Prior, nominal: float, high: int, wide: int) -> ChangeLayers:
    def layer(*more: int) -> Layer:
        return np.full((*more, high, wide), np.nan, dtype=np.float32)

    bands, stack = known.stack.bands, known.stack
    unit = "dB" if stack.radar else "reflectance"
    return ChangeLayers(
        evidence=layer(),
        chance=layer(),
        probability=layer(),
        found=np.zeros((high, wide), dtype=bool),
        looks=np.zeros((high, wide), dtype=np.int32),
        after=layer(),
        by=layer(),
        lower=layer(),
        upper=layer(),
        size=layer(len(bands)),
        direction=layer(),
        bands=bands,
        unit=unit,
        nominal=nominal,
        threshold=known.null.threshold(nominal),
        prior=prior,
        learned=known,
    )


def _fill(out: ChangeLayers, known: Learned, rows: slice, into: slice, threads: int | None) -> None:
    series, days = known.block(rows), known.stack.days
    shape = (into.stop - into.start, out.evidence.shape[1])
    out.looks[into] = np.isfinite(series).all(axis=1).sum(axis=1).reshape(shape)
    evidence = scan(series, days, out.prior, known.noise, threads=threads).evidence
    chance = known.null.chance(evidence)
    out.evidence[into] = evidence.reshape(shape)
    out.chance[into] = chance.reshape(shape)
    out.probability[into] = probability(chance, out.prior.change).reshape(shape)
    with np.errstate(invalid="ignore"):
        found = evidence > out.threshold
    out.found[into] = found.reshape(shape)
    at = np.flatnonzero(found)
    if not at.size:
        return
    told = dated(series[at], days, out.prior, known.noise, temperature=known.temperature, threads=threads)
    y, x = np.unravel_index(at, shape)
    y = y + into.start
    for name in ("after", "by", "lower", "upper"):
        getattr(out, name)[y, x] = getattr(told, name)
    out.size[:, y, x] = told.size.T
    out.direction[y, x] = np.sign((told.size / noise_of(known.noise)).sum(axis=1))


def noise_of(noise: Noise) -> FloatArray:
    """Standard deviation of one look in each band, Float64[band], in the unit of the values."""
    back = np.linalg.inv(noise.mix)
    return np.asarray(np.sqrt(np.square(back).sum(axis=1)))
