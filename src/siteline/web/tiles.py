"""Scenes as map tiles, under a stretch that is the same for all scenes that are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siteline.model.errors import BadInput, shorten
from siteline.model.scene import ImageScene
from siteline.web.desk import Desk
from siteline.web.guarded import failure
from siteline.web.live import Held
from siteline.web.pictures import Pictures, bands_asked, image_of, images_of, kind_of, png, site_grid

if TYPE_CHECKING:
    from siteline.publish.stretch import Stretch

MOST_ZOOM = 24
KEEP = {"cache-control": "private, max-age=60"}


def routes(desk: Desk, pictures: Pictures) -> list[Route]:
    """The routes for tiles and stretches."""

    async def tile(request: Request) -> Response:
        asked = request.path_params
        z, x, y = at = _place(asked)
        query = request.query_params
        limits = _limits(query.get("low", ""), query.get("high", ""))
        key = ("tile", asked["scene"], z, x, y, query.get("bands", ""), limits)
        made = pictures.finished.get(key)
        if made is None:
            held = desk.latest or await desk.held()
            scene = image_of(held, asked["scene"])
            bands = bands_asked(scene, query.get("bands", ""))
            made = await pictures.run(lambda: _drawn(pictures, held, scene, bands, limits, at))
            pictures.finished.put(key, made)
        return picture(made)

    async def hatch(request: Request) -> Response:
        asked = request.path_params
        at = _place(asked)
        key = ("hatch", asked["scene"], *at)
        made = pictures.finished.get(key)
        if made is None:
            held = desk.latest or await desk.held()
            scene = image_of(held, asked["scene"])
            made = await pictures.run(lambda: _hatched(pictures, held, scene, at))
            pictures.finished.put(key, made)
        return picture(made)

    async def stretch(request: Request) -> Response:
        held = desk.latest or await desk.held()
        images = images_of(held, _names(request, held))
        bands = bands_asked(images[0], request.query_params.get("bands", ""))
        for image in images[1:]:
            bands_asked(image, ",".join(bands))
        one = "usual" if request.query_params.get("usual") and len(images) == 1 else "joint"
        made = await pictures.run(
            lambda: pictures.usual(held, images[0], bands) if one == "usual" else pictures.joint(held, images, bands)
        )
        count = len(bands)
        return JSONResponse(
            {
                "bands": list(bands),
                "low": [made.low] * count,
                "high": [made.high] * count,
                "gamma": made.gamma,
                "quantity": images[0].quantity,
                "unit": made.unit,
                "kind": made.kind,
                "words": made.words(),
                "given": made.given,
            }
        )

    return [
        Route("/tiles/{scene:path}/{z}/{x}/{y}.png", tile),
        Route("/masks/{scene:path}/{z}/{x}/{y}.png", hatch),
        Route("/api/stretch", stretch),
    ]


def _place(asked: Mapping[str, str]) -> tuple[int, int, int]:
    """(z, x, y) of a request. Raises ``BadInput`` for what is no tile of the pyramid."""
    texts = asked["z"], asked["x"], asked["y"]
    if all(text.isascii() and text.isdecimal() and len(text) <= 9 for text in texts):
        z, x, y = map(int, texts)
        if z <= MOST_ZOOM and x < 2**z and y < 2**z:
            return z, x, y
    raise BadInput(f"there is no tile {' '.join(map(shorten, texts))}; zoom goes from 0 to {MOST_ZOOM}")


def _names(request: Request, held: Held) -> list[str]:
    """The scenes of a request: joined by commas, or named one after another."""
    names: list[str] = []
    for text in request.query_params.getlist("scenes"):
        names += [text] if text in held.images else filter(None, text.split(","))
    return names


def picture(made: bytes) -> Response:
    """A finished picture; no bytes stand for a place that the scene does not reach."""
    if not made:
        return JSONResponse(failure("Outside", "the scene has no pixels there", "look where it has some"), 404, headers=KEEP)
    return Response(made, media_type="image/png", headers=KEEP)


def _drawn(
    pictures: Pictures,
    held: Held,
    scene: ImageScene,
    bands: tuple[str, ...],
    limits: tuple[float, float] | None,
    at: tuple[int, int, int],
) -> bytes:
    from siteline.web import windows

    stretch = chosen(pictures, held, scene, bands, limits)
    try:
        gains = pictures.gains(held, scene, bands)
        values = windows.tile(scene, bands, gains, at, pictures.reader, site_grid(held, scene))
    except windows.Outside:
        return b""
    return png(values, stretch)


def _hatched(pictures: Pictures, held: Held, scene: ImageScene, at: tuple[int, int, int]) -> bytes:
    from siteline.web.masks import hatched

    return hatched(pictures.masked(held, scene), at)


def chosen(
    pictures: Pictures, held: Held, scene: ImageScene, bands: tuple[str, ...], limits: tuple[float, float] | None
) -> Stretch:
    """The stretch of a request: with its ``limits``, else the usual one of the scene's stack."""
    from siteline.publish.stretch import common

    if limits is None:
        return pictures.usual(held, scene, bands)
    plain = common(kind_of(scene, bands), bands, (), scene.quantity)
    return replace(plain, low=limits[0], high=limits[1], given=True)


def _limits(low: str, high: str) -> tuple[float, float] | None:
    """The limits of a request, one number or one a band (they are common to the bands). Raises ``BadInput``."""
    if not low and not high:
        return None
    try:
        lows, highs = ([float(text) for text in side.split(",")] for side in (low[:200], high[:200]))
    except ValueError:
        raise BadInput("low and high must be numbers, both or neither") from None
    if not all(map(math.isfinite, (*lows, *highs))) or not min(lows) < max(highs):
        raise BadInput("low must be a number below high")
    return min(lows), max(highs)
