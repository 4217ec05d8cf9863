"""One stretch for every scene that is compared: the same number on the ground is the same colour on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from siteline.publish.cubeview import quantity, values_name

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

Kind = Literal["natural", "false", "grey", "radar"]
PERCENTILES: Final = (2.0, 98.0)
RADAR_DB: Final = (-20.0, 0.0)
GAMMA: Final = 1.5
TOO_BRIGHT: Final = 4.0
"""A scene whose middle value is this many times the middle of all scenes (snow, cloud no mask caught) sets no
stretch; bared ground is brighter than a forest by less."""
_SAMPLE: Final = 400_000
"""Most pixels of one scene that are counted; larger scenes are thinned evenly."""
_UNITS = {
    "surface_reflectance": "surface reflectance",
    "toa_reflectance": "top-of-atmosphere reflectance",
    "digital_number": "digital numbers",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """How numbers become colour: ``bands`` (three for red, green, blue; one for grey) from ``low`` to ``high``.

    Radar values are taken in decibels, and so are its limits. ``gamma`` above 1 opens the shadows. ``set_aside`` scenes
    were too bright to take part in choosing the limits; they are drawn with them all the same. ``unit``: of the limits.
    ``given``: the limits are not from the pixels, of which none was usable.
    """

    kind: Kind
    bands: tuple[str, ...]
    low: float
    high: float
    gamma: float = 1.0
    unit: str = ""
    set_aside: int = 0
    given: bool = False

    def colours(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """``values`` Float[band, y, x] of ``bands`` as UInt8[y, x, 3]; NaN comes out as 0 and is for the caller to hide."""
        import numpy as np

        numbers = np.asarray(values, dtype=np.float64)
        if self.kind == "radar":
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers = 10 * np.log10(np.where(numbers > 0, numbers, np.where(numbers <= 0, 1e-12, np.nan)))
        share = np.clip((numbers - self.low) / (self.high - self.low), 0, 1) ** (1 / self.gamma)
        grey = np.rint(np.nan_to_num(share, nan=0.0) * 255).astype(np.uint8)
        return np.ascontiguousarray(np.moveaxis(np.broadcast_to(grey, (3, *grey.shape[1:])), 0, -1))

    def words(self) -> str:
        """The stretch in a caption's words: bands, limits and how they were chosen."""
        limits = f"from {_short(self.low)} to {_short(self.high)} {self.unit}"
        if self.kind == "radar":
            return f"Radar backscatter {self.bands[0].upper()} (grey), {limits}, the same in every image."
        named = ", ".join(self.bands[:-1]) + f" and {self.bands[-1]}" if len(self.bands) > 1 else self.bands[0]
        colour = {"natural": "Natural colour", "false": "False colour", "grey": "One band in grey"}[self.kind]
        chosen = "no pixel was usable to choose them by" if self.given else "2nd to 98th percentile of usable pixels"
        text = f"{colour} ({named}), {limits} ({chosen}), the same in every image."
        if self.set_aside:
            some = "One scene" if self.set_aside == 1 else f"{self.set_aside} scenes"
            text += f" {some} over four times as bright as the middle one took no part in choosing it."
        return text


def _short(value: float) -> str:
    """Two digits that count, without an exponent."""
    return f"{float(f'{value:.2g}'):g}".replace("-", "−")


def choose_bands(names: tuple[str, ...], *, radar: bool = False) -> tuple[Kind, tuple[str, ...]]:
    """Red, green, blue where all are there; else near infrared, red, green; else the first band in grey."""
    if radar:
        return "radar", (next((name for name in ("vv", "hh", "vh", "hv") if name in names), names[0]),)
    if {"red", "green", "blue"} <= set(names):
        return "natural", ("red", "green", "blue")
    near = next((name for name in ("nir", "nir08") if name in names), None)
    if near and {"red", "green"} <= set(names):
        return "false", (near, "red", "green")
    return "grey", names[:1]


def stretch_of(cube: xr.Dataset) -> Stretch:
    """The one stretch of all scenes of ``cube`` (dims time, band, y, x), from its usable pixels.

    Limits are common to the bands, so that grey ground stays grey. Without usable pixels they are 0 to 0.3 reflectance
    (0 to 255 for digital numbers).
    """
    name = values_name(cube)
    kind, bands = choose_bands(tuple(str(b) for b in cube["band"].values), radar=name == "gamma0")
    if kind == "radar":
        return common(kind, bands, (), "")
    shown = cube[name].sel(band=list(bands))
    taken = [usable(shown[i].values, cube["valid"][i].values) for i in range(cube.sizes["time"])]
    return common(kind, bands, taken, quantity(cube))


def common(kind: Kind, bands: tuple[str, ...], samples: Sequence[NDArray[np.float32]], meaning: str) -> Stretch:
    """The one stretch of the ``samples`` of several scenes, Float[band, pixel] each, whose numbers are a ``meaning``."""
    import numpy as np

    if kind == "radar":
        return Stretch(kind, bands, *RADAR_DB, unit="dB")
    unit = _UNITS.get(meaning, "reflectance")
    taken = [sample for sample in samples if sample.size]
    if not taken:
        return Stretch(kind, bands, 0.0, 255.0 if unit == "digital numbers" else 0.3, GAMMA, unit, given=True)
    middles = np.array([np.median(sample) for sample in taken])
    limit = TOO_BRIGHT * float(np.median(middles))
    pooled = [sample for sample, middle in zip(taken, middles, strict=True) if middle <= limit or limit <= 0]
    low, high = _limits(np.concatenate(pooled, axis=1))
    return Stretch(kind, bands, low, high, GAMMA, unit, len(taken) - len(pooled))


def _limits(values: NDArray[np.float32]) -> tuple[float, float]:
    """Lowest lower and highest upper percentile over the bands of Float[band, pixel]; a flat image gets some room."""
    import numpy as np

    lows, highs = np.percentile(values.astype(np.float64), PERCENTILES, axis=1)
    low, high = float(lows.min()), float(highs.max())
    if high - low < 1e-6 * max(1.0, abs(high)):
        room = 0.1 * abs(high) or 0.1
        return low - room, high + room
    return low, high


def usable(values: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Float[band, pixel] of the usable pixels of one scene, evenly thinned."""
    import numpy as np

    kept: NDArray[np.float32] = values[:, valid & np.isfinite(values).all(axis=0)]
    return kept[:, :: max(1, kept.shape[1] // _SAMPLE)]
