"""Scenes to a cube: read, put on the grid, aligned, calibrated, masked; a scene that cannot be read is a gap, never zero."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import blocks, history, survey
from siteline.cube.dataset import assemble
from siteline.cube.positions import Part
from siteline.cube.reading import opened
from siteline.cube.slices import WIDENED_M, Wanted
from siteline.cube.speckle import filtered
from siteline.cube.stacks import changes, one_stack
from siteline.cube.survey import Decision, Target
from siteline.model.doubts import tell
from siteline.model.errors import BadInput, NoScenes
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    import xarray

    from siteline.guard.reader import Reader

Progress = Callable[[int, int], None]

WAVELENGTHS: Final = (
    *("coastal", "blue", "green05", "green", "yellow", "red", "rededge", "rededge071", "rededge075", "rededge078"),
    *("nir", "nir08", "nir09", "swir12", "swir16", "swir22", "vv", "vh", "hh", "hv"),
)
"""Bands in the order they are loaded where none are named: by wavelength, then by polarisation."""

_MOST_WORKERS: Final = 8


def load(
    scenes: Sequence[ImageScene],
    grid: Grid,
    *,
    bands: Sequence[str] | None = None,
    reader: Reader | None = None,
    reference: str | None = None,
    chunks: Mapping[str, int] | None = None,
    dilate_m: float = WIDENED_M,
    speckle: bool = False,
    progress: Progress | None = None,
) -> xarray.Dataset:
    """The pixels of ``scenes`` on ``grid``: calibrated, masked, and aligned to the scene ``reference`` where one is named.

    ``bands``: common names, None for those that most scenes have. ``chunks``: None for NumPy arrays, else dask arrays of
    blocks such as ``{"time": 10, "y": 256, "x": 256}`` with the same numbers; each scene is then looked at once beforehand
    (one at a time per worker), to settle calibration, alignment and clouds. ``dilate_m``: metres by which clouds and
    shadows are widened. ``speckle``: filter radar speckle (``cube.speckle``). ``progress``: called with scenes done, in all.

    Returns a Dataset with ``reflectance`` (or ``gamma0``), Float32[time, band, y, x], NaN where there is no number;
    ``valid``, Bool[time, y, x], True = usable in every band; ``reason``, Uint8[time, y, x], codes of ``model.reasons``.
    Sorted by time. A scene that cannot be read is all NaN, its ``doubt`` says why. ``usable_share`` is NaN where a grid of
    more than 2048 pixels a side is loaded in blocks.

    Raises ``NoScenes``, ``MixedStack`` (radar of several orbits or directions, or with optical scenes), ``BadInput`` (bands
    that no scene has, a reference that is not among the scenes, a cube larger than memory). Warns ``CalibrationDoubtful``,
    ``NotAligned`` and ``SceneUnusable``.
    """
    if not scenes:
        raise NoScenes("there are no scenes to load; search wider, or in another period: siteline find")
    one_stack(scenes)
    if speckle and scenes[0].sensor != "radar":
        raise BadInput("speckle is of radar images, and these are optical: leave it out")
    ordered = sorted(scenes, key=_by_time)
    wanted = Wanted(_bands(ordered, bands), Part.whole(grid), dilate_m)
    first = _reference(ordered, reference)
    with opened(reader) as at_hand:
        if chunks is None:
            values = _room((len(ordered), len(wanted.bands), *grid.shape))
            reason = np.empty((len(ordered), *grid.shape), dtype=np.uint8)
            decisions = _survey(ordered, wanted, at_hand, first, (values, reason), progress)
        else:
            decisions = _survey(ordered, wanted, at_hand, first, None, progress)
    _note_changes(ordered, decisions)
    for decision in decisions:
        for doubt in decision.warnings:
            tell(doubt)
    records = [decision.record for decision in decisions]
    if chunks is None:
        if speckle:
            values = filtered(values)
        return assemble(values, reason, records, wanted.bands, grid)
    return blocks.lazy(ordered, wanted, reader, decisions, chunks, speckle=speckle)


def _survey(
    scenes: Sequence[ImageScene],
    wanted: Wanted,
    reader: Reader,
    first: int | None,
    held: tuple[NDArray[np.float32], NDArray[np.uint8]] | None,
    progress: Progress | None,
) -> list[Decision]:
    """Look at every scene, the reference first; its pixels are kept in ``held`` (values and reasons), or let go."""
    part = wanted.part if held else survey.window(wanted.part.grid)
    looked = Wanted(wanted.bands, part, wanted.dilate_m)
    decisions: list[Decision | None] = [None] * len(scenes)
    unusable: list[NDArray[np.uint8]] = [np.empty(0, dtype=np.uint8)] * len(scenes)  # a bit each, where pixels are let go
    in_cells = history.is_needed(scenes) and survey.window(part.grid).shape == part.grid.shape
    workers = min(_MOST_WORKERS, max(4, 2 * (os.cpu_count() or 1)))
    done = 0

    def visit(i: int, target: Target | None) -> Target | None:
        nonlocal done
        out = held[0][i] if held else np.empty((len(wanted.bands), *part.shape), dtype=np.float32)
        spread = files.map if len(scenes) < workers else map
        decisions[i], codes, seen = survey.visit(scenes[i], looked, reader, target, out, i == first, in_cells, spread)
        if held:
            held[1][i] = codes
        else:
            unusable[i] = np.packbits(codes > 0)
        done += 1
        if progress:
            progress(done, len(scenes))
        return seen

    with ThreadPoolExecutor(workers) as pool, ThreadPoolExecutor(workers) as files:
        target = None if first is None else visit(first, None)
        list(pool.map(lambda i: visit(i, target), (i for i in range(len(scenes)) if i != first)))
    found = [decision for decision in decisions if decision is not None]
    survey.settle(found, held[0] if held else None, wanted.bands)
    history.find(found, looked, whole=in_cells)
    for i, decision in enumerate(found):
        codes = held[1][i] if held else np.unpackbits(unusable[i], count=math.prod(part.shape)).reshape(part.shape)
        codes[...] = history.merge(codes, decision.found, part)
        if part.shape == wanted.part.shape:
            decision.record.usable_share = 1 - np.count_nonzero(codes) / codes.size
    return found


def _room(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array for a whole cube. Raises ``BadInput`` for one that this machine cannot hold."""
    size = 4 * math.prod(shape)
    if hasattr(os, "sysconf") and size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise BadInput(
            f"the cube would take {size / 1e9:,.0f} GB, more than this machine's memory; load it in blocks "
            '(chunks={"time": 1, "y": 1024, "x": 1024}), or a smaller area'
        )
    return np.empty(shape, dtype=np.float32)


def _bands(scenes: Sequence[ImageScene], named: Sequence[str] | None) -> tuple[str, ...]:
    held = Counter(
        band for scene in scenes for band in dict.fromkeys(asset.band for asset in scene.assets if asset.role == "data")
    )
    if named is None:
        able = sum(1 for scene in scenes if any(asset.role == "data" for asset in scene.assets))
        common = [band for band in WAVELENGTHS if 2 * held[band] > able] or [band for band in WAVELENGTHS if held[band]]
        if not common:
            raise BadInput(
                "none of the scenes has a band that can be loaded; name bands by STAC common names (red, nir, vv)"
            )
        return tuple(common)
    if not named:
        raise BadInput("no bands were named; leave bands out for those that most scenes have")
    missing = [band for band in named if not held[band]]
    if missing:
        raise BadInput(f"no scene has the band {', '.join(missing)}; there are {', '.join(sorted(held)) or 'none'}")
    return tuple(dict.fromkeys(named))


def _reference(scenes: Sequence[ImageScene], named: str | None) -> int | None:
    if named is None:
        return None
    places = [i for i, scene in enumerate(scenes) if scene.scene_id == named]
    if not places:
        raise BadInput(f"the reference {named!r} is not among the {len(scenes)} scenes; name one of their scene_id")
    return places[0]


def _note_changes(scenes: Sequence[ImageScene], decisions: Sequence[Decision]) -> None:
    noted = changes(scenes)
    for decision in decisions:
        if text := noted.get(decision.record.scene.scene_id):
            decision.record.doubts.append(text)


def _by_time(scene: ImageScene) -> tuple[bool, float, str]:
    return scene.when.start is None, 0.0 if scene.when.start is None else scene.when.start.timestamp(), scene.scene_id
