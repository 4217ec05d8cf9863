"""From the solved grid back to words: histories and transitions with everything they rest on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.dating.chain import DAY
from siteline.dating.grid import Grid, window
from siteline.dating.narrative import Change
from siteline.dating.reading import LookDate, Reading
from siteline.model.dated import Bracket, History, Posterior, Transition
from siteline.model.states import STATES, direction

FloatArray = NDArray[np.float64]


def silent_history(reading: Reading) -> History:
    """The history of a structure without a dated look that names a state: no transitions, and why."""
    if reading.blind:
        note = f"{_counted(len(reading.blind), 'dated look')}, none tells its state"
    elif reading.undated:
        note = f"{_counted(len(reading.undated), 'look')}, none has a date"
    else:
        note = "nobody looked at it"
    nothing = np.zeros((0, len(STATES)))
    return History(reading.structure_id, reading.looks, np.zeros(0), nothing, (), reading.undated, note)


def history(
    reading: Reading, found: list[Change], grid: Grid, states: FloatArray, masses: list[FloatArray], sources: FloatArray
) -> History:
    """The history of one structure.

    ``states``: Float[cell, state]. ``masses``: per change Float[3, step], P(change in the step) for slow, central and fast
    rates. ``sources``: Float[change, state], the same by the state left.
    """
    start = int(grid.cells[0])
    transitions = tuple(
        transition(reading, change, grid, mass, source) for change, mass, source in zip(found, masses, sources, strict=True)
    )
    note = ""
    if all(date.verdict is None for date in reading.dates):
        note = "labels of the same date contradict one another, and no other look decides"
    edges = grid.edges[start:] / DAY
    return History(reading.structure_id, reading.looks, edges, states[start:].copy(), transitions, reading.undated, note)


def transition(reading: Reading, change: Change, grid: Grid, mass: FloatArray, source: FloatArray) -> Transition:
    """One change in full; ``mass`` Float[3, step], ``source`` Float[state]."""
    start, end = window(grid, change)
    edges = grid.edges[start : end + 1] / DAY
    slow, central, fast = (posterior(edges, row) for row in mass)
    after = None if change.after is None else reading.dates[change.after]
    by = None if change.by is None else reading.dates[change.by]
    before = int(source.argmax()) if change.before is None else change.before
    return Transition(
        structure_id=reading.structure_id,
        before=_word(reading, after, before),
        after_state=_word(reading, by, change.then),
        from_state=STATES[before],
        to_state=STATES[change.then],
        direction=direction(STATES[before], STATES[change.then]),
        bracket=Bracket(after.first if after else None, by.first if by else None),
        posterior=central,
        slow=slow,
        fast=fast,
        interval50=central.interval(0.5),
        interval90=central.interval(0.9),
        probability=min(float(mass[1].sum()), 1.0),
        deciding=(*(after.deciding if after else ()), *(by.deciding if by else ())),
        dissenting=change.dissenting,
        unusable=change.unusable,
    )


def posterior(edges: FloatArray, mass: FloatArray) -> Posterior:
    """The posterior of ``mass``, Float[step], not normalised, between ``edges`` (days)."""
    total = float(mass.sum())
    if total <= 0.0:  # labels declared all but infallible can rule a change out under the prior: spread it evenly
        return Posterior(edges, np.diff(edges) / (edges[-1] - edges[0]))
    return Posterior(edges, mass / total)


def _word(reading: Reading, date: LookDate | None, state: int) -> str:
    """The word the looks of ``date`` (or else, of a contested first or last date) used for ``state``."""
    near = [date] if date else [d for d in (reading.dates[0], reading.dates[-1]) if d.verdict is None]
    words = [look.word for d in near for look, named in d.said if named == state]
    return words[0] if words else STATES[state]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"
