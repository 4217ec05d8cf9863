"""ruptures: one change by kernel (rbf) or by medians (l1), after the season is taken off."""

from __future__ import annotations

import time

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found
from benchmarks.detect_peers_common import NotInstalled, whitened, without_season

SMALLEST = 4  # looks on either side of a change
WIDTHS = {1: 0.15, 6: 0.03}  # of the kernel by bands, in noise variances: the best of four tried


def deseasoned(given: Batch) -> Floats:
    """Residuals in noise units, bands independent of one another."""
    return without_season(whitened(given.values) if len(given.bands) > 1 else given.values, given.days)


def search(given: Batch, kind: str) -> Found:
    """The one change that lowers the cost most; the evidence is how much it lowers it."""
    try:
        import ruptures
    except ImportError as error:
        raise NotInstalled("ruptures is not installed") from error
    start = time.process_time()
    rest = deseasoned(given)
    score, after, by = (np.zeros(len(rest)) for _ in range(3))
    gamma = WIDTHS[len(given.bands)]
    for i, bands in enumerate(rest):
        seen = np.isfinite(bands[0])
        days, signal = given.days[seen], np.ascontiguousarray(bands[:, seen].T)
        if kind == "rbf":
            engine = ruptures.KernelCPD(kernel="rbf", min_size=SMALLEST, params={"gamma": gamma}).fit(signal)
        else:
            engine = ruptures.Binseg(model="l1", min_size=SMALLEST, jump=1).fit(signal)
        k = engine.predict(n_bkps=1)[0]
        error = engine.cost.error
        score[i] = error(0, days.size) - error(0, k) - error(k, days.size)
        after[i], by[i] = days[k - 1], days[k]
    return Found(score, after, by, time.process_time() - start)


def kernel(given: Batch) -> Found:
    """KernelCPD with the Gaussian kernel: outliers count for little."""
    return search(given, "rbf")


def medians(given: Batch) -> Found:
    """Binary segmentation with the sum of absolute deviations from the median."""
    return search(given, "l1")
