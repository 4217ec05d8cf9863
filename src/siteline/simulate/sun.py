"""Where the sun stands."""

from __future__ import annotations

import math


def sun_position(days: float, lon: float, lat: float) -> tuple[float, float]:
    """Azimuth (degrees from north, clockwise) and elevation (degrees) of the sun; ``days`` since 1970-01-01T00:00Z.

    The Astronomical Almanac's low-precision formulas as Michalsky gives them, good to 0.01 degree from 1950 to 2050, without
    refraction: Michalsky 1988, Solar Energy 40(3), 227-235, doi:10.1016/0038-092X(88)90045-X.
    """
    n = days - 10957.5  # days since 2000-01-01T12:00Z
    mean_longitude = 280.460 + 0.9856474 * n
    anomaly = math.radians(357.528 + 0.9856003 * n)
    ecliptic = math.radians(mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 0.0000004 * n)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    hour = (days % 1) * 24
    sidereal = math.radians((6.697375 + 0.0657098242 * n + hour) * 15 + lon)
    angle = sidereal - ascension
    phi = math.radians(lat)
    elevation = math.asin(math.sin(declination) * math.sin(phi) + math.cos(declination) * math.cos(phi) * math.cos(angle))
    east = -math.cos(declination) * math.sin(angle)
    north = math.sin(declination) * math.cos(phi) - math.cos(declination) * math.sin(phi) * math.cos(angle)
    return math.degrees(math.atan2(east, north)) % 360, math.degrees(elevation)
