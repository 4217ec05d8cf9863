"""The figures of the report: the key figure and the timeline of one structure.

Every figure exists in three widths, so that text is never scaled to illegibility: 1120 units for a screen, 780 for a
printed page, 360 for a telephone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from siteline.model.dated import Dating, History
from siteline.model.records import CaseData
from siteline.model.weighed import EventPosition, Weighing
from siteline.publish.draw import BAND, LANE, Label, Pen, bands, brackets, marks, posteriors
from siteline.publish.legend import legend
from siteline.publish.look import SANS, Theme, day_range
from siteline.publish.panels import Panel, Shelf, fit, text_width
from siteline.publish.rows import Row, row
from siteline.publish.svg import hover, tag
from siteline.publish.words import event_name, event_when, shown_events

Style = Literal["key", "numbered", "quiet"]
SCREEN: Final = 1120
PAGE: Final = 780
PHONE: Final = 360


def key_figure_svg(data: CaseData, dating: Dating, weighing: Weighing, *, theme: Theme = "auto", width: int = SCREEN) -> str:
    """The key figure: the whole period, and the decisive weeks enlarged; a row per key structure.

    ``width`` is one of ``SCREEN``, ``PAGE`` and ``PHONE`` (which stacks the two parts). With nothing to draw the figure
    says so.
    """
    rows = [row(data, history, lanes=1 if width == PHONE else 4) for history in key_histories(data, dating)]
    rows = [r for r in rows if r.times]
    pen = Pen(theme, f"key{width}")
    if not rows:
        return _nothing(pen, width)
    whole = _extent(data, rows)
    zoom = decisive(data, weighing)
    if zoom is not None and zoom[1] - zoom[0] > 0.5 * (whole[1] - whole[0]):
        zoom = None
    label = _label_column(width, rows)
    titles = ("The whole period", "" if zoom is None else f"Enlarged: {day_range(*zoom)}")
    if zoom is None:
        blocks = [[Panel(*whole, label, width - 6, titles[0])]]
    elif width == PHONE:
        blocks = [[Panel(*whole, 0, width - 4, titles[0])], [Panel(*zoom, 0, width - 4, titles[1], True)]]
    else:
        middle = label + (width - label) * 0.52
        blocks = [[Panel(*whole, label, middle - 20, titles[0]), Panel(*zoom, middle + 20, width - 6, titles[1], True)]]
    return _compose(pen, data, weighing, blocks, rows, width)


def structure_figure_svg(
    data: CaseData, history: History, weighing: Weighing, *, theme: Theme = "auto", width: int = SCREEN, prefix: str = "s"
) -> str:
    """The timeline of one structure, every look marked; looks outside the period get narrower panels beside it."""
    shown = row(data, history, lanes=1 if width == PHONE else 6)
    pen = Pen(theme, f"{prefix}{width}")
    if not shown.times:
        return _nothing(pen, width)
    panels = _around(data, [shown], _label_column(width, [shown]), width)
    return _compose(pen, data, weighing, [panels], [shown], width, style="numbered")


def quiet_figure_svg(
    data: CaseData, histories: Sequence[History], weighing: Weighing, *, theme: Theme = "auto", width: int = SCREEN
) -> str:
    """Structures in which no change was seen, one thin row each: band and looks over one axis."""
    rows = [r for r in (row(data, history, lanes=1) for history in histories) if r.times]
    pen = Pen(theme, f"quiet{width}")
    if not rows:
        return _nothing(pen, width)
    label = 0.0 if width == PHONE else 0.24 * width
    return _compose(pen, data, weighing, [_around(data, rows, label, width)], rows, width, style="quiet")


def key_histories(data: CaseData, dating: Dating) -> list[History]:
    """The structures that lead the report: as set, else the four with the most transitions (then looks)."""
    chosen = [dating.histories[s] for s in data.settings.key_structures if s in dating.histories]
    if chosen:
        return chosen
    looked = [h for h in dating.histories.values() if h.looks]
    return sorted(looked, key=lambda h: (-len(h.transitions), -len(h.looks)))[:4]


def key_positions(data: CaseData, weighing: Weighing) -> list[EventPosition]:
    """Positions of the events the question turns on, for the key structures where any are set."""
    chosen = [p for p in weighing.positions if p.event.event_id in data.settings.key_events] or list(weighing.positions)
    key = [p for p in chosen if p.transition.structure_id in data.settings.key_structures]
    return key or chosen


def decisive(data: CaseData, weighing: Weighing) -> tuple[float, float] | None:
    """The weeks to enlarge (days): brackets that span a key event undecided, with the next look that ends the change."""
    open_ones = [p.transition for p in key_positions(data, weighing) if not p.decided and p.transition.bracket.closed]
    if not open_ones:
        return None
    first = min(t.bracket.after or 0.0 for t in open_ones)
    last = max(t.bracket.by or 0.0 for t in open_ones)
    room = max(last - first, 2.0)
    return first - 0.22 * room, last + 0.8 * room


def _extent(data: CaseData, rows: Sequence[Row]) -> tuple[float, float]:
    times = [t for r in rows for t in r.times]
    first, last = data.settings.period_span() or (min(times), max(times) + 1)
    pad = 0.02 * (last - first) if not data.settings.period else 0.0
    return first - pad, last + pad


def _around(data: CaseData, rows: Sequence[Row], label: float, width: int) -> list[Panel]:
    """The period, with narrower panels for looks before and after it, so that every look is on the figure."""
    start, end = data.settings.period_span() or _extent(data, rows)
    early = [t for r in rows for t in r.times if t < start]
    late = [t for r in rows for t in r.times if t > end]
    side = (width - label) * 0.16
    left, right = label + (side if early else 0), width - 6 - (side if late else 0)
    panels = [Panel(start, end, left, right)]
    if early:
        panels.insert(0, Panel(min(early) - 20, start, label, left - 16, "before"))
    if late:
        panels.append(Panel(end, max(late) + 20, right + 16, width - 6, "after"))
    return panels


def _label_column(width: int, rows: Sequence[Row]) -> float:
    if width == PHONE:
        return 0.0
    widest = max((text_width(lane.label, 11.5) for r in rows for lane in r.lanes), default=0.0)
    return min(widest + 14, 0.15 * width)


def _compose(
    pen: Pen,
    data: CaseData,
    weighing: Weighing,
    blocks: Sequence[Sequence[Panel]],
    rows: Sequence[Row],
    width: int,
    *,
    style: Style = "key",
) -> str:
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
    labels, shades, deep = _events(pen, data, weighing, panels, y + 4)
    first = y + deep + 8
    front = []
    y = first
    for shown in rows:
        drawn, y = _row(pen, panels, shown, y, enlarged) if style == "key" else _thin(pen, panels, shown, y, style)
        front.append(drawn)
    foot = y
    back = []
    for panel in panels:
        for at, text, second in panel.ticks():
            x = panel.x(at)
            back.append(tag("line", x1=x, x2=x, y1=first, y2=foot, stroke=pen.colour("hair"), stroke_width=0.8))
            front.append(pen.text(x, foot + 14, text, 11, text_anchor=_side(panel, x, text), fill=pen.colour("muted")))
            if second:
                side = _side(panel, x, second)
                front.append(pen.text(x, foot + 27, second, 11, text_anchor=side, fill=pen.colour("muted")))
        front.append(tag("line", x1=panel.x0, x2=panel.x1, y1=foot, y2=foot, stroke=pen.colour("muted"), stroke_width=0.8))
    shade = "".join(
        tag("rect", x=x, y=start, width=w, height=foot - start, fill=pen.colour("event"), fill_opacity=0.17)
        for x, w, start in shades
    )
    lens = _lens(pen, panels, first, foot)
    return "".join([*head, lens, *back, shade, labels, *front]), foot + 34


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
    y += 20
    out = [pen.text(0, y, fit(shown.name, panels[-1].x1, 15, bold=True), 15, font_weight=600, **pen.halo())]
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
        out.append(pen.text(0, y + 17, fit(shown.name, panels[0].x0 - 12, 12.5), 12.5))
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


def _events(
    pen: Pen, data: CaseData, weighing: Weighing, panels: Sequence[Panel], top: float
) -> tuple[str, list[tuple[float, float, float]], float]:
    """Labels of the events, (x, width, top) of their shades, and how deep the labels reach."""
    labels: list[str] = []
    shades: list[tuple[float, float, float]] = []
    deep = 0.0
    for panel in panels:
        shelf = Shelf(4)
        for event in shown_events(data, weighing):
            start, end = event.when.first_day, event.when.last_day
            if not event.when.known or end < panel.t0 or start > panel.t1:
                continue
            x, wide = panel.x(start), max(panel.x(end) - panel.x(start), 1.6)
            name, when = fit(event_name(event), panel.x1 - panel.x0, 12), event_when(event)
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


def _nothing(pen: Pen, width: int) -> str:
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
