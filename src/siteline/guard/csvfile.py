"""CSV, streamed: UTF-8, line numbers as editors count them, memory bounded by one row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from siteline.guard.files import unreadable
from siteline.model.errors import RowProblem

MAX_FIELD = 1024 * 1024
"""Longest cell, in characters."""

MAX_LINE = 16 * MAX_FIELD
"""Longest physical line in bytes, and longest cell that is read at all; one row is held in memory at a time."""

MAX_PROBLEMS = 10_000
"""Problems kept per file; a file with more is not read to its end."""


class _Stop(Exception):
    """Reading cannot go on; carries the problem."""

    def __init__(self, problem: RowProblem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class CsvFile:
    """One CSV file read row by row; what is wrong with the text is collected in ``problems``, never raised.

    ``header`` is filled when iteration reaches the first row.
    """

    def __init__(self, path: Path) -> None:
        """Remember ``path``; nothing is opened before iteration."""
        self.path = path
        self.header: list[str] = []
        self.problems: list[RowProblem] = []

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (first line of the row, cells in the header's order). Raises ``FileTrouble`` if the file cannot be read."""
        try:
            with self.path.open("rb") as stream:
                yield from self._rows(stream)
        except OSError as error:
            raise unreadable(self.path, error) from error
        except _Stop as stop:
            self.problems.append(stop.problem)

    def report(self, line: int | None, column: str | None, reason: str) -> None:
        """Keep one problem; ends the reading when there are ``MAX_PROBLEMS``."""
        self.problems.append(RowProblem(self.path.name, line, column, reason))
        if len(self.problems) >= MAX_PROBLEMS:
            raise self._stop(line, f"this is problem {MAX_PROBLEMS} of this file; the rest was not read")

    def _stop(self, line: int | None, reason: str, column: str | None = None) -> _Stop:
        return _Stop(RowProblem(self.path.name, line, column, reason))

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        number = 0
        while raw := stream.readline(MAX_LINE + 1):
            number += 1
            if len(raw) > MAX_LINE:
                raise self._stop(number, f"the line is longer than {MAX_LINE} bytes; shorten it")
            if b"\0" in raw:
                self.report(number, None, "the line holds a NUL byte; save the file as UTF-8 text")
                raw = raw.replace(b"\0", b"")
            encoding = "utf-8-sig" if number == 1 else "utf-8"
            try:
                yield raw.decode(encoding)
            except UnicodeDecodeError as error:
                self.report(number, None, f"byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8")
                yield raw.decode(encoding, "replace")

    def _rows(self, stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(MAX_LINE)
        reader = csv.reader(self._lines(stream), strict=True)
        while True:
            first = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                raise self._stop(first, _broken(str(error))) from None
            if not cells:
                continue
            if not self.header:
                self._take_header(first, cells)
            elif len(cells) != len(self.header):
                reason = f"{len(cells)} cells where the header has {len(self.header)}; quote cells that hold commas"
                self.report(first, None, reason)
            else:
                if max(map(len, cells)) > MAX_FIELD:
                    self._report_long(first, cells)
                yield first, cells
        if not self.header:
            raise self._stop(1, "the file is empty; its first line must name the columns")

    def _take_header(self, line: int, cells: list[str]) -> None:
        repeated = sorted({name for name in cells if cells.count(name) > 1})
        if repeated:
            raise self._stop(line, "the header names this column twice", repeated[0])
        self.header = cells

    def _report_long(self, line: int, cells: list[str]) -> None:
        for name, cell in zip(self.header, cells, strict=True):
            if len(cell) > MAX_FIELD:
                self.report(line, name, f"{len(cell)} characters where {MAX_FIELD} (1 MiB) are allowed; shorten it")


def _broken(error: str) -> str:
    if "field limit" in error:
        return f"a cell is longer than {MAX_LINE} characters, perhaps a quote that is never closed; shorten or close it"
    if "end of data" in error:
        return "a quote opened in this row is never closed"
    return f"not readable as CSV ({error}); rows after it were not read"


def csv_line(cells: Sequence[str]) -> str:
    """One CSV line; cells are quoted where a comma, quote or line break asks for it."""
    quoted = (f'"{c.replace(chr(34), chr(34) * 2)}"' if any(x in c for x in ',"\r\n') else c for c in cells)
    line = ",".join(quoted)
    return f"{line or chr(34) * 2}\n"


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file: ``header``, then ``rows``."""
    yield csv_line(header)
    for row in rows:
        yield csv_line(row)
