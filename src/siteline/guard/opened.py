"""An opened raster: its header, where it lies, and the reading of one window of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from siteline.guard import tiff, tiffcut
from siteline.guard.bytesource import ByteSource
from siteline.guard.gdal import rasterio
from siteline.guard.georef import affine_of, crs_of
from siteline.guard.pixels import Affine, Georef, Pixels, RasterInfo
from siteline.guard.tiff import BadTiff, Layout, Level
from siteline.guard.tiffcut import Blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Bounds = tuple[float, float, float, float]
Window = tuple[int, int, int, int]
"""(first row, first column, rows, columns)"""

MARGIN_PX: Final = 2
MAX_DECODED: Final = 2 * 2**30
"""Most bytes that one window may have when decoded."""

_PLAIN: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A TIFF whose header was read. ``crs`` is "" where neither the file nor a ``georef`` beside it says where it lies."""

    source: ByteSource
    layout: Layout
    crs: str
    affine: Affine

    @classmethod
    def of(cls, source: ByteSource, georef: Georef | None = None) -> Opened:
        """Read the header of ``source``. Raises ``NotTiff``, ``BadTiff`` and what the source raises."""
        layout = tiff.read_layout(source)
        if georef is not None:
            a, b, c, d, e, f = georef[1]
            return cls(source, layout, georef[0], (a, b, c, d, e, f))
        affine, crs = affine_of(layout), crs_of(layout)
        return cls(source, layout, crs if affine else "", affine or _PLAIN)

    def frame(self, level: Level) -> Affine:
        """The affine coefficients of a level."""
        whole = self.layout.levels[0]
        across, down = whole.width / level.width, whole.height / level.height
        a, b, c, d, e, f = self.affine
        return a * across, b * down, c, d * across, e * down, f

    def window(self, level: Level, bounds: Bounds) -> Window:
        """The pixels of a level that cover ``bounds`` (in its CRS) and a margin, cut to the level; else 0 rows."""
        return window_of(self.frame(level), level.width, level.height, bounds)

    def level_for(self, bounds: Bounds, extent: tuple[float, float], res: float | None) -> Level:
        """The coarsest level that is not coarser than ``res``.

        ``bounds``: in the file's CRS; ``extent``: the same area's sides in the units of ``res``.
        """
        levels = self.layout.levels
        if res is None or len(levels) == 1:
            return levels[0]
        a, b, _, d, e, _ = self.affine
        side_x, side_y = math.hypot(a, d), math.hypot(b, e)
        left, bottom, right, top = bounds
        unit_x, unit_y = extent[0] / max(right - left, 1e-12), extent[1] / max(top - bottom, 1e-12)
        whole, chosen = levels[0], levels[0]
        for level in levels[1:]:
            width = side_x * whole.width / level.width * unit_x
            height = side_y * whole.height / level.height * unit_y
            if max(width, height) <= res * 1.0001:
                chosen = level
        return chosen

    def blocks(self, level: Level, window: Window, indexes: Sequence[int]) -> Blocks:
        """The blocks of ``window``. Raises ``BadTiff``: no such band, more than ``MAX_DECODED``, and as ``blocks_of``."""
        if any(not 1 <= index <= level.samples for index in indexes):
            raise BadTiff(f"band {max(indexes)} was asked for and it has {level.samples}", "missing")
        blocks = tiffcut.blocks_of(self.layout, level, window, indexes)
        height, width = blocks.size
        bits = sum(level.bits) if not level.separate else sum(level.bits[p] for p in blocks.planes)
        if height * width * bits // 8 > MAX_DECODED:
            size = f"{window[2]:,} x {window[3]:,} px"
            raise BadTiff(
                f"the window of {size} is too large to decode; choose a smaller area or larger pixels", "too large"
            )
        return blocks

    def mask_of(self, level: Level) -> Level | None:
        """The transparency mask of a level, None where it has none."""
        return self.layout.masks[self.layout.levels.index(level)]

    def info(self) -> RasterInfo:
        """The raster by its header. Raises ``BadTiff`` for a kind of number that is not read."""
        level = self.layout.levels[0]
        a, _, _, d, _, _ = self.affine
        declared = nodata_of(self.layout)
        return RasterInfo(
            level.width,
            level.height,
            level.samples,
            dtype_of(self.layout),
            self.crs,
            self.affine,
            declared,
            math.hypot(a, d),
        )


def window_of(frame: Affine, width: int, height: int, bounds: Bounds) -> Window:
    """The pixels of a ``width`` x ``height`` raster that cover ``bounds`` and a margin of two, cut to it."""
    a, b, c, d, e, f = frame
    det = a * e - b * d
    if not det or not all(map(math.isfinite, bounds)):
        return 0, 0, 0, 0
    left, bottom, right, top = bounds
    corners = [(x - c, y - f) for x in (left, right) for y in (bottom, top)]
    cols = [(e * x - b * y) / det for x, y in corners]
    rows = [(a * y - d * x) / det for x, y in corners]
    col0, row0 = _floor(min(cols)) - MARGIN_PX, _floor(min(rows)) - MARGIN_PX
    col1, row1 = -_floor(-max(cols)) + MARGIN_PX, -_floor(-max(rows)) + MARGIN_PX
    if max(cols) <= 0 or max(rows) <= 0 or min(cols) >= width or min(rows) >= height:
        return 0, 0, 0, 0
    col0, row0, col1, row1 = max(col0, 0), max(row0, 0), min(col1, width), min(row1, height)
    return row0, col0, row1 - row0, col1 - col0


def decode(piece: bytes, indexes: Sequence[int], window: Window) -> NDArray[Any]:
    """The pixels of ``window`` of a small TIFF, [band, row, column]. Raises ``BadTiff`` where a block cannot be unpacked."""
    module = rasterio()
    row, col, height, width = window
    try:
        with module.MemoryFile(piece) as file, file.open(driver="GTiff") as opened:
            values: NDArray[Any] = opened.read(list(indexes), window=module.windows.Window(col, row, width, height))
    except (module.errors.RasterioError, ValueError) as error:
        raise BadTiff(f"its blocks cannot be unpacked ({error})") from None
    return values


def present_of(blocks: Blocks, data: Sequence[bytes], window: Window) -> NDArray[np.bool_]:
    """Where ``window`` has pixels: not in blocks that the file leaves out, nor in uncompressed ones of zeros alone."""
    import numpy as np

    level = blocks.level
    row, col, height, width = window
    lacking = [not block or (level.compression == 1 and not block.strip(b"\0")) for block in data]
    if not any(lacking):
        return np.ones((height, width), bool)
    grid = np.array(lacking).reshape(len(blocks.planes), len(blocks.rows), len(blocks.cols)).any(axis=0)
    whole = np.repeat(np.repeat(grid, level.block_height, axis=0), level.block_width, axis=1)
    down, across = row - blocks.corner[0], col - blocks.corner[1]
    return ~whole[down : down + height, across : across + width]


def empty(opened_crs: str, dtype: str, bands: int, nodata: float | None) -> Pixels:
    """No pixels: the window does not touch the raster."""
    import numpy as np

    return Pixels(np.empty((bands, 0, 0), dtype), _PLAIN, opened_crs, nodata, np.empty((0, 0), bool))


def dtype_of(layout: Layout) -> str:
    """NumPy's name of the kind of numbers. Raises ``BadTiff`` for one that is not read."""
    level = layout.levels[0]
    tag = level.tags.get(tiff.FORMAT)
    form = int(layout.header.numbers(tag)[0]) if tag and tag.count else 1
    bits = level.bits[0]
    if form == 1 and bits <= 8:
        return "uint8"
    name = {1: "uint", 2: "int", 3: "float", 4: "uint", 6: "complex"}.get(form, "")
    width = next((w for w in (8, 16, 32, 64, 128) if bits <= w), 0)
    if not name or not width or (name == "float" and bits not in (16, 32, 64)):
        raise BadTiff(f"its numbers (format {form}, {bits} bits) are not read", unusual=True)
    return f"{name}{width}" if (form, bits) != (3, 16) else "float32"


def nodata_of(layout: Layout) -> float | None:
    """The number that stands for "no value here", as GDAL writes it; None where none is declared."""
    tag = layout.levels[0].tags.get(tiff.NODATA)
    if tag is None or tag.length > 64:
        return None
    try:
        return float(layout.header.value(tag).split(b"\0")[0].strip())
    except ValueError:
        return None


def moved(frame: Affine, row: int, col: int) -> Affine:
    """``frame`` with its origin at pixel (``row``, ``col``)."""
    a, b, c, d, e, f = frame
    return a, b, c + a * col + b * row, d, e, f + d * col + e * row


def bounds_in(bounds: Bounds, crs: str, target: str) -> Bounds:
    """``bounds`` of ``crs`` in ``target``, edges followed; infinite where they do not reach there."""
    if crs == target:
        return bounds
    return _transformed(bounds, crs, target)


@lru_cache(maxsize=4096)
def _transformed(bounds: Bounds, crs: str, target: str) -> Bounds:
    from pyproj.exceptions import ProjError

    try:
        left, bottom, right, top = _transformer(crs, target).transform_bounds(*bounds, densify_pts=21)
    except ProjError:
        return (math.inf,) * 4
    if left > right:  # across the antimeridian, in degrees: the larger part
        left, right = (left, 180.0) if 180.0 - left >= right + 180.0 else (-180.0, right)
    return float(left), float(bottom), float(right), float(top)


@lru_cache(maxsize=256)
def _transformer(crs: str, target: str) -> Any:
    from pyproj import Transformer

    return Transformer.from_crs(crs, target, always_xy=True)


def _floor(value: float) -> int:
    return math.floor(value + 1e-6)
