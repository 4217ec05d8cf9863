"""Two changes in one series, such as built and then dismantled: every pair of gaps, exactly."""

from __future__ import annotations

import math

import numpy as np

from siteline.compiled import vectorised
from siteline.detect.kernels.lanes import SCALE_LOOKS
from siteline.detect.kernels.whitened import whiten


@vectorised
def pair_posterior(f, S, g, W, Y, rss, size_var, looks, log_gap, index, edge, m, scale, mass, size, size_sd, at):
    """Log Bayes factor of two steps against none; each level lasts ``edge`` looks or more.

    ``mass``: Float[2, time], of the first and of the second change. ``size``, ``size_sd``: Float[2, band], at the likeliest
    pair ``at`` (Int[2], positions in time). The two sizes are independent a priori, N(0, size_var).
    """
    bands, p = Y.shape[0], W.shape[0]
    step, flat = np.zeros((m, m)), np.ones(m)
    U, C, Q = np.zeros((m, p)), np.zeros((m, bands)), np.zeros((m, m))
    for k in range(edge, m - edge + 1):
        whiten(flat, f, S, g, step[k], k, m)
        for a in range(p):
            for j in range(k, m):
                U[k, a] += W[a, j] * step[k, j]
        for b in range(bands):
            for j in range(k, m):
                C[k, b] += Y[b, j] * step[k, j]
    for k in range(edge, m - edge + 1):
        for i in range(edge, k + 1):
            total = 0.0
            for j in range(k, m):
                total += step[k, j] * step[i, j]
            for a in range(p):
                total -= U[k, a] * U[i, a]
            Q[i, k] = total
        Q[k, k] += 1.0 / size_var
    score = np.full((m, m), -1e30)
    top, first, second = -1e30, edge, edge
    power = -0.5 * (looks + SCALE_LOOKS)
    for i in range(edge, m - 2 * edge + 1):
        for k in range(i + edge, m - edge + 1):
            volume = Q[i, i] * Q[k, k] - Q[i, k] * Q[i, k]
            if volume <= 0:
                continue
            ratio = 1.0
            for b in range(bands):
                c, d = C[i, b], C[k, b]
                gained = (c * c * Q[k, k] - 2.0 * c * d * Q[i, k] + d * d * Q[i, i]) / volume
                ratio *= max(1.0 - gained / (rss[b] + SCALE_LOOKS), 1e-9)
            score[i, k] = (
                power * math.log(ratio) - 0.5 * bands * math.log(volume * size_var * size_var) + log_gap[i] + log_gap[k]
            )
            if score[i, k] > top:
                top, first, second = score[i, k], i, k
    if top <= -1e29:
        return -np.inf
    total, length = 0.0, 0.0
    for i in range(edge, m - 2 * edge + 1):
        for k in range(i + edge, m - edge + 1):
            length += math.exp(log_gap[i] + log_gap[k])
            v = math.exp(score[i, k] - top)
            mass[0, index[i]] += v
            mass[1, index[k]] += v
            total += v
    for j in range(m):
        mass[0, index[j]] /= total
        mass[1, index[j]] /= total
    at[0], at[1] = index[first], index[second]
    own = np.array([Q[first, first], Q[second, second], Q[first, second]])
    _sizes(own, C[first], C[second], rss, looks, scale, size, size_sd)
    return top + math.log(total) - math.log(length)


@vectorised
def _sizes(own, first, second, rss, looks, scale, size, size_sd):
    """Both sizes by band. ``own``: Float[3], products of the first step, of the second, and of the two with one another;
    ``first``, ``second``: Float[band], theirs with the bands."""
    volume = own[0] * own[1] - own[2] ** 2
    for b in range(rss.size):
        c, d = first[b], second[b]
        jumps = ((c * own[1] - d * own[2]) / volume, (d * own[0] - c * own[2]) / volume)
        left = max(rss[b] + SCALE_LOOKS - c * jumps[0] - d * jumps[1], 1e-9) / (looks + SCALE_LOOKS)
        for q in range(2):
            size[q, b] = jumps[q] * scale[b]
            size_sd[q, b] = math.sqrt(left * own[1 - q] / volume) * scale[b]
