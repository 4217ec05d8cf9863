"""A small site with true answers, as real COGs behind a real STAC API on loopback: what the image commands are tried on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter
from scipy.ndimage import shift as moved
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from catalogue_server import rustac_serving, served
from siteline.model.grid import Grid

CRS, LEFT, TOP, RES, SIDE = "EPSG:32652", 300_000.0, 4_400_000.0, 10.0, 256
HALL = (slice(120, 132), slice(120, 134))
"""Pixels of a hall that stands from the fourth scene on."""

DAYS = ("2019-01-05", "2019-01-15", "2019-02-04", "2019-02-24", "2019-03-16", "2019-04-05")
CLOUDED, SHIFTED, REPROCESSED = 2, 4, 5
BANDS = ("blue", "green", "red", "nir")


def degrees(col: float, row: float) -> tuple[float, float]:
    """Longitude and latitude of a pixel corner."""
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(LEFT + col * RES, TOP - row * RES)
    return float(lon), float(lat)


def ring(cols: slice, rows: slice) -> list[tuple[float, float]]:
    """A rectangle of pixels as a ring of degrees."""
    a, b, c, d = cols.start, rows.start, cols.stop, rows.stop
    return [degrees(*corner) for corner in ((a, b), (c, b), (c, d), (a, d), (a, b))]


def make(root: Path, address: str) -> list[dict[str, Any]]:
    """Write the scenes below ``root``; returns their STAC Items with hrefs at ``address``.

    The third is clouded over the hall; the fifth lies 1.5 px off; the sixth is of processing baseline 04.00, whose numbers
    are 1000 higher, and is listed a second time in an older baseline whose files are gone.
    """
    rng = np.random.default_rng(11)
    ground = sum(gaussian_filter(rng.normal(size=(SIDE, SIDE)), s) * s for s in (1.5, 4, 12))
    ground = 0.12 + 0.05 * ground / ground.std()
    made = []
    for n, day in enumerate(DAYS):
        made.append(_item(address, n, day, "04.00" if n == REPROCESSED else "02.14"))
        for k, band in enumerate(BANDS):
            values = ground * (0.8 + 0.2 * k) + rng.normal(0, 0.003, ground.shape)
            if n >= 3:
                values[HALL] = 0.45
            if n == SHIFTED:
                values = moved(values, (1.5, 0), order=3, mode="nearest")
            if n == CLOUDED:
                values[90:170, 90:170] = 0.7
            numbers = np.clip(values * 10_000, 1, 20_000) + (1000 if n == REPROCESSED else 0)
            _cog(root / f"s{n}" / f"{band}.tif", numbers.astype(np.uint16))
        scl = np.full((SIDE // 2, SIDE // 2), 5, np.uint8)
        if n == CLOUDED:
            scl[45:85, 45:85] = 9
        _cog(root / f"s{n}" / "scl.tif", scl, 2 * RES)
    gone = _item(address, REPROCESSED, DAYS[REPROCESSED], "02.14")
    gone["id"] = gone["id"].replace("_1_", "_0_")
    for asset in gone["assets"].values():
        asset["href"] = asset["href"].replace("/s5/", "/gone/")
    return [*made, gone]


def _item(address: str, n: int, day: str, baseline: str) -> dict[str, Any]:
    corners = ring(slice(0, SIDE), slice(0, SIDE))
    lons, lats = zip(*corners, strict=True)
    assets: dict[str, Any] = {
        band: {
            "href": f"{address}/s{n}/{band}.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "eo:bands": [{"name": band, "common_name": band}],
            "gsd": 10,
        }
        for band in BANDS
    }
    assets["scl"] = {"href": f"{address}/s{n}/scl.tif", "type": "image/tiff; application=geotiff", "roles": ["data"]}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"S2A_52SBD_{day.replace('-', '')}_{int(baseline == '04.00')}_L2A",
        "collection": "sentinel-2-l2a",
        "geometry": {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]},
        "bbox": [min(lons), min(lats), max(lons), max(lats)],
        "properties": {
            "datetime": f"{day}T02:18:51Z",
            "platform": "sentinel-2a",
            "constellation": "sentinel-2",
            "gsd": 10,
            "eo:cloud_cover": 60.0 if n == CLOUDED else 2.0,
            "s2:processing_baseline": baseline,
            "earthsearch:boa_offset_applied": False,
            "s2:datatake_id": f"GS2A_{day.replace('-', '')}T021851_018400_N{baseline}",
            "grid:code": "MGRS-52SBD",
        },
        "links": [],
        "assets": assets,
    }


def _cog(path: Path, values: np.ndarray[Any, Any], res: float = RES) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = Affine(res, 0, LEFT, 0, -res, TOP)
    profile = {"driver": "COG", "dtype": values.dtype.name, "count": 1, "crs": CRS, "transform": transform, "nodata": 0}
    size = {"height": values.shape[0], "width": values.shape[1], "blocksize": 128, "compress": "deflate"}
    with rasterio.open(path, "w", **profile, **size) as target:
        target.write(values, 1)


@contextmanager
def site(root: Path) -> Iterator[tuple[str, str]]:
    """The site's STAC API and the server of its files on loopback; yields their addresses."""
    files = root / "files"
    files.mkdir()
    app = Starlette(routes=[Mount("/", StaticFiles(directory=files))])
    with served(app) as address:
        listed = make(files, address)
        with rustac_serving(listed, root) as api:
            yield api, address


def structures(folder: Path) -> Path:
    """A folder to import: one hall with its footprint."""
    folder.mkdir()
    footprint = {"type": "Polygon", "coordinates": [[list(c) for c in ring(HALL[1], HALL[0])]]}
    properties = {"structure_id": "hall", "name": "Assembly hall"}
    feature = {"type": "Feature", "properties": properties, "geometry": footprint}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (folder / "structures.geojson").write_text(text, encoding="utf-8")
    (folder / "sources.csv").write_text("source_id,publisher,authors,title_paraphrase,url,published\n", encoding="utf-8")
    header = "observation_id,structure_id,image_id,acquired_date,state,activity,confidence,paraphrase,source_id\n"
    (folder / "observations.csv").write_text(header, encoding="utf-8")
    return folder


def grid() -> Grid:
    """The inner half of the site, on its own pixels."""
    inset = SIDE // 4 * RES
    return Grid.covering(CRS, (LEFT + inset, TOP - SIDE * RES + inset, LEFT + SIDE * RES - inset, TOP - inset), RES)
