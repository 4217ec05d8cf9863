"""What a series figure shows, worked out before anything is drawn: measures, levels, gaps, scenes that cannot be used."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from siteline.model.changed import ALL, Detected, Measured, PixelChange, Size, Trust
from siteline.model.records import Event
from siteline.publish.glyphs import clean

"""Name of the stack that stands for all of them together."""
GAP_DAYS: Final = 60.0
"""Days without a usable scene from which on nothing is drawn between two scenes but the gap."""
POOR: Final = 0.75
"""Share of the footprint that must be usable for a scene to bound a bracket without a word about it."""
LANES: Final = 4
FAR: Final = 6.0
"""Robust standard deviations from its level beyond which a dot does not set the scale."""
_SHARE = re.compile(r"^\s*(.*?)[\s:]*([\d.]+)\s*%\s*$")
_QUANTITIES: Final = {"contrast": "contrast to the surroundings", "shadow": "shadow length", "level": "level"}
_BANDS: Final = {
    "nir": "near infrared",
    "nir08": "near infrared",
    "swir16": "short-wave infrared 1.6 µm",
    "swir22": "short-wave infrared 2.2 µm",
    "rededge1": "red edge 1",
    "rededge2": "red edge 2",
    "rededge3": "red edge 3",
    "vv": "VV",
    "vh": "VH",
    "hh": "HH",
    "hv": "HV",
}
_RADAR: Final = frozenset(("vv", "vh", "hh", "hv"))
_OPTICAL: Final = frozenset((*_BANDS, "coastal", "blue", "green", "red")) - _RADAR


@dataclass(frozen=True, slots=True)
class Series:
    """Everything known of one structure's series.

    ``detected``: each stack, and ``all`` of them together where there are several. ``measured``: their rows, of any measure.
    ``period``: days to be shown even where no scene lies. ``labels``: what a stack is called; else its own name.
    """

    name: str
    detected: tuple[Detected, ...]
    measured: tuple[Measured, ...]
    trust: Trust | None = None
    events: tuple[Event, ...] = ()
    period: tuple[float, float] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def combined(self) -> Detected | None:
        """The answer of all stacks together, or that of the only one; None where there is none."""
        stacks = [d for d in self.detected if d.stack != ALL]
        return next((d for d in self.detected if d.stack == ALL), stacks[0] if len(stacks) == 1 else None)

    @property
    def apart(self) -> tuple[Detected, ...]:
        """The answers of the stacks by themselves, in their order."""
        return tuple(d for d in self.detected if d.stack != ALL)


@dataclass(frozen=True, slots=True)
class Level:
    """The middle of the dots on one side of the changes. ``error``: half of its 95 % interval. ``scatter``: robust standard
    deviation of its dots. ``runs``: where scenes are closer than ``GAP_DAYS`` (first, last; days)."""

    value: float
    error: float
    scatter: float
    runs: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """One measure of one stack. ``dots``: the scenes with a number, in time order; ``low``/``high``: the numbers shown;
    ``unit``: theirs, "" where it has no name."""

    measure: str
    dots: tuple[Measured, ...]
    levels: tuple[Level, ...]
    low: float
    high: float
    size: Size | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One stack as it is drawn: the measure that carries most of the change, then the next; ``hidden``: scenes without a
    number by reason, most frequent first. ``scenes``: all of them, with a number or without."""

    stack: str
    label: str
    detected: Detected | None
    curves: tuple[Curve, ...]
    hidden: tuple[tuple[str, tuple[Measured, ...]], ...]
    gaps: tuple[tuple[float, float], ...]
    scenes: int

    @property
    def changes(self) -> tuple[PixelChange, ...]:
        """What this stack shows by itself."""
        return self.detected.changes if self.detected else ()


def tracks_of(series: Series, period: tuple[float, float]) -> list[Track]:
    """The stacks of ``series`` in the order of their answers; stacks without an answer come last."""
    named = [d.stack for d in series.apart]
    rest = dict.fromkeys(m.stack for m in series.measured if m.stack not in named and m.stack != ALL)
    return [_track(series, stack, period) for stack in (*named, *rest)]


def extent(series: Series) -> tuple[float, float] | None:
    """The period shown (days): that asked for, and every scene; None where there is neither."""
    times = [m.when for m in series.measured if math.isfinite(m.when)]
    times += [t for d in series.detected for t in (d.first, d.last) if math.isfinite(t)]
    times += series.period or ()
    if not times:
        return None
    pad = max(0.01 * (max(times) - min(times)), 2.0)
    return min(times) - pad, max(times) + pad


def ranked(detected: Detected | None, measured: Sequence[Measured]) -> list[str]:
    """Measures, the one that carries most of the change (in standard deviations) first, else in the order given."""
    order = list(dict.fromkeys([*(detected.measures if detected else ()), *(m.measure for m in measured)]))
    carried = dict.fromkeys(order, 0.0)
    for size in (s for c in (detected.changes if detected else ()) for s in c.sizes):
        if size.sd > 0 and size.measure in carried:
            carried[size.measure] = max(carried[size.measure], abs(size.size) / size.sd)
    return sorted(order, key=lambda m: -carried[m])


def levels(dots: Sequence[Measured], changes: Sequence[PixelChange]) -> tuple[Level, ...]:
    """The level of each stretch between changes; none where a stretch has no dot."""
    bounds = [-math.inf]
    for change in changes:
        after, by = change.bracket.after, change.bracket.by
        bounds += [
            -math.inf if after is None else after,
            math.inf if by is None else by + (change.ramp_days if change.shape == "ramp" else 0.0),
        ]
    bounds.append(math.inf)
    stretches = [[d for d in dots if a <= d.when <= b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    return tuple(_level(held) for held in stretches if held)


def gaps_of(times: Sequence[float], period: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Stretches of ``period`` of at least ``GAP_DAYS`` without a usable scene."""
    inside = [t for t in times if period[0] <= t <= period[1]]
    edges = [period[0], *inside, period[1]]
    return tuple((a, b) for a, b in pairwise(edges) if b - a >= GAP_DAYS)


def hidden_by(rows: Sequence[Measured]) -> tuple[tuple[str, tuple[Measured, ...]], ...]:
    """Scenes by their main reason, at most ``LANES`` kinds; rarer reasons share the last."""
    found: dict[str, list[Measured]] = {}
    for row in rows:
        found.setdefault(main_reason(row.reasons), []).append(row)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    if len(ordered) > LANES:
        rest = [row for _, held in ordered[LANES - 1 :] for row in held]
        ordered = [*ordered[: LANES - 1], ("other reasons", rest)]
    return tuple((reason, tuple(held)) for reason, held in ordered)


def poor(measured: Sequence[Measured], scene_id: str) -> str:
    """What hides the footprint in a scene that shows less than ``POOR`` of it: ``cloud shadow 31 %``; else ""."""
    row = next((m for m in measured if m.scene_id == scene_id and math.isfinite(m.usable_share)), None)
    if row is None or row.usable_share >= POOR:
        return ""
    return clean(row.reasons) or f"{100 * row.usable_share:.0f}\u00a0% usable"


def main_reason(reasons: str) -> str:
    """``cloud`` of ``cloud shadow 10 %; cloud 40 %``: the reason with the largest share, else the first one."""
    best, most = "", -1.0
    for part in filter(None, (p.strip() for p in clean(reasons).split(";"))):
        match = _SHARE.match(part)
        share = float(match[2]) if match and match[2].count(".") < 2 and match[2] != "." else 0.0
        if share > most:
            best, most = (match[1] if match else part), share
    return best or "reason not recorded"


def measure_words(measure: str) -> str:
    """``contrast:nir`` as a reader says it: ``contrast to the surroundings, near infrared``."""
    parts = [part for part in clean(measure).split(":") if part]
    if not parts:
        return "value"
    said = [_QUANTITIES.get(parts[0], parts[0]), *(_BANDS.get(part, part) for part in parts[1:])]
    return ", ".join(said).replace("_", " ")


def unit_of(measure: str, stack: str) -> str:
    """The unit of a band's measure: ``dB`` of radar, ``reflectance`` of optical scenes that are calibrated; else ""."""
    quantity, _, band = measure.partition(":")
    if quantity not in ("contrast", "control", "mean", "level"):
        return ""
    if band in _RADAR:
        return "dB"
    return "reflectance" if band in _OPTICAL and "uncalibrated" not in stack else ""


def _track(series: Series, stack: str, period: tuple[float, float]) -> Track:
    rows = sorted(
        (m for m in series.measured if m.stack == stack and math.isfinite(m.when)), key=lambda m: (m.when, m.scene_id)
    )
    answer = next((d for d in series.apart if d.stack == stack), None)
    changes = answer.changes if answer else ()
    curves = [_curve(measure, rows, changes) for measure in ranked(answer, rows)[:2]]
    curves = [curve for curve in curves if curve.dots] or curves[:1]
    first = curves[0] if curves else None
    hidden = [m for m in rows if first is not None and m.measure == first.measure and not math.isfinite(m.value)]
    dots = first.dots if first else ()
    label = clean(series.labels.get(stack, stack))
    gaps = gaps_of([d.when for d in dots], period)
    return Track(stack, label, answer, tuple(curves), hidden_by(hidden), gaps, len(dots) + len(hidden))


def _curve(measure: str, rows: Sequence[Measured], changes: Sequence[PixelChange]) -> Curve:
    dots = tuple(m for m in rows if m.measure == measure and math.isfinite(m.value))
    held = levels(dots, changes)
    sizes = [s for c in changes for s in c.sizes if s.measure == measure]
    low, high = _range([d.value for d in dots], held)
    unit = unit_of(measure, rows[0].stack if rows else "")
    return Curve(measure, dots, held, low, high, sizes[0] if len(sizes) == 1 else None, unit)


def _range(values: Sequence[float], held: Sequence[Level]) -> tuple[float, float]:
    """The values, with some room, but for those far from every level (``FAR``); these are marked at the edge."""
    if not values:
        return 0.0, 1.0
    near = [v for v in values if any(abs(v - x.value) <= FAR * x.scatter for x in held)] or list(values)
    low, high = min(*near, *(x.value - x.error for x in held)), max(*near, *(x.value + x.error for x in held))
    room = 0.12 * (high - low) or 0.1 * abs(high) or 0.1
    return low - room, high + room


def _level(dots: Sequence[Measured]) -> Level:
    """Median; its 95 % interval from the median absolute deviation, never narrower than the scenes' own errors allow."""
    values = [d.value for d in dots]
    middle = statistics.median(values)
    scatter = 1.4826 * statistics.median(abs(v - middle) for v in values)
    known = [d.spread for d in dots if math.isfinite(d.spread)]
    each = max(scatter, statistics.median(known) if known else 0.0)
    error = 1.96 * (1.2533 if len(dots) > 2 else 1.0) * each / math.sqrt(len(dots))
    runs: list[tuple[float, float]] = []
    for dot in dots:
        if runs and dot.when - runs[-1][1] < GAP_DAYS:
            runs[-1] = runs[-1][0], dot.when
        else:
            runs.append((dot.when, dot.when))
    return Level(middle, error, each, tuple(runs))
