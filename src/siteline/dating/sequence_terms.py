"""The terms of the learned date density: what the surroundings of a gap say about where in it the change lies.

Each term is a function of the candidate day. Durations enter as log distances to the looks of other phases, the
annotator's attention as the spacing of looks beside the gap and as looks inside it that told nothing.
"""

from __future__ import annotations

import numpy as np

from siteline.dating.sequence import ONSET, Floats, Gap, Life

CELLS = 48
"""Cells of the grid over a gap."""


def support(bracket: Gap, period: tuple[float, float]) -> tuple[float, float]:
    """The days the change may lie in: the gap, its missing sides taken from ``period`` (widened to a day at least)."""
    low = period[0] if bracket.after is None else bracket.after
    high = period[1] if bracket.by is None else bracket.by
    if bracket.after is None:
        low = min(low, high - 30.0)
    if bracket.by is None:
        high = max(high, low + 30.0)
    return low, high


def edges(bracket: Gap, period: tuple[float, float]) -> Floats:
    """Cell edges (CELLS + 1,), days since 1970: even in a closed gap, growing quadratically from the bounded side else."""
    low, high = support(bracket, period)
    step = np.linspace(0.0, 1.0, CELLS + 1)
    if bracket.closed or (bracket.after is None and bracket.by is None):
        return np.asarray(low + (high - low) * step, dtype=np.float64)
    if bracket.by is None:
        return np.asarray(low + (high - low) * step**2, dtype=np.float64)
    return np.asarray(high - (high - low) * step[::-1] ** 2, dtype=np.float64)


def terms(life: Life, change: int, bracket: Gap, period: tuple[float, float]) -> Floats:
    """Terms (CELLS, p) at the cells' middles. A term that does not apply is 0 in every cell and so says nothing."""
    cuts = edges(bracket, period)
    day = (cuts[1:] + cuts[:-1]) / 2
    low, high = float(cuts[0]), float(cuts[-1])
    place = (day - low) / (high - low)
    columns: list[Floats] = []
    for distance in (day - low, high - day):
        columns += _distance(distance, 30.0)
    columns += _shape(life, bracket, place, high - low)
    columns += _unsure(life, day, low, high)
    columns += _others(life, change, day, low, high)
    columns += _calendar(day, period)
    return np.stack(columns, axis=1)


def _distance(distance: Floats, unit: float) -> list[Floats]:
    log = np.log(np.maximum(distance, 0.0) / unit + 0.1)
    return [log, log**2 / 4, np.maximum(log, 0.0), np.maximum(log - 1.5, 0.0), np.maximum(log - 2.5, 0.0)]


def _shape(life: Life, bracket: Gap, place: Floats, width: float) -> list[Floats]:
    size, count = np.log(width / 100.0), np.log(max(life.days.size, 1)) - 2.0
    bend = (place - 0.5) ** 2 * 4
    at = {}
    for name, edge in (("after", bracket.after), ("by", bracket.by)):
        found = life.phase[(life.days == edge) & (life.phase >= 0)] if edge is not None else life.phase[:0]
        at[name] = int(found[0]) if found.size else -1
    before = life.days[life.days < bracket.after] if bracket.after is not None else life.days[:0]
    behind = life.days[life.days > bracket.by] if bracket.by is not None else life.days[:0]
    left = np.log((bracket.after - before[-1]) / 30 + 0.1) if bracket.after is not None and before.size else 0.0
    right = np.log((behind[0] - bracket.by) / 30 + 0.1) if bracket.by is not None and behind.size else 0.0
    result = [place, bend, size * place, size * bend, count * place, count * bend]
    for side, phase in (("after", 0), ("after", 1), ("after", 2), ("by", 1), ("by", 2), ("by", 3)):
        flag = float(at[side] == phase)
        result += [flag * place, flag * bend]
    none_before, none_behind = float(not before.size), float(not behind.size)
    result += [none_before * place, none_behind * place, none_before * bend, none_behind * bend]
    result += [left * place, right * place, (left - size) * bend, (right - size) * bend]
    return result


def _unsure(life: Life, day: Floats, low: float, high: float) -> list[Floats]:
    inside = life.days[(life.phase < 0) & (life.days > low) & (life.days < high)]
    if not inside.size:
        return [np.zeros(CELLS)] * 7
    near = np.min(np.abs(day[:, None] - inside[None, :]), axis=1)
    log = np.log(near / 30 + 0.1)
    between = ((day >= inside[0]) & (day <= inside[-1])).astype(np.float64)
    early, late = (day < inside[0]).astype(np.float64), (day > inside[-1]).astype(np.float64)
    return [log, np.maximum(log, 0.0), np.maximum(log - 1.0, 0.0), between, early, early * log, late * log]


def _others(life: Life, change: int, day: Floats, low: float, high: float) -> list[Floats]:
    """Distances to looks outside the gap that bound the rest of the life, and to the ends of the looks."""
    result: list[Floats] = []
    started, done = life.told
    zero = np.zeros(CELLS)
    if change == ONSET:
        marks = (life.days[(life.phase == 2) & (life.days > high)][:1], life.days[(done == 1) & (life.days > high)][:1])
        signed = -1.0
    else:
        marks = (life.days[(started == 0) & (life.days < low)][-1:], life.days[(started == 1) & (life.days < low)][:1])
        signed = 1.0
    for mark in marks:
        result += _distance(signed * (day - mark[0]), 100.0) if mark.size else [zero] * 5
    for mark, sign in ((life.days[:1], 1.0), (life.days[-1:], -1.0)):
        outside = mark.size > 0 and not low < mark[0] < high
        result += _distance(sign * (day - mark[0]), 100.0)[:3] if outside else [zero] * 3
    return result


def _calendar(day: Floats, period: tuple[float, float]) -> list[Floats]:
    phase = 2 * np.pi * day / 365.2425
    year = (day - 17532.0) / 365.2425 / 4
    whole = (day - period[0]) / max(period[1] - period[0], 1.0)
    return [np.sin(phase), np.cos(phase), year, year**2, year**3, whole, whole**2]
