"""Headers of TIFF and BigTIFF files (TIFF 6.0; BigTIFF as in libtiff 4), read strictly, believed no further than checked.

Only the header is read here. GDAL never sees it: ``guard.tiffcut`` writes another one around the blocks that are needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from siteline.guard.bytesource import ByteSource, ShortFile
from siteline.guard.tiffhead import SIZES, BadTiff, Header, NotTiff, Tag

__all__ = ["BadTiff", "Header", "Layout", "Level", "NotTiff", "Tag", "block_ranges", "read_layout"]

_MAX_LEVELS: Final = 64
_MAX_ENTRIES: Final = 512
_MAX_TAG: Final = 64 * 1024 * 1024
_MAX_SIDE: Final = 2**31 - 1
_CHOP: Final = 64 * 1024
_MAX_RATIO: Final = 20_000
_MAX_CLAIM: Final = 64 * 2**30
"""A file that claims more than this many bytes, and this many times its own size, is refused (row 15)."""

COMPRESSIONS: Final = {1, 5, 7, 8, 32773, 32946, 34887, 34925, 50000, 50001}
"""None, LZW, JPEG, deflate (two codes), PackBits, LERC, LZMA, Zstandard, WebP."""

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, EXTRA, FORMAT = 322, 323, 324, 325, 338, 339
SUBFILE, NODATA, SCALE, TIEPOINT, MATRIX, GEOKEYS, GEODOUBLES, GEOASCII = (
    254,
    42113,
    33550,
    33922,
    34264,
    34735,
    34736,
    34737,
)


@dataclass(frozen=True, slots=True)
class Level:
    """One image of the file: the whole, an overview, or a mask, in ``across`` x ``down`` blocks (tiles or strips)."""

    tags: Mapping[int, Tag]
    width: int
    height: int
    block_width: int
    block_height: int
    tiled: bool
    samples: int
    bits: tuple[int, ...]
    compression: int
    separate: bool
    subfile: int
    chopped: bool = False
    """One strip of the file that is not compressed is taken as many, so that a window needs but some of it."""

    @property
    def block_bytes(self) -> int:
        """Bytes of one block when decoded: a number of less than 8 bits takes a byte, and so on."""
        samples = 1 if self.separate else self.samples
        return self.block_width * self.block_height * samples * next(n for n in (1, 2, 4, 8, 16) if max(self.bits) <= 8 * n)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a strip that is not compressed."""
        return -(-self.width * (self.bits[0] if self.separate else sum(self.bits)) // 8)

    @property
    def across(self) -> int:
        """Blocks in a row."""
        return -(-self.width // self.block_width)

    @property
    def down(self) -> int:
        """Rows of blocks."""
        return -(-self.height // self.block_height)

    @property
    def is_mask(self) -> bool:
        """Whether this is a transparency mask of another image."""
        return bool(self.subfile & 4)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a TIFF holds: ``levels`` from the whole image to its coarsest overview, and the mask of each where it has one."""

    header: Header
    levels: tuple[Level, ...]
    masks: tuple[Level | None, ...]


def read_layout(source: ByteSource) -> Layout:
    """Read and check the header of ``source``. Raises ``NotTiff``, ``BadTiff`` and what the source raises."""
    header = Header(source)
    try:
        images = list(_levels(header))
    except (struct.error, ShortFile) as error:
        raise BadTiff(f"its header is damaged ({error})") from None
    whole = next((level for level in images if not level.subfile & 5), None)
    if whole is None:
        raise BadTiff("it holds no image")
    pictures = [level for level in images if level.subfile & 1 and not level.is_mask]
    same = [one for one in pictures if (one.samples, one.bits) == (whole.samples, whole.bits) and _smaller(one, whole)]
    kept = [whole, *sorted(same, key=lambda level: -level.width)]
    by_size = {(level.width, level.height): level for level in images if level.is_mask}
    return Layout(header, tuple(kept), tuple(by_size.get((level.width, level.height)) for level in kept))


def _smaller(level: Level, whole: Level) -> bool:
    """Whether ``level`` can be an overview of ``whole``: smaller, and of the same shape as far as whole pixels go."""
    if (
        level.width > whole.width
        or level.height > whole.height
        or (level.width, level.height) == (whole.width, whole.height)
    ):
        return False
    factor = max(whole.width / level.width, whole.height / level.height)
    return abs(whole.width - level.width * factor) <= 2 * factor and abs(whole.height - level.height * factor) <= 2 * factor


def _levels(header: Header) -> Iterator[Level]:
    seen: set[int] = set()
    at = header.first
    while at:
        if at in seen or len(seen) >= _MAX_LEVELS:
            raise BadTiff("its directories run in a circle, or there are too many")
        seen.add(at)
        tags, at = _directory(header, at)
        yield _level(header, tags)


def _directory(header: Header, at: int) -> tuple[dict[int, Tag], int]:
    count = header.unpack("Q" if header.big else "H", at)[0]
    if not 1 <= count <= _MAX_ENTRIES:
        raise BadTiff(f"a directory has {count:,} entries")
    size, start = (20, at + 8) if header.big else (12, at + 2)
    raw = header.read(start, count * size)
    tags: dict[int, Tag] = {}
    for n in range(count):
        form = header.order + ("HHQ" if header.big else "HHI")
        number, kind, length = struct.unpack_from(form, raw, n * size)
        if kind not in SIZES:
            continue  # a kind of value nobody knows: its tag is not used
        place = start + n * size + (12 if header.big else 8)
        inline = 8 if header.big else 4
        if SIZES[kind] * length > _MAX_TAG:
            raise BadTiff(f"a tag claims {SIZES[kind] * length:,} bytes")
        if SIZES[kind] * length > inline:
            place = header.unpack("Q" if header.big else "I", place)[0]
        tags[number] = Tag(kind, length, place)
    return tags, header.unpack("Q" if header.big else "I", start + count * size)[0]


def _level(header: Header, tags: Mapping[int, Tag]) -> Level:
    def one(number: int, default: int | None = None) -> int:
        tag = tags.get(number)
        if tag is None or tag.count == 0:
            if default is None:
                raise BadTiff(f"tag {number} is missing")
            return default
        return header.some(tag, 0, 1)[0]

    width, height, samples = one(WIDTH), one(HEIGHT), one(SAMPLES, 1)
    if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE and 1 <= samples <= 65_535):
        raise BadTiff(f"it claims {width:,} x {height:,} px and {samples:,} bands")
    tiled = TILE_OFFSETS in tags
    block_width = one(TILE_WIDTH) if tiled else width
    block_height = one(TILE_HEIGHT) if tiled else min(one(ROWS_PER_STRIP, 2**32 - 1), height)
    if not (1 <= block_width <= _MAX_SIDE and 1 <= block_height <= _MAX_SIDE):
        raise BadTiff(f"it claims blocks of {block_width:,} x {block_height:,} px")
    if tiled and (block_width > 65_536 or block_height > 65_536):
        raise BadTiff(f"it claims tiles of {block_width:,} x {block_height:,} px")
    bits = _bits(header, tags.get(BITS), samples)
    compression = one(COMPRESSION, 1)
    if compression not in COMPRESSIONS:
        raise BadTiff(f"its compression (code {compression}) is not read here", unusual=True)
    separate = samples > 1 and one(PLANAR, 1) == 2
    level = Level(
        tags, width, height, block_width, block_height, tiled, samples, bits, compression, separate, one(SUBFILE, 0)
    )
    _plausible(header, level)
    return _chopped(level, one(PHOTOMETRIC, 1))


def _chopped(level: Level, photometric: int) -> Level:
    """``level`` with a single large strip taken as strips of about 64 kB; not where colours share rows (YCbCr)."""
    rows = max(1, _CHOP // level.row_bytes)
    if level.tiled or level.compression != 1 or photometric == 6 or level.down > 1 or rows >= level.height:
        return level
    return replace(level, block_height=rows, chopped=True)


def _bits(header: Header, tag: Tag | None, samples: int) -> tuple[int, ...]:
    if tag is None:
        return (1,) * samples
    if tag.count not in (1, samples):
        raise BadTiff("its bits per sample do not fit its bands")
    bits = header.some(tag, 0, tag.count)
    if any(b not in range(1, 129) for b in bits):
        raise BadTiff("its bits per sample cannot be")
    return bits * samples if tag.count == 1 else bits


def _plausible(header: Header, level: Level) -> None:
    offsets = level.tags.get(TILE_OFFSETS if level.tiled else STRIP_OFFSETS)
    counts = level.tags.get(TILE_COUNTS if level.tiled else STRIP_COUNTS)
    if offsets is None or counts is None:
        raise BadTiff("it does not say where its blocks lie")
    blocks = level.across * level.down * (level.samples if level.separate else 1)
    if offsets.count < blocks or counts.count < blocks:
        raise BadTiff(f"it has {blocks:,} blocks and says of {min(offsets.count, counts.count):,} where they lie")
    claimed = level.width * level.height * sum(level.bits) // 8
    size = header.source.size
    if size is not None and claimed > _MAX_CLAIM and claimed > size * _MAX_RATIO:
        raise BadTiff(f"it claims {claimed / 1e9:,.0f} GB of pixels in a file of {size / 1e6:,.1f} MB", "refused")


def block_ranges(layout: Layout, level: Level, numbers: range) -> list[tuple[int, int]]:
    """(offset, length) of neighbouring blocks; length 0 where the file leaves a block out (row 13). Raises ``BadTiff``."""
    if level.chopped:
        plane = numbers.start // level.down
        ((start, length),) = _stated(layout, level, range(plane, plane + 1))
        return [_slice(level, start, length, number - plane * level.down) for number in numbers]
    return _stated(layout, level, numbers)


def _stated(layout: Layout, level: Level, numbers: range) -> list[tuple[int, int]]:
    offsets = level.tags[TILE_OFFSETS if level.tiled else STRIP_OFFSETS]
    counts = level.tags[TILE_COUNTS if level.tiled else STRIP_COUNTS]
    try:
        starts = layout.header.some(offsets, numbers.start, len(numbers))
        lengths = layout.header.some(counts, numbers.start, len(numbers))
    except (struct.error, ShortFile) as error:
        raise BadTiff(f"its list of blocks is damaged ({error})") from None
    if min(starts) < 0 or min(lengths) < 0:
        raise BadTiff("its list of blocks holds negative numbers")
    return [(start, length if start else 0) for start, length in zip(starts, lengths, strict=True)]


def _slice(level: Level, start: int, length: int, number: int) -> tuple[int, int]:
    """A part of the one strip that begins at ``start``."""
    first = number * level.block_height
    rows = min(level.block_height, level.height - first)
    if length and (first + rows) * level.row_bytes > length:
        raise BadTiff(f"it is cut off: its strip of {length:,} bytes ends before row {first + rows:,}", "truncated")
    return start + first * level.row_bytes, rows * level.row_bytes if length else 0
