"""siteline as a contender of the change-point benchmark: the scan of all series, and the whole posterior."""

from __future__ import annotations

import time

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found
from benchmarks.detect_peers_common import Method

from siteline.detect.intervals import bracket, intervals
from siteline.detect.noise import fit_noise
from siteline.detect.prior import Prior
from siteline.detect.series import change_points, scan

LEVEL = 0.95
PRIOR = Prior()
NOTE = "the noise is fitted once to the batch, changed series and all, and that time is not counted (a few seconds a stack)"


def noted(evidence: Floats) -> Floats:
    """Evidence Float[series]; a series with too few looks has none."""
    return np.nan_to_num(evidence, nan=-np.inf)


def posterior(given: Batch) -> Found:
    """Gaps, ramps and pairs enumerated: bracket, evidence and 95 % interval, at temperature 1."""
    noise = fit_noise(given.values, given.days)
    start = time.process_time()
    told = change_points(given.values, given.days, PRIOR, noise, threads=1)
    looks = np.isfinite(given.values).all(axis=1)
    after, by = bracket(told.mass, told.step_mass, told.days, looks)
    early, late, _, _ = intervals(told.mass, told.days, looks, LEVEL)
    return Found(noted(told.evidence), after, by, time.process_time() - start, early, late)


def scanned(given: Batch) -> Found:
    """One step in every gap: evidence and the likeliest gap, as maps use it."""
    noise = fit_noise(given.values, given.days)
    start = time.process_time()
    told = scan(given.values, given.days, PRIOR, noise, threads=1)
    return Found(noted(told.evidence), told.after, told.by, time.process_time() - start)


PRODUCTS = (
    Method("siteline", posterior, f"posterior over gaps, ramps and pairs; {NOTE}", bands=(1, 6)),
    Method("siteline, scan", scanned, f"one step in every gap; {NOTE}", bands=(1, 6)),
)
