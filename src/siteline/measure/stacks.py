"""Which scenes share a series: one family of sensors, one pixel size, one meaning of the numbers, one radar orbit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    import xarray

_FAMILIES: Final = (
    (re.compile(r"sentinel-?1.*"), "sentinel-1"),
    (re.compile(r"sentinel-?2.*"), "sentinel-2"),
    (re.compile(r"landsat-?[45]\b.*"), "landsat 4-5"),  # TM
    (re.compile(r"landsat-?[89]\b.*"), "landsat 8-9"),  # OLI
    (re.compile(r"planetscope.*"), "planetscope"),
    (re.compile(r"skysat.*"), "skysat"),
)
"""Satellites of one design, whose images may be compared."""

_MEANINGS: Final = {"toa_reflectance": "top of atmosphere", "digital_number": "uncalibrated", "sigma0": "sigma0"}
"""What is said of numbers that are not surface reflectance or gamma0."""


def family(platform: str) -> str:
    """The family of sensors that ``platform`` belongs to: itself where none is known, ``unknown sensor`` for ""."""
    name = re.sub(r"[ _]+", "-", platform.strip().casefold())
    for pattern, known in _FAMILIES:
        if pattern.fullmatch(name):
            return known
    return name or "unknown sensor"


def stack_name(scene: ImageScene, res_m: float) -> str:
    """The stack of ``scene`` at pixels of ``res_m`` metres: ``sentinel-2 10 m``, ``sentinel-1 10 m orbit 137 ascending``.

    Radar backscatter depends on the direction it is looked at from; where the orbit is not known, one tile or burst is
    seen from one orbit. Optical scenes of all orbits share a stack.
    """
    words = [family(scene.platform), f"{res_m:g} m", _MEANINGS.get(scene.quantity, "")]
    if scene.sensor == "radar":
        orbit = scene.relative_orbit
        words.append(f"unknown orbit {scene.tile or scene.scene_id}" if orbit is None else f"orbit {orbit}")
        words.append(scene.orbit_state.casefold())
    return " ".join(filter(None, words))


def with_facts(cube: xarray.Dataset, scenes: Sequence[ImageScene], res_m: float) -> xarray.Dataset:
    """The cube with what measuring needs of its scenes, by time: ``stack``, ``sun_azimuth``, ``sun_elevation`` (degrees)."""
    known = {scene.scene_id: scene for scene in scenes}
    ordered = [known[str(scene_id)] for scene_id in cube["scene_id"].values]
    angles = {
        name: ("time", np.array([np.nan if (v := getattr(scene, name)) is None else v for scene in ordered], dtype=float))
        for name in ("sun_azimuth", "sun_elevation")
    }
    names = np.array([stack_name(scene, res_m) for scene in ordered], dtype=str)
    return cube.assign_coords({"stack": ("time", names), **angles})


def stacks_of(cube: xarray.Dataset, res: float) -> list[str]:
    """The stack of each scene of a cube: as ``with_facts`` says, else by platform, ``res``, quantity and relative orbit."""
    if "stack" in cube.coords:
        return [str(name) for name in cube["stack"].values]
    count = cube.sizes["time"]

    def facts(name: str, missing: object) -> list[object]:
        return list(cube[name].values) if name in cube.coords else [missing] * count

    names = []
    for platform, quantity, orbit in zip(
        facts("platform", ""), facts("quantity", ""), facts("relative_orbit", -1), strict=True
    ):
        words = [family(str(platform)), f"{res:g} m", _MEANINGS.get(str(quantity), "")]
        if "gamma0" in cube:
            words.append("unknown orbit" if int(str(orbit)) < 0 else f"orbit {orbit}")
        names.append(" ".join(filter(None, words)))
    return names
