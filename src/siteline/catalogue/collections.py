"""Families of collections: what siteline knows about a provider's product, and how it is recognised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from siteline.catalogue import bandnames
from siteline.catalogue.products import Product
from siteline.model.scene import Quantity
from siteline.model.search import StacItem

_COPERNICUS = "Contains modified Copernicus Sentinel data {year}"
_COPERNICUS_TERMS = "Copernicus Sentinel data: free, full and open, with attribution"
_USGS = "Landsat imagery courtesy of the U.S. Geological Survey"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of product. ``bands`` and ``masks``: by asset key or band name, casefolded, to common name or mask kind.

    ``scale``, ``offset``, ``nodata``: what the provider documents, where items leave it out. ``day_only``: its instants are
    days. ``mosaic``: its date is a mosaic's or a release's. ``visual``: its colour picture is the image, if nothing else is.
    ``credit``: may name ``{year}``.
    """

    name: str
    provider: str = ""
    quantity: Quantity = "digital_number"
    calibration: str = "none"
    bands: Mapping[str, str] = field(default_factory=dict)
    masks: Mapping[str, str] = field(default_factory=dict)
    sensor: Literal["optical", "radar"] = "optical"
    licence: str = ""
    credit: str = ""
    gsd_m: float | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    day_only: bool = False
    mosaic: bool = False
    visual: bool = False


_SCL = {"scl": "scl"}
_LANDSAT_MASK = {"qa_pixel": "qa_pixel", "bqa": "qa_c1"}

S2_L2A: Final = Family(
    "sentinel-2-l2a", "ESA", "surface_reflectance", "sentinel-2", bandnames.SENTINEL2, _SCL,
    licence=_COPERNICUS_TERMS, credit=_COPERNICUS, gsd_m=10, nodata=0,
)  # fmt: skip
S2_L1C: Final = Family(
    "sentinel-2-l1c", "ESA", "toa_reflectance", "sentinel-2", bandnames.SENTINEL2,
    licence=_COPERNICUS_TERMS, credit=_COPERNICUS, gsd_m=10, nodata=0,
)  # fmt: skip
THEIA: Final = Family(
    "theia", "CNES/THEIA", "surface_reflectance", "theia", bandnames.SENTINEL2, {"clm": "theia_clm"},
    licence="Etalab Open Licence 2.0", credit=f"{_COPERNICUS}, processed at level 2A by CNES for THEIA",
    gsd_m=10, nodata=-10000,
)  # fmt: skip
S1_RTC: Final = Family(
    "sentinel-1-rtc", "ESA, processed by Catalyst", "gamma0", "opera-rtc", bandnames.RADAR, sensor="radar",
    licence="CC-BY-4.0", credit=_COPERNICUS, gsd_m=10, nodata=-32768,
)  # fmt: skip
OPERA: Final = Family(
    "opera-rtc-s1", "NASA JPL/OPERA", "gamma0", "opera-rtc", bandnames.RADAR, {"mask": "rtc_mask"}, "radar",
    licence="Open (NASA), with attribution", credit=f"{_COPERNICUS}, processed by NASA JPL/OPERA", gsd_m=30,
)  # fmt: skip
S1_OTHER: Final = Family(
    "sentinel-1", "ESA", bands=bandnames.RADAR, sensor="radar", licence=_COPERNICUS_TERMS, credit=_COPERNICUS, gsd_m=10
)
NAIP: Final = Family(
    "naip",
    "USDA",
    licence="public domain",
    credit="USDA National Agriculture Imagery Program {year}",
    gsd_m=1,
    day_only=True,
)
PLANET: Final = Family(
    "planetscope", "Planet", "surface_reflectance", "planet-sr", bandnames.PLANET, {"udm2": "udm2", "udm": "udm1"},
    licence="Planet licence of the order", credit="Image © {year} Planet Labs PBC", gsd_m=3, nodata=0,
)  # fmt: skip
MAXAR: Final = Family(
    "maxar", "Maxar/Vantor", licence="CC-BY-NC-4.0", credit="Satellite image © {year} Maxar Technologies", visual=True
)
GENERIC: Final = Family("", visual=True)

_MOSAICS = re.compile(r"wayback|world[-_ ]?imagery|basemap|mosaic|nicfi|google|bing|release", re.IGNORECASE)


def family_of(item: StacItem, product: Product) -> Family:
    """The family of a tidied ``item``, whose names say ``product``; ``GENERIC`` where none is recognised."""
    properties: Mapping[str, Any] = item["properties"]
    collection = str(
        item.get("collection") or properties.get("collection") or properties.get("odc:product") or ""
    ).casefold()
    platform = str(properties.get("platform") or properties.get("eo:platform") or "").casefold()
    if re.match(r"ga_\w+_ard", collection):
        return _dea(platform)
    if collection.startswith("hls") or product.kind == "hls":
        return _hls(product.level or collection[3:6].upper())
    if product.kind == "theia":
        return THEIA
    if product.kind == "opera" or "opera" in collection:
        return OPERA
    if collection == "sentinel-1-rtc":
        return S1_RTC
    if product.kind == "sentinel-1" or collection.startswith("sentinel-1"):
        return S1_OTHER
    if product.kind == "sentinel-2" or re.match(r"sentinel-?s?-?2", collection):
        return _sentinel2(product, collection, str(properties.get("s2:product_type", "")))
    if product.kind == "landsat" or collection.startswith("landsat"):
        return _landsat(product, collection, platform)
    if collection == "naip" or collection.startswith("naip-"):
        return NAIP
    if _MOSAICS.search(collection):
        return Family("mosaic", bands={}, mosaic=True, visual=True)
    if collection.startswith("psscene") or properties.get("pl:item_type") == "PSScene":
        return PLANET
    if "maxar" in collection or "vantor" in collection or "ard_metadata_version" in properties:
        return MAXAR
    return GENERIC


def _sentinel2(product: Product, collection: str, kind: str) -> Family:
    top_of_atmosphere = product.level == "L1C" or kind.endswith("1C") or (not product.level and "l1c" in collection)
    return S2_L1C if top_of_atmosphere else S2_L2A


def _landsat(product: Product, collection: str, platform: str) -> Family:
    satellite = product.satellite[2:].lstrip("0") or platform[-1:]
    bands = bandnames.OLI if satellite in ("8", "9") else bandnames.TM
    first = product.level.startswith("L1") or (not product.level and "l1" in collection)
    name = "landsat-l1" if first else "landsat-c2-l2"
    quantity: Quantity = "toa_reflectance" if first else "surface_reflectance"
    rule = "landsat-c1-toa" if first else "landsat-c2-sr"
    return Family(
        name, "USGS", quantity, rule, bands, _LANDSAT_MASK, licence="public domain", credit=_USGS, gsd_m=30, nodata=0
    )  # fmt: skip


def _hls(half: str) -> Family:
    bands = bandnames.HLS_L30 if half.startswith("L") else bandnames.HLS_S30
    credit = _USGS if half.startswith("L") else _COPERNICUS
    return Family(
        f"hls-{half.casefold()}", "NASA", "surface_reflectance", "declared", bands, licence="open, with attribution",
        credit=f"{credit}, harmonized by NASA (HLS)", gsd_m=30, scale=0.0001, offset=0.0, nodata=-9999,
    )  # fmt: skip


def _dea(platform: str) -> Family:
    sentinel2 = "sentinel" in platform
    credit = _COPERNICUS if sentinel2 else _USGS
    return Family(
        "dea-ard", "Geoscience Australia", "surface_reflectance", "declared", bandnames.dea(sentinel2),
        {"oa_fmask": "fmask"}, licence="CC-BY-4.0", credit=f"{credit}, processed by Geoscience Australia",
        gsd_m=10 if sentinel2 else 30, scale=0.0001, offset=0.0, nodata=-999,
    )  # fmt: skip
