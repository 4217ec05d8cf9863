"""Clouds, their shadows and snow where a scene has no mask layer: against the site's own history.

A cloud is brighter in the shortest visible band than the same ground both before and after it. Ground that changes for good
(a roof, a cleared field) is like what comes after, or like what was before, so that it is no cloud. In order:

1. means over cells of about 20 m of blue (else green, red), green, near infrared and short-wave infrared;
2. per cell, the level before and the level after: the lower third of the ``NEAREST`` scenes on each side, then again the
   median of those that were not found cloudy;
3. excess = brightness - the higher of the two levels. What most of a scene exceeds alike is haze or calibration: where its
   clearest tenth exceeds by more than ``HAZE``, and more than is usual here, all of it is marked; less is taken off;
4. cloud where the excess is above ``BRIGHTER`` and above ``SPREADS`` spreads of the cell's own history, in patches of at
   least ``PATCH_M`` squared;
5. shadow where near infrared is below ``DARKER`` of the lower of its two levels, in such patches, where a cloud of the scene
   can cast it from the sun; also without a cloud, which may lie beyond the edge, where it is below ``MUCH_DARKER``;
6. what lies amid them: where more than ``MOSTLY`` of the cells within ``AROUND_M`` are marked;
7. snow where green is bright and (green - swir16) / (green + swir16) > 0.4 (NDSI; Dozier 1989,
   doi:10.1016/0034-4257(89)90101-6).

The idea of a time series as its own cloud reference is that of MTCD (Hagolle et al. 2010, doi:10.1016/j.rse.2010.03.002);
the rules here are simpler, their numbers tuned on half of the dates of one forest site (``benchmarks/cube_masks.py``
measures on the other half). Limits: thin cirrus passes; a change in the last scene that is bright and larger than a patch
is taken for a cloud until a later scene shows it again; ground that is flooded or under snow in one scene alone can be taken
for shadow or cloud; fewer than ``FEWEST`` scenes are no history, and clouds are then not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.reasons import Reason

FEWEST: Final = 5
NEAREST = 4
BRIGHTER = 0.02
SPREADS = 3.0
HAZE = 0.03
DARKER = 0.75
MUCH_DARKER = 0.6
MOSTLY = 0.2
PATCH_M: Final = 50.0
AROUND_M: Final = 800.0

_NDSI: Final = 0.4
_SNOW_GREEN: Final = 0.15
_REACH_M: Final = 2000.0

Layers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class History:
    """What the site looked like: Float32[time, row, col] of cells, NaN = not seen, in order of time.

    ``bright``: blue, or the shortest visible band there is; ``nir``, ``green``, ``swir16``: None where scenes lack them.
    ``known``: Bool[time, row, col], True = a mask layer already says that the cell is not usable. ``sun``: azimuth in
    degrees by scene, None = not known. ``cell_m``: metres per cell.
    """

    bright: Layers
    nir: Layers | None
    green: Layers | None
    swir16: Layers | None
    known: NDArray[np.bool_]
    sun: Sequence[float | None]
    cell_m: float


def detect(history: History) -> NDArray[np.uint8] | None:
    """Reasons by scene and cell, Uint8[time, row, col]: 0, CLOUD, SHADOW or SNOW; None with too few scenes to tell."""
    seen = np.isfinite(history.bright)
    with_data = seen.any(axis=(1, 2))
    if np.count_nonzero(with_data) < FEWEST:
        return None
    snow = _snow(history)
    aside = history.known | snow
    before, after = _levels(history.bright, ~aside & seen, share=1 / 3)
    excess = history.bright - np.fmax(before, after)
    clouded = aside | (excess > 2 * BRIGHTER)
    before, after = _levels(history.bright, ~clouded & seen, share=1 / 2)
    excess = history.bright - np.fmax(before, after)
    cloud = _cloud(history, excess, snow, seen)
    codes = np.where(cloud, np.uint8(Reason.CLOUD), np.uint8(0)).astype(np.uint8)
    if history.nir is not None:
        codes[_shadow(history, history.nir, cloud | aside) & ~cloud] = Reason.SHADOW
    codes[_amid(codes > 0, seen, history.cell_m) & (codes == 0)] = Reason.CLOUD
    codes[snow & ~cloud] = Reason.SNOW
    return codes


def cells(layer: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Means over cells of ``side`` x ``side`` pixels of Float32[y, x]; NaN where less than half have a number."""
    height, width = layer.shape
    rows, cols = -(-height // side), -(-width // side)
    padded = np.full((rows * side, cols * side), np.nan, dtype=np.float32)
    padded[:height, :width] = layer
    blocks = padded.reshape(rows, side, cols, side)
    held = np.isfinite(blocks)
    count = held.sum(axis=(1, 3))
    due = np.minimum(np.arange(1, rows + 1) * side, height) - np.arange(rows) * side
    due_across = np.minimum(np.arange(1, cols + 1) * side, width) - np.arange(cols) * side
    total = np.where(held, blocks, np.float32(0)).sum(axis=(1, 3), dtype=np.float32)
    enough = 2 * count >= np.maximum(due[:, None] * due_across[None, :], 1)
    return np.where(enough, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _levels(values: Layers, usable: NDArray[np.bool_], share: float) -> tuple[Layers, Layers]:
    """Levels before and after each scene: the ``share`` quantile of the nearest usable values; NaN where there are none."""
    held = np.where(usable, values, np.inf).astype(np.float32)
    before, after = np.full_like(held, np.nan), np.full_like(held, np.nan)
    dated = np.flatnonzero(usable.any(axis=(1, 2)))
    for t in range(len(values)):
        earlier, later = dated[dated < t][-NEAREST:], dated[dated > t][:NEAREST]
        for at, out in ((earlier, before), (later, after)):
            if at.size:
                out[t] = _quantile(held[at], share)
    return before, after


def _quantile(values: Layers, share: float) -> NDArray[np.float32]:
    """The lower ``share`` quantile over the first axis of values that are inf where there is none; NaN where none is."""
    ordered = np.sort(values, axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    place = np.maximum(np.ceil(count * share).astype(np.intp) - 1, 0)
    found = np.take_along_axis(ordered, place[None], axis=0)[0]
    return np.where(count > 0, found, np.nan).astype(np.float32)


def _cloud(history: History, excess: Layers, snow: NDArray[np.bool_], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    calm = np.where((np.abs(excess) < 2 * BRIGHTER) & ~history.known, np.abs(excess), np.inf).astype(np.float32)
    spread = 1.4826 * np.nan_to_num(_quantile(calm, 0.5), nan=0.0)
    open_ground = np.isfinite(excess) & ~snow
    common = np.array(
        [np.quantile(layer[there], 0.1) if there.any() else np.nan for layer, there in zip(excess, open_ground, strict=True)]
    )
    known = common[np.isfinite(common)]
    usual = 1.4826 * float(np.median(np.abs(known - np.median(known)))) if known.size else 0.0
    cloud = np.zeros(excess.shape, dtype=bool)
    for t, layer in enumerate(excess):
        if common[t] > max(HAZE, SPREADS * usual):
            cloud[t] = seen[t] & ~snow[t]
        elif open_ground[t].any():
            rest = layer - max(common[t], 0.0)
            cloud[t] = _patches(open_ground[t] & (rest > np.maximum(BRIGHTER, SPREADS * spread)), history.cell_m)
    return cloud


def _shadow(history: History, nir: Layers, aside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    usable = np.isfinite(nir) & ~aside
    before, after = _levels(nir, usable, share=1 / 2)
    level = np.fmin(before, after)
    shadow = np.zeros(nir.shape, dtype=bool)
    for t in range(len(nir)):
        open_ground = usable[t] & np.isfinite(level[t]) & (level[t] > 0)
        share = np.where(open_ground, nir[t] / np.where(open_ground, level[t], 1), 1.0)
        if not open_ground.any():
            continue
        common = float(np.quantile(share[open_ground], 0.9))
        if common < MUCH_DARKER:
            shadow[t] = open_ground
            continue
        share = share / min(common, 1.0)
        deep, some = share < MUCH_DARKER, share < DARKER
        if some.any():
            shadow[t] = _patches(deep | (some & _cast(aside[t], history.sun[t], history.cell_m)), history.cell_m)
    return shadow


def _cast(cloud: NDArray[np.bool_], sun: float | None, cell_m: float) -> NDArray[np.bool_]:
    """Where clouds can cast a shadow: away from the sun up to ``_REACH_M``; all around where the sun is not known."""
    if not cloud.any():
        return np.zeros(cloud.shape, dtype=bool)
    if sun is None:
        return np.ones(cloud.shape, dtype=bool)
    cast = np.zeros(cloud.shape, dtype=bool)
    rows, cols = np.nonzero(cloud)
    away = np.radians(sun + 180.0)
    for metres in np.arange(0.0, _REACH_M + cell_m, cell_m):
        r = np.round(rows - np.cos(away) * metres / cell_m).astype(np.intp)
        c = np.round(cols + np.sin(away) * metres / cell_m).astype(np.intp)
        within = (r >= 0) & (r < cloud.shape[0]) & (c >= 0) & (c < cloud.shape[1])
        if not within.any():
            break
        cast[r[within], c[within]] = True
    return cast


def _amid(marked: NDArray[np.bool_], seen: NDArray[np.bool_], cell_m: float) -> NDArray[np.bool_]:
    """Where more than ``MOSTLY`` of what is seen within ``AROUND_M`` is marked: the gaps of broken cloud are not clear."""
    from scipy.ndimage import uniform_filter

    size = (1, *(min(int(AROUND_M / cell_m) | 1, 2 * side - 1) for side in marked.shape[1:]))
    share = uniform_filter((marked & seen).astype(np.float32), size, mode="constant")
    of = uniform_filter(seen.astype(np.float32), size, mode="constant")
    return np.asarray(seen & (share > MOSTLY * of))


def _snow(history: History) -> NDArray[np.bool_]:
    if history.green is None or history.swir16 is None:
        return np.zeros(history.bright.shape, dtype=bool)
    total = history.green + history.swir16
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (history.green - history.swir16) / total
    return (total > 0) & (index > _NDSI) & (history.green > _SNOW_GREEN)


def _patches(marked: NDArray[np.bool_], cell_m: float) -> NDArray[np.bool_]:
    """``marked`` without patches smaller than ``PATCH_M`` squared: small bright things are things."""
    from scipy.ndimage import label

    least = (PATCH_M / cell_m) ** 2
    if least <= 1 or not marked.any():
        return marked
    numbers, found = label(marked, structure=np.ones((3, 3), dtype=int))
    sizes = np.bincount(numbers.ravel(), minlength=found + 1)
    keep = sizes >= least
    keep[0] = False
    return np.asarray(keep[numbers])
