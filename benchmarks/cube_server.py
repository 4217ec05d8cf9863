"""Real COGs and STAC items on loopback HTTP: what the benchmarks of loading read.

nginx serves them where it is installed (``apt-get install nginx-light``), so that the server's own cost is small and the
same for every contender; else uvicorn does, in one process, and the figures say so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

BANDS = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11"}
SIDE_PX = 1024
RES_M = 10.0
LEFT, TOP = 600_000.0, 5_000_000.0
CRS = "EPSG:32631"
DISTINCT = 24

_NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; client_body_temp_path {folder}/b;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  types {{ image/tiff tif; application/json json; }}
  server {{ listen 127.0.0.1:{port}; root {root}; }} }}
"""


def make_scenes(root: Path, count: int, seed: int = 7) -> None:
    """Write ``DISTINCT`` scenes of five bands and SCL as COGs below ``root``; scenes beyond them are links to these."""
    rng = np.random.default_rng(seed)
    ground = _ground(rng, SIDE_PX)
    for number in range(min(count, DISTINCT)):
        folder = root / f"s{number:03d}"
        if (folder / "SCL.tif").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        cloud = _ground(rng, SIDE_PX // 2) > 0.72
        for k, name in enumerate(BANDS):
            side = SIDE_PX // 2 if name == "swir16" else SIDE_PX
            field = ground[:: SIDE_PX // side, :: SIDE_PX // side]
            values = 1500 + 300 * k + 2500 * field + rng.normal(0, 40, (side, side))
            values[np.kron(cloud, np.ones((side * 2 // SIDE_PX,) * 2, bool))] += 5000
            _write_cog(folder / f"{name}.tif", np.clip(values, 1, 65535).astype(np.uint16), RES_M * SIDE_PX / side)
        _write_cog(folder / "SCL.tif", np.where(cloud, 9, 4).astype(np.uint8), RES_M * 2)
    for number in range(DISTINCT, count):
        link = root / f"s{number:03d}"
        if not link.exists():
            link.symlink_to(root / f"s{number % DISTINCT:03d}", target_is_directory=True)


def items(address: str, count: int) -> list[dict[str, Any]]:
    """STAC Items of the scenes, ten days apart, as Earth Search describes Sentinel-2 level 2A."""
    from pyproj import Transformer

    extent = SIDE_PX * RES_M
    corners = [(LEFT, TOP), (LEFT + extent, TOP), (LEFT + extent, TOP - extent), (LEFT, TOP - extent), (LEFT, TOP)]
    ring = [list(Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*xy)) for xy in corners]
    lons, lats = zip(*ring, strict=True)
    return [_item(address, number, ring, [min(lons), min(lats), max(lons), max(lats)]) for number in range(count)]


def _item(address: str, number: int, ring: list[list[float]], bbox: list[float]) -> dict[str, Any]:
    day = np.datetime64("2018-01-01") + 5 * number
    assets = {}
    for name in (*BANDS, "scl"):
        file = "SCL" if name == "scl" else name
        half = name in ("swir16", "scl")
        shape = [SIDE_PX // 2] * 2 if half else [SIDE_PX] * 2
        res = RES_M * (2 if half else 1)
        asset: dict[str, Any] = {
            "href": f"{address}/s{number:03d}/{file}.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "proj:shape": shape,
            "proj:transform": [res, 0, LEFT, 0, -res, TOP],
            "raster:bands": [{"nodata": 0, "data_type": "uint8" if name == "scl" else "uint16"}],
        }
        if name != "scl":
            asset["eo:bands"] = [{"name": name, "common_name": name}]
            asset["raster:bands"][0] |= {"scale": 0.0001, "offset": -0.1}
        assets[name] = asset
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": f"S2A_31TGL_{str(day).replace('-', '')}_0_L2A",
        "collection": "sentinel-2-l2a",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": bbox,
        "properties": {
            "datetime": f"{day}T10:50:31Z",
            "proj:epsg": int(CRS.partition(":")[2]),
            "platform": "sentinel-2a",
            "constellation": "sentinel-2",
            "eo:cloud_cover": 20.0,
            "s2:processing_baseline": "04.00",
            "earthsearch:boa_offset_applied": False,
            "grid:code": "MGRS-31TGL",
        },
        "links": [],
        "assets": assets,
    }


@contextmanager
def serving(root: Path) -> Iterator[tuple[str, str]]:
    """Serve ``root`` on a free loopback port; yields its address and the name of the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx:
        folder = root / ".server"
        folder.mkdir(exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(folder=folder, port=port, root=root), encoding="utf-8")
        command, name = [nginx, "-e", f"{folder}/error.log", "-c", str(config)], "nginx"
    else:
        code = (
            "import sys, uvicorn; from starlette.applications import Starlette;"
            "from starlette.staticfiles import StaticFiles;"
            "app = Starlette(); app.mount('/', StaticFiles(directory=sys.argv[1], follow_symlink=True));"
            "uvicorn.run(app, port=int(sys.argv[2]), log_level='error')"
        )
        command, name = [sys.executable, "-c", code, str(root), str(port)], "uvicorn"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}", name
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def _ground(rng: np.random.Generator, side: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A fractal field (spectrum 1/f^2) between 0 and 1: compresses about as well as land does."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    f[0, 0] = 1
    spectrum = (rng.normal(size=f.shape) + 1j * rng.normal(size=f.shape)) / f**1.4
    field = np.fft.irfft2(spectrum, (side, side))
    ranks = (field - field.min()) / np.ptp(field)
    return np.asarray(ranks)


def _write_cog(path: Path, values: np.ndarray[Any, Any], res: float) -> None:
    import rasterio
    from rasterio.transform import Affine

    profile = {
        "driver": "COG",
        "dtype": values.dtype.name,
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "crs": CRS,
        "transform": Affine(res, 0, LEFT, 0, -res, TOP),
        "nodata": 0,
        "compress": "deflate",
        "predictor": 2,
        "blocksize": 512,
        "overviews": "auto",
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)
