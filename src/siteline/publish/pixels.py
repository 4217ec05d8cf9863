"""Pixels as they are printed: never smoothed, unusable ones veiled, missing ones transparent and never black."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

from siteline.publish.look import THEMES, Theme
from siteline.publish.stretch import Stretch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VEIL: Final = 0.55
"""How far an unusable pixel is moved from its grey towards the colour of hairlines, which no paper swallows."""
_LUMA = (0.299, 0.587, 0.114)


def picture(values: NDArray[np.float32], usable: NDArray[np.bool_], stretch: Stretch, theme: Theme) -> NDArray[np.uint8]:
    """``values`` Float[band, y, x] as RGBA UInt8[y, x, 4]: unusable pixels grey and veiled, missing ones transparent."""
    import numpy as np

    colours = stretch.colours(values)
    greyed = veiled(colours, theme)
    present = np.asarray(np.isfinite(values).all(axis=0))
    rgb = np.where(usable[..., None], colours, greyed)
    return np.dstack([np.where(present[..., None], rgb, 0), np.where(present, 255, 0)]).astype(np.uint8)


def without_colour(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``rgba`` UInt8[y, x, 4] in greys of the same lightness."""
    import numpy as np

    grey = np.rint(rgba[..., :3] @ np.array(_LUMA)).astype(np.uint8)
    return np.dstack([grey, grey, grey, rgba[..., 3]])


def veiled(rgb: NDArray[np.uint8], theme: Theme) -> NDArray[np.uint8]:
    """``rgb`` UInt8[y, x, 3] without colour and moved towards the quiet grey of ``theme``."""
    import numpy as np

    quiet = np.array(_rgb(THEMES[theme]["hair"]), dtype=np.float64)
    grey = (rgb @ np.array(_LUMA))[..., None]
    return np.asarray(np.rint(grey * (1 - VEIL) + quiet * VEIL), dtype=np.uint8)


def reduced(rgba: NDArray[np.uint8], most: int) -> tuple[NDArray[np.uint8], int]:
    """``rgba`` averaged in whole blocks until no side exceeds ``most`` pixels, and the block's side (1 = untouched)."""
    import numpy as np

    by = -(-max(rgba.shape[:2]) // most)
    if by == 1:
        return rgba, 1
    rows, columns = rgba.shape[0] // by * by, rgba.shape[1] // by * by
    blocks = rgba[:rows, :columns].reshape(rows // by, by, columns // by, by, 4).astype(np.float64)
    weight = blocks[..., 3:].sum(axis=(1, 3))
    colour = (blocks[..., :3] * blocks[..., 3:]).sum(axis=(1, 3)) / np.maximum(weight, 1)
    return np.dstack([np.rint(colour), np.where(weight > 0, 255, 0)]).astype(np.uint8), by


def enlarged(rgba: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Every pixel as ``by`` x ``by`` pixels."""
    return rgba.repeat(by, axis=0).repeat(by, axis=1)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """UInt8[y, x, 3 or 4] as PNG, without any metadata, so that equal pixels give equal bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return out.getvalue()


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """The PNG as an address that stands in a document itself."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def _rgb(code: str) -> tuple[int, int, int]:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)
