"""The key of a series figure: only what is drawn is explained."""

from __future__ import annotations

from collections.abc import Sequence

from siteline.publish.draw import Pen
from siteline.publish.seriesdata import Series, Track
from siteline.publish.seriesmarks import ACCENT
from siteline.publish.svg import tag


def entries(pen: Pen, series: Series, tracks: Sequence[Track]) -> list[tuple[str, str]]:
    """(label, sign) of every kind of mark in the figure, for ``legend.flow``."""
    ink, accent, muted = pen.colour("ink"), pen.colour(ACCENT), pen.colour("muted")
    curves = [curve for track in tracks for curve in track.curves]
    changed = any(track.changes for track in tracks) or bool(series.combined and series.combined.changes)
    made: list[tuple[str, str]] = []
    if any(curve.dots for curve in curves):
        stem = tag("line", x1=12, x2=12, y1=-6, y2=6, stroke=ink, stroke_width=1, stroke_opacity=0.5)
        made.append(("usable scene, with its standard error", stem + tag("circle", cx=12, cy=0, r=2.8, fill=ink)))
    if any(curve.levels for curve in curves):
        ribbon = tag("rect", x=1, y=-4, width=22, height=8, fill=accent, fill_opacity=0.22)
        line = tag("line", x1=1, x2=23, y1=0, y2=0, stroke=accent, stroke_width=2)
        text = "median before and after, 95 % interval" if changed else "median, 95 % interval"
        made.append((text, ribbon + line))
    if changed:
        hump = tag("path", d="M1 6C7 6 7 -6 12 -6S17 6 23 6Z", fill=accent, fill_opacity=0.75)
        made.append(("how likely each date is", hump))
        made.append(
            ("bracket: the change lies inside", tag("rect", x=1, y=-7, width=22, height=14, fill=accent, fill_opacity=0.16))
        )
        thin = tag("path", d="M1 -5V5M1 0H23M23 -5V5", stroke=ink, stroke_width=1.2)
        thick = [tag("rect", x=x, y=-h / 2, width=24 - 2 * x, height=h, fill=ink) for x, h in ((4.0, 3.2), (8.0, 6.0))]
        made.append(("its 90 % and 50 % interval", thin + "".join(thick)))
    if any(track.detected and track.detected.conflict and track.changes for track in tracks):
        hatch = tag("rect", x=1, y=-7, width=22, height=14, fill=f"url(#{pen.prefix}-against)")
        made.append(("bracket that contradicts the others", hatch))
    if any(track.hidden for track in tracks):
        made.append(
            ("scene that cannot be used here", tag("path", d="M8 4v-8M12 4v-8M17 4v-8", stroke=muted, stroke_width=1.1))
        )
    if any(not c.low <= d.value <= c.high for c in curves for d in c.dots):
        made.append(("value beyond the scale", tag("path", d="M12 -3L15 2H9Z", fill=ink)))
    return made
