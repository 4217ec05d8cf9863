"""Observations of one structure read as looks, gathered by date, each date with what it decides and how likely it is.

A look at a calendar day happened at an unknown moment of that day; looks of one day, and timed looks within it, form one
date because their order is unknown. A look dated only to a month or a year is never given a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.dating.chain import DAY
from siteline.dating.priors import TEMPER, Labels
from siteline.model.dated import Look
from siteline.model.records import Observation
from siteline.model.states import STATES, canonical

FloatArray = NDArray[np.float64]

LONGEST_DAY: Final = 25.5 / 24
"""Days; a local day with a clock change is 25 hours long and still a day."""

OBSCURED: Final = "obscured: the ground was hidden"
NOT_STATED: Final = "the state is not stated"
LOW: Final = "low confidence beside firmer labels of the same date"


@dataclass(frozen=True, slots=True)
class LookDate:
    """All looks of one date that name a state.

    ``start``/``end`` bound it (minutes since 1970, end > start). ``said`` pairs each look with the index of the state it
    names. ``verdict`` is the state the date decides, None when firm labels contradict one another (or, without firm
    ones, the low ones do). ``deciding`` are the ids that carry the verdict. ``log_likelihood``: Float[len(STATES)].
    """

    start: int
    end: int
    timed: bool
    said: tuple[tuple[Look, int], ...]
    verdict: int | None
    deciding: tuple[str, ...]
    log_likelihood: FloatArray

    @property
    def first(self) -> float:
        """Start of the date in days since 1970, as its looks carry it."""
        return self.said[0][0].first


@dataclass(frozen=True, slots=True)
class Reading:
    """One structure's observations: ``looks`` in time order, ``dates`` that name a state, ``blind`` looks that do not
    (obscured, not stated, dated too coarsely), ids of ``undated`` ones."""

    structure_id: str
    looks: tuple[Look, ...]
    dates: tuple[LookDate, ...]
    blind: tuple[Look, ...]
    undated: tuple[str, ...]


class Reader:
    """Reads structures under one vocabulary and one set of label noise."""

    def __init__(self, vocabulary: Mapping[str, str], labels: Labels) -> None:
        """``vocabulary``: the case's own words -> known ones."""
        self._vocabulary, self._labels = vocabulary, labels
        self._states: dict[str, int | None] = {}

    def read(self, structure_id: str, observations: Sequence[Observation]) -> Reading:
        """Sort, check and gather. Raises ``UnknownState``, or ``BadInput`` for an unknown confidence."""
        undated: list[str] = []
        blind: list[Look] = []
        telling: list[tuple[Look, int]] = []
        for observation in observations:
            if not observation.when.known:
                undated.append(observation.observation_id)
                continue
            look, state = self._look(observation)
            if state is None:
                blind.append(look)
            else:
                telling.append((look, state))
        telling.sort(key=lambda said: (said[0].first, -said[0].last, said[0].observation_id))
        dates = [self._date(group, following) for group, following in _groups(telling)]
        looks = sorted(
            [*blind, *(look for date in dates for look, _ in date.said)], key=lambda x: (x.first, x.last, x.observation_id)
        )
        return Reading(structure_id, tuple(looks), tuple(dates), tuple(blind), tuple(sorted(undated)))

    def _state(self, word: str) -> int | None:
        if word not in self._states:
            state = canonical(word, self._vocabulary)
            self._states[word] = None if state is None else STATES.index(state)
        return self._states[word]

    def _look(self, observation: Observation) -> tuple[Look, int | None]:
        first, last = observation.when.first_day, observation.when.last_day
        state = self._state(observation.state)
        reason = ""
        if state is None:
            hidden = self._vocabulary.get(observation.state, observation.state) == "obscured"
            reason = OBSCURED if hidden else NOT_STATED
        elif last - first > LONGEST_DAY:
            state, reason = None, f"dated only to {observation.when.text}"
        look = Look(
            observation.observation_id,
            observation.structure_id,
            first,
            last,
            None if state is None else STATES[state],
            observation.state,
            observation.confidence,
            observation.observer,
            observation.source_id,
            reason,
        )
        return look, state

    def _date(self, group: list[tuple[Look, int]], following: float) -> LookDate:
        verdict, deciding = _verdict(group)
        rows = [self._labels.log_likelihood(look, state) for look, state in group]
        chosen = set(deciding)
        if verdict is None:
            named = ", ".join(sorted({STATES[state].replace("_", " ") for _, state in group}))
            group = [(replace(x, state=None, reason=f"contested: labels of this date say {named}"), s) for x, s in group]
        elif len(deciding) < len(group):
            group = [(x if x.observation_id in chosen else replace(x, reason=LOW), s) for x, s in group]
        start = round(group[0][0].first * DAY)
        end = max(round(min(max(x.last for x, _ in group), following) * DAY), start + 1)
        log_likelihood = rows[0] if len(rows) == 1 else np.sum(rows, axis=0) * len(rows) ** (TEMPER - 1)
        return LookDate(start, end, end - start < DAY // 2, tuple(group), verdict, deciding, log_likelihood)


def _groups(telling: Sequence[tuple[Look, int]]) -> list[tuple[list[tuple[Look, int]], float]]:
    """Looks by date, each with the start of the next date (days; inf for the last)."""
    groups: list[list[tuple[Look, int]]] = []
    for said in telling:
        same = groups and (said[0].last <= groups[-1][0][0].last or _minute(said[0]) == _minute(groups[-1][0][0]))
        if same:
            groups[-1].append(said)
        else:
            groups.append([said])
    starts = [*(group[0][0].first for group in groups[1:]), float("inf")]
    return list(zip(groups, starts, strict=True)) if groups else []


def _minute(look: Look) -> int:
    return round(look.first * DAY)


def _verdict(group: Sequence[tuple[Look, int]]) -> tuple[int | None, tuple[str, ...]]:
    """The state a date decides and the ids that carry it: firm labels if there are any, else the low ones."""
    firm = [(look, state) for look, state in group if look.confidence != "low"]
    heard = firm or group
    if any(state != heard[0][1] for _, state in heard):
        return None, ()
    return heard[0][1], tuple(look.observation_id for look, _ in heard)
