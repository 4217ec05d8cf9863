"""What further lines of evidence do to a date: reported, not seen by us, and therefore discounted.

A report that the change fell inside an interval multiplies the posterior by 1 inside it and by ``(1 - r) / r`` outside,
``r`` being how often such a report is right (Good 1950: weight of evidence). The values of ``r`` are judgements, declared
here with their reasons and varied by 0.1 both ways; they are not measured. Several reports of one kind count as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from siteline.model.dated import FloatArray, Posterior, Transition
from siteline.model.records import Claim, Event
from siteline.model.weighed import LineShift


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report: its label, how often it is right, and why that is believed."""

    label: str
    reliability: float
    why: str


KINDS: Final[dict[str, Kind]] = {
    "imagery": Kind(
        "Other providers' images, as cited",
        0.75,
        "first-hand looks, but the dates of the images are not published, so nobody can repeat the reading",
    ),
    "materials": Kind(
        "Dated arrival of materials",
        0.65,
        "a dated, concrete sign; drawn from the same provider's images and a step before building, not building itself",
    ),
    "official": Kind(
        "Officials",
        0.60,
        "may rest on better sources, which are not shown; statements may share one source and may serve a purpose",
    ),
}
DOUBT: Final = 0.1


def span_of(claim: Claim) -> tuple[float, float]:
    """The claim's interval in days: from the start of its ``after`` to the end of its ``before``; infinite where blank."""
    low = claim.after.first_day
    return low, claim.before.last_day


def inside(posterior: Posterior, low: float, high: float) -> float:
    """P(change in ``[low, high)``)."""
    upper = posterior.cdf(high) if np.isfinite(high) else 1.0
    return max(0.0, upper - (posterior.cdf(low) if np.isfinite(low) else 0.0))


def reweighted(posterior: Posterior, groups: Sequence[tuple[float, Sequence[Claim]]]) -> Posterior:
    """``posterior`` times the likelihood of each (reliability, claims) group; claims of a group are averaged in logs."""
    bounds = [x for _, claims in groups for claim in claims for x in span_of(claim) if np.isfinite(x)]
    first, last = float(posterior.edges[0]), float(posterior.edges[-1])
    cuts = [x for x in bounds if first < x < last]
    edges: FloatArray = np.unique(np.concatenate((posterior.edges, np.array(cuts, dtype=np.float64))))
    middle = (edges[1:] + edges[:-1]) / 2
    mass = np.diff(posterior.cdfs(edges))
    log_weight = np.zeros_like(middle)
    for reliability, claims in groups:
        for claim in claims:
            low, high = span_of(claim)
            out = (middle < low) | (middle >= high)
            log_weight += np.where(out, np.log((1 - reliability) / reliability), 0.0) / len(claims)
    mass = mass * np.exp(log_weight)
    return Posterior(edges, mass / mass.sum())


def gather(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """First-hand claims by kind, in the order of ``KINDS``; repeats and inferences add no evidence and are left out."""
    found: dict[str, list[Claim]] = {kind: [c for c in claims if c.basis == kind] for kind in KINDS}
    return {kind: given for kind, given in found.items() if given}


def shifts(transition: Transition, event: Event, claims: Sequence[Claim]) -> tuple[LineShift, ...]:
    """How P(change before ``event``) moves as lines are added one by one; the first row is the bracket's own date alone,
    from the pixels or the prior rates."""
    start = event.when.first_day
    low, centre, high = transition.before_range(start)
    alone = "The pixels alone" if transition.by_pixels else "The prior alone, at declared rates"
    rows = [LineShift(alone, (), centre, low, high)]
    used: list[tuple[str, list[Claim]]] = []
    for kind, given in gather(claims).items():
        used.append((kind, given))
        values = []
        for posterior in (transition.slow, transition.posterior, transition.fast):
            for shift in (-DOUBT, 0.0, DOUBT):
                groups = [(min(0.95, max(0.5, KINDS[k].reliability + shift)), c) for k, c in used]
                values.append(reweighted(posterior, groups).cdf(start))
        ids = tuple(claim.claim_id for claim in given)
        rows.append(LineShift(KINDS[kind].label, ids, values[4], min(values), max(values)))
    return tuple(rows) if len(rows) > 1 else ()
