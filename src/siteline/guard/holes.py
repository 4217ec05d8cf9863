"""Holes: zeros inside a compressed block where bytes did not come, which many decoders take for pixels (row 5).

libtiff stops when a block's pixels are full and never looks at the checksum of a deflate stream, and WebP takes any bytes.
So a block with a run of zeros is judged here before it is decoded. The longest runs that sound blocks have were measured on
constant, sparse, striped and noisy tiles of 512 px: WebP 28 bytes, PackBits 4, Zstandard 281.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal

Verdict = Literal["sound", "doubtful", "broken"]

HOLE: Final = 64
"""Shortest run of zero bytes that is looked into."""

_DEFLATE: Final = frozenset({8, 32946})
_JPEG: Final = 7
_NEVER: Final = {50001: HOLE, 32773: 192, 50000: 2048}
"""WebP, PackBits, Zstandard: the run of zeros that no sound block has."""


def judge(data: bytes, compression: int, most: int) -> Verdict:
    """Whether a compressed block has a hole. ``most``: bytes that it may unpack to.

    "doubtful": a run of zeros is there that may be right, and nothing tells; so it is with JPEG, whose flat areas are
    zeros. LZW, LZMA and LERC have none: their decoders notice.
    """
    if bytes(HOLE) not in data:
        return "sound" if data.strip(b"\0") else "broken"
    if not data.strip(b"\0"):
        return "broken"
    if compression in _DEFLATE:
        return "sound" if _whole(data, most) else "broken"
    if compression in _NEVER:
        return "broken" if bytes(_NEVER[compression]) in data else "doubtful"
    return "doubtful" if compression == _JPEG else "sound"


def _whole(data: bytes, most: int) -> bool:
    """Whether a zlib stream ends where it should, with the checksum it states (RFC 1950, 2.2)."""
    stream = zlib.decompressobj()
    try:
        stream.decompress(data, most + HOLE)
    except zlib.error:
        return False
    return stream.eof
