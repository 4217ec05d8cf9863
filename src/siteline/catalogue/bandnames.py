"""Bands of known sensors by the providers' names, as STAC common names (STAC EO extension 2.0)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

COMMON: Final = frozenset(
    (
        *("coastal", "blue", "green", "green05", "yellow", "red", "rededge", "rededge071", "rededge075", "rededge078"),
        *("nir", "nir08", "nir09", "cirrus", "pan", "swir12", "swir16", "swir22", "vv", "vh", "hh", "hv"),
    )
)
"""Bands that have a reflectance or a backscatter; thermal ones have neither and are left out."""

_S2_NUMBERS: Final[Mapping[str, str]] = {
    "b01": "coastal",
    "b02": "blue",
    "b03": "green",
    "b04": "red",
    "b05": "rededge071",
    "b06": "rededge075",
    "b07": "rededge078",
    "b08": "nir",
    "b8a": "nir08",
    "b09": "nir09",
    "b10": "cirrus",
    "b11": "swir16",
    "b12": "swir22",
    "rededge1": "rededge071",
    "rededge2": "rededge075",
    "rededge3": "rededge078",
}

SENTINEL2: Final[Mapping[str, str]] = {**_S2_NUMBERS, **{name: name for name in _S2_NUMBERS.values()}}

_LANDSAT_NAMES: Final = {
    name: name for name in ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "pan", "cirrus")
}

OLI: Final[Mapping[str, str]] = {
    "b1": "coastal",
    "b2": "blue",
    "b3": "green",
    "b4": "red",
    "b5": "nir08",
    "b6": "swir16",
    "b7": "swir22",
    "b8": "pan",
    "b9": "cirrus",
    **_LANDSAT_NAMES,
}
"""Landsat 8 and 9."""

TM: Final[Mapping[str, str]] = {
    "b1": "blue",
    "b2": "green",
    "b3": "red",
    "b4": "nir08",
    "b5": "swir16",
    "b7": "swir22",
    "b8": "pan",
    **_LANDSAT_NAMES,
}
"""Landsat 4, 5 and 7."""

HLS_L30: Final[Mapping[str, str]] = {
    "b01": "coastal",
    "b02": "blue",
    "b03": "green",
    "b04": "red",
    "b05": "nir08",
    "b06": "swir16",
    "b07": "swir22",
    "b09": "cirrus",
}
"""Harmonized Landsat Sentinel-2, the Landsat half (HLS user guide 2.0, table 3)."""

HLS_S30: Final[Mapping[str, str]] = {key: name for key, name in SENTINEL2.items() if re.match(r"b\d", key)}

DEA: Final[Mapping[str, str]] = {
    "coastal_aerosol": "coastal",
    "blue": "blue",
    "green": "green",
    "red": "red",
    "red_edge_1": "rededge071",
    "red_edge_2": "rededge075",
    "red_edge_3": "rededge078",
    "nir": "nir08",
    "nir_1": "nir",
    "nir_2": "nir08",
    "swir_1": "swir16",
    "swir_2": "swir22",
    "swir_3": "swir22",
    "panchromatic": "pan",
}
"""Geoscience Australia's names without ``nbart_``: Landsat ``nir``; Sentinel-2 ``nir_1`` (B08), ``nir_2`` (B8A), ``swir_2``
(B11), ``swir_3`` (B12); see ``dea`` for the one name that means two bands."""

PLANET: Final[Mapping[str, str]] = {
    "coastal_blue": "coastal",
    "coastal blue": "coastal",
    "blue": "blue",
    "green_i": "green05",
    "green i": "green05",
    "green": "green",
    "yellow": "yellow",
    "red": "red",
    "rededge": "rededge",
    "red edge": "rededge",
    "red_edge": "rededge",
    "nir": "nir",
}

RADAR: Final[Mapping[str, str]] = {name: name for name in ("vv", "vh", "hh", "hv")}

_GUESSES: Final[Mapping[str, str]] = {
    **{name: name for name in COMMON},
    "r": "red",
    "g": "green",
    "b": "blue",
    "n": "nir",
    "near_infrared": "nir",
    "nearinfrared": "nir",
    "nir1": "nir",
    "nir2": "nir09",
    "red_edge": "rededge",
    "swir1": "swir16",
    "swir2": "swir22",
    "swir_1": "swir16",
    "swir_2": "swir22",
    "panchromatic": "pan",
    "coastal_blue": "coastal",
    "coastal_aerosol": "coastal",
}


def dea(sentinel2: bool) -> Mapping[str, str]:
    """Geoscience Australia's names with their prefix; ``swir_2`` is B11 of Sentinel-2 and the 2.2 um band of Landsat."""
    names = {**DEA, "swir_2": "swir16"} if sentinel2 else DEA
    return {f"nbart_{key}": name for key, name in names.items()}


def guess(key: str) -> str:
    """The common name that an asset's key or a band's name suggests, "" where none does."""
    plain = key.casefold().strip().replace("-", "_").replace(" ", "_")
    return _GUESSES.get(plain, "")
