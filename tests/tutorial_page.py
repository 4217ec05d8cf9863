"""Runs the tutorial. ``python tests/tutorial_page.py`` writes what its commands print into the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```(?P<shown>\n```text\n.*?\n```)?", re.DOTALL)


def run(page: str, folder: Path) -> str:
    """``page`` with every ``text`` block replaced by what the ``sh`` block above it prints; progress is left out."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "SITELINE_HOME": str(folder / ".home")}

    def played(block: re.Match[str]) -> str:
        done = subprocess.run(
            ["bash", "-e", "-c", block["commands"]], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        told = [line for line in done.stderr.splitlines() if "✓" not in line]
        text = "\n".join([*told, done.stdout]).strip("\n")
        shown = f"\n```text\n{text}\n```" if block["shown"] else ""
        return f"```sh\n{block['commands']}```{shown}"

    return BLOCK.sub(played, page)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PAGE.write_text(run(PAGE.read_text(encoding="utf-8"), Path(name)), encoding="utf-8")
