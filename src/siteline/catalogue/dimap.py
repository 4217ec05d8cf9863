"""Airbus deliveries (Pléiades, Pléiades Neo, SPOT 6/7) in DIMAP 2: ``DIM_*.XML`` and the tiles ``IMG_*_R1C1.TIF`` it names.

Fields and formulas as in Airbus, Pléiades Imagery User Guide (appendix on radiometry) and the DIMAP 2 format: radiance =
DN / GAIN + BIAS in W/m2/sr/um; reflectance products: DN / GAIN + BIAS.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Layer, Shelf, stem
from siteline.guard.xmldoc import all_named, first_text, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DOCUMENT = re.compile(r"DIM_.*\.XML\Z", re.IGNORECASE)
_BESIDE = re.compile(r"(?:RPC|LUT|PREVIEW|ICON|INDEX)_.*\.(?:XML|KMZ|JPG|HTM|TIF)\Z", re.IGNORECASE)
_BANDS: Final = {
    "b0": "blue", "b1": "green", "b2": "red", "b3": "nir", "p": "pan", "pan": "pan",
    "r": "red", "g": "green", "b": "blue", "nir": "nir", "re": "rededge", "db": "coastal",
}  # fmt: skip
_PLATFORMS: Final = {"PHR": "pleiades-", "PNEO": "pleiades-neo-", "SPOT": "spot-"}
_UNKNOWN_IRRADIANCE: Final = 999.0
_CHANNELS: Final = ("RED_CHANNEL", "GREEN_CHANNEL", "BLUE_CHANNEL", "ALPHA_CHANNEL")


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every dataset: one scene per tile, its bands from all files that the document names for it."""
    for file in shelf.files:
        if not _DOCUMENT.match(posixpath.basename(file)):
            continue
        root = shelf.xml(file)
        if root is not None and plain(str(root.tag)) == "Dimap_Document":
            yield from _drafts(shelf, file, root)


def _drafts(shelf: Shelf, document: str, root: Element) -> Iterator[Draft]:
    problems: list[str] = []
    properties = _says(root, document)
    meaning, scales = _calibration(root, properties, problems)
    tiles = _tiles(shelf, document, root, scales, problems)
    name = first_text(root, "DATASET_NAME") or stem(document).removeprefix("DIM_")
    said = said_by(stem(document))
    place = posixpath.dirname(document)
    beside = [file for file in shelf.folder(place) if _BESIDE.match(posixpath.basename(file))]
    if not tiles:
        problems.append("none of the image files that it names is there")
    for tile, layers in (tiles or {"": []}).items():
        mode = "P" if layers and all(layer.band == "pan" for layer in layers) else "MS"
        code = "-".join(filter(None, ("AIRBUS", mode, tile)))
        yield Draft(
            name=f"{name} {tile}".strip(), place=place, layers=tuple(layers),
            properties=over(said.properties, properties, meaning, {"grid:code": code}),
            problems=tuple(dict.fromkeys(problems)),
            files=frozenset((document, *beside, *(layer.file for layer in layers))),
            quarantined=not layers,
        )  # fmt: skip


def _tiles(
    shelf: Shelf, document: str, root: Element, scales: Mapping[str, tuple[float, float]], problems: list[str]
) -> dict[str, list[Layer]]:
    """Layers by tile (``R1C1``). A file that is named and not there is a problem of the scene."""
    folder = posixpath.dirname(document)
    tiles: dict[str, list[Layer]] = {}
    for group in all_named(root, "Data_Files"):
        order = _band_order(group, root, problems)
        for entry in all_named(group, "Data_File"):
            named = [path.get("href", "") for path in all_named(entry, "DATA_FILE_PATH")]
            file = posixpath.normpath(posixpath.join(folder, named[0] if named else ""))
            if not shelf.holds(file):
                problems.append(f"{posixpath.basename(file)} is named in {posixpath.basename(document)} and is not there")
                continue
            tile = f"R{entry.get('tile_R', '1')}C{entry.get('tile_C', '1')}"
            for index, identity in order:
                band = _BANDS.get(identity.casefold(), "")
                scale, offset = scales.get(identity, (None, None))
                if band:
                    layer = Layer(band, file, band=band, index=index, scale=scale, offset=offset, nodata=_nodata(root))
                    tiles.setdefault(tile, []).append(layer)
    return {"": next(iter(tiles.values()))} if len(tiles) == 1 else tiles


def _band_order(group: Element, root: Element, problems: list[str]) -> list[tuple[int, str]]:
    """(index in the file, band) of the files of one group: as listed, else as the display order lists them."""
    for place in (group, root):
        listed = [
            (int(first_text(entry, "BAND_INDEX")), first_text(entry, "BAND_ID"))
            for entry in all_named(place, "Raster_Index")
            if first_text(entry, "BAND_INDEX").isdecimal()
        ]
        if listed:
            return sorted(listed)
    display = [first_text(root, channel) for channel in _CHANNELS]
    count = first_text(root, "NBANDS")
    if count == "1":
        return [(1, display[0] or "P")]
    shown = [identity for identity in display if identity]
    if str(len(shown)) != count:
        problems.append(f"its document does not say in which order its {count or '?'} bands are; name them in scenes.csv")
        return []
    problems.append("the order of its bands is taken from the display order")
    return list(enumerate(shown, 1))


def _nodata(root: Element) -> float | None:
    for value in all_named(root, "Special_Value"):
        if first_text(value, "SPECIAL_VALUE_TEXT").casefold() == "nodata":
            return number("n", first_text(value, "SPECIAL_VALUE_COUNT")).get("n")
    return None


def _says(root: Element, document: str) -> dict[str, Any]:
    centre = _centre(root)
    strip = next(iter(all_named(root, "Strip_Source")), root)
    day, clock = first_text(strip, "IMAGING_DATE"), first_text(strip, "IMAGING_TIME")
    stated: dict[str, Any] = {**instant(f"{day}T{clock}")} if day and clock else {}
    if centre is not None:
        stated |= instant(first_text(centre, "TIME"))
        stated |= number("view:sun_azimuth", first_text(centre, "SUN_AZIMUTH"))
        stated |= number("view:sun_elevation", first_text(centre, "SUN_ELEVATION"))
        stated |= {key: abs(value) for key, value in number("view:off_nadir", first_text(centre, "VIEWING_ANGLE")).items()}
        stated |= number("view:incidence_angle", first_text(centre, "INCIDENCE_ANGLE"))
    mission, index = first_text(strip, "MISSION"), first_text(strip, "MISSION_INDEX")
    if mission:
        stated["platform"] = f"{_PLATFORMS.get(mission.upper(), mission.casefold())}{index.casefold()}"
    stated |= number("eo:cloud_cover", first_text(root, "CLOUD_COVERAGE"))
    if made := instant(first_text(root, "PRODUCTION_DATE")):
        stated["processing:datetime"] = made["datetime"]
    source = first_text(root, "SOURCE_ID") or first_text(strip, "STRIP_ID")
    year = str(stated.get("datetime") or "")[:4]
    return {
        **stated,
        **providers("Airbus"),
        "catalog_id": source or stem(document),
        "license": "Airbus licence of the order",
        "siteline:credit": f"© CNES {year}, distribution Airbus DS" if mission == "PHR" else f"© Airbus DS {year}".strip(),
    }


def _centre(root: Element) -> Element | None:
    places = all_named(root, "Located_Geometric_Values")
    centred = [place for place in places if first_text(place, "LOCATION_TYPE").casefold() == "center"]
    return next(iter(centred or places), None)


def _calibration(
    root: Element, properties: Mapping[str, Any], problems: list[str]
) -> tuple[dict[str, Any], dict[str, tuple[float, float]]]:
    """What the numbers mean, and (scale, offset) by band."""
    processing = first_text(root, "RADIOMETRIC_PROCESSING").upper()
    bands = _identities(root)
    if processing == "REFLECTANCE":
        scales = _reflectance(root)
        if scales.keys() >= bands:
            problems.append("reflectance with the effect of air molecules taken off, haze and dust left in (Airbus)")
            return {"siteline:quantity": "toa_reflectance", "siteline:calibration": "declared"}, scales
    elif processing == "BASIC":
        scales = _radiance(root, properties)
        if scales.keys() >= bands:
            return {"siteline:quantity": "toa_reflectance", "siteline:calibration": "declared"}, scales
    told = {"DISPLAY": "stretched for the eye", "LINEAR_STRETCH": "stretched for the eye", "SEAMLESS": "blended for the eye"}
    reason = told.get(processing, "without gain, bias, sun's irradiance and elevation for every band")
    problems.append(f"digital numbers, {reason} ({processing or 'no RADIOMETRIC_PROCESSING'}): they compare only within it")
    return {"siteline:quantity": "digital_number", "siteline:calibration": "none"}, {}


def _identities(root: Element) -> set[str]:
    """The bands that its images hold; where the document does not say, a name that no band has: then none are all."""
    listed = {first_text(entry, "BAND_ID") for entry in all_named(root, "Raster_Index")}
    shown = {first_text(root, channel) for channel in _CHANNELS}
    return (listed or shown) - {""} or {"?"}


def _values(root: Element, tag: str, *names: str) -> dict[str, tuple[float, ...]]:
    found = {}
    for entry in all_named(root, tag):
        read = [number("v", first_text(entry, name)).get("v") for name in names]
        if first_text(entry, "BAND_ID") and None not in read:
            found[first_text(entry, "BAND_ID")] = tuple(value for value in read if value is not None)
    return found


def _reflectance(root: Element) -> dict[str, tuple[float, float]]:
    listed = _values(root, "Band_Reflectance", "GAIN", "BIAS")
    return {band: (1 / gain, bias) for band, (gain, bias) in listed.items() if gain > 0}


def _radiance(root: Element, properties: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Top-of-atmosphere reflectance: pi d2 (DN / GAIN + BIAS) / (E0 sin(sun elevation)), d in astronomical units."""
    height, text = properties.get("view:sun_elevation"), properties.get("datetime")
    if not height or height <= 0 or not text:
        return {}
    day = datetime.fromisoformat(str(text)).timetuple().tm_yday
    distance = 1 - 0.01672 * math.cos(math.radians(0.9856 * (day - 4)))
    irradiance = _values(root, "Band_Solar_Irradiance", "VALUE")
    scales = {}
    for band, (gain, bias) in _values(root, "Band_Radiance", "GAIN", "BIAS").items():
        (sun,) = irradiance.get(band, (_UNKNOWN_IRRADIANCE,))
        if gain <= 0 or sun <= 0 or sun == _UNKNOWN_IRRADIANCE:
            return {}
        factor = math.pi * distance**2 / (sun * math.sin(math.radians(height)))
        scales[band] = (factor / gain, factor * bias)
    return scales
