"""The yardstick of dating change in irregular series: simulated series with truth, and how answers to them are scored.

The generator and the metrics lie beside the data, at ``$SITELINE_DATA/../bench/changepoint``: series of four years on a grid
of five days, about 120 clear looks each, six bands; half of the series change once. ``std`` has independent noise, ``hard``
correlated noise, trends and seasons of changing strength.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCENARIOS = ("std", "hard")
PRIMARY = 3  # the band the single-band tasks are given: near infrared
SERIES = 10_000
FALSE_ALARMS = 0.05
MODULES = ("generator", "metrics")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Series to be dated, and their truth (which only scores, thresholds and the oracle look at)."""

    values: NDArray[np.float32]  # [series, band, time], reflectance x 10,000; NaN where no clear look
    days: Floats  # [time], days since 1 January 2018, UTC
    truth: Mapping[str, Any]  # the generator's own record, all series, all bands
    bands: tuple[int, ...]  # which of the six bands the values are
    scenario: str

    @property
    def quiet(self) -> Bools:
        """Bool[series]: nothing changed. Thresholds are set at a false-alarm rate on these."""
        return ~np.asarray(self.truth["changed"][: len(self.values)])

    def first(self, count: int) -> Batch:
        """The first ``count`` series (their order is random); all of them where there are fewer."""
        return Batch(self.values[:count], self.days, self.truth, self.bands, self.scenario)


@dataclass(frozen=True, slots=True)
class Found:
    """A method's answers.

    ``after`` and ``by``: the look before the change and the first look affected by it; ``score``: evidence for change,
    comparable within the batch; ``early`` and ``late``: a 95 % interval of the date, where the method gives one;
    ``seconds``: CPU seconds of the computation, warm, without the conversion of data to and fro.
    """

    score: Floats  # [series]
    after: Floats  # [series], days as in Batch
    by: Floats  # [series]
    seconds: float
    early: Floats | None = None  # [series]; NaN where the method gives none for a series
    late: Floats | None = None


def folder() -> Path | None:
    """Where the yardstick lies, or None where ``SITELINE_DATA`` is unset or has none beside it."""
    root = os.environ.get("SITELINE_DATA")
    path = Path(root).resolve().parent / "bench" / "changepoint" if root else None
    return path if path is not None and all((path / f"{name}.py").is_file() for name in MODULES) else None


@lru_cache(maxsize=len(MODULES))
def yardstick(name: str) -> ModuleType:
    """The yardstick's module ``generator`` or ``metrics``. Raises FileNotFoundError where it is not there."""
    path = folder()
    if path is None:
        raise FileNotFoundError("no yardstick: SITELINE_DATA must name the data folder, with bench/changepoint beside it")
    spec = importlib.util.spec_from_file_location(f"changepoint_{name}", path / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=1)  # 70 MB a set of 10,000
def simulated(seed: int, scenario: str, count: int) -> Mapping[str, Any]:
    """The generator's record of ``count`` series."""
    record: Mapping[str, Any] = yardstick("generator").make(count, seed, scenario)
    return record


def batch(seed: int, scenario: str, bands: int, count: int = SERIES) -> Batch:
    """``count`` series of one band (the near infrared) or of all six."""
    truth = simulated(seed, scenario, count)
    chosen = (PRIMARY,) if bands == 1 else tuple(range(truth["Y"].shape[1]))
    return Batch(np.ascontiguousarray(truth["Y"][:, list(chosen)]), truth["t"], truth, chosen, scenario)


def score(given: Batch, found: Found, count: int | None = None) -> dict[str, float]:
    """How good the answers are at 5 % false alarms among the first ``count`` series (all the method answered if None).

    ``f1``; ``power``, the share of changes detected; ``found and dated``, the share of all steps both detected and dated
    into the true gap, between the last good look before the change and the first after. Of the steps detected: ``hit``, the
    share dated into that gap; ``cover`` and ``width`` (median, days) of the 95 % interval, and ``cover@2`` and so on at one
    signal-to-noise ratio. Of the ramps detected, by their beginning: ``ramp hit``, ``ramp cover``, ``ramp width``.
    """
    index = np.arange(len(found.score) if count is None else min(count, len(found.score)))
    early, late = (None if edge is None else edge[index] for edge in (found.early, found.late))
    told = yardstick("metrics").evaluate(
        given.truth,
        np.nan_to_num(found.score[index], nan=-np.inf),
        found.after[index],
        found.by[index],
        far=(FALSE_ALARMS,),
        clo=early,
        chi=late,
        idx=index,
    )[f"far{FALSE_ALARMS:g}"]
    step, ramp = told["step"], told["ramp"]
    steps = int((given.truth["changed"][index] & (given.truth["ramp"][index] == 0)).sum())
    result = {"f1": told["f1"], "power": told["tpr"], "hit": step["hit"], "ramp hit": ramp["hit"]}
    result["found and dated"] = step["n"] * step["hit"] / steps if step["n"] else 0.0
    if early is not None:
        result |= {"cover": step["cov_edge"], "width": step["wid"]}
        result |= {f"cover@{key[3:]}": value for key, value in step.items() if key.startswith("cov") and key[3:].isdigit()}
        result |= {"ramp cover": ramp["cov_edge"], "ramp width": ramp["wid"]} if "cov_edge" in ramp else {}
    return result
