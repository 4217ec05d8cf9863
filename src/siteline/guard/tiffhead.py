"""The head of a TIFF or BigTIFF file: its byte order, its numbers and tags, believed no further than checked."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from siteline.guard.bytesource import ByteSource
from siteline.model.errors import ReadKind

FIRST: Final = 32 * 1024
_MORE: Final = 64 * 1024
_WHOLE_TAG: Final = 512 * 1024
_KEPT: Final = 32
"""Pieces kept beside the first, the latest of them: memory stays bounded however large the lists of blocks are."""

SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES: Final = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}


class NotTiff(Exception):
    """The file does not begin as a TIFF does."""


class BadTiff(Exception):
    """The header is damaged, or claims what cannot be. ``unusual``: it may be sound, only of a kind not read here."""

    def __init__(self, reason: str, kind: ReadKind = "damaged", *, unusual: bool = False) -> None:
        """Keep the ``reason``."""
        self.reason, self.kind, self.unusual = reason, kind, unusual
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a directory: ``kind`` and ``count`` as in the file, ``at``: where its value lies."""

    kind: int
    count: int
    at: int

    @property
    def length(self) -> int:
        """Bytes of the value."""
        return SIZES[self.kind] * self.count


class Header:
    """The bytes of a header, read in pieces that are kept. ``order``: struct's mark of the byte order."""

    def __init__(self, source: ByteSource) -> None:
        """Read the beginning of ``source``. Raises ``NotTiff``, ``BadTiff`` and what the source raises."""
        self.source = source
        start = source.head(FIRST)
        self._pieces: tuple[tuple[int, bytes], ...] = ((0, start),)  # replaced, never changed: read by many threads
        marks = {b"II": "<", b"MM": ">"}
        if len(start) < 8 or start[:2] not in marks:
            raise NotTiff
        self.order = marks[start[:2]]
        version = self.unpack("H", 2)[0]
        if version not in (42, 43):
            raise NotTiff
        self.big = version == 43
        if self.big and self.unpack("HH", 4) != (8, 0):
            raise BadTiff("its BigTIFF header is damaged")
        self.first = self.unpack("Q", 8)[0] if self.big else self.unpack("I", 4)[0]

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes from ``offset``. Raises ``BadTiff`` where the file ends before."""
        if (held := self.held(offset, length)) is not None:
            return held
        return self._get(offset, length)[:length]

    def _get(self, offset: int, length: int) -> bytes:
        size = self.source.size
        if offset < 0 or (size is not None and offset + length > size):
            raise BadTiff(f"it is cut off: its header points at byte {offset + length:,} and it has {size:,}", "truncated")
        piece = self.source.read(offset, length if size is None else min(max(length, _MORE), size - offset))
        first, *others = self._pieces
        self._pieces = (first, *others[-_KEPT + 1 :], (offset, piece))
        return piece

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Numbers at ``offset`` in the file's byte order."""
        whole = self.order + form
        return struct.unpack(whole, self.read(offset, struct.calcsize(whole)))

    def begun(self, offset: int, length: int) -> bytes | None:
        """Bytes of the file's beginning, which is always read first; None where they lie beyond."""
        start = self._pieces[0][1]
        return start[offset : offset + length] if offset + length <= len(start) else None

    def held(self, offset: int, length: int) -> bytes | None:
        """Bytes that were read with the header anyway, None where they were not."""
        for start, piece in self._pieces:
            if start <= offset and offset + length <= start + len(piece):
                return piece[offset - start : offset - start + length]
        return None

    def value(self, tag: Tag) -> bytes:
        """The bytes of a tag's value, in the file's byte order."""
        return self.read(tag.at, tag.length)

    def some(self, tag: Tag, first: int, count: int) -> tuple[int, ...]:
        """``count`` whole numbers of a tag from the ``first``; of a very long one without reading the rest.

        Raises ``BadTiff`` for a tag that holds something else, or fewer.
        """
        code, size = _CODES.get(tag.kind), SIZES[tag.kind]
        if code is None or first + count > tag.count:
            raise BadTiff("a tag that should hold whole numbers holds something else")
        if tag.length <= _WHOLE_TAG and self.held(tag.at + first * size, count * size) is None:
            self._get(tag.at, tag.length)
        raw = self.read(tag.at + first * size, count * size)
        return struct.unpack(f"{self.order}{count}{code}", raw)
