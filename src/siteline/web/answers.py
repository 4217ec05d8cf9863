"""What was weighed, and what the pixels show, as JSON values for the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from siteline.model.changed import Detected, PixelChange, known
from siteline.model.dated import Posterior
from siteline.model.records import CaseData
from siteline.model.weighed import Weighing
from siteline.web.live import Held
from siteline.web.scenelist import span_cells

_MOST_STEPS: Final = 240
"""Steps of a posterior that are sent; finer ones are put together, which changes no sum."""

Json = dict[str, Any]


def version_of(held: Held, table: str, key: str) -> int:
    """The version of a row: what a change of it must name as its base."""
    return held.versions[table].get(key, 0)


def weighed(held: Held) -> Json:
    """Claims with their verdicts, hypotheses, statements, readings, the matrix, findings and disagreements."""
    data, weighing = held.data, held.weighing
    return {
        "claims": [
            {
                "id": v.claim.claim_id,
                "structure": v.claim.structure_id,
                "type": v.claim.claim_type,
                "after": v.claim.after.text,
                "before": v.claim.before.text,
                "direction": v.claim.direction,
                "paraphrase": v.claim.paraphrase,
                "source": v.claim.source_id,
                "basis": v.claim.basis,
                "verdict": v.verdict,
                "with_own": v.with_own,
                "probability": known(v.probability),
                "probability_with_own": known(v.probability_with_own),
                "lines": v.independent_lines,
                "because": v.because,
                "observations": list(v.observation_ids),
                "version": version_of(held, "claims", v.claim.claim_id),
            }
            for v in weighing.claims
        ],
        "hypotheses": [
            {
                "id": h.hypothesis_id,
                "title": h.title,
                "explanation": h.explanation,
                "author": h.author,
                "version": version_of(held, "hypotheses", h.hypothesis_id),
            }
            for h in data.hypotheses
        ],
        "statements": _statements(held, data),
        "readings": [
            {
                "id": r.reading_id,
                "hypothesis": r.hypothesis_id,
                "item": r.item,
                "reading": r.reading,
                "why": r.why,
                "author": r.author,
                "version": version_of(held, "readings", r.reading_id),
            }
            for r in data.readings
        ],
        "matrix": _matrix(weighing),
        "findings": [
            {
                "text": f.text,
                "confidence": f.confidence,
                "probability": known(f.probability),
                "low": known(f.low),
                "high": known(f.high),
                "observations": list(f.observation_ids),
                "sources": list(f.source_ids),
            }
            for f in weighing.findings
        ],
        "disagreements": [
            {
                "structure": d.structure_id,
                "title": d.title,
                "sides": [{"text": text, "ids": list(ids), "sources": list(of)} for text, ids, of in d.sides],
            }
            for d in weighing.disagreements
        ],
    }


def _statements(held: Held, data: CaseData) -> list[Json]:
    return [
        {
            "id": s.statement_id,
            "speaker": s.speaker,
            "affiliation": s.affiliation,
            "role": s.role,
            **span_cells(s.when),
            "paraphrase": s.paraphrase,
            "about": s.about,
            "stance": s.stance,
            "source": s.source_id,
            "version": version_of(held, "statements", s.statement_id),
        }
        for s in data.statements
    ]


def _matrix(weighing: Weighing) -> Json | None:
    matrix = weighing.matrix
    if matrix is None:
        return None
    return {
        "rows": [
            {
                "item": row.item,
                "label": row.label,
                "sources": list(row.source_ids),
                "readings": dict(row.readings),
                "why": dict(row.why),
                "diagnosticity": round(row.diagnosticity, 4),
            }
            for row in matrix.rows
        ],
        "inconsistency": {key: round(value, 4) for key, value in matrix.inconsistency.items()},
        "least": list(matrix.least),
        "text": matrix.assessment.text,
        "confidence": matrix.assessment.confidence,
    }


def detection(found: Detected) -> Json:
    """What one stack of scenes shows of one structure."""
    return {
        "structure": found.structure_id,
        "stack": found.stack,
        "probability": known(found.probability),
        "scenes": found.scenes,
        "note": found.note,
        "conflict": found.conflict,
        "doubts": list(found.doubts),
        "changes": [_pixel_change(change) for change in found.changes],
    }


def _pixel_change(change: PixelChange) -> Json:
    return {
        "shape": change.shape,
        "ramp_days": known(change.ramp_days),
        "after": change.bracket.after,
        "by": change.bracket.by,
        "after_scene": change.after_scene,
        "by_scene": change.by_scene,
        "interval50": _days(change.interval50),
        "interval90": _days(change.interval90),
        "interval95": _days(change.interval95),
        "probability": known(change.probability),
        "posterior": posterior_cells(change.posterior),
    }


def posterior_cells(posterior: Posterior) -> Json:
    """Edges (days) and mass of a posterior, in ``_MOST_STEPS`` steps at most, without the ends that hold nothing."""
    edges, mass = posterior.edges, posterior.mass
    held = np.flatnonzero(mass > 1e-7 * mass.max()) if mass.size else mass
    if len(held):
        edges, mass = edges[held[0] : held[-1] + 2], mass[held[0] : held[-1] + 1]
    step = -(-len(mass) // _MOST_STEPS)
    if step > 1:
        starts = np.arange(0, len(mass), step)
        edges, mass = np.append(edges[starts], edges[-1]), np.add.reduceat(mass, starts)
    return {"edges": [round(float(e), 5) for e in edges], "mass": [float(f"{m:.5g}") for m in mass]}


def _days(interval: Iterable[float]) -> list[float]:
    return [round(float(day), 5) for day in interval]
