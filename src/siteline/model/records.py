"""The records of a case as frozen values. Fields follow ``tables``; dates are ``Span``, lists are tuples.

Geometry is GeoJSON-like text (WKT) in WGS 84 longitude and latitude, or None where no footprint is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from siteline.model.settings import Settings
from siteline.model.span import Span

OBSERVER: Final = "siteline"
"""Who looked, of the looks that siteline adds after it found a change in the pixels (``dating.pixels``)."""

PIXELS: Final = "pixels:"
"""What the ids of such looks, and of the sources they come from, begin with."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document; ``repeats`` names the sources it only passes on."""

    source_id: str
    publisher: str = ""
    authors: str = ""
    title: str = ""
    url: str = ""
    published: Span = field(default_factory=lambda: Span("", None, None))
    repeats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """A named thing on the site. ``geometry_wkt`` is a footprint, a point or None (EPSG:4326)."""

    structure_id: str
    name: str = ""
    kind: str = ""
    aliases: str = ""
    notes: str = ""
    geometry_wkt: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One acquisition. ``when`` is an instant where the time is known, else the day, else unknown."""

    scene_id: str
    provider: str = ""
    sensor: str = ""
    when: Span = field(default_factory=lambda: Span("", None, None))
    credit: str = ""
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PixelDate:
    """What the pixels say of the date of a change, between the look ``since`` (an observation id) and the one that has this.

    ``edges`` (days since 1970, UTC, increasing) and ``mass`` (sums to 1): its posterior, as ``model.dated.Posterior``.
    """

    since: str
    edges: tuple[float, ...]
    mass: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one structure. ``state`` is the word as written; ``when`` the scene's time where one is known.
    ``pixel_date``: of a look that siteline adds after a change, the date of that change."""

    observation_id: str
    structure_id: str
    when: Span
    state: str
    confidence: str = "medium"
    activity: str = ""
    paraphrase: str = ""
    source_id: str = ""
    scene_id: str = ""
    observer: str = ""
    pixel_date: PixelDate | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A published, dated assertion: checked, never believed. ``after``/``before`` are the source's own bounds."""

    claim_id: str
    structure_id: str
    claim_type: str
    after: Span
    before: Span
    direction: str
    paraphrase: str
    source_id: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something with a date. ``when`` is half-open UTC from the start of the first to the end of the last day."""

    event_id: str
    when: Span
    place: str
    what: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said, with the stance it takes."""

    statement_id: str
    speaker: str
    affiliation: str
    role: str
    when: Span
    paraphrase: str
    about: str
    stance: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One of the competing explanations."""

    hypothesis_id: str
    title: str
    explanation: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How one item bears on one hypothesis; ``reading`` is consistent, inconsistent or neutral."""

    reading_id: str
    hypothesis_id: str
    item: str
    reading: str
    why: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True)
class CaseData:
    """Everything a case holds, read once, in the order of the case file."""

    settings: Settings
    structures: Mapping[str, Structure]
    scenes: Mapping[str, Scene]
    sources: Mapping[str, Source]
    observations: tuple[Observation, ...]
    claims: tuple[Claim, ...]
    events: Mapping[str, Event]
    statements: tuple[Statement, ...]
    hypotheses: tuple[Hypothesis, ...]
    readings: tuple[Reading, ...]
