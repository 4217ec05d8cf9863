"""What a timeline row shows, worked out once from a dated history: bands, brackets, and every look by line of evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from siteline.model.dated import History, Look, Transition
from siteline.model.errors import UnknownState
from siteline.model.records import CaseData, Source
from siteline.model.states import canonical
from siteline.publish.glyphs import clean
from siteline.publish.look import bracket_words, day, day_range, percent, state_word
from siteline.publish.ownlooks import OWN, is_own, look_names

Clarity = Literal["clear", "partly", "obscured"]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch (days) in which looks agree on one canonical ``state``."""

    start: float
    end: float
    state: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One or more looks of one line on one day that say the same; ``state`` None where they could not tell. ``own``: looks
    that siteline added from the pixels."""

    at: float
    state: str | None
    clarity: Clarity
    observation_ids: tuple[str, ...]
    text: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """The looks of one independent line of evidence, in time order."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One structure, ready to draw."""

    structure_id: str
    name: str
    bands: tuple[Band, ...]
    transitions: tuple[Transition, ...]
    lanes: tuple[Lane, ...]
    note: str

    @property
    def times(self) -> tuple[float, ...]:
        """All look times (days)."""
        return tuple(mark.at for lane in self.lanes for mark in lane.marks)


def structure_name(data: CaseData, structure_id: str) -> str:
    """Name as printed; the id where the case gives none."""
    structure = data.structures.get(structure_id)
    return clean(structure.name if structure and structure.name else structure_id)


def row(data: CaseData, history: History, *, lanes: int = 4) -> Row:
    """The row of one structure; at most ``lanes`` lines are shown apart, the rest share the last lane."""
    return Row(
        history.structure_id,
        structure_name(data, history.structure_id),
        bands(history),
        history.transitions,
        _lanes(data, history, lanes),
        history.note,
    )


def line_of(sources: Mapping[str, Source], source_id: str) -> str:
    """Publisher at the root of who repeats whom: the line of evidence a source belongs to. Cycles end where they close."""
    seen: set[str] = set()
    current = source_id
    while (source := sources.get(current)) and source.repeats and current not in seen:
        seen.add(current)
        current = source.repeats[0]
    source = sources.get(current)
    publisher = (source.publisher if source else "").partition(" (")[0]  # "X (repost at Y)" speaks for X
    return publisher or current


def clarity(look: Look) -> Clarity:
    """``clear``: the state was read with high or medium confidence; ``partly``: with low confidence, or against others of
    the same day; ``obscured``: the look could not tell (ground hidden, or state not reported)."""
    if look.state is not None:
        return "partly" if look.confidence == "low" else "clear"
    return "partly" if _seen_state(look, {}) else "obscured"


def bracket_text(transition: Transition) -> str:
    """One line about a transition for hover and screen readers."""
    return (
        f"{state_word(transition.before)} to {state_word(transition.after_state)}: "
        f"{bracket_words(transition.bracket.after, transition.bracket.by)}; "
        f"90 % interval {day_range(*transition.interval90)}; "
        f"probability that it happened inside the bracket {percent(transition.probability)}"
    )


def bands(history: History) -> tuple[Band, ...]:
    """The stretches in which looks agree, in time order; nothing is held where no look bounds it."""
    usable = [look for look in history.looks if look.state is not None]
    if not usable:
        return ()
    ends = {look.first: look.last for look in usable}
    found: list[Band] = []
    start: float | None = usable[0].first
    state = Counter(look.state for look in usable).most_common(1)[0][0] or ""
    for change in history.transitions:
        after = change.bracket.after
        if start is not None and after is not None and after >= start:
            found.append(Band(start, max(ends.get(after, after), after), change.from_state))
        start, state = change.bracket.by, change.to_state
    if start is not None:
        found.append(Band(start, max(usable[-1].last, start), state))
    return tuple(found)


def _seen_state(look: Look, vocabulary: Mapping[str, str]) -> str | None:
    try:
        return look.state or canonical(look.word, vocabulary)
    except UnknownState:
        return None


def _lanes(data: CaseData, history: History, limit: int) -> tuple[Lane, ...]:
    lines = {look.observation_id: _line(data, look) for look in history.looks}
    counts = Counter(lines.values())
    ranked = sorted(counts, key=lambda line: (line == OWN, -counts[line], line))
    shown = ranked if len(ranked) <= limit else ranked[: limit - 1]
    groups: dict[str, list[Look]] = {line: [] for line in shown}
    for look in history.looks:
        groups.setdefault(lines[look.observation_id] if lines[look.observation_id] in shown else "others", []).append(look)
    return tuple(Lane(clean(label), _marks(data, looks)) for label, looks in groups.items())


def _line(data: CaseData, look: Look) -> str:
    if is_own(look.observation_id, look.observer):
        return OWN
    return line_of(data.sources, look.source_id) or look.observer


def _marks(data: CaseData, looks: Sequence[Look]) -> tuple[Mark, ...]:
    names = look_names(data)
    scenes = {o.observation_id: data.scenes.get(o.scene_id) for o in data.observations}
    grouped: dict[tuple[float, str, Clarity, bool], list[Look]] = {}
    for look in looks:
        state = _seen_state(look, data.settings.vocabulary)
        own = is_own(look.observation_id, look.observer)
        grouped.setdefault((look.first, state or "", clarity(look), own), []).append(look)
    marks = []
    for (at, state, how, own), same in sorted(grouped.items(), key=lambda item: item[0]):
        said = []
        for look in same[:8]:
            scene = scenes.get(look.observation_id)
            provider = scene.provider if scene and scene.provider != "not stated" else ""
            who = " · ".join(filter(None, (OWN if own else look.observer, provider)))
            why = f" ({look.reason})" if look.reason else ""
            name = names.get(look.observation_id, look.observation_id)
            said.append(f"{name}: {state_word(look.word)}, {look.confidence} confidence, {who}{why}")
        more = [f"and {len(same) - 8} more"] if len(same) > 8 else []
        text = "\n".join((day(at), *said, *more))
        marks.append(Mark(at, state or None, how, tuple(look.observation_id for look in same), text, own))
    return tuple(marks)
