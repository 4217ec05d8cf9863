"""Searches and found scenes in an open case: kept whole, one transaction a search."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from siteline.guard import beside
from siteline.model.errors import BadRows, RowProblem
from siteline.model.imagery import FoundScene, Search
from siteline.model.tables import BY_NAME
from siteline.store.case import Case
from siteline.store.keeping import upsert


def keep_search(case: Case, search: Search, scenes: Iterable[FoundScene], who: str) -> None:
    """Keep a search and its scenes; a scene found before is brought up to date, what its pixels told stays.

    Raises ``CaseBusy``, ``FileTrouble``.
    """
    with case.writing(who) as db:
        upsert(db, BY_NAME["searches"], _search_cells(search))
        for scene in scenes:
            cells = _scene_cells(scene, case)
            if scene.site_cloud_percent is None:
                del cells["site_cloud_percent"]  # known from the pixels of an earlier fetch, perhaps
            upsert(db, BY_NAME["imagery"], cells)


def keep_site_clouds(case: Case, percents: Mapping[str, float], who: str) -> None:
    """Keep the cloud over the site, in percent by scene id. Raises ``CaseBusy``, ``FileTrouble``."""
    with case.writing(who) as db:
        rows = [(f"{percent:.0f}", scene_id) for scene_id, percent in percents.items()]
        db.executemany("UPDATE imagery SET site_cloud_percent = ? WHERE scene_id = ?", rows)


def found_scenes(case: Case) -> tuple[FoundScene, ...]:
    """Every scene of every search, by time then id; files beside the case where they lie now.

    Raises ``FileTrouble``; ``BadRows`` where a row cannot be read.
    """
    names = [c.name for c in BY_NAME["imagery"].columns]
    columns = ", ".join(f"coalesce({name}, '')" for name in names)
    with case.reading() as db:
        rows = db.execute(f"SELECT {columns} FROM imagery ORDER BY acquired, scene_id").fetchall()
    return tuple(_scene(case, dict(zip(names, map(str, row), strict=True))) for row in rows)


def searches(case: Case) -> tuple[Search, ...]:
    """Every search, oldest first. Raises ``FileTrouble``."""
    sql = "SELECT search_id, source, asked, searched_at, returned, matched, completeness, notes FROM searches ORDER BY fid"
    with case.reading() as db:
        rows = db.execute(sql).fetchall()
    return tuple(
        Search(key, source, asked, at, int(returned or 0), int(matched) if matched else None, complete, _lines(notes))
        for key, source, asked, at, returned, matched, complete, notes in rows
    )


def _search_cells(search: Search) -> dict[str, str]:
    return {
        "search_id": search.search_id,
        "source": search.source,
        "asked": search.asked,
        "searched_at": search.searched_at,
        "returned": str(search.returned),
        "matched": "" if search.matched is None else str(search.matched),
        "completeness": search.completeness,
        "notes": "\n".join(search.notes),
    }


def _scene_cells(scene: FoundScene, case: Case) -> dict[str, str]:
    return {
        "scene_id": scene.scene_id,
        "search_id": scene.search_id,
        "source": scene.source,
        "acquired": scene.acquired,
        "provider": scene.provider,
        "platform": scene.platform,
        "cloud_percent": _number(scene.cloud_percent),
        "site_cloud_percent": _number(scene.site_cloud_percent),
        "site_share": _number(scene.site_share),
        "structure_shares": _compact({key: round(share, 4) for key, share in scene.structure_shares.items()}),
        "licence": scene.licence,
        "credit": scene.credit,
        "status": scene.status,
        "why": scene.why,
        "stac": _compact(beside.noted(scene.stac, case.path)),
    }


def _scene(case: Case, cells: Mapping[str, str]) -> FoundScene:
    try:
        return FoundScene(
            scene_id=cells["scene_id"],
            search_id=cells["search_id"],
            stac=beside.found(json.loads(cells["stac"]), case.path),
            source=cells["source"],
            acquired=cells["acquired"],
            provider=cells["provider"],
            platform=cells["platform"],
            cloud_percent=_float(cells["cloud_percent"]),
            site_cloud_percent=_float(cells["site_cloud_percent"]),
            site_share=_float(cells["site_share"]),
            structure_shares=json.loads(cells["structure_shares"] or "{}"),
            licence=cells["licence"],
            credit=cells["credit"],
            status=cells["status"],  # type: ignore[arg-type]  # held to its words by the check of the case
            why=cells["why"],
        )
    except ValueError as error:
        place = f"imagery[{cells['scene_id']}]"
        reason = f"cannot be read ({error}); search again: siteline find"
        raise BadRows([RowProblem(case.path.name, None, place, reason)]) from error


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _float(text: str) -> float | None:
    return float(text) if text else None


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
