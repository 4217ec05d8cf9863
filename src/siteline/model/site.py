"""Where the site is: its area, its structures' footprints, and the grid its images are put on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from siteline.model.errors import NoArea
from siteline.model.grid import Grid, utm_crs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from siteline.model.records import CaseData

MARGIN_M: Final = 250.0
"""What is fetched around the area or the footprints, in metres: surroundings to align and compare with."""

POINT_SIDE_M: Final = 2000.0
"""Side of the square taken around an area that is only a point, in metres."""


@dataclass(frozen=True, slots=True)
class Site:
    """``area_wkt``: EPSG:4326; parts on both sides of the antimeridian are one place. ``footprints``: WKT by id."""

    area_wkt: str
    footprints: Mapping[str, str]

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees; west > east where it crosses the antimeridian (RFC 7946, 5.2)."""
        west, south, east, north = unwrapped(self.area_wkt).bounds
        return _wrap(west), float(south), _wrap(east), float(north)

    def grid(self, res_m: float, margin_m: float = MARGIN_M) -> Grid:
        """The grid of the whole site, ``margin_m`` metres around its area, ``res_m`` metres a pixel. Raises ``BadGrid``."""
        return grid_over(self.area_wkt, res_m, margin_m)

    def structure_grid(self, structure_id: str, res_m: float, margin_m: float) -> Grid:
        """The grid around one footprint, in the CRS of the site's grid. Raises ``NoArea``, ``BadGrid``."""
        if structure_id not in self.footprints:
            raise NoArea(f"structure {structure_id!r} has no footprint", "give it one in structures.geojson and merge that")
        return grid_over(self.footprints[structure_id], res_m, margin_m, crs=self.grid(res_m).crs)


def site_of(data: CaseData) -> Site:
    """The site of a case: its area, else the extent of its footprints. Raises ``NoArea``."""
    footprints = {s.structure_id: s.geometry_wkt for s in data.structures.values() if s.geometry_wkt}
    if data.settings.area:
        return Site(data.settings.area, footprints)
    if not footprints:
        raise NoArea("the case does not say where its site is", "add --area west,south,east,north, or footprints")
    import shapely

    shapes = shapely.GeometryCollection([shapely.from_wkt(wkt) for wkt in footprints.values()])
    return Site(shapely.to_wkt(shapes, rounding_precision=-1), footprints)


def grid_over(wkt: str, res_m: float, margin_m: float, crs: str = "") -> Grid:
    """The grid ``margin_m`` metres around a shape (EPSG:4326), in ``crs`` or its centre's UTM zone; points get a square."""
    import numpy as np
    import shapely
    from pyproj import Transformer

    shape = unwrapped(wkt)
    centre = shape.envelope.centroid
    chosen = crs or utm_crs(_wrap(centre.x), centre.y)
    project = Transformer.from_crs("EPSG:4326", chosen, always_xy=True).transform
    flat = shapely.transform(shape.segmentize(0.01), lambda xy: np.column_stack(project(_wrapped(xy[:, 0]), xy[:, 1])))
    left, bottom, right, top = flat.bounds
    if not np.isfinite(flat.bounds).all():
        raise NoArea("the area cannot be put on a map", "set it anew: siteline find CASE --area west,south,east,north")
    margin = margin_m + (POINT_SIDE_M / 2 if right - left == 0 == top - bottom and not crs else 0.0)
    return Grid.covering(chosen, (left - margin, bottom - margin, right + margin, top + margin), res_m)


def unwrapped(wkt: str) -> Any:
    """The shape with the parts west of the antimeridian moved east of it (longitudes up to 360) where it spans both."""
    import numpy as np
    import shapely

    shape = shapely.from_wkt(wkt)
    west, _, east, _ = shape.bounds
    if east - west <= 180:
        return shape
    return shapely.transform(shape, lambda xy: np.column_stack([np.where(xy[:, 0] < 0, xy[:, 0] + 360, xy[:, 0]), xy[:, 1]]))


def _wrapped(lons: NDArray[np.float64]) -> list[float]:
    return [_wrap(float(lon)) for lon in lons]


def _wrap(lon: float) -> float:
    return math.remainder(lon, 360) if not -180 <= lon <= 180 else float(lon)
