"""Maps of change: how probable, when, and by how much, over a quiet grey image, with outlines and what is not usable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from siteline.publish.canvas import Canvas, outline
from siteline.publish.cubeview import Ground, reaches
from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.glyphs import clean
from siteline.publish.labels import HEIGHT, Box, place, plate
from siteline.publish.look import Theme, bracket_words
from siteline.publish.mapkey import colour_bar
from siteline.publish.mapvalues import ChangeMap, Found, date_limits, map_words, size_limit
from siteline.publish.paneldraw import hatch
from siteline.publish.panels import fit, text_width, wrap
from siteline.publish.pixels import data_uri, reduced
from siteline.publish.ramps import Kind, ground_pixels, probability_pixels, value_pixels
from siteline.publish.scalebar import north_words, scale_row
from siteline.publish.svg import document, hover, num, tag
from siteline.publish.words import join, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TITLES: Final[dict[Kind, str]] = {
    "probability": "How probable a change is",
    "date": "When it changed",
    "size": "By how much",
}
INK: Final = "#1d1c1a"
"""Lines on the ground of a map, which is light in every theme."""
LISTED: Final = 12
_GUTTER: Final = 22.0
_SCALE: Final = 0.28
"""Longest scale bar, as a share of one picture."""


def map_svg(values: ChangeMap, *, theme: Theme = "auto", width: int = SCREEN, prefix: str = "g") -> str:
    """The three maps side by side (on ``PHONE`` below one another), with the areas' dates listed beneath."""
    canvas = Canvas(theme)
    high = map_body(canvas, values, width, 0.0, 0.0, prefix)
    return document(f"Maps of change: {map_words(values)}", "".join(canvas.parts), width, high)


def map_body(canvas: Canvas, values: ChangeMap, width: float, x: float, y: float, prefix: str) -> float:
    """The maps with their upper left corner at (x, y) of ``canvas``; returns the y below."""
    columns = 1 if width <= PHONE else 3
    room = (width - (columns - 1) * _GUTTER) / columns
    ground = values.ground
    zoom = room / values.grid.width
    down = values.grid.height * zoom
    foot = y
    for index, kind in enumerate(TITLES):
        left = x + (index % columns) * (room + _GUTTER)
        top = (foot + 26 if columns == 1 and index else y) + 26
        canvas.text(left, top - 10, TITLES[kind], 13, font_weight=600)
        _picture(canvas, values, kind, (left, top, room, down), f"{prefix}{width:.0f}{kind}")
        _outlines(canvas, values, ground, zoom, (left, top, room, down), f"{prefix}{width:.0f}{kind}-clip")
        spots = _spots(values, ground)[:LISTED]  # in grey print the numbers lead from a size to its sign in the list
        if index == 0:
            spots += _named(values, ground)
        _labels(canvas, values, spots, zoom, (left, top, room, down))
        foot = colour_bar(canvas, kind, _limits(values, kind), values.unit, left, top + down + 10, room)
    scale_row(canvas, x, foot + 10, ground.metres / zoom, ground.north, _SCALE * room)
    return _list(canvas, values, x, foot + 36, width, ground)


def _limits(values: ChangeMap, kind: Kind) -> tuple[float, float] | None:
    if kind == "probability":
        return 0.0, 1.0
    if kind == "date":
        return date_limits(values)
    most = size_limit(values)
    return None if most is None else (-most, most)


def _picture(canvas: Canvas, values: ChangeMap, kind: Kind, area: Box, name: str) -> None:
    import numpy as np

    most = 2 * math.ceil(max(area[2], area[3]))
    canvas.add(tag("rect", x=area[0], y=area[1], width=area[2], height=area[3], fill="#f6f5f2"))
    canvas.add(_image(reduced(ground_pixels(values.background), most)[0], area))
    canvas.add(_image(reduced(_overlay(values, kind), most)[0], area))
    hidden = values.unusable | ~np.isfinite(values.probability)
    if hidden.any():
        mask = np.where(hidden, 255, 0).astype(np.uint8)[..., None].repeat(3, axis=2)
        hatch(canvas, data_uri(mask), name, area, INK)


def _overlay(values: ChangeMap, kind: Kind) -> NDArray[np.uint8]:
    import numpy as np

    if kind == "probability":
        return probability_pixels(np.where(values.unusable, np.nan, values.probability))
    if kind == "date":
        first, last = date_limits(values) or (0.0, 1.0)
        return value_pixels((np.asarray(values.date) - first) / (last - first), values.shown(), kind)
    most = size_limit(values) or 1.0
    return value_pixels((np.asarray(values.size) / most + 1) / 2, values.shown(), kind)


def _image(pixels: NDArray[np.uint8], area: Box) -> str:
    x, y, width, height = area
    return tag(
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


def _outlines(canvas: Canvas, values: ChangeMap, ground: Ground, zoom: float, area: Box, name: str) -> None:
    """Footprints as white lines with a dark edge, areas as dark lines with a white edge; nothing beyond the picture."""
    x, y, across, down = area
    inner = Canvas(canvas.theme, canvas.plain)
    for structure in values.structures:
        shape = ground.to_pixels(structure.geometry_wkt) if structure.geometry_wkt else None
        if shape is not None and reaches(shape, *values.grid.shape):
            path = Canvas(canvas.theme)
            path.haloed(outline(shape, zoom, x, y), 1.3)
            inner.add(tag("g", hover(structure.name or structure.structure_id), *path.parts, class_="footprint"))
    for found, (_, shape) in zip(values.objects, _spots(values, ground), strict=True):
        if reaches(shape, *values.grid.shape):
            line = outline(shape, zoom, x, y)
            edge: dict[str, str | float] = {"stroke": "#ffffff", "stroke_width": 2.8, "stroke_opacity": 0.9}
            inner.add(tag("path", hover(found.name), d=line, fill="none", **edge))
            inner.add(tag("path", d=line, fill="none", stroke=INK, stroke_width=1.2, class_="object"))
    clip = tag("rect", x=x, y=y, width=across, height=down)
    canvas.add(tag("defs", tag("clipPath", clip, id=name)))
    canvas.add(tag("g", *inner.parts, clip_path=f"url(#{name})"))


def _labels(canvas: Canvas, values: ChangeMap, spots: Sequence[tuple[str, Any]], zoom: float, area: Box) -> None:
    """The number or name of each spot beside it, where there is room."""
    x, y, across, down = area
    labels, _ = place([spot for spot in spots if reaches(spot[1], *values.grid.shape)], zoom, across, down, ())
    for label in labels:
        (a, b), (c, d) = label.start, label.foot
        canvas.haloed(f"M{num(a + x)} {num(b + y)}L{num(c + x)} {num(d + y)}", 1.0)
        plate(canvas, label.box[0] + x, label.box[1] + y, label.box[2] - label.box[0], HEIGHT)
        canvas.text(label.box[0] + x + 6, label.box[1] + y + 14.3, label.name, 12, fill="#ffffff", font_weight=600)


def _spots(values: ChangeMap, ground: Ground) -> list[tuple[str, Any]]:
    return [(str(number), ground.to_pixels(found.outline_wkt)) for number, found in enumerate(values.objects, 1)]


def _named(values: ChangeMap, ground: Ground) -> list[tuple[str, Any]]:
    """The known structures, but for those so many that their names would hide the map."""
    held = [(s.name or s.structure_id, ground.to_pixels(s.geometry_wkt)) for s in values.structures if s.geometry_wkt]
    return [(clean(name), shape) for name, shape in held if reaches(shape, *values.grid.shape)][:LISTED]


def _list(canvas: Canvas, values: ChangeMap, x: float, y: float, width: float, ground: Ground) -> float:
    """The areas with their own dates, then how the map was made and who made the images."""
    columns = 1 if width < PAGE else 2
    room = (width - (columns - 1) * _GUTTER) / columns
    broken = room < 420
    spots = _spots(values, ground)[:LISTED]
    at_places = [_places(values, ground, shape) for _, shape in spots]
    told = [_told(found, places, size_limit(values)) for found, places in zip(values.objects, at_places, strict=False)]
    rows, high = math.ceil(len(told) / columns), 38 if broken else 20
    for index, (name, dates) in enumerate(told):
        left, line = x + (index // rows) * (room + _GUTTER), y + 14 + (index % rows) * high
        shown = fit(canvas.shown(name), room - 20 if broken else 0.4 * room, 12, bold=True)
        canvas.text(left, line, str(index + 1), 12, font_weight=600)
        canvas.text(left + 20, line, shown, 12, font_weight=600)
        at = left + 20 if broken else left + 30 + text_width(shown, 12, bold=True)
        canvas.text(at, line + (16 if broken else 0), fit(dates, left + room - at, 12), 12, fill="muted")
    y += rows * high + (22 if told else 14)
    notes = _notes(values, ground)
    for text in notes:
        for line_ in wrap(canvas.shown(text), min(width, 720.0), 11.5, lines=6):
            canvas.text(x, y, line_, 11.5, fill="muted")
            y += 16
    return y


def _places(values: ChangeMap, ground: Ground, shape: Any) -> str:
    """The known structures that an area overlaps."""
    held = ((s.name or s.structure_id, ground.to_pixels(s.geometry_wkt)) for s in values.structures if s.geometry_wkt)
    return join([clean(name) for name, other in held if other.intersects(shape)])


def area_name(found: Found) -> str:
    """What an area is called: below even odds it is a possible change and no changed area."""
    if found.likely:
        return found.name
    kind, space, number = found.name.rpartition(" ")
    return f"possible change{space}{number}" if kind == "changed area" else f"{found.name} (possible)"


def size_text(size: float, limit: float | None) -> str:
    """A signed size with the decimals that two figures of ``limit`` have, the same for all areas; "" where unknown."""
    if not math.isfinite(size):
        return ""
    decimals = max(0, 1 - math.floor(math.log10(limit or abs(size) or 1.0)))
    text = f"{size:+.{min(decimals, 6)}f}"
    return (text if float(text) else text[1:]).replace("-", "−")


def _told(found: Found, places: str, limit: float | None) -> tuple[str, str]:
    dates = bracket_words(*(None if at is None else float(math.floor(at)) for at in (found.after, found.by)))
    chance = f"probability {min(max(found.probability, 0.01), 0.99):.2f}"
    told = " · ".join(filter(None, (dates, chance, size_text(found.size, limit))))
    return f"{area_name(found)} at {places}" if places else area_name(found), told


def _notes(values: ChangeMap, ground: Ground) -> list[str]:
    import numpy as np

    more = len(values.objects) - LISTED
    notes = [f"{plural(more, 'more area')} not listed here."] if more > 0 else []
    if not values.shown().any():
        notes.append(f"No pixel reaches a probability of {values.threshold:.2g}: neither dates nor sizes are shown.")
    text = "Dark outlines: areas found; white outlines: footprints of structures. "
    notes.append((text if values.objects and values.structures else "") + north_words(ground.north))
    hidden = float(np.mean(values.unusable | ~np.isfinite(values.probability)))
    if hidden > 0:
        share = f"{max(round(100 * hidden), 1)}\u00a0%"
        notes.append(
            f"Hatched ({share} of the map): seen too seldom, nothing is said there, neither change nor the lack of it."
        )
    return [*notes, values.credit] if values.credit else notes
