"""How a command ends: one place that turns failures into a message, JSON for programs, and an exit code."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ParamSpec

import typer

from siteline.model.errors import BadRows, SitelineError

P = ParamSpec("P")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells use it."""


def ending(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: expected failures print one message on stderr (and JSON on stdout under ``--json``)."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except SitelineError as error:
            sys.stderr.write(f"siteline: {_printable(str(error))}\n")
            if kwargs.get("as_json"):
                print_json({"error": error_json(error)})
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            sys.stderr.write("\nsiteline: stopped; nothing half-written was left\n")
            raise typer.Exit(INTERRUPTED) from None

    return run


def error_json(error: SitelineError) -> dict[str, Any]:
    """A failure as programs read it: kind, message, exit code and, for bad rows, every problem."""
    told: dict[str, Any] = {"kind": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
    if isinstance(error, BadRows):
        told["problems"] = [asdict(problem) for problem in error.problems]
    return told


def print_json(value: Any) -> None:
    """Write ``value`` to stdout as UTF-8 JSON, whatever the locale. Raises ``ValueError`` for NaN, which is not JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\n")
    sys.stdout.flush()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
