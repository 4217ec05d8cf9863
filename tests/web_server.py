"""The workbench served for tests: real HTTP on a free port, and a client that says exactly what it is told to say."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from siteline.web.serving import Served


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Bench:
    """A client of one served case. ``files``: where its images come from, if a test says so."""

    files = ""

    def __init__(self, served: Served) -> None:
        self.port, self.token, self.host = served.port, served.token, f"127.0.0.1:{served.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """One request on a connection of its own; the token is sent unless ``headers`` says otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Host": self.host, "Authorization": f"Bearer {self.token}", **(headers or {})}
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None and "Content-Length" not in given and "Transfer-Encoding" not in given:
                connection.putheader("Content-Length", str(len(body)))
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of the body was taken
                connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, value: object, **headers: str | None) -> Answer:
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.ask("POST", path, json.dumps(value).encode(), sent)

    def put(self, table: str, key: str, cells: object, base: int | None = None, **more: object) -> Answer:
        return self.post(f"/api/rows/{table}/{quote(key, safe='')}", {"base": base, "cells": cells, **more})

    def state(self) -> Any:
        answer = self.get("/api/state")
        assert answer.status == 200, answer.body
        return answer.json


@contextmanager
def serving(case: Path, **options: Any) -> Iterator[Bench]:
    """``case`` served while the block runs."""
    served, started = Served(case, **options), threading.Event()
    thread = threading.Thread(target=served.run, args=(started.set,), daemon=True)
    thread.start()
    assert started.wait(30)
    try:
        yield Bench(served)
    finally:
        served.stop()
        thread.join(30)
