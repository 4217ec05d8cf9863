"""Likelihood words from numbers, and dates as a reader says them.

The words are those of the US Intelligence Community Directive 203 (2015), section D.6.e.2.a. Confidence, which is about the
evidence and not about the event, is never folded into them: it is a sentence of its own.
"""

from __future__ import annotations

import math
import re
from typing import Final

from siteline.model.records import CaseData, Event
from siteline.model.span import from_days

_CLAUSE = re.compile(r"[,;:.(]")

SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
)
"""(upper bound, word); a value on a bound belongs to the upper band."""


def likelihood(share: float) -> str:
    """The ICD 203 word for a probability; outside 1 to 99 %, where the directive has none, still the outermost word."""
    return next((word for bound, word in SCALE if share < bound), "almost certain")


def percent(share: float) -> str:
    """A probability in whole per cent; never 0 or 100 for something that is merely very small or large."""
    if share < 0.01:
        return "below 1 %"
    if share > 0.99:
        return "above 99 %"
    return f"{share * 100:.0f} %"


def spread(values: tuple[float, float, float]) -> str:
    """A probability with its range: ``71 % (55 % to 80 %)``."""
    low, centre, high = values
    return f"{percent(centre)} ({percent(low)} to {percent(high)} over prior rates from a fifth to five times)"


def day(days: float) -> str:
    """``16 February 2019``, with the time in UTC where the look has one."""
    instant = from_days(days)
    date = f"{instant.day} {instant:%B} {instant.year}"
    return date if (instant.hour, instant.minute, instant.second) == (0, 0, 0) else f"{date}, {instant:%H:%M} UTC"


def within(after: float | None, by: float | None) -> str:
    """A bracket in words: ``after 16 February 2019 and by 2 March 2019``."""
    if after is not None and by is not None:
        return f"after {day(after)} and by {day(by)}"
    if by is not None:
        return f"by {day(by)} (no earlier look bounds it)"
    if after is not None:
        return f"after {day(after)} (no later look bounds it)"
    return "at a date that no look bounds"


def listed(items: list[str]) -> str:
    """``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def plain(state: str) -> str:
    """A state as words."""
    return state.replace("_", " ")


def counted(count: int, noun: str) -> str:
    """``1 look``, ``2 looks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def name_of(data: CaseData, structure_id: str) -> str:
    """A structure's name, or its id where the case gives none."""
    structure = data.structures.get(structure_id)
    return (structure.name if structure else "") or structure_id


def phrase(event: Event) -> str:
    """An event inside a sentence: the first clause of what happened, with its days as written."""
    what = _CLAUSE.split(event.what.strip(), maxsplit=1)[0].strip() or event.event_id
    first, _, rest = what.partition(" ")
    ordinal = first in ("First", "Second", "Third", "Fourth", "Fifth", "Last")
    said = f"the {first.lower()} {rest}" if ordinal and rest else f"the event \u201c{what}\u201d"
    return f"{said} ({days(event.when.first_day, float(math.ceil(event.when.last_day) - 1))})"


def days(first: float, last: float) -> str:
    """Days with month and year once where both share them: ``27 to 28 February 2019``."""
    start, end = from_days(float(math.floor(first))), from_days(float(math.floor(last)))
    until = f"{end.day} {end:%B} {end.year}"
    if start == end:
        return until
    if start.year != end.year:
        return f"{start.day} {start:%B} {start.year} to {until}"
    return f"{start.day} to {until}" if start.month == end.month else f"{start.day} {start:%B} to {until}"
