"""Holes: zeros inside a compressed block where bytes did not come, which many decoders take for pixels (row 5).

libtiff stops when a block's pixels are full and never looks at the checksum of a deflate stream, and WebP takes any bytes.
So a block with a run of zeros is judged here before it is decoded. The longest runs that sound blocks have were measured on
constant, sparse, striped and noisy tiles of 512 to 4096 px: PackBits 4 bytes, WebP one byte in 10,000 px, Zstandard 2,153
(it keeps stretches of noise as they are, zeros in them too), JPEG as long as the area is flat.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal

Verdict = Literal["sound", "doubtful", "broken"]

HOLE: Final = 64
"""Shortest run of zero bytes that is looked into."""

_DEFLATE: Final = frozenset({8, 32946})
_JPEG, _PACKBITS, _ZSTD, _WEBP = 7, 32773, 50000, 50001
_NEVER_IN_PACKBITS: Final = 192
_WEBP_BYTES: Final = 8192  # of pixels, for which a byte of zeros is let pass


def judge(data: bytes, compression: int, most: int) -> Verdict:
    """Whether a compressed block has a hole. ``most``: bytes that it may unpack to.

    "doubtful": a run of zeros is there that may be right, and nothing here tells. LZW, LZMA and LERC have none: their
    decoders notice; that of JPEG warns (see ``gdal.listening``).
    """
    if not data.strip(b"\0"):
        return "broken"
    if bytes(HOLE) not in data:
        return "sound"
    if compression in _DEFLATE:
        return "sound" if _whole(data, most) else "broken"
    never = {_PACKBITS: _NEVER_IN_PACKBITS, _WEBP: max(HOLE, most // _WEBP_BYTES)}.get(compression)
    if never is not None and bytes(never) in data:
        return "broken"
    return "doubtful" if compression in (_JPEG, _PACKBITS, _ZSTD, _WEBP) else "sound"


def _whole(data: bytes, most: int) -> bool:
    """Whether a zlib stream ends where it should, with the checksum it states (RFC 1950, 2.2)."""
    stream = zlib.decompressobj()
    try:
        stream.decompress(data, most + HOLE)
    except zlib.error:
        return False
    return stream.eof
