"""The scan, block by block: standardise, weigh, filter, solve, and score every gap of ``LANES`` series at a time."""

from __future__ import annotations

import math

import numpy as np

from siteline.detect.kernels.lanes import (
    LANES,
    SCALE_LOOKS,
    filter_forward,
    filter_suffixes,
    fits,
    solve,
    white_forward,
    white_suffixes,
)
from siteline.detect.kernels.reweigh import reweigh
from siteline.detect.kernels.standard import compiled, standardise, usable


@compiled
def scan_block(
    values, days, X, precision, keep, size_var, edge, rounds, dof, drift, core, zero, evidence, after, by, size, weights
):
    """Fill ``evidence``, ``after``, ``by``, ``size`` and ``weights`` of ``detect.scan.Scan`` for ``values`` (Float[series, band, time]).

    ``X``: Float64[time, p], ``precision``: Float[p]; ``keep``: Float64[time], what slow noise keeps to the next date; ``edge``: looks
    that a level lasts; ``core``: columns used before the last of ``rounds``; ``zero``: a zero of the precision to compute in.
    """
    n, B, T = values.shape
    p = X.shape[1]
    kind = np.array([zero]).dtype
    index = np.empty(T, np.int64)
    longest = 0
    for i in range(n):
        longest = max(longest, usable(values[i], index))
    y, x, f = np.zeros((B, longest, LANES), kind), np.zeros((longest, p, LANES), kind), np.zeros((longest, LANES), kind)
    w, s2, g = np.zeros((longest, LANES), kind), np.zeros((longest, LANES), kind), np.zeros((longest, LANES), kind)
    E, Ey, U = np.zeros((longest, p, LANES), kind), np.zeros((longest, B, LANES), kind), np.zeros((longest, p, LANES), kind)
    C, Q, ratio = np.zeros((longest, B, LANES), kind), np.zeros((longest, LANES), kind), np.zeros((longest, LANES), kind)
    A, R, rss = np.zeros((p, p, LANES), kind), np.zeros((B, p, LANES), kind), np.zeros((B, LANES), kind)
    st, lam, beta = np.zeros((p, LANES), kind), np.zeros((p, LANES), kind), np.zeros((p, LANES), kind)
    sy, ly, inverse = np.zeros((B, LANES), kind), np.zeros((B, LANES), kind), np.zeros((B, LANES), kind)
    P, quad, spread = np.zeros(LANES, kind), np.zeros((3, LANES), kind), np.zeros(LANES, kind)
    r, away, D = np.zeros((longest, LANES), kind), np.zeros((longest, LANES), kind), np.zeros((longest, LANES), kind)
    looks, step_q = np.zeros(LANES, kind), np.zeros(LANES, kind)
    step, m = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    at, gap, score = np.zeros((LANES, T), np.int64), np.zeros((LANES, longest)), np.zeros((LANES, longest))
    scale, one, first = np.ones((LANES, B)), np.zeros((B, T)), np.zeros(T)
    near, unit, bend, work = np.zeros(T), np.zeros(T), np.zeros((B, T)), np.zeros(T)
    for start in range(0, n, LANES):
        M = 0
        for l in range(LANES):
            i = min(start + l, n - 1)  # the last block is filled up with the last series
            m[l] = usable(values[i], at[l])
            M = max(M, m[l])
            standardise(values[i], days, at[l], m[l], dof, one, first, scale[l], near, unit, bend, work)
            _place(one, first, days, X, keep, at[l], m[l], longest, l, y, x, f, w, gap[l])
        for round_ in range(rounds):
            full = round_ == rounds - 1
            q, slow = (p, drift) if full else (core, drift * 0)
            looks[:] = 0
            for j in range(M):
                for l in range(LANES):
                    looks[l] += w[j, l]
            if slow > 0:
                filter_forward(x, f, w, y, slow, E, Ey, s2, g, A, R, rss, st, sy, P, M, q)
                solve(A, R, precision, rss, q)
                filter_suffixes(f, E, Ey, s2, g, st, sy, lam, ly, quad, U, C, Q, M, q)
            else:
                white_forward(x, w, y, A, R, rss, M, q)
                solve(A, R, precision, rss, q)
                white_suffixes(x, w, y, st, sy, quad, U, C, Q, M, q)
            fits(A, R, rss, size_var, U, C, Q, ratio, inverse, M, q)
            for l in range(LANES):
                step[l] = _likeliest(ratio, Q, gap[l], score[l], looks[l], size_var, edge, m[l], B, l)
                alone = score[l, step[l]] - gap[l, step[l]] > 0
                step_q[l] = Q[step[l], l] if alone else np.inf
            if not full:
                reweigh(x, f, y, w, dof, slow, A, R, U, C, step, step_q, s2, g, looks, beta, r, away, P, D, spread, M, q)
        for l in range(min(LANES, n - start)):
            i, k = start + l, step[l]
            for j in range(m[l]):
                weights[i, at[l, j]] = w[j, l]
            if m[l] < 2 * edge + 1:
                continue
            evidence[i] = _evidence(score[l], gap[l], edge, m[l])
            after[i], by[i] = days[at[l, k - 1]], days[at[l, k]]
            for b in range(B):
                size[i, b] = C[k, b, l] / Q[k, l] * scale[l, b]


@compiled
def _place(one, first, days, X, keep, at, m, longest, l, y, x, f, w, gap):
    """Lay one series into lane ``l``; looks beyond its last have no weight."""
    for q in range(m):
        for a in range(X.shape[1]):
            x[q, a, l] = X[at[q], a]
        kept = 1.0
        if q + 1 < m:
            for j in range(at[q], at[q + 1]):
                kept *= keep[j]
        f[q, l] = kept
        w[q, l] = first[q]
        span = days[at[q]] - days[at[q - 1]] if q else 0.0
        gap[q] = math.log(span) if span > 0 else -1e30
    for b in range(one.shape[0]):
        for q in range(m):
            y[b, q, l] = one[b, q]
        for q in range(m, longest):
            y[b, q, l] = 0
    for q in range(m, longest):
        w[q, l] = 0
        f[q, l] = 0
        for a in range(X.shape[1]):
            x[q, a, l] = 0


@compiled
def _likeliest(ratio, Q, gap, score, looks, size_var, edge, m, bands, l):
    """Log posterior (not yet summing to one) of each gap into ``score``; returns where it is highest."""
    best = min(edge, m - 1) if m else 0
    power = -0.5 * (looks + SCALE_LOOKS)
    for j in range(edge, m - edge + 1):
        score[j] = power * math.log(ratio[j, l]) - 0.5 * bands * math.log(Q[j, l] * size_var) + gap[j]
        if score[j] > score[best]:
            best = j
    return best


@compiled
def _evidence(score, gap, edge, m):
    top, total, length = -1e30, 0.0, 0.0
    for j in range(edge, m - edge + 1):
        top = max(top, score[j])
    for j in range(edge, m - edge + 1):
        total += math.exp(score[j] - top)
        length += math.exp(gap[j])
    return top + math.log(total) - math.log(length)
