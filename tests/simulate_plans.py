"""Small plans for tests of the simulator."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from siteline.simulate import SENTINEL2, Built, Plan, Sensor, Work
from siteline.simulate.defaults import roof


def box(x: float, y: float, width: float, depth: float, degrees: float = 0.0) -> tuple[tuple[float, float], ...]:
    """A rectangle around (x, y) metres, turned counterclockwise."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = ((-width / 2, -depth / 2), (width / 2, -depth / 2), (width / 2, depth / 2), (-width / 2, depth / 2))
    return tuple((x + u * cos - v * sin, y + u * sin + v * cos) for u, v in corners)


def hall(*history: Work, height: float = 10.0, width: float = 60.0, depth: float = 40.0, **facts: Any) -> Built:
    """A light hall at the centre."""
    return Built("hall", box(0, 0, width, depth), height, roof("light metal"), history, **facts)


def plan(*structures: Built, seed: int = 5, sensor: Sensor = SENTINEL2, **facts: Any) -> Plan:
    """Half a year of a site of 400 m, cloudless unless told otherwise."""
    given: dict[str, Any] = {"side_m": 400.0, "period": (date(2021, 3, 1), date(2021, 8, 31)), "cloudiness": 0.0}
    return Plan(seed, structures=structures, sensors=(sensor,), **{**given, **facts})


def noiseless(sensor: Sensor, **facts: Any) -> Sensor:
    """A sensor that adds no noise and hits its place."""
    return replace(sensor, **{"noise": (0.0, 0.0), "shift_px": 0.0, **facts})


def inside(cube: Any, made: Plan, structure: Built, grown: float = 0.0) -> np.ndarray:
    """Bool[y, x]: pixels whose centres lie in a structure's outline, ``grown`` by metres."""
    import shapely

    x, y = made.centre
    shape = shapely.Polygon(structure.outline).buffer(grown)
    east, north = np.meshgrid(cube.x.values - x, cube.y.values - y)
    return shapely.contains_xy(shape, east, north)
