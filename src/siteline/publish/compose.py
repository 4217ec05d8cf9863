"""Putting rows, panels, axes and event labels together into one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from siteline.model.records import CaseData, Event
from siteline.model.weighed import Weighing
from siteline.publish.draw import BAND, LANE, Label, Pen, bands, brackets, marks, posteriors
from siteline.publish.legend import legend
from siteline.publish.look import SANS
from siteline.publish.panels import Panel, Shelf, fit, text_width, wrap
from siteline.publish.rows import Row
from siteline.publish.svg import hover, tag
from siteline.publish.words import event_name, event_title, event_when, shown_events

Style = Literal["key", "numbered", "quiet"]


def compose(
    pen: Pen,
    data: CaseData,
    weighing: Weighing,
    blocks: Sequence[Sequence[Panel]],
    rows: Sequence[Row],
    width: int,
    *,
    style: Style = "key",
) -> str:
    """A figure of ``rows`` in ``blocks`` (each a list of panels side by side), with the key beneath."""
    y = 0.0
    body = [pen.patterns()]
    enlarged = any(panel.enlarged for panels in blocks for panel in panels)
    for panels in blocks:
        drawn, y = _block(pen, data, weighing, panels, rows, y, style, enlarged)
        body.append(drawn)
    drawn, y = legend(pen, rows, width, y + 6, full=style != "numbered")
    body.append(drawn)
    names = ", ".join(r.name for r in rows)
    return tag(
        "svg",
        hover(f"Timeline: {names}"),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {y:.0f}",
        width=width,
        height=f"{y:.0f}",
        role="img",
        font_family=SANS,
    )


def _block(
    pen: Pen,
    data: CaseData,
    weighing: Weighing,
    panels: Sequence[Panel],
    rows: Sequence[Row],
    top: float,
    style: Style,
    enlarged: bool,
) -> tuple[str, float]:
    """One band of panels side by side with all rows below one another; returns the markup and where it ends."""
    y = top
    head = []
    if any(p.title for p in panels):
        y += 16
        head += [
            pen.text(p.x0, y, p.title, 13 if style == "key" else 11.5, fill=pen.colour("muted")) for p in panels if p.title
        ]
    labels, shades, deep = event_marks(pen, shown_events(data, weighing), panels, y + 4)
    first = y + deep + 8
    front = []
    y = first
    for shown in rows:
        drawn, y = _row(pen, panels, shown, y, enlarged) if style == "key" else _thin(pen, panels, shown, y, style)
        front.append(drawn)
    foot = y
    back, axes = time_axes(pen, panels, first, foot)
    shade = "".join(
        tag("rect", x=x, y=start, width=w, height=foot - start, fill=pen.colour("event"), fill_opacity=0.17)
        for x, w, start in shades
    )
    lens = _lens(pen, panels, first, foot)
    return "".join([*head, lens, back, shade, labels, *front, axes]), foot + 34


def time_axes(pen: Pen, panels: Sequence[Panel], top: float, foot: float) -> tuple[str, str]:
    """Grid lines from ``top`` to ``foot``, to lie behind everything, and the axes with their dates under ``foot``."""
    back, front = [], []
    for panel in panels:
        for at, text, second in panel.ticks():
            x = panel.x(at)
            back.append(tag("line", x1=x, x2=x, y1=top, y2=foot, stroke=pen.colour("hair"), stroke_width=0.8))
            front.append(pen.text(x, foot + 14, text, 11, text_anchor=_side(panel, x, text), fill=pen.colour("muted")))
            if second:
                side = _side(panel, x, second)
                front.append(pen.text(x, foot + 27, second, 11, text_anchor=side, fill=pen.colour("muted")))
        front.append(tag("line", x1=panel.x0, x2=panel.x1, y1=foot, y2=foot, stroke=pen.colour("muted"), stroke_width=0.8))
    return "".join(back), "".join(front)


def _side(panel: Panel, x: float, text: str) -> str:
    half = text_width(text, 11) / 2
    return "start" if x - half < panel.x0 else "end" if x + half > panel.x1 + 5 else "middle"


def _lens(pen: Pen, panels: Sequence[Panel], top: float, foot: float) -> str:
    """A wash on the overview where the enlarged panel looks closer."""
    if len(panels) < 2 or not panels[1].enlarged:
        return ""
    left, right = panels[0].x(panels[1].t0), panels[0].x(panels[1].t1)
    return tag("rect", x=left, y=top, width=right - left, height=foot - top, fill=pen.colour("wash"))


def _row(pen: Pen, panels: Sequence[Panel], shown: Row, y: float, enlarged: bool) -> tuple[str, float]:
    """A row of the key figure; changes are named where time is enlarged (or everywhere, if it is nowhere)."""
    out = []
    for line in wrap(shown.name, panels[-1].x1, 15, bold=True):
        y += 19
        out.append(pen.text(0, y, line, 15, font_weight=600, **pen.halo()))
    y += 9
    deepest = 0.0
    for panel in panels:
        out += [posteriors(pen, panel, shown, y), bands(pen, panel, shown, y)]
        label: Label = "name" if panel.enlarged or not enlarged else "none"
        drawn, deep = brackets(pen, panel, shown, y + BAND + 12, label=label)
        out.append(drawn)
        deepest = max(deepest, deep)
    drawn, y = _lanes(pen, panels, shown, y + BAND + 12 + deepest + 10)
    return "".join([*out, drawn]), y + 8


def _thin(pen: Pen, panels: Sequence[Panel], shown: Row, y: float, style: Style) -> tuple[str, float]:
    """A row of a structure's own figure (``numbered``), or of the one for structures without change (``quiet``)."""
    out = []
    if style == "quiet" and panels[0].x0 == 0:
        y += 16
        out.append(pen.text(0, y - 4, fit(shown.name, panels[-1].x1, 12), 12, **pen.halo()))
    elif style == "quiet":
        lines = wrap(shown.name, panels[0].x0 - 12, 12)
        out += [pen.text(0, y + 23 - 14 * (len(lines) - 1) / 2 + 14 * i, line, 12) for i, line in enumerate(lines)]
    for panel in panels:
        out += [posteriors(pen, panel, shown, y), bands(pen, panel, shown, y)]
    y += BAND
    if style == "quiet":
        for panel in panels:
            out.append(marks(pen, panel, shown.lanes[0].marks, y + 8))
        return "".join(out), y + 22
    deepest = 0.0
    for panel in panels:
        drawn, deep = brackets(pen, panel, shown, y + 12, label="number")
        out.append(drawn)
        deepest = max(deepest, deep)
    drawn, y = _lanes(pen, panels, shown, y + 12 + deepest + 10)
    return "".join([*out, drawn]), y + 2


def _lanes(pen: Pen, panels: Sequence[Panel], shown: Row, y: float) -> tuple[str, float]:
    out = []
    for lane in shown.lanes:
        if panels[0].x0 > 0:
            out.append(pen.text(0, y + 4, fit(lane.label, panels[0].x0 - 8, 11.5), 11.5, fill=pen.colour("muted")))
        for panel in panels:
            out.append(tag("line", x1=panel.x0, x2=panel.x1, y1=y, y2=y, stroke=pen.colour("hair"), stroke_width=0.8))
            out.append(marks(pen, panel, lane.marks, y))
        y += LANE
    return "".join(out), y


def event_marks(
    pen: Pen, shown: Sequence[Event], panels: Sequence[Panel], top: float
) -> tuple[str, list[tuple[float, float, float]], float]:
    """Labels of the events, (x, width, top) of their shades, and how deep the labels reach."""
    labels: list[str] = []
    shades: list[tuple[float, float, float]] = []
    deep = 0.0
    for panel in panels:
        shelf = Shelf(4)
        for event in shown:
            start, end = event.when.first_day, event.when.last_day
            if not event.when.known or end < panel.t0 or start > panel.t1:
                continue
            x, wide = panel.x(start), max(panel.x(end) - panel.x(start), 1.6)
            whole = event_title(event) if len(shown) == 1 else event_name(event)  # alone it takes no room from others
            name, when = fit(whole, panel.x1 - panel.x0, 12), event_when(event)
            size = max(text_width(name, 12), text_width(when, 11))
            left = max(panel.x0, min(x + wide / 2 - size / 2, panel.x1 - size))
            level = shelf.place(left, left + size)
            if level is None:
                shades.append((x, wide, top))
                continue
            y = top + 30 * level
            labels.append(pen.text(left, y + 12, name, 12, fill=pen.colour("event"), font_weight=600))
            labels.append(pen.text(left, y + 25, when, 11, fill=pen.colour("event")))
            shades.append((x, wide, y + 29))
            deep = max(deep, 30.0 * (level + 1) + 2)
    return "".join(labels), shades, deep


def nothing(pen: Pen, width: int) -> str:
    """The figure that says that there is nothing to draw."""
    text = pen.text(0, 18, "No dated look: there is nothing to draw.", 13, fill=pen.colour("muted"))
    return tag(
        "svg",
        text,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} 28",
        width=width,
        height=28,
        role="img",
        font_family=SANS,
    )
