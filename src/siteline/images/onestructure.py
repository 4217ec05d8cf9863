"""One structure in one stack of scenes: laid elsewhere, judged, dated, and how far to trust that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.changed import Detected, Trust
from siteline.model.reasons import Reason
from siteline.model.site import Site

if TYPE_CHECKING:
    import xarray

    from siteline.detect.combine import ByDay
    from siteline.detect.prior import Prior
    from siteline.detect.trust import Injection
    from siteline.measure.areas import Area
    from siteline.measure.pixels import Pixels
    from siteline.measure.placed import Laid

BLUR_PX: Final = 0.5
"""Point spread of injected changes, pixels (standard deviation): as of a sensor whose pixels just resolve."""

SHIFT_PX: Final = 0.2
"""Misregistration of injected changes, standard deviation in pixels: they move with the scene that they are put into."""

SHIFTS: Final = 8
"""Different misregistrations, of which every scene has one."""

SEED: Final = 20190302
"""Places, dates and shapes are drawn from it: the same images give the same answer."""

EACH: Final = 200
"""Injected changes per point of the power curve."""


FACTS: Final = {
    "baseline": "the processing baseline",
    "calibration": "the calibration",
    "platform": "the satellite",
    "relative_orbit": "the relative orbit",
}
"""What may change beside the ground, and pass for a change of it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What to assume: ``prior`` and the rate of false alarms ``nominal``."""

    prior: Prior
    nominal: float


@dataclass(frozen=True, slots=True)
class Part:
    """One structure in one stack. ``own``, ``placebos``: evidence by day, for the combination; ``looks``: day -> scene."""

    detected: Detected
    trust: Trust
    evidence: tuple[float, ...]
    own: ByDay | None
    placebos: tuple[ByDay, ...]
    looks: Mapping[float, str]


def settings(nominal: float) -> Settled:
    """The assumptions of ``siteline detect``: those of ``detect.prior.Prior``, but that a change of use changes the
    season."""
    from siteline.detect.prior import Prior

    return Settled(Prior(season_sd=3.0), nominal)


def one_structure(
    cube: xarray.Dataset, site: Site, key: str, stack: str, pixel: float, settled: Settled, power: bool
) -> Part:
    """Structure ``key`` in the scenes of one stack: against its placebos, with intervals as wide as injections ask for.

    ``pixel``: metres. ``power``: inject the whole power curve, not only what sets the temperature. Scenes in any order.
    """
    from siteline.detect.combine import by_day
    from siteline.detect.found import NOTHING, detected
    from siteline.detect.trust import FEWEST, inject, judge
    from siteline.measure.areas import footprint, ground_of
    from siteline.measure.pixels import pixels_of
    from siteline.measure.placed import contrasts, lay, usable
    from siteline.measure.surroundings import everything_taken, ring

    if not cube.indexes["time"].is_monotonic_increasing:
        cube = cube.sortby("time")
    ground = ground_of(cube)
    feet = {name: footprint(wkt, ground) for name, wkt in site.footprints.items()}
    foot = feet[key]
    names = [f"contrast:{band}" for band in cube["band"].values]
    taken = everything_taken(list(feet.values()), [], ground.shape)
    around = ring(foot, taken) if foot.count else foot
    if not foot.count or not around.count:
        note = foot.note or around.note
        return _nothing(key, stack, names, settled, pixel, note)
    pixels = pixels_of(cube, taken)
    good = usable(pixels)
    laid = lay(foot, around, taken | _seldom_seen(good, foot), SEED)
    series = contrasts(pixels, laid)
    days = cube["time"].values.astype("datetime64[ns]").astype(np.int64) / 86_400e9
    judged = judge(series, days, settled.prior, nominal=settled.nominal, seed=SEED)
    ids = [str(scene) for scene in cube["scene_id"].values]
    first = detected(key, stack, names, ids, settled.prior, judged, series[:1])
    trust = _trust(key, stack, judged, pixel)
    if len(judged.evidence) >= FEWEST and np.isfinite(judged.threshold):
        kinds = _injections(pixels, good, laid, pixel, first, power)
        made = inject(series[1:], days, settled.prior, judged, kinds, each=EACH, seed=SEED)
        trust = replace(trust, temperature=made.temperature, covered=made.covered, power=made.power if power else ())
        first = detected(key, stack, names, ids, settled.prior, judged, series[:1], temperature=made.temperature)
    first = replace(first, doubts=doubts(cube, first), note=first.note and _why(cube, foot, first.note or NOTHING))
    rows = range(1, len(judged.changes.one))
    telling = [row for row in rows if np.isfinite(judged.changes.one[row])]
    looks, shortest = judged.changes.weights[0] > 0, settled.prior.min_looks
    return Part(
        first,
        trust,
        tuple(float(v) for v in judged.evidence if np.isfinite(v)),
        by_day(judged.changes, shortest, trust.temperature) if np.isfinite(judged.changes.one[0]) else None,
        tuple(by_day(judged.changes, shortest, trust.temperature, row) for row in telling),
        {float(judged.changes.days[k]): ids[k] for k in np.flatnonzero(looks)},
    )


def _seldom_seen(good: NDArray[np.bool_], foot: Area) -> NDArray[np.bool_]:
    """Pixels usable in less than half as many scenes as the footprint: a placebo there would say less than it does."""
    seen = good.sum(axis=0)
    return np.asarray(seen < 0.5 * np.median(seen[foot.rows, foot.cols]))


def _injections(
    pixels: Pixels, good: NDArray[np.bool_], laid: Laid, pixel: float, found: Detected, power: bool
) -> list[Injection]:
    """What to inject: changes that spread over bands as the one that was found does, else the same in every band."""
    from siteline.detect.injections import OPTICAL, PLAIN, RADAR, curve, direction, quick
    from siteline.measure.placed import effects

    unit, levels = "reflectance", OPTICAL
    if pixels.radar:
        unit, levels = "dB", RADAR
    elif not np.all(pixels.gain == 1):
        unit, levels = "spreads of the surroundings", PLAIN

    rng = np.random.default_rng(SEED)
    shifts = rng.normal(0.0, SHIFT_PX, (SHIFTS, 2))
    by_scene = rng.integers(0, SHIFTS, len(good))

    def effect(side_m: float, contrast: float) -> NDArray[np.float32]:
        ratio = 10 ** (contrast / 10) if pixels.radar else 0.0
        each = [effects(good, laid, side_m, BLUR_PX, pixel, ratio, (float(y), float(x)))[1:] for y, x in shifts]
        made = np.stack(each)[by_scene, :, np.arange(len(good))].T
        return made if pixels.radar else made * np.float32(contrast)

    bands = len(pixels.bands)
    sizes = np.array([size.size for size in found.changes[0].sizes]) if found.changes else None
    towards = np.ones(bands) if pixels.radar else direction(sizes, bands)
    side = float(np.sqrt(laid.foot.full) * pixel)
    return curve(effect, towards, levels, unit, pixel, side) if power else quick(effect, towards, levels, unit, side)


def _trust(key: str, stack: str, judged: Any, pixel: float) -> Trust:
    known = judged.evidence[np.isfinite(judged.evidence)]
    own = judged.changes.evidence[0]
    return Trust(
        structure_id=key,
        stack=stack,
        placebos=len(known),
        exceeding=int((known >= own).sum()) if np.isfinite(own) else len(known),
        nominal=judged.nominal,
        threshold=judged.threshold,
        temperature=1.0,
        covered=float("nan"),
        ground_m=pixel,
        note="" if np.isfinite(judged.threshold) else "too few places to lay the footprint in: the rate is not known",
    )


def _nothing(key: str, stack: str, names: Sequence[str], settled: Settled, pixel: float, note: str) -> Part:
    nan = float("nan")
    found = Detected(key, stack, tuple(names), 0, nan, nan, nan, nan, nan, prior=settled.prior.named(), note=note)
    trust = Trust(key, stack, 0, 0, settled.nominal, nan, 1.0, nan, pixel, note=note)
    return Part(found, trust, (), None, (), {})


def _why(cube: xarray.Dataset, foot: Any, note: str) -> str:
    """Why there are too few usable scenes: the commonest reason over the footprint."""
    codes = cube["reason"].values[:, foot.rows, foot.cols]
    lost = Counter(int(code) for code in codes.ravel() if code)
    if not lost:
        return note
    code, count = lost.most_common(1)[0]
    return f"{note}; {100 * count / codes.size:.0f} % of its pixels are lost to {Reason(code).word}"


def doubts(cube: xarray.Dataset, found: Detected) -> tuple[str, ...]:
    """What else changes in the gap of a change that was ``found``: a scene beside it is of a kind that the other side does
    not have. And what is doubtful about these scenes themselves."""
    made: list[str] = []
    ids = [str(scene) for scene in cube["scene_id"].values]
    for change in found.changes:
        before, by = ids.index(change.after_scene), ids.index(change.by_scene)
        for fact, words in FACTS.items():
            values = [str(v) for v in cube[fact].values] if fact in cube.coords else []
            if not values or values[before] == values[by]:
                continue
            if values[by] not in values[: before + 1] or values[before] not in values[by:]:
                old, new = (values[k] or "none stated" for k in (before, by))
                made.append(f"{words} changes from {old} to {new} in the same gap")
        for k in (before, by):
            text = str(cube["doubt"].values[k]) if "doubt" in cube.coords else ""
            made += [f"scene {ids[k]}: {text}"] if text else []
    return tuple(dict.fromkeys(made))
