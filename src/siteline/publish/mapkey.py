"""The colour bar under a map: what each colour stands for, at round numbers or at calendar dates."""

from __future__ import annotations

from typing import Final

from siteline.publish.canvas import Canvas
from siteline.publish.panels import Panel, text_width
from siteline.publish.pixels import data_uri
from siteline.publish.ramps import Kind, strip
from siteline.publish.seriesmarks import number
from siteline.publish.svg import tag

_HIGH: Final = 9.0


def colour_bar(
    canvas: Canvas, kind: Kind, limits: tuple[float, float] | None, unit: str, x: float, y: float, wide: float
) -> float:
    """A bar of ``wide`` units at (x, y) with its numbers; ``limits`` at its ends (days for dates). Returns the y below.

    Without ``limits`` nothing is shown on the map, and the bar's place says so.
    """
    if limits is None:
        canvas.text(x, y + 12, "nothing to show", 11, fill="muted")
        return y + 42
    canvas.add(
        tag(
            "image",
            x=x,
            y=y,
            width=wide,
            height=_HIGH,
            href=data_uri(strip(kind)),
            preserveAspectRatio="none",
            class_=f"bar {kind}",
        )
    )
    panel = Panel(*limits, x, x + wide)
    for at, text, second in _ticks(kind, panel, unit):
        spot = panel.x(at)
        mark: dict[str, float] = {"x1": spot, "x2": spot, "y1": y + _HIGH, "y2": y + _HIGH + 4, "stroke_width": 0.8}
        canvas.add(tag("line", stroke=canvas.colour("muted"), **mark))
        for line, words in enumerate((text, second)):
            if words:
                half = text_width(words, 11) / 2
                middle = min(max(spot, x + half), x + wide - half)
                canvas.text(middle, y + _HIGH + 16 + 13 * line, words, 11, fill="muted", text_anchor="middle")
    return y + 42


def _ticks(kind: Kind, panel: Panel, unit: str) -> list[tuple[float, str, str]]:
    if kind == "date":
        return panel.ticks(52)
    if kind == "probability":
        return [(0.0, "0", ""), (0.5, "0.5", ""), (1.0, "1", "")]
    most = panel.t1
    told = number(most, most)
    return [(-most, f"−{told}", ""), (0.0, "0", f"{unit}".strip()), (most, f"+{told}", "")]
