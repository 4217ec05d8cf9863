"""The arithmetic of the scan, on ``LANES`` series side by side.

Every array ends in the lane, so that each inner loop is the same operation on neighbouring numbers and compiles to vector
instructions; ``M`` looks, ``p`` columns of the design. Notation: the model of one band is y = X beta + d s_k + u + e, with s_k
the step after gap k, u an Ornstein-Uhlenbeck process of variance ``drift`` and e independent noise of variance 1 / w. Its
covariance is never formed: a Kalman filter whitens (Harvey 1989), and its adjoint run backwards gives s_k' K^-1 v for every k
at once, because s_k is a suffix. ``f``: what the process keeps from one look to the next; ``g``: the filter's gain times f;
``s2``: one over the innovation's variance.
"""

from __future__ import annotations

import numpy as np

from siteline.compiled import vectorised

LANES = 64
SCALE_LOOKS = 4.0
"""Weight of the prior on a series' noise scale, in looks: its estimate from neighbours is good to about this much."""


@vectorised
def filter_forward(x, f, w, y, drift, E, Ey, s2, g, A, R, rss, st, sy, P, M, p):
    """Innovations of columns (``E``) and bands (``Ey``, times s2), Gram matrix ``A``, products ``R``, squares ``rss``."""
    unit = w.dtype.type(1)  # a literal would turn single precision into double
    A[:p, :p] = 0
    R[:] = 0
    rss[:] = 0
    st[:] = 0
    sy[:] = 0
    for l in range(LANES):
        P[l] = drift
    for j in range(M):
        for l in range(LANES):
            s2[j, l] = w[j, l] / (unit + P[l] * w[j, l])
            gain = P[l] * s2[j, l]
            P[l] = f[j, l] * f[j, l] * P[l] * (unit - gain) + drift * (unit - f[j, l] * f[j, l])
            g[j, l] = f[j, l] * gain
        for a in range(p):
            for l in range(LANES):
                e = x[j, a, l] - st[a, l]
                E[j, a, l] = e
                st[a, l] = f[j, l] * st[a, l] + g[j, l] * e
            for c in range(a + 1):
                for l in range(LANES):
                    A[a, c, l] += s2[j, l] * E[j, a, l] * E[j, c, l]
        for b in range(y.shape[0]):
            for l in range(LANES):
                e = y[b, j, l] - sy[b, l]
                sy[b, l] = f[j, l] * sy[b, l] + g[j, l] * e
                Ey[j, b, l] = s2[j, l] * e
                rss[b, l] += s2[j, l] * e * e
            for a in range(p):
                for l in range(LANES):
                    R[b, a, l] += E[j, a, l] * Ey[j, b, l]


@vectorised
def white_forward(x, w, y, A, R, rss, M, p):
    """``filter_forward`` where there is no slow noise: plain weighted sums."""
    A[:p, :p] = 0
    R[:] = 0
    rss[:] = 0
    for j in range(M):
        for a in range(p):
            for c in range(a + 1):
                for l in range(LANES):
                    A[a, c, l] += w[j, l] * x[j, a, l] * x[j, c, l]
        for b in range(y.shape[0]):
            for l in range(LANES):
                rss[b, l] += w[j, l] * y[b, j, l] * y[b, j, l]
            for a in range(p):
                for l in range(LANES):
                    R[b, a, l] += w[j, l] * x[j, a, l] * y[b, j, l]


@vectorised
def solve(A, R, precision, rss, p):
    """Cholesky of A + diag(precision) in place (the diagonal holds its inverse), R <- L^-1 R, rss <- residual squares."""
    unit, least = rss.dtype.type(1), rss.dtype.type(1e-9)
    for a in range(p):
        for l in range(LANES):
            A[a, a, l] += precision[a]
    for i in range(p):
        for k in range(i):
            for l in range(LANES):
                A[i, i, l] -= A[i, k, l] * A[i, k, l]
        for l in range(LANES):
            A[i, i, l] = unit / np.sqrt(max(A[i, i, l], least))
        for j in range(i + 1, p):
            for k in range(i):
                for l in range(LANES):
                    A[j, i, l] -= A[j, k, l] * A[i, k, l]
            for l in range(LANES):
                A[j, i, l] *= A[i, i, l]
    for b in range(R.shape[0]):
        for a in range(p):
            for k in range(a):
                for l in range(LANES):
                    R[b, a, l] -= A[a, k, l] * R[b, k, l]
            for l in range(LANES):
                R[b, a, l] *= A[a, a, l]
                rss[b, l] -= R[b, a, l] * R[b, a, l]
        for l in range(LANES):
            rss[b, l] = max(rss[b, l], least)


@vectorised
def filter_suffixes(f, E, Ey, s2, g, u, c, lam, ly, quad, U, C, Q, M, p):
    """For every k: U = s_k' K^-1 X, C = s_k' K^-1 y, Q = s_k' K^-1 s_k, by the adjoint filter.

    A step's innovations obey b' = (1 - f) + (f - g) b from b = 1, so Q is a quadratic in b that is carried backwards in
    its three coefficients ``quad``.
    """
    unit, two = Q.dtype.type(1), Q.dtype.type(2)
    u[:] = 0
    c[:] = 0
    lam[:] = 0
    ly[:] = 0
    quad[:] = 0
    for j in range(M - 1, -1, -1):
        for a in range(p):
            for l in range(LANES):
                e = s2[j, l] * E[j, a, l]
                u[a, l] += e + g[j, l] * lam[a, l]
                lam[a, l] = (f[j, l] - g[j, l]) * lam[a, l] - e
                U[j, a, l] = u[a, l]
        for b in range(Ey.shape[1]):
            for l in range(LANES):
                e = Ey[j, b, l]
                c[b, l] += e + g[j, l] * ly[b, l]
                ly[b, l] = (f[j, l] - g[j, l]) * ly[b, l] - e
                C[j, b, l] = c[b, l]
        for l in range(LANES):
            r = f[j, l] - g[j, l]
            h = unit - f[j, l]
            quad[2, l] += h * h * quad[0, l] + h * quad[1, l]
            quad[1, l] = two * r * h * quad[0, l] + r * quad[1, l]
            quad[0, l] = s2[j, l] + r * r * quad[0, l]
            Q[j, l] = quad[0, l] + quad[1, l] + quad[2, l]


@vectorised
def white_suffixes(x, w, y, u, c, quad, U, C, Q, M, p):
    """``filter_suffixes`` where there is no slow noise: plain sums from the end."""
    u[:] = 0
    c[:] = 0
    quad[:] = 0
    for j in range(M - 1, -1, -1):
        for a in range(p):
            for l in range(LANES):
                u[a, l] += w[j, l] * x[j, a, l]
                U[j, a, l] = u[a, l]
        for b in range(y.shape[0]):
            for l in range(LANES):
                c[b, l] += w[j, l] * y[b, j, l]
                C[j, b, l] = c[b, l]
        for l in range(LANES):
            quad[0, l] += w[j, l]
            Q[j, l] = quad[0, l]


@vectorised
def fits(A, R, rss, size_var, U, C, Q, ratio, inverse, M, p):
    """What a step at each k explains: U <- L^-1 U, C and Q freed of the design, ``ratio`` = product over bands of
    (residual with the step) / (residual without)."""
    kind = Q.dtype.type
    unit, least, looks, apart = kind(1), kind(1e-6), kind(SCALE_LOOKS), kind(1 / size_var)
    for b in range(R.shape[0]):
        for l in range(LANES):
            inverse[b, l] = unit / (rss[b, l] + looks)
    for j in range(M):
        for l in range(LANES):
            Q[j, l] += apart
        for a in range(p):
            for k in range(a):
                for l in range(LANES):
                    U[j, a, l] -= A[a, k, l] * U[j, k, l]
            for l in range(LANES):
                U[j, a, l] *= A[a, a, l]
                Q[j, l] -= U[j, a, l] * U[j, a, l]
        for l in range(LANES):
            ratio[j, l] = unit
        for b in range(R.shape[0]):
            for a in range(p):
                for l in range(LANES):
                    C[j, b, l] -= U[j, a, l] * R[b, a, l]
            for l in range(LANES):
                ratio[j, l] *= max(unit - C[j, b, l] * C[j, b, l] * inverse[b, l] / Q[j, l], least)
