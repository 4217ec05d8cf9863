"""Run by the tests in a process of its own: a writer, or a whole server, is killed at random moments while it saves labels.

Prints as JSON how often it was killed, how many changes were acknowledged, and which of those the case does not hold.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from siteline.store.case import Case
from siteline.store.editing import Row, put
from siteline.store.revision import versions
from siteline.web.serving import Served

LABEL = {"structure_id": "pad", "state": "complete", "confidence": "high"}


def writer(case: Path, round_: int, told: int) -> None:
    """Saves labels one after another, and tells of each once it is saved."""
    with Case.open(case) as opened:
        os.write(told, b"ready\n")
        for n in range(10**6):
            key = f"k{round_}-{n}"
            done = put(opened, Row("observations", key, {**LABEL, "source_id": "s1"}), None, "Ana")
            os.write(told, f"{key} {done.entry}\n".encode())


def server(case: Path, port: int, told: int) -> None:
    Served(case, port=port, token="t", who="Ana").run(lambda: os.write(told, b"ready\n") and None)


def killed(case: Path, what: str, round_: int, rng: random.Random) -> dict[str, int]:
    """One life: started, killed at a random moment; what it acknowledged, by key the entry of the journal."""
    told, tell = os.pipe()
    port = 20000 + os.getpid() % 20000
    child = os.fork()
    if child == 0:
        os.close(told)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            writer(case, round_, tell) if what == "writer" else server(case, port, tell)
        finally:
            os._exit(1)
    os.close(tell)
    with os.fdopen(told, "rb") as heard:
        assert heard.readline() == b"ready\n"
        pause = rng.uniform(0, 0.06 if what == "writer" else 0.18)
        timer = threading.Timer(pause, os.kill, (child, signal.SIGKILL))
        timer.start()
        acknowledged = dict(posted(port, round_)) if what == "server" else {}
        timer.join()
        os.waitpid(child, 0)
        lines = [line.split() for line in heard.read().decode().splitlines(keepends=True) if line.endswith("\n")]
    return acknowledged or {key: int(entry) for key, entry in lines}


def posted(port: int, round_: int) -> Iterator[tuple[str, int]]:
    """Labels posted until the server is gone; each that it said is saved."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    for n in range(10**6):
        key = f"s{round_}-{n}"
        try:
            connection.request("POST", f"/api/rows/observations/{key}", json.dumps({"base": None, "cells": LABEL}), headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return
        assert answer.status == 200, body
        yield key, json.loads(body)["entry"]


def main(what: str, case: Path, count: int) -> None:
    rng, acknowledged = random.Random(7), dict[str, int]()
    start = time.perf_counter()
    for round_ in range(count):
        acknowledged |= killed(case, what, round_, rng)
    with Case.open(case) as opened, opened.reading() as db:
        kept = versions(db, ["observations"])["observations"]
        there = {key for (key,) in db.execute("SELECT observation_id FROM observations")}
    lost = [key for key, entry in acknowledged.items() if kept.get(key) != entry or key not in there]
    seconds = time.perf_counter() - start
    print(json.dumps({"kills": count, "acknowledged": len(acknowledged), "lost": lost, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
