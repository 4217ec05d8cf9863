"""An image in overlapping tiles, and the answers of the tiles blended back into one image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BadInput


@dataclass(frozen=True, slots=True)
class Tiling:
    """Square tiles of ``side`` pixels that share ``overlap`` pixels with the next.

    The outer quarter of the overlap is thrown away, since a network knows little of what lies beyond its tile; over what
    remains the tiles are blended. Beyond its edge the image is reflected. Raises ``BadInput`` for sizes that cannot be.
    """

    side: int
    overlap: int

    def __post_init__(self) -> None:
        """Check once, at birth."""
        if not (self.side >= 1 and 0 <= self.overlap <= self.side // 2):
            raise BadInput(
                f"tiles need a side of 1 px or more and an overlap of 0 to half of it, not {self.side} and {self.overlap}"
            )

    @property
    def margin(self) -> int:
        """Pixels along each edge of a tile whose answers are thrown away."""
        return self.overlap // 4

    def starts(self, length: int) -> list[int]:
        """First pixels of the tiles along a side of ``length`` pixels, margins included, in the padded image."""
        last = max(length + 2 * self.margin - self.side, 0)
        return [*range(0, last, self.side - self.overlap), last]

    def taper(self) -> NDArray[np.float64]:
        """Weights of one tile's answers, Float64[y, x]: 0 in the margin, then rising so that two neighbours add up to 1."""
        from_edge = np.minimum(np.arange(self.side), np.arange(self.side)[::-1]) + 0.5
        ramp = self.overlap - 2 * self.margin
        line = np.clip((from_edge - self.margin) / max(ramp, 1), 0, 1) if ramp else np.ones(self.side)
        return np.outer(line, line)


def blended(
    answer: Callable[[NDArray[np.float32]], NDArray[np.floating]], image: NDArray[np.float32], tiling: Tiling
) -> NDArray[np.float32]:
    """The answers to all tiles of ``image``, Float32[channel, y, x], as one Float32[y, x].

    ``answer``: from Float32[channel, side, side] to Float[side, side]. Pixels that are NaN in a channel are NaN in the
    answer; the network needs a number there and is given the channel's mean, so that answers beside them are less certain.
    """
    missing = np.isnan(image).any(axis=0)
    if missing.all():
        return np.full(missing.shape, np.nan, np.float32)
    means = np.nanmean(image, axis=(1, 2), dtype=np.float64, keepdims=True)
    side, margin = tiling.side, tiling.margin
    rows, columns = (tiling.starts(length) for length in missing.shape)
    around = [(margin, starts[-1] + side - margin - n) for starts, n in zip((rows, columns), missing.shape, strict=True)]
    padded = np.pad(np.where(np.isnan(image), means, image).astype(np.float32), [(0, 0), *around], mode="reflect")
    unseen = np.pad(missing, around, constant_values=True)
    total, weights, taper = np.zeros(unseen.shape), np.zeros(unseen.shape), tiling.taper()
    for row in rows:
        for column in columns:
            here = (slice(row, row + side), slice(column, column + side))
            if unseen[here].all():
                continue
            total[here] += taper * answer(padded[:, *here])
            weights[here] += taper
    inner = tuple(slice(margin, margin + n) for n in missing.shape)
    with np.errstate(invalid="ignore"):
        told = total[inner] / weights[inner]
    return np.where(missing, np.nan, told).astype(np.float32)
