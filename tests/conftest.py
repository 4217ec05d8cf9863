"""What several test files share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from typer.testing import CliRunner, Result

from siteline.cli.commands import app

# The same cases in every run, so that a failure is of the change at hand; `make explore` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder that ``siteline demo --json`` made, and how that ended; made once, for it simulates two years."""
    folder = tmp_path_factory.mktemp("demo") / "siteline-demo"
    return folder, CliRunner(env={"COLUMNS": "80"}).invoke(app, ["demo", "--out", str(folder), "--json"])
