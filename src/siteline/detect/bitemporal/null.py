"""A false-alarm rate that holds on real scenes: the null distribution is taken from the scene's own bulk.

On real pairs the statistics are not chi-square: noise differs from roof to meadow, bands share it, the season moves all of
it. What did not change is the bulk, so its distribution is fitted there and carried on into the tail (empirical null, Efron
2004, doi:10.1198/016214504000000089). The family: a chi-square whose noise variance itself varies from pixel to pixel as an
inverse gamma is a scaled F distribution; its tail is as heavy as the noise is uneven. It is fitted between two quantiles
(``BULK``): a mixture of water, woods and roofs does not follow one F all the way down, and the changes lie above. The tail
starts from the upper quantile, so that where many pixels changed the rate is smaller than asked, not larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput

BULK: Final = (0.4, 0.9)
"""Quantiles of the statistic between which the null is fitted."""

FEWEST: Final = 500
"""Pixels needed for a null of their own."""

HEAVIEST: Final = 4.0
"""Fewest degrees of freedom of the tail; with fewer the variance of the statistic itself would be infinite."""

_BINS = 100
# The middle of a distribution says little about its lower shape; this much pull (per pixel) keeps it near 8, of ten bands.
_PULL = 0.0001
_USUAL_SHAPE = 8.0


@dataclass(frozen=True, slots=True)
class Null:
    """How a statistic is distributed where nothing changed.

    Above ``start`` it is exceeded as often as ``scale`` x F(``shape``, ``tail``) is, times ``factor``; ``tail`` of a million
    is as good as chi-square.
    """

    scale: float
    shape: float
    tail: float
    factor: float
    start: float

    def p_values(self, statistic: NDArray[np.floating]) -> NDArray[np.float32]:
        """How often unchanged ground shows as much or more, in the shape of ``statistic``; NaN stays NaN.

        Those of a tenth and less are what they say; above, they follow the fitted family, not the histogram.
        """
        from scipy.special import fdtrc

        chance: NDArray[np.float64] = self.factor * fdtrc(
            self.shape, self.tail, np.asarray(statistic, np.float64) / self.scale
        )
        return np.asarray(np.minimum(chance, 1), np.float32)

    def threshold(self, rate: float) -> float:
        """The statistic that unchanged ground exceeds with probability ``rate``, at most a tenth (else ``BadInput``)."""
        from scipy.special import fdtri

        if not 0 < rate <= 1 - BULK[1] + 1e-9:
            raise BadInput(f"a false-alarm rate must lie above 0 and not above {1 - BULK[1]:.2f}, not {rate}")
        return float(self.scale * fdtri(self.shape, self.tail, 1 - rate / self.factor))


def null(statistic: NDArray[np.floating]) -> Null:
    """The null of ``statistic`` (any shape, >= 0, NaN = not seen).

    Raises ``BadInput`` with fewer than ``FEWEST`` pixels, or where many of them do not differ at all.
    """
    from scipy.optimize import minimize
    from scipy.special import fdtr, fdtrc

    seen = np.asarray(statistic, np.float64)
    seen = seen[np.isfinite(seen)]
    if len(seen) < FEWEST:
        raise BadInput(
            f"{len(seen)} pixels are too few to learn what no change looks like ({FEWEST} are needed); take a larger area"
        )
    low, start = np.quantile(seen, BULK)
    if not 0 < low < start:
        raise BadInput("many pixels do not differ at all between the two scenes; is it the same scene twice?")
    edges = np.geomspace(low, start, _BINS + 1)
    counts = np.histogram(seen, edges)[0] / len(seen)

    def family(log_parameters: NDArray[np.float64]) -> tuple[float, float, float]:
        scale, shape, tail = np.exp(np.clip(log_parameters, -20, 13.8))
        return float(scale * low), float(shape), HEAVIEST + float(tail)

    def loss(log_parameters: NDArray[np.float64]) -> float:
        scale, shape, tail = family(log_parameters)
        chance = np.maximum(np.diff(fdtr(shape, tail, edges / scale)), 1e-300)
        return -float(counts @ np.log(chance / chance.sum())) + _PULL * float(np.log(shape / _USUAL_SHAPE)) ** 2

    first = np.log([1.0, _USUAL_SHAPE, 8.0])
    scale, shape, tail = family(minimize(loss, first, method="Nelder-Mead", options={"maxiter": 2000}).x)
    return Null(scale, shape, tail, float((1 - BULK[1]) / fdtrc(shape, tail, start / scale)), float(start))


def decide(statistic: NDArray[np.floating], rate: float) -> NDArray[np.bool_]:
    """Changed, Bool in the shape of ``statistic``: unchanged ground is taken for changed with probability ``rate``.

    Not seen (NaN) is not changed. Raises ``BadInput`` as ``null`` and ``Null.threshold`` do.
    """
    return np.asarray(statistic > null(statistic).threshold(rate))
