"""Sentinel-2 products in ESA's SAFE layout: ``MTD_MSIL2A.xml`` or ``MTD_MSIL1C.xml``, ``manifest.safe``, bands in GRANULE.

Fields as in ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from siteline.catalogue import bandnames
from siteline.catalogue.dates import instant, over
from siteline.catalogue.delivered import number, providers
from siteline.catalogue.filenames import said_by
from siteline.catalogue.shelf import Draft, Grid, Layer, Shelf
from siteline.guard.xmldoc import all_named, first_text, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_METADATA = re.compile(r"MTD_MSIL(?:1C|2A)\.xml\Z")
_PRODUCT = re.compile(r"S2[A-D]_MSIL(1C|2A)_\w+")
_IMAGE = re.compile(r"_(?P<band>B\d[0-9A]|SCL)(?:_(?P<res>[126]0)m)?\.(?:jp2|tiff?)\Z", re.IGNORECASE)
_OWN = re.compile(
    r"(?:GRANULE|DATASTRIP|HTML|AUX_DATA|rep_info)/|MTD_\w+\.xml\Z|manifest\.safe\Z|INSPIRE\.xml\Z|S2[A-D]_\w+-ql\.jpg\Z"
)
_METRES: Final = {"b01": 60, "b02": 10, "b03": 10, "b04": 10, "b08": 10, "b09": 60, "b10": 60}
_DEFAULT_METRES: Final = 20
_BAND_IDS: Final = ("b01", "b02", "b03", "b04", "b05", "b06", "b07", "b08", "b8a", "b09", "b10", "b11", "b12")
"""Band names by ``bandId`` in the metadata."""


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every product folder: one that holds a product metadata file, or a manifest under a product's name."""
    roots = {posixpath.dirname(file) for file in shelf.files if _METADATA.match(posixpath.basename(file))}
    for file in shelf.files:
        folder, name = posixpath.split(file)
        if name == "manifest.safe" and _PRODUCT.match(posixpath.basename(folder)):
            roots.add(folder)
    for root in sorted(roots):
        yield _draft(shelf, root, [file for file in shelf.below(root) if _OWN.match(file[len(root) :].lstrip("/"))])


def _draft(shelf: Shelf, root: str, files: list[str]) -> Draft:
    by_name = {posixpath.basename(file): file for file in files if posixpath.dirname(file) == root}
    product = next((shelf.xml(file) for name, file in by_name.items() if _METADATA.match(name)), None)
    manifest = shelf.xml(by_name["manifest.safe"]) if "manifest.safe" in by_name else None
    granule = next((shelf.xml(file) for file in files if posixpath.basename(file) == "MTD_TL.xml"), None)
    name = (_uri(product) or posixpath.basename(root) or shelf.listing.root.name).removesuffix(".SAFE")
    said = said_by(f"{name}_")
    stated = _product_says(product) if product is not None else {}
    first = name[4:10] == "MSIL1C" if _PRODUCT.match(name) else stated.get("s2:product_type") == "S2MSI1C"
    properties = over(
        said.properties,
        {
            **providers("ESA"),
            "instruments": ["msi"],
            "siteline:calibration": "sentinel-2",
            "siteline:quantity": "toa_reflectance" if first else "surface_reflectance",
            "s2:product_uri": f"{name}.SAFE",
        },
        _manifest_says(manifest) if manifest is not None else {},
        stated,
        _granule_says(granule) if granule is not None else {},
    )
    scaling = _scaling(product, first) if product is not None else {}
    layers = _layers(files, _grids(granule) if granule is not None else {}, scaling)
    problems = [] if product is not None else ["no readable MTD_MSIL file: its baseline and offset are taken from names"]
    if not first and not any(layer.mask for layer in layers):
        problems.append("no scene classification (SCL): its clouds are not marked")
    footprint = _footprint(product, "EXT_POS_LIST") or _footprint(manifest, "coordinates")
    return Draft(
        name=name, place=root, layers=tuple(layers), properties=properties, problems=(*said.problems, *problems),
        files=frozenset(files), footprint=footprint,
    )  # fmt: skip


def _uri(product: Element | None) -> str:
    return first_text(product, "PRODUCT_URI") if product is not None else ""


def _layers(files: list[str], grids: Mapping[int, Grid], scaling: Mapping[str, tuple[float, float | None]]) -> list[Layer]:
    """The finest file of each band, and the classification."""
    best: dict[str, tuple[int, str]] = {}
    for file in files:
        match = _IMAGE.search(posixpath.basename(file))
        if match and "QI_DATA" not in file.split("/"):
            key = match["band"].casefold()
            res = int(match["res"] or _METRES.get(key, _DEFAULT_METRES))
            best[key] = min(best.get(key, (res, file)), (res, file))
    layers = []
    for key, (res, file) in sorted(best.items()):
        if key == "scl":
            layers.append(Layer("SCL", file, mask="scl", gsd_m=float(res), grid=grids.get(res)))
        elif band := bandnames.SENTINEL2.get(key):
            scale, offset = scaling.get(key, (None, None))
            layer = Layer(
                key.upper(), file, band=band, scale=scale, offset=offset, nodata=0.0, gsd_m=float(res), grid=grids.get(res)
            )
            layers.append(layer)
    return layers


def _scaling(product: Element, first: bool) -> dict[str, tuple[float, float | None]]:
    """Scale and offset of reflectance by band, as the metadata declare them: (DN + ADD_OFFSET) / QUANTIFICATION_VALUE."""
    quantum = number("q", first_text(product, "QUANTIFICATION_VALUE" if first else "BOA_QUANTIFICATION_VALUE")).get("q")
    if not quantum:
        return {}
    offsets: dict[str, float] = {}
    for entry in all_named(product, "RADIO_ADD_OFFSET" if first else "BOA_ADD_OFFSET"):
        place = entry.get("band_id", "")
        if place.isdecimal() and int(place) < len(_BAND_IDS):
            offsets |= number(_BAND_IDS[int(place)], entry.text)
    return {band: (1 / quantum, offsets[band] / quantum if band in offsets else None) for band in _BAND_IDS}


def _product_says(product: Element) -> dict[str, Any]:
    stated: dict[str, Any] = {**instant(first_text(product, "DATATAKE_SENSING_START", "PRODUCT_START_TIME"))}
    if made := instant(first_text(product, "GENERATION_TIME")):
        stated["s2:generation_time"] = made["datetime"]
    texts = {
        "s2:processing_baseline": first_text(product, "PROCESSING_BASELINE"),
        "s2:product_type": first_text(product, "PRODUCT_TYPE"),
        "platform": first_text(product, "SPACECRAFT_NAME").casefold(),
        "sat:orbit_state": first_text(product, "SENSING_ORBIT_DIRECTION").casefold(),
    }
    stated |= {key: text for key, text in texts.items() if text}
    for take in all_named(product, "Datatake"):
        if identifier := take.get("datatakeIdentifier"):
            stated["s2:datatake_id"] = identifier
    orbit = first_text(product, "SENSING_ORBIT_NUMBER")
    stated |= {"sat:relative_orbit": int(orbit)} if orbit.isdecimal() else {}
    return stated | number("eo:cloud_cover", first_text(product, "Cloud_Coverage_Assessment"))


def _manifest_says(manifest: Element) -> dict[str, Any]:
    stated: dict[str, Any] = {**instant(first_text(manifest, "startTime"))}
    for orbit in all_named(manifest, "relativeOrbitNumber"):
        if (orbit.text or "").strip().isdecimal():
            stated["sat:relative_orbit"] = int(orbit.text or "")
    for orbit in all_named(manifest, "orbitNumber"):
        if (direction := orbit.get("groundTrackDirection", "").casefold()) in ("ascending", "descending"):
            stated["sat:orbit_state"] = direction
    return stated


def _granule_says(granule: Element) -> dict[str, Any]:
    """Angles of the sun and of the view, as means over the tile."""
    stated: dict[str, Any] = {}
    for angles in all_named(granule, "Mean_Sun_Angle"):
        stated |= number("view:sun_azimuth", first_text(angles, "AZIMUTH_ANGLE"))
        zenith = number("z", first_text(angles, "ZENITH_ANGLE"))
        stated |= {"view:sun_elevation": 90.0 - zenith["z"]} if zenith else {}
    return stated


def _grids(granule: Element) -> dict[int, Grid]:
    """The tile's grid by pixel size in metres (``Tile_Geocoding``): no image need be opened to know where it lies."""
    crs = first_text(granule, "HORIZONTAL_CS_CODE")
    sizes = {entry.get("resolution", ""): entry for entry in all_named(granule, "Size")}
    grids = {}
    for place in all_named(granule, "Geoposition"):
        text = place.get("resolution", "")
        size = sizes.get(text)
        names = ("ULX", "ULY", "XDIM", "YDIM")
        values = {key: value for name in names for key, value in number(name, first_text(place, name)).items()}
        if size is None or len(values) < len(names) or not re.fullmatch(r"EPSG:\d{4,5}", crs):
            continue
        rows, cols = first_text(size, "NROWS"), first_text(size, "NCOLS")
        if rows.isdecimal() and cols.isdecimal():
            transform = (values["XDIM"], 0.0, values["ULX"], 0.0, values["YDIM"], values["ULY"])
            grids[int(text)] = Grid(int(cols), int(rows), crs, transform)
    return grids


def _footprint(document: Element | None, tag: str) -> dict[str, Any] | None:
    """The outline as metadata list it (latitude first), for products whose grid is not known."""
    from shapely.geometry import Polygon, mapping

    from siteline.catalogue.footprints import cut

    if document is None:
        return None
    for entry in document.iter():
        if not isinstance(entry.tag, str) or plain(entry.tag) != tag:
            continue
        try:
            values = [float(part) for part in (entry.text or "").replace(",", " ").split()]
            ring = [(lon, lat) for lat, lon, *_ in zip(values[::2], values[1::2], strict=True)]
            outline: dict[str, Any] = mapping(cut(Polygon(ring)))
        except ValueError:
            return None
        return outline
    return None
