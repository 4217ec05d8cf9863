"""Whether Sentinel-2 numbers still carry the offset of baseline 04.00: from metadata, checked against the darkest pixels.

From processing baseline 04.00 (25 January 2022) digital numbers are 10000 x reflectance + 1000 (ESA, Sentinel-2 PSD,
RADIO_ADD_OFFSET and BOA_ADD_OFFSET = -1000). Some archives take the offset off again, and their flags about it are often
wrong. Reflectance of the darkest ground is near zero in some band, so that the darkest clear pixels tell:

- a floor far below 1000 in any band: the numbers carry no offset; taking 1000 off would make them negative;
- floors about 1000 above those of other scenes of the same place in every band alike: they carry it. Season, haze and snow
  do not brighten all bands by the same amount;
- else the pixels do not tell, and the metadata stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube.calibrate import OFFSET_FROM, S2_OFFSET
from siteline.model.scene import ImageScene

Floors = Mapping[str, float]
"""By band: the number under which one clear pixel in a hundred lies."""

LOW: Final = 700.0
"""A floor below this cannot carry the offset: one pixel in a hundred would have a reflectance under -0.03."""

_PERCENT: Final = 1.0
_FEWEST_PX: Final = 200
_SAMPLE_PX: Final = 10_000
_NEAR: Final = 300.0
_PEERS: Final = 3
_BANDS: Final = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """``offset``: to be added to digital numbers, 0 or -1000. ``doubt``: why it is not sure, ""."""

    offset: float
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the metadata say: ``offset`` (digital numbers), by which of them, and whether others of them disagree."""

    offset: float
    by: str
    disputed: bool = False


def floors(numbers: NDArray[np.float32], usable: NDArray[np.bool_], bands: Sequence[str]) -> dict[str, float]:
    """The floors of a scene: ``numbers`` Float32[band, y, x] as stored, ``usable`` Bool[y, x]; empty with too few pixels."""
    stride = max(1, int(np.sqrt(usable.size / _SAMPLE_PX)))
    clear = usable[::stride, ::stride]
    if np.count_nonzero(clear) < _FEWEST_PX:
        return {}
    found = {}
    for band, layer in zip(bands, numbers, strict=True):
        dark = layer[::stride, ::stride][clear]
        dark = dark[np.isfinite(dark)]
        if dark.size >= _FEWEST_PX:
            place = int(dark.size * _PERCENT / 100)
            found[band] = float(np.partition(dark, place)[place])
    return found


def stated(scene: ImageScene) -> Stated:
    """What the metadata of a scene say: the flag that it is applied, else a declared offset, else the baseline."""
    opinions: list[tuple[str, float]] = []
    baseline = _baseline(scene)
    by_baseline = S2_OFFSET if baseline is not None and baseline >= OFFSET_FROM else 0.0
    applied = next((scene.properties[key] for key in _FLAGS if isinstance(scene.properties.get(key), bool)), None)
    if applied is not None:
        opinions.append((f"boa_offset_applied = {str(applied).lower()}", 0.0 if applied else by_baseline))
    declared = {
        round(asset.offset / (asset.scale or 1e-4))
        for asset in scene.assets
        if asset.role == "data" and asset.offset is not None
    }
    opinions += [("the declared offset", float(offset)) for offset in sorted(declared)]
    if baseline is not None and applied is not True:
        opinions.append((f"baseline {scene.baseline}", by_baseline))
    if not opinions:
        return Stated(0.0, "no baseline, flag or offset", True)
    return Stated(opinions[0][1], opinions[0][0], len({offset for _, offset in opinions}) > 1)


def settle_alone(scene: ImageScene, own: Floors) -> Settled | None:
    """The offset of a scene where its own pixels and metadata tell; None where other scenes must be looked at."""
    said = stated(scene)
    dark = min(own, key=own.__getitem__, default="")
    if dark and own[dark] < LOW:
        if said.offset == 0.0:
            return Settled(0.0)
        return Settled(
            0.0,
            f"{said.by} says that {said.offset:.0f} is to be added, but the darkest {dark} pixels are at {own[dark]:.0f}: "
            "they carry no offset, and none was taken off",
        )
    return Settled(said.offset) if said.offset != 0.0 and not said.disputed else None


def settle(scenes: Sequence[ImageScene], own: Sequence[Floors]) -> list[Settled]:
    """The offset of each scene of one place, from its metadata, its floors ``own`` and those of the others."""
    return [settle_alone(scene, low) or _by_peers(scene, low, scenes, own) for scene, low in zip(scenes, own, strict=True)]


def _by_peers(scene: ImageScene, own: Floors, scenes: Sequence[ImageScene], others: Sequence[Floors]) -> Settled:
    said = stated(scene)
    dark = [
        low
        for peer, low in zip(scenes, others, strict=True)
        if _comparable(peer, scene) and min(low.values(), default=LOW) < LOW
    ]
    levels = {band: [low[band] for low in dark if band in low] for band in own}
    rises = [own[band] - float(np.median(known)) for band, known in levels.items() if known]
    rise = float(np.median(rises)) if rises else float("nan")
    alike = bool(rises) and max(abs(each + S2_OFFSET) for each in rises) <= _NEAR
    if alike and len(rises) >= _BANDS and len(dark) >= _PEERS:
        why = f"its darkest pixels lie {rise:.0f} above those of {len(dark)} other scenes in every band"
        if said.offset == S2_OFFSET:
            return Settled(S2_OFFSET)
        return Settled(S2_OFFSET, f"{said.by} says that no offset is to be taken off, but {why}: 1000 was taken off")
    if said.offset == 0.0 and rises and abs(rise + S2_OFFSET) <= _NEAR:
        return Settled(
            said.offset,
            f"its darkest pixels lie {rise:.0f} above those of {len(dark)} other scenes, as if an offset of 1000 were still "
            f"in them; {said.by} says that none is, and was followed",
        )
    if said.disputed:
        return Settled(
            said.offset, f"its metadata disagree about the offset and its pixels do not tell; {said.by} was followed"
        )
    return Settled(said.offset)


_FLAGS: Final = ("earthsearch:boa_offset_applied", "s2:boa_offset_applied", "siteline:boa_offset_applied")


def _comparable(peer: ImageScene, scene: ImageScene) -> bool:
    return peer is not scene and peer.calibration == scene.calibration and peer.quantity == scene.quantity


def _baseline(scene: ImageScene) -> tuple[int, int] | None:
    major, _, minor = scene.baseline.strip().lstrip("Nn").partition(".")
    if not minor and len(major) == 4:  # N0509 as in product names
        major, minor = major[:2], major[2:]
    return (int(major), int(minor or 0)) if major.isdigit() and (minor or "0").isdigit() else None
