"""How a command ends: one place that turns failures into a message, JSON for programs, and an exit code."""

from __future__ import annotations

import functools
import json
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ParamSpec, TextIO

import typer

from siteline.cli.plain import clean
from siteline.model.doubts import NotAligned
from siteline.model.errors import BadRows, SitelineError

P = ParamSpec("P")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells use it."""

_USED = "if their pixels are 10 m or coarser, what they show is still used where their makers placed it"
"""What becomes of scenes that are not aligned (docs/concepts/measuring.md)."""

_TOLD = 3
"""Notes of one kind that are printed whole."""

_CONTROLS = re.compile("[\\x7f-\\x9f]")
"""Controls that JSON leaves as they are and terminals obey."""


def ending(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command: expected failures print one message on stderr (and JSON on stdout under ``--json``).

    Warnings are printed there too, as notes that do not change how the command ends.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        notes = _Notes()
        try:
            with warnings.catch_warnings(), notes:
                warnings.showwarning = notes.take
                command(*args, **kwargs)
        except SitelineError as error:
            sys.stderr.write(f"siteline: {clean(str(error), lines=True)}\n")
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
    """Write ``value`` to stdout as UTF-8 JSON, whatever the locale. Raises ``ValueError`` for NaN, which is not JSON.

    Controls are escaped, so that printing it on a terminal is safe; so are bytes of file names that are not UTF-8.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    text = _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    # A lone surrogate (such a byte) becomes \\udcXX, which is how JSON writes it.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def print_paths(paths: Mapping[str, Path]) -> None:
    """Print what was written, by name, below an empty line."""
    width = max(map(len, paths))
    typer.echo("\n" + "\n".join(f"{name:<{width}}  {clean(str(path))}" for name, path in paths.items()))


class _Notes:
    """Warnings as notes on stderr: the first of each kind at once, how many more there were at the end.

    Scenes that could not be aligned, which are many under a cloudy sky, are counted in one note at the end.
    """

    def __init__(self) -> None:
        self._told: Counter[type[Warning]] = Counter()
        self._not_aligned: dict[str, NotAligned] = {}

    def __enter__(self) -> None:
        pass

    def __exit__(self, *raised: object) -> None:
        if self._not_aligned:
            sys.stderr.write(f"siteline: note: {clean(_not_aligned_words(self._not_aligned))}\n")
        for category, count in self._told.items():
            if (more := count - _TOLD) > 0:
                words = re.sub("(?<!^)(?=[A-Z])", " ", category.__name__).lower()
                sys.stderr.write(f"siteline: note: {more:,} more like this ({words})\n")

    def take(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del filename, lineno, file, line
        if isinstance(message, NotAligned):
            self._not_aligned[message.subject] = message
            return
        self._told[category] += 1
        if self._told[category] <= _TOLD:
            sys.stderr.write(f"siteline: note: {clean(str(message))}\n")


def _not_aligned_words(doubts: Mapping[str, NotAligned]) -> str:
    """One sentence for all scenes that could not be aligned, by scene; the commonest reason stands for them."""
    told = Counter("too little of them is clear" if doubt.unseen else doubt.why for doubt in doubts.values())
    (why, count), *others = told.most_common()
    if len(doubts) == 1:
        return f"{next(iter(doubts))} could not be aligned to the others ({why}); {_USED}"
    mostly = f"{count:,} of them: {why}" if others else why
    return f"{len(doubts):,} scenes could not be aligned to the others ({mostly}); {_USED}"
