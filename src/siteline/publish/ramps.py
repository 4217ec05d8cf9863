"""Numbers on the ground as colour: ramps whose lightness runs one way, to survive colour blindness and grey print.

Sequential ramps are ``plasma`` and ``viridis`` of matplotlib (Smith and van der Walt 2015, CC0), each cut where it would
sink into the light ground of the maps; the diverging one is ``PuOr`` of ColorBrewer (Harrower and Brewer 2003).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["probability", "date", "size"]
RAMPS: Final[dict[Kind, tuple[str, ...]]] = {
    "probability": ("#fdc527", "#f89441", "#e56b5d", "#cb4679", "#a82296", "#7d03a8", "#4b03a1"),
    "date": ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#a0d51f"),
    "size": ("#7f3b08", "#b35806", "#e08214", "#fdb863", "#f3efe8", "#b2abd2", "#8073ac", "#542788", "#2d004b"),
}
GROUND: Final = (150.0, 246.0)
"""Darkest and lightest grey of the ground: light and quiet in every theme, as a photograph keeps its tones."""
FAINT: Final = 0.05
"""Probability up to which nothing is painted; from there to 0.5 the paint grows opaque."""


def paint(share: NDArray[np.float64], kind: Kind) -> NDArray[np.uint8]:
    """Colours UInt8[..., 3] of ``share`` (0 to 1) along the ramp of ``kind``; NaN counts as 0, for the caller to hide."""
    import numpy as np

    stops = np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in RAMPS[kind]], dtype=np.float64)
    at = np.clip(np.nan_to_num(share, nan=0.0), 0, 1) * (len(stops) - 1)
    lower = np.minimum(at.astype(np.int64), len(stops) - 2)
    part = (at - lower)[..., None]
    return np.asarray(np.rint(stops[lower] * (1 - part) + stops[lower + 1] * part), dtype=np.uint8)


def probability_pixels(probability: NDArray[np.floating]) -> NDArray[np.uint8]:
    """``probability`` Float[y, x] as RGBA UInt8[y, x, 4]; transparent where there is hardly any, or none is known."""
    import numpy as np

    share = np.asarray(probability, dtype=np.float64)
    opaque = np.clip((np.nan_to_num(share, nan=0.0) - FAINT) / (0.5 - FAINT), 0, 1) * 0.96
    return np.dstack([paint(share, "probability"), np.rint(opaque * 255).astype(np.uint8)])


def value_pixels(share: NDArray[np.floating], shown: NDArray[np.bool_], kind: Kind) -> NDArray[np.uint8]:
    """``share`` (0 to 1) Float[y, x] as RGBA along the ramp of ``kind``, transparent but where ``shown``."""
    import numpy as np

    held = np.asarray(share, dtype=np.float64)
    opaque = np.where(shown & np.isfinite(held), 245, 0).astype(np.uint8)
    return np.dstack([paint(held, kind), opaque])


def ground_pixels(background: NDArray[np.floating]) -> NDArray[np.uint8]:
    """``background`` Float[y, x] as a light grey picture (RGBA) from its 2nd to 98th percentile; no value is transparent."""
    import numpy as np

    values = np.asarray(background, dtype=np.float64)
    known = np.isfinite(values)
    if not known.any():
        return np.zeros((*values.shape, 4), dtype=np.uint8)
    low, high = np.percentile(values[known], (2, 98))
    across = high - low or 1.0
    share = np.clip((np.where(known, values, low) - low) / across, 0, 1)
    grey = np.rint(GROUND[0] + share * (GROUND[1] - GROUND[0])).astype(np.uint8)
    return np.dstack([grey, grey, grey, np.where(known, 255, 0).astype(np.uint8)])


def strip(kind: Kind, steps: int = 128) -> NDArray[np.uint8]:
    """The ramp as a picture UInt8[1, steps, 4] for a colour bar, painted as the map paints it on its lightest ground."""
    import numpy as np

    share = np.linspace(0, 1, steps)[None, :]
    rgba = probability_pixels(share) if kind == "probability" else value_pixels(share, np.ones_like(share, dtype=bool), kind)
    alpha = rgba[..., 3:] / 255.0
    shown = np.rint(rgba[..., :3] * alpha + GROUND[1] * (1 - alpha)).astype(np.uint8)
    return np.dstack([shown, np.full((1, steps), 255, np.uint8)])
