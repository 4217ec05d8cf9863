"""A query in the words of a STAC API's item search (POST body, or GET parameters)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from siteline.model.search import Query


def asked_of(query: Query, method: str) -> Iterator[dict[str, Any]]:
    """What to send: one request, or two for a box across the antimeridian, which not every API takes as one."""
    west, south, east, north = query.bbox
    if query.intersects is None and west > east:
        for part in ((west, south, 180.0, north), (-180.0, south, east, north)):
            yield _one(replace(query, bbox=part), method)
    else:
        yield _one(query, method)


def interval(start: datetime | None, end: datetime | None) -> str:
    """An RFC 3339 interval, ``..`` where open; "" where open on both sides."""
    if start is None and end is None:
        return ""
    return f"{_instant(start)}/{_instant(end)}"


def _one(query: Query, method: str) -> dict[str, Any]:
    post = method == "POST"
    asked: dict[str, Any] = {"limit": query.limit}
    if query.intersects is not None:
        asked["intersects"] = dict(query.intersects)
    else:
        asked["bbox"] = [*query.bbox]
    if period := interval(query.start, query.end):
        asked["datetime"] = period
    if query.collections:
        asked["collections"] = [*query.collections]
    if query.ids:
        asked["ids"] = [*query.ids]
    if query.query:
        asked["query"] = dict(query.query)
    if query.filter is not None:
        asked |= {"filter": dict(query.filter), "filter-lang": "cql2-json"}
    if query.sortby:
        asked["sortby"] = [_order(name) for name in query.sortby] if post else [*query.sortby]
    if query.fields:
        asked["fields"] = _fields(query.fields) if post else [*query.fields]
    return asked


def _instant(at: datetime | None) -> str:
    if at is None:
        return ".."
    text = at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _order(name: str) -> Mapping[str, str]:
    return {"field": name.lstrip("+-"), "direction": "desc" if name.startswith("-") else "asc"}


def _fields(names: tuple[str, ...]) -> Mapping[str, list[str]]:
    exclude = [name[1:] for name in names if name.startswith("-")]
    return {"include": [name.lstrip("+") for name in names if not name.startswith("-")], "exclude": exclude}
