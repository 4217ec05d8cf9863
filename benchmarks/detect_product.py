"""siteline as a contender of the change-point benchmark: the scan of all series, and the whole posterior.

The temperature of the posterior is set as the product sets it: changes are injected into series that show none, in random
directions, and intervals widened until they hold their share of the injected dates. Truth is not looked at.
"""

from __future__ import annotations

import time

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found
from benchmarks.detect_peers_common import Method

from siteline.detect.intervals import bracket, intervals, tempered
from siteline.detect.noise import fit_noise
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import Changes, change_points, scan
from siteline.detect.trust import Injection, Judged, inject

LEVEL, ALARMS = 0.95, 0.05
QUIET, EACH, SIZES = 300, 500, (2.0, 3.0, 5.0)
PRIOR = Prior()
NOTE = "the noise is fitted once to the batch, changed series and all, and that time is not counted (a few seconds a stack)"


def noted(evidence: Floats) -> Floats:
    """Evidence Float[series]; a series with too few looks has none."""
    return np.nan_to_num(evidence, nan=-np.inf)


def posterior(given: Batch) -> Found:
    """Gaps, ramps and pairs enumerated: bracket, evidence and 95 % interval, tempered by injection."""
    noise = fit_noise(given.values, given.days)
    start = time.process_time()
    told = change_points(given.values, given.days, PRIOR, noise, threads=1)
    looks = np.isfinite(given.values).all(axis=1)
    after, by = bracket(told.mass, told.step_mass, told.days, looks)
    spent = time.process_time() - start
    mass = tempered(told.mass, told.days, looks, temperature(given, told, noise))
    early, late, _, _ = intervals(mass, told.days, looks, LEVEL)
    return Found(noted(told.evidence), after, by, spent, early, late)


def temperature(given: Batch, told: Changes, noise: Noise) -> float:
    """The temperature by injection alone, into the quieter half of the series."""
    quiet = given.values[told.evidence < np.nanmedian(told.evidence)][:QUIET]
    threshold = float(np.nanquantile(told.evidence[told.evidence < np.nanmedian(told.evidence)], 1 - ALARMS))
    rng = np.random.default_rng(0)
    sd = np.sqrt(np.diag(np.linalg.inv(noise.mix.T @ noise.mix)))
    kinds = []
    for size in SIZES:
        way = rng.uniform(0.3, 1.0, (len(quiet), len(sd))) * rng.choice((-1, 1), (len(quiet), len(sd)))
        jump = np.broadcast_to((size * way * sd)[:, :, None], quiet.shape).astype(np.float32)
        kinds.append(Injection(0.0, size, "sd", float("inf"), jump))
    judged = Judged(noise, told, told.evidence, max(threshold, 0.0), float("inf"), ALARMS)
    return inject(quiet, given.days, PRIOR, judged, kinds, each=EACH, threads=1).temperature


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
