"""Scenes as files: cloud-optimised GeoTIFFs in the provider's own numbers, each scene with its STAC Item."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.guard.files import make_folder, write_lines
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.simulate.chance import Maps
from siteline.simulate.frames import Codes, Frame
from siteline.simulate.plan import Plan
from siteline.simulate.products import LICENCE, Product
from siteline.simulate.sensors import Sensor

CATALOGUE: Final = "catalog.json"
_STAC: Final = "1.0.0"
_COG: Final = "image/tiff; application=geotiff; profile=cloud-optimized"
_BLOCK: Final = 256
_HIGHEST: Final = 65_535

_SCL: Final = {Reason.USABLE: 4, Reason.CLOUD: 9, Reason.SHADOW: 3, Reason.SNOW: 11}
_QA: Final = {Reason.USABLE: 1 << 6, Reason.CLOUD: 1 << 3, Reason.SHADOW: 1 << 4, Reason.SNOW: (1 << 5) | (1 << 6)}
_UDM2: Final = {Reason.USABLE: 1, Reason.SNOW: 2, Reason.SHADOW: 3, Reason.CLOUD: 6}
"""SCL classes, QA_PIXEL bits and UDM2 bands (from 1) that say so; sources as in ``cube.masks``."""


def write_scene(folder: Path, frame: Frame, product: Product, plan: Plan, grids: tuple[Grid, Grid]) -> dict[str, Any]:
    """Write the files of one scene and its item into ``folder``; returns the item. ``grids``: of its images, of its mask.

    Raises ``FileTrouble``.
    """
    make_folder(folder)
    sensor, (grid, coarse) = frame.taken.sensor, grids
    numbers = _numbers(frame.values, product)
    assets: dict[str, Any] = {}
    if sensor.rule == "planet-sr":
        _write(folder / "analytic_sr.tif", numbers, grid, 0)
        assets["ortho_analytic_4b_sr"] = _asset("analytic_sr.tif", sensor.bands, sensor, product)
    else:
        for band, layer in zip(sensor.bands, numbers, strict=True):
            _write(folder / f"{band}.tif", layer[None], grid, None if sensor.looks else 0)
            assets[band] = _asset(f"{band}.tif", (band,), sensor, product)
    if frame.mask is not None:
        key, layers = mask_layers(frame.mask, sensor)
        _write(folder / f"{key}.tif", layers, coarse, None)
        assets["ortho_udm2" if key == "udm2" else key] = {"href": f"./{key}.tif", "type": _COG, "roles": ["data-mask"]}
    item = _item(frame, product, plan, grid, assets)
    write_json(folder / f"{product.item_id}.json", item)
    return item


def write_catalogue(folder: Path, plan: Plan, items: Mapping[str, Sequence[dict[str, Any]]]) -> Path:
    """Write ``catalog.json`` and a collection for the ``items`` of each sensor (by name); returns the catalogue's path."""
    children = []
    for name, listed in items.items():
        _write_collection(folder / name, plan, listed)
        children.append({"rel": "child", "href": f"./{name}/collection.json", "type": "application/json"})
    told = f"A site that siteline simulated with seed {plan.seed}; no satellite took these images."
    catalogue = {"type": "Catalog", "stac_version": _STAC, "id": f"simulated-{plan.seed}", "description": told}
    write_json(folder / CATALOGUE, {**catalogue, "links": [{"rel": "root", "href": f"./{CATALOGUE}"}, *children]})
    return folder / CATALOGUE


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, the same for the same value. Raises ``FileTrouble``."""
    write_lines(path, [json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False), "\n"])


def mask_layers(codes: Codes, sensor: Sensor) -> tuple[str, NDArray[Any]]:
    """The kind of the sensor's mask layer, and ``codes`` (``model.reasons``) as its provider has them, [band, row, col]."""
    if sensor.rule == "planet-sr":
        layers = np.zeros((8, *codes.shape), dtype=np.uint8)
        for reason, band in _UDM2.items():
            layers[band - 1] = codes == reason
        layers[6] = 100
        return "udm2", layers
    kind, table, dtype = ("scl", _SCL, np.uint8) if sensor.rule == "sentinel-2" else ("qa_pixel", _QA, np.uint16)
    lookup = np.zeros(256, dtype=dtype)
    for reason, value in table.items():
        lookup[reason] = value
    return kind, lookup[codes][None]


def _numbers(values: Maps, product: Product) -> NDArray[Any]:
    """Digital numbers, UInt16[band, y, x]; backscatter stays Float32, linear."""
    if product.quantity == "gamma0":
        return values
    numbers = np.rint((values.astype(np.float64) - product.offset) / product.scale)
    return np.clip(numbers, 1, _HIGHEST).astype(np.uint16)


def _write(path: Path, layers: NDArray[Any], grid: Grid, nodata: float | None) -> None:
    import rasterio
    from rasterio.transform import Affine

    count, height, width = layers.shape
    profile = {
        "driver": "COG", "dtype": layers.dtype.name, "count": count, "height": height, "width": width, "crs": grid.crs,
        "transform": Affine(*grid.transform), "nodata": nodata, "blocksize": _BLOCK, "compress": "deflate",
        "predictor": "yes", "overviews": "none" if max(height, width) <= _BLOCK else "auto",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(layers)


def _asset(name: str, bands: Sequence[str], sensor: Sensor, product: Product) -> dict[str, Any]:
    asset: dict[str, Any] = {"href": f"./{name}", "type": _COG, "roles": ["data"], "gsd": sensor.res_m}
    asset["eo:bands"] = [{"name": band, "common_name": band} for band in bands]
    if sensor.looks is None:
        told = {"scale": product.scale, "offset": product.offset, "nodata": 0, "data_type": "uint16"}
        asset["raster:bands"] = [told for _ in bands]
    return asset


def _item(frame: Frame, product: Product, plan: Plan, grid: Grid, assets: dict[str, Any]) -> dict[str, Any]:
    ring = outline(grid)
    lons, lats = zip(*ring, strict=True)
    taken = frame.taken
    properties: dict[str, Any] = {
        "datetime": product.when,
        "platform": product.platform,
        "gsd": taken.sensor.res_m,
        "proj:epsg": int(grid.crs.removeprefix("EPSG:")),
        "license": LICENCE,
        "siteline:credit": product.credit,
        "siteline:simulated": plan.seed,
    }
    if taken.orbit.relative_orbit is not None:
        properties["sat:relative_orbit"] = taken.orbit.relative_orbit
        properties["sat:orbit_state"] = taken.orbit.direction
    if taken.sensor.looks is None:
        properties["view:sun_azimuth"] = round(taken.sun_azimuth, 4)
        properties["view:sun_elevation"] = round(taken.sun_elevation, 4)
        properties["eo:cloud_cover"] = round(100 * float(np.mean(frame.mask == Reason.CLOUD)), 2)
    else:
        properties["sar:polarizations"] = [band.upper() for band in taken.sensor.bands]
        properties["sar:instrument_mode"] = "IW"
    if product.baseline:
        properties["s2:processing_baseline"] = product.baseline
    return {
        "type": "Feature", "stac_version": _STAC, "id": product.item_id, "collection": product.collection,
        "geometry": {"type": "Polygon", "coordinates": [[list(corner) for corner in ring]]},
        "bbox": [min(lons), min(lats), max(lons), max(lats)], "properties": properties, "assets": assets,
        "links": [{"rel": "collection", "href": "../collection.json", "type": "application/json"}],
    }  # fmt: skip


def outline(grid: Grid) -> list[tuple[float, float]]:
    """The grid's outer edge as a ring of degrees (longitude, latitude), counterclockwise."""
    from pyproj import Transformer

    left, bottom, right, top = grid.bounds
    corners = ((left, bottom), (right, bottom), (right, top), (left, top), (left, bottom))
    to_degrees = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    return [(round(float(a), 9), round(float(b), 9)) for a, b in (to_degrees.transform(*corner) for corner in corners)]


def _write_collection(folder: Path, plan: Plan, items: Sequence[dict[str, Any]]) -> None:
    boxes = np.array([item["bbox"] for item in items])
    times = sorted(item["properties"]["datetime"] for item in items)
    links = [{"rel": "item", "href": f"./{item['id']}/{item['id']}.json", "type": "application/geo+json"} for item in items]
    extent = {
        "spatial": {"bbox": [[*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]]},
        "temporal": {"interval": [[times[0], times[-1]]]},
    }
    collection = {
        "type": "Collection", "stac_version": _STAC, "id": items[0]["collection"], "license": LICENCE, "extent": extent,
        "description": f"Simulated with seed {plan.seed}.", "links": [{"rel": "parent", "href": f"../{CATALOGUE}"}, *links],
    }  # fmt: skip
    write_json(folder / "collection.json", collection)
