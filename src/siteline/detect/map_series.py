"""The pixels of a cube as series, a few at a time: what maps of change are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

FEWEST_SHARE = 0.1
"""Share of the ground that a scene must show. Less of it is mostly the edges of cloud, and too little to tell what the scene
did as a whole."""

SAMPLE = 4000
"""Pixels, spread at random over the scene, from which it is learned what the whole scene does and what noise there is."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The scenes of ``cube`` that are used, by time. ``values``: name of its numbers; ``radar``: they are made decibels.

    ``times``: Int[time], which scenes of the cube; ``days``: Float64[time], days since 1970 (UTC), increasing. ``sample``:
    Float32[pixel, band, time], of pixels chosen at random, NaN where not usable.
    """

    cube: xarray.Dataset
    values: str
    radar: bool
    times: NDArray[np.intp]
    days: FloatArray
    sample: NDArray[np.float32]

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(str(name) for name in self.cube["band"].values)

    def block(self, rows: slice) -> NDArray[np.float32]:
        """Float32[pixel, band, time] of whole ``rows``, row by row; NaN where not usable. Only these rows are read."""
        part = self.cube[[self.values, "valid"]].isel(y=rows, time=self.times)
        values = np.asarray(part[self.values].transpose("y", "x", "band", "time").values, dtype=np.float32)
        valid = np.asarray(part["valid"].transpose("y", "x", "time").values)
        pixels = values.shape[0] * values.shape[1]
        return _usable(values.reshape(pixels, *values.shape[2:]), valid.reshape(pixels, valid.shape[2]), self.radar)

    def rows_within(self, size: int) -> int:
        """Rows whose series take at most ``size`` bytes; at least one."""
        row = 4 * self.cube.sizes["x"] * self.cube.sizes["band"] * max(self.times.size, 1)
        return max(1, size // row)


def stack_of(cube: xarray.Dataset, *, seed: int = 0) -> Stack:
    """The scenes of ``cube`` (``cube.dataset``, NumPy or dask) that maps are made of.

    Left out are scenes without a date, and those that show less than a tenth of the ground. Raises ``BadInput`` for a
    dataset that is no cube.
    """
    name = next((name for name in ("reflectance", "gamma0") if name in cube), None)
    if name is None or "valid" not in cube or set(cube[name].dims) != {"time", "band", "y", "x"}:
        raise BadInput("a map needs a cube as siteline loads it: reflectance or gamma0 [time, band, y, x] and valid")
    radar = name == "gamma0"
    when = cube["time"].values.astype("datetime64[ns]")
    days = np.where(np.isnat(when), np.nan, when.astype(np.int64) / 86400e9)
    order = np.argsort(days, kind="stable")
    order = order[np.isfinite(days[order])]
    sample = _sample(cube, name, order, radar, np.random.default_rng(seed))
    seen = np.asarray(np.isfinite(sample).all(axis=1))
    ground = np.asarray(seen.any(axis=1))
    shown = seen[ground].mean(axis=0) >= FEWEST_SHARE if ground.any() else np.zeros(order.size, dtype=bool)
    return Stack(cube, name, radar, order[shown], days[order[shown]], np.ascontiguousarray(sample[ground][:, :, shown]))


def _sample(
    cube: xarray.Dataset, name: str, times: NDArray[np.intp], radar: bool, rng: np.random.Generator
) -> NDArray[np.float32]:
    import xarray

    high, wide = cube.sizes["y"], cube.sizes["x"]
    at = np.sort(rng.choice(high * wide, min(SAMPLE, high * wide), replace=False))
    ys, xs = (xarray.DataArray(part, dims="pixel") for part in np.unravel_index(at, (high, wide)))
    values = np.empty((at.size, cube.sizes["band"], cube.sizes["time"]), dtype=np.float32)
    valid = np.empty((at.size, cube.sizes["time"]), dtype=bool)
    start = 0
    # the blocks of a dask cube are read once each, those of one time after those of another, and let go
    for count in cube[name].chunksizes.get("time", (cube.sizes["time"],)):
        part = cube[[name, "valid"]].isel(time=slice(start, start + count)).isel(y=ys, x=xs).compute()
        values[:, :, start : start + count] = part[name].transpose("pixel", "band", "time").values
        valid[:, start : start + count] = part["valid"].transpose("pixel", "time").values
        start += count
    return _usable(values[:, :, times], valid[:, times], radar)


def _usable(values: NDArray[Any], valid: NDArray[np.bool_], radar: bool) -> NDArray[np.float32]:
    """A look counts in every band or in none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = 10 * np.log10(np.where(values > 0, values, np.nan)) if radar else values
    good = valid & np.isfinite(numbers).all(axis=1)
    return np.ascontiguousarray(np.where(good[:, None, :], numbers, np.nan), dtype=np.float32)
