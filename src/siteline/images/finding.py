"""Searching: every source asked, what it answers kept, duplicates set aside by a recorded rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from siteline.images.opening import client as _client
from siteline.model.doubts import AreaDoubtful, tell
from siteline.model.errors import BadInput, FileTrouble
from siteline.model.imagery import FoundScene, Search, Status
from siteline.model.scene import ImageScene
from siteline.model.search import Found, Query, StacItem
from siteline.model.site import Site, site_of, unwrapped

if TYPE_CHECKING:
    from siteline.catalogue.source import Source
    from siteline.guard.http import Client
    from siteline.store.case import Case

DEFAULT_SOURCE: Final = "earth-search"
"""Searched where no source is named and the case was searched from none."""

Told = Callable[[str], None]
"""Called with a few words when a step begins."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What ``find`` kept: the searches just made, and every scene the case now holds, by time.

    ``nothing``: no search returned a scene, and the case holds none in the period either. ``footprints``: structures that
    have one; ``outside``: those of them that lie outside every scene that is kept.
    """

    searches: tuple[Search, ...]
    scenes: tuple[FoundScene, ...]
    nothing: bool = False
    footprints: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[FoundScene, ...]:
        """The scenes that the searches just made returned."""
        made = {search.search_id for search in self.searches}
        return tuple(scene for scene in self.scenes if scene.search_id in made)

    @property
    def kept(self) -> tuple[FoundScene, ...]:
        """The scenes of the case that can be used."""
        return tuple(scene for scene in self.scenes if scene.status == "kept")

    @property
    def local(self) -> bool:
        """Whether the pixels of every scene that is kept lie on this machine."""
        hrefs = [str(asset.get("href", "")) for scene in self.kept for asset in (scene.stac.get("assets") or {}).values()]
        return bool(hrefs) and not any("://" in href for href in hrefs)


def find(
    case: Path, sources: Sequence[str], ask: Callable[[Site], Query], who: str, told: Told, now: datetime | None = None
) -> Listing:
    """Search ``sources`` (presets, addresses, folders) for scenes of the case's site and keep what is found.

    No sources: those that the case was searched from before, else ``DEFAULT_SOURCE``.

    ``ask`` makes the question from the site. Each source is kept as soon as it has answered. Duplicates are resolved
    among all scenes of the case. Raises ``NoArea``, ``SourceTrouble``, ``FileTrouble``.
    """
    from siteline.store.case import Case
    from siteline.store.imagery import found_scenes, keep_search
    from siteline.store.imagery import searches as kept_searches

    made = []
    with Case.open(case) as opened:
        site = site_of(opened.data())
        query = ask(site)
        asked = tuple(sources) or _earlier(opened) or (DEFAULT_SOURCE,)
        with _client(asked) as client:
            for name in asked:
                source = _source(name, client, told)
                told(f"searching {source.name}")
                found = source.search(query)
                at = now or datetime.now(UTC)
                search = _search(f"q{len(kept_searches(opened)) + 1}", name, query, found, at)
                held = {scene.scene_id: scene for scene in found_scenes(opened)}
                keep_search(opened, search, _judged(held, found, search.search_id, site, at), who)
                made.append(search)
        scenes = found_scenes(opened)
    nothing = not any(search.returned for search in made) and not _in_period(scenes, query)
    lost = tuple(key for key in site.footprints if _is_outside(key, scenes))
    return Listing(tuple(made), scenes, nothing, tuple(site.footprints), lost)


def _earlier(opened: Case) -> tuple[str, ...]:
    """The sources that the case was searched from, as they were named; of a folder or an address of somebody else's only
    those that this user has named too. Raises ``BadInput`` where none of them is."""
    from siteline.catalogue.presets import PRESETS
    from siteline.guard.trusted import remembered
    from siteline.store.imagery import searches

    known = dict.fromkeys(search.source for search in searches(opened))
    mine = set(remembered())
    usable = [name for name in known if name in PRESETS or not mine.isdisjoint(_as_remembered(name))]
    if known and not usable:
        raise BadInput(f"the case was searched from {', '.join(known)}; name what to search now: --source SOURCE")
    return tuple({_place(name): name for name in usable}.values())


def _place(name: str) -> str:
    """What tells one source from another, however it was written: an address, or the file or folder that is read."""
    from siteline.catalogue.local import CATALOGUE

    if "://" in name or not Path(name).exists():
        return name
    inside = Path(name) / CATALOGUE
    return str((inside if inside.is_file() else Path(name)).resolve())


def _as_remembered(name: str) -> set[str]:
    """What ``_source`` remembers of a source that a user names."""
    return {name} if "://" in name else {str(Path(name).resolve()), str(Path(name).resolve().parent)}


def _in_period(scenes: Sequence[FoundScene], query: Query) -> bool:
    """Whether the case holds a scene that can be used in the period asked for."""
    from siteline.catalogue.filters import in_period
    from siteline.catalogue.items import scene_of

    return any(in_period(scene_of(f.stac, f.source).when, query) for f in scenes if f.status == "kept")


def _is_outside(key: str, scenes: Sequence[FoundScene]) -> bool:
    """Whether all scenes that are kept are known to show nothing of a structure."""
    shares = [scene.structure_shares.get(key) for scene in scenes if scene.status == "kept"]
    return bool(shares) and all(share == 0 for share in shares)


def set_area(case: Path, area: str, who: str) -> None:
    """Keep where the site is: ``area``: text (box, WKT) or a file (GeoJSON, KML). Raises ``BadInput``, ``FileTrouble``."""
    from siteline.guard.areas import read_area
    from siteline.store.case import Case

    wkt = "" if area == "none" else read_area(area)
    with Case.open(case) as opened:
        data = opened.data()
        if data.settings.area != wkt:
            opened.set_settings(replace(data.settings, area=wkt), who)
    outside = [
        s.structure_id for s in data.structures.values() if s.geometry_wkt and wkt and not _meets(wkt, s.geometry_wkt)
    ]
    if outside:
        tell(AreaDoubtful(case.name, f"the area does not hold {', '.join(outside[:5])}; --area none takes it out again"))


def _meets(area: str, footprint: str) -> bool:
    import shapely

    return bool(shapely.intersects(unwrapped(area), unwrapped(footprint)))


def _judged(held: Mapping[str, FoundScene], found: Found, search_id: str, site: Site, now: datetime) -> Iterator[FoundScene]:
    """The scenes of an answer, and those held whose status it changes: kept, duplicate of another, or quarantined."""
    from siteline.catalogue.duplicates import resolve
    from siteline.catalogue.items import scene_of

    new: dict[str, tuple[ImageScene, StacItem]] = {}
    for item in found.items:
        scene = scene_of(item, found.source, now=now)
        if scene.scene_id in new and new[scene.scene_id][0].collection != scene.collection:
            scene = scene_of(item, f"{found.source}/{scene.collection}", now=now)  # two collections, one id: both are kept
        new[scene.scene_id] = (scene, item)
    old = [scene_of(f.stac, f.source, now=now) for key, f in held.items() if key not in new]
    usable = [scene for scene in (*old, *(s for s, _ in new.values())) if not scene.quarantined]
    resolved = resolve(usable, site.area_wkt)
    dropped = {lost: f"of {kept}: {rule}" for lost, kept, rule in resolved.dropped}
    for scene, item in new.values():
        status: Status = "quarantined" if scene.quarantined else "duplicate" if scene.scene_id in dropped else "kept"
        site_share, shares = _shares(scene, site)
        yield FoundScene(
            scene_id=scene.scene_id,
            search_id=search_id,
            stac=item,
            source=scene.source,
            acquired=scene.when.text,
            provider=scene.provider,
            platform=scene.platform,
            cloud_percent=scene.cloud_percent,
            site_share=site_share,
            structure_shares=shares,
            licence=scene.licence,
            credit=scene.credit,
            status=status,
            why="; ".join([*scene.problems, *([dropped[scene.scene_id]] if scene.scene_id in dropped else [])]),
        )
    for scene in old:
        before = held[scene.scene_id]
        now_is: Status = before.status
        why = before.why
        if before.status != "quarantined":
            now_is = "duplicate" if scene.scene_id in dropped else "kept"
            why = before.why if now_is == before.status else dropped.get(scene.scene_id, "")
        site_share, shares = _shares(scene, site)
        after = replace(before, status=now_is, why=why, site_share=site_share, structure_shares=shares)
        if after != before:
            yield after


def _shares(scene: ImageScene, site: Site) -> tuple[float | None, dict[str, float]]:
    """Share of the site, and of each footprint, that the scene's outline covers."""
    from siteline.catalogue.coverage import covered_share

    told = {key: covered_share(scene, wkt) for key, wkt in site.footprints.items()}
    rounded = {key: round(share, 4) for key, share in told.items() if share is not None}
    share = covered_share(scene, site.area_wkt)
    return None if share is None else round(share, 6), rounded


def _search(key: str, name: str, query: Query, found: Found, at: datetime) -> Search:
    asked = json.dumps(asdict(query), default=str, ensure_ascii=False, sort_keys=True)
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Search(key, name, asked, stamp, len(found.items), found.matched, found.completeness, found.notes)


def _source(name: str, client: Client, told: Told) -> Source:
    from siteline.catalogue.local import catalogue_in, source_for
    from siteline.catalogue.remote import source_named
    from siteline.guard.trusted import remember

    path = Path(name)
    if path.is_dir():
        remember(str(path.resolve()))
        if (catalogue := catalogue_in(path.resolve())) is not None:
            told(f"{name} holds a STAC catalogue: reading {catalogue.name}")
            return source_named(str(catalogue), client)
        return source_for(path.resolve())
    if "://" not in name and (path.is_file() or len(path.parts) > 1):
        if not path.exists():
            raise FileTrouble(path, "does not exist", "check the path of the folder or the catalogue")
        if path.suffix.lower() not in (".json", ".geojson"):
            raise FileTrouble(path, "is no source of images", "name a folder of images, or a STAC catalogue (.json)")
    source = source_named(name, client)
    if "://" in name or path.exists():
        remember(name if "://" in name else str(path.resolve().parent))
    return source
