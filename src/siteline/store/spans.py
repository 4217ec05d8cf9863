"""Where the dates of a row become intervals in UTC. Raises ``BadDate`` for what cannot be placed."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from siteline.model.errors import BadDate
from siteline.model.span import UNKNOWN, Span

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?\Z", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?Z?\Z", re.ASCII)
_LONGEST_ZONE = 64
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


@lru_cache(maxsize=65536)
def day_span(text: str) -> Span:
    """The interval of an EDTF date, calendar days in UTC."""
    return Span.parse(text)


def zone_of(place: str) -> tzinfo | None:
    """The time zone named by an IANA name (``Asia/Seoul``) or an offset (``+09:00``, ``UTC+7``); None for any other text."""
    return _zone(place.strip()) if len(place) <= _LONGEST_ZONE else None


@lru_cache(maxsize=4096)
def _zone(text: str) -> tzinfo | None:
    if text in ("UTC", "GMT", "Z"):
        return UTC
    if match := _OFFSET.match(text):
        hours, minutes = int(match[2]), int(match[3] or 0)
        offset = timedelta(hours=hours, minutes=minutes)
        if offset > timedelta(hours=14):
            return None
        return timezone(offset if match[1] == "+" else -offset)
    try:
        return ZoneInfo(text) if text else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of zones, such as "US"
        return None


def scene_span(date: str, time: str) -> Span:
    """When a scene was acquired: the instant if the time of day (UTC) is known, else the date as it stands."""
    time = time.strip()
    if not time:
        return day_span(date)
    if not _TIME.match(time):
        raise BadDate(time, "a time of day in UTC is written HH:MM or HH:MM:SS")
    if not _DAY.match(date.strip()):
        raise BadDate(date, "a time of day needs a full date, YYYY-MM-DD, beside it")
    return Span.parse(f"{date.strip()}T{time.removesuffix('Z')}Z")


def event_span(start: str, end: str, place: str) -> Span:
    """An event from the start of its first day to the end of its last.

    Days are local where ``place`` is a time zone, else UTC. A blank end means the same day where the start is a day or
    an instant; after a month or a year it means that the end is not stated.
    """
    zone = zone_of(place) or UTC
    first, last = Span.parse(start, zone), Span.parse(end, zone)
    if not end.strip():
        return first if first.is_day else Span(first.text, first.start, None) if first.known else first
    if first.start is not None and last.end is not None:
        same = first.start == last.end and not last.is_instant
        if same or first.start > last.end:
            raise BadDate(f"{start}/{end}", "the event ends before it starts; swap the two dates")
    text = first.text if first.text == last.text else f"{first.text}/{last.text}"
    return Span(text, first.start, last.end)


def look_span(own: Span, scene: Span) -> Span | None:
    """When a look was: the scene's time or the look's own date, whichever says more; None if they contradict."""
    if own == UNKNOWN or scene == UNKNOWN:
        return scene if own == UNKNOWN else own
    if own.first_day <= scene.first_day and scene.last_day <= own.last_day:
        return scene
    if scene.first_day <= own.first_day and own.last_day <= scene.last_day:
        return own
    return None
