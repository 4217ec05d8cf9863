"""What is known of each structure as layers for a map program: a GeoPackage of structures, changes and scenes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from siteline.model.dated import Dating, History, Transition
from siteline.model.records import CaseData
from siteline.model.scene import ImageScene
from siteline.model.span import iso
from siteline.publish.rows import bands, structure_name

CRS = "EPSG:4326"


def write_layers(data: CaseData, dating: Dating, images: Sequence[ImageScene], path: Path) -> None:
    """Write the layers ``structures`` (the state last seen), ``transitions`` (one feature each, where its structure lies)
    and ``scenes`` (footprints) into the new file ``path``. Times are ISO text, UTC; empty where nothing bounds them."""
    import geopandas
    import shapely

    histories = [(key, dating.histories[key]) for key in data.structures if key in dating.histories]
    placed = {key: s.geometry_wkt for key, s in data.structures.items()}
    layers: list[tuple[str, list[dict[str, Any]], list[str | None]]] = [
        ("structures", [_structure(data, key, h) for key, h in histories], [placed[key] for key, _ in histories]),
        (
            "transitions",
            [_transition(data, t) for _, h in histories for t in h.transitions],
            [placed[key] for key, h in histories for _ in h.transitions],
        ),
        ("scenes", [_scene(image) for image in images], [image.footprint_wkt for image in images]),
    ]
    for name, rows, shapes in layers:
        if not rows and name != "structures":
            continue
        columns = {key: [row[key] for row in rows] for key in rows[0]} if rows else {"structure_id": []}
        geometry = [None if wkt is None else shapely.from_wkt(wkt) for wkt in shapes]
        frame = geopandas.GeoDataFrame(columns, geometry=geometry, crs=CRS)
        frame.to_file(path, driver="GPKG", layer=name, engine="pyogrio", geometry_type="Unknown")


def _structure(data: CaseData, key: str, history: History) -> dict[str, Any]:
    structure, held = data.structures[key], bands(history)
    last = held[-1] if held else None
    usable = [look for look in history.looks if look.state is not None]
    return {
        "structure_id": key,
        "name": structure_name(data, key),
        "kind": structure.kind,
        "state": last.state if last else "",
        "state_from": iso(last.start) if last else "",
        "state_to": iso(last.end) if last else "",
        "looks": len(history.looks),
        "usable_looks": len(usable),
        "changes": len(history.transitions),
        "note": history.note,
    }


def _transition(data: CaseData, t: Transition) -> dict[str, Any]:
    after, by = t.bracket.after, t.bracket.by
    return {
        "structure_id": t.structure_id,
        "name": structure_name(data, t.structure_id),
        "from_state": t.before,
        "to_state": t.after_state,
        "direction": t.direction,
        "after": "" if after is None else iso(after),
        "by": "" if by is None else iso(by),
        "interval90_first": iso(t.interval90[0]),
        "interval90_last": iso(t.interval90[1]),
        "probability": round(t.probability, 4),
        "deciding": ";".join(t.deciding),
        "dissenting": ";".join(t.dissenting),
    }


def _scene(image: ImageScene) -> dict[str, Any]:
    return {
        "scene_id": image.scene_id,
        "acquired": image.when.text,
        "provider": image.provider,
        "platform": image.platform,
        "gsd_m": image.gsd_m,
        "cloud_percent": image.cloud_percent,
        "credit": image.credit,
        "licence": image.licence,
    }
