"""Copies of images, named by their SHA-256 and checked at every reading; with where each came from, and when."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from siteline.guard.files import make_folder, read_bytes, trouble, write_bytes
from siteline.model.errors import DigestMismatch, FileTrouble

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pieces (key TEXT PRIMARY KEY NOT NULL, href TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, fetched_at TEXT NOT NULL, about TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pieces_by_href ON pieces (href);
"""


_writing = threading.Lock()  # temporary files are named by process and target: one thread at a time writes


class VaultTrouble(FileTrouble):
    """A copy cannot be kept: the folder, not the image, is the matter."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One copy: ``href`` it came from (without secrets), its SHA-256, ``fetched_at`` (UTC), ``about``: what it is of."""

    key: str
    href: str
    sha256: str
    length: int
    fetched_at: str
    about: Mapping[str, Any]


class Vault:
    """A folder of copies. Safe for threads and for several processes at once; a kill at any moment loses no copy."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made when the first copy is kept."""
        self.folder = folder
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the index."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def put(self, key: str, href: str, data: bytes, about: Mapping[str, Any]) -> Entry:
        """Keep ``data`` under ``key``; what was there under it is replaced in the index. Raises ``VaultTrouble``.

        Two files of the same bytes have one copy.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with _written(), _writing:
            if not _holds(path, digest):
                make_folder(path.parent)
                write_bytes(path, data)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = Entry(key, href, digest, len(data), at, about)
        text = json.dumps(about, sort_keys=True, ensure_ascii=False)
        with _written(), self._index(make=True) as db:
            if db is not None:
                row = (key, href, digest, len(data), at, text)
                db.execute("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
        return entry

    def find(self, href: str) -> tuple[Entry, ...]:
        """The copies made of ``href`` that are there, the latest first. Raises ``FileTrouble``."""
        found = self._entries("WHERE href = ? ORDER BY fetched_at DESC, key", (href,))
        return tuple(entry for entry in found if self.path(entry).exists())

    def entries(self) -> tuple[Entry, ...]:
        """Every copy. Raises ``FileTrouble``."""
        return self._entries("ORDER BY href, key", ())

    def read(self, entry: Entry) -> bytes:
        """The bytes of a copy, if they are still those that were kept. Raises ``DigestMismatch``, ``FileTrouble``."""
        path = self._path(entry.sha256)
        data = read_bytes(path)
        found = hashlib.sha256(data).hexdigest()
        if found != entry.sha256:
            raise DigestMismatch(path, entry.sha256, found)
        return data

    def path(self, entry: Entry) -> Path:
        """Where a copy lies."""
        return self._path(entry.sha256)

    def forget(self, entry: Entry) -> None:
        """Take a copy out of the index, so that it is fetched anew. Raises ``VaultTrouble``.

        Its bytes stay while another file has the same, unless they are not what was kept: then all of them are due anew.
        """
        path = self._path(entry.sha256)
        with _written(), self._index(make=False) as db:
            if db is None:
                return
            db.execute("DELETE FROM pieces WHERE key = ?", (entry.key,))
            others = db.execute("SELECT count(*) FROM pieces WHERE sha256 = ?", (entry.sha256,)).fetchone()[0]
            if not others or not _holds(path, entry.sha256):
                path.unlink(missing_ok=True)

    def problems(self) -> Iterator[FileTrouble]:
        """Every copy that is gone or is not what was kept."""
        for entry in self.entries():
            try:
                self.read(entry)
            except FileTrouble as error:
                yield error

    def keep_part(self, name: str, data: bytes) -> None:
        """Keep a part of a copy that is still being fetched. Raises ``VaultTrouble``."""
        path = self._part(name)
        with _written(), _writing:
            make_folder(path.parent)
            write_bytes(path, hashlib.sha256(data).digest() + data)

    def part(self, name: str) -> bytes | None:
        """A part kept earlier, None where there is none or it is not whole."""
        try:
            raw = read_bytes(self._part(name))
        except FileTrouble:
            return None
        return raw[32:] if hashlib.sha256(raw[32:]).digest() == raw[:32] else None

    def drop_part(self, name: str) -> None:
        """Remove a part that is not needed any more."""
        with _written():
            self._part(name).unlink(missing_ok=True)

    def _part(self, name: str) -> Path:
        return self.folder / "parts" / hashlib.sha256(name.encode()).hexdigest()

    def _path(self, digest: str) -> Path:
        return self.folder / "pieces" / digest[:2] / f"{digest[2:]}.tif"

    def _entries(self, where: str, values: tuple[str, ...]) -> tuple[Entry, ...]:
        with self._index(make=False) as db:
            if db is None:
                return ()
            rows = db.execute(f"SELECT key, href, sha256, bytes, fetched_at, about FROM pieces {where}", values).fetchall()
        return tuple(Entry(key, source, digest, n, at, json.loads(about)) for key, source, digest, n, at, about in rows)

    @contextmanager
    def _index(self, *, make: bool) -> Iterator[sqlite3.Connection | None]:
        path = self.folder / "index.sqlite"
        with self._lock:
            try:
                if self._db is None and (make or path.exists()):
                    self._db = self._connected(path, make)
                yield self._db
            except sqlite3.Error as error:
                raise FileTrouble(
                    path, f"the index of copies cannot be used ({error})", "move it away; fetch again"
                ) from error
            except OSError as error:
                raise trouble(path, error) from error

    def _connected(self, path: Path, make: bool) -> sqlite3.Connection:
        """The index; of a folder that cannot be written, such as one on a disc, as it is."""
        if not make and not os.access(self.folder, os.W_OK):
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        make_folder(self.folder)
        db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(_SCHEMA)
        except sqlite3.Error:
            db.close()
            raise
        return db


def _holds(path: Path, digest: str) -> bool:
    """Whether ``path`` is there with the bytes of ``digest``."""
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest() == digest
    except FileTrouble:
        return False


@contextmanager
def _written() -> Iterator[None]:
    """What goes wrong in the block as ``VaultTrouble``."""
    try:
        yield
    except FileTrouble as error:
        raise VaultTrouble(error.path, error.reason, error.remedy) from error
    except OSError as error:
        told = trouble(Path(error.filename or "."), error)
        raise VaultTrouble(told.path, told.reason, told.remedy) from error
