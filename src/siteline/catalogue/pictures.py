"""Where pictures lie that carry no georeference: control points, corner coordinates, or a world file beside them."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from siteline.catalogue.scenescsv import Row
from siteline.catalogue.shelf import Header, Shelf, suffix
from siteline.guard.csvfile import CsvFile
from siteline.model.errors import BadGrid, BadRows, RowProblem
from siteline.model.grid import utm_crs

_WORLD: Final = {
    ".png": (".pgw", ".pngw"),
    ".jpg": (".jgw", ".jpgw"),
    ".jpeg": (".jgw", ".jpegw"),
    ".tif": (".tfw", ".tifw"),
    ".tiff": (".tfw", ".tiffw"),
    ".jp2": (".j2w", ".jp2w"),
}
_POINTS = ".points.csv"
_OTHERS = (".prj", _POINTS, ".wld")
_NEED: Final = 3
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Placed:
    """CRS and affine coefficients (at pixel corners), ``transform`` None where nothing places the picture."""

    crs: str = ""
    transform: tuple[float, ...] | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def sidecars(shelf: Shelf, file: str) -> list[str]:
    """The files beside ``file`` that say where it lies, and statistics that other programs leave."""
    base = posixpath.splitext(file)[0]
    ends = (*_WORLD.get(suffix(file), ()), *_OTHERS)
    names = [f"{base}{end}" for end in (*ends, *map(str.upper, ends))]
    names += [f"{file}{_POINTS}", f"{file}.aux.xml", f"{file}.ovr"]
    return [name for name in dict.fromkeys(names) if shelf.holds(name)]


def placed_beside(shelf: Shelf, file: str, header: Header, row: Row | None) -> Placed:
    """Where an image without a whole georeference lies: by its control points, else its corners, else its world file.

    An image that lacks only the name of its CRS has it from the column crs.

    Raises ``BadRows`` for a table of control points that cannot be read.
    """
    beside = sidecars(shelf, file)
    for name in beside:
        if name.endswith(_POINTS):
            return _fitted(_points(shelf, name), f"control points of {posixpath.basename(name)}")
    if row and row.corners:
        width, height = float(header.width), float(header.height)
        pixels = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
        places = zip(row.corners[::2], row.corners[1::2], strict=True)
        return _fitted([(*pixel, *place) for pixel, place in zip(pixels, places, strict=True)], "corners of scenes.csv")
    for name in beside:
        if suffix(name) not in (".prj", ".csv", ".xml", ".ovr"):
            return _world(shelf, name, next((n for n in beside if suffix(n) == ".prj"), ""), row)
    own = tuple(header.transform[:6])
    if row and (crs := _crs(row.crs)) and own != (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
        return Placed(crs, own, {"siteline:georef": "crs of scenes.csv"})
    return Placed()


def fit_affine(points: Sequence[tuple[float, float, float, float]]) -> tuple[str, tuple[float, ...], float]:
    """The affine map that fits control points (col, row, lon, lat) best, in the UTM zone of their middle.

    Ordinary least squares of easting and northing on column and row (pixel corners; degrees EPSG:4326). Returns the CRS, the
    six coefficients, and the residual: the root mean square distance in metres. Raises ``ValueError`` for fewer than three
    points, or points in a line.
    """
    import numpy as np
    from pyproj import Transformer

    if len(points) < _NEED:
        raise ValueError(f"{len(points)} points; at least {_NEED} are needed, 4 or more show how well they agree")
    table = np.array(points, dtype=np.float64)
    lon = np.unwrap(table[:, 2], period=360.0)
    try:
        crs = utm_crs(float(lon.mean()), float(table[:, 3].mean()))
    except BadGrid as error:
        raise ValueError(error.reason) from None
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, table[:, 3])
    pixels = table[:, :2] - table[:, :2].mean(axis=0)
    ground = np.column_stack([x, y])
    spread = np.linalg.svd(pixels, compute_uv=False)
    if spread[1] < 1e-6 * max(spread[0], 1.0):
        raise ValueError("the points lie in one line; add one beside it")
    shifted = ground - ground.mean(axis=0)
    matrix, *_ = np.linalg.lstsq(pixels, shifted, rcond=None)
    residual = float(np.sqrt(((pixels @ matrix - shifted) ** 2).sum(axis=1).mean()))
    (a, d), (b, e) = matrix
    c, f = ground.mean(axis=0) - table[:, :2].mean(axis=0) @ matrix
    return crs, tuple(float(value) for value in (a, b, c, d, e, f)), residual


def _fitted(points: Sequence[tuple[float, float, float, float]], what: str) -> Placed:
    try:
        crs, transform, residual = fit_affine(points)
    except ValueError as error:
        return Placed(problems=(f"{what}: {error}",))
    a, b, _, d, e, _ = transform
    area = abs(a * e - b * d)
    if area == 0 or not math.isfinite(area):
        return Placed(problems=(f"{what}: the points lie on top of one another",))
    pixel = math.sqrt(area)
    told = {"siteline:georef": what, "siteline:georef_points": len(points)}
    if len(points) == _NEED:
        told_problem = f"placed by {what}: three points fit exactly, so how far off they are is not known; add a fourth"
        return Placed(crs, transform, told, (told_problem,))
    told |= {"siteline:georef_residual_m": round(residual, 3), "siteline:georef_residual_px": round(residual / pixel, 3)}
    text = f"placed by {what} ({len(points)} points, residual {residual:.2f} m or {residual / pixel:.2f} px)"
    return Placed(crs, transform, told, (text,))


def _points(shelf: Shelf, name: str) -> list[tuple[float, float, float, float]]:
    source = CsvFile(shelf.path(name))
    columns = ("col", "row", "lon", "lat")
    points: list[tuple[float, float, float, float]] = []
    problems: list[RowProblem] = []
    for line, cells in source:
        header = [cell.strip().casefold() for cell in source.header]
        if missing := [column for column in columns if column not in header]:
            problems.append(RowProblem(name, 1, missing[0], "this column is missing; the header is col,row,lon,lat"))
            break
        values = dict(zip(header, cells, strict=True))
        numbers = [_number(name, line, column, values[column], problems) for column in columns]
        if None not in numbers and len(points) < _MOST:
            points.append((numbers[0] or 0.0, numbers[1] or 0.0, numbers[2] or 0.0, numbers[3] or 0.0))
    problems += [RowProblem(name, p.line, p.column, p.reason) for p in source.problems]
    if problems:
        raise BadRows(problems)
    return points


def _number(name: str, line: int, column: str, text: str, problems: list[RowProblem]) -> float | None:
    most = {"lon": 180.0, "lat": 90.0}.get(column, 1e7)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -most <= value <= most:
        counted = "pixels count from the upper left corner, degrees are WGS 84"
        reason = f"{text!r} is no number from {-most:g} to {most:g}; {counted}"
        problems.append(RowProblem(name, line, column, reason))
        return None
    return value


def _world(shelf: Shelf, name: str, prj: str, row: Row | None) -> Placed:
    """A world file: six lines a, d, b, e and the centre of the upper left pixel. It does not name its CRS."""
    text = shelf.text(name)
    try:
        a, d, b, e, x, y = (float(line) for line in (text or "").split()[:6])
    except ValueError:
        return Placed(problems=(f"{posixpath.basename(name)} is no world file: it needs six numbers, one a line",))
    transform = (a, b, x - (a + b) / 2, d, e, y - (d + e) / 2)
    if a * e - b * d == 0 or not all(map(math.isfinite, transform)):
        return Placed(problems=(f"{posixpath.basename(name)}: its pixels have no size",))
    crs = _crs((row.crs if row else "") or (shelf.text(prj) if prj else "") or "")
    told = {"siteline:georef": f"world file {posixpath.basename(name)}"}
    if crs:
        return Placed(crs, transform, told)
    if abs(x) <= 180 and abs(y) <= 90 and max(abs(a), abs(e)) < 0.1:
        doubt = f"{posixpath.basename(name)} names no CRS; taken as longitude and latitude (EPSG:4326)"
        return Placed("EPSG:4326", transform, told, (doubt,))
    return Placed(problems=(f"{posixpath.basename(name)} names no CRS; add a .prj file, or the column crs to scenes.csv",))


def _crs(text: str) -> str:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if not text.strip():
        return ""
    try:
        known = CRS.from_user_input(text.strip())
    except CRSError:
        return ""
    code = known.to_epsg(min_confidence=70)
    return f"EPSG:{code}" if code else str(known.to_wkt())
