"""The numbers of a cube, read through areas and windows: NaN wherever a pixel is not usable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area
from siteline.model.errors import BadInput

if TYPE_CHECKING:
    import xarray

VISIBLE: Final = ("red", "green", "blue")
SAMPLE: Final = 4000
"""Pixels by which the level and spread of an uncalibrated scene are told."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pixels:
    """``values``: Float32[time, band, y, x]; ``valid``: Bool[time, y, x]; ``reason``: Uint8[time, y, x], ``model.reasons``.

    ``level``, ``gain``: Float64[time, band], what is taken off and divided by: 0 and 1 for calibrated scenes; median and
    robust standard deviation of the surroundings for scenes whose numbers compare only within themselves. ``radar``: values
    are backscatter and read as decibels.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    reason: NDArray[np.uint8]
    bands: tuple[str, ...]
    level: FloatArray
    gain: FloatArray
    radar: bool

    def of(self, area: Area) -> FloatArray:
        """The numbers of an area, Float64[time, band, n]."""
        return self._read(
            self.values[:, :, area.rows, area.cols], self.valid[:, area.rows, area.cols], self.level, self.gain
        )

    def grey(self, rows: slice, cols: slice) -> FloatArray:
        """The mean of the visible bands (of all, where none is), Float64[time, h, w]."""
        layers = self.values[:, self._seen, rows, cols]
        numbers = self._read(layers, self.valid[:, rows, cols], self.level[:, self._seen], self.gain[:, self._seen])
        return np.asarray(numbers.mean(axis=1), dtype=np.float64)

    def grey_of(self, area: Area, dates: NDArray[np.intp]) -> FloatArray:
        """The same of an area at some dates, Float64[len(dates), n]."""
        at = np.ix_(dates, self._seen)
        layers = self.values[dates[:, None, None], self._seen[:, None], area.rows, area.cols]
        numbers = self._read(layers, self.valid[dates[:, None], area.rows, area.cols], self.level[at], self.gain[at])
        return np.asarray(numbers.mean(axis=1), dtype=np.float64)

    @property
    def _seen(self) -> NDArray[np.intp]:
        visible = [n for n, band in enumerate(self.bands) if band in VISIBLE]
        return np.array(visible or range(len(self.bands)), dtype=np.intp)

    def _read(
        self, values: NDArray[np.float32], valid: NDArray[np.bool_], level: FloatArray, gain: FloatArray
    ) -> FloatArray:
        more = (..., *[None] * (values.ndim - 2))
        numbers = (values.astype(np.float64) - level[more]) / gain[more]
        if self.radar:
            with np.errstate(invalid="ignore", divide="ignore"):
                numbers = 10 * np.log10(np.where(values > 0, values, np.nan).astype(np.float64))
        numbers[~np.broadcast_to(valid[:, None], numbers.shape) | ~np.isfinite(numbers)] = np.nan
        return numbers


def pixels_of(cube: xarray.Dataset, taken: NDArray[np.bool_]) -> Pixels:
    """The numbers of a cube; Bool[y, x] ``taken``: structures, which tell nothing about their surroundings.

    Raises ``BadInput`` for what is no cube.
    """
    name = next((name for name in ("reflectance", "gamma0") if name in cube), None)
    if name is None or "reason" not in cube or "scene_id" not in cube.coords:
        raise BadInput("this is no cube of images (reflectance or gamma0, reason, scene_id); make it with siteline.load")
    values = np.asarray(cube[name].values, dtype=np.float32)
    reason = np.asarray(cube["reason"].values, dtype=np.uint8)
    valid = np.asarray(cube["valid"].values, dtype=bool) if "valid" in cube else reason == 0
    bands = tuple(str(band) for band in cube["band"].values)
    level, gain = np.zeros(values.shape[:2]), np.ones(values.shape[:2])
    plain = Pixels(values, valid, reason, bands, level, gain, name == "gamma0")
    if "quantity" in cube.coords and not plain.radar:
        for time in np.flatnonzero(cube["quantity"].values == "digital_number"):
            level[time], gain[time] = _scale(plain, int(time), taken)
    return plain


def _scale(pixels: Pixels, time: int, taken: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Median and robust standard deviation of one scene's surroundings, Float64[band]; NaN where they are flat or hidden."""
    rows, cols = np.nonzero(~taken & pixels.valid[time])
    step = max(1, len(rows) // SAMPLE)
    numbers = pixels.values[time][:, rows[::step], cols[::step]].astype(np.float64)
    if numbers.shape[1] < 4:
        return np.full(len(pixels.bands), np.nan), np.full(len(pixels.bands), np.nan)
    middle = np.median(numbers, axis=1)
    off = 1.4826 * np.median(np.abs(numbers - middle[:, None]), axis=1)
    return middle, np.where(off > 0, off, np.nan)
