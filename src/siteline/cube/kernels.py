"""The compiled loops of the cube: sampling one raster at the pixels of another.

Each runs without the interpreter lock, so that scenes are worked on side by side. Where sampling ends: ``state`` is
Uint8[y, x] of ``Reason`` codes less one, 255 = usable, so that the lowest code wins by a plain minimum.
"""

from __future__ import annotations

from math import floor, isnan

import numpy as np
from numpy.typing import NDArray

from siteline.compiled import compiled

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]

OUTSIDE, NODATA, SATURATED = 0, 2, 3  # Reason codes less one


@compiled
def _row(nodes: Floats, step: int, row: int, first_row: int, col0: int, xs: Floats, ys: Floats) -> None:
    """Source columns ``xs`` and rows ``ys`` of the pixels of one row of the grid, from pixel ``col0`` on."""
    above, along = row // step - first_row, (row % step) / step
    first_col, j = col0 // step, 0
    while j < len(xs):
        left, within = (col0 + j) // step - first_col, (col0 + j) % step
        x0 = nodes[0, above, left] + along * (nodes[0, above + 1, left] - nodes[0, above, left])
        x1 = nodes[0, above, left + 1] + along * (nodes[0, above + 1, left + 1] - nodes[0, above, left + 1])
        y0 = nodes[1, above, left] + along * (nodes[1, above + 1, left] - nodes[1, above, left])
        y1 = nodes[1, above, left + 1] + along * (nodes[1, above + 1, left + 1] - nodes[1, above, left + 1])
        for k in range(min(step - within, len(xs) - j)):
            across = (within + k) / step
            xs[j + k] = x0 + across * (x1 - x0)
            ys[j + k] = y0 + across * (y1 - y0)
        j += step - within


@compiled
def _mean_of_present(source: Singles, left: int, top: int, right: float, down: float) -> float:
    """Bilinear mean of the four pixels from (``top``, ``left``), of those that lie within and have a number."""
    total = weight = 0.0
    for r in range(2):
        for c in range(2):
            row, col = top + r, left + c
            share = (down if r else 1.0 - down) * (right if c else 1.0 - right)
            if 0 <= row < source.shape[0] and 0 <= col < source.shape[1] and not isnan(source[row, col]):
                total += share * source[row, col]
                weight += share
    return total / weight


@compiled
def bilinear(
    source: Singles, full: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Singles, state: Bytes
) -> None:
    """Bilinear value of ``source`` (NaN = no number) at each pixel, from neighbours that have one.

    A pixel has a number exactly where the source pixel that holds its centre has one. ``nodes``: Float64[2, node row, node
    column], source column and row (of corners) at every ``step``-th pixel of the whole grid, from the cell that holds
    pixel (``row0``, ``col0``). ``full``: Uint8[row, col], 1 = saturated; empty where nothing is.
    """
    height, width = source.shape
    xs, ys = np.empty(out.shape[1]), np.empty(out.shape[1])
    for i in range(out.shape[0]):
        _row(nodes, step, row0 + i, row0 // step, col0, xs, ys)
        for j in range(out.shape[1]):
            x, y = xs[j], ys[j]
            if not (0.0 <= x < width and 0.0 <= y < height):
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(OUTSIDE))
                continue
            if isnan(source[int(y), int(x)]):
                out[i, j] = np.nan
                state[i, j] = min(state[i, j], np.uint8(NODATA))
                continue
            if full.size and full[int(y), int(x)]:
                state[i, j] = min(state[i, j], np.uint8(SATURATED))
            # a whole pixel is added before the cut to integers, which rounds towards zero
            left, top = int(x + 0.5) - 1, int(y + 0.5) - 1
            right, down = np.float32(x - 0.5 - left), np.float32(y - 0.5 - top)
            value = np.float32(np.nan)
            if 0 <= left < width - 1 and 0 <= top < height - 1:
                upper = source[top, left] + right * (source[top, left + 1] - source[top, left])
                lower = source[top + 1, left] + right * (source[top + 1, left + 1] - source[top + 1, left])
                value = upper + down * (lower - upper)
            out[i, j] = _mean_of_present(source, left, top, float(right), float(down)) if isnan(value) else value


@compiled
def average(
    source: Singles, full: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Singles, state: Bytes,
    half_width: float, half_height: float,
) -> None:  # fmt: skip
    """Mean of ``source`` over each pixel's box of 2 ``half_width`` x 2 ``half_height`` source pixels, by covered area.

    No number where less than half of the box has one. The rest is as in ``bilinear``.
    """
    height, width = source.shape
    xs, ys = np.empty(out.shape[1]), np.empty(out.shape[1])
    for i in range(out.shape[0]):
        _row(nodes, step, row0 + i, row0 // step, col0, xs, ys)
        for j in range(out.shape[1]):
            x, y = xs[j], ys[j]
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


@compiled
def nearest(source: Bytes, nodes: Floats, step: int, row0: int, col0: int, out: Bytes) -> None:
    """The value of ``source`` at each pixel's centre; ``out`` keeps what it holds where ``source`` does not reach."""
    height, width = source.shape
    xs, ys = np.empty(out.shape[1]), np.empty(out.shape[1])
    for i in range(out.shape[0]):
        _row(nodes, step, row0 + i, row0 // step, col0, xs, ys)
        for j in range(out.shape[1]):
            if 0.0 <= xs[j] < width and 0.0 <= ys[j] < height:
                out[i, j] = source[int(ys[j]), int(xs[j])]
