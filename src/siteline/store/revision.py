"""Which state of the case a reader has, and what changed since: asked of the journal, which every program's change reaches.

The revision of a case is the number of its last journal entry; the version of a row is that of the last entry about it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from siteline.store.case import JournalEntry


class Change(NamedTuple):
    """One journal entry without its rows: its number, when (UTC, ISO 8601), by whom, and to which row what was done."""

    entry: int
    at: str
    who: str
    table: str
    key: str
    what: str


def revision(db: sqlite3.Connection) -> int:
    """The number of the last journal entry, 0 in a case without any."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM siteline_journal").fetchone()[0])


def changes(db: sqlite3.Connection, since: int, limit: int = -1) -> list[Change]:
    """The entries after ``since``, oldest first, at most ``limit`` (-1: all)."""
    sql = "SELECT id, at, who, table_name, row_id, action FROM siteline_journal WHERE id > ? ORDER BY id LIMIT ?"
    return [Change(*row) for row in db.execute(sql, (since, limit))]


def entries(db: sqlite3.Connection, limit: int, before: int | None = None) -> list[tuple[int, JournalEntry]]:
    """The last ``limit`` entries with their numbers, newest first; those before entry ``before`` where one is named."""
    sql = (
        "SELECT id, at, who, table_name, row_id, action, before, after FROM siteline_journal "
        "WHERE id < ? ORDER BY id DESC LIMIT ?"
    )
    rows = db.execute(sql, (2**62 if before is None else before, limit))
    return [(row[0], JournalEntry(*row[1:6], *(_sides(row[6:])))) for row in rows]


def entry(db: sqlite3.Connection, number: int) -> JournalEntry | None:
    """One entry by its number; None where there is none."""
    sql = "SELECT at, who, table_name, row_id, action, before, after FROM siteline_journal WHERE id = ?"
    row = db.execute(sql, (number,)).fetchone()
    return JournalEntry(*row[:5], *(_sides(row[5:]))) if row else None


def versions(db: sqlite3.Connection, tables: Iterable[str]) -> Mapping[str, dict[str, int]]:
    """The versions of all rows of ``tables`` that the journal tells of, by table and key; removed rows too."""
    found: dict[str, dict[str, int]] = {table: {} for table in tables}
    sql = "SELECT table_name, row_id, max(id) FROM siteline_journal GROUP BY table_name, row_id"
    for table, key, entry in db.execute(sql):
        if table in found:
            found[table][key] = entry
    return found


def version(db: sqlite3.Connection, table: str, key: str) -> int:
    """The version of one row, 0 where the journal tells nothing of it."""
    sql = "SELECT id FROM siteline_journal WHERE table_name = ? AND row_id = ? ORDER BY id DESC LIMIT 1"
    row = db.execute(sql, (table, key)).fetchone()
    return int(row[0]) if row else 0


def _sides(texts: Iterable[str | None]) -> Iterator[Mapping[str, Any] | None]:
    return (None if text is None else json.loads(text) for text in texts)
