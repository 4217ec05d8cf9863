"""What reading a raster gives: numbers as stored, where they lie, and where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a col + b row + c, y = d col + e row + f, at corners of pixels."""

Georef = tuple[str, tuple[float, ...]]
"""(CRS, affine coefficients) stated beside a file."""


Bounds = tuple[float, float, float, float]
"""(left, bottom, right, top) in units of a CRS."""


@dataclass(frozen=True, slots=True)
class Request:
    """One window of one file; see ``Reader.read``."""

    href: str
    indexes: tuple[int, ...]
    bounds: Bounds
    crs: str
    res: float | None
    access: str = ""
    georef: Georef | None = None


@dataclass(frozen=True, slots=True)
class Pixels:
    """A window of a raster. Nothing was resampled.

    ``values``: [band, row, column] in the file's own type. ``transform``: of this window, in ``crs``. ``nodata``: as the
    file declares it. ``present``: Bool[row, column], False where the file has no block, or its mask says there is nothing.
    A window that does not touch the raster has 0 rows and columns. A band that the file declares to be transparency is a
    band like any other: near infrared is often declared so.
    """

    values: NDArray[Any]
    transform: Affine
    crs: str
    nodata: float | None
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RasterInfo:
    """A raster by its header. ``crs`` is "" and ``transform`` (1, 0, 0, 0, 1, 0) where it has no georeference.

    ``res``: side of a pixel in CRS units.
    """

    width: int
    height: int
    count: int
    dtype: str
    crs: str
    transform: Affine
    nodata: float | None
    res: float
