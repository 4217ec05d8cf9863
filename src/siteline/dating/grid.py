"""The time grid of one structure: fine where a change is being dated, coarse where nothing happens.

The chain is in continuous time and its matrices are exact for every step, so coarse steps lose resolution only, never
correctness. Inside a bracket steps are days, or hours where the bounding looks have times; elsewhere they grow with the gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.dating.chain import DAY, STEPS, parts
from siteline.dating.narrative import Change
from siteline.dating.reading import LookDate

IntArray = NDArray[np.int64]

HOUR: Final = 60
FINE_LIMIT: Final = 60 * DAY
"""Brackets up to this long (minutes) are cut into hours where looks have times."""
MOST_STEPS: Final = 4096
"""Longer brackets get steps of two, four, ... days, so that a bracket of centuries stays small."""
YEAR_ONE: Final = -719162 * DAY
"""0001-01-01, the first day that can be printed (minutes since 1970)."""

_INDEX: Final[Mapping[int, int]] = {length: index for index, length in enumerate(STEPS)}
_LENGTHS: Final = np.array(STEPS, dtype=np.int64)
_LOOKBACK: Final = [_INDEX[DAY]] * 32 + [_INDEX[DAY << k] for k in range(1, 10) for _ in range(16)]


@dataclass(frozen=True, slots=True)
class Grid:
    """``edges``: Int[n + 1], minutes. ``steps``: Int[n], index into ``STEPS``. ``cells``: Int[date], the cell in which each
    date lies."""

    edges: IntArray
    steps: IntArray
    cells: IntArray


def build(dates: Sequence[LookDate], found: Sequence[Change]) -> Grid:
    """The grid for ``dates`` (in order, at least one) that resolves the changes ``found``.

    A change without a look before it gets 45 years of steps before the first look that grow from a day to 512 days.
    """
    units = _units(dates, found)
    steps: list[int] = []
    if any(change.after is None for change in found):
        room = dates[0].start - YEAR_ONE
        back = _LOOKBACK if room >= sum(STEPS[i] for i in _LOOKBACK) else sorted(parts(max(room, 0)))
        steps += reversed(back)
    origin = dates[0].start - int(_LENGTHS[steps].sum()) if steps else dates[0].start
    cells: list[int] = []
    lengths: list[int] = [STEPS[i] for i in steps]
    for k, date in enumerate(dates):
        cells.append(len(steps))
        steps.append(_nearest(date.end - date.start))
        lengths.append(date.end - date.start)
        if k + 1 < len(dates):
            filled = _fill(date.end, dates[k + 1].start, units.get(k, 0))
            steps += filled
            lengths += [STEPS[i] for i in filled]
    edges = origin + np.concatenate(([0], np.cumsum(lengths)))
    return Grid(edges.astype(np.int64), np.array(steps, dtype=np.int64), np.array(cells, dtype=np.int64))


def window(grid: Grid, change: Change) -> tuple[int, int]:
    """Edges (start, end) between which a change lies: from the start of the look before to the end of the look after."""
    start = 0 if change.after is None else int(grid.cells[change.after])
    end = len(grid.steps) if change.by is None else int(grid.cells[change.by]) + 1
    return start, end


def _units(dates: Sequence[LookDate], found: Sequence[Change]) -> dict[int, int]:
    """Step (minutes) for each gap inside a bracket, by the date before the gap."""
    units: dict[int, int] = {}
    for change in found:
        first = 0 if change.after is None else change.after
        last = len(dates) - 1 if change.by is None else change.by
        length = dates[last].end - dates[first].start
        unit = HOUR if (dates[first].timed or dates[last].timed) and length <= FINE_LIMIT else DAY
        while length // unit > MOST_STEPS and unit < STEPS[-1]:
            unit *= 2
        for k in range(first, last):
            units[k] = min(unit, units.get(k, unit))
    return units


def _fill(start: int, end: int, unit: int) -> list[int]:
    """Steps from ``start`` to ``end`` (minutes) of ``unit`` (0: a quarter of the gap), whole days or hours aligned."""
    gap = end - start
    if gap <= 0:
        return []
    if not unit:
        unit = DAY
        while unit * 8 <= gap and unit < STEPS[-1]:
            unit *= 2
    clock = min(unit, DAY)
    head = min(-start % clock, gap)
    count, rest = divmod(gap - head, unit)
    return [*sorted(parts(head)), *([_INDEX[unit]] * count), *parts(rest)]


def _nearest(minutes: int) -> int:
    """Step whose matrix stands for a look's own cell; days with a clock change count as 24 hours."""
    return (
        min(range(len(STEPS)), key=lambda index: abs(STEPS[index] - minutes)) if minutes not in _INDEX else _INDEX[minutes]
    )
