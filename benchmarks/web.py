"""The server of the workbench, measured over HTTP: tiles, labels, the first answer, 50 readers at once.

Run ``python -m benchmarks.web`` (``make bench-web``), or some parts: ``python -m benchmarks.web tiles page``;
writes docs/benchmarks/web.md. Clients and server share the machine.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from benchmarks import page, web_cases, web_page

HEAD = f"""# The workbench

Reproduce with `make bench-web`. Measured over HTTP on {os.cpu_count()} cores, Python {platform.python_version()}; server and
clients share the machine. Asked: a tile under 100 ms at the 95th percentile uncached and 20 ms cached, a label saved and
everything up to date under 1 s with 50 structures x 300 scenes, 50 parallel readers without an error, the first view under
2 s on the demo.
"""
UNCACHED, READERS, EACH, LABELS = 400, 50, 10, 40


class Client:
    """Asks one server, on a connection that stays open."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, value: object = None) -> tuple[int, bytes, float]:
        """Status, body and seconds of one request."""
        start = time.perf_counter()
        self._connection.request(method, path, None if value is None else json.dumps(value), self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, body, time.perf_counter() - start

    def json(self, path: str) -> Any:
        status, body, _ = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)


@contextmanager
def served(case: Path, home: Path) -> Iterator[tuple[Callable[[], Client], float, int]]:
    """``siteline serve`` in a process of its own: what makes clients, seconds until requests are answered, process id."""
    command = [sys.executable, "-c", "from siteline.cli import main; main()", "serve", str(case), "--no-browser"]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "SITELINE_HOME": str(home)})
    assert child.stdout is not None
    found = re.search(r":(\d+)/\?token=(\S+)", child.stdout.readline())
    assert found is not None
    ready, port, token = time.perf_counter() - start, int(found[1]), found[2]
    try:
        yield lambda: Client(port, token), ready, child.pid
    finally:
        child.terminate()
        child.wait(30)
        child.stdout.close()


def peak_mib(process: int) -> float:
    """Most memory the process has held, in MiB; NaN where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return math.nan
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def cpu_s(process: int) -> float:
    """Seconds of processor time that the process has used; NaN where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy() -> str:
    """How busy the machine was before: what else ran then also took its share."""
    return f"Load average of the machine when this began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."


def tiles() -> str:
    """Tiles of random places, zooms and scenes: drawn anew, then again from memory; then 50 readers at once."""
    load = busy()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        os.environ["SITELINE_HOME"] = str(home)
        case = web_cases.made(Path(folder))
        with served(case, home) as (client, _, process):
            one = client()
            drawn = [s for s in one.json("/api/state")["scenes"] if s["pixels"]]
            names = quote(",".join(s["id"] for s in drawn), safe="")
            limits = one.json(f"/api/stretch?scenes={names}")
            asked = _addresses(drawn, limits, UNCACHED)
            used = cpu_s(process)
            fresh = [one.ask("GET", path) for path in asked]
            used = (cpu_s(process) - used) / len(asked)
            again = [one.ask("GET", path) for path in asked]
            assert {status for status, _, _ in fresh} == {200}, [body for status, body, _ in fresh if status != 200][:3]
            assert [body for _, body, _ in fresh] == [body for _, body, _ in again]
            errors, seconds, slow = _together(client, _addresses(drawn, limits, READERS * EACH, seed=2))
            peak = peak_mib(process)
    side = f"{web_cases.SIDE} x {web_cases.SIDE}"
    rate = READERS * EACH / seconds
    return f"""Six scenes, each three COGs of {side} px (deflate, overviews); {UNCACHED} tiles of 256 px at random
places, zooms 11 to 17. With {READERS} readers at once, each asks for {EACH} other tiles as fast as it gets them; a tile
then waits for those before it.

| | median | 95th percentile | slowest |
| --- | ---: | ---: | ---: |
| drawn anew | {_ms(fresh, 50)} | {_ms(fresh, 95)} | {_ms(fresh, 100)} |
| from memory | {_ms(again, 50)} | {_ms(again, 95)} | {_ms(again, 100)} |
| {READERS} readers at once | {_ms(slow, 50)} | {_ms(slow, 95)} | {_ms(slow, 100)} |

{READERS} readers: {errors} errors, {rate:.0f} tiles a second. A tile drawn anew takes {1000 * used:.0f} ms of
processor time. The server held {peak:.0f} MiB at most. {load}"""


def _addresses(drawn: list[Any], limits: Any, count: int, seed: int = 1) -> list[str]:
    """Tiles that lie within the scenes, each asked for once."""
    rng, found = random.Random(seed), dict[str, None]()
    low, high = limits["low"][0], limits["high"][0]
    while len(found) < count:
        scene = rng.choice(drawn)
        west, south, east, north = scene["bounds"]
        lon, lat = (rng.uniform(a + 0.03 * (b - a), b - 0.03 * (b - a)) for a, b in ((west, east), (south, north)))
        z = rng.randint(11, 17)
        n = 2**z
        y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
        x = int((lon + 180) / 360 * n)
        high_ = high + rng.randint(0, 50) / 1000  # so that few tiles of low zooms can be asked for often
        found[f"/tiles/{quote(scene['id'], safe='')}/{z}/{x}/{y}.png?low={low}&high={high_}"] = None
    return list(found)


def _together(client: Callable[[], Client], asked: list[str]) -> tuple[int, float, list[tuple[int, bytes, float]]]:
    """Errors, seconds in all, and every answer of ``READERS`` threads."""
    answers: list[tuple[int, bytes, float]] = []

    def read(some: list[str]) -> None:
        own = client()
        for path in some:
            try:
                answers.append(own.ask("GET", path))
            except (OSError, http.client.HTTPException):
                answers.append((0, b"", 0.0))

    threads = [threading.Thread(target=read, args=(asked[n::READERS],)) for n in range(READERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(status != 200 for status, _, _ in answers), time.perf_counter() - start, answers


def labels() -> str:
    """Labels saved and everything up to date: the POST, and the state with it."""
    load = busy()
    with tempfile.TemporaryDirectory() as folder:
        case = web_cases.labelled(Path(folder))
        with served(case, Path(folder) / "home") as (client, _, process):
            one = client()
            state = one.json("/api/state")
            versions = {o["id"]: o["version"] for o in state["observations"]}
            rng, saved, whole, used = random.Random(3), list[float](), list[float](), cpu_s(process)
            for n in range(LABELS):
                structure = n % 2 if n % 4 == 0 else rng.randrange(web_cases.STRUCTURES)  # key structures too
                key = f"o{structure}-{rng.randrange(web_cases.SCENES)}"
                body = {"base": versions[key], "cells": {"state": rng.choice(["complete", "absent"])}, "who": "Ana"}
                status, told, first = one.ask("POST", f"/api/rows/observations/{key}", body)
                assert status == 200, told
                versions[key] = json.loads(told)["version"]
                status, told, second = one.ask("GET", "/api/state")
                saved.append(first)
                whole.append(first + second)
            size, peak, used = len(told) / 1e6, peak_mib(process), (cpu_s(process) - used) / LABELS
    count = web_cases.STRUCTURES * web_cases.SCENES
    return f"""{count:,} labels ({web_cases.STRUCTURES} structures x {web_cases.SCENES} scenes) of four sources, 40 claims,
3 hypotheses. {LABELS} labels are changed, a quarter of them on the two key structures, whose P(before the event) is
worked out for 21 factors anew. The state is all that the page shows ({size:.1f} MB of JSON).

| | median | 95th percentile | slowest |
| --- | ---: | ---: | ---: |
| label saved (in the file, synced) | {_s(saved, 50)} | {_s(saved, 95)} | {_s(saved, 100)} |
| saved, dated, weighed, and the state read | {_s(whole, 50)} | {_s(whole, 95)} | {_s(whole, 100)} |

That is {used:.2f} s of the server's processor time. It held {peak:.0f} MiB at most. {load}"""


def first() -> str:
    """From the command to the first answer, in fresh processes."""
    rows, load = [], busy()
    with tempfile.TemporaryDirectory() as folder:
        from importlib import resources

        from siteline.store.importing import import_folder

        sohae = Path(folder) / "sohae.gpkg"
        with resources.as_file(resources.files("siteline") / "data" / "sohae") as tables:
            import_folder(tables, sohae, who="benchmark")
        (Path(folder) / "many").mkdir()
        for name, case in (("the bundled case", sohae), ("50 x 300", web_cases.labelled(Path(folder) / "many"))):
            runs = []
            for _ in range(5):
                start = time.perf_counter()
                with served(case, Path(folder) / "home") as (client, ready, process):
                    client().json("/api/state")
                    runs.append((ready, time.perf_counter() - start, cpu_s(process)))
            ready, whole, used = (sorted(column)[len(runs) // 2] for column in zip(*runs, strict=True))
            rows.append(f"| {name} | {ready:.2f} s | {whole:.2f} s | {used:.2f} s |")
    table = "\n".join(rows)
    return f"""| case | requests are answered | first state | processor time |
| --- | ---: | ---: | ---: |
{table}

The middle of five runs, from the start of the process: Python and its imports are in it. {load}"""


def killed() -> str:
    """The server killed while labels are posted."""
    sys.path.insert(0, str(web_cases.ROOT / "tests"))
    from siteline.store.importing import import_folder
    from store_folders import small, write

    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "c.gpkg"
        import_folder(write(Path(folder) / "in", small()), case, who="benchmark")
        child = [sys.executable, str(web_cases.ROOT / "tests" / "web_child.py"), "server", str(case), "200"]
        told = json.loads(subprocess.run(child, capture_output=True, text=True, check=True).stdout)
    return (
        f"The server was killed (SIGKILL) {told['kills']} times, each at a random moment while labels were posted. Of "
        f"{told['acknowledged']:,} labels that it had acknowledged {len(told['lost'])} were lost."
    )


def _ms(answers: list[tuple[int, bytes, float]], share: float) -> str:
    return f"{1000 * float(np.percentile([seconds for _, _, seconds in answers], share)):.1f} ms"


def _s(seconds: list[float], share: float) -> str:
    return f"{float(np.percentile(seconds, share)):.3f} s"


PARTS: page.Parts = {
    "tiles": ("Tiles", tiles),
    "labels": ("A label saved", labels),
    "first": ("The first answer", first),
    "page": ("In the browser", web_page.measured),
    "killed": ("Killed servers", killed),
}

if __name__ == "__main__":
    page.write("web.md", HEAD, PARTS, sys.argv[1:])
