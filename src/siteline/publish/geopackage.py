"""Layers written into a GeoPackage, each with the style that QGIS gives it when it is opened (table ``layer_styles``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siteline.publish.qgisstyle import Kind

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

CRS: Final = "EPSG:4326"
STYLES: Final = "layer_styles"
_KINDS: Final[tuple[Kind, ...]] = ("points", "lines", "areas")
_TYPES: Final[dict[Kind, str]] = {"points": "MultiPoint", "lines": "MultiLineString", "areas": "MultiPolygon"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer: ``rows``, all of the same ``columns``, and where each lies (WKT in EPSG:4326, None = nowhere).

    ``style``: gives the QML of a layer of one kind of geometry that holds the rows it is given.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    shapes: Sequence[str | None]
    style: Callable[[Kind, Sequence[Row]], str]


def write(layers: Sequence[Layer], path: Path) -> None:
    """Write ``layers`` into the new file ``path``. A map program styles one kind of geometry in a layer: where a layer has
    several, areas keep its name, with what lies nowhere, and the others are called ``NAME_lines`` and ``NAME_points``."""
    import geopandas

    styles: dict[str, str] = {}
    for layer in layers:
        for name, kind, rows, shapes in _parted(layer):
            columns = {key: [row[key] for row in rows] for key in layer.columns}
            frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs=CRS)
            frame.to_file(path, driver="GPKG", layer=name, engine="pyogrio", geometry_type=_TYPES[kind])
            styles[name] = layer.style(kind, rows)
    _write_styles(styles, path)


def _parted(layer: Layer) -> list[tuple[str, Kind, list[Row], list[BaseGeometry | None]]]:
    """The name, kind, rows and shapes of each layer that is written; of areas where nothing lies anywhere."""
    import shapely

    placed = [None if wkt is None else _whole(shapely.from_wkt(wkt)) for wkt in layer.shapes]
    kinds = [None if shape is None else _KINDS[int(shapely.get_dimensions(shape))] for shape in placed]
    held = [kind for kind in reversed(_KINDS) if kind in kinds] or ["areas"]
    made: list[tuple[str, Kind, list[Row], list[BaseGeometry | None]]] = []
    for kind in held:
        first = kind == held[0]
        chosen = [n for n, found in enumerate(kinds) if found == kind or (first and found is None)]
        name = layer.name if first else f"{layer.name}_{kind}"
        made.append((name, kind, [layer.rows[n] for n in chosen], [placed[n] for n in chosen]))
    return made


def _whole(shape: BaseGeometry) -> BaseGeometry | None:
    """``shape`` as a multipart geometry of its highest dimension; None where it is empty."""
    import shapely

    parts = [shape]
    while any(hasattr(part, "geoms") for part in parts):
        parts = [one for part in parts for one in getattr(part, "geoms", (part,))]
    parts = [part for part in parts if not part.is_empty]
    if not parts:
        return None
    dimension = max(int(shapely.get_dimensions(part)) for part in parts)
    collect = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimension]
    whole: BaseGeometry = collect([part for part in parts if int(shapely.get_dimensions(part)) == dimension])
    return whole


def _write_styles(styles: dict[str, str], path: Path) -> None:
    """The table that QGIS itself makes when a style is kept in the file."""
    import pandas as pd
    import pyogrio

    at = pd.Timestamp(datetime.now(UTC)).floor("ms").tz_localize(None)
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": name,
            "f_geometry_column": "geom",
            "styleName": "siteline",
            "styleQML": qml,
            "styleSLD": "",
            "useAsDefault": True,
            "description": "the colours of siteline's figures",
            "owner": "",
            "ui": None,
            "update_time": at,
        }
        for name, qml in styles.items()
    ]
    pyogrio.write_dataframe(pd.DataFrame(rows), path, layer=STYLES, driver="GPKG", append=True, layer_options={"FID": "id"})
