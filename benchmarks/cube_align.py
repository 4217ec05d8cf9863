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
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.cube_align_peers import PEERS, Answer
from benchmarks.cube_align_scenes import CITIES, CONDITIONS, Condition, Pair, Trial, pairs, trial

SEEDS: Final = (1, 2)
WRONG_PX: Final = 0.5
"""An answer further off than this, in either axis, is wrong; an estimator that gives it is confident and wrong."""

Row = dict[str, Any]


def run(half: str = "report", seeds: tuple[int, ...] = SEEDS, processes: int = 2) -> dict[str, Any]:
    """Every pair of ``half`` under every condition: figures by estimator, by condition and by kind of scene; and times."""
    root = Path(os.environ["SITELINE_DATA"])
    jobs = [(pair, seeds) for pair in sorted(pairs(root, half), key=lambda pair: -pair.reference.size)]
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(processes) as pool:
        rows = [row for told in pool.map(_measure, jobs) for row in told]
    return {
        "half": half,
        "pairs": len(jobs),
        "by condition": _grouped(rows, "condition"),
        "by scenes": _grouped(rows, "scenes"),
        "all": _grouped([{**row, "all": "everything"} for row in rows], "all"),
        "milliseconds": _speed(jobs[0][0]),
    }


def table(figures: dict[str, Any]) -> str:
    """The figures as three markdown tables: by condition, by kind of scene, and time on one image of 500 x 500 px."""
    names = {"report": "the half of the scenes that no constant was chosen on", "tune": "the half constants were chosen on"}
    lines = [f"{figures['pairs']} pairs, {names[figures['half']]}.", ""]
    for part, head in (("by condition", "moving scene"), ("by scenes", "scenes"), ("all", "")):
        lines += [
            f"| {head} | estimator | median error, px | worst error, px | not answered | wrong and confident | ms |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
            *(_line(label, name, told) for label, found in figures[part].items() for name, told in found.items()),
            "",
        ]
    lines += ["| 500 x 500 px, one core | ms |", "| --- | ---: |"]
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
    started = time.perf_counter()
    answer = estimate(given)
    return answer, (time.perf_counter() - started) * 1000


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
    """Median of nine runs of each estimator on a scene of 500 x 500 px, in milliseconds, nothing else running here."""
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
