"""When satellites pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from siteline.simulate.chance import generator
from siteline.simulate.plan import Plan
from siteline.simulate.sensors import Orbit, Sensor
from siteline.simulate.sun import sun_position


@dataclass(frozen=True, slots=True)
class Pass:
    """One acquisition: ``days`` since 1970-01-01T00:00Z, the orbit it came from, and where the sun stood (degrees)."""

    sensor: Sensor
    orbit: Orbit
    days: float
    sun_azimuth: float
    sun_elevation: float


def passes(plan: Plan, sensor: Sensor, relative_orbit: int | None = None) -> list[Pass]:
    """Every acquisition of ``sensor`` in the plan's period, in order of time, of ``relative_orbit`` alone where it is given.

    Optical images are taken only where the sun stands 10 degrees high or more.
    """
    rng = generator(plan.seed, "calendar", sensor.name)
    anchor = int(rng.integers(0, 48))
    found = []
    for orbit in sensor.orbits:
        chance = generator(plan.seed, "passes", sensor.name, orbit.platform, orbit.relative_orbit or 0)
        if relative_orbit is not None and orbit.relative_orbit != relative_orbit:
            continue
        for day in _days(plan.period, orbit, anchor):
            spread = 0.5 if orbit.seen < 1 else 0.02
            hour = orbit.local_hour + float(chance.normal(0, spread)) - plan.lon / 15
            days = round((day + hour / 24) * 86400) / 86400
            lost = float(chance.random()) >= orbit.seen
            azimuth, elevation = sun_position(days, plan.lon, plan.lat)
            if not lost and (sensor.looks is not None or elevation >= 10):
                found.append(Pass(sensor, orbit, days, azimuth, elevation))
    return sorted(found, key=lambda each: each.days)


def _days(period: tuple[date, date], orbit: Orbit, anchor: int) -> range:
    """Days since 1970-01-01 on which ``orbit`` passes within ``period``."""
    epoch = date(1970, 1, 1)
    first = (max(period[0], orbit.first) - epoch) // timedelta(days=1)
    last = (min(period[1], orbit.last) - epoch) // timedelta(days=1)
    start = first + (anchor + orbit.phase - first) % orbit.repeat_days
    return range(start, last + 1, orbit.repeat_days)
