"""``scenes.csv``: what a person writes down about image files that do not say it themselves.

One row per file (or glob), paths relative to the table's folder. Every problem of every table is told at once.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from siteline.catalogue import bandnames
from siteline.catalogue.dates import written
from siteline.catalogue.delivered import providers
from siteline.catalogue.shelf import Shelf
from siteline.guard.csvfile import CsvFile
from siteline.model.errors import BadDate, BadRows, RowProblem
from siteline.model.scene import MASKS, Quantity

NAME: Final = "scenes.csv"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was understood. ``properties``: STAC. ``bands``: common name by index from 1, {} where not stated.

    ``corners``: lon, lat of the outer corners from the upper left clockwise. ``scene``: files with one name are one scene.
    """

    table: str
    line: int
    pattern: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    bands: Mapping[int, str] = field(default_factory=dict)
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    mask: str = ""
    scene: str = ""
    crs: str = ""
    corners: tuple[float, ...] = ()
    problems: tuple[str, ...] = ()


class Tables:
    """Every ``scenes.csv`` of a folder; ``notes``: rows that no file answers to."""

    def __init__(self, rows: Mapping[str, Row], notes: Sequence[str]) -> None:
        """``rows``: by file."""
        self._rows, self.notes = rows, tuple(notes)

    def row(self, file: str) -> Row | None:
        """What is written about ``file``, None for nothing."""
        return self._rows.get(file)


def read_tables(shelf: Shelf) -> Tables:
    """The tables on ``shelf``, each about files in its folder and below, the nearest one first. Raises ``BadRows``."""
    problems: list[RowProblem] = []
    rows: dict[str, Row] = {}
    notes = []
    tables = sorted((file for file in shelf.files if posixpath.basename(file).casefold() == NAME), key=_depth)
    for table in tables:
        read = _read(shelf, table, problems)
        matched, lonely = _matched(read, posixpath.dirname(table), shelf, problems)
        rows |= matched
        notes += [f"{table}:{row.line}: no file is named {row.pattern!r}" for row in lonely]
    if problems:
        raise BadRows(problems)
    shelf.claim(tables)
    return Tables(rows, notes)


def _depth(table: str) -> tuple[int, str]:
    return table.count("/"), table


def _read(shelf: Shelf, table: str, problems: list[RowProblem]) -> list[Row]:
    source = CsvFile(shelf.path(table))
    rows: list[Row] = []
    for line, cells in source:
        header = [name.strip().casefold() for name in source.header]
        if "file" not in header:
            source.problems.append(RowProblem(table, 1, "file", "this column is missing; name each image in it"))
            break
        rows.append(_row(table, line, dict(zip(header, map(str.strip, cells), strict=True)), problems))
    problems += [replace(problem, file=table) for problem in source.problems]
    return rows


def _matched(rows: Iterable[Row], folder: str, shelf: Shelf, problems: list[RowProblem]) -> tuple[dict[str, Row], list[Row]]:
    """The row of each file: one that names it before one whose glob fits it. And the rows that fit none."""
    prefix = f"{folder}/" if folder else ""
    files = [name for name in shelf.files if name.startswith(prefix)]
    exact: dict[str, Row] = {}
    fitted: dict[str, Row] = {}
    lonely = []
    for row in rows:
        named = prefix + posixpath.normpath(row.pattern) if row.pattern else ""
        globbed = any(sign in row.pattern for sign in "*?[") and not shelf.holds(named)
        found = fnmatch.filter(files, prefix + row.pattern) if globbed else [named] if shelf.holds(named) else []
        target = fitted if globbed else exact
        for file in found:
            if before := target.get(file):
                problems.append(RowProblem(row.table, row.line, "file", f"{file} is named in line {before.line} already"))
            target[file] = row
        if not found and row.pattern:
            lonely.append(row)
    return {**fitted, **exact}, lonely


def _row(table: str, line: int, cells: Mapping[str, str], problems: list[RowProblem]) -> Row:
    properties: dict[str, Any] = {}
    more: dict[str, Any] = {"problems": ()}
    for column, text in cells.items():
        if not text and column != "file":
            continue
        try:
            _COLUMNS.get(column, _unknown)(column, text, properties, more)
        except ValueError as error:
            problems.append(RowProblem(table, line, column, str(error)))
        except BadDate as error:
            problems.append(RowProblem(table, line, column, f"{text!r} is refused: {error.reason}"))
    _meaning(table, line, properties, more, problems)
    return Row(table=table, line=line, pattern=cells["file"], properties=properties, **more)


def _meaning(table: str, line: int, properties: dict[str, Any], more: dict[str, Any], problems: list[RowProblem]) -> None:
    """Scale and offset are understood together with the quantity they lead to."""
    scaled = more.get("scale") is not None or more.get("offset") is not None
    if "siteline:quantity" in properties:
        measured = properties["siteline:quantity"] != "digital_number"
        properties["siteline:calibration"] = "declared" if measured else "none"
        more |= {"scale": more.get("scale", 1.0), "offset": more.get("offset", 0.0)} if measured else {}
    elif scaled:
        known = ", ".join(get_args(Quantity))
        problems.append(RowProblem(table, line, "quantity", f"a scale or offset needs the quantity it gives: {known}"))
    if properties.pop("sensor", "") == "radar":
        named = [name.upper() for name in more.get("bands", {}).values()]
        properties["sar:polarizations"] = named


_Column = Callable[[str, str, dict[str, Any], dict[str, Any]], None]


def _file(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    if not text:
        raise ValueError("is empty; name an image file, or several with a glob such as 2019/*.tif")


def _acquired(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    stated, doubt = written(text)
    properties |= stated
    more["problems"] = (*more["problems"], doubt) if doubt else more["problems"]


def _processed(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    stated, _ = written(text)
    properties["processing:datetime"] = str(stated.get("datetime") or stated.get("siteline:when"))


def _date_is(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    if text not in ("acquired", "not_later_than"):
        raise ValueError(f"{text!r} is neither acquired nor not_later_than (for dates of mosaics and releases)")
    properties["siteline:when_kind"] = text


def _bands(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    named: dict[int, str] = {}
    for place, part in enumerate(text.replace(";", ",").replace(" ", "," if "," not in text else "").split(","), 1):
        index, equals, name = part.strip().rpartition("=")
        if equals and not index.strip().isdecimal():
            raise ValueError(f"{part.strip()!r}: write bands in the order of the file, or as 1=red,2=green")
        band = bandnames.guess(name)
        if not band and name.strip() not in ("", "-"):
            raise ValueError(f"{name.strip()!r} is no band; use {', '.join(sorted(bandnames.COMMON))}, or - to skip one")
        number = int(index) if equals else place
        if band and (number < 1 or number in named or band in named.values()):
            raise ValueError(f"{part.strip()!r}: a band is named twice, or its number is below 1")
        named |= {number: band} if band else {}
    if not named:
        raise ValueError("names no band")
    more["bands"] = named


def _corners(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    try:
        values = tuple(float(part) for part in text.replace(",", " ").replace(";", " ").split())
    except ValueError:
        values = ()
    places = list(zip(values[::2], values[1::2], strict=False))
    if len(values) != 8 or not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in places):
        raise ValueError("write longitude latitude of the four corners, upper left first, then clockwise, in degrees")
    more["corners"] = values


def _one_of(key: str, *words: str, into: str = "properties") -> _Column:
    def read(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        (properties if into == "properties" else more)[key] = text

    return read


def _number(key: str, low: float, high: float, into: str = "properties", whole: bool = False) -> _Column:
    def read(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise ValueError(f"{text!r} is no {'whole ' if whole else ''}number; write it with a point, no unit") from None
        if value == value and not low <= value <= high:
            raise ValueError(f"{text} is not between {low:g} and {high:g}")
        (properties if into == "properties" else more)[key] = value

    return read


def _text(key: str, into: str = "properties") -> _Column:
    def read(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
        (properties if into == "properties" else more)[key] = text

    return read


def _provider(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    properties |= providers(text)


def _unknown(column: str, text: str, properties: dict[str, Any], more: dict[str, Any]) -> None:
    properties[f"siteline:csv_{column}"] = text


_LARGE = 1e300
_COLUMNS: Final[Mapping[str, _Column]] = {
    "file": _file,
    "acquired": _acquired,
    "processed": _processed,
    "date_is": _date_is,
    "scene": _text("scene", "more"),
    "provider": _provider,
    "platform": _text("platform"),
    "sensor": _one_of("sensor", "optical", "radar"),
    "bands": _bands,
    "mask": _one_of("mask", *MASKS, into="more"),
    "quantity": _one_of("siteline:quantity", *get_args(Quantity)),
    "scale": _number("scale", -_LARGE, _LARGE, "more"),
    "offset": _number("offset", -_LARGE, _LARGE, "more"),
    "nodata": _number("nodata", -_LARGE, _LARGE, "more"),
    "gsd_m": _number("gsd", 1e-3, 1e6),
    "cloud_percent": _number("eo:cloud_cover", 0, 100),
    "off_nadir": _number("view:off_nadir", 0, 90),
    "sun_elevation": _number("view:sun_elevation", -90, 90),
    "sun_azimuth": _number("view:sun_azimuth", 0, 360),
    "relative_orbit": _number("sat:relative_orbit", 1, 1000, whole=True),
    "orbit_state": _one_of("sat:orbit_state", "ascending", "descending"),
    "licence": _text("license"),
    "license": _text("license"),
    "credit": _text("siteline:credit"),
    "crs": _text("crs", "more"),
    "corners": _corners,
}
"""Columns that are understood; any other is kept with the scene as ``siteline:csv_<column>``."""
