"""Real servers on the loopback interface for tests of the catalogue, and items to fill them with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siteline.guard.addresses import Trust
from siteline.guard.http import Client

Item = dict[str, Any]
DATA = os.environ.get("SITELINE_DATA")
FIXTURES = Path(DATA or "absent") / "stac-fixtures"
needs_data = pytest.mark.skipif(not DATA, reason="SITELINE_DATA is not set: real STAC items are not here")


def item(name: str, when: str = "2020-01-01T10:00:00Z", **more: Any) -> Item:
    """A plain item of one red band, one degree square at (10, 50)."""
    ring = [[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "c",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [10, 50, 11, 51],
        "properties": {"datetime": when, **more.pop("properties", {})},
        "assets": {"red": {"href": f"https://x.example/{name}.tif", "type": "image/tiff", "roles": ["data"]}},
        "links": [],
        **more,
    }


def items(count: int, start: str = "2020-01-01T10:00:00+00:00", step_hours: float = 30) -> list[Item]:
    """``count`` items, ``step_hours`` apart."""
    first = datetime.fromisoformat(start)
    stamps = [(first + timedelta(hours=step_hours * n)).astimezone(UTC) for n in range(count)]
    return [item(f"i{n:03d}", f"{stamp:%Y-%m-%dT%H:%M:%SZ}") for n, stamp in enumerate(stamps)]


def trusting(address: str, **more: Any) -> Client:
    """A client that may speak to a server of this machine."""
    return Client(Trust.of([address]), **more)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The address of ``app``, served until the end of the block."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else 40 ms an answer (Nagle)
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


Search = Callable[[dict[str, Any], str], Any]
"""Answers a search (its body, the server's address) with a page, or with a ``Response``."""


class Stub:
    """A small STAC API whose search a test writes; ``asked`` keeps every body or query string it got."""

    def __init__(self, search: Search, methods: tuple[str, ...] = ("GET", "POST")) -> None:
        self.search, self.methods, self.asked = search, methods, []  # type: ignore[var-annotated]
        self.app = Starlette(routes=[Route("/", self._landing), Route("/search", self._search, methods=["GET", "POST"])])

    async def _landing(self, request: Request) -> Response:
        links = [{"rel": "search", "href": "/search", "method": method} for method in self.methods]
        return JSONResponse({"type": "Catalog", "id": "stub", "links": links})

    async def _search(self, request: Request) -> Response:
        body = json.loads(await request.body()) if request.method == "POST" else dict(request.query_params)
        self.asked.append(body)
        answer = self.search(body, str(request.base_url).rstrip("/"))
        return answer if isinstance(answer, Response) else JSONResponse(answer)


def page(features: list[Item], links: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, "links": links or [], **more}


def within(features: list[Item], body: dict[str, Any]) -> list[Item]:
    """The items in the ``datetime`` interval of a search, both ends included, as the standard has it."""
    start, _, end = str(body.get("datetime", "../..")).partition("/")
    stamps = [(datetime.fromisoformat(feature["properties"]["datetime"]), feature) for feature in features]
    lower = datetime.min.replace(tzinfo=UTC) if start == ".." else datetime.fromisoformat(start)
    upper = datetime.max.replace(tzinfo=UTC) if end == ".." else datetime.fromisoformat(end)
    return [feature for stamp, feature in stamps if lower <= stamp <= upper]


@contextmanager
def rustac_serving(features: list[Item], folder: Path) -> Iterator[str]:
    """The address of ``rustac serve``, a real STAC API server, holding ``features``."""
    held = folder / "items.json"
    held.write_text(json.dumps(page(features)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = Path(sys.executable).with_name("rustac")
    if not program.exists():
        pytest.skip("rustac is not installed beside this Python")
    command = [str(program), "serve", "--addr", address, "--create-collections", str(held)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _await(address, process)
            yield f"http://{address}"
        finally:
            process.terminate()


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    for _ in range(400):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "rustac ended"
            time.sleep(0.05)
    raise AssertionError("rustac does not listen")
