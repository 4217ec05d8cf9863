"""The animation between two scenes: both frames alike but for their pixels and their date, which is part of the image."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Literal

from siteline.publish.canvas import Canvas, rasterise
from siteline.publish.credits import credit_of
from siteline.publish.labels import place
from siteline.publish.pair import Pair
from siteline.publish.paneldraw import draw_panel, scale_box
from siteline.publish.panels import fit
from siteline.publish.svg import tag

if TYPE_CHECKING:
    from PIL import Image

FRAME_MS: Final = 800
"""How long each scene stands; under three changes a second, the limit for photosensitive viewers (WCAG 2.2, 2.3.1)."""
LARGEST: Final = 1200
"""Most pixels along a side."""
MARGIN: Final = 16.0
_HEAD: Final = 44.0
_FOOT: Final = 32.0


def animations(pair: Pair, theme: Literal["light", "dark", "print"]) -> tuple[bytes, bytes]:
    """The looping animation of both scenes as lossless WebP and as GIF (256 colours, one palette for both frames)."""
    first, second = (_frame(pair, side, theme) for side in (0, 1))
    webp, gif = io.BytesIO(), io.BytesIO()
    first.save(webp, "WEBP", save_all=True, append_images=[second], duration=FRAME_MS, loop=0, lossless=True, method=4)
    plain, other = _common_palette(first, second)
    plain.save(gif, "GIF", save_all=True, append_images=[other], duration=FRAME_MS, loop=0, optimize=False, disposal=1)
    return webp.getvalue(), gif.getvalue()


def _frame(pair: Pair, side: int, theme: Literal["light", "dark", "print"]) -> Image.Image:
    from PIL import Image

    across, down = pair.size
    width, height = max(across + 2 * MARGIN, 300.0), down + _HEAD + _FOOT
    canvas = Canvas(theme, plain=True)
    room = width - 2 * MARGIN - 40
    canvas.text(MARGIN, 28, fit(pair.looks[side].when, room, 17, bold=True), 17, font_weight=600)
    for dot in (0, 1):
        full = {"fill": canvas.colour("ink")} if dot == side else {"fill": "none"}
        x = width - MARGIN - 20 + 14 * dot
        canvas.add(tag("circle", cx=x, cy=22, r=4.2, stroke=canvas.colour("ink"), stroke_width=1.3, **full))
    labels, _ = place(
        [(canvas.shown(name), shape) for name, shape in pair.shapes], pair.zoom, across, down, [scale_box(pair)]
    )
    draw_panel(canvas, pair, side, labels, MARGIN, _HEAD, scale=True)
    credit = fit(canvas.shown(credit_of(pair.part, side)), width - 2 * MARGIN, 11)
    canvas.text(MARGIN, _HEAD + down + 20, credit, 11, fill="muted")
    svg = canvas.svg(width, height, pair.looks[side].when)
    scale = min(2.0, LARGEST / max(width, height))
    return Image.open(io.BytesIO(rasterise(svg, width, height, scale))).convert("RGB")


def _common_palette(first: Image.Image, second: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Both frames in the same 256 colours, undithered, so that what is equal in both stays equal."""
    from PIL import Image

    both = Image.new("RGB", (first.width, 2 * first.height))
    both.paste(first, (0, 0))
    both.paste(second, (0, first.height))
    palette = both.quantize(256, method=Image.Quantize.MEDIANCUT)
    return first.quantize(palette=palette, dither=Image.Dither.NONE), second.quantize(
        palette=palette, dither=Image.Dither.NONE
    )
