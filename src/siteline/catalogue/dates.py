"""Times that a name, a table or a metadata file states, as the STAC properties that say no more than was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from siteline.catalogue.times import instant_or_span
from siteline.model.errors import BadDate
from siteline.model.span import Span

TIMES: Final = ("datetime", "start_datetime", "end_datetime", "siteline:when")
"""The properties that say when a scene is from."""

_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?\Z", re.ASCII)
_NAMED_ZONE = re.compile(r"\d{2}:\d{2}(?::\d{2})?\s*([A-Za-z]{2,}|[A-Za-z]+/[A-Za-z_]+)\Z")
_SLASHED = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")


def written(text: str) -> tuple[dict[str, Any], str]:
    """STAC time properties of a date or time written by hand (EDTF, RFC 3339, ``20240304``), and what is doubtful about it.

    A time with another offset than UTC is kept as written too (``siteline:written``).
    A time without a zone becomes the days it can fall in anywhere on Earth. Raises ``BadDate`` for ``03/04/2024`` (day or
    month first?), names of zones, and what is no date.
    """
    text = re.sub(r"\s+(?=[+-]\d{2}:?\d{2}\Z)", "", text.strip())
    if match := _COMPACT.match(text):
        year, month, day, hour, minute, second, zone = match.groups()
        text = f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second}{zone}" if hour else "")
    elif _SLASHED.match(text):
        raise BadDate(text, "day and month cannot be told apart; write YYYY-MM-DD")
    elif match := _NAMED_ZONE.search(text):
        if match[1].upper() not in ("UTC", "GMT"):
            raise BadDate(text, f"the name {match[1]} of a zone means different things; write an offset such as +09:00")
        text = text[: match.start(1)].rstrip() + "Z"
    span, doubt = instant_or_span(text)
    told = {} if not span.is_instant or text.endswith("Z") else {"siteline:written": text}
    return {**properties_of(span), **told}, doubt


def properties_of(span: Span) -> dict[str, Any]:
    """``datetime`` for an instant; for an interval its ends and the text it was written as. {} for an unknown time."""
    if span.is_instant and span.start is not None:
        return {"datetime": rfc3339(span.start)}
    if span.start is None and span.end is None:
        return {}
    ends = {"start_datetime": span.start, "end_datetime": span.end}
    stated = {key: rfc3339(value) for key, value in ends.items() if value is not None}
    return {"datetime": None, **stated, "siteline:when": span.text}


def instant(text: str) -> dict[str, Any]:
    """``datetime`` of an instant in a provider's metadata; a missing zone is UTC, as all of them document.

    {} for what is no instant, a date alone included.
    """
    text = text.strip().replace(" ", "T")
    if "T" not in text:
        return {}
    try:
        read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return {}
    aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return {"datetime": rfc3339(aware)}


def over(*stated: Mapping[str, Any]) -> dict[str, Any]:
    """What several sources state together, later ones before earlier; the time as a whole from the last that states one."""
    together: dict[str, Any] = {}
    for part in stated:
        if any(part.get(key) for key in TIMES):
            together = {key: value for key, value in together.items() if key not in TIMES}
        together |= part
    return together


def rfc3339(moment: datetime) -> str:
    """``2019-03-02T02:11:33Z``, with the fraction of a second where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
