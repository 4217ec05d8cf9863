"""The marks of a series figure: dots with errors, levels, brackets, densities, gaps, and scenes that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from siteline.model.changed import Measured, PixelChange
from siteline.model.dated import Bracket
from siteline.publish.draw import Pen, hill
from siteline.publish.look import day, day_only
from siteline.publish.panels import Panel, fit, text_width
from siteline.publish.seriesdata import Curve, Level, measure_words, poor
from siteline.publish.svg import hover, num, tag
from siteline.publish.unseen import dates
from siteline.publish.usable import share_words

ACCENT: Final = "link"
LANE: Final = 10.0


def density(pen: Pen, panel: Panel, change: PixelChange, foot: float, high: float, *, against: bool = False) -> str:
    """The posterior over the date as a filled curve that stands on ``foot``; in the colour of alarm where it contradicts."""
    edges = change.posterior.edges
    if edges[-1] < panel.t0 or edges[0] > panel.t1:
        return ""
    path = hill(panel, change.posterior, foot, high)
    ink = pen.colour("event" if against else ACCENT)
    return tag(
        "path", hover(f"how likely each date is: {dates(change)}"), d=path, fill=ink, fill_opacity=0.75, class_="posterior"
    )


def band(pen: Pen, panel: Panel, bracket: Bracket, top: float, foot: float, *, against: bool = False) -> str:
    """The bracket (after, by] as a pale band; hatched where it contradicts (``against``)."""
    left, right = ends(panel, bracket)
    if right < panel.x0 or left > panel.x1 or foot <= top:
        return ""
    left, right = max(left, panel.x0), min(max(right, left + 1.6), panel.x1)
    box: dict[str, str | float] = {"x": left, "y": top, "width": right - left, "height": foot - top}
    if against:
        return tag("rect", fill=f"url(#{pen.prefix}-against)", class_="bracket against", **box)
    return tag("rect", fill=pen.colour(ACCENT), fill_opacity=0.16, class_="bracket", **box)


def limits(pen: Pen, panel: Panel, bracket: Bracket, top: float, foot: float) -> str:
    """The two ends of a bracket as dashed lines, to be compared with what lies beneath."""
    ink: dict[str, str | float] = {"stroke": pen.colour("ink"), "stroke_width": 0.9, "stroke_dasharray": "2 3"}
    inside = [at for at in ends(panel, bracket) if panel.x0 <= at <= panel.x1]
    return "".join(tag("line", x1=at, x2=at, y1=top, y2=foot, **ink) for at in inside)


def against_pattern(pen: Pen) -> str:
    """The paint of a bracket that contradicts."""
    line = tag("rect", width=2, height=6, fill=pen.colour("event"), fill_opacity=0.75)
    turned = "rotate(45)"
    name = f"{pen.prefix}-against"
    pattern = tag("pattern", line, id=name, width=6, height=6, patternUnits="userSpaceOnUse", patternTransform=turned)
    return tag("defs", pattern)


def ends(panel: Panel, bracket: Bracket) -> tuple[float, float]:
    """Where a bracket begins and ends on ``panel``, beyond its edge where it lies outside or has no bound."""
    scale = (panel.x1 - panel.x0) / (panel.t1 - panel.t0)
    left = panel.x0 - 1 if bracket.after is None else panel.x0 + (bracket.after - panel.t0) * scale
    return left, panel.x1 + 1 if bracket.by is None else panel.x0 + (bracket.by - panel.t0) * scale


def bar(pen: Pen, panel: Panel, change: PixelChange, y: float) -> str:
    """The bracket as a bar: thin from end to end, thicker over the 90 % and thickest over the 50 % interval."""
    left, right = ends(panel, change.bracket)
    if right < panel.x0 or left > panel.x1:
        return ""
    ink = pen.colour("ink")
    parts = [tag("line", x1=max(left, panel.x0), x2=min(right, panel.x1), y1=y, y2=y, stroke=ink, stroke_width=1.2)]
    for thick, (a, b) in ((3.2, change.interval90), (6.0, change.interval50)):
        if b > panel.t0 and a < panel.t1:
            parts.append(tag("rect", x=panel.x(a), y=y - thick / 2, width=panel.x(b) - panel.x(a), height=thick, fill=ink))
    for at in (left, right):
        if panel.x0 <= at <= panel.x1:
            parts.append(tag("line", x1=at, x2=at, y1=y - 6, y2=y + 6, stroke=ink, stroke_width=1.2))
    return tag("g", hover(dates(change)), *parts, class_="bar")


def bounds(pen: Pen, panel: Panel, change: PixelChange, measured: Sequence[Measured], y: float) -> str:
    """The two scenes that bound a bracket, named on both sides of its ends; their first line has its baseline at ``y``.

    ``measured``: rows that say what hides a part of the footprint in them.
    """
    left, right = ends(panel, change.bracket)
    out = []
    for at, when, scene, word, before in (
        (left, change.bracket.after, change.after_scene, "without", True),
        (right, change.bracket.by, change.by_scene, "with it", False),
    ):
        room = (at - panel.x0 if before else panel.x1 - at) - 5
        if when is None or room < 40:
            continue
        side, at = ("end", at - 5) if before else ("start", at + 5)
        named = f"{'last' if before else 'first'} {word}: "
        brief = day_only(when, year=False)
        choice = (f"{named}{day_only(when)}", f"{named}{brief}", f"{word}: {brief}", brief)
        shown = next((text for text in choice if text_width(text, 11.5) <= room), choice[-1])
        out.append(pen.text(at, y, fit(shown, room, 11.5), 11.5, text_anchor=side))
        if scene:
            out.append(pen.text(at, y + 13, fit(scene, room, 10), 10, text_anchor=side, fill=pen.colour("muted")))
        if hides := poor(measured, scene):
            text = fit(f"partly hidden: {hides}", room, 10.5)
            out.append(pen.text(at, y + 26, text, 10.5, text_anchor=side, fill=pen.colour("event"), class_="poor"))
    return "".join(out)


def curve(pen: Pen, panel: Panel, shown: Curve, top: float, foot: float, *, told: bool) -> str:
    """Levels and dots of one measure between ``top`` and ``foot``; ``told``: every dot says on hover what it is."""
    return (
        "".join(_levels(pen, panel, shown, top, foot))
        + _errors(pen, panel, shown, top, foot)
        + "".join(_dot(pen, panel, shown, dot, top, foot, told) for dot in shown.dots if panel.holds(dot.when))
    )


def gaps(pen: Pen, panel: Panel, held: Sequence[tuple[float, float]], y: float) -> str:
    """How long nothing could be seen, where there is room to say so."""
    out = []
    for start, end in held:
        a, b = panel.x(start), panel.x(end)
        days = f"{end - start:.0f}"
        text = next(
            (t for t in (f"{days} days unseen", f"{days} d unseen", f"{days} d") if text_width(t, 10) <= b - a - 6), ""
        )
        if text:
            out.append(pen.text((a + b) / 2, y, text, 10, text_anchor="middle", fill=pen.colour("muted"), class_="gap"))
    return "".join(out)


def lane(pen: Pen, panel: Panel, rows: Sequence[Measured], y: float) -> str:
    """Scenes that cannot be used as ticks on a line with its foot at ``y``."""
    ticks = [
        tag("path", hover(f"{day(row.when)}: {row.reasons or 'not usable'}"), d=f"M{num(panel.x(row.when))} {num(y)}v-7")
        for row in rows
        if panel.holds(row.when)
    ]
    ink = pen.colour("muted")
    return tag("g", *ticks, stroke=ink, stroke_width=1.1, stroke_opacity=0.8, class_="hidden") if ticks else ""


def scale(pen: Pen, panels: Sequence[Panel], shown: Curve, top: float, foot: float) -> tuple[str, str]:
    """Level lines at round numbers (to lie behind) and the numbers themselves."""
    back, front = [], []
    for value in round_numbers(shown.low, shown.high, 4 if foot - top > 80 else 3):
        y = height(shown, value, top, foot)
        back += [
            tag("line", x1=p.x0, x2=p.x1, y1=y, y2=y, stroke=pen.colour("hair"), stroke_width=0.6, stroke_dasharray="1 3")
            for p in panels
        ]
        text = number(value, shown.high - shown.low)
        front.append(pen.text(panels[0].x0 - 7, y + 3.6, text, 10.5, text_anchor="end", fill=pen.colour("muted")))
    return "".join(back), "".join(front)


def height(shown: Curve, value: float, top: float, foot: float) -> float:
    """Where ``value`` lies between ``foot`` and ``top``, kept inside."""
    share = (value - shown.low) / (shown.high - shown.low)
    return foot - min(max(share, 0.0), 1.0) * (foot - top)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """Round numbers (steps of 1, 2 or 5) strictly inside, at most ``most``; never none where the range is finite."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * k for k in (1, 2, 5, 10, 20)):
        first, last = math.ceil(low / step + 0.05), math.floor(high / step - 0.05)
        if last - first + 1 <= most:
            return [round(i * step, 10) for i in range(first, last + 1)]
    return []


def number(value: float, across: float) -> str:
    """``value`` with the decimals that a range ``across`` calls for, and a true minus."""
    decimals = max(0, 1 - math.floor(math.log10(across))) if across > 0 else 2
    text = f"{value:,.{min(decimals, 6)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−") or "0"


def size_words(shown: Curve) -> str:
    """What is measured and by how much it changed: ``contrast to the surroundings, near infrared (reflectance): +0.083 ±
    0.012``."""
    words = measure_words(shown.measure)
    words = f"{words[:1].upper()}{words[1:]}" + (f" ({shown.unit})" if shown.unit else "")
    if shown.size is None or not math.isfinite(shown.size.size) or not math.isfinite(shown.size.sd):
        return words
    across = max(abs(shown.size.size), 1e-9)
    half = 1.96 * shown.size.sd
    decimals = max(0, 1 - math.floor(math.log10(max(half, across / 100))))
    text = f"{shown.size.size:+.{min(decimals, 6)}f} ± {half:.{min(decimals, 6)}f}".replace("-", "−")
    return f"{words}: {text}"


def _levels(pen: Pen, panel: Panel, shown: Curve, top: float, foot: float) -> list[str]:
    return [
        _run(pen, panel, shown, level, run, top, foot)
        for level in shown.levels
        for run in level.runs
        if run[1] >= panel.t0 and run[0] <= panel.t1
    ]


def _run(pen: Pen, panel: Panel, shown: Curve, level: Level, run: tuple[float, float], top: float, foot: float) -> str:
    a, b = panel.x(run[0]), panel.x(run[1])
    if b - a < 8:
        middle = (a + b) / 2
        a, b = max(panel.x0, middle - 4), min(panel.x1, middle + 4)
    upper, lower = (height(shown, v, top, foot) for v in (level.value + level.error, level.value - level.error))
    y = height(shown, level.value, top, foot)
    ink = pen.colour(ACCENT)
    ribbon = tag("rect", x=a, y=upper, width=b - a, height=max(lower - upper, 0.1), fill=ink, fill_opacity=0.22)
    return ribbon + tag("line", x1=a, x2=b, y1=y, y2=y, stroke=ink, stroke_width=2, class_="level")


def _errors(pen: Pen, panel: Panel, shown: Curve, top: float, foot: float) -> str:
    path = "".join(
        f"M{num(panel.x(d.when))} {num(height(shown, d.value - d.spread, top, foot))}"
        f"V{num(height(shown, d.value + d.spread, top, foot))}"
        for d in shown.dots
        if panel.holds(d.when) and math.isfinite(d.spread) and d.spread > 0
    )
    wide, strong = (1.2, 0.55) if panel.enlarged else (0.8, 0.3)
    line: dict[str, str | float] = {"stroke": pen.colour("ink"), "stroke_width": wide, "stroke_opacity": strong}
    return tag("path", d=path, fill="none", class_="error", **line) if path else ""


def _dot(pen: Pen, panel: Panel, shown: Curve, dot: Measured, top: float, foot: float, told: bool) -> str:
    x, y = panel.x(dot.when), height(shown, dot.value, top, foot)
    text = _about(dot) if told else ""
    ink = pen.colour("ink")
    if not shown.low <= dot.value <= shown.high:
        tip, base = (y, y + 6) if dot.value > shown.high else (y, y - 6)
        path = f"M{num(x)} {num(tip)}L{num(x + 3.6)} {num(base)}H{num(x - 3.6)}Z"
        return tag("path", hover(text), d=path, fill=ink, class_="beyond")
    paint: dict[str, str | float] = {"fill": ink, "fill_opacity": 0.62, "r": 1.9}
    if panel.enlarged:
        paint = {"fill": ink, "r": 3.4, "stroke": pen.colour("paper"), "stroke_width": 0.8}
    return tag("circle", hover(text), cx=x, cy=y, class_="dot", **paint)


def _about(dot: Measured) -> str:
    spread = f" ± {dot.spread:.3g}" if math.isfinite(dot.spread) else ""
    part = f"{share_words(dot.usable_share)} usable" if math.isfinite(dot.usable_share) else ""
    facts = (day(dot.when), f"{dot.value:.3g}{spread}", part, dot.reasons, dot.scene_id)
    return " · ".join(filter(None, facts))
