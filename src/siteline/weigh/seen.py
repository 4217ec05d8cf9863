"""Claims that nothing changed, or that something went on, against the looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from siteline.model.dated import Dating, Look
from siteline.model.records import Claim, Observation
from siteline.model.states import DIRECTIONS, STATES, canonical
from siteline.model.weighed import Verdict
from siteline.weigh.changes import SITE, Found, overlapping
from siteline.weigh.shifts import inside, span_of
from siteline.weigh.words import counted, day, percent, plain

Judged = tuple[Verdict, float | None, str, tuple[str, ...]]

QUIET = frozenset(("", "none", "not_stated"))
"""Entries of ``activity`` that report none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Observations (of the structure a claim is about, or of the whole site), their dating and the case's vocabulary."""

    observations: tuple[Observation, ...]
    dating: Dating
    vocabulary: Mapping[str, str]


def no_change(claim: Claim, seen: Seen) -> Judged:
    """A claim of no change is contradicted by a change bracketed wholly inside it, supported by looks at both its ends.

    It speaks of the time between its bounds; without an end ("since August") up to the next change that looks show. For the
    whole site the verdict is at best "consistent": nobody looked at every structure.
    """
    low = claim.after.last_day if claim.after.known else float("-inf")
    high = claim.before.first_day if claim.before.known else float("inf")
    if high == float("inf"):
        high = _next_change(claim.structure_id, seen.dating, low)
    if low >= high:
        return "not testable", None, "No time lies between its bounds.", ()
    touching = overlapping(seen.dating, claim.structure_id, low, high)
    share = _quiet(touching, low, high)
    if inner := [f for f in touching if f.low >= low and f.high <= high]:
        what = inner[0].transition
        told = f"Looks show a change ({plain(what.before)} to {plain(what.after_state)}) inside this time."
        return "contradicted", share, told, tuple(i for f in inner for i in f.transition.deciding)
    usable = _usable(claim.structure_id, seen.dating)
    looks = [look for look in usable if look.last >= low and look.first <= high]
    ids = tuple(look.observation_id for look in looks)
    dates = len({look.first for look in looks})
    if touching:
        if not looks:
            return "not testable", None, "No look with a state falls in this time.", ()
        told = "No look shows a change in this time, but the bracket of one reaches into it"
        told += f"; that none happened: {percent(share)}."
        if claim.structure_id == SITE or share >= 0.5:
            return "consistent", share, told, ids
        return "goes further than the evidence", share, told, ids
    if claim.structure_id == SITE:
        if not looks:
            return "not testable", None, "No look with a state falls in this time.", ()
        told = f"{counted(dates, 'date')} of looks, and no change of any structure looked at; not every structure was."
        return "consistent", share, told, ids
    return _spanned(usable, low, high)


def _spanned(usable: list[Look], low: float, high: float) -> Judged:
    """The verdict where no change reaches into ``(low, high)``: do looks stand at both ends?"""
    start = [look for look in usable if look.first <= low]
    end = [look for look in usable if look.last >= high]
    between = [look for look in usable if low < look.first and look.last < high]
    told = [*start[-1:], *between, *end[:1]]
    ids = tuple(dict.fromkeys(look.observation_id for look in told))
    if not told:
        return "not testable", None, "No look with a state falls in or around this time.", ()
    first, last = told[0], told[-1]
    if start and end and first.first < last.first:
        said = f"{plain(first.word)} on {day(first.first)} and {plain(last.word)} on {day(last.first)}, no change between"
        return "supported", 1.0, f"{said[0].upper()}{said[1:]}.", ids
    said = f"No change in {counted(len({look.first for look in told}), 'date')} of looks, but none stands at "
    return "consistent", None, said + ("its end." if start else "its start." if end else "either end."), ids


def activity(claim: Claim, seen: Seen) -> Judged:
    """A claim that work or activity went on: supported by a look in that time that reports it.

    Work that no look caught is judged by the likeliest moment for it in that time.
    """
    low, high = span_of(claim)
    names = [w for w, d in DIRECTIONS.items() if d == claim.direction]
    if not names and claim.direction not in ("none", ""):
        return "not testable", None, f"Looks do not record {plain(claim.direction)}.", ()
    inside_it = [o for o in seen.observations if o.when.known and o.when.last_day > low and o.when.first_day < high]
    if names:
        matching = [o for o in inside_it if canonical(o.state, seen.vocabulary) in names]
    else:
        matching = [o for o in inside_it if o.activity.strip().lower() not in QUIET]
    ids = tuple(o.observation_id for o in matching or inside_it)
    if matching:
        what = f"{claim.direction} under way" if names else "activity"
        first = min(o.when.first_day for o in matching)
        return "supported", None, f"{counted(len(matching), 'look')} in this time, the first on {day(first)}: {what}.", ids
    busy = [o for o in inside_it if o.activity.strip().lower() not in QUIET]
    if busy:
        told = f"{counted(len(busy), 'look')} in this time found activity, none of them {claim.direction} of this structure."
        return "consistent", None, told, tuple(o.observation_id for o in busy)
    share = _likeliest(claim.structure_id, seen.dating, names, low, high)
    if share is not None and share >= 0.5:
        told = (
            f"No look in this time caught {claim.direction}; those around it give {percent(share)} at its likeliest moment."
        )
        return "consistent", share, told, ids
    if not inside_it:
        return "not testable", None, "No look falls in this time.", ()
    told = f"{counted(len(inside_it), 'look')} in this time, none of it {plain(claim.direction) if names else 'activity'}"
    if share is not None and share < 0.05:
        return "goes further than the evidence", share, f"{told}; at its likeliest moment {percent(share)}.", ids
    return "not testable", share, f"{told}; looks this far apart can miss short work.", ids


def _next_change(structure_id: str, dating: Dating, low: float) -> float:
    """When the first-seen change after ``low`` is last known not to have happened; inf without one."""
    later = [f for f in overlapping(dating, structure_id, low, float("inf")) if f.low > low and f.high < float("inf")]
    return min(later, key=lambda f: (f.high, -f.low)).low if later else float("inf")


def _likeliest(structure_id: str, dating: Dating, names: list[str], low: float, high: float) -> float | None:
    """Highest P(a work state of ``names``) in ``[low, high)``; None where the dates do not reach."""
    history = dating.histories.get(structure_id)
    if history is None or not names or not len(history.states):
        return None
    within = (history.edges[1:] > low) & (history.edges[:-1] < high)
    if not within.any():
        return None
    columns = [STATES.index(name) for name in names]
    return float(history.states[within][:, columns].sum(axis=1).max())


def _usable(structure_id: str, dating: Dating) -> list[Look]:
    histories = dating.histories.values() if structure_id == SITE else filter(None, [dating.histories.get(structure_id)])
    return [look for history in histories for look in history.looks if look.state is not None]


def _quiet(touching: list[Found], low: float, high: float) -> float:
    """P(no change in ``[low, high)``), changes taken as independent."""
    share = 1.0
    for found in touching:
        share *= 1.0 - found.transition.probability * inside(found.transition.posterior, low, high)
    return share
