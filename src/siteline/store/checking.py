"""Is a case file sound? The file itself, what makes it a GeoPackage, and every row by the rules of the import."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from siteline.model.errors import BadSetting, RowProblem
from siteline.model.settings import Settings
from siteline.model.tables import BY_NAME, TABLES
from siteline.store.case import Case
from siteline.store.checks import RowChecks, today_utc
from siteline.store.crosschecks import contradictions
from siteline.store.geometry import bounds
from siteline.store.schema import APPLICATION_ID, OWN_TABLES
from siteline.store.values import case_settings


def check_case(path: Path, *, today: date | None = None) -> list[RowProblem]:
    """Everything wrong with the case at ``path``, empty if sound.

    A problem's ``file`` is the case's name, its ``column`` reads ``table[key].column``. ``today`` (UTC) decides what lies
    in the future. Raises ``FileTrouble``, ``NotACase`` or ``CaseTooNew`` where there is nothing to check.
    """
    with Case.open(path) as case, case.reading() as db:
        found = [*_file_problems(db)]
        if not found:
            found = [*_row_problems(db, today or today_utc())]
    return [RowProblem(path.name, None, place, reason) for place, reason in found]


def _file_problems(db: sqlite3.Connection) -> Iterator[tuple[str | None, str]]:
    for (message,) in db.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield None, f"the file is damaged: {message}"
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        yield None, "is not marked as a GeoPackage"
    registered = {name for (name,) in db.execute("SELECT table_name FROM gpkg_contents")}
    present = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for name in (*(t.name for t in TABLES), *OWN_TABLES):
        if name not in present:
            yield name, "the table is missing; restore the case from a copy"
        elif name not in registered:
            yield name, "the table is not registered in gpkg_contents"
    triggers = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for name in ("siteline_journal_no_update", "siteline_journal_no_delete"):
        if name not in triggers:
            yield "siteline_journal", f"its guard {name} was removed; the journal may have been changed"


def _row_problems(db: sqlite3.Connection, today: date) -> Iterator[tuple[str | None, str]]:
    settings = Settings()
    try:
        settings = case_settings(db)
    except BadSetting as error:
        yield f"settings.{error.name}", error.reason
    for table in TABLES:
        checks = RowChecks(table, settings, today)
        names = [c.name for c in table.columns]
        columns = ", ".join(f"coalesce(\"{n}\", '')" for n in names)
        for values in db.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY fid'):
            cells = dict(zip(names, map(str, values), strict=True))
            for column, reason in checks.problems(cells):
                yield f"{table.name}[{cells[table.key]}].{column}", reason
    yield from _geometry_problems(db)
    for cross in contradictions(db, settings):
        if cross.table is None:
            yield f"settings.{cross.column}", cross.reason
            continue
        key = BY_NAME[cross.table].key
        (found,) = db.execute(f'SELECT "{key}" FROM "{cross.table}" WHERE fid = ?', (cross.fid,)).fetchone()
        yield f"{cross.table}[{found}].{cross.column}", cross.reason


def _geometry_problems(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for key, blob in db.execute("SELECT structure_id, geom FROM structures WHERE geom IS NOT NULL"):
        place = f"structures[{key}].geom"
        try:
            west, south, east, north = bounds(blob)
        except (ValueError, TypeError) as error:
            yield place, str(error)
            continue
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            yield place, "lies outside WGS 84 longitude and latitude; save it in EPSG:4326"
