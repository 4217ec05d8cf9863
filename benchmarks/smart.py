"""Reading the SMART annotations (JHU/APL, MIT licence) below ``SITELINE_DATA``, and the programme's own dates from them."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np

from siteline.dating.sequence import COMPLETION, ONSET, Life, gap, make_life

COLUMNS = ("earliest start", "latest start", "start activity", "end activity", "end date")
GOLDEN_PERIOD = ("2014-01-01", "2021-08-31")


def folder() -> Path | None:
    """``$SITELINE_DATA/smart``, or None where the variable is unset or the folder missing."""
    root = os.environ.get("SITELINE_DATA")
    path = Path(root) / "smart" if root else None
    return path if path is not None and path.is_dir() else None


def number(text: str) -> float:
    """Days since 1970 of an ISO date."""
    return float(date.fromisoformat(text).toordinal() - 719163)


def iso(day: float) -> str:
    """ISO date of days since 1970."""
    return date.fromordinal(int(day) + 719163).isoformat()


def read_lives(path: Path) -> list[Life]:
    """Every observed site, sorted by id."""
    looks: dict[str, list[tuple[float, str]]] = defaultdict(list)
    with (path / "observations.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            looks[row["site_id"]].append((number(row["observation_date"]), row["current_phase"]))
    with (path / "sites.csv").open(encoding="utf-8") as stream:
        region = {row["site_id"]: row["region_id"] for row in csv.DictReader(stream)}
    return [make_life(site, region[site], looks[site]) for site in sorted(looks)]


def periods(lives: list[Life]) -> dict[str, tuple[float, float]]:
    """Each region's period: the programme's (``GOLDEN_PERIOD``), widened to hold every look of the region."""
    low, high = number(GOLDEN_PERIOD[0]), number(GOLDEN_PERIOD[1])
    ends: dict[str, list[float]] = defaultdict(lambda: [low, high])
    for life in lives:
        ends[life.region] += [float(life.days[0]), float(life.days[-1])]
    return {region: (min(days), max(days)) for region, days in ends.items()}


def read_golden(path: Path) -> dict[str, dict[str, str]]:
    """Annotated rows of both golden files by site id without the ``_te_<release>`` suffix."""
    result = {}
    for file in sorted(path.glob("golden/*/gt_sites.csv")):
        with file.open(encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                if row["status"] == "positive_annotated":
                    result["_".join(row["id"].split("_")[:3])] = row
    return result


def programme_dates(life: Life, period: tuple[str, str] = GOLDEN_PERIOD) -> dict[str, str]:
    """The five golden columns from the looks, each clipped to the region's ``period`` (both days included).

    Earliest start: last look without activity before the first with it (else the first look). Latest start, also start
    of activity: first look with activity in any part. End of activity: first look with every part done after the last
    that was not. End date: last look. Empty where no look says.
    """
    low, high = number(period[0]), number(period[1])
    onset, end = gap(life, ONSET), gap(life, COMPLETION)
    earliest = onset.after if onset.after is not None else float(life.days[0])
    found = (earliest, onset.by, onset.by, end.by, float(life.days[-1]))
    return {
        name: "" if day is None else iso(float(np.clip(day, low, high))) for name, day in zip(COLUMNS, found, strict=True)
    }


def compare_golden(lives: list[Life], golden: dict[str, dict[str, str]]) -> list[tuple[str, str, str, str]]:
    """(site, column, ours, golden) wherever a date differs; a site without looks is one row with column ``site``."""
    ours = {life.site: programme_dates(life) for life in lives}
    result = []
    for site, row in golden.items():
        if site not in ours:
            result.append((site, "site", "no looks", row["id"]))
            continue
        result += [(site, c, ours[site][c], row[c]) for c in COLUMNS if ours[site][c] != row[c]]
    return result
