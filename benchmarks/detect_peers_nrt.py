"""nrt (JRC): monitors that learn 1.6 years and then judge look after look. Late dates are their design, not a fault."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from benchmarks.changepoint_data import Batch, Floats, Found
from benchmarks.detect_peers_common import NotInstalled, at_working_point, brackets, looks_earlier

LEARNT = 580.0  # days; no change of the yardstick is earlier than 1.6 years
BEGIN = datetime(2018, 1, 1)
EPOCH = (BEGIN - datetime(1970, 1, 1)).days
RUN = 5  # looks in a row that confirm a change; 3 (the default) and 8 did worse or no better
SCREENED: Mapping[str, Any] = {"method": "OLS", "screen_outliers": "Shewhart", "L": 5}


def monitored(given: Batch, make: Callable[[], Any], fit: Mapping[str, Any]) -> tuple[Floats, float]:
    """(day each series was confirmed as changed, NaN if never; CPU seconds) of the monitor that ``make`` gives."""
    import xarray as xr

    dates = [BEGIN + timedelta(days=float(day)) for day in given.days]
    looks = np.ascontiguousarray(given.values[:, 0].T[:, None], dtype=float)
    place = {"time": np.array(dates, dtype="datetime64[ns]"), "y": [0.0], "x": np.arange(len(given.values), dtype=float)}
    cube = xr.DataArray(looks, dims=("time", "y", "x"), coords=place)
    past = given.days <= LEARNT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of singular fits, where a series has few looks
        start = time.process_time()
        monitor = make()
        monitor.fit(cube[past], **fit)
        for j in np.flatnonzero(~past):
            monitor.monitor(looks[j], dates[j])
        seconds = time.process_time() - start
    confirmed = monitor.mask[0] == 3
    return np.where(confirmed, monitor.detection_date[0].astype(float) - EPOCH, np.nan), seconds


def watch(
    given: Batch, make: Callable[[float], Any], fit: Mapping[str, Any], span: tuple[float, float], back: int = 0
) -> Found:
    """A monitor at 5 % false alarms; its dates moved back to where the run that confirmed them began."""
    found = at_working_point(lambda setting: monitored(given, lambda: make(setting), fit), given.quiet, *span)
    after, by = brackets(given, looks_earlier(given, found.by, back))
    return Found(found.score, after, by, found.seconds)


def classes() -> dict[str, Any]:
    """nrt's monitors by name."""
    try:
        from nrt.monitor.ccdc import CCDC
        from nrt.monitor.cusum import CuSum
        from nrt.monitor.ewma import EWMA
        from nrt.monitor.iqr import IQR
        from nrt.monitor.mosum import MoSum
    except ImportError as error:
        raise NotInstalled("nrt is not installed") from error
    return {"CCDC": CCDC, "EWMA": EWMA, "IQR": IQR, "CuSum": CuSum, "MoSum": MoSum}


def ccdc(given: Batch) -> Found:
    """Two harmonics, no trend (one learnt in 1.6 years leads astray later), outliers screened by Shewhart's rule."""
    kind = classes()["CCDC"]
    fixed = {"trend": False, "harmonic_order": 2, "boundary": RUN}
    return watch(given, lambda s: kind(sensitivity=s, **fixed), SCREENED, (0.1, 20.0), RUN - 1)


def iqr(given: Batch) -> Found:
    """The same with quartiles; it has no screening of outliers."""
    kind = classes()["IQR"]
    fixed = {"trend": False, "harmonic_order": 2, "boundary": RUN}
    return watch(given, lambda s: kind(sensitivity=s, **fixed), {}, (0.05, 20.0), RUN - 1)


def ewma(given: Batch) -> Found:
    """Exponentially weighted mean, its own fit and screening, no trend."""
    kind = classes()["EWMA"]
    return watch(given, lambda s: kind(sensitivity=s, trend=False, harmonic_order=2), SCREENED, (0.5, 100.0))


def summed(given: Batch, name: str) -> Found:
    """Cumulated or moving sums, fitted as EWMA (better here than their own stable history).

    Their significance cannot be set low enough, so the critical value itself is.
    """
    kind = classes()[name]

    def make(setting: float) -> Any:
        monitor = kind(trend=False, harmonic_order=2)
        monitor.critval = setting
        return monitor

    return watch(given, make, SCREENED, (0.5, 200.0))
