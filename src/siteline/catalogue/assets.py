"""The files of an item that hold bands and masks: one of each, the best copy."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from siteline.catalogue import bandnames
from siteline.catalogue.collections import Family
from siteline.catalogue.hrefs import access_of, address_of, base_of
from siteline.catalogue.tidy import tidied
from siteline.model.scene import MASKS, Asset
from siteline.model.search import StacItem

_NOT_BANDS = re.compile(
    r"\Abasic_|visual|true[-_ ]?colou?r|tci|thumbnail|preview|overview|rendered|browse|index|metadata", re.IGNORECASE
)
_COPY = re.compile(r"(-jp2|_(10|20|60)m|\.tiff?)\Z", re.IGNORECASE)
_PRODUCT_LEAD = re.compile(r"\A(SR|TOA|SR_QA)_(?=B\d|QA)", re.IGNORECASE)
_IMAGE = re.compile(r"tiff?|jp2|png|jpe?g", re.IGNORECASE)


def assets_of(item: StacItem, family: Family) -> tuple[Asset, ...]:
    """Bands, then masks, in the item's order; of several copies a COG over HTTPS, then the finest, then the first.

    Assets without an address, of other schemes than http, https and s3, and relative ones of an item that does not say where
    it lies, are left out. A path of this machine (``/...``) stays as it is.
    """
    item = tidied(item)
    found = [*_candidates(item, family)] or [*_picture(item, family)]
    best: dict[tuple[str, str], tuple[tuple[float, ...], Asset]] = {}
    for place, (asset, media) in enumerate(found):
        key, rank = (asset.role, asset.band), (*_rank(asset, media, family), float(place))
        if key not in best or rank < best[key][0]:
            best[key] = (rank, asset)
    chosen = [asset for _, asset in best.values()]
    return tuple(sorted(chosen, key=lambda asset: asset.role == "mask"))


def _candidates(item: StacItem, family: Family) -> Iterator[tuple[Asset, str]]:
    base = base_of(item)
    for key, asset in item["assets"].items():
        if not (href := address_of(asset, base)):
            continue
        media, index = asset.get("type", ""), asset.get("siteline:index")
        index = index if isinstance(index, int) and index > 0 else 1
        if mask := _mask_kind(key, asset, family):
            yield _made(item, family, key, asset, href, mask, index, "mask"), media
        elif band := asset.get("siteline:band"):
            yield _made(item, family, key, asset, href, str(band), index, "data"), media
        elif may_hold_bands(key, asset):
            for index, name in enumerate(_band_names(item, key, asset, family), 1):
                if name:
                    yield _made(item, family, key, asset, href, name, index, "data"), media


def _picture(item: StacItem, family: Family) -> Iterator[tuple[Asset, str]]:
    """The colour picture as red, green and blue, for providers that give nothing else."""
    for key, asset in item["assets"].items() if family.visual else ():
        if "visual" not in (key.casefold(), *_roles(asset)):
            continue
        if href := address_of(asset, base_of(item)):
            for index, name in enumerate(("red", "green", "blue"), 1):
                yield _made(item, family, key, asset, href, name, index, "data"), str(asset.get("type", ""))


def _mask_kind(key: str, asset: Mapping[str, Any], family: Family) -> str:
    declared = asset.get("siteline:mask")
    if isinstance(declared, str) and declared in MASKS:
        return declared
    plain = _plain(key)
    return family.masks.get(plain) or next((kind for name, kind in family.masks.items() if plain.endswith(f"_{name}")), "")


def may_hold_bands(key: str, asset: Mapping[str, Any]) -> bool:
    """Whether an asset is an image to measure in, not a picture to look at or a text."""
    href, media, roles = asset.get("href", ""), asset.get("type", ""), _roles(asset)
    if _NOT_BANDS.search(key) or roles & {"visual", "thumbnail", "overview", "metadata", "tiles"}:
        return False
    return bool(_IMAGE.search(media)) if media else bool(_IMAGE.search(PurePosixPath(href.partition("?")[0]).suffix))


def _roles(asset: Mapping[str, Any]) -> set[str]:
    return {str(role) for role in asset.get("roles", ())}


def _band_names(item: StacItem, key: str, asset: Mapping[str, Any], family: Family) -> list[str]:
    """Common names of an asset's bands in file order, "" for a band that has none."""
    bands = bands_of(item, asset)
    if family.bands and len(bands) <= 1:
        plain = _plain(key)
        names = [plain, plain.rpartition("_")[2] if family.sensor == "radar" else plain]
        names += [_plain(str(band.get("name", ""))) for band in bands]
        known = next((family.bands[name] for name in names if name in family.bands), "")
        return [known or (_common(bands[0], family) if bands else "")]
    if not bands:
        return [bandnames.guess(_plain(key))]
    return [_common(band, family) for band in bands]


def _common(band: Mapping[str, Any], family: Family) -> str:
    declared = str(band.get("common_name") or band.get("eo:common_name") or "")
    name = _plain(str(band.get("name", "")))
    if declared in bandnames.COMMON:
        return declared
    return "" if declared else family.bands.get(name) or bandnames.guess(name)


def bands_of(item: StacItem, asset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The band objects of an asset, STAC 1.1 ``bands`` or 1.0 ``eo:bands`` joined with ``raster:bands``.

    STAC 1.0.0-beta items give indexes into the list in the item's properties.
    """
    listed = asset.get("bands") or asset.get("eo:bands") or []
    shared = item["properties"].get("eo:bands")
    shared = shared if isinstance(shared, list) else []
    bands = [shared[b] if isinstance(b, int) and 0 <= b < len(shared) else b for b in listed]
    raster = asset.get("raster:bands") or []
    count = max(len(bands), len(raster))
    joined: list[Mapping[str, Any]] = []
    for place in range(min(count, 64)):
        parts = [rows[place] for rows in (raster, bands) if place < len(rows) and isinstance(rows[place], Mapping)]
        joined.append({key: value for part in parts for key, value in part.items()})
    return joined


def _plain(key: str) -> str:
    """A key without what only tells copies apart: ``SR_B4.TIF``, ``B04_10m``, ``red-jp2``."""
    before = ""
    while before != key:
        before, key = key, _COPY.sub("", key)
    return _PRODUCT_LEAD.sub("", key).casefold()


def _made(
    item: StacItem, family: Family, key: str, asset: Mapping[str, Any], href: str, band: str, index: int, role: Any
) -> Asset:
    bands = bands_of(item, asset)
    own = bands[index - 1] if index <= len(bands) else {}
    both = {**asset, **own}
    data = role == "data"
    digest = str(asset.get("file:checksum", ""))
    size = asset.get("file:size")
    return Asset(
        name=str(key), href=href, band=band, role=role, index=index,
        scale=_number(both, "scale", "raster:scale", default=family.scale if data else None),
        offset=_number(both, "offset", "raster:offset", default=family.offset if data else None),
        nodata=_number(both, "nodata", default=family.nodata if data else None),
        gsd_m=_number(both, "gsd", "eo:gsd", "raster:spatial_resolution", "spatial_resolution"),
        access=access_of(item, href),
        sha256=digest[4:].casefold() if re.fullmatch(r"1220[0-9a-fA-F]{64}", digest) else "",
        size=size if isinstance(size, int) and size > 0 else None,
    )  # fmt: skip


def _number(both: Mapping[str, Any], *keys: str, default: float | None = None) -> float | None:
    for key in keys:
        value = both.get(key)
        if isinstance(value, str) and value.casefold() in ("nan", "inf", "-inf"):
            return float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value) if not math.isinf(value) else default
    return default


def _rank(asset: Asset, media: str, family: Family) -> tuple[float, ...]:
    name = asset.name.casefold()
    radiance = family.calibration == "planet-sr" and not is_planet_sr(name)
    jp2 = "jp2" in media or asset.href.casefold().endswith(".jp2")
    return float(radiance), float("4b" in name), float(jp2), float(asset.href.startswith("s3:")), asset.gsd_m or 0.0


def is_planet_sr(name: str) -> bool:
    """Whether a PlanetScope asset called ``name`` is surface reflectance, not radiance."""
    return bool(re.search(r"(\A|_)sr(_|\Z)", name.casefold()))
