"""What is assumed before the images speak: how changes come about, and how series behave without one.

Nothing here is hidden in the kernel: both are arguments of every function that dates, and are printed beside the answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput


@dataclass(frozen=True, slots=True)
class Prior:
    """How a change comes about, in standard deviations of the series' own noise.

    ``change``: P(one change or more) in the whole series; ``second``: P(two | one or more). A change lies in a gap between
    looks with probability proportional to the gap's length in days. ``size_sd``: its size in each band ~ N(0, size_sd^2).
    ``ramp``: P(it is gradual), over ``ramp_days`` with equal shares, else a step. ``season``: P(the yearly cycle changes
    with it), its first harmonic by N(0, season_sd^2). ``min_looks``: looks that a level must last at least. ``slow``: share
    of gradual ones that begin and end gently; the kernel's ramps are straight, but changes injected to see how far its
    intervals hold need not be. Raises ``BadInput``.
    """

    change: float = 0.5
    second: float = 0.1
    size_sd: float = 3.0
    ramp: float = 0.3
    ramp_days: tuple[float, ...] = (30.0, 60.0, 90.0, 120.0, 150.0, 180.0)
    season: float = 0.5
    season_sd: float = 1.0
    min_looks: int = 4
    slow: float = 0.0

    def __post_init__(self) -> None:
        """Check once, at birth."""
        shares = {"change": self.change, "second": self.second, "ramp": self.ramp, "season": self.season}
        for name, share in shares.items():
            if not 0 <= share < 1:
                raise BadInput(f"prior: {name} is a probability of at least 0 and below 1, not {share:g}")
        if not 0 <= self.slow <= 1:
            raise BadInput(f"prior: slow is a share of 0 to 1, not {self.slow:g}")
        if not (self.size_sd > 0 and self.season_sd > 0 and self.min_looks >= 1):
            raise BadInput("prior: size_sd and season_sd must be above 0, min_looks at least 1")
        if any(not 0 < days < 5000 for days in self.ramp_days):
            raise BadInput("prior: ramp_days must be lengths in days above 0 (a step is always among the shapes)")

    def named(self) -> Mapping[str, float]:
        """The numbers by name, for the record."""
        shown = ("change", "second", "size_sd", "ramp", "season", "season_sd", "min_looks", "slow")
        return {name: float(getattr(self, name)) for name in shown}


@dataclass(frozen=True, slots=True)
class Noise:
    """How a series behaves without a change; fitted to a stack's own control series by ``detect.noise.fit_noise``.

    ``mix``: Float[band, band], takes bands to uncorrelated ones of unit noise. ``drift``: variance of the slow noise
    (Ornstein-Uhlenbeck) in units of the noise of one look, 0 = none; ``memory_days``: its correlation time. ``yearly_sd``:
    how much the yearly cycle varies from year to year, 0 = not at all; ``trend_sd``: slope per year; both in standard
    deviations. ``harmonics``: of the yearly cycle. ``outliers``: share of looks that show something else (a cloud that was
    not masked, a shadow, snow), in all bands, spread by ``outlier_sd``; the others are Gaussian.
    """

    mix: NDArray[np.float64]
    drift: float = 0.0
    memory_days: float = 40.0
    yearly_sd: float = 0.0
    trend_sd: float = 0.1
    harmonics: int = 2
    outliers: float = 0.05
    outlier_sd: float = 6.0

    def __post_init__(self) -> None:
        """Check once, at birth."""
        if self.mix.ndim != 2 or self.mix.shape[0] != self.mix.shape[1] or not np.isfinite(self.mix).all():
            raise BadInput("noise: mix must be a square matrix of finite numbers, one row a band")
        if not (self.drift >= 0 and self.memory_days > 0 and self.yearly_sd >= 0 and self.trend_sd > 0):
            raise BadInput("noise: drift and yearly_sd must be at least 0; memory_days and trend_sd above 0")
        if not (0 < self.outliers <= 0.5 and self.outlier_sd > 1):
            raise BadInput("noise: outliers is a share above 0 and at most 0.5, outlier_sd above 1")
        if not 0 <= self.harmonics <= 4:
            raise BadInput("noise: harmonics must be 0 to 4")

    @property
    def doubt(self) -> float:
        """Squared distance, in noise variances summed over bands, at which a look is as likely an outlier as not."""
        odds = (1 - self.outliers) / self.outliers
        return 2 * (math.log(odds) + len(self.mix) * math.log(self.outlier_sd))

    @classmethod
    def plain(cls, bands: int) -> Noise:
        """White noise on ``bands`` independent bands: an assumption, not a fit."""
        return cls(np.eye(bands))
