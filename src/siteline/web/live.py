"""The case kept read, dated and weighed in memory; a change brings only what it touches up to date.

The journal tells what changed, whoever changed it. A label re-dates its own structure; all else that is small is read
again. What moves the meaning of labels (settings, times of scenes, answers from pixels) reads the whole case again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from siteline.catalogue.items import scene_of
from siteline.dating.engine import date_observations
from siteline.dating.pixels import with_pixels
from siteline.model.changed import Detected
from siteline.model.dated import Dating, History
from siteline.model.imagery import FoundScene
from siteline.model.records import CaseData, Observation, Source
from siteline.model.scene import ImageScene
from siteline.model.tables import TABLES
from siteline.model.weighed import Weighing
from siteline.store.case import Case
from siteline.store.changed import detected, usable_shares
from siteline.store.imagery import found_scenes
from siteline.store.revision import Change, changes, revision, versions
from siteline.store.values import observations_of, without_observations
from siteline.weigh.weighing import weigh

_SMALL: Final = frozenset(("sources", "structures", "claims", "events", "statements", "hypotheses", "readings"))
"""Tables that say nothing about what a label means: a change in them moves no date."""

_VERSIONED: Final = tuple(table.name for table in TABLES if not table.derived)

_PARTS: Final = 16
"""Answers from a part of its looks that are kept of one structure."""

Looks = tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What the file says at one revision. ``images``: found scenes by id, as their items read; ``shares``: see
    ``usable_shares``; ``versions``: by table and key."""

    revision: int
    data: CaseData
    detected: tuple[Detected, ...]
    found: tuple[FoundScene, ...]
    images: Mapping[str, ImageScene]
    shares: Mapping[str, tuple[float, str]]
    versions: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Held(Read):
    """A case at one revision, answered. ``evidence``: ``data`` with the looks that its pixels add."""

    evidence: CaseData
    dating: Dating
    weighing: Weighing


class Live:
    """An open case and its answers. For one thread at a time: the one that made it."""

    def __init__(self, path: Path) -> None:
        """Open the case. Raises ``FileTrouble``."""
        self.case = Case.open(path)
        self._held: Held | None = None
        self._read: Read | None = None
        self._looks: dict[str, Observation] = {}
        self._pixels: dict[str, tuple[Looks, Looks, Mapping[str, Source]]] = {}
        self._answers = _Answers()

    def close(self) -> None:
        """Close the case."""
        self.case.close()

    def revision(self) -> int:
        """That of the file now. Raises ``FileTrouble``."""
        with self.case.reading() as db:
            return revision(db)

    def held(self) -> Held:
        """The case as it is now, read and dated as far as it changed. Raises ``FileTrouble``, ``BadRows``."""
        if self._held is not None and self._read is not None:
            with self.case.reading() as db:
                news = changes(db, self._read.revision)
                if not news:
                    return self._held
                small = all(_is_small(change) for change in news)
                self._read = self._moved(db, self._read, news) if small else None
        if self._read is None:
            self._read = self._whole()
        self._held = self._answered(self._read)
        return self._held

    def _whole(self) -> Read:
        """Everything, read anew."""
        case = self.case
        with case.reading() as db:
            at, kept = revision(db), versions(db, _VERSIONED)
        data, found = case.data(), found_scenes(case)  # what is written meanwhile comes after ``at``: it is read again
        self._looks = {o.observation_id: o for o in data.observations}
        self._pixels.clear()
        self._answers = _Answers()
        images = {f.scene_id: scene_of(f.stac, f.source) for f in found}
        return Read(at, data, detected(case), found, images, usable_shares(case), kept)

    def _moved(self, db: sqlite3.Connection, old: Read, news: Sequence[Change]) -> Read:
        """``old`` with the changes ``news`` in it."""
        tables = {change.table for change in news}
        data = old.data if tables == {"observations"} else without_observations(db)
        if "sources" in tables:
            self._pixels.clear()
        looked = [change for change in news if change.table == "observations"]
        fresh = observations_of(db, dict.fromkeys(change.key for change in looked), dict(data.scenes))
        for change in looked:
            if change.what == "delete" or change.key not in fresh:
                self._looks.pop(change.key, None)  # a row that was removed and put back comes last
        self._looks.update(fresh)
        kept = {table: {**old.versions[table]} for table in old.versions}
        for change in news:
            kept[change.table][change.key] = change.entry
        data = replace(data, observations=tuple(self._looks.values()))
        return replace(old, revision=news[-1].entry, data=data, versions=kept)

    def _answered(self, read: Read) -> Held:
        """What was read, dated where it changed, and weighed."""
        data, sources = read.data, dict(read.data.sources)
        added: list[Observation] = []
        groups = _grouped(data.structures, data.observations)
        for name in dict.fromkeys(found.structure_id for found in read.detected if found.structure_id in groups):
            looks, lent = self._from_pixels(read, name, groups[name])
            added += looks
            sources.update(lent)
            groups[name] += looks
        evidence = replace(data, observations=(*data.observations, *added), sources=sources) if added else data
        answers = self._answers
        dating = answers.dating(groups, evidence)

        def redate(observations: Sequence[Observation]) -> Dating:
            return answers.dating(_grouped(data.structures, observations), evidence)

        weighing = weigh(evidence, dating, redate)
        kept = {field.name: getattr(read, field.name) for field in fields(Read)}
        return Held(**kept, evidence=evidence, dating=dating, weighing=weighing)

    def _from_pixels(self, read: Read, name: str, own: Looks) -> tuple[Looks, Mapping[str, Source]]:
        """The looks that the pixels add to those of one structure, and their sources."""
        known = self._pixels.get(name)
        if known is None or known[0] != own:
            given = [found for found in read.detected if found.structure_id == name]
            made = with_pixels(replace(read.data, observations=own), given) if given else None
            looks = made.observations[len(own) :] if made else ()
            lent = {k: s for k, s in made.sources.items() if k not in read.data.sources} if made else {}
            known = self._pixels[name] = (own, looks, lent)
        return known[1], known[2]


class _Answers:
    """Histories by structure and the looks they rest on: the same looks are not dated twice."""

    def __init__(self) -> None:
        self._made: dict[str, list[tuple[Looks, History]]] = {}

    def dating(self, groups: Mapping[str, Looks], data: CaseData) -> Dating:
        """The dated histories of ``groups``, in their order."""
        stale = {name: looks for name, looks in groups.items() if self._known(name, looks) is None}
        if stale:
            every = [look for looks in stale.values() for look in looks]
            for name, history in date_observations(every, data.settings, tuple(stale)).histories.items():
                kept = self._made.setdefault(name, [])
                kept.append((stale[name], history))
                del kept[:-_PARTS]
        found = {name: self._known(name, looks) for name, looks in groups.items()}
        return Dating({name: history for name, history in found.items() if history is not None})

    def _known(self, name: str, looks: Looks) -> History | None:
        """That of the same looks; they are compared by identity first, so that this is quick."""
        return next((history for held, history in reversed(self._made.get(name, ())) if held == looks), None)


def _is_small(change: Change) -> bool:
    """Whether no label that was there means anything else after it; a scene that is new has none."""
    new_scene = change.table == "scenes" and change.what == "insert"
    return change.table in _SMALL or change.table == "observations" or new_scene


def _grouped(names: Iterable[str], observations: Sequence[Observation]) -> dict[str, Looks]:
    groups: dict[str, list[Observation]] = {name: [] for name in names}
    for look in observations:
        groups.setdefault(look.structure_id, []).append(look)
    return {name: tuple(own) for name, own in groups.items()}
