"""A case back into a folder: the files it came from, value for value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from siteline.guard.csvfile import csv_lines
from siteline.guard.files import make_folder, place_folder, remove, temporary_beside, would_overwrite, write_lines
from siteline.model.tables import TABLES, Table
from siteline.store.case import Case
from siteline.store.geometry import to_geojson
from siteline.store.loading import SETTINGS_FILE
from siteline.store.rows import GEOJSON
from siteline.store.values import case_settings


def export_folder(case_path: Path, folder: Path) -> Mapping[str, int]:
    """Write the case to ``folder``, which must be missing or empty; returns rows written by table.

    The folder appears whole or not at all. Structures go to GeoJSON where one has a footprint, else to CSV. Raises
    ``WouldOverwrite``, ``FileTrouble``.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise would_overwrite(folder)
    temporary = temporary_beside(folder)
    try:
        with Case.open(case_path) as case, case.reading() as db:
            make_folder(temporary)
            counts = {table.name: _write_table(db, table, temporary) for table in TABLES}
            write_lines(temporary / SETTINGS_FILE, [case_settings(db).to_json()])
        place_folder(temporary, folder)
    finally:
        remove(temporary)
    return counts


def _write_table(db: sqlite3.Connection, table: Table, folder: Path) -> int:
    count: int = db.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]
    if count == 0 and not table.required_file:
        return 0
    if table.name == "structures" and _needs_geojson(db):
        write_lines(folder / GEOJSON, _features(db, table))
    else:
        header, row = _layout(db, table)
        write_lines(folder / table.file, csv_lines(header, map(row, _rows(db, table))))
    return count


def _rows(db: sqlite3.Connection, table: Table, more: str = "") -> Iterator[tuple[Any, ...]]:
    columns = ", ".join(f'"{c.name}"' for c in table.columns)
    return db.execute(f'SELECT extra, {columns} {more} FROM "{table.name}" ORDER BY fid')


def _layout(db: sqlite3.Connection, table: Table) -> tuple[list[str], Callable[[tuple[Any, ...]], list[str]]]:
    """The columns to write (optional ones only where filled in, then unknown ones) and the function that fills them."""
    chosen = [n for n, c in enumerate(table.columns, 1) if not c.optional_column or _filled(db, table, c.name)]
    extras: dict[str, None] = {}
    for (text,) in db.execute(f"SELECT extra FROM \"{table.name}\" WHERE extra <> '{{}}' ORDER BY fid"):
        extras.update(dict.fromkeys(json.loads(text)))

    def row(values: tuple[Any, ...]) -> list[str]:
        more = json.loads(values[0])
        cells = ["" if values[n] is None else str(values[n]) for n in chosen]
        return [*cells, *(_cell(more.get(name, "")) for name in extras)]

    return [*(table.columns[n - 1].name for n in chosen), *extras], row


def _filled(db: sqlite3.Connection, table: Table, column: str) -> bool:
    return db.execute(f'SELECT 1 FROM "{table.name}" WHERE "{column}" <> \'\'').fetchone() is not None


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _needs_geojson(db: sqlite3.Connection) -> bool:
    """Whether CSV could not hold the structures: one has a footprint, or an unknown property that is not text."""
    sql = (
        "SELECT 1 FROM structures AS s WHERE geom IS NOT NULL "
        "OR EXISTS (SELECT 1 FROM json_each(s.extra) AS e WHERE e.type <> 'text')"
    )
    return db.execute(sql).fetchone() is not None


def _features(db: sqlite3.Connection, table: Table) -> Iterator[str]:
    """The lines of a feature collection, one feature a line."""
    yield '{"type": "FeatureCollection", "features": [\n'
    comma = ""
    for extra, *cells, blob in _rows(db, table, ", geom"):
        names = (c.name for c in table.columns)
        properties = {**dict(zip(names, cells, strict=True)), **json.loads(extra)}
        feature = {"type": "Feature", "properties": properties, "geometry": to_geojson(blob)}
        yield comma + json.dumps(feature, ensure_ascii=False)
        comma = ",\n"
    yield "\n]}\n"
