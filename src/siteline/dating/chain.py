"""The prior chain: declared rates turned into transition matrices for every step of the time grid.

Work states are Erlang (phase-type: Neuts 1981), so the chain runs over phases; ``member`` says which state a phase belongs
to. Matrices for one minute come from uniformisation (Jensen 1953), a sum of positive terms, so that even tiny
probabilities keep their relative precision; longer steps are products of shorter ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.dating.priors import PHASES, RARE, RATES, SPREAD, UNDOING
from siteline.model.states import STATES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DAY: Final = 1440
"""Minutes in a day; the grid counts whole minutes since 1970-01-01T00:00Z."""

STEPS: Final[tuple[int, ...]] = (1, 2, 4, 8, 16, 32, 60, 120, 240, 480, *(DAY << k for k in range(19)))
"""Lengths of step (minutes) for which there is a transition matrix."""

_YEAR: Final = 365.25 * DAY
_TERMS: Final = 16  # at most 366 events a year give 1e-3 a minute: the 16th term is below 1e-60


@dataclass(frozen=True, slots=True)
class Chain:
    """Prior over lives.

    ``member``: Int[phase], index into ``STATES``. ``initial``: Float[phase], the stationary distribution, which is the
    same for any common factor on the rates. ``tables``: Float[3, len(STEPS), phase, phase], P(phase at the end | at the
    start of a step) for slow, central and fast rates. ``steps_apart``: Float[state, state], least number of steps (rare
    ones counted more) by which one state follows another: what is physically possible, free of rates.
    """

    member: IntArray
    initial: FloatArray
    tables: FloatArray
    steps_apart: FloatArray


def build(rates: Mapping[str, float]) -> Chain:
    """The chain for the declared rates with a case's overrides (``"complete->absent"`` -> number per year)."""
    merged = {**RATES, **rates}
    full, member = generator(merged, PHASES)
    tables = np.stack([step_tables(full * factor) for factor in (1 / SPREAD, 1.0, SPREAD)])
    return Chain(member, stationary(full), tables, steps_apart(merged))


def generator(rates: Mapping[str, float], phases: Mapping[str, int]) -> tuple[FloatArray, IntArray]:
    """(Float[phase, phase] generator per minute, Int[phase] state of each phase).

    A state with k phases passes through all of them, each k times as fast, so that its mean duration stays as declared.
    """
    counts = [phases.get(state, 1) for state in STATES]
    starts = np.concatenate(([0], np.cumsum(counts)))
    matrix = np.zeros((starts[-1], starts[-1]))
    for row, state in enumerate(STATES):
        exits = {key.partition("->")[2]: rate / _YEAR for key, rate in rates.items() if key.partition("->")[0] == state}
        for phase in range(starts[row], starts[row + 1] - 1):
            matrix[phase, phase + 1] = sum(exits.values()) * counts[row]
        for target, rate in exits.items():
            matrix[starts[row + 1] - 1, starts[STATES.index(target)]] = rate * counts[row]
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix, np.repeat(np.arange(len(STATES)), counts)


def steps_apart(rates: Mapping[str, float]) -> FloatArray:
    """Float[state, state], fewest steps from one state to another along the transitions named in ``rates``."""
    table = np.where(np.eye(len(STATES)) > 0, 0.0, np.inf)
    for key in rates:
        before, _, then = key.partition("->")
        table[STATES.index(before), STATES.index(then)] = RARE.get(key, 1)
    for middle in range(len(STATES)):  # Floyd 1962
        table = np.minimum(table, table[:, middle, None] + table[None, middle, :])
    for key, cost in UNDOING.items():
        before, _, then = key.partition("->")
        row, column = STATES.index(before), STATES.index(then)
        table[row, column] = max(table[row, column], cost)
    return table


def stationary(matrix: FloatArray) -> FloatArray:
    """Float[phase], the distribution that the generator ``matrix`` leaves unchanged."""
    system = np.vstack([matrix.T / np.abs(matrix).max(), np.ones(len(matrix))])
    found, *_ = np.linalg.lstsq(system, np.concatenate([np.zeros(len(matrix)), [1.0]]), rcond=None)
    positive: FloatArray = np.maximum(found, 0.0) / np.maximum(found, 0.0).sum()
    return positive


def step_tables(matrix: FloatArray) -> FloatArray:
    """Float[len(STEPS), phase, phase] for a generator per minute; rows sum to 1."""
    made: dict[int, FloatArray] = {1: _minute(matrix)}
    for length in (2, 4, 8, 16, 32):
        made[length] = _product(made[length // 2], made[length // 2])
    made[60] = _product(made[32], made[16], made[8], made[4])
    for length in (120, 240, 480):
        made[length] = _product(made[length // 2], made[length // 2])
    made[DAY] = _product(made[480], made[480], made[480])
    for length in STEPS[STEPS.index(DAY) + 1 :]:
        made[length] = _product(made[length // 2], made[length // 2])
    return np.stack([made[length] for length in STEPS])


def parts(minutes: int) -> list[int]:
    """Indices into ``STEPS``, longest first, of steps that add up to ``minutes``."""
    found: list[int] = []
    for index in range(len(STEPS) - 1, -1, -1):
        count, minutes = divmod(minutes, STEPS[index])
        found += [index] * count
    return found


def _minute(matrix: FloatArray) -> FloatArray:
    rate = float(-matrix.diagonal().min())
    jump = np.eye(len(matrix)) + matrix / rate
    jump[jump < 0] = 0.0  # rounding on the fastest state's diagonal
    total, term = np.eye(len(matrix)), np.eye(len(matrix))
    for k in range(1, _TERMS):
        term = term @ jump * (rate / k)
        total = total + term
    result: FloatArray = total / total.sum(axis=1, keepdims=True)
    return result


def _product(*factors: FloatArray) -> FloatArray:
    result = factors[0]
    for factor in factors[1:]:
        result = result @ factor
    normed: FloatArray = result / result.sum(axis=1, keepdims=True)
    return normed
