"""The compiled loops of ``placed``: footprint minus ring, at many places in many scenes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteline.compiled import compiled

Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.int64]


@compiled
def mean_difference(
    numbers: Singles,
    rows: Places,
    cols: Places,
    weights: Doubles,
    ring_rows: Places,
    ring_cols: Places,
    ring_weights: Doubles,
    full: float,
    ring_full: float,
    offsets: Places,
    least: float,
) -> Singles:
    """Weighted mean of the footprint's finite ``numbers`` (Float32[time, band, y, x]) minus the ring's, Float32[place, band,
    time]; NaN where less than the share ``least`` of ``full`` (or ``ring_full``) is finite."""
    times, bands = numbers.shape[:2]
    out = np.full((len(offsets), bands, times), np.nan, dtype=np.float32)
    for t in range(times):
        for n in range(len(offsets)):
            down, right = offsets[n, 0], offsets[n, 1]
            for b in range(bands):
                inside, held = 0.0, 0.0
                for k in range(len(rows)):
                    v = numbers[t, b, rows[k] + down, cols[k] + right]
                    if not np.isnan(v):
                        inside += weights[k] * v
                        held += weights[k]
                if held < least * full or held <= 0.0:
                    continue
                beside, kept = 0.0, 0.0
                for k in range(len(ring_rows)):
                    v = numbers[t, b, ring_rows[k] + down, ring_cols[k] + right]
                    if not np.isnan(v):
                        beside += ring_weights[k] * v
                        kept += ring_weights[k]
                if kept >= least * ring_full and kept > 0.0:
                    out[n, b, t] = inside / held - beside / kept
    return out


@compiled
def square_difference(
    good: NDArray[np.bool_],
    rows: Places,
    cols: Places,
    weights: Doubles,
    ring_rows: Places,
    ring_cols: Places,
    ring_weights: Doubles,
    full: float,
    ring_full: float,
    cover: Singles,
    offsets: Places,
    least: float,
) -> Singles:
    """The same of ``cover`` (Float32[y, x], centred on the footprint wherever that lies), Float32[place, time]; the pixels
    that Bool[time, y, x] ``good`` says are usable count."""
    times = good.shape[0]
    top = rows.min() - (cover.shape[0] - (rows.max() - rows.min() + 1)) // 2
    left = cols.min() - (cover.shape[1] - (cols.max() - cols.min() + 1)) // 2
    out = np.full((len(offsets), times), np.nan, dtype=np.float32)
    for t in range(times):
        for n in range(len(offsets)):
            down, right = offsets[n, 0], offsets[n, 1]
            inside, held = 0.0, 0.0
            for k in range(len(rows)):
                if good[t, rows[k] + down, cols[k] + right]:
                    inside += weights[k] * cover[rows[k] - top, cols[k] - left]
                    held += weights[k]
            if held < least * full or held <= 0.0:
                continue
            beside, kept = 0.0, 0.0
            for k in range(len(ring_rows)):
                y, x = ring_rows[k] - top, ring_cols[k] - left
                if good[t, ring_rows[k] + down, ring_cols[k] + right]:
                    kept += ring_weights[k]
                    if 0 <= y < cover.shape[0] and 0 <= x < cover.shape[1]:
                        beside += ring_weights[k] * cover[y, x]
            if kept >= least * ring_full and kept > 0.0:
                out[n, t] = inside / held - beside / kept
    return out
