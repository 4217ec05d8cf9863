"""The benchmark of change in pixels. ``make bench-detect``; writes docs/benchmarks/detect.md.

``python -m benchmarks.detect series sites`` runs these parts alone and keeps the others' text.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable

from benchmarks import detect_oscd, detect_real, detect_scaling, detect_series, detect_sites, detect_trust, page
from benchmarks.detect_product import PRODUCTS

SEEDS, SITES = 2, 200
PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "series": ("Change points in series, beside peers", lambda: series_text()),
    "scaling": ("Speed, cores, memory", lambda: detect_scaling.table(detect_scaling.run(), detect_scaling.memory())),
    "real": ("Real series and sites", lambda: detect_real.table(detect_real.run())),
    "oscd": ("Two scenes: six cities", lambda: detect_oscd.text(detect_oscd.run())),
    "sites": ("End to end on simulated sites", lambda: sites_text()),
    "trust": ("How long trust takes", lambda: detect_trust.table(detect_trust.run())),
}


def series_text() -> str:
    """Every method on the same series, in one process."""
    seeds = range(101, 101 + SEEDS)
    figures, missing = detect_series.measure(seeds, PRODUCTS)
    return detect_series.report(figures, missing, seeds, PRODUCTS)


def sites_text() -> str:
    """The product's own steps on simulated sites."""
    return detect_sites.table(detect_sites.summary(detect_sites.run(range(1000, 1000 + SITES))))


def main(chosen: list[str]) -> None:
    """Run the parts ``chosen`` (all if none) and write the page."""
    head = (
        "# Change in pixels: found, dated, trusted\n\n"
        "Reproduce with `make bench-detect` (about an hour; `SITELINE_DATA` names the folder of real images and, beside\n"
        f"it, the yardstick of series). Measured on {os.cpu_count()} cores, Python {platform.python_version()}. Times are\n"
        "of one machine: read the ratios.\n"
    )
    page.write("detect.md", head, PARTS, chosen)


if __name__ == "__main__":
    main(sys.argv[1:])
