"""A row into its table by its key."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from siteline.model.tables import Table


def upsert(db: sqlite3.Connection, table: Table, cells: Mapping[str, str]) -> None:
    """Insert the row of ``cells``, or bring the one of the same key up to date, inside the caller's transaction."""
    names = ", ".join(cells)
    sets = ", ".join(f"{name} = excluded.{name}" for name in cells if name != table.key)
    marks = ", ".join("?" * len(cells))
    sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({table.key}) DO UPDATE SET {sets}"
    db.execute(sql, tuple(cells.values()))
