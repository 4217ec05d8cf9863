"""Two scenes of one place as rows of numbers: checked once, so that the methods need not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput

FEWEST_PER_BAND = 10
"""Pixels per band below which covariances of bands mean nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """``before``, ``after``: Float64[pixel, band] of the pixels both scenes show; ``ok``: Bool[y, x], which they are."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    ok: NDArray[np.bool_]

    @property
    def bands(self) -> int:
        """How many bands there are."""
        return int(self.before.shape[1])

    def laid_out(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Float[pixel] or Float[pixel, n] back in place: Float32[y, x] or Float32[n, y, x], NaN where not seen."""
        out = np.full((*values.shape[1:], *self.ok.shape), np.nan, np.float32)
        out[..., self.ok] = values.T
        return out


def shared(before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bool[y, x]: pixels of ``before`` and ``after``, Float[band, y, x], that are ``valid`` and finite in every band.

    Raises ``BadInput`` where shapes differ, or where too few pixels are left for the number of bands.
    """
    if before.ndim != 3 or before.shape != after.shape or valid.shape != before.shape[1:]:
        raise BadInput(
            "two scenes must have one shape of bands, rows and columns, and the mask that of one band, "
            f"not {before.shape}, {after.shape} and {valid.shape}; load both onto one grid (siteline.load)"
        )
    ok = valid & np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0)
    count, need = int(np.count_nonzero(ok)), FEWEST_PER_BAND * before.shape[0]
    if count < need:
        raise BadInput(
            f"both scenes show only {count} pixels together where {need} are needed for {before.shape[0]} bands; "
            "choose scenes with less cloud, a larger area, or fewer bands"
        )
    return np.asarray(ok)


def pair(before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]) -> Pair:
    """The pixels that ``shared`` names, as rows; raises as it does."""
    ok = shared(before, after, valid)
    return Pair(before[:, ok].T.astype(np.float64), after[:, ok].T.astype(np.float64), ok)
