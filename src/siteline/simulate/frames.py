"""One acquisition as the provider would deliver it: values, what its mask layer knows, and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.simulate.calendars import Pass, passes
from siteline.simulate.chance import Maps, generator
from siteline.simulate.ground import ground
from siteline.simulate.plan import Metres, Plan
from siteline.simulate.radar import backscatter
from siteline.simulate.scenery import Scenery
from siteline.simulate.sensors import Sensor
from siteline.simulate.sky import sky
from siteline.simulate.weather import weather

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """``values``: Float32[band, y, x], reflectance or linear gamma0. ``mask``: Uint8[row, col] on ``mask_grid``, codes of
    ``model.reasons``, as the provider's layer says; None for radar. ``cloud``, ``shadow``: Float32[y, x], the truth:
    opacity, and share of the direct light that is gone. ``snow``: Float32[y, x], share under snow. ``shift_px``:
    misregistration, content moved right and down.
    """

    taken: Pass
    values: Maps
    mask: Codes | None
    cloud: Maps
    shadow: Maps
    snow: Maps
    shift_px: Metres


def scenery_of(plan: Plan, sensor: Sensor) -> Scenery:
    """The plan's ground as ``sensor`` sees it."""
    return Scenery.of(plan, sensor, ground(plan), weather(plan))


def frames(scenery: Scenery, relative_orbit: int | None = None) -> Iterator[Frame]:
    """Every acquisition of the scenery's sensor (of one orbit, if given), in order of time."""
    plan, sensor = scenery.plan, scenery.sensor
    for each in passes(plan, sensor, relative_orbit):
        rng = generator(plan.seed, "scene", sensor.name, each.orbit.relative_orbit or 0, int(each.days * 86400))
        shift = tuple(float(v) for v in np.clip(rng.normal(0, sensor.shift_px, 2), -2, 2))
        if sensor.looks is not None:
            yield _radar(scenery, each, rng, (shift[0], shift[1]))
        else:
            yield _optical(scenery, each, rng, (shift[0], shift[1]))


def _optical(scenery: Scenery, each: Pass, rng: np.random.Generator, shift: Metres) -> Frame:
    plan, sensor = scenery.plan, scenery.sensor
    above = sky(rng, each, scenery.pixels, plan.cloudiness, plan.mask_misses)
    view = scenery.view(each, shift)
    seen = above.over(view.ground, sensor.bands)
    seen *= (1 + rng.normal(0, 0.01, (len(sensor.bands), 1, 1))).astype(np.float32)
    dark, per_unit = np.float32(sensor.noise[0]), np.float32(sensor.noise[1])
    seen += rng.standard_normal(seen.shape, dtype=np.float32) * (dark + per_unit * np.abs(seen))
    codes = np.zeros(view.snow.shape, dtype=np.uint8)
    codes[view.snow > 0.4] = Reason.SNOW
    codes[above.knows_shadow] = Reason.SHADOW
    codes[above.knows_cloud] = Reason.CLOUD
    mask = _on_mask_grid(codes, scenery.grid, scenery.mask_grid)
    return Frame(each, np.maximum(seen, np.float32(0.0005)), mask, above.cloud, above.shadow, view.snow, shift)


def _radar(scenery: Scenery, each: Pass, rng: np.random.Generator, shift: Metres) -> Frame:
    none = np.zeros(scenery.pixels.shape, dtype=np.float32)
    return Frame(each, backscatter(scenery, each, rng, shift), None, none, none, none, shift)


def _on_mask_grid(codes: Codes, grid: Grid, coarse: Grid) -> Codes:
    rows = np.clip(((grid.top - coarse.ys()) / grid.res).astype(np.intp), 0, grid.height - 1)
    cols = np.clip(((coarse.xs() - grid.left) / grid.res).astype(np.intp), 0, grid.width - 1)
    return codes.take(rows, axis=0).take(cols, axis=1)
