"""Whether an item answers a query: asked of every item, since not every server filters as it was asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from siteline.catalogue.footprints import box_of, cut, footprint_of
from siteline.catalogue.times import when_of
from siteline.model.search import Query, StacItem
from siteline.model.span import Span

_ANY_TIME: Final = datetime(9990, 1, 1, tzinfo=UTC)


def asked_for(query: Query) -> Callable[[StacItem], str]:
    """A function that says why an item does not answer ``query``, "" where it does.

    An item whose place, time or cloud is not known is never turned away for it: it could be the one that shows the change.
    """
    from shapely.geometry import shape
    from shapely.prepared import prep

    area = prep(cut(shape(dict(query.intersects))) if query.intersects is not None else box_of(query.bbox))

    def why_not(item: StacItem) -> str:
        properties: Mapping[str, Any] = item.get("properties") or {}
        if query.collections and item.get("collection") and item["collection"] not in query.collections:
            return "of another collection"
        if query.ids and item.get("id") not in query.ids:
            return "of another id"
        if not in_period(when_of(properties, _ANY_TIME).span, query):
            return "outside the period"
        cloud = properties.get("eo:cloud_cover")
        if query.max_cloud is not None and isinstance(cloud, (int, float)) and cloud > query.max_cloud:
            return f"with more than {query.max_cloud:g} % cloud"
        return "" if _touches(item, area) else "outside the area"

    return why_not


def in_period(span: Span, query: Query) -> bool:
    """Whether ``span`` may lie in the half-open period of ``query``; what is not known may."""
    if query.end is not None and span.start is not None and span.start >= query.end:
        return False
    if query.start is None or span.end is None:
        return True
    return span.end > query.start or (span.is_instant and span.end == query.start)


def chosen(items: Iterable[StacItem], query: Query) -> tuple[list[StacItem], list[str]]:
    """The items that answer ``query``, and notes on how many do not and why."""
    why_not = asked_for(query)
    kept: list[StacItem] = []
    counts: dict[str, int] = {}
    for item in items:
        if reason := why_not(item):
            counts[reason] = counts.get(reason, 0) + 1
        else:
            kept.append(item)
    return kept, [f"{count} items {reason} were passed over" for reason, count in sorted(counts.items())]


def one_of_each(items: Iterable[StacItem]) -> tuple[list[StacItem], list[str]]:
    """Items without repeats of (collection, id), in order; of differing listings the newest is kept and noted."""
    held: dict[tuple[str, str], StacItem] = {}
    notes = []
    for item in items:
        key = (str(item.get("collection") or ""), str(item.get("id") or ""))
        before = held.setdefault(key, item)
        if before is item or before == item:
            continue
        held[key] = max(before, item, key=_age)
        notes.append(f"{key[1]} is listed more than once and differently; kept by: newest listing, else fixed order")
    return list(held.values()), list(dict.fromkeys(notes))


def _age(item: StacItem) -> tuple[str, str, str]:
    properties: Mapping[str, Any] = item.get("properties") or {}
    return str(properties.get("updated") or ""), str(properties.get("created") or ""), repr(sorted(properties.items()))


def _touches(item: StacItem, area: Any) -> bool:
    from shapely import from_wkt

    outline, _ = footprint_of(item.get("geometry"), item.get("bbox"))
    return outline is None or bool(area.intersects(from_wkt(outline)))
