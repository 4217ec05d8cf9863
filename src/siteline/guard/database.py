"""Opening SQLite files: read-only where they cannot be written, and every refusal in plain words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from siteline.guard.files import trouble, unreadable
from siteline.model.errors import CaseBusy, FileTrouble, NotACase

_READ_ONLY = ("the case cannot be written here, it is open for reading only", "copy it to a folder that can be written")
_NO_CASE = "check the path, or make a case: siteline import FOLDER CASE.gpkg"
_REASONS = {
    "SQLITE_FULL": ("the disk is full", "free some space and run again; nothing was changed"),
    "SQLITE_IOERR": ("the disk refused to read or write", "check the disk and its free space; nothing was changed"),
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CANTOPEN": ("cannot be opened", "check the path and the permissions of its folder"),
    "SQLITE_CORRUPT": ("the file is damaged", "restore it from a copy, or export what can still be read"),
    "SQLITE_TOOBIG": ("a value is too large for the case", "shorten it; nothing was changed"),
}


def new_database(path: Path | None) -> sqlite3.Connection:
    """A fresh database at ``path``, or a private one that vanishes when closed.

    It is made without rollback or syncs: whoever makes it throws it away on any failure. Raises ``FileTrouble``.
    """
    try:
        if path is not None:
            path.touch(exist_ok=False)
        db = sqlite3.connect("" if path is None else path, isolation_level=None)
    except OSError as error:
        raise trouble(path or Path(), error) from error
    db.execute("PRAGMA journal_mode=OFF")
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA foreign_keys=ON")
    return db


def open_database(path: Path, wait_s: float) -> tuple[sqlite3.Connection, bool]:
    """Open an existing database; returns it and whether it can only be read.

    ``wait_s``: seconds to wait for another writer. Raises ``FileTrouble``, ``NotACase``.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise unreadable(path, error, _NO_CASE) from error
    if head != b"SQLite format 3\0":
        raise NotACase(path, "is not a siteline case", "make one with: siteline import FOLDER CASE.gpkg")
    read_only = not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
    wal = path.with_name(path.name + "-wal")
    # "immutable" needs no lock files beside the case, but would overlook what still lies in a write-ahead log.
    mode = ("mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1") if read_only else "mode=rw"
    with translated(path):
        uri = f"file:{quote(os.fsencode(path.resolve()))}?{mode}"
        db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=wait_s)
        try:
            db.execute("PRAGMA foreign_keys=ON")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            db.close()
            raise
    return db, read_only


def refuse_writing(path: Path) -> FileTrouble:
    """The failure of a write to a case that could only be opened for reading."""
    return FileTrouble(path, *_READ_ONLY)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into ``FileTrouble``, ``CaseBusy`` or ``NotACase`` for ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _trouble(path, error) from error


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction: all of the block or nothing of it. Raises ``CaseBusy`` when another program is writing."""
    with translated(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def _trouble(path: Path, error: sqlite3.Error) -> FileTrouble:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return CaseBusy(path, "another program is writing to the case", "wait until it has finished and run again")
    if name == "SQLITE_NOTADB":
        return NotACase(path, "is not a siteline case", "make one with: siteline import FOLDER CASE.gpkg")
    for prefix, words in _REASONS.items():
        if name.startswith(prefix):
            return FileTrouble(path, *words)
    return FileTrouble(path, f"the database answered: {error}", "nothing was changed; check it with: siteline check")
