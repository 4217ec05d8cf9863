"""One structure in one stack of scenes: laid elsewhere, judged, dated, and how far to trust that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from siteline.images.gaps import changed_too
from siteline.model.changed import Detected, Trust
from siteline.model.reasons import Reason

if TYPE_CHECKING:
    import xarray

    from siteline.detect.combine import ByDay
    from siteline.detect.prior import Prior
    from siteline.detect.trust import Injection, Judged
    from siteline.images.readycube import ReadyCube
    from siteline.measure.areas import Area
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

WORKS_DAYS: Final = (15.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0)
"""How long works on a structure may take, equally likely: from a shed to half a year."""

SLOW: Final = 0.5
"""Share of works that begin and end slowly, as works do whose progress follows an S-curve (Miskawi 1989)."""

TOO_FEW: Final = "too few places to lay the footprint in: the rate is not known"


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
    """The assumptions of ``siteline detect``: those of ``detect.prior.Prior``, but that a change of use changes the season,
    and that works on a structure more often take weeks than a day."""
    from siteline.detect.prior import Prior

    return Settled(Prior(season_sd=3.0, ramp=0.6, ramp_days=WORKS_DAYS, slow=SLOW), nominal)


def one_structure(at: ReadyCube, key: str, settled: Settled, *, power: bool) -> Part:
    """Structure ``key`` in the scenes of one stack: against its placebos, with intervals as wide as injections ask for.

    ``power``: inject the whole power curve, not only what sets the temperature.
    """
    from siteline.detect.found import detected
    from siteline.detect.trust import inject, judge
    from siteline.measure.placed import contrasts, lay
    from siteline.measure.surroundings import ring

    foot = at.feet[key]
    around = ring(foot, at.taken) if foot.count else foot
    if not foot.count or not around.count:
        return _nothing(at, key, settled, foot.note or around.note)
    laid = lay(foot, around, at.taken | _seldom_seen(at.good, foot), SEED)
    series = contrasts(at.numbers, laid)
    judged = judge(series, at.days, settled.prior, nominal=settled.nominal, seed=SEED)
    about = (key, at.stack, at.measures, at.scenes, settled.prior, judged, series[:1])
    found, trust = detected(*about), _trust(at, key, judged)
    if np.isfinite(judged.threshold):
        kinds = _injections(at, laid, found, power)
        made = inject(series[1:], at.days, settled.prior, judged, kinds, each=EACH, seed=SEED)
        trust = replace(trust, temperature=made.temperature, covered=made.covered, power=made.power if power else ())
        found = detected(*about, temperature=made.temperature)
    note = _why(at.cube, foot, _few(found, settled.prior)) if found.note else ""
    return _part(at, replace(found, doubts=doubts(at.cube, found), note=note), trust, judged, settled.prior.min_looks)


def _part(at: ReadyCube, found: Detected, trust: Trust, judged: Judged, min_looks: int) -> Part:
    from siteline.detect.combine import by_day

    changes = judged.changes
    own, *places = (
        by_day(changes, min_looks, trust.temperature, row) if np.isfinite(changes.one[row]) else None
        for row in range(len(changes.one))
    )
    return Part(
        found,
        trust,
        tuple(float(v) for v in judged.evidence if np.isfinite(v)),
        own,
        tuple(place for place in places if place is not None),
        {float(changes.days[k]): at.scenes[k] for k in np.flatnonzero(changes.weights[0] > 0)},
    )


def _seldom_seen(good: NDArray[np.bool_], foot: Area) -> NDArray[np.bool_]:
    """Pixels usable in less than half as many scenes as the footprint: a placebo there would say less than it does."""
    seen = good.sum(axis=0)
    return np.asarray(seen < 0.5 * np.median(seen[foot.rows, foot.cols]))


def _injections(at: ReadyCube, laid: Laid, found: Detected, power: bool) -> list[Injection]:
    """What to inject: changes that spread over bands as the one that was found does, else the same in every band."""
    from siteline.detect.injections import OPTICAL, PLAIN, RADAR, curve, direction, quick
    from siteline.measure.placed import effects

    radar, good, pixel = at.pixels.radar, at.good, at.pixel_m
    unit, levels = "reflectance", OPTICAL
    if radar:
        unit, levels = "dB", RADAR
    elif not np.all(at.pixels.gain == 1):
        unit, levels = "spreads of the surroundings", PLAIN
    rng = np.random.default_rng(SEED)
    shifts = rng.normal(0.0, SHIFT_PX, (SHIFTS, 2))
    by_scene = rng.integers(0, SHIFTS, len(good))

    def effect(side_m: float, contrast: float) -> NDArray[np.float32]:
        ratio = 10 ** (contrast / 10) if radar else 0.0
        each = [effects(good, laid, side_m, BLUR_PX, pixel, ratio, (float(y), float(x)))[1:] for y, x in shifts]
        made = np.stack(each)[by_scene, :, np.arange(len(good))].T
        return made if radar else made * np.float32(contrast)

    bands = len(at.pixels.bands)
    sizes = np.array([size.size for size in found.changes[0].sizes]) if found.changes else None
    towards = np.ones(bands) if radar else direction(sizes, bands)
    side = float(np.sqrt(laid.foot.full) * pixel)
    return curve(effect, towards, levels, unit, pixel, side) if power else quick(effect, towards, levels, unit, side)


def _trust(at: ReadyCube, key: str, judged: Judged) -> Trust:
    known = judged.evidence[np.isfinite(judged.evidence)]
    own = judged.changes.evidence[0]
    return Trust(
        structure_id=key,
        stack=at.stack,
        placebos=len(known),
        exceeding=int((known >= own).sum()) if np.isfinite(own) else len(known),
        nominal=judged.nominal,
        threshold=judged.threshold,
        temperature=1.0,
        covered=float("nan"),
        ground_m=at.pixel_m,
        note="" if np.isfinite(judged.threshold) else TOO_FEW,
    )


def _nothing(at: ReadyCube, key: str, settled: Settled, note: str) -> Part:
    nan = float("nan")
    found = Detected(key, at.stack, at.measures, 0, nan, nan, nan, nan, nan, prior=settled.prior.named(), note=note)
    trust = Trust(key, at.stack, 0, 0, settled.nominal, nan, 1.0, nan, at.pixel_m, note=note)
    return Part(found, trust, (), None, (), {})


def _few(found: Detected, prior: Prior) -> str:
    """How many looks there are and how many are needed, where they are too few; else the note of ``found``."""
    needed = 2 * prior.min_looks + 1
    if found.scenes >= needed:
        return found.note
    return f"{found.scenes or 'no'} usable look{'' if found.scenes == 1 else 's'}, where {needed} are needed"


def _why(cube: xarray.Dataset, foot: Area, note: str) -> str:
    """Why there are too few usable scenes: the commonest reason over the footprint."""
    codes = cube["reason"].values[:, foot.rows, foot.cols]
    lost = Counter(int(code) for code in codes.ravel() if code)
    if not lost:
        return note
    code, count = lost.most_common(1)[0]
    return f"{note}; {100 * count / codes.size:.0f} % of its pixels are lost to {Reason(code).word}"


def doubts(cube: xarray.Dataset, found: Detected) -> tuple[str, ...]:
    """What else changes in the gap of a change that was ``found`` (``gaps``), and what is doubtful about its two scenes."""
    made: list[str] = []
    ids = [str(scene) for scene in cube["scene_id"].values]
    for change in found.changes:
        before, by = ids.index(change.after_scene), ids.index(change.by_scene)
        made += changed_too(cube, before, by)
        for k in (before, by):
            text = str(cube["doubt"].values[k]) if "doubt" in cube.coords else ""
            made += [f"scene {ids[k]}: {text}"] if text else []
    return tuple(dict.fromkeys(made))
