"""Changes found in the pixels as looks: observers name the states, the images say between which scenes one gave way to the
other.

The pixels know that something changed and when, not what it means. Where observers name one state before a change and
another after it, the scenes at the ends of its 99 % interval become two looks: the last scene still as before, the first as
after. The second of them carries the posterior over the date, which takes the place of one that prior rates alone would
spread over the bracket. Of two changes with no label between them only the outer looks are told: what lay between has no
name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Final

import numpy as np

from siteline.model.changed import ALL, Detected, PixelChange
from siteline.model.dated import History, Posterior, Transition
from siteline.model.records import OBSERVER, PIXELS, CaseData, Observation, PixelDate, Source
from siteline.model.span import Span, from_days, iso
from siteline.model.states import canonical

SHARE: Final = 0.99
"""Share of the posterior that the two looks enclose."""


def with_pixels(data: CaseData, detected: Sequence[Detected]) -> CaseData:
    """``data`` with the looks that ``detected`` adds, and a source for each structure they are about.

    A source of such looks repeats the sources whose labels it borrows: no claim of theirs is checked by it. Of several
    stacks the joint answer counts. Without labels on both sides, or with the same state on both, a change adds nothing here.
    """
    added: list[Observation] = []
    sources: dict[str, Source] = {}
    ids = {o.observation_id for o in data.observations}
    for found in _leading(detected):
        key = _free(f"{PIXELS}{found.structure_id}", data.sources)
        for run in _runs(data, found):
            pair = _labels(data, found.structure_id, (_ends(run[0][1])[0], _ends(run[-1][1])[1]))
            if pair is None:
                continue
            lent = {o.source_id for o in pair if o.source_id}
            known = sources.get(key)
            repeats = tuple(sorted(lent | set(known.repeats if known else ())))
            sources[key] = Source(key, "siteline", title="Dates of changes found in the pixels", repeats=repeats)
            names = (_free(f"{key}:{run[0][0]}:before", ids), _free(f"{key}:{run[-1][0]}:after", ids))
            added += _looks(found, [change for _, change in run], pair, key, names)
    if not added:
        return data
    return replace(data, observations=(*data.observations, *added), sources={**data.sources, **sources})


def dated(history: History, observations: Iterable[Observation]) -> History:
    """``history`` with the dates of the pixels where two looks that they added bound a change.

    Prior rates say how such things come about in general; the posterior of the pixels has seen this one. A bracket that
    another look makes narrower is left to that look and the rates.
    """
    known = {(o.pixel_date.since, o.observation_id): o.pixel_date for o in observations if o.pixel_date is not None}
    if not known:
        return history
    days = {look.observation_id: look.first for look in history.looks}
    return replace(history, transitions=tuple(_by_pixels(t, known, days) for t in history.transitions))


def _by_pixels(transition: Transition, known: Mapping[tuple[str, str], PixelDate], days: Mapping[str, float]) -> Transition:
    deciding = set(transition.deciding)
    pair = next((pair for pair in known if set(pair) <= deciding), None)
    if pair is None:
        return transition
    whole = Posterior(np.array(known[pair].edges), np.array(known[pair].mass))
    # its own two looks, not the bracket: beside a label of a calendar day that begins with the day
    start, end = days[pair[0]], days[pair[1]]
    inside = _within(whole, start, end)
    return replace(
        transition,
        posterior=inside,
        slow=inside,
        fast=inside,
        interval50=inside.interval(0.5),
        interval90=inside.interval(0.9),
        probability=whole.cdf(end) - whole.cdf(start),
        by_pixels=True,
    )


def _within(whole: Posterior, start: float, end: float) -> Posterior:
    """The part of a posterior from ``start`` to ``end``, days, where most of it lies."""
    inner = whole.edges[(whole.edges > start) & (whole.edges < end)]
    edges = np.concatenate(([start], inner, [end]))
    mass = np.diff(whole.cdfs(edges))
    return Posterior(edges, mass / mass.sum())


def _leading(detected: Sequence[Detected]) -> list[Detected]:
    """One answer a structure: that of all stacks together, or that of its only stack."""
    by_structure: dict[str, list[Detected]] = {}
    for found in detected:
        by_structure.setdefault(found.structure_id, []).append(found)
    joint = (
        next((f for f in all_ if f.stack == ALL), all_[0] if len(all_) == 1 else None) for all_ in by_structure.values()
    )
    return [found for found in joint if found is not None]


def _runs(data: CaseData, found: Detected) -> list[list[tuple[int, PixelChange]]]:
    """The changes, numbered from 1, those with no label between them together."""
    runs: list[list[tuple[int, PixelChange]]] = []
    for n, change in enumerate(found.changes, start=1):
        if runs and not _between(data, found.structure_id, _ends(runs[-1][-1][1])[1], _ends(change)[0]):
            runs[-1].append((n, change))
        else:
            runs.append([(n, change)])
    return runs


def _between(data: CaseData, structure_id: str, start: float, end: float) -> bool:
    """Whether a label was given from ``start`` to ``end``, days."""
    return any(
        o.when.last_day >= start and floor(start) <= o.when.first_day <= end and o.when.last_day <= floor(end) + 1
        for o in _telling(data, structure_id)
    )


def _telling(data: CaseData, structure_id: str) -> list[Observation]:
    """Dated looks at a structure that name its state."""
    words = data.settings.vocabulary
    return [
        o
        for o in data.observations
        if o.structure_id == structure_id and o.when.known and canonical(o.state, words) is not None
    ]


def _labels(data: CaseData, structure_id: str, ends: tuple[float, float]) -> tuple[Observation, Observation] | None:
    """The last label before ``ends`` and the first after them, where they name different states."""
    first, last = ends
    told = _telling(data, structure_id)
    # a label of a calendar day may be of the very scene that ends the interval; a vaguer one may be of either side
    early = [o for o in told if o.when.first_day <= first and o.when.last_day <= floor(first) + 1]
    late = [o for o in told if o.when.last_day >= last and o.when.first_day >= floor(last) and o.when.first_day > first]
    before, after = max(_firmest(early), key=_start, default=None), min(_firmest(late), key=_start, default=None)
    if before is None or after is None:
        return None
    words = data.settings.vocabulary
    return None if canonical(before.state, words) == canonical(after.state, words) else (before, after)


def _firmest(labels: list[Observation]) -> list[Observation]:
    """Those that are not of low confidence, where there are any: what is lent must be worth lending."""
    return [label for label in labels if label.confidence != "low"] or labels


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
    found: Detected,
    run: Sequence[PixelChange],
    pair: tuple[Observation, Observation],
    source: str,
    ids: tuple[str, str],
) -> list[Observation]:
    told = ("still as before a change in the pixels", "as after a change in the pixels")
    days = (_ends(run[0])[0], _ends(run[-1])[1])
    whole = run[0].posterior
    # two changes that no label parts have no date of their own between two names
    date = PixelDate(ids[0], tuple(whole.edges.tolist()), tuple(whole.mass.tolist())) if len(run) == 1 else None
    made = []
    for key, day, label, words, own in zip(ids, days, pair, told, (None, date), strict=True):
        instant = from_days(day)
        made.append(
            Observation(
                observation_id=key,
                structure_id=found.structure_id,
                when=Span(iso(day), instant, instant),
                state=label.state,
                confidence=label.confidence,  # no surer than the label it borrows
                paraphrase=f"{words}; the state is the one that {label.observation_id} names",
                source_id=source,
                observer=OBSERVER,
                pixel_date=own,
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
