"""The scale bar and the north arrow."""

from __future__ import annotations

import math

from siteline.publish.canvas import Canvas
from siteline.publish.panels import text_width
from siteline.publish.svg import num, tag


def round_length(most: float) -> float:
    """The longest round length (1, 2 or 5 times a power of ten, metres) that is not above ``most`` (above 0)."""
    power = 10.0 ** math.floor(math.log10(most) + 1e-9)
    return next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9))


def length_words(metres: float) -> str:
    """``50 m``, ``2 km``, ``0.5 m``."""
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def scale_bar(canvas: Canvas, x: float, y: float, unit_metres: float, room: float, ink: str) -> float:
    """A bar of a round length at most ``room`` units long, with its words to the right, centred on ``y``.

    ``unit_metres``: metres on the ground per unit of the drawing. Returns the length of the bar in units.
    """
    metres = round_length(room * unit_metres)
    long = metres / unit_metres
    path = f"M{num(x)} {num(y - 4)}V{num(y + 4)}M{num(x)} {num(y)}H{num(x + long)}M{num(x + long)} {num(y - 4)}V{num(y + 4)}"
    canvas.add(tag("path", d=path, fill="none", stroke=ink, stroke_width=1.6, class_="scale-bar"))
    canvas.text(x + long + 7, y + 4, length_words(metres), 12, fill=ink)
    return long


def north_arrow(canvas: Canvas, x: float, y: float, north: float, ink: str) -> None:
    """An arrow 20 units long centred on (x, y), turned to true north (degrees clockwise from up), with its N."""
    shaft = tag("path", d="M0 10V-5", fill="none", stroke=ink, stroke_width=1.6)
    head = tag("path", d="M0 -11L4.2 -3L0 -5L-4.2 -3Z", fill=ink)
    canvas.add(tag("g", shaft, head, transform=f"translate({num(x)} {num(y)}) rotate({num(north)})", class_="north"))
    canvas.text(x + 8, y + 4, "N", 12, fill=ink)


def scale_row(canvas: Canvas, x: float, y: float, unit_metres: float, north: float, room: float) -> None:
    """Scale bar and north beneath a picture rather than on it, where they could hide what it shows; centred on ``y``."""
    ink = canvas.colour("muted")
    long = scale_bar(canvas, x + 1, y, unit_metres, room, ink)
    words = text_width(length_words(round(long * unit_metres, 6)), 12)
    north_arrow(canvas, x + long + words + 28, y, north, ink)


def north_words(north: float) -> str:
    """Where north is, as a caption says it; convergences under half a degree are not worth a number."""
    if abs(north) < 0.5:
        return "North is up."
    side = "right" if north > 0 else "left"
    return f"The grid’s north is up; true north lies {abs(north):.1f}° to the {side}."
