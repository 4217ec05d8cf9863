"""What rows say about each other: keys that exist, dates that agree. Asked of the database, so memory stays bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from siteline.model.errors import BadDate, shorten
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.model.tables import BY_NAME, TABLES, Column, Table
from siteline.store.spans import day_span, look_span, scene_span


class Cross(NamedTuple):
    """One contradiction: the row ``fid`` of ``table`` (None: the settings), its ``column`` and the ``reason``.

    ``targets``: the tables in which a key was looked for in vain.
    """

    table: str | None
    fid: int
    column: str
    reason: str
    targets: tuple[str, ...] = ()


def contradictions(db: sqlite3.Connection, settings: Settings) -> Iterator[Cross]:
    """Yield everything that is wrong between rows of the whole case."""
    for table in TABLES:
        for column in table.columns:
            if column.kind == "ref":
                yield from _unknown_keys(db, table, column)
            elif column.kind == "refs":
                yield from _unknown_lists(db, table, column)
    yield from _scene_dates(db)
    yield from _reading_items(db)
    yield from _settings_ids(db, settings)


def _unknown_keys(db: sqlite3.Connection, table: Table, column: Column) -> Iterator[Cross]:
    target = BY_NAME[column.table]
    sql = (
        f'SELECT fid, "{column.name}" FROM "{table.name}" AS t WHERE coalesce("{column.name}", \'\') <> \'\' '
        f'AND NOT EXISTS (SELECT 1 FROM "{target.name}" AS o WHERE o."{target.key}" = t."{column.name}")'
    )
    for fid, key in db.execute(sql):
        if column.required and not key.strip():
            continue  # already reported with its own row
        yield Cross(table.name, fid, column.name, _missing(key, target), (target.name,))


def _unknown_lists(db: sqlite3.Connection, table: Table, column: Column) -> Iterator[Cross]:
    target = BY_NAME[column.table]
    find = f'SELECT 1 FROM "{target.name}" WHERE "{target.key}" = ?'
    sql = f'SELECT fid, "{table.key}", "{column.name}" FROM "{table.name}" WHERE "{column.name}" <> \'\''
    for fid, own, text in db.execute(sql):
        for key in split_keys(text):
            if db.execute(find, (key,)).fetchone() is None:
                yield Cross(table.name, fid, column.name, _missing(key, target), (target.name,))
            elif table is target and key == own:
                yield Cross(table.name, fid, column.name, f"{shorten(key)!r} names itself; leave it out")


def _scene_dates(db: sqlite3.Connection) -> Iterator[Cross]:
    sql = (
        "SELECT o.fid, o.acquired_date, s.image_id, s.acquired_date, s.acquired_time_utc_if_stated "
        "FROM observations AS o JOIN scenes AS s ON s.image_id = o.image_id "
        "WHERE o.acquired_date <> '' AND s.acquired_date <> '' AND o.acquired_date <> s.acquired_date"
    )
    for fid, own, scene, date, time in db.execute(sql):
        when, look = _taken_span(date, time), _own_span(own)
        if when is not None and look is not None and look_span(look, when) is None:
            yield Cross("observations", fid, "acquired_date", f"{own} differs from {date}, the date of scene {scene!r}")


def _own_span(date: str) -> Span | None:
    try:
        return day_span(date)
    except BadDate:
        return None  # already reported with its own row


def _taken_span(date: str, time: str) -> Span | None:
    try:
        return scene_span(date, time)
    except BadDate:
        return _own_span(date)


def _reading_items(db: sqlite3.Connection) -> Iterator[Cross]:
    sql = (
        "SELECT fid, item FROM readings AS r WHERE item <> '' "
        "AND NOT EXISTS (SELECT 1 FROM statements WHERE statement_id = r.item) "
        "AND NOT EXISTS (SELECT 1 FROM claims WHERE finding_id = r.item)"
    )
    stances = {f"stance:{stance}" for (stance,) in db.execute("SELECT DISTINCT stance FROM statements")}
    for fid, item in db.execute(sql):
        if item in stances:
            continue
        reason = f"{shorten(item)!r} is no statement_id, no finding_id and no 'stance:' that a statement takes"
        yield Cross("readings", fid, "item", reason, ("statements", "claims"))


def _settings_ids(db: sqlite3.Connection, settings: Settings) -> Iterator[Cross]:
    for name, keys, target in (
        ("key_events", settings.key_events, BY_NAME["events"]),
        ("key_structures", settings.key_structures, BY_NAME["structures"]),
    ):
        find = f'SELECT 1 FROM "{target.name}" WHERE "{target.key}" = ?'
        for key in keys:
            if db.execute(find, (key,)).fetchone() is None:
                yield Cross(None, 0, name, _missing(key, target), (target.name,))


def _missing(key: str, target: Table) -> str:
    return f"{shorten(key)!r} is not a {target.key} of {target.file}; add it there or correct it"


def split_keys(text: str) -> tuple[str, ...]:
    """The keys of a list joined by ``;``."""
    return tuple(key for part in text.split(";") if (key := part.strip()))
