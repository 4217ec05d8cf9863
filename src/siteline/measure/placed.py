"""One footprint laid in many places: its contrast series there, and what a change of known size would do to them.

The real footprint goes through the same arithmetic as its placebos, so that nothing but the place differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area
from siteline.measure.bands import LEAST_SHARE
from siteline.measure.pixels import Pixels
from siteline.measure.placedkernels import mean_difference, square_difference

MOST: Final = 400
"""Most places a footprint is laid in."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Laid:
    """A footprint and its ring, and where else they lie: ``offsets``, Int64[place, 2] (rows down, columns right)."""

    foot: Area
    around: Area
    offsets: NDArray[np.int64]


def lay(foot: Area, around: Area, taken: NDArray[np.bool_], seed: int, most: int = MOST) -> Laid:
    """Lay ``foot`` in at most ``most`` places, drawn evenly from all where neither it nor its ring meets Bool[y, x]
    ``taken`` or leaves the grid. Places may overlap where the image is small; they are then not independent."""
    height, width = taken.shape
    rows = np.concatenate([foot.rows, around.rows])
    cols = np.concatenate([foot.cols, around.cols])
    downs = np.arange(-rows.min(), height - rows.max())
    rights = np.arange(-cols.min(), width - cols.max())
    free: list[tuple[int, int]] = []
    for at in np.random.default_rng(seed).permutation(len(downs) * len(rights)):
        down, right = int(downs[at // len(rights)]), int(rights[at % len(rights)])
        if not taken[rows + down, cols + right].any():
            free.append((down, right))
            if len(free) == most:
                break
    return Laid(foot, around, np.array(sorted(free), dtype=np.int64).reshape(-1, 2))


def contrasts(numbers: NDArray[np.float32], laid: Laid) -> NDArray[np.float32]:
    """Contrast against the ring at the footprint's own place and at every other: Float32[1 + place, band, time].

    ``numbers``: Float32[time, band, y, x] (``numbers_of``). Weighted mean of the usable pixels of the footprint minus that
    of the ring's; in decibels for radar. NaN where less than half of either is usable.
    """
    return mean_difference(
        numbers, laid.foot.rows, laid.foot.cols, laid.foot.weights, laid.around.rows, laid.around.cols, laid.around.weights,
        laid.foot.full, laid.around.full, _with_own(laid.offsets), LEAST_SHARE,
    )  # fmt: skip


def usable(pixels: Pixels) -> NDArray[np.bool_]:
    """Bool[time, y, x], the pixels that may be used and have a number in every band (radar: one in decibels)."""
    good = pixels.valid.copy()
    for band in range(len(pixels.bands)):
        good &= np.isfinite(pixels.values[:, band])
        if pixels.radar:
            good &= pixels.values[:, band] > 0
    return good


def effects(
    good: NDArray[np.bool_],
    laid: Laid,
    side_m: float,
    blur_px: float,
    ground_m: float,
    ratio: float = 0.0,
    shift_px: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float32]:
    """What a square of ``side_m`` metres in the middle of the footprint adds to its contrast, Float32[1 + place, time].

    ``good``: Bool[time, y, x] (``usable``). In units of the change of one pixel that it fills, blurred by a point spread of
    ``blur_px`` (standard deviation, pixels); the scenes' own usable pixels count. ``ratio``: for radar, by how much
    backscatter is multiplied; the result is in dB. ``shift_px``: (down, right), by which the scene lies wrong.
    """
    cover = square(laid.foot, side_m / ground_m, blur_px, shift_px)
    if ratio:
        cover = np.where(cover > 0, 10 * np.log10(np.maximum(1 + cover * (ratio - 1), 1e-3)), 0.0)
    return square_difference(
        good, laid.foot.rows, laid.foot.cols, laid.foot.weights, laid.around.rows, laid.around.cols, laid.around.weights,
        laid.foot.full, laid.around.full, cover.astype(np.float32), _with_own(laid.offsets), LEAST_SHARE,
    )  # fmt: skip


def square(foot: Area, side_px: float, blur_px: float, shift_px: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float32]:
    """Share of each pixel that a square at the footprint's centre fills, blurred, Float32[y, x], on a grid that holds both.

    Row 0 and column 0 are ``margin`` pixels before the footprint's first (``margin_px``).
    """
    from scipy.ndimage import gaussian_filter

    margin = margin_px(side_px)
    height = int(np.ptp(foot.rows)) + 1 + 2 * margin
    width = int(np.ptp(foot.cols)) + 1 + 2 * margin
    total = foot.weights.sum()
    centre = (
        float((foot.weights * (foot.rows - foot.rows.min() + 0.5)).sum() / total) + margin + shift_px[0],
        float((foot.weights * (foot.cols - foot.cols.min() + 0.5)).sum() / total) + margin + shift_px[1],
    )
    shares = [
        np.clip(np.minimum(np.arange(n) + 1, c + side_px / 2) - np.maximum(np.arange(n), c - side_px / 2), 0, 1)
        for n, c in ((height, centre[0]), (width, centre[1]))
    ]
    made: NDArray[np.float32] = gaussian_filter(np.outer(*shares), blur_px, mode="constant", truncate=4).astype(np.float32)
    return made


def margin_px(side_px: float) -> int:
    """Pixels around a footprint that a square of ``side_px`` and its blur may reach."""
    return int(np.ceil(side_px / 2)) + 6


def numbers_of(pixels: Pixels) -> NDArray[np.float32]:
    """Float32[time, band, y, x], calibrated as ``Pixels.of`` reads them, NaN where not usable."""
    if pixels.radar:
        with np.errstate(invalid="ignore", divide="ignore"):
            numbers = 10 * np.log10(np.where(pixels.values > 0, pixels.values, np.float32(np.nan)))
    else:
        numbers = pixels.values.copy()
        if np.any(pixels.level != 0) or np.any(pixels.gain != 1):
            numbers -= pixels.level[..., None, None].astype(np.float32)
            numbers /= pixels.gain[..., None, None].astype(np.float32)
    numbers[~np.broadcast_to(pixels.valid[:, None], numbers.shape) | ~np.isfinite(numbers)] = np.nan
    return numbers


def _with_own(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros((1, 2), dtype=np.int64), offsets])
