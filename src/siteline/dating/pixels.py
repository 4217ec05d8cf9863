"""Changes found in the pixels as looks: observers name the states, the images say between which scenes one gave way to the
other.

The pixels know that something changed and when, not what it means. Where observers name one state before a change and
another after it, the scenes at the ends of its 99 % interval become two looks: the last scene still as before, the first as
after.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from math import floor
from typing import Final

from siteline.model.changed import ALL, Detected, PixelChange
from siteline.model.records import CaseData, Observation, Source
from siteline.model.span import Span, from_days, iso
from siteline.model.states import canonical

OBSERVER: Final = "siteline"
"""Who looked; its share of wrong looks is ``priors.NOISE[f"observer:{OBSERVER}"]``, or what the settings say."""

SHARE: Final = 0.99
"""Share of the posterior that the two looks enclose: what is left outside, half on each side, is the share of wrong
looks."""


def with_pixels(data: CaseData, detected: Sequence[Detected]) -> CaseData:
    """``data`` with the looks that ``detected`` adds, and a source for each structure they are about.

    A source of such looks repeats the sources whose labels it borrows: no claim of theirs is checked by it. Of several
    stacks the joint answer counts. Without labels on both sides, or with the same state on both, a change adds nothing here.
    """
    added: list[Observation] = []
    sources: dict[str, Source] = {}
    ids = {o.observation_id for o in data.observations}
    for found in _leading(detected):
        for n, change in enumerate(found.changes, start=1):
            pair = _labels(data, found.structure_id, change)
            if pair is None:
                continue
            key = _free(f"pixels:{found.structure_id}", data.sources)
            lent = {o.source_id for o in pair if o.source_id}
            known = sources.get(key)
            repeats = tuple(sorted(lent | set(known.repeats if known else ())))
            sources[key] = Source(key, "siteline", title="Dates of changes found in the pixels", repeats=repeats)
            added += _looks(found, change, pair, key, [_free(f"{key}:{n}:{side}", ids) for side in ("before", "after")])
    if not added:
        return data
    return replace(data, observations=(*data.observations, *added), sources={**data.sources, **sources})


def _leading(detected: Sequence[Detected]) -> list[Detected]:
    """One answer a structure: that of all stacks together, or that of its only stack."""
    by_structure: dict[str, list[Detected]] = {}
    for found in detected:
        by_structure.setdefault(found.structure_id, []).append(found)
    joint = (
        next((f for f in all_ if f.stack == ALL), all_[0] if len(all_) == 1 else None) for all_ in by_structure.values()
    )
    return [found for found in joint if found is not None]


def _labels(data: CaseData, structure_id: str, change: PixelChange) -> tuple[Observation, Observation] | None:
    """The last label before the change and the first after it, where they name different states."""
    first, last = _ends(change)
    told = [
        o
        for o in data.observations
        if o.structure_id == structure_id and o.when.known and canonical(o.state, data.settings.vocabulary) is not None
    ]
    # a label of a calendar day may be of the very scene that ends the interval; a vaguer one may be of either side
    early = [o for o in told if o.when.first_day <= first and o.when.last_day <= floor(first) + 1]
    late = [o for o in told if o.when.last_day >= last and o.when.first_day >= floor(last) and o.when.first_day > first]
    before, after = max(early, key=_start, default=None), min(late, key=_start, default=None)
    if before is None or after is None:
        return None
    words = data.settings.vocabulary
    return None if canonical(before.state, words) == canonical(after.state, words) else (before, after)


def _start(observation: Observation) -> float:
    return observation.when.first_day


def _ends(change: PixelChange) -> tuple[float, float]:
    """The looks that enclose ``SHARE`` of the posterior, days."""
    edges = [float(day) for day in change.posterior.edges]
    low, high = change.posterior.interval(SHARE)
    first = max((day for day in edges if day <= low), default=edges[0])
    last = min((day for day in edges if day >= high), default=edges[-1])
    return first, last


def _looks(
    found: Detected, change: PixelChange, pair: tuple[Observation, Observation], source: str, ids: Sequence[str]
) -> list[Observation]:
    told = ("still as before a change in the pixels", "as after a change in the pixels")
    made = []
    for key, day, label, words in zip(ids, _ends(change), pair, told, strict=True):
        instant = from_days(day)
        made.append(
            Observation(
                observation_id=key,
                structure_id=found.structure_id,
                when=Span(iso(day), instant, instant),
                state=label.state,
                confidence="high",
                paraphrase=f"{words}; the state is the one that {label.observation_id} names",
                source_id=source,
                observer=OBSERVER,
            )
        )
    return made


def _free(key: str, taken: Container[str]) -> str:
    """``key``, or the like of it that is not ``taken``."""
    n, free = 1, key
    while free in taken:
        n += 1
        free = f"{key} ({n})"
    return free
