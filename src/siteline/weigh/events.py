"""Where events fall against changes: before, during, after, or "the images cannot tell"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

from siteline.model.dated import Dating, Posterior, Transition
from siteline.model.records import CaseData, Claim, Event
from siteline.model.weighed import Assessment, EventPosition
from siteline.weigh.changes import SITE, WORK, bounded
from siteline.weigh.shifts import inside, shifts, span_of
from siteline.weigh.words import likelihood, name_of, percent, phrase, plain, within

Range = tuple[float, float, float]
"""Lowest, central and highest."""

SURE: Final = 0.95
"""P(one side of an event) from which the series of the pixels is said to decide."""


def positions(data: CaseData, dating: Dating) -> tuple[EventPosition, ...]:
    """Key events against every bracket that spans them, key structures first; and, where no bracket of a key structure
    spans a key event, against its nearest change. A case without key events gets every event inside a closed bracket.
    Events without a known start and end are left out."""
    chosen = [data.events[name] for name in data.settings.key_events if name in data.events]
    given = [e for e in chosen or data.events.values() if e.when.known]
    pairs: list[tuple[Event, Transition]] = []
    for event, name in product(given, _ordered(data, dating)):
        changes = dating.histories[name].transitions
        spanning = [t for t in changes if _spans(t, event) and (chosen or t.bracket.closed)]
        if not spanning and event in chosen and name in data.settings.key_structures and changes:
            spanning = [min(changes, key=lambda t: _distance(t, event))]
        pairs += [(event, t) for t in spanning]
    return tuple(position(data, event, transition) for event, transition in pairs)


def position(data: CaseData, event: Event, transition: Transition) -> EventPosition:
    """Where ``event`` falls against ``transition``, given that the change happened inside its bracket."""
    start, end = event.when.first_day, event.when.last_day
    each = (transition.slow, transition.posterior, transition.fast)
    before = _range(posterior.cdf(start) for posterior in each)
    during = _range(inside(posterior, start, end) for posterior in each)
    after = _range(_after(posterior, end) for posterior in each)
    decided = not _spans(transition, event) or (transition.by_pixels and max(before[1], after[1]) >= SURE)
    lines = () if decided else shifts(transition, event, relevant(data.claims, transition))
    return EventPosition(
        event,
        transition,
        before,
        during,
        after,
        decided,
        _assessment(data, event, transition, before, after, decided=decided),
        lines,
    )


def relevant(claims: Sequence[Claim], transition: Transition) -> list[Claim]:
    """Claims about this change that say more than its bracket does; others cannot move its date."""
    kind = "began" if transition.to_state in WORK else "ended"
    found = bounded(transition)
    return [
        claim
        for claim in claims
        if claim.claim_type == kind
        and claim.direction == transition.direction
        and claim.structure_id in (SITE, transition.structure_id)
        and not (span_of(claim)[0] <= found.low and span_of(claim)[1] >= found.high)
        # A claim about another time speaks of another change of the same kind.
        and span_of(claim)[0] < found.high
        and span_of(claim)[1] > found.low
    ]


def _assessment(
    data: CaseData, event: Event, transition: Transition, before: Range, after: Range, *, decided: bool
) -> Assessment:
    name, what = name_of(data, transition.structure_id), f"{plain(transition.before)} to {plain(transition.after_state)}"
    where = within(transition.bracket.after, transition.bracket.by)
    sources = _sources(data, transition.deciding)
    if decided:
        side = "before" if before[1] > 0.5 else "after"
        text = f"{name}, {what}: the change came {side} {phrase(event)}. Looks put it {where}."
        if not _spans(transition, event):
            return Assessment(text, "", None, None, None, transition.deciding, sources)
        sure = before[1] if before[1] > 0.5 else after[1]
        text += f" Inside that bracket the pixels make a change {side} the event {likelihood(sure)} ({percent(sure)})."
        return Assessment(text, "", sure, sure, sure, transition.deciding, sources)
    low, centre, high = before
    text = (
        f"{name}, {what}: whether the change came before or after {phrase(event)} cannot be determined from these images. "
        f"Looks put it {where}, and the event falls inside that bracket."
    )
    if transition.by_pixels:
        said = f"The pixels make a change before the event {likelihood(centre)} ({percent(centre)}); that decides nothing."
        return Assessment(text, said, centre, low, high, transition.deciding, sources)
    confidence = (
        f"By the prior alone, a change before the event is {likelihood(centre)} ({percent(centre)}; {percent(low)} to "
        f"{percent(high)} over prior rates from a fifth to five times); that number is assumption, not evidence."
    )
    return Assessment(text, confidence, centre, low, high, transition.deciding, sources)


def _ordered(data: CaseData, dating: Dating) -> list[str]:
    key = [name for name in data.settings.key_structures if name in dating.histories]
    return [*key, *(name for name in dating.histories if name not in key)]


def _spans(transition: Transition, event: Event) -> bool:
    found = bounded(transition)
    return found.low < event.when.last_day and found.high > event.when.first_day


def _distance(transition: Transition, event: Event) -> float:
    found = bounded(transition)
    return max(found.low - event.when.last_day, event.when.first_day - found.high)


def _after(posterior: Posterior, end: float) -> float:
    return max(0.0, 1.0 - posterior.cdf(end))


def _range(values: Iterable[float]) -> Range:
    slow, central, fast = values
    return min(slow, central, fast), central, max(slow, central, fast)


def _sources(data: CaseData, observation_ids: Sequence[str]) -> tuple[str, ...]:
    wanted = set(observation_ids)
    return tuple(dict.fromkeys(o.source_id for o in data.observations if o.observation_id in wanted and o.source_id))
