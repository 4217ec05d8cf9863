"""Landsat Collection 1 and 2 as delivered by USGS: one file per band, with ``_MTL.txt`` or ``_MTL.json`` or neither."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from siteline.catalogue import bandnames
from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Layer, Shelf, grouped

_PRODUCT = r"(?P<short>L[COTEM]\d{2}_(?P<level>L[12]\w{2})_\d{6}_\d{8})(?P<long>_\d{8}_\d{2}_(?:RT|A1|T1|T2))?"
_NAME = re.compile(_PRODUCT + r"(?:_(?P<rest>\w+))?\.(?P<kind>TIF|tif|txt|json|xml|jpe?g|png)\Z")
_FULL = re.compile(_PRODUCT + r"\Z")
_BAND = re.compile(r"(?:SR_)?B(\d+)\Z")
OLI_MULT: Final = 2.0e-5
OLI_ADD: Final = -0.1
"""Reflectance = MULT x DN + ADD, to be divided by the sine of the sun's elevation: the same for every band and scene of
Landsat 8 and 9 OLI, level 1. Source: USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.2 and its MTL files."""

_MASKS = {"BQA": "qa_c1", "QA_PIXEL": "qa_pixel"}
_LINE = re.compile(r"\s*(\w+)\s*=\s*\"?([^\"\n]*?)\"?\s*\Z")


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every product that has at least one band file, whatever its folder is called."""
    named = ((match, file) for file in shelf.files if (match := _NAME.match(posixpath.basename(file))))
    keyed = (((match["short"], match["long"] or "", posixpath.dirname(file)), file) for match, file in named)
    for (short, long, place), files in grouped(keyed).items():
        folder = _FULL.match(posixpath.basename(place))
        if not long and folder and folder["short"] == short:
            long = folder["long"] or ""  # files may be named shorter than their product, whose name the folder then has
        rests = {
            match["rest"] or "": file for file in files if (match := _NAME.match(posixpath.basename(file))) and _tif(file)
        }
        if any(_BAND.match(rest) for rest in rests):
            yield _draft(shelf, f"{short}{long}", place, files, rests)


def _tif(file: str) -> bool:
    return file.casefold().endswith(".tif")


def _draft(shelf: Shelf, product: str, place: str, files: list[str], rests: dict[str, str]) -> Draft:
    match = _FULL.match(product)
    second = bool(match and match["level"].startswith("L2"))
    oli = product[1] in "CO" and product[2:4] in ("08", "09")
    said, mtl = said_by(product), _mtl(shelf, files)
    problems = [*said.problems]
    names = bandnames.OLI if oli else bandnames.TM
    layers = []
    for rest, file in rests.items():
        band = _BAND.match(rest)
        if band and (name := names.get(f"b{band[1]}")):
            mult, add = (None, None) if second else _coefficients(mtl, band[1], oli)
            layers.append(Layer(rest, file, band=name, scale=mult, offset=add, nodata=0.0))
        elif rest in _MASKS:
            layers.append(Layer(rest, file, mask=_MASKS[rest]))
    if not any(layer.mask for layer in layers):
        problems.append("no quality file (BQA or QA_PIXEL): its clouds are not marked")
    if not second and "SUN_ELEVATION" not in mtl:
        problems.append("no MTL file: the sun's elevation is not known, so its reflectance is not corrected for it")
    properties = over(
        said.properties,
        providers("USGS"),
        {
            "landsat:product_id": product,
            "siteline:calibration": "landsat-c2-sr" if second else "landsat-c1-toa",
            "siteline:quantity": "surface_reflectance" if second else "toa_reflectance",
        },
        _metadata(mtl),
    )
    if not second and any(layer.scale is None for layer in layers if layer.band):
        properties["siteline:quantity"] = "digital_number"
        problems.append("no MTL file: the coefficients of reflectance are not known; its numbers compare only within it")
    return Draft(product, place, tuple(layers), properties, tuple(problems), frozenset(files))


def _coefficients(mtl: Mapping[str, str], band: str, oli: bool) -> tuple[float | None, float | None]:
    mult = number("", mtl.get(f"REFLECTANCE_MULT_BAND_{band}")).get("")
    add = number("", mtl.get(f"REFLECTANCE_ADD_BAND_{band}")).get("")
    if mult is not None and add is not None:
        return mult, add
    return (OLI_MULT, OLI_ADD) if oli else (None, None)


def _mtl(shelf: Shelf, files: list[str]) -> dict[str, str]:
    """All values of the metadata by name; of a name used twice the first."""
    for file in files:
        if file.endswith("_MTL.json") and (document := shelf.json(file)) is not None:
            return dict(_leaves(document))
    for file in files:
        if file.endswith("_MTL.txt") and (text := shelf.text(file)) is not None:
            values: dict[str, str] = {}
            for line in text.splitlines():
                if match := _LINE.match(line):
                    values.setdefault(match[1], match[2])
            return values
    return {}


def _leaves(document: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    found: dict[str, str] = {}
    for key, value in document.items():
        inner = _leaves(value, depth + 1) if isinstance(value, Mapping) and depth < 10 else [(key, str(value))]
        for name, text in inner:
            found.setdefault(name, text)
    yield from found.items()


def _metadata(mtl: Mapping[str, str]) -> dict[str, Any]:
    day, clock = mtl.get("DATE_ACQUIRED", ""), mtl.get("SCENE_CENTER_TIME", "")
    stated: dict[str, Any] = instant(f"{day}T{clock}") if day and clock else {}
    cloud = number("eo:cloud_cover", mtl.get("CLOUD_COVER"))
    stated |= cloud if cloud.get("eo:cloud_cover", -1) >= 0 else {}  # -1: not assessed
    stated |= number("view:sun_elevation", mtl.get("SUN_ELEVATION"))
    stated |= number("view:sun_azimuth", mtl.get("SUN_AZIMUTH"))
    if made := instant(mtl.get("DATE_PRODUCT_GENERATED", "") or mtl.get("FILE_DATE", "")):
        stated["processing:datetime"] = made["datetime"]
    return stated
