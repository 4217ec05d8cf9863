"""What is to be simulated: a place, a period, sensors, and structures with the dates of what happens to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal

from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.simulate.sensors import SENTINEL2, Sensor

What = Literal["built", "dismantled", "rebuilt", "moved"]
Metres = tuple[float, float]
"""East and north of the site's centre, in metres of its UTM zone."""

_NEEDS_STANDING: Final[Mapping[str, bool]] = {"built": False, "dismantled": True, "rebuilt": False, "moved": True}
_LEAVES_STANDING: Final[Mapping[str, bool]] = {"built": True, "dismantled": False, "rebuilt": True, "moved": True}


@dataclass(frozen=True, slots=True)
class Work:
    """Works on a structure: they begin at the start of the day ``on`` (UTC) and take ``days``; 0 = done at that instant.

    ``to``: for ``moved``, by how many metres (east, north).
    """

    on: date
    what: What
    days: float = 0.0
    to: Metres = (0.0, 0.0)

    @property
    def start(self) -> float:
        """Days since 1970-01-01T00:00Z."""
        return float((self.on - date(1970, 1, 1)).days)

    @property
    def end(self) -> float:
        """Days since 1970-01-01T00:00Z."""
        return self.start + self.days


@dataclass(frozen=True, slots=True)
class Built:
    """One structure: ``outline`` (corners, metres from the centre), ``roof`` (reflectance by band), and its ``history``.

    It stands from the beginning unless the first thing that happens to it is that it is built. ``snow_stays``: share of the
    ground's snow that lies on its roof too. Raises ``BadInput`` for an outline without area or a history that cannot be.
    """

    structure_id: str
    outline: tuple[Metres, ...]
    height_m: float
    roof: Mapping[str, float]
    history: tuple[Work, ...] = ()
    snow_stays: float = 0.5

    def __post_init__(self) -> None:
        """Check once, at birth."""
        if len(self.outline) < 3 or abs(_area(self.outline)) < 1e-6:
            raise BadInput(f"structure {self.structure_id!r}: its outline encloses no area; give three corners or more")
        if not (math.isfinite(self.height_m) and self.height_m >= 0):
            raise BadInput(f"structure {self.structure_id!r}: its height must be 0 or more metres, not {self.height_m}")
        standing, free = self.stands_at_first, -math.inf
        for work in self.history:
            if work.days < 0 or work.start < free:
                raise BadInput(f"structure {self.structure_id!r}: works of {work.on} begin before others are done")
            if _NEEDS_STANDING[work.what] is not standing:
                is_there = "stands" if standing else "does not stand"
                raise BadInput(f"structure {self.structure_id!r} cannot be {work.what} on {work.on}: it {is_there} then")
            standing, free = _LEAVES_STANDING[work.what], work.end

    @property
    def stands_at_first(self) -> bool:
        """Whether it stands before anything happens to it."""
        return not self.history or self.history[0].what != "built"


@dataclass(frozen=True, slots=True)
class Plan:
    """A site of ``side_m`` metres around ``lon``, ``lat`` (degrees), seen by ``sensors`` in ``period`` (both days included).

    ``cloudiness``: mean share of the sky under cloud, 0 to 1. ``mask_misses``: share of cloudy scenes of which the
    provider's mask knows nothing. Everything random follows from ``seed``. Raises ``BadInput``, ``BadGrid``.
    """

    seed: int
    lon: float = 5.4
    lat: float = 49.2
    side_m: float = 1000.0
    period: tuple[date, date] = (date(2019, 1, 1), date(2022, 12, 31))
    sensors: Sequence[Sensor] = field(default=(SENTINEL2,))
    structures: tuple[Built, ...] = ()
    cloudiness: float = 0.5
    mask_misses: float = 0.03

    def __post_init__(self) -> None:
        """Check once, at birth."""
        if self.seed < 0:
            raise BadInput(f"the seed must be 0 or more, not {self.seed}")
        if self.period[1] < self.period[0]:
            raise BadInput(f"the period is reversed: {self.period[0]} to {self.period[1]}")
        if not 0 <= self.cloudiness < 1 or not 0 <= self.mask_misses <= 1:
            raise BadInput("cloudiness must be 0 or more and below 1, mask_misses 0 to 1")
        if not self.sensors:
            raise BadInput("a plan needs a sensor, such as siteline.simulate.SENTINEL2")
        ids = [structure.structure_id for structure in self.structures]
        if len(set(ids)) < len(ids):
            raise BadInput("two structures have one id; give each its own")
        for sensor in self.sensors:
            self.grid(sensor)
        half = self.side_m / 2
        for structure in self.structures:
            if max(max(abs(x), abs(y)) for x, y in structure.outline) > half:
                raise BadInput(f"structure {structure.structure_id!r} lies beyond the site's {self.side_m:g} m")

    def grid(self, sensor: Sensor) -> Grid:
        """The grid that images of ``sensor`` come on."""
        return Grid.around(self.lon, self.lat, self.side_m, sensor.res_m)

    @property
    def centre(self) -> Metres:
        """The site's centre in metres of its UTM zone."""
        from pyproj import Transformer

        crs = self.grid(self.sensors[0]).crs
        x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(self.lon, self.lat)
        return float(x), float(y)

    def sensor(self, name: str) -> Sensor:
        """The sensor called ``name``, the first where it is "". Raises ``BadInput``."""
        for sensor in self.sensors:
            if name in ("", sensor.name):
                return sensor
        raise BadInput(f"the plan has no sensor {name!r}; it has {', '.join(sensor.name for sensor in self.sensors)}")


def instant(days: float) -> datetime:
    """Days since 1970-01-01T00:00Z as a time in UTC."""
    return datetime.fromtimestamp(days * 86400, UTC)


def _area(outline: Sequence[Metres]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(outline, (*outline[1:], outline[0]), strict=True)) / 2
