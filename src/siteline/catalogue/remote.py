"""A source by its name: a preset, the address of a STAC API, or a static catalogue at a URL or in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from siteline.catalogue.paging import JsonClient
from siteline.catalogue.presets import PRESETS
from siteline.catalogue.stacapi import StacApi, search_link
from siteline.catalogue.staticstac import StaticStac
from siteline.model.errors import BadAnswer, BadInput

if TYPE_CHECKING:
    from siteline.catalogue.source import Source


def source_named(name_or_url: str, client: JsonClient, *, urls: Mapping[str, str] | None = None) -> Source:
    """The source that ``name_or_url`` names: a preset, the landing page of a STAC API, or a static catalogue (URL or file).

    ``urls``: other landing pages for presets, by name. A URL is read once to see which it is. Raises ``BadInput`` for a name
    that is none of these, ``SourceTrouble`` where the address does not answer as a catalogue should.
    """
    if preset := PRESETS.get(name_or_url):
        return StacApi(preset.name, (urls or {}).get(preset.name, preset.url), client, preset.collections)
    if re.match(r"https?://", name_or_url):
        return _at(name_or_url, client)
    path = Path(name_or_url)
    if path.is_file():
        return StaticStac(_short(path.resolve().parent.name, path.stem), str(path.resolve()), client)
    known = ", ".join(PRESETS)
    raise BadInput(
        f"{name_or_url!r} is no source; name one of {known}, a URL of a STAC catalogue, a folder or a catalog.json"
    )


def _at(url: str, client: JsonClient) -> Source:
    for preset in PRESETS.values():
        if url.rstrip("/") == preset.url:
            return StacApi(preset.name, preset.url, client, preset.collections)
    document = client.get_json(url)
    parts = urlsplit(url)
    name = _short(parts.netloc.rpartition("@")[2], parts.path)
    if search_link(document, url) is not None:
        return StacApi(name, url, client, landing=document)
    if isinstance(document, Mapping) and ("links" in document or document.get("type") in ("Feature", "FeatureCollection")):
        return StaticStac(name, url, client)
    raise BadAnswer(url, "is no STAC catalogue: its JSON has neither links nor items")


def _short(place: str, path: str) -> str:
    """A name that can be part of a scene's id: ``example.org-stac``."""
    whole = re.sub(r"(/?(catalog|collection|index))?(\.json)?/*\Z", "", f"{place}/{path.strip('/')}")
    return re.sub(r"[^A-Za-z0-9.]+", "-", whole).strip("-.") or "catalogue"
