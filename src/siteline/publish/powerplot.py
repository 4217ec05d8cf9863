"""What would have been found, drawn: the share of changes of known size that come out when put into real images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from siteline.model.changed import Power, Trust
from siteline.publish.draw import Pen
from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.look import Theme
from siteline.publish.panels import text_width, wrap
from siteline.publish.seriesmarks import ACCENT, round_numbers
from siteline.publish.svg import document, hover, num, tag
from siteline.publish.unseen import RELIABLE, Reading, contrast_words, metres, readings, share_text

_HIGH: Final = 170.0
_LINES: Final = (("", "circle"), ("6 3", "square"), ("2 3", "diamond"), ("9 3 2 3", "triangle"), ("12 4", "down"))
Box = tuple[float, float, float, float]


def power_svg(trust: Trust, *, theme: Theme = "auto", width: int = SCREEN, prefix: str = "p") -> str:
    """The share of changes found against their size, one line per contrast, and the share also dated right beside it.

    Bands are 95 % Wilson intervals from the counts. ``width`` is one of ``SCREEN``, ``PAGE`` and ``PHONE``. Says so where
    nothing was put in.
    """
    pen = Pen(theme, f"{prefix}{width}")
    drawn, high = power_body(pen, trust, width)
    return document("Share of changes found, by size", drawn, min(width, PAGE), high)


def power_body(pen: Pen, trust: Trust, width: float) -> tuple[str, float]:
    """Markup of the power figure without its ``svg`` element, and its height."""
    curves = readings(trust.power)[: len(_LINES)]
    if not curves:
        text = "No changes were put into these images: nothing is known of what would have been missed."
        lines = wrap(text, width, 13, lines=3)
        out = [pen.text(0, 18 + 18 * i, line, 13, fill=pen.colour("muted")) for i, line in enumerate(lines)]
        return "".join(out), 10.0 + 18 * len(lines)
    narrow = width <= PHONE
    side = width - 40 if narrow else (min(width, PAGE) - 40) / 2 - 16
    first = (34.0, 34.0, 34.0 + side - 8, 34.0 + _HIGH)
    shift = (0.0, _HIGH + 84) if narrow else (side + 48, 0.0)
    second = (first[0] + shift[0], first[1] + shift[1], first[2] + shift[0], first[3] + shift[1])
    sizes = [p.size_m for p in trust.power]
    span = _span(sizes)
    out = [
        _panel(pen, first, span, "Found", curves, dated=False),
        _floor(pen, first, trust.nominal),
        _panel(pen, second, span, "Found, and dated right", curves, dated=True),
    ]
    y = second[3] + 48
    for index, reading in enumerate(curves):
        out.append(_sample(pen, index, 0, y))
        point = reading.curve[0]
        text = f"contrast of {contrast_words(point)}; {point.injected:,} changes put in at each size"
        out += [
            pen.text(42, y + 4 + 14 * i, line, 11.5, fill=pen.colour("muted"))
            for i, line in enumerate(wrap(text, width - 42, 11.5))
        ]
        y += 19 if text_width(text, 11.5) <= width - 42 else 33
    if _has_floor(trust.nominal):
        out.append(tag("line", x1=0, x2=32, y1=y, y2=y, stroke=pen.colour("event"), stroke_width=1.4, class_="floor-key"))
        text = f"share that may be “found” where nothing was put in: {share_text(trust.nominal)}"
        lines = wrap(text, width - 42, 11.5)
        out += [pen.text(42, y + 4 + 14 * i, line, 11.5, fill=pen.colour("muted")) for i, line in enumerate(lines)]
        y += 5 + 14 * len(lines)
    return "".join(out), y


def wilson(found: int, of: int) -> tuple[float, float]:
    """95 % interval of a share from counts (Wilson 1927); the whole range where nothing was counted."""
    if of <= 0:
        return 0.0, 1.0
    z, p = 1.959964, found / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def _panel(pen: Pen, box: Box, span: tuple[float, float], title: str, curves: Sequence[Reading], *, dated: bool) -> str:
    left, top, right, foot = box
    out = [pen.text(left - 34, top - 18, title, 12.5, font_weight=600)]
    for share in (0.0, 0.5, RELIABLE, 1.0):
        y = _y(box, share)
        strong = share == RELIABLE
        ink = pen.colour("muted" if strong or share == 0 else "hair")
        dash = "4 3" if strong else None
        out.append(tag("line", x1=left, x2=right, y1=y, y2=y, stroke=ink, stroke_width=0.8, stroke_dasharray=dash))
        out.append(pen.text(left - 7, y + 3.8, f"{share:g}", 11, text_anchor="end", fill=pen.colour("muted")))
    for size in round_numbers(span[0], span[1], 6):
        x = _x(box, span, size)
        out.append(tag("line", x1=x, x2=x, y1=foot, y2=foot + 4, stroke=pen.colour("muted"), stroke_width=0.8))
        out.append(pen.text(x, foot + 16, f"{size:g}", 11, text_anchor="middle", fill=pen.colour("muted")))
    out.append(pen.text(right, foot + 30, "side of the change, metres", 11, text_anchor="end", fill=pen.colour("muted")))
    for index, reading in enumerate(curves):
        out.append(_line(pen, box, span, reading.curve, index, dated=dated))
    if not dated:
        for reading in curves:
            out.append(_reading(pen, box, span, reading))
    return "".join(out)


def _has_floor(nominal: float) -> bool:
    return math.isfinite(nominal) and 0 < nominal < 1


def _floor(pen: Pen, box: Box, nominal: float) -> str:
    """The rate of false alarms allowed: no curve can be expected to lie below it."""
    if not _has_floor(nominal):
        return ""
    y = _y(box, nominal)
    return tag("line", x1=box[0], x2=box[2], y1=y, y2=y, stroke=pen.colour("event"), stroke_width=1.4, class_="floor")


def _line(pen: Pen, box: Box, span: tuple[float, float], points: Sequence[Power], index: int, *, dated: bool) -> str:
    held = [(p, p.dated if dated else p.found) for p in points]
    bands = [wilson(count, p.injected) for p, count in held]
    xs = [_x(box, span, p.size_m) for p, _ in held]
    ys = [_y(box, count / p.injected if p.injected else 0.0) for p, count in held]
    ink = pen.colour(ACCENT if index == 0 else "ink")
    upper = [f"{num(x)} {num(_y(box, high))}" for x, (_, high) in zip(xs, bands, strict=True)]
    lower = [f"{num(x)} {num(_y(box, low))}" for x, (low, _) in zip(xs, bands, strict=True)]
    ribbon = tag("path", d=f"M{'L'.join([*upper, *reversed(lower)])}Z", fill=ink, fill_opacity=0.13, class_="interval")
    runs = "".join(f"M{num(a[0])} {num(a[1])}L{num(b[0])} {num(b[1])}" for a, b in pairwise(zip(xs, ys, strict=True)))
    line = tag("path", d=runs, fill="none", stroke=ink, stroke_width=1.8, stroke_dasharray=_LINES[index][0] or None)
    dots = "".join(
        tag("g", hover(f"{metres(p.size_m)}: {count} of {p.injected}"), _sign(pen, _LINES[index][1], x, y, ink))
        for (p, count), x, y in zip(held, xs, ys, strict=True)
    )
    return ribbon + line + dots


def _reading(pen: Pen, box: Box, span: tuple[float, float], reading: Reading) -> str:
    """The size from which on changes are found, as a drop line with its number: ``15 m: 0.9``."""
    if reading.seen is None:
        return ""
    x, y = _x(box, span, reading.seen.size_m), _y(box, reading.seen.found / reading.seen.injected)
    text = f"{metres(reading.seen.size_m)}: {share_text(reading.seen.share)}"
    at_end = x + 8 + text_width(text, 12, bold=True) > box[2]
    drop = tag("line", x1=x, x2=x, y1=y, y2=box[3], stroke=pen.colour("ink"), stroke_width=0.9, stroke_dasharray="2 3")
    side, shift = ("end", -7.0) if at_end else ("start", 7.0)
    return drop + pen.text(x + shift, y + 22, text, 12, text_anchor=side, font_weight=600, class_="reading", **pen.halo())


def _sample(pen: Pen, index: int, x: float, y: float) -> str:
    ink = pen.colour(ACCENT if index == 0 else "ink")
    dash = _LINES[index][0] or None
    line = tag("line", x1=x, x2=x + 32, y1=y, y2=y, stroke=ink, stroke_width=1.8, stroke_dasharray=dash)
    return line + _sign(pen, _LINES[index][1], x + 16, y, ink)


def _sign(pen: Pen, kind: str, x: float, y: float, ink: str) -> str:
    """A dot whose shape tells the lines apart in greyscale."""
    paper: dict[str, str | float] = {"stroke": pen.colour("paper"), "stroke_width": 1}
    if kind == "circle":
        return tag("circle", cx=x, cy=y, r=3.8, fill=ink, class_="point", **paper)
    path = {
        "square": f"M{num(x - 3.5)} {num(y - 3.5)}h7v7h-7Z",
        "diamond": f"M{num(x)} {num(y - 4.8)}l4.8 4.8l-4.8 4.8l-4.8 -4.8Z",
        "triangle": f"M{num(x)} {num(y - 4.6)}l4.4 8h-8.8Z",
        "down": f"M{num(x)} {num(y + 4.6)}l4.4 -8h-8.8Z",
    }[kind]
    return tag("path", d=path, fill=ink, class_="point", **paper)


def _span(sizes: Sequence[float]) -> tuple[float, float]:
    room = 0.06 * (max(sizes) - min(sizes)) or 0.5 * max(sizes)
    return max(0.0, min(sizes) - room), max(sizes) + room


def _x(box: Box, span: tuple[float, float], size: float) -> float:
    return box[0] + (size - span[0]) / (span[1] - span[0]) * (box[2] - box[0])


def _y(box: Box, share: float) -> float:
    return box[3] - share * (box[3] - box[1])
