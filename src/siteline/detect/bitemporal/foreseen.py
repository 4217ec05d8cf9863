"""What one scene lets expect of the other: season, haze and calibration change like with like.

A meadow in May is a brown field in October, everywhere in the scene at once. What a pixel's spectrum in one scene says of
its spectrum in the other is a regression over the scene itself, robust, since what changes otherwise is rare. Only what it
does not explain is left. It is done in both directions and the smaller remainder counts: ground of a rare kind is badly
foreseen from the scene in which it is rare, without having changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.bitemporal.pair import shared

HAZE: Final = 0.1
"""Reflectance added before logarithms are taken: what the air adds, and so that dark ground does not fill the map."""

_ROUNDS = 6
_CUT = 3.0
_ENOUGH = 30_000
_AT_ONCE = 1 << 18
_RIDGE = 1e-6

Values = NDArray[np.floating]


def unforeseen(before: Values, after: Values, valid: NDArray[np.bool_], bands: Sequence[str]) -> NDArray[np.float32]:
    """How much more than foreseen each band changed: Float32[band, y, x], >= 0, natural logarithms, NaN = not seen.

    ``before``, ``after``: reflectance, Float[band, y, x], of ``bands`` (common names); ``valid``: Bool[y, x]. With ``red``
    and ``nir`` among them the regression knows plants. Raises ``BadInput`` as ``pair.shared`` does.
    """
    ok = shared(before, after, valid)
    rows = [np.log(np.maximum(scene[:, ok].T, 0) + HAZE).astype(np.float32) for scene in (before, after)]
    plants = [greenness(scene[:, ok], bands).astype(np.float32) for scene in (before, after)]
    left = np.minimum(_remainder(rows[0], plants[0], rows[1] - rows[0]), _remainder(rows[1], plants[1], rows[0] - rows[1]))
    out = np.full(before.shape, np.nan, np.float32)
    out[:, ok] = left.T
    return out


def greenness(scene: Values, bands: Sequence[str]) -> Values:
    """(nir - red) / (nir + red + 0.05), Float[...] for ``scene`` Float[band, ...]; 0 where ``bands`` lack one of the two.

    The 0.05 keeps shadow and water, where both are near zero, from passing for plants.
    """
    if "red" not in bands or "nir" not in bands:
        return np.zeros_like(scene[0])
    red, nir = scene[bands.index("red")], scene[bands.index("nir")]
    return np.asarray((nir - red) / (np.maximum(nir, 0) + np.maximum(red, 0) + 0.05))


def _remainder(row: NDArray[np.float32], green: NDArray[np.float32], change: NDArray[np.float32]) -> NDArray[np.float32]:
    """Size of what ``row`` (logarithms, Float[pixel, band]) and ``green`` do not foresee of ``change``."""
    every = max(1, len(row) // _ENOUGH)
    terms = _terms(row[::every], green[::every]).astype(np.float64)
    coefficients = _regression(terms, change[::every].astype(np.float64)).astype(np.float32)
    out = np.empty_like(change)
    for start in range(0, len(row), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        out[part] = np.abs(change[part] - _terms(row[part], green[part]) @ coefficients)
    return out


def _terms(row: NDArray[np.float32], green: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32[pixel, term]: a constant, every band and its square, greenness and its square."""
    return np.column_stack([np.ones_like(green), row, row**2, green, green**2])


def _regression(terms: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients, Float64[term, band], by iterated least squares; Tukey's biweight over all bands together."""
    weight = np.ones(len(terms))
    coefficients: NDArray[np.float64] = np.zeros((terms.shape[1], change.shape[1]))
    for _ in range(_ROUNDS):
        weighted = terms * weight[:, None]
        ridge = _RIDGE * max(float(weight.sum()), 1.0) * np.eye(terms.shape[1])
        coefficients = np.asarray(np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ change), np.float64)
        away = change - terms @ coefficients
        spread = 1.4826 * np.median(np.abs(away), axis=0)
        # A spread of nothing (the same scene twice) must not divide.
        far = np.sqrt(np.mean((away / np.maximum(spread, 1e-9)) ** 2, axis=1))
        weight = np.asarray(np.clip(1 - (far / _CUT) ** 2, 0, None) ** 2)
        if not weight.any():
            break
    return coefficients
