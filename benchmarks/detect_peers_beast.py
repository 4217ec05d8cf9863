"""Rbeast (BEAST, Zhao et al. 2019): Bayesian averaging over models with at most one change of level, by Markov chains."""

from __future__ import annotations

import time

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found
from benchmarks.changepoint_oracle import interval
from benchmarks.detect_peers_common import YEAR, NotInstalled

STEP = 5.0  # days of the yardstick's grid
BETWEEN_EQUALS = 0.01


def beast(given: Batch, *, chains: int, samples: int, nearest: int) -> Found:
    """Rbeast on the 5-day grid, missing where there was no look.

    Two harmonics of one season that does not change, a level (no slope) with at most one change, and outliers: the true
    model of the steps of "std". ``nearest``: steps of the grid a change keeps from the ends. Every other setting is Rbeast's
    own (every fifth sample is kept). The date is the gap between looks with the greatest posterior mass. The evidence is the
    posterior probability of a change, and among equal ones (chains seldom leave 0 and 1) that of its gap.
    """
    try:
        import Rbeast
    except ImportError as error:
        raise NotInstalled("Rbeast is not installed") from error
    args = Rbeast.args
    metadata = args(whichDimIsTime=2, startTime=0.0, deltaTime=STEP / YEAR, missingValue=np.nan, maxMissingRate=0.95)
    metadata.season, metadata.period, metadata.hasOutlierCmpnt = "harmonic", 1.0, True
    prior = args(seasonMinOrder=1, seasonMaxOrder=2, seasonMinKnotNum=0, seasonMaxKnotNum=0, outlierMaxKnotNum=12)
    prior.trendMinOrder = prior.trendMaxOrder = prior.trendMinKnotNum = 0
    prior.trendMaxKnotNum, prior.trendMinSepDist = 1, nearest
    chain = args(chainNumber=chains, samples=samples, burnin=200, thinningFactor=5, seed=1)
    extra = args(quiet=True, printProgress=False, printParameter=False, computeCredible=False, computeTrendChngpt=True)
    extra.numThreadsPerCPU = extra.numParThreads = 1
    start = time.process_time()
    told = Rbeast.beast123(given.values[:, 0].astype(float), metadata, prior, chain, extra)
    seconds = time.process_time() - start
    probability = np.nan_to_num(1 - np.asarray(told.trend.ncpPr, dtype=float)[:, 0])
    after, by, early, late, most = gaps(given, np.nan_to_num(np.asarray(told.trend.cpOccPr, dtype=float)))
    return Found(probability + BETWEEN_EQUALS * most, after, by, seconds, early, late)


def gaps(given: Batch, mass: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """(after, by, early, late, mass of the gap) from the posterior ``mass`` Float[series, time] of a change on each day.

    A change on a day without a look cannot be told from one on any other day of the same gap.
    """
    edges = np.concatenate([[given.days[0] - STEP], given.days])
    found = np.full((5, len(mass)), np.nan)
    for i, own in enumerate(mass):
        looks = np.flatnonzero(np.isfinite(given.values[i, 0]))
        each = np.add.reduceat(own, np.concatenate([[0], looks[:-1] + 1]))
        k = max(int(each.argmax()), 1)
        found[[0, 1, 4], i] = given.days[looks[k - 1]], given.days[looks[k]], each[k]
        if own.sum() > 0:
            found[2:4, i] = interval(own, edges)
    after, by, early, late, most = found
    return after, by, early, late, most


def one_chain(given: Batch) -> Found:
    """One chain of 1000 samples: what a map of many pixels can afford."""
    return beast(given, chains=1, samples=1000, nearest=20)


def tuned(given: Batch) -> Found:
    """Three chains of 5000 samples: Rbeast at its best, one site at a time."""
    return beast(given, chains=3, samples=5000, nearest=5)
