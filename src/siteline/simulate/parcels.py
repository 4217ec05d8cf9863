"""Parcels of land: a plain cut in two again and again, roads and hedges along the cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.simulate.chance import Maps

_ROADS, _TRACKS = 3, 6
"""Cuts up to these depths carry a road, or a track."""


@dataclass(frozen=True, slots=True)
class Parcels:
    """``label``: Int32[y, x], parcels from 0. ``asphalt``, ``gravel``, ``hedge``: Float32[y, x], share of the pixel.

    ``count``: of parcels. ``along``: Float32[parcel], direction in which each is worked, radians.
    """

    label: NDArray[np.int32]
    asphalt: Maps
    gravel: Maps
    hedge: Maps
    count: int
    along: NDArray[np.float32]


class _Cutter:
    def __init__(self, rng: np.random.Generator, east: Maps, north: Maps, res: float) -> None:
        self.rng, self.res = rng, res
        self.east, self.north = east.ravel(), north.ravel()
        self.label = np.zeros(east.size, dtype=np.int32)
        self.lines = {name: np.zeros(east.size, dtype=np.float32) for name in ("asphalt", "gravel", "hedge")}
        self.along: list[float] = []

    def cut(self, where: NDArray[np.intp], angle: float, depth: int) -> None:
        """Cut the pixels ``where`` across their longer side, ``angle`` being the way the land lies, until they are small."""
        u = self.east[where] * np.float32(np.cos(angle)) + self.north[where] * np.float32(np.sin(angle))
        v = self.north[where] * np.float32(np.cos(angle)) - self.east[where] * np.float32(np.sin(angle))
        if not where.size:
            return
        sides = float(np.ptp(u)), float(np.ptp(v))
        area = where.size * self.res**2
        narrow = min(sides) < 30
        if area < float(self.rng.lognormal(np.log(14_000), 0.6)) or (narrow and max(sides) < 250) or depth > 14:
            self.label[where] = len(self.along)
            self.along.append(angle + (0 if sides[0] > sides[1] else np.pi / 2))
            return
        across_u = sides[0] > sides[1] * float(self.rng.uniform(0.45, 1.3))
        side = u if across_u else v
        share = float(self.rng.uniform(0.32, 0.68))
        at = float(side.min()) * (1 - share) + float(side.max()) * share
        away = side - np.float32(at)
        self._line(where, away, depth)
        for part in (away < 0, away >= 0):
            self.cut(where[part], angle + float(self.rng.normal(0, 0.05)), depth + 1)

    def _line(self, where: NDArray[np.intp], away: NDArray[np.float32], depth: int) -> None:
        chance = float(self.rng.random())
        kind, width = "", 0.0
        if depth < _ROADS:
            kind, width = ("asphalt", 5.5) if chance < 0.75 else ("gravel", 4.0)
        elif depth < _TRACKS and chance < 0.5:
            kind, width = "gravel", 3.0
        elif chance > 0.8:
            kind, width = "hedge", float(self.rng.uniform(3, 9))
        if kind:
            share = np.clip((width / 2 - np.abs(away)) / np.float32(self.res) + np.float32(0.5), 0, 1)
            share *= np.float32(min(1.0, width / self.res))
            line = self.lines[kind]
            line[where] = np.maximum(line[where], share)


def parcels(rng: np.random.Generator, east: Maps, north: Maps, res: float) -> Parcels:
    """Parcels of about 1.5 hectares over the pixels at ``east``, ``north`` (Float32[y, x], metres)."""
    cutter = _Cutter(rng, east, north, res)
    cutter.cut(np.arange(east.size), float(rng.uniform(0, np.pi)), 0)
    shape, along = east.shape, np.array(cutter.along, dtype=np.float32)
    asphalt, gravel, hedge = (cutter.lines[name].reshape(shape) for name in ("asphalt", "gravel", "hedge"))
    return Parcels(cutter.label.reshape(shape), asphalt, gravel, hedge, len(along), along)
