"""The time line of structures as a figure that stands alone: what it shows as its headline, who made the images beneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siteline.model.dated import Dating
from siteline.model.records import CaseData
from siteline.model.weighed import Weighing
from siteline.publish.canvas import Canvas, rasterise
from siteline.publish.chips import Page, Paper
from siteline.publish.figure import key_figure_svg, key_histories, structure_figure_svg
from siteline.publish.glyphs import clean, printable
from siteline.publish.pixelfiles import MARGIN, figure_page
from siteline.publish.prepare import headline
from siteline.publish.rows import structure_name
from siteline.publish.svg import tag
from siteline.publish.words import join

MOST: Final = 40
"""Structures that one figure shows."""


def timeline_page(
    data: CaseData, dating: Dating, weighing: Weighing, chosen: Sequence[str] = (), *, theme: Paper = "light"
) -> Page:
    """The figure of the structures ``chosen``, at most ``MOST``; without any, the key figure of the report."""
    histories = [dating.histories[key] for key in chosen if key in dating.histories][:MOST]
    if histories:
        names = join([structure_name(data, h.structure_id) for h in histories[:3]])
        told = names if len(histories) <= 3 else f"{names} and {len(histories) - 3} more"
        drawn = [
            (structure_name(data, h.structure_id), structure_figure_svg(data, h, weighing, theme=theme, prefix=f"t{n}-"))
            for n, h in enumerate(histories)
        ]
    else:
        told = " ".join(headline(data, weighing)) or clean(data.settings.subtitle) or "What was seen, and when"
        drawn = [("", key_figure_svg(data, dating, weighing, theme=theme))]
        histories = key_histories(data, dating)

    def body(canvas: Canvas, y: float) -> float:
        for name, figure in drawn:
            if name and len(drawn) > 1:
                canvas.text(MARGIN, y + 14, name, 16, font_weight=600)
                y += 22
            y = _put(canvas, figure, y) + 18
        return y

    title = clean(data.settings.title) or "Time line"
    deck = "Marks are looks; brackets are bounded by looks alone, curves are the probability of the date. Times are UTC."
    return figure_page(title, told, deck, _credits(data, [h.structure_id for h in histories]), body, theme)


def timeline_png(page: Page) -> bytes:
    """The figure as a PNG, 2 pixels per unit."""
    return rasterise(page.plain, page.width, page.height)


def _credits(data: CaseData, shown: Sequence[str]) -> str:
    """Who made the images that the looks are of, as their records say."""
    seen = dict.fromkeys(o.scene_id for o in data.observations if o.structure_id in shown and o.scene_id in data.scenes)
    credits = dict.fromkeys(filter(None, (clean(data.scenes[key].credit) for key in seen)))
    listed = [*credits][:12]
    more = f" and {len(credits) - len(listed)} more" if len(credits) > len(listed) else ""
    return f"Images: {'; '.join(listed)}{more}." if listed else ""


def _put(canvas: Canvas, figure: str, y: float) -> float:
    """A finished figure put into the page at ``y``; returns the y below it."""
    if canvas.plain:
        figure, missing = printable(figure)
        canvas.missing += missing
    height = float(figure.split(' height="', 1)[1].split('"', 1)[0])
    canvas.add(tag("g", figure, transform=f"translate({MARGIN:g} {y:g})"))
    return y + height
