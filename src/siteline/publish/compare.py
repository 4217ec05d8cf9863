"""The before/after figure: two scenes on the same ground under the same stretch, and an animation between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from siteline.model.records import Structure
from siteline.publish.canvas import Canvas, fit_title, rasterise
from siteline.publish.chips import Page, Paper
from siteline.publish.credits import credit_of
from siteline.publish.cubeview import doubt_of, values_name
from siteline.publish.figurefiles import slug, write_figures
from siteline.publish.flicker import animations
from siteline.publish.labels import place
from siteline.publish.pair import Pair, alignment_words, apart_words, hidden, pair_of, shortfall
from siteline.publish.paneldraw import draw_panel, scale_box
from siteline.publish.scalebar import length_words, north_words

if TYPE_CHECKING:
    import xarray as xr

MARGIN: Final = 32.0
GUTTER: Final = 16.0
MEASURE: Final = 720.0


def write_compare(
    cube: xr.Dataset,
    index_a: int,
    index_b: int,
    structures: Sequence[Structure],
    out: Path,
    *,
    theme: Paper = "light",
    title: str = "",
) -> tuple[Path, ...]:
    """Write the figure that sets scene ``index_a`` of ``cube`` (left) beside ``index_b`` into the folder ``out``.

    Files, named after the two days: ``compare-2019-02-27-2019-04-18.png`` (2 px per unit), ``.svg``, and the animation as
    ``-flicker.webp`` and ``-flicker.gif``; the same input gives the same bytes. ``structures`` are outlined and named, and
    the ground shown is that around them; without footprints it is the whole cube. ``title``: the headline, else the
    structure's name. Raises ``NoArea`` for footprints off the cube, ``FileTrouble`` when writing fails.
    """
    pair = pair_of(cube, index_a, index_b, structures)
    page = compare_page(pair, theme=theme, title=title)
    stem = slug(f"compare-{_stamp(pair, 0)}-{_stamp(pair, 1)}")
    webp, gif = animations(pair, theme)
    return write_figures(
        out,
        {
            f"{stem}.png": rasterise(page.plain, page.width, page.height),
            f"{stem}.svg": page.svg.encode("utf-8"),
            f"{stem}-flicker.webp": webp,
            f"{stem}-flicker.gif": gif,
        },
    )


def compare_page(pair: Pair, *, theme: Paper = "light", title: str = "") -> Page:
    """The figure as an SVG document, without touching the disk."""
    name = title or (pair.shapes[0][0] if len(pair.shapes) == 1 else "Before and after")
    width = max(2 * pair.size[0] + GUTTER + 2 * MARGIN, 640.0)
    (svg, height), (plain, _) = (_draw(Canvas(theme, flat), pair, name, width) for flat in (False, True))
    return Page(svg, plain, width, height)


def _draw(canvas: Canvas, pair: Pair, name: str, width: float) -> tuple[str, float]:
    across, down = pair.size
    named = [(canvas.shown(called), shape) for called, shape in pair.shapes]
    labels, unnamed = place(named, pair.zoom, across, down, [scale_box(pair)])
    canvas.title(MARGIN, 56, fit_title(canvas.shown(name), width - 2 * MARGIN, 30), 30)
    deck = ", ".join(filter(None, (" and ".join(look.when.split(",")[0] for look in pair.looks), apart_words(pair))))
    canvas.text(MARGIN, 84, f"{deck}.", 15)
    top = 152.0
    foot = top + down
    for side in (0, 1):
        x = MARGIN + side * (across + GUTTER)
        look = pair.looks[side]
        canvas.text(x, top - 28, look.when, 15, font_weight=600)
        canvas.text(x, top - 10, look.maker, 12, fill="muted")
        draw_panel(canvas, pair, side, labels, x, top, scale=side == 0)
        y = top + down + 19
        if short := shortfall(pair, side):
            y = canvas.paragraph(x, y, across, short, 12, fill="event")
        foot = max(foot, canvas.paragraph(x, y, across, credit_of(pair.part, side), 12))
    y = foot + 4
    canvas.rule(MARGIN, width - MARGIN, y)
    y += 23
    for text, ink in _caption(pair, unnamed):
        y = canvas.paragraph(MARGIN, y, min(MEASURE, width - 2 * MARGIN), text, 12.5 if ink == "ink" else 12, fill=ink) + 5
    height = float(round(y + 14))
    return canvas.svg(width, height, f"{name}: {deck}"), height


def _caption(pair: Pair, unnamed: Sequence[str]) -> list[tuple[str, str]]:
    """Paragraphs and their colours: what is doubtful first, then how the figure was made."""
    import numpy as np

    out = [(text, "event") for text in hidden(pair)]
    for side in (0, 1):
        if doubt := doubt_of(pair.part, side):
            out.append((f"Doubt about the image of {pair.looks[side].when.split(',')[0]}: {doubt}.", "event"))
    out.append((alignment_words(pair), "ink"))
    ground = length_words(float(f"{pair.metres * pair.part.sizes['x']:.2g}"))
    made = f"Both images show the same ground, about {ground} across. {north_words(pair.north)} {pair.stretch.words()}"
    if pair.zoom < 0.5:
        made += f" Drawn at 1:{round(0.5 / pair.zoom)}, pixels averaged."
    present = np.isfinite(pair.part[values_name(pair.part)].values).all(axis=1)
    if (present & ~pair.part["valid"].values).any():
        made += " Grey, hatched areas cannot be used."
    if not present.all():
        made += " Pale areas without pixels hold no data."
    out.append((made, "muted"))
    if unnamed:
        out.append((f"Outlined without a name, for lack of room: {', '.join(unnamed)}.", "muted"))
    return out


def _stamp(pair: Pair, side: int) -> str:
    stamp = str(pair.part["time"].values[side])[:10]
    return "undated" if stamp == "NaT" else stamp
