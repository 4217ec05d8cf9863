"""The JSON Schema and the page of the case format say what the code does."""

from __future__ import annotations

import copy
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from siteline.model.errors import BadRows
from siteline.model.settings import Settings
from siteline.model.tables import TABLES
from siteline.store.formatpage import format_page, schema_text, write_docs
from siteline.store.importing import read_folder
from siteline.store.schemas import folder_schema, settings_schema
from store_folders import SOHAE, TODAY, read, small, write

DOCS = Path(__file__).parents[1] / "docs"
VALIDATOR = Draft202012Validator(folder_schema())


def test_the_schema_is_one():
    Draft202012Validator.check_schema(folder_schema())


def test_the_bundled_case_fits_the_schema():
    folder: dict[str, Any] = {path.name: read(path) for path in SOHAE.glob("*.csv")}
    folder["settings.json"] = json.loads((SOHAE / "settings.json").read_text())
    assert not list(VALIDATOR.iter_errors(folder))


# Each fault with the place where both the schema and the import must see it.
FAULTS = [
    ("sources.csv", "url", "javascript:x"),
    ("sources.csv", "source_id", "a;b"),
    ("sources.csv", "published", "tomorrow!"),
    ("images.csv", "acquired_time_utc_if_stated", "25:61"),
    ("observations.csv", "confidence", "sure"),
    ("observations.csv", "confidence", ""),
    ("observations.csv", "state", " "),
    ("findings.csv", "claim_type", "maybe"),
    ("readings.csv", "reading", "?"),
    ("hypotheses.csv", "title", ""),
    ("measurements.csv", "value", "1,5"),
    ("measurements.csv", "value", "nan"),
    ("measurements.csv", "usable_share", "1.01"),
    ("detections.csv", "scenes", ""),
    ("detections.csv", "scenes", "2.5"),
    ("trust.csv", "placebos", "-1"),
]


@pytest.mark.parametrize(("file", "column", "value"), FAULTS)
def test_what_the_schema_refuses_the_import_refuses(tmp_path: Path, file: str, column: str, value: str):
    tables = small()
    assert not list(VALIDATOR.iter_errors(tables))
    tables[file][0][column] = value
    assert [list(e.absolute_path)[:3] for e in VALIDATOR.iter_errors(tables)] == [[file, 0, column]]
    with pytest.raises(BadRows) as caught:
        read_folder(write(tmp_path, tables), today=TODAY)
    assert (file, column) in {(p.file, p.column) for p in caught.value.problems}


@pytest.mark.parametrize("table", [t for t in TABLES if t.file in small()], ids=lambda t: t.name)
def test_columns_are_required_alike(tmp_path: Path, table: Any):
    for column in table.columns:
        tables = copy.deepcopy(small())
        for row in tables[table.file]:
            row.pop(column.name, None)
        refused = bool(list(VALIDATOR.iter_errors(tables)))
        assert refused is not column.optional_column
        if refused:
            with pytest.raises(BadRows) as caught:
                read_folder(write(tmp_path, tables), today=TODAY)
            assert (table.file, 1, column.name) in {(p.file, p.line, p.column) for p in caught.value.problems}


def test_structures_come_as_csv_or_as_geojson():
    tables: dict[str, Any] = small()
    feature = {"type": "Feature", "properties": {"structure_id": "pad", "mine": 3}, "geometry": None}
    spatial = {**tables, "structures.geojson": {"type": "FeatureCollection", "features": [feature]}}
    assert list(VALIDATOR.iter_errors(spatial))
    del spatial["structures.csv"]
    assert not list(VALIDATOR.iter_errors(spatial))
    del spatial["structures.geojson"]
    assert list(VALIDATOR.iter_errors(spatial))


def test_every_setting_is_described():
    assert set(settings_schema()["properties"]) == {f.name for f in fields(Settings)}


def test_the_published_pages_are_up_to_date(tmp_path: Path):
    assert (DOCS / "case-format.md").read_text(encoding="utf-8") == format_page()
    assert (DOCS / "schema" / "folder.schema.json").read_text(encoding="utf-8") == schema_text()
    (tmp_path / "schema").mkdir()
    write_docs(tmp_path)
    assert (tmp_path / "case-format.md").read_bytes() == (DOCS / "case-format.md").read_bytes()


def test_the_page_names_every_file_and_column():
    page = format_page()
    for table in TABLES:
        assert f"### {table.file}" in page
        assert all(f"| `{c.name}` |" in page for c in table.columns)
