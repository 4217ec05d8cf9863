"""From a case to the changes of its structures: each against its own placebos, stack by stack, and all stacks together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from siteline.images.measuring import chosen_structures, period_start, without_footprint
from siteline.images.onestructure import SEED, Part, Settled, one_structure, settings
from siteline.images.reach import Readings, site_within, without_lost
from siteline.images.readycube import ready
from siteline.images.stackcubes import (
    AROUND_PX,
    MOST_BYTES,
    bands_of,
    by_stack,
    cube_bytes,
    dated_scenes,
    groups,
    stack_cube,
    tell_missing,
)
from siteline.model.changed import ALL, Detected, Measured, Trust
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.site import Site, site_of
from siteline.publish.words import plural


@dataclass(slots=True)
class Detecting:
    """What came of it: ``detected`` and ``trust`` as they are kept in the case; ``placebos``: log Bayes factors by structure
    and stack; ``without``: structures that have no footprint; ``outside``: those that none of the ``scenes`` reaches;
    ``replaced``: the answers kept before, all stacks together, in whose place other ones came."""

    detected: list[Detected] = field(default_factory=list)
    trust: list[Trust] = field(default_factory=list)
    placebos: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    scenes: int = 0
    replaced: list[Detected] = field(default_factory=list)

    @property
    def answers(self) -> dict[str, Detected]:
        """By structure: what all its stacks say together, or its only one."""
        return answers(self.detected)

    @property
    def silent(self) -> bool:
        """Whether nothing could be said of any structure."""
        return all(found.note or not found.scenes for found in self.answers.values())


def answers(detected: Sequence[Detected]) -> dict[str, Detected]:
    """By structure: what all its stacks say together, or its only one."""
    first: dict[str, Detected] = {}
    for found in detected:
        if found.stack == ALL:
            first[found.structure_id] = found
        first.setdefault(found.structure_id, found)
    return first


def detect(
    case: Path,
    structures: Sequence[str] = (),
    *,
    nominal: float = 0.05,
    power: bool = False,
    res: float | None = None,
    bands: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    told: Callable[[str], None],
    progress: Callable[[int, int], None],
    who: str,
) -> Detecting:
    """Find and date what changed on structures (all with a footprint, or those named) in scenes of ``[start, end)``, UTC.

    Every structure is laid in hundreds of places of the same images (placebos); their evidence sets the threshold, changes
    injected there set the width of intervals. ``nominal``: rate of false alarms to allow. ``power``: inject the whole range
    of sizes, contrasts and durations. Kept in the case, with the measurements, in place of earlier answers about the same
    structures. Raises ``NoArea``, ``NoScenes``, ``BadInput``; ``FileTrouble`` where no scene can be read: nothing is written
    then.
    """
    from siteline.measure.table import measure as measured
    from siteline.store.case import Case

    with Case.open(case) as opened:
        data = opened.data()
    dated, _ = dated_scenes(case, start, end)
    site, lost = site_within(data, dated)
    ids, lost = without_lost(chosen_structures(data, site_of(data), structures), lost, len(dated))
    settled = settings(nominal)
    done = Detecting(without=without_footprint(data, site_of(data)), outside=lost, scenes=len(dated))
    parts: dict[str, dict[str, Part]] = {}
    rows: list[Measured] = []
    readings = Readings()
    for (name, pixel), members in by_stack(dated, res).items():
        chosen = bands_of(members, bands)
        tell_missing(name, bands, chosen, told)
        if bands and not chosen:
            continue
        for group, grid in _cubes(site, ids, pixel, len(members), len(chosen or ()) or 6):
            told(f"loading {plural(len(members), 'scene')} of {name}")
            cube = stack_cube(case, members, grid, chosen, pixel, progress)
            readings.take(cube)
            told(f"{name}: {plural(len(group), 'structure')} against the same footprint elsewhere")
            rows += measured(cube, site.footprints, before=period_start(data), only=tuple(group))
            at = ready(cube, site, name, pixel)
            for n, key in enumerate(group):
                parts.setdefault(key, {})[name] = one_structure(at, key, settled, power=power)
                progress(n + 1, len(group))
    if not parts and bands:
        raise BadInput(f"no scene has a band {' or '.join(bands)}; leave bands out for those that most scenes have")
    readings.require(case, dated)
    for key in ids:
        _gather(done, key, parts.get(key, {}), settled)
    _keep(case, done, rows, who)
    return done


def _keep(case: Path, done: Detecting, rows: Sequence[Measured], who: str) -> None:
    """Keep what was found in place of earlier answers; those that said something else are noted."""
    from siteline.store.case import Case
    from siteline.store.changed import detected, keep_detected, keep_measured, keep_trust, trusted

    with Case.open(case) as opened:
        before, now = answers(detected(opened)), done.answers
        done.replaced = [before[key] for key in now if key in before and _told(before[key]) != _told(now[key])]
        done.trust = _with_earlier_power(done.trust, trusted(opened))
        keep_measured(opened, rows, who)
        keep_detected(opened, done.detected, who)
        keep_trust(opened, done.trust, who)


def _told(found: Detected) -> tuple[object, ...]:
    """What an answer says: its brackets to the minute, and whether it says anything."""
    brackets = [(change.bracket.after, change.bracket.by) for change in found.changes]
    return bool(found.note), [tuple(side and round(side, 3) for side in pair) for pair in brackets]


def _with_earlier_power(trust: Sequence[Trust], earlier: Sequence[Trust]) -> list[Trust]:
    """``trust`` with the power curves of an earlier run on the same images, which gave the same placebos."""
    known = {(old.structure_id, old.stack, old.placebos, old.threshold): old.power for old in earlier}
    return [
        new if new.power else replace(new, power=known.get((new.structure_id, new.stack, new.placebos, new.threshold), ()))
        for new in trust
    ]


def _cubes(site: Site, ids: Sequence[str], pixel: float, count: int, bands: int) -> list[tuple[list[str], Grid]]:
    """The whole site where it is small enough, for its many places; else the surroundings of the structures."""
    grid = site.grid(pixel, AROUND_PX * pixel)
    if cube_bytes(grid, count, bands) <= MOST_BYTES:
        return [(list(ids), grid)]
    return groups(site, ids, pixel, count, bands)


def _gather(done: Detecting, key: str, parts: Mapping[str, Part], settled: Settled) -> None:
    """One structure's stacks into ``done``, before them all together where there are several: if only one of them says
    something, that is what all say, and if none does, why the first does not."""
    from siteline.images.together import together

    saying = {name: part for name, part in parts.items() if part.own is not None}
    conflicts: Mapping[str, str] = {}
    if len(saying) > 1:
        joint, trust, conflicts = together(key, saying, settled.prior, settled.nominal, SEED)
        done.detected.append(joint)
        done.trust.append(trust)
    elif len(parts) > 1:
        part = next(iter((saying or parts).values()))
        done.detected.append(replace(part.detected, stack=ALL))
        done.trust.append(replace(part.trust, stack=ALL))
    for name, part in parts.items():
        done.detected.append(replace(part.detected, conflict=conflicts.get(name, "")))
        done.trust.append(part.trust)
        done.placebos[key, name] = part.evidence
