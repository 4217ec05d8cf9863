"""Scenes of a case by stack, and the cubes around its structures: what measuring and detecting both begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from siteline.images.opening import DEFAULT_RES_M, reader, scenes
from siteline.model.errors import NoScenes
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene
from siteline.model.site import Site

if TYPE_CHECKING:
    import xarray

BANDS: Final = ("blue", "green", "red", "nir", "swir16", "swir22")
"""Bands that are measured where none are named, as far as most scenes of a stack have them; ``nir08`` stands in for nir."""

AROUND_PX: Final = 100
"""Pixels loaded around structures on each side: rings, controls, and what scenes are aligned by."""

MOST_BYTES: Final = 1_500_000_000
"""Largest cube loaded at once; structures whose surroundings overlap share one as long as it is smaller."""

REFERENCE_SLACK: Final = 0.1
"""Share of the pixels by which the scene that others are aligned to may be less usable than the clearest."""


def dated_scenes(case: Path, start: datetime | None, end: datetime | None) -> tuple[list[ImageScene], int]:
    """The scenes of a case in ``[start, end)``, UTC, that have a date of their own, and how many have none: mosaics, whose
    date is a limit, and undated files. Raises ``NoScenes`` where none has one."""
    every = scenes(case, start, end)
    dated = [scene for scene in every if scene.when.known and scene.when_kind == "acquired"]
    if not dated:
        raise NoScenes(f"{case}: none of its {len(every)} scenes has a date of its own; nothing can be measured or dated")
    return dated, len(every) - len(dated)


def by_stack(dated: Sequence[ImageScene], res: float | None) -> Mapping[tuple[str, float], list[ImageScene]]:
    """Scenes by the name of their stack and its pixel size in metres; all of one stack can be loaded together."""
    from siteline.measure.stacks import stack_name

    found: dict[tuple[str, float], list[ImageScene]] = {}
    for scene in dated:
        pixel = res or scene.gsd_m or DEFAULT_RES_M
        found.setdefault((stack_name(scene, pixel), pixel), []).append(scene)
    return found


def bands_of(members: Sequence[ImageScene], named: Sequence[str] | None) -> tuple[str, ...] | None:
    """The bands to measure: those named that some scene has, else those of ``BANDS`` that most have; None for any."""
    held = [{asset.band for asset in scene.assets if asset.role == "data"} for scene in members]
    if named:
        return tuple(band for band in named if any(band in bands for bands in held))
    common = [band for band in (*BANDS, "nir08") if 2 * sum(band in bands for bands in held) > len(held)]
    if "nir" in common and "nir08" in common:
        common.remove("nir08")
    return tuple(common) or None


def tell_missing(name: str, named: Sequence[str] | None, chosen: Sequence[str] | None, told: Callable[[str], None]) -> None:
    """Tell which of the bands that were named no scene of the stack ``name`` has."""
    if missing := [band for band in named or () if band not in (chosen or ())]:
        told(f"{name} has no {', '.join(missing)}: left out")


def groups(site: Site, ids: Iterable[str], pixel: float, count: int, bands: int) -> list[tuple[list[str], Grid]]:
    """Structures with the grid they share: neighbours are loaded together, distant ones apart, few beyond ``MOST_BYTES``."""
    most = MOST_BYTES / (count * (4 * bands + 2))  # pixels: four bytes a band, one each for reasons and usable
    groups: list[tuple[list[str], Grid]] = []
    for key in ids:
        keys, grid = [key], site.structure_grid(key, pixel, AROUND_PX * pixel)
        while (n := next((n for n, (_, other) in enumerate(groups) if _cheaper(grid, other, most)), None)) is not None:
            others, other = groups.pop(n)
            keys, grid = others + keys, _union(grid, other)
        groups.append((keys, grid))
    return groups


def cube_bytes(grid: Grid, count: int, bands: int) -> int:
    """Bytes that a cube of ``count`` scenes takes: four a band and pixel, one each for reasons and usable."""
    return grid.width * grid.height * count * (4 * bands + 2)


def clearest(members: Sequence[ImageScene]) -> str:
    """The id of the scene with the least cloud by its product's own word."""
    return min(members, key=lambda scene: 101.0 if scene.cloud_percent is None else scene.cloud_percent).scene_id


def _cheaper(one: Grid, other: Grid, most: float) -> bool:
    """Whether one cube of both has no more pixels than two, and no more than ``most``."""
    both = _union(one, other)
    return both.width * both.height <= min(one.width * one.height + other.width * other.height, most)


def _union(one: Grid, other: Grid) -> Grid:
    lefts, bottoms, rights, tops = zip(one.bounds, other.bounds, strict=True)
    return Grid.covering(one.crs, (min(lefts), min(bottoms), max(rights), max(tops)), one.res)


def stack_cube(
    case: Path,
    members: Sequence[ImageScene],
    grid: Grid,
    bands: Sequence[str] | None,
    pixel: float,
    progress: Callable[[int, int], None],
) -> xarray.Dataset:
    """``members`` on ``grid``, aligned to the clearest of them over the site; with what ``measure`` needs of its scenes."""
    from siteline.cube.load import load
    from siteline.measure.stacks import with_facts

    with reader(case) as opened:

        def loaded(reference: str | None) -> xarray.Dataset:
            return load(members, grid, bands=bands, reader=opened, reference=reference, progress=progress)

        if members[0].sensor == "radar" or len(members) == 1:
            return with_facts(loaded(None), members, pixel)
        likely = clearest(members)
        cube = loaded(likely)
        shares = dict(zip(map(str, cube["scene_id"].values), cube["usable_share"].values.tolist(), strict=True))
        if shares[likely] < max(shares.values()) - REFERENCE_SLACK:  # clouds of the product are not those of the site
            cube = loaded(max(shares, key=lambda scene_id: shares[scene_id]))
    return with_facts(cube, members, pixel)
