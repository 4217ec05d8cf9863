"""A window of a TIFF as a small TIFF: our own header around the provider's compressed blocks, which are not touched."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siteline.guard import holes, tiff
from siteline.guard.bytesource import ByteSource, Range, ZeroBytes
from siteline.guard.tiff import BadTiff, Layout, Level

_COPIED: Final = (tiff.COMPRESSION, 266, tiff.PREDICTOR, 320, 347, 529, 530, 531, 532, tiff.FORMAT, tiff.NODATA, 50674)
"""Tags that say how blocks are packed or what numbers mean, as they are: order of bits, palette, JPEG, YCbCr, LERC."""

_GEO: Final = (tiff.GEOKEYS, tiff.GEODOUBLES, tiff.GEOASCII)
_MAX_COPIED: Final = 4 * 1024 * 1024
_JPEG: Final = 7
_END_OF_JPEG: Final = b"\xff\xd9"
_GAP: Final = 64 * 1024
_RUN: Final = 8 * 1024 * 1024
"""Blocks are read together across gaps of up to ``_GAP`` bytes, in runs of up to ``_RUN``."""

Entry = tuple[int, int, int, bytes]
"""(tag, kind, count, value)"""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks ``rows`` x ``cols`` of a level that hold a window, of the ``planes`` wanted."""

    level: Level
    rows: range
    cols: range
    planes: tuple[int, ...]
    ranges: tuple[Range, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) in pixels, cut where the image ends."""
        height = min(self.rows.stop * self.level.block_height, self.level.height) - self.rows.start * self.level.block_height
        width = min(self.cols.stop * self.level.block_width, self.level.width) - self.cols.start * self.level.block_width
        return height, width

    @property
    def corner(self) -> tuple[int, int]:
        """(row, column) of the first pixel within the level."""
        return self.rows.start * self.level.block_height, self.cols.start * self.level.block_width

    @property
    def length(self) -> int:
        """Bytes of all blocks."""
        return sum(length for _, length in self.ranges)

    def due(self, layout: Layout) -> list[Range]:
        """The stretches of the file to read for all blocks, but for those that came with the header."""
        return runs([r for r in self.ranges if r[1] and layout.header.begun(*r) is None])


def blocks_of(layout: Layout, level: Level, window: tuple[int, int, int, int], indexes: Sequence[int]) -> Blocks:
    """The blocks that hold ``window`` (first row, first column, rows, columns; inside the level) of bands ``indexes``.

    Raises ``BadTiff`` where the header does not say where they lie, or says they lie beyond the end of the file.
    """
    row, col, height, width = window
    rows = range(row // level.block_height, -(-(row + height) // level.block_height))
    cols = range(col // level.block_width, -(-(col + width) // level.block_width))
    planes = tuple(index - 1 for index in indexes) if level.separate else (0,)
    ranges: list[Range] = []
    for plane in planes:
        for down in rows:
            first = (plane * level.down + down) * level.across + cols.start
            ranges.extend(tiff.block_ranges(layout, level, range(first, first + len(cols))))
    size = layout.header.source.size
    if size is not None and any(start + length > size for start, length in ranges):
        raise BadTiff(f"it is cut off: it has {size:,} bytes and a block that is needed lies beyond them", "truncated")
    return Blocks(level, rows, cols, planes, tuple(ranges))


def runs(ranges: Sequence[Range]) -> list[Range]:
    """The stretches of a file to read for ``ranges`` (those of length 0 left out): near ones together."""
    merged: list[Range] = []
    for start, length in sorted({r for r in ranges if r[1]}):
        if merged:
            first, so_far = merged[-1]
            end = max(first + so_far, start + length)
            if start - (first + so_far) <= _GAP and end - first <= _RUN:
                merged[-1] = (first, end - first)
                continue
        merged.append((start, length))
    return merged


def read_blocks(source: ByteSource, layout: Layout, blocks: Blocks, *, checked: bool = False) -> list[bytes]:
    """The bytes of each block, b"" where the file leaves one out. Raises ``BadTiff`` and what ``source`` raises.

    A block with a hole (see ``guard.holes``) is asked for once more. ``checked``: the bytes are known to be right.
    """
    level = blocks.level
    zeros_ok = checked or level.compression == 1
    held = {r: layout.header.begun(*r) for r in set(blocks.ranges) if r[1]}
    stretches = runs([r for r, data in held.items() if data is None])
    read = dict(zip(stretches, source.read_many(stretches, zeros_ok=zeros_ok), strict=True))
    starts = sorted(read)
    found = {r: _sliced(r, held, read, starts) for r in held}
    if not zeros_ok:
        odd = [r for r, data in found.items() if holes.judge(data, level.compression, level.block_bytes) != "sound"]
        again = source.read_many(odd, zeros_ok=False)
        if any(holes.judge(data, level.compression, level.block_bytes) == "broken" for data in again):
            raise ZeroBytes("a compressed block of it has zero bytes where there must be others")
        found.update(zip(odd, again, strict=True))
    if level.compression == _JPEG and any(_END_OF_JPEG not in data[-64:] for data in found.values()):
        raise BadTiff("a JPEG block of it is cut off", "truncated")  # decoders only warn, and fill the rest with grey
    return [found[r] if r[1] else b"" for r in blocks.ranges]


def _sliced(r: Range, held: dict[Range, bytes | None], read: dict[Range, bytes], starts: list[Range]) -> bytes:
    if (data := held[r]) is not None:
        return data
    start, length = r
    run = next(s for s in reversed(starts) if s[0] <= start and start + length <= s[0] + s[1])
    return read[run][start - run[0] : start - run[0] + length]


def cut(layout: Layout, blocks: Blocks, data: Sequence[bytes], frame: Sequence[float] | None) -> bytes:
    """The small TIFF of ``blocks``, whose bytes are ``data``. Its bands are those wanted where bands lie apart, else all.

    ``frame``: affine coefficients of the level, None where it has none.
    """
    level, header = blocks.level, layout.header
    height, width = blocks.size
    samples = len(blocks.planes) if level.separate else level.samples

    def short(*numbers: int) -> bytes:
        return struct.pack(f"{header.order}{len(numbers)}H", *numbers)

    def long(*numbers: int) -> bytes:
        return struct.pack(f"{header.order}{len(numbers)}I", *numbers)

    bits = tuple(level.bits[p] for p in blocks.planes) if level.separate else level.bits
    photometric, extra = _photometric(layout, level, samples)
    entries: list[Entry] = [
        (tiff.SUBFILE, 4, 1, long(0)),
        (tiff.WIDTH, 4, 1, long(width)),
        (tiff.HEIGHT, 4, 1, long(height)),
        (tiff.BITS, 3, len(bits), short(*bits)),
        (tiff.PHOTOMETRIC, 3, 1, short(photometric)),
        (tiff.SAMPLES, 3, 1, short(samples)),
        (tiff.PLANAR, 3, 1, short(2 if level.separate and samples > 1 else 1)),
    ]
    if extra:
        entries.append((tiff.EXTRA, 3, len(extra), short(*extra)))
    if level.tiled:
        entries += [(tiff.TILE_WIDTH, 4, 1, long(level.block_width)), (tiff.TILE_HEIGHT, 4, 1, long(level.block_height))]
    else:
        entries.append((tiff.ROWS_PER_STRIP, 4, 1, long(min(level.block_height, height))))
    entries += _copied(layout, level, blocks, samples)
    entries += _placed(layout, level, blocks, frame)
    return write_tiff(header.order, entries, data, tiled=level.tiled)


def _photometric(layout: Layout, level: Level, samples: int) -> tuple[int, tuple[int, ...]]:
    """Colour space and what surplus bands are; bands that lie apart, and masks, are plain numbers."""
    tag = level.tags.get(tiff.PHOTOMETRIC)
    stated = layout.header.some(tag, 0, 1)[0] if tag else 1
    if level.separate or level.is_mask:
        return 1, (0,) * (samples - 1)
    colours = {2: 3, 5: 4, 6: 3, 8: 3}.get(stated, 1)
    if samples < colours:
        raise BadTiff(f"its colour space needs {colours} bands and it has {samples}")
    return stated, (0,) * (samples - colours)


def _copied(layout: Layout, level: Level, blocks: Blocks, samples: int) -> list[Entry]:
    copied: list[Entry] = []
    for number in _COPIED:
        tag = level.tags.get(number)
        if tag is None:
            continue
        if tag.length > _MAX_COPIED:
            raise BadTiff(f"tag {number} claims {tag.length:,} bytes")
        kind, count, value = tag.kind, tag.count, layout.header.value(tag)
        if number == tiff.FORMAT and level.separate and count == level.samples:
            width = len(value) // count
            value = b"".join(value[p * width : (p + 1) * width] for p in blocks.planes)
            count = samples
        copied.append((number, kind, count, value))
    return copied


def _placed(layout: Layout, level: Level, blocks: Blocks, frame: Sequence[float] | None) -> list[Entry]:
    """The geo keys of the whole, and where the corner of the blocks lies by ``frame`` (affine of the level)."""
    order, entries = layout.header.order, geo_keys(layout)
    if frame is not None:
        a, b, c, d, e, f = frame
        row, col = blocks.corner
        half = 0.5 if is_point(layout) else 0.0
        x, y = c + a * (col + half) + b * (row + half), f + d * (col + half) + e * (row + half)
        matrix = (a, b, 0.0, x, d, e, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        entries.append((tiff.MATRIX, 12, 16, struct.pack(f"{order}16d", *matrix)))
    return entries


def geo_keys(layout: Layout) -> list[Entry]:
    """The tags that name the CRS. What is no UTF-8 in their names for it becomes question marks: rasterio raises on it."""
    entries: list[Entry] = []
    for number in _GEO:
        if tag := layout.levels[0].tags.get(number):
            if tag.length > _MAX_COPIED:
                raise BadTiff(f"tag {number} claims {tag.length:,} bytes")
            value = layout.header.value(tag)
            if number == tiff.GEOASCII and not _is_utf8(value):
                value = bytes(byte if byte < 128 else ord("?") for byte in value)
            entries.append((number, tag.kind, tag.count, value))
    return entries


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_point(layout: Layout) -> bool:
    """Whether coordinates name centres of pixels (GTRasterTypeGeoKey = RasterPixelIsPoint)."""
    tag = layout.levels[0].tags.get(tiff.GEOKEYS)
    if tag is None or tag.kind != 3 or tag.count > 4096:
        return False
    keys = struct.unpack(f"{layout.header.order}{tag.count}H", layout.header.value(tag))
    return any(keys[n] == 1025 and keys[n + 3] == 2 for n in range(4, tag.count - 3, 4))


def write_tiff(order: str, entries: list[Entry], data: Sequence[bytes], *, tiled: bool) -> bytes:
    """A classic TIFF: header, directory, long values, blocks. Raises ``BadTiff`` beyond 4 GiB."""
    n = len(data)
    offsets, counts = (tiff.TILE_OFFSETS, tiff.TILE_COUNTS) if tiled else (tiff.STRIP_OFFSETS, tiff.STRIP_COUNTS)
    entries = [*entries, (offsets, 4, n, b"\0" * 4 * n), (counts, 4, n, struct.pack(f"{order}{n}I", *map(len, data)))]
    entries.sort(key=lambda entry: entry[0])
    at = 8 + 2 + 12 * len(entries) + 4
    values_at = []
    for _, _, _, value in entries:
        values_at.append(at if len(value) > 4 else 0)
        at += len(value) + len(value) % 2 if len(value) > 4 else 0
    starts = []
    for block in data:
        starts.append(at if block else 0)
        at += len(block)
    if at >= 2**32:
        raise BadTiff("the window is larger than 4 GiB; choose a smaller area", "too large")
    parts = [b"II" if order == "<" else b"MM", struct.pack(f"{order}HIH", 42, 8, len(entries))]
    tail = []
    for (number, kind, count, value), place in zip(entries, values_at, strict=True):
        if number == offsets:
            value = struct.pack(f"{order}{n}I", *starts)
        head = struct.pack(f"{order}HHI", number, kind, count)
        parts.append(head + (struct.pack(f"{order}I", place) if len(value) > 4 else value.ljust(4, b"\0")))
        if len(value) > 4:
            tail.append(value + b"\0" * (len(value) % 2))
    return b"".join([*parts, struct.pack(f"{order}I", 0), *tail, *data])
