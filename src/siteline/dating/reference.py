"""Exact inference on the grid in plain NumPy: forward-backward (Baum et al. 1970) and the date of entry into a state.

The compiled kernel computes the same; tests compare both with the enumeration of all paths. A look of unknown moment
within its cell averages the likelihood of the states at both edges: exact for at most one change, uniform in the cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.dating.batch import Batch, Solved
from siteline.dating.chain import Chain
from siteline.model.states import STATES

FloatArray = NDArray[np.float64]


def solve(batch: Batch, chain: Chain) -> Solved:
    """Solve every structure of ``batch`` for slow, central and fast rates."""
    solved = Solved.empty(batch)
    states = np.arange(len(STATES))
    belongs = (chain.member[:, None] == states).astype(float)  # Float[phase, state]
    for s in range(len(batch.cell_start) - 1):
        cells = slice(batch.cell_start[s], batch.cell_start[s + 1])
        for rate in range(3):
            matrices = _matrices(batch, chain.tables[rate], cells)
            alpha, beta, scaled = forward_backward(matrices, chain.initial)
            if rate == 1:
                edges = (alpha * beta) @ belongs
                solved.states[cells] = (edges[:-1] + edges[1:]) / 2
            for w in range(batch.window_start[s], batch.window_start[s + 1]):
                start, end, unbounded, then = (int(v) for v in batch.windows[w])
                inside = chain.member == then
                flux = entry(alpha[start], scaled[start:end], beta[end], inside, unbounded=bool(unbounded))
                solved.mass[rate, batch.mass_start[w] : batch.mass_start[w + 1]] = flux.sum(axis=1)
                if rate == 1:
                    solved.sources[w] = flux.sum(axis=0) @ belongs
    return solved


def forward_backward(matrices: FloatArray, initial: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``alpha``, ``beta``: Float[n + 1, phase] with ``alpha * beta`` = P(phase at each edge | all looks); and the
    ``matrices`` (Float[n, phase, phase]) divided by each step's share of the evidence."""
    count = len(matrices)
    scaled = np.empty_like(matrices)
    alpha = np.empty((count + 1, len(initial)))
    beta = np.ones((count + 1, len(initial)))
    alpha[0] = initial
    for k in range(count):
        pushed = alpha[k] @ matrices[k]
        scaled[k] = matrices[k] / pushed.sum()
        alpha[k + 1] = pushed / pushed.sum()
    for k in range(count - 1, -1, -1):
        beta[k] = scaled[k] @ beta[k + 1]
    return alpha, beta, scaled


def entry(
    start: FloatArray, scaled: FloatArray, end: FloatArray, inside: NDArray[np.bool_], *, unbounded: bool
) -> FloatArray:
    """Float[step, phase left], P(the last entry into ``inside`` falls in the step, from that phase).

    ``start``: Float[phase], forward weights at the window's start. ``end``: Float[phase], backward weights at its end.
    ``unbounded``: count paths that were inside at the start and never entered again as entered in the first step.
    """
    never = end  # Float[phase], backward weights of paths without a further entry
    flux = np.zeros((len(scaled), len(start)))
    for k in range(len(scaled) - 1, -1, -1):
        flux[k] = np.where(inside, 0.0, scaled[k] @ np.where(inside, never, 0.0))
        never = scaled[k] @ never - flux[k]
    weights = start
    for k, matrix in enumerate(scaled):
        flux[k] *= weights
        weights = weights @ matrix
    if unbounded:
        flux[0] += np.where(inside, start * never, 0.0)
    return flux


def _matrices(batch: Batch, tables: FloatArray, cells: slice) -> FloatArray:
    """Float[cell, phase, phase], transition matrices with the looks' likelihoods in them."""
    matrices = tables[batch.steps[cells]]
    emits = batch.emits[cells]
    at = np.flatnonzero(emits >= 0)
    seen = batch.emissions[emits[at]]
    matrices[at] *= (seen[:, :, None] + seen[:, None, :]) / 2
    return matrices
