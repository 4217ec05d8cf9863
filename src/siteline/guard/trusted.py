"""Sources this user has named: only those may be local folders or private addresses.

A case may come from somebody else. What it says about where images lie is a document like any other: a folder of this
machine or an address inside its network is opened only if this user once named it as a source, here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from siteline.guard.addresses import Trust
from siteline.guard.files import make_folder, read_text, write_text
from siteline.model.errors import FileTrouble

VARIABLE = "SITELINE_HOME"
"""Environment variable: the folder for what siteline remembers, instead of the user's own data folder."""


def remember(source: str) -> None:
    """Add ``source`` (an address, or the absolute path of a folder) to what this user has named. Raises ``FileTrouble``."""
    known = remembered()
    if source not in known:
        make_folder(_file().parent)
        write_text(_file(), json.dumps([*known, source], indent=1, ensure_ascii=False) + "\n")


def remembered() -> tuple[str, ...]:
    """What this user has named so far; a list that cannot be read counts as empty, which refuses more, never less."""
    try:
        held = json.loads(read_text(_file()))
    except (FileTrouble, ValueError):
        return ()
    return tuple(entry for entry in held if isinstance(entry, str)) if isinstance(held, list) else ()


def trust() -> Trust:
    """The addresses this user has named."""
    return Trust.of(name for name in remembered() if "://" in name)


def folders() -> tuple[Path, ...]:
    """The folders this user has named."""
    return tuple(Path(name) for name in remembered() if "://" not in name)


def _file() -> Path:
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen) / "sources.json"
    from platformdirs import user_data_path

    return user_data_path("siteline") / "sources.json"
