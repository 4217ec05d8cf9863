"""What requests bring, read and bounded: everything beyond a bound is an answer in words, at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from siteline.model.errors import BadInput, BadRow, RowProblem, shorten

MOST_TEXT: Final = 20_000
"""Longest text of one cell, in characters."""

MOST_VERTICES: Final = 2_000
"""Most vertices of one drawn footprint."""

_MOST_CELLS: Final = 40
_MOST_NAME: Final = 100
_MOST_NESTED: Final = 8


async def json_object(request: Request) -> Mapping[str, Any]:
    """The body, a JSON object. Raises ``BadInput``, also for another kind of body, which a foreign form could send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadInput("the body must be JSON; send it with Content-Type: application/json")
    raw = await request.body()
    try:
        value = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is not JSON ({shorten(str(error))}); send one object") from None
    if not isinstance(value, dict):
        raise BadInput("the body must be one JSON object")
    return value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def name_of(given: Mapping[str, Any], otherwise: str) -> str:
    """Who makes the change: ``who`` of the body, else ``otherwise``. Raises ``BadInput``."""
    who = given.get("who") or otherwise
    if not isinstance(who, str) or len(who) > _MOST_NAME or not who.isprintable() or not who.strip():
        raise BadInput(f"who must be a name of at most {_MOST_NAME} printable characters")
    return who.strip()


def whole_number(given: Mapping[str, Any], name: str) -> int:
    """A field that is a whole number. Raises ``BadInput``."""
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise BadInput(f"{name} must be a whole number, 0 or above")
    return value


def cells_of(given: Mapping[str, Any], table: str, key: str) -> dict[str, Any] | None:
    """The ``cells`` of the body, None for a row to be removed. Raises ``BadInput``, ``BadRow``."""
    if "cells" not in given:
        raise BadInput("cells is missing; give an object of texts by column, or null to remove the row")
    cells = given["cells"]
    if cells is None:
        return None
    if not isinstance(cells, dict) or len(cells) > _MOST_CELLS:
        raise BadInput(f"cells must be an object of at most {_MOST_CELLS} texts by column, or null")
    for name, value in cells.items():
        if isinstance(value, str) and len(value) > MOST_TEXT:
            reason = f"{len(value):,} characters where {MOST_TEXT:,} are taken; shorten it"
            raise BadRow(table, key, [RowProblem(table, None, shorten(name), reason)])
    if reason := outline_problem(cells.get("geometry")):
        raise BadRow(table, key, [RowProblem(table, None, "geometry", reason)])
    return cells


def outline_problem(geometry: Any) -> str:
    """Why a drawn footprint cannot be taken, "" where it can; its coordinates are checked when it is kept."""
    if geometry is None:
        return ""
    if not isinstance(geometry, dict) or not isinstance(geometry.get("type"), str):
        return "must be a GeoJSON geometry, or null"
    if geometry["type"] not in ("Point", "Polygon", "MultiPolygon", "LineString", "MultiPoint", "MultiLineString"):
        return f"{shorten(geometry['type'])!r} is no kind of footprint; draw a point, a line or a polygon"
    try:
        count = _vertices(geometry.get("coordinates"), 0)
    except ValueError as error:
        return str(error)
    if count > MOST_VERTICES:
        return f"it has {count:,} vertices where {MOST_VERTICES:,} are taken; simplify it"
    return _crossed(geometry) if geometry["type"].endswith("Polygon") else ""


def _vertices(part: Any, depth: int) -> int:
    """How many positions nested lists hold. Raises ``ValueError`` for what cannot be coordinates."""
    if depth > _MOST_NESTED or not isinstance(part, list):
        raise ValueError("its coordinates must be lists of numbers, as GeoJSON has them")
    if part and all(isinstance(number, int | float) for number in part):
        return 1
    return sum(_vertices(inner, depth + 1) for inner in part)


def _crossed(geometry: Mapping[str, Any]) -> str:
    import shapely
    from shapely.geometry import shape
    from shapely.validation import explain_validity

    try:
        drawn = shape(geometry)
        return "" if drawn.is_valid else f"its outline is not sound ({explain_validity(drawn)}); draw it without crossings"
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, AttributeError) as error:
        return f"not a GeoJSON geometry ({shorten(str(error))})"
