"""The story the looks support: a state for each date, cut into spells, and the changes between them.

The story is the physically possible path that disregards the least evidence with the fewest changes. It knows no rates and
no lengths of time, so that the brackets it yields rest on looks alone; how likely each change is, the chain says later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.dating.chain import Chain
from siteline.dating.priors import CHANGE_COST
from siteline.dating.reading import LookDate, Reading
from siteline.model.states import STATES

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_ALL: Final = np.arange(len(STATES))

UNCHANGED: Final = frozenset(STATES.index(name) for name in ("absent", "complete"))
"""States that imply no earlier change: a structure first seen in any other one had changed before it was looked at."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state told by the looks. ``after``/``by`` index the dates that bound it, None where none does.

    ``before``/``then`` index ``STATES``; ``before`` is None where no look tells what came before. ``dissenting`` and
    ``unusable`` are observation ids.
    """

    after: int | None
    by: int | None
    before: int | None
    then: int
    dissenting: tuple[str, ...]
    unusable: tuple[str, ...]


@dataclass(slots=True)
class _Spell:
    """Consecutive dates ``[first, end)`` in one state; ``deciding`` are those whose own labels decide for it."""

    state: int
    first: int
    end: int
    deciding: list[int]


def decode(dates: Sequence[LookDate], chain: Chain) -> IntArray:
    """Int[date], the path of states that disregards the least evidence with the fewest changes (Viterbi 1967)."""
    cost = chain.steps_apart * CHANGE_COST
    score = dates[0].log_likelihood
    back = np.zeros((len(dates), len(STATES)), dtype=np.int64)
    for k in range(1, len(dates)):
        ways = score[:, None] - cost
        back[k] = ways.argmax(axis=0)
        score = ways[back[k], _ALL] + dates[k].log_likelihood
    path = np.zeros(len(dates), dtype=np.int64)
    path[-1] = score.argmax()
    for k in range(len(dates) - 1, 0, -1):
        path[k - 1] = back[k, path[k]]
    return path


def changes(reading: Reading, path: Sequence[int]) -> list[Change]:
    """The changes that ``path`` (state index by date) tells, in time order."""
    spells = _spells(reading.dates, path)
    found: list[Change] = []
    if spells and spells[0].deciding and spells[0].state not in UNCHANGED:
        found.append(_change(reading, None, spells[0]))
    found += [_change(reading, before, then) for before, then in pairwise(spells)]
    return found


def _spells(dates: Sequence[LookDate], path: Sequence[int]) -> list[_Spell]:
    spells: list[_Spell] = []
    for k, state in enumerate(path):
        if not spells or spells[-1].state != state:
            spells.append(_Spell(int(state), k, k, []))
        spells[-1].end = k + 1
        if dates[k].verdict == state:
            spells[-1].deciding.append(k)
    return _merged([spell for spell in spells if spell.deciding or _contested_end(spell, dates)])


def _contested_end(spell: _Spell, dates: Sequence[LookDate]) -> bool:
    """Whether an undecided spell still counts: the first or last one, where contradicting labels name its state."""
    if (spell.first == 0) == (spell.end == len(dates)):
        return False
    contested = (dates[k] for k in range(spell.first, spell.end) if dates[k].verdict is None)
    return any(state == spell.state for date in contested for _, state in date.said)


def _merged(spells: Sequence[_Spell]) -> list[_Spell]:
    merged: list[_Spell] = []
    for spell in spells:
        if merged and merged[-1].state == spell.state:
            merged[-1].end = spell.end
            merged[-1].deciding += spell.deciding
        else:
            merged.append(spell)
    return merged


def _change(reading: Reading, before: _Spell | None, then: _Spell) -> Change:
    after = before.deciding[-1] if before and before.deciding else None
    by = then.deciding[0] if then.deciding else None
    dates = reading.dates
    inside = range(0 if after is None else after + 1, len(dates) if by is None else by)
    unusable = [look.observation_id for k in inside if dates[k].verdict is None for look, _ in dates[k].said]
    dissent: list[str] = []
    for k in range(before.first if before else then.first, then.end):
        told = before.state if before and k < then.first else then.state
        # A contested date in which somebody says what the story says speaks neither for nor against it.
        torn = dates[k].verdict is None and (k in inside or any(state == told for _, state in dates[k].said))
        if not torn:
            dissent += [look.observation_id for look, state in dates[k].said if state != told]
    unusable += _blind(reading, after, by)
    return Change(after, by, before.state if before else None, then.state, tuple(dissent), tuple(unusable))


def _blind(reading: Reading, after: int | None, by: int | None) -> list[str]:
    """Ids of looks between the dates ``after`` and ``by`` that say nothing about the state."""
    low = float("-inf") if after is None else reading.dates[after].first
    high = float("inf") if by is None else reading.dates[by].first
    return [look.observation_id for look in reading.blind if look.last > low and low != look.first < high]
