"""Multivariate alteration detection: the differences of two scenes that linear calibration cannot explain.

Canonical correlation pairs the combinations of bands that agree best; what is left of each pair is a MAD variate. Gain and
offset of either scene do not matter, nor does any other linear mixing of bands (Nielsen, Conradsen & Simpson 1998,
doi:10.1016/S0034-4257(97)00162-4). Iterated, pixels count by how likely it is that they did not change (Nielsen 2007,
doi:10.1109/TIP.2006.888195).

Two things go wrong with the iterations as published. Weights favour pixels that happen to differ little, so that even on
unchanged Gaussian noise its variance comes out too small, the more so with every iteration; the factor is known (``shrunk``)
and divided out, so that the mean weight of unchanged pixels stays one half. And where few pixels agree almost exactly (still
water), they can get all the weight, so that every other pixel counts as changed: ``irmad`` watches the mean weight and keeps
the last iteration before it falls below a bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.detect.bitemporal.pair import Pair, pair

SOUND_SHARE = 0.1
"""Mean weight of pixels below which an iteration is not trusted."""


@dataclass(frozen=True, slots=True)
class Mad:
    """``statistic``: Float32[y, x], NaN = not seen; chi-square with ``bands`` degrees of freedom where nothing changed.

    ``variates``: Float32[band, y, x], standardised, the most correlated pair first; ``correlations``: Float64[band].
    ``share``: mean weight that pixels had, 0 to 1. ``iterations``: how many stand behind it (1 = plain MAD). ``settled``:
    the correlations stopped moving. ``note``: why the iterations were cut short, else "".
    """

    statistic: NDArray[np.float32]
    variates: NDArray[np.float32]
    correlations: NDArray[np.float64]
    share: float
    iterations: int
    settled: bool
    note: str = ""

    @property
    def bands(self) -> int:
        """Degrees of freedom of the statistic."""
        return len(self.correlations)


@dataclass(frozen=True, slots=True)
class _Step:
    """One canonical correlation analysis: ``variates`` Float64[pixel, band], standardised; ``statistic`` Float64[pixel]."""

    variates: NDArray[np.float64]
    statistic: NDArray[np.float64]
    correlations: NDArray[np.float64]


def mad(before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]) -> Mad:
    """One pass, all pixels alike. ``before``, ``after``: Float[band, y, x]; ``valid``: Bool[y, x], True = usable in both.

    Raises ``BadInput`` as ``pair`` does.
    """
    seen = pair(before, after, valid)
    return _told(seen, _step(seen, np.ones(len(seen.before))), 1.0, 1, True, "")


def irmad(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    *,
    iterations: int = 50,
    tolerance: float = 1e-3,
    sound_share: float = SOUND_SHARE,
    consistent: bool = True,
) -> Mad:
    """Iterated until no correlation moves by more than ``tolerance``, or ``iterations`` times; arguments as ``mad``.

    An iteration that would leave pixels a mean weight below ``sound_share`` is not begun: the answer is that of the last
    sound one, and ``note`` says so. ``consistent``: divide ``shrunk`` out; with False and ``sound_share=0`` the iterations
    are those of Nielsen 2007. Raises ``BadInput`` as ``pair`` does.
    """
    from scipy.special import gammaincc

    seen = pair(before, after, valid)
    step, share = _step(seen, np.ones(len(seen.before))), 1.0
    narrower = shrunk(seen.bands) if consistent else 1.0
    for count in range(1, iterations):
        weight = gammaincc(seen.bands / 2, step.statistic / 2)
        if weight.mean() < sound_share:
            note = (
                f"stopped after {count} iterations: the next would have rested on {weight.mean():.1%} of the pixels; "
                "the answer is that of the last sound one"
            )
            return _told(seen, step, share, count, False, note)
        last, step, share = step, _step(seen, weight, narrower), float(weight.mean())
        if np.abs(step.correlations - last.correlations).max() < tolerance:
            return _told(seen, step, share, count + 1, True, "")
    return _told(seen, step, share, iterations, False, f"the correlations still moved after {iterations} iterations")


def shrunk(bands: int) -> float:
    """Weighted variance of noise as a share of its variance, with weights P(chi-square > statistic), ``bands`` degrees.

    E[w T] / (bands E[w]) for T chi-square and w = P(T' > T): the density of T times T is ``bands`` times that with two more
    degrees, so that it is twice the chance of an F of (bands, bands + 2) degrees to exceed (bands + 2) / bands.
    """
    from scipy.special import fdtrc

    return float(2 * fdtrc(bands, bands + 2, (bands + 2) / bands))


def _told(seen: Pair, step: _Step, share: float, count: int, settled: bool, note: str) -> Mad:
    statistic, variates = seen.laid_out(step.statistic), seen.laid_out(step.variates)
    return Mad(statistic, variates, step.correlations, share, count, settled, note)


def _step(seen: Pair, weight: NDArray[np.float64], narrower: float = 1.0) -> _Step:
    """Canonical correlations of the scenes, pixels weighted by ``weight``, Float64[pixel]; ``narrower``: see ``shrunk``."""
    from scipy.linalg import cholesky, solve_triangular, svd

    total = weight.sum()
    centred = [values - weight @ values / total for values in (seen.before, seen.after)]
    whiten = []
    for values in centred:
        cov = (values * weight[:, None]).T @ values / total
        # A band that is constant, or the sum of others, must not stop the rest: a ridge far below any real noise.
        ridge = 1e-9 * max(float(np.trace(cov)) / len(cov), 1e-30)
        whiten.append(cholesky(cov + ridge * np.eye(len(cov)), lower=True))
    cross = (centred[0] * weight[:, None]).T @ centred[1] / total
    between = solve_triangular(whiten[1], solve_triangular(whiten[0], cross, lower=True).T, lower=True).T
    left, correlations, right = svd(between)
    correlations = np.clip(correlations, 0, 1 - 1e-9)
    first = centred[0] @ solve_triangular(whiten[0], left, lower=True, trans="T")
    second = centred[1] @ solve_triangular(whiten[1], right.T, lower=True, trans="T")
    variates = (first - second) * np.sqrt(narrower / (2 * (1 - correlations)))
    return _Step(variates, (variates**2).sum(axis=1), correlations)
