"""What lies between the ground and the sensor: clouds, the shadows they cast, thin veils, haze."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from siteline.simulate.buildings import Mask, Pixels, taken_at
from siteline.simulate.calendars import Pass
from siteline.simulate.chance import Maps, fractal, smoothstep
from siteline.simulate.plants import BANDS

_CLOUD: Final = (0.74, 0.72, 0.71, 0.73, 0.73, 0.52, 0.38)
_DIRECT: Final = (0.66, 0.74, 0.79, 0.84, 0.85, 0.91, 0.93)
_VEIL: Final = (1.0, 0.78, 0.62, 0.38, 0.36, 0.14, 0.09)
_REACH_M: Final = 1200.0
_OUTER_M: Final = 3000.0
_U_SHAPED: Final = 0.6
_SEEN_FROM: Final = (0.10, 0.22)
"""Opacity from which a mask layer knows a cloud, from scene to scene."""

_MISSED_BELOW: Final = 0.5
"""Opacity below which a mask layer that misses thin clouds knows nothing of them."""


@dataclass(frozen=True, slots=True)
class Sky:
    """The sky of one scene over its pixels, Float32[y, x].

    ``cloud``: opacity, 0 to 1; ``bright``: brightness of the clouds, about 1; ``shadow``: share of the direct sunlight that
    clouds take away; ``veil``: path reflectance in the blue. ``knows_cloud``, ``knows_shadow``: what the mask layer knows of
    them, Bool[y, x].
    """

    cloud: Maps
    bright: Maps
    shadow: Maps
    veil: Maps
    knows_cloud: Mask
    knows_shadow: Mask

    def over(self, ground: Maps, bands: tuple[str, ...]) -> Maps:
        """``ground``, Float32[band, y, x], as it is seen through this sky."""
        direct, cloud, veil = (_of(table, bands) for table in (_DIRECT, _CLOUD, _VEIL))
        seen = ground
        if self.shadow.any():
            seen = seen * (1 - direct * self.shadow)
        if self.veil.any():
            thin = veil * self.veil
            seen = seen * (1 - np.float32(0.7) * np.abs(thin)) + thin
        if self.cloud.any():
            seen = seen + (cloud * self.bright - seen) * self.cloud
        return seen


def direct_share(bands: tuple[str, ...]) -> Maps:
    """Share of the light that comes straight from the sun on a clear day, Float32[band, 1, 1]; the rest is skylight."""
    return _of(_DIRECT, bands)


def sky(rng: np.random.Generator, each: Pass, pixels: Pixels, cloudiness: float, misses: float) -> Sky:
    """A random sky: its cover is mostly little or nearly all (Beta), its clouds fractal and soft, 700 to 2500 m high."""
    cover = float(rng.beta(_U_SHAPED * cloudiness, _U_SHAPED * (1 - cloudiness))) if cloudiness else 0.0
    height = float(rng.uniform(700, 2500))
    missed = float(rng.random()) < misses
    seen_from = float(rng.uniform(*_SEEN_FROM))
    cirrus = float(rng.random()) < 0.5 * cloudiness
    veil = _haze(rng, pixels)
    none = np.zeros(pixels.shape, dtype=np.float32)
    if cover < 0.005 and not cirrus:
        return Sky(none, none, none, veil, none > 0, none > 0)
    cell = pixels.res * (2 if pixels.res <= 10 else 1)
    field = _field(rng, cell, pixels)
    cloud, bright = none, none
    shade = none
    if cover >= 0.005:
        soft = float(rng.uniform(0.5, 2.0))
        edge = _threshold(cover)
        opacity = smoothstep(field, edge - soft / 3, edge + soft) * np.float32(0.98)
        cloud = _at(opacity, cell, pixels, (0.0, 0.0))
        cast = _displacement(each, height, field.shape[0] * cell)
        shade = _at(opacity, cell, pixels, cast)
        bright = _brightness(field, each, cell, pixels)
    if cirrus:
        wisps = fractal(rng, field.shape, cell, 1200.0, 1.8, 60.0)
        thin = np.float32(rng.uniform(0.02, 0.28)) * smoothstep(wisps, -0.4, 1.6)
        cloud = np.maximum(cloud, _at(thin, cell, pixels, (0.0, 0.0)))
        bright = np.maximum(bright, 0.9 if cover < 0.005 else bright)
    bright = np.where(cloud > 0, np.maximum(bright, np.float32(0.55)), 0).astype(np.float32)
    known = cloud > (_MISSED_BELOW if missed else seen_from)
    dark = (shade > 0.25) & (not missed) & ~known
    return Sky(cloud, bright, shade, veil, known, dark)


def _field(rng: np.random.Generator, cell: float, pixels: Pixels) -> Maps:
    from scipy.fft import next_fast_len

    side = next_fast_len(math.ceil((max(pixels.shape) * pixels.res + 2 * _REACH_M) / cell), real=True)
    return fractal(rng, (side, side), cell, _OUTER_M, 1.55, cell)


def _threshold(cover: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(min(max(1 - cover, 0.002), 0.998)))


def _displacement(each: Pass, height: float, most: float) -> tuple[float, float]:
    """Metres (right, down) from a cloud to its shadow: away from the sun by height / tan(elevation)."""
    length = min(height / math.tan(math.radians(max(each.sun_elevation, 5.0))), most / 2)
    azimuth = math.radians(each.sun_azimuth)
    return -math.sin(azimuth) * length, math.cos(azimuth) * length


def _at(field: Maps, cell: float, pixels: Pixels, moved: tuple[float, float]) -> Maps:
    """``field``, which closes upon itself, at the pixels' centres, its content moved by metres (right, down)."""
    side = field.shape[0]
    ys, xs = (
        ((np.arange(count) + 0.5) * pixels.res - by + _REACH_M) / cell - 0.5
        for count, by in zip(pixels.shape, (moved[1], moved[0]), strict=True)
    )
    first = [int(np.floor(at[0])) for at in (ys, xs)]
    spans = [int(np.floor(at[-1])) - low + 2 for at, low in zip((ys, xs), first, strict=True)]
    rows, cols = (np.arange(low, low + span) % side for low, span in zip(first, spans, strict=True))
    return taken_at(field.take(rows, axis=0).take(cols, axis=1), ys - first[0], xs - first[1])


def _brightness(field: Maps, each: Pass, cell: float, pixels: Pixels) -> Maps:
    """Clouds are brighter where they are thick, and on the side of the sun."""
    down, right = np.gradient(field)
    azimuth = math.radians(each.sun_azimuth)
    towards = down * np.float32(math.cos(azimuth)) - right * np.float32(math.sin(azimuth))
    lit = np.clip(towards / np.float32(towards.std() + 1e-6), -2, 2) * np.float32(0.045)
    return _at(np.clip(np.float32(0.82) + np.float32(0.10) * field + lit, 0.5, 1.3), cell, pixels, (0.0, 0.0))


def _haze(rng: np.random.Generator, pixels: Pixels) -> Maps:
    """Path reflectance that the provider's correction left over: a plane with a slow curve, seldom more than 0.02."""
    amount = float(rng.gamma(0.5, 0.008)) - 0.003
    ys, xs = (np.linspace(-1, 1, count, dtype=np.float32) for count in pixels.shape)
    a, b, c = (np.float32(v) for v in rng.normal(0, 0.2, 3))
    return np.asarray(np.float32(amount) * (1 + a * xs + b * ys[:, None] + c * xs * ys[:, None]), dtype=np.float32)


def _of(table: tuple[float, ...], bands: tuple[str, ...]) -> Maps:
    return np.array([table[BANDS.index(band)] for band in bands], dtype=np.float32)[:, None, None]
