"""From a map of scores to objects: what holds together, is strong enough somewhere, and is neither a speck nor a sliver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput

_EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True, slots=True)
class ChangedObject:
    """One object. ``label``: its number in ``Objects.labels``; ``pixels``: how many; ``peak``, ``mean``: of its scores.

    ``rows``, ``cols``: the range it spans, end not included. ``centre``: mean row and column. ``width``: diameter of the
    largest disc inside, in pixels (1 for a line of single pixels). ``elongation``: long over short axis of the ellipse with
    the same second moments, 1 or more.
    """

    label: int
    pixels: int
    peak: float
    mean: float
    rows: tuple[int, int]
    cols: tuple[int, int]
    centre: tuple[float, float]
    width: float
    elongation: float


@dataclass(frozen=True, slots=True)
class Objects:
    """``labels``: Int32[y, x], 0 = none; ``found``: the objects, the highest peak first, label 1 being the first."""

    labels: NDArray[np.int32]
    found: Sequence[ChangedObject]


def objects(
    score: NDArray[np.floating], *, high: float, low: float, least_pixels: int = 4, least_width: float = 2.0
) -> Objects:
    """Objects of ``score``, Float[y, x], NaN = not seen: pixels of at least ``low`` that touch, at an edge or a corner.

    Each must reach ``high`` somewhere (hysteresis, Canny 1986, doi:10.1109/TPAMI.1986.4767851), have ``least_pixels`` and be
    ``least_width`` pixels wide: slivers along edges are what a scene a fraction of a pixel off leaves behind.
    Raises ``BadInput`` where ``low`` is above ``high`` or the score is no image.
    """
    from scipy.ndimage import find_objects, label

    if score.ndim != 2 or low > high:
        raise BadInput(
            f"objects need a score of rows and columns and low <= high, not {score.shape}, low {low:g}, high {high:g}"
        )
    parts, _ = label(np.asarray(score >= low), structure=_EIGHT)
    kept = []
    for number, box in enumerate(find_objects(parts), start=1):
        own = parts[box] == number
        if own.sum() < least_pixels or score[box][own].max() < high:
            continue
        one = _described(own, score[box], box)
        if one.width >= least_width:
            kept.append((one, number))
    kept.sort(key=lambda pair: (-pair[0].peak, pair[1]))
    renumbered = np.zeros(int(parts.max()) + 1, np.int32)
    renumbered[[number for _, number in kept]] = np.arange(1, len(kept) + 1)
    found = [replace(one, label=n) for n, (one, _) in enumerate(kept, start=1)]
    return Objects(renumbered[parts], tuple(found))


def _described(own: NDArray[np.bool_], score: NDArray[np.floating], box: tuple[slice, slice]) -> ChangedObject:
    from scipy.ndimage import distance_transform_edt

    rows, cols = np.nonzero(own)
    values = score[own]
    # A pixel is a square: its own spread, 1/12, keeps a line of pixels from being infinitely thin.
    spread = np.cov(np.stack([rows, cols]), bias=True) + np.eye(2) / 12
    short, long = np.sqrt(np.linalg.eigvalsh(spread))
    inside = distance_transform_edt(np.pad(own, 1)).max()
    return ChangedObject(
        label=0,
        pixels=len(rows),
        peak=float(values.max()),
        mean=float(values.mean()),
        rows=(box[0].start, box[0].stop),
        cols=(box[1].start, box[1].stop),
        centre=(box[0].start + float(rows.mean()), box[1].start + float(cols.mean())),
        width=float(2 * inside - 1),
        elongation=float(long / short),
    )
