"""One series made ready for the kernel: its looks in order, on the scale of its own noise, doubtful ones weighed down."""

from __future__ import annotations

import math

from siteline.compiled import vectorised

NEAR_DAYS = 60.0
"""Looks further apart than this say nothing about each other's noise."""


@vectorised
def nth_smallest(a, n, k):
    """The ``k``-th smallest (from 0) of ``a[:n]``, which is reordered (Hoare 1961)."""
    low, high = 0, n - 1
    while low < high:
        pivot = a[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return a[k]
    return a[k]


@vectorised
def usable(values, index):
    """Positions at which every band of ``values`` (Float[band, time]) is finite, into ``index`` (Int[time]); returns how many."""
    count = 0
    for j in range(values.shape[1]):
        total = values[0, j] - values[0, j]
        for b in range(1, values.shape[0]):
            total += values[b, j] - values[b, j]
        # a sum of zeros is zero unless one of them came from NaN or infinity; written without a branch, which clouds mispredict
        index[count] = j
        count += total == 0
    return count


@vectorised
def counts(squared, doubt):
    """Weight of a look at ``squared`` distance (noise variances, bands summed) from what is expected: 1, and a half at ``doubt``.

    Between the weights of a Student t, by which a cloud that no mask saw keeps too much say, and the probabilities of being
    no outlier of a contaminated normal (Tukey 1960), 1 / (1 + exp((squared - doubt) / 2)), by which looks amid slow works,
    neither before nor after, have none.
    """
    half = doubt * doubt
    return max(half / (half + squared * squared), 1e-6)


@vectorised
def standardise(values, days, index, m, doubt, y, weight, scale, near, unit, bend, work):
    """Put the ``m`` looks at ``index`` on the scale of their noise: ``y`` (Float[band, look]), ``weight`` (Float[look]).

    The scale of a band is the median absolute distance of a look from the line between its neighbours; robust against
    seasons and against most outliers. A look far from both neighbours in the same direction starts with little weight.
    ``near, unit``: Float[look], ``bend``: Float[band, look], ``work``: Float[look], scratch.
    """
    bands = values.shape[0]
    for q in range(m):
        weight[q] = 0.0
    for q in range(1, m - 1):
        span = days[index[q + 1]] - days[index[q - 1]]
        share = (days[index[q]] - days[index[q - 1]]) / span if span > 0 else 0.5
        near[q] = share
        unit[q] = 1.0 / math.sqrt(1.0 + share * share + (1.0 - share) * (1.0 - share))
    for b in range(bands):
        mean = 0.0
        for q in range(m):
            y[b, q] = values[b, index[q]]
            mean += y[b, q]
        mean /= max(m, 1)
        count = 0
        for q in range(1, m - 1):
            before, here, after = y[b, q - 1], y[b, q], y[b, q + 1]
            away = abs(here - (1.0 - near[q]) * before - near[q] * after) * unit[q]
            beyond = max(here - max(before, after), min(before, after) - here)
            bend[b, q] = min(away, max(beyond, 0.0) * unit[q])
            if days[index[q + 1]] - days[index[q - 1]] <= NEAR_DAYS:
                work[count] = away
                count += 1
        noise = 1.4826 * nth_smallest(work, count, count // 2) if count >= 5 else 0.0
        if not noise > 1e-12 * abs(mean):
            # no two neighbours differ, or too few: the spread of the whole series is all there is
            noise = 0.0
            for q in range(m):
                noise += (y[b, q] - mean) ** 2
            noise = math.sqrt(noise / max(m, 1))
            if not noise > 1e-12 * abs(mean):
                noise = 1.0
        scale[b] = noise
        for q in range(m):
            y[b, q] = (y[b, q] - mean) / noise
        for q in range(1, m - 1):
            weight[q] += (bend[b, q] / noise) ** 2
    for q in range(m):
        weight[q] = counts(weight[q], doubt)
