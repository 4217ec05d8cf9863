"""Opening a case's images: its site, its scenes, the reader of their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.model.errors import BadInput, NoScenes
from siteline.model.scene import ImageScene
from siteline.model.site import Site, site_of
from siteline.model.span import Span

if TYPE_CHECKING:
    import xarray as xr

    from siteline.guard.http import Client
    from siteline.guard.reader import Reader


AROUND_PX = 160
"""Pixels loaded around a footprint on each side: surroundings to align by."""

DEFAULT_RES_M = 10.0
"""Pixel size where no scene states its ground sample distance, in metres."""


def site(case: Path) -> Site:
    """The site of a case. Raises ``NoArea``, ``FileTrouble``."""
    from siteline.store.case import Case

    with Case.open(case) as opened:
        return site_of(opened.data())


def scenes(
    case: Path, start: datetime | None = None, end: datetime | None = None, max_cloud: float | None = None
) -> tuple[ImageScene, ...]:
    """The scenes of a case that are used, by time: found, no duplicate, not quarantined, within ``[start, end)`` (UTC).

    ``max_cloud``: per cent over the site where that is known, else over the product as declared; scenes that declare none
    stay. Raises ``NoScenes``.
    """
    from siteline.catalogue.items import scene_of
    from siteline.store.case import Case
    from siteline.store.imagery import found_scenes

    with Case.open(case) as opened:
        found = found_scenes(opened)
    clouds = {f.scene_id: f.cloud_percent if f.site_cloud_percent is None else f.site_cloud_percent for f in found}
    kept = [scene_of(f.stac, f.source) for f in found if f.status == "kept"]
    if not kept:
        counts = f"{len(found)} scenes, none of which can be used" if found else "no scenes"
        raise NoScenes(f"{case}: the case has {counts}; look for some with: siteline find {case} --source ...")
    chosen = [s for s in kept if _within(s.when, start, end) and not _too_cloudy(clouds[s.scene_id], max_cloud)]
    if not chosen:
        raise NoScenes(f"{case}: none of its {len(kept)} scenes lies in the period or is clear enough; widen either")
    return tuple(chosen)


def scene_named(chosen: Sequence[ImageScene], name: str) -> ImageScene:
    """The scene whose id, or whose day (EDTF), is ``name``. Raises ``BadInput`` when that is not exactly one."""
    by_id = [scene for scene in chosen if scene.scene_id == name or scene.scene_id.partition("/")[2] == name]
    if len(by_id) == 1:
        return by_id[0]
    day = Span.parse(name) if name[:1].isdigit() else None
    same = [s for s in chosen if day is not None and day.known and s.when.known and _within(s.when, day.start, day.end)]
    if len(same) == 1:
        return same[0]
    if same:
        listed = ", ".join(scene.scene_id for scene in same[:6])
        raise BadInput(f"{name} has {len(same)} scenes; name one of them: {listed}")
    if day is not None and day.known and (near := _neighbours(chosen, day)):
        raise BadInput(f"no scene of the case was taken on {name}; nearest in time: {' and '.join(near)}")
    first, last = chosen[0], chosen[-1]
    span = f"they run from {first.when.text} ({first.scene_id}) to {last.when.text} ({last.scene_id})"
    raise BadInput(f"no scene of the case is {name!r} or was taken then; {span}")


def _neighbours(chosen: Sequence[ImageScene], day: Span) -> list[str]:
    """The days, with their scenes, of the last scene before ``day`` and the first after it."""
    dated = sorted((scene for scene in chosen if scene.when.known), key=lambda scene: scene.when.first_day)
    before = [scene for scene in dated if scene.when.first_day < day.first_day][-1:]
    after = [scene for scene in dated if scene.when.first_day > day.first_day][:1]
    return [f"{scene.when.text[:10]} ({scene.scene_id})" for scene in (*before, *after)]


def awaits_images(case: Path) -> bool:
    """Whether a case says where a structure is and holds no scene yet. Raises ``FileTrouble``."""
    from siteline.store.case import Case

    with Case.open(case) as opened, opened.reading() as db:
        places = db.execute("SELECT EXISTS (SELECT 1 FROM structures WHERE geom IS NOT NULL)").fetchone()
        held = db.execute("SELECT EXISTS (SELECT 1 FROM imagery)").fetchone()
    return bool(places[0]) and not held[0]


def images_folder(case: Path) -> Path:
    """Where the copies of a case's images lie: ``CASE.images`` beside ``CASE.gpkg``."""
    return case.with_suffix(".images")


def trust(addresses: Sequence[str]) -> None:
    """Remember servers of the user's own that are not public. Raises ``AddressRefused`` for what is no web address."""
    from siteline.guard.addresses import Trust, check_href
    from siteline.guard.trusted import remember

    for address in addresses:
        check_href(address, Trust.of([address]))
        remember(address)


@contextmanager
def reader(case: Path, *, offline: bool = False) -> Iterator[Reader]:
    """A reader of the case's images: copies first, then what lies beside it or this user named, then public addresses."""
    from siteline.guard import beside
    from siteline.guard.http import Client
    from siteline.guard.reader import Reader
    from siteline.guard.trusted import folders, trust
    from siteline.guard.vault import Vault

    vault, roots = Vault(images_folder(case)), (*folders(), *beside.roots(case))
    with Client(trust()) as client, Reader(client, vault, offline=offline, local_roots=roots) as made:
        yield made


@contextmanager
def client(named: Sequence[str], *, deadline_s: float = 180.0) -> Iterator[Client]:
    """A client that trusts the addresses among ``named``, those the user gave; ``deadline_s``: seconds to keep trying."""
    from siteline.guard.addresses import Trust
    from siteline.guard.http import Client

    with Client(Trust.of(name for name in named if "://" in name), deadline_s=deadline_s) as made:
        yield made


def cube(
    case: Path,
    chosen: Sequence[ImageScene],
    *,
    structure: str,
    res: float | None,
    bands: Sequence[str] | None,
    reference: str | None,
    chunks: Mapping[str, int] | None,
    offline: bool,
) -> xr.Dataset:
    """``chosen`` on the grid of the case's site, or of 160 px around ``structure``; see ``cube.load``.

    Raises ``NoArea``, ``MixedStack``, ``BadInput``, ``FileTrouble``.
    """
    from siteline.cube.load import load

    place, pixel = site(case), res or finest(chosen)
    grid = place.structure_grid(structure, pixel, AROUND_PX * pixel) if structure else place.grid(pixel)
    if chunks is None:
        with reader(case, offline=offline) as opened:
            return load(chosen, grid, bands=bands, reader=opened, reference=reference)
    with ExitStack() as kept:
        opened = kept.enter_context(reader(case, offline=offline))
        lazy = load(chosen, grid, bands=bands, reader=opened, reference=reference, chunks=chunks)
        kept.pop_all()  # the blocks are read later: the reader stays open as long as they live
        return lazy


def finest(chosen: Sequence[ImageScene]) -> float:
    """The smallest ground sample distance stated, in metres; 10 where no scene states one."""
    return min((scene.gsd_m for scene in chosen if scene.gsd_m), default=DEFAULT_RES_M)


def _within(when: Span, start: datetime | None, end: datetime | None) -> bool:
    if when.start is None or when.end is None:
        return start is None and end is None
    starts_late = end is not None and when.start >= end
    ends_early = start is not None and (when.end < start or (when.end == start and not when.is_instant))
    return not (starts_late or ends_early)


def _too_cloudy(percent: float | None, most: float | None) -> bool:
    return percent is not None and most is not None and percent > most
