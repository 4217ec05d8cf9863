"""Published claims held against looks that do not come from their own line of sources.

Each claim is judged twice: on independent looks, and on all looks. The rules, in order, for a claim that something began or
ended (``E`` = the time that the looks leave open for the change):

1. no such change in the looks: not testable;
2. claim and ``E`` share no time: contradicted;
3. a claim that rests on no look of its own, bounded by a day that nothing in the case carries: goes further;
4. the claim holds all of ``E``: supported; all of what is left when its own looks count too: consistent;
5. the claim narrows ``E``: consistent if the change falls in it with at least ``ENOUGH`` once other first-hand reports
   count (for a source that only repeats: on all looks alone; for one that looked for itself ``NOT_AGAINST`` will do,
   because it adds a look that nobody else has), else goes further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from siteline.model.dated import Dating
from siteline.model.records import CaseData, Claim, Observation
from siteline.model.weighed import ClaimVerdict, Verdict
from siteline.weigh.changes import SITE, Found, find
from siteline.weigh.lines import Lines
from siteline.weigh.seen import Seen, activity, no_change
from siteline.weigh.shifts import KINDS, gather, inside, reweighted, span_of
from siteline.weigh.words import day, percent, within

Redate = Callable[[Sequence[Observation]], Dating]

ENOUGH: Final = 0.55
"""Where "likely" begins in ICD 203: a claim that narrows the looks' answer is borne only from there."""

NOT_AGAINST: Final = 0.20
"""Below it, ICD 203 says "very unlikely": from there on the other evidence speaks against a look."""

LOOKED: Final = frozenset(("imagery", "materials"))
"""Bases of claims that bring a look of their own."""

BORROWED: Final = frozenset(("repeat", "inference", ""))
"""Bases that add no look: their bounds must come from somewhere that can be named."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """One judgement: verdict, P(claim) or None, why, and the observations it rests on."""

    verdict: Verdict
    probability: float | None
    because: str
    observation_ids: tuple[str, ...]


class Judge:
    """Judges the claims of one case; dates without a line of sources once per line and structure."""

    def __init__(self, data: CaseData, dating: Dating, redate: Redate, lines: Lines) -> None:
        """``dating`` is that of all observations; ``redate`` dates a part of them."""
        self._data, self._dating, self._redate, self._lines = data, dating, redate, lines
        self._made: dict[tuple[str, frozenset[str]], Dating] = {}
        self._anchors = _anchors(data)
        self._source_of = {o.observation_id: o.source_id for o in data.observations}

    def verdict(self, claim: Claim) -> ClaimVerdict:
        """The verdict on one claim, without and with its own line's looks."""
        about = tuple(o for o in self._data.observations if claim.structure_id in (SITE, o.structure_id))
        independent = self._lines.independent_of(claim.source_id, about)
        without = self._without(claim, about, independent)
        alone = self._judge(claim, Seen(independent, without, self._data.settings.vocabulary), own=False)
        full = self._judge(claim, Seen(about, self._dating, self._data.settings.vocabulary), own=True)
        if _only_narrower(claim, alone, full):
            because = f"{alone.because} The claim is narrower, as its own line's looks are."
            alone = replace(alone, verdict="consistent", because=because)
        because = alone.because
        if full.verdict != alone.verdict:
            because += f" With the looks of its own line: {full.verdict}."
        return ClaimVerdict(
            claim=claim,
            verdict=alone.verdict,
            with_own=full.verdict,
            probability=alone.probability,
            probability_with_own=full.probability,
            independent_lines=self._lines.count(self._source_of.get(i, "") for i in alone.observation_ids),
            because=because,
            observation_ids=alone.observation_ids or full.observation_ids,
        )

    def _without(self, claim: Claim, about: tuple[Observation, ...], independent: tuple[Observation, ...]) -> Dating:
        if len(independent) == len(about):
            return self._dating
        key = (claim.structure_id, frozenset(o.observation_id for o in independent))
        if key not in self._made:
            self._made[key] = self._redate(independent)
        return self._made[key]

    def _judge(self, claim: Claim, seen: Seen, *, own: bool) -> _Judged:
        low, high = span_of(claim)
        if low == float("-inf") and high == float("inf"):
            return _Judged("not testable", None, "It gives no dates.", ())
        if claim.claim_type == "no_change":
            return _Judged(*no_change(claim, seen))
        if claim.claim_type == "activity":
            return _Judged(*activity(claim, seen))
        found = find(claim, seen.dating)
        if found is None:
            return _Judged("not testable", None, f"No {_which(own)} shows such a change.", ())
        return self._dated(claim, found, own=own)

    def _dated(self, claim: Claim, found: Found, *, own: bool) -> _Judged:
        """Rules 2 to 5 of the module's head."""
        low, high = span_of(claim)
        transition, share = found.transition, found.probability(claim)
        where = within(transition.bracket.after, transition.bracket.by)
        start = f"{_subject(own)} put the change {where}."
        ids = transition.deciding
        if high <= found.low or low >= found.high:
            return _Judged("contradicted", share, f"{start} None of that lies in the time claimed.", ids)
        loose = self._unanchored(claim)
        if loose:
            reason = f"Its bound {loose} is the date of no image, event or publication in this case."
            return _Judged("goes further than the evidence", share, f"{reason} {start}", ids)
        if low <= found.low and high >= found.high:
            return _Judged("supported", share, f"{start} The claim holds all of that.", ids)
        with_all = None if own else find(claim, self._dating)
        if with_all is not None and low <= with_all.low and high >= with_all.high:
            return _Judged("consistent", share, f"{start} The claim is narrower, as its own line's looks are.", ids)
        return self._narrower(claim, found if own else with_all or found, share, start, ids, found)

    def _narrower(self, claim: Claim, full: Found, share: float, start: str, ids: tuple[str, ...], found: Found) -> _Judged:
        """Rule 5. ``full``: the change as all looks leave it, by which a source that only repeats is judged."""
        by = "pixels" if found.transition.by_pixels else "prior alone"
        told = f"{start} The claim narrows this to a part that holds {percent(share)} of the probability, by the {by}"
        if claim.basis == "repeat":
            borne = full.probability(claim)
            told += f"; with the looks of those it repeats, {percent(borne)}." if full is not found else "."
        else:
            others = self._others(claim)
            groups = [(KINDS[kind].reliability, given) for kind, given in gather(others).items()]
            borne = inside(reweighted(found.transition.posterior, groups), *span_of(claim)) if groups else share
            told += f"; with other first-hand reports, {percent(borne)}." if groups else "."
        needed = NOT_AGAINST if claim.basis in LOOKED else ENOUGH
        return _Judged("consistent" if borne >= needed else "goes further than the evidence", share, told, ids)

    def _others(self, claim: Claim) -> list[Claim]:
        """First-hand claims about the same change from other lines."""
        own = self._lines.own(claim.source_id)
        return [
            other
            for other in self._data.claims
            if (other.claim_type, other.direction) == (claim.claim_type, claim.direction)
            and (SITE in (other.structure_id, claim.structure_id) or other.structure_id == claim.structure_id)
            and not self._lines.own(other.source_id) & own
        ]

    def _unanchored(self, claim: Claim) -> str:
        """The first day-precise bound of a borrowed claim that nothing in the case carries; else ""."""
        if claim.basis not in BORROWED:
            return ""
        for bound in (claim.after, claim.before):
            if bound.known and bound.is_day and int(bound.first_day) not in self._anchors:
                return day(bound.first_day)
        return ""


def _only_narrower(claim: Claim, alone: _Judged, full: _Judged) -> bool:
    """Whether a first-hand claim of quiet goes further than independent looks only because its own looks are denser."""
    return (
        claim.claim_type == "no_change"
        and claim.basis in KINDS
        and alone.verdict == "goes further than the evidence"
        and full.verdict in ("supported", "consistent")
    )


def _anchors(data: CaseData) -> frozenset[int]:
    """Days (since 1970) on which the case has a scene, a look, an event's start or end, or a publication."""
    spans = [
        *(o.when for o in data.observations),
        *(s.when for s in data.scenes.values()),
        *(e.when for e in data.events.values()),
        *(s.published for s in data.sources.values()),
    ]
    known = [span for span in spans if span.known]
    # The last day of a half-open span is the one before its end.
    last = (int(span.last_day - (0.0 if span.is_instant else 1e-6)) for span in known)
    return frozenset((*(int(span.first_day) for span in known), *last))


def _which(own: bool) -> str:
    return "look" if own else "look independent of this source"


def _subject(own: bool) -> str:
    return "All looks" if own else "Looks independent of this source"
