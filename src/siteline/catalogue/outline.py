"""The outline of an image on the globe: its edges, densified, in longitude and latitude."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siteline.catalogue.footprints import cut

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEPS = 8
"""Points per edge: a straight edge of a projected grid is a curve on the globe."""


def outline_of(crs: str, transform: tuple[float, ...], width: int, height: int) -> dict[str, Any] | None:
    """GeoJSON (EPSG:4326, cut at the antimeridian) of an image's outer edge; None where its CRS leads nowhere on Earth.

    ``transform``: affine coefficients (a, b, c, d, e, f) at pixel corners. An image that holds a pole reaches up to it.
    """
    import numpy as np
    from pyproj import Transformer
    from pyproj.exceptions import ProjError
    from shapely import make_valid
    from shapely.geometry import Polygon, mapping

    a, b, c, d, e, f = transform[:6]
    along = np.linspace(0, 1, STEPS, endpoint=False)
    cols = np.concatenate([along, np.ones(STEPS), 1 - along, np.zeros(STEPS)]) * width
    rows = np.concatenate([np.zeros(STEPS), along, np.ones(STEPS), 1 - along]) * height
    try:
        project = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        lon, lat = project.transform(a * cols + b * rows + c, d * cols + e * rows + f)
    except ProjError:
        return None
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    ring = _unwrapped(lon, lat)
    shape = Polygon(ring)
    whole = cut(shape if shape.is_valid else make_valid(shape))
    if whole.is_empty:
        return None
    geometry: dict[str, Any] = mapping(whole)
    return geometry


def box(geometry: dict[str, Any]) -> list[float]:
    """The STAC bbox of a GeoJSON geometry: west > east where it is cut at the antimeridian."""
    from shapely.geometry import shape

    whole = shape(geometry)
    west, south, east, north = whole.bounds
    if whole.geom_type == "MultiPolygon" and east - west > 350:
        halves = [part.bounds for part in whole.geoms]
        west = min((bounds[0] for bounds in halves if bounds[0] > 0), default=west)
        east = max((bounds[2] for bounds in halves if bounds[2] < 0), default=east)
    return [float(west), float(south), float(east), float(north)]


def _unwrapped(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[tuple[float, float]]:
    """The ring without jumps at the antimeridian; where it turns around a pole, closed along that pole."""
    import numpy as np

    closed = np.append(lon, lon[0])
    smooth = np.unwrap(closed, period=360.0)
    ring = list(zip(smooth.tolist(), [*lat.tolist(), float(lat[0])], strict=True))
    if abs(smooth[-1] - smooth[0]) < 180:
        return ring[:-1]
    pole = 90.0 if float(np.mean(lat)) > 0 else -90.0
    return [*ring, (float(smooth[-1]), pole), (float(smooth[0]), pole)]
