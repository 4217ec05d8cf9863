"""Alignment on real scenes with known shifts, with cloud and with changed fields, against estimators of whole images.

Each estimator's error is its answer for the shifted, clouded, changed scene, less its answer for the same two scenes left as
they are, less the shift that was applied: what lies between two dates to begin with is not counted. Constants were chosen on
half ``tune`` of the scenes, figures are of half ``report``. ``python -m benchmarks.cube_align`` prints the tables.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.cube_align_peers import PEERS, Answer
from benchmarks.cube_align_scenes import CITIES, CONDITIONS, Condition, Pair, Trial, pairs, trial

SEEDS: Final = (1, 2)
WRONG_PX: Final = 0.5
"""An answer further off than this, in either axis, is wrong; an estimator that gives it is confident and wrong."""

HALVES: Final = {"tune": "constants were chosen on", "report": "no constant was chosen on"}
METHOD: Final = """\
NAIP (one place, every second of ten years) is read at 5 m, shifted by whole 5 m pixels and averaged to 15 m. OSCD (three of
six cities) and Verdun (one place, every second date) are shifted by a quintic spline. Shifts go up to 3 px in each axis. An
error is an answer, less the same estimator's answer for the two scenes as they are, less the shift that was applied, in the
worse axis. Cloud is bright fractal blobs in the moving scene. Fields are the segments between the scene's own edges; they
get another brightness, and their texture is kept or replaced by noise. Wrong and confident: an answer more than half a pixel
off. Times are of one core's work (CPU time)."""

Row = dict[str, Any]


def run(half: str = "report", seeds: tuple[int, ...] = SEEDS, processes: int = 2) -> dict[str, Any]:
    """Every pair of ``half`` under every condition: figures by estimator, by condition and by kind of scene; and times."""
    root = Path(os.environ["SITELINE_DATA"])
    jobs = [(pair, seeds) for pair in sorted(pairs(root, half), key=lambda pair: -pair.reference.size)]
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    # Spawned, not forked: a library that is loaded already has chosen its number of threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        rows = [row for told in pool.map(_measure, jobs) for row in told]
        speed = pool.submit(_speed, jobs[0][0]).result()
    return {
        "half of": f"the half of the scenes that {HALVES[half]}",
        "pairs": len(jobs),
        "by condition": _grouped(rows, "condition"),
        "by scenes": _grouped(rows, "scenes"),
        "all": _grouped([{**row, "all": "everything"} for row in rows], "all"),
        "milliseconds": speed,
    }


def table(figures: dict[str, Any]) -> str:
    """The figures in markdown: by condition, by kind of scene, all, and time on images of 500 x 500 px."""
    lines = [f"{figures['pairs']} pairs of {figures['half of']}.", "", METHOD, ""]
    for part, head in (("by condition", "moving scene"), ("by scenes", "scenes"), ("all", "")):
        lines += [
            f"| {head} | estimator | median error, px | worst error, px | not answered | wrong and confident | ms |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            *(_line(label, name, told) for label, found in figures[part].items() for name, told in found.items()),
            "",
        ]
    lines += ["| 500 x 500 px | CPU, ms |", "| --- | ---: |"]
    return "\n".join(lines + [f"| {name} | {ms:.0f} |" for name, ms in figures["milliseconds"].items()])


def _line(label: str, name: str, told: Row) -> str:
    error = [f"{told[key]:.3f}" if told[key] is not None else "-" for key in ("median", "worst")]
    shares = [f"{told[key]:.1%}" for key in ("not answered", "wrong")]
    return f"| {label} | {name} | {' | '.join(error)} | {' | '.join(shares)} | {told['ms']:.1f} |"


def _measure(job: tuple[Pair, tuple[int, ...]]) -> list[Row]:
    """All conditions of one pair, by every estimator."""
    import cv2

    cv2.setNumThreads(1)
    pair, seeds = job
    conditions: Iterable[Condition] = (Condition(), Condition(masked=False)) if pair.real_cloud else CONDITIONS
    still = trial(pair, Condition(), 0, still=True)
    before = {name: estimate(still) for name, estimate in PEERS.items()}
    # An estimator without an answer for the scenes as they are is measured against what the others say of them.
    common = np.median([answer for answer in before.values() if answer is not None], axis=0)
    rows = []
    for condition in conditions:
        for seed in seeds:
            given = trial(pair, condition, seed)
            for name, estimate in PEERS.items():
                answer, ms = _timed(estimate, given)
                base = before[name] or (float(common[0]), float(common[1]))
                told = {"scenes": pair.group, "condition": f"{'real cloud: ' * pair.real_cloud}{condition}"}
                rows.append({**told, "estimator": name, "error": _error(answer, base, given), "ms": ms, "pair": pair.name})
    return rows


def _timed(estimate: Callable[[Trial], Answer], given: Trial) -> tuple[Answer, float]:
    started = time.process_time()
    answer = estimate(given)
    return answer, (time.process_time() - started) * 1000


def _error(answer: Answer, before: tuple[float, float], given: Trial) -> float | None:
    """Pixels, the larger axis; None without an answer."""
    if answer is None:
        return None
    return max(abs(a - b - s) for a, b, s in zip(answer, before, given.shift, strict=True))


def _grouped(rows: list[Row], key: str) -> dict[str, dict[str, Row]]:
    """Figures by ``key`` and estimator, in the order in which they first appear."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        found.setdefault(row[key], {}).setdefault(row["estimator"], []).append(row)
    return {label: {name: _figures(told) for name, told in by.items()} for label, by in found.items()}


def _figures(rows: list[Row]) -> Row:
    errors = [row["error"] for row in rows if row["error"] is not None]
    return {
        "trials": len(rows),
        "median": statistics.median(errors) if errors else None,
        "worst": max(errors, default=None),
        "not answered": 1 - len(errors) / len(rows),
        "wrong": sum(error > WRONG_PX for error in errors) / len(rows),
        "ms": statistics.median(row["ms"] for row in rows),
    }


def _speed(pair: Pair) -> dict[str, float]:
    """Median of nine runs of each estimator on a scene of 500 x 500 px, in milliseconds of CPU time."""
    import cv2

    cv2.setNumThreads(1)
    tiles = [np.tile(image, (2, 2))[:500, :500] for image in (pair.reference, pair.moving)]
    there = np.ones((500, 500), bool)
    given = trial(Pair("", "speed", tiles[0], there, tiles[1], there), Condition(), 1)
    return {name: statistics.median(_timed(estimate, given)[1] for _ in range(9)) for name, estimate in PEERS.items()}


def main() -> None:
    """Print the tables; ``tune`` as an argument looks at the other half."""
    half = sys.argv[1] if len(sys.argv) > 1 else "report"
    if half not in CITIES:
        raise SystemExit(f"no half called {half!r}; say tune or report")
    print(table(run(half)))


if __name__ == "__main__":
    main()
