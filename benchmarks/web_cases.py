"""A case as large as the workbench must stand: 50 structures labelled in 300 scenes, and large images beside them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
CRS, LEFT, TOP, RES, SIDE = "EPSG:32651", 640_000.0, 4_405_000.0, 10.0, 2560
BANDS = ("red", "green", "blue")
STRUCTURES, SCENES = 50, 300


def made(folder: Path, images: int = 6) -> Path:
    """The case, in ``folder``; its images are COGs of 2560 x 2560 pixels a band, deflated, with overviews."""
    from siteline.guard.trusted import remember
    from siteline.model.imagery import FoundScene, Search
    from siteline.store.case import Case
    from siteline.store.imagery import keep_search

    case = labelled(folder)
    files = folder / "files"
    remember(str(files))
    items = [_item(files, n) for n in range(images)]
    found = [
        FoundScene(f"here/{item['id']}", "s", item, "here", item["properties"]["datetime"], "ESA", "sentinel-2a")
        for item in items
    ]
    search = Search("s", "here", "{}", "2024-01-01T00:00:00Z", images, images, "complete")
    with Case.open(case) as opened:
        keep_search(opened, search, found, "benchmark")
    return case


def labelled(folder: Path) -> Path:
    """The case without images."""
    sys.path.insert(0, str(ROOT / "tests"))
    from web_cases import many

    return many(folder, STRUCTURES, SCENES)


def _item(files: Path, n: int) -> dict[str, Any]:
    from pyproj import Transformer

    name = f"S2A_51SXX_2023{n + 1:02d}15_0_L2A"
    rng = np.random.default_rng(n)
    small = rng.normal(size=(SIDE // 16, SIDE // 16))
    ground = 900 + 200 * np.kron(small, np.ones((16, 16))) + rng.normal(0, 60, (SIDE, SIDE))
    for k, band in enumerate(BANDS):
        _cog(files / name / f"{band}.tif", np.clip(ground * (1 + 0.1 * k), 1, 9000).astype(np.uint16))
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    far = LEFT + SIDE * RES, TOP - SIDE * RES
    ring = [list(back.transform(x, y)) for x, y in ((LEFT, TOP), (far[0], TOP), far, (LEFT, far[1]), (LEFT, TOP))]
    lons, lats = zip(*ring, strict=True)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-2-l2a",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [min(lons), min(lats), max(lons), max(lats)],
        "properties": {
            "datetime": f"2023-{n + 1:02d}-15T02:18:51Z",
            "platform": "sentinel-2a",
            "s2:processing_baseline": "02.14",
        },
        "links": [],
        "assets": {
            band: {
                "href": str(files / name / f"{band}.tif"),
                "type": "image/tiff; application=geotiff",
                "roles": ["data"],
                "eo:bands": [{"name": band, "common_name": band}],
                "gsd": 10,
            }
            for band in BANDS
        },
    }


def _cog(path: Path, values: np.ndarray[Any, Any]) -> None:
    import rasterio
    from rasterio.transform import Affine

    path.parent.mkdir(parents=True, exist_ok=True)
    transform = Affine(RES, 0, LEFT, 0, -RES, TOP)
    size = {"height": SIDE, "width": SIDE, "blocksize": 512, "compress": "deflate", "level": 1}
    with rasterio.open(
        path, "w", driver="COG", dtype="uint16", count=1, crs=CRS, transform=transform, nodata=0, **size
    ) as out:
        out.write(values, 1)
