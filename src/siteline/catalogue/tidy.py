"""Items in the shape that the standard gives them, whatever came: the rest of the package can then rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siteline.model.search import StacItem

_LISTS = ("bands", "eo:bands", "raster:bands", "roles")


def tidied(item: StacItem) -> StacItem:
    """A copy of ``item`` with ``properties`` a mapping, ``assets`` mappings by key, ``links`` a list of mappings.

    What is of another type is left out: it says nothing. Values inside ``properties`` stay as they came.
    """
    properties = item.get("properties")
    assets = item.get("assets")
    links = item.get("links")
    return {
        **item,
        "properties": properties if isinstance(properties, Mapping) else {},
        "assets": {str(key): _asset(value) for key, value in _mapping(assets).items() if isinstance(value, Mapping)},
        "links": [link for link in links if isinstance(link, Mapping)] if isinstance(links, list) else [],
    }


def _asset(asset: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in asset.items() if key not in (*_LISTS, "alternate", "href", "type")}
    for key in _LISTS:
        if isinstance(asset.get(key), list):
            kept[key] = asset[key]
    others = {name: other for name, other in _mapping(asset.get("alternate")).items() if isinstance(other, Mapping)}
    if others:
        kept["alternate"] = others
    for key in ("href", "type"):
        if isinstance(asset.get(key), str):
            kept[key] = asset[key].strip()
    return kept


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
