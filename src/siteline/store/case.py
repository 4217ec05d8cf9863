"""One case, one file: open it, read it, change it under a name.

Every change happens inside ``writing``: one SQLite transaction, journalled by the file itself, all or nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from siteline.guard.database import new_database, open_database, refuse_writing, transaction, translated
from siteline.guard.files import place_new, remove, temporary_beside, would_overwrite
from siteline.model.errors import BadDate, BadRows, BadSetting, CaseTooNew, FileTrouble, NotACase, RowProblem
from siteline.model.records import CaseData
from siteline.model.settings import Settings
from siteline.model.tables import TABLES
from siteline.store.crosschecks import contradictions
from siteline.store.geometry import bounds
from siteline.store.loading import store_settings
from siteline.store.schema import SCHEMA_VERSION, create_schema, migrate, schema_version, set_writer
from siteline.store.values import case_data, unknown_states

WAIT_S = 5.0
"""Seconds a writer waits for another one before it gives up with ``CaseBusy``."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change: ``at`` (UTC, ISO 8601 to the second), ``who``, ``table`` and ``key`` of the row, ``what`` was done
    (insert, update, delete, migrate; ``run`` for the rows of a derived table, which have no key of their own here), the row
    ``before`` and ``after`` (None where there was or is none)."""

    at: str
    who: str
    table: str
    key: str
    what: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class Case:
    """An open case file. Use it as a context manager, or call ``close``."""

    def __init__(self, path: Path, db: sqlite3.Connection, read_only: bool) -> None:
        """Hold an open database; use ``open`` or ``create``."""
        self.path, self.read_only = path, read_only
        self._db = db

    @classmethod
    def create(cls, path: Path, *, who: str = "siteline", settings: Settings | None = None) -> Case:
        """Make an empty case at ``path`` and open it. Raises ``WouldOverwrite``, ``FileTrouble``."""
        with building(path, who) as db:
            if settings is not None:
                store_settings(db, settings)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, wait_s: float = WAIT_S) -> Case:
        """Open the case at ``path``; one of an older version is brought up to date first.

        Where the file or its folder cannot be written the case is open for reading only. ``wait_s``: see ``WAIT_S``.
        Raises ``FileTrouble``, ``NotACase``, ``CaseTooNew``, ``CaseBusy``.
        """
        db, read_only = open_database(path, wait_s)
        case = cls(path, db, read_only)
        try:
            with translated(path):
                case._check_version()
        except FileTrouble:
            db.close()
            raise
        return case

    def close(self) -> None:
        """Close the file; what is not yet in the main file is moved there by SQLite."""
        self._db.close()

    def __enter__(self) -> Case:
        """The case itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def data(self) -> CaseData:
        """Everything in the case, read in one go.

        Raises ``FileTrouble``; ``BadRows`` when another program wrote something that cannot be read as what it should be.
        """
        with translated(self.path):
            try:
                return case_data(self._db)
            except (BadDate, BadSetting, ValueError, TypeError) as error:
                raise _unreadable(self.path, error) from error

    def journal(self) -> tuple[JournalEntry, ...]:
        """Every change since the case was made, oldest first."""
        sql = "SELECT at, who, table_name, row_id, action, before, after FROM siteline_journal ORDER BY id"
        with translated(self.path):
            rows = self._db.execute(sql).fetchall()
        return tuple(
            JournalEntry(*row[:5], *(None if side is None else json.loads(side) for side in row[5:])) for row in rows
        )

    def set_settings(self, settings: Settings, who: str) -> None:
        """Replace the settings; ``who`` goes into the journal.

        Raises ``BadSetting`` when they name ids the case does not have, or drop a word its observations use.
        """
        with self.writing(who) as db:
            for problem in contradictions(db, settings):
                if problem.table is None:
                    raise BadSetting(problem.column, problem.reason)
            if unknown := unknown_states(db, settings):
                raise BadSetting("vocabulary", f"observations use {unknown[0]!r}, which it no longer maps; keep that word")
            store_settings(db, settings)

    @contextmanager
    def writing(self, who: str) -> Iterator[sqlite3.Connection]:
        """One transaction under the name ``who``: the whole block is kept, or nothing of it.

        Raises ``CaseBusy`` while another program writes, ``FileTrouble`` for a case open for reading only or a full disk.
        """
        if self.read_only:
            raise refuse_writing(self.path)
        with transaction(self._db, self.path):
            set_writer(self._db, who)
            yield self._db
            set_writer(self._db, None)
            note_extent(self._db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database at one moment, unchanged by writers while the block runs. Raises ``FileTrouble``."""
        with translated(self.path):
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _check_version(self) -> None:
        version = schema_version(self._db)
        if version is None or version < 1:
            raise NotACase(self.path, "is not a siteline case", "make one with: siteline import FOLDER CASE.gpkg")
        if version > SCHEMA_VERSION:
            raise CaseTooNew(self.path, version, SCHEMA_VERSION)
        if version < SCHEMA_VERSION:
            if self.read_only:
                remedy = "copy it to a folder that can be written and open it there"
                raise FileTrouble(self.path, "is of an older version and cannot be brought up to date here", remedy)
            with transaction(self._db, self.path):
                migrate(self._db)


@contextmanager
def building(path: Path, who: str) -> Iterator[sqlite3.Connection]:
    """A new case for the block to fill; it appears at ``path`` whole when the block ends, or not at all.

    Raises ``WouldOverwrite`` if ``path`` exists, ``FileTrouble`` for a full disk or a folder that cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise would_overwrite(path)
    temporary = temporary_beside(path)
    try:
        with translated(path):
            db = new_database(temporary)
            try:
                create_schema(db)
                db.execute("BEGIN")
                set_writer(db, who)
                yield db
                set_writer(db, None)
                note_extent(db)
                db.execute("COMMIT")
                db.execute("PRAGMA journal_mode=WAL")
            finally:
                db.close()
        place_new(temporary, path)
    finally:
        remove(temporary)


def note_extent(db: sqlite3.Connection) -> None:
    """Tell the GeoPackage's own table of contents where the footprints lie and that the tables changed."""
    boxes = []
    for (blob,) in db.execute("SELECT geom FROM structures WHERE geom IS NOT NULL"):
        with suppress(ValueError):  # broken by another program: siteline check names it
            boxes.append(bounds(blob))
    box = (None,) * 4
    if boxes:
        west, south, east, north = zip(*boxes, strict=True)
        box = (min(west), min(south), max(east), max(north))
    sql = "UPDATE gpkg_contents SET min_x=?, min_y=?, max_x=?, max_y=? WHERE table_name='structures'"
    db.execute(sql, box)
    names = [t.name for t in TABLES]
    sql = f"UPDATE gpkg_contents SET last_change=strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE table_name IN ({_marks(names)})"
    db.execute(sql, names)


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def _unreadable(path: Path, error: Exception) -> BadRows:
    reason = f"{error}; siteline check lists every such row"
    return BadRows([RowProblem(path.name, None, None, reason)])
