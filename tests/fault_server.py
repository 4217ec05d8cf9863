"""A real HTTP server on the loopback interface that serves bytes by ranges and breaks in every way that is asked of it.

``with FaultServer({"a.tif": data}) as server:`` serves ``server.url("a.tif")``; ``server.fault("a.tif", stall)`` makes the
next answer for it a stalled one. ``times=None`` is for ever. ``server.asked`` keeps what came: (method, path, headers).
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from siteline.guard.addresses import Trust
from siteline.guard.http import Client


@dataclass
class Due:
    """What a sound answer would be: bytes ``start`` up to ``stop`` of ``data``, of the version ``etag``."""

    data: bytes
    start: int
    stop: int
    ranged: bool
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        return self.data[self.start : self.stop]

    def answer(self, body: bytes | None = None, **changed: str) -> Response:
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return Response(self.body if body is None else body, 206 if self.ranged else 200, headers)


Fault = Callable[[Due], Response | Awaitable[Response]]


def status(code: int, body: bytes = b"no", **headers: str) -> Fault:
    """Rows 1 and 2: an error instead of the answer."""
    return lambda due: Response(body, code, {name.replace("_", "-"): value for name, value in headers.items()})


def stall(due: Due) -> Response:
    """Row 3: half of the body, then nothing for ever."""
    return _streamed(due, _parts(due.body[: due.stop // 2], pause_s=3600.0))


def trickle(due: Due) -> Response:
    """Row 3: one byte now and then."""
    return _streamed(due, _parts(*(due.body[i : i + 1] for i in range(len(due.body))), pause_s=0.05))


async def silent(due: Due) -> Response:
    """Row 3: no header at all."""
    await asyncio.sleep(3600)
    return due.answer()


def short(due: Due) -> Response:
    """Row 4: the body ends, and the connection with it, before its stated length."""
    return _streamed(due, _broken(due.body[: len(due.body) // 2]))


def shorter(due: Due) -> Response:
    """Row 4: fewer bytes than were asked for, and the header says so."""
    body = due.body[: len(due.body) // 2]
    return due.answer(body, Content_Range=f"bytes {due.start}-{due.start + len(body) - 1}/{len(due.data)}")


def zeros(due: Due) -> Response:
    """Row 5: the right length, all zeros."""
    return due.answer(bytes(len(due.body)))


def page(due: Due) -> Response:
    """Row 6: a web page inside a 206, under an image's type."""
    return due.answer(b"<!DOCTYPE html><html>busy</html>".ljust(len(due.body))[: len(due.body)])


def typed_page(due: Due) -> Response:
    """Row 6: a web page that says that it is one."""
    return due.answer(content_type="text/html; charset=utf-8")


def changed(due: Due) -> Response:
    """Row 7: another version of the file."""
    return due.answer(ETag='"another"')


def elsewhere(due: Due) -> Response:
    """Other bytes than those asked for."""
    body = due.data[due.start + 1 : due.stop + 1]
    return due.answer(body, Content_Range=f"bytes {due.start + 1}-{due.stop}/{len(due.data)}")


def whole(due: Due) -> Response:
    """No ranges: the whole file, with status 200."""
    kept = {name: value for name, value in due.headers.items() if name != "Content-Range"}
    return Response(due.data, 200, kept)


def redirect(location: str, code: int = 302) -> Fault:
    """Row 20: another address."""
    return lambda due: Response(b"", code, {"Location": location})


@dataclass
class _Planned:
    fault: Fault
    times: float


@dataclass
class FaultServer:
    """Serves ``files`` (name to bytes) until the end of the block."""

    files: dict[str, bytes]
    etags: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    host: str = "127.0.0.1"
    tls: tuple[Path, Path] | None = None  # key and certificate

    def fault(self, name: str, fault: Fault, times: int | None = 1) -> None:
        """Answer the next ``times`` requests for ``name`` (None: all) with ``fault``."""
        self._planned.setdefault(name, []).append(_Planned(fault, float("inf") if times is None else times))

    def url(self, name: str = "") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}/{name}"

    def count(self, name: str) -> int:
        """How often ``name`` was asked for."""
        return sum(path == f"/{name}" for _, path, _ in self.asked)

    def client(self, **limits: Any) -> Client:
        """A client that trusts this server, with short limits."""
        return Client(Trust.of([self.url()]), **{"deadline_s": 5.0, "low_speed_s": 0.3, **limits})

    def __enter__(self) -> FaultServer:
        self._planned: dict[str, list[_Planned]] = {}
        # with its protocol named, so that asyncio sends at once (TCP_NODELAY): else every answer waits 40 ms
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind((self.host, 0))
        self.port = self._socket.getsockname()[1]
        app = Starlette(routes=[Route("/{name:path}", self._serve, methods=["GET", "POST"])])
        key, certificate = self.tls or (None, None)
        config = uvicorn.Config(
            app,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=0,
            ssl_keyfile=key,
            ssl_certfile=certificate,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(5)
        self._socket.close()

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.asked.append((request.method, request.url.path, dict(request.headers)))
        due = self._due(name, request.headers.get("range", ""))
        for planned in self._planned.get(name, ()):
            if planned.times > 0:
                planned.times -= 1
                answer = planned.fault(due)
                return answer if isinstance(answer, Response) else await answer
        if name not in self.files:
            return Response(b"nothing here", 404)
        if due.start >= len(due.data):
            return Response(b"", 416, {"Content-Range": f"bytes */{len(due.data)}"})
        return due.answer()

    def _due(self, name: str, asked: str) -> Due:
        data = self.files.get(name, b"")
        headers = {"ETag": self.etags.get(name, '"one"'), "Content-Type": "image/tiff", "Accept-Ranges": "bytes"}
        if not asked.startswith("bytes="):
            return Due(data, 0, len(data), False, headers)
        first, _, last = asked[6:].partition("-")
        stop = min(int(last) + 1, len(data))
        return Due(data, int(first), stop, True, {**headers, "Content-Range": f"bytes {first}-{stop - 1}/{len(data)}"})


def _streamed(due: Due, parts: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(parts, 206, {**due.headers, "Content-Length": str(len(due.body))})


async def _parts(*parts: bytes, pause_s: float) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(pause_s)


async def _broken(part: bytes) -> AsyncIterator[bytes]:
    yield part
    raise asyncio.CancelledError  # uvicorn drops the connection, without a word
