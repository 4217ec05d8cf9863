"""The weighed parts of the report as plain values: events, claims, hypotheses, disagreements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from siteline.model.records import CaseData, Claim
from siteline.model.weighed import VERDICTS, Assessment, ClaimVerdict, Disagreement, EventPosition, MatrixRow, Weighing
from siteline.publish.anchors import anchor
from siteline.publish.draw import Pen
from siteline.publish.figure import key_positions
from siteline.publish.glyphs import clean
from siteline.publish.look import bracket_words, percent, span_words, state_word
from siteline.publish.rows import structure_name
from siteline.publish.shifts import shifts_svg
from siteline.publish.words import event_title, event_when, source_label

View = dict[str, Any]
Figures = Callable[[Callable[[int], str]], dict[str, str]]
Tell = Callable[[Assessment], View]
_ORDER = ("goes further than the evidence", "contradicted", "supported", "consistent", "not testable")
_SIGNS = {"consistent": "+", "inconsistent": "−", "neutral": "·"}


def source_refs(data: CaseData, ids: Iterable[str]) -> list[dict[str, str]]:
    """Links to sources by publisher and date."""
    return [
        {"text": source_label(data.sources, i), "to": anchor("d", i) if i in data.sources else ""}
        for i in dict.fromkeys(ids)
    ]


def positions(data: CaseData, weighing: Weighing, figures: Figures, tell: Tell) -> View:
    """Key events against the key structures in full, the other events in one table."""
    key = key_positions(data, weighing)
    rest = [p for p in weighing.positions if p not in key]
    told = [_position(data, p, figures, tell, i) for i, p in enumerate(key)]
    return {
        "open": [p for p in told if not p["decided"]],
        "decided": [p for p in told if p["decided"]],
        "rest": [_brief(data, p) for p in sorted(rest, key=lambda p: p.decided)],
    }


def claims(data: CaseData, weighing: Weighing, known: Mapping[str, str]) -> View:
    """The claims, those that go too far first, with a count per verdict."""
    counts: Counter[str] = Counter(v.verdict for v in weighing.claims)
    ordered = sorted(weighing.claims, key=lambda v: _ORDER.index(v.verdict))
    return {
        "counts": [{"verdict": v, "count": counts[v], "class": _class(v)} for v in _ORDER if counts[v]],
        "rows": [_claim(data, v, known) for v in ordered],
        "total": len(weighing.claims),
    }


def matrix(data: CaseData, weighing: Weighing, tell: Tell) -> View | None:
    """The hypotheses matrix, or None where the case names no hypotheses."""
    given = weighing.matrix
    if given is None or not given.hypotheses:
        return None
    ids = [h.hypothesis_id for h in given.hypotheses]
    return {
        "hypotheses": [
            {
                "id": clean(h.hypothesis_id),
                "title": clean(h.title),
                "explanation": clean(h.explanation),
                "against": f"{given.inconsistency.get(h.hypothesis_id, 0.0):.1f}",
                "least": h.hypothesis_id in given.least,
            }
            for h in given.hypotheses
        ],
        "rows": [_matrix_row(data, r, ids) for r in given.rows],
        "assessment": tell(given.assessment),
    }


def disagreements(data: CaseData, weighing: Weighing, known: Mapping[str, str]) -> list[View]:
    """Every disagreement with every side."""
    return [_disagreement(data, d, known) for d in weighing.disagreements]


def _position(data: CaseData, p: EventPosition, figures: Figures, tell: Tell, index: int) -> View:
    def draw(width: int) -> str:
        return shifts_svg(Pen("auto", f"l{index}-{width}"), p.lines, min(width, 600))  # stands in half a column

    return {
        "event": event_title(p.event),
        "when": event_when(p.event),
        "structure": structure_name(data, p.transition.structure_id),
        "change": f"{state_word(p.transition.before)} to {state_word(p.transition.after_state)}",
        "bracket": bracket_words(p.transition.bracket.after, p.transition.bracket.by),
        "decided": p.decided,
        "assessment": tell(p.assessment),
        "shares": [{"label": label, "value": _triple(v)} for label, v in _shares(p)],
        "lines": [
            {
                "label": clean(line.label),
                "share": percent(line.probability),
                "range": f"{percent(line.low)} to {percent(line.high)}",
                "claims": _claim_refs(line.claim_ids, {c.claim_id for c in data.claims}),
            }
            for line in p.lines
        ],
        "figure": figures(draw) if len(p.lines) > 1 else {},
    }


def _brief(data: CaseData, p: EventPosition) -> View:
    return {
        "event": event_title(p.event),
        "when": event_when(p.event),
        "structure": structure_name(data, p.transition.structure_id),
        "change": f"{state_word(p.transition.before)} to {state_word(p.transition.after_state)}",
        "bracket": bracket_words(p.transition.bracket.after, p.transition.bracket.by),
        "before": _triple(p.before),
        "decided": p.decided,
    }


def _shares(p: EventPosition) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    return (("before the event", p.before), ("during it", p.during), ("after it", p.after))


def _triple(value: tuple[float, float, float]) -> str:
    low, middle, high = (percent(v) for v in value)
    return middle if low == high else f"{middle} ({low} to {high})"


def _claim(data: CaseData, v: ClaimVerdict, known: Mapping[str, str]) -> View:
    differs = v.with_own != v.verdict
    own: str = v.with_own if differs else "the same"
    if v.probability_with_own is not None:
        own += f" ({percent(v.probability_with_own)})"
    return {
        "id": clean(v.claim.claim_id),
        "to": anchor("c", v.claim.claim_id),
        "text": clean(v.claim.paraphrase),
        "source": source_refs(data, [v.claim.source_id] if v.claim.source_id else []),
        "structure": structure_name(data, v.claim.structure_id),
        "says": _says(v.claim),
        "verdict": v.verdict,
        "class": _class(v.verdict),
        "probability": "" if v.probability is None else percent(v.probability),
        "because": clean(v.because),
        "lines": v.independent_lines,
        "own": own,
        "differs": differs,
        "observations": [
            {"text": known.get(i) or clean(i), "to": anchor("o", i) if i in known else ""}
            for i in dict.fromkeys(v.observation_ids)
        ],
    }


def _says(claim: Claim) -> str:
    after, before = span_words(claim.after), span_words(claim.before)
    what = {"began": "began", "ended": "ended", "no_change": "no change", "activity": "activity"}.get(
        claim.claim_type, claim.claim_type
    )
    bounds = ", ".join(filter(None, (after and f"from {after}", before and f"by {before}")))
    return clean(f"{what}: {bounds}" if bounds else f"{what}, no dates given")


def _matrix_row(data: CaseData, row: MatrixRow, ids: list[str]) -> View:
    return {
        "label": clean(row.label),
        "cells": [
            {
                "sign": _SIGNS.get(row.readings.get(i, ""), ""),
                "reading": clean(row.readings.get(i, "not judged")),
                "why": clean(row.why.get(i, "")),
            }
            for i in ids
        ],
        "weight": f"{row.diagnosticity:.2f}",
        "sources": source_refs(data, row.source_ids),
    }


def _disagreement(data: CaseData, d: Disagreement, known: Mapping[str, str]) -> View:
    claim_ids = {c.claim_id for c in data.claims}
    return {
        "title": clean(d.title),
        "structure": structure_name(data, d.structure_id),
        "sides": [
            {
                "text": clean(text),
                "refs": [
                    {
                        "text": known.get(i) or clean(i),
                        "to": anchor("o", i) if i in known else anchor("c", i) if i in claim_ids else "",
                    }
                    for i in ids
                ],
                "sources": source_refs(data, sources),
            }
            for text, ids, sources in d.sides
        ],
    }


def _claim_refs(ids: Iterable[str], known: set[str]) -> list[dict[str, str]]:
    return [{"text": clean(i), "to": anchor("c", i) if i in known else ""} for i in ids]


def _class(verdict: str) -> str:
    return f"v{VERDICTS.index(verdict)}" if verdict in VERDICTS else "v4"
