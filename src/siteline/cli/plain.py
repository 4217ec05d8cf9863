"""Text from data, made harmless for a terminal."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Invisible, but part of how Persian, Indic scripts and emoji are written."""


def clean(text: str, *, lines: bool = False) -> str:
    """``text`` without anything that could drive a terminal or turn its direction round.

    Control, format and unassigned characters become U+FFFD; tabs and line breaks become spaces, unless ``lines`` keeps
    the breaks.
    """
    return "".join(_harmless(c, lines) for c in text)


def _harmless(c: str, lines: bool) -> str:
    if c.isprintable() or c in _JOINERS or (lines and c == "\n"):
        return c
    return " " if c.isspace() else "\N{REPLACEMENT CHARACTER}"


def quoted(path: Path) -> str:
    """A path as it can be pasted into a shell."""
    return shlex.quote(clean(str(path)))


def plural(count: int, one: str, many: str = "") -> str:
    """``1 scene``, ``2 scenes``; thousands with a comma."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
