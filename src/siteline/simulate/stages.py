"""How far the works on a structure have come at a moment."""

from __future__ import annotations

from dataclasses import dataclass

from siteline.simulate.plan import Built, Metres

CLEARED_AHEAD = 1.6
"""Ground is cleared ahead of what is built, by this factor, until the whole footprint is."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a structure in one place: what lies from one end (0) of its outline to the other (1).

    ``shift``: metres from its first place. ``roof``, ``earth``: from where to where, along the outline's longer side.
    """

    shift: Metres
    roof: tuple[float, float]
    earth: tuple[float, float]


def stages(structure: Built, days: float) -> list[Stage]:
    """What of ``structure`` lies where, at ``days`` since 1970-01-01T00:00Z; bare earth stays where a thing stood."""
    place: Metres = (0.0, 0.0)
    here = Stage(place, (0.0, 1.0), (0.0, 0.0)) if structure.stands_at_first else None
    left: list[Stage] = []
    for work in structure.history:
        if days < work.start:
            break
        done = 1.0 if days >= work.end else (days - work.start) / work.days
        if work.what == "dismantled":
            here = Stage(place, (done, 1.0), (0.0, done))
        elif work.what == "moved":
            left.append(Stage(place, (done, 1.0), (0.0, done)))
            place = (place[0] + work.to[0], place[1] + work.to[1])
            here = _growing(place, done, 0.0)
        else:
            here = _growing(place, done, 1.0 if work.what == "rebuilt" else 0.0)
    return [*left, *([here] if here else [])]


def share_standing(structure: Built, days: float) -> float:
    """Share of the structure that stands, anywhere."""
    return max((max(0.0, stage.roof[1] - stage.roof[0]) for stage in stages(structure, days)), default=0.0)


def _growing(place: Metres, done: float, cleared: float) -> Stage:
    return Stage(place, (0.0, done), (done, max(cleared, min(1.0, CLEARED_AHEAD * done))))
