"""Rows and cells into their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from siteline.model.tables import Column, Table


def stored(column: Column, text: str) -> str | None:
    """A cell as the database keeps it: no key at all is NULL, so that nothing is referred to."""
    return None if column.kind == "ref" and not column.required and not text else text


def upsert(db: sqlite3.Connection, table: Table, cells: Mapping[str, str]) -> None:
    """Insert the row of ``cells``, or bring the one of the same key up to date, inside the caller's transaction."""
    names = ", ".join(cells)
    sets = ", ".join(f"{name} = excluded.{name}" for name in cells if name != table.key)
    marks = ", ".join("?" * len(cells))
    sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({table.key}) DO UPDATE SET {sets}"
    db.execute(sql, tuple(cells.values()))
