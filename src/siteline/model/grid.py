"""The grid that pixels are put on: a CRS, an origin, square pixels, north up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siteline.model.errors import BadGrid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SIDE = 60_000
"""Most pixels along one side."""


@dataclass(frozen=True, slots=True)
class Grid:
    """``height`` x ``width`` square pixels of ``res`` CRS units; ``left`` and ``top`` are the outer corner of pixel (0, 0).

    Raises ``BadGrid`` for a size or spacing that cannot be.
    """

    crs: str
    left: float
    top: float
    res: float
    width: int
    height: int

    def __post_init__(self) -> None:
        """Check once, at birth."""
        if not (math.isfinite(self.left) and math.isfinite(self.top) and math.isfinite(self.res) and self.res > 0):
            raise BadGrid("its corner and pixel size must be finite, the pixel size above 0")
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            size = f"{self.width} x {self.height} px"
            raise BadGrid(f"{size}; each side must have 1 to {MAX_SIDE} px: choose a smaller area or larger pixels")

    @classmethod
    def around(cls, lon: float, lat: float, side_m: float, res_m: float) -> Grid:
        """A square of ``side_m`` metres centred on a point (EPSG:4326 degrees), in the UTM (or polar UPS) zone of the point.

        A site at the edge of two zones lies in the zone of its centre; its corner is a whole multiple of ``res_m``.
        """
        crs = utm_crs(lon, lat)
        x, y = _forward(crs, lon, lat)
        half = side_m / 2
        return cls.covering(crs, (x - half, y - half, x + half, y + half), res_m)

    @classmethod
    def covering(cls, crs: str, bounds: tuple[float, float, float, float], res: float) -> Grid:
        """The smallest grid on multiples of ``res`` that holds ``bounds`` (left, bottom, right, top, in ``crs``)."""
        if not (all(map(math.isfinite, (*bounds, res))) and res > 0):
            raise BadGrid("its bounds and pixel size must be finite, the pixel size above 0")
        slack = 1e-6  # bounds that are multiples already stay as they are
        left = math.floor(bounds[0] / res + slack)
        bottom = math.floor(bounds[1] / res + slack)
        right = max(math.ceil(bounds[2] / res - slack), left + 1)
        top = max(math.ceil(bounds[3] / res - slack), bottom + 1)
        return cls(crs, left * res, top * res, float(res), right - left, top - bottom)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) in CRS units."""
        return self.left, self.top - self.height * self.res, self.left + self.width * self.res, self.top

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients (a, b, c, d, e, f): x = a col + b row + c, y = d col + e row + f, at pixel corners."""
        return self.res, 0.0, self.left, 0.0, -self.res, self.top

    def xs(self) -> NDArray[np.float64]:
        """Centres of the columns, Float64[x]."""
        import numpy as np

        return np.asarray(self.left + (np.arange(self.width) + 0.5) * self.res, dtype=np.float64)

    def ys(self) -> NDArray[np.float64]:
        """Centres of the rows, Float64[y], from north to south."""
        import numpy as np

        return np.asarray(self.top - (np.arange(self.height) + 0.5) * self.res, dtype=np.float64)


def utm_crs(lon: float, lat: float) -> str:
    """The WGS 84 UTM zone of a point, or UPS beyond 84 N and 80 S, as ``EPSG:<code>``. Raises ``BadGrid`` off the Earth."""
    if not (math.isfinite(lon) and math.isfinite(lat) and -90 <= lat <= 90 and -540 <= lon <= 540):
        raise BadGrid(f"longitude {lon:g}, latitude {lat:g} is no place; give degrees, longitude first")
    if lat > 84:
        return "EPSG:32661"
    if lat < -80:
        return "EPSG:32761"
    zone = int(((lon + 180) % 360) // 6) + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def _forward(crs: str, lon: float, lat: float) -> tuple[float, float]:
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return float(x), float(y)
