"""A scene recognised in a folder, written as a STAC Item."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from siteline.catalogue.outline import box, outline_of
from siteline.catalogue.shelf import Draft, Grid, Layer, Shelf, crs_of, suffix
from siteline.model.search import StacItem

_MEDIA = {
    ".tif": "image/tiff; application=geotiff",
    ".tiff": "image/tiff; application=geotiff",
    ".jp2": "image/jp2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
NO_PLACE = "no georeference: add a world file (and .prj), <name>.points.csv, or the column corners to scenes.csv"
NOTHING_READ = "none of its image files could be read"
NO_TIME = "no time: write scenes.csv with columns file,acquired"


def item_of(draft: Draft, item_id: str, shelf: Shelf) -> StacItem:
    """The STAC Item (1.1) of ``draft``. Headers are read where its grid is not known; unreadable files become problems."""
    problems = [*draft.problems]
    assets: dict[str, Any] = {}
    grids: list[Grid] = []
    for layer in draft.layers:
        grid, nodata, reason = _grid_of(layer, shelf)
        if reason:
            problems.append(f"{layer.file} could not be read: {reason}")
            continue
        if grid is not None:
            grids += [] if layer.mask else [grid]
            assets[_free(layer.name, assets)] = _asset(layer, grid, nodata, shelf)
    properties = {"datetime": None, **draft.properties}
    geometry, placed = _place(draft, grids, properties, problems)
    if not _timed(properties):
        problems.append(NO_TIME)
    if problems:
        properties["siteline:problems"] = list(dict.fromkeys(problems))
    if draft.quarantined or not _timed(properties) or not placed:
        properties["siteline:quarantined"] = True
    item: StacItem = {"type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": item_id, "geometry": geometry}
    if geometry is not None:
        item["bbox"] = box(geometry)
    return {**item, "properties": properties, "links": [], "assets": assets}


def identified(drafts: list[Draft]) -> Iterator[tuple[str, Draft]]:
    """Each draft with an id of its own: its name, with its place where several have that name."""
    names = Counter(draft.name for draft in drafts)
    used: set[str] = set()
    for draft in drafts:
        name = draft.name if names[draft.name] == 1 else f"{draft.name} in {draft.place or '.'}"
        while name in used:
            name += "'"
        used.add(name)
        yield name, draft


def metres(crs: str, transform: tuple[float, ...], height: int) -> float | None:
    """The side of a pixel in metres (geometric mean of both), None where the CRS is not known."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        known = CRS.from_user_input(crs)
    except CRSError:
        return None
    a, b, _, d, e, f = transform[:6]
    side = math.sqrt(abs(a * e - b * d))
    if known.is_geographic:
        return side * 111_320 * math.sqrt(max(math.cos(math.radians(f + e * height / 2)), 1e-6))
    return side * float(known.axis_info[0].unit_conversion_factor or 1.0)


def _grid_of(layer: Layer, shelf: Shelf) -> tuple[Grid | None, float | None, str]:
    if layer.grid is not None:
        return layer.grid, layer.nodata, ""
    header = shelf.header(layer.file)
    if header is None:
        return None, None, shelf.failed[layer.file]
    if layer.index > header.count:
        return None, None, f"it has {header.count} bands, no band {layer.index}"
    nodata = header.nodata if layer.nodata is None else layer.nodata
    return Grid(header.width, header.height, crs_of(header), tuple(header.transform)), nodata, ""


def _asset(layer: Layer, grid: Grid, nodata: float | None, shelf: Shelf) -> dict[str, Any]:
    asset: dict[str, Any] = {
        "href": str(shelf.path(layer.file)),
        "type": _MEDIA.get(suffix(layer.file), "application/octet-stream"),
        "roles": ["data-mask"] if layer.mask else ["data"],
        "siteline:index": layer.index,
        "file:size": shelf.listing.files[layer.file],
        "proj:shape": [grid.height, grid.width],
    }
    if grid.crs:
        asset |= {"proj:transform": list(grid.transform), **_code(grid.crs)}
    asset |= {"siteline:mask": layer.mask} if layer.mask else {"siteline:band": layer.band}
    gsd = layer.gsd_m or (metres(grid.crs, grid.transform, grid.height) if grid.crs else None)
    extra = {"gsd": gsd, "raster:scale": layer.scale, "raster:offset": layer.offset}
    if layer.sha256:
        extra["file:checksum"] = f"1220{layer.sha256}"  # type: ignore[assignment]
    asset |= {key: value for key, value in extra.items() if value is not None}
    if nodata is not None:
        asset["nodata"] = "nan" if math.isnan(nodata) else nodata
    return asset


def _place(
    draft: Draft, grids: list[Grid], properties: dict[str, Any], problems: list[str]
) -> tuple[dict[str, Any] | None, bool]:
    """The outline, and whether pixels can be placed. The CRS, and a georeference stated beside, go to ``properties``."""
    placed = [grid for grid in grids if grid.crs]
    if draft.stated is not None and grids:
        crs, transform = draft.stated
        properties |= {**_code(crs), "siteline:transform": list(transform)}
        placed = [Grid(grids[0].width, grids[0].height, crs, transform)]
    if not placed:
        problems.append(NO_PLACE if grids else NOTHING_READ)
        return draft.footprint, False
    finest = min(placed, key=lambda grid: abs(grid.transform[0] * grid.transform[4] - grid.transform[1] * grid.transform[3]))
    properties |= _code(finest.crs)
    if not properties.get("gsd"):
        properties["gsd"] = metres(finest.crs, finest.transform, finest.height)
    geometry = outline_of(finest.crs, finest.transform, finest.width, finest.height)
    if geometry is None:
        problems.append(f"its georeference leads nowhere on Earth ({finest.crs[:60]})")
    return geometry, geometry is not None


def _code(crs: str) -> dict[str, Any]:
    return {"proj:code": crs} if re.fullmatch(r"[A-Z]+:\d+", crs) else {"proj:wkt2": crs}


def _timed(properties: dict[str, Any]) -> bool:
    return any(properties.get(key) for key in ("datetime", "start_datetime", "end_datetime", "siteline:when"))


def _free(name: str, taken: dict[str, Any]) -> str:
    while name in taken:
        name += "'"
    return name
