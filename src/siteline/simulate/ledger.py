"""A small ledger of the site to import: footprints, what an analyst saw in two scenes, an event, and two claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from siteline.guard.csvfile import csv_lines
from siteline.guard.files import make_folder, write_lines
from siteline.model.tables import BY_NAME
from siteline.simulate.files import write_json
from siteline.simulate.plan import Built, Plan, Work, instant
from siteline.simulate.truth import SceneTruth

_ANALYST, _PAPER = "sim-analyst", "sim-paper"
_DURING: Final = {
    "built": "being_built",
    "dismantled": "being_dismantled",
    "rebuilt": "being_rebuilt",
    "moved": "being_dismantled",
}
_AFTER: Final = {"built": "complete", "dismantled": "dismantled", "rebuilt": "complete", "moved": "dismantled"}
_DIRECTION: Final = {"built": "construction", "dismantled": "dismantling", "rebuilt": "rebuilding", "moved": "dismantling"}
_CLEAR: Final = 0.95


def write_ledger(folder: Path, plan: Plan, scenes: Sequence[SceneTruth]) -> None:
    """Write the folder that ``siteline import`` takes. Raises ``FileTrouble``.

    The analyst labels each structure in the first and in the last of ``scenes`` (optical, by time) that shows it clear, and
    rightly; so it is the images between them that can date what happened. One claim is true; the other says more than
    any image shows.
    """
    make_folder(folder)
    write_json(folder / "structures.geojson", structures_geojson(plan))
    looks = [(each, scene) for each in plan.structures for scene in _first_and_last(each, scenes)]
    event = _event_day(plan)
    rows: dict[str, list[dict[str, str]]] = {
        "sources": [
            _source(_ANALYST, "Simulated analyst", "State of each structure in the first and the last clear scene", ""),
            _source(_PAPER, "Simulated newspaper", "Works at the site, said to answer an event", str(plan.period[1])),
        ],
        "scenes": [_image(scene) for scene in {scene.item_id: scene for _, scene in looks}.values()],
        "observations": [_observation(n, each, scene) for n, (each, scene) in enumerate(looks, 1)],
        "events": [
            {"event_id": "e1", "start_date": event, "end_date": event, "timezone_or_place": "UTC",
             "what": "Simulated event that people connect with the works", "source_id": _PAPER},
        ],
        "claims": _claims(plan, scenes, event),
    }  # fmt: skip
    for name, listed in rows.items():
        table = BY_NAME[name]
        header = [column.name for column in table.columns if any(column.name in row for row in listed)]
        cells = ([row.get(column, "") for column in header] for row in listed)
        write_lines(folder / table.file, csv_lines(header or [c.name for c in table.columns], cells))
    settings = {"title": f"Simulated site {plan.seed}", "period": [str(day) for day in plan.period], "key_events": ["e1"]}
    write_json(folder / "settings.json", settings)


def structures_geojson(plan: Plan) -> dict[str, Any]:
    """Footprints in WGS 84 as a feature collection."""
    from pyproj import Transformer

    (x, y), crs = plan.centre, plan.grid(plan.sensors[0]).crs
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    features = []
    for structure in plan.structures:
        ring = [to_degrees(x + east, y + north) for east, north in (*structure.outline, structure.outline[0])]
        corners = [[round(float(lon), 9), round(float(lat), 9)] for lon, lat in ring]
        properties = {
            "structure_id": structure.structure_id,
            "name": structure.structure_id.capitalize(),
            "kind": "building",
            "aliases": "",
            "notes": "simulated",
        }
        geometry = {"type": "Polygon", "coordinates": [corners]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def state(structure: Built, days: float) -> str:
    """The state of a structure, in its first place, in the words of ``model.states``; ``days`` since 1970-01-01T00:00Z."""
    word = "complete" if structure.stands_at_first else "absent"
    for work in structure.history:
        if work.start <= days < work.end:
            return _DURING[work.what]
        if days >= work.end:
            word = _AFTER[work.what]
    return word


def _first_and_last(structure: Built, scenes: Sequence[SceneTruth]) -> list[SceneTruth]:
    clear = [scene for scene in scenes if scene.clear[structure.structure_id] >= _CLEAR]
    return [clear[0], clear[-1]] if len(clear) > 1 else clear


def _changed(plan: Plan) -> tuple[Built, Work] | None:
    """The works that begin first within the period, and the structure they are done to."""
    first, last = plan.period
    works = [
        (work.start, n, work) for n, each in enumerate(plan.structures) for work in each.history if first <= work.on <= last
    ]
    if not works:
        return None
    _, n, work = min(works, key=lambda found: found[:2])
    return plan.structures[n], work


def _event_day(plan: Plan) -> str:
    """Shortly before the first works, or the middle of the period where there are none; within the period."""
    changed = _changed(plan)
    middle = plan.period[0] + (plan.period[1] - plan.period[0]) / 2
    day = middle if changed is None else changed[1].on - timedelta(days=12)
    return str(min(max(day, plan.period[0]), plan.period[1]))


def _claims(plan: Plan, scenes: Sequence[SceneTruth], event: str) -> list[dict[str, str]]:
    changed = _changed(plan)
    if changed is None:
        if not plan.structures:
            return []
        whole = plan.structures[0].structure_id
        first, last = (str(day) for day in plan.period)
        return [
            _claim("f1", whole, "no_change", first, last, "none", "Nothing was built or taken down in the whole period"),
            _claim("f2", whole, "no_change", "", "", "none", "Nothing has ever changed there, nor will it"),
        ]
    structure, work = changed
    key, way = structure.structure_id, _DIRECTION[work.what]
    clear = [scene.days for scene in scenes if scene.clear[key] >= _CLEAR]
    after = max((days for days in clear if days < work.start), default=work.start - 60)
    by = min((days for days in clear if days >= work.end), default=work.end + 60)
    days_after = str(date.fromisoformat(event) + timedelta(days=5))
    return [
        _claim("f1", key, "ended", _day(after), _day(by), way, "Works were done between two clear images"),
        _claim("f2", key, "began", event, days_after, way, "Works began within days of the event, as an answer to it"),
    ]


def _day(days: float) -> str:
    return str(instant(days).date())


def _source(key: str, publisher: str, title: str, published: str) -> dict[str, str]:
    told = {"source_id": key, "publisher": publisher, "authors": "", "title_paraphrase": title, "url": ""}
    return {**told, "published": published}


def _image(scene: SceneTruth) -> dict[str, str]:
    at = instant(scene.days)
    return {
        "image_id": scene.item_id, "provider": "siteline", "sensor_if_stated": scene.sensor, "acquired_date": str(at.date()),
        "acquired_time_utc_if_stated": f"{at:%H:%M:%S}", "credit": "simulated", "source_ids": _ANALYST,
    }  # fmt: skip


def _observation(n: int, structure: Built, scene: SceneTruth) -> dict[str, str]:
    word = state(structure, scene.days)
    told = f"{structure.structure_id.capitalize()}: {word.replace('_', ' ')}"
    return {
        "observation_id": f"o{n}", "structure_id": structure.structure_id, "image_id": scene.item_id,
        "acquired_date": _day(scene.days), "state": word, "activity": "", "confidence": "high", "paraphrase": told,
        "source_id": _ANALYST,
    }  # fmt: skip


def _claim(key: str, structure: str, kind: str, after: str, before: str, way: str, told: str) -> dict[str, str]:
    return {
        "finding_id": key, "structure_id": structure, "claim_type": kind, "after_date": after, "before_date": before,
        "direction": way, "paraphrase": told, "source_id": _PAPER, "basis": "imagery" if key == "f1" else "inference",
    }  # fmt: skip
