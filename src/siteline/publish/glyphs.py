"""Which characters the bundled fonts can draw, how wide a text is, and what to do with the rest.

The fonts are plain TrueType; three of their tables are read here, so that the figures can keep labels apart and the PDF
can say honestly what it cannot print. OpenType specification, chapters ``cmap`` (format 4), ``hmtx`` and ``head``.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST = 2000
"""Characters of one text field that are printed; longer fields are cut and say so."""


class UnprintableText(UserWarning):
    """The PDF lacks glyphs for some characters of the data; they were printed as code points, the HTML shows them."""


@dataclass(frozen=True, slots=True)
class Face:
    """One font: advance width by code point, in units of ``em`` per em square."""

    advances: dict[int, int]
    em: int

    def width(self, text: str, size: float) -> float:
        """Width of ``text`` set at ``size`` (same unit as ``size``), without kerning; unknown characters count one em."""
        return sum(self.advances.get(ord(c), self.em) for c in text) * size / self.em


def font_bytes(name: str) -> bytes:
    """Content of a bundled font file, such as ``FiraSans-Regular.ttf``."""
    return files("siteline.publish").joinpath("fonts", name).read_bytes()


@cache
def face(name: str) -> Face:
    """The bundled face ``name`` (file name without ending)."""
    raw = font_bytes(f"{name}.ttf")
    tables = {}
    for i in range(struct.unpack_from(">H", raw, 4)[0]):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", raw, 12 + 16 * i)
        tables[tag] = offset
    (em,) = struct.unpack_from(">H", raw, tables[b"head"] + 18)
    (metrics,) = struct.unpack_from(">H", raw, tables[b"hhea"] + 34)
    widths = struct.unpack_from(">" + "Hh" * metrics, raw, tables[b"hmtx"])[::2]
    glyphs = _cmap(raw, tables[b"cmap"])
    return Face({code: widths[min(glyph, metrics - 1)] for code, glyph in glyphs.items()}, em)


def clean(text: str) -> str:
    """``text`` safe to put in any document: no control or direction-override characters, cut at ``LONGEST``.

    Direction overrides are dropped because they could make a text read differently from what it says; the documents
    isolate each field instead. A number keeps together with its per cent sign.
    """
    cut = text[: LONGEST + 1]
    kept = "".join(_safe(c) for c in cut[:LONGEST] if c not in _BIDI_CONTROLS).replace(" %", "\u00a0%")
    if len(text) > LONGEST:
        kept += f" … (cut here; {len(text):,} characters in the case file)"
    return kept


def printable(text: str) -> tuple[str, int]:
    """``text`` with what no bundled font can draw written as code points, and how many characters that were.

    A run of such characters becomes ``[U+6771 U+5009]``, at most four named and the rest counted.
    """
    known = face("FiraSans-Regular").advances
    out: list[str] = []
    run: list[str] = []
    missing = 0
    for char in (*text, ""):
        if char and char != "\n" and ord(char) not in known:
            run.append(f"U+{ord(char):04X}")
            missing += 1
            continue
        if run:
            more = f" and {len(run) - 4} more" if len(run) > 4 else ""
            out.append(f"[{' '.join(run[:4])}{more}]")
            run = []
        out.append(char)
    return "".join(out), missing


def _safe(char: str) -> str:
    if char in "\n\t\r":
        return " "
    return "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") or ord(char) in (0xFFFE, 0xFFFF) else char


def _cmap(raw: bytes, base: int) -> dict[int, int]:
    (count,) = struct.unpack_from(">H", raw, base + 2)
    for i in range(count):
        _, _, offset = struct.unpack_from(">HHL", raw, base + 4 + 8 * i)
        if struct.unpack_from(">H", raw, base + offset)[0] == 4:
            return _format4(raw, base + offset)
    return {}


def _format4(raw: bytes, at: int) -> dict[int, int]:
    segments = struct.unpack_from(">H", raw, at + 6)[0] // 2
    form = f">{segments}H"
    ends = struct.unpack_from(form, raw, at + 14)
    starts = struct.unpack_from(form, raw, at + 16 + 2 * segments)
    deltas = struct.unpack_from(form, raw, at + 16 + 4 * segments)
    ranges_at = at + 16 + 6 * segments
    ranges = struct.unpack_from(form, raw, ranges_at)
    found: dict[int, int] = {}
    for i, (start, end, delta, shift) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if shift:
                (glyph,) = struct.unpack_from(">H", raw, ranges_at + 2 * i + shift + 2 * (code - start))
                if glyph == 0:
                    continue
            if glyph := (glyph + delta) & 0xFFFF:
                found[code] = glyph
    return found
