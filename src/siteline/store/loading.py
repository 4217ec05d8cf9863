"""A folder into an open case, inside the caller's transaction: everything wrong is found before anything is kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from siteline.guard.csvfile import MAX_PROBLEMS
from siteline.guard.files import read_text
from siteline.model.errors import BadRows, BadSetting, FileTrouble, RowProblem
from siteline.model.settings import Settings
from siteline.model.tables import BY_NAME, TABLES, Table
from siteline.store.checks import RowChecks
from siteline.store.crosschecks import contradictions
from siteline.store.keeping import stored
from siteline.store.rows import GEOJSON, CsvRows, GeoJsonRows, Row
from siteline.store.schema import note_run

Progress = Callable[[str, int], None]
"""Called with a table's name and the rows of it read so far."""

SETTINGS_FILE = "settings.json"
_STEP = 5000


@dataclass(slots=True)
class _Load:
    """One loading: where rows go, and what was found wrong. ``merge``: rows may replace those the case has."""

    db: sqlite3.Connection
    folder: Path
    today: date
    merge: bool
    progress: Progress | None
    settings: Settings = field(default_factory=Settings)
    problems: list[RowProblem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)  # tables not read whole: keys missing there prove nothing


def load_folder(
    db: sqlite3.Connection, folder: Path, *, today: date, merge: bool = False, progress: Progress | None = None
) -> Mapping[str, int]:
    """Load ``folder`` into ``db``; returns rows read by table.

    ``merge``: rows replace those of the same key that ``db`` holds, and no file is required. Raises ``BadRows`` with every
    problem found (the caller rolls back), ``FileTrouble`` for what cannot be opened.
    """
    if not folder.is_dir():
        raise FileTrouble(folder, "is not a folder", "name the folder that holds sources.csv, structures.csv, ...")
    load = _Load(db, folder, today, merge, progress)
    db.execute("DROP TABLE IF EXISTS temp.staged")
    db.execute("CREATE TEMP TABLE staged (tab TEXT, fid INTEGER, line INTEGER, PRIMARY KEY (tab, fid)) WITHOUT ROWID")
    _misnamed_files(load)
    _load_settings(load)
    for table in TABLES:
        if len(load.problems) < MAX_PROBLEMS:
            _load_table(load, table)
    if len(load.problems) < MAX_PROBLEMS:
        _cross_problems(load)
    db.execute("DROP TABLE temp.staged")
    if load.problems:
        order = {t.file: n for n, t in enumerate(TABLES)} | {GEOJSON: 1}
        raise BadRows(sorted(load.problems, key=lambda p: (order.get(p.file, -1), p.line or 0)))
    return load.counts


def _misnamed_files(load: _Load) -> None:
    """Report files whose name is nearly right: passing over them in silence would lose data."""
    known = [SETTINGS_FILE, GEOJSON, *(t.file for t in TABLES)]
    for path in sorted(load.folder.iterdir()):
        if path.name in known or path.suffix.lower() not in (".csv", ".json", ".geojson"):
            continue
        table = BY_NAME.get(path.stem.lower())
        close = [table.file] if table else get_close_matches(path.name.lower(), known, n=1, cutoff=0.85)
        if close and not (load.folder / close[0]).exists():
            load.problems.append(RowProblem(path.name, None, None, f"was not read; did you mean {close[0]}? Rename it"))


def _load_settings(load: _Load) -> None:
    path = load.folder / SETTINGS_FILE
    if not path.exists():
        row = load.db.execute("SELECT json FROM siteline_settings").fetchone()
        load.settings = Settings.from_json(row[0] if row else "{}")
        return
    try:
        load.settings = Settings.from_json(read_text(path))
        store_settings(load.db, load.settings)
    except BadSetting as error:
        load.problems.append(RowProblem(SETTINGS_FILE, None, error.name, error.reason))
    except UnicodeEncodeError:
        load.problems.append(RowProblem(SETTINGS_FILE, None, None, "holds half a character pair; write whole characters"))
    except FileTrouble as error:
        if isinstance(error.__cause__, OSError):
            raise
        load.problems.append(RowProblem(SETTINGS_FILE, None, None, f"{error.reason}; {error.remedy}"))


def store_settings(db: sqlite3.Connection, settings: Settings) -> None:
    """Keep ``settings`` in the case, inside the caller's transaction."""
    db.execute("UPDATE siteline_settings SET json = ?", (settings.to_json(),))


def _load_table(load: _Load, table: Table) -> None:
    path, geojson = load.folder / table.file, load.folder / GEOJSON
    rows: CsvRows | GeoJsonRows = CsvRows(table, path)
    name = path.name
    if table.name == "structures" and geojson.exists():
        if path.exists():
            reason = f"holds the same table as {path.name}; keep one of the two"
            load.problems.append(RowProblem(GEOJSON, None, None, reason))
        rows, name = GeoJsonRows(table, geojson), GEOJSON
    elif not path.exists():
        if table.required_file and not load.merge:
            load.problems.append(RowProblem(table.file, None, None, f"the file is missing; it holds: {table.doc}"))
            load.unread.add(table.name)
        return
    checks = RowChecks(table, load.settings, load.today)
    count = 0
    for row in rows:
        count += 1
        found = [(row.line, *f) for f in checks.problems(row.cells)]
        if row.cells[table.key]:
            found.extend((row.line, table.key, reason) for reason in _keep(load, table, row))
        load.problems.extend(RowProblem(name, *f) for f in found)
        if len(load.problems) >= MAX_PROBLEMS:
            reason = f"more than {MAX_PROBLEMS} problems; nothing after this row was checked"
            load.problems.append(RowProblem(name, row.line, None, reason))
            break
        if load.progress and count % _STEP == 0:
            load.progress(table.name, count)
    if rows.problems:
        load.problems.extend(rows.problems)
        load.unread.add(table.name)
    load.counts[table.name] = count
    if table.derived and count:
        note_run(load.db, table, {"rows": count, "of": "a folder"})
    if load.progress:
        load.progress(table.name, count)


def _keep(load: _Load, table: Table, row: Row) -> list[str]:
    """Insert the row, or replace the one of the same key; returns what is wrong with its key."""
    values: dict[str, object] = {c.name: stored(c, row.cells[c.name]) for c in table.columns}
    values["extra"] = json.dumps(row.extra, ensure_ascii=False) if row.extra else "{}"
    if table.name == "structures":
        values["geom"] = row.geometry
    names = ", ".join(f'"{n}"' for n in values)
    sql = f'INSERT OR IGNORE INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(values))})'
    cursor = load.db.execute(sql, tuple(values.values()))
    fid = cursor.lastrowid
    if cursor.rowcount == 0:
        find = f'SELECT t.fid, s.fid, s.line, t.extra FROM "{table.name}" AS t LEFT JOIN temp.staged AS s '
        find += f'ON s.tab = ? AND s.fid = t.fid WHERE t."{table.key}" = ?'
        fid, staged, line, extra = load.db.execute(find, (table.name, row.cells[table.key])).fetchone()
        if staged is not None:
            place = "" if line is None else f", first on line {line}"
            return [f"this key is used twice{place}; keys must differ"]
        _replace(load.db, table, row, fid, values, extra)
    load.db.execute("INSERT INTO temp.staged VALUES (?, ?, ?)", (table.name, fid, row.line))
    return []


def _replace(db: sqlite3.Connection, table: Table, row: Row, fid: int, values: Mapping[str, object], extra: str) -> None:
    """Overwrite what the file gives; columns (and footprints) it does not speak of stay as they are."""
    chosen = {name: value for name, value in values.items() if name in row.given}
    chosen["extra"] = json.dumps({**json.loads(extra), **row.extra}, ensure_ascii=False)
    if row.spatial:
        chosen["geom"] = values["geom"]
    assignments = ", ".join(f'"{n}" = ?' for n in chosen)
    db.execute(f'UPDATE "{table.name}" SET {assignments} WHERE fid = ?', (*chosen.values(), fid))


def _cross_problems(load: _Load) -> None:
    find = "SELECT line FROM temp.staged WHERE tab = ? AND fid = ?"
    for cross in contradictions(load.db, load.settings):
        if load.unread.intersection(cross.targets):
            continue
        if cross.table is None:
            load.problems.append(RowProblem(SETTINGS_FILE, None, cross.column, cross.reason))
            continue
        table = BY_NAME[cross.table]
        spatial = table.name == "structures" and (load.folder / GEOJSON).exists()
        staged = load.db.execute(find, (table.name, cross.fid)).fetchone()
        reason = cross.reason
        if staged is None:  # a row the case already had
            key = load.db.execute(f'SELECT "{table.key}" FROM "{table.name}" WHERE fid = ?', (cross.fid,)).fetchone()[0]
            reason = f"row {key!r} already in the case: {reason}"
        load.problems.append(RowProblem(GEOJSON if spatial else table.file, staged and staged[0], cross.column, reason))
        if len(load.problems) >= MAX_PROBLEMS:
            return
