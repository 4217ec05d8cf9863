"""Loading 24 and 240 scenes x 5 bands of a 5 x 5 km site from COGs over loopback HTTP, each contender in a fresh process.

siteline masks and calibrates; the others only load. Run ``python -m benchmarks.cube_load`` for the table alone.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.cube_server import BANDS, CRS, LEFT, RES_M, SIDE_PX, TOP, items, make_scenes, serving

SITE_PX = 500
FIRST_PX = (SIDE_PX - SITE_PX) // 2
CONTENDERS = ("siteline", "odc-stac", "stackstac", "rasterio loop", "floor")
RUNS = 5


def run(counts: tuple[int, ...] = (24, 240), runs: int = RUNS) -> dict[str, Any]:
    """Every contender in turn, ``runs`` times: medians of wall seconds and of peak memory in bytes, by number of scenes."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)  # the server's workers run as another user
        make_scenes(root, max(counts))
        with serving(root) as (address, server):
            figures["server"] = server
            for count in counts:
                (root / f"items{count}.json").write_text(json.dumps(items(address, count)), encoding="utf-8")
                told: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
                for turn in range(runs):
                    order = CONTENDERS if turn % 2 == 0 else CONTENDERS[::-1]
                    for name in order:
                        told[name].append(_in_process(name, root / f"items{count}.json"))
                figures[str(count)] = {name: _median(results) for name, results in told.items()}
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures as a markdown table, with the ratio of siteline's time to each."""
    lines = [
        "| scenes | contender | time | siteline's time / its | CPU | siteline's CPU / its | peak memory | does |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    does = {
        "siteline": "reads, calibrates, masks (SCL, dilated 40 m), float32",
        "odc-stac": "reads, integers",
        "stackstac": "reads, rescales, float64 (its float32 refuses a scale)",
        "rasterio loop": "reads, integers, one file after another",
        "floor": "moves the same compressed bytes over the same loopback, nothing else",
    }
    for count, results in figures.items():
        if count == "server":
            continue
        own, own_cpu = results["siteline"]["seconds"], results["siteline"]["cpu"]
        for name, told in results.items():
            ratio = f"{own / told['seconds']:.2f}"
            memory = f"{told['memory'] / 2**20:,.0f} MiB"
            cpu = f"{told['cpu']:.2f} s | {own_cpu / told['cpu']:.2f}"
            lines.append(f"| {count} | {name} | {told['seconds']:.2f} s | {ratio} | {cpu} | {memory} | {does[name]} |")
    return "\n".join(lines)


def ratio(figures: dict[str, Any], count: str, what: str) -> float:
    """siteline's figure over odc-stac's."""
    return float(figures[count]["siteline"][what] / figures[count]["odc-stac"][what])


def _median(results: list[dict[str, Any]]) -> dict[str, float]:
    return {key: statistics.median(r[key] for r in results) for key in ("seconds", "cpu", "memory")}


def _in_process(name: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.cube_load", name, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _contend(name: str, path: Path) -> dict[str, float]:
    """One contender's load of every scene, after one of the first scene alone: imports are paid once in a session."""
    listed = json.loads(path.read_text(encoding="utf-8"))
    make = {
        "siteline": _siteline,
        "odc-stac": _odc,
        "stackstac": _stackstac,
        "rasterio loop": _loop,
        "floor": _floor,
    }[name]
    make(listed[:1])()
    job = make(listed)
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    job()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu, "memory": after.ru_maxrss * 1024}


def _bounds() -> tuple[float, float, float, float]:
    left, top = LEFT + FIRST_PX * RES_M, TOP - FIRST_PX * RES_M
    return left, top - SITE_PX * RES_M, left + SITE_PX * RES_M, top


def _siteline(listed: list[dict[str, Any]]) -> Any:
    from siteline.catalogue.items import scene_of
    from siteline.cube.load import load
    from siteline.guard.addresses import Trust
    from siteline.guard.http import Client
    from siteline.guard.reader import Reader
    from siteline.model.grid import Grid

    grid = Grid.covering(CRS, _bounds(), RES_M)
    scenes = [scene_of(item, "bench") for item in listed]
    address = listed[0]["assets"]["red"]["href"].rsplit("/", 2)[0]

    def job() -> None:
        with Client(Trust.of([address])) as client, Reader(client) as reader:
            cube = load(scenes, grid, bands=tuple(BANDS), reader=reader)
        assert cube.reflectance.shape == (len(scenes), len(BANDS), SITE_PX, SITE_PX)
        assert 0.2 < float(cube.usable_share.mean()) <= 1

    return job


def _odc(listed: list[dict[str, Any]]) -> Any:
    import odc.stac
    import pystac
    from odc.geo.geobox import GeoBox

    parsed = [pystac.Item.from_dict(item) for item in listed]
    box = GeoBox.from_bbox(_bounds(), crs=CRS, resolution=RES_M)

    def job() -> None:
        cube = odc.stac.load(parsed, bands=list(BANDS), geobox=box, pool=4)
        assert cube.red.shape == (len(parsed), SITE_PX, SITE_PX)

    return job


def _stackstac(listed: list[dict[str, Any]]) -> Any:
    import pystac
    import stackstac

    parsed = [pystac.Item.from_dict(item) for item in listed]

    def job() -> None:
        stack = stackstac.stack(
            parsed,
            assets=list(BANDS),
            epsg=32631,
            resolution=RES_M,
            bounds=_bounds(),
            dtype="float64",
        )
        values = stack.compute(scheduler="threads", num_workers=4)
        assert values.shape == (len(parsed), len(BANDS), SITE_PX, SITE_PX)

    return job


def _loop(listed: list[dict[str, Any]]) -> Any:
    import numpy as np
    import rasterio
    from rasterio.windows import from_bounds

    def job() -> None:
        cube = np.empty((len(listed), len(BANDS), SITE_PX, SITE_PX), np.uint16)
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_HTTP_MERGE_CONSECUTIVE_RANGES="YES"):
            for n, item in enumerate(listed):
                for k, name in enumerate(BANDS):
                    with rasterio.open(item["assets"][name]["href"]) as source:
                        window = from_bounds(*_bounds(), transform=source.transform)
                        source.read(1, window=window, out=cube[n, k])

    return job


def _floor(listed: list[dict[str, Any]]) -> Any:
    """The blocks the site needs, read as plain bytes over one connection a thread."""
    from concurrent.futures import ThreadPoolExecutor
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    place = urlsplit(listed[0]["assets"]["red"]["href"])
    paths = [urlsplit(item["assets"][n]["href"]).path for item in listed for n in (*BANDS, "scl")]

    def read(chunk: list[str]) -> None:
        connection = HTTPConnection(place.hostname or "", place.port)
        for path in chunk:
            connection.request("GET", path)
            connection.getresponse().read()

    def job() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(read, [paths[0::2], paths[1::2]]))

    return job


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_contend(sys.argv[1], Path(sys.argv[2]))))
    else:
        print(table(run()))
