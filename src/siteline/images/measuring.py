"""From a case to its measurements: scenes by stack, pixels around the structures, numbers kept in the case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.images.stackcubes import BANDS, bands_of, by_stack, dated_scenes, groups, stack_cube
from siteline.model.changed import Measured
from siteline.model.errors import BadInput, NoArea
from siteline.model.records import CaseData
from siteline.model.site import Site, site_of
from siteline.model.span import Span

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, slots=True)
class MeasuredStack:
    """One structure in one stack: ``scenes`` there are, ``usable`` ones of them, the ``first`` and ``last`` of these (as the
    scenes state them, "" = none), the ``measures`` taken, and why scenes were not usable (``reasons``, the commonest first).
    """

    structure_id: str
    stack: str
    scenes: int
    usable: int
    first: str
    last: str
    measures: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measuring:
    """What ``measure`` kept: ``rows`` of measurements; ``stacks``; ``without``: structures that have no footprint;
    ``undated``: scenes left out because their date is none or only a limit (mosaics)."""

    rows: int
    stacks: tuple[MeasuredStack, ...]
    without: tuple[str, ...]
    undated: int


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
    measurements of the same structures and stacks. Raises ``NoArea``, ``NoScenes``, ``BadInput``, ``FileTrouble``.
    """
    from siteline.store.case import Case
    from siteline.store.changed import keep_measured

    with Case.open(case) as opened:
        data = opened.data()
    site = site_of(data)
    ids = chosen_structures(data, site, structures)
    dated, undated = dated_scenes(case, start, end)
    before = period_start(data)
    rows: list[Measured] = []
    for (name, pixel), members in by_stack(dated, res).items():
        chosen = bands_of(members, bands)
        if bands and not chosen:
            told(f"{name} has none of the bands {', '.join(bands)}: left out")
            continue
        for group, grid in groups(site, ids, pixel, len(members), len(chosen or BANDS)):
            told(f"measuring {', '.join(group[:3])}{' ...' if len(group) > 3 else ''} in {len(members):,} scenes of {name}")
            cube = stack_cube(case, members, grid, chosen, pixel, progress)
            rows += _rows(cube, site, group, before)
    if bands and not rows:
        raise BadInput(f"no scene has a band {' or '.join(bands)}; leave bands out for those that most scenes have")
    with Case.open(case) as opened:
        keep_measured(opened, rows, who)
    return Measuring(len(rows), tuple(_summaries(rows)), without_footprint(data, site), undated)


def _rows(cube: xarray.Dataset, site: Site, group: Sequence[str], before: float | None) -> tuple[Measured, ...]:
    from siteline.measure.table import measure as measured

    return measured(cube, site.footprints, before=before, only=tuple(group))


def without_footprint(data: CaseData, site: Site) -> tuple[str, ...]:
    """Structures that cannot be measured, for nobody said where they are."""
    return tuple(key for key in data.structures if key not in site.footprints and key != "site")


def chosen_structures(data: CaseData, site: Site, named: Sequence[str]) -> tuple[str, ...]:
    """The structures to measure. Raises ``BadInput``, ``NoArea``."""
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
        )
