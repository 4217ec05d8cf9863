"""Copies of images, named by their SHA-256 and checked at every reading; with where each came from, and when."""

from __future__ import annotations

import hashlib
import json
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
        """Keep ``data`` under ``key``; what was there under it is replaced in the index. Raises ``FileTrouble``."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with self._lock:  # two files of the same bytes have one copy: one thread at a time may write it
            if not path.exists():
                make_folder(path.parent)
                write_bytes(path, data)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = Entry(key, href, digest, len(data), at, about)
        text = json.dumps(about, sort_keys=True, ensure_ascii=False)
        with self._index(make=True) as db:
            if db is not None:
                row = (key, href, digest, len(data), at, text)
                db.execute("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?)", row)
        return entry

    def find(self, href: str) -> tuple[Entry, ...]:
        """The copies made of ``href``. Raises ``FileTrouble``."""
        return self._entries("WHERE href = ? ORDER BY key", (href,))

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
        """Take a copy out of the index, so that it is fetched anew. Raises ``FileTrouble``."""
        with self._index(make=False) as db:
            if db is not None:
                db.execute("DELETE FROM pieces WHERE key = ?", (entry.key,))
        self._path(entry.sha256).unlink(missing_ok=True)

    def problems(self) -> Iterator[FileTrouble]:
        """Every copy that is gone or is not what was kept."""
        for entry in self.entries():
            try:
                self.read(entry)
            except FileTrouble as error:
                yield error

    def keep_part(self, name: str, data: bytes) -> None:
        """Keep a part of a copy that is still being fetched. Raises ``FileTrouble``."""
        path = self.folder / "parts" / hashlib.sha256(name.encode()).hexdigest()
        make_folder(path.parent)
        write_bytes(path, hashlib.sha256(data).digest() + data)

    def part(self, name: str) -> bytes | None:
        """A part kept earlier, None where there is none or it is not whole."""
        path = self.folder / "parts" / hashlib.sha256(name.encode()).hexdigest()
        if not path.exists():
            return None
        raw = read_bytes(path)
        return raw[32:] if hashlib.sha256(raw[32:]).digest() == raw[:32] else None

    def drop_part(self, name: str) -> None:
        """Remove a part that is not needed any more."""
        (self.folder / "parts" / hashlib.sha256(name.encode()).hexdigest()).unlink(missing_ok=True)

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
                    make_folder(self.folder)
                    self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
                    self._db.execute("PRAGMA journal_mode=WAL")
                    self._db.executescript(_SCHEMA)
                yield self._db
            except sqlite3.Error as error:
                raise FileTrouble(
                    path, f"the index of copies cannot be used ({error})", "move it away; fetch again"
                ) from error
            except OSError as error:
                raise trouble(path, error) from error
