"""The files of an item that hold bands and masks: one of each, the best copy."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from siteline.catalogue import bandnames
from siteline.catalogue.collections import Family
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
    found = [*_candidates(item, family)] or [*_picture(item, family)]
    best: dict[tuple[str, str], tuple[tuple[float, ...], Asset]] = {}
    for place, (asset, media) in enumerate(found):
        key, rank = (asset.role, asset.band), (*_rank(asset, media, family), float(place))
        if key not in best or rank < best[key][0]:
            best[key] = (rank, asset)
    chosen = [asset for _, asset in best.values()]
    return tuple(sorted(chosen, key=lambda asset: asset.role == "mask"))


def address_of(asset: Mapping[str, Any], base: str) -> str:
    """Where an asset's file lies: absolute, HTTPS before S3 where both are offered openly; "" where nowhere."""
    offered = [asset.get("href"), *_alternates(asset)]
    settled = [_settle(href, base) for href in offered if isinstance(href, str) and href.strip()]
    usable = [href for href in settled if href]
    return min(usable, key=_scheme_rank, default="")


def base_of(item: StacItem) -> str:
    """The item's own absolute address, "" where it does not say."""
    for link in item.get("links") or ():
        if isinstance(link, Mapping) and link.get("rel") == "self":
            href = link.get("href")
            if isinstance(href, str) and (urlsplit(href).scheme in ("http", "https") or href.startswith("/")):
                return href
    return ""


def _alternates(asset: Mapping[str, Any]) -> Iterator[Any]:
    others = asset.get("alternate")
    if isinstance(others, Mapping):
        for other in others.values():
            if isinstance(other, Mapping) and not other.get("auth:refs"):
                yield other.get("href")


def _settle(href: str, base: str) -> str:
    href = href.strip()
    scheme = _scheme(href)
    if scheme in ("http", "https", "s3"):
        return href
    if scheme or href.startswith("/vsi"):
        return ""
    if base.startswith(("http:", "https:")):
        return urljoin(base, href)
    if href.startswith("/"):
        return href
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), href)) if base else ""


def _scheme(href: str) -> str:
    """The scheme of an address, "" for a path; "bad" where it is not even an address."""
    try:
        return urlsplit(href).scheme.casefold()
    except ValueError:
        return "bad"


def settled(item: StacItem, page: str) -> StacItem:
    """A copy of ``item``, found at or on ``page`` (URL or absolute path), whose assets have absolute addresses.

    What a remote item must not name (a file of this machine, an address of another kind) becomes "": gone, never read.
    """
    base = base_of(item)
    if not base or page.startswith("/") or not base.startswith(("http:", "https:")):
        base = page
    assets = {}
    for key, asset in (item.get("assets") or {}).items():
        if not isinstance(asset, Mapping):
            continue
        copy = dict(asset)
        if isinstance(asset.get("href"), str):
            copy["href"] = _settle(asset["href"], base)
        if isinstance(asset.get("alternate"), Mapping):
            copy["alternate"] = {
                name: {**other, "href": _settle(str(other.get("href") or ""), base)}
                for name, other in asset["alternate"].items()
                if isinstance(other, Mapping)
            }
        assets[key] = copy
    return {**item, "assets": assets}


def _scheme_rank(href: str) -> int:
    return {"https": 0, "": 0, "http": 1, "s3": 2}[urlsplit(href).scheme.casefold()]


def _candidates(item: StacItem, family: Family) -> Iterator[tuple[Asset, str]]:
    base = base_of(item)
    for key, asset in (item.get("assets") or {}).items():
        if not isinstance(asset, Mapping) or not (href := address_of(asset, base)):
            continue
        media = str(asset.get("type", ""))
        if mask := _mask_kind(key, asset, family):
            yield _made(item, family, key, asset, href, mask, int(asset.get("siteline:index") or 1), "mask"), media
        elif band := asset.get("siteline:band"):
            yield _made(item, family, key, asset, href, str(band), int(asset.get("siteline:index") or 1), "data"), media
        elif _may_hold_bands(key, asset, href):
            for index, name in enumerate(_band_names(item, key, asset, family), 1):
                if name:
                    yield _made(item, family, key, asset, href, name, index, "data"), media


def _picture(item: StacItem, family: Family) -> Iterator[tuple[Asset, str]]:
    """The colour picture as red, green and blue, for providers that give nothing else."""
    for key, asset in (item.get("assets") or {}).items() if family.visual else ():
        if not isinstance(asset, Mapping) or "visual" not in (key.casefold(), *_roles(asset)):
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


def _may_hold_bands(key: str, asset: Mapping[str, Any], href: str) -> bool:
    media, roles = str(asset.get("type", "")), _roles(asset)
    if _NOT_BANDS.search(key) or roles & {"visual", "thumbnail", "overview", "metadata", "tiles"}:
        return False
    return bool(_IMAGE.search(media)) if media else bool(_IMAGE.search(urlsplit(href).path[-5:]))


def _roles(asset: Mapping[str, Any]) -> set[str]:
    roles = asset.get("roles")
    return {str(role) for role in roles} if isinstance(roles, Iterable) and not isinstance(roles, str) else set()


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
    shared = (item.get("properties") or {}).get("eo:bands") or []
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


def access_of(item: StacItem, href: str) -> str:
    """The way to read ``href`` that ``guard.access`` knows, "" where it is open or not known."""
    parts = urlsplit(href)
    host = (parts.hostname or "").casefold()
    if host.endswith(".blob.core.windows.net") and any(
        "planetarycomputer.microsoft.com" in str(link.get("href", ""))
        for link in item.get("links") or ()
        if isinstance(link, Mapping)
    ):
        return "planetary-computer"
    if parts.scheme == "s3" and host == "eodata":
        return "cdse-s3"
    if host.endswith((".earthdata.nasa.gov", ".earthdatacloud.nasa.gov", ".asf.alaska.edu")):
        return "earthdata"
    if host == "api.planet.com" or host.endswith(".planet.com"):
        return "planet"
    return ""


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
