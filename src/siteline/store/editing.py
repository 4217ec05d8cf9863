"""One row at a time, by several people: put, removed, undone, never over a change that its author has not seen.

Who changes a row says which version of it they have seen (``store.revision``). A change is held to the checks of the import,
and is one transaction: it is there, with its line in the journal, when the call returns, or nothing of it is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from siteline.model.errors import BadInput, BadRow, RowChanged, RowProblem, shorten
from siteline.model.settings import Settings
from siteline.model.tables import BY_NAME, Table
from siteline.store.case import Case, JournalEntry
from siteline.store.checks import RowChecks, today_utc
from siteline.store.crosschecks import Cross, contradictions
from siteline.store.geometry import to_blob, to_geojson
from siteline.store.keeping import stored
from siteline.store.loading import store_settings
from siteline.store.revision import entry, revision, version
from siteline.store.rows import bad_text
from siteline.store.values import case_settings

EDITABLE: Final = ("observations", "structures", "claims", "events", "hypotheses", "readings", "statements", "sources")
"""Tables whose rows can be changed one at a time; scenes come along with the labels given in them."""

GEOMETRY: Final = "geometry"
"""The cell of a structure that holds its footprint, a GeoJSON geometry or None."""

_SETTINGS: Final = ("siteline_settings", "1")
"""Table and key of the one row of settings, as the journal names it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be put. ``cells``: by column, those not named stay as they are (blank in a new row); None: to be removed."""

    table: str
    key: str
    cells: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a change came to: the ``entry`` of the journal that tells of it (and by which it is undone), None where the row
    is as it was; the row's ``version`` after it, the ``revision`` of the case."""

    entry: int | None
    version: int
    revision: int


def put(case: Case, row: Row, base: int | None, who: str, *, with_: Sequence[Row] = (), today: date | None = None) -> Done:
    """Put ``row`` into the case under the name ``who``.

    ``base``: the version that the change was made from, None for a row that is new. ``with_``: rows that it refers to, put
    before it where the case has none of their keys. ``today`` (UTC) decides what lies in the future. Raises ``RowChanged``
    where the row is not as ``base`` says, ``BadRow``, ``BadInput`` (a table that is not edited), ``CaseBusy``,
    ``FileTrouble``.
    """
    table = _editable(row.table)
    with case.writing(who) as db:
        seen = _same(db, table.name, row.key, base)
        settings = case_settings(db)
        before = _contradicted(db, settings)
        for other in with_:
            if _fid(db, BY_NAME[other.table], other.key) is None:
                _put(db, BY_NAME[other.table], other, settings, today)
        _put(db, table, row, settings, today)
        _sound(db, table.name, row.key, settings, before)
        return _done(db, table.name, row.key, seen)


def mark_key(case: Case, event_id: str, who: str, *, key: bool) -> Done:
    """Make an event one of the case's key events, or (``key`` False) one no longer, under the name ``who``.

    Raises ``BadInput`` (no such event), ``CaseBusy``, ``FileTrouble``.
    """
    with case.writing(who) as db:
        if _fid(db, BY_NAME["events"], event_id) is None:
            raise BadInput(f"the case has no event {shorten(event_id)!r}; save it first")
        seen, settings = version(db, *_SETTINGS), case_settings(db)
        if key != (event_id in settings.key_events):
            others = tuple(name for name in settings.key_events if name != event_id)
            store_settings(db, replace(settings, key_events=(*others, event_id) if key else others))
        return _done(db, *_SETTINGS, seen)


def undo(case: Case, number: int, who: str, *, today: date | None = None) -> Done:
    """Put the row that journal entry ``number`` tells of, or the key events, back as before, under the name ``who``.

    Raises ``RowChanged`` where it was changed again since, unless by ``who``, who has undone that: steps go back one by one.
    Raises else as ``put`` does.
    """
    with case.writing(who) as db:
        told = entry(db, number)
        if told is None:
            raise BadInput(f"the journal has no entry {number}; name one of those it lists")
        settings = case_settings(db)
        before = _contradicted(db, settings)
        if (told.table, told.key) == _SETTINGS:
            seen = _same(db, told.table, told.key, number)
            settings = _key_events_back(db, told)
        else:
            table = _editable(told.table)
            seen = version(db, table.name, told.key)
            if not _as_left(db, told, number, seen, who):
                seen = _same(db, table.name, told.key, number)
            _restore(db, table, told.key, told.before, settings, today)
        _sound(db, told.table, told.key, settings, before)
        return _done(db, told.table, told.key, seen)


def cells_of(db: sqlite3.Connection, table: Table, key: str) -> dict[str, Any] | None:
    """The cells of a row as text, a structure's ``geometry`` as GeoJSON; None where there is no such row."""
    names = [c.name for c in table.columns]
    columns = ", ".join(f"coalesce(\"{name}\", '')" for name in names)
    more = ", geom" if table.name == "structures" else ""
    row = db.execute(f'SELECT {columns}{more} FROM "{table.name}" WHERE "{table.key}" = ?', (key,)).fetchone()
    if row is None:
        return None
    cells: dict[str, Any] = dict(zip(names, map(str, row), strict=False))
    if more:
        cells[GEOMETRY] = to_geojson(row[-1])
    return cells


def _editable(name: str) -> Table:
    if name not in EDITABLE:
        raise BadInput(f"{name!r} is not edited row by row; these are: {', '.join(EDITABLE)}")
    return BY_NAME[name]


def _same(db: sqlite3.Connection, name: str, key: str, base: int | None) -> int:
    """The version of a row of table ``name``; raises ``RowChanged`` unless the row is as it was at ``base``."""
    now = version(db, name, key)
    present = cells_of(db, BY_NAME[name], key) if name in BY_NAME else None
    if (base is None and present is None) or (base is not None and base == now):
        return now
    last = entry(db, now)
    who, at = (last.who, last.at) if last else ("another program", "a time that is not known")
    raise RowChanged(name, key, who, at, now, present)


def _as_left(db: sqlite3.Connection, told: JournalEntry, number: int, now: int, who: str) -> bool:
    """Whether the row is again as change ``number`` left it, and only ``who`` changed it since."""
    last = entry(db, now)
    sql = "SELECT count(*) FROM siteline_journal WHERE id > ? AND table_name = ? AND row_id = ? AND who <> ?"
    (others,) = db.execute(sql, (number, told.table, told.key, who)).fetchone()
    return last is not None and others == 0 and last.after == told.after


def _key_events_back(db: sqlite3.Connection, told: JournalEntry) -> Settings:
    """The settings with the key events that they had before the change that the journal tells of."""
    old, new = (Settings.from_json((side or {}).get("json", "{}")) for side in (told.before, told.after))
    if replace(old, key_events=new.key_events) != new:
        raise BadInput("that change of the settings was not made here; correct settings.json and import it with --merge")
    store_settings(db, old)
    return old


def _done(db: sqlite3.Connection, name: str, key: str, seen: int) -> Done:
    """What a change came to. A row that is as it was keeps its version, whose entry tells of somebody's earlier change: it
    is not named, so that nobody undoes that one by undoing theirs."""
    now = version(db, name, key)
    return Done(now if now != seen else None, now, revision(db))


def _fid(db: sqlite3.Connection, table: Table, key: str) -> int | None:
    row = db.execute(f'SELECT fid FROM "{table.name}" WHERE "{table.key}" = ?', (key,)).fetchone()
    return None if row is None else int(row[0])


def _put(db: sqlite3.Connection, table: Table, row: Row, settings: Settings, today: date | None) -> None:
    """Insert, update or remove the row, which is checked as a row of a folder is."""
    if row.cells is None:
        _remove(db, table, row.key)
        return
    given = {**row.cells, table.key: row.key}
    spatial = table.name == "structures" and GEOMETRY in given
    footprint = given.pop(GEOMETRY, None) if spatial else None
    problems = list(_unreadable(table, given))
    blob = None
    if footprint is not None:
        try:
            blob = to_blob(footprint)
        except ValueError as error:
            problems.append((GEOMETRY, str(error)))
    if problems:
        raise _bad(table, row.key, problems)
    blank = {c.name: "" for c in table.columns}
    present = cells_of(db, table, row.key)
    known = {name: value for name, value in (present or {}).items() if name in blank}
    _check(table, row.key, {**blank, **known, **given}, settings, today)
    values = {name: stored(c, given[name]) for c in table.columns if (name := c.name) in given}
    if spatial:
        values["geom"] = blob  # type: ignore[assignment]  # bytes beside text
    _write(db, table, row.key, values if present is not None else {**_blanks(table), **values}, new=present is None)


def _restore(
    db: sqlite3.Connection,
    table: Table,
    key: str,
    before: Mapping[str, Any] | None,
    settings: Settings,
    today: date | None,
) -> None:
    """The row as the journal kept it, with what other columns it had."""
    if before is None:
        _remove(db, table, key)
        return
    cells = {c.name: before.get(c.name) for c in table.columns}
    _check(table, key, {name: "" if value is None else str(value) for name, value in cells.items()}, settings, today)
    values: dict[str, Any] = {**cells, "extra": before.get("extra") or "{}"}
    if table.name == "structures":
        values["geom"] = None if before.get("geom") is None else bytes.fromhex(before["geom"])
    _write(db, table, key, values, new=_fid(db, table, key) is None)


def _write(db: sqlite3.Connection, table: Table, key: str, values: Mapping[str, Any], *, new: bool) -> None:
    names = [*values]
    if new:
        columns = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(names))
        db.execute(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', tuple(values.values()))
        return
    sets = ", ".join(f'"{name}" = ?' for name in names)
    db.execute(f'UPDATE "{table.name}" SET {sets} WHERE "{table.key}" = ?', (*values.values(), key))


def _remove(db: sqlite3.Connection, table: Table, key: str) -> None:
    db.execute(f'DELETE FROM "{table.name}" WHERE "{table.key}" = ?', (key,))


def _blanks(table: Table) -> dict[str, Any]:
    return {**{c.name: stored(c, "") for c in table.columns}, "extra": json.dumps({})}


def _unreadable(table: Table, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Cells that are no text of a column of the table."""
    for name, value in given.items():
        if table.column(name) is None:
            yield name, f"is no column of {table.name}; it has {', '.join(c.name for c in table.columns)}"
        elif not isinstance(value, str):
            yield name, "must be text"
        elif reason := bad_text(value):
            yield name, reason


def _check(table: Table, key: str, cells: Mapping[str, str], settings: Settings, today: date | None) -> None:
    if problems := list(RowChecks(table, settings, today or today_utc()).problems(cells)):
        raise _bad(table, key, problems)


def _contradicted(db: sqlite3.Connection, settings: Settings) -> set[Cross]:
    return set(contradictions(db, settings))


def _sound(db: sqlite3.Connection, name: str, key: str, settings: Settings, before: set[Cross]) -> None:
    """Raise ``BadRow`` for what rows say against each other now and did not before."""
    problems = []
    for cross in contradictions(db, settings):
        if cross in before:
            continue
        place, reason = cross.table or "settings", cross.reason
        if cross.table is not None:
            own = BY_NAME[cross.table]
            (found,) = db.execute(f'SELECT "{own.key}" FROM "{own.name}" WHERE fid = ?', (cross.fid,)).fetchone()
            if (own.name, found) != (name, key):
                reason = f"{own.name} {found!r}: {reason}"
        problems.append(RowProblem(place, None, cross.column, reason))
    if problems:
        raise BadRow(name, key, problems)


def _bad(table: Table, key: str, problems: Iterable[tuple[str, str]]) -> BadRow:
    return BadRow(table.name, key, [RowProblem(table.name, None, column, reason) for column, reason in problems])
