"""Random things with a name: the same plan and the same name give the same numbers, whatever else is drawn."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for what ``names`` say."""
    return np.random.default_rng([seed, *(n if isinstance(n, int) else zlib.crc32(n.encode()) for n in names)])


def fractal(
    rng: np.random.Generator, shape: tuple[int, int], cell_m: float, outer_m: float, slope: float = 1.7, inner_m: float = 0.0
) -> Maps:
    """Noise of mean 0 and variance 1 with features from ``outer_m`` down, Float32[y, x]; it closes upon itself at the edges.

    Amplitude falls with wave number k as (k0^2 + k^2)^(-slope/2) (von Karman's spectrum), by spectral synthesis: Peitgen and
    Saupe 1988, The Science of Fractal Images, 2.4. ``inner_m``: features smaller than this are smoothed away. The variance
    is that of the whole spectrum, so that a site smaller than ``outer_m`` may be all high or all low.
    """
    height, width = shape
    ky = np.fft.fftfreq(height, cell_m).astype(np.float32)[:, None]
    kx = np.fft.rfftfreq(width, cell_m).astype(np.float32)[None, :]
    k2 = ky * ky + kx * kx
    amplitude = (np.float32(outer_m) ** -2 + k2) ** np.float32(-slope / 2)
    if inner_m:
        amplitude *= np.exp(-k2 * np.float32(2 * (np.pi * inner_m / 2) ** 2))
    white = np.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    noise: Maps = np.fft.irfft2(white * amplitude, shape).astype(np.float32)
    power = amplitude * amplitude
    whole = 2 * float(power.sum()) - float(power[:, 0].sum()) - (float(power[:, -1].sum()) if width % 2 == 0 else 0.0)
    return np.asarray(noise * np.float32(1 / np.sqrt(whole / (height * width))))


def smoothstep(values: Maps, low: float, high: float) -> Maps:
    """0 below ``low``, 1 above ``high``, a smooth rise between them (3 t^2 - 2 t^3)."""
    t = np.clip((values - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
