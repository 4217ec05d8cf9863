"""Where observers or sources contradict one another. Every side is kept; none is made to win."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from siteline.model.dated import Dating, History, Look
from siteline.model.records import CaseData, Claim, Event
from siteline.model.weighed import Disagreement
from siteline.weigh.changes import SITE
from siteline.weigh.lines import Lines
from siteline.weigh.shifts import span_of
from siteline.weigh.words import day, listed, name_of, phrase, plain

Side = tuple[str, tuple[str, ...], tuple[str, ...]]


def disagreements(data: CaseData, dating: Dating, lines: Lines) -> tuple[Disagreement, ...]:
    """Claims first (before or after a key event; quiet or active), then looks (one date; one stretch of time)."""
    return (
        *_around_events(data),
        *_quiet_or_active(data, lines),
        *(d for h in dating.histories.values() for d in _contested(data, h)),
        *(d for h in dating.histories.values() for d in _dissent(data, h)),
    )


def _around_events(data: CaseData) -> Iterable[Disagreement]:
    """Claims that a change began before an event, against claims that it began after."""
    began = [c for c in data.claims if c.claim_type == "began"]
    for direction in sorted({c.direction for c in began}):
        for event in _key_events(data):
            same = [c for c in began if c.direction == direction and _bears(c, event)]
            before = [c for c in same if span_of(c)[1] <= event.when.last_day]
            after = [c for c in same if span_of(c)[0] >= event.when.last_day - 1.0]
            after = [c for c in after if c not in before]
            if before and after:
                sides = (
                    _claims("it began before, or by the end of, the event", before),
                    _claims("it began after the event", after),
                )
                yield Disagreement(SITE, f"Did {direction} begin before or after {phrase(event)}?", sides)


def _bears(claim: Claim, event: Event) -> bool:
    """Whether a claim is about the time around an event (half a year), not about another episode."""
    low, high = span_of(claim)
    near = 183.0
    return max(low, event.when.first_day - near) < min(high, event.when.last_day + near) and (
        abs(high - event.when.last_day) < near or abs(low - event.when.first_day) < near
    )


def _quiet_or_active(data: CaseData, lines: Lines) -> Iterable[Disagreement]:
    """Claims that a place was quiet, against claims of unnamed activity there at the same time, by other lines.

    Work of a named direction is left out: what changed is dated, and no claim of quiet outlives a dated change.
    """
    quiet = [c for c in data.claims if c.claim_type == "no_change"]
    active = [c for c in data.claims if c.claim_type == "activity" and c.direction in ("none", "")]
    places = [c.structure_id for c in active if any(q.structure_id == c.structure_id for q in quiet)]
    for place in dict.fromkeys(places):
        here = [c for c in active if c.structure_id == place]
        sided = [
            (q, a)
            for q in quiet
            for a in here
            if q.structure_id == place
            and _overlap(q, a)
            and _same_start(q, a)
            and not lines.own(q.source_id) & lines.own(a.source_id)
        ]
        if sided:
            sides = (
                _claims("nothing changed, or the place lay dormant", _distinct(q for q, _ in sided)),
                _claims("activity went on", _distinct(a for _, a in sided)),
            )
            start = min(span_of(q)[0] for q, _ in sided)
            when = f" from {day(start)}" if start > float("-inf") else ""
            yield Disagreement(place, f"Was {name_of(data, place)} quiet{when}?", sides)


def _overlap(one: Claim, other: Claim) -> bool:
    (a, b), (c, d) = span_of(one), span_of(other)
    return a < d and c < b


def _same_start(one: Claim, other: Claim) -> bool:
    """Whether two claims start within a fortnight of one another, so that they speak of the same stretch."""
    a, c = span_of(one)[0], span_of(other)[0]
    return a == c or abs(a - c) <= 15.0


def _contested(data: CaseData, history: History) -> Iterable[Disagreement]:
    """Labels of one date that contradict one another."""
    contested = [look for look in history.looks if look.reason.startswith("contested")]
    for first, group in groupby(contested, key=lambda look: look.first):
        looks = list(group)
        words = dict.fromkeys(look.word for look in looks)
        sides = tuple(_looks(plain(w), [look for look in looks if look.word == w]) for w in words)
        if len(sides) > 1:
            title = f"{name_of(data, history.structure_id)}, {day(first)}: one date, different states"
            yield Disagreement(history.structure_id, title, sides)


def _dissent(data: CaseData, history: History) -> Iterable[Disagreement]:
    """Looks that the dated story does not follow, against those it does in the same stretch."""
    ids = {i for t in history.transitions for i in t.dissenting}
    apart = [look for look in history.looks if look.observation_id in ids and not look.reason.startswith("contested")]
    if not apart:
        return
    first, last = apart[0].first, apart[-1].first
    others = [look for look in history.looks if look.state and look.observation_id not in ids]
    told = [look for look in others if _between(history, look, first, last)]
    if not told:
        return
    when = f"{day(first)} to {day(last)}" if last > first else day(first)
    title = f"{name_of(data, history.structure_id)}, {when}: labels that do not fit together"
    sides = (
        _looks(f"{_words(told)} (what the dates follow)", told),
        _looks(f"{_words(apart)} (shown as dissent)", apart),
    )
    yield Disagreement(history.structure_id, title, sides)


def _words(looks: Sequence[Look]) -> str:
    return listed([plain(word) for word in dict.fromkeys(look.word for look in looks)])


def _between(history: History, look: Look, first: float, last: float) -> bool:
    """Whether ``look`` lies among the dissenting looks, or next to them."""
    firm = [x.first for x in history.looks if x.state]
    low = max((x for x in firm if x < first), default=first)
    high = min((x for x in firm if x > last), default=last)
    return low <= look.first <= high


def _claims(text: str, claims: Sequence[Claim]) -> Side:
    sources = tuple(dict.fromkeys(c.source_id for c in claims if c.source_id))
    return text, tuple(c.claim_id for c in claims), sources


def _looks(text: str, looks: Sequence[Look]) -> Side:
    sources = tuple(dict.fromkeys(look.source_id for look in looks if look.source_id))
    return text, tuple(look.observation_id for look in looks), sources


def _distinct(claims: Iterable[Claim]) -> list[Claim]:
    return list({c.claim_id: c for c in claims}.values())


def _key_events(data: CaseData) -> list[Event]:
    return [data.events[i] for i in data.settings.key_events if i in data.events and data.events[i].when.known]
