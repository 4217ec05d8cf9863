"""How much further lines of evidence move a probability: a dot and its range per line, on the scale of likelihood words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siteline.model.weighed import LineShift
from siteline.publish.draw import Pen
from siteline.publish.figure import PHONE
from siteline.publish.look import SANS, percent
from siteline.publish.panels import fit, text_width
from siteline.publish.svg import hover, tag

_WORDS: Final = (
    (0.05, 0.20, "very unlikely"),
    (0.20, 0.45, "unlikely"),
    (0.45, 0.55, "even"),
    (0.55, 0.80, "likely"),
    (0.80, 0.95, "very likely"),
)


def shifts_svg(pen: Pen, lines: Sequence[LineShift], width: int) -> str:
    """One row per line, each with all lines above it; the bar is the range over prior rates times 1/5 to 5."""
    labels = [line.label if i == 0 else f"+ {line.label}" for i, line in enumerate(lines)]
    narrow = width == PHONE or any(text_width(label, 12.5) > 0.42 * width - 16 for label in labels)
    left, right = (6.0, width - 52.0) if narrow else (0.42 * width, width - 52.0)
    step = 42.0 if narrow else 30.0
    foot = 26 + step * len(lines)

    def x(share: float) -> float:
        return left + share * (right - left)

    out = []
    for i, (low, high, word) in enumerate(_WORDS):
        if i % 2 == 0:
            out.append(tag("rect", x=x(low), y=18, width=x(high) - x(low), height=foot - 18, fill=pen.colour("wash")))
        if width > PHONE or word in ("unlikely", "likely"):
            out.append(pen.text(x((low + high) / 2), 11, word, 11, text_anchor="middle", fill=pen.colour("muted")))
    out.append(tag("line", x1=x(0.5), x2=x(0.5), y1=18, y2=foot, stroke=pen.colour("muted"), stroke_dasharray="2 3"))
    for i, (label, line) in enumerate(zip(labels, lines, strict=True)):
        y = 18 + step * i + (28 if narrow else 18)
        room = width - 12 if narrow else left - 16
        out.append(pen.text(0, y - 14 if narrow else y + 4, fit(label, room, 12.5), 12.5))
        said = f"{label}: {percent(line.probability)}, {percent(line.low)} to {percent(line.high)}"
        bar = tag(
            "line",
            x1=x(line.low),
            x2=x(line.high),
            y1=y,
            y2=y,
            stroke=pen.colour("complete"),
            stroke_width=3,
            stroke_linecap="round",
            opacity=0.45,
        )
        out.append(
            tag("g", hover(said), bar, tag("circle", cx=x(line.probability), cy=y, r=5.5, fill=pen.colour("complete")))
        )
        out.append(pen.text(width, y + 4.5, percent(line.probability), 13, text_anchor="end", font_weight=600))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        out.append(
            pen.text(
                x(share),
                foot + 14,
                f"{share:.0%}".replace("%", " %"),
                11,
                text_anchor="middle" if share else "start",
                fill=pen.colour("muted"),
            )
        )
    return tag(
        "svg",
        *out,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {foot + 20:.0f}",
        width=width,
        height=f"{foot + 20:.0f}",
        role="img",
        font_family=SANS,
    )
