"""What grows and lies on the ground: spectra of pure surfaces, and how each kind of land changes over a year.

Spectra are rounded from the ECOSTRESS spectral library (Meerdink et al. 2019, doi:10.1016/j.rse.2019.05.015) and typical
values of Sentinel-2 surface reflectance; curves over the year are typical of 40 to 55 degrees north.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = ("blue", "green", "red", "nir", "nir08", "swir16", "swir22")

PURE: Final[Mapping[str, tuple[float, ...]]] = {
    "soil": (0.074, 0.104, 0.136, 0.205, 0.215, 0.29, 0.24),
    "crop": (0.026, 0.062, 0.030, 0.44, 0.45, 0.20, 0.095),
    "straw": (0.088, 0.138, 0.178, 0.30, 0.315, 0.35, 0.25),
    "flower": (0.05, 0.185, 0.165, 0.46, 0.47, 0.22, 0.11),
    "grass": (0.034, 0.075, 0.045, 0.36, 0.375, 0.22, 0.115),
    "leaves": (0.020, 0.048, 0.022, 0.37, 0.385, 0.165, 0.07),
    "twigs": (0.037, 0.052, 0.063, 0.165, 0.175, 0.18, 0.12),
    "needles": (0.017, 0.032, 0.020, 0.215, 0.225, 0.095, 0.045),
    "autumn": (0.030, 0.065, 0.085, 0.28, 0.29, 0.19, 0.10),
    "water": (0.032, 0.038, 0.026, 0.012, 0.011, 0.006, 0.004),
    "asphalt": (0.080, 0.090, 0.098, 0.115, 0.12, 0.14, 0.125),
    "gravel": (0.145, 0.175, 0.200, 0.245, 0.25, 0.30, 0.27),
    "earth": (0.120, 0.165, 0.215, 0.290, 0.30, 0.37, 0.33),
    "snow": (0.86, 0.86, 0.84, 0.78, 0.76, 0.10, 0.08),
}
"""Reflectance by ``BANDS``."""

ROOFS: Final[Mapping[str, tuple[float, ...]]] = {
    "light metal": (0.36, 0.385, 0.40, 0.42, 0.42, 0.40, 0.36),
    "tiles": (0.075, 0.095, 0.185, 0.27, 0.28, 0.30, 0.27),
    "bitumen": (0.062, 0.066, 0.070, 0.085, 0.088, 0.10, 0.095),
    "blue steel": (0.255, 0.205, 0.135, 0.26, 0.265, 0.24, 0.22),
    "fibre cement": (0.20, 0.22, 0.235, 0.26, 0.265, 0.28, 0.26),
    "membrane": (0.54, 0.57, 0.58, 0.59, 0.585, 0.46, 0.40),
}
"""Reflectance of roofs by ``BANDS``."""

CROPS: Final = ("cereal", "late cereal", "rape", "maize", "hay meadow", "pasture")
LASTING: Final = ("leaf wood", "needle wood", "water", "asphalt", "gravel", "verge")

_Curve = tuple[tuple[float, float], ...]  # (day of the year, share of the ground)

_CURVES: Final[Mapping[str, Mapping[str, _Curve]]] = {
    "cereal": {
        "crop": ((20, 0.22), (65, 0.35), (105, 0.8), (140, 0.95), (165, 0.8), (185, 0.12), (196, 0), (290, 0), (330, 0.2)),
        "straw": ((150, 0), (185, 0.8), (198, 0.62), (235, 0.5), (245, 0.1), (265, 0)),
    },
    "late cereal": {
        "crop": ((75, 0), (100, 0.15), (140, 0.8), (165, 0.95), (190, 0.6), (212, 0.05), (220, 0)),
        "straw": ((175, 0), (205, 0.75), (222, 0.6), (262, 0.5), (275, 0.05), (290, 0)),
    },
    "rape": {
        "crop": ((20, 0.4), (70, 0.5), (98, 0.85), (112, 0.35), (124, 0.3), (136, 0.85), (165, 0.75), (190, 0.1), (200, 0),
                 (250, 0), (275, 0.3), (320, 0.45)),
        "flower": ((98, 0), (112, 0.55), (124, 0.6), (136, 0)),
        "straw": ((165, 0), (192, 0.7), (205, 0.5), (235, 0.15), (248, 0)),
    },
    "maize": {
        "crop": ((130, 0), (155, 0.2), (180, 0.75), (205, 0.95), (240, 0.85), (262, 0.35), (278, 0)),
        "straw": ((240, 0), (265, 0.55), (280, 0.4), (320, 0.3), (350, 0.12), (365, 0.1), (60, 0.08), (95, 0)),
    },
    "hay meadow": {
        "grass": ((15, 0.5), (75, 0.6), (110, 0.9), (155, 0.95), (160, 0.35), (190, 0.75), (215, 0.8), (219, 0.35),
                  (255, 0.75), (300, 0.7)),
        "straw": ((15, 0.3), (75, 0.25), (110, 0.05), (155, 0.05), (160, 0.5), (190, 0.15), (219, 0.5), (255, 0.15),
                  (300, 0.2)),
    },
    "pasture": {
        "grass": ((15, 0.62), (75, 0.68), (120, 0.92), (170, 0.85), (215, 0.68), (260, 0.82), (310, 0.75)),
        "straw": ((15, 0.25), (75, 0.2), (120, 0.04), (170, 0.1), (215, 0.25), (260, 0.1), (310, 0.15)),
    },
    "leaf wood": {
        "leaves": ((98, 0), (128, 0.9), (150, 1.0), (240, 0.95), (275, 0.6), (300, 0.15), (318, 0)),
        "autumn": ((255, 0), (285, 0.4), (300, 0.55), (318, 0.1), (328, 0)),
        "twigs": ((98, 1.0), (128, 0.1), (150, 0), (285, 0), (302, 0.3), (322, 1.0)),
    },
    "needle wood": {"needles": ((0, 1.0), (360, 1.0))},
    "water": {"water": ((0, 1.0), (360, 1.0))},
    "asphalt": {"asphalt": ((0, 1.0), (360, 1.0))},
    "gravel": {"gravel": ((0, 0.93), (120, 0.86), (300, 0.9)), "grass": ((0, 0.04), (120, 0.14), (300, 0.08))},
    "verge": {
        "grass": ((15, 0.45), (75, 0.5), (120, 0.75), (180, 0.6), (220, 0.5), (270, 0.62)),
        "straw": ((15, 0.32), (75, 0.3), (120, 0.12), (180, 0.25), (220, 0.35), (270, 0.2)),
    },
}  # fmt: skip

_HOLDS_MOISTURE: Final[Mapping[str, float]] = {"soil": 0.42, "earth": 0.3, "straw": 0.18, "gravel": 0.15, "asphalt": 0.15}
"""By how much a soaked surface is darker than a dry one."""


def pure(name: str, moist: float = 0.0) -> NDArray[np.float32]:
    """Reflectance of a pure surface by ``BANDS``, Float32[7], darker where it holds moisture (0 dry, 1 soaked)."""
    spectrum = np.array(PURE[name], dtype=np.float32)
    return spectrum * np.float32(1 - _HOLDS_MOISTURE.get(name, 0.0) * moist)


def spectra(kinds: tuple[str, ...], day: float, moist: float) -> NDArray[np.float32]:
    """Reflectance of ``kinds`` of land on a day of the year, Float32[band, kind], bands as in ``BANDS``.

    What no plant, straw or water covers is soil. ``moist``: 0 dry, 1 soaked.
    """
    out = np.empty((len(BANDS), len(kinds)), dtype=np.float32)
    for k, kind in enumerate(kinds):
        shares = {name: _share(curve, day) for name, curve in _CURVES[kind].items()}
        mixed = pure("soil", moist) * np.float32(max(0.0, 1 - sum(shares.values())))
        for name, share in shares.items():
            mixed = mixed + pure(name, moist) * np.float32(share)
        out[:, k] = mixed
    return out


def green(kind: str, day: float) -> float:
    """Share of the ground under green plants on a day of the year; what radar's cross polarisation sees of a crop."""
    names = ("crop", "grass", "leaves", "flower", "needles")
    return sum(_share(curve, day) for name, curve in _CURVES[kind].items() if name in names)


def _share(curve: _Curve, day: float) -> float:
    ordered = sorted(curve)
    return float(np.interp(day, [at for at, _ in ordered], [share for _, share in ordered], period=365.25))
