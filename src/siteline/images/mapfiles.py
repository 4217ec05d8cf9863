"""The files of a map of change: areas as a GeoPackage, layers as GeoTIFFs, the figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from siteline.model.grid import Grid
from siteline.model.records import CaseData
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    from siteline.detect.maps import ChangeLayers
    from siteline.images.mapping import MappedArea
    from siteline.publish.qgisstyle import Kind

AREA_COLUMNS: Final = (
    *("area_id", "name", "after", "by", "interval95_first", "interval95_last", "probability", "size", "pixels"),
    *("area_m2", "doubt"),
)
"""Columns of the GeoPackage of areas."""

Theme = Literal["light", "dark", "print"]
Layer = NDArray[np.float32]


def write_all(
    case: Path,
    out: Path,
    grid: Grid,
    layers: ChangeLayers,
    areas: Sequence[MappedArea],
    data: CaseData,
    members: Sequence[ImageScene],
    theme: Theme,
) -> Mapping[str, Path]:
    """Write everything into the folder ``out``, each file replacing its predecessor; returns them by name.

    Raises ``FileTrouble``.
    """
    from siteline.guard.files import make_folder
    from siteline.publish.pixelfiles import write_map

    make_folder(out)
    stem = case.stem
    dates = np.stack([layers.after, layers.by, layers.lower, layers.upper])
    days = "days since 1970-01-01T00:00Z"
    made = {
        out / f"{stem}-changes.gpkg": lambda path: _areas(path, areas),
        out / f"{stem}-probability.tif": lambda path: _layers(
            path, grid, layers.probability[None], ("probability of a change",), "1"
        ),
        out / f"{stem}-date.tif": lambda path: _layers(
            path, grid, dates, ("after", "by", "earliest, of 95 %", "latest, of 95 %"), days
        ),
        out / f"{stem}-size.tif": lambda path: _layers(path, grid, layers.size, layers.bands, layers.unit),
    }
    for path, write in made.items():
        _placed(path, write)
    credit = "; ".join(dict.fromkeys(scene.credit for scene in members if scene.credit))
    values = _figure(grid, layers, areas, data, credit)
    drawn = write_map(values, data.settings.title or stem, stem, out, theme=theme)
    return {path.name: path for path in (*made, *drawn)}


def _placed(path: Path, write: Callable[[Path], None]) -> None:
    from siteline.guard.files import remove, temporary_beside, trouble

    temporary = temporary_beside(path).with_suffix(f".tmp{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise trouble(path, error) from error
    finally:
        remove(temporary)


def _areas(path: Path, areas: Sequence[MappedArea]) -> None:
    from siteline.model.span import iso
    from siteline.publish.geopackage import Layer, write

    rows = [
        {
            "area_id": area.area_id,
            "name": area.name,
            "after": iso(area.after),
            "by": iso(area.by),
            "interval95_first": iso(area.interval95[0]),
            "interval95_last": iso(area.interval95[1]),
            "probability": area.probability,
            "size": area.size,
            "pixels": area.pixels,
            "area_m2": area.area_m2,
            "doubt": area.doubt,
        }
        for area in areas
    ]
    write([Layer("changes", AREA_COLUMNS, rows, [area.outline_wkt for area in areas], _area_style)], path)


def _area_style(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> str:
    """Changed areas outlined, possible changes (a probability below 0.5) dashed, all named."""
    from siteline.publish.qgisstyle import Mark, by_value
    from siteline.publish.ramps import RAMPS

    del rows
    found, possible = RAMPS["probability"][4], RAMPS["probability"][2]
    marks = (Mark("changed", "changed", found), Mark("possible", "possible change (below 50 %)", possible, "dash"))
    return by_value(kind, "if(\"probability\" >= 0.5, 'changed', 'possible')", marks, '"name"')


def _layers(path: Path, grid: Grid, values: Layer, names: Sequence[str], unit: str) -> None:
    """A cloud-optimised GeoTIFF of ``values`` (Float32[layer, y, x]), NaN = nothing can be said."""
    import rasterio
    from rasterio.transform import Affine

    profile = {
        "driver": "COG",
        "dtype": "float32",
        "count": len(values),
        "height": grid.height,
        "width": grid.width,
        "crs": grid.crs,
        "transform": Affine(*grid.transform),
        "nodata": float("nan"),
        "compress": "deflate",
        "predictor": 3,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)
        for n, name in enumerate(names, 1):
            file.set_band_description(n, name)
            file.set_band_unit(n, unit)


def _figure(grid: Grid, layers: ChangeLayers, areas: Sequence[MappedArea], data: CaseData, credit: str) -> Any:
    from siteline.detect.threshold import probability
    from siteline.publish.mapvalues import ChangeMap, Found

    with np.errstate(invalid="ignore"):
        size = layers.size.mean(axis=0)
    least = probability(layers.learned.null.chance(np.array([layers.threshold])), layers.prior.change)
    return ChangeMap(
        grid=grid,
        probability=layers.probability,
        date=(layers.after.astype(np.float64) + layers.by) / 2,
        size=size,
        background=_ground(layers),
        unusable=np.isnan(layers.evidence),
        unit=f"{layers.unit}, mean of bands",
        objects=tuple(
            Found(area.name, area.outline_wkt, area.after, area.by, area.probability, area.size) for area in areas
        ),
        structures=tuple(one for one in data.structures.values() if one.geometry_wkt),
        threshold=float(least[0]),
        credit=credit,
        chance=layers.nominal,
    )


def _ground(layers: ChangeLayers) -> Layer:
    """The clearest scene as one grey image, Float32[y, x]; NaN where it shows nothing, all NaN where no scene does."""
    stack = layers.learned.stack
    if not stack.times.size:
        return np.full_like(layers.evidence, np.nan)
    clearest = int(np.argmax(np.isfinite(stack.sample).all(axis=1).mean(axis=0)))
    shown = stack.cube[stack.values].isel(time=int(stack.times[clearest])).transpose("band", "y", "x").values
    with np.errstate(invalid="ignore", divide="ignore"):
        values = 10 * np.log10(np.where(shown > 0, shown, np.nan)) if stack.radar else shown
        return np.asarray(values.mean(axis=0), dtype=np.float32)
