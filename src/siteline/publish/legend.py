"""The key to a timeline: only what the timeline shows, set in one line where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from siteline.publish.draw import Pen, diamond
from siteline.publish.look import STATE_STYLES
from siteline.publish.ownlooks import OWN
from siteline.publish.panels import text_width
from siteline.publish.rows import Row
from siteline.publish.svg import num, tag

_SIZE = 11.5


def legend(pen: Pen, rows: Sequence[Row], width: float, y: float, *, full: bool) -> tuple[str, float]:
    """Markup of the key from ``y`` down, and where it ends. Unless ``full``, only the states are explained."""
    states = {band.state for r in rows for band in r.bands} | {m.state for r in rows for lane in r.lanes for m in lane.marks}
    entries = [(style.label, _swatch(pen, state)) for state, style in STATE_STYLES.items() if state in states]
    if full:
        entries += _signs(pen, rows)
    return flow(pen, entries, width, y)


def flow(pen: Pen, entries: Sequence[tuple[str, str]], width: float, y: float) -> tuple[str, float]:
    """(label, sign) after one another in lines of ``width`` from ``y`` down, and where they end; signs are 24 units wide."""
    out = []
    x, y = 0.0, y + 10
    for label, drawn in entries:
        wide = 34 + text_width(label, _SIZE)
        if x and x + wide > width:
            x, y = 0.0, y + 19
        out.append(
            tag(
                "g",
                drawn,
                pen.text(28, 4, label, _SIZE, fill=pen.colour("muted")),
                transform=f"translate({num(x)} {num(y)})",
            )
        )
        x += wide + 14
    return "".join(out), y + 12


def _signs(pen: Pen, rows: Sequence[Row]) -> list[tuple[str, str]]:
    marks = [m for r in rows for lane in r.lanes for m in lane.marks]
    kinds = {m.clarity for m in marks if not m.own}
    labels = {
        "clear": "look: state seen",
        "partly": "seen with low confidence, or disputed",
        "obscured": "looked, could not tell",
    }
    signs = [(label, _dot(pen, kind)) for kind, label in labels.items() if kind in kinds]
    if any(m.own for m in marks):
        signs.append((OWN, tag("path", d=diamond(16, 0, 5.8), fill=pen.colour("muted"))))
    if any(r.transitions for r in rows):
        signs += [("bracket, with 90 % and 50 % interval", _bar(pen)), ("how likely each date is", _hump(pen))]
    return signs


def _swatch(pen: Pen, state: str) -> str:
    high = 13 * STATE_STYLES[state].height
    return tag("rect", x=0, y=6.5 - high, width=22, height=high, fill=pen.state_fill(state))


def _dot(pen: Pen, kind: str) -> str:
    ink, paper = pen.colour("muted"), pen.colour("paper")
    if kind == "clear":
        return tag("circle", cx=16, cy=0, r=4.2, fill=ink)
    ring = tag("circle", cx=16, cy=0, r=3.6, fill=paper, stroke=ink, stroke_width=1.3)
    return ring if kind == "obscured" else ring + tag("path", d="M16 -4.2A4.2 4.2 0 0 0 16 4.2Z", fill=ink)


def _bar(pen: Pen) -> str:
    ink = pen.colour("ink")
    return tag("path", d="M1 -5V5M1 0H23M23 -5V5", stroke=ink, stroke_width=1.2) + "".join(
        tag("rect", x=x, y=-h / 2, width=24 - 2 * x, height=h, fill=ink) for x, h in ((3.0, 3.2), (7.0, 6.0))
    )


def _hump(pen: Pen) -> str:
    return tag("path", d="M1 6C7 6 7 -6 12 -6S17 6 23 6Z", fill=pen.colour("ink"), fill_opacity=0.16)
