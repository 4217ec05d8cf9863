"""How well one change of a given shape, start and season explains one whitened series."""

from __future__ import annotations

import math

from siteline.compiled import vectorised
from siteline.detect.kernels.lanes import SCALE_LOOKS
from siteline.detect.kernels.whitened import whiten

STEP = 0.0
"""The length of a ramp that is none."""


@vectorised
def profile(t, k, length, m, out):
    """The shape of a change in the gap that ends at look ``k``: 0 before, rising to 1 over ``length`` days from mid-gap."""
    middle = 0.5 * (t[k - 1] + t[k])
    for j in range(k, m):
        out[j] = 1.0 if length <= 0 else min((t[j] - middle) / length, 1.0)


@vectorised
def explained(columns, r, k, W, Y, U, Q, C, m):
    """Products of ``r`` whitened change columns: ``Q`` (Float[r, r], freed of the design), ``C`` (Float[r, band])."""
    for c in range(r):
        for a in range(W.shape[0]):
            total = 0.0
            for j in range(k, m):
                total += W[a, j] * columns[c, j]
            U[c, a] = total
        for d in range(c + 1):
            total = 0.0
            for j in range(k, m):
                total += columns[c, j] * columns[d, j]
            for a in range(W.shape[0]):
                total -= U[c, a] * U[d, a]
            Q[c, d] = total
        for b in range(Y.shape[0]):
            total = 0.0
            for j in range(k, m):
                total += columns[c, j] * Y[b, j]
            C[c, b] = total


@vectorised
def log_factor(Q, C, rss, variances, looks, r, G):
    """Log Bayes factor of ``r`` change columns with prior ``variances`` against none; ``G``: Float[r, r], scratch.

    The scale of each band is integrated out (inverse gamma, ``SCALE_LOOKS`` looks), so that its ratio of residuals enters
    with the power of a Student t (Zellner 1971).
    """
    log_volume = 0.0
    for c in range(r):
        for d in range(c + 1):
            total = Q[c, d] + (1.0 / variances[c] if c == d else 0.0)
            for e in range(d):
                total -= G[c, e] * G[d, e]
            G[c, d] = math.sqrt(max(total, 1e-12)) if c == d else total / G[d, d]
        log_volume += 2.0 * math.log(G[c, c]) + math.log(variances[c])
    ratio = 1.0
    for b in range(rss.size):
        gained = 0.0
        for c in range(r):
            total = C[c, b]
            for d in range(c):
                total -= G[c, d] * G[r, d]
            G[r, c] = total / G[c, c]
            gained += G[r, c] * G[r, c]
        ratio *= max(1.0 - gained / (rss[b] + SCALE_LOOKS), 1e-9)
    return -0.5 * rss.size * log_volume - 0.5 * (looks + SCALE_LOOKS) * math.log(ratio)


@vectorised
def shape_factor(t, season, f, S, g, W, Y, rss, k, length, variances, season_share, looks, shape, columns, U, Q, C, G, m):
    """Log Bayes factor of a change at ``k`` of ramp ``length`` (0 = step), averaged over whether the season changes too.

    ``variances``: Float[1 + season columns]. Leaves the products of the plain change in ``Q[0, 0]`` and ``C[0]``.
    """
    profile(t, k, length, m, shape)
    whiten(shape, f, S, g, columns[0], k, m)
    r = 1 + season.shape[0] if season_share > 0 else 1
    for c in range(1, r):
        for j in range(k, m):
            columns[r, j] = shape[j] * season[c - 1, j]
        whiten(columns[r], f, S, g, columns[c], k, m)
    explained(columns, r, k, W, Y, U, Q, C, m)
    plain = log_factor(Q, C, rss, variances, looks, 1, G)
    if r == 1:
        return plain
    plain += math.log(1.0 - season_share)
    full = log_factor(Q, C, rss, variances, looks, r, G) + math.log(season_share)
    top = max(plain, full)
    return top + math.log(math.exp(plain - top) + math.exp(full - top))
