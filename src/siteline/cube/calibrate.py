"""From stored numbers to reflectance or backscatter: one rule per kind of product, each with its source.

A rule says what a stored number means: ``value = scale x number + offset``, and which numbers stand for none. Whether
Sentinel-2 numbers still carry their offset is settled with ``darkfloor``, from metadata and pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from siteline.model.errors import BadInput
from siteline.model.scene import Asset, ImageScene

S2_OFFSET: Final = -1000.0
"""What Sentinel-2 baselines from 04.00 add to digital numbers must be taken off again, in digital numbers."""

S2_SCALE: Final = 1e-4
OFFSET_FROM: Final = (4, 0)


@dataclass(frozen=True, slots=True)
class Gain:
    """``value = scale x number + offset``; ``nodata``: numbers that stand for none; ``doubt``: what is not sure, or ""."""

    scale: float = 1.0
    offset: float = 0.0
    nodata: tuple[float, ...] = ()
    doubt: str = ""


def gain(scene: ImageScene, asset: Asset) -> Gain:
    """How the numbers of ``asset`` are read by the scene's rule; Sentinel-2 without its offset (see ``darkfloor``).

    Raises ``BadInput`` for a rule that is not known.
    """
    rule = RULES.get(scene.calibration)
    if rule is None:
        known = ", ".join(RULES)
        raise BadInput(f"{scene.scene_id}: unknown calibration {scene.calibration!r}; use one of {known}")
    return rule(scene, asset)


def sentinel2(scene: ImageScene, asset: Asset) -> Gain:
    """Sentinel-2 L1C and L2A: DN / 10000, 0 = no number.

    Source: ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), QUANTIFICATION_VALUE 10000; from processing
    baseline 04.00 (25 January 2022) RADIO_ADD_OFFSET / BOA_ADD_OFFSET of -1000, which ``darkfloor`` decides on.
    """
    return Gain(S2_SCALE, 0.0, _none_is(asset, 0.0))


def theia(scene: ImageScene, asset: Asset) -> Gain:
    """THEIA/MAJA level 2A (FRE, SRE): DN / 10000, -10000 = no number.

    Source: CNES, MUSCATE Sentinel-2 L2A product format, REFLECTANCE_QUANTIFICATION_VALUE and the nodata value.
    """
    return Gain(1e-4, 0.0, _none_is(asset, -10000.0))


def landsat_c2_sr(scene: ImageScene, asset: Asset) -> Gain:
    """Landsat Collection 2 level 2 surface reflectance: 0.0000275 DN - 0.2, 0 = fill.

    Source: USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619), table 6-1; LSDS-1618 for 4-7.
    """
    return Gain(2.75e-5, -0.2, _none_is(asset, 0.0))


def landsat_c1_toa(scene: ImageScene, asset: Asset) -> Gain:
    """Landsat level 1 top of atmosphere: (M DN + A) / sin(sun elevation), 0 = fill; digital numbers where M or A is unknown.

    ``asset.scale`` and ``asset.offset`` are REFLECTANCE_MULT_BAND and REFLECTANCE_ADD_BAND of the MTL file. Source: USGS,
    Landsat 8 Data Users Handbook (LSDS-1574), section 5.
    """
    nodata = _none_is(asset, 0.0)
    height = scene.sun_elevation
    if asset.scale is None or asset.offset is None:
        return Gain(1.0, 0.0, nodata, "no MTL file or declared coefficients: digital numbers, not reflectance")
    if height is None or not 0 < height <= 90:
        return Gain(asset.scale, asset.offset, nodata, "the sun's elevation is not known: reflectance not corrected for it")
    sine = math.sin(math.radians(height))
    return Gain(asset.scale / sine, asset.offset / sine, nodata)


def planet_sr(scene: ImageScene, asset: Asset) -> Gain:
    """PlanetScope surface reflectance: DN / 10000, or the declared coefficient of the scene's XML; 0 = no number.

    Source: Planet, PlanetScope Product Specifications, surface reflectance (scaling factor 10000) and
    ``reflectanceCoefficient`` of the metadata XML.
    """
    return Gain(1e-4 if asset.scale is None else asset.scale, asset.offset or 0.0, _none_is(asset, 0.0))


def opera_rtc(scene: ImageScene, asset: Asset) -> Gain:
    """Radiometrically terrain-corrected backscatter: linear gamma0 as stored, NaN = no number.

    Source: NASA JPL, OPERA RTC-S1 Product Specification (D-102269).
    """
    return Gain(1.0, 0.0, _none_is(asset))


def declared(scene: ImageScene, asset: Asset) -> Gain:
    """``scale`` and ``offset`` as the item declares them (STAC raster extension: value = scale x DN + offset)."""
    if asset.scale is None and asset.offset is None:
        return Gain(1.0, 0.0, _none_is(asset), "neither scale nor offset is declared: numbers as stored")
    return Gain(1.0 if asset.scale is None else asset.scale, asset.offset or 0.0, _none_is(asset))


def as_stored(scene: ImageScene, asset: Asset) -> Gain:
    """Digital numbers: nothing says what they mean."""
    return Gain(1.0, 0.0, _none_is(asset), "nothing says what its numbers mean: they compare only within the scene")


RULES: Final[Mapping[str, Callable[[ImageScene, Asset], Gain]]] = {
    "sentinel-2": sentinel2,
    "theia": theia,
    "landsat-c2-sr": landsat_c2_sr,
    "landsat-c1-toa": landsat_c1_toa,
    "planet-sr": planet_sr,
    "opera-rtc": opera_rtc,
    "declared": declared,
    "none": as_stored,
}
"""By the name in ``ImageScene.calibration``."""


def _none_is(asset: Asset, *documented: float) -> tuple[float, ...]:
    stated = () if asset.nodata is None else (asset.nodata,)
    return tuple(dict.fromkeys((*stated, *documented)))
