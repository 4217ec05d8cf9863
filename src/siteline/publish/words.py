"""Short words for events, sources and findings, as figures and tables print them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from siteline.model.records import CaseData, Event, Source
from siteline.model.weighed import Weighing
from siteline.publish.glyphs import clean
from siteline.publish.look import day_range, span_words

_CUT = re.compile(r"[,;:.(]")


def event_name(event: Event, limit: int = 42) -> str:
    """An event in a few words: the first clause of what happened."""
    text = _CUT.split(clean(event.what), maxsplit=1)[0].strip() or event.event_id
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def event_title(event: Event) -> str:
    """The same, whole, for text that has room for it."""
    return event_name(event, 200)


def event_phrase(event: Event) -> str:
    """An event inside a sentence: ``the second Trump-Kim summit``; quoted where grammar cannot be guessed."""
    name = event_title(event)
    first, _, rest = name.partition(" ")
    if first in ("First", "Second", "Third", "Fourth", "Fifth", "Last"):
        return f"the {first.lower()} {rest}"
    return f"the event “{name}”"


def event_when(event: Event) -> str:
    """Place and days of an event: ``Hanoi, 27–28 Feb 2019``. Days are those written, in the event's own zone."""
    place = _CUT.split(clean(event.place), maxsplit=1)[0].strip()
    start, _, end = event.when.text.partition("/")
    days = _written_days(start, end) or span_words(event.when)
    return ", ".join(part for part in (place, days) if part)


def shown_events(data: CaseData, weighing: Weighing) -> list[Event]:
    """Events drawn in the figures: the key events as set, else those whose place in time was weighed (six at most)."""
    chosen = [data.events[e] for e in data.settings.key_events if e in data.events]
    if not chosen:
        chosen = list({p.event.event_id: p.event for p in weighing.positions}.values())[:6]
    return sorted(chosen, key=lambda e: (e.when.first_day, e.event_id))


def source_label(sources: Mapping[str, Source], source_id: str) -> str:
    """A source in a few words: publisher and date; its id where the case does not know it."""
    source = sources.get(source_id)
    if source is None:
        return clean(source_id)
    published = span_words(source.published)
    return clean(f"{source.publisher or source_id}, {published}" if published else source.publisher or source_id)


def join(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def plural(count: int, one: str, many: str = "") -> str:
    """``1 look``, ``2 looks``; thousands with a comma."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _written_days(start: str, end: str) -> str:
    from siteline.model.span import Span

    if len(start) != 10:
        return ""
    first = Span.parse(start).first_day
    last = Span.parse(end).first_day if len(end) == 10 else first
    return day_range(first, last)
