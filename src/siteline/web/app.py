"""The workbench as an ASGI application: its routes, and failures as JSON."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from siteline.model.errors import (
    BadInput,
    BadRow,
    CaseBusy,
    FileTrouble,
    NoScenes,
    NotThere,
    ReadFailed,
    RowChanged,
    SitelineError,
    SourceTrouble,
)
from siteline.web import chips, edits, series, tiles
from siteline.web.desk import Desk
from siteline.web.exports import Exports
from siteline.web.guarded import BodyTooLong, Guarded, body_too_long, failure
from siteline.web.pictures import Pictures

mimetypes.add_type("text/javascript", ".js")  # whatever this machine's registry says: the browser is told not to guess
STATIC: Final = Path(__file__).parent / "static"

_STATUS: Final[tuple[tuple[type[SitelineError], int], ...]] = (
    (RowChanged, 409),
    (ReadFailed, 503),
    (CaseBusy, 503),
    (NotThere, 404),
    (NoScenes, 404),
    (BadInput, 422),
    (SourceTrouble, 503),
    (FileTrouble, 500),
)


def make_app(case: Path, token: str, *, port: int, who: str = "siteline", named: str = "") -> ASGIApp:
    """The application for one case file. ``token``: see ``Guarded``; ``who``, ``named``: see ``Desk``."""
    desk, pictures = Desk(case, who, named), Pictures(case)
    exports = Exports(desk)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        desk.open()
        pictures.open(lambda: desk.ready.wait(60) and desk.latest is not None and bool(desk.latest.found))
        yield
        exports.close()
        pictures.close()
        desk.close()

    async def state(request: Request) -> Response:
        return Response(await desk.state(), media_type="application/json")

    async def index(request: Request) -> Response:
        return _file("index.html")

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/api/state", state),
            *edits.routes(desk),
            *tiles.routes(desk, pictures),
            *chips.routes(desk, pictures),
            *series.routes(desk),
            *exports.routes(),
            Mount("/", _Page(directory=STATIC)),
        ],
        exception_handlers={
            SitelineError: _expected,
            HTTPException: _refused,
            BodyTooLong: lambda request, error: body_too_long(),
            Exception: _unexpected,
        },
        lifespan=lifespan,
    )
    return Guarded(app, token, port)  # around everything: its headers stand on every answer


class _Page(StaticFiles):
    """The files of the page; a browser asks each time whether they are still the same."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """The file, or that it is still the same."""
        answer = super().file_response(*args, **more)
        answer.headers["cache-control"] = "no-cache"
        return answer


def status_of(error: SitelineError) -> int:
    """The HTTP status of an expected failure."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def told(error: SitelineError) -> dict[str, object]:
    """An expected failure as JSON."""
    remedy = str(getattr(error, "remedy", ""))
    if isinstance(error, BadRow):
        problems = [{"table": p.file, "column": p.column, "reason": p.reason} for p in error.problems]
        first = problems[0]
        return failure("BadRow", str(error), "correct it and save again", **first, problems=problems)
    if not isinstance(error, RowChanged):
        return failure(type(error).__name__, str(error), remedy)
    now = {"present": error.present, "version": error.version, "who": error.who, "at": error.at}
    return {**failure("RowChanged", str(error), "look at the row as it is now, and change it again"), **now}


def _file(name: str) -> Response:
    return Response((STATIC / name).read_bytes(), media_type="text/html")


def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, SitelineError)
    return JSONResponse(told(error), status_of(error))


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kinds: Mapping[int, str] = {404: "NotFound", 405: "MethodNotAllowed"}
    return JSONResponse(failure(kinds.get(error.status_code, "Refused"), str(error.detail)), error.status_code)


def _unexpected(request: Request, error: Exception) -> Response:
    message = f"an error in siteline itself ({type(error).__name__}); the terminal of siteline serve has its details"
    return JSONResponse(failure("Unexpected", message, "nothing was half-written; try again, and report it"), 500)
