"""Random plans that are plausible: for benchmarks, and for whoever only wants to see the software work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np

from siteline.model.errors import BadInput
from siteline.simulate.chance import generator
from siteline.simulate.plan import Built, Metres, Plan, What, Work
from siteline.simulate.plants import BANDS, ROOFS
from siteline.simulate.sensors import SENTINEL2, Sensor

MOST_STRUCTURES: Final = 12

_APART_M = 25.0
_AROUND_M = 290.0
"""Land left between structures and the edge: what ``siteline`` loads around footprints, and some more."""

_FIRST: Final[tuple[What, ...]] = ("built", "dismantled", "moved")
_SECOND: Final[Mapping[What, What]] = {"built": "dismantled", "dismantled": "rebuilt", "moved": "dismantled"}


def default_plan(
    seed: int,
    *,
    period: tuple[date, date] = (date(2019, 1, 1), date(2022, 12, 31)),
    sensors: Sequence[Sensor] = (SENTINEL2,),
    structures: int | None = None,
    side_m: float = 1000.0,
    cloudiness: float | None = None,
) -> Plan:
    """A plan of its own for every ``seed``: somewhere between 36 and 56 degrees north, with 1 to 3 ``structures``.

    Roofs of 12 to 70 m and 4 to 14 m height; of five structures two never change, two change once, one twice. Works take
    no time (two of five) or 8 to 120 days, and lie between the first and the last tenth of the period. ``cloudiness``:
    0.35 to 0.65 unless given. Raises ``BadInput`` for a site too small, or too many structures for it.
    """
    rng = generator(seed, "default plan")
    lon, lat = float(rng.uniform(-10, 130)), float(rng.uniform(36, 56))
    sky = float(rng.uniform(0.35, 0.65))
    count = int(rng.integers(1, 4)) if structures is None else structures
    if not 1 <= count <= MOST_STRUCTURES:
        raise BadInput(f"a plan has 1 to {MOST_STRUCTURES} structures, not {count}")
    reach = side_m / 2 - _AROUND_M
    if reach < 60:
        raise BadInput(f"a site of {side_m:g} m is too small; make it {2 * (_AROUND_M + 60):g} m or more")
    made: list[Built] = []
    taken: list[tuple[Metres, float]] = []
    for n in range(1, count + 1):
        made.append(_structure(rng, f"structure {n}", period, reach, taken))
    return Plan(
        seed, round(lon, 5), round(lat, 5), side_m, period, tuple(sensors), tuple(made),
        sky if cloudiness is None else cloudiness,
    )  # fmt: skip


def roof(name: str) -> dict[str, float]:
    """Reflectance by band of one of ``plants.ROOFS``."""
    return dict(zip(BANDS, ROOFS[name], strict=True))


def _structure(
    rng: np.random.Generator, name: str, period: tuple[date, date], reach: float, taken: list[tuple[Metres, float]]
) -> Built:
    length = float(np.exp(rng.uniform(math.log(14), math.log(70))))
    width = max(12.0, length * float(rng.uniform(0.35, 0.8)))
    angle = float(rng.uniform(0, math.pi))
    centre = _free(rng, reach, math.hypot(length, width) / 2, taken)
    history = _history(rng, period)
    if any(work.what == "moved" for work in history):
        other = _free(rng, reach, math.hypot(length, width) / 2, taken)
        to = (round(other[0] - centre[0], 1), round(other[1] - centre[1], 1))
        history = tuple(Work(work.on, work.what, work.days, to) if work.what == "moved" else work for work in history)
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    outline = tuple(_turned(x * length / 2, y * width / 2, angle, centre) for x, y in corners)
    tone = float(rng.uniform(0.9, 1.1))
    spectrum = {band: round(value * tone, 4) for band, value in roof(str(rng.choice(list(ROOFS)))).items()}
    height = round(float(rng.uniform(4, 14)), 1)
    return Built(name, outline, height, spectrum, history, snow_stays=round(float(rng.uniform(0.1, 0.9)), 2))


def _history(rng: np.random.Generator, period: tuple[date, date]) -> tuple[Work, ...]:
    count = int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2]))
    span = (period[1] - period[0]).days
    works: list[Work] = []
    for n in range(count):
        low, high = 0.1 + 0.8 * n / count, 0.1 + 0.8 * (n + 1) / count
        day = period[0] + timedelta(days=int(span * float(rng.uniform(low, high))))
        days = 0.0 if float(rng.random()) < 0.4 else float(round(np.exp(rng.uniform(math.log(8), math.log(120)))))
        if works:
            day = max(day, works[-1].on + timedelta(days=math.ceil(works[-1].days) + 1))
        what = _SECOND[works[-1].what] if works else _FIRST[int(rng.choice(3, p=[0.55, 0.3, 0.15]))]
        works.append(Work(day, what, days))
    return tuple(works)


def _free(rng: np.random.Generator, reach: float, radius: float, taken: list[tuple[Metres, float]]) -> Metres:
    """A place for something of ``radius`` metres, within ``reach`` of the centre, apart from what is ``taken``."""
    for _ in range(400):
        x, y = (round(float(v), 1) for v in rng.uniform(-reach, reach, 2))
        if all(math.hypot(x - u, y - v) > radius + other + _APART_M for (u, v), other in taken):
            taken.append(((x, y), radius))
            return x, y
    raise BadInput("the structures do not fit on the site; make it larger, or have fewer")


def _turned(x: float, y: float, angle: float, centre: Metres) -> Metres:
    cos, sin = math.cos(angle), math.sin(angle)
    return round(centre[0] + x * cos - y * sin, 2), round(centre[1] + x * sin + y * cos, 2)
