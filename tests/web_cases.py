"""Cases for the workbench: many labels of many structures, with claims, events and hypotheses about them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from siteline.model.tables import BY_NAME
from siteline.store.importing import import_folder

FIRST = date(2019, 1, 5)
STATES = ("absent", "being_built", "complete", "being_dismantled", "dismantled")


def write(folder: Path, name: str, rows: Sequence[Mapping[str, str]]) -> None:
    """The table ``name`` of a folder."""
    table = BY_NAME[name]
    with (folder / table.file).open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, [c.name for c in table.columns], restval="")
        out.writeheader()
        out.writerows(rows)


def ledger(folder: Path, structures: int, scenes: int, *, claims: int = 40) -> Path:
    """A folder to import: every structure labelled in every scene, one life each, some labels wrong or blind."""
    folder.mkdir(parents=True)
    days = [FIRST + timedelta(days=5 * n) for n in range(scenes)]
    write(folder, "sources", [{"source_id": f"s{n}", "publisher": f"Publisher {n}"} for n in range(6)])
    write(
        folder,
        "scenes",
        [{"image_id": f"i{n}", "provider": "P", "acquired_date": day.isoformat()} for n, day in enumerate(days)],
    )
    features = [_feature(s) for s in range(structures)]
    (folder / "structures.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    write(folder, "observations", [_look(s, n, days[n]) for s in range(structures) for n in range(scenes)])
    write(folder, "events", [_event(n, days) for n in range(3)])
    write(folder, "claims", [_claim(n, structures, days) for n in range(claims)])
    write(folder, "hypotheses", [{"hypothesis_id": f"h{n}", "title": f"Explanation {n}"} for n in range(3)])
    readings = [
        {"reading_id": f"r{n}{c}", "hypothesis_id": f"h{n}", "item": f"c{c}", "reading": "neutral"}
        for n in range(3)
        for c in range(min(claims, 10))
    ]
    write(folder, "readings", readings)
    settings = {"title": "Many", "key_events": ["e0"], "key_structures": ["b0", "b1"]}
    (folder / "settings.json").write_text(
        json.dumps({**settings, "key_structures": settings["key_structures"][:structures]})
    )
    return folder


def many(folder: Path, structures: int = 50, scenes: int = 300) -> Path:
    """The case file of such a ledger."""
    case = folder / "many.gpkg"
    import_folder(ledger(folder / "ledger", structures, scenes), case, who="test")
    return case


def _feature(s: int) -> dict[str, object]:
    west, south = 124.70 + 0.002 * (s % 10), 39.65 + 0.002 * (s // 10)
    ring = [[west, south], [west + 0.001, south], [west + 0.001, south + 0.001], [west, south + 0.001], [west, south]]
    properties = {"structure_id": f"b{s}", "name": f"Building {s}", "kind": "hall", "aliases": "", "notes": ""}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def _look(s: int, n: int, day: date) -> dict[str, str]:
    built = 40 + (7 * s) % 120
    state = (
        "absent" if n < built else "being_built" if n < built + 20 else "complete" if n < built + 100 else "being_dismantled"
    )
    if (s + n) % 11 == 0:
        state = "obscured"
    return {
        "observation_id": f"o{s}-{n}",
        "structure_id": f"b{s}",
        "image_id": f"i{n}",
        "acquired_date": day.isoformat(),
        "state": state,
        "confidence": ("high", "medium", "low")[(s * n) % 3],
        "source_id": f"s{n % 4}",
    }


def _event(n: int, days: Sequence[date]) -> dict[str, str]:
    day = days[min(39 + 30 * n, len(days) - 1)] + timedelta(days=2)
    return {"event_id": f"e{n}", "start_date": day.isoformat(), "what": f"Meeting {n}", "source_id": "s5"}


def _claim(n: int, structures: int, days: Sequence[date]) -> dict[str, str]:
    first, last = days[min(30, len(days) - 2)], days[min(60, len(days) - 1)]
    return {
        "finding_id": f"c{n}",
        "structure_id": f"b{n % structures}",
        "claim_type": "began",
        "after_date": first.isoformat(),
        "before_date": last.isoformat(),
        "direction": "construction",
        "paraphrase": f"Work on building {n % structures} began",
        "source_id": f"s{n % 6}",
        "basis": "imagery",
    }
