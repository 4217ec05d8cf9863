"""When a scene was acquired, as far as its item says: never more exactly than that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from siteline.model.errors import BadDate
from siteline.model.scene import WhenKind
from siteline.model.span import UNKNOWN, Span

_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0+)?(?:Z|\+00:00)\Z", re.ASCII)
_ZONELESS = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\Z", re.ASCII)
_PROCESSED = ("s2:generation_time", "processing:datetime", "odc:processing_datetime", "created")
_LATEST_ZONE, _EARLIEST_ZONE = timedelta(hours=12), timedelta(hours=14)
_SLACK = timedelta(days=1)  # clocks of servers and half-finished days


@dataclass(frozen=True, slots=True)
class When:
    """When a scene is from. ``problems``: what is wrong with its dates; ``quarantined``: they cannot be used."""

    span: Span
    kind: WhenKind = "acquired"
    problems: tuple[str, ...] = ()
    quarantined: bool = False


def when_of(properties: Mapping[str, Any], now: datetime, *, day_only: bool = False, kind: WhenKind = "acquired") -> When:
    """When an item with ``properties`` was acquired, in UTC.

    ``day_only``: the provider writes days as instants. ``now``: to know the future. Dates that cannot be read, lie in the
    future or after their own processing make the scene ``quarantined``; nothing is raised.
    """
    try:
        span, problem = _span(properties, day_only)
    except BadDate as error:
        return When(UNKNOWN, kind, (f"no time: {error}",), True)
    if not span.known and span.start is None and span.end is None:
        return When(UNKNOWN, kind, ("no time: the item gives none that can be used",), True)
    problems = [problem] if problem else []
    wrong = _contradictions(span, properties, now)
    return When(span, kind, (*problems, *wrong), bool(wrong))


def instant_or_span(text: str) -> tuple[Span, str]:
    """The span that a date written as ``text`` stands for, and what is doubtful about it ("" if nothing).

    RFC 3339 with its zone is an instant, put in UTC; exactly midnight UTC stands for a date whose time nobody wrote, and
    is the day; a time without a zone lies somewhere in the days that it can fall in on Earth; EDTF is read as it is.
    Raises ``BadDate``.
    """
    text = text.strip()
    if re.match(r"\d{4}-\d{2}-\d{2}[Tt ]", text):
        text = text.upper().replace(" ", "T", 1)
    if match := _MIDNIGHT.match(text):
        return Span.parse(match[1]), ""
    if _ZONELESS.match(text):
        return _anywhere(text), f"the time {text} has no zone: it may be any local time on Earth"
    span = Span.parse(text)
    if span.is_instant and span.start is not None and not text.endswith("Z"):
        span = Span(span.start.isoformat().replace("+00:00", "Z"), span.start, span.end)  # as lists show and sort it
    return span, ""


def _span(properties: Mapping[str, Any], day_only: bool) -> tuple[Span, str]:
    if written := _text(properties, "siteline:when"):
        return Span.parse(written), ""
    nominal, interval = _text(properties, "datetime"), _interval(properties)
    if nominal and not _long(interval[0]):
        span, problem = instant_or_span(nominal)
        return (_day_of(span), problem) if day_only else (span, problem)
    return interval


def _interval(properties: Mapping[str, Any]) -> tuple[Span, str]:
    start, end = _text(properties, "start_datetime"), _text(properties, "end_datetime")
    first, doubt = instant_or_span(start) if start else (UNKNOWN, "")
    last, other = instant_or_span(end) if end else (UNKNOWN, "")
    if start == end:
        return first, doubt
    if first.start and last.end and last.end < first.start:
        raise BadDate(f"{start}/{end}", "the interval ends before it starts")
    return Span(f"{start or '..'}/{end or '..'}", first.start, last.end), doubt or other


def _long(span: Span) -> bool:
    """Whether a stated interval is longer than a pass: beside it, ``datetime`` is only nominal."""
    return span.known and not span.is_day


def _day_of(span: Span) -> Span:
    return Span.parse(span.start.date().isoformat()) if span.is_instant and span.start else span


def _anywhere(text: str) -> Span:
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=UTC)
        first, last = (local - _EARLIEST_ZONE).date(), (local + _LATEST_ZONE).date()
    except (ValueError, OverflowError) as error:
        raise BadDate(text, f"{error}; write 2019-03-02T02:11Z") from None
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    return Span(f"{first}/{last}", datetime.combine(first, time(), UTC), end)


def _contradictions(span: Span, properties: Mapping[str, Any], now: datetime) -> list[str]:
    if span.start is None:
        return []
    found = []
    if span.start > now + _SLACK:
        found.append(f"its date {span.text} lies in the future")
    for key in _PROCESSED:
        try:
            processed, doubt = instant_or_span(_text(properties, key))
        except BadDate:
            continue
        if not doubt and processed.end is not None and processed.end < span.start:
            found.append(
                f"it was processed ({key} {processed.text}) before it was acquired ({span.text}): one of the dates is wrong"
            )
    return found


def _text(properties: Mapping[str, Any], key: str) -> str:
    value = properties.get(key)
    return value.strip() if isinstance(value, str) else ""
