"""The one entrance to weighing: everything that answers bear on, from a case and its dates."""

from __future__ import annotations

from siteline.model.dated import Dating
from siteline.model.records import CaseData
from siteline.model.weighed import Weighing
from siteline.weigh.claims import Judge, Redate
from siteline.weigh.disagreements import disagreements
from siteline.weigh.events import positions
from siteline.weigh.findings import findings
from siteline.weigh.hypotheses import matrix
from siteline.weigh.lines import Lines


def weigh(data: CaseData, dating: Dating, redate: Redate) -> Weighing:
    """Weigh a case. ``dating`` is that of all observations; ``redate`` dates a part of them under the same settings."""
    lines = Lines(data.sources)
    placed = positions(data, dating)
    disputed = disagreements(data, dating, lines)
    judge = Judge(data, dating, redate, lines)
    return Weighing(
        findings=findings(data, dating, placed, disputed, lines),
        positions=placed,
        claims=tuple(judge.verdict(claim) for claim in data.claims),
        matrix=matrix(data, lines),
        disagreements=disputed,
    )
