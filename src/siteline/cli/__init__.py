"""The command line: ``siteline demo, new, import, export, check, date, claims, report``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; ends the process with the exit code documented in ``docs/commands.md``."""
    from siteline.cli.commands import app

    app()
