"""From a case to its map of change: one stack of scenes over the whole site, areas found and dated, written beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from siteline.images.gaps import changed_too
from siteline.images.opening import reader
from siteline.images.reach import Readings, site_within
from siteline.images.stackcubes import (
    MOST_BYTES,
    bands_of,
    by_stack,
    clearest,
    cube_bytes,
    dated_scenes,
    stack_cube,
    tell_missing,
)
from siteline.model.doubts import CalibrationDoubtful, tell
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene
from siteline.publish.words import plural

if TYPE_CHECKING:
    import xarray

    from siteline.detect.maps import ChangeLayers
    from siteline.detect.objects_in_time import ChangedArea
    from siteline.images.mapfiles import Theme

SHARE: Final = 0.05
"""P(a pixel changed) before its series is looked at."""

SCENES_AT_ONCE: Final = 8
"""Scenes of a block, where a cube is loaded in blocks."""


@dataclass(frozen=True, slots=True)
class MappedArea:
    """One area that changed. ``area_id`` names it for ``--keep``; ``outline_wkt``: EPSG:4326, along pixel edges.

    ``after``, ``by``: days since 1970 (UTC) of the looks that bound the change; ``interval95``: the same. ``probability``:
    of a change. ``size``: after minus before, mean over the bands, in ``Mapped.unit``. ``doubt``: what else changed in that
    gap.
    """

    area_id: str
    name: str
    outline_wkt: str
    after: float
    by: float
    interval95: tuple[float, float]
    probability: float
    size: float
    pixels: int
    area_m2: float
    doubt: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a map of change says: the ``stack`` it is made from, its ``scenes``, and those ``used``, with ground to see.

    ``pixels``: of the site; ``unknown``: seen too seldom to say anything. ``nominal``: share of unchanged pixels that may be
    reported; ``threshold``: the evidence (log Bayes factor) this asks for here; ``found``: pixels beyond it. ``areas``: the
    most evident first. ``files``: by name. ``kept``: ids of the structures that areas became, in the order they were named.
    """

    stack: str
    scenes: int
    used: int
    pixels: int
    unknown: int
    nominal: float
    threshold: float
    found: int
    unit: str
    areas: tuple[MappedArea, ...]
    files: Mapping[str, Path]
    doubts: tuple[str, ...]
    kept: tuple[str, ...]


def map_changes(
    case: Path,
    out: Path,
    *,
    stack: str = "",
    keep: Sequence[str] = (),
    nominal: float = 0.01,
    res: float | None = None,
    bands: Sequence[str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    theme: Theme = "light",
    told: Callable[[str], None],
    progress: Callable[[int, int], None],
    who: str,
) -> Mapped:
    """Map what changed on the whole site in the scenes of one stack within ``[start, end)``, UTC.

    ``stack``: its name, "" for the one of most scenes. Written into the folder ``out``: ``<case>-changes.gpkg`` (areas),
    three GeoTIFFs, a figure. ``keep``: areas (``area_id``) to adopt as structures, with their outlines. Raises ``NoArea``,
    ``NoScenes``, ``BadInput``, ``FileTrouble``. Warns ``CalibrationDoubtful`` where the images themselves change in the gap
    in which most pixels do.
    """
    from siteline.detect.maps import change_map
    from siteline.detect.objects_in_time import changed_areas
    from siteline.detect.prior import Prior
    from siteline.images.mapfiles import write_all
    from siteline.store.case import Case

    with Case.open(case) as opened:
        data = opened.data()
    name, pixel, members = _stack(case, stack, res, start, end)
    chosen = bands_of(members, bands)
    if bands and not chosen:
        raise BadInput(f"no scene of {name} has any of the bands {', '.join(bands)}")
    tell_missing(name, bands, chosen, told)
    grid = site_within(data, members)[0].grid(pixel)
    told(f"loading {plural(len(members), 'scene')} of {name}, {grid.width:,} x {grid.height:,} pixels")
    with _cube(case, members, grid, chosen, pixel, progress) as cube:
        readings = Readings()
        readings.take(cube)
        readings.require(case, members)
        told("weighing every pixel")
        layers = change_map(cube, Prior(change=SHARE), nominal=nominal, progress=progress)
        told("grouping and dating areas")
        made = tuple(_mapped(area, cube, grid) for area in changed_areas(layers)[0])
        _require(keep, made)
        doubts = _common_doubts(cube, layers)
        told("writing")
        files = write_all(case, out, grid, layers, made, data, members, theme)
    return Mapped(
        stack=name,
        scenes=len(members),
        used=int(layers.learned.stack.days.size),
        pixels=int(layers.evidence.size),
        unknown=int(np.isnan(layers.evidence).sum()),
        nominal=nominal,
        threshold=layers.threshold,
        found=int(layers.found.sum()),
        unit=layers.unit,
        areas=made,
        files=files,
        doubts=doubts,
        kept=_adopt(case, name, [area for key in keep for area in made if area.area_id == key], who),
    )


def _mapped(area: ChangedArea, cube: xarray.Dataset, grid: Grid) -> MappedArea:
    return MappedArea(
        area_id=area.name.replace(" ", "-"),
        name=area.name,
        outline_wkt=_degrees(area.outline, grid.crs),
        after=area.after,
        by=area.by,
        interval95=(area.lower, area.upper),
        probability=area.probability,
        size=float(np.mean(area.size)),
        pixels=area.pixels,
        area_m2=area.pixels * grid.res**2,
        doubt="; ".join(_between(cube, area.after, area.by)),
    )


def _require(keep: Sequence[str], made: Sequence[MappedArea]) -> None:
    """Raise ``BadInput`` for an area to keep that the map does not have."""
    missing = [key for key in keep if key not in {area.area_id for area in made}]
    if missing:
        there = ", ".join(area.area_id for area in made[:8]) or "none"
        raise BadInput(f"the map has no area {missing[0]!r} to keep; it has: {there}")


def _stack(
    case: Path, named: str, res: float | None, start: datetime | None, end: datetime | None
) -> tuple[str, float, list[ImageScene]]:
    """(name, pixel in metres, scenes) of the stack to map. Raises ``NoScenes``, ``BadInput``."""
    dated, _ = dated_scenes(case, start, end)
    found = by_stack(dated, res)
    if named and named not in {name for name, _ in found}:
        listed = ", ".join(sorted(name for name, _ in found))
        raise BadInput(f"the case has no scenes of {named!r}; it has: {listed}")
    chosen = {key: members for key, members in found.items() if named in ("", key[0])}
    (name, pixel), members = max(chosen.items(), key=lambda item: len(item[1]))
    return name, pixel, members


@contextmanager
def _cube(
    case: Path,
    members: Sequence[ImageScene],
    grid: Grid,
    bands: Sequence[str] | None,
    pixel: float,
    progress: Callable[[int, int], None],
) -> Iterator[xarray.Dataset]:
    """The cube in memory where it fits, else in blocks of whole rows that are read while the context is open."""
    from siteline.cube.load import load
    from siteline.detect.maps import BLOCK_BYTES

    count = len(bands or ()) or 6
    if cube_bytes(grid, len(members), count) <= MOST_BYTES:
        yield stack_cube(case, members, grid, bands, pixel, progress)
        return
    rows = max(1, BLOCK_BYTES // (4 * count * grid.width * len(members)))
    reference = None if members[0].sensor == "radar" or len(members) == 1 else clearest(members)
    chunks = {"time": SCENES_AT_ONCE, "y": min(rows, grid.height), "x": grid.width}
    with reader(case) as opened:
        yield load(members, grid, bands=bands, reader=opened, reference=reference, chunks=chunks, progress=progress)


def _degrees(outline: object, crs: str) -> str:
    import shapely
    from pyproj import Transformer

    project = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    flat = shapely.transform(outline, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
    return str(shapely.to_wkt(flat, rounding_precision=8))


def _between(cube: xarray.Dataset, after: float, by: float) -> list[str]:
    """What else changes between the scenes of two days, and stays changed."""
    days = cube["time"].values.astype("datetime64[ns]").astype(np.int64) / 86400e9
    if not (np.isfinite(after) and np.isfinite(by)):
        return []
    before, then = (int(np.argmin(np.abs(days - day))) for day in (after, by))
    return changed_too(cube, before, then)


def _common_doubts(cube: xarray.Dataset, layers: ChangeLayers) -> tuple[str, ...]:
    """Warn of what else changes in the gap in which most of the found pixels do."""
    from siteline.model.span import iso

    if not layers.found.any():
        return ()
    gaps = np.stack([layers.after[layers.found], layers.by[layers.found]])
    each, counts = np.unique(gaps, axis=1, return_counts=True)
    after, by = (float(day) for day in each[:, int(np.argmax(counts))])
    doubts = tuple(_between(cube, after, by))
    for doubt in doubts:
        tell(CalibrationDoubtful(f"most pixels change from {iso(after)} to {iso(by)}", doubt))
    return doubts


def _adopt(case: Path, stack: str, areas: Sequence[MappedArea], who: str) -> tuple[str, ...]:
    """Make areas structures of the case, in one journalled transaction; returns their ids, new ones where taken."""
    import shapely
    from shapely.geometry import mapping

    from siteline.model.span import iso
    from siteline.store.case import Case
    from siteline.store.geometry import to_blob

    if not areas:
        return ()
    kept: list[str] = []
    with Case.open(case) as opened:
        taken = set(opened.data().structures)
        with opened.writing(who) as db:
            for area in areas:
                tries = [area.area_id, *(f"{area.area_id}-{n}" for n in range(2, len(taken) + 3))]
                key = next(one for one in tries if one not in taken)
                taken.add(key)
                kept.append(key)
                note = f"Found by siteline map in {stack}: changed after {iso(area.after)}, by {iso(area.by)}."
                blob = to_blob(mapping(shapely.from_wkt(area.outline_wkt)))
                sql = "INSERT INTO structures (structure_id, name, kind, aliases, notes, geom) VALUES (?, ?, ?, ?, ?, ?)"
                db.execute(sql, (key, area.name, "changed area", "", note, blob))
    return tuple(kept)
