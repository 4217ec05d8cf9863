"""The key findings: one sentence per change of the key structures, with its confidence in a sentence of its own.

Confidence is about the evidence, not about the event: how many independent lines bound the change, and whether looks
contradict it. High: three lines or more and nothing against. Moderate: two lines and nothing against, or three with
something against. Low: all else.
"""

from __future__ import annotations

from collections.abc import Sequence

from siteline.model.dated import Dating, Transition
from siteline.model.records import CaseData
from siteline.model.weighed import Assessment, Disagreement, EventPosition
from siteline.weigh.changes import SITE
from siteline.weigh.lines import Lines
from siteline.weigh.words import counted, day, days, likelihood, listed, name_of, percent, phrase, plain, within


def findings(
    data: CaseData,
    dating: Dating,
    positions: Sequence[EventPosition],
    disagreements: Sequence[Disagreement],
    lines: Lines,
) -> tuple[Assessment, ...]:
    """Undecided key events first, then the changes of the key structures (of all, where none is set) in the period of
    interest, then what the last looks found unchanged, then what sources disagree on about the whole place."""
    key = [name for name in data.settings.key_structures if name in dating.histories] or list(dating.histories)
    period = data.settings.period_span()
    told: list[Assessment] = []
    for name in key:
        for transition in dating.histories[name].transitions:
            if period is None or _touches(transition, period):
                told.append(_changed(data, transition, lines))
        still = _unchanged(data, dating, name, lines)
        if still is not None:
            told.append(still)
    return (*_open(data, positions, key), *told, *(_disputed(d) for d in disagreements if d.structure_id == SITE))


def confidence(data: CaseData, observation_ids: Sequence[str], against: Sequence[str], lines: Lines) -> str:
    """The confidence sentence for a finding that rests on these observations, with those that dissent."""
    sources = {o.observation_id: o.source_id for o in data.observations}
    names = lines.names(sources[i] for i in observation_ids if i in sources)
    count = len(names)
    level = "high" if count >= 3 and not against else "moderate" if count >= 3 or (count == 2 and not against) else "low"
    rests = f"{counted(count, 'independent line')} of evidence ({listed(names)})" if names else "no named source"
    dissent = f"; {counted(len(against), 'look')} say{'s' * (len(against) == 1)} otherwise" if against else ""
    return f"Confidence is {level}: {rests}{dissent}."


def _changed(data: CaseData, t: Transition, lines: Lines) -> Assessment:
    name, low, high = name_of(data, t.structure_id), t.bracket.after, t.bracket.by
    if low is not None and high is not None:
        text = f"{name}: {plain(t.before)} on {day(low)}, {plain(t.after_state)} on {day(high)}."
        text += f" That the change fell between these looks is {likelihood(t.probability)} ({percent(t.probability)})"
        text += f"; if it did, 90 % of the probability lies in {days(*t.interval90)}."
    elif high is not None:
        text = f"{name}: {plain(t.after_state)} on {day(high)}; no earlier look bounds when that began."
    else:
        text = f"{name}: from {plain(t.before)} to {plain(t.after_state)} {within(low, high)}."
    said = confidence(data, t.deciding, t.dissenting, lines)
    if torn := _contested(data, t):
        said = f"{said[:-1]}; {counted(len(torn), 'look')} inside the bracket contradict one another."
    return Assessment(text, said, t.probability, None, None, t.deciding, _sources(data, t.deciding))


def _unchanged(data: CaseData, dating: Dating, name: str, lines: Lines) -> Assessment | None:
    """Looks that span a time without a change after the last one."""
    history = dating.histories[name]
    if not history.transitions or history.transitions[-1].bracket.by is None:
        return None
    last = history.transitions[-1]
    looks = [x for x in history.looks if x.state == last.to_state and x.first >= (last.bracket.by or 0.0)]
    if len({x.first for x in looks}) < 2:
        return None
    ids = tuple(x.observation_id for x in looks)
    days = listed([day(x) for x in sorted({x.first for x in looks})])
    text = f"{name_of(data, name)}: {plain(last.after_state)} on {days}; no change between these looks."
    return Assessment(text, confidence(data, ids, (), lines), None, None, None, ids, _sources(data, ids))


def _open(data: CaseData, positions: Sequence[EventPosition], key: Sequence[str]) -> list[Assessment]:
    """Key events inside closed brackets of key structures: one sentence for all structures with the same bracket."""
    groups: dict[tuple[object, ...], list[EventPosition]] = {}
    for p in positions:
        t = p.transition
        if not p.decided and t.bracket.closed and t.structure_id in key and p.event.event_id in data.settings.key_events:
            groups.setdefault((p.event.event_id, t.bracket, t.to_state), []).append(p)
    return [_undecided(data, given) for given in groups.values()]


def _undecided(data: CaseData, given: Sequence[EventPosition]) -> Assessment:
    first = given[0]
    names = listed([name_of(data, p.transition.structure_id) for p in given])
    t, event = first.transition, phrase(first.event)
    text = (
        f"{names}: whether the change to {plain(t.after_state)} came before or after {event} cannot be determined from "
        f"these images, which put it {within(t.bracket.after, t.bracket.by)}."
    )
    low, centre, high = (pick(p.before[i] for p in given) for i, pick in enumerate((min, max, max)))
    if all(p.transition.by_pixels for p in given):
        said = f"The pixels make \u201cbefore\u201d {likelihood(centre)} ({percent(centre)}), which does not decide it."
        ids = tuple(dict.fromkeys(i for p in given for i in p.transition.deciding))
        return Assessment(text, said, centre, low, high, ids, _sources(data, ids))
    said = f"The prior alone makes \u201cbefore\u201d {likelihood(centre)}"
    said += f" ({percent(centre)}, range {percent(low)} to {percent(high)})"
    if first.lines:
        last = first.lines[-1]
        moved = f"{percent(last.probability)}, range {percent(last.low)} to {percent(last.high)}"
        said += f"; reports by others, at declared weights, move it to {likelihood(last.probability)} ({moved})"
    ids = tuple(dict.fromkeys(i for p in given for i in p.transition.deciding))
    return Assessment(text, f"{said}. Neither is evidence from images.", centre, low, high, ids, _sources(data, ids))


def _disputed(d: Disagreement) -> Assessment:
    sides = listed([f"{counted(len(ids), 'claim')} say{'s' * (len(ids) == 1)} {text}" for text, ids, _ in d.sides])
    sources = tuple(dict.fromkeys(i for _, _, ids in d.sides for i in ids))
    return Assessment(
        f"Sources disagree. {d.title} {sides}.", "Not resolved here; every side is listed below.", source_ids=sources
    )


def _contested(data: CaseData, t: Transition) -> list[str]:
    """Unusable observations of a transition that name a state: they contradicted others of their date."""
    blank, mapped = ("obscured", "not_stated"), data.settings.vocabulary
    wanted = set(t.unusable)
    return [
        o.observation_id
        for o in data.observations
        if o.observation_id in wanted and mapped.get(o.state, o.state) not in blank and o.when.is_day
    ]


def _touches(t: Transition, period: tuple[float, float]) -> bool:
    low, high = t.bracket.after, t.bracket.by
    return (low is None or low < period[1]) and (high is None or high >= period[0])


def _sources(data: CaseData, ids: Sequence[str]) -> tuple[str, ...]:
    wanted = set(ids)
    return tuple(dict.fromkeys(o.source_id for o in data.observations if o.observation_id in wanted and o.source_id))
