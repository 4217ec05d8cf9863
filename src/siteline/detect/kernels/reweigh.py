"""Weights of the looks under the likeliest change, for ``LANES`` series side by side (see ``lanes``)."""

from __future__ import annotations

from siteline.compiled import vectorised
from siteline.detect.kernels.lanes import LANES
from siteline.detect.kernels.standard import counts


@vectorised
def reweigh(x, f, y, w, doubt, drift, A, R, U, C, step, size, s2, g, looks, beta, r, away, P, D, spread, M, p):
    """New weights ``w`` from the squared distance of a look from what all other looks predict for it (``standard.counts``).

    ``step``: position of the likeliest change, ``size``: Q there where that change beats none, else infinite (so that its
    size comes out as zero). One step of reweighting, one weight for all bands.
    """
    bands = y.shape[0]
    away[:] = 0
    if drift > 0:
        inverse_diagonal(f, s2, g, P, D, M)
    for b in range(bands):
        coefficients(A, R, U, C, step, size, beta, spread, b, p)
        for j in range(M):
            for l in range(LANES):
                r[j, l] = y[b, j, l] - (spread[l] if j >= step[l] else 0)
            for a in range(p):
                for l in range(LANES):
                    r[j, l] -= x[j, a, l] * beta[a, l]
        for l in range(LANES):
            P[l] = 0
            spread[l] = 0
        if drift > 0:
            for j in range(M):
                for l in range(LANES):
                    e = r[j, l] - P[l]
                    P[l] = f[j, l] * P[l] + g[j, l] * e
                    r[j, l] = s2[j, l] * e
                    spread[l] += r[j, l] * e
        else:
            for j in range(M):
                for l in range(LANES):
                    spread[l] += w[j, l] * r[j, l] * r[j, l]
        for l in range(LANES):
            P[l] = 0
            spread[l] = 1 / max(spread[l] / max(looks[l] - 0.5 * p, 1), 0.2)
        if drift > 0:
            for j in range(M - 1, -1, -1):
                for l in range(LANES):
                    e = r[j, l]
                    alone = (e + g[j, l] * P[l]) * D[j, l]
                    P[l] = (f[j, l] - g[j, l]) * P[l] - e
                    # D - 1 / w: variance of the prediction from the other looks, beside the look's own noise of 1
                    away[j, l] += alone * alone * spread[l] / (1 + max(D[j, l] - 1 / max(w[j, l], 1e-9), 0))
        else:
            for j in range(M):
                for l in range(LANES):
                    away[j, l] += r[j, l] * r[j, l] * spread[l]
    for j in range(M):
        for l in range(LANES):
            w[j, l] = counts(away[j, l], doubt) if w[j, l] > 0 else 0


@vectorised
def inverse_diagonal(f, s2, g, P, D, M):
    """D = 1 / diag(K^-1), backwards (de Jong 1989)."""
    for l in range(LANES):
        P[l] = 0
    for j in range(M - 1, -1, -1):
        for l in range(LANES):
            keep = f[j, l] - g[j, l]
            D[j, l] = 1 / max(s2[j, l] + g[j, l] * g[j, l] * P[l], 1e-12)
            P[l] = s2[j, l] + keep * keep * P[l]


@vectorised
def coefficients(A, R, U, C, step, size, beta, jump, b, p):
    """``jump``: the step's size in band ``b``; ``beta``: the design's coefficients beside it."""
    for l in range(LANES):
        jump[l] = C[step[l], b, l] / size[l]
    for a in range(p):
        for l in range(LANES):
            beta[a, l] = R[b, a, l] - U[step[l], a, l] * jump[l]
    for a in range(p - 1, -1, -1):
        for k in range(a + 1, p):
            for l in range(LANES):
                beta[a, l] -= A[k, a, l] * beta[k, l]
        for l in range(LANES):
            beta[a, l] *= A[a, a, l]
