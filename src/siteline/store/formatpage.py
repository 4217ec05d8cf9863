"""Writes the reference of the case format from the tables themselves: ``python -m siteline.store.formatpage docs``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from siteline.guard.csvfile import MAX_FIELD, MAX_LINE, MAX_PROBLEMS
from siteline.guard.files import MAX_TEXT, write_text
from siteline.model.states import KNOWN_WORDS
from siteline.model.tables import TABLES, Column, Table
from siteline.store.schema import SCHEMA_VERSION
from siteline.store.schemas import folder_schema

_MIB = 1024 * 1024

_INTRO = """# The case format

A case lives in two forms that hold the same thing: a **folder** of CSV and GeoJSON for people and scripts, and a **case
file** (one GeoPackage) for siteline, QGIS and GDAL. `siteline import` turns the first into the second, `siteline export`
turns it back, value for value. `siteline check` validates either.

*This page is written from the code by `python -m siteline.store.formatpage docs`; a test fails when it is out of date.*

## The folder

| file | needed | holds |
| --- | --- | --- |
"""

_RULES = f"""
Rules for every file:

- UTF-8, with or without a byte order mark; commas, double quotes, a header row. Line breaks inside quoted cells are kept.
- The order of columns is free. Columns not named below are kept as they are and written back on export.
- A blank cell means "not stated". It never means zero or no. Numbers are written with a point; `inf` is one.
- Keys may hold any characters but `;`, control characters and outer spaces. Lists of keys are joined by `;`.
- A file whose name is nearly one of these (`finding.csv`) is reported, since passing over it would lose data.
- Where footprints are known, `structures.geojson` stands in place of `structures.csv`: a FeatureCollection in WGS 84
  (longitude, latitude; RFC 7946) whose properties are the columns below. Only `properties` and `geometry` of a feature are
  kept. Use `null` where no footprint is known.

**Dates** are EDTF (ISO 8601-2): `2019-03-02`, `2019-03`, `2019`, `2019-02-16/2019-03-02`, or blank. A partial date stays an
interval; nothing invents a day. A time of day needs its zone (`2019-03-02T02:11Z`). Days are UTC, except those of an event
whose `timezone_or_place` is an IANA zone (`Asia/Ho_Chi_Minh`) or an offset (`+07:00`, `UTC+7`). Any other text there is a
place, and the days are UTC.

**When a look was** is its scene's time where the scene has one, else its own `acquired_date`. The two must not contradict.

**States** are {", ".join(f"`{word}`" for word in KNOWN_WORDS)}, or words that `vocabulary` in `settings.json`
maps onto these. `obscured` and `not_stated` count as looks and say nothing about the state.

### What is refused

Every problem of every file is reported at once, with file, line, column and reason, and nothing is written: missing files
and columns, ragged rows, text that is not UTF-8 or holds NUL, cells over {MAX_FIELD // _MIB} MiB, keys used twice, keys
that do not exist, unknown words, dates that do not exist, lie in the year 0 or start later than tomorrow (UTC), an
`after_date` later than its `before_date`, an event that ends before it starts, an observation dated otherwise than its
scene, web addresses that are not http or https.

Limits: CSV is read row by row, so a file may be larger than memory; one line may have {MAX_LINE // _MIB} MiB, JSON files
{MAX_TEXT // _MIB} MiB; after {MAX_PROBLEMS:,} problems the rest of a file is not checked.

### Adding to a case

`siteline import FOLDER CASE.gpkg --merge` adds a folder to a case that exists, in one transaction. Rows with a known key are
replaced, column by column as far as the file has them; other rows stay; no file is required. Footprints are left alone by
a CSV. Nothing is ever deleted.

A JSON Schema of the folder, as one object of file names to rows, is [schema/folder.schema.json](schema/folder.schema.json).

## The tables
"""

_SETTINGS = """
### settings.json

One JSON object; unknown names are refused.

| setting | meaning |
| --- | --- |
"""

_CASE = f"""
## The case file

A GeoPackage 1.4 (OGC 12-128r19) on SQLite in WAL mode, schema version {SCHEMA_VERSION}.

- The tables above under their own names (`claims` for `findings.csv`, `scenes` for `images.csv`), each with `fid` and
  `extra`, a JSON object of the columns the format does not know. `structures` is a feature table: its `geom` is a
  footprint, a point or NULL, EPSG:4326. The others are attribute tables. Dates are kept as written.
- `siteline_settings`: the settings as JSON. `siteline_meta`: `schema_version`.
- `siteline_journal`: every change, in order: `at` (UTC), `who`, `action` (insert, update, delete, migrate), `table_name`,
  `row_id` (the key), `before` and `after` (the row as JSON, geometry in hexadecimal). The database itself writes it in the
  transaction of the change and refuses to change or delete its rows. An edit made in QGIS is recorded too, by "another
  program". It shows what happened to an honest user; it is no seal against somebody who rewrites the file.
  `measurements` are computed again whenever they are wanted: a run of siteline that writes them gets one line (action
  `run`) that says how many rows, of which structures and stacks.

A new case is built beside its place under a hidden name and moved there when it is complete: whatever ends the import,
there is no case or the whole case. Changes to an existing case are one transaction each. One program writes at a time; a
second one waits five seconds and then ends with a clear error. Where the file or its folder cannot be written, the case
opens for reading. Cases of older versions are brought up to date when opened; those of newer ones are left alone with an
error.

In `imagery`, a file of the machine that the scene was found on has its absolute path (`href` of the asset) and, where it
lies in the case's folder or below, the path from there (`siteline:beside`). If there is a file at the latter, it is the one
that is read: a case that is moved or copied together with its images goes on reading them.
"""


def format_page() -> str:
    """The text of ``docs/case-format.md``."""
    files = "".join(f"| `{t.file}` | {'yes' if t.required_file else 'no'} | {t.doc} |\n" for t in TABLES)
    files += "| `settings.json` | no | Settings of the case. |\n"
    tables = "".join(_table(t) for t in TABLES)
    settings: dict[str, dict[str, str]] = folder_schema()["properties"]["settings.json"]["properties"]
    rows = "".join(f"| `{name}` | {field['description']} |\n" for name, field in settings.items())
    return f"{_INTRO}{files}{_RULES}{tables}{_SETTINGS}{rows}{_CASE}"


def schema_text() -> str:
    """The text of ``docs/schema/folder.schema.json``."""
    return json.dumps(folder_schema(), indent=2, ensure_ascii=False) + "\n"


def _table(table: Table) -> str:
    rows = "".join(f"| `{c.name}` | {'; '.join(_facts(c))} | {c.doc} |\n" for c in table.columns)
    return f"\n### {table.file}\n\n{table.doc}\n\n| column | kind | meaning |\n| --- | --- | --- |\n{rows}"


def _facts(column: Column) -> Iterator[str]:
    kinds = {
        "id": "key",
        "ref": f"key of {column.table}",
        "refs": f"keys of {column.table}, joined by `;`",
        "url": "web address",
        "share": "number from 0 to 1",
        "count": "whole number",
        "json": "JSON",
    }
    words = " or ".join(f"`{word}`" for word in column.words)
    yield words or kinds.get(column.kind, column.kind)
    if column.required:
        yield "never blank"
    if column.optional_column:
        yield "column may be missing"


def write_docs(folder: Path) -> None:
    """Write both files below ``folder``. Raises ``FileTrouble``."""
    write_text(folder / "case-format.md", format_page())
    write_text(folder / "schema" / "folder.schema.json", schema_text())


if __name__ == "__main__":
    write_docs(Path(sys.argv[1]))
