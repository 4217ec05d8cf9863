"""Large folders go through in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from store_folders import small, write

MIB = 1024 * 1024
HEADER = "observation_id,structure_id,image_id,acquired_date,state,activity,confidence,paraphrase,source_id\n"


def import_of(tmp_path: Path, size: int) -> dict[str, float]:
    """Import a folder with an observations.csv of ``size`` bytes in a process of its own; its figures."""
    folder = write(tmp_path / f"in{size}", small())
    words = "crane beside the stand; " * 40
    with (folder / "observations.csv").open("w") as stream:
        stream.write(HEADER)
        written, number = len(HEADER), 0
        while written < size:
            number += 1
            day = f"20{number % 20:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
            written += stream.write(f"o{number},pad,,{day},intact,crane,high,{words},s1\n")
    script = Path(__file__).with_name("store_child.py")
    command = [sys.executable, str(script), "measured", str(folder), str(tmp_path / f"{size}.gpkg")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        for path in (folder / "observations.csv", tmp_path / f"{size}.gpkg"):
            path.unlink(missing_ok=True)  # pytest would keep the megabytes of several runs
    figures: dict[str, float] = json.loads(done.stdout)
    assert figures["rows"] == number
    return figures


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    little, much = (import_of(tmp_path, size * MIB) for size in (2, 32))
    assert much["peak_mib"] - little["peak_mib"] < 8


@pytest.mark.slow
def test_200_megabytes(tmp_path: Path):
    assert import_of(tmp_path, 200 * MIB)["peak_mib"] < 200
