"""One scene read onto a part of the grid: numbers as stored, and the reason wherever a pixel is not usable."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube import warp
from siteline.cube.calibrate import Gain, gain
from siteline.cube.masks import dilate, layers_of, read_mask
from siteline.cube.warp import Field, Part, Place
from siteline.model.errors import SitelineError
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import Asset, ImageScene

if TYPE_CHECKING:
    from siteline.guard.reader import Pixels, Reader

SLC_OFF: Final = datetime(2003, 5, 31, tzinfo=UTC)
"""Landsat 7's scan line corrector failed; since then a fifth of each scene is in stripes without data (USGS)."""

UNSHIFTED: Final = (0.0, 0.0)

_FULL_MASK_PX: Final = 4_000_000
_FAILED: Final = np.uint8(Reason.FAILED_READ - 1)
_NODATA: Final = np.uint8(Reason.NODATA - 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of every scene: ``bands`` on ``part``, clouds and shadows widened by ``dilate_m`` metres."""

    bands: tuple[str, ...]
    part: Part
    dilate_m: float


@dataclass(slots=True)
class Stored:
    """What was read of a scene, in the files' own pixels: fields by band, reasons by mask layer, what went wrong.

    ``gains``: by band, how its numbers are read. ``failed``: bands whose file could not be read; ``lacking``: bands the
    scene does not have. ``blind``: a mask layer could not be read; clouds are then not known, and nothing is usable.
    ``notes``: doubts.
    """

    scene: ImageScene
    fields: dict[str, Field] = field(default_factory=dict)
    gains: dict[str, Gain] = field(default_factory=dict)
    masks: list[tuple[NDArray[np.uint8], Place]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    blind: bool = False
    notes: list[str] = field(default_factory=list)


def fetch(
    scene: ImageScene,
    wanted: Wanted,
    reader: Reader,
    shift: tuple[float, float] = UNSHIFTED,
    spread: Callable[..., Iterable[Any]] = map,
) -> Stored:
    """Read the scene's files where they touch ``wanted.part``; never raises for a file that cannot be read.

    ``shift``: as in ``place``. ``spread``: ``map``, or the map of a pool of threads, over the scene's files.
    """
    stored = Stored(scene)
    if scene.quarantined:
        stored.failed.update(wanted.bands)
        stored.notes.append("; ".join(("quarantined, not read", *scene.problems)))
        return stored
    held = dict(zip(wanted.bands, scene.bands(wanted.bands), strict=True))
    assets = [asset for asset in held.values() if asset is not None]
    if not assets:
        stored.failed.update(wanted.bands)
        stored.notes.append("; ".join(("none of its files holds a wanted band", *scene.problems)))
        return stored
    stored.lacking.update(band for band, asset in held.items() if asset is None)
    if stored.lacking:
        stored.notes.append(f"no {', '.join(band for band in wanted.bands if band in stored.lacking)} in this scene")
    _read_all(stored, [*assets, *scene.masks], wanted, reader, shift, spread)
    return stored


def fetch_masks(scene: ImageScene, wanted: Wanted, reader: Reader) -> Stored:
    """Read the scene's mask layers alone."""
    stored = Stored(scene)
    _read_all(stored, scene.masks, wanted, reader, UNSHIFTED, map)
    return stored


def place(
    stored: Stored, wanted: Wanted, out: NDArray[np.float32], shift: tuple[float, float] = UNSHIFTED
) -> NDArray[np.uint8]:
    """Put what was read on the grid: numbers as stored into ``out``, Float32[band, y, x]; returns reasons, Uint8[y, x].

    ``shift``: pixels of the grid by which the scene's content lies too far right and down; it is taken off in the same
    sampling. What then lies beyond the grid was not asked for, and counts as outside.
    """
    part = wanted.part if shift == UNSHIFTED else wanted.part.moved(*shift)
    state = np.full(part.shape, warp.USABLE, dtype=np.uint8)
    for band, layer in zip(wanted.bands, out, strict=True):
        if band in stored.fields:
            warp.put(stored.fields[band], part, layer, state)
        else:
            layer[...] = np.nan
    for codes, where in stored.masks:
        on_grid = np.full(part.shape, Reason.OUTSIDE, dtype=np.uint8)  # where a mask does not reach, clouds are not known
        warp.put_codes(codes, where, part, on_grid)
        np.minimum(state, on_grid - np.uint8(1), out=state)
    if shift != UNSHIFTED:
        beyond = _beyond(wanted.part, shift)
        out[:, beyond] = np.nan
        state[beyond] = np.uint8(Reason.OUTSIDE - 1)
    if stored.failed or stored.blind or stored.lacking:
        np.minimum(state, _NODATA if stored.lacking and not (stored.failed or stored.blind) else _FAILED, out=state)
    reasons: NDArray[np.uint8] = state + np.uint8(1)
    if _has_stripes(stored.scene) and not (reasons == Reason.NODATA).all():
        reasons[reasons == Reason.NODATA] = Reason.DEFECTIVE
    return reasons


def metres(grid: Grid) -> float:
    """Metres per CRS unit of ``grid``, for degrees those of latitude."""
    from pyproj import CRS

    crs = CRS.from_user_input(grid.crs)
    return 111_195.0 if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


def _read_all(
    stored: Stored,
    assets: Sequence[Asset],
    wanted: Wanted,
    reader: Reader,
    shift: tuple[float, float],
    spread: Callable[..., Iterable[Any]],
) -> None:
    groups = _by_file(assets)
    found = spread(lambda group: _read(stored.scene, group, wanted, reader, shift), groups)
    for group, pixels in zip(groups, found, strict=True):
        _take(stored, group, pixels, wanted)


def _by_file(assets: Sequence[Asset]) -> list[tuple[Asset, ...]]:
    groups: dict[tuple[str, str, str], list[Asset]] = {}
    for asset in assets:
        groups.setdefault((asset.href, asset.access, asset.role), []).append(asset)
    return [tuple(group) for group in groups.values()]


def _read(
    scene: ImageScene, group: tuple[Asset, ...], wanted: Wanted, reader: Reader, shift: tuple[float, float]
) -> Pixels | SitelineError:
    first, grid = group[0], wanted.part.grid
    if first.role == "mask":
        indexes = layers_of(first.band, first.index)
        res = (
            None
            if grid.width * grid.height * (grid.res * metres(grid) / (first.gsd_m or 20.0)) ** 2 < _FULL_MASK_PX
            else grid.res
        )
    else:
        indexes, res = tuple(asset.index for asset in group), grid.res
    margin = wanted.dilate_m / metres(grid) if first.role == "mask" else 0.0
    try:
        return reader.read(
            first.href, indexes, _bounds(wanted.part, shift, margin), grid.crs, res, first.access, scene.georef
        )
    except SitelineError as error:
        return error


def _bounds(part: Part, shift: tuple[float, float], margin: float) -> tuple[float, float, float, float]:
    """What to read for ``part``: where its shifted content lies, with a ``margin``, within the bounds of the whole grid.

    A copy that was fetched for the grid serves, and a part sees what the whole would. Readers add two pixels of their own.
    """
    left, bottom, right, top = part.moved(*shift).bounds
    west, south, east, north = part.grid.bounds
    res = part.grid.res
    left, right = min(max(left - margin, west), east - res), max(min(right + margin, east), west + res)
    bottom, top = min(max(bottom - margin, south), north - res), max(min(top + margin, north), south + res)
    return left, bottom, right, top


def _take(stored: Stored, group: tuple[Asset, ...], pixels: Pixels | SitelineError, wanted: Wanted) -> None:
    mask = group[0].role == "mask"
    names = ", ".join(asset.band for asset in group)
    if isinstance(pixels, SitelineError):
        stored.notes.append(f"{names} not read: {pixels}")
        if mask:
            stored.blind = True
        else:
            stored.failed.update(asset.band for asset in group)
        return
    where = Place(pixels.crs, pixels.transform, pixels.values.shape[2])
    if mask:
        _take_mask(stored, group[0], pixels, where, wanted)
        return
    present = None if pixels.present.all() else pixels.present
    for asset, values in zip(group, pixels.values, strict=True):
        meaning = gain(stored.scene, asset)
        nodata = meaning.nodata if pixels.nodata is None else (*meaning.nodata, pixels.nodata)
        stored.gains[asset.band] = meaning
        stored.fields[asset.band] = Field(values, where, present, tuple(dict.fromkeys(nodata)))
        if meaning.doubt and meaning.doubt not in stored.notes:
            stored.notes.append(meaning.doubt)


def _take_mask(stored: Stored, asset: Asset, pixels: Pixels, where: Place, wanted: Wanted) -> None:
    try:
        codes = read_mask(asset.band, pixels.values, asset.name)
    except ValueError as error:
        stored.notes.append(f"{asset.band} not used: {error}")
        stored.blind = True
        return
    codes[~pixels.present] = Reason.NODATA
    if not codes.size:
        stored.masks.append((codes, where))
        return
    finest = math.sqrt(abs(where.transform[0] * where.transform[4] - where.transform[1] * where.transform[3]))
    own_m = finest * metres(replace(wanted.part.grid, crs=where.crs))
    reach = max(wanted.dilate_m, wanted.part.grid.res * metres(wanted.part.grid) / 2 if wanted.dilate_m else 0.0)
    stored.masks.append((dilate(codes, reach / own_m), where))


def _beyond(part: Part, shift: tuple[float, float]) -> NDArray[np.bool_]:
    """Bool[y, x] of ``part``, True = the shifted centre lies beyond the grid."""
    rows = part.row + np.arange(part.height) + 0.5 + shift[1]
    cols = part.col + np.arange(part.width) + 0.5 + shift[0]
    return ((rows < 0) | (rows > part.grid.height))[:, None] | ((cols < 0) | (cols > part.grid.width))


def _has_stripes(scene: ImageScene) -> bool:
    return (
        scene.platform in ("landsat-7", "landsat7", "le07") and scene.when.start is not None and scene.when.start > SLC_OFF
    )
