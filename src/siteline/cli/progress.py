"""Progress on stderr: a line that lives while a step runs, and leaves a tick behind."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from siteline.cli.plain import clean


class Steps:
    """Tells which step runs; on a terminal with a spinner, elsewhere as plain lines. Silent when ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Write to stderr, so that stdout stays the program's answer."""
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._status: Status | None = None
        self._step, self._since = "", 0.0

    def __enter__(self) -> Steps:
        """Start."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish the running step; without a tick when it failed."""
        self._finish(done=kind is None)

    def tell(self, step: str) -> None:
        """Begin ``step`` (a few words), finishing the one before."""
        self._finish(done=True)
        self._step, self._since = clean(step), time.monotonic()
        if self._console.is_terminal:
            self._status = self._console.status(Text(self._step, style="dim"), spinner="dots")
            self._status.start()

    def rows(self, table: str, count: int) -> None:
        """Show how many rows of ``table`` have been read so far."""
        if self._status is not None:
            self._status.update(Text(f"{self._step}: {count:,} {table}", style="dim"))

    def part(self, done: int, total: int, detail: str = "") -> None:
        """Show how much of the step is done, as a bar, with ``detail`` (bytes, a name) beside it."""
        if self._status is not None and total > 0:
            filled = round(20 * done / total)
            bar = Text.assemble(("━" * filled, "green"), ("━" * (20 - filled), "bright_black"))
            told = Text(f" {done:,} of {total:,}{f', {clean(detail)}' if detail else ''}", style="dim")
            self._status.update(Text.assemble((f"{self._step}  ", "dim"), bar, told))

    def _finish(self, *, done: bool) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._step and done:
            took = time.monotonic() - self._since
            done_line = Text.assemble(("  ✓ ", "green"), (self._step, "dim"), (f"  {took:.1f} s", "dim"))
            self._console.print(done_line, soft_wrap=True)
        self._step = ""
