"""Maxar (Vantor, DigitalGlobe) orders: ``19MAR02021133-M2AS_R1C1-<order>_P001.TIF`` with IMD or XML metadata beside them.

One scene per product part (P001, P002, ...) and tile (R1C1, ...): multispectral and panchromatic files of one part and tile
are together. Fields as in DigitalGlobe, Imagery Support Data documentation (ISD, .IMD and .XML).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Layer, Shelf, crs_of, grouped, suffix
from siteline.guard.xmldoc import plain

_NAME = re.compile(
    r"(?P<time>\d{2}[A-Z]{3}\d{8})-(?P<mode>[MPSA]\w{3}?)(?:_(?P<tile>R\d+C\d+))?-(?P<order>\w+?_\d{2})_(?P<part>P\d{3})"
    r"(?P<rest>[\w-]*)\.(?P<kind>\w+)\Z"
)
_SATELLITES: Final = {
    "WV01": "worldview-1", "WV02": "worldview-2", "WV03": "worldview-3", "WV04": "worldview-4", "GE01": "geoeye-1",
    "QB02": "quickbird-2", "IK01": "ikonos", "IK02": "ikonos",
}  # fmt: skip
_BANDS: Final = {
    "band_p": "pan", "band_c": "coastal", "band_b": "blue", "band_g": "green", "band_y": "yellow", "band_r": "red",
    "band_re": "rededge", "band_n": "nir", "band_n2": "nir09", "band_s1": "swir12", "band_s3": "swir16", "band_s6": "swir22",
}  # fmt: skip
_ORDERS: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("band_p",),
    3: ("band_r", "band_g", "band_b"),
    4: ("band_b", "band_g", "band_r", "band_n"),
    8: ("band_c", "band_b", "band_g", "band_y", "band_r", "band_re", "band_n", "band_n2"),
}
_DOUBT = (
    "digital numbers: reflectance needs the satellite's yearly gains and the sun's irradiance, which the delivery "
    "does not hold; they compare only within the scene"
)
_ONE_PASS = timedelta(minutes=5)
Imd = Mapping[str, Mapping[str, str]]
"""Metadata by group ("" for the product itself) and name, both in small letters."""


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every part and tile of every order that has an image."""
    named = [(match, file) for file in shelf.files if (match := _NAME.match(posixpath.basename(file)))]
    keyed = (((m["order"], m["part"], _root(file)), file) for m, file in named)
    for (order, part, root), files in grouped(keyed).items():
        images = [file for file in files if suffix(file) in (".tif", ".tiff")]
        documents = [file for file in files if suffix(file) in (".imd", ".xml")]
        if not images:
            continue
        others = frozenset(file for file in files if file not in images)
        for tile, tiled in grouped((_field(file, "tile"), file) for file in images).items():
            yield _draft(shelf, f"{order}_{part}", tile, root, tiled, documents, others)


def _field(file: str, name: str) -> str:
    """One part of a file's name, "" where it has none."""
    match = _NAME.match(posixpath.basename(file))
    return (match[name] or "") if match else ""


def _pan_last(file: str) -> tuple[bool, str]:
    return _field(file, "mode").startswith("P"), file


def _root(file: str) -> str:
    """The folder of the order: MUL and PAN files lie in folders of their own below it."""
    folder = posixpath.dirname(file)
    return posixpath.dirname(folder) if re.search(r"_(MUL|PAN|PSH|MSI|SWIR)\Z", folder, re.IGNORECASE) else folder


def _draft(
    shelf: Shelf, part: str, tile: str, root: str, images: list[str], documents: list[str], others: frozenset[str]
) -> Draft:
    problems: list[str] = []
    layers: list[Layer] = []
    metadata: dict[str, Any] = {}
    for file in sorted(images, key=_pan_last):
        imd = _imd_of(shelf, file, documents)
        layers += [layer for layer in _layers(shelf, file, imd, problems) if all(layer.band != kept.band for kept in layers)]
        metadata = metadata or _says(imd, problems)
    time = _field(min(images, key=_pan_last), "time")
    name = "_".join(filter(None, (time, part, tile)))
    said = said_by(time)
    properties = over(
        said.properties,
        {
            **providers("Maxar/Vantor"),
            "license": "Maxar licence of the order",
            "siteline:calibration": "none",
            "siteline:quantity": "digital_number",
            "grid:code": "-".join(filter(None, ("MAXAR", part[-4:], tile))),
            "siteline:order": part,
        },
        metadata,
    )
    year = str(properties.get("datetime") or properties.get("start_datetime") or "")[:4]
    properties["siteline:credit"] = f"Satellite image © {year} Maxar Technologies".replace("©  ", "© ")
    if not metadata:
        problems.append("no readable IMD or XML file: satellite, angles and cloud are not known")
    bare = [file for file in images if (header := shelf.header(file)) is not None and not crs_of(header)]
    if bare:
        problems.append("level 1B, not map-projected: put it on a map (orthorectify) with its RPC first")
    problems.append(_DOUBT)
    return Draft(
        name=name, place=root, layers=tuple(layers), properties=properties, problems=tuple(dict.fromkeys(problems)),
        files=frozenset(images) | others,
    )  # fmt: skip


def _layers(shelf: Shelf, file: str, imd: Imd, problems: list[str]) -> list[Layer]:
    header = shelf.header(file)
    count = header.count if header else 0
    groups = [group for group in imd if group.startswith("band_")]
    if len(groups) != count:
        groups = list(_ORDERS.get(count, ()))
        if groups and count != 1:
            problems.append(
                f"{posixpath.basename(file)}: its metadata do not list its {count} bands; the usual order is taken"
            )
    if header is not None and not groups:
        problems.append(
            f"{posixpath.basename(file)}: {count} bands in no known order; name them in scenes.csv, column bands"
        )
    named = [(index, _BANDS.get(group, "")) for index, group in enumerate(groups, 1)]
    found = [Layer(band, file, band=band, index=index, nodata=0.0) for index, band in named if band]
    return found if header is not None else [Layer("image", file, band="pan")]


def _imd_of(shelf: Shelf, image: str, documents: list[str]) -> Imd:
    """The metadata of the product an image belongs to: same time and mode, IMD before XML."""
    wanted = _field(image, "time"), _field(image, "mode")
    for kind in (".imd", ".xml"):
        for file in documents:
            if suffix(file) == kind and (_field(file, "time"), _field(file, "mode")) == wanted:
                imd = _read_text(shelf.text(file) or "") if kind == ".imd" else _read_xml(shelf, file)
                if imd:
                    return imd
    return {}


def _read_text(text: str) -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] = {}
    group = ""
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        if key == "BEGIN_GROUP":
            group = value.strip('";').casefold()
            held.setdefault(group, {})
        elif key == "END_GROUP":
            group = ""
        else:
            held.setdefault(group, {}).setdefault(key.casefold(), value.rstrip(";").strip().strip('"'))
    return held


def _read_xml(shelf: Shelf, file: str) -> dict[str, dict[str, str]]:
    root = shelf.xml(file)
    found = [] if root is None else [element for element in root.iter() if plain(str(element.tag)) == "IMD"]
    held: dict[str, dict[str, str]] = {}
    for element in found[0] if found else ():
        name = plain(str(element.tag)).casefold()
        if len(element):
            held.setdefault(name, {}).update(
                {plain(str(leaf.tag)).casefold(): (leaf.text or "").strip() for leaf in element}
            )
        else:
            held.setdefault("", {})[name] = (element.text or "").strip()
    return held


def _says(imd: Imd, problems: list[str]) -> dict[str, Any]:
    images = [values for group, values in imd.items() if group == "image" or re.fullmatch(r"image_\d+", group)]
    if not images:
        return {}
    image = images[0]
    stated: dict[str, Any] = {**_time(imd, images, problems)}
    satellite = image.get("satid", "")
    if satellite:
        stated["platform"] = _SATELLITES.get(satellite, satellite.casefold())
    if image.get("catid"):
        stated["catalog_id"] = image["catid"]
    cloud = number("eo:cloud_cover", image.get("cloudcover"))
    stated |= {key: 100 * value for key, value in cloud.items() if 0 <= value <= 1}  # -999: not assessed
    stated |= number("view:sun_azimuth", image.get("meansunaz")) | number("view:sun_elevation", image.get("meansunel"))
    stated |= number("view:off_nadir", image.get("meanoffnadirviewangle")) | number("view:azimuth", image.get("meansataz"))
    if made := instant(imd.get("", {}).get("generationtime", "")):
        stated["processing:datetime"] = made["datetime"]
    return stated


def _time(imd: Imd, images: list[Mapping[str, str]], problems: list[str]) -> dict[str, Any]:
    """The first line's time; the whole interval of a product that is put together from several passes."""
    ends = [
        instant(values[name]).get("datetime", "")
        for values in (*imd.values(),)
        for name in ("earliestacqtime", "latestacqtime")
        if name in values
    ]
    starts = [instant(image.get("firstlinetime") or image.get("tlctime") or "").get("datetime", "") for image in images]
    known = sorted({text for text in (*starts, *ends) if text}, key=datetime.fromisoformat)
    if not known:
        return {}
    first, last = known[0], known[-1]
    if datetime.fromisoformat(last) - datetime.fromisoformat(first) <= _ONE_PASS:
        return {"datetime": next((text for text in starts if text), first)}
    problems.append(f"put together from passes between {first} and {last}: which pixel is from when is not known")
    return {"datetime": None, "start_datetime": first, "end_datetime": last}
