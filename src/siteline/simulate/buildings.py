"""Structures as a sensor sees them: which share of each pixel is roof, bare earth, shadow or wall.

Drawn on cells finer than pixels around each structure, blurred as the sensor blurs, then taken at the pixels' centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteline.simulate.chance import Maps
from siteline.simulate.plan import Built, Metres
from siteline.simulate.stages import Stage

Mask = NDArray[np.bool_]
Places = NDArray[np.floating[Any]]
_CELL_M = 1.25
_FINEST = 8
_LONGEST_SHADOW_M = 150.0


@dataclass(frozen=True, slots=True)
class Pixels:
    """Where a sensor's pixels lie: outer corner in metres from the site's centre, metres a pixel, rows and columns."""

    left: float
    top: float
    res: float
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """Float32[y, x] of the window ``rows``, ``cols`` of the image: shares of pixels."""

    rows: slice
    cols: slice
    roof: Maps
    earth: Maps
    shadow: Maps
    lit: Maps
    """Roof that faces the sun more, less that which faces it less; -1 to 1."""


@dataclass
class Drawn:
    """One structure in one place, drawn for the pixels of one sensor; what does not change is kept.

    ``psf_px``: sigma of the sensor's point spread, pixels.
    """

    structure: Built
    shift: Metres
    pixels: Pixels
    psf_px: float
    _whole: dict[str, Maps] = field(default_factory=dict)

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """The outline in pixels (right, down) from the image's corner, Float64[corner, 2]."""
        at = np.array(self.structure.outline) + np.array(self.shift)
        return np.column_stack([at[:, 0] - self.pixels.left, self.pixels.top - at[:, 1]]) / self.pixels.res

    @cached_property
    def fine(self) -> int:
        """Cells per pixel side."""
        return int(min(max(round(self.pixels.res / _CELL_M), 2), _FINEST))

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """First row, first column, rows, columns of the image that the structure and its shadow can touch."""
        reach = min(self.structure.height_m * 6, _LONGEST_SHADOW_M) / self.pixels.res + 3
        height, width = self.pixels.shape
        first = np.clip(np.floor(self.corners.min(axis=0) - reach), 0, (width, height)).astype(int)
        last = np.clip(np.ceil(self.corners.max(axis=0) + reach), 0, (width, height)).astype(int)
        return int(first[1]), int(first[0]), int(last[1] - first[1]), int(last[0] - first[0])

    @cached_property
    def whole(self) -> Mask:
        """The whole outline on the window's cells."""
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        row, col, rows, cols = self.window
        at = (self.corners - (col, row)) * self.fine
        shape = {"type": "Polygon", "coordinates": [[*map(tuple, at.tolist()), tuple(at[0].tolist())]]}
        return np.asarray(rasterize([shape], (rows * self.fine, cols * self.fine), transform=Affine.identity()), dtype=bool)

    @cached_property
    def axis(self) -> tuple[float, float, Maps, Maps]:
        """Along the longer side: (direction right, direction down, place from 0 to 1, which side of the ridge: -1 or 1)."""
        middle = self.corners.mean(axis=0)
        sides = np.diff(np.vstack([self.corners, self.corners[:1]]), axis=0)
        longest = sides[np.argmax(np.hypot(sides[:, 0], sides[:, 1]))]
        u = longest / np.hypot(*longest)
        if u[0] < 0:
            u = -u
        row, col, rows, cols = self.window
        x = (np.arange(cols * self.fine, dtype=np.float32) + 0.5) / self.fine + col - middle[0]
        y = ((np.arange(rows * self.fine, dtype=np.float32) + 0.5) / self.fine + row - middle[1])[:, None]
        along = x * np.float32(u[0]) + y * np.float32(u[1])
        ends = (self.corners - middle) @ u
        place = (along - np.float32(ends.min())) / np.float32(max(np.ptp(ends), 1e-6))
        side = np.sign(y * np.float32(u[0]) - x * np.float32(u[1])).astype(np.float32)
        return float(u[0]), float(u[1]), place.astype(np.float32), side

    def part(self, span: tuple[float, float]) -> Mask:
        """The cells of the outline from one share of its length to another."""
        if span[1] <= span[0]:
            return np.zeros_like(self.whole)
        if span == (0.0, 1.0):
            return self.whole
        place = self.axis[2]
        return np.asarray(self.whole & (place >= span[0]) & (place < span[1]))

    def blurred(self, cells: Mask | Maps) -> Maps:
        """``cells`` under the sensor's point spread and the pixel's aperture, taken as a Gaussian of the same variance."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(cells.astype(np.float32), self.fine * math.hypot(self.psf_px, 12**-0.5)))

    def seen(self, stage: Stage, sun: tuple[float, float], shift_px: Metres) -> Seen | None:
        """Shares of pixels in a ``stage``, content moved by ``shift_px`` (right, down); ``sun``: azimuth, elevation.

        None where the image does not show it.
        """
        row, col, rows, cols = self.window
        if rows <= 0 or cols <= 0:
            return None
        roof = self.part(stage.roof)
        shadow = self._shadow(roof, sun) & ~roof if self.structure.height_m and sun[1] > 0 else np.zeros_like(roof)
        maps = [self._kept("roof", stage.roof), self._kept("earth", stage.earth), self.blurred(shadow)]
        maps.append(self._kept("lit", stage.roof))
        taken = [self.taken(each, shift_px) for each in maps]
        taken[3] = taken[3] * np.float32(self._facing(sun))
        return Seen(slice(row, row + rows), slice(col, col + cols), *taken)

    def _facing(self, sun: tuple[float, float]) -> float:
        """How much the roof's side of +1 is turned to the sun: for slopes of about 12 degrees."""
        u = self.axis
        right, down = -u[1], u[0]  # across the ridge, towards the side of +1
        azimuth = math.radians(sun[0])
        towards = right * math.sin(azimuth) - down * math.cos(azimuth)
        return 0.21 * towards / math.tan(math.radians(max(sun[1], 12.0)))

    def _kept(self, what: str, span: tuple[float, float]) -> Maps:
        if span not in ((0.0, 1.0), (0.0, 0.0)):
            return self._drawn(what, span)
        key = f"{what} {span[1]}"
        if key not in self._whole:
            self._whole[key] = self._drawn(what, span)
        return self._whole[key]

    def _drawn(self, what: str, span: tuple[float, float]) -> Maps:
        cells = self.part(span)
        return self.blurred(cells * self.axis[3] if what == "lit" else cells)

    def _shadow(self, roof: Mask, sun: tuple[float, float]) -> Mask:
        """``roof`` swept away from the sun over the length of its shadow on level ground, height / tan(elevation)."""
        metres = min(self.structure.height_m / math.tan(math.radians(sun[1])), _LONGEST_SHADOW_M)
        length = metres / self.pixels.res * self.fine
        azimuth = math.radians(sun[0])
        return swept(roof, -math.sin(azimuth) * length, math.cos(azimuth) * length)

    def taken(self, cells: Maps, shift_px: Metres) -> Maps:
        """Blurred ``cells`` at the centres of the window's pixels, content moved by ``shift_px`` (right, down)."""
        _, _, rows, cols = self.window
        ys = (np.arange(rows) + 0.5 - shift_px[1]) * self.fine - 0.5
        xs = (np.arange(cols) + 0.5 - shift_px[0]) * self.fine - 0.5
        return taken_at(cells, ys, xs)


def swept(cells: Mask, right: float, down: float) -> Mask:
    """Every cell that ``cells`` touch while they are moved by (``right``, ``down``) cells, in doubling steps."""
    out, steps = cells, max(1, math.ceil(math.hypot(right, down)))
    done = 0
    while done < steps:
        step = min(done + 1, steps - done)
        out = out | _moved(out, round(right * step / steps), round(down * step / steps))
        done += step
    return np.asarray(out)


def _moved(cells: Mask, right: int, down: int) -> Mask:
    out = np.zeros_like(cells)
    height, width = cells.shape
    if abs(right) >= width or abs(down) >= height:
        return out
    out[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = cells[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return out


def taken_at(maps: Maps, ys: Places, xs: Places) -> Maps:
    """Linear between cells: ``maps`` Float32[..., y, x] at rows ``ys`` and columns ``xs`` (cell numbers), edges repeated."""
    for axis, at in ((-2, ys), (-1, xs)):
        last = maps.shape[axis] - 1
        low = np.clip(np.floor(at), 0, last).astype(np.intp)
        weight = np.clip(at - low, 0, 1).astype(np.float32)
        weight = weight[:, None] if axis == -2 else weight
        first = maps.take(low, axis=axis)
        maps = first + (maps.take(np.minimum(low + 1, last), axis=axis) - first) * weight
    return maps
