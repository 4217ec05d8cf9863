"""Where the files of an item lie: absolute addresses, and how each is read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from siteline.catalogue.tidy import tidied
from siteline.model.search import StacItem


def address_of(asset: Mapping[str, Any], base: str) -> str:
    """Where an asset's file lies: absolute, HTTPS before S3 where both are offered openly; "" where nowhere."""
    offered = [asset.get("href"), *_alternates(asset)]
    settled = [_settle(href, base) for href in offered if isinstance(href, str) and href.strip()]
    usable = [href for href in settled if href]
    return min(usable, key=_scheme_rank, default="")


def settled(item: StacItem, page: str) -> StacItem:
    """A copy of ``item``, found at or on ``page`` (URL or absolute path), whose assets have absolute addresses.

    What a remote item must not name (a file of this machine, an address of another kind) becomes "": gone, never read.
    """
    item = tidied(item)
    base = base_of(item)
    if not base or page.startswith("/") or not base.startswith(("http:", "https:")):
        base = page
    assets = {}
    for key, asset in item["assets"].items():
        assets[key] = {**asset, "href": _settle(asset.get("href", ""), base)}
        if "alternate" in asset:
            others = asset["alternate"].items()
            assets[key]["alternate"] = {name: {**o, "href": _settle(str(o.get("href") or ""), base)} for name, o in others}
    return {**item, "assets": assets}


def base_of(item: StacItem) -> str:
    """The item's own absolute address, "" where it does not say."""
    for link in item["links"]:
        href = link.get("href")
        if link.get("rel") == "self" and isinstance(href, str) and (_scheme(href) in ("http", "https") or href[:1] == "/"):
            return href
    return ""


def access_of(item: StacItem, href: str) -> str:
    """The way to read ``href`` that ``guard.access`` knows, "" where it is open or not known."""
    if _scheme(href) in ("", "bad"):
        return ""
    parts = urlsplit(href)
    host = (parts.hostname or "").casefold()
    if host.endswith(".blob.core.windows.net") and any(
        "planetarycomputer.microsoft.com" in str(link.get("href")) for link in item["links"]
    ):
        return "planetary-computer"
    if parts.scheme == "s3" and host == "eodata":
        return "cdse-s3"
    if host.endswith((".earthdata.nasa.gov", ".earthdatacloud.nasa.gov", ".asf.alaska.edu")):
        return "earthdata"
    if host == "api.planet.com" or host.endswith(".planet.com"):
        return "planet"
    return ""


def _alternates(asset: Mapping[str, Any]) -> Iterator[Any]:
    for other in asset.get("alternate", {}).values():
        if not other.get("auth:refs"):
            yield other.get("href")


def _settle(href: str, base: str) -> str:
    href = href.strip()
    scheme = _scheme(href)
    if not href:
        return ""
    if scheme in ("http", "https", "s3"):
        return href.replace(" ", "%20")
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


def _scheme_rank(href: str) -> int:
    return {"https": 0, "": 0, "http": 1, "s3": 2}[urlsplit(href).scheme.casefold()]
