"""The scan, block by block: standardise, weigh, filter, solve, and score every gap of ``LANES`` series at a time."""

from __future__ import annotations

import math

import numpy as np

from siteline.compiled import vectorised
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
from siteline.detect.kernels.logarithm import logarithms
from siteline.detect.kernels.reweigh import reweigh
from siteline.detect.kernels.standard import standardise, usable


@vectorised
def scan_block(
    values, days, X, precision, keep, size_var, edge, rounds, doubt, drift, core, zero, evidence, after, by, size, weights
):
    """Fill ``evidence``, ``after``, ``by``, ``size`` and ``weights`` of ``detect.scan.Scan`` for ``values`` (Float[series, band, time]).

    ``X``: Float64[time, p], ``precision``: Float[p]; ``keep``: Float64[time], what slow noise keeps to the next date; ``edge``: looks
    that a level lasts; ``core``: columns used before the last of ``rounds``; ``zero``: a zero of the precision to compute in.
    """
    n, B, T = values.shape
    p = X.shape[1]
    kind = np.array([zero]).dtype
    y, x, f = np.zeros((B, T, LANES), kind), np.zeros((T, p, LANES), kind), np.zeros((T, LANES), kind)
    w, s2, g = np.zeros((T, LANES), kind), np.zeros((T, LANES), kind), np.zeros((T, LANES), kind)
    E, Ey, U = np.zeros((T, p, LANES), kind), np.zeros((T, B, LANES), kind), np.zeros((T, p, LANES), kind)
    C, Q, ratio = np.zeros((T, B, LANES), kind), np.zeros((T, LANES), kind), np.zeros((T, LANES), kind)
    A, R, rss = np.zeros((p, p, LANES), kind), np.zeros((B, p, LANES), kind), np.zeros((B, LANES), kind)
    st, lam, beta = np.zeros((p, LANES), kind), np.zeros((p, LANES), kind), np.zeros((p, LANES), kind)
    sy, ly, inverse = np.zeros((B, LANES), kind), np.zeros((B, LANES), kind), np.zeros((B, LANES), kind)
    P, quad, spread = np.zeros(LANES, kind), np.zeros((3, LANES), kind), np.zeros(LANES, kind)
    r, away, D = np.zeros((T, LANES), kind), np.zeros((T, LANES), kind), np.zeros((T, LANES), kind)
    looks, step_q = np.zeros(LANES, kind), np.zeros(LANES, kind)
    step, m = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    at = np.zeros((LANES, T), np.int64)
    gap, score, span = np.zeros((T, LANES)), np.zeros((T, LANES)), np.ones((T, LANES))
    numbers, powers, best = np.ones(LANES), np.zeros(LANES), np.zeros(LANES)
    bits = numbers.view(np.int64)
    log_ratio, log_q, log_var = np.zeros((T, LANES)), np.zeros((T, LANES)), math.log(size_var)
    scale, one, first = np.ones((LANES, B)), np.zeros((B, T)), np.zeros(T)
    near, unit, bend, work = np.zeros(T), np.zeros(T), np.zeros((B, T)), np.zeros(T)
    for start in range(0, n, LANES):
        M = 0
        for l in range(LANES):
            i = min(start + l, n - 1)  # the last block is filled up with the last series
            m[l] = usable(values[i], at[l])
            M = max(M, m[l])
        for l in range(LANES):
            i = min(start + l, n - 1)
            standardise(values[i], days, at[l], m[l], doubt, one, first, scale[l], near, unit, bend, work)
            _place(one, first, days, X, keep, at[l], m[l], M, l, y, x, f, w, span)
        logarithms(span, numbers, bits, powers, gap, M)
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
            logarithms(ratio, numbers, bits, powers, log_ratio, M)
            logarithms(Q, numbers, bits, powers, log_q, M)
            _score(log_ratio, log_q, gap, score, looks, log_var, edge, m, B, best, step, M)
            for l in range(LANES):
                alone = best[l] - gap[step[l], l] > 0
                step_q[l] = Q[step[l], l] if alone else np.inf
            if not full:
                reweigh(x, f, y, w, doubt, slow, A, R, U, C, step, step_q, s2, g, looks, beta, r, away, P, D, spread, M, q)
        for l in range(min(LANES, n - start)):
            i, k = start + l, step[l]
            for j in range(m[l]):
                weights[i, at[l, j]] = w[j, l]
            if m[l] >= 2 * edge + 1:
                evidence[i] = _evidence(score, gap, best[l], edge, m[l], l)
                after[i], by[i] = days[at[l, k - 1]], days[at[l, k]]
                for b in range(B):
                    size[i, b] = C[k, b, l] / Q[k, l] * scale[l, b]


@vectorised
def _place(one, first, days, X, keep, at, m, M, l, y, x, f, w, span):
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
        span[q, l] = max(days[at[q]] - days[at[q - 1]], 1e-300) if q else 1.0
    for b in range(one.shape[0]):
        for q in range(m):
            y[b, q, l] = one[b, q]
        for q in range(m, M):
            y[b, q, l] = 0
    for q in range(m, M):
        w[q, l] = 0
        f[q, l] = 0
        for a in range(X.shape[1]):
            x[q, a, l] = 0


@vectorised
def _score(log_ratio, log_q, gap, score, looks, constant, edge, m, bands, best, step, M):
    """Log posterior (not yet summing to one) of each gap into ``score``, and where it is highest (``step``), lane by lane."""
    for l in range(LANES):
        best[l] = -1e30
        step[l] = min(edge, max(m[l] - 1, 0))
    for j in range(M):
        for l in range(LANES):
            power = -0.5 * (looks[l] + SCALE_LOOKS)
            v = power * log_ratio[j, l] - 0.5 * bands * (log_q[j, l] + constant) + gap[j, l]
            score[j, l] = v if edge <= j <= m[l] - edge else -1e30
        for l in range(LANES):
            if score[j, l] > best[l]:
                best[l] = score[j, l]
                step[l] = j


@vectorised
def _evidence(score, gap, top, edge, m, l):
    total, length = 0.0, 0.0
    for j in range(edge, m - edge + 1):
        total += math.exp(score[j, l] - top)
        length += math.exp(gap[j, l])
    return top + math.log(total) - math.log(length)
