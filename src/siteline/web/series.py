"""What was measured of one structure, scene by scene, for the page to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siteline.model.changed import ALL, Measured, known
from siteline.model.errors import NoScenes, shorten
from siteline.publish.seriesdata import Level, Series, levels, main_reason, measure_words, ranked
from siteline.store.changed import measured
from siteline.web.desk import Desk
from siteline.web.live import Held, Live


def routes(desk: Desk) -> list[Route]:
    """The route for series."""

    async def series(request: Request) -> Response:
        key = request.path_params["structure"]

        def read(live: Live) -> dict[str, Any]:
            held = live.held()
            if key not in held.data.structures:
                raise NoScenes(f"the case has no structure {shorten(key)!r}")
            return series_cells(held, key, measured(live.case, key))

        return JSONResponse(await desk.run(read))

    return [Route("/api/series/{structure:path}", series)]


def series_cells(held: Held, key: str, rows: Sequence[Measured]) -> dict[str, Any]:
    """The stacks of a structure, those that carry its answer first; missing numbers are None."""
    detected = tuple(found for found in held.detected if found.structure_id == key)
    whole = Series(key, detected, tuple(rows))
    named = [found.stack for found in whole.apart]
    order = [*named, *dict.fromkeys(row.stack for row in rows if row.stack not in named and row.stack != ALL)]
    return {"structure": key, "stacks": [_stack(whole, stack) for stack in order]}


def _stack(whole: Series, stack: str) -> dict[str, Any]:
    rows = sorted((row for row in whole.measured if row.stack == stack), key=lambda row: (row.when, row.scene_id))
    answer = next((found for found in whole.apart if found.stack == stack), None)
    scenes = list(dict.fromkeys(row.scene_id for row in rows))
    first = {row.scene_id: row for row in reversed(rows)}
    names = ranked(answer, rows)
    by_name = {name: {row.scene_id: row for row in rows if row.measure == name} for name in names}
    changes = answer.changes if answer else ()
    return {
        "stack": stack,
        "bands": names,
        "labels": {name: measure_words(name) for name in names},
        "scenes": scenes,
        "days": [known_day(first[scene].when) for scene in scenes],
        "usable": [known(first[scene].usable_share) for scene in scenes],
        "reasons": [main_reason(first[scene].reasons) if first[scene].reasons else "" for scene in scenes],
        "values": {name: [_number(by_name[name].get(scene), "value") for scene in scenes] for name in names},
        "spreads": {name: [_number(by_name[name].get(scene), "spread") for scene in scenes] for name in names},
        "levels": {name: [_level(level) for level in levels(_dots(by_name[name].values()), changes)] for name in names[:2]},
    }


def known_day(day: float) -> float | None:
    """A time in days, None where it is not known."""
    return round(day, 5) if math.isfinite(day) else None


def _dots(rows: Any) -> list[Measured]:
    return [row for row in rows if math.isfinite(row.value) and math.isfinite(row.when)]


def _number(row: Measured | None, name: str) -> float | None:
    value = math.nan if row is None else getattr(row, name)
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _level(level: Level) -> dict[str, Any]:
    numbers = {"value": level.value, "error": level.error, "scatter": level.scatter}
    return {**{name: float(f"{value:.6g}") for name, value in numbers.items()}, "runs": [list(run) for run in level.runs]}
