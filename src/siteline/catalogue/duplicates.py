"""One acquisition listed more than once: which listing is kept, by a fixed rule that is written down."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Final

from siteline.catalogue.coverage import WHOLE, covered_share
from siteline.model.errors import BadDate
from siteline.model.grid import utm_crs
from siteline.model.scene import ImageScene
from siteline.model.site import unwrapped
from siteline.model.span import Span

SAME_INSTANT: Final = timedelta(seconds=5)
"""Two listings of one acquisition differ by no more, unless a product name says that they are one."""

_ONE_PASS = timedelta(minutes=45)  # a Sentinel-2 item carries the start of its datatake, or the time of its tile
_SAME_OUTLINE = 0.9
_MGRS = re.compile(r"\d{2}[A-Z]{3}")
_LEVELS = {"surface_reflectance": 0, "gamma0": 0, "sigma0": 1, "toa_reflectance": 1, "digital_number": 2}


@dataclass(frozen=True, slots=True)
class Resolved:
    """``kept``: one scene per acquisition, by time, then id. ``dropped``: (scene id, id kept instead, the rule in words)."""

    kept: tuple[ImageScene, ...]
    dropped: tuple[tuple[str, str, str], ...]


def resolve(scenes: Sequence[ImageScene], area_wkt: str = "") -> Resolved:
    """One scene per acquisition and, where one tile covers the whole of ``area_wkt`` (EPSG:4326), one tile per pass.

    Listings are one acquisition when they have the same product identity (datatake and tile), the same id, or one platform,
    one instant and one outline; different platforms are never merged. Kept is the one that can be read, then the higher
    processing level, the finer, Collection-1, the better tier, the newer baseline, the newer listing, the smaller id. The
    answer does not depend on the order of ``scenes``.
    """
    ordered = sorted(scenes, key=_order)
    dropped: list[tuple[str, str, str]] = []
    kept = []
    for group in _groups(ordered):
        best = min(group, key=_preference)
        kept.append(best)
        dropped += [(scene.scene_id, best.scene_id, _rule(best, scene)) for scene in group if scene is not best]
    if area_wkt:
        kept = _one_tile_each(kept, area_wkt, dropped)
    return Resolved(tuple(sorted(kept, key=_order)), tuple(sorted(dropped)))


def _order(scene: ImageScene) -> tuple[object, ...]:
    return (scene.when.first_day, scene.scene_id, _preference(scene), repr(scene))


def _groups(scenes: Sequence[ImageScene]) -> Iterator[list[ImageScene]]:
    """Sets of listings of one acquisition: joined pairwise, so A = B and B = C make one set."""
    parents = list(range(len(scenes)))

    def root(n: int) -> int:
        while parents[n] != n:
            parents[n] = parents[parents[n]]
            n = parents[n]
        return n

    for a, b in _suspects(scenes):
        if root(a) != root(b) and _one_acquisition(scenes[a], scenes[b]):
            parents[max(root(a), root(b))] = min(root(a), root(b))
    sets: dict[int, list[ImageScene]] = defaultdict(list)
    for n, scene in enumerate(scenes):
        sets[root(n)].append(scene)
    yield from sets.values()


def _suspects(scenes: Sequence[ImageScene]) -> Iterator[tuple[int, int]]:
    """Pairs worth a closer look: of one name, of one datatake, or of one platform and about one time."""
    buckets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, scene in enumerate(scenes):
        buckets["id", _item_id(scene)].append(n)
        if scene.datatake:
            buckets["datatake", f"{scene.datatake} {scene.tile}"].append(n)
    for bucket in buckets.values():
        yield from combinations(bucket, 2)
    by_platform: dict[str, list[int]] = defaultdict(list)
    for n, scene in enumerate(scenes):
        if scene.platform and scene.when.start is not None:
            by_platform[scene.platform].append(n)
    for bucket in by_platform.values():
        for place, a in enumerate(bucket):
            for b in bucket[place + 1 :]:
                if scenes[b].when.first_day - scenes[a].when.first_day > _ONE_PASS / timedelta(days=1):
                    break
                yield a, b


def _one_acquisition(a: ImageScene, b: ImageScene) -> bool:
    if a.sensor != b.sensor or a.platform != b.platform or a.when_kind != b.when_kind:
        return False
    apart = _apart(a, b)
    if a.scene_id == b.scene_id or (_item_id(a) == _item_id(b) and apart <= SAME_INSTANT):
        return True
    if a.datatake and b.datatake:
        return a.datatake == b.datatake and a.tile == b.tile and (bool(a.tile) or _one_outline(a, b))
    if not a.platform or (a.tile and b.tile and a.tile != b.tile):
        return False
    if a.tile and a.tile == b.tile:
        whole_pass = a.platform.startswith("sentinel-2") and bool(_MGRS.fullmatch(a.tile))
        return apart <= (_ONE_PASS if whole_pass else SAME_INSTANT)
    return apart <= SAME_INSTANT and _one_outline(a, b)


def _apart(a: ImageScene, b: ImageScene) -> timedelta:
    """How far apart two times are at least known to lie: unknown or partly known ones are never the same instant."""
    if a.when.is_instant and b.when.is_instant and a.when.start and b.when.start:
        return abs(a.when.start - b.when.start)
    same = a.when.known and (a.when.start, a.when.end) == (b.when.start, b.when.end)
    return timedelta() if same else timedelta.max


def _one_outline(a: ImageScene, b: ImageScene) -> bool:
    if a.footprint_wkt is None or b.footprint_wkt is None:
        return False
    if a.footprint_wkt == b.footprint_wkt:
        return True
    first, second = unwrapped(a.footprint_wkt).buffer(0), unwrapped(b.footprint_wkt).buffer(0)
    union = first.union(second).area
    return bool(union > 0 and first.intersection(second).area / union >= _SAME_OUTLINE)


def _item_id(scene: ImageScene) -> str:
    return scene.scene_id.removeprefix(f"{scene.source}/")


_Key = Callable[[ImageScene], object]


def _readable(scene: ImageScene) -> int:
    return int(scene.quarantined or not any(asset.role == "data" for asset in scene.assets))


def _collection1(scene: ImageScene) -> int:
    return int(not (scene.platform.startswith("sentinel-2") and ("-c1" in scene.collection or _version(scene) >= (5,))))


def _tier(scene: ImageScene) -> int:
    named = f"{scene.properties.get('landsat:collection_category', '')}_{scene.scene_id}"
    return 2 if "RT" in re.split(r"[_/]", named) else 1 if "T2" in re.split(r"[_/]", named) else 0


def _version(scene: ImageScene) -> tuple[int, ...]:
    return tuple(int(part[:6]) for part in re.findall(r"\d+", scene.baseline)[:4])


def _listed(scene: ImageScene) -> float:
    """When the listing was last changed, in days, negative so that newer comes first; never known comes last."""
    for key in ("updated", "created", "s2:generation_time"):
        value = scene.properties.get(key)
        if isinstance(value, str):
            try:
                return -Span.parse(value).first_day
            except BadDate:
                continue
    return float("inf")


_CRITERIA: Final[tuple[tuple[_Key, str], ...]] = (
    (_readable, "the other's files cannot be read"),
    (lambda s: _LEVELS[s.quantity], "higher processing level"),
    (lambda s: s.gsd_m or 1e9, "finer ground sample distance"),
    (_collection1, "reprocessed Collection-1 before earlier processing"),
    (_tier, "better Landsat tier"),
    (lambda s: tuple(-n for n in (*_version(s), 0, 0, 0)[:4]), "newer processing baseline"),
    (_listed, "newer listing"),
    (lambda s: (bool(s.assets and s.assets[0].access), s.scene_id), "fixed order (openly readable, then by id)"),
    (repr, "fixed order (of what the listings say)"),
)
"""In order of weight; the smaller value wins. The text is the rule as it is recorded."""


def _preference(scene: ImageScene) -> tuple[object, ...]:
    return tuple(key(scene) for key, _ in _CRITERIA)


def _rule(kept: ImageScene, lost: ImageScene) -> str:
    reason = next((text for key, text in _CRITERIA if key(kept) != key(lost)), "they are identical")
    return f"same acquisition listed twice; kept by: {reason}"


def _one_tile_each(scenes: Iterable[ImageScene], area_wkt: str, dropped: list[tuple[str, str, str]]) -> list[ImageScene]:
    """Of the tiles of one pass, the one that covers the whole area alone; all of them where none does."""
    passes: dict[object, list[ImageScene]] = defaultdict(list)
    for scene in scenes:
        passes[_pass_of(scene) or ("alone", scene.scene_id)].append(scene)
    centre = unwrapped(area_wkt).envelope.centroid
    zone = utm_crs(centre.x, centre.y)[-2:]
    kept = []
    for tiles in passes.values():
        whole = [scene for scene in tiles if not _readable(scene) and (covered_share(scene, area_wkt) or 0) >= WHOLE]
        if len(tiles) == 1 or not whole:
            kept += tiles
            continue
        best = min(whole, key=lambda s: (*_preference(s)[:2], s.tile[:2] != zone, _preference(s)))
        lost = [scene for scene in tiles if scene is not best and covered_share(scene, area_wkt) is not None]
        dropped += [(scene.scene_id, best.scene_id, _tile_rule(best, scene, area_wkt, zone)) for scene in lost]
        kept += [scene for scene in tiles if not any(scene is other for other in lost)]
    return kept


def _tile_rule(best: ImageScene, lost: ImageScene, area_wkt: str, zone: str) -> str:
    if (covered_share(lost, area_wkt) or 0) < WHOLE:
        reason = "it covers the whole site"
    elif best.tile[:2] == zone != lost.tile[:2]:
        reason = f"both cover the site, its UTM zone {zone} is the site's"
    else:
        reason = "both cover the site, fixed order"
    return f"same pass in another tile ({best.tile}); kept by: {reason}"


def _pass_of(scene: ImageScene) -> tuple[str, str] | None:
    """What tiles of one pass share: the Sentinel-2 datatake; satellite, path and day of a Landsat scene."""
    if not scene.datatake:
        return None
    if _MGRS.fullmatch(scene.tile):
        return "mgrs", scene.datatake
    if match := re.fullmatch(r"(L[COTEM]\d\d_\d{3})\d{3}(_\d{8})", scene.datatake):
        return "wrs", f"{match[1]}{match[2]}"
    return None
