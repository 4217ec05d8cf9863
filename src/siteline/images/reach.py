"""Where an answer cannot come from: footprints that no scene reaches, and scenes whose files cannot be read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.model.errors import FileTrouble, NoScenes
from siteline.model.records import CaseData
from siteline.model.scene import ImageScene
from siteline.model.site import Site, site_of

if TYPE_CHECKING:
    import xarray


def structure_named(data: CaseData, name: str) -> str:
    """The id of the structure whose id, or whose name alone, is ``name``; ``name`` itself where there is none."""
    if name in data.structures:
        return name
    called = [s.structure_id for s in data.structures.values() if s.name.casefold() == name.strip().casefold()]
    return called[0] if len(called) == 1 else name


def outside(site: Site, scenes: Sequence[ImageScene]) -> tuple[str, ...]:
    """Structures whose footprint the outline of no scene touches; a scene without an outline may reach any."""
    from siteline.catalogue.coverage import covered_share

    return tuple(key for key, wkt in site.footprints.items() if all(covered_share(scene, wkt) == 0 for scene in scenes))


def site_within(data: CaseData, scenes: Sequence[ImageScene]) -> tuple[Site, tuple[str, ...]]:
    """The site of a case as far as ``scenes`` may reach it, and the structures that lie outside all of them.

    Where no structure is within reach the site is that of the case. Raises ``NoArea``.
    """
    site = site_of(data)
    lost = outside(site, scenes)
    if not lost or len(lost) == len(site.footprints):
        return site, lost
    return site_of(replace(data, structures={k: s for k, s in data.structures.items() if k not in lost})), lost


def without_lost(ids: Sequence[str], lost: Collection[str], scenes: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``ids`` that are not ``lost``, and those that are. Raises ``NoScenes`` where all of them are."""
    gone = tuple(key for key in ids if key in lost)
    if ids and len(gone) == len(ids):
        raise NoScenes(outside_words(gone, scenes))
    return tuple(key for key in ids if key not in lost), gone


def outside_words(lost: Sequence[str], scenes: int) -> str:
    """``far lies outside all 115 scenes; check its coordinates (longitude first)``."""
    listed = ", ".join(lost[:6]) + (", ..." if len(lost) > 6 else "")
    verb, whose = ("lies", "its") if len(lost) == 1 else ("lie", "their")
    every = f"all {scenes:,} scenes" if scenes != 1 else "the only scene"
    return f"{listed} {verb} outside {every}; check {whose} coordinates (longitude first)"


class Readings:
    """Which scenes could be read, over all cubes of one run."""

    def __init__(self) -> None:
        """None so far."""
        self._read: set[str] = set()
        self._failed: dict[str, str] = {}

    def take(self, cube: xarray.Dataset) -> None:
        """Note the scenes of ``cube`` (``cube.dataset``)."""
        for scene_id, why in zip(cube["scene_id"].values, cube["unread"].values, strict=True):
            if why:
                self._failed[str(scene_id)] = str(why)
            else:
                self._read.add(str(scene_id))

    def require(self, case: Path, scenes: Collection[ImageScene]) -> None:
        """Raise ``FileTrouble``, so that nothing is written, where not one of ``scenes`` could be read."""
        if self._read or not self._failed:
            return
        first, why = min(self._failed.items())
        named = next((scene for scene in scenes if scene.scene_id == first), None)
        local = named is not None and not any("://" in asset.href for asset in named.assets)
        remedy = (
            f"put the folder back, or beside the case, or name its new place: siteline find {case} --source FOLDER"
            if local
            else f"copy them first (siteline fetch {case}), or see what answers: siteline doctor {case}"
        )
        count = len(self._failed)
        many = f"none of its {count:,} scenes" if count != 1 else "its only scene"
        reason = f"{many} can be read, and nothing was written (first: {why})"
        raise FileTrouble(case, reason if count != 1 else reason.replace("can be", "cannot be", 1), remedy)
