"""The parts of a contact sheet: a row of chips, the chip of a usable scene, small ones for the rest, gaps, the key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from siteline.publish.canvas import Canvas, outline
from siteline.publish.chipgrid import GUTTER, Block, Cell, Size
from siteline.publish.cubeview import values_name
from siteline.publish.panels import fit, text_width, wrap
from siteline.publish.pixels import picture, reduced, without_colour
from siteline.publish.scalebar import north_arrow, scale_bar
from siteline.publish.stretch import Stretch
from siteline.publish.svg import num, tag
from siteline.publish.usable import View

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

MARGIN: Final = 32.0
ROW_GAP: Final = 16.0
SMALL_GAP: Final = 9.0
COUNTED: Final = (
    ("usable", "usable"),
    ("misaligned", "not aligned"),
    ("unusable", "hidden"),
    ("failed", "failed to read"),
    ("empty", "without data here"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What every chip of a sheet has in common. ``part``: the cube's window; ``shape``: the footprint in its pixels."""

    part: xr.Dataset
    shape: Any
    stretch: Stretch
    size: Size
    metres: float
    north: float

    @property
    def unit_metres(self) -> float:
        """Metres on the ground per unit of the drawing."""
        return self.metres / self.size.zoom


def counts(views: Sequence[View]) -> str:
    """``14 usable · 6 hidden or unusable``."""
    held = Counter[str](v.verdict for v in views)
    return " · ".join(f"{held[verdict]} {words}" for verdict, words in COUNTED if held[verdict])


def draw_key(canvas: Canvas, sheet: Sheet, views: Sequence[View], y: float) -> float:
    """Scale, north and what the marks mean, on one line centred on ``y``; returns the y below."""
    import numpy as np

    ink = canvas.colour("ink")
    x = MARGIN
    long = scale_bar(canvas, x, y, sheet.unit_metres, min(0.5 * sheet.size.width, 120), ink)
    x += long + 62
    north_arrow(canvas, x, y, sheet.north, ink)
    x += 38
    drawn = sheet.part.isel(time=[v.index for v in views if v.verdict not in ("failed", "empty")])
    missing = ~np.isfinite(drawn[values_name(drawn)].values).all(axis=1)
    canvas.add(tag("rect", x=x, y=y - 8, width=24, height=16, fill=canvas.colour("dismantled")))
    canvas.haloed(f"M{x + 5} {y - 4}h14v8h-14Z")
    x = _named(canvas, x, y, "footprint")
    if bool((~drawn["valid"].values & ~missing).any()):
        canvas.add(tag("rect", x=x, y=y - 8, width=24, height=16, fill=canvas.colour("hair")))
        x = _named(canvas, x, y, "greyed: not usable")
    if missing.any() or any(v.verdict == "failed" for v in views):
        canvas.add(tag("rect", x=x, y=y - 8, width=24, height=16, fill="url(#missing)"))
        _named(canvas, x, y, "no data")
    return y + 24


def draw_block(canvas: Canvas, sheet: Sheet, block: Block, summary: str, y: float) -> float:
    """One year: its heading with what there was (``summary``), and its rows of chips; returns the y below."""
    if block.title:
        canvas.rule(MARGIN, MARGIN + sheet_width(sheet.size), y, "hair")
        canvas.title(MARGIN, y + 27, block.title, 20)
        canvas.text(MARGIN + sheet_width(sheet.size), y + 26, summary, 12, fill="muted", text_anchor="end")
        y += 42
    for row in block.rows:
        reach = y
        for column, cell in enumerate(row):
            x = MARGIN + column * pitch(sheet.size)
            bottom = _large(canvas, sheet, cell, x, y) if cell.large else _small(canvas, sheet, cell, x, y)
            reach = max(reach, bottom)
        y = reach + ROW_GAP
    return y


def pitch(size: Size) -> float:
    """From the left edge of one chip to that of the next; dates need some room under narrow chips."""
    return max(size.width, 126.0) + GUTTER


def sheet_width(size: Size) -> float:
    """From the first chip's left edge to the last one's right edge."""
    return size.columns * pitch(size) - GUTTER


def pixels_of(sheet: Sheet, index: int, canvas: Canvas, *, greyed: bool = False) -> NDArray[np.uint8]:
    """The chip of one scene as RGBA; ``greyed`` takes the colour out of all of it."""
    import numpy as np

    scene = sheet.part.isel(time=index)
    values = scene[values_name(sheet.part)].sel(band=list(sheet.stretch.bands)).values
    usable = scene["valid"].values
    made = picture(values, np.zeros_like(usable) if greyed else usable, sheet.stretch, canvas.theme)
    return reduced(made, 2 * int(max(sheet.size.width, sheet.size.height)))[0]


def _large(canvas: Canvas, sheet: Sheet, cell: Cell, x: float, y: float) -> float:
    view, size = cell.views[0], sheet.size
    if cell.gap is not None:
        _gap(canvas, cell.gap, x, y, size.height)
    pixels = pixels_of(sheet, view.index, canvas)
    shown = without_colour(pixels) if view.verdict == "misaligned" else pixels
    canvas.image(shown, x, y, size.width, size.height, view.about)
    canvas.haloed(outline(sheet.shape, size.zoom, x, y))
    room = pitch(size) - GUTTER
    y += size.height + 15
    canvas.text(x, y, fit(view.when, room + 6, 11.5), 11.5)
    for words, ink in ((view.maker, "muted"), (view.note, "event")):
        for line in wrap(canvas.shown(words), room, 11, lines=2 if ink == "event" else 1):
            y += 14
            canvas.text(x, y, line, 11, fill=ink)
    return y + 4


def _small(canvas: Canvas, sheet: Sheet, cell: Cell, x: float, y: float) -> float:
    side = (pitch(sheet.size) - GUTTER - SMALL_GAP) / 2
    high = side * sheet.size.height / sheet.size.width
    # one column of small chips leaves its words the room of both
    room = side + 4 if len(cell.views) > 2 else pitch(sheet.size) - GUTTER
    notes = [_brief(view.brief, room) for view in cell.views]
    deep = 9 + 12.5 * (1 + max(map(len, notes)))
    below = y
    for number, view in enumerate(cell.views):
        left = x + (number // 2) * (side + SMALL_GAP)  # down, then across: time never runs leftwards on the sheet
        top = y + (number % 2) * (high + deep)
        canvas.image(pixels_of(sheet, view.index, canvas, greyed=True), left, top, side, high, view.about)
        canvas.frame(left, top, side, high)
        for line, words in enumerate((fit(view.when.split(",")[0], room, 10.5), *notes[number])):
            canvas.text(left, top + high + 12 + 12.5 * line, words, 10.5, fill="muted")
        below = max(below, top + high + deep - 4)
    return below


def _brief(text: str, room: float) -> list[str]:
    """What hides a footprint and how much; where ``cloud shadow`` has no room it is ``shadow``, then on two lines."""
    short = text if text_width(text, 10.5) <= room else text.removeprefix("cloud ")
    if text_width(short, 10.5) <= room:
        return [short]
    cause, _, share = short.rpartition(" ")
    return [fit(part, room, 10.5) for part in (cause, share) if part]


def _gap(canvas: Canvas, days: int, x: float, y: float, height: float) -> None:
    at = x - GUTTER / 2
    label = next((t for t in (f"{days} days unseen", f"{days} d") if text_width(t, 11) <= height), "")
    turned = f"translate({num(at)} {num(y + height / 2)}) rotate(-90)"
    canvas.text(0, 3.6, label, 11, fill="event", text_anchor="middle", transform=turned)


def _named(canvas: Canvas, x: float, y: float, words: str) -> float:
    canvas.text(x + 31, y + 4, words, 12, fill="muted")
    return x + 31 + text_width(words, 12) + 22
