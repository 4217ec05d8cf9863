"""Two scenes made ready to be compared: the same ground, the same stretch, and what must be said about them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from siteline.model.errors import NoArea
from siteline.model.records import Structure
from siteline.publish.cubeview import days_of, footprint_mask, ground_of, measured, reaches, said, shape_of, values_name
from siteline.publish.pixels import picture, reduced
from siteline.publish.stretch import Stretch, stretch_of
from siteline.publish.usable import View, view

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

PANEL: Final = (520.0, 500.0)
"""Most units of a panel, across and down."""
LEAST_PX: Final = 64
"""Fewest pixels along the side of the ground that is shown."""
LARGEST_ZOOM: Final = 12.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scenes of a cube on the same ground. ``part``: their Dataset, two scenes long, as shown; ``shapes``: footprints
    in its pixels; ``looks``: each scene judged over the whole panel; ``zoom``: units per pixel; ``metres`` per pixel."""

    part: xr.Dataset
    shapes: tuple[tuple[str, Any], ...]
    stretch: Stretch
    looks: tuple[View, View]
    zoom: float
    metres: float
    north: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a panel in units."""
        return self.part.sizes["x"] * self.zoom, self.part.sizes["y"] * self.zoom

    def pixels(self, side: int, theme: Any) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """RGBA of one scene, and Bool[y, x] of its pixels that hold a number but cannot be used."""
        import numpy as np

        scene = self.part.isel(time=side)
        values = scene[values_name(self.part)].sel(band=list(self.stretch.bands)).values
        usable = scene["valid"].values
        made = picture(values, usable, self.stretch, theme)
        unusable = np.isfinite(values).all(axis=0) & ~usable
        if self.zoom >= 0.5:
            return made, unusable
        most = max(unusable.shape) // round(0.5 / self.zoom)
        flags = np.dstack([np.where(unusable[..., None], 255, 0).repeat(3, axis=2), np.full(unusable.shape, 255)])
        return reduced(made, most)[0], reduced(flags.astype(np.uint8), most)[0][..., 0] > 127


def pair_of(cube: xr.Dataset, index_a: int, index_b: int, structures: Sequence[Structure]) -> Pair:
    """The scenes ``index_a`` and ``index_b`` of ``cube`` around ``structures``, or over all of it if none has a footprint.

    The ground shown is the footprints with their own extent as a margin on each side, at least ``LEAST_PX`` pixels.
    Footprints off the cube are left out; raises ``NoArea`` where all of them are.
    """
    import numpy as np

    placed = [s for s in structures if s.geometry_wkt]
    both = cube.isel(time=[index_a, index_b])
    if placed:
        whole = ground_of(both)
        placed = [s for s in placed if reaches(shape_of(whole, s), both.sizes["y"], both.sizes["x"])]
        if not placed:
            raise NoArea("the footprints lie outside these images", "load them on a grid around them")
        rows, columns = _around(both, [shape_of(whole, s) for s in placed])
        both = both.isel(y=rows, x=columns)
    both = both.compute()
    ground = ground_of(both)
    height, width = both.sizes["y"], both.sizes["x"]
    shapes = tuple((s.name or s.structure_id, shape_of(ground, s)) for s in placed)
    everything = np.ones((height, width), dtype=bool)
    looks = view(both, 0, everything), view(both, 1, everything)
    fits = min(PANEL[0] / width, PANEL[1] / height)
    zoom = min(int(2 * fits) / 2, LARGEST_ZOOM) if fits >= 0.5 else 0.5 / math.ceil(0.5 / fits)
    return Pair(both, shapes, stretch_of(both), looks, zoom, ground.metres, ground.north)


def hidden(pair: Pair) -> list[str]:
    """Which footprints cannot be judged in which of the two scenes: a sentence for each scene with any."""
    out = []
    for side, look in enumerate(pair.looks):
        found = []
        for name, shape in pair.shapes:
            mask = footprint_mask(shape, pair.part.sizes["y"], pair.part.sizes["x"])
            if look.verdict in ("failed", "empty") or not mask.any():
                continue
            here = view(pair.part, side, mask)
            if here.verdict == "unusable":
                found.append(f"{name} ({here.note})")
        if found:
            out.append(f"Cannot be judged in the image of {_day(pair, side)}: {', '.join(found)}.")
    return out


def shortfall(pair: Pair, side: int) -> str:
    """What is missing from the image of one scene as a sentence; "" where nothing is."""
    look = pair.looks[side]
    note = look.note.removeprefix("not aligned").removeprefix("; ")
    if not note:
        return ""
    if look.verdict == "failed":
        return "The file could not be read: nothing is shown, and nothing follows from that."
    tail = " of the ground shown" if " over " in note else ""
    return f"{note[0].upper()}{note[1:]}{tail}."


def apart_words(pair: Pair) -> str:
    """How long lies between the two scenes: ``20 days apart``; "" where a date is missing or only a limit."""
    first, second = (days_of(pair.part, side) for side in (0, 1))
    if math.isnan(first) or math.isnan(second) or any(look.when.startswith("not later") for look in pair.looks):
        return ""
    days = abs(second - first)
    if days < 2 and all("UTC" in look.when for look in pair.looks):
        return f"{round(24 * days)} hours apart" if days >= 1 / 12 else f"{round(1440 * days)} minutes apart"
    whole = abs(math.floor(second) - math.floor(first))
    return "same day" if whole == 0 else f"{whole:,} day{'s' if whole != 1 else ''} apart"


def alignment_words(pair: Pair) -> str:
    """How well the two scenes lie on each other, in plain words."""
    states = [said(pair.part, "alignment", side) for side in (0, 1)]
    for side, state in enumerate(states):
        if state == "not aligned":
            return (
                f"Not aligned: no reliable match was found for the image of {_day(pair, side)}. "
                "Edges that seem to move between the two images may not have moved."
            )
    if states == ["aligned", "aligned"]:
        return f"Both images were aligned to a third: {_residual(pair, 0)} and {_residual(pair, 1)}."
    for side, state in enumerate(states):
        if state == "aligned":
            moved = math.hypot(measured(pair.part, "shift_x", side), measured(pair.part, "shift_y", side))
            shift = "" if math.isnan(moved) else f" after a shift of {_length(pair, moved)} was taken out"
            both = f"The image of {_day(pair, side)} was aligned to that of {_day(pair, 1 - side)}"
            return f"{both}, {_residual(pair, side)}{shift}."
    return "Whether the two images lie exactly on each other was not checked; small shifts are possible."


def _residual(pair: Pair, side: int) -> str:
    residual, votes = measured(pair.part, "residual", side), measured(pair.part, "votes", side)
    return (
        "how closely is not known" if math.isnan(residual) else f"within {_length(pair, residual, f'; {votes:.0f} votes')}"
    )


def _length(pair: Pair, pixels: float, more: str = "") -> str:
    return f"{pixels:.2g} px ({float(f'{pixels * pair.metres:.2g}'):g} m{more})"


def _day(pair: Pair, side: int) -> str:
    return pair.looks[side].when.split(",")[0]


def _around(cube: xr.Dataset, shapes: Sequence[Any]) -> tuple[slice, slice]:
    import shapely

    left, top, right, bottom = shapely.GeometryCollection(list(shapes)).bounds
    extent = max(right - left, bottom - top)
    side = max(3 * extent, LEAST_PX)
    wide, high = max(right - left + 2 * extent, side), max(bottom - top + 2 * extent, side)
    return _run((top + bottom) / 2, high, cube.sizes["y"]), _run((left + right) / 2, wide, cube.sizes["x"])


def _run(centre: float, side: float, size: int) -> slice:
    length = min(math.ceil(side), size)
    start = min(max(round(centre - length / 2), 0), size - length)
    return slice(start, start + length)
