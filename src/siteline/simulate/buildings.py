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
    def whole(self) -> Maps:
        """The outline's share of each of the window's cells, to a sixteenth."""
        from rasterio.features import rasterize
        from rasterio.transform import Affine

        row, col, rows, cols = self.window
        at = (self.corners - (col, row)) * self.fine * 4
        shape = {"type": "Polygon", "coordinates": [[*map(tuple, at.tolist()), tuple(at[0].tolist())]]}
        height, width = rows * self.fine, cols * self.fine
        finest = rasterize([shape], (height * 4, width * 4), transform=Affine.identity())
        return np.asarray(finest.reshape(height, 4, width, 4).mean(axis=(1, 3), dtype=np.float32))

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

    @cached_property
    def length(self) -> np.float32:
        """Of the outline along its longer side, in pixels."""
        u = self.axis
        return np.float32(np.ptp(self.corners @ np.array(u[:2])))

    def part(self, span: tuple[float, float]) -> Maps:
        """The share of each cell that lies in the outline, from one share of its length to another."""
        if span[1] <= span[0]:
            return np.zeros_like(self.whole)
        if span == (0.0, 1.0):
            return self.whole
        place, cells = self.axis[2], self.length * self.fine
        low = np.clip((place - np.float32(span[0])) * cells + np.float32(0.5), 0, 1) if span[0] > 0 else np.float32(1)
        high = np.clip((np.float32(span[1]) - place) * cells + np.float32(0.5), 0, 1) if span[1] < 1 else np.float32(1)
        return np.asarray(self.whole * low * high)

    def blurred(self, cells: Maps) -> Maps:
        """``cells`` under the sensor's point spread and the pixel's aperture, taken as a Gaussian of the same variance."""
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(cells, self.fine * math.hypot(self.psf_px, 12**-0.5)))

    def seen(self, stage: Stage, sun: tuple[float, float], shift_px: Metres) -> Seen | None:
        """Shares of pixels in a ``stage``, content moved by ``shift_px`` (right, down); ``sun``: azimuth, elevation.

        None where the image does not show it.
        """
        row, col, rows, cols = self.window
        if rows <= 0 or cols <= 0:
            return None
        roof = self.part(stage.roof)
        shadow = self._shadow(roof, sun) - roof if self.structure.height_m and sun[1] > 0 else np.zeros_like(roof)
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

    def _shadow(self, roof: Maps, sun: tuple[float, float]) -> Maps:
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


def swept(cells: Maps, right: float, down: float) -> Maps:
    """The share of each cell that ``cells`` touch while they are moved by (``right``, ``down``) cells, in doubling steps."""
    out, done = cells, 0.0
    length = math.hypot(right, down)
    while done < length:
        step = min(done + 1, length - done)
        out = np.maximum(out, _moved(out, right * step / length, down * step / length))
        done += step
    return out


def _moved(cells: Maps, right: float, down: float) -> Maps:
    """``cells`` moved, 0 coming in from beyond; parts of a cell are shared out between neighbours."""
    for axis, by in ((1, right), (0, down)):
        whole = math.floor(by)
        part = np.float32(by - whole)
        cells = _rolled(cells, whole, axis) * (1 - part) + (_rolled(cells, whole + 1, axis) * part if part else 0)
    return cells


def _rolled(cells: Maps, by: int, axis: int) -> Maps:
    out = np.zeros_like(cells)
    size = cells.shape[axis]
    if abs(by) < size:
        to, of = slice(max(by, 0), size + min(by, 0)), slice(max(-by, 0), size + min(-by, 0))
        (out if axis == 0 else out.T)[to] = (cells if axis == 0 else cells.T)[of]
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
