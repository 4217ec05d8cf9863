"""The scan: evidence for one step in each of many series, every gap between looks enumerated exactly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteline.detect.design import columns
from siteline.detect.kernels.lanes import LANES
from siteline.detect.kernels.scan import scan_block
from siteline.detect.prior import Noise, Prior

CHUNK = 64 * LANES
"""Series handed to a thread at a time."""


@dataclass(frozen=True, slots=True)
class Scan:
    """``evidence``: Float64[series], log Bayes factor of one step against none (NaN where there are too few looks).
    ``after``, ``by``: Float64[series], days of the looks on both sides of the likeliest gap. ``size``: Float32[series,
    band], of the step, in the unit of the (mixed) bands. ``weights``: Float[series, time], of each look (0 = missing)."""

    evidence: NDArray[np.float64]
    after: NDArray[np.float64]
    by: NDArray[np.float64]
    size: NDArray[np.float32]
    weights: NDArray[Any]


def scan_mixed(
    values: NDArray[Any],
    days: NDArray[np.float64],
    prior: Prior,
    noise: Noise,
    *,
    rounds: int = 2,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Scan:
    """Scan series that are mixed already (``Noise.mix``): ``values`` Float[series, band, time], ``days`` increasing.

    ``rounds``: times that the looks are weighed anew; the first round leaves slow noise and yearly amplitudes out, for its
    only task is to find the doubtful looks. Arithmetic is in the precision of ``values``; ``progress(done, in all)``.
    """
    n, bands, times = values.shape
    x, precision, core = columns(days, noise)
    keep = np.zeros(times)
    if noise.drift > 0 and times > 1:
        keep[:-1] = np.exp(-np.diff(days) / noise.memory_days)
    kind = values.dtype.type
    found = Scan(
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full((n, bands), np.nan, dtype=np.float32),
        np.zeros((n, times), dtype=kind),
    )
    settings = (prior.size_sd**2, prior.min_looks, rounds, noise.doubt, kind(noise.drift), core)

    def part(start: int) -> int:
        chosen = slice(start, min(start + CHUNK, n))
        out = (found.evidence[chosen], found.after[chosen], found.by[chosen], found.size[chosen], found.weights[chosen])
        scan_block(values[chosen], days, x, precision.astype(kind), keep, *settings, kind(0), *out)
        return int(chosen.stop - start)

    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for count in pool.map(part, range(0, n, CHUNK)):
            done += count
            if progress:
                progress(done, n)
    return found
