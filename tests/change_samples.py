"""Invented but lifelike series: seasons, clouds, two sensors, a change; the publish tests draw them."""

from __future__ import annotations

import numpy as np

from siteline.model.changed import Detected, Measured, PixelChange, Power, Size, Trust
from siteline.model.dated import Bracket, Posterior
from siteline.model.span import Span, iso

START, END = Span.parse("2016-06-01").first_day, Span.parse("2020-06-01").first_day
CHANGE = Span.parse("2019-02-24").first_day
MEASURES = ("contrast:nir", "texture:green")
OPTICAL, RADAR = "sentinel-2", "sentinel-1 orbit 127"


def optical(seed: int = 0, *, change: float = CHANGE, step: float = 0.085, scenes: int = 240) -> list[Measured]:
    """Two measures of one structure in ``scenes`` optical scenes over four years, two in five of them under cloud."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(START, END, scenes)).round() + 0.44
    rows = []
    for when in days:
        season = np.sin(2 * np.pi * (when - START) / 365.25)
        winter = np.cos(2 * np.pi * (when - Span.parse("2019-01-10").first_day) / 365.25)
        cloudy = rng.random() < 0.34 + 0.22 * winter
        snow = not cloudy and winter > 0.85 and rng.random() < 0.3
        shadow = rng.random() < 0.3
        reasons = f"cloud {rng.integers(40, 100)} %" if cloudy else "snow 100 %" if snow else ""
        reasons = reasons.replace("cloud", "cloud shadow") if cloudy and shadow else reasons
        share = 0.0 if reasons else float(rng.uniform(0.8, 1.0))
        for measure, base, size, swing, noise in (
            ("contrast:nir", 0.04, step, 0.02, 0.012),
            ("texture:green", 0.021, 0.3 * step, 0.002, 0.004),
        ):
            value = base + swing * season + size * (when >= change) + rng.normal(0, noise)
            value = value + (0.12 if rng.random() < 0.01 else 0.0)
            found = (np.nan, np.nan) if reasons else (float(value), float(noise * rng.uniform(0.7, 1.4)))
            scene = f"S2B_32UPU_{iso(float(np.floor(when))).replace('-', '')}_0_L2A"
            rows.append(Measured("hall", scene, OPTICAL, float(when), iso(float(when)), measure, *found, share, reasons))
    return rows


def radar(seed: int = 1, *, change: float = CHANGE, step: float = 3.1) -> list[Measured]:
    """Log-intensity of one orbit every 12 days, with one long outage."""
    rng = np.random.default_rng(seed)
    rows = []
    for when in np.arange(START + 3.7, END, 12.0):
        if Span.parse("2017-08-01").first_day < when < Span.parse("2017-11-20").first_day:
            continue
        for measure, level in (("level:vv", -9.0), ("level:vh", -16.0)):
            value = level + step * (when >= change) + rng.normal(0, 0.9)
            scene = f"S1A_IW_GRDH_{iso(float(np.floor(when))).replace('-', '')}"
            rows.append(Measured("hall", scene, RADAR, float(when), iso(float(when)), measure, float(value), 0.7, 1.0))
    return rows


def around(rows: list[Measured], change: float = CHANGE) -> tuple[Measured, Measured]:
    """The last row with a number before ``change`` and the first one after it."""
    seen = sorted((m for m in rows if np.isfinite(m.value)), key=lambda m: m.when)
    return [m for m in seen if m.when < change][-1], next(m for m in seen if m.when >= change)


def pixel_change(after: Measured, by: Measured, sizes: tuple[Size, ...], *, lean: float = 0.0) -> PixelChange:
    """A step between two scenes whose posterior spills a little into the neighbouring gaps."""
    gap = by.when - after.when
    edges = np.concatenate(([after.when - 9.0], np.linspace(after.when, by.when, 21), [by.when + 5.0]))
    mass = np.concatenate(([0.03], np.exp(lean * np.linspace(0, 1, 20)), [0.01]))
    mass[1:-1] *= 0.96 / mass[1:-1].sum()
    posterior = Posterior(edges, mass)
    spans = [posterior.interval(s) for s in (0.5, 0.9, 0.95)]
    assert gap > 0
    return PixelChange(
        "step", 0.0, Bracket(after.when, by.when), after.scene_id, by.scene_id, posterior, *spans, 0.96, sizes
    )


OPTICAL_SIZES = (Size("contrast:nir", 0.084, 0.003), Size("texture:green", 0.025, 0.002))
RADAR_SIZES = (Size("level:vv", 3.0, 0.2), Size("level:vh", 2.9, 0.22))


def detected(stack: str, rows: list[Measured], changes: tuple[PixelChange, ...], **more: object) -> Detected:
    """An answer about ``rows``: certain where there are changes, certain of none where there is none."""
    times = sorted({m.when for m in rows if np.isfinite(m.value)})
    found = bool(changes)
    values: dict = {"probability": 0.998 if found else 0.004, "evidence": 14.2 if found else -4.1, "threshold": 3.0}
    measures = tuple(dict.fromkeys(m.measure for m in rows))
    return Detected(
        "hall",
        stack,
        measures,
        len(times),
        times[0] if times else float("nan"),
        times[-1] if times else float("nan"),
        changes=changes,
        **{**values, **more},
    )


def trust(*, exceeding: int = 3) -> Trust:
    """Two contrasts over six sizes, 200 changes put in at each point, and 400 placebos."""
    power = tuple(
        Power(float(size), contrast, "sd", float("inf"), 200, found, round(0.9 * found))
        for contrast, counts in ((2.0, (4, 13, 39, 88, 139, 166)), (4.0, (9, 41, 118, 181, 194, 199)))
        for size, found in zip((5, 8, 11, 15, 20, 30), counts, strict=True)
    )
    return Trust("hall", "all", 400, exceeding, 0.01, 3.0, 0.8, 0.95, 10.0, power)


def two_sensors() -> tuple[list[Measured], tuple[Detected, ...]]:
    """Optical and radar scenes that agree on one change, and their answers by themselves and together."""
    a, b = optical(), radar()
    one = pixel_change(*around(a), OPTICAL_SIZES, lean=1.0)
    two = pixel_change(*around(b), RADAR_SIZES)
    after, by = max(around(a)[0], around(b)[0], key=lambda m: m.when), min(around(a)[1], around(b)[1], key=lambda m: m.when)
    both = pixel_change(after, by, OPTICAL_SIZES + RADAR_SIZES)
    return a + b, (detected(OPTICAL, a, (one,)), detected(RADAR, b, (two,)), detected("all", a + b, (both,), evidence=31.0))


def at_odds() -> tuple[list[Measured], tuple[Detected, ...]]:
    """The radar orbit shows its change seven months before the optical scenes show theirs."""
    early = CHANGE - 213
    a, b = optical(), radar(change=early)
    one = pixel_change(*around(a), OPTICAL_SIZES)
    two = pixel_change(*around(b, early), RADAR_SIZES)
    says = "it dates the change seven months earlier, where the optical scenes show none"
    return a + b, (
        detected(OPTICAL, a, (one,)),
        detected(RADAR, b, (two,), conflict=says),
        detected("all", a + b, (one,), probability=0.97, evidence=6.0),
    )
