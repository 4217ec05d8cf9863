"""What is known of each structure as layers for a map program: a GeoPackage of structures, changes and scenes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from siteline.model.dated import Dating, History, Transition
from siteline.model.records import CaseData
from siteline.model.scene import ImageScene
from siteline.model.span import iso
from siteline.publish import qgisstyle
from siteline.publish.geopackage import Layer, Row, write
from siteline.publish.look import LIGHT
from siteline.publish.qgisstyle import Kind, Mark
from siteline.publish.rows import bands, structure_name

_BRACKET: Final = 'left("after", 10) || \' – \' || left("by", 10)'


def write_layers(data: CaseData, dating: Dating, images: Sequence[ImageScene], path: Path) -> None:
    """Write the layers ``structures`` (the state last seen), ``transitions`` (one feature each, where its structure lies)
    and ``scenes`` (footprints) into the new file ``path``, with their styles for QGIS.

    Times are ISO text, UTC; empty where nothing bounds them. See ``geopackage.write`` for footprints of several kinds.
    """
    histories = [(key, dating.histories[key]) for key in data.structures if key in dating.histories]
    placed = {key: s.geometry_wkt for key, s in data.structures.items()}
    structures = [_structure(data, key, h) for key, h in histories]
    changes = [_transition(data, t) for _, h in histories for t in h.transitions]
    where = [placed[key] for key, h in histories for _ in h.transitions]
    layers = [
        _layer("structures", structures, [placed[key] for key, _ in histories], _structure_style),
        _layer("transitions", changes, where, _transition_style),
        _layer("scenes", [_scene(image) for image in images], [image.footprint_wkt for image in images], _scene_style),
    ]
    write([layer for layer in layers if layer.rows or layer.name == "structures"], path)


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


def _layer(name: str, rows: list[Row], shapes: list[str | None], style: Callable[[Kind, Sequence[Row]], str]) -> Layer:
    return Layer(name, [*rows[0]] if rows else ["structure_id"], rows, shapes, style)


def _structure_style(kind: Kind, rows: Sequence[Row]) -> str:
    """Outlined by state, named."""
    return qgisstyle.by_value(kind, "state", qgisstyle.state_marks(row["state"] for row in rows), '"name"')


def _transition_style(kind: Kind, rows: Sequence[Row]) -> str:
    """A diamond of the state that came, with its bracket: outlines would hide those of the structures."""
    marks = qgisstyle.state_marks(row["to_state"] for row in rows)
    return qgisstyle.by_value(kind, "to_state", marks, _BRACKET, diamonds=True)


def _scene_style(kind: Kind, rows: Sequence[Row]) -> str:
    del rows
    return qgisstyle.plain(kind, Mark("", "", LIGHT["muted"], "dash", 0.3))
