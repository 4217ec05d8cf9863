"""What dating gives back: looks, brackets, transitions, histories.

Times are days since 1970-01-01T00:00Z (float64) in arrays and brackets; ``span.iso`` prints them. A look at a calendar day
enters with that whole day as its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteline.model.errors import BracketReversed
from siteline.model.span import iso

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one structure, placed in time and read as a canonical state.

    ``first``/``last`` bound the look (days; equal for an instant). ``state`` is canonical, or None when the look tells
    nothing about the state; ``word`` is what was written. ``reason`` says why a look could not decide, else "".
    """

    observation_id: str
    structure_id: str
    first: float
    last: float
    state: str | None
    word: str
    confidence: str
    observer: str
    source_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Bracket:
    """(after, by]: the looks that bound a transition; evidence only, no prior. Days; None = no look on that side.

    ``after`` is the start of the last look without the change, ``by`` the start of the first look with it (so both print
    as the scenes' own dates). Raises ``BracketReversed``.
    """

    after: float | None
    by: float | None

    def __post_init__(self) -> None:
        """Refuse a reversed bracket at birth."""
        if self.after is not None and self.by is not None and self.after > self.by:
            raise BracketReversed(iso(self.after), iso(self.by))

    @property
    def closed(self) -> bool:
        """Whether both sides are bounded by a look."""
        return self.after is not None and self.by is not None


@dataclass(frozen=True, slots=True)
class Posterior:
    """Distribution over the date of one transition, given that it happened.

    ``edges``: Float[n + 1], days, increasing. ``mass``: Float[n], sums to 1; piecewise uniform between edges.
    """

    edges: FloatArray
    mass: FloatArray

    def cdf(self, days: float) -> float:
        """P(transition before ``days``)."""
        return float(self.cdfs(np.array(days)))

    def cdfs(self, days: FloatArray) -> FloatArray:
        """P(transition before each of ``days``)."""
        cumulative = np.concatenate(([0.0], np.cumsum(self.mass)))
        shares: FloatArray = np.interp(days, self.edges, cumulative / cumulative[-1])
        return shares

    def quantile(self, share: float) -> float:
        """Date (days) by which the transition happened with probability ``share``."""
        cumulative = np.concatenate(([0.0], np.cumsum(self.mass)))
        return float(np.interp(share, cumulative / cumulative[-1], self.edges))

    def interval(self, share: float) -> tuple[float, float]:
        """Central interval (days, days) that holds ``share`` of the mass."""
        return self.quantile((1 - share) / 2), self.quantile((1 + share) / 2)


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state of one structure, with everything it rests on.

    ``before``/``after_state`` are the words the observers used; ``from_state``/``to_state`` the canonical ones.
    ``probability`` is P(the change happened inside the bracket); ``posterior`` is over its date, ``slow`` and ``fast`` the
    same with every prior rate divided and multiplied by five. ``deciding``, ``dissenting`` and ``unusable`` name
    observations: those that set the bracket's ends, those that say otherwise, and looks inside it that could not decide
    (obscured, state not stated, contested). ``by_pixels``: the date is that of the pixels, which owes nothing to prior
    rates: ``posterior``, ``slow`` and ``fast`` are one.
    """

    structure_id: str
    before: str
    after_state: str
    from_state: str
    to_state: str
    direction: str
    bracket: Bracket
    posterior: Posterior
    slow: Posterior
    fast: Posterior
    interval50: tuple[float, float]
    interval90: tuple[float, float]
    probability: float
    deciding: tuple[str, ...]
    dissenting: tuple[str, ...]
    unusable: tuple[str, ...]
    by_pixels: bool = False

    def before_range(self, days: float) -> tuple[float, float, float]:
        """P(change before ``days``): lowest, central and highest over prior rates times 1/5 to 5."""
        values = (self.slow.cdf(days), self.posterior.cdf(days), self.fast.cdf(days))
        return min(values), values[1], max(values)

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline date --json`` (dates ISO, UTC)."""
        return {
            "structure_id": self.structure_id,
            "from": self.before,
            "to": self.after_state,
            "direction": self.direction,
            "after": None if self.bracket.after is None else iso(self.bracket.after),
            "by": None if self.bracket.by is None else iso(self.bracket.by),
            "interval50": [iso(self.interval50[0]), iso(self.interval50[1])],
            "interval90": [iso(self.interval90[0]), iso(self.interval90[1])],
            "probability": round(self.probability, 4),
            "deciding": list(self.deciding),
            "dissenting": list(self.dissenting),
            "unusable": list(self.unusable),
            "by_pixels": self.by_pixels,
        }


@dataclass(frozen=True, slots=True)
class History:
    """The dated life of one structure.

    ``edges``: Float[n + 1], days. ``states``: Float[n, len(STATES)], P(state) in each step (columns in the order of
    ``states.STATES``). ``looks`` are all looks in time order; ``note`` says why there is nothing, where there is nothing.
    """

    structure_id: str
    looks: tuple[Look, ...]
    edges: FloatArray
    states: FloatArray
    transitions: tuple[Transition, ...]
    undated: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dating:
    """Histories by structure id, in the case's order."""

    histories: Mapping[str, History]

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Every transition of every structure."""
        return tuple(t for h in self.histories.values() for t in h.transitions)

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline date --json``."""
        structures = [
            {
                "structure_id": h.structure_id,
                "looks": len(h.looks),
                "usable": sum(look.state is not None for look in h.looks),
                "undated": list(h.undated),
                "state_now": _last_state(h),
                "note": h.note,
            }
            for h in self.histories.values()
        ]
        return {"structures": structures, "transitions": [t.to_json() for t in self.transitions]}


def _last_state(history: History) -> str | None:
    return next((look.word for look in reversed(history.looks) if look.state is not None), None)
