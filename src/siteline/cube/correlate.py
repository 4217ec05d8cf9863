"""What alignment correlates, and how: features of an image, one window against another, and peaks between pixels."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REACH: Final = 12
"""Largest shift that is looked for, in pixels."""

_SIGMA: Final = 3.0
_CLEARANCE: Final = 4
_FINE: Final = 8
_TAPS: Final = 8


def features(image: NDArray[np.floating], ok: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Float32[3, y, x]: high-passed brightness, and gradients at double angle (cosine, sine); 0 where not seen.

    The double angle is the same on both sides of an edge, whichever is brighter. ``ok``: Bool[y, x], at least one True.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter

    weight = ok.astype(np.float32)
    centred = np.where(ok, image, 0) - _middle(image[ok])
    values = (centred / (_middle(np.abs(centred[ok])) or 1.0) * weight).astype(np.float32)
    spread = gaussian_filter(weight, _SIGMA)
    mean = gaussian_filter(values, _SIGMA) / np.maximum(spread, np.float32(1e-3))
    high = (values - mean) * weight
    scale = 1.4826 * _middle(np.abs(high[ok])) or float(np.std(high[ok]))
    high = np.clip(high / np.float32(scale), -4, 4) if scale > 0 else np.zeros_like(high)
    # Edges: smoothed a little so that noise does not set their direction; none beside what is not seen.
    gy, gx = np.gradient(gaussian_filter(np.where(ok, values, mean), 1.0))
    seen = (spread > 0.95) & ok
    length = np.hypot(gx, gy) * seen
    typical = np.float32(_middle(length[seen])) if seen.any() else np.float32(0)
    if typical > 0:
        unit = seen / (length * (length + typical) + np.float32(1e-30))
        edges = [(gx * gx - gy * gy) * unit, 2 * gx * gy * unit]
    else:
        edges = [np.zeros_like(high), np.zeros_like(high)]
    return np.stack([high, *edges]).astype(np.float32)


def _middle(values: NDArray[np.floating]) -> float:
    """The median, of at most some 20,000 evenly spread values: a scale need not be exact, and medians are slow."""
    import numpy as np

    return float(np.median(values[:: max(1, len(values) // 10_000)]))


@lru_cache(maxsize=16)
def taper(side: int) -> NDArray[np.float32]:
    """A Hann window, Float32[side, side]."""
    import numpy as np

    line = np.hanning(side + 2)[1:-1].astype(np.float32)
    return np.outer(line, line)


def spectrum(window: NDArray[np.float32]) -> tuple[NDArray[np.complex64], float, float]:
    """Of Float32[3, side, side]: its tapered transform, and the energies of brightness and of edges."""
    import numpy as np
    from scipy import fft

    tapered = window * taper(window.shape[-1])
    bright, edges = tapered[0].ravel(), tapered[1:].ravel()
    return fft.rfft2(tapered), float(np.vdot(bright, bright)), float(np.vdot(edges, edges))


def surfaces(
    first: tuple[NDArray[np.complex64], float, float], second: tuple[NDArray[np.complex64], float, float], side: int
) -> NDArray[np.float32]:
    """Correlation of brightness and of edges, Float32[2, y, x], -1 to 1, for shifts of -reach to reach pixels."""
    import numpy as np
    from scipy import fft

    reach = min(REACH, side // 2 - 1)
    cross = np.conj(first[0]) * second[0]
    each = np.stack([cross[0], cross[1] + cross[2]])
    energy = [np.sqrt(first[k] * second[k]) for k in (1, 2)]
    scale = np.array([1 / e if e > 0 else 0.0 for e in energy], np.float32)[:, None, None]
    whole = fft.irfft2(each, s=(side, side)) * scale
    rows = np.arange(-reach, reach + 1)
    return np.asarray(whole[:, rows[:, None], rows[None, :]], np.float32)


def peaks(stack: NDArray[np.floating]) -> NDArray[np.float64]:
    """Float64[n, 4] of Float[n, y, x]: dy, dx from the middle in whole pixels, height, and height over the next peak's."""
    import numpy as np

    count, side = len(stack), stack.shape[-1]
    middle = side // 2
    y, x = np.divmod(stack.reshape(count, -1).argmax(axis=1), side)
    height = stack[np.arange(count), y, x]
    line = np.arange(side)
    beside_y = np.abs(line - y[:, None]) <= _CLEARANCE
    beside_x = np.abs(line - x[:, None]) <= _CLEARANCE
    others = np.where(beside_y[:, :, None] & beside_x[:, None, :], -np.inf, stack)
    following = np.maximum(others.reshape(count, -1).max(axis=1), 1e-6)
    return np.stack([y - middle, x - middle, height, height / following], axis=1).astype(np.float64)


def refined(stack: NDArray[np.floating]) -> NDArray[np.float64]:
    """Float64[n, 2] of Float[n, y, x]: dy, dx of the highest point within a pixel and a half of the middle.

    On a grid of 1/8 px (sums of tapered sinc functions), then by a parabola.
    """
    import numpy as np

    middle = stack.shape[-1] // 2
    steps, weights = _between()
    near = stack[:, middle - _TAPS : middle + _TAPS + 1, middle - _TAPS : middle + _TAPS + 1]
    fine = np.einsum("sy,nyu->nsu", weights, np.einsum("nyx,ux->nyu", near, weights))
    count, size = len(fine), len(steps)
    y, x = np.divmod(fine[:, 1:-1, 1:-1].reshape(count, -1).argmax(axis=1), size - 2)
    y, x, each = y + 1, x + 1, np.arange(count)
    down = _vertex(fine[each, y - 1, x], fine[each, y, x], fine[each, y + 1, x])
    right = _vertex(fine[each, y, x - 1], fine[each, y, x], fine[each, y, x + 1])
    return np.stack([steps[y] + down / _FINE, steps[x] + right / _FINE], axis=1)


@lru_cache(maxsize=1)
def _between() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    steps = np.arange(-12, 13) / _FINE
    away = steps[:, None] - np.arange(-_TAPS, _TAPS + 1)
    return steps, np.sinc(away) * np.cos(np.pi / 2 * np.clip(away / (_TAPS + 2), -1, 1)) ** 2


def _vertex(left: NDArray[np.floating], middle: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where parabolas through three neighbours have their tops, in steps from the middle ones."""
    import numpy as np

    curve = left - 2 * middle + right
    top = 0.5 * (left - right) / np.where(curve < 0, curve, -np.inf)
    return np.clip(top, -0.5, 0.5)
