"""An opened raster: its header, where it lies, and the reading of one window of it."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from siteline.guard import tiff, tiffcut, windows
from siteline.guard.bytesource import ByteSource, LocalBytes
from siteline.guard.gdal import listening, rasterio
from siteline.guard.georef import affine_of, crs_of, stated
from siteline.guard.pixels import Affine, Bounds, Georef, Pixels, RasterInfo
from siteline.guard.tiff import BadTiff, Layout, Level
from siteline.guard.tiffcut import Blocks
from siteline.guard.windows import Window, window_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_DECODED: Final = 2**30
"""Most bytes that the blocks of one window may have, when decoded and as they are in the file."""

FINE: Final = 1.0001
"""How much coarser than asked still counts as no coarser: sizes of overviews are rounded to whole pixels."""

_MOST_32: Final = 3.4028234663852886e38
_PLAIN: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A TIFF whose header was read. ``crs`` is "" where neither the file nor a ``georef`` beside it says where it lies.

    ``stated``: a ``georef`` does.
    """

    source: ByteSource
    layout: Layout
    crs: str
    affine: Affine
    stated: bool = False

    @classmethod
    def of(cls, source: ByteSource, georef: Georef | None = None) -> Opened:
        """Read the header of ``source``. Raises ``NotTiff``, ``BadTiff`` and what the source raises."""
        layout = tiff.read_layout(source)
        if georef is not None:
            return cls(source, layout, georef[0], stated(georef), True)
        affine, crs = affine_of(layout), crs_of(layout)
        return cls(source, layout, crs if affine else "", affine or _PLAIN)

    def frame(self, level: Level) -> Affine:
        """The affine coefficients of a level."""
        whole = self.layout.levels[0]
        across, down = whole.width / level.width, whole.height / level.height
        a, b, c, d, e, f = self.affine
        return a * across, b * down, c, d * across, e * down, f

    def place(self, bounds: Bounds, crs: str) -> Bounds:
        """``bounds`` of ``crs`` in the CRS of the file."""
        whole = self.layout.levels[0]
        return windows.place(bounds, crs, self.crs, self.affine, whole.width, whole.height)

    def window(self, level: Level, own: Bounds) -> Window:
        """The pixels of a level that cover ``own`` (in its CRS) and a margin, cut to the level; else 0 rows."""
        return window_of(self.frame(level), level.width, level.height, own)

    def level_for(self, own: Bounds, res: float | None, crs: str) -> Level:
        """The coarsest level whose pixels, at ``own`` (in the file's CRS), are no longer than ``res``, units of ``crs``."""
        whole, *overviews = self.layout.levels
        chosen = whole
        for level in overviews:
            if res is not None and windows.side_in(self.frame(level), own, self.crs, crs) <= res * FINE:
                chosen = level
        return chosen

    @property
    def classes(self) -> bool:
        """Whether zeros of a block that is not compressed count: in files of this machine that may be masks.

        An image that has no light over a whole block has no data there; a mask that is zero there says that it is clear.
        """
        whole = self.layout.levels[0]
        return isinstance(self.source, LocalBytes) and whole.samples == 1 and whole.bits[0] <= 8

    def blocks(self, level: Level, window: Window, indexes: Sequence[int]) -> Blocks:
        """The blocks of ``window``. Raises ``BadTiff``: no such band, more than ``MAX_DECODED``, and as ``blocks_of``."""
        if strange := [index for index in indexes if not 1 <= index <= level.samples]:
            raise BadTiff(f"band {strange[0]} was asked for and it has {level.samples}", "missing")
        blocks = tiffcut.blocks_of(self.layout, level, window, indexes)
        decoded = len(blocks.ranges) * level.block_bytes
        if decoded > MAX_DECODED or blocks.length > MAX_DECODED:
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


def decode(piece: bytes, indexes: Sequence[int], window: Window) -> NDArray[Any]:
    """The pixels of ``window`` of a small TIFF, [band, row, column]. Raises ``BadTiff`` where a block cannot be unpacked."""
    module = rasterio()
    row, col, height, width = window
    try:
        with listening() as told, module.MemoryFile(piece) as file, file.open(driver="GTiff", num_threads=1) as opened:
            values: NDArray[Any] = opened.read(list(indexes), window=module.windows.Window(col, row, width, height))
    except (module.errors.RasterioError, module._err.CPLE_BaseError, ValueError) as error:
        raise BadTiff(f"its blocks cannot be unpacked ({error})") from None
    if any("Corrupt JPEG data" in text and "extraneous" not in text for text in told):
        raise BadTiff("a JPEG block of it is damaged")  # the decoder goes on, and gives noise or grey
    return values


def present_of(blocks: Blocks, data: Sequence[bytes], window: Window, *, classes: bool) -> NDArray[np.bool_]:
    """Where ``window`` has pixels: not in blocks that the file leaves out.

    Nor, unless they are of ``classes``, in uncompressed ones of zeros alone.
    """
    import numpy as np

    level = blocks.level
    row, col, height, width = window
    lacking = [not block or (level.compression == 1 and not classes and not block.strip(b"\0")) for block in data]
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
    form = layout.header.some(tag, 0, 1)[0] if tag and tag.count else 1
    bits = level.bits[0]
    if form == 1 and bits <= 8:
        return "uint8"
    name = {1: "uint", 2: "int", 3: "float", 4: "uint", 6: "complex"}.get(form, "")
    width = next((w for w in (8, 16, 32, 64, 128) if bits <= w), 0)
    if not name or not width or (name == "float" and bits not in (16, 32, 64)):
        raise BadTiff(f"its numbers (format {form}, {bits} bits) are not read", unusual=True)
    return f"{name}{width}" if (form, bits) != (3, 16) else "float32"


def nodata_of(layout: Layout) -> float | None:
    """The number that stands for "no value here", as the file's pixels hold it; None where none is declared."""
    tag = layout.levels[0].tags.get(tiff.NODATA)
    if tag is None or tag.length > 64:
        return None
    try:
        stated = float(layout.header.value(tag).split(b"\0")[0].strip())
        return struct.unpack("f", struct.pack("f", stated))[0] if dtype_of(layout) == "float32" else stated
    except ValueError:
        return None
    except OverflowError:  # the largest number of 32 bits, written with too few digits
        return math.copysign(_MOST_32, stated) if abs(stated) < _MOST_32 * (1 + 1e-9) else stated
