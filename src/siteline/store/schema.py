"""The tables of a case file: a GeoPackage 1.4 (OGC 12-128r19), derived from ``model.tables``."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from siteline.model.tables import TABLES, Table

SCHEMA_VERSION = 2
"""Version 1 had no ``extra`` column; version 2 keeps unknown CSV columns there."""

APPLICATION_ID = 0x47504B47
USER_VERSION = 10400
OWN_TABLES = ("siteline_meta", "siteline_settings", "siteline_journal")
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
CREATE TABLE siteline_meta (fid INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE siteline_settings (fid INTEGER PRIMARY KEY CHECK (fid = 1), json TEXT NOT NULL);
CREATE TABLE siteline_journal (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL,
  action TEXT NOT NULL, table_name TEXT NOT NULL, row_id TEXT NOT NULL, before TEXT, after TEXT);
CREATE TRIGGER siteline_journal_no_update BEFORE UPDATE ON siteline_journal
  BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER siteline_journal_no_delete BEFORE DELETE ON siteline_journal
  BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
"""


def create_schema(db: sqlite3.Connection, version: int = SCHEMA_VERSION) -> None:
    """Make an empty case in the fresh database ``db``; ``version`` 1 is for tests of the migration."""
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={USER_VERSION}")
    db.executescript(_GPKG)
    undefined = [("Undefined cartesian SRS", -1), ("Undefined geographic SRS", 0)]
    srs = [(name, number, "NONE", number, "undefined", None) for name, number in undefined]
    srs.append(("WGS 84 geodetic", 4326, "EPSG", 4326, WGS84, "longitude/latitude in decimal degrees"))
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", srs)
    for table in TABLES:
        db.execute(_table_sql(table, version))
        kind = "features" if table.name == "structures" else "attributes"
        _register(db, table.name, kind, table.doc)
    for name in OWN_TABLES:
        _register(db, name, "attributes", "Kept by siteline.")
    db.execute("INSERT INTO gpkg_geometry_columns VALUES ('structures', 'geom', 'GEOMETRY', 4326, 2, 0)")
    db.execute("INSERT INTO siteline_meta (key, value) VALUES ('schema_version', ?)", (str(version),))
    db.execute("INSERT INTO siteline_settings VALUES (1, '{}')")
    db.commit()


def migrate(db: sqlite3.Connection) -> None:
    """Bring a version 1 case to version 2 in one transaction, with a line in the journal."""
    db.execute("BEGIN IMMEDIATE")
    if schema_version(db) == 1:
        for table in TABLES:
            db.execute(f"ALTER TABLE \"{table.name}\" ADD COLUMN extra TEXT NOT NULL DEFAULT '{{}}'")
        db.execute("UPDATE siteline_meta SET value='2' WHERE key='schema_version'")
        write_journal(db, [(now(), "siteline", "migrate", "siteline_meta", "schema_version", '"1"', '"2"')])
    db.commit()


def schema_version(db: sqlite3.Connection) -> int:
    """Schema version of an open case. Raises ``sqlite3.DatabaseError`` or ``ValueError`` when it is no case."""
    row = db.execute("SELECT value FROM siteline_meta WHERE key='schema_version'").fetchone()
    if row is None:
        raise ValueError("no schema version")
    return int(row[0])


def write_journal(db: sqlite3.Connection, rows: list[tuple[str, str, str, str, str, str | None, str | None]]) -> None:
    """Append (when, who, action, table, row id, before, after) rows inside the caller's transaction."""
    sql = "INSERT INTO siteline_journal (at, who, action, table_name, row_id, before, after) VALUES (?,?,?,?,?,?,?)"
    db.executemany(sql, rows)


def now() -> str:
    """The present in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _register(db: sqlite3.Connection, name: str, kind: str, doc: str) -> None:
    sql = "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES (?,?,?,?,?)"
    db.execute(sql, (name, kind, name, doc, 4326 if kind == "features" else None))


def _table_sql(table: Table, version: int) -> str:
    parts = ["fid INTEGER PRIMARY KEY AUTOINCREMENT"]
    for column in table.columns:
        if column.kind == "id":
            parts.append(f'"{column.name}" TEXT NOT NULL UNIQUE')
        elif column.kind == "ref":
            target = next(t for t in TABLES if t.name == column.table)
            reference = f'REFERENCES "{target.name}" ("{target.key}") DEFERRABLE INITIALLY DEFERRED'
            parts.append(f'"{column.name}" TEXT {"NOT NULL " if column.required else ""}{reference}')
        else:
            parts.append(f"\"{column.name}\" TEXT NOT NULL DEFAULT ''")
    if table.name == "structures":
        parts.append("geom GEOMETRY")
    if version >= 2:
        parts.append("extra TEXT NOT NULL DEFAULT '{}'")
    return f'CREATE TABLE "{table.name}" ({", ".join(parts)})'
