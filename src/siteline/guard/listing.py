"""What lies in a folder, read to its end: names only, links that lead out of it not followed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from siteline.guard.files import unreadable

MAX_FILES: Final = 1_000_000
"""Most files that are listed below one folder."""

MAX_DEPTH: Final = 60
"""Most levels of folders that are entered."""


@dataclass(slots=True)
class Listing:
    """``files``: paths below ``root`` (posix, sorted) with their sizes in bytes. ``skipped``: what was not followed and why.

    ``hidden``: files and folders whose name begins with a dot. ``whole`` is False where something could not be listed: then
    files may be missing.
    """

    root: Path
    files: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    hidden: int = 0
    whole: bool = True


def files_below(folder: Path) -> Listing:
    """Every regular file below ``folder``, in a fixed order. Raises ``FileTrouble`` where ``folder`` itself cannot be read.

    Hidden files and folders are counted, not listed. A link to a file is listed when its target lies in the folder.
    """
    listing = Listing(folder.resolve())
    try:
        _walk(listing.root, "", listing, 0)
    except OSError as error:
        raise unreadable(folder, error) from error
    listing.files = {name: listing.files[name] for name in sorted(listing.files)}
    listing.skipped.sort()
    return listing


def _walk(folder: Path, prefix: str, listing: Listing, depth: int) -> None:
    with os.scandir(folder) as entries:
        held = sorted(entries, key=lambda entry: entry.name)
    for entry in held:
        name = f"{prefix}{entry.name}"
        if entry.name.startswith("."):
            listing.hidden += 1
        elif not _printable(name):
            listing.skipped.append(f"{name!r}: its name is not UTF-8 text; rename it")
        elif entry.is_dir(follow_symlinks=False):
            _below(Path(entry.path), name, listing, depth)
        elif reason := _not_followed(entry, listing.root):
            listing.skipped.append(f"{name}: {reason}")
        elif entry.is_file():
            _keep(entry, name, listing)


def _keep(entry: os.DirEntry[str], name: str, listing: Listing) -> None:
    if len(listing.files) < MAX_FILES:
        try:
            listing.files[name] = entry.stat().st_size
        except OSError as error:
            listing.skipped.append(f"{name}: {error.strerror}")
    elif listing.whole:
        listing.whole = False
        listing.skipped.append(f"the folder has more than {MAX_FILES} files; the rest was not listed: name a part of it")


def _below(folder: Path, name: str, listing: Listing, depth: int) -> None:
    if depth >= MAX_DEPTH:
        listing.whole = False
        listing.skipped.append(f"{name}: more than {MAX_DEPTH} folders deep; what is below was not listed")
        return
    try:
        _walk(folder, f"{name}/", listing, depth + 1)
    except OSError as error:
        listing.whole = False
        listing.skipped.append(f"{name}: could not be listed ({error.strerror}); check its permissions")


def _not_followed(entry: os.DirEntry[str], root: Path) -> str:
    if not entry.is_symlink():
        return ""
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    if not target.is_relative_to(root):
        return "a link that leads out of the folder was not followed"
    return "a link to a folder was not followed" if target.is_dir() else ""


def _printable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
