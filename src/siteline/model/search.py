"""What is asked of a source of scenes, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Completeness = Literal["complete", "unknown"]
"""``complete``: the source said how many scenes there are, or is a folder read to its end. ``unknown``: it did not."""

StacItem = dict[str, Any]
"""A STAC Item as JSON."""


@dataclass(frozen=True, slots=True)
class Query:
    """An area and a period, with the options of ``stac-client search``.

    ``bbox``: west, south, east, north in EPSG:4326 degrees; west > east crosses the antimeridian (RFC 7946). ``intersects``:
    GeoJSON geometry, None for the box. ``start``, ``end``: half-open UTC interval, None = open. ``query``: the STAC query
    extension; ``filter``: CQL2 JSON; ``sortby``, ``fields``: as the API takes them. ``limit``: scenes per page;
    ``max_items``: None = all.
    """

    bbox: tuple[float, float, float, float]
    start: datetime | None = None
    end: datetime | None = None
    intersects: Mapping[str, Any] | None = None
    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    max_cloud: float | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    filter: Mapping[str, Any] | None = None
    sortby: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    limit: int = 100
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A source's answer: its items in the order they came, and whether these are all.

    ``matched``: how many there are by the source's own count, None where it does not say. ``notes``: what a reader of the
    list must know (a cap that was reached, files that were passed over and why).
    """

    source: str
    items: tuple[StacItem, ...]
    completeness: Completeness
    matched: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did: ``files`` copied (or due), ``held`` already, ``outside`` the site; ``failed``: (scene id, reason).

    ``bytes_due``: estimated from headers."""

    scenes: int
    files: int
    held: int
    outside: int
    bytes_due: int
    bytes_got: int
    planned_only: bool
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """One source as seen from here. ``access_note`` says where its credentials come from, never what they are."""

    name: str
    url: str
    reached: bool
    seconds: float
    reason: str
    access_ready: bool
    access_note: str


ACCESS_WORDS = "Credentials come from the providers' own variables and files; siteline keeps none of them."
