"""The tutorial prints what it shows."""

from __future__ import annotations

from pathlib import Path

import tutorial_page


def test_the_tutorial_runs_and_prints_what_it_shows(tmp_path: Path):
    page = tutorial_page.PAGE.read_text(encoding="utf-8")
    assert tutorial_page.run(page, tmp_path) == page, "run: python tests/tutorial_page.py"
