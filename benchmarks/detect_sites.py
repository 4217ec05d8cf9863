"""End to end on simulated sites: are intervals as sure as they say, false alarms as rare, and injections right about power?

Every site is rendered as the cube that loading its files would give, and goes through the product's own steps for one
structure in one stack: contrasts, placebos, noise, posterior, injections.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

PERIOD = (date(2019, 1, 1), date(2021, 12, 31))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One structure. ``truth``: starts and ends of its works (days). ``said``: (lower, upper) of the 50, 90 and 95 %
    intervals of every change reported, and of its bracket. ``predicted``: power by injecting its own contrast, NaN = not
    changed."""

    seed: int
    side_m: float
    truth: tuple[tuple[float, float], ...]
    said: tuple[tuple[tuple[float, float], ...], ...]
    found: bool
    predicted: float
    temperature: float
    looks: int
    evidence: float
    threshold: float


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Print the table; returns the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--first", type=int, default=1000)
    options = parser.parse_args(arguments)
    outcomes = run(range(options.first, options.first + options.sites))
    figures = summary(outcomes)
    print(table(figures))
    return figures


def run(seeds: Sequence[int]) -> list[Outcome]:
    """All structures of all sites, two sites at a time."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        out: list[Outcome] = []
        for n, some in enumerate(pool.map(site, seeds, chunksize=2), start=1):
            out += some
            if n % 10 == 0:
                print(f"{n} of {len(seeds)} sites", file=sys.stderr, flush=True)
        return out


def site(seed: int) -> list[Outcome]:
    """The structures of one site; every second one shrunk, so that some changes are too small to be found."""
    from siteline.images.onestructure import one_structure, settings
    from siteline.images.readycube import ready
    from siteline.model.site import Site
    from siteline.simulate import default_plan, render_cube

    warnings.simplefilter("ignore")
    plan = default_plan(seed, period=PERIOD)
    rng = np.random.default_rng(seed)
    built = tuple(
        replace(one, outline=tuple(_shrunk(one.outline, float(rng.uniform(0.15, 0.5) if rng.random() < 0.5 else 1.0))))
        for one in plan.structures
    )
    plan = replace(plan, structures=built)
    cube = render_cube(plan)
    import shapely

    from siteline.simulate.ledger import structures_geojson

    shapes = structures_geojson(plan)["features"]
    feet = {f["properties"]["structure_id"]: shapely.geometry.shape(f["geometry"]).wkt for f in shapes}
    place = Site(next(iter(feet.values())), feet)
    settled = settings(0.05)
    at = ready(cube, place, "sentinel-2", 10.0)
    made = []
    for one in built:
        part = one_structure(at, one.structure_id, settled, power=False)
        found = part.detected
        said = tuple((c.interval50, c.interval90, c.interval95, (c.bracket.after, c.bracket.by)) for c in found.changes)
        truth = tuple((w.start, w.end) for w in one.history)
        predicted = _predicted(plan, at, place, one.structure_id, settled) if truth else float("nan")
        area = shapely.geometry.Polygon(one.outline).area
        made.append(
            Outcome(
                seed,
                float(np.sqrt(area)),
                truth,
                said,
                bool(found.changes),
                predicted,
                part.trust.temperature,
                found.scenes,
                found.evidence,
                found.threshold,
            )
        )
    return made


def _shrunk(outline: Sequence[tuple[float, float]], factor: float) -> list[tuple[float, float]]:
    cx, cy = np.mean(outline, axis=0)
    return [(float(cx + factor * (x - cx)), float(cy + factor * (y - cy))) for x, y in outline]


def _predicted(plan: Any, at: Any, place: Any, key: str, settled: Any) -> float:
    """Share found when what works on this structure really did to its contrast, for as long, is put into its placebos.

    What they did is the difference from the same site, under the same skies, on which nothing was done to it.
    """
    from siteline.detect.trust import Injection, inject, judge
    from siteline.images.readycube import ready
    from siteline.measure.placed import contrasts, lay
    from siteline.measure.surroundings import ring
    from siteline.simulate import render_cube

    one = next(s for s in plan.structures if s.structure_id == key)
    others = tuple(s for s in plan.structures if s.structure_id != key)
    calm = replace(plan, structures=(*others, replace(one, history=())) if one.stands_at_first else others)
    around = ring(at.feet[key], at.taken)
    days = at.days
    series = contrasts(at.numbers, lay(at.feet[key], around, at.taken, 1))
    without = contrasts(
        ready(render_cube(calm), place, at.stack, 10.0).numbers, lay(at.feet[key], around, at.taken, 1, most=1)
    )
    start, end = one.history[0].start, one.history[0].end
    until = one.history[1].start if len(one.history) > 1 else np.inf
    inside = (days >= end) & (days < until)
    gained = (series[0] - without[0])[:, inside]
    gained = gained[:, np.isfinite(gained).all(axis=0)]
    if not gained.shape[1]:
        return float("nan")
    judged = judge(series, days, settled.prior, nominal=settled.nominal, threads=1)
    # what one scene shows of them differs from the next: every place and scene is given what some scene showed
    drawn = np.random.default_rng(1).integers(0, gained.shape[1], (len(series) - 1, days.size))
    wide = np.moveaxis(gained[:, drawn], 0, 1).astype(np.float32)
    made = inject(series[1:], days, settled.prior, judged, [Injection(0.0, 0.0, "", until - start, wide)], threads=1)
    return made.power[0].found / made.power[0].injected


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares with their counts."""
    changed = [o for o in outcomes if o.truth]
    still = [o for o in outcomes if not o.truth]
    reported = [(o, change) for o in changed for change in o.said]
    figures: dict[str, Any] = {
        "sites": len({o.seed for o in outcomes}),
        "changed": len(changed),
        "unchanged": len(still),
        "reported": len(reported),
    }
    for n, name in enumerate(("50", "90", "95", "bracket")):
        inside = [any(_inside(start, end, change[n], whole=n == 3) for start, end in o.truth) for o, change in reported]
        figures[name] = float(np.mean(inside)) if inside else float("nan")
    at_once = [(o, change) for o, change in reported if all(start == end for start, end in o.truth)]
    for name, some, whole in (("90 at once", at_once, False), ("90 meets", reported, True)):
        inside = [any(_inside(start, end, change[1], whole=whole) for start, end in o.truth) for o, change in some]
        figures[name] = float(np.mean(inside)) if inside else float("nan")
    figures["more"] = sum(len(o.said) > len(o.truth) for o in changed)
    figures["width90"] = float(np.median([c[1][1] - c[1][0] for _, c in reported])) if reported else float("nan")
    figures["false_alarms"] = float(np.mean([o.found for o in still])) if still else float("nan")
    known = [o for o in changed if np.isfinite(o.predicted)]
    figures["predicted"] = float(np.mean([o.predicted for o in known]))
    figures["found"] = float(np.mean([o.found for o in known]))
    for low, high in ((0.0, 0.5), (0.5, 0.95), (0.95, 1.01)):
        some = [o for o in known if low <= o.predicted < high]
        if some:
            values = (len(some), float(np.mean([o.predicted for o in some])), float(np.mean([o.found for o in some])))
            figures[f"predicted {low:g}-{min(high, 1):g}"] = values
    figures["temperature"] = float(np.median([o.temperature for o in outcomes]))
    return figures


def _inside(start: float, end: float, span: tuple[float, float], *, whole: bool) -> bool:
    """Whether the start of works lies in an interval; for a bracket, whether any of the works does."""
    return bool(span[0] <= end and start <= span[1]) if whole else bool(span[0] <= start <= span[1])


def table(figures: dict[str, Any]) -> str:
    """Markdown."""
    rows = [
        (
            "sites; structures that change, that do not",
            "",
            f"{figures['sites']}; {figures['changed']}, {figures['unchanged']}",
        ),
        ("50 % intervals hold the start of works", "50 %", f"{figures['50']:.1%}"),
        ("90 % intervals", "87 to 93 %", f"{figures['90']:.1%}"),
        ("90 % intervals meet the works, from their start to their end", "", f"{figures['90 meets']:.1%}"),
        ("90 % intervals, structures whose works took no time", "", f"{figures['90 at once']:.1%}"),
        ("structures told to have changed once more than they did", "", f"{figures['more']} of {figures['changed']}"),
        ("95 % intervals", "95 %", f"{figures['95']:.1%}"),
        ("brackets meet the works", "", f"{figures['bracket']:.1%}"),
        ("median width of 90 % intervals", "", f"{figures['width90']:.0f} d"),
        ("false alarms on unchanged structures", "5 %", f"{figures['false_alarms']:.1%}"),
        ("found; predicted by injection", "within 0.05", f"{figures['found']:.3f}; {figures['predicted']:.3f}"),
    ]
    for name, value in figures.items():
        if name.startswith("predicted "):
            rows.append((f"of {value[0]} with {name}", "", f"{value[2]:.3f}; {value[1]:.3f}"))
    lines = ["| | asked | reached |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {a} | {b} | {c} |" for a, b, c in rows])


if __name__ == "__main__":
    main()
