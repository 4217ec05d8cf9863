"""CSV, streamed: UTF-8, line numbers as editors count them, memory bounded by one row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from siteline.guard.files import trouble
from siteline.model.errors import RowProblem

MAX_FIELD = 1024 * 1024
"""Longest cell, in characters."""

MAX_LINE = 16 * MAX_FIELD
"""Longest physical line, in bytes; one line is held in memory at a time."""


class _Stop(Exception):
    """Reading cannot go on; carries the problem."""

    def __init__(self, problem: RowProblem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class CsvFile:
    """One CSV file read row by row; what is wrong is collected in ``problems``, never raised.

    ``header`` is filled when iteration starts.
    """

    def __init__(self, path: Path) -> None:
        """Remember ``path``; nothing is opened before iteration."""
        self.path = path
        self.header: list[str] = []
        self.problems: list[RowProblem] = []

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (first line of the row, cells by column). Raises ``FileTrouble`` if the file cannot be read."""
        try:
            with self.path.open("rb") as stream:
                yield from self._rows(stream)
        except OSError as error:
            raise trouble(self.path, error) from error
        except _Stop as stop:
            self.problems.append(stop.problem)

    def _problem(self, line: int | None, column: str | None, reason: str) -> RowProblem:
        return RowProblem(self.path.name, line, column, reason)

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        number = 0
        while raw := stream.readline(MAX_LINE + 1):
            number += 1
            if len(raw) > MAX_LINE:
                raise _Stop(self._problem(number, None, f"the line is longer than {MAX_LINE} bytes"))
            if b"\0" in raw:
                raise _Stop(self._problem(number, None, "the line holds a NUL byte; save the file as UTF-8 text"))
            try:
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                reason = f"byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8"
                raise _Stop(self._problem(number, None, reason)) from None

    def _rows(self, stream: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
        csv.field_size_limit(MAX_FIELD)
        reader = csv.reader(self._lines(stream), strict=True)
        while True:
            first = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                raise _Stop(self._broken(first, str(error), len(self.header))) from None
            if not cells:
                continue
            if not self.header:
                self._take_header(first, cells)
            elif len(cells) != len(self.header):
                reason = f"{len(cells)} cells where the header has {len(self.header)}; quote cells that hold commas"
                self.problems.append(self._problem(first, None, reason))
            else:
                yield first, dict(zip(self.header, cells, strict=True))
        if not self.header:
            raise _Stop(self._problem(1, None, "the file is empty; its first line must name the columns"))

    def _take_header(self, line: int, cells: list[str]) -> None:
        repeated = sorted({name for name in cells if cells.count(name) > 1})
        if repeated:
            raise _Stop(self._problem(line, repeated[0], "the header names this column twice"))
        self.header = cells

    def _broken(self, line: int, error: str, columns: int) -> RowProblem:
        if "field limit" in error:
            return self._problem(line, None, f"a cell is longer than {MAX_FIELD} characters (1 MiB); shorten it")
        if "end of data" in error:
            return self._problem(line, None, "a quote opened in this row is never closed")
        return self._problem(line, None, f"not readable as CSV ({error})")


def csv_line(cells: Sequence[str]) -> str:
    """One CSV line; cells are quoted where a comma, quote or line break asks for it."""
    quoted = (f'"{c.replace(chr(34), chr(34) * 2)}"' if any(x in c for x in ',"\r\n') else c for c in cells)
    line = ",".join(quoted)
    return f"{line or chr(34) * 2}\n"


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a new CSV file; returns the number of rows. Raises ``FileTrouble``."""
    count = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.write(csv_line(header))
            for count, row in enumerate(rows, 1):
                stream.write(csv_line(row))
    except OSError as error:
        raise trouble(path, error) from error
    return count
