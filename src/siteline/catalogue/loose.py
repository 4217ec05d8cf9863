"""Images that belong to no delivery: one scene per file, or per set of files that differ only in the band at the end."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from siteline.catalogue import bandnames
from siteline.catalogue.dates import over
from siteline.catalogue.filenames import said_by
from siteline.catalogue.pictures import placed_beside, sidecars
from siteline.catalogue.scenescsv import Row, Tables
from siteline.catalogue.shelf import Draft, Layer, Shelf, crs_of, grouped, is_image, stem, suffix

_TAIL = re.compile(r"(?P<lead>.+)[_.-](?P<band>[A-Za-z]+\d{0,3})\Z")
_UNNAMED = "nothing names its bands; write them in scenes.csv, column bands"
_LAYOUTS = {1: ("pan",), 2: ("pan", ""), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "")}


def find(shelf: Shelf, tables: Tables) -> Iterator[Draft]:
    """Every image file left on the shelf, except pictures (PNG, JPEG) that nothing dates or places: those are no scenes."""
    candidates = [file for file in shelf.files if is_image(file) and _worth_opening(file, shelf, tables)]
    for (_, name), files in grouped((_key(file, tables), file) for file in candidates).items():
        readable = [file for file in files if shelf.header(file) is not None]
        if readable:
            yield _draft(name, readable, shelf, tables)


def _worth_opening(file: str, shelf: Shelf, tables: Tables) -> bool:
    """Headers of PNG and JPEG files take a process of their own each, and a thousand icons are no scenes."""
    if suffix(file) in (".tif", ".tiff", ".jp2") or tables.row(file):
        return True
    said = said_by(stem(file))
    return bool(said.properties or said.problems or sidecars(shelf, file))


def _key(file: str, tables: Tables) -> tuple[str, str]:
    row = tables.row(file)
    if row and row.scene:
        return "scene", row.scene
    if not (row and row.bands) and (match := _TAIL.match(stem(file))) and _is_band(match["band"]):
        return "set", posixpath.join(posixpath.dirname(file), match["lead"])
    return "file", file


def _is_band(word: str) -> bool:
    return word.casefold() in bandnames.COMMON


def _draft(name: str, files: list[str], shelf: Shelf, tables: Tables) -> Draft:
    layers: list[Layer] = []
    problems: list[str] = []
    stated: list[dict[str, Any]] = [{}]
    names = [said_by(stem(file)) for file in files]
    rows = [row for file in files if (row := tables.row(file))]
    dated = any(_dated(row) for row in rows)
    for said in names:
        stated.append(dict(said.properties))
        problems += [] if dated else said.problems
        if said.properties.get("constellation") == "planetscope" and not dated:
            problems.append("its name reads like a Planet item's: the time in it is taken as UTC")
    for row in rows:
        stated.append(dict(row.properties))
        problems += row.problems
    place = None
    for file in files:
        row = tables.row(file)
        found = _layers(file, shelf, row, len(files) > 1, problems)
        layers += [_stated(layer, row) if row else layer for layer in found]
        place = place or _placed(file, shelf, row, problems)
    beside = [side for file in files for side in sidecars(shelf, file)]
    properties = over({"siteline:quantity": "digital_number", "siteline:calibration": "none"}, *stated)
    if place is not None:
        properties |= place[2]
    return Draft(
        name=name, place=files[0], layers=tuple(layers), properties=properties, problems=tuple(problems),
        files=frozenset((*files, *beside)), stated=place[:2] if place else None,
    )  # fmt: skip


def _stated(layer: Layer, row: Row) -> Layer:
    gsd = row.properties.get("gsd")
    return replace(layer, scale=row.scale, offset=row.offset, nodata=row.nodata, gsd_m=gsd)


def _dated(row: Row) -> bool:
    return "datetime" in row.properties


def _layers(file: str, shelf: Shelf, row: Row | None, several: bool, problems: list[str]) -> Iterator[Layer]:
    header = shelf.header(file)
    count = header.count if header else 0
    if row and row.mask:
        yield Layer(stem(file), file, mask=row.mask)
        return
    if row and row.bands:
        for index, band in sorted(row.bands.items()):
            if index > count:
                problems.append(f"{file} has {count} bands; scenes.csv names band {index} ({band})")
            else:
                yield Layer(_named(file, band, several), file, band=band, index=index)
        return
    tail = _TAIL.match(stem(file))
    if tail and _is_band(tail["band"]) and count == 1:
        yield Layer(tail["band"].casefold(), file, band=tail["band"].casefold())
        return
    bands = _naip(file, count) or _LAYOUTS.get(count, ())
    if not _naip(file, count):
        taken = f", taken to be {', '.join(filter(None, bands))}" if bands else ""
        problems.append(f"{posixpath.basename(file)}: {_UNNAMED}{taken}")
    for index in range(1, min(count, 64) + 1):
        band = bands[index - 1] if index <= len(bands) else ""
        yield Layer(_named(file, band or f"band{index}", several), file, band=band or f"band{index}", index=index)


def _naip(file: str, count: int) -> tuple[str, ...]:
    """USDA NAIP: four bands in this order by its product description."""
    return ("red", "green", "blue", "nir") if count == 4 and re.match(r"m_\d{7}_[ns][ew]_", stem(file)) else ()


def _named(file: str, band: str, several: bool) -> str:
    return f"{stem(file)} {band}" if several else band


def _placed(
    file: str, shelf: Shelf, row: Row | None, problems: list[str]
) -> tuple[str, tuple[float, ...], dict[str, Any]] | None:
    """CRS, affine coefficients and what is to be known of them, where they are stated beside a file that has none."""
    header = shelf.header(file)
    if header is None or crs_of(header):
        return None
    found = placed_beside(shelf, file, header, row)
    problems += found.problems
    return None if found.transform is None else (found.crs, found.transform, dict(found.properties))
