"""Where on a cube's pixels a footprint lies: the share of each pixel that it covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput
from siteline.model.site import unwrapped

if TYPE_CHECKING:
    import xarray

SEGMENT_DEGREES = 0.01
"""Longest edge that stays straight on its way from degrees to the cube's CRS."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The grid of a cube: ``crs`` (WKT), outer corner and signed pixel sizes in CRS units (``dy`` < 0 = north up)."""

    crs: str
    left: float
    top: float
    dx: float
    dy: float
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.height, self.width


@dataclass(frozen=True, slots=True)
class Area:
    """Pixels with weights. ``rows``, ``cols``: Int[n]; ``weights``: Float64[n], above 0, the share of each pixel's area.

    ``full``: the sum the weights would have if none of it lay outside the grid. ``note``: why there are no pixels, else "".
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    weights: NDArray[np.float64]
    full: float
    note: str = ""

    @property
    def count(self) -> int:
        """Number of pixels."""
        return len(self.rows)

    @property
    def effective(self) -> float:
        """Number of equal pixels that average as well: (sum w)^2 / sum w^2; 0 without pixels."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum()) if self.count else 0.0

    def moved(self, down: int, right: int) -> Area:
        """The same pixels elsewhere; the caller sees to it that they lie on the grid."""
        return Area(self.rows + down, self.cols + right, self.weights, self.full)

    def mask(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Bool[y, x], True where the area has any share."""
        held = np.zeros(shape, dtype=bool)
        held[self.rows, self.cols] = True
        return held


def area_of_mask(mask: NDArray[Any], full: float | None = None, note: str = "") -> Area:
    """The pixels of a mask, Bool or Float[y, x] (shares from 0 to 1); ``full``: see ``Area``."""
    rows, cols = np.nonzero(mask)
    weights = np.asarray(mask, dtype=np.float64)[rows, cols]
    return Area(rows, cols, weights, float(weights.sum()) if full is None else full, note)


def ground_of(cube: xarray.Dataset) -> Ground:
    """The grid of a cube as ``cube.load`` makes it. Raises ``BadInput`` where it does not say where it lies."""
    facts = cube.coords["spatial_ref"].attrs if "spatial_ref" in cube.coords else {}
    try:
        left, dx, _, top, _, dy = (float(part) for part in str(facts["GeoTransform"]).split())
        crs = str(facts["crs_wkt"])
    except (KeyError, ValueError):
        raise BadInput("the cube does not say where it lies (spatial_ref); make it with siteline.load") from None
    return Ground(crs, left, top, dx, dy, cube.sizes["y"], cube.sizes["x"])


def footprint(shape: Any, ground: Ground) -> Area:
    """The pixels of ``shape``: WKT in EPSG:4326, a geometry (shapely) in the cube's CRS, or a mask, Bool or Float[y, x].

    Shares are exact: the area of the part of each pixel inside the shape. What has no area (a point, a line) is taken one
    pixel wide. Raises ``BadInput``.
    """
    if isinstance(shape, np.ndarray):
        if shape.shape != ground.shape:
            raise BadInput(f"the mask has {shape.shape} pixels where the cube has {ground.shape}; give one of that shape")
        held = np.where(np.isfinite(shape), shape, 0).clip(0, 1)
        return area_of_mask(held, note="" if held.any() else "the mask is empty")
    placed = _placed(shape, ground.crs) if isinstance(shape, str) else shape
    return _covered(placed, ground)


def _placed(wkt: str, crs: str) -> Any:
    """A shape in degrees as a shape in ``crs``; its long edges bend with the projection."""
    import shapely
    from pyproj import Transformer

    try:
        flat = unwrapped(wkt).segmentize(SEGMENT_DEGREES)
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise BadInput(f"a footprint cannot be read as WKT ({error}); give it anew in structures.geojson") from None
    project = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    return shapely.transform(flat, lambda xy: np.column_stack(project((xy[:, 0] + 180) % 360 - 180, xy[:, 1])))


def _covered(shape: Any, ground: Ground) -> Area:
    import shapely

    nothing = np.empty(0, dtype=np.intp)
    outside = Area(nothing, nothing, np.empty(0), 0.0, "the footprint lies outside the images")
    bounds = np.array(shapely.bounds(shape), dtype=float)
    if not np.isfinite(bounds).all():
        return Area(nothing, nothing, np.empty(0), 0.0, "the footprint cannot be put on a map")
    shape = shapely.make_valid(shape)
    if shapely.area(shape) == 0:
        shape = shapely.buffer(shape, min(abs(ground.dx), abs(ground.dy)) / 2, cap_style="square", join_style="mitre")
        bounds = np.array(shapely.bounds(shape))
    cols = np.sort((bounds[[0, 2]] - ground.left) / ground.dx)
    rows = np.sort((bounds[[1, 3]] - ground.top) / ground.dy)
    first_col, last_col = max(int(np.floor(cols[0])), 0), min(int(np.ceil(cols[1])), ground.width)
    first_row, last_row = max(int(np.floor(rows[0])), 0), min(int(np.ceil(rows[1])), ground.height)
    if first_col >= last_col or first_row >= last_row:
        return outside
    xs = ground.left + np.arange(first_col, last_col + 1) * ground.dx
    ys = ground.top + np.arange(first_row, last_row + 1) * ground.dy
    boxes = shapely.box(*np.broadcast_arrays(xs[None, :-1], ys[1:, None], xs[None, 1:], ys[:-1, None]))
    shapely.prepare(shape)
    shares = shapely.contains(shape, boxes).astype(np.float64)
    edge = (shares == 0) & shapely.intersects(shape, boxes)
    pixel = abs(ground.dx * ground.dy)
    shares[edge] = shapely.area(shapely.intersection(boxes[edge], shape)) / pixel
    shares[shares < 1e-9] = 0  # a corner that is only touched
    rows_at, cols_at = np.nonzero(shares)
    if not len(rows_at):
        return outside
    return Area(rows_at + first_row, cols_at + first_col, shares[rows_at, cols_at], float(shapely.area(shape)) / pixel)
