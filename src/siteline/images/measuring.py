"""From a case to its measurements: scenes by stack, pixels around the structures, numbers kept in the case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.images.reach import Readings, site_within, structure_named, without_lost
from siteline.images.stackcubes import BANDS, bands_of, by_stack, dated_scenes, groups, stack_cube, tell_missing
from siteline.model.changed import Measured
from siteline.model.errors import BadInput, NoArea
from siteline.model.records import CaseData
from siteline.model.site import Site, site_of
from siteline.model.span import Span
from siteline.publish.words import plural

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, slots=True)
class MeasuredValues:
    """One ``measure`` over its usable ``looks``: the ``first`` value, the ``last``, the ``lowest`` and the ``highest``."""

    measure: str
    looks: int
    first: float
    last: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class MeasuredStack:
    """One structure in one stack: ``scenes`` there are, ``usable`` ones of them, the ``first`` and ``last`` of these (as the
    scenes state them, "" = none), the ``measures`` taken with their ``values``, and why scenes were not usable (``reasons``,
    the commonest first).
    """

    structure_id: str
    stack: str
    scenes: int
    usable: int
    first: str
    last: str
    measures: tuple[str, ...]
    reasons: tuple[str, ...]
    values: tuple[MeasuredValues, ...] = ()


@dataclass(frozen=True, slots=True)
class Measuring:
    """What ``measure`` kept: ``rows`` of measurements; ``stacks``; ``without``: structures that have no footprint;
    ``undated``: scenes left out because their date is none or only a limit (mosaics); ``outside``: structures that none of
    the ``scenes`` reaches."""

    rows: int
    stacks: tuple[MeasuredStack, ...]
    without: tuple[str, ...]
    undated: int
    outside: tuple[str, ...] = ()
    scenes: int = 0


def measure(
    case: Path,
    structures: Sequence[str] = (),
    *,
    res: float | None = None,
    bands: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    told: Callable[[str], None],
    progress: Callable[[int, int], None],
    who: str,
) -> Measuring:
    """Measure structures (all that have a footprint, or those named) in the scenes of a case within ``[start, end)``, UTC.

    Each stack is loaded at its own pixel size, or ``res`` metres, aligned to its clearest scene. Kept in place of earlier
    measurements of the same structures and stacks. Raises ``NoArea``, ``NoScenes``, ``BadInput``; ``FileTrouble``, also
    where no scene can be read: nothing is written then.
    """
    from siteline.store.case import Case
    from siteline.store.changed import keep_measured

    with Case.open(case) as opened:
        data = opened.data()
    dated, undated = dated_scenes(case, start, end)
    site, lost = site_within(data, dated)
    ids, lost = without_lost(chosen_structures(data, site_of(data), structures), lost, len(dated))
    before = period_start(data)
    rows: list[Measured] = []
    readings = Readings()
    for (name, pixel), members in by_stack(dated, res).items():
        chosen = bands_of(members, bands)
        tell_missing(name, bands, chosen, told)
        if bands and not chosen:
            continue
        for group, grid in groups(site, ids, pixel, len(members), len(chosen or BANDS)):
            listed = ", ".join(group[:3]) + (" ..." if len(group) > 3 else "")
            told(f"measuring {listed} in {plural(len(members), 'scene')} of {name}")
            cube = stack_cube(case, members, grid, chosen, pixel, progress)
            readings.take(cube)
            rows += _rows(cube, site, group, before)
    if bands and not rows:
        raise BadInput(f"no scene has a band {' or '.join(bands)}; leave bands out for those that most scenes have")
    readings.require(case, dated)
    with Case.open(case) as opened:
        keep_measured(opened, rows, who)
    return Measuring(len(rows), tuple(_summaries(rows)), without_footprint(data, site_of(data)), undated, lost, len(dated))


def _rows(cube: xarray.Dataset, site: Site, group: Sequence[str], before: float | None) -> tuple[Measured, ...]:
    from siteline.measure.table import measure as measured

    return measured(cube, site.footprints, before=before, only=tuple(group))


def without_footprint(data: CaseData, site: Site) -> tuple[str, ...]:
    """Structures that cannot be measured, for nobody said where they are."""
    return tuple(key for key in data.structures if key not in site.footprints and key != "site")


def chosen_structures(data: CaseData, site: Site, named: Sequence[str]) -> tuple[str, ...]:
    """The structures to measure, named by id or by name. Raises ``BadInput``, ``NoArea``."""
    named = [structure_named(data, name) for name in named]
    for structure_id in named:
        if structure_id not in data.structures:
            near = ", ".join(sorted(site.footprints)[:8])
            raise BadInput(f"the case has no structure {structure_id!r}; with footprints it has: {near or 'none'}")
        if structure_id not in site.footprints:
            raise NoArea(f"structure {structure_id!r} has no footprint", "give it one in structures.geojson and merge that")
    if not site.footprints:
        raise NoArea("no structure has a footprint", "give them footprints in structures.geojson and merge that")
    return tuple(dict.fromkeys(named)) or tuple(site.footprints)


def period_start(data: CaseData) -> float | None:
    """When the period of interest begins, in days, where the case says so: controls are chosen by what was before."""
    if not data.settings.period:
        return None
    start = Span.parse(data.settings.period[0])
    return start.first_day if start.start is not None else None


def _summaries(rows: Sequence[Measured]) -> Iterator[MeasuredStack]:
    """One entry per structure and stack, all of a structure together."""
    by_pair: dict[tuple[str, str], list[Measured]] = {}
    for row in rows:
        by_pair.setdefault((row.structure_id, row.stack), []).append(row)
    order = list(dict.fromkeys(structure_id for structure_id, _ in by_pair))
    for (structure_id, stack), found in sorted(by_pair.items(), key=lambda pair: order.index(pair[0][0])):
        looks = {row.scene_id: row for row in found}
        usable = sorted((r for r in found if r.value == r.value), key=lambda r: r.when)
        lost = [r.reasons.split("; ")[0] for s, r in looks.items() if s not in {u.scene_id for u in usable}]
        words = [reason.rstrip("0123456789 %") for reason in lost]
        yield MeasuredStack(
            structure_id=structure_id,
            stack=stack,
            scenes=len(looks),
            usable=len({r.scene_id for r in usable}),
            first=usable[0].acquired if usable else "",
            last=usable[-1].acquired if usable else "",
            measures=tuple(dict.fromkeys(r.measure for r in usable)),
            reasons=tuple(sorted(dict.fromkeys(words), key=lambda word: -words.count(word))),
            values=tuple(_values(usable)),
        )


def _values(usable: Sequence[Measured]) -> Iterator[MeasuredValues]:
    """Each measure of ``usable`` rows (sorted by time) in a few numbers."""
    for measure in dict.fromkeys(row.measure for row in usable):
        values = [row.value for row in usable if row.measure == measure]
        ends = [round(value, 6) for value in (values[0], values[-1], min(values), max(values))]
        yield MeasuredValues(measure, len(values), *ends)
