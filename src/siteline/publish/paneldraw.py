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
        _hatch(canvas, data_uri(mask), f"unusable{side}", (x, y, across, down))
    draw(canvas, pair.shapes, labels, pair.zoom, x, y)
    if scale:
        left, top, right, bottom = scale_box(pair)
        plate(canvas, x + left, y + top, right - left, bottom - top)
        long = scale_bar(canvas, x + left + 10, y + top + _PLATE / 2, pair.metres / pair.zoom, _ROOM * across, "#ffffff")
        words = text_width(length_words(round(long * pair.metres / pair.zoom, 6)), 12)
        north_arrow(canvas, x + left + 10 + long + words + 26, y + top + _PLATE / 2, pair.north, "#ffffff")


def scale_box(pair: Pair) -> Box:
    """Where the scale bar and north lie in a panel: (left, top, right, bottom) in units from its corner."""
    across, down = pair.size
    metres = round_length(_ROOM * across * pair.metres / pair.zoom)
    long = metres * pair.zoom / pair.metres
    return 8, down - 8 - _PLATE, 8 + long + text_width(length_words(metres), 12) + 62, down - 8


def _hatch(canvas: Canvas, mask: str, name: str, box: Box) -> None:
    x, y, across, down = box
    line = tag("rect", width=1.4, height=7, fill=canvas.colour("ink"), fill_opacity=0.5)
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
