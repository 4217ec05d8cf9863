"""The weather of a site, day by day: how moist the soil is, and how much snow lies on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from siteline.model.dated import FloatArray
from siteline.simulate.chance import generator
from siteline.simulate.plan import Plan

_SPIN_UP = 150
"""Days simulated before the period, so that it does not begin without snow or moisture."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Float64[day] from day ``first`` (since 1970-01-01) on. ``moist``: 0 to 1. ``snow``: water in the snow, millimetres.

    ``shift``: days by which plants are late, by calendar year.
    """

    first: int
    moist: FloatArray
    snow: FloatArray
    shift: dict[int, float]

    def at(self, days: float) -> tuple[float, float]:
        """(moisture, snow) on a day."""
        place = min(max(int(days) - self.first, 0), len(self.moist) - 1)
        return float(self.moist[place]), float(self.snow[place])


def weather(plan: Plan) -> Weather:
    """Temperature from latitude and season with noise that persists; rain on a third of the days; snow by degree days.

    Snow falls below 0.5 degrees and melts by 3 mm a day and degree above 0 (degree-day method: Hock 2003,
    doi:10.1016/S0022-1694(03)00257-9); soil dries by a fifteenth a day.
    """
    rng = generator(plan.seed, "weather")
    epoch = date(1970, 1, 1)
    first = (plan.period[0] - epoch).days - _SPIN_UP
    count = (plan.period[1] - epoch).days - first + 2
    season = np.cos(2 * np.pi * (np.arange(first, first + count) - 200) / 365.25) * math.copysign(1, plan.lat)
    warmth = 27 - 0.0072 * plan.lat**2 + 0.22 * abs(plan.lat) * season
    noise, wet = rng.normal(0, 1, count), rng.random(count) < 0.35
    rain = np.where(wet, rng.exponential(5, count), 0.0)
    moist, snow = np.empty(count), np.empty(count)
    anomaly, water, lying = 0.0, 0.5, 0.0
    for i in range(count):
        anomaly = 0.85 * anomaly + 2.2 * noise[i]
        warm = warmth[i] + anomaly
        falls = rain[i] if warm < 0.5 else 0.0
        melts = min(lying, 3.0 * max(warm, 0.0))
        lying += falls - melts
        water = min(1.0, water * (1 - 1 / 15) + (rain[i] - falls + melts) / 30)
        moist[i], snow[i] = water, lying
    years = range(plan.period[0].year - 1, plan.period[1].year + 2)
    return Weather(first, moist, snow, {year: float(rng.normal(0, 6)) for year in years})
