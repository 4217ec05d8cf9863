"""Stretches of time on paper: linear panels, their ticks, and labels that keep out of one another's way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from siteline.model.span import from_days, to_days
from siteline.publish.glyphs import face

_STEPS = (("day", 1), ("day", 2), ("day", 4), ("day", 7), ("month", 1), ("month", 3), ("month", 6), ("year", 1))
_YEARS = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True, slots=True)
class Panel:
    """Time from ``t0`` to ``t1`` (days) drawn from ``x0`` to ``x1`` (user units)."""

    t0: float
    t1: float
    x0: float
    x1: float
    title: str = ""
    enlarged: bool = False

    def x(self, days: float) -> float:
        """Position of a time, clipped to the panel."""
        return self.x0 + (min(max(days, self.t0), self.t1) - self.t0) / (self.t1 - self.t0) * (self.x1 - self.x0)

    def holds(self, days: float) -> bool:
        """Whether the time lies inside."""
        return self.t0 <= days <= self.t1

    def ticks(self, room: float = 44.0) -> list[tuple[float, str, str]]:
        """(time, label, second line) at calendar steps at least ``room`` units apart."""
        scale = (self.x1 - self.x0) / (self.t1 - self.t0)
        length = {"day": 1.0, "month": 30.4, "year": 365.2}
        steps = [*_STEPS, *(("year", n) for n in _YEARS)]
        unit, count = next((s for s in steps if length[s[0]] * s[1] * scale >= room), steps[-1])
        times = _every(self.t0, self.t1, unit, count)
        out = []
        for i, at in enumerate(times):
            moment = from_days(at)
            if unit == "day":
                first = i == 0 or from_days(times[i - 1]).month != moment.month
                out.append(
                    (at, f"{moment.day} {moment:%b}" if first else str(moment.day), str(moment.year) if i == 0 else "")
                )
            elif unit == "month":
                first = i == 0 or from_days(times[i - 1]).year != moment.year
                out.append((at, f"{moment:%b}", str(moment.year) if first else ""))
            else:
                out.append((at, str(moment.year), ""))
        return out


@dataclass(slots=True)
class Shelf:
    """Rows of labels: ``place`` returns the first row in which a label does not touch another."""

    rows: int
    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def place(self, left: float, right: float, gap: float = 6.0) -> int | None:
        """Row for a label from ``left`` to ``right``, or None where there is room in no row."""
        for row in range(self.rows):
            if len(self.taken) <= row:
                self.taken.append([])
            if all(right + gap <= a or left >= b + gap for a, b in self.taken[row]):
                self.taken[row].append((left, right))
                return row
        return None


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of ``text`` in the report's sans at ``size``."""
    return face("FiraSans-SemiBold" if bold else "FiraSans-Regular").width(text, size)


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """``text``, shortened with an ellipsis until it fits ``room``."""
    if text_width(text, size, bold=bold) <= room:
        return text
    cut = text[: max(1, int(len(text) * room / text_width(text, size, bold=bold)) + 2)]
    while len(cut) > 1 and text_width(cut + "…", size, bold=bold) > room:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def wrap(text: str, room: float, size: float, *, lines: int = 2, bold: bool = False) -> list[str]:
    """``text`` on at most ``lines`` lines of width ``room``, broken at spaces; the last is shortened if need be."""
    out: list[str] = []
    rest = [word for word in text.replace("\n", " ").split(" ") if word]  # a number keeps its per cent sign
    while rest and len(out) < lines - 1:
        line = rest.pop(0)
        while rest and text_width(f"{line} {rest[0]}", size, bold=bold) <= room:
            line += f" {rest.pop(0)}"
        out.append(fit(line, room, size, bold=bold))
    return [*out, fit(" ".join(rest), room, size, bold=bold)] if rest else out


def _every(t0: float, t1: float, unit: str, count: int) -> list[float]:
    if unit == "day":
        first = -int(-t0 // 1)
        return [float(d) for d in range(first + (-first) % count, int(t1 // 1) + 1, count)]
    start, end = from_days(t0), from_days(t1)
    months = count if unit == "month" else 12 * count
    index = (start.year * 12 + start.month - 1) // months * months
    times = []
    while index // 12 <= min(end.year, 9999):
        if index >= 12:
            at = to_days(datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC))
            if t0 <= at <= t1:
                times.append(at)
        index += months
    return times
