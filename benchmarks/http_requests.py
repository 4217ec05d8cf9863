"""Range requests a second over loopback HTTP: siteline's client against bare ``http.client``, httpcore, httpx and curl.

Each asks for the same 16 KiB ranges of one file over connections that are kept open; siteline alone checks addresses and
answers. Run ``python -m benchmarks.http_requests``.
"""

from __future__ import annotations

import http.client
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cube_server import serving

COUNT = 2000
LENGTH = 16 * 1024
THREADS = (1, 4, 8)
RUNS = 5

Ask = Callable[[int], int]


def run() -> dict[str, dict[int, float]]:
    """Requests a second, by contender and number of threads: medians of ``RUNS`` turns."""
    told: dict[str, dict[int, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)  # nginx, started by root, reads as somebody else
        Path(folder, "a.tif").write_bytes(bytes(range(256)) * 8192)
        address, server = stack.enter_context(serving(Path(folder)))
        print(f"server: {server}")
        contenders = _contenders(address, stack)
        for _ in range(RUNS):
            for name, ask in contenders.items():
                for threads in THREADS:
                    told.setdefault(name, {}).setdefault(threads, []).append(_rate(ask, threads))
            if shutil.which("curl"):
                told.setdefault("curl (one process)", {}).setdefault(1, []).append(_curl(address))
    return {name: {n: statistics.median(rates) for n, rates in held.items()} for name, held in told.items()}


def _contenders(address: str, stack: ExitStack) -> dict[str, Ask]:
    import httpcore
    import httpx

    from siteline.guard.addresses import Trust
    from siteline.guard.http import Client

    url = f"{address}/a.tif"
    own = stack.enter_context(Client(Trust.of([address])))
    larger = stack.enter_context(httpx.Client())
    core = stack.enter_context(httpcore.ConnectionPool(max_connections=16))
    local = threading.local()

    def bare(offset: int) -> int:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(address.removeprefix("http://"))
        local.connection.request("GET", "/a.tif", headers={"Range": _range(offset)})
        return len(local.connection.getresponse().read())

    return {
        "siteline": lambda offset: len(own.get_range(url, offset, LENGTH).data),
        "http.client": bare,
        "httpcore": lambda offset: len(core.request("GET", url, headers={"Range": _range(offset)}).content),
        "httpx": lambda offset: len(larger.get(url, headers={"Range": _range(offset)}).content),
    }


def _range(offset: int) -> str:
    return f"bytes={offset}-{offset + LENGTH - 1}"


def _rate(ask: Ask, threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, range(4 * threads)))
        started = time.perf_counter()
        lengths = set(pool.map(ask, range(COUNT)))
    assert lengths == {LENGTH}
    return COUNT / (time.perf_counter() - started)


def _curl(address: str) -> float:
    command = ["curl", "-s", "-r", f"0-{LENGTH - 1}", "-o", "/dev/null", f"{address}/a.tif?[1-{COUNT}]"]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return COUNT / (time.perf_counter() - started)


if __name__ == "__main__":
    for name, rates in run().items():
        print(f"{name:20}", "  ".join(f"{threads} threads {rate:7,.0f}/s" for threads, rate in rates.items()))
