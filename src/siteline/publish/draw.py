"""Drawing one timeline row: bands, the posterior inside each bracket, the bracket as a bar, and every look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from siteline.model.dated import Posterior, Transition
from siteline.publish.anchors import anchor
from siteline.publish.look import STATE_STYLES, Theme, bracket_words, colour
from siteline.publish.panels import Panel, Shelf, fit, text_width
from siteline.publish.rows import Band, Mark, Row, bracket_text
from siteline.publish.svg import hover, num, tag, words

Label = Literal["name", "number", "none"]
BAND = 20.0
LANE = 15.0
BEGUN = {
    "being_dismantled": "dismantling begun",
    "being_rebuilt": "rebuilding begun",
    "being_built": "building begun",
    "complete": "complete",
    "partly_dismantled": "partly dismantled",
    "dismantled": "dismantled",
    "absent": "gone",
}


@dataclass(frozen=True, slots=True)
class Pen:
    """Colours of one theme and the prefix that keeps ids of several figures in one page apart."""

    theme: Theme
    prefix: str

    def colour(self, name: str) -> str:
        """Colour ``name`` in this theme."""
        return colour(name, self.theme)

    def text(self, x: float, y: float, text: str, size: float = 12, **attributes: str | float | None) -> str:
        """A line of text in the ink colour unless ``fill`` says otherwise."""
        attributes.setdefault("fill", self.colour("ink"))
        return tag("text", words(text), x=x, y=y, font_size=size, **attributes)

    def halo(self) -> dict[str, str | float]:
        """Attributes that keep a text legible where it crosses lines."""
        return {"stroke": self.colour("paper"), "stroke_width": 3.0, "paint_order": "stroke", "stroke_linejoin": "round"}

    def state_fill(self, state: str) -> str:
        """Paint of a state: its colour, or its hatching."""
        return f"url(#{self.prefix}-{state})" if STATE_STYLES[state].hatch else self.colour(state)

    def patterns(self) -> str:
        """Definitions of the hatched paints."""
        made = []
        for state, style in STATE_STYLES.items():
            if style.hatch:
                ground = tag("rect", width=5, height=5, fill=self.colour(state))
                stroke = tag("rect", width=1.5, height=5, fill=self.colour("paper"), opacity=0.8)
                made.append(
                    tag(
                        "pattern",
                        ground,
                        stroke,
                        id=f"{self.prefix}-{state}",
                        width=5,
                        height=5,
                        patternUnits="userSpaceOnUse",
                        patternTransform=f"rotate({style.hatch})",
                    )
                )
        return tag("defs", *made)


def bands(pen: Pen, panel: Panel, row: Row, y: float) -> str:
    """State bands of ``row`` with their foot at ``y + BAND``; labelled where the words fit."""
    out = [tag("line", x1=panel.x0, x2=panel.x1, y1=y + BAND, y2=y + BAND, stroke=pen.colour("hair"))]
    shown = [band for band in row.bands if band.end >= panel.t0 and band.start <= panel.t1 and band.state in STATE_STYLES]
    return "".join([*out, *(_band(pen, panel, band, y) for band in shown)])


def _band(pen: Pen, panel: Panel, band: Band, y: float) -> str:
    style = STATE_STYLES[band.state]
    left, right = panel.x(band.start), panel.x(band.end)
    right = max(right, min(left + 3, panel.x1))
    high = BAND * style.height
    drawn = tag("rect", x=left, y=y + BAND - high, width=right - left, height=high, fill=pen.state_fill(band.state))
    label, size = style.label, 11.5
    if style.height == 1.0 and text_width(label, size) + 12 <= right - left:
        drawn += pen.text(left + 6, y + 14, label, size, fill=pen.colour("on_complete"))
    elif style.height <= 0.5 and text_width(label, size) + 6 <= right - left:
        drawn += pen.text(left + 1, y + BAND - high - 4, label, size, **pen.halo())
    return drawn


def posteriors(pen: Pen, panel: Panel, row: Row, y: float) -> str:
    """The distribution over each date inside its bracket, each scaled to its own peak; foot at ``y + BAND``."""
    out = []
    for change in row.transitions:
        low, high = change.interval90
        if panel.x(high) - panel.x(low) >= 14 and panel.t0 <= high and low <= panel.t1:
            path = hill(panel, change.posterior, y + BAND)
            out.append(tag("path", hover(bracket_text(change)), d=path, fill=pen.colour("ink"), fill_opacity=0.17))
    return "".join(out)


def hill(panel: Panel, posterior: Posterior, foot: float, high: float = BAND - 4) -> str:
    """Path of the density, at most 160 steps, with the probability of merged steps added up; its peak is ``high``."""
    step = -(-len(posterior.mass) // 160)
    starts = np.arange(0, len(posterior.mass), step)
    mass = np.add.reduceat(posterior.mass, starts)
    edges = np.append(posterior.edges[starts], posterior.edges[-1])
    height = mass / np.diff(edges)
    height = height / height.max() * high
    path = f"M{num(panel.x(float(edges[0])))} {num(foot)}"
    for a, b, tall in zip(edges[:-1], edges[1:], height, strict=True):
        if b >= panel.t0 and a <= panel.t1:
            top = num(foot - float(tall))
            path += f"L{num(panel.x(float(a)))} {top}L{num(panel.x(float(b)))} {top}"
    return path + f"V{num(foot)}Z"


def brackets(pen: Pen, panel: Panel, row: Row, y: float, *, label: Label) -> tuple[str, float]:
    """Each bracket as a bar at ``y``: thin from end to end, thicker over the 90 % and thickest over the 50 % interval.

    ``label`` writes beneath it what happened and when, or its number in the table of transitions, or nothing. Also
    returns how far below ``y`` the drawing reaches.
    """
    shelf = Shelf(3)
    out = []
    for number, change in enumerate(row.transitions, 1):
        after, by = change.bracket.after, change.bracket.by
        start, end = panel.t0 - 1 if after is None else after, panel.t1 + 1 if by is None else by
        if end < panel.t0 or start > panel.t1:
            continue
        out.append(tag("g", hover(bracket_text(change)), _bar(pen, panel, change, start, end, y)))
        middle = (panel.x(start) + panel.x(end)) / 2
        if label == "name":
            out.append(_named(pen, panel, change, start, y, shelf))
        elif label == "number":
            out.append(_numbered(pen, number, middle, y, shelf))
    levels = len(shelf.taken)
    return "".join(out), (levels * (29 if label == "name" else 12) + 8) if levels else 8


def _bar(pen: Pen, panel: Panel, change: Transition, start: float, end: float, y: float) -> str:
    ink = pen.colour("ink")
    left, right = panel.x(start), panel.x(end)
    parts = [tag("line", x1=left, x2=right, y1=y, y2=y, stroke=ink, stroke_width=1.2)]
    for share, (a, b) in ((3.2, change.interval90), (6.0, change.interval50)):
        if b > panel.t0 and a < panel.t1 and panel.x(b) > panel.x(a):
            parts.append(tag("rect", x=panel.x(a), y=y - share / 2, width=panel.x(b) - panel.x(a), height=share, fill=ink))
    for at, bound in ((left, start), (right, end)):
        if panel.holds(bound):
            parts.append(tag("line", x1=at, x2=at, y1=y - 6, y2=y + 6, stroke=ink, stroke_width=1.2))
    return "".join(parts)


def _named(pen: Pen, panel: Panel, change: Transition, start: float, y: float, shelf: Shelf) -> str:
    title = BEGUN.get(change.to_state, change.after_state)
    dates = bracket_words(change.bracket.after, change.bracket.by, year=False)
    room = panel.x1 - panel.x0
    title, dates = fit(title, room, 12, bold=True), fit(dates, room, 11.5)
    wide = max(text_width(title, 12, bold=True), text_width(dates, 11.5))
    left = max(panel.x0, min(panel.x(start), panel.x1 - wide))
    level = shelf.place(left, left + wide, 10)
    if level is None:
        return ""
    top = y + 19 + 29 * level
    return pen.text(left, top, title, 12, font_weight=600) + pen.text(
        left, top + 13.5, dates, 11.5, fill=pen.colour("muted")
    )


def _numbered(pen: Pen, number: int, middle: float, y: float, shelf: Shelf) -> str:
    wide = text_width(str(number), 11) + 2
    level = shelf.place(middle - wide / 2, middle + wide / 2, 2)
    if level is None:
        return ""
    return pen.text(middle, y + 16 + 12 * level, str(number), 11, text_anchor="middle", fill=pen.colour("muted"))


def marks(pen: Pen, panel: Panel, lane: Sequence[Mark], y: float) -> str:
    """Every look of a lane at ``y``: filled = clear, half = partly, hollow = could not tell, diamond = siteline's own."""
    radius = 4.2 if panel.enlarged else 3.4
    out = []
    said = Counter[float]()
    for mark in lane:
        if not panel.holds(mark.at):
            continue
        x, shift = panel.x(mark.at), (0.0, 4.5, -4.5)[said[mark.at] % 3]  # one line, one day, two states: show both
        said[mark.at] += 1
        drawn = _dot(pen, mark, x, y + shift, radius)
        count = len(mark.observation_ids)
        if panel.enlarged and count > 1:
            free = min((panel.x(m.at) for m in lane if m.at > mark.at), default=panel.x1 + 12) - radius
            alone = sum(m.at == mark.at for m in lane) == 1
            if alone and x + radius + 3 + text_width(f"×{count}", 10.5) <= free:
                drawn += pen.text(x + radius + 3, y + 3.5, f"×{count}", 10.5, fill=pen.colour("muted"))
        group = tag("g", hover(mark.text), drawn)
        if pen.theme == "auto":
            group = tag("a", group, href=f"#{anchor('o', mark.observation_ids[0])}")
        out.append(group)
    return "".join(out)


def _dot(pen: Pen, mark: Mark, x: float, y: float, radius: float) -> str:
    paper, state = pen.colour("paper"), mark.state
    if mark.clarity == "obscured" or state is None:
        return tag("circle", cx=x, cy=y, r=radius - 0.6, fill=paper, stroke=pen.colour("muted"), stroke_width=1.3)
    ink = pen.colour(state)
    if mark.own:
        return tag("path", d=diamond(x, y, radius + 1.6), fill=ink, stroke=paper, stroke_width=1)
    if mark.clarity == "clear":
        return tag("circle", cx=x, cy=y, r=radius, fill=ink, stroke=paper, stroke_width=1)
    half = f"M{num(x)} {num(y - radius)}A{num(radius)} {num(radius)} 0 0 0 {num(x)} {num(y + radius)}Z"
    return tag("circle", cx=x, cy=y, r=radius - 0.6, fill=paper, stroke=ink, stroke_width=1.3) + tag(
        "path", d=half, fill=ink
    )


def diamond(x: float, y: float, reach: float) -> str:
    """Path of a square on its corner, ``reach`` from its middle to each corner."""
    r = num(reach)
    return f"M{num(x)} {num(y - reach)}l{r} {r}l-{r} {r}l-{r} -{r}Z"
