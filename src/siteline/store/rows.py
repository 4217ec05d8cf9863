"""The rows of a folder's files, one by one: CSV, and GeoJSON for structures with footprints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siteline.guard.csvfile import MAX_FIELD, CsvFile
from siteline.guard.files import read_text
from siteline.model.errors import FileTrouble, RowProblem
from siteline.model.tables import Table
from siteline.store.geometry import to_blob

GEOJSON = "structures.geojson"
_CRS84 = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326")


@dataclass(slots=True)
class Row:
    """One row as written. ``cells`` holds every declared column (blank where the file has none), ``given`` those it names.

    ``extra``: columns the format does not know, kept as they are. ``geometry``: GeoPackage binary, or None.
    """

    line: int | None
    cells: dict[str, str]
    given: frozenset[str]
    extra: Mapping[str, Any] = field(default_factory=dict)
    geometry: bytes | None = None
    spatial: bool = False


class CsvRows:
    """Rows of ``path``; iterate, then look at ``problems``."""

    def __init__(self, table: Table, path: Path) -> None:
        """Prepare to read ``path`` as ``table``; nothing is opened yet."""
        self._table = table
        self._file = CsvFile(path)

    @property
    def problems(self) -> list[RowProblem]:
        """What was wrong with the text of the file so far."""
        return self._file.problems

    def __iter__(self) -> Iterator[Row]:
        """Yield rows; none where declared columns are missing. Raises ``FileTrouble``."""
        blank = dict.fromkeys((c.name for c in self._table.columns), "")
        given: frozenset[str] = frozenset()
        extra: list[str] = []
        checked = False
        for line, values in self._file:
            if not checked:
                if self._missing_columns():
                    return
                checked = True
                given = frozenset(blank).intersection(self._file.header)
                extra = [name for name in self._file.header if name not in given]
            cells = dict(zip(self._file.header, values, strict=True))
            more = {name: cells.pop(name) for name in extra} if extra else {}
            yield Row(line, {**blank, **cells}, given, more)
        if not checked and self._file.header:
            self._missing_columns()

    def _missing_columns(self) -> bool:
        header = set(self._file.header)
        missing = [c.name for c in self._table.columns if c.name not in header and not c.optional_column]
        for name in missing:
            reason = "the header lacks this column; add it, blank where nothing is known"
            self.problems.append(RowProblem(self._file.path.name, 1, name, reason))
        return bool(missing)


class GeoJsonRows:
    """Features of ``path`` as rows of ``structures``; iterate, then look at ``problems``."""

    def __init__(self, table: Table, path: Path) -> None:
        """Prepare to read ``path``; nothing is opened yet."""
        self._table, self._path = table, path
        self.problems: list[RowProblem] = []

    def _report(self, line: int | None, column: str | None, reason: str) -> None:
        self.problems.append(RowProblem(self._path.name, line, column, reason))

    def __iter__(self) -> Iterator[Row]:
        """Yield one row per feature. Raises ``FileTrouble`` if the file cannot be opened."""
        try:
            text = read_text(self._path)
        except FileTrouble as error:
            if isinstance(error.__cause__, OSError):
                raise
            self._report(None, None, f"{error.reason}; {error.remedy}")
            return
        try:
            collection = json.loads(text)
        except json.JSONDecodeError as error:
            self._report(error.lineno, None, f"not JSON ({error.msg})")
            return
        except RecursionError:
            self._report(None, None, "nested too deeply for a feature collection")
            return
        if reason := _not_a_collection(collection):
            self._report(None, None, reason)
            return
        lines = _feature_lines(text)
        for line, feature in zip(lines, collection["features"], strict=True):
            if (row := self._row(line, feature)) is not None:
                yield row

    def _row(self, line: int, feature: Any) -> Row | None:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or feature.get("type") != "Feature":
            self._report(line, None, "not a GeoJSON feature with properties")
            return None
        cells = dict.fromkeys((c.name for c in self._table.columns), "")
        extra: dict[str, Any] = {}
        given = frozenset(cells).intersection(properties)
        for name, value in properties.items():
            if reason := bad_text(name) or bad_text(value if isinstance(value, str) else json.dumps(value)):
                self._report(line, name.encode("utf-8", "replace").decode(), reason)
            elif name not in cells:
                extra[name] = value
            elif value is not None and not isinstance(value, str):
                self._report(line, name, "must be text in quotes, or null")
            else:
                cells[name] = value or ""
        blob = None
        if feature.get("geometry") is not None:
            try:
                blob = to_blob(feature["geometry"])
            except ValueError as error:
                self._report(line, "geometry", str(error))
        return Row(line, cells, given, extra, blob, spatial=True)


def _not_a_collection(collection: Any) -> str:
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        return "must be one GeoJSON FeatureCollection"
    if not isinstance(collection.get("features"), list):
        return "its features must be a list"
    crs = collection.get("crs")
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
    if crs is not None and name not in _CRS84:
        return "its crs is not WGS 84; save it in EPSG:4326 (longitude, latitude)"
    return ""


def bad_text(text: str) -> str:
    """Why ``text`` cannot be kept, "" where it can."""
    if len(text) > MAX_FIELD:
        return f"{len(text)} characters where {MAX_FIELD} (1 MiB) are allowed; shorten it"
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        return "holds a NUL or half a character pair, which cannot be stored as UTF-8 text"
    return ""


def _feature_lines(text: str) -> list[int]:
    """Line on which each feature starts, in a text already known to be a feature collection."""
    decoder = json.JSONDecoder()
    lines: list[int] = []
    position, line, counted = _skip(text, _skip(text, 0) + 1), 1, 0
    while text[position] != "}":
        key, position = decoder.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        if key != "features" or text[position] != "[":
            _, position = decoder.raw_decode(text, position)
        else:
            lines = []  # a repeated member replaces the first, as in every JSON reader
            position = _skip(text, position + 1)
            while text[position] != "]":
                line, counted = line + text.count("\n", counted, position), position
                lines.append(line)
                _, position = decoder.raw_decode(text, position)
                position = _skip(text, position)
                position = _skip(text, position + 1) if text[position] == "," else position
            position += 1
        position = _skip(text, position)
        position = _skip(text, position + 1) if text[position] == "," else position
    return lines


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position
