"""Two cores against one, and memory against the number of series: ``python -m benchmarks.detect_scaling``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.changepoint_data import batch

from siteline.detect.noise import fit_noise
from siteline.detect.prior import Prior
from siteline.detect.scan import scan_mixed
from siteline.detect.series import change_points

SERIES, RUNS = 40_000, 5


def run() -> list[tuple[str, int, float, float]]:
    """(what, bands, series a second on one core, times that two cores are faster); wall-clock, the middle of ``RUNS``."""
    rows = []
    for bands in (1, 6):
        given = batch(101, "hard", bands)
        noise = fit_noise(given.values, given.days)
        mixed = np.ascontiguousarray(np.matmul(noise.mix, given.values)).astype(np.float32)
        many = np.concatenate([mixed] * (SERIES // len(mixed)))
        few = given.values[:2000]
        for what, count, work in (
            (
                "scan",
                len(many),
                lambda n, many=many, noise=noise, given=given: scan_mixed(many, given.days, Prior(), noise, threads=n),
            ),
            (
                "posterior",
                len(few),
                lambda n, few=few, noise=noise, given=given: change_points(few, given.days, Prior(), noise, threads=n),
            ),
        ):
            work(2)
            times: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(RUNS):
                for threads in (1, 2):
                    start = time.perf_counter()
                    work(threads)
                    times[threads].append(time.perf_counter() - start)
            one, two = (median(times[n]) for n in (1, 2))
            rows.append((what, bands, count / one, one / two))
    return rows


def memory() -> list[tuple[int, float]]:
    """(series, peak memory above that of 1,000 series in MiB) of scans of six bands in float32, the values not counted."""
    peaks = {}
    for count in (1_000, 10_000, 100_000):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.detect_scaling", str(count)], capture_output=True, text=True, check=True
        )
        peaks[count] = float(done.stdout)
    return list(peaks.items())


def _peak(count: int) -> float:
    """Peak memory in MiB of a scan of ``count`` series beyond the process with its values (Linux)."""
    rng = np.random.default_rng(0)
    days = np.arange(0, 1461, 10.0)
    values = rng.normal(0, 1, (count, 6, days.size)).astype(np.float32)
    from siteline.detect.prior import Noise

    scan_mixed(values[:64], days, Prior(), Noise.plain(6))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = _status("VmRSS")
    scan_mixed(values, days, Prior(), Noise.plain(6), threads=2)
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    """A line of /proc/self/status, kB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def table(rows: list[tuple[str, int, float, float]], peaks: list[tuple[int, float]]) -> str:
    """Markdown."""
    lines = ["| | bands | series/s, one core | two cores / one |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {what} | {bands} | {rate:,.0f} | {gain:.2f} |" for what, bands, rate, gain in rows]
    lines += ["", "| series scanned | peak memory beside the values, answers included, MiB |", "| ---: | ---: |"]
    return "\n".join(lines + [f"| {count:,} | {peak:.0f} |" for count, peak in peaks])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(_peak(int(sys.argv[1])))
    else:
        print(table(run(), memory()))
