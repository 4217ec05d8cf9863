"""What a figure needs to know of a cube: its place on the ground, its scenes in words, and the part around a structure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from siteline.model.errors import BadDate, NoArea
from siteline.model.records import Structure
from siteline.model.site import unwrapped
from siteline.model.span import Span, from_days
from siteline.publish.look import day, day_range, span_words

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

WINDOW: Final = (16, 128)
"""Least and most pixels along the side of a chip; a footprint wider than the most is shown whole."""

DOUBT: Final = 240
_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^/\s:'\"]+/)+")
"""The folders of an absolute path; addresses on the web keep theirs."""


@dataclass(frozen=True, slots=True)
class Ground:
    """How a cube lies on the ground. ``metres``: width of a pixel at the centre; ``north``: degrees clockwise from up to
    true north there; ``crs``: WKT; ``corner`` and ``res``: outer corner of pixel (0, 0) and pixel size in CRS units."""

    crs: str
    corner: tuple[float, float]
    res: float
    metres: float
    north: float

    def to_pixels(self, wkt: str) -> Any:
        """A shape (EPSG:4326 WKT) as a shapely geometry in pixel coordinates: (0, 0) is the outer upper left corner."""
        import numpy as np
        import shapely
        from pyproj import Transformer

        project = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True).transform

        def pixel(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
            x, y = project(lonlat[:, 0], lonlat[:, 1])
            return np.column_stack([(x - self.corner[0]) / self.res, (self.corner[1] - y) / self.res])

        return shapely.transform(unwrapped(wkt).segmentize(0.01), pixel)


def ground_of(cube: xr.Dataset) -> Ground:
    """The place of ``cube``, from its ``spatial_ref`` and its coordinates."""
    numbers = [float(part) for part in str(cube["spatial_ref"].attrs["GeoTransform"]).split()]
    res = numbers[1]
    corner = float(cube["x"].values[0]) - res / 2, float(cube["y"].values[0]) + res / 2
    return ground_at(str(cube["spatial_ref"].attrs["crs_wkt"]), corner, res, cube.sizes["x"], cube.sizes["y"])


def ground_at(crs: str, corner: tuple[float, float], res: float, width: int, height: int) -> Ground:
    """The place of ``width`` x ``height`` pixels of ``res`` whose outer upper left corner is ``corner`` in ``crs``."""
    from pyproj import Geod, Transformer

    x, y = corner[0] + res * width / 2, corner[1] - res * height / 2
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    (lon_a, lon_b), (lat_a, lat_b) = back.transform([x - res / 2, x + res / 2], [y, y])
    _, _, metres = Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)
    lon, lat = back.transform(x, y)
    step = 1e-4 if lat < 89 else -1e-4
    north_x, north_y = back.transform(lon, lat + step, direction="INVERSE")
    sign = 1 if step > 0 else -1
    north = math.degrees(math.atan2(sign * (north_x - x), sign * (north_y - y)))
    return Ground(crs, corner, res, float(metres), north)


def values_name(cube: xr.Dataset) -> str:
    """``gamma0`` for radar, ``reflectance`` for optical cubes."""
    return "gamma0" if "gamma0" in cube else "reflectance"


def said(cube: xr.Dataset, name: str, index: int) -> str:
    """A coordinate along time as text; "" where the cube has none of that name."""
    return str(cube[name].values[index]) if name in cube.coords else ""


def doubt_of(cube: xr.Dataset, index: int) -> str:
    """What is doubtful about a scene, fit to be published: without folders of this machine, cut at ``DOUBT`` characters."""
    text = _FOLDERS.sub("", said(cube, "doubt", index)).strip().rstrip(".")
    return text if len(text) <= DOUBT else f"{text[:DOUBT].rsplit(' ', 1)[0]} …"


def measured(cube: xr.Dataset, name: str, index: int) -> float:
    """A coordinate along time as a number; NaN where the cube has none of that name."""
    return float(cube[name].values[index]) if name in cube.coords else math.nan


def quantity(cube: xr.Dataset) -> str:
    """What the values mean, if all scenes agree; else "mixed"."""
    kinds = {said(cube, "quantity", i) for i in range(cube.sizes["time"])}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def days_of(cube: xr.Dataset, index: int) -> float:
    """Start of a scene's time in days since 1970, UTC; NaN where no time is known."""
    import numpy as np

    stamp = cube["time"].values[index]
    return math.nan if np.isnat(stamp) else float(stamp.astype("datetime64[s]").astype(np.int64)) / 86400


def dated(cube: xr.Dataset, index: int) -> str:
    """When a scene was taken, as it is known: ``2 Mar 2019, 02:11 UTC``, a day alone, or ``not later than 2 Mar 2019``."""
    days, text = days_of(cube, index), said(cube, "when", index)
    try:
        span = Span.parse(text)
    except BadDate:
        span = Span("", None, None)
    if span.end is not None and (span.start is None or said(cube, "when_kind", index) == "not_later_than"):
        return f"not later than {day(span.last_day if span.is_instant else math.ceil(span.last_day) - 1)}"
    if span.is_instant:
        moment = from_days(span.first_day)
        return f"{moment.day} {moment:%b} {moment.year}, {moment:%H:%M} UTC"
    if span.known and not span.is_day and "/" in text:
        return day_range(span.first_day, span.last_day - 1)
    return span_words(span) or ("date not known" if math.isnan(days) else day(days))


def window_around(cube: xr.Dataset, shape: Any) -> tuple[slice, slice]:
    """Rows and columns of the chip around a footprint (pixel coordinates): three times its size, within ``WINDOW``.

    The window is moved, then cut, to lie inside the cube. Raises ``NoArea`` where the footprint lies off the cube.
    """
    height, width = cube.sizes["y"], cube.sizes["x"]
    if not reaches(shape, height, width):
        raise NoArea("the footprint lies outside these images", "load them on a grid around it")
    left, top, right, bottom = shape.bounds
    extent = max(right - left, bottom - top)
    side = min(max(math.ceil(3 * extent), WINDOW[0]), max(WINDOW[1], math.ceil(1.1 * extent)))
    return _run((top + bottom) / 2, side, height), _run((left + right) / 2, side, width)


def reaches(shape: Any, rows: int, columns: int) -> bool:
    """Whether the extent of a shape (pixel coordinates) meets a raster; not where it is empty or cannot be projected."""
    left, top, right, bottom = shape.bounds
    finite = all(map(math.isfinite, (left, top, right, bottom)))
    return finite and right >= 0 and bottom >= 0 and left <= columns and top <= rows


def footprint_mask(shape: Any, rows: int, columns: int) -> NDArray[np.bool_]:
    """Bool[y, x]: pixels that the shape (pixel coordinates) touches."""
    from rasterio.features import rasterize

    touched: NDArray[np.uint8] = rasterize([(shape, 1)], out_shape=(rows, columns), all_touched=True, dtype="uint8")
    return touched > 0


def shape_of(ground: Ground, structure: Structure) -> Any:
    """The footprint of a structure in pixel coordinates. Raises ``NoArea`` where none is known."""
    if not structure.geometry_wkt:
        raise NoArea(
            f"structure {structure.structure_id!r} has no footprint", "give it one in structures.geojson and merge that"
        )
    return ground.to_pixels(structure.geometry_wkt)


def _run(centre: float, side: int, size: int) -> slice:
    start = min(max(round(centre - side / 2), 0), max(size - side, 0))
    return slice(start, min(start + side, size))
