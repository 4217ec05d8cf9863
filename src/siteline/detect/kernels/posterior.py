"""The posterior of one change: every gap, every ramp length, with or without a change of season, exactly."""

from __future__ import annotations

import math

import numpy as np

from siteline.compiled import vectorised
from siteline.detect.kernels.lanes import SCALE_LOOKS
from siteline.detect.kernels.pairs import pair_posterior
from siteline.detect.kernels.shapes import shape_factor
from siteline.detect.kernels.standard import standardise, usable
from siteline.detect.kernels.whitened import free_of_design, gains

_CUT = 12.0
"""Natural log units below the best step at which a step's gap no longer makes a ramp through it worth computing."""


@vectorised
def posterior(
    values, days, weights, X, precision, season, keep, drift, doubt, lengths, shares, variances, season_share, edge, second,
    one, two, mass, step_mass, pair_mass, shape, size, size_sd, pair_size, pair_size_sd, pair_at,
):  # fmt: skip
    """Fill the answers of ``detect.series.change_points`` for ``values`` (Float[series, band, time], mixed).

    ``weights``: of the scan. ``lengths``, ``shares``: ramp lengths in days (0 first: the step) and their prior shares.
    ``one``, ``two``: log Bayes factors of exactly one and exactly two changes. ``mass``: Float[series, time], of the gap that
    ends there; ``step_mass``: the part of it that steps carry. ``shape``: Float[series, 2], P(ramp) and its mean length.
    Sizes are at the likeliest gap.
    """
    n, B, T = values.shape
    p = X.shape[1]
    index, t, f, w = np.empty(T, np.int64), np.empty(T), np.zeros(T), np.zeros(T)
    y, x, cycle = np.zeros((B, T)), np.zeros((p, T)), np.zeros((season.shape[1], T))
    W, Y, A, S, g = np.zeros((p, T)), np.zeros((B, T)), np.zeros((p, p)), np.zeros(T), np.zeros(T)
    R = 1 + season.shape[1]
    columns, U, Q, C, G = np.zeros((R + 1, T)), np.zeros((R, p)), np.zeros((R, R)), np.zeros((R, B)), np.zeros((R + 1, R))
    factor, log_gap, line = np.zeros((lengths.size, T)), np.zeros(T), np.zeros(T)
    scale, first, near, unit, bend, work = np.ones(B), np.zeros(T), np.zeros(T), np.zeros(T), np.zeros((B, T)), np.zeros(T)
    for i in range(n):
        m = usable(values[i], index)
        if m < 2 * edge + 1:
            continue
        standardise(values[i], days, index, m, doubt, y, first, scale, near, unit, bend, work)
        looks = _lay_out(days, weights[i], X, season, keep, index, m, t, f, w, x, cycle, log_gap)
        gains(w, f, drift, S, g, m)
        rss = free_of_design(x, y, f, S, g, precision, W, Y, A, m)
        for k in range(edge, m - edge + 1):
            factor[0, k] = shape_factor(
                t, cycle, f, S, g, W, Y, rss, k, 0.0, variances, season_share, looks, line, columns, U, Q, C, G, m
            )
        _ramps(
            t, cycle, f, S, g, W, Y, rss, lengths, variances, season_share, looks, line, columns, U, Q, C, G, m, edge, factor
        )
        one[i] = _summed(factor, shares, lengths, log_gap, index, edge, m, mass[i], step_mass[i], shape[i])
        best, length = _likeliest(factor, shares, lengths, mass[i], index, edge, m)
        shape_factor(
            t, cycle, f, S, g, W, Y, rss, best, length, variances, season_share, looks, line, columns, U, Q, C, G, m
        )
        _size(Q[0, 0] + 1.0 / variances[0], C[0], rss, looks, scale, size[i], size_sd[i])
        if second:
            two[i] = pair_posterior(
                f, S, g, W, Y, rss, variances[0], looks, log_gap, index, edge, m, scale,
                pair_mass[i], pair_size[i], pair_size_sd[i], pair_at[i],
            )  # fmt: skip


@vectorised
def _likeliest(factor, shares, lengths, mass, index, edge, m):
    """The gap with most mass, and the likeliest length of a ramp that starts there (0 = a step)."""
    best = edge
    for k in range(edge, m - edge + 1):
        if mass[index[k]] > mass[index[best]]:
            best = k
    likeliest = 0
    for q in range(lengths.size):
        if factor[q, best] + math.log(shares[q]) > factor[likeliest, best] + math.log(shares[likeliest]):
            likeliest = q
    return best, lengths[likeliest]


@vectorised
def _size(q, products, rss, looks, scale, size, size_sd):
    """Size of a change and its standard deviation by band, from the products of its shape with itself and with the bands."""
    for b in range(rss.size):
        jump = products[b] / q
        size[b] = jump * scale[b]
        left = max(rss[b] + SCALE_LOOKS - products[b] * jump, 1e-9) / (looks + SCALE_LOOKS)
        size_sd[b] = math.sqrt(left / q) * scale[b]


@vectorised
def _lay_out(days, weights, X, season, keep, index, m, t, f, w, x, cycle, log_gap):
    """Gather what belongs to the looks; returns the number of looks that their weights amount to."""
    looks = 0.0
    for q in range(m):
        j = index[q]
        t[q], w[q] = days[j], weights[j]
        looks += w[q]
        for a in range(X.shape[1]):
            x[a, q] = X[j, a]
        for a in range(season.shape[1]):
            cycle[a, q] = season[j, a]
        kept = 1.0
        if q + 1 < m:
            for i in range(j, index[q + 1]):
                kept *= keep[i]
        f[q] = kept
        span = t[q] - t[q - 1] if q else 0.0
        log_gap[q] = math.log(span) if span > 0 else -1e30
    return looks


@vectorised
def _ramps(
    t, cycle, f, S, g, W, Y, rss, lengths, variances, season_share, looks, line, columns, U, Q, C, G, m, edge, factor
):
    """Ramps that pass through a gap where a step is not hopeless: where a step says nothing, no ramp through it says more."""
    top = -1e30
    for k in range(edge, m - edge + 1):
        top = max(top, factor[0, k])
    floor = top - _CUT - 0.25 * max(top, 0.0)
    for q in range(1, lengths.size):
        for k in range(edge, m - edge + 1):
            factor[q, k] = -1e30
            through = False
            for j in range(k, m - edge + 1):
                if t[j - 1] > t[k] + lengths[q]:
                    break
                if factor[0, j] > floor:
                    through = True
                    break
            if through:
                factor[q, k] = shape_factor(
                    t, cycle, f, S, g, W, Y, rss, k, lengths[q], variances, season_share, looks, line, columns, U, Q, C, G, m
                )


@vectorised
def _summed(factor, shares, lengths, log_gap, index, edge, m, mass, step_mass, shape):
    """Posterior over gaps into ``mass`` and, of steps, ``step_mass`` (by time), over shapes into ``shape``; returns the log
    Bayes factor of one change."""
    top = -1e30
    for q in range(lengths.size):
        for k in range(edge, m - edge + 1):
            top = max(top, factor[q, k] + math.log(shares[q]) + log_gap[k])
    total, length, ramp, mean = 0.0, 0.0, 0.0, 0.0
    for k in range(edge, m - edge + 1):
        length += math.exp(log_gap[k])
        for q in range(lengths.size):
            v = math.exp(factor[q, k] + math.log(shares[q]) + log_gap[k] - top)
            mass[index[k]] += v
            total += v
            if q:
                ramp += v
                mean += v * lengths[q]
            else:
                step_mass[index[k]] = v
    for k in range(edge, m - edge + 1):
        mass[index[k]] /= total
        step_mass[index[k]] /= total
    shape[0] = ramp / total
    shape[1] = mean / ramp if ramp > 0 else 0.0
    return top + math.log(total) - math.log(length)
