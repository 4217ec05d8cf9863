"""siteline's own map of two scenes: where something was built, dismantled or cleared, not grown, dried or lit otherwise.

Four things make the score; none of them is learned, and one set of numbers serves every place:

1. contrast: the visible bands, and short-wave infrared at half weight, beyond what is foreseen (``foreseen.unforeseen``).
   Near infrared is left out, for it shows plants; where both scenes are green contrast counts less;
2. pattern: works replace what the eye would match, seasons and sun only shade it. One minus the correlation of both scenes'
   brightness within some 30 m says how little of the pattern is left;
3. size: works are larger than a pixel. The product is averaged over 15 m and over 60 m, and the geometric mean taken: both
   the place itself and its surroundings must have changed, while edges stay sharper than those of the larger mean;
4. objects, for the decision: hysteresis and a least area (``objects.objects``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.bitemporal.foreseen import HAZE, greenness, unforeseen
from siteline.detect.bitemporal.null import BULK, FEWEST, null
from siteline.detect.bitemporal.objects import Objects, objects
from siteline.model.errors import BadInput

WEIGHTS: Final = {"blue": 1.0, "green": 1.0, "red": 1.0, "swir16": 0.5, "swir22": 0.5}
"""Bands that make the contrast; ``nir`` and ``red`` tell plants from the rest. Others are not used."""

NEAR_M: Final = 15.0
FAR_M: Final = 60.0
PATTERN_M: Final = 30.0
"""Standard deviations of Gaussian windows, in metres."""

HIGH: Final = 0.15
LOW: Final = 0.10
LEAST_M2: Final = 900.0
RATE: Final = 0.01
LOUDEST: Final = 2.0
"""The map's own decision: scores of at least ``LOW`` that touch and reach ``HIGH``, of at least this area. In a scene so
restless that its own bulk would reach ``HIGH`` with a probability above ``RATE``, both are raised, ``LOUDEST``-fold at most:
where much of a small scene did change, that is no restlessness."""

_GREEN = 0.8
_FLAT = 5e-4
_LEAST = 0.02

Layer = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Built:
    """``score``: Float32[y, x], 0 = as foreseen, NaN = not seen; ``objects``: what the map calls changed; ``high``: the
    score that each of them reaches somewhere.

    The score is a contrast in natural logarithms, lowered where the pattern is still there; it means the same in all scenes.
    """

    score: Layer
    objects: Objects
    high: float

    @property
    def changed(self) -> NDArray[np.bool_]:
        """Bool[y, x], True = within an object."""
        return np.asarray(self.objects.labels > 0)


def built(
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    valid: NDArray[np.bool_],
    bands: Sequence[str],
    *,
    pixel_m: float,
) -> Built:
    """Change of what is built between two scenes.

    ``before``, ``after``: reflectance (0 to 1), Float[band, y, x], aligned to a fraction of a pixel; ``bands``: their common
    names; ``valid``: Bool[y, x], no cloud in either; ``pixel_m``: metres per pixel. Raises ``BadInput`` without a visible
    band, or as ``pair.shared`` does.
    """
    used = [band for band in bands if band in WEIGHTS or band == "nir"]
    visible = [band for band in ("blue", "green", "red") if band in used]
    if not visible or len(bands) != len(before) or not pixel_m > 0:
        raise BadInput(
            f"a map of what is built needs blue, green or red, a name for each of {len(before)} bands and the pixel size, "
            f"not {', '.join(bands) or 'none'} at {pixel_m:g} m"
        )
    taken = [list(bands).index(band) for band in used]
    first, second = before[taken], after[taken]
    left = unforeseen(first, second, valid, used)
    ok = np.isfinite(left[0])
    weights = np.array([WEIGHTS.get(band, 0.0) for band in used], np.float32)
    contrast = np.sqrt(np.tensordot(weights**2, np.where(ok, left, 0) ** 2, 1))
    green = np.minimum(greenness(first, used), greenness(second, used))
    contrast *= 1 - _GREEN * np.clip(np.where(ok, green, 0), 0, 1)
    seen = [used.index(band) for band in visible]
    pattern = _pattern(_brightness(first[seen], ok), _brightness(second[seen], ok), ok, PATTERN_M / pixel_m)
    product = contrast * np.sqrt(pattern + _LEAST)
    score = np.sqrt(_mean(product, ok, NEAR_M / pixel_m) * _mean(product, ok, FAR_M / pixel_m))
    score = np.where(ok, score, np.nan).astype(np.float32)
    high = _restless(score)
    least = max(1, round(LEAST_M2 / pixel_m**2))
    return Built(score, objects(score, high=high, low=high * LOW / HIGH, least_pixels=least, least_width=1.0), high)


def _restless(score: Layer) -> float:
    """``HIGH``, or more where unchanged ground of this scene would reach it too often."""
    seen = score[np.isfinite(score)]
    if len(seen) < FEWEST or np.quantile(seen, BULK[1]) < LOW / LOUDEST:
        return HIGH
    return float(np.clip(null(seen).threshold(RATE), HIGH, LOUDEST * HIGH))


def _brightness(visible: NDArray[np.floating], ok: NDArray[np.bool_]) -> Layer:
    """Mean logarithm of the visible bands, 0 where not seen."""
    logs = np.log(np.maximum(np.where(ok, visible, 0), 0) + HAZE)
    return np.asarray(logs.mean(axis=0), np.float32)


def _pattern(one: Layer, other: Layer, ok: NDArray[np.bool_], sigma: float) -> Layer:
    """0 where both have the same pattern, 1/2 where none is shared, 1 where it is turned round; about 0 on flat ground."""
    mean_one, mean_other = _mean(one, ok, sigma), _mean(other, ok, sigma)
    common = _mean(one * other, ok, sigma) - mean_one * mean_other
    spread_one = np.maximum(_mean(one**2, ok, sigma) - mean_one**2, 0)
    spread_other = np.maximum(_mean(other**2, ok, sigma) - mean_other**2, 0)
    correlation = (common + _FLAT) / np.sqrt((spread_one + _FLAT) * (spread_other + _FLAT))
    return np.asarray(np.clip((1 - correlation) / 2, 0, 1), np.float32)


def _mean(values: Layer, ok: NDArray[np.bool_], sigma: float) -> Layer:
    """Gaussian mean of the pixels seen, Float32[y, x]."""
    from scipy.ndimage import gaussian_filter

    weight = gaussian_filter(ok.astype(np.float32), sigma)
    total = gaussian_filter(np.where(ok, values, 0).astype(np.float32), sigma)
    return np.asarray(total / np.maximum(weight, 1e-3), np.float32)
