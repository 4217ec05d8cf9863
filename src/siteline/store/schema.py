"""The tables of a case file: a GeoPackage 1.4 (OGC 12-128r19), derived from ``model.tables``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from siteline.model.tables import BY_NAME, TABLES, Table

SCHEMA_VERSION = 4
"""Version 1 kept no unknown columns and its journal was blind to edits made by other programs; version 2 had no imagery;
version 3 kept nothing of what pixels show."""

_SINCE = {"searches": 3, "imagery": 3, "measurements": 4, "detections": 4, "trust": 4}
"""Tables that came later than version 1."""

APPLICATION_ID = 0x47504B47
USER_VERSION = 10400
OWN_TABLES = ("siteline_meta", "siteline_settings", "siteline_journal")
STRANGER = "another program"
"""Who the journal names for a change that siteline did not make, such as an edit in QGIS."""

WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'
)

_GPKG = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE siteline_meta (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE siteline_settings (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL CHECK (fid = 1), json TEXT NOT NULL);
CREATE TABLE siteline_journal (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
  action TEXT NOT NULL, table_name TEXT NOT NULL, row_id TEXT NOT NULL, before TEXT, after TEXT);
CREATE TRIGGER siteline_journal_no_update BEFORE UPDATE ON siteline_journal
  BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER siteline_journal_no_delete BEFORE DELETE ON siteline_journal
  BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
"""
_SRS = (
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, WGS84, "longitude/latitude in decimal degrees"),
)
_NOW = "strftime('%Y-%m-%dT%H:%M:%SZ','now')"
_WRITER = "(SELECT value FROM siteline_meta WHERE key='writer')"
_WHO = f"coalesce({_WRITER}, '{STRANGER}')"
_JOURNAL = "INSERT INTO siteline_journal (at, who, action, table_name, row_id, before, after)"


def create_schema(db: sqlite3.Connection, version: int = SCHEMA_VERSION) -> None:
    """Make an empty case in the fresh database ``db``; an older ``version`` is for tests of the migration."""
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={USER_VERSION}")
    db.executescript(f"BEGIN;{_GPKG}")
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", _SRS)
    tables = [table for table in TABLES if _SINCE.get(table.name, 1) <= version]
    for table in tables:
        _add_table(db, table, version)
    for name in OWN_TABLES:
        _register(db, name, "attributes", "Kept by siteline.")
    db.execute("INSERT INTO gpkg_geometry_columns VALUES ('structures', 'geom', 'GEOMETRY', 4326, 2, 0)")
    db.execute("INSERT INTO siteline_meta (key, value) VALUES ('schema_version', ?)", (str(version),))
    db.execute("INSERT INTO siteline_settings VALUES (1, '{}')")
    if version >= 2:
        _watch(db, tables)
    db.execute("COMMIT")


def migrate(db: sqlite3.Connection) -> None:
    """Bring an older case to the present version, with a line in the journal per step; the caller holds the transaction."""
    if schema_version(db) == 1:
        old = [table for table in TABLES if table.name not in _SINCE]
        for table in old:
            extra = "extra TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra))"
            db.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {extra}')
        _watch(db, old)
        _note_step(db, 1)
    for version in range(schema_version(db) or SCHEMA_VERSION, SCHEMA_VERSION):
        new = [table for table in TABLES if _SINCE.get(table.name) == version + 1]
        for table in new:
            _add_table(db, table, version + 1)
        _watch(db, new, settings=False)
        _note_step(db, version)


def schema_version(db: sqlite3.Connection) -> int | None:
    """Schema version of an open case; None when the database is no case."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name='siteline_meta'").fetchone() is None:
        return None
    row = db.execute("SELECT value FROM siteline_meta WHERE key='schema_version'").fetchone()
    return int(row[0]) if row and str(row[0]).isdecimal() else None


def set_writer(db: sqlite3.Connection, who: str | None) -> None:
    """Name the writer for the journal until it is set to None again, inside the caller's transaction."""
    db.execute("DELETE FROM siteline_meta WHERE key='writer'")
    if who is not None:
        db.execute("INSERT INTO siteline_meta (key, value) VALUES ('writer', ?)", (who.encode("utf-8", "replace").decode(),))


def note_run(db: sqlite3.Connection, table: Table, run: Mapping[str, object]) -> None:
    """One line of the journal for all the rows of a derived ``table`` that a run wrote: ``run`` says how many, of what."""
    told = json.dumps(run, ensure_ascii=False)
    db.execute(f"{_JOURNAL} VALUES ({_NOW}, {_WHO}, 'run', ?, '', NULL, ?)", (table.name, told))


def _note_step(db: sqlite3.Connection, version: int) -> None:
    db.execute("UPDATE siteline_meta SET value=? WHERE key='schema_version'", (str(version + 1),))
    values = f"VALUES ({_NOW}, 'siteline', 'migrate', 'siteline_meta', 'schema_version', ?, ?)"
    db.execute(f"{_JOURNAL} {values}", (f'{{"value":{version}}}', f'{{"value":{version + 1}}}'))


def _add_table(db: sqlite3.Connection, table: Table, version: int) -> None:
    db.execute(_table_sql(table, version))
    _register(db, table.name, "features" if table.name == "structures" else "attributes", table.doc)


def _register(db: sqlite3.Connection, name: str, kind: str, doc: str) -> None:
    sql = "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?,?,?,?,?)"
    db.execute(sql, (name, kind, name, doc, 4326 if kind == "features" else 0))


def _table_sql(table: Table, version: int) -> str:
    parts = ["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
    for column in table.columns:
        if column.kind == "id":
            parts.append(f'"{column.name}" TEXT NOT NULL UNIQUE')
        elif column.kind == "ref":
            target = BY_NAME[column.table]
            reference = f'REFERENCES "{target.name}" ("{target.key}") DEFERRABLE INITIALLY DEFERRED'
            parts.append(f'"{column.name}" TEXT {"NOT NULL " if column.required else ""}{reference}')
        else:
            parts.append(f"\"{column.name}\" TEXT NOT NULL DEFAULT ''")
    if table.name == "structures":
        parts.append("geom GEOMETRY")
    if version >= 2:
        parts.append("extra TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra))")
    return f'CREATE TABLE "{table.name}" ({", ".join(parts)})'


def _watch(db: sqlite3.Connection, tables: list[Table], *, settings: bool = True) -> None:
    """Triggers that write the journal, so that no change escapes it, whichever program makes it.

    Those of derived tables leave out siteline's own writes, of which ``note_run`` tells.
    """
    columns = {t.name: (t.key, [*(c.name for c in t.columns), "extra"]) for t in tables}
    if settings:
        columns["siteline_settings"] = ("fid", ["json"])
    derived = {table.name for table in tables if table.derived}
    for name, (key, names) in columns.items():
        old, new = (_as_json(side, names, name == "structures") for side in ("OLD", "NEW"))
        for action, row, before, after in (
            ("insert", "NEW", "NULL", new),
            ("update", "NEW", old, new),
            ("delete", "OLD", old, "NULL"),
        ):
            conditions = [f"{old} <> {new}"] if action == "update" else []
            conditions += [f"{_WRITER} IS NULL"] if name in derived else []
            when = f"WHEN {' AND '.join(conditions)}" if conditions else ""
            db.execute(
                f'CREATE TRIGGER "siteline_{name}_{action}" AFTER {action.upper()} ON "{name}" {when} BEGIN {_JOURNAL} '
                f"VALUES ({_NOW}, {_WHO}, '{action}', '{name}', CAST({row}.\"{key}\" AS TEXT), {before}, {after}); END"
            )


def _as_json(side: str, names: list[str], spatial: bool) -> str:
    pairs = [f"'{name}', {side}.\"{name}\"" for name in names]
    if spatial:
        pairs.append(f"'geom', CASE WHEN {side}.geom IS NULL THEN NULL ELSE hex({side}.geom) END")
    return f"json_object({', '.join(pairs)})"
