"""pycold (COLD, Zhu et al. 2020; S-CCD, Ye et al. 2021), six bands, in an environment of its own.

Its wheel was compiled for NumPy 1, and it imports GDAL's bindings, which pip cannot build here without GDAL's own headers.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from functools import lru_cache
from pathlib import Path

import numpy as np
from benchmarks.changepoint_data import Batch, Found
from benchmarks.detect_peers_common import NotInstalled, brackets

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".venv" / "peer-pycold"  # goes with `make clean`
NEEDS = ("pycold==0.1.2", "numpy<2", "pandas<3")


@lru_cache(maxsize=1)
def interpreter() -> Path:
    """Python with pycold, installed on the first call. Raises NotInstalled with pip's last words."""
    python = HOME / "bin" / "python"
    if not (HOME / "installed").exists():
        print("installing pycold in an environment of its own", file=sys.stderr, flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        told = subprocess.run([python, "-m", "pip", "install", "--quiet", *NEEDS], capture_output=True, text=True)
        if told.returncode:
            raise NotInstalled(f"pip cannot install pycold: {told.stderr.strip().splitlines()[-1]}")
        (HOME / "installed").touch()
    return python


def detected(given: Batch, kind: str) -> Found:
    """The strongest break of each series, at 5 % false alarms; ``kind``: "cold" or "s-ccd"."""
    python = interpreter()
    with tempfile.TemporaryDirectory() as folder:
        asked, answers = Path(folder, "batch.npz"), Path(folder, "answers.npz")
        np.savez(asked, values=given.values, days=given.days, quiet=given.quiet)
        command = [python, "-m", "benchmarks.detect_peers_pycold_child", kind, asked, answers]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if told.returncode:
            raise NotInstalled(f"pycold does not run here: {told.stderr.strip().splitlines()[-1]}")
        with np.load(answers) as file:
            dates, seconds = file["dates"], float(file["seconds"])
    after, by = brackets(given, dates)
    return Found(np.isfinite(dates).astype(float), after, by, seconds)


def cold(given: Batch) -> Found:
    """COLD: the break is the first look of the six in a row that leave the model."""
    return detected(given, "cold")


def sccd(given: Batch) -> Found:
    """S-CCD: the same judgement, with a Kalman filter for the model."""
    return detected(given, "s-ccd")
