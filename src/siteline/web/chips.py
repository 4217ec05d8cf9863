"""One structure in one scene: its surroundings, north up, with its outline, under the stretch of all its chips."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siteline.model.errors import BadInput, NoArea, NoScenes, shorten
from siteline.model.grid import Grid
from siteline.model.scene import ImageScene
from siteline.model.site import grid_over
from siteline.web.desk import Desk
from siteline.web.live import Held
from siteline.web.pictures import Pictures, bands_asked, image_of, png, site_grid
from siteline.web.tiles import picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDES: Final = (32, 512)
"""Least and most pixels along the side of a chip."""

_AROUND: Final = 0.75
"""Surroundings on each side, as a part of the footprint's longer side."""

_FEWEST_PX: Final = 24
"""Pixels of the scene that a chip shows at least, along its side."""

_HALO, _LINE = (20, 20, 20, 200), (255, 255, 255, 255)


def routes(desk: Desk, pictures: Pictures) -> list[Route]:
    """The route for chips."""

    async def chip(request: Request) -> Response:
        size = _size(request.query_params.get("size", "128"))
        structure, name = _named(request)
        held = desk.latest or await desk.held()
        scene = image_of(held, name)
        bands = bands_asked(scene, request.query_params.get("bands", ""))
        wkt = _footprint(held, structure)
        key = ("chip", wkt, name, size, bands)
        made = pictures.finished.get(key)
        if made is None:
            made = await pictures.run(lambda: _drawn(pictures, held, scene, bands, wkt, size))
            pictures.finished.put(key, made)
        return picture(made)

    return [Route("/chips/{rest:path}", chip)]


def _named(request: Request) -> tuple[str, str]:
    """The structure and the scene of a request, each a segment of the address as it was sent: ids may hold a slash."""
    segments = request.scope["raw_path"].decode("latin-1").partition("?")[0].split("/")[2:]
    if len(segments) < 2 or not segments[-1].endswith(".png"):
        raise BadInput("a chip is asked for as /chips/STRUCTURE/SCENE.png")
    return unquote(segments[0]), unquote("/".join(segments[1:]).removesuffix(".png"))


def _size(text: str) -> int:
    least, most = SIDES
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
        raise BadInput(f"size must be a whole number from {least} to {most}")
    return int(text)


def _footprint(held: Held, key: str) -> str:
    structure = held.data.structures.get(key)
    if structure is None:
        raise NoScenes(f"the case has no structure {shorten(key)!r}")
    if not structure.geometry_wkt:
        raise NoArea(f"structure {shorten(key)!r} has no footprint", "draw one on the map")
    return structure.geometry_wkt


def _drawn(pictures: Pictures, held: Held, scene: ImageScene, bands: tuple[str, ...], wkt: str, size: int) -> bytes:
    from siteline.web import windows

    grid = chip_grid(wkt, size, scene.gsd_m or 10.0)
    stretch = pictures.usual(held, scene, bands)
    try:
        gains = pictures.gains(held, scene, bands)
        values = windows.part(scene, bands, gains, grid, pictures.reader, site_grid(held, scene))
    except windows.Outside:
        return b""
    return _outlined(png(values, stretch), grid, wkt)


def chip_grid(wkt: str, size: int, gsd_m: float) -> Grid:
    """A square of ``size`` pixels around a footprint (EPSG:4326), in metres of its UTM zone."""
    tight = grid_over(wkt, gsd_m / 4, 0.0, crs=grid_over(wkt, 1e5, 0.0).crs)
    left, bottom, right, top = tight.bounds
    wide = max(right - left, top - bottom)
    side = max(wide * (1 + 2 * _AROUND), _FEWEST_PX * gsd_m)
    x, y = (left + right) / 2, (bottom + top) / 2
    return Grid(tight.crs, x - side / 2, y + side / 2, side / size, size, size)


def _outlined(made: bytes, grid: Grid, wkt: str) -> bytes:
    """The chip with the outline over it: light on a dark edge, so that it is seen on any ground."""
    from PIL import Image, ImageDraw

    image = Image.open(BytesIO(made)).convert("RGBA")
    over = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(over)
    for width, colour in ((3, _HALO), (1, _LINE)):
        for line, closed in _lines(wkt, grid):
            if len(line) == 1:
                (x, y), r = line[0], grid.width / 10
                draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=width)
            else:
                draw.line([*line, line[0]] if closed else line, fill=colour, width=width)
    held = BytesIO()
    Image.alpha_composite(image, over).save(held, "PNG", compress_level=1)
    return held.getvalue()


def _lines(wkt: str, grid: Grid) -> list[tuple[list[tuple[float, float]], bool]]:
    """The lines of a shape in pixels of ``grid``, and whether each is closed; a point is a line of one."""
    import shapely
    from pyproj import Transformer

    project = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True).transform
    found = []
    for part in shapely.get_parts(shapely.from_wkt(wkt)).tolist():
        for line in [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]:
            xs, ys = project(*_columns(line))
            pixels = [((x - grid.left) / grid.res, (grid.top - y) / grid.res) for x, y in zip(xs, ys, strict=True)]
            found.append((pixels, part.geom_type == "Polygon"))
    return found


def _columns(line: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import shapely

    at = shapely.get_coordinates(line)
    return at[:, 0], at[:, 1]
