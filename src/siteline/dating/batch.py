"""Many structures packed into flat arrays, the common ground of the compiled kernel and its NumPy reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.dating.chain import Chain
from siteline.dating.grid import Grid, window
from siteline.dating.narrative import Change
from siteline.dating.reading import LookDate
from siteline.model.states import STATES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Structures s own cells ``cell_start[s]:cell_start[s + 1]`` and windows ``window_start[s]:window_start[s + 1]``.

    ``steps``: Int[cell], index into ``chain.STEPS``. ``emits``: Int[cell], row of ``emissions`` or -1. ``emissions``:
    Float[date, phase], likelihood of a date's labels, scaled to at most 1. ``windows``: Int[window, 4] = (start edge, end
    edge, 1 if no look bounds the start, state entered), edges counted within the structure. ``mass_start``:
    Int[window + 1], where each window's steps lie in ``Solved.mass``.
    """

    cell_start: IntArray
    steps: IntArray
    emits: IntArray
    emissions: FloatArray
    window_start: IntArray
    windows: IntArray
    mass_start: IntArray


@dataclass(frozen=True, slots=True)
class Solved:
    """``states``: Float[cell, state], P(state) averaged over the step (central rates). ``mass``: Float[rate, steps of all
    windows], P(the last entry into the new state before the window's end falls in the step), not normalised: its sum over
    a window is P(entered inside the window | all looks).
    ``sources``: Float[window, state], the same by the state left (central rates)."""

    states: FloatArray
    mass: FloatArray
    sources: FloatArray

    @classmethod
    def empty(cls, batch: Batch, rates: int = 3) -> Solved:
        """Zeros of the right shapes, for so many ``rates``."""
        return cls(
            np.zeros((len(batch.steps), len(STATES))),
            np.zeros((rates, int(batch.mass_start[-1]))),
            np.zeros((len(batch.windows), len(STATES))),
        )


def pack(items: Sequence[tuple[Sequence[LookDate], Sequence[Change], Grid]], chain: Chain) -> Batch:
    """Pack structures (dates, changes, grid) in order."""
    cell_start = _offsets([len(grid.steps) for _, _, grid in items])
    window_start = _offsets([len(found) for _, found, _ in items])
    steps = np.concatenate([grid.steps for _, _, grid in items])
    emits = np.full(len(steps), -1, dtype=np.int64)
    at = np.concatenate([grid.cells + start for (_, _, grid), start in zip(items, cell_start[:-1], strict=True)])
    emits[at] = np.arange(len(at))
    logs = np.array([date.log_likelihood for dates, _, _ in items for date in dates])
    emissions = np.exp(logs - logs.max(axis=1, keepdims=True))[:, chain.member]
    rows = [(*window(grid, change), int(change.after is None), change.then) for _, found, grid in items for change in found]
    windows = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return Batch(cell_start, steps, emits, emissions, window_start, windows, _offsets(windows[:, 1] - windows[:, 0]))


def _offsets(sizes: Sequence[int] | IntArray) -> IntArray:
    return np.concatenate(([0], np.cumsum(np.asarray(sizes, dtype=np.int64)))).astype(np.int64)
