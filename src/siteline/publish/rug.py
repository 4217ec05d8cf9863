"""The strip that shows at a glance when there were scenes: one line of ticks for each use they can be put to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from siteline.publish.canvas import Canvas
from siteline.publish.panels import Panel
from siteline.publish.svg import hover, num, tag
from siteline.publish.usable import View

LANE: Final = 17.0
LABEL: Final = 150.0


def draw_rug(canvas: Canvas, views: Sequence[View], x0: float, x1: float, y: float) -> float:
    """Ticks of all dated ``views`` between ``x0`` and ``x1`` from ``y`` down; returns the y below. Nothing under 4 dates."""
    times = sorted({v.days for v in views if not math.isnan(v.days)})
    if len(times) < 4:
        return y
    pad = 0.01 * (times[-1] - times[0])
    panel = Panel(times[0] - pad, times[-1] + pad, x0 + LABEL, x1)
    lanes = (
        ("usable", "usable", "ink", 12.0, 1.8),
        ("misaligned", "not aligned", "muted", 12.0, 1.8),
        ("unusable", "hidden", "muted", 9.0, 1.4),
        ("failed", "failed to read", "event", 9.0, 1.4),
        ("empty", "without data here", "muted", 4.0, 1.0),
    )
    top = y
    for verdict, label, ink, high, wide in lanes:
        held = [v for v in views if v.verdict == verdict and not math.isnan(v.days)]
        if not held:
            continue
        strong = {"font_weight": 600} if verdict == "usable" else {}
        canvas.text(x0, y + 12, f"{len(held)} {label}", 12, fill="ink" if verdict == "usable" else ink, **strong)
        ticks = [
            tag("path", hover(view.when), d=f"M{num(panel.x(view.days))} {num(y + 14 - high)}v{num(high)}") for view in held
        ]
        canvas.add(tag("g", *ticks, stroke=canvas.colour(ink), stroke_width=wide, class_=f"rug {verdict}"))
        y += LANE
    _axis(canvas, panel, top, y)
    return y + 24


def _axis(canvas: Canvas, panel: Panel, top: float, y: float) -> None:
    canvas.rule(panel.x0, panel.x1, y + 1)
    for at, label, second in panel.ticks(64):
        x = panel.x(at)
        canvas.add(tag("line", x1=x, x2=x, y1=y + 1, y2=y + 6, stroke=canvas.colour("hair")))
        text = f"{label} {second}" if second and second != label else label
        canvas.text(x, y + 19, text, 11, fill="muted", text_anchor="middle")
