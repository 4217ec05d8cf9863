"""The compiled loops of the cube: sampling one raster at the pixels of another, and widening masks by a disk.

Each runs without the interpreter lock, so that scenes are worked on side by side. Where sampling ends: ``state`` is
Uint8[y, x] of ``Reason`` codes less one, 255 = usable, so that the lowest code wins by a plain minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isnan
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]
F = TypeVar("F", bound=Callable[..., Any])

OUTSIDE, NODATA, SATURATED = 0, 2, 3  # Reason codes less one


def _compiled(function: F) -> F:
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba's "no locator available": neither the package nor the cache folder can be written
        return cast(F, numba.njit(nogil=True)(function))


@_compiled
def bilinear(
    source: Singles, full: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Singles, state: Bytes
) -> None:
    """Bilinear value of ``source`` (NaN = no number) at each pixel, from neighbours that have one.

    A pixel has a number exactly where the source pixel that holds its centre has one. ``nodes``: Float64[2, node row, node
    column], source column and row (of corners) at every ``step``-th pixel of the whole grid, from the cell that holds
    pixel (``row0``, ``col0``). ``full``: Uint8[row, col], 1 = saturated; empty where nothing is.
    """
    height, width = source.shape
    first_row, first_col = row0 // step, col0 // step
    for i in range(out.shape[0]):
        node_row, along = (row0 + i) // step - first_row, ((row0 + i) % step) / step
        for j in range(out.shape[1]):
            node_col, across = (col0 + j) // step - first_col, ((col0 + j) % step) / step
            x = _between(nodes[0], node_row, node_col, along, across)
            y = _between(nodes[1], node_row, node_col, along, across)
            if not (0.0 <= x < width and 0.0 <= y < height):
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(OUTSIDE))
                continue
            col, row = int(x), int(y)
            if isnan(source[row, col]):
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(NODATA))
                continue
            if full.size and full[row, col]:
                state[i, j] = min(state[i, j], np.uint8(SATURATED))
            left, top = floor(x - 0.5), floor(y - 0.5)
            right, down = x - 0.5 - left, y - 0.5 - top
            total = weight = 0.0
            for r in range(2):
                for c in range(2):
                    q, p = top + r, left + c
                    share = (down if r else 1.0 - down) * (right if c else 1.0 - right)
                    if share > 0.0 and 0 <= q < height and 0 <= p < width and not isnan(source[q, p]):
                        total += share * source[q, p]
                        weight += share
            out[i, j] = total / weight


@_compiled
def average(
    source: Singles, full: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Singles, state: Bytes,
    half_width: float, half_height: float,
) -> None:  # fmt: skip
    """Mean of ``source`` over each pixel's box of 2 ``half_width`` x 2 ``half_height`` source pixels, by covered area.

    No number where less than half of the box has one. The rest is as in ``bilinear``.
    """
    height, width = source.shape
    first_row, first_col = row0 // step, col0 // step
    for i in range(out.shape[0]):
        node_row, along = (row0 + i) // step - first_row, ((row0 + i) % step) / step
        for j in range(out.shape[1]):
            node_col, across = (col0 + j) // step - first_col, ((col0 + j) % step) / step
            x = _between(nodes[0], node_row, node_col, along, across)
            y = _between(nodes[1], node_row, node_col, along, across)
            if not (0.0 <= x < width and 0.0 <= y < height):
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(OUTSIDE))
                continue
            total = weight = 0.0
            flooded = False
            for q in range(max(0, floor(y - half_height)), min(height, floor(y + half_height) + 1)):
                tall = min(q + 1.0, y + half_height) - max(float(q), y - half_height)
                for p in range(max(0, floor(x - half_width)), min(width, floor(x + half_width) + 1)):
                    share = tall * (min(p + 1.0, x + half_width) - max(float(p), x - half_width))
                    if share > 0.0 and not isnan(source[q, p]):
                        total += share * source[q, p]
                        weight += share
                        flooded = flooded or (full.size > 0 and full[q, p] > 0)
            if weight < 2.0 * half_width * half_height:
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(NODATA))
                continue
            out[i, j] = total / weight
            if flooded:
                state[i, j] = min(state[i, j], np.uint8(SATURATED))


@_compiled
def nearest(source: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Bytes) -> None:
    """The value of ``source`` at each pixel's centre; ``out`` keeps what it holds where ``source`` does not reach."""
    height, width = source.shape
    first_row, first_col = row0 // step, col0 // step
    for i in range(out.shape[0]):
        node_row, along = (row0 + i) // step - first_row, ((row0 + i) % step) / step
        for j in range(out.shape[1]):
            node_col, across = (col0 + j) // step - first_col, ((col0 + j) % step) / step
            x = _between(nodes[0], node_row, node_col, along, across)
            y = _between(nodes[1], node_row, node_col, along, across)
            if 0.0 <= x < width and 0.0 <= y < height:
                out[i, j] = source[int(y), int(x)]


@_compiled
def _between(nodes: Floats, row: int, col: int, along: float, across: float) -> float:
    upper = nodes[row, col] + across * (nodes[row, col + 1] - nodes[row, col])
    lower = nodes[row + 1, col] + across * (nodes[row + 1, col + 1] - nodes[row + 1, col])
    between: float = upper + along * (lower - upper)
    return between


@_compiled
def widen(codes: Bytes, code: int, radius: float, out: Bytes) -> None:
    """Into ``out`` writes ``code`` wherever ``codes`` has it within ``radius`` pixels (centre to centre), if lower.

    Row by row: the distance to the nearest one in each row, then a look at the rows within reach. ``out`` may hold
    anything; 255 counts as empty.
    """
    height, width = codes.shape
    reach = int(radius)
    far = np.int32(width + reach + 1)
    gaps = np.full((height, width), far, dtype=np.int32)
    filled = np.zeros(height, dtype=np.bool_)
    for i in range(height):
        gap = far
        for j in range(width):
            gap = np.int32(0) if codes[i, j] == code else np.int32(gap + 1)
            gaps[i, j] = min(gaps[i, j], gap)
            filled[i] = filled[i] or gap == 0
        gap = far
        for j in range(width - 1, -1, -1):
            gap = np.int32(0) if codes[i, j] == code else np.int32(gap + 1)
            gaps[i, j] = min(gaps[i, j], gap)
    for q in range(height):
        if not filled[q]:
            continue
        for i in range(max(0, q - reach), min(height, q + reach + 1)):
            side = np.int32((radius * radius - (i - q) * (i - q)) ** 0.5)
            for j in range(width):
                if gaps[q, j] <= side and out[i, j] > code:
                    out[i, j] = code
