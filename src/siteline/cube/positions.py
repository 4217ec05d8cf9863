"""Where the pixels of a grid lie in a raster: exactly (PROJ) at nodes, between them to a hundredth of a pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.grid import Grid

if TYPE_CHECKING:
    from pyproj import Transformer

Transform = tuple[float, float, float, float, float, float]
Line = NDArray[np.float64]

TOLERANCE_PX: Final = 0.01

_STEPS: Final = (16, 4, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a grid: ``height`` x ``width`` pixels from pixel (``row``, ``col``)."""

    grid: Grid
    row: int
    col: int
    height: int
    width: int

    @classmethod
    def whole(cls, grid: Grid) -> Part:
        """All of ``grid``."""
        return cls(grid, 0, 0, grid.height, grid.width)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) in CRS units."""
        left, top = self.grid.left + self.col * self.grid.res, self.grid.top - self.row * self.grid.res
        return left, top - self.height * self.grid.res, left + self.width * self.grid.res, top

    def moved(self, dx: float, dy: float) -> Part:
        """The part as it lies ``dx`` pixels further right and ``dy`` further down: where shifted content is found."""
        res = self.grid.res
        return replace(self, grid=replace(self.grid, left=self.grid.left + dx * res, top=self.grid.top - dy * res))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a raster of ``width`` columns lies in ``crs``: x = a col + b row + c, y = d col + e row + f at pixel corners."""

    crs: str
    transform: Transform
    width: int


def positions(part: Part, place: Place) -> tuple[NDArray[np.float64], int]:
    """Where pixels of ``part`` lie in a raster: Float64[2, node row, node column] of source column and row, and the step.

    Positions are of the raster's pixel corners (a centre is at .5), at the centres of every ``step``-th pixel of the grid.
    """
    step = _step(part.grid, place)
    rows = np.arange(part.row // step, (part.row + part.height - 1) // step + 2) * step
    cols = np.arange(part.col // step, (part.col + part.width - 1) // step + 2) * step
    return _exact(part.grid, place, rows, cols), step


def lines_of(part: Part, place: Place) -> tuple[Line, Line] | None:
    """Source rows of the rows, and columns of the columns, of ``part``; None unless rows and columns run alike in both."""
    a, b, c, d, e, f = place.transform
    if b or d or not same_crs(place.crs, part.grid.crs):
        return None
    xs = part.grid.left + (np.arange(part.col, part.col + part.width) + 0.5) * part.grid.res
    ys = part.grid.top - (np.arange(part.row, part.row + part.height) + 0.5) * part.grid.res
    return np.asarray((ys - f) / e, dtype=np.float64), np.asarray((xs - c) / a, dtype=np.float64)


def coarseness(grid: Grid, place: Place) -> tuple[float, float]:
    """Size of a pixel of ``grid``, at its middle, in pixels of the raster: (across, down)."""
    row, col = grid.height // 2, grid.width // 2
    here = _exact(grid, place, np.array([row, row + 1]), np.array([col, col + 1]))
    across, down = here[:, 0, 1] - here[:, 0, 0], here[:, 1, 0] - here[:, 0, 0]
    return max(abs(across[0]), abs(down[0])), max(abs(across[1]), abs(down[1]))


def same_crs(one: str, other: str) -> bool:
    """Whether two CRS texts (EPSG code or WKT) mean the same."""
    return one == other or _same(one, other)


@lru_cache(maxsize=256)
def _same(one: str, other: str) -> bool:
    from pyproj import CRS

    return bool(CRS.from_user_input(one).equals(CRS.from_user_input(other), ignore_axis_order=True))


@lru_cache(maxsize=512)
def _step(grid: Grid, place: Place) -> int:
    """The widest spacing of nodes whose interpolation stays within tolerance, looked at all over the grid."""
    if same_crs(place.crs, grid.crs):
        return _STEPS[0]
    for step in _STEPS[:-1]:
        rows = np.unique(np.linspace(0, max(grid.height - 1, 0), 17).astype(int) // step * step)
        cols = np.unique(np.linspace(0, max(grid.width - 1, 0), 17).astype(int) // step * step)
        half = step // 2
        corners = [_exact(grid, place, rows + i, cols + j) for i in (0, step) for j in (0, step)]
        middle = _exact(grid, place, rows + half, cols + half)
        error = np.abs(sum(corners) / 4 - middle)
        if np.isfinite(error).all() and error.max() <= TOLERANCE_PX:
            return step
    return _STEPS[-1]


def _exact(grid: Grid, place: Place, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.float64]:
    """Float64[2, row, col]: source column and row of the centres of the grid's pixels; NaN where there is no such place."""
    xs = grid.left + (cols + 0.5) * grid.res
    ys = grid.top - (rows + 0.5) * grid.res
    x, y = np.meshgrid(xs, ys)
    a, b, c, d, e, f = place.transform
    if not same_crs(place.crs, grid.crs):
        x, y = _transformer(grid.crs, place.crs).transform(x, y)
        x, y = np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)
        if _geographic(place.crs):
            x = _near(x, c + a * place.width / 2)
    det = a * e - b * d
    return np.stack([(e * (x - c) - b * (y - f)) / det, (a * (y - f) - d * (x - c)) / det])


def _near(lon: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
    """Longitudes turned to within 180 degrees of the raster's middle: it may cross the antimeridian, or count to 360."""
    return np.asarray(lon + 360.0 * np.round((middle - lon) / 360.0))


@lru_cache(maxsize=256)
def _transformer(one: str, other: str) -> Transformer:
    from pyproj import Transformer

    return Transformer.from_crs(one, other, always_xy=True)


@lru_cache(maxsize=256)
def _geographic(crs: str) -> bool:
    from pyproj import CRS

    return bool(CRS.from_user_input(crs).is_geographic)
