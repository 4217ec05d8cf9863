"""Where the chips of a contact sheet go: cells in time order, years, rows and pages. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from siteline.model.span import from_days
from siteline.publish.usable import View

ROOM: Final = 1056.0
GUTTER: Final = 18.0
GAP_DAYS: Final = 60
"""Days without a scene that shows the structure from which on the sheet shows a gap."""
SMALL_PER_CELL: Final = 4
PAGE_ROWS: Final = 24
"""Rows of chips on one page of a long sheet."""
_SIDES = ((1, 1, 440.0), (3, 3, 340.0), (4, 4, 250.0), (6, 6, 161.0), (8, 4, 250.0), (20, 5, 196.0))
"""(most cells, columns, longest side in units). Six stand in one row: three before a change and three after it."""


LARGE: Final = ("usable", "misaligned")
"""Verdicts of scenes that show the structure."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One scene that shows the structure, or up to four successive ones that do not.

    ``gap``: days since the last scene that shows it, where they are many."""

    views: tuple[View, ...]
    gap: int | None = None

    @property
    def large(self) -> bool:
        """Whether it shows the structure."""
        return self.views[0].verdict in LARGE


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one year (``title``), or of all years (""). ``first`` and ``last``: the years it holds (``year``)."""

    title: str
    first: str
    last: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Size:
    """``columns`` of chips ``width`` x ``height`` units; a pixel of the cube is ``zoom`` units wide."""

    columns: int
    width: float
    height: float
    zoom: float


def size_of(count: int, rows: int, columns: int) -> Size:
    """Size of the chips of a window of ``rows`` x ``columns`` pixels where ``count`` cells are to be laid out.

    Each pixel covers a whole number of half units (pixels of the PNG), at most 16 units; windows too large for that are
    drawn a pixel to a half unit, or averaged.
    """
    across, side = next(((a, s) for most, a, s in _SIDES if count <= most), (7, (ROOM - 6 * GUTTER) / 7))
    longest = max(rows, columns)
    zoom = min(max(1, int(2 * side // longest)), 32) / 2
    if longest > 2 * side:
        zoom = 0.5 / -(-longest // int(2 * side))
    width = columns * zoom
    across = max(across, min(int((ROOM + GUTTER) // (max(width, 96) + GUTTER)), count))
    return Size(across, width, rows * zoom, zoom)


def cells(shown: Sequence[View]) -> list[Cell]:
    """Scenes in time order as cells; those that do not show the structure share one, never across a year."""
    out: list[Cell] = []
    last = math.nan
    for (large, _), run in groupby(shown, key=lambda v: (v.verdict in LARGE, year(v))):
        members = list(run)
        if not large:
            starts = range(0, len(members), SMALL_PER_CELL)
            out += [Cell(tuple(members[i : i + SMALL_PER_CELL])) for i in starts]
            continue
        for member in members:
            gap = member.days - last
            out.append(Cell((member,), int(gap) if gap >= GAP_DAYS + 1 else None))
            last = member.days
    return out


def blocks(laid: Sequence[Cell], columns: int) -> list[Block]:
    """Cells in rows, a block for each year; one block without a heading where years fill less than a row on average.

    A year of less than half a row shares the block of the next (``2015–2016``).
    """
    years = [list(run) for _, run in groupby(laid, key=lambda c: year(c.views[0]))]
    if len(laid) < columns * max(len(years), 2):
        return [_block("", list(laid), columns)] if laid else []
    merged: list[list[Cell]] = []
    for run in years:
        if merged and 2 * len(merged[-1]) < columns:
            merged[-1] += run
        else:
            merged.append(run)
    return [_block(_years(run), run, columns) for run in merged]


def pages(all_blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks on pages of at most ``PAGE_ROWS`` rows; a year that does not fit goes on overleaf under its own name."""
    out: list[list[Block]] = [[]]
    room = PAGE_ROWS
    for block in all_blocks:
        rows, title = list(block.rows), block.title
        while rows:
            if room <= 0 or (room < 2 < len(rows)):
                out.append([])
                room = PAGE_ROWS
            part, rows = rows[:room], rows[room:]
            out[-1].append(Block(title, block.first, block.last, tuple(part)))
            room -= len(part)
            title = f"{block.title}, continued" if block.title else ""
    return out


def year(view: View) -> str:
    """The calendar year of a scene (UTC) as a heading."""
    return "Undated" if math.isnan(view.days) else str(from_days(view.days).year)


def _block(title: str, laid: list[Cell], columns: int) -> Block:
    rows = tuple(tuple(laid[i : i + columns]) for i in range(0, len(laid), columns))
    return Block(title, year(laid[0].views[0]), year(laid[-1].views[0]), rows)


def _years(laid: list[Cell]) -> str:
    first, last = year(laid[0].views[0]), year(laid[-1].views[0])
    return first if first == last else f"{first}–{last}"
