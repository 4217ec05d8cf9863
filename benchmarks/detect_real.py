"""Change found in real data, against what is known of it: ``python -m benchmarks.detect_real``, with SITELINE_DATA set.

``verdun-s2``: three stages of a clearing, dated by eye between adjacent clear images (NOTE.md of the data); false alarms are
counted three pixels and more away from anything a simple rule calls cleared. ``colorado-landsat``: a break between autumn
1998 and summer 1999. ``pycold-pixels``: one that COLD dates to 2013-06-21. ``santa-barbara-s1`` and ``naip-nd``: no event
seen, so that every pixel found is a false alarm.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

STAGES = {
    "north-east block": ("2019-02-27", "2019-03-19"),
    "west and south-west edge": ("2019-03-19", "2019-03-29"),
    "core": ("2019-03-29", "2019-04-18"),
}
"""The brackets of NOTE.md; a stage lies where the simple rule of the data first sees its end."""

NOMINAL = 0.01
AWAY_PX = 3
BAND5, BRIGHTER = 4, 0.05
"""Landsat band 5 (1.65 um), by whose reflectance in summer the broken pixels of colorado-landsat are told apart."""

SHIFT_ORDINAL = 719163
"""Proleptic ordinal of 1970-01-01."""


def run(root: Path | None = None) -> dict[str, Any]:
    """Figures by data set."""
    folder = root or Path(os.environ["SITELINE_DATA"])
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    os.environ.setdefault("SITELINE_DATA", str(folder))
    return {
        "verdun-s2": verdun(folder),
        "colorado-landsat": colorado(folder),
        "pycold-pixels": pycold(folder),
        "santa-barbara-s1": quiet(_santa_barbara(folder)),
        "naip-nd": quiet(_naip()),
        "nrt-bfast-refs": "no statistic of strucchange (CUSUM, MOSUM, efp, recursive residuals) is computed by siteline",
    }


def verdun(folder: Path) -> dict[str, Any]:
    """Stages per pixel and per area, and the share of untouched ground that is reported."""
    from scipy.ndimage import binary_dilation

    from cube_scenes import VERDUN_GRID, PlainReader
    from cube_scenes import verdun as scenes
    from siteline.cube.load import load
    from siteline.detect.maps import change_map
    from siteline.detect.objects_in_time import changed_areas
    from siteline.detect.prior import Prior

    cube = load(scenes(folder / "verdun-s2"), VERDUN_GRID, reader=PlainReader())  # type: ignore[arg-type]
    layers = change_map(cube, Prior(change=0.05), nominal=NOMINAL)
    areas, labels = changed_areas(layers)
    hint = np.load(folder / "verdun-s2" / "derived_clearing_brackets.npz")
    first, dates = hint["first_cleared_index"], list(hint["clear_dates"])
    untouched = ~binary_dilation(first >= 0, iterations=AWAY_PX)
    stages = {}
    for name, (after, by) in STAGES.items():
        there = first == dates.index(by.replace("-", ""))
        inside = (layers.after >= _day(after)) & (layers.by <= _day(by) + 1)
        found = there & layers.found
        area = max(areas, key=lambda one: int((labels[there] == one.label).sum()))
        stages[name] = {
            "note": (after, by),
            "pixels": int(there.sum()),
            "found": float(layers.found[there].mean()),
            "dated": float(inside[found].mean()),
            "interval holds": float(((layers.lower[found] <= _day(by) + 1) & (layers.upper[found] >= _day(after))).mean()),
            "area": (_iso(area.after), _iso(area.by)),
            "area pixels": area.pixels,
            "area hit": _iso(area.after) == after and _iso(area.by) == by,
        }
    found = layers.found & untouched
    return {
        "stages": stages,
        "untouched": int(untouched.sum()),
        "false alarms": float(found.sum() / untouched.sum()),
        "areas in untouched": sum(int((labels[untouched] == one.label).sum()) >= one.pixels / 2 for one in areas),
        "threshold": layers.threshold,
    }


def colorado(folder: Path) -> dict[str, Any]:
    """Of the pixels that are brighter in summer after 1999 than before 1998, the share dated between autumn and summer."""
    stack = np.load(folder / "colorado-landsat" / "p035r032_stack.npz")
    bands = stack["bands"][:, :, 0].astype(np.float64)  # [time, layer, pixel]
    clear = (bands[:, 7] <= 1) & (bands[:, :6] > 0).all(axis=1) & (bands[:, :6] < 10000).all(axis=1)
    series = np.where(clear[:, None], bands[:, :6] / 1e4, np.nan).transpose(2, 1, 0)
    days = stack["dates"].astype("datetime64[D]").astype(np.float64)
    year = 1970 + days / 365.2425
    summer = (year % 1 > 0.45) & (year % 1 < 0.75)
    before, later = (
        np.nanmedian(series[:, BAND5][:, summer & (year > first) & (year < last)], axis=1)
        for first, last in ((1994, 1998.7), (1999.5, 2004))
    )
    broken = later - before > BRIGHTER
    told, evidence = _dated(series, days)
    inside = (told.after >= _day("1998-08-01")) & (told.by <= _day("1999-09-22"))
    return {
        "pixels": len(series),
        "broken": int(broken.sum()),
        "found": float((evidence > np.log(1 / NOMINAL))[broken].mean()),
        "dated": float(inside[broken].mean()),
        "brackets": _common(told.after[broken], told.by[broken]),
    }


def pycold(folder: Path) -> dict[str, Any]:
    """The bracket of the pixel that COLD breaks at 2013-06-21, and how many looks it is off."""
    rows = np.loadtxt(folder / "pycold-pixels" / "spectral_336_3980_obs.csv", delimiter=",")
    clear = (rows[:, 8] <= 1) & (rows[:, 1:7] > 0).all(axis=1) & (rows[:, 1:7] < 10000).all(axis=1)
    rows = rows[clear]
    days = rows[:, 0] - SHIFT_ORDINAL
    told, evidence = _dated(rows[:, 1:7].T[None] / 1e4, days)
    seen = np.unique(days)
    off = int(np.searchsorted(seen, told.by[0]) - np.searchsorted(seen, _day("2013-06-21")))
    return {
        "bracket": (_iso(told.after[0]), _iso(told.by[0])),
        "interval": (_iso(told.lower[0]), _iso(told.upper[0])),
        "looks off": off,
        "evidence": float(evidence[0]),
    }


def quiet(cube: Any) -> dict[str, Any]:
    """The share of pixels reported in a cube where nothing is known to have changed."""
    from siteline.detect.maps import change_map
    from siteline.detect.objects_in_time import changed_areas
    from siteline.detect.prior import Prior

    layers = change_map(cube, Prior(change=0.05), nominal=NOMINAL)
    known = np.isfinite(layers.evidence)
    return {
        "pixels": int(known.sum()),
        "looks": int(np.median(layers.looks)),
        "false alarms": float(layers.found[known].mean()) if known.any() else float("nan"),
        "areas": len(changed_areas(layers)[0]),
        "threshold": layers.threshold,
        "slope": layers.learned.null.site.slope,
    }


def _dated(series: np.ndarray, days: np.ndarray) -> tuple[Any, np.ndarray]:
    from siteline.detect.map_dates import dated
    from siteline.detect.noise import fit_noise
    from siteline.detect.prior import Prior
    from siteline.detect.series import scan

    order = np.argsort(days, kind="stable")
    noise = fit_noise(series[:, :, order], days[order])
    return dated(series, days, Prior(), noise), scan(series, days, Prior(), noise).evidence


def _santa_barbara(folder: Path) -> Any:
    from cube_scenes import Grid, PlainReader
    from siteline.cube.load import load
    from test_cube_stacks import santa_barbara

    grid = Grid("EPSG:32611", 244920.0, 3816660.0, 30.0, 100, 100)
    return load(santa_barbara(folder / "santa-barbara-s1"), grid, reader=PlainReader())  # type: ignore[arg-type]


def _naip() -> Any:
    from cube_samples import naip

    return naip(200)


def _day(text: str) -> float:
    return float(np.datetime64(text, "D").astype(np.int64))


def _iso(day: float) -> str:
    return str(np.datetime64(int(np.floor(day)), "D"))


def _common(after: np.ndarray, by: np.ndarray) -> dict[str, int]:
    pairs, counts = np.unique(np.stack([np.floor(after), np.floor(by)]), axis=1, return_counts=True)
    order = np.argsort(-counts)[:5]
    return {f"({_iso(pairs[0, n])}, {_iso(pairs[1, n])}]": int(counts[n]) for n in order}


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    there = figures["verdun-s2"]
    lines = [
        "| stage (verdun-s2) | note | pixels found | their bracket within | 95 % interval meets | area | its bracket |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, told in there["stages"].items():
        note, area = (" - ".join(told[key]) for key in ("note", "area"))
        shares = " | ".join(f"{told[key]:.1%}" for key in ("found", "dated", "interval holds"))
        mark = "hit" if told["area hit"] else "missed"
        lines.append(f"| {name} ({told['pixels']} px) | {note} | {shares} | {told['area pixels']} px | {area} ({mark}) |")
    lines += [
        "",
        f"| nothing known to change | pixels | looks | reported (nominal {NOMINAL:.0%}) | areas | threshold |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        f"| verdun-s2, untouched | {there['untouched']} | | {there['false alarms']:.2%} | {there['areas in untouched']} "
        f"| {there['threshold']:.1f} |",
    ]
    for name in ("santa-barbara-s1", "naip-nd"):
        told = figures[name]
        lines.append(
            f"| {name} | {told['pixels']} | {told['looks']} | {told['false alarms']:.2%} | {told['areas']} "
            f"| {told['threshold']:.1f} |"
        )
    row, pixel = figures["colorado-landsat"], figures["pycold-pixels"]
    lines += [
        "",
        f"colorado-landsat: of {row['broken']} broken pixels (of {row['pixels']}) {row['dated']:.0%} are dated between "
        f"autumn 1998 and summer 1999 "
        f"(brackets: {', '.join(f'{k} {v} px' for k, v in row['brackets'].items())}).",
        f"pycold-pixels: ({pixel['bracket'][0]}, {pixel['bracket'][1]}], {pixel['looks off']} looks off.",
        f"nrt-bfast-refs: {figures['nrt-bfast-refs']}.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(run()))
