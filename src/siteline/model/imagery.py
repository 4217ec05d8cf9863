"""Searches and the scenes they found, as a case keeps them. Fields follow ``tables``; numbers are None where not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from siteline.model.search import Completeness, StacItem

Status = Literal["kept", "duplicate", "quarantined"]


@dataclass(frozen=True, slots=True)
class Search:
    """One question to one source. ``asked`` is the question as JSON; ``searched_at`` is ISO 8601, UTC."""

    search_id: str
    source: str
    asked: str
    searched_at: str
    returned: int
    matched: int | None
    completeness: Completeness
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundScene:
    """One scene of a search. ``site_share``, ``structure_shares`` (by structure id): part covered by its footprint, 0 to 1.

    ``cloud_percent``: over the whole product, as declared; ``site_cloud_percent``: over the site, from the pixels.
    """

    scene_id: str
    search_id: str
    stac: StacItem
    source: str = ""
    acquired: str = ""
    provider: str = ""
    platform: str = ""
    cloud_percent: float | None = None
    site_cloud_percent: float | None = None
    site_share: float | None = None
    structure_shares: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    credit: str = ""
    status: Status = "kept"
    why: str = ""
