"""The command line: ``siteline demo, new, import, export, check, date, claims, report``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; ends the process with the exit code documented in ``docs/commands.md``."""
    import io
    import sys

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show an arrow shows a question mark
    from siteline.cli.commands import app

    app()
