"""The question a command line asks of a source: area, period and the options of ``stac-client search``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from siteline.model.errors import BadInput
from siteline.model.search import Query
from siteline.model.site import Site
from siteline.model.span import Span

_CONDITION = re.compile(r"\s*([^<>=!\s]+)\s*(<=|>=|!=|<>|<|>|=)\s*(.+?)\s*\Z")
_OPERATORS: Final = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "!=": "neq", "<>": "neq"}


def period(start: str, end: str, interval: str) -> tuple[datetime | None, datetime | None]:
    """The half-open UTC interval from ``--from`` and ``--to`` (EDTF; days included), or ``--datetime`` (``a``, ``a/b``).

    Raises ``BadInput``, ``BadDate``.
    """
    if interval:
        if start or end:
            raise BadInput("--datetime says the period already; leave out --from and --to")
        start, slash, end = interval.partition("/")
        end = end if slash else start
        start, end = ("" if side == ".." else side for side in (start, end))
    low = Span.parse(start).start if start else None
    high = Span.parse(end).end if end else None
    if low is not None and high is not None and (low > high or (low == high and start != end)):
        raise BadInput(f"the period is reversed: {start} is later than {end}; swap the two dates")
    return low, high


def question(
    site: Site, start: datetime | None, end: datetime | None, options: Mapping[str, Any], max_cloud: float | None
) -> Query:
    """The query for ``site``; ``options`` as the command line holds them, ``bbox`` and ``intersects`` replacing its area."""
    box = options["bbox"]
    shape = json_option(options["intersects"], "--intersects")
    return Query(
        bbox=_box(box) if box else site.bbox,
        start=start,
        end=end,
        intersects=shape,
        collections=tuple(options["collections"]),
        ids=tuple(options["ids"]),
        max_cloud=max_cloud,
        query=conditions(options["query"]),
        filter=json_option(options["filter"], "--filter"),
        sortby=tuple(options["sortby"]),
        fields=tuple(options["fields"]),
        limit=options["limit"],
        max_items=options["max_items"],
    )


def conditions(texts: Sequence[str]) -> dict[str, Any]:
    """The STAC query extension from texts such as ``eo:cloud_cover<20`` or one JSON object. Raises ``BadInput``."""
    asked: dict[str, Any] = {}
    for text in texts:
        if text.lstrip().startswith("{"):
            asked.update(json_option(text, "--query") or {})
            continue
        match = _CONDITION.match(text)
        if match is None:
            raise BadInput(f"--query {text!r} is no condition; write it as eo:cloud_cover<20")
        key, operator, value = match.groups()
        asked.setdefault(key, {})[_OPERATORS[operator]] = _value(value)
    return asked


def json_option(text: str, name: str) -> dict[str, Any] | None:
    """A JSON object given as text or as the path of a file; None for "". Raises ``BadInput``, ``FileTrouble``."""
    if not text:
        return None
    if not text.lstrip().startswith("{"):
        from siteline.guard.files import read_text

        text = read_text(Path(text))
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{name} is not JSON ({error}); give one object, or the path of a file that holds one") from None
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be one JSON object")
    return value


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise BadInput(f"--bbox {text!r} is not four numbers; write west,south,east,north in degrees") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise BadInput(f"--bbox {text!r} is no box; write west,south,east,north in degrees, longitude first")
    return west, south, east, north


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
