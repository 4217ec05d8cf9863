"""Sensors: bands, pixels, sharpness, noise, and the calendars on which they pass.

Calendars are those of the satellites: Sentinel-2 every 10 days each, two of them 5 days apart, about 10:30 local time (ESA,
Sentinel-2 User Handbook); Landsat 8 and 9 every 16 days each, 8 days apart, about 10:10 (USGS, LSDS-1574); PlanetScope about
daily; Sentinel-1 every 12 days on each of two orbits, about 6:00 and 18:00 (ESA, Sentinel-1 User Handbook).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Orbit:
    """One satellite's passes over a site: every ``repeat_days`` from ``phase`` on, at ``local_hour`` mean solar time.

    ``phase``: days after the first pass of the sensor's first orbit. ``first``, ``last``: when the satellite is in service.
    ``seen``: share of its passes that bring an image.
    """

    platform: str
    repeat_days: int
    phase: int
    local_hour: float
    relative_orbit: int | None = None
    direction: Literal["", "ascending", "descending"] = ""
    first: date = date.min
    last: date = date.max
    seen: float = 1.0


@dataclass(frozen=True, slots=True)
class Sensor:
    """One kind of image. ``bands``: STAC common names. ``rule``: the calibration its files are written in.

    ``mask_m``: pixel of its mask layer, metres. ``psf_px``: sigma of its point spread, in pixels. ``noise``: (standard
    deviation in the dark, and per unit of reflectance). ``shift_px``: standard deviation of misregistration in x and y, in
    pixels. ``looks``: equivalent number of looks of radar, None for optical sensors.
    """

    name: str
    bands: tuple[str, ...]
    res_m: float
    orbits: tuple[Orbit, ...]
    rule: Literal["sentinel-2", "landsat-c2-sr", "planet-sr", "opera-rtc"]
    mask_m: float
    psf_px: float = 0.45
    noise: tuple[float, float] = (0.002, 0.01)
    shift_px: float = 0.25
    looks: float | None = None


SENTINEL2: Final = Sensor(
    "sentinel-2",
    ("blue", "green", "red", "nir"),
    10.0,
    (
        Orbit("sentinel-2a", 10, 0, 10.5, 51, "descending", first=date(2015, 7, 4)),
        Orbit("sentinel-2b", 10, 5, 10.5, 51, "descending", first=date(2017, 3, 15)),
    ),
    "sentinel-2",
    20.0,
)
"""Sentinel-2 level 2A in its four 10 m bands."""

LANDSAT: Final = Sensor(
    "landsat",
    ("blue", "green", "red", "nir08", "swir16", "swir22"),
    30.0,
    (
        Orbit("landsat-8", 16, 2, 10.17, first=date(2013, 4, 11)),
        Orbit("landsat-9", 16, 10, 10.17, first=date(2021, 10, 31)),
    ),
    "landsat-c2-sr",
    30.0,
    psf_px=0.5,
    noise=(0.0015, 0.008),
    shift_px=0.15,
)
"""Landsat 8 and 9 Collection 2 surface reflectance."""

PLANETSCOPE: Final = Sensor(
    "planetscope",
    ("blue", "green", "red", "nir"),
    3.0,
    (Orbit("planetscope", 1, 0, 10.0, first=date(2016, 6, 1), seen=0.8),),
    "planet-sr",
    3.0,
    psf_px=0.6,
    noise=(0.004, 0.025),
    shift_px=0.6,
)
"""About daily images of many small satellites, noisier and less well placed."""

SENTINEL1: Final = Sensor(
    "sentinel-1",
    ("vv", "vh"),
    10.0,
    (
        Orbit("sentinel-1a", 12, 1, 17.9, 88, "ascending", first=date(2014, 10, 3)),
        Orbit("sentinel-1a", 12, 7, 5.9, 37, "descending", first=date(2014, 10, 3)),
    ),
    "opera-rtc",
    10.0,
    psf_px=0.7,
    shift_px=0.1,
    looks=4.4,
)
"""Sentinel-1 gamma0 on two relative orbits, 4.4 looks (ESA, Sentinel-1 product definition, IW GRD high resolution)."""

SENSORS: Final[Mapping[str, Sensor]] = {sensor.name: sensor for sensor in (SENTINEL2, LANDSAT, PLANETSCOPE, SENTINEL1)}
"""Ready-made sensors by name."""
