"""THEIA Sentinel-2 level 2A (MAJA) as it is delivered: ``<product>_FRE_B4.tif``, ``MASKS/<product>_CLM_R2.tif``.

Names and metadata as in CNES, MUSCATE Sentinel-2 L2A product format.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final

from siteline.catalogue import bandnames
from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Layer, Shelf, grouped
from siteline.guard.xmldoc import all_named, first_text

_NAME = re.compile(
    r"(?P<product>SENTINEL2[A-D]_\d{8}-\d{6}-\d{3}_L2A_T\d{2}[A-Z]{3}_[A-Z](?:_V[\d-]+)?)_(?P<rest>\w+)\.(?P<kind>\w+)\Z"
)
_REFLECTANCE = re.compile(r"(?P<correction>FRE|SRE)_(?P<band>B\d+A?)\Z")
_NODATA: Final = -10000.0
_SUBFOLDERS = ("MASKS", "DATA")


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every THEIA product: bands of FRE (terrain-flattened) files, else of SRE, and the cloud mask CLM."""
    for (product, place), files in grouped(_named(shelf)).items():
        yield _draft(shelf, product, place, files)


def _named(shelf: Shelf) -> Iterator[tuple[tuple[str, str], str]]:
    for file in shelf.files:
        if match := _NAME.match(posixpath.basename(file)):
            folder = posixpath.dirname(file)
            if posixpath.basename(folder) in _SUBFOLDERS:
                folder = posixpath.dirname(folder)
            yield (match["product"], folder), file


def _draft(shelf: Shelf, product: str, place: str, files: list[str]) -> Draft:
    rests = {match["rest"]: file for file in files if (match := _NAME.match(posixpath.basename(file))) and _tif(file)}
    said = said_by(f"{product}_")
    problems = [*said.problems]
    layers = _bands(rests, "FRE")
    if not layers and (layers := _bands(rests, "SRE")):
        problems.append("no FRE files: SRE reflectance is not corrected for the slope of the ground")
    if not layers:
        problems.append("no FRE or SRE reflectance files")
    mask = next((name for name in ("CLM_R2", "CLM_R1") if name in rests), "")
    if mask:
        layers.append(Layer(mask, rests[mask], mask="theia_clm"))
    else:
        problems.append("no CLM file: its clouds are not marked")
    return Draft(
        name=product, place=place, layers=tuple(layers), problems=tuple(problems), files=frozenset(files),
        properties=over(
            said.properties,
            {
                "instruments": ["msi"],
                **providers("CNES/THEIA", "producer", "processor"),
                "siteline:calibration": "theia",
                "siteline:quantity": "surface_reflectance",
            },
            _metadata(shelf, files),
        ),
    )  # fmt: skip


def _tif(file: str) -> bool:
    return file.casefold().endswith((".tif", ".tiff"))


def _bands(rests: dict[str, str], correction: str) -> list[Layer]:
    found = [(match["band"], file) for rest, file in rests.items() if (match := _REFLECTANCE.match(rest))
             and match["correction"] == correction]  # fmt: skip
    layers = []
    for band, file in found:
        number = f"b{band[1:]:0>2}".casefold()
        if name := bandnames.SENTINEL2.get(number):
            layers.append(Layer(f"{correction}_{band}", file, band=name, nodata=_NODATA))
    return layers


def _metadata(shelf: Shelf, files: list[str]) -> dict[str, Any]:
    """What the product's ``MTD_ALL.xml`` says, {} where there is none."""
    named = [file for file in files if file.endswith("_MTD_ALL.xml")]
    root = shelf.xml(named[0]) if named else None
    if root is None:
        return {}
    stated: dict[str, Any] = {**instant(first_text(root, "ACQUISITION_DATE"))}
    if processed := instant(first_text(root, "PRODUCTION_DATE")):
        stated["processing:datetime"] = processed["datetime"]
    for index in all_named(root, "QUALITY_INDEX"):
        if index.get("name") == "CloudPercent":
            stated |= number("eo:cloud_cover", index.text)
    for angles in all_named(root, "Sun_Angles"):
        stated |= number("view:sun_azimuth", first_text(angles, "AZIMUTH_ANGLE"))
        if zenith := number("zenith", first_text(angles, "ZENITH_ANGLE")):
            stated["view:sun_elevation"] = 90.0 - zenith["zenith"]
        break
    for orbit in all_named(root, "ORBIT_NUMBER"):
        if orbit.get("type") == "Relative" and (orbit.text or "").strip().isdecimal():
            stated["sat:relative_orbit"] = int(orbit.text or "")
    return stated
