"""Claims that nothing changed, or that something went on, against the looks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from siteline.model.dated import Dating, Look
from siteline.model.records import Claim, Observation
from siteline.model.states import DIRECTIONS, canonical
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

    A claim without an end ("since August") speaks up to the next change that the looks show. For the whole site the
    verdict is at best "consistent": nobody looked at every structure.
    """
    low, high = span_of(claim)
    touching = overlapping(seen.dating, claim.structure_id, low, high)
    if high == float("inf"):
        later = [f.low for f in touching if f.low > low]
        high = min(later, default=high)
        touching = [f for f in touching if f.low < high and f.high > low]
    within = [f for f in touching if f.low >= low and f.high <= high]
    if within:
        ids = tuple(i for f in within for i in f.transition.deciding)
        what = within[0].transition
        told = f"Looks show a change ({_change(what.before, what.after_state)}) inside this time."
        return "contradicted", _quiet(touching, low, high), told, ids
    looks = [look for look in _usable(claim.structure_id, seen.dating) if look.last > low and look.first < high]
    if not looks:
        return "not testable", None, "No independent look with a state falls in this time.", ()
    share = _quiet(touching, low, high)
    ids = tuple(look.observation_id for look in looks)
    if touching:
        told = f"A change may fall in this time: its bracket reaches into it; without one, {percent(share)}."
        return ("consistent" if share >= 0.5 else "goes further than the evidence"), share, told, ids
    first, last = min(look.first for look in looks), max(look.last for look in looks)
    spanned = f"Looks from {day(first)} to {day(_last_day(last))} show no change"
    if claim.structure_id == SITE:
        return "consistent", share, f"{spanned} of any structure looked at; not every structure was.", ids
    near_start = low == float("-inf") or first <= claim.after.last_day
    near_end = high == float("inf") or claim.before.end is None or last >= claim.before.first_day
    if near_start and near_end:
        return "supported", share, f"{spanned}.", ids
    return "consistent", share, f"{spanned}; they do not reach both ends of the time claimed.", ids


def activity(claim: Claim, seen: Seen) -> Judged:
    """A claim that work or activity went on: supported by a look in that time that reports it."""
    low, high = span_of(claim)
    names = [w for w, d in DIRECTIONS.items() if d == claim.direction]
    if not names and claim.direction not in ("none", ""):
        return "not testable", None, f"Looks do not record {plain(claim.direction)}.", ()
    inside_it = [o for o in seen.observations if o.when.known and o.when.last_day > low and o.when.first_day < high]
    if names:
        matching = [o for o in inside_it if canonical(o.state, seen.vocabulary) in names]
    else:
        matching = [o for o in inside_it if o.activity.strip().lower() not in QUIET]
    if matching:
        what = f"{claim.direction} under way" if names else "activity"
        first = min(o.when.first_day for o in matching)
        told = f"{counted(len(matching), 'look')} in this time, the first on {day(first)}, found {what}."
        return "supported", None, told, tuple(o.observation_id for o in matching)
    changed = [
        f for f in overlapping(seen.dating, claim.structure_id, low, high) if f.transition.direction == claim.direction
    ]
    if changed:
        share = max(inside(f.transition.posterior, low, high) for f in changed)
        ids = tuple(i for f in changed for i in f.transition.deciding)
        told = f"No look catches it at work, but {claim.direction} is bracketed across this time ({percent(share)} in it)."
        return "consistent", share, told, ids
    if inside_it:
        ids = tuple(o.observation_id for o in inside_it)
        told = f"{counted(len(inside_it), 'look')} in this time found none; looks this far apart can miss short work."
        return "consistent" if not names else "not testable", None, told, ids
    return "not testable", None, "No independent look falls in this time.", ()


def _usable(structure_id: str, dating: Dating) -> list[Look]:
    histories = dating.histories.values() if structure_id == SITE else filter(None, [dating.histories.get(structure_id)])
    return [look for history in histories for look in history.looks if look.state is not None]


def _quiet(touching: list[Found], low: float, high: float) -> float:
    """P(no change in ``[low, high)``), changes taken as independent."""
    share = 1.0
    for found in touching:
        share *= 1.0 - found.transition.probability * inside(found.transition.posterior, low, high)
    return share


def _last_day(end: float) -> float:
    """The last day of looks that end (exclusive) at ``end``."""
    return float(math.ceil(end) - 1)


def _change(before: str, after: str) -> str:
    return f"{plain(before)} to {plain(after)}"
