"""Writing the files of a figure: all are finished before the first is written, each replaces its predecessor at once."""

from __future__ import annotations

import hashlib
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
    """``text`` as a part of a file name: letters and digits of any script, dot, hyphen and underscore, at most 60.

    Where that loses something a few digits of its SHA-256 are added, so that two names never share a file.
    """
    plain = re.sub(r"[^\w.-]+", "_", text)[:60].strip("._")
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".lstrip("-")
