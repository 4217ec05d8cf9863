"""PlanetScope orders: ``<item>_3B_AnalyticMS_SR_clip.tif``, UDM2, ``_metadata.json``, XML coefficients, ``manifest.json``.

Names and fields as in Planet, PlanetScope Product Specifications, and the orders API's documentation of deliveries.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Layer, Shelf, grouped, suffix
from siteline.guard.xmldoc import all_named, first_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NAME = re.compile(r"(?P<item>20\d{6}_\d{6}_(?:\d{2}_)?[0-9a-f]{4})_(?P<rest>(?:[13][AB]_\w+|metadata|thumb)\.\w+)\Z")
_UDM: Final = frozenset(("udm", "udm2"))
_MANIFEST = re.compile(r"(\A|_)manifest\.json\Z")
_BANDS: Final[Mapping[int, tuple[str, ...]]] = {
    3: ("red", "green", "blue"),
    4: ("blue", "green", "red", "nir"),
    5: ("blue", "green", "red", "rededge", "nir"),
    8: ("coastal", "blue", "green05", "green", "yellow", "red", "rededge", "nir"),
}
"""Bands of analytic files in file order, by their number (three: the first Doves)."""


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every item that has an analytic or visual image."""
    digests, manifests = _manifests(shelf)
    named = ((match, file) for file in shelf.files if (match := _NAME.match(posixpath.basename(file))))
    groups = _gathered(grouped(((match["item"], posixpath.dirname(file)), file) for match, file in named))
    found = False
    for (item, place), files in groups.items():
        if draft := _draft(shelf, item, place, files, digests):
            found = True
            yield draft
    if found:
        shelf.claim(manifests)


def _gathered(groups: dict[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
    """Masks and metadata that lie in another folder than the one with the item's image, put with it."""
    places = grouped((item, place) for (item, place), files in groups.items() if any(map(_is_scene, files)))
    kept: dict[tuple[str, str], list[str]] = {}
    for (item, place), files in groups.items():
        home = places.get(item, [])
        kept.setdefault((item, home[0] if len(home) == 1 else place), []).extend(files)
    return {key: sorted(files) for key, files in kept.items()}


def _is_scene(file: str) -> bool:
    words = _words(file)
    return suffix(file) in (".tif", ".tiff") and bool(words & {"analyticms", "analytic", "visual"}) and not words & _UDM


def _draft(shelf: Shelf, item: str, place: str, files: list[str], digests: Mapping[str, str]) -> Draft | None:
    images = {file: _words(file) for file in files if suffix(file) in (".tif", ".tiff")}
    scenes = [file for file in images if _is_scene(file)]
    visual = [file for file in scenes if "visual" in images[file]]
    analytic = [file for file in scenes if file not in visual]
    if not (analytic or visual):
        return None
    chosen = min(analytic, key=lambda file: _rank(images[file], file), default="") or visual[0]
    problems: list[str] = []
    xml = next((root for file in files if suffix(file) == ".xml" and (root := shelf.xml(file)) is not None), None)
    coefficients = _coefficients(xml) if xml is not None else {}
    layers, meaning = _layers(shelf, chosen, images[chosen], coefficients, digests, problems)
    layers += _masks(images, digests, problems)
    said = said_by(item)
    document = next((read for file in files if file.endswith("_metadata.json") and (read := shelf.json(file))), {})
    properties = over(
        said.properties,
        {"pl:item_type": "PSScene", **providers("Planet"), **meaning},
        _xml_says(xml) if xml is not None else {},
        _json_says(document),
    )
    return Draft(item, place, tuple(layers), properties, (*said.problems, *problems), frozenset(files))


def _words(file: str) -> set[str]:
    return set(posixpath.splitext(posixpath.basename(file))[0].casefold().split("_"))


def _rank(words: set[str], file: str) -> tuple[bool, bool, bool, str]:
    """Surface reflectance first, harmonized to Sentinel-2 first (instruments agree), eight bands before four."""
    return "sr" not in words, "harmonized" not in words, "8b" not in words, file


def _layers(
    shelf: Shelf,
    file: str,
    words: set[str],
    coefficients: Mapping[int, float],
    digests: Mapping[str, str],
    problems: list[str],
) -> tuple[list[Layer], dict[str, Any]]:
    """The bands of the chosen image, and what their numbers mean."""
    header = shelf.header(file)
    count = header.count if header else 4
    visual = "visual" in words
    names: Sequence[str] = ("red", "green", "blue") if visual else _BANDS.get(count, ())
    if not names:
        problems.append(f"{posixpath.basename(file)} has {count} bands; siteline knows 3, 4, 5 and 8 of PlanetScope")
    meaning = {"siteline:quantity": "digital_number", "siteline:calibration": "none"}
    scales: Mapping[int, float] = {}
    if "sr" in words and not visual:
        meaning = {"siteline:quantity": "surface_reflectance", "siteline:calibration": "planet-sr"}
    elif not visual and all(index in coefficients for index in range(1, len(names) + 1)):
        meaning = {"siteline:quantity": "toa_reflectance", "siteline:calibration": "declared"}
        scales = coefficients
    elif visual:
        problems.append("only the visual image was delivered: its colours are stretched and compare only within it")
    else:
        problems.append("no XML with reflectanceCoefficient for every band: its numbers compare only within the scene")
    if "harmonized" in words:
        meaning["siteline:harmonized"] = "sentinel-2"
    nodata = 0.0
    return [
        Layer(name, file, band=name, index=index, scale=scales.get(index), nodata=nodata, sha256=digests.get(file, ""))
        for index, name in enumerate(names, 1)
    ], meaning


def _masks(images: Mapping[str, set[str]], digests: Mapping[str, str], problems: list[str]) -> list[Layer]:
    for kind in ("udm2", "udm"):
        for file, words in images.items():
            if kind in words:
                mask = "udm1" if kind == "udm" else kind
                return [Layer(kind, file, mask=mask, sha256=digests.get(file, ""))]
    problems.append("no UDM2 or UDM: its clouds are not marked")
    return []


def _coefficients(root: Element) -> dict[int, float]:
    """``reflectanceCoefficient`` by band number: top-of-atmosphere reflectance = coefficient x DN."""
    found = {}
    for band in all_named(root, "bandSpecificMetadata"):
        place, value = first_text(band, "bandNumber"), number("k", first_text(band, "reflectanceCoefficient"))
        if place.isdecimal() and value.get("k", 0) > 0:
            found[int(place)] = value["k"]
    return found


def _xml_says(root: Element) -> dict[str, Any]:
    stated: dict[str, Any] = {**instant(first_text(root, "acquisitionDateTime") or first_text(root, "acquisitionDate"))}
    stated |= number("eo:cloud_cover", first_text(root, "cloudCoverPercentage"))
    stated |= number("view:sun_azimuth", first_text(root, "illuminationAzimuthAngle"))
    stated |= number("view:sun_elevation", first_text(root, "illuminationElevationAngle"))
    stated |= _tilt(first_text(root, "spaceCraftViewAngle"))
    satellite = first_text(root, "serialIdentifier")
    direction = first_text(root, "orbitDirection").casefold()
    if direction in ("ascending", "descending"):
        stated["sat:orbit_state"] = direction
    return stated | ({"platform": f"planetscope {satellite}"} if satellite else {})


def _json_says(document: Mapping[str, Any]) -> dict[str, Any]:
    held = document.get("properties")
    if not isinstance(held, Mapping):
        return {}
    stated: dict[str, Any] = {**instant(str(held.get("acquired") or ""))}
    share = number("eo:cloud_cover", held.get("cloud_cover"))
    stated |= {key: 100 * value for key, value in share.items()} | number("eo:cloud_cover", held.get("cloud_percent"))
    stated |= number("view:sun_azimuth", held.get("sun_azimuth")) | number("view:sun_elevation", held.get("sun_elevation"))
    stated |= _tilt(held.get("view_angle")) | number("gsd", held.get("gsd"))
    if held.get("satellite_id"):
        stated["platform"] = f"planetscope {held['satellite_id']}"
    if held.get("instrument"):
        stated["instruments"] = [str(held["instrument"])]
    return stated


def _tilt(angle: object) -> dict[str, float]:
    """Off-nadir angle, without the sign that tells the side."""
    return {key: abs(value) for key, value in number("view:off_nadir", angle).items()}


def _manifests(shelf: Shelf) -> tuple[dict[str, str], list[str]]:
    """SHA-256 by file, of every manifest on the shelf, and the manifests that are Planet's."""
    digests: dict[str, str] = {}
    known = []
    for file in shelf.files:
        if not _MANIFEST.search(posixpath.basename(file)):
            continue
        document = shelf.json(file) or {}
        listed = document.get("files", [document])
        entries = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []
        for entry in entries:
            held = entry.get("digests")
            digest = str(held.get("sha256", "")) if isinstance(held, Mapping) else ""
            target = posixpath.normpath(posixpath.join(posixpath.dirname(file), str(entry.get("path", ""))))
            if re.fullmatch(r"[0-9a-fA-F]{64}", digest) and shelf.holds(target):
                digests[target] = digest.casefold()
        if any("digests" in entry or "annotations" in entry for entry in entries):
            known.append(file)
    return digests, known
