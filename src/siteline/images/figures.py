"""From a case to its image figures: contact sheets of one structure, and before/after pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from siteline.images.opening import AROUND_PX, finest, reader, scene_named, scenes
from siteline.model.errors import BadInput, NoArea
from siteline.model.grid import Grid
from siteline.model.records import CaseData, Structure
from siteline.model.scene import ImageScene
from siteline.model.site import Site, site_of

if TYPE_CHECKING:
    import xarray as xr

    from siteline.publish.chips import Page

Theme = Literal["light", "dark", "print"]
Progress = Callable[[int, int], None]

HISTORY = 10
"""Scenes around one without a mask layer, by which its clouds are told."""

COLOURS = ("red", "green", "blue")


def chips(
    case: Path,
    structure_id: str,
    out: Path,
    *,
    chosen: Sequence[ImageScene],
    bands: Sequence[str] | None,
    res: float | None,
    reference: str | None,
    theme: Theme,
    told: Callable[[str], None],
    progress: Progress,
    offline: bool = False,
) -> Mapping[str, Path]:
    """Write the contact sheets of one structure, one per stack of scenes; returns the files by name.

    ``reference``: a scene id, ``"auto"`` for the clearest scene, None for no alignment. ``offline``: from copies and local
    files only. Raises ``BadInput``, ``NoArea``,
    ``NoScenes``, ``FileTrouble``.
    """
    from siteline.cube.stacks import stacks
    from siteline.guard.files import make_folder
    from siteline.publish.chips import write_chips

    _check_bands(bands)
    data, site = _site(case)
    structure = _structure(data, structure_id)
    by_stack = stacks(chosen)
    written: dict[str, Path] = {}
    for name, members in by_stack.items():
        pixel = res or finest(members)
        grid = site.structure_grid(structure_id, pixel, AROUND_PX * pixel)
        told(f"loading {len(members):,} scenes" + (f" of {name}" if len(by_stack) > 1 else ""))
        cube = _aligned(case, members, grid, _shown(members, bands), reference, progress, offline)
        folder = out if len(by_stack) == 1 else out / name.replace(" ", "-")
        make_folder(folder)
        told("drawing")
        prefix = "" if folder == out else f"{folder.name}/"
        written |= {f"{prefix}{path.name}": path for path in write_chips(cube, structure, folder, theme=theme)}
    return written


def compare(
    case: Path,
    before: str,
    after: str,
    out: Path,
    *,
    structure: str,
    bands: Sequence[str] | None,
    res: float | None,
    align: bool,
    theme: Theme,
    told: Callable[[str], None],
    offline: bool = False,
) -> Mapping[str, Path]:
    """Write the before/after figure of two scenes (by id, or day) and its animation; returns the files by name.

    ``offline``: from copies and local files only.
    Raises ``BadInput``, ``NoArea``, ``NoScenes``, ``MixedStack``, ``FileTrouble``.
    """
    from siteline.cube.load import load
    from siteline.guard.files import make_folder
    from siteline.publish.compare import write_compare

    data, site = _site(case)
    pair = [scene_named(scenes(case), name) for name in (before, after)]
    if pair[0].scene_id == pair[1].scene_id:
        raise BadInput(f"{before} and {after} are the same scene; name two")
    if pair[0].when.first_day > pair[1].when.first_day:
        raise BadInput(f"{before} was taken after {after}; name the earlier one first")
    _check_bands(bands)
    pixel = res or finest(pair)
    if structure:
        _structure(data, structure)
        grid = site.structure_grid(structure, pixel, AROUND_PX * pixel)
    else:
        grid = site.grid(pixel)
    told(f"loading {pair[0].scene_id} and {pair[1].scene_id}")
    with reader(case, offline=offline) as opened:
        reference = pair[0].scene_id if align else None
        cube = load(_with_history(case, pair), grid, bands=_shown(pair, bands), reader=opened, reference=reference)
    make_folder(out)
    told("drawing")
    ids = list(cube.scene_id.values)
    cube = cube.isel(time=[ids.index(scene.scene_id) for scene in pair])
    first = 0
    drawn = [s for s in data.structures.values() if s.geometry_wkt and (not structure or s.structure_id == structure)]
    return {path.name: path for path in write_compare(cube, first, 1 - first, drawn, out, theme=theme)}


def alone(
    case: Path,
    name: str,
    *,
    structure: str,
    bands: Sequence[str] | None,
    theme: Theme,
    offline: bool = False,
) -> Page:
    """The figure of one scene (by id, or day), of the whole site or around one ``structure``; nothing is written.

    ``offline``: from copies and local files only. Raises as ``compare`` does.
    """
    from siteline.cube.load import load
    from siteline.publish.onescene import scene_page

    data, site = _site(case)
    scene = scene_named(scenes(case), name)
    _check_bands(bands)
    pixel = finest([scene])
    if structure:
        _structure(data, structure)
    grid = site.structure_grid(structure, pixel, AROUND_PX * pixel) if structure else site.grid(pixel)
    with reader(case, offline=offline) as opened:
        cube = load(_with_history(case, [scene]), grid, bands=_shown([scene], bands), reader=opened)
    index = list(cube.scene_id.values).index(scene.scene_id)
    drawn = [s for s in data.structures.values() if s.geometry_wkt and (not structure or s.structure_id == structure)]
    return scene_page(cube, index, drawn, theme=theme)


def _with_history(case: Path, pair: Sequence[ImageScene]) -> Sequence[ImageScene]:
    """``pair``; where one has no mask layer, with the scenes around it in time by which its clouds are known."""
    from siteline.cube.stacks import stacks

    if all(scene.masks for scene in pair) or pair[0].sensor == "radar" or len(stacks(pair)) > 1:
        return pair
    chosen = {scene.scene_id: scene for scene in pair}
    others = [scene for scene in scenes(case) if scene.sensor == "optical" and scene.when.known]
    for scene in pair:
        nearest = sorted(others, key=lambda other: abs(other.when.first_day - scene.when.first_day))
        chosen |= {other.scene_id: other for other in nearest[:HISTORY]}
    return tuple(chosen.values())


def _check_bands(bands: Sequence[str] | None) -> None:
    if bands and len(bands) not in (1, 3):
        raise BadInput(f"--bands {','.join(bands)}: name one band for grey, or three for red, green and blue")


def _site(case: Path) -> tuple[CaseData, Site]:
    from siteline.store.case import Case

    with Case.open(case) as opened:
        data = opened.data()
    return data, site_of(data)


def _structure(data: CaseData, structure_id: str) -> Structure:
    if structure_id not in data.structures:
        near = ", ".join(sorted(s.structure_id for s in data.structures.values() if s.geometry_wkt)[:8])
        raise BadInput(f"the case has no structure {structure_id!r}; with footprints it has: {near or 'none'}")
    found = data.structures[structure_id]
    if not found.geometry_wkt:
        raise NoArea(f"structure {structure_id!r} has no footprint", "give it one in structures.geojson and merge that")
    return found


def _shown(members: Sequence[ImageScene], bands: Sequence[str] | None) -> Sequence[str] | None:
    """The bands to load for a picture: those named, else colours where scenes have them, else what there is."""
    if bands:
        return bands
    coloured = sum(all(scene.bands(COLOURS)) for scene in members)
    return COLOURS if 2 * coloured >= len(members) else None


def _aligned(
    case: Path,
    members: Sequence[ImageScene],
    grid: Grid,
    bands: Sequence[str] | None,
    reference: str | None,
    progress: Progress,
    offline: bool,
) -> xr.Dataset:
    """The cube, aligned to ``reference``; for ``"auto"`` to the clearest scene, the middle one of those equally clear."""
    from siteline.cube.load import load

    with reader(case, offline=offline) as opened:
        if reference == "auto":
            first = load(members, grid, bands=bands, reader=opened, progress=progress)
            shares = first.usable_share.values
            clearest = [n for n, share in enumerate(shares) if share >= max(shares.max() - 0.02, 1e-9)]
            if not clearest or len(members) == 1:
                return first
            reference = str(first.scene_id.values[clearest[len(clearest) // 2]])
        return load(members, grid, bands=bands, reader=opened, reference=reference, progress=progress)
