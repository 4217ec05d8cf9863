"""One series whitened: noise made white by the Kalman filter, the design's columns orthonormal, the bands freed of both."""

from __future__ import annotations

import math

import numpy as np

from siteline.compiled import vectorised


@vectorised
def gains(w, f, drift, S, g, m):
    """Inverse innovation deviations ``S`` and gains ``g`` (times ``f``) of the filter of ``lanes``, for one series."""
    P = drift
    for j in range(m):
        s2 = w[j] / (1.0 + P * w[j])
        gain = P * s2
        S[j] = math.sqrt(s2)
        P = f[j] * f[j] * P * (1.0 - gain) + drift * (1.0 - f[j] * f[j])
        g[j] = f[j] * gain


@vectorised
def whiten(v, f, S, g, out, start, m):
    """``out[start:m]``: the whitened ``v``, which is zero before ``start``."""
    a = 0.0
    for j in range(start, m):
        e = v[j] - a
        out[j] = e * S[j]
        a = f[j] * a + g[j] * e


@vectorised
def free_of_design(x, y, f, S, g, precision, W, Y, A, m):
    """``W`` (Float[p, look]): whitened columns made orthonormal under their prior; ``Y`` (Float[band, look]): whitened bands
    less what the columns explain. Returns the residual squares, Float[band]."""
    p, bands = W.shape[0], Y.shape[0]
    for a in range(p):
        whiten(x[a], f, S, g, W[a], 0, m)
    for a in range(p):
        for c in range(a + 1):
            total = 0.0
            for j in range(m):
                total += W[a, j] * W[c, j]
            A[a, c] = total
        A[a, a] += precision[a]
    for a in range(p):
        for c in range(a):
            total = A[a, c]
            for k in range(c):
                total -= A[a, k] * A[c, k]
            A[a, c] = total / A[c, c]
        total = A[a, a]
        for k in range(a):
            total -= A[a, k] * A[a, k]
        A[a, a] = math.sqrt(max(total, 1e-12))
        for c in range(a):
            for j in range(m):
                W[a, j] -= A[a, c] * W[c, j]
        for j in range(m):
            W[a, j] /= A[a, a]
    rss = np.zeros(bands)
    for b in range(bands):
        whiten(y[b], f, S, g, Y[b], 0, m)
        for j in range(m):
            rss[b] += Y[b, j] * Y[b, j]
        share = np.zeros(p)
        for a in range(p):
            for j in range(m):
                share[a] += W[a, j] * Y[b, j]
            rss[b] -= share[a] * share[a]
        for a in range(p):
            for j in range(m):
                Y[b, j] -= share[a] * W[a, j]
        rss[b] = max(rss[b], 1e-9)
    return rss
