"""A STAC Item read into a scene: the one place that knows what providers' items mean."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from siteline.catalogue.assets import assets_of, is_planet_sr, may_hold_bands
from siteline.catalogue.collections import Family, family_of
from siteline.catalogue.footprints import footprint_of
from siteline.catalogue.products import Product, product_of
from siteline.catalogue.tidy import tidied
from siteline.catalogue.times import When, when_of
from siteline.model.scene import Asset, ImageScene, Quantity
from siteline.model.search import StacItem

_GONE = "its images are gone: the item names no file that could be read; nothing can be said from it"
_UNNAMED = "none of its files has a band that siteline knows; name bands by STAC common names (eo:bands, bands)"
_NO_IMAGE = "none of its files is an image that siteline reads"
_VAGUE_LICENCES = ("", "proprietary", "various", "other")


def scene_of(item: StacItem, source: str, *, now: datetime | None = None) -> ImageScene:
    """What the STAC Item ``item`` (1.0, 1.1 or a late beta), listed by ``source``, says, read by its provider's rules.

    ``now`` (aware, default the clock): to know dates in the future. Never raises for what an item says: what is
    wrong with it is in ``problems``, and ``quarantined`` where it must not be loaded.
    """
    item = tidied(item)
    properties = item["properties"]
    product = product_of(item)
    family = family_of(item, product)
    when = _when(properties, family, now or datetime.now(UTC))
    footprint, misplaced = footprint_of(item.get("geometry"), item.get("bbox"))
    assets = assets_of(item, family)
    quantity, calibration = _meaning(properties, family, assets)
    problems = (
        *when.problems,
        *filter(None, (misplaced, _missing(item, family, assets))),
        *_texts(properties.get("siteline:problems")),
    )
    return ImageScene(
        scene_id=f"{source}/{_id_of(item)}", source=source, when=when.span, when_kind=when.kind,
        provider=_provider(properties, family), collection=str(item.get("collection") or ""),
        platform=_platform(properties, product), sensor=family.sensor if family.sensor == "radar" else _sensor(properties),
        quantity=quantity, calibration=calibration, baseline=_baseline(properties, product),
        gsd_m=_gsd(properties, assets, family), footprint_wkt=footprint,
        cloud_percent=_percent(properties, "eo:cloud_cover", "tile:clouds_percent"),
        tile=_tile(properties, product), datatake=_datatake(item, properties, product),
        relative_orbit=_relative_orbit(properties, product), orbit_state=str(properties.get("sat:orbit_state") or ""),
        sun_azimuth=_first(properties, "view:sun_azimuth", "s2:mean_solar_azimuth", "eo:sun_azimuth"),
        sun_elevation=_sun_elevation(properties), off_nadir=_first(properties, "view:off_nadir", "eo:off_nadir"),
        licence=_licence(item, properties, family), credit=_credit(properties, family, when),
        assets=assets, problems=problems, properties=properties,
        quarantined=when.quarantined or properties.get("siteline:quarantined") is True,
    )  # fmt: skip


def _when(properties: Mapping[str, Any], family: Family, now: datetime) -> When:
    limit = family.mosaic or properties.get("siteline:when_kind") == "not_later_than"
    return when_of(properties, now, day_only=family.day_only, kind="not_later_than" if limit else "acquired")


def _missing(item: StacItem, family: Family, assets: tuple[Asset, ...]) -> str:
    """What is wrong with the files of an item, "" if nothing."""
    listed = item["assets"]
    empty = [key for key, asset in listed.items() if not asset.get("href")]
    if any(asset.role == "data" for asset in assets):
        return f"its files {', '.join(empty)} are gone" if empty else ""
    images = [key for key, asset in listed.items() if key not in empty and may_hold_bands(key, asset)]
    if images and not family.bands:
        return _UNNAMED
    return _GONE if family.name or len(empty) == len(listed) else _NO_IMAGE


def _meaning(properties: Mapping[str, Any], family: Family, assets: tuple[Asset, ...]) -> tuple[Quantity, str]:
    """Quantity and calibration rule: what a local source says, else the family's."""
    declared = properties.get("siteline:quantity")
    quantity: Quantity = declared if isinstance(declared, str) and declared in get_args(Quantity) else family.quantity  # type: ignore[assignment]
    rule = properties.get("siteline:calibration")
    if isinstance(rule, str) and rule:
        return quantity, rule
    data = [asset for asset in assets if asset.role == "data"]
    if family.calibration == "planet-sr" and data and not any(is_planet_sr(asset.name) for asset in data):
        return "digital_number", "none"
    if family.calibration == "none" and declared in get_args(Quantity) and any(asset.scale is not None for asset in data):
        return quantity, "declared"
    return quantity, family.calibration


def _id_of(item: StacItem) -> str:
    name = str(item.get("id") or "").strip()
    if name:
        return name
    digest = hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()
    return f"unnamed-{digest[:12]}"


def _provider(properties: Mapping[str, Any], family: Family) -> str:
    if family.provider:
        return family.provider
    listed = _providers(properties)
    made = [name for name, roles in listed.items() if "producer" in roles]
    return next(iter([*made, *listed]), "")


def _providers(properties: Mapping[str, Any]) -> dict[str, str]:
    """Names of the declared providers and, in words, their roles."""
    entries = properties.get("providers")
    named = [e for e in entries if isinstance(e, Mapping) and e.get("name")] if isinstance(entries, list) else []
    return {str(entry["name"]): str(entry.get("roles")) for entry in named}


def _platform(properties: Mapping[str, Any], product: Product) -> str:
    named = str(properties.get("platform") or properties.get("eo:platform") or "").strip()
    if named:
        return re.sub(r"[ _]+", "-", named).casefold()
    satellite = product.satellite
    if satellite.startswith("S"):
        return f"sentinel-{satellite[1:].casefold()}"
    return f"landsat-{int(satellite[2:])}" if satellite.startswith("L") else ""


def _sensor(properties: Mapping[str, Any]) -> Any:
    return "radar" if "sar:polarizations" in properties or "sar:instrument_mode" in properties else "optical"


def _baseline(properties: Mapping[str, Any], product: Product) -> str:
    for key in ("s2:processing_baseline", "processing:version", "odc:dataset_version"):
        if properties.get(key):
            return str(properties[key])
    return product.baseline


def _tile(properties: Mapping[str, Any], product: Product) -> str:
    if product.kind in ("opera", "hls") and product.tile:
        return product.tile
    code = str(properties.get("grid:code") or "")
    if match := re.fullmatch(r"MGRS-T?(\d{1,2}[A-Z]{3})", code):
        return match[1].zfill(5)
    if properties.get("s2:mgrs_tile"):
        return str(properties["s2:mgrs_tile"]).zfill(5)
    path, row = properties.get("landsat:wrs_path"), properties.get("landsat:wrs_row")
    if path is not None and row is not None:
        return f"{path!s:0>3}{row!s:0>3}"
    region = str(properties.get("odc:region_code") or "")
    return product.tile or code or region or str(properties.get("opera:burst_id") or properties.get("quadkey") or "")


def _datatake(item: StacItem, properties: Mapping[str, Any], product: Product) -> str:
    if product.datatake.startswith("HLSS30_") and (platform := _platform(properties, product)).startswith("sentinel-2"):
        taken = datetime.strptime(product.datatake[7:], "%Y%jT%H%M%S")
        return f"S{platform[9:11].upper()}_{taken:%Y%m%dT%H%M%S}"  # as the Sentinel-2 product it was made from
    if product.datatake:
        return product.datatake
    return str(properties.get("catalog_id") or (item.get("id") if properties.get("pl:item_type") else "") or "")


def _relative_orbit(properties: Mapping[str, Any], product: Product) -> int | None:
    orbit = properties.get("sat:relative_orbit")
    return orbit if isinstance(orbit, int) and not isinstance(orbit, bool) else product.relative_orbit


def _sun_elevation(properties: Mapping[str, Any]) -> float | None:
    height = _first(properties, "view:sun_elevation", "eo:sun_elevation")
    zenith = _first(properties, "s2:mean_solar_zenith")
    return 90.0 - zenith if height is None and zenith is not None else height


def _gsd(properties: Mapping[str, Any], assets: tuple[Asset, ...], family: Family) -> float | None:
    fine = [asset.gsd_m for asset in assets if asset.role == "data" and asset.gsd_m and asset.band != "pan"]
    return min(fine, default=None) or _first(properties, "gsd", "eo:gsd") or family.gsd_m


def _licence(item: StacItem, properties: Mapping[str, Any], family: Family) -> str:
    stated = str(properties.get("license") or "").strip()
    if stated.casefold() not in _VAGUE_LICENCES:
        return stated
    links = (link for link in item["links"] if link.get("rel") == "license")
    return next((str(link["href"]) for link in links if link.get("href")), "") or family.licence or stated


def _credit(properties: Mapping[str, Any], family: Family, when: When) -> str:
    if not family.credit:
        return str(properties.get("siteline:credit") or ", ".join(_providers(properties)))
    year = str(when.span.start.year) if when.span.start else ""
    return str(properties.get("siteline:credit") or family.credit.format(year=year).strip())


def _percent(properties: Mapping[str, Any], *keys: str) -> float | None:
    value = _first(properties, *keys)
    return value if value is not None and 0 <= value <= 100 else None


def _first(properties: Mapping[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = properties.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
            return float(value)
    return None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()
