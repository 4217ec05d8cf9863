"""False alarms, drawn: how much evidence places show where nothing is known to have changed, and how much the structure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from siteline.model.changed import Trust
from siteline.publish.draw import Pen, diamond
from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.legend import flow
from siteline.publish.look import Theme
from siteline.publish.panels import fit, text_width
from siteline.publish.seriesmarks import ACCENT, round_numbers
from siteline.publish.svg import document, hover, num, tag
from siteline.publish.unseen import alarm_words
from siteline.publish.words import plural

_BINS: Final = 36
_SINGLE: Final = 24
"""Up to so many places that show as much are marked one by one; more are bars of their colour."""
_TOP: Final = 62.0
_FOOT: Final = 134.0


def placebo_svg(
    evidence: Sequence[float],
    answer: float,
    trust: Trust,
    *,
    changed: bool = True,
    theme: Theme = "auto",
    width: int = SCREEN,
    prefix: str = "q",
) -> str:
    """``evidence`` (log Bayes factor) of every placebo as a histogram, with the real ``answer`` and the threshold marked.

    ``changed``: whether a change is reported, which decides how the count is told.
    """
    pen = Pen(theme, f"{prefix}{width}")
    drawn, high = placebo_body(pen, evidence, answer, trust, width)
    return document(alarm_words(trust, changed=changed), drawn, min(width, PAGE), high)


def placebo_body(pen: Pen, evidence: Sequence[float], answer: float, trust: Trust, width: float) -> tuple[str, float]:
    """Markup of the strip without its ``svg`` element, and its height."""
    known = [v for v in evidence if math.isfinite(v)]
    if not known or not math.isfinite(answer):
        return pen.text(0, 18, fit(alarm_words(None), width, 13), 13, fill=pen.colour("muted")), 28.0
    wide = min(width, PAGE) - 4.0
    low, high = min(*known, answer, trust.threshold), max(*known, answer, trust.threshold)
    room = 0.03 * (high - low) or 1.0
    low, high = low - room, high + room

    def at(value: float) -> float:
        return 2 + (value - low) / (high - low) * (wide - 2)

    said = f"{plural(len(known), 'place')} where nothing is known to have changed"
    out = [pen.text(2, 12, fit(said, wide, 12), 12, fill=pen.colour("muted")), *_bars(pen, known, answer, low, high, at)]
    out.append(tag("line", x1=2, x2=wide, y1=_FOOT, y2=_FOOT, stroke=pen.colour("muted"), stroke_width=0.8))
    for value in round_numbers(low, high, 8 if width > PHONE else 5):
        text = f"{value:g}".replace("-", "−")
        out.append(pen.text(at(value), _FOOT + 15, text, 11, text_anchor="middle", fill=pen.colour("muted")))
    out.append(pen.text(2, _FOOT + 31, "evidence for a change, log Bayes factor", 11, fill=pen.colour("muted")))
    ahead = answer >= trust.threshold
    out.append(_mark(pen, at(trust.threshold), f"threshold {_number(trust.threshold)}", wide, strong=False, left=ahead))
    out.append(_mark(pen, at(answer), f"this structure: {_number(answer)}", wide, strong=True, left=not ahead))
    beyond = [v for v in known if v >= answer]
    for value in beyond if len(beyond) <= _SINGLE else ():
        spot = f"M{num(at(value))} {num(_FOOT - 13)}l4 4l-4 4l-4 -4Z"
        out.append(tag("path", hover(_number(value)), d=spot, fill=pen.colour("event"), class_="exceeding"))
    drawn, foot = flow(pen, _key(pen, known, answer), wide, _FOOT + 40)
    return "".join([*out, drawn]), foot


def _key(pen: Pen, known: Sequence[float], answer: float) -> list[tuple[str, str]]:
    """What the colours stand for, with how many places each holds."""
    beyond = sum(value >= answer for value in known)
    rest = len(known) - beyond
    out = []
    if rest:
        sign = tag("rect", x=4, y=-6, width=14, height=12, fill=pen.colour("muted"), fill_opacity=0.5)
        out.append((f"{plural(rest, 'place')} with less evidence than this structure", sign))
    if beyond:
        ink = pen.colour("event")
        bar = tag("rect", x=4, y=-6, width=14, height=12, fill=ink, fill_opacity=0.5)
        sign = bar if beyond > _SINGLE else tag("path", d=diamond(11, 0, 4), fill=ink)
        out.append((f"{plural(beyond, 'place')} with as much or more", sign))
    return out


def _bars(
    pen: Pen, known: Sequence[float], answer: float, low: float, high: float, at: Callable[[float], float]
) -> list[str]:
    counts = [0] * _BINS
    for value in known:
        counts[min(int((value - low) / (high - low) * _BINS), _BINS - 1)] += 1
    step = (high - low) / _BINS
    out = []
    many = sum(value >= answer for value in known) > _SINGLE
    for index, count in enumerate(counts):
        if count:
            tall = max((_FOOT - _TOP) * count / max(counts), 1.5)
            left, right = at(low + index * step), at(low + (index + 1) * step)
            box: dict[str, str | float] = {"x": left, "y": _FOOT - tall, "width": right - left - 1, "height": tall}
            about = hover(f"{count} of {len(known)}")
            ink = pen.colour("event" if many and low + index * step >= answer else "muted")
            out.append(tag("rect", about, fill=ink, fill_opacity=0.5, class_="placebo", **box))
    return out


def _mark(pen: Pen, x: float, text: str, wide: float, *, strong: bool, left: bool) -> str:
    """A line up from the axis with its words beside its head, to the ``left`` where there is room."""
    size = text_width(text, 12, bold=strong) + 6
    left = (left and x >= size) or x + size > wide
    y = 36.0 if strong else 52.0
    ink = pen.colour(ACCENT if strong else "muted")
    dash = None if strong else "4 3"
    line = tag("line", x1=x, x2=x, y1=y - 9, y2=_FOOT, stroke=ink, stroke_width=2 if strong else 1, stroke_dasharray=dash)
    side, beside = ("end", x - 6) if left else ("start", x + 6)
    weight = 600 if strong else None
    return line + pen.text(beside, y, text, 12, text_anchor=side, fill=ink, font_weight=weight, **pen.halo())


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")
