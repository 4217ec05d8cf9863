"""The key findings: one sentence per change of the key structures, with its confidence in a sentence of its own.

Confidence is about the evidence, not about the event: how many independent lines bound the change, and whether looks
contradict it. High: at least three lines and nothing against; moderate: two lines, or three with something against; low: else.
"""

from __future__ import annotations

from collections.abc import Sequence

from siteline.model.dated import Dating, Transition
from siteline.model.records import CaseData
from siteline.model.span import from_days
from siteline.model.weighed import Assessment, EventPosition
from siteline.weigh.lines import Lines
from siteline.weigh.words import counted, day, likelihood, listed, name_of, percent, plain, within


def findings(data: CaseData, dating: Dating, positions: Sequence[EventPosition], lines: Lines) -> tuple[Assessment, ...]:
    """Undecided key events first, then the changes of the key structures (of all, where none is set) in the period of
    interest, then what the last looks found unchanged."""
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
    return (*_open(data, positions, key), *told)


def confidence(data: CaseData, observation_ids: Sequence[str], against: Sequence[str], lines: Lines) -> str:
    """The confidence sentence for a finding that rests on these observations."""
    sources = {o.observation_id: o.source_id for o in data.observations}
    names = lines.names(sources[i] for i in observation_ids if i in sources)
    count = len(names)
    level = "high" if count >= 3 and not against else "moderate" if count >= 3 or (count == 2 and not against) else "low"
    rests = f"{counted(count, 'independent line')} of evidence ({listed(names)})" if names else "no named source"
    dissent = f"; {counted(len(against), 'look')} say{'s' * (len(against) == 1)} otherwise" if against else ""
    return f"Confidence is {level}: {rests}{dissent}."


def _changed(data: CaseData, t: Transition, lines: Lines) -> Assessment:
    where = within(t.bracket.after, t.bracket.by)
    text = f"{name_of(data, t.structure_id)}: from {plain(t.before)} to {plain(t.after_state)} {where}."
    if t.bracket.closed:
        text += f" If so, half of the probability lies in {_days(t.interval50)}, 90 % in {_days(t.interval90)}."
        text += f" That the change fell inside this bracket is {likelihood(t.probability)} ({percent(t.probability)})."
    against = (*t.dissenting, *(i for i in t.unusable if i in _contested(data, t)))
    said = confidence(data, t.deciding, against, lines)
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
    text = f"{name_of(data, name)}: no change seen after that; {plain(last.after_state)} on {days}."
    return Assessment(text, confidence(data, ids, (), lines), None, None, None, ids, _sources(data, ids))


def _open(data: CaseData, positions: Sequence[EventPosition], key: Sequence[str]) -> list[Assessment]:
    """Key events inside closed brackets of key structures: one sentence per event, naming every such structure."""
    found: list[Assessment] = []
    by_event: dict[str, list[EventPosition]] = {}
    for p in positions:
        if not p.decided and p.transition.bracket.closed and p.transition.structure_id in key:
            by_event.setdefault(p.event.event_id, []).append(p)
    for event_id, given in by_event.items():
        if event_id in data.settings.key_events:
            found += [p.assessment for p in given]
    return found


def _contested(data: CaseData, t: Transition) -> frozenset[str]:
    """Observations of the structure that name a state: an unusable one among them was contested, not hidden."""
    blank = ("obscured", "not_stated")
    mapped = data.settings.vocabulary
    return frozenset(
        o.observation_id
        for o in data.observations
        if o.structure_id == t.structure_id and mapped.get(o.state, o.state) not in blank and o.when.is_day
    )


def _touches(t: Transition, period: tuple[float, float]) -> bool:
    low, high = t.bracket.after, t.bracket.by
    return (low is None or low < period[1]) and (high is None or high >= period[0])


def _days(interval: tuple[float, float]) -> str:
    first, last = (from_days(float(int(x))) for x in interval)
    start = f"{first.day} {first:%B}" + ("" if first.year == last.year else f" {first.year}")
    return f"{start} to {last.day} {last:%B} {last.year}"


def _sources(data: CaseData, ids: Sequence[str]) -> tuple[str, ...]:
    wanted = set(ids)
    return tuple(dict.fromkeys(o.source_id for o in data.observations if o.observation_id in wanted and o.source_id))
