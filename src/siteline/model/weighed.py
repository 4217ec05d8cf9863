"""What weighing gives back: where events fall, what claims bear, how hypotheses fare, and the sentences to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from siteline.model.dated import Transition
from siteline.model.records import Claim, Event, Hypothesis

Verdict = Literal["supported", "consistent", "goes further than the evidence", "contradicted", "not testable"]
VERDICTS: tuple[Verdict, ...] = (
    "supported",
    "consistent",
    "goes further than the evidence",
    "contradicted",
    "not testable",
)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A sentence with what it rests on.

    ``text`` carries the likelihood word; ``probability`` its number (None where the sentence reports evidence alone);
    ``low``/``high`` its range over prior rates; ``confidence`` is a separate sentence; ``observation_ids`` and
    ``source_ids`` are what it links to.
    """

    text: str
    confidence: str = ""
    probability: float | None = None
    low: float | None = None
    high: float | None = None
    observation_ids: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineShift:
    """What one more independent line of evidence does to a probability.

    ``label`` names the line, ``claim_ids`` what it says, ``probability`` with it (and all lines above it), and the range.
    """

    label: str
    claim_ids: tuple[str, ...]
    probability: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class EventPosition:
    """Where an event falls against a transition: P(before), P(during), P(after), each (low, central, high).

    ``decided`` is False where the bracket spans the event, so that only the prior speaks. ``lines`` shows how further
    lines of evidence move P(before), first row = images alone; empty where decided or where there are none.
    """

    event: Event
    transition: Transition
    before: tuple[float, float, float]
    during: tuple[float, float, float]
    after: tuple[float, float, float]
    decided: bool
    assessment: Assessment
    lines: tuple[LineShift, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """A claim held against observations that do not come from its own line of sources.

    ``with_own`` is the verdict when its own line's observations count too. ``probability`` is P(claim's interval holds the
    change | independent observations), None if not testable. ``independent_lines`` counts lines of evidence, not articles.
    ``because`` says why in one or two plain sentences.
    """

    claim: Claim
    verdict: Verdict
    with_own: Verdict
    probability: float | None
    probability_with_own: float | None
    independent_lines: int
    because: str
    observation_ids: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline claims --json``."""
        return {
            "claim_id": self.claim.claim_id,
            "structure_id": self.claim.structure_id,
            "source_id": self.claim.source_id,
            "verdict": self.verdict,
            "verdict_with_own": self.with_own,
            "independent_lines": self.independent_lines,
            "probability": None if self.probability is None else round(self.probability, 4),
            "probability_with_own": None if self.probability_with_own is None else round(self.probability_with_own, 4),
            "because": self.because,
            "observations": list(self.observation_ids),
        }


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One item of the hypotheses matrix: readings by hypothesis id, and how well it tells them apart (0 to 1)."""

    item: str
    label: str
    source_ids: tuple[str, ...]
    readings: Mapping[str, str]
    why: Mapping[str, str]
    diagnosticity: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Analysis of competing hypotheses: rows most diagnostic first; ``inconsistency`` is the weighted count against
    each hypothesis over independent lines; ``least`` are the hypothesis ids with the least."""

    hypotheses: tuple[Hypothesis, ...]
    rows: tuple[MatrixRow, ...]
    inconsistency: Mapping[str, float]
    least: tuple[str, ...]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Observers or sources that contradict each other; every side is kept."""

    structure_id: str
    title: str
    sides: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    """(what this side says, observation or claim ids, source ids)"""


@dataclass(frozen=True, slots=True)
class Weighing:
    """Everything weighed."""

    findings: tuple[Assessment, ...]
    positions: tuple[EventPosition, ...]
    claims: tuple[ClaimVerdict, ...]
    matrix: Matrix | None
    disagreements: tuple[Disagreement, ...]
