"""JSON Schema (draft 2020-12) of a folder that ``siteline import`` reads, derived from ``model.tables``.

The instance it describes is the folder as one object: file names to lists of rows (cells by column, all text),
``structures.geojson`` and ``settings.json`` as they are. What a schema cannot say - keys that exist, dates that exist and
agree, words a case maps itself - the import checks.
"""

from __future__ import annotations

from typing import Any

from siteline.guard.csvfile import MAX_FIELD
from siteline.model.columns import NUMBERS
from siteline.model.states import KNOWN_WORDS, STATES
from siteline.model.tables import BY_NAME, TABLES, Column, Table
from siteline.store.loading import SETTINGS_FILE
from siteline.store.rows import GEOJSON

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EDTF = r"^[0-9TZXYESun%~?./:+ \[\]{},-]{0,100}$"
_KEY = r"^[^;\u0000-\u001f\u007f]+$"
_URL = r"^$|^[Hh][Tt][Tt][Pp][Ss]?://[^\s<>\"]+$"
_TIME = r"^$|^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?Z?$"


def folder_schema() -> dict[str, Any]:
    """The schema of a whole folder."""
    files: dict[str, Any] = {
        table.file: {"type": "array", "description": table.doc, "items": _row(table)} for table in TABLES
    }
    files[GEOJSON] = _collection(BY_NAME["structures"])
    files[SETTINGS_FILE] = settings_schema()
    structures = BY_NAME["structures"].file
    return {
        "$schema": DIALECT,
        "title": "A folder of a siteline case",
        "type": "object",
        "properties": files,
        "required": [t.file for t in TABLES if t.required_file and t.file != structures],
        "oneOf": [{"required": [structures]}, {"required": [GEOJSON]}],
    }


def settings_schema() -> dict[str, Any]:
    """The schema of ``settings.json``; see ``model.settings``."""
    texts = {"type": "array", "items": {"type": "string"}}
    state = "|".join(STATES)
    fields: dict[str, Any] = {
        "title": {"type": "string", "description": "Headline of the report."},
        "subtitle": {"type": "string", "description": "Line under the headline."},
        "period": {
            "description": "First and last EDTF date of interest; empty for the extent of the observations.",
            "oneOf": [{**texts, "minItems": 2, "maxItems": 2}, {**texts, "maxItems": 0}],
        },
        "area": {"type": "string", "description": "The site as WKT, EPSG:4326; empty for the extent of the footprints."},
        "vocabulary": {
            "description": "The case's own state words, each with the known word it stands for.",
            "type": "object",
            "additionalProperties": {"enum": list(KNOWN_WORDS)},
        },
        "rates": {
            "description": "Expected number per year of a transition, such as complete->being_dismantled.",
            "type": "object",
            "propertyNames": {"pattern": f"^({state})->({state})$"},
            "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 366},
        },
        "noise": {
            "description": "Share of wrong labels by confidence (high, medium, low) or by observer (observer:<name>).",
            "type": "object",
            "propertyNames": {"pattern": "^(high|medium|low|observer:.*)$"},
            "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        },
        "key_events": {**texts, "description": "Ids of the events the question turns on."},
        "key_structures": {**texts, "description": "Ids of the structures that lead the report."},
    }
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _row(table: Table) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {c.name: _cell(c) for c in table.columns},
        "required": [c.name for c in table.columns if not c.optional_column],
        "additionalProperties": {"type": "string", "maxLength": MAX_FIELD},
    }


def _cell(column: Column) -> dict[str, Any]:
    cell: dict[str, Any] = {"type": "string", "description": column.doc, "maxLength": MAX_FIELD}
    if column.kind == "id":
        cell["pattern"] = _KEY
    elif column.kind == "date":
        cell["pattern"] = _EDTF
    elif column.kind == "url":
        cell["pattern"] = _URL
    elif column.kind in NUMBERS:
        cell["pattern"] = f"^({NUMBERS[column.kind]}{'' if column.required else '|'})$"
    elif column.words:
        cell["enum"] = list(column.words) if column.required else ["", *column.words]
    elif column.name == "acquired_time_utc_if_stated":
        cell["pattern"] = _TIME
    elif column.required:
        cell["pattern"] = r"\S"
    return cell


def _collection(table: Table) -> dict[str, Any]:
    """Structures with footprints: unknown properties may be any JSON, geometry is WGS 84 longitude and latitude."""
    properties = _row(table)
    properties["required"] = [table.key]
    properties["additionalProperties"] = True
    for column in table.columns:
        if not column.required:
            properties["properties"][column.name]["type"] = ["string", "null"]
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "properties": properties,
            "geometry": {"type": ["object", "null"], "description": "RFC 7946 geometry, or null where none is known."},
        },
        "required": ["type", "properties", "geometry"],
    }
    return {
        "type": "object",
        "description": f"{table.doc} Instead of {table.file} where footprints are known.",
        "properties": {"type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": feature}},
        "required": ["type", "features"],
    }
