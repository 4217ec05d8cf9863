"""Looks that siteline itself added after it found a change in the pixels: told apart from people's, and named in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from siteline.model.records import OBSERVER, PIXELS, CaseData, Observation
from siteline.publish.glyphs import clean
from siteline.publish.look import day_only

OWN: Final = "siteline, from pixels"
"""Who such a look is by, in every figure and table."""
_SIDE: Final = re.compile(r":(before|after)(?: \(\d+\))?$")
_SIDES: Final = {"before": "last scene before", "after": "first scene after"}


def is_own(observation_id: str, observer: str) -> bool:
    """Whether siteline added the look, as ``dating.pixels`` writes such looks."""
    return observer == OBSERVER and observation_id.startswith(PIXELS)


def own_looks(data: CaseData) -> list[Observation]:
    """The looks that siteline added, in the order of the case."""
    return [o for o in data.observations if is_own(o.observation_id, o.observer)]


def own_sources(data: CaseData) -> set[str]:
    """Sources that stand for such looks alone."""
    return {o.source_id for o in own_looks(data)} - {o.source_id for o in _by_people(data)}


def look_names(data: CaseData) -> dict[str, str]:
    """What each observation is called where it is linked to: its id, or in words: ``last scene before (9 Aug 2021)``."""
    return {o.observation_id: _name(o) for o in data.observations}


def side_words(observation: Observation) -> str:
    """Which scene a look of siteline's own is of, without its date."""
    side = _SIDE.search(observation.observation_id)
    return _SIDES[side[1]] if side else OWN


def _name(observation: Observation) -> str:
    if not is_own(observation.observation_id, observation.observer):
        return clean(observation.observation_id)
    when = observation.when
    return f"{side_words(observation)} ({day_only(when.first_day)})" if when.known else side_words(observation)


def _by_people(data: CaseData) -> Iterable[Observation]:
    return (o for o in data.observations if not is_own(o.observation_id, o.observer))
