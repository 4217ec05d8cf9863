"""Static STAC catalogues: files that link to one another, at a URL or in a folder, walked to their end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from siteline.catalogue.filters import chosen, in_period, one_of_each
from siteline.catalogue.footprints import box_of, footprint_of
from siteline.catalogue.hrefs import settled
from siteline.catalogue.paging import JsonClient, same_origin
from siteline.catalogue.times import instant_or_span
from siteline.model.errors import AddressRefused, BadAnswer, BadDate, ServerUnavailable, SitelineError
from siteline.model.scene import Asset, ImageScene
from siteline.model.search import Found, Query, StacItem
from siteline.model.span import UNKNOWN, Span

MAX_DEPTH: Final = 20
"""How far below its root a catalogue is followed."""

MAX_DOCUMENTS: Final = 50_000
"""Most documents of one catalogue that are read."""

_PARALLEL = 8
_FOLLOWED = ("child", "item", "items", "next")


@dataclass(slots=True)
class _Walk:
    items: list[StacItem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    whole: bool = True

    def gap(self, note: str) -> None:
        """Something of the catalogue was not seen."""
        self.whole = False
        self.notes.append(note)


class StaticStac:
    """A catalogue, collection, item or item collection at ``address`` (URL or absolute path) under a short ``name``."""

    def __init__(self, name: str, address: str, client: JsonClient) -> None:
        """``client`` reads URLs; files are read from the folder of ``address`` and below only."""
        self.name, self.address = name, address
        self._client = client

    def search(self, query: Query) -> Found:
        """See ``Source``. Complete where every document could be read.

        Branches whose declared extent lies outside the query are not entered. Raises what reading ``address`` itself raises.
        """
        found = _Walk()
        root = self._read(self.address)
        level = [(self.address, root)]
        seen = {self.address}
        for depth in range(MAX_DEPTH + 1):
            links = [link for address, document in level for link in self._look(address, document, query, found)]
            fresh = [link for link in dict.fromkeys(links) if link not in seen]
            seen.update(fresh)
            if len(seen) > MAX_DOCUMENTS:
                found.gap(f"the catalogue has more than {MAX_DOCUMENTS} documents; name a part of it (a collection.json)")
                break
            if fresh and depth == MAX_DEPTH:
                found.gap(f"the catalogue is more than {MAX_DEPTH} levels deep; what is below was not read")
                break
            level = list(self._read_all(fresh, found))
            if not level:
                break
        distinct, repeats = one_of_each(found.items)
        kept, passed = chosen(distinct, query)
        if query.query or query.filter is not None:
            found.gap("a static catalogue cannot evaluate query and filter: they were not applied")
        if query.max_items is not None and len(kept) > query.max_items:
            found.gap(f"stopped at {query.max_items} items, as asked")
        notes = (*dict.fromkeys(found.notes), *repeats, *passed)
        complete = "complete" if found.whole else "unknown"
        matched = len(kept) if found.whole else None
        return Found(self.name, tuple(kept[: query.max_items]), complete, matched, notes)  # type: ignore[arg-type]

    def asset(self, scene: ImageScene, band: str) -> Asset | None:
        """See ``Source``."""
        return scene.bands((band,))[0]

    def _look(self, address: str, document: Any, query: Query, found: _Walk) -> Iterator[str]:
        """Keep what a document holds, and give the addresses it leads to."""
        kind = document.get("type") if isinstance(document, Mapping) else None
        if kind == "Feature":
            found.items.append(settled(dict(document), address))
            return
        if kind == "FeatureCollection":
            items = [item for item in document.get("features") or () if isinstance(item, dict)]
            found.items += [settled(item, address) for item in items]
        elif not isinstance(document, Mapping) or not isinstance(document.get("links"), list):
            found.gap(f"{address} is no STAC document")
            return
        elif reason := _elsewhere(document, query):
            found.notes.append(f"collection {document.get('id')} was not searched: its declared extent lies {reason}")
            return
        for link in document.get("links") or ():
            if isinstance(link, Mapping) and link.get("rel") in _FOLLOWED and isinstance(link.get("href"), str):
                try:
                    yield self._resolved(str(link["href"]), address)
                except AddressRefused as error:
                    found.gap(str(error))

    def _resolved(self, href: str, page: str) -> str:
        if page.startswith(("http:", "https:")):
            return same_origin(href, page).partition("#")[0]
        if "://" in href:
            raise AddressRefused(href, "a catalogue on disk leads elsewhere; name that address as a source of its own")
        target = (Path(page).parent / href).resolve()
        if not target.is_relative_to(Path(self.address).resolve().parent):
            raise AddressRefused(href, "it leads out of the catalogue's folder")
        return str(target)

    def _read_all(self, addresses: list[str], found: _Walk) -> Iterator[tuple[str, Any]]:
        for start in range(0, len(addresses), _PARALLEL):
            batch = addresses[start : start + _PARALLEL]
            with ThreadPoolExecutor(_PARALLEL) as pool:
                answers = list(pool.map(_attempt(self._read), batch))
            for address, answer in zip(batch, answers, strict=True):
                if isinstance(answer, SitelineError):
                    found.gap(f"not read, so scenes may be missing: {answer}")
                else:
                    yield address, answer
            if len(batch) > 1 and all(isinstance(answer, ServerUnavailable) for answer in answers):
                found.gap(
                    f"the server stopped answering; {len(addresses) - start - len(batch)} documents were not asked for"
                )
                return

    def _read(self, address: str) -> Any:
        if address.startswith(("http:", "https:")):
            return self._client.get_json(address)
        from siteline.guard.files import read_text

        try:
            return json.loads(read_text(Path(address)))
        except (ValueError, RecursionError) as error:
            raise BadAnswer(address, f"is not JSON ({error})") from None


def _attempt(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """``read`` that gives its failure back, so that one unreadable file does not end a search."""

    def attempt(address: str) -> Any:
        try:
            return read(address)
        except SitelineError as error:
            return error

    return attempt


def _elsewhere(document: Mapping[str, Any], query: Query) -> str:
    """Why a collection cannot hold what is asked for, by its declared extent; "" where it may."""
    if document.get("type") != "Collection" and "extent" not in document:
        return ""
    if query.collections and document.get("id") not in query.collections and not _has_children(document):
        return "in another collection than asked for"
    extent = document.get("extent")
    if not isinstance(extent, Mapping):
        return ""
    if not _extent_touches(extent.get("spatial"), query):
        return "outside the area"
    return "" if _extent_in_period(extent.get("temporal"), query) else "outside the period"


def _has_children(document: Mapping[str, Any]) -> bool:
    return any(isinstance(link, Mapping) and link.get("rel") == "child" for link in document.get("links") or ())


def _extent_touches(spatial: object, query: Query) -> bool:
    from shapely import from_wkt, union_all
    from shapely.geometry import shape

    boxes = spatial.get("bbox") if isinstance(spatial, Mapping) else None
    if not isinstance(boxes, list) or not boxes:
        return True
    outlines = [footprint_of(None, box)[0] for box in boxes[:1]]  # the first is the union of all (STAC 1.0, extent)
    if None in outlines:
        return True
    area = shape(dict(query.intersects)) if query.intersects is not None else box_of(query.bbox)
    return bool(union_all([from_wkt(outline) for outline in outlines]).buffer(1e-9).intersects(area))


def _extent_in_period(temporal: object, query: Query) -> bool:
    intervals = temporal.get("interval") if isinstance(temporal, Mapping) else None
    first = intervals[0] if isinstance(intervals, list) and intervals else None
    if not isinstance(first, list) or len(first) != 2:
        return True
    try:
        start, end = (instant_or_span(value)[0] if isinstance(value, str) else UNKNOWN for value in first)
    except BadDate:
        return True
    return in_period(Span("", start.start, end.end), query)
