"""The ground of a site: what grows where, how it slopes, how well snow stays on it. Nothing here changes with time.

All maps lie on one fine grid, in metres from the site's centre, which every sensor of the plan looks at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.simulate.chance import Maps, fractal, generator, smoothstep
from siteline.simulate.parcels import Parcels, parcels
from siteline.simulate.plan import Plan
from siteline.simulate.plants import CROPS, LASTING

KINDS: Final = (*CROPS, *LASTING)
"""Kinds of land, in the order of every array over them."""

MARGIN_PX: Final = 4
"""Pixels of the coarsest sensor that the ground reaches beyond the site, for blur and misregistration."""

_SNOW_STAYS: Final = {"leaf wood": 0.45, "needle wood": 0.35, "water": 0.05, "asphalt": 0.3, "gravel": 0.75}
_ROUGH: Final = {"leaf wood": 0.10, "needle wood": 0.10, "water": 0.02, "asphalt": 0.04, "gravel": 0.10, "verge": 0.12}
_TIMES: Final = (0.26, 0.16, 0.12, 0.14, 0.16, 0.16)
"""How often parcels carry each of ``CROPS``."""


@dataclass(slots=True)
class Ground:
    """``res``: metres per cell; ``left``, ``top``: outer corner, metres from the centre (east, north).

    ``lasting``: Float32[6, y, x], shares of ``LASTING``, times their brightness. ``field_share``: Float32[y, x], brightness
    of crops and meadows times their share. ``east_slope``, ``north_slope``: of ground and trees. ``snow``: Float32[y, x],
    share of the open fields' snow that stays; ``patchy``: noise of variance 1 by which it melts.
    """

    seed: int
    res: float
    left: float
    top: float
    lasting: Maps
    field_share: Maps
    parcels: Parcels
    east_slope: Maps
    north_slope: Maps
    snow: Maps
    patchy: Maps
    meadows: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    def crops(self, year: int) -> Maps:
        """Shares of ``CROPS`` in a crop year (named after the year of its harvest), Float32[6, y, x], times brightness.

        Each field carries mostly one, sown earlier or later; meadows stay meadows.
        """
        rng = generator(self.seed, "crops", year)
        count = self.parcels.count
        arable = np.array(_TIMES[:4]) / sum(_TIMES[:4])
        kind = rng.choice(4, count, p=arable)
        lasting = generator(self.seed, "meadows")
        kind = np.where(self.meadows, lasting.choice([4, 5], count), kind)
        other = np.array([1, 0, 0, 1, 5, 4])[kind]
        share = np.where(kind == 2, 0.0, rng.uniform(0, 0.4, count))
        table = np.zeros((len(CROPS), count), dtype=np.float32)
        table[kind, np.arange(count)] += (1 - share).astype(np.float32)
        table[other, np.arange(count)] += share.astype(np.float32)
        return np.asarray(table[:, self.parcels.label] * self.field_share)


def ground(plan: Plan) -> Ground:
    """Make the ground of a plan: relief, parcels, roads, hedges, woods, water, and a yard around its structures."""
    res, half = _cells(plan)
    side = math.ceil(2 * half / res)
    shape = (side, side)
    centres = (np.arange(side, dtype=np.float32) + np.float32(0.5)) * np.float32(res) - np.float32(half)
    east, north = np.meshgrid(centres, -centres)
    rng = generator(plan.seed, "ground")
    bend = [fractal(rng, shape, res, 500.0, 2.6, 30.0) * np.float32(14) for _ in range(2)]
    land = parcels(rng, east + bend[0], north + bend[1], res)
    height = fractal(rng, shape, res, 1800.0, 2.3, 25.0) * np.float32(26)
    built = _near(plan, east, north)
    texture = fractal(rng, shape, res, 40.0, 1.1)
    broad = fractal(rng, shape, res, 160.0, 1.6)
    wooded = smoothstep(fractal(rng, shape, res, 600.0, 1.5) - _much_less(built), 0.72, 0.72 + 0.02 * res)
    wooded = np.maximum(wooded, _planted(rng, land, built))
    wet = smoothstep(-height / 26 + np.float32(0.12) * texture - _much_less(built), 2.0, 2.0 + 0.012 * res)
    shares = _shares(plan, rng, land, wooded, wet, built, texture, broad, east, north)
    crowns = fractal(rng, shape, res, 9.0, 1.6, 3.0) * np.float32(1.6)
    trees = shares["leaf wood"] + shares["needle wood"]
    surface = height * np.float32(0.6) + _smooth(trees, 3.0 / res) * np.float32(6) + crowns * trees
    down, right = np.gradient(surface, np.float32(res))
    fields = 1 - np.clip(sum(shares.values(), np.zeros(shape, dtype=np.float32)), 0, 1)
    tone = _tone(rng, land, texture, broad, east, north)
    stays = fields + sum((share * np.float32(_SNOW_STAYS.get(name, 1.0)) for name, share in shares.items()), np.float32(0))
    return Ground(
        seed=plan.seed, res=res, left=-half, top=half,
        lasting=np.stack([shares[name] * (1 + np.float32(_ROUGH[name]) * texture) for name in LASTING]),
        field_share=fields * tone, parcels=land, east_slope=right.astype(np.float32), north_slope=-down.astype(np.float32),
        snow=np.asarray(stays, dtype=np.float32), patchy=(0.7 * broad + 0.7 * texture).astype(np.float32),
        meadows=rng.random(land.count) < sum(_TIMES[4:]),
    )  # fmt: skip


def _cells(plan: Plan) -> tuple[float, float]:
    """(metres per cell, metres from the centre to the edge)."""
    finest, coarsest = (pick(sensor.res_m for sensor in plan.sensors) for pick in (min, max))
    return finest / 2, plan.side_m / 2 + MARGIN_PX * coarsest


def _near(plan: Plan, east: Maps, north: Maps) -> Maps:
    """Metres to the nearest structure's outline box, Float32[y, x]; far away without structures."""
    near = np.full(east.shape, 1e4, dtype=np.float32)
    for structure in plan.structures:
        shifts = [(0.0, 0.0), *(work.to for work in structure.history if work.what == "moved")]
        for right, up in shifts:
            xs, ys = ([corner[i] + by for corner in structure.outline] for i, by in enumerate((right, up)))
            across = np.maximum(np.maximum(np.float32(min(xs)) - east, east - np.float32(max(xs))), 0)
            along = np.maximum(np.maximum(np.float32(min(ys)) - north, north - np.float32(max(ys))), 0)
            near = np.minimum(near, np.hypot(across, along))
    return near


def _much_less(near: Maps) -> Maps:
    """What is taken off noise near structures, so that neither wood nor water lies there."""
    return 8 * smoothstep(-near, -70.0, -40.0)


def _planted(rng: np.random.Generator, land: Parcels, near: Maps) -> Maps:
    """Parcels that are woods, but for those that hold structures."""
    wood = rng.random(land.count) < 0.08
    wood[np.unique(land.label[near < 60])] = False
    return wood[land.label].astype(np.float32)


def _shares(
    plan: Plan, rng: np.random.Generator, land: Parcels, wooded: Maps, wet: Maps, near: Maps, texture: Maps, broad: Maps,
    east: Maps, north: Maps,
) -> dict[str, Maps]:  # fmt: skip
    """Shares of ``LASTING``, each of what those before it leave."""
    roads = land.asphalt * smoothstep(near, 2.0, 6.0)  # none runs through a structure
    yard = smoothstep(near + 5 * texture + 5 * broad, 10.0, 22.0)
    tracks = np.maximum(land.gravel * (1 - np.float32(0.5) * wooded), _access(plan, roads, east, north))
    needles = smoothstep(broad + np.float32(rng.normal(-0.5, 0.6)), -0.15, 0.15)
    left = np.ones(roads.shape, dtype=np.float32)
    shares: dict[str, Maps] = {}

    def take(name: str, share: Maps) -> None:
        shares[name] = shares.get(name, np.float32(0)) + left * share
        np.multiply(left, 1 - share, out=left)

    take("asphalt", roads)
    take("water", wet)
    take("gravel", np.maximum(tracks, (1 - yard) * smoothstep(texture + broad, -1.2, 1.0) * np.float32(0.8)))
    take("verge", np.maximum(1 - yard, smoothstep(np.maximum(_smooth(roads, 2.0), _smooth(tracks, 1.5)), 0.02, 0.4)))
    take("needle wood", wooded * needles)
    take("leaf wood", np.maximum(wooded, land.hedge * smoothstep(near, 20.0, 40.0)))
    return shares


def _access(plan: Plan, roads: Maps, east: Maps, north: Maps) -> Maps:
    """A track from each structure to the nearest road."""
    out = np.zeros(roads.shape, dtype=np.float32)
    there = roads > 0.5
    if not there.any():
        return out
    res = abs(float(east[0, 1] - east[0, 0]))
    for structure in plan.structures:
        x, y = (np.float32(sum(corner[i] for corner in structure.outline) / len(structure.outline)) for i in (0, 1))
        away = np.hypot(east[there] - x, north[there] - y)
        at = int(np.argmin(away))
        dx, dy = east[there][at] - x, north[there][at] - y
        along = np.clip(((east - x) * dx + (north - y) * dy) / max(float(dx * dx + dy * dy), 1.0), 0, 1)
        off = np.hypot(east - x - along * dx, north - y - along * dy)
        out = np.maximum(out, np.clip((np.float32(2.0) - off) / np.float32(res) + np.float32(0.5), 0, 1))
    return out


def _tone(rng: np.random.Generator, land: Parcels, texture: Maps, broad: Maps, east: Maps, north: Maps) -> Maps:
    """Brightness of fields, about 1: each has its own, soils vary within, and machines leave lines."""
    own = np.clip(rng.normal(1, 0.09, land.count), 0.75, 1.3).astype(np.float32)[land.label]
    turned = land.along[land.label]
    across = north * np.cos(turned) - east * np.sin(turned)
    lines = np.sin(across * np.float32(2 * np.pi / 7.5)) * np.float32(0.02)
    return np.asarray(own * (1 + np.float32(0.035) * texture + np.float32(0.075) * broad + lines), dtype=np.float32)


def _smooth(values: Maps, sigma: float) -> Maps:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(values, sigma), dtype=np.float32)
