"""The figures of the report: the key figure and the timeline of one structure.

Every figure exists in three widths, so that text is never scaled to illegibility: 1120 units for a screen, 780 for a
printed page, 360 for a telephone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siteline.model.dated import Dating, History
from siteline.model.records import CaseData
from siteline.model.weighed import EventPosition, Weighing
from siteline.publish.compose import compose, nothing
from siteline.publish.draw import Pen
from siteline.publish.look import Theme, day_range
from siteline.publish.panels import Panel, text_width
from siteline.publish.rows import Row, row

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
        return nothing(pen, width)
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
    return compose(pen, data, weighing, blocks, rows, width)


def structure_figure_svg(
    data: CaseData, history: History, weighing: Weighing, *, theme: Theme = "auto", width: int = SCREEN, prefix: str = "s"
) -> str:
    """The timeline of one structure, every look marked; looks outside the period get narrower panels beside it."""
    shown = row(data, history, lanes=1 if width == PHONE else 6)
    pen = Pen(theme, f"{prefix}{width}")
    if not shown.times:
        return nothing(pen, width)
    panels = _around(data, [shown], _label_column(width, [shown]), width)
    return compose(pen, data, weighing, [panels], [shown], width, style="numbered")


def quiet_figure_svg(
    data: CaseData, histories: Sequence[History], weighing: Weighing, *, theme: Theme = "auto", width: int = SCREEN
) -> str:
    """Structures in which no change was seen, one thin row each: band and looks over one axis."""
    rows = [r for r in (row(data, history, lanes=1) for history in histories) if r.times]
    pen = Pen(theme, f"quiet{width}")
    if not rows:
        return nothing(pen, width)
    label = 0.0 if width == PHONE else 0.24 * width
    return compose(pen, data, weighing, [_around(data, rows, label, width)], rows, width, style="quiet")


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
    """The weeks to enlarge (days): brackets that span the first key event left undecided, and what follows them."""
    undecided = [p for p in key_positions(data, weighing) if not p.decided and p.transition.bracket.closed]
    open_ones = [p.transition for p in undecided if p.event == undecided[0].event]
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
