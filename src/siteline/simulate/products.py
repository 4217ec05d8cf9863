"""What a provider calls an acquisition, and how it writes its numbers down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from siteline.simulate.calendars import Pass
from siteline.simulate.plan import Plan, instant

SOURCE: Final = "simulated"
LICENCE: Final = "CC0-1.0"
OFFSET_FROM: Final = date(2022, 1, 25)
"""First day of Sentinel-2's processing baseline 04.00, whose numbers are 1000 higher (ESA, Sentinel-2 PSD)."""

_COLLECTIONS: Final = {
    "sentinel-2": ("sentinel-2-l2a", "ESA", "surface_reflectance"),
    "landsat-c2-sr": ("landsat-c2-l2", "USGS", "surface_reflectance"),
    "planet-sr": ("PSScene", "Planet", "surface_reflectance"),
    "opera-rtc": ("sentinel-1-rtc", "ESA, processed by Catalyst", "gamma0"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """One acquisition as a catalogue lists it; names as ``cube.dataset`` has them. ``scale``, ``offset``: of its numbers.

    value = scale x number + offset; both are 1 and 0 for numbers stored as they are.
    """

    item_id: str
    collection: str
    provider: str
    platform: str
    quantity: str
    calibration: str
    baseline: str
    relative_orbit: int | None
    when: str
    credit: str
    scale: float
    offset: float
    source: str = SOURCE
    licence: str = LICENCE

    @property
    def scene_id(self) -> str:
        """As it would be named if it were found in a source called ``simulated``."""
        return f"{self.source}/{self.item_id}"


def product_of(taken: Pass, plan: Plan) -> Product:
    """Names and numbers of an acquisition. Ids begin with ``sim-``: nobody should take them for the real thing."""
    at = instant(taken.days)
    rule, platform = taken.sensor.rule, taken.orbit.platform
    collection, provider, quantity = _COLLECTIONS[rule]
    stamp, orbit = f"{at:%Y%m%dT%H%M%S}", taken.orbit.relative_orbit or 0
    scale, offset, baseline = 1.0, 0.0, ""
    if rule == "sentinel-2":
        late = at.date() >= OFFSET_FROM
        scale, offset, baseline = 1e-4, -0.1 if late else 0.0, "04.00" if late else "02.14"
        name = f"S2{platform[-1].upper()}_MSIL2A_{stamp}_N{baseline.replace('.', '')}_R{orbit:03d}"
    elif rule == "landsat-c2-sr":
        scale, offset = 2.75e-5, -0.2
        name = f"LC0{platform[-1]}_L2SP_{at:%Y%m%d}"
    elif rule == "planet-sr":
        scale = 1e-4
        name = f"{at:%Y%m%d_%H%M%S}_PS"
    else:
        name = f"S1{platform[-1].upper()}_IW_RTC_{stamp}_R{orbit:03d}"
    credit = f"Simulated by siteline, seed {plan.seed}; no satellite took this"
    when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return Product(
        f"sim-{name}", collection, provider, platform, quantity, rule, baseline, taken.orbit.relative_orbit, when, credit,
        scale, offset,
    )  # fmt: skip
