"""Analysis of competing hypotheses (Heuer 1999, ch. 8): what each item speaks against, never what somebody intended.

An item weighs by its diagnosticity: the share of pairs of hypotheses that it reads differently. One that fits all of them,
or none, weighs nothing. A hypothesis is compared once it is judged on every item that weighs. Readings are the case
authors' and printed with their reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

from siteline.model.records import CaseData, Hypothesis, Reading
from siteline.model.weighed import Assessment, Matrix, MatrixRow
from siteline.weigh.lines import Lines
from siteline.weigh.words import counted, listed

STANCE: Final = "stance:"
"""Prefix of an item that stands for everybody who takes one stance, counted once however many say it."""


def matrix(data: CaseData, lines: Lines) -> Matrix | None:
    """The matrix, most diagnostic rows first; None where the case names no hypotheses."""
    if not data.hypotheses:
        return None
    by_item: dict[str, list[Reading]] = {}
    for reading in data.readings:
        by_item.setdefault(reading.item, []).append(reading)
    rows = [_row(data, lines, item, readings) for item, readings in by_item.items()]
    rows.sort(key=lambda row: -row.diagnosticity)
    against = {
        h.hypothesis_id: sum(row.diagnosticity for row in rows if row.readings.get(h.hypothesis_id) == "inconsistent")
        for h in data.hypotheses
    }
    telling = [row for row in rows if row.diagnosticity > 0]
    judged = [name for name in against if all(name in row.readings for row in telling)]
    lowest = min((against[name] for name in judged), default=0.0)
    least = tuple(name for name in judged if against[name] <= lowest + 1e-9)
    return Matrix(data.hypotheses, tuple(rows), against, least, _assessment(data.hypotheses, rows, judged, least))


def diagnosticity(readings: Sequence[str]) -> float:
    """Share (0 to 1) of pairs of hypotheses that an item reads differently; hypotheses not judged are left out."""
    pairs = list(combinations(readings, 2))
    return sum(a != b for a, b in pairs) / len(pairs) if pairs else 0.0


def _row(data: CaseData, lines: Lines, item: str, readings: Sequence[Reading]) -> MatrixRow:
    told = {r.hypothesis_id: r.reading for r in readings}
    label, sources = _item(data, lines, item)
    why = {r.hypothesis_id: r.why for r in readings if r.why}
    judged = [told[h.hypothesis_id] for h in data.hypotheses if h.hypothesis_id in told]
    return MatrixRow(item, label, sources, told, why, diagnosticity(judged))


def _item(data: CaseData, lines: Lines, item: str) -> tuple[str, tuple[str, ...]]:
    """What an item says, and its sources."""
    if item.startswith(STANCE):
        stance = item.removeprefix(STANCE)
        said = [s for s in data.statements if s.stance == stance]
        sources = tuple(dict.fromkeys(s.source_id for s in said if s.source_id))
        count = f"{counted(len(said), 'statement')} over {counted(lines.count(sources), 'line')}"
        return f"Said: {stance.replace('_', ' ')} ({count})", sources
    for claim in data.claims:
        if claim.claim_id == item:
            return claim.paraphrase, (claim.source_id,) if claim.source_id else ()
    for statement in data.statements:
        if statement.statement_id == item:
            who = f"{statement.speaker}: " if statement.speaker else ""
            return f"{who}{statement.paraphrase}", (statement.source_id,) if statement.source_id else ()
    return item, ()


def _assessment(
    hypotheses: Sequence[Hypothesis], rows: Sequence[MatrixRow], judged: Sequence[str], least: Sequence[str]
) -> Assessment:
    names = [h.title or h.hypothesis_id for h in hypotheses if h.hypothesis_id in least]
    telling = sum(row.diagnosticity > 0 for row in rows)
    if not telling:
        text = "No item tells the explanations apart."
    elif not judged:
        text = "No explanation is judged on every item that tells them apart."
    elif len(least) == len(hypotheses):
        text = "The items speak against every explanation equally."
    else:
        text = f"Least inconsistent with what was seen and said: {listed(names)}."
    missing = [h.title or h.hypothesis_id for h in hypotheses if h.hypothesis_id not in judged]
    if missing and telling:
        text += f" Not compared, for want of readings of items that tell explanations apart: {listed(missing)}."
    blind = f"{counted(len(rows), 'item')} read, {telling} of them tell explanations apart."
    confidence = f"{blind} Images show work, not intentions; being least inconsistent is not being right."
    sources = tuple(dict.fromkeys(i for row in rows if row.diagnosticity > 0 for i in row.source_ids))
    return Assessment(text, confidence, None, None, None, (), sources)
