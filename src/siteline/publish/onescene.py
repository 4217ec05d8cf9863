"""One scene as a figure that stands alone: the ground with its structures, scale, north, date, credit and stretch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from siteline.model.records import Structure
from siteline.publish.canvas import Canvas, fit_title
from siteline.publish.chipparts import MARGIN
from siteline.publish.chips import Page, Paper
from siteline.publish.credits import credit_of
from siteline.publish.cubeview import doubt_of
from siteline.publish.labels import place
from siteline.publish.pair import Pair, pair_of, shortfall
from siteline.publish.paneldraw import draw_panel, scale_box
from siteline.publish.scalebar import length_words, north_words

if TYPE_CHECKING:
    import xarray as xr


def scene_page(
    cube: xr.Dataset, index: int, structures: Sequence[Structure], *, theme: Paper = "light", title: str = ""
) -> Page:
    """The scene ``index`` of ``cube`` around ``structures``, or over all of it if none has a footprint; a document.

    ``title``: the headline, else the structure's name. Raises ``NoArea`` for footprints off the cube.
    """
    alone = pair_of(cube, index, index, structures)  # both sides are the one scene; one is drawn
    name = title or (alone.shapes[0][0] if len(alone.shapes) == 1 else "The site")
    width = max(alone.size[0] + 2 * MARGIN, 480.0)
    (svg, height), (plain, _) = (_draw(Canvas(theme, flat), alone, name, width) for flat in (False, True))
    return Page(svg, plain, width, height)


def _draw(canvas: Canvas, alone: Pair, name: str, width: float) -> tuple[str, float]:
    across, down = alone.size
    look, room = alone.looks[0], width - 2 * MARGIN
    named = [(canvas.shown(called), shape) for called, shape in alone.shapes]
    labels, unnamed = place(named, alone.zoom, across, down, [scale_box(alone)])
    canvas.title(MARGIN, 56, fit_title(canvas.shown(name), room, 30), 30)
    canvas.text(MARGIN, 84, look.when, 15, font_weight=600)
    canvas.text(MARGIN, 102, look.maker, 12, fill="muted")
    top = 116.0
    draw_panel(canvas, alone, 0, labels, MARGIN, top, scale=True)
    y = top + down + 19
    if short := shortfall(alone, 0):
        y = canvas.paragraph(MARGIN, y, room, short, 12, fill="event")
    y = canvas.paragraph(MARGIN, y, room, credit_of(alone.part, 0), 12) + 4
    canvas.rule(MARGIN, width - MARGIN, y)
    y += 23
    for text, ink in _caption(alone, unnamed):
        y = canvas.paragraph(MARGIN, y, room, text, 12, fill=ink) + 5
    height = float(round(y + 14))
    return canvas.svg(width, height, f"{name}: {look.when}"), height


def _caption(alone: Pair, unnamed: Sequence[str]) -> list[tuple[str, str]]:
    """Paragraphs and their colours: what is doubtful first, then how the figure was made."""
    doubt = doubt_of(alone.part, 0)
    out = [(f"Doubt about the image: {doubt}.", "event")] if doubt else []
    ground = length_words(float(f"{alone.metres * alone.part.sizes['x']:.2g}"))
    words = alone.stretch.words().replace(", the same in every image", "")
    out.append((f"The ground is about {ground} across. {north_words(alone.north)} {words}", "muted"))
    if unnamed:
        out.append((f"Outlined without a name, for lack of room: {', '.join(unnamed)}.", "muted"))
    return out
