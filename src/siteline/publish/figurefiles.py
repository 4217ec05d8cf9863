"""Writing the files of a figure: all are finished before the first is written, each replaces its predecessor at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from siteline.guard.files import trouble, write_bytes


def write_figures(out: Path, made: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write ``made`` (content by file name) into the folder ``out``, made if missing. Raises ``FileTrouble``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(out, error) from error
    for name, content in made.items():
        write_bytes(out / name, content)
    return tuple(out / name for name in made)


def slug(text: str) -> str:
    """``text`` as a part of a file name: letters, digits, dot, hyphen and underscore, at most 80."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:80].strip("._") or "structure"
