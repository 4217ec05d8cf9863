"""COLD and S-CCD of pycold on a batch, run by the Python of pycold's own environment.

``python -m benchmarks.detect_peers_pycold_child cold|s-ccd BATCH.npz ANSWERS.npz`` reads ``values`` [series, band, time],
``days`` and ``quiet``, and writes ``dates`` (NaN where no change) and ``seconds``.
"""

from __future__ import annotations

import sys
import time
import types
from typing import Any

import numpy as np
from benchmarks.changepoint_data import Floats
from benchmarks.detect_peers_common import at_working_point

ORDINAL = 736695  # 1 January 2018, as datetime.date.toordinal counts
THRESHOLDS = (2.0, 200.0)  # of the squared change in noise units; 15.1 is the tools' own, of 1 % per look


def without_gdal() -> None:
    """A stand-in for GDAL's bindings, which pycold imports for file helpers not used here and which pip cannot build."""
    package, gdal = types.ModuleType("osgeo"), types.ModuleType("osgeo.gdal")
    gdal.__getattr__ = lambda name: 0  # type: ignore[method-assign]
    package.gdal = gdal  # type: ignore[attr-defined]
    sys.modules.update({"osgeo": package, "osgeo.gdal": gdal})


def strongest(records: np.ndarray) -> float:
    """Ordinal day of the confirmed break of greatest change in noise units among a pixel's segments; NaN for none.

    COLD also tells breaks at the end of the series that fewer looks than asked support, with a probability below 100.
    """
    if not records.size:
        return float("nan")
    broken = records[records["t_break"] > 0]
    if "change_prob" in (records.dtype.names or ()):
        broken = broken[broken["change_prob"] == 100]
    if not broken.size:
        return float("nan")
    size = (broken["magnitude"][:, :6] / np.maximum(broken["rmse"][:, :6], 1e-6)) ** 2
    return float(broken["t_break"][size.sum(axis=1).argmax()])


def dated(kind: str, series: list[tuple[np.ndarray, ...]], threshold: float) -> tuple[Floats, float]:
    """(date of each series, NaN if none; CPU seconds); six looks in a row confirm, the tools' own choice."""
    import pycold

    detect: Any = pycold.cold_detect if kind == "cold" else pycold.sccd_detect
    start = time.process_time()
    told = [detect(*one, t_cg=threshold) for one in series]
    seconds = time.process_time() - start
    breaks = np.array([strongest(one if kind == "cold" else one.rec_cg) for one in told])
    return breaks - ORDINAL, seconds


def main(kind: str, given: str, answers: str) -> None:
    """Date the batch in the file ``given`` at 5 % false alarms and write ``answers``."""
    without_gdal()
    with np.load(given) as file:
        values, days, quiet = file["values"], file["days"], file["quiet"]
    series = []
    for bands in values:
        seen = np.isfinite(bands[0])
        dates = (days[seen] + ORDINAL).astype(np.int64)
        looks = [np.clip(band[seen].round(), 1, 9999).astype(np.int64) for band in bands]
        nothing = np.zeros_like(dates)  # no thermal band; every look is clear
        series.append((dates, *looks, nothing, nothing))
    found = at_working_point(lambda threshold: dated(kind, series, threshold), quiet, *THRESHOLDS)
    np.savez(answers, dates=found.by, seconds=found.seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
