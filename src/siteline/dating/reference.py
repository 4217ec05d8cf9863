"""Exact inference on the grid in plain NumPy: forward-backward (Baum et al. 1970) and the date of entry into a state.

The compiled kernel computes the same; tests compare both with the enumeration of all paths. A look of unknown moment
within its cell averages the likelihood of the states at both edges: exact for at most one change, uniform in the cell.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.dating.batch import Batch, Solved
from siteline.dating.chain import Chain
from siteline.model.states import STATES

FloatArray = NDArray[np.float64]

CENTRAL: Final = 1
"""Which of the rates of a chain are the central ones."""


def solve(batch: Batch, chain: Chain) -> Solved:
    """Solve every structure of ``batch`` for all rates of ``chain``; states and sources are those of the second ones."""
    solved = Solved.empty(batch, len(chain.tables))
    states = np.arange(len(STATES))
    belongs = (chain.member[:, None] == states).astype(float)  # Float[phase, state]
    for s in range(len(batch.cell_start) - 1):
        cells = slice(batch.cell_start[s], batch.cell_start[s + 1])
        alpha, beta, scaled = forward_backward(_matrices(batch, chain.tables, cells), chain.initial)
        edges = (alpha[:, CENTRAL] * beta[:, CENTRAL]) @ belongs
        solved.states[cells] = (edges[:-1] + edges[1:]) / 2
        for w in range(batch.window_start[s], batch.window_start[s + 1]):
            start, end, unbounded, then = (int(v) for v in batch.windows[w])
            inside = chain.member == then
            flux = entry(alpha[start], scaled[start:end], beta[end], inside, unbounded=bool(unbounded))
            solved.mass[:, batch.mass_start[w] : batch.mass_start[w + 1]] = flux.sum(axis=2).T
            solved.sources[w] = flux[:, CENTRAL].sum(axis=0) @ belongs
    return solved


def forward_backward(matrices: FloatArray, initial: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``alpha``, ``beta``: Float[n + 1, rate, phase] with ``alpha * beta`` = P(phase at each edge | all looks); and the
    ``matrices`` (Float[n, rate, phase, phase]) divided by each step's share of the evidence."""
    count, rates = matrices.shape[:2]
    scaled = np.empty_like(matrices)
    alpha = np.empty((count + 1, rates, len(initial)))
    beta = np.ones((count + 1, rates, len(initial)))
    alpha[0] = initial
    for k in range(count):
        pushed = np.matmul(alpha[k][:, None, :], matrices[k])[:, 0]
        share = pushed.sum(axis=1)[:, None]
        scaled[k] = matrices[k] / share[:, :, None]
        alpha[k + 1] = pushed / share
    for k in range(count - 1, -1, -1):
        beta[k] = _onward(scaled[k], beta[k + 1])
    return alpha, beta, scaled


def entry(
    start: FloatArray, scaled: FloatArray, end: FloatArray, inside: NDArray[np.bool_], *, unbounded: bool
) -> FloatArray:
    """Float[step, rate, phase left], P(the last entry into ``inside`` falls in the step, from that phase).

    ``start``: Float[rate, phase], forward weights at the window's start. ``end``: Float[rate, phase], backward weights at
    its end. ``unbounded``: count paths that were inside at the start and never entered again as entered in the first step.
    """
    never = end  # Float[rate, phase], backward weights of paths without a further entry
    flux = np.zeros((len(scaled), *start.shape))
    for k in range(len(scaled) - 1, -1, -1):
        flux[k] = np.where(inside, 0.0, _onward(scaled[k], np.where(inside, never, 0.0)))
        never = _onward(scaled[k], never) - flux[k]
    weights = start
    for k, matrix in enumerate(scaled):
        flux[k] *= weights
        weights = np.matmul(weights[:, None, :], matrix)[:, 0]
    if unbounded:
        flux[0] += np.where(inside, start * never, 0.0)
    return flux


def _onward(matrices: FloatArray, weights: FloatArray) -> FloatArray:
    """Float[rate, phase], the backward ``weights`` one step earlier."""
    made: FloatArray = np.matmul(matrices, weights[:, :, None])[:, :, 0]
    return made


def _matrices(batch: Batch, tables: FloatArray, cells: slice) -> FloatArray:
    """Float[cell, rate, phase, phase], transition matrices with the looks' likelihoods in them."""
    matrices = np.ascontiguousarray(tables[:, batch.steps[cells]].swapaxes(0, 1))
    emits = batch.emits[cells]
    at = np.flatnonzero(emits >= 0)
    seen = batch.emissions[emits[at]]
    matrices[at] *= ((seen[:, :, None] + seen[:, None, :]) / 2)[:, None]
    return matrices
