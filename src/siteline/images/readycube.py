"""A stack's cube made ready for its structures: footprints, surroundings and numbers that all of them share, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from siteline.model.site import Site

if TYPE_CHECKING:
    import xarray

    from siteline.measure.areas import Area
    from siteline.measure.pixels import Pixels


@dataclass(frozen=True, slots=True)
class ReadyCube:
    """``cube``: sorted by time, of one ``stack``, pixels of ``pixel_m`` metres. ``scenes``, ``days``: ids and Float64[time],
    days since 1970 (UTC). ``feet``: footprints by structure; ``taken``: Bool[y, x], theirs and the gaps around them.
    ``numbers``: Float32[time, band, y, x], NaN where not usable; ``good``: Bool[time, y, x], usable in every band."""

    cube: xarray.Dataset
    stack: str
    pixel_m: float
    scenes: tuple[str, ...]
    days: NDArray[np.float64]
    feet: Mapping[str, Area]
    taken: NDArray[np.bool_]
    pixels: Pixels
    numbers: NDArray[np.float32]
    good: NDArray[np.bool_]

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of what is followed: the contrast of each band."""
        return tuple(f"contrast:{band}" for band in self.pixels.bands)


def ready(cube: xarray.Dataset, site: Site, stack: str, pixel_m: float) -> ReadyCube:
    """Make ``cube`` (``cube.dataset``, scenes in any order) ready for the structures of ``site``. Raises ``BadInput``."""
    from siteline.measure.areas import footprint, ground_of
    from siteline.measure.pixels import pixels_of
    from siteline.measure.placed import numbers_of, usable
    from siteline.measure.surroundings import everything_taken

    if not cube.indexes["time"].is_monotonic_increasing:
        cube = cube.sortby("time")
    ground = ground_of(cube)
    feet = {name: footprint(wkt, ground) for name, wkt in site.footprints.items()}
    taken = everything_taken(list(feet.values()), [], ground.shape)
    pixels = pixels_of(cube, taken)
    scenes = tuple(str(scene) for scene in cube["scene_id"].values)
    days = cube["time"].values.astype("datetime64[ns]").astype(np.int64) / 86_400e9
    return ReadyCube(cube, stack, pixel_m, scenes, days, feet, taken, pixels, numbers_of(pixels), usable(pixels))
