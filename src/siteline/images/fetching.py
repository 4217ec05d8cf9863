"""Fetching: the site's part of every file, copied beside the case as the provider's own bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.cube.masks import layers_of
from siteline.images.opening import finest, reader, site
from siteline.model.grid import Grid
from siteline.model.scene import Asset, ImageScene
from siteline.model.search import Fetched

if TYPE_CHECKING:
    from siteline.guard.fetching import Request

VISIBLE = ("red", "green", "blue", "nir", "swir16")
"""Bands fetched when none are named, where a scene has them; a scene with none of these gives all it has."""


def fetch(
    case: Path,
    chosen: Sequence[ImageScene],
    *,
    bands: Sequence[str] | None,
    res: float | None,
    plan_only: bool,
    workers: int,
    who: str,
    told: Callable[[str], None],
    progress: Callable[[int, int, str], None],
) -> Fetched:
    """Copy the site's part of ``chosen`` into the case's images; what is there already is not fetched again.

    Afterwards the cloud over the site is known and kept. A file that fails does not stop the others. Raises ``NoArea``.
    """
    from siteline.guard import fetching

    grid = site(case).grid(res or finest(chosen))
    owners: dict[Request, list[str]] = defaultdict(list)
    for scene in chosen:
        for request in _requests(scene, wanted(scene, bands), grid):
            owners[request].append(scene.scene_id)
    with reader(case) as opened:
        told(f"reading the headers of {len(owners):,} files")
        planned = fetching.plan(opened, tuple(owners), workers=workers, progress=progress)
        failed = [(scene_id, str(why)) for request, why in planned.failed for scene_id in owners[request]]
        got = 0
        if not plan_only:
            size = f", about {planned.bytes_due / 1e6:,.1f} MB" if planned.bytes_due else ""
            told(f"fetching {len(planned.due):,} files{size}")
            results = fetching.fetch(opened, planned, workers=workers, progress=progress)
            got = results.bytes_got
            failed += [(scene_id, str(why)) for request, why in results.failed for scene_id in owners[request]]
    if not plan_only:
        told("measuring cloud over the site")
        _measure_clouds(case, chosen, grid, who)
    return Fetched(
        scenes=len(chosen),
        files=len(planned.due),
        held=planned.held,
        outside=planned.outside,
        bytes_due=planned.bytes_due,
        bytes_got=got,
        planned_only=plan_only,
        failed=tuple(dict.fromkeys(failed)),
    )


def _requests(scene: ImageScene, assets: Sequence[Asset], grid: Grid) -> Iterator[Request]:
    """One request a file, with all its bands that are wanted; bounds a little wider than what loading will ask for."""
    from siteline.guard.fetching import Request

    margin = max(6 * grid.res, 2 * (scene.gsd_m or 0.0), 80.0)
    left, bottom, right, top = grid.bounds
    bounds = (left - margin, bottom - margin, right + margin, top + margin)
    by_file: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for asset in assets:
        layers = layers_of(asset.band, asset.index) if asset.role == "mask" else (asset.index,)
        by_file[asset.href, asset.access, asset.role].extend(layers)
    for (href, access, role), indexes in by_file.items():
        res = None if role == "mask" else grid.res
        yield Request(href, tuple(dict.fromkeys(indexes)), bounds, grid.crs, res, access, scene.georef)


def wanted(scene: ImageScene, bands: Sequence[str] | None) -> tuple[Asset, ...]:
    """The files of a scene to fetch: the bands named (else ``VISIBLE``, else all) and its masks."""
    data = [asset for asset in scene.assets if asset.role == "data"]
    names = set(bands or VISIBLE)
    picked = [asset for asset in data if asset.band in names] or ([] if bands else data)
    return (*picked, *scene.masks)


def _measure_clouds(case: Path, chosen: Sequence[ImageScene], grid: Grid, who: str) -> None:
    from siteline.cube.masks import cloud_percents
    from siteline.store.case import Case
    from siteline.store.imagery import keep_site_clouds

    with reader(case, offline=True) as opened:
        percents = cloud_percents(chosen, grid, opened)
    with Case.open(case) as held:
        keep_site_clouds(held, percents, who)
