"""The compiled twin of ``reference``: same batch, same answer, hundreds of times as many structures per second.

Import it only where there are many structures: loading numba takes longer than dating a whole case. Compiled code is cached
on disk where the package (or the user's cache folder) can be written. Runs without the interpreter lock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.compiled import compiled
from siteline.dating.batch import Batch, Solved
from siteline.dating.chain import Chain

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def solve(batch: Batch, chain: Chain) -> Solved:
    """Solve every structure of ``batch`` for slow, central and fast rates."""
    solved = Solved.empty(batch)
    _solve(
        batch.cell_start,
        batch.steps,
        batch.emits,
        batch.emissions,
        batch.window_start,
        batch.windows,
        batch.mass_start,
        chain.member,
        chain.initial,
        chain.tables,
        solved.states,
        solved.mass,
        solved.sources,
    )
    return solved


@compiled
def _push(weights: FloatArray, matrix: FloatArray, seen: FloatArray, out: FloatArray) -> None:
    """``out[j] = sum_i weights[i] matrix[i, j] (seen[i] + seen[j]) / 2``; empty ``seen`` counts as ones."""
    n = len(weights)
    if len(seen) == 0:
        out[:] = 0.0
        for i in range(n):
            for j in range(n):
                out[j] += weights[i] * matrix[i, j]
        return
    for j in range(n):
        plain, marked = 0.0, 0.0
        for i in range(n):
            term = weights[i] * matrix[i, j]
            plain += term
            marked += term * seen[i]
        out[j] = (marked + plain * seen[j]) / 2


@compiled
def _pull(matrix: FloatArray, seen: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out[i] = sum_j matrix[i, j] (seen[i] + seen[j]) / 2 values[j]``; empty ``seen`` counts as ones."""
    n = len(values)
    for i in range(n):
        plain, marked = 0.0, 0.0
        if len(seen) == 0:
            for j in range(n):
                plain += matrix[i, j] * values[j]
            out[i] = plain
        else:
            for j in range(n):
                term = matrix[i, j] * values[j]
                plain += term
                marked += term * seen[j]
            out[i] = (marked + plain * seen[i]) / 2


@compiled
def _smooth(
    steps: IntArray,
    emits: IntArray,
    emissions: FloatArray,
    table: FloatArray,
    alpha: FloatArray,
    beta: FloatArray,
    scale: FloatArray,
) -> None:
    """Forward-backward over one structure's cells; ``alpha[0]`` is given, the rest is made."""
    count = len(steps)
    none = emissions[0, :0]
    for k in range(count):
        seen = emissions[emits[k]] if emits[k] >= 0 else none
        _push(alpha[k], table[steps[k]], seen, alpha[k + 1])
        scale[k] = alpha[k + 1].sum()
        alpha[k + 1] /= scale[k]
    beta[count] = 1.0
    for k in range(count - 1, -1, -1):
        seen = emissions[emits[k]] if emits[k] >= 0 else none
        _pull(table[steps[k]], seen, beta[k + 1], beta[k])
        beta[k] /= scale[k]


@compiled
def _entry(
    window: IntArray,
    steps: IntArray,
    emits: IntArray,
    emissions: FloatArray,
    table: FloatArray,
    member: IntArray,
    alpha: FloatArray,
    beta: FloatArray,
    scale: FloatArray,
    flux: FloatArray,
    mass: FloatArray,
    source: FloatArray,
) -> None:
    """Fill ``mass`` (Float[step]) and ``source`` (Float[state]) of one window; see ``reference.entry``.

    ``flux``: Float[cell, phase], scratch: backward weights of the paths that enter in a cell and never again.
    """
    start, end, unbounded, then = window[0], window[1], window[2], window[3]
    n = len(member)
    none = emissions[0, :0]
    inside = member == then
    never = beta[end].copy()
    held, entered, pushed = np.empty(n), np.empty(n), np.empty(n)
    for k in range(end - 1, start - 1, -1):
        seen = emissions[emits[k]] if emits[k] >= 0 else none
        held[:] = np.where(inside, never, 0.0)
        _pull(table[steps[k]], seen, held, entered)
        _pull(table[steps[k]], seen, never, held)
        for i in range(n):
            flux[k, i] = 0.0 if inside[i] else entered[i] / scale[k]
            never[i] = held[i] / scale[k] - flux[k, i]
    weights = alpha[start].copy()
    for k in range(start, end):
        seen = emissions[emits[k]] if emits[k] >= 0 else none
        for i in range(n):
            share = weights[i] * flux[k, i]
            if k == start and unbounded == 1 and inside[i]:
                share = weights[i] * never[i]
            mass[k - start] += share
            source[member[i]] += share
        _push(weights, table[steps[k]], seen, pushed)
        weights[:] = pushed / scale[k]


@compiled
def _solve(
    cell_start: IntArray,
    steps: IntArray,
    emits: IntArray,
    emissions: FloatArray,
    window_start: IntArray,
    windows: IntArray,
    mass_start: IntArray,
    member: IntArray,
    initial: FloatArray,
    tables: FloatArray,
    states: FloatArray,
    mass: FloatArray,
    sources: FloatArray,
) -> None:
    """Every structure, every rate; fills ``states``, ``mass`` and ``sources`` (see ``batch.Solved``)."""
    most = np.max(np.diff(cell_start)) + 1
    n = len(member)
    alpha, beta, flux = np.empty((most, n)), np.empty((most, n)), np.empty((most, n))
    scale = np.empty(most)
    unused = np.zeros(sources.shape[1])
    for s in range(len(cell_start) - 1):
        first, last = cell_start[s], cell_start[s + 1]
        for rate in range(3):
            alpha[0] = initial
            _smooth(steps[first:last], emits[first:last], emissions, tables[rate], alpha, beta, scale)
            if rate == 1:
                for k in range(last - first):
                    for i in range(n):
                        share = (alpha[k, i] * beta[k, i] + alpha[k + 1, i] * beta[k + 1, i]) / 2
                        states[first + k, member[i]] += share
            for w in range(window_start[s], window_start[s + 1]):
                _entry(
                    windows[w],
                    steps[first:last],
                    emits[first:last],
                    emissions,
                    tables[rate],
                    member,
                    alpha,
                    beta,
                    scale,
                    flux,
                    mass[rate, mass_start[w] : mass_start[w + 1]],
                    sources[w] if rate == 1 else unused,
                )
