"""Small cases written by hand, for the tests of weighing."""

from __future__ import annotations

from collections.abc import Sequence

from siteline.dating.engine import date_observations
from siteline.model.dated import Dating
from siteline.model.records import CaseData, Claim, Event, Hypothesis, Observation, Reading, Source, Statement, Structure
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.model.weighed import ClaimVerdict, Weighing
from siteline.weigh.weighing import weigh

PLAIN = Settings()


def look(
    i: str, day: str, state: str, source: str = "a", *, at: str = "hall", activity: str = "", how: str = "high"
) -> Observation:
    return Observation(i, at, Span.parse(day), state, how, activity, "", source, "", source)


def claim(
    i: str, kind: str, after: str, before: str, direction: str, source: str, basis: str = "imagery", *, at: str = "hall"
) -> Claim:
    return Claim(i, at, kind, Span.parse(after), Span.parse(before), direction, f"claim {i}", source, basis)


def source(i: str, *repeats: str, publisher: str = "") -> Source:
    return Source(i, publisher or i.upper(), published=Span.parse("2020-12-31"), repeats=tuple(repeats))


def case(
    observations: Sequence[Observation],
    claims: Sequence[Claim] = (),
    sources: Sequence[Source] = (),
    events: Sequence[Event] = (),
    *,
    settings: Settings = PLAIN,
    statements: Sequence[Statement] = (),
    hypotheses: Sequence[Hypothesis] = (),
    readings: Sequence[Reading] = (),
) -> CaseData:
    named = {s.source_id: s for s in sources}
    for item in (*observations, *claims):
        named.setdefault(item.source_id, source(item.source_id))
    places = dict.fromkeys(o.structure_id for o in observations)
    return CaseData(
        settings,
        {name: Structure(name, name.title()) for name in places},
        {},
        named,
        tuple(observations),
        tuple(claims),
        {e.event_id: e for e in events},
        tuple(statements),
        tuple(hypotheses),
        tuple(readings),
    )


def weighed(data: CaseData) -> Weighing:
    def redate(observations: Sequence[Observation]) -> Dating:
        return date_observations(observations, data.settings, tuple(data.structures))

    return weigh(data, redate(data.observations), redate)


def verdict(data: CaseData, claim_id: str = "c") -> ClaimVerdict:
    return next(v for v in weighed(data).claims if v.claim.claim_id == claim_id)


REBUILT = (
    look("o1", "2020-01-10", "dismantled", "a"),
    look("o2", "2020-01-20", "being_rebuilt", "b"),
    look("o3", "2020-02-10", "complete", "b"),
)
"""A rebuilding that began after 10 and by 20 January 2020, seen by two publishers, done by 10 February."""
