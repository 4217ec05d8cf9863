"""Which dated transition a claim speaks of, and between which dates the looks leave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from siteline.model.dated import Dating, Transition
from siteline.model.records import Claim
from siteline.weigh.shifts import inside, span_of

SITE = "site"
"""The structure id that stands for the whole place."""

WORK = frozenset(("being_built", "being_dismantled", "being_rebuilt"))
DIRECTIONS = frozenset(("construction", "dismantling", "rebuilding"))


@dataclass(frozen=True, slots=True)
class Found:
    """The transition a claim is held against. ``low``/``high``: days that bound it, infinite where no look does; the
    upper bound is the end of the day of the first look with the change, since the hour of a day look is unknown."""

    transition: Transition
    low: float
    high: float

    def probability(self, claim: Claim) -> float:
        """P(the change falls in the claim's interval), given that it happened."""
        return inside(self.transition.posterior, *span_of(claim))


def find(claim: Claim, dating: Dating) -> Found | None:
    """The transition that a began or ended claim is about, or None.

    For the site: its first beginning or last end, and of changes first seen on one date the best bounded one, because a
    structure that nobody looked at says nothing about the others.
    """
    if claim.direction not in DIRECTIONS or claim.claim_type not in ("began", "ended"):
        return None
    if claim.structure_id != SITE:
        history = dating.histories.get(claim.structure_id)
        found = _of(history.transitions if history else (), claim)
        return None if found is None else bounded(found)
    each = [t for h in dating.histories.values() if (t := _of(h.transitions, claim)) is not None]
    with_by = [t for t in each if t.bracket.by is not None]
    if not with_by:
        return bounded(each[0]) if each else None
    key = _when_seen
    return bounded(
        min(with_by, key=key) if claim.claim_type == "began" else max(with_by, key=lambda t: (key(t)[0], -key(t)[1]))
    )


def bounded(transition: Transition) -> Found:
    """``transition`` with its bounds as numbers."""
    bracket = transition.bracket
    low = float("-inf") if bracket.after is None else bracket.after
    # A day look enters with its whole day, and the posterior ends where that day ends.
    high = float("inf") if bracket.by is None else max(bracket.by, float(transition.posterior.edges[-1]))
    return Found(transition, low, high)


def overlapping(dating: Dating, structure_id: str, low: float, high: float) -> list[Found]:
    """Transitions of a structure (or of all, for the site) whose bounds share time with ``[low, high)``."""
    names = list(dating.histories) if structure_id == SITE else [structure_id]
    histories = [dating.histories[name] for name in names if name in dating.histories]
    found = [bounded(t) for h in histories for t in h.transitions]
    return [f for f in found if f.low < high and f.high > low]


def _of(transitions: Sequence[Transition], claim: Claim) -> Transition | None:
    same = [t for t in transitions if t.direction == claim.direction]
    began = claim.claim_type == "began"
    fitting = [t for t in same if (t.to_state in WORK) == began] or ([] if began and len(same) > 1 else same)
    if not fitting:
        return None
    # A structure may go through the same change twice in its life: the claim speaks of the one it fits best.
    best = max(inside(t.posterior, *span_of(claim)) for t in fitting)
    likely = [t for t in fitting if inside(t.posterior, *span_of(claim)) >= best - 1e-9]
    return likely[0] if began else likely[-1]


def _when_seen(transition: Transition) -> tuple[float, float]:
    bracket = transition.bracket
    return bracket.by or 0.0, float("inf") if bracket.after is None else -bracket.after
