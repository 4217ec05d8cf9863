"""The figure of one structure's series: what every scene says, stack under stack on one axis, and when it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siteline.model.changed import Detected, Measured, PixelChange
from siteline.publish.compose import event_marks, time_axes
from siteline.publish.draw import Pen
from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.legend import flow
from siteline.publish.look import Theme, day_range
from siteline.publish.panels import Panel, fit, text_width, wrap
from siteline.publish.seriesdata import Series, Track, extent, poor, tracks_of
from siteline.publish.serieskey import entries
from siteline.publish.seriesmarks import (
    LANE,
    against_pattern,
    band,
    bar,
    bounds,
    curve,
    density,
    gaps,
    lane,
    limits,
    scale,
    size_words,
)
from siteline.publish.svg import document, num, tag
from siteline.publish.unseen import dates, verdict
from siteline.publish.words import plural

_COLUMN: Final = {SCREEN: 118.0, PAGE: 104.0, PHONE: 32.0}
NARROW: Final = 40.0
"""Columns up to here hold numbers only; words stand above what they name."""
_HILL: Final = 44.0
_OWN: Final = 20.0
_CLOSE: Final = 0.4
"""The weeks of a change are enlarged where they are less than this share of the period."""


def series_svg(series: Series, *, theme: Theme = "auto", width: int = SCREEN, prefix: str = "m") -> str:
    """The figure; ``width`` is one of ``SCREEN``, ``PAGE`` and ``PHONE``, ``prefix`` keeps ids in one page apart.

    The whole period at left, the weeks of a change enlarged at right (below on ``PHONE``). Without a dated scene it says so.
    """
    pen = Pen(theme, f"{prefix}{width}")
    drawn, high = series_body(pen, series, width)
    found = verdict(series.combined, series.trust, series.apart).headline
    return document(f"{series.name}: {found}", drawn, width, high)


def series_body(pen: Pen, series: Series, width: int) -> tuple[str, float]:
    """Markup of the figure without its ``svg`` element, and its height."""
    whole = extent(series)
    tracks = [] if whole is None else tracks_of(series, whole)
    if whole is None or not any(track.scenes for track in tracks):
        text = "No dated scene measures this structure: there is nothing to draw."
        return pen.text(0, 18, text, 13, fill=pen.colour("muted")), 28.0
    found = series.combined.changes if series.combined else ()
    near = [] if found is None else close_ups(found, tracks, whole)
    out = [against_pattern(pen)] if any(_against(track) for track in tracks) else []
    y = 0.0
    for panels in _blocks(whole, near, width):
        drawn, y = _block(pen, series, tracks, panels, y)
        out.append(drawn)
    drawn, y = flow(pen, entries(pen, series, tracks), width, y + 6)
    return "".join([*out, drawn]), y


def close_ups(
    changes: Sequence[PixelChange], tracks: Sequence[Track], whole: tuple[float, float]
) -> list[tuple[float, float]]:
    """The weeks to enlarge (days): each bracket with some scenes on both sides; those that meet are one, two at most."""
    times = sorted({dot.when for track in tracks if track.curves for dot in track.curves[0].dots})
    made: list[tuple[float, float]] = []
    for change in changes:
        low = change.interval95[0] if change.bracket.after is None else change.bracket.after
        high = change.interval95[1] if change.bracket.by is None else change.bracket.by
        room = max(high - low, 6.0)
        before, after = [t for t in times if t < low][-5:], [t for t in times if t > high][:5]
        wanted = max(low - before[0] if before else 0.0, after[-1] - high if after else 0.0) + 1
        beside = min(max(wanted, 0.8 * room), 4 * room)
        start, end = low - beside, high + beside
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], end
        else:
            made.append((start, end))
    return [near for near in made[:2] if near[1] - near[0] < _CLOSE * (whole[1] - whole[0])]


def _blocks(whole: tuple[float, float], near: Sequence[tuple[float, float]], width: int) -> list[list[Panel]]:
    """Panels side by side, or on a telephone below one another."""
    column = _COLUMN.get(width, 0.0)
    right = width - 6.0
    if not near:
        return [[Panel(*whole, column, right)]]
    title = "The whole period"
    enlarged = [f"Enlarged: {day_range(*n)}" for n in near]
    if width == PHONE:
        return [
            [Panel(*whole, column, right, title)],
            *([Panel(*n, column, right, t, True)] for n, t in zip(near, enlarged, strict=True)),
        ]
    middle = column + (right - column) * (0.6 if len(near) == 1 else 0.46)
    each = (right - middle) / len(near)
    panels = [Panel(*whole, column, middle - 14, title)]
    for i, (n, t) in enumerate(zip(near, enlarged, strict=True)):
        panels.append(
            Panel(*n, middle + 14 + i * each, middle + (i + 1) * each - (0 if i else 14 * (len(near) - 1)), t, True)
        )
    return [panels]


def _block(pen: Pen, series: Series, tracks: Sequence[Track], panels: Sequence[Panel], top: float) -> tuple[str, float]:
    y = top
    front: list[str] = []
    if any(p.title for p in panels):
        y += 16
        front += [pen.text(p.x0, y, fit(p.title, p.x1 - p.x0, 11.5), 11.5, fill=pen.colour("muted")) for p in panels]
    labels, shades, deep = event_marks(pen, series.events, panels, y + 4)
    first = y + deep + 8
    y = edges = first
    together = series.combined
    if together is not None and together.changes:
        edges = y + _HILL + 20
        drawn, y = _answer(pen, together, tracks, series.measured, panels, y)
        front.append(drawn)
    for track in tracks:
        drawn, y = _track(pen, track, panels, y, several=len(tracks) > 1)
        front.append(drawn)
    foot = y
    back, axes = time_axes(pen, panels, first, foot)
    if together is not None and len(tracks) > 1:
        back += "".join(
            limits(pen, p, c.bracket, edges, foot) for p in panels if p.enlarged or not p.title for c in together.changes
        )
    shade = "".join(
        tag("rect", x=x, y=start, width=w, height=foot - start, fill=pen.colour("event"), fill_opacity=0.17, class_="event")
        for x, w, start in shades
    )
    return "".join([_lens(pen, panels, first, foot), back, shade, labels, *front, axes]), foot + 34


def _lens(pen: Pen, panels: Sequence[Panel], top: float, foot: float) -> str:
    """A wash on the overview where the enlarged panels look closer."""
    whole = panels[0]
    spots = [(whole.x(p.t0), whole.x(p.t1)) for p in panels[1:]]
    return "".join(tag("rect", x=a, y=top, width=b - a, height=foot - top, fill=pen.colour("wash")) for a, b in spots)


def _answer(
    pen: Pen, found: Detected, tracks: Sequence[Track], measured: Sequence[Measured], panels: Sequence[Panel], y: float
) -> tuple[str, float]:
    """The date of the change by all scenes: its density, its bracket, the scenes that bound it, and what contradicts it."""
    column = panels[0].x0
    title, note = "When", "all sensors together" if len(tracks) > 1 else "by these scenes"
    if column > NARROW:
        out = [pen.text(0, y + _HILL - 14, title, 12.5, font_weight=600)]
        lines = wrap(note, column - 10, 11)
        out += [pen.text(0, y + _HILL + 1 + 13 * i, line, 11, fill=pen.colour("muted")) for i, line in enumerate(lines)]
    else:
        y += 14
        out = [pen.text(0, y, f"{title}, {note}", 12.5, font_weight=600, **pen.halo())]
    foot = y + _HILL + 4
    for panel in panels:
        out.append(tag("line", x1=panel.x0, x2=panel.x1, y1=foot, y2=foot, stroke=pen.colour("hair"), stroke_width=0.8))
        out += [density(pen, panel, c, foot, _HILL / 2, against=True) for t in tracks if _against(t) for c in t.changes]
        for change in found.changes:
            out.append(density(pen, panel, change, foot, _HILL))
            out.append(bar(pen, panel, change, foot + 11))
            if panel.enlarged or (not panel.title and len(found.changes) == 1):
                out.append(bounds(pen, panel, change, measured, foot + 32))
    named = any(panel.enlarged or not panel.title for panel in panels)
    hidden = any(poor(measured, scene) for c in found.changes for scene in (c.after_scene, c.by_scene))
    return "".join(out), foot + (69 if named and hidden else 56 if named else 26)


def _track(pen: Pen, track: Track, panels: Sequence[Panel], y: float, *, several: bool) -> tuple[str, float]:
    column, right = panels[0].x0, panels[-1].x1
    against = _against(track)
    heading, y = _heading(pen, track, y, right, several=several)
    out = [heading]
    top = y
    if several and track.changes:
        foot = y + _OWN
        out += [density(pen, p, c, foot, _OWN - 2, against=against) for p in panels for c in track.changes]
        y = foot
    backs: list[str] = []
    for index, shown in enumerate(track.curves):
        head, foot = y + (16 if index == 0 else 14), y + (132 if index == 0 else 66)
        lines, numbers = scale(pen, panels, shown, head, foot) if shown.dots else ("", "")
        backs.append(lines)
        text, room = size_words(shown), panels[0].x1 - column
        if text_width(text, 11) > room:  # a number is never cut where words can be spared
            text = text.replace(" to the surroundings", "")
        text = fit(text, room, 11)
        out += [curve(pen, p, shown, head, foot, told=index == 0) for p in panels]
        if index == 0:
            out += [gaps(pen, p, track.gaps, (head + foot) / 2) for p in panels]
        out += [numbers, pen.text(column, y + 10, text, 11, fill=pen.colour("muted"), **pen.halo())]
        y = foot + 4
    if not track.curves:
        out.append(pen.text(column, y + 14, "Nothing was measured in this stack.", 11.5, fill=pen.colour("muted")))
        y += 24
    backs += [band(pen, p, c.bracket, top, y, against=against) for p in panels for c in track.changes]
    drawn, y = _hidden(pen, track, panels, y + 4)
    return "".join([*backs, *out, drawn]), y + 12


def _heading(pen: Pen, track: Track, y: float, right: float, *, several: bool) -> tuple[str, float]:
    """The name of a stack, how many of its scenes can be used, what it says alone, and what contradicts it."""
    y += 20
    usable = len(track.curves[0].dots) if track.curves else 0
    narrow = right < 480
    name = fit(track.label, right if narrow else 0.6 * right, 13, bold=True)
    out = [pen.text(0, y, name, 13, font_weight=600, **pen.halo())]
    notes = [f"{usable:,} of {plural(track.scenes, 'scene')} usable"]
    if several and track.detected is not None:
        alone = " and ".join(dates(c) for c in track.changes)
        notes.append(f"by itself: {alone}" if alone else "by itself: no change found")
    x = 0.0 if narrow else text_width(name, 13, bold=True) + 10
    y += 15 if narrow else 0
    out.append(pen.text(x, y, fit(" · ".join(notes), right - x, 11), 11, fill=pen.colour("muted"), **pen.halo()))
    if track.detected is not None and track.detected.conflict:
        text = f"Contradicts the others: {track.detected.conflict.strip().rstrip('.')}"
        for number, line in enumerate(wrap(text, right - 18, 11.5, lines=3, bold=True)):
            y += 16
            if number == 0:
                sign = f"M6 {num(y - 10)}L12 {num(y)}H0Z"
                out.append(tag("path", d=sign, fill=pen.colour("event"), class_="contradiction"))
            out.append(pen.text(18, y, line, 11.5, font_weight=600, fill=pen.colour("event"), **pen.halo()))
    return "".join(out), y + 6


def _hidden(pen: Pen, track: Track, panels: Sequence[Panel], y: float) -> tuple[str, float]:
    column = panels[0].x0
    out = []
    if column <= NARROW and track.hidden:
        listed = ", ".join(f"{len(rows)} {reason}" for reason, rows in track.hidden)
        y += 12
        out.append(pen.text(0, y, fit(f"Not usable: {listed}", panels[-1].x1, 10.5), 10.5, fill=pen.colour("muted")))
        y += 4
    for reason, rows in track.hidden:
        y += LANE
        if column > NARROW:
            out.append(pen.text(0, y, fit(f"{len(rows)} {reason}", column - 8, 10.5), 10.5, fill=pen.colour("muted")))
        out += [lane(pen, panel, rows, y) for panel in panels]
        y += 2
    return "".join(out), y


def _against(track: Track) -> bool:
    return track.detected is not None and bool(track.detected.conflict)
