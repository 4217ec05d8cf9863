"""A page of a figure, drawn once as SVG with real text and turned into pixels by typst with the bundled fonts.

Why not matplotlib or Pillow: both would need a second drawing for the vector file, and set text without kerning or with
fonts of the machine. typst is here already for the PDF, shapes text properly, uses no system font, and keeps image
pixels as they are (``image-rendering``), so the PNG is the SVG, pixel for pixel, on every machine.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

from siteline.publish.glyphs import UnprintableText, clean, face, font_bytes, printable
from siteline.publish.look import SANS, Theme, colour
from siteline.publish.pixels import data_uri
from siteline.publish.svg import hover, num, tag, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SERIF: Final = "Newsreader, Georgia, serif"
SCALE: Final = 2
"""Pixels of the PNG per unit of the SVG."""
_FACES = (
    ("Fira Sans", 400, "FiraSans-Regular"),
    ("Fira Sans", 600, "FiraSans-SemiBold"),
    ("Newsreader", 600, "Newsreader-SemiBold"),
)
_TYPST = """#set page(width: {w}pt, height: {h}pt, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: {w}pt, height: {h}pt)"""


@dataclass(slots=True)
class Canvas:
    """Marks put down one after another. ``plain``: text is reduced to what the bundled fonts can draw (for the PNG)."""

    theme: Theme
    plain: bool = False
    parts: list[str] = field(default_factory=list)
    missing: int = 0

    def colour(self, name: str) -> str:
        """Colour ``name`` of this theme."""
        return colour(name, self.theme)

    def add(self, markup: str) -> None:
        """Put down finished markup."""
        self.parts.append(markup)

    def shown(self, text: str) -> str:
        """``text`` as this canvas can set it."""
        if not self.plain:
            return clean(text)
        drawable, missing = printable(clean(text))
        self.missing += missing
        return drawable

    def text(self, x: float, y: float, text: str, size: float, *, fill: str = "ink", **style: str | float | None) -> None:
        """One line with its baseline at ``y``; ``fill`` is the name of a colour or a code."""
        paint = fill if fill.startswith("#") else self.colour(fill)
        self.add(tag("text", words(self.shown(text)), x=x, y=y, font_size=size, fill=paint, **style))

    def title(self, x: float, y: float, text: str, size: float) -> None:
        """One line of the headline face."""
        self.text(x, y, text, size, font_family=SERIF, font_weight=600)

    def paragraph(
        self, x: float, y: float, room: float, text: str, size: float, *, fill: str = "muted", leading: float = 1.45
    ) -> float:
        """``text`` set in lines of at most ``room``; returns the baseline after the last line."""
        for line in lines(self.shown(text), room, size):
            self.text(x, y, line, size, fill=fill)
            y += size * leading
        return y

    def rule(self, x1: float, x2: float, y: float, name: str = "hair", width: float = 1.0) -> None:
        """A level line."""
        self.add(tag("line", x1=x1, x2=x2, y1=y, y2=y, stroke=self.colour(name), stroke_width=width))

    def image(self, pixels: NDArray[np.uint8], x: float, y: float, width: float, height: float, about: str = "") -> None:
        """RGBA or RGB pixels over the paint that stands for missing data, never smoothed; ``about`` for pointers."""
        if pixels.shape[2] == 4 and (pixels[..., 3] == 0).any():
            self.add(tag("rect", x=x, y=y, width=width, height=height, fill="url(#missing)"))
        picture = tag(
            "image",
            x=x,
            y=y,
            width=width,
            height=height,
            href=data_uri(pixels),
            preserveAspectRatio="none",
            image_rendering="pixelated",
            style="image-rendering:pixelated",
        )
        self.add(tag("g", hover(about), picture) if about else picture)

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """A hairline just inside the edge of an image that the paper might swallow."""
        line: dict[str, str | float] = {"stroke": self.colour("absent"), "stroke_width": 0.5}
        self.add(tag("rect", x=x + 0.25, y=y + 0.25, width=width - 0.5, height=height - 0.5, fill="none", **line))

    def haloed(self, path: str, width: float = 1.2) -> None:
        """A path that reads on light and on dark ground: white over a wider dark line."""
        for paint, opacity, wide in (("#000000", 0.6, width + 1.8), ("#ffffff", 1.0, width)):
            line: dict[str, str | float] = {"stroke": paint, "stroke_opacity": opacity, "stroke_width": wide}
            self.add(tag("path", d=path, fill="none", stroke_linejoin="round", **line))

    def svg(self, width: float, height: float, label: str) -> str:
        """The document; ``label`` is what a screen reader says first. It carries its fonts, unless ``plain``.

        Warns ``UnprintableText`` when ``plain`` and some text could not be set as it is.
        """
        if self.missing:
            warnings.warn(
                "the fonts lack some characters of the data; the PNG prints them as code points, the SVG shows them",
                UnprintableText,
                stacklevel=2,
            )
        ground = tag("rect", width=width, height=height, fill=self.colour("paper"))
        line = tag("rect", width=1, height=6, fill=self.colour("absent"), opacity=0.55)
        missing = tag(
            "pattern",
            tag("rect", width=6, height=6, fill=self.colour("wash")) + line,
            id="missing",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )
        style = tag("style", _font_faces()) if not self.plain else ""
        return tag(
            "svg",
            hover(label),
            tag("defs", style + missing),
            ground,
            *self.parts,
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=height,
            viewBox=f"0 0 {num(width)} {num(height)}",
            role="img",
            aria_label=clean(label),
            font_family=SANS,
        )


def lines(text: str, room: float, size: float, name: str = "FiraSans-Regular") -> list[str]:
    """``text`` broken at spaces into lines of at most ``room``; a longer word stands alone."""
    out: list[str] = []
    for word in text.split(" "):
        if out and face(name).width(f"{out[-1]} {word}", size) <= room:
            out[-1] += f" {word}"
        else:
            out.append(word)
    return out


def fit_title(text: str, room: float, size: float) -> str:
    """``text`` in the headline face, shortened with an ellipsis until it fits ``room``."""
    held = face("Newsreader-SemiBold")
    cut = text
    while held.width(cut, size) > room and len(cut) > 1:
        cut = cut.removesuffix("…")[:-1].rstrip() + "…"
    return cut


def outline(shape: Any, zoom: float, x: float, y: float) -> str:
    """Path of a shapely shape (pixel coordinates) at ``zoom`` units per pixel; a point becomes a ring."""
    if shape.geom_type == "Point":
        return _ring(shape.x * zoom + x, shape.y * zoom + y, 7)
    if hasattr(shape, "geoms"):
        return "".join(outline(part, zoom, x, y) for part in shape.geoms)
    closed = shape.geom_type == "Polygon"
    runs: Sequence[Any] = [shape.exterior, *shape.interiors] if closed else [shape]
    return "".join(_run([(a * zoom + x, b * zoom + y) for a, b in run.coords], closed=closed) for run in runs)


def rasterise(svg: str, width: float, height: float, scale: float = SCALE) -> bytes:
    """The PNG of a figure of ``width`` x ``height`` units, ``scale`` pixels per unit."""
    import typst

    with as_file(files("siteline.publish").joinpath("fonts")) as fonts:
        compiled: Any = typst.compile  # its stubs want the source and the font paths to be of one type
        made = compiled(
            _TYPST.format(w=num(width), h=num(height)).encode(),
            format="png",
            ppi=72.0 * scale,
            font_paths=[fonts],
            ignore_system_fonts=True,
            sys_inputs={"svg": svg},
        )
    return bytes(made)


def _run(points: list[tuple[float, float]], *, closed: bool) -> str:
    return "M" + "L".join(f"{num(a)} {num(b)}" for a, b in points) + ("Z" if closed else "")


def _ring(x: float, y: float, r: float) -> str:
    arc = f"A{num(r)} {num(r)} 0 1 1"
    return f"M{num(x - r)} {num(y)}{arc} {num(x + r)} {num(y)}{arc} {num(x - r)} {num(y)}Z"


def _font_faces() -> str:
    return "".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};src:url(data:font/woff2;base64,"
        f"{base64.b64encode(font_bytes(f'{name}.woff2')).decode()}) format('woff2')}}"
        for family, weight, name in _FACES
    )
