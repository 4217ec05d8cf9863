"""Structures in a cube as a tidy table: one row per structure, scene and measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.measure.areas import Area, Ground, footprint, ground_of
from siteline.measure.bands import LEAST_SHARE, Series, bandwise
from siteline.measure.pattern import pattern
from siteline.measure.pixels import Pixels, pixels_of
from siteline.measure.radar import speckle_db
from siteline.measure.shadow import shadow
from siteline.measure.stacks import stacks_of
from siteline.measure.surroundings import FEWEST_DATES, candidates, everything_taken, ring
from siteline.model.changed import Measured
from siteline.model.errors import BadInput
from siteline.model.reasons import Reason

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

POSITION_M: Final = 10.0
"""Pixel size from which a scene's own position will do where it could not be aligned: Sentinel-2 and Landsat are placed
to a pixel or better by their makers, images of finer pixels are off by many."""

_DAY_NS = 86_400_000_000_000


def measure(
    cube: xarray.Dataset, footprints: Mapping[str, Any], *, before: float | None = None, only: tuple[str, ...] = ()
) -> tuple[Measured, ...]:
    """Measure structures in every scene of ``cube`` (see ``cube.load``), by stack, structure, measure and time.

    ``footprints``: by structure id: WKT in EPSG:4326, a geometry (shapely) in the cube's CRS, or a mask, Bool or
    Float[y, x]. They are kept out of each other's surroundings, so name all there are; ``only``: measure just these of them.
    ``before``: days since 1970 (UTC); controls are chosen by how they behaved before then; by the first third of the dates
    without it, or where it leaves too few. Values, spreads and limits of each measure: docs/concepts/measuring.md.

    A structure that cannot be measured in a scene has rows there with value NaN and the reasons. One that lies outside the
    cube has one row a scene, of the measure ``mean:`` of the first band. Raises ``BadInput`` for what is no cube, a scene
    that comes twice, a footprint that is none.
    """
    ids = [str(scene) for scene in cube["scene_id"].values] if "scene_id" in cube.coords else []
    if twice := [scene for scene, count in Counter(ids).items() if count > 1]:
        raise BadInput(f"the scene {twice[0]!r} is in the cube {ids.count(twice[0])} times; load it once")
    ground = ground_of(cube)
    feet = {key: footprint(shape, ground) for key, shape in footprints.items()}
    own = everything_taken(list(feet.values()), [], ground.shape)
    rings = {key: ring(foot, own) for key, foot in feet.items() if foot.count}
    taken = everything_taken(list(feet.values()), list(rings.values()), ground.shape)
    names = stacks_of(cube, abs(ground.dx))
    rows: list[Measured] = []
    for name in dict.fromkeys(names):
        part = cube.isel(time=np.flatnonzero(np.array(names) == name)) if len(set(names)) > 1 else cube
        pixels = pixels_of(part, own)
        stack = Stack(name, part, pixels, ground, before)
        for key in only or feet:
            foot = feet[key]
            others = everything_taken([other for k, other in feet.items() if k != key], [], ground.shape)
            measures = stack.measures(foot, rings[key], others, taken) if foot.count else {}
            rows += stack.rows(key, measures, *_usable(pixels, foot), foot.note)
    return tuple(rows)


class Stack:
    """The scenes of one stack with what every structure shares: their dates, the sun, the speckle of radar."""

    def __init__(self, name: str, cube: xarray.Dataset, pixels: Pixels, ground: Ground, before: float | None) -> None:
        """Take the facts of the scenes; ``before`` as in ``measure``."""
        self.name = name
        count = cube.sizes["time"]
        stamps = cube["time"].values.astype("datetime64[ns]")
        days = stamps.astype(np.int64) / _DAY_NS
        self.days = np.where(np.isnat(stamps), np.nan, days)
        self.acquired = [str(text) for text in cube["when"].values] if "when" in cube.coords else [str(s) for s in stamps]
        self.scenes = [str(scene) for scene in cube["scene_id"].values]
        self.pixels, self.ground = pixels, ground
        self.early = self.days < (np.nan if before is None else before)
        if self.early.sum() < FEWEST_DATES and np.isfinite(self.days).any():
            self.early = self.days <= np.nanquantile(self.days, 1 / 3)
        nothing = np.full(count, np.nan)
        self.sun = [
            np.asarray(cube[n].values, float) if n in cube.coords else nothing for n in ("sun_azimuth", "sun_elevation")
        ]
        off = cube["alignment"].values == "not aligned" if "alignment" in cube.coords else np.zeros(count, dtype=bool)
        self.unaligned = np.asarray(off, dtype=bool)
        self.lost = self.unaligned & (abs(ground.dx) < POSITION_M)
        self.speckle = speckle_db(pixels) if pixels.radar else None

    def measures(self, foot: Area, around: Area, others: NDArray[np.bool_], taken: NDArray[np.bool_]) -> dict[str, Series]:
        """Every measure of one footprint; Bool[y, x] ``others``: the other footprints, ``taken``: all and their rings."""
        elsewhere = candidates(foot, taken)
        found, chosen = bandwise(self.pixels, foot, around, elsewhere, self.early, self.speckle)
        if not self.pixels.radar:
            found |= pattern(self.pixels, foot, around, [elsewhere[n] for n in chosen])
            found |= shadow(self.pixels, foot, others, self.ground, *self.sun)
        return found

    def rows(
        self, key: str, measures: Mapping[str, Series], shares: FloatArray, reasons: list[str], note: str
    ) -> list[Measured]:
        """The rows of one structure, by measure, then time."""
        if not measures:
            nothing = np.full(len(self.scenes), np.nan)
            measures = {f"mean:{self.pixels.bands[0]}": Series(nothing, nothing)}
        made = []
        for name, (values, spreads) in measures.items():
            for n, scene in enumerate(self.scenes):
                held = np.isfinite(values[n]) and not self.lost[n] and shares[n] >= LEAST_SHARE
                why = note or "; ".join(filter(None, (reasons[n], "not aligned" if self.unaligned[n] else "")))
                made.append(
                    Measured(
                        structure_id=key,
                        scene_id=scene,
                        stack=self.name,
                        when=float(self.days[n]),
                        acquired=self.acquired[n],
                        measure=name,
                        value=float(values[n]) if held else np.nan,
                        spread=float(spreads[n]) if held else np.nan,
                        usable_share=float(shares[n]),
                        reasons=why if held or why else "too flat, or nothing usable to compare with",
                    )
                )
        return made


def _usable(pixels: Pixels, foot: Area) -> tuple[FloatArray, list[str]]:
    """Usable share of a footprint, Float64[time], and why the rest is not, by time: ``cloud 40 %; outside 10 %``."""
    count = len(pixels.values)
    if not foot.count:
        return np.zeros(count), [""] * count
    codes = pixels.reason[:, foot.rows, foot.cols]
    some = np.isfinite(pixels.values[:, :, foot.rows, foot.cols]).any(axis=1)
    usable = pixels.valid[:, foot.rows, foot.cols] & some
    shares = (usable * foot.weights).sum(axis=1) / foot.full
    beyond = max(0.0, 1 - foot.weights.sum() / foot.full)
    texts = []
    for date in range(count):
        lost = {
            reason.word: float((foot.weights * (codes[date] == reason)).sum() / foot.full) for reason in Reason if reason
        }
        lost["outside"] += beyond
        lost["no number"] = float((foot.weights * (~usable[date] & (codes[date] == 0))).sum() / foot.full)
        named = sorted(((share, word) for word, share in lost.items() if share >= 0.005), key=lambda p: (-p[0], p[1]))
        texts.append("; ".join(f"{word} {100 * share:.0f} %" for share, word in named))
    return shares.clip(0, 1), texts
