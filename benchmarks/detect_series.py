"""Change points in series, the product beside its peers on truth.

``python -m benchmarks.detect_series [SEEDS] [--quick]`` prints Markdown. Every method dates the same series, in the same
process or, for pycold, from it, on one core; times are CPU time, compiled and warm. Scores are at 5 % false alarms.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from benchmarks.changepoint_data import SCENARIOS, SERIES, Batch, Found, batch, score
from benchmarks.detect_peers import NOT_RUN, ORACLE, PEERS
from benchmarks.detect_peers_common import Method, NotInstalled
from benchmarks.detect_product import PRODUCTS

BANDS = (1, 6)
WARM, QUICK, QUICK_SERIES = 16, 200, 600
Row = dict[str, float]
Figures = dict[str, dict[str, list[Row]]]  # "1 std" and so on; method; seed


def prefixed(row: Row) -> Row:
    """Scores of ours beside a peer's."""
    return {f"our {key}": row[key] for key in ("f1", "hit", "found and dated")}


def answer(method: Method, given: Batch, warm: set[tuple[str, int]]) -> Found:
    """The method's answers, its code compiled beforehand."""
    key = (method.name, len(given.bands))
    if key not in warm:
        method.run(given.first(WARM))
        warm.add(key)
    return method.run(given)


def measure(seeds: Sequence[int], products: Sequence[Method] = (), quick: bool = False) -> tuple[Figures, dict[str, str]]:
    """(figures, reasons why a method did not run). Each row: what ``changepoint_data.score`` gives, ``series``, ``rate``
    (series a second), and ``our ...`` (the first of ``products`` on the same series) and ``ratio`` (the last one's rate over
    this one's)."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    missing: dict[str, str] = {}
    warm: set[tuple[str, int]] = set()
    for seed in seeds:
        for scenario, bands in ((s, b) for s in SCENARIOS for b in BANDS):
            whole = batch(seed, scenario, bands, QUICK_SERIES if quick else SERIES)
            answers: dict[str, Found] = {}
            rates: dict[str, float] = {}
            for method in (*products, ORACLE, *PEERS):
                if bands not in method.bands or method.name in missing:
                    continue
                mine = method in products
                given = whole.first(QUICK if quick and not mine else method.limit)
                print(f"seed {seed}, {scenario}, {bands} band(s): {method.name}", file=sys.stderr, flush=True)
                try:
                    found = answer(method, given, warm)
                except NotInstalled as error:
                    missing[method.name] = str(error)
                    continue
                count = len(given.values)
                row = score(given, found) | {"series": count, "rate": count / max(found.seconds, 1e-9)}
                if mine:
                    answers[method.name], rates[method.name] = found, row["rate"]
                elif products:
                    row |= prefixed(score(whole, answers[products[0].name], count))
                    row["ratio"] = rates[products[-1].name] / row["rate"]
                figures[f"{bands} {scenario}"][method.name].append(row)
    return {task: dict(rows) for task, rows in figures.items()}, missing


def mean(rows: Sequence[Row], key: str) -> float:
    """Mean over seeds, NaN where the method has no such figure."""
    return float(np.mean([row.get(key, np.nan) for row in rows])) if rows else float("nan")


def pair(rows: Sequence[Sequence[Row]], key: str, form: str) -> str:
    """``key`` in each scenario, "std / hard"; a dash where there is none."""
    values = [mean(part, key) for part in rows]
    return "-" if np.isnan(values).all() else " / ".join("-" if np.isnan(value) else format(value, form) for value in values)


def markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


COLUMNS = (
    ("series", "series", ",.0f"),
    ("series/s", "rate", ",.0f"),
    ("F1", "f1", ".3f"),
    ("hit", "hit", ".2f"),
    ("found and dated", "found and dated", ".2f"),
    ("95 % cover", "cover", ".3f"),
    ("width, d", "width", ".0f"),
    ("our F1", "our f1", ".3f"),
    ("our hit", "our hit", ".2f"),
    ("our f&d", "our found and dated", ".2f"),
    ("our speed / its", "ratio", ",.1f"),
)
CALIBRATION = (
    *((f"cover, SNR {snr}", f"cover@{snr}", ".3f") for snr in (1, 2, 3, 5)),
    ("width, d", "width", ".0f"),
    ("ramp hit", "ramp hit", ".2f"),
    ("ramp cover", "ramp cover", ".3f"),
    ("ramp width, d", "ramp width", ".0f"),
)


def table(figures: Figures, bands: int, columns: Sequence[tuple[str, str, str]], only: str | None = None) -> str:
    """One table of all methods that were given ``bands`` bands, std / hard; ``only`` those with that figure."""
    tasks = [figures.get(f"{bands} {scenario}", {}) for scenario in SCENARIOS]
    body = []
    for name in tasks[0]:
        rows = [task.get(name, []) for task in tasks]
        if only is None or not np.isnan(mean(rows[0], only)):
            body.append([name, *(pair(rows, key, form) for _, key, form in columns)])
    return markdown([f"{'one band' if bands == 1 else 'six bands'}, std / hard", *(c[0] for c in columns)], body)


def report(figures: Figures, missing: Mapping[str, str], seeds: Sequence[int], products: Sequence[Method] = ()) -> str:
    """All tables, what each method is, and what was not run."""
    notes = [f"- {m.name}: {m.note}." for m in (*products, ORACLE, *PEERS) if m.name not in missing]
    absent = [f"- {name} did not run: {reason}." for name, reason in missing.items()] + [f"- {text}" for text in NOT_RUN]
    parts = [
        f"Mean of {len(seeds)} seed(s). *hit*: of the steps detected, dated into the true gap; *found and dated*: of all "
        "steps, detected and dated into the true gap; *our ...*: siteline's posterior on the same series; *our speed*: of "
        "its scan.",
        *(table(figures, bands, COLUMNS) for bands in BANDS),
        "95 % intervals by signal-to-noise ratio, and the beginnings of ramps:",
        *(table(figures, bands, CALIBRATION, only="cover") for bands in BANDS),
        "\n".join(notes + absent),
    ]
    return "\n\n".join(parts)


def main(products: Sequence[Method] = (), arguments: Sequence[str] | None = None) -> Figures:
    """Measure, print the tables, and return the figures.

    The first of ``products`` is compared with every peer on the peer's series, the last one's speed with the peer's.
    """
    import numba
    from threadpoolctl import threadpool_limits

    parser = argparse.ArgumentParser(description="Change points in series: siteline beside its peers, on truth.")
    parser.add_argument("seeds", nargs="?", type=int, default=3, help="how many seeds")
    parser.add_argument("--quick", action="store_true", help="a few hundred series: to try it")
    chosen = parser.parse_args(arguments)
    seeds = range(101, 101 + chosen.seeds)
    numba.set_num_threads(1)
    with threadpool_limits(1):
        figures, missing = measure(seeds, products, chosen.quick)
    print(report(figures, missing, seeds, products))
    return figures


if __name__ == "__main__":
    main(PRODUCTS)
