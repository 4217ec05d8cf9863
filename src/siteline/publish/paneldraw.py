"""One panel of a comparison: pixels, hatching over what cannot be used, footprints with names, scale and north."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siteline.publish.canvas import Canvas
from siteline.publish.labels import Box, Label, draw, plate
from siteline.publish.pair import Pair
from siteline.publish.panels import text_width
from siteline.publish.pixels import data_uri
from siteline.publish.scalebar import length_words, north_arrow, round_length, scale_bar
from siteline.publish.svg import tag

_PLATE: Final = 32.0
_ROOM: Final = 0.28
"""Longest scale bar, as a share of the panel."""


def draw_panel(canvas: Canvas, pair: Pair, side: int, labels: Sequence[Label], x: float, y: float, *, scale: bool) -> None:
    """Scene ``side`` (0 or 1) of ``pair`` with its corner at (x, y); ``scale`` also draws the scale bar and north."""
    import numpy as np

    across, down = pair.size
    pixels, unusable = pair.pixels(side, canvas.theme)
    canvas.image(pixels, x, y, across, down, pair.looks[side].about)
    if unusable.any():
        mask = np.where(unusable, 255, 0).astype(np.uint8)[..., None].repeat(3, axis=2)
        hatch(canvas, data_uri(mask), f"unusable{side}", (x, y, across, down), canvas.colour("ink"))
    draw(canvas, pair.shapes, labels, pair.zoom, x, y)
    if scale:
        draw_scale(canvas, pair.metres / pair.zoom, pair.north, (x, y, across, down))


def scale_box(pair: Pair) -> Box:
    """Where the scale bar and north lie in a panel: (left, top, right, bottom) in units from its corner."""
    return plate_box(pair.metres / pair.zoom, *pair.size)


def plate_box(unit_metres: float, across: float, down: float) -> Box:
    """The same for any picture of ``across`` x ``down`` units of ``unit_metres`` each."""
    metres = round_length(_ROOM * across * unit_metres)
    long = metres / unit_metres
    return 8, down - 8 - _PLATE, 8 + long + text_width(length_words(metres), 12) + 62, down - 8


def draw_scale(canvas: Canvas, unit_metres: float, north: float, area: Box) -> None:
    """Scale bar and north on their plate in the picture ``area`` (x, y, width, height)."""
    x, y, across, down = area
    left, top, right, bottom = plate_box(unit_metres, across, down)
    plate(canvas, x + left, y + top, right - left, bottom - top)
    long = scale_bar(canvas, x + left + 10, y + top + _PLATE / 2, unit_metres, _ROOM * across, "#ffffff")
    words = text_width(length_words(round(long * unit_metres, 6)), 12)
    north_arrow(canvas, x + left + 10 + long + words + 26, y + top + _PLATE / 2, north, "#ffffff")


def hatch(canvas: Canvas, mask: str, name: str, box: Box, ink: str) -> None:
    """Hatching in ``ink`` over ``box`` (x, y, width, height) where picture ``mask`` is white; ``name``: id of its parts."""
    x, y, across, down = box
    line = tag("rect", width=1.4, height=7, fill=ink, fill_opacity=0.5)
    pattern = tag(
        "pattern", line, id=f"{name}-line", width=7, height=7, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    image = tag(
        "image",
        x=x,
        y=y,
        width=across,
        height=down,
        href=mask,
        preserveAspectRatio="none",
        image_rendering="pixelated",
        style="image-rendering:pixelated",
    )
    area = tag("mask", image, id=name, maskUnits="userSpaceOnUse", x=x, y=y, width=across, height=down)
    canvas.add(tag("defs", pattern, area))
    paint = tag("rect", x=x, y=y, width=across, height=down, fill=f"url(#{name}-line)", mask=f"url(#{name})")
    canvas.add(paint)
