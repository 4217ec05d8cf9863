"""The contact sheet of one structure: every scene that shows it, in time order, under one stretch."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from siteline.model.records import Structure
from siteline.publish.canvas import Canvas, fit_title, rasterise
from siteline.publish.chipgrid import GAP_DAYS, LARGE, Block, Cell, blocks, cells, pages, size_of, year
from siteline.publish.chipparts import MARGIN, Sheet, counts, draw_block, draw_key, sheet_width
from siteline.publish.credits import credit_words
from siteline.publish.cubeview import doubt_of, footprint_mask, ground_of, shape_of, window_around
from siteline.publish.figurefiles import slug, write_figures
from siteline.publish.look import day_range
from siteline.publish.rug import draw_rug
from siteline.publish.scalebar import length_words, north_words
from siteline.publish.stretch import stretch_of
from siteline.publish.usable import View, views

if TYPE_CHECKING:
    import xarray as xr

Paper = Literal["light", "dark", "print"]
NARROWEST: Final = 640.0
MEASURE: Final = 700.0
"""Longest line of a caption."""
_UNALIGNED: Final = re.compile(r"not aligned[^;]*(?:; \d+ are needed)?")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a sheet as SVG: ``svg`` to publish, ``plain`` to rasterise, ``width`` x ``height`` in units."""

    svg: str
    plain: str
    width: float
    height: float


def write_chips(cube: xr.Dataset, structure: Structure, out: Path, *, theme: Paper = "light") -> tuple[Path, ...]:
    """Write the contact sheet of ``structure`` from ``cube`` into the folder ``out``, as PNG (2 px per unit) and SVG.

    Files are ``chips-<structure_id>.png`` and ``.svg``, with ``-2``, ``-3`` for further pages of long sheets; the same
    input gives the same bytes. Scenes that hold no pixel here are counted and dated, not drawn.

    Raises ``NoArea`` where the structure has no footprint or it lies off the cube, ``FileTrouble`` when writing fails.
    """
    stem = f"chips-{slug(structure.structure_id)}"
    made: dict[str, bytes] = {}
    for number, page in enumerate(chip_pages(cube, structure, theme=theme), 1):
        tail = f"-{number}" if number > 1 else ""
        made[f"{stem}{tail}.png"] = rasterise(page.plain, page.width, page.height)
        made[f"{stem}{tail}.svg"] = page.svg.encode("utf-8")
    return write_figures(out, made)


def chip_pages(cube: xr.Dataset, structure: Structure, *, theme: Paper = "light") -> list[Page]:
    """The sheet as SVG documents, without touching the disk. Raises ``NoArea``."""
    rows, columns = window_around(cube, shape_of(ground_of(cube), structure))
    part = cube.isel(y=rows, x=columns).compute()
    ground = ground_of(part)
    shape = shape_of(ground, structure)
    judged = views(part, footprint_mask(shape, part.sizes["y"], part.sizes["x"]))
    laid = cells([v for v in judged if v.verdict != "empty"])
    size = size_of(len(laid), part.sizes["y"], part.sizes["x"])
    stretch = stretch_of(part.isel(time=[v.index for v in judged if v.verdict == "usable"]))
    sheet = Sheet(part, shape, stretch, size, ground.metres, ground.north)
    name = structure.name or structure.structure_id
    paged = pages(blocks(laid, size.columns))
    width = max(sheet_width(size) + 2 * MARGIN, NARROWEST)
    made = []
    for number, held in enumerate(paged, 1):
        folio = f"page {number} of {len(paged)}" if len(paged) > 1 else ""
        drawn = [_page(Canvas(theme, plain), sheet, name, judged, held, width, folio) for plain in (False, True)]
        made.append(Page(drawn[0][0], drawn[1][0], width, drawn[0][1]))
    return made


def _page(
    canvas: Canvas, sheet: Sheet, name: str, judged: Sequence[View], held: Sequence[Block], width: float, folio: str
) -> tuple[str, float]:
    canvas.title(MARGIN, 56, fit_title(canvas.shown(name), width - 2 * MARGIN - (90 if folio else 0), 30), 30)
    canvas.text(width - MARGIN, 56, folio, 12, fill="muted", text_anchor="end")
    y = canvas.paragraph(MARGIN, 84, width - 2 * MARGIN, deck(judged), 15, fill="ink") + 6
    y = draw_rug(canvas, judged, MARGIN, width - MARGIN, y)
    if held:
        y = draw_key(canvas, sheet, judged, y + 16) + 10
    for block in held:
        summary = counts([v for v in judged if block.first <= year(v) <= block.last])
        y = draw_block(canvas, sheet, block, summary, y) + 8
    canvas.rule(MARGIN, width - MARGIN, y)
    y += 22
    for text in _caption(sheet, judged, [cell for block in held for row in block.rows for cell in row]):
        y = canvas.paragraph(MARGIN, y, min(MEASURE, width - 2 * MARGIN), text, 12) + 5
    height = float(round(y + 16))
    return canvas.svg(width, height, f"{name}: {deck(judged)}"), height


def deck(judged: Sequence[View]) -> str:
    """The sheet in one or two sentences: how many scenes show the structure, from when to when, and what the rest are."""
    seen = [v for v in judged if v.verdict in LARGE]
    if not seen:
        text = f"None of {_scenes(len(judged))} shows it."
    elif len(seen) == 1:
        text = f"One scene shows it: {seen[0].when}."
    else:
        text = f"{len(seen)} scenes show it, {_period(seen)}."
    rest = [
        f"{count} {one if count == 1 else many}"
        for verdict, one, many in (
            ("misaligned", "of them could not be aligned", "of them could not be aligned"),
            ("unusable", "more hides it", "more hide it"),
            ("failed", "could not be read", "could not be read"),
            ("empty", "holds no data here", "hold no data here"),
        )
        if (count := sum(v.verdict == verdict for v in judged))
    ]
    return " ".join([text, f"{', '.join(rest)}." if rest else ""]).strip()


def _period(usable: Sequence[View]) -> str:
    days = [v.days for v in usable if not math.isnan(v.days)]
    return day_range(min(days), max(days)) if days else "dates not known"


def _scenes(count: int) -> str:
    return "1 scene" if count == 1 else f"{count} scenes"


def _caption(sheet: Sheet, judged: Sequence[View], laid: Sequence[Cell]) -> list[str]:
    used = [v.index for v in judged if v.verdict != "empty"]
    out: list[str] = []
    across = length_words(float(f"{sheet.metres * sheet.part.sizes['x']:.2g}"))
    if used:
        which = "Each image" if len(used) > 1 else "The image"
        out.append(f"{which} is about {across} across. {north_words(sheet.north)} {sheet.stretch.words()}")
    if any(v.verdict == "unusable" or (v.verdict in LARGE and v.note) for v in judged):
        out.append(
            "Pale grey pixels are cloud, shadow, snow or otherwise not usable. Small images: less than half of the "
            "footprint can be used, with the main cause and its share of the footprint."
        )
    if any(v.verdict == "misaligned" for v in judged):
        out.append("Large grey images could not be aligned: what they show counts, pixel by pixel they are not compared.")
    if any(cell.gap is not None for cell in laid):
        out.append(f"“Unseen”: days since the last scene that shows it, where more than {GAP_DAYS} passed.")
    out += _doubts(sheet, used)
    empty = [v.when.split(",")[0] for v in judged if v.verdict == "empty"]
    if empty:
        listed = "; ".join(empty[:6]) + (
            f"; and {len(empty) - 6} more, all dated in the strip above" if len(empty) > 6 else ""
        )
        out.append(f"Left out, without any data here: {listed}.")
    return [*out, credits_] if (credits_ := credit_words(sheet.part, used)) else out


def _doubts(sheet: Sheet, used: Sequence[int]) -> list[str]:
    """What is doubtful about the scenes drawn, each doubt once; what is said of alignment stands with the images."""
    told = Counter(
        part for index in used for part in _parts(doubt_of(sheet.part, index)) if part and not part.startswith("not aligned")
    )
    every = len(used)
    lines = [f"{words} ({'every scene' if n == every else f'{n} of {every} scenes'})" for words, n in told.most_common(4)]
    more = f"; and {len(told) - 4} more" if len(told) > 4 else ""
    return [f"Doubtful: {'; '.join(lines)}{more}."] if lines else []


def _parts(doubt: str) -> list[str]:
    """The doubts joined by semicolons, without that about alignment, which may hold a semicolon of its own."""
    return [part.strip() for part in _UNALIGNED.sub("", doubt).split(";") if part.strip()]
