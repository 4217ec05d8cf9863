"""Faults injected, handled and silent, by row of the list of faults: tests named ``test_row_NN_...``, run and counted.

One test injects one fault (each case of a parametrised test counts). It passes where the fault was told, recovered from or
masked; where it fails, the fault would have been silent. Run ``python -m benchmarks.cube_faults``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).resolve().parents[1]
FAULTS: Final[Mapping[int, str]] = {
    1: "500 or 429 when a raster is opened",
    2: "bare 503 on a search",
    3: "body that stalls",
    4: "short body, once or always",
    5: "right length, body of zeros",
    6: "HTML where pixels are due",
    7: "ETag changes between ranges",
    8: "killed in mid-download",
    9: "empty middle page of a search",
    10: "next page links to itself",
    11: "link to the next page missing",
    12: "truncated raster",
    13: "sparse or missing tile",
    14: "bit flip in a stored file",
    15: "small file that claims to be huge",
    16: "mutated headers",
    17: "VRT under another name, VRT as a path",
    18: "formats nobody asked for",
    19: "local files and options hidden in addresses",
    20: "redirect to a private address",
    21: "name resolves elsewhere after the check",
    22: "path in an item's id",
    23: "archive that escapes, links or explodes",
    24: "entities in XML",
    25: "loaders that execute",
    26: "two processing baselines in one series",
    27: "wrong word on an offset already applied",
    28: "one datatake in two baselines",
    29: "item whose files have vanished",
    30: "dates of one part, ambiguous order, local zones",
    31: "release date offered as capture date",
    32: "dates in the future, processed before acquired",
    33: "shift by one pixel, swapped axes",
    34: "a season of cloud",
    41: "the same inputs twice",
}
"""What is injected, by the row's number."""

_PASSED, _SKIPPED, _FAILED = range(3)


def run(tests: Path = ROOT / "tests") -> dict[str, Any]:
    """Run the tests of rows in the folder ``tests``: counts by row, and what failed.

    Exits with pytest's own words where pytest itself could not run.
    """
    rows = {row: {"injected": 0, "handled": 0, "silent": 0, "not run": 0} for row in FAULTS}
    failed = []
    for name, outcome in sorted(_outcomes(tests).items()):
        claimed = [row for row in rows_of(name) if row in rows]
        for row in claimed:
            rows[row][("handled", "not run", "silent")[outcome]] += 1
            rows[row]["injected"] += outcome != _SKIPPED
        if claimed and outcome == _FAILED:
            failed.append(name)
    return {"rows": rows, "failed": failed}


def table(figures: dict[str, Any]) -> str:
    """The figures in markdown, a row that no test covers said as such, and the sum."""
    lines = ["| row | fault | injected | handled | silent | not run |", "| ---: | --- | ---: | ---: | ---: | ---: |"]
    columns = ("injected", "handled", "silent", "not run")
    for row, told in figures["rows"].items():
        numbers = [str(told[column]) for column in columns] if any(told.values()) else ["no test", "", "", ""]
        lines.append(f"| {row} | {FAULTS[row]} | {' | '.join(numbers)} |")
    total = [str(sum(told[column] for told in figures["rows"].values())) for column in columns]
    lines.append(f"| | all | {' | '.join(total)} |")
    if figures["failed"]:
        lines += ["", "Silent: " + ", ".join(f"`{name}`" for name in figures["failed"]) + "."]
    return "\n".join(lines)


def rows_of(name: str) -> list[int]:
    """The rows a test's name claims: ``test_row_05_x`` one, ``test_row_17_row_18_x`` and ``test_rows_19_20_x`` two."""
    found = re.finditer(r"(?<![a-z])(?:row_(\d\d)(?!\d)|rows((?:_\d\d(?!\d))+))", name.partition("[")[0])
    return sorted({int(number) for each in found for number in (each[1] or each[2].strip("_")).split("_")})


def _outcomes(tests: Path) -> dict[str, int]:
    """Name of each test of a row and how it ended, the worst of call and teardown."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        only = ["-q", "-p", "no:cacheprovider", "-k", "row_ or rows_"]
        command = [sys.executable, "-m", "pytest", *only, f"--junitxml={report}", str(tests)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"the tests of faults could not run:\n{(done.stdout + done.stderr)[-2000:]}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    out: dict[str, int] = {}
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        outcome = _PASSED
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = _FAILED
        elif case.find("skipped") is not None:
            outcome = _SKIPPED
        out[name] = max(outcome, out.get(name, _PASSED))
    return out


if __name__ == "__main__":
    print(table(run()))
