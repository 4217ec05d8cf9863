"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from siteline.cli.commands import app


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder that ``siteline demo --json`` made, and how that ended; made once, for it simulates two years."""
    folder = tmp_path_factory.mktemp("demo") / "siteline-demo"
    return folder, CliRunner(env={"COLUMNS": "80"}).invoke(app, ["demo", "--out", str(folder), "--json"])
