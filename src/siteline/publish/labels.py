"""Names of footprints beside them, each with a leader, so that none covers another, a footprint or the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from siteline.publish.canvas import Canvas, outline
from siteline.publish.panels import fit, text_width
from siteline.publish.svg import num, tag

HEIGHT: Final = 20.0
_PAD: Final = 6.0
_SIZE: Final = 12.0
_DIRECTIONS: Final = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_DISTANCES: Final = (16.0, 34.0, 60.0, 100.0)
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """A name in its ``box`` (left, top, right, bottom) with a leader from its edge to ``foot`` on the footprint."""

    name: str
    box: Box
    start: tuple[float, float]
    foot: tuple[float, float]


def place(
    shapes: Sequence[tuple[str, Any]], zoom: float, width: float, height: float, taken: Sequence[Box]
) -> tuple[list[Label], list[str]]:
    """Labels in panel units for named shapes (pixel coordinates), and the names that found no room."""
    boxes = [_box(shape, zoom) for _, shape in shapes]
    used = list(taken)
    placed: list[Label] = []
    left_over: list[str] = []
    for (name, _), box in zip(shapes, boxes, strict=True):
        label = _find(fit(name, 0.6 * width, _SIZE, bold=True), box, (width, height), [*used, *boxes])
        if label is None:
            left_over.append(name)
        else:
            placed.append(label)
            used.append(label.box)
    return placed, left_over


def draw(
    canvas: Canvas, shapes: Sequence[tuple[str, Any]], labels: Sequence[Label], zoom: float, x: float, y: float
) -> None:
    """Outlines, leaders and names on the panel whose corner is (x, y)."""
    for _, shape in shapes:
        canvas.haloed(outline(shape, zoom, x, y), 1.4)
    for label in labels:
        (a, b), (c, d) = label.start, label.foot
        canvas.haloed(f"M{num(a + x)} {num(b + y)}L{num(c + x)} {num(d + y)}", 1.0)
        plate(canvas, label.box[0] + x, label.box[1] + y, label.box[2] - label.box[0], HEIGHT)
        canvas.text(label.box[0] + x + _PAD, label.box[1] + y + 14.3, label.name, _SIZE, fill="#ffffff", font_weight=600)


def plate(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """A dark ground on an image, on which white text has a contrast of at least 6 to 1 whatever the image shows."""
    canvas.add(tag("rect", x=x, y=y, width=width, height=height, rx=2, fill="#000000", fill_opacity=0.66))


def _box(shape: Any, zoom: float) -> Box:
    left, top, right, bottom = shape.bounds
    ring = 7.0 if shape.geom_type == "Point" else 1.5
    return left * zoom - ring, top * zoom - ring, right * zoom + ring, bottom * zoom + ring


def _find(name: str, box: Box, room: tuple[float, float], used: Sequence[Box]) -> Label | None:
    wide = text_width(name, _SIZE, bold=True) + 2 * _PAD
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for distance in _DISTANCES:
        for across, down in _DIRECTIONS:
            foot = (
                box[2] if across > 0 else box[0] if across < 0 else middle[0],
                box[3] if down > 0 else box[1] if down < 0 else middle[1],
            )
            start = foot[0] + across * distance, foot[1] + down * distance
            left = start[0] if across > 0 else start[0] - wide if across < 0 else start[0] - wide / 2
            top = start[1] - HEIGHT / 2 if not down else start[1] if down > 0 else start[1] - HEIGHT
            mine = left, top, left + wide, top + HEIGHT
            inside = left >= 6 and top >= 6 and mine[2] <= room[0] - 6 and mine[3] <= room[1] - 6
            if inside and not any(_touch(mine, other) for other in used):
                return Label(name, mine, start, foot)
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] + 4 and b[0] < a[2] + 4 and a[1] < b[3] + 4 and b[1] < a[3] + 4
