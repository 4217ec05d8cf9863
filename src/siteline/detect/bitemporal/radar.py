"""Did radar intensities change? Tests that know speckle, for two dates and for stacks.

The intensity of speckled ground is gamma distributed with ``looks`` (the equivalent number of looks, ENL) as its shape, the
polarisations independent of one another: a covariance matrix of which only the diagonal is known, so that its determinant is
the product of the intensities. A gain that all dates share cancels in each test. No-number (NaN) and what is not above zero
or not finite counts as missing, in all bands of that date if in one; a test uses the dates that show the pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput

_PIXELS_AT_ONCE = 1 << 16
"""Bounds the memory of ``omnibus``: some ten numbers by date and pixel are kept at a time."""


@dataclass(frozen=True, slots=True)
class LogRatio:
    """``decibels``: 10 log10(after / before); ``p_value``: how often unchanged ground differs as much or more, both sides.

    Float32 in the shape of the images, NaN where one of them is missing.
    """

    decibels: NDArray[np.float32]
    p_value: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Equality:
    """``statistic``: -2 rho ln Q, about chi-square with one degree by band and date after the first; ``p_value``: how often
    unchanged ground shows as much or more. Float32[y, x], NaN where fewer than two dates show the pixel."""

    statistic: NDArray[np.float32]
    p_value: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Omnibus:
    """``equal``: the test of all dates at once. ``after``: Int16[time, y, x], -1 where no change was found by that date,
    else the index of the last date before it that shows the pixel: the change lies between the two."""

    equal: Equality
    after: NDArray[np.int16]

    @property
    def changes(self) -> NDArray[np.int16]:
        """How many changes each pixel had, Int16[y, x]."""
        return np.asarray((self.after >= 0).sum(axis=0), np.int16)

    def intervals(self, row: int, column: int) -> tuple[tuple[int, int], ...]:
        """The changes of one pixel in order: indices of the last date without and of the first date with each."""
        after = self.after[:, row, column]
        return tuple((int(after[by]), int(by)) for by in np.flatnonzero(after >= 0))


def log_ratio(before: NDArray[np.floating], after: NDArray[np.floating], looks: float) -> LogRatio:
    """Two intensities (linear gamma0) of one polarisation compared, any shape.

    Their ratio follows an F distribution with twice ``looks`` degrees on either side where nothing changed (Touzi, Lopes &
    Bousquet 1988, doi:10.1109/36.7708), so that ``p_value`` is exact. Raises ``BadInput`` for shapes that differ and for
    ``looks`` below one.
    """
    from scipy.special import fdtrc

    _check_looks(looks)
    _check_alike(before, after)
    first, second = (_positive(np.asarray(values, np.float64)) for values in (before, after))
    ratio = second / first
    p_value = np.minimum(2 * fdtrc(2 * looks, 2 * looks, np.maximum(ratio, 1 / ratio)), 1)
    return LogRatio((10 * np.log10(ratio)).astype(np.float32), np.asarray(p_value, np.float32))


def equality(before: NDArray[np.floating], after: NDArray[np.floating], looks: float) -> Equality:
    """Likelihood-ratio test that two images, Float[band, y, x] linear gamma0, show the same ground in all bands.

    Conradsen, Nielsen, Schou & Skriver 2003 (doi:10.1109/TGRS.2002.808066), with their second-order term. From three
    looks on ``p_value`` is as good as exact (to 0.001); at one look some 1.4 % of unchanged ground fall below 0.01. Raises
    ``BadInput`` as ``log_ratio`` does.
    """
    _check_alike(before, after)
    return omnibus(np.stack([before, after]), looks).equal


def omnibus(stack: NDArray[np.floating], looks: float, level: float = 0.01) -> Omnibus:
    """Changes in a series of images, Float[time, band, y, x] linear gamma0 in order of time, of one radar orbit.

    Conradsen, Nielsen & Skriver 2016 (doi:10.1109/TGRS.2015.2510160): where the test of all dates at once (Q) rejects at
    ``level``, the first date that differs from the mean of those before it (R_j) ends the first stretch; what follows is
    tested in the same way, from that date on. Where Q rejects but no R_j does, the pixel changed without a date that could
    be named: ``equal.p_value`` shows it, ``after`` does not. Unchanged ground is given a change at most at ``level``.
    Raises ``BadInput`` for fewer than two dates, for ``looks`` below one and for a ``level`` outside 0 to 1.
    """
    _check_looks(looks)
    if stack.ndim != 4 or len(stack) < 2 or stack.shape[1] < 1:
        raise BadInput(f"a radar stack needs two dates or more, as (time, band, row, column), not the shape {stack.shape}")
    if not 0 < level < 1:
        raise BadInput(f"the level of a test must lie between 0 and 1, not {level}")
    dates, bands, *shape = stack.shape
    size = shape[0] * shape[1]
    pixels = stack.reshape(dates, bands, size)
    statistic, p_value = np.full(size, np.nan, np.float32), np.full(size, np.nan, np.float32)
    after = np.full((dates, size), -1, np.int16)
    for start in range(0, size, _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        series = _Series.of(pixels[:, :, part], looks)
        statistic[part], p_value[part] = series.equal(np.zeros(series.seen.shape[1], np.intp))
        after[:, part] = _dated(series, p_value[part], level)
    equal = Equality(statistic.reshape(shape), p_value.reshape(shape))
    return Omnibus(equal, after.reshape(dates, *shape))


@dataclass(frozen=True, slots=True)
class _Series:
    """``values``: Float64[time, band, pixel], 0 where not ``seen``; ``logs``: sum over bands of their logarithms."""

    values: NDArray[np.float64]
    logs: NDArray[np.float64]
    seen: NDArray[np.bool_]
    looks: float

    @classmethod
    def of(cls, pixels: NDArray[np.floating], looks: float) -> _Series:
        values = _positive(pixels.astype(np.float64))
        seen = np.asarray(np.isfinite(values).all(axis=1))
        logs = np.where(seen, np.log(values).sum(axis=1), 0)
        return cls(np.where(seen[:, None], values, 0), logs, seen, looks)

    @property
    def bands(self) -> int:
        return int(self.values.shape[1])

    def of_pixels(self, which: NDArray[np.intp]) -> _Series:
        return _Series(self.values[:, :, which], self.logs[:, which], self.seen[:, which], self.looks)

    def equal(self, start: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """-2 rho ln Q and its p-value, of the dates from ``start`` on, Float64[pixel]."""
        seen = self.seen & (np.arange(len(self.seen))[:, None] >= start)
        count = seen.sum(axis=0)
        total = (self.values * seen[:, None]).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ln_q = self.looks * (
                self.bands * count * np.log(count) + (self.logs * seen).sum(axis=0) - count * np.log(total).sum(axis=0)
            )
            rho = 1 - (count + 1) / (6 * count * self.looks)
            statistic, p_value = _tested(ln_q, rho, self.bands * (count - 1))
        statistic[count < 2] = p_value[count < 2] = np.nan
        return statistic, p_value

    def against_earlier(self, start: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.float64]]]:
        """(date, its predecessor that shows the pixel, p-value of R_j: it is as those from ``start`` on), NaN = no test."""
        count = np.zeros(len(start))
        total = np.zeros(self.values.shape[1:])
        last = np.full(len(start), -1, np.intp)
        for date in range(len(self.seen)):
            seen = self.seen[date] & (date >= start)
            both = total + self.values[date]
            j = count + 1
            with np.errstate(divide="ignore", invalid="ignore"):
                ln_r = self.looks * (
                    self.bands * (j * np.log(j) - count * np.log(count))
                    + count * np.log(total).sum(axis=0)
                    + self.logs[date]
                    - j * np.log(both).sum(axis=0)
                )
                rho = 1 - (1 + 1 / (j * count)) / (6 * self.looks)
                p_value = _tested(ln_r, rho, np.full(len(start), self.bands))[1]
            yield date, last.copy(), np.where(seen & (count > 0), p_value, np.nan)
            total = np.where(seen, both, total)
            count += seen
            last[seen] = date


def _dated(series: _Series, p_value: NDArray[np.floating], level: float) -> NDArray[np.int16]:
    """``Omnibus.after`` of some pixels, Int16[time, pixel]; ``p_value``: of the test of all their dates."""
    after = np.full(series.seen.shape, -1, np.int16)
    which = np.flatnonzero(p_value < level)
    start = np.zeros(len(which), np.intp)
    while which.size:
        some = series.of_pixels(which)
        begun = np.full(which.size, -1, np.intp)
        for date, last, chance in some.against_earlier(start):
            new = (begun < 0) & (chance < level)
            begun[new] = date
            after[date, which[new]] = last[new]
        found = begun >= 0
        which, start, some = which[found], begun[found], some.of_pixels(np.flatnonzero(found))
        again = some.equal(start)[1] < level
        which, start = which[again], start[again]
    return after


def _tested(
    ln_ratio: NDArray[np.float64], rho: NDArray[np.float64], degrees: NDArray[np.number]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """-2 rho ln Q and its p-value by Box's expansion; one band's second-order term, times bands, is that of all."""
    from scipy.special import chdtrc

    statistic = np.maximum(-2 * rho * ln_ratio, 0)
    second = -degrees / 4 * (1 - 1 / rho) ** 2
    plain = chdtrc(degrees, statistic)
    p_value = plain + second * (chdtrc(degrees + 4, statistic) - plain)
    return statistic, np.asarray(np.clip(p_value, 0, 1), np.float64)


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _check_looks(looks: float) -> None:
    if not (math.isfinite(looks) and looks >= 1):
        raise BadInput(
            f"the number of looks must be a number of at least 1, not {looks}; take the product's own, "
            "or 1 where an estimate from uneven ground falls below"
        )


def _check_alike(before: NDArray[np.floating], after: NDArray[np.floating]) -> None:
    if before.shape != after.shape:
        raise BadInput(f"two images must have one shape, not {before.shape} and {after.shape}; load both onto one grid")
