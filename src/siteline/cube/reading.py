"""The files of one scene, read where they touch a part of the grid; what fails is noted, and never a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from siteline.cube.calibrate import gain
from siteline.cube.masks import dilate, layers_of, read_mask
from siteline.cube.positions import Part, Place
from siteline.cube.slices import UNSHIFTED, Stored, Wanted, metres
from siteline.cube.warp import Field
from siteline.model.errors import FileTrouble, SitelineError
from siteline.model.reasons import Reason
from siteline.model.scene import Asset, ImageScene

if TYPE_CHECKING:
    from siteline.guard.reader import Pixels, Reader

_FULL_MASK_PX: Final = 4_000_000


@contextmanager
def opened(reader: Reader | None) -> Iterator[Reader]:
    """The ``reader``, or one of our own: public addresses, and else only what the user has named (``siteline find``)."""
    if reader is not None:
        yield reader
        return
    from siteline.guard.http import Client
    from siteline.guard.reader import Reader as Own
    from siteline.guard.trusted import folders, trust

    with Client(trust()) as client, Own(client, local_roots=folders()) as own:
        yield own


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
    failures: list[tuple[tuple[Asset, ...], SitelineError]] = []
    for group, pixels in zip(groups, found, strict=True):
        if isinstance(pixels, SitelineError):
            failures.append((group, pixels))
        else:
            _take(stored, group, pixels, wanted)
    if failures:
        _note_failures(stored, failures)


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


def _note_failures(stored: Stored, failures: Sequence[tuple[tuple[Asset, ...], SitelineError]]) -> None:
    """One doubt for all files that failed: which bands, and what the first failure was."""
    names = ", ".join(dict.fromkeys(asset.band for group, _ in failures for asset in group))
    more = f" (and {len(failures) - 1} other files)" if len(failures) > 1 else ""
    first = failures[0][1]
    stored.notes.append(f"{names} not read: {first}{more}")
    stored.unread = f"{first.path}: {first.reason}" if isinstance(first, FileTrouble) else str(first)
    for group, _ in failures:
        if group[0].role == "mask":
            stored.blind = True
        else:
            stored.failed.update(asset.band for asset in group)


def _take(stored: Stored, group: tuple[Asset, ...], pixels: Pixels, wanted: Wanted) -> None:
    where = Place(pixels.crs, pixels.transform, pixels.values.shape[2])
    if group[0].role == "mask":
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
