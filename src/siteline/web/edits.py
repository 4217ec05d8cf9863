"""Changes that the page makes: rows put and removed, key events marked, changes undone; the journal and the revision."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siteline.model.errors import BadInput
from siteline.store.editing import Done, Row, mark_key, put, undo
from siteline.store.revision import changes, entries, revision
from siteline.web.bodies import cells_of, json_object, name_of, whole_number
from siteline.web.desk import Desk
from siteline.web.labels import with_companions
from siteline.web.live import Live

_MOST_LISTED = 500


def routes(desk: Desk) -> list[Route]:
    """The routes for changes of the case at ``desk``."""

    async def row(request: Request) -> Response:
        given = await json_object(request)
        table, key = request.path_params["table"], request.path_params["key"]
        cells, who = cells_of(given, table, key), name_of(given, desk.who)
        base = None if given.get("base") is None else whole_number(given, "base")

        def change(live: Live) -> Done:
            meant, others = with_companions(live.held(), Row(table, key, cells), who, new=base is None)
            return put(live.case, meant, base, who, with_=others)

        done = await desk.run(change)
        desk.refresh()
        return JSONResponse(asdict(done))

    async def marked(request: Request) -> Response:
        given, event = await json_object(request), request.path_params["event"]
        key, who = given.get("key"), name_of(given, desk.who)
        if not isinstance(key, bool):
            raise BadInput("key must be true or false: whether the event is a key event")
        done = await desk.run(lambda live: mark_key(live.case, event, who, key=key))
        desk.refresh()
        return JSONResponse(asdict(done))

    async def undone(request: Request) -> Response:
        given = await json_object(request)
        number, who = whole_number(given, "entry"), name_of(given, desk.who)
        done = await desk.run(lambda live: undo(live.case, number, who))
        desk.refresh()
        return JSONResponse(asdict(done))

    async def journal(request: Request) -> Response:
        limit = _number(request, "limit", 50, _MOST_LISTED)
        before = _number(request, "before", 0, 2**62) or None

        def read(live: Live) -> list[dict[str, Any]]:
            with live.case.reading() as db:
                return [{"entry": n, **asdict(told)} for n, told in entries(db, limit, before)]

        return JSONResponse(await desk.run(read))

    async def moved(request: Request) -> Response:
        since = _number(request, "since", 0, 2**62)

        def read(live: Live) -> dict[str, Any]:
            with live.case.reading() as db:
                news = changes(db, since, _MOST_LISTED) if "since" in request.query_params else []
                return {"revision": revision(db), "changed": [change._asdict() for change in news]}

        return JSONResponse(await desk.run(read))

    return [
        Route("/api/rows/{table}/{key:path}", row, methods=["POST"]),
        Route("/api/key-events/{event:path}", marked, methods=["POST"]),
        Route("/api/undo", undone, methods=["POST"]),
        Route("/api/journal", journal),
        Route("/api/revision", moved),
    ]


def _number(request: Request, name: str, otherwise: int, most: int) -> int:
    text = request.query_params.get(name, str(otherwise))
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > most:
        raise BadInput(f"{name} must be a whole number from 0 to {most}")
    return int(text)
