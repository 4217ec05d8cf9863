"""Plain differences of two scenes, after one of them has been brought to the radiometry of the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.detect.bitemporal.pair import Pair, pair

_ROUNDS = 10
_CUT = 4.685
_ENOUGH = 50_000


def normalised(
    before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """``after`` on the scale of ``before``, Float32[band, y, x], and gain and offset by band, Float64[band, 2].

    A line per band through the pixels that lie near it: geometric mean regression, which treats noise in both scenes alike,
    with Tukey's biweight (cut at 4.685 spreads), so that changes do not bend it. Raises ``BadInput`` as ``pair`` does.
    """
    lines = _lines(pair(before, after, valid))
    moved = after * lines[:, 0, None, None] + lines[:, 1, None, None]
    return moved.astype(np.float32), lines


def cva(before: NDArray[np.floating], after: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Length of the change vector over all bands, Float32[y, x] in the unit of the scenes, NaN = not seen in both.

    Change vector analysis (Malila 1980) after ``normalised``. Raises ``BadInput`` as ``pair`` does.
    """
    seen = pair(before, after, valid)
    lines = _lines(seen)
    return seen.laid_out(np.linalg.norm(seen.after * lines[:, 0] + lines[:, 1] - seen.before, axis=1))


def _lines(seen: Pair) -> NDArray[np.float64]:
    """Gain and offset from after to before, Float64[band, 2]."""
    every = max(1, len(seen.before) // _ENOUGH)
    return np.array([_line(seen.after[::every, band], seen.before[::every, band]) for band in range(seen.bands)])


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    weight = np.ones_like(x)
    gain, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        total = weight.sum()
        mx, my = weight @ x / total, weight @ y / total
        sx, sy = weight @ (x - mx) ** 2 / total, weight @ (y - my) ** 2 / total
        gain = float(np.sqrt(sy / sx)) if sx > 0 and sy > 0 else 1.0
        offset = float(my - gain * mx)
        away = y - gain * x - offset
        middle = np.median(away)
        spread = 1.4826 * np.median(np.abs(away - middle))
        if not spread > 0:
            break
        weight = np.clip(1 - ((away - middle) / (_CUT * spread)) ** 2, 0, None) ** 2
    return gain, offset
