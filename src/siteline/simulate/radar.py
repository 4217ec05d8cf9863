"""Radar backscatter of the site: land cover, walls that send the beam straight back, radar shadow, speckle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from siteline.simulate.buildings import Drawn, swept, taken_at
from siteline.simulate.calendars import Pass
from siteline.simulate.chance import Maps
from siteline.simulate.ground import KINDS
from siteline.simulate.plan import Metres
from siteline.simulate.plants import CROPS, green
from siteline.simulate.scenery import Scenery, season
from siteline.simulate.stages import Stage, stages

INCIDENCE: Final = 38.0
"""Degrees from the vertical; the middle of Sentinel-1's swath."""

LOOKS_TO: Final = {"ascending": 78.0, "descending": 282.0}
"""Azimuth that the antenna looks to, degrees: to the right of the track at middle latitudes."""

_LAND: Final[Mapping[str, tuple[float, float]]] = {
    "leaf wood": (-8.8, -14.3),
    "needle wood": (-8.6, -14.6),
    "water": (-19.0, -27.0),
    "asphalt": (-15.5, -23.5),
    "gravel": (-11.5, -19.5),
    "verge": (-12.0, -18.5),
}
"""Typical gamma0 at C band, VV and VH in decibels."""

_SOIL, _GROWN, _MOIST_DB = (-12.5, -20.5), (-12.0, -16.0), 3.0
_ROOF, _WALL, _SHADOW = (0.03, 0.005), (6.0, 0.6), 0.25
_WALL_PX = 0.7
_ALIGNED = 22.0
"""Degrees by which a wall may be turned away before its double bounce falls to a third (Franceschetti, Iodice and Riccio
2002, doi:10.1109/TGRS.2002.803792, show that it is strongest from walls that run along the track)."""


def backscatter(scenery: Scenery, each: Pass, rng: np.random.Generator, shift_px: Metres) -> Maps:
    """Gamma0 (linear) with speckle, Float32[band, y, x]: gamma distributed with the sensor's number of looks."""
    sensor = scenery.sensor
    moist, _ = scenery.weather.at(each.days)
    _, day = season(each.days, scenery.plan.lat, scenery.weather)
    columns = [("vv", "vh").index(band) for band in sensor.bands]
    power = _powers(day, moist)[columns]
    ys, xs = scenery.places(shift_px)
    seen = taken_at(scenery.mixed(each.days, power), ys, xs)
    for structure in scenery.plan.structures:
        for stage in stages(structure, each.days):
            _add(seen, scenery.drawing(structure, stage.shift), stage, each, shift_px, columns)
    looks = sensor.looks or 1.0
    speckle = rng.standard_gamma(looks, seen.shape, dtype=np.float32) / np.float32(looks)
    return np.asarray(np.maximum(seen, np.float32(1e-4)) * speckle)


def _powers(day: float, moist: float) -> Maps:
    """Gamma0 of the kinds of land on a day, linear, Float32[VV and VH, kind]."""
    table = []
    for kind in KINDS:
        if kind in CROPS:
            cover = green(kind, day)
            decibels = [(1 - cover) * bare + cover * grown for bare, grown in zip(_SOIL, _GROWN, strict=True)]
            decibels = [value + _MOIST_DB * (moist - 0.5) * (1 - 0.5 * cover) for value in decibels]
        else:
            leaves = 0.8 * green(kind, day) if kind == "leaf wood" else 0.8
            decibels = [value + leaves - 0.8 for value in _LAND[kind]]
        table.append([10 ** (value / 10) for value in decibels])
    return np.array(table, dtype=np.float32).T


def _add(seen: Maps, drawn: Drawn, stage: Stage, each: Pass, shift_px: Metres, columns: list[int]) -> None:
    """Put one structure into ``seen`` in place: roof, the shadow behind it, and the bright line before its walls."""
    azimuth = math.radians(LOOKS_TO[each.orbit.direction or "descending"])
    right, down = math.sin(azimuth), -math.cos(azimuth)
    height, cell_m = drawn.structure.height_m, drawn.pixels.res / drawn.fine
    roof = drawn.part(stage.roof)
    if not roof.any():
        return
    behind = height * math.tan(math.radians(INCIDENCE)) / cell_m
    before = _WALL_PX * drawn.fine
    shadow = swept(roof, right * behind, down * behind) - roof
    wall = swept(roof, -right * before, -down * before) - roof
    covered, dark, bright = (drawn.taken(drawn.blurred(cells), shift_px) for cells in (roof, shadow, wall))
    row, col, rows, cols = drawn.window
    window = seen[:, row : row + rows, col : col + cols]
    window *= 1 - np.float32(1 - _SHADOW) * dark
    strength = height / 8 * _facing(drawn, right, down)
    for band, power in zip(columns, window, strict=True):
        power += (np.float32(_ROOF[band]) - power) * covered
        power += np.float32(_WALL[band] * strength) * bright


def _facing(drawn: Drawn, right: float, down: float) -> float:
    """How squarely the walls that the antenna sees face it, 0 to 1, by length."""
    corners = drawn.corners
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    turn = np.sign(np.sum(corners[:, 0] * np.roll(corners[:, 1], -1) - np.roll(corners[:, 0], -1) * corners[:, 1]))
    outward = np.column_stack([sides[:, 1], -sides[:, 0]]) / lengths[:, None] * turn
    towards = -(outward[:, 0] * right + outward[:, 1] * down)
    seen = towards > 0
    angles = np.degrees(np.arccos(np.clip(towards[seen], -1, 1)))
    weights = lengths[seen] * towards[seen]
    strength = np.maximum(np.exp(-((angles / _ALIGNED) ** 2)), 0.05)
    return float(np.sum(weights * strength) / max(float(weights.sum()), 1e-9))
