"""How far one image lies from another: many windows vote, and too few or contradicting votes mean "not aligned".

Each window is high-passed, masked, tapered and cross-correlated without amplitude normalisation: plain phase correlation
(Kuglin & Hines 1975) gives every frequency the same say, clouds and noise included, and is off by hundreds of pixels where a
fifth of an image is cloud. The peak is refined on a finer grid by a matrix-multiply DFT (Guizar-Sicairos, Thurman & Fienup,
Optics Letters 33, 156, 2008). Beside brightness, edges vote by the double angle of their gradient, which does not care
whether a field turned from dark to bright.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from siteline.model.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST: Final = 32
"""Smallest window side in pixels; smaller images are not aligned."""

REACH: Final = 12
"""Largest shift that is looked for, in pixels."""

VOTES: Final = 3
"""Fewest agreeing windows for an answer."""

_OVERLAP: Final = 0.5
_PEAK: Final = 0.12
_LEAD: Final = 1.25
_TOGETHER: Final = 0.7
_SHARE: Final = 0.3
_FEW: Final = 6
_TIGHT: Final = 0.2
_SIGMA: Final = 3.0
_FINE: Final = 4


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the moving image's content lies relative to the reference, in pixels: ``dx`` to the right, ``dy`` down.

    ``votes``: windows that agree. ``residual``: spread of their votes (1.4826 x median absolute deviation, the larger axis),
    in pixels. Where ``aligned`` is False ``dx``, ``dy`` and ``residual`` are NaN and ``reason`` says why.
    """

    dx: float
    dy: float
    votes: int
    residual: float
    aligned: bool
    reason: str = ""


def shift_between(
    reference: NDArray[np.floating],
    moving: NDArray[np.floating],
    ok_reference: NDArray[np.bool_],
    ok_moving: NDArray[np.bool_],
    *,
    window: int = 128,
) -> Shift:
    """The shift of ``moving`` against ``reference``, both Float[y, x]; ``ok_*``, Bool[y, x]: True = may be looked at.

    ``window``: side of the windows in pixels; images smaller than two of them get smaller ones, not under 32. Shifts of up
    to 12 px are found. Raises ``BadInput`` for arrays of unequal shape.
    """
    import numpy as np

    shapes = {a.shape for a in (reference, moving, ok_reference, ok_moving)}
    if len(shapes) != 1 or reference.ndim != 2:
        raise BadInput(f"images to align must have one shape of rows and columns, not {', '.join(map(str, shapes))}")
    ok = [mask & np.isfinite(image) for image, mask in ((reference, ok_reference), (moving, ok_moving))]
    shared = _extent(ok[0] & ok[1])
    reference, moving, ok = reference[shared], moving[shared], [mask[shared] for mask in ok]
    side = _side(reference.shape, window)
    if side == 0:
        return _refused("what both scenes show is smaller than 32 px")
    if min(np.count_nonzero(mask) for mask in ok) < side * side // 4:
        return _refused("too little of it can be seen")
    first, second = (_features(image, mask) for image, mask in ((reference, ok[0]), (moving, ok[1])))
    votes = _votes(first, second, ok[0], ok[1], side)
    return _count(votes)


def _extent(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """The rows and columns within which ``mask`` holds; windows are laid there, not over what neither scene shows."""
    import numpy as np

    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _side(shape: tuple[int, ...], window: int) -> int:
    shortest = min(shape)
    if shortest < SMALLEST:
        return 0
    return int(max(SMALLEST, min(window, shortest // 2) // 4 * 4))


def _features(image: NDArray[np.floating], ok: NDArray[np.bool_]) -> NDArray[np.complex64]:
    """What is correlated: Complex64[2, y, x], high-passed brightness, and gradients at double angle; 0 where not seen."""
    import numpy as np
    from scipy.ndimage import gaussian_filter

    weight = ok.astype(np.float32)
    values = np.where(ok, image, 0).astype(np.float32)
    spread = gaussian_filter(weight, _SIGMA)
    mean = gaussian_filter(values, _SIGMA) / np.maximum(spread, 1e-3)
    high = np.where(ok, values - mean, 0)
    scale = 1.4826 * np.median(np.abs(high[ok])) or float(np.std(high[ok]))
    high = np.clip(high / scale, -4, 4) if scale > 0 else np.zeros_like(high)
    # Edges: smoothed a little so that noise does not set their direction; none beside what is not seen.
    filled = np.where(ok, values, mean)
    smooth = gaussian_filter(filled, 1.0)
    gy, gx = np.gradient(smooth)
    inside = spread > 0.95
    gradient = np.where(inside & ok, gx + 1j * gy, 0).astype(np.complex64)
    length = np.abs(gradient)
    typical = np.median(length[inside & ok]) if (inside & ok).any() else 0.0
    edges = gradient**2 / (length * (length + typical) + 1e-20) if typical > 0 else np.zeros_like(gradient)
    return np.stack([high.astype(np.complex64), edges.astype(np.complex64)])


def _votes(
    first: NDArray[np.complex64],
    second: NDArray[np.complex64],
    ok_first: NDArray[np.bool_],
    ok_second: NDArray[np.bool_],
    side: int,
) -> NDArray[np.float64]:
    """One row a window that has something to say: dy, dx, strength of its peak."""
    import numpy as np

    taper = np.outer(np.hanning(side + 2)[1:-1], np.hanning(side + 2)[1:-1]).astype(np.float32)
    height, width = ok_first.shape
    found = []
    for row in _starts(height, side):
        for col in _starts(width, side):
            there = slice(row, row + side), slice(col, col + side)
            if np.mean((ok_first[there] & ok_second[there]) * taper) < _OVERLAP * taper.mean():
                continue
            vote = _vote(first, second, (row, col), taper)
            if vote is not None:
                found.append(vote)
    return np.array(found, np.float64).reshape(-1, 3)


def _starts(length: int, side: int) -> list[int]:
    count = max(1, -(-(length - side) // (side // 2)) + 1)
    return sorted({round(n * (length - side) / max(count - 1, 1)) for n in range(count)})


def _vote(
    first: NDArray[np.complex64], second: NDArray[np.complex64], corner: tuple[int, int], taper: NDArray[np.float32]
) -> tuple[float, float, float] | None:
    """The shift in one window, looked for twice: the second time with the moving window laid where the first one found it.

    A taper pulls the peak towards zero; laid on the same ground in both images it no longer does.
    """
    import numpy as np
    from scipy import fft

    side = taper.shape[0]
    row, col = corner
    a = first[:, row : row + side, col : col + side] * taper
    spectrum_a = fft.fft2(a)
    moved_y = moved_x = 0
    for _ in range(3):
        top, left = row + moved_y, col + moved_x
        if not (0 <= top <= second.shape[1] - side and 0 <= left <= second.shape[2] - side):
            return None
        b = second[:, top : top + side, left : left + side] * taper
        energy = np.sqrt((np.abs(a) ** 2).sum((1, 2)) * (np.abs(b) ** 2).sum((1, 2)))
        if not (energy > 0).all():
            return None
        each = np.conj(spectrum_a) * fft.fft2(b) / energy[:, None, None]
        cross, (dy, dx, peak, lead) = _best(each, min(REACH, side // 3))
        if dy == 0 == dx:
            break
        moved_y, moved_x = moved_y + dy, moved_x + dx
    else:
        return None
    if peak < _PEAK or lead < _LEAD:
        return None
    fine_y, fine_x = _refined(cross)
    total_y, total_x = moved_y + fine_y, moved_x + fine_x
    if max(abs(total_y), abs(total_x)) > REACH:
        return None
    return total_y, total_x, peak


def _best(each: NDArray[np.complex64], reach: int) -> tuple[NDArray[np.complex64], tuple[int, int, float, float]]:
    """The cross spectrum whose peak leads most: brightness and edges together, or edges alone where brightness turned."""
    from scipy import fft

    together = each.sum(0) / 2
    found = _peak(fft.ifft2(together).real, reach)
    if found[2] >= _PEAK and found[3] >= _LEAD:
        return together, found
    alone = _peak(fft.ifft2(each[1]).real, reach)
    return (each[1], alone) if alone[3] > found[3] else (together, found)


def _peak(surface: NDArray[np.float64], reach: int) -> tuple[int, int, float, float]:
    """(dy, dx, height, how many times as high as the next) of the highest peak within ``reach`` pixels."""
    import numpy as np

    near = np.roll(surface, (reach, reach), axis=(0, 1))[: 2 * reach + 1, : 2 * reach + 1].copy()
    at = np.unravel_index(int(near.argmax()), near.shape)
    y, x = int(at[0]), int(at[1])
    peak = float(near[y, x])
    near[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = -np.inf
    other = float(near.max())
    return y - reach, x - reach, peak, peak / other if other > 0 else np.inf


def _refined(cross: NDArray[np.complex64]) -> tuple[float, float]:
    """The peak within one pixel of zero, on a grid of 1/4 px and then by a parabola."""
    import numpy as np

    steps, turns = _turns(cross.shape[0])
    # einsum, not a matrix product: waking BLAS threads costs more than these few thousand multiplications.
    surface = np.einsum("sg,ug->su", np.einsum("sf,fg->sg", turns, cross), turns).real
    y, x = np.unravel_index(int(surface.argmax()), surface.shape)
    return float(steps[y] + _vertex(surface[:, x], int(y)) / _FINE), float(steps[x] + _vertex(surface[y], int(x)) / _FINE)


@lru_cache(maxsize=16)
def _turns(side: int) -> tuple[NDArray[np.float64], NDArray[np.complex64]]:
    import numpy as np

    steps = np.arange(-_FINE, _FINE + 1) / _FINE
    return steps, np.exp(2j * np.pi * np.outer(steps, np.fft.fftfreq(side))).astype(np.complex64)


def _vertex(line: NDArray[np.floating], at: int) -> float:
    """Where the parabola through three neighbours has its top, in steps from the middle one."""
    if not 0 < at < len(line) - 1:
        return 0.0
    left, middle, right = (float(v) for v in line[at - 1 : at + 2])
    curve = left - 2 * middle + right
    return 0.5 * (left - right) / curve if curve < 0 else 0.0


def _count(votes: NDArray[np.float64]) -> Shift:
    """The answer of the largest group of votes that lie together, if it is large enough."""
    import numpy as np

    if len(votes) < VOTES:
        return _refused(f"{len(votes)} windows show something that both scenes share; {VOTES} are needed", len(votes))
    near = np.hypot(*(votes[:, None, :2] - votes[None, :, :2]).transpose(2, 0, 1)) <= _TOGETHER
    best = int((near @ votes[:, 2]).argmax())
    group = votes[near[best], :2]
    group = votes[np.hypot(*(votes[:, :2] - np.median(group, axis=0)).T) <= _TOGETHER, :2]
    if len(group) < VOTES or len(group) < _SHARE * len(votes):
        return _refused(f"its {len(votes)} windows disagree: {len(group)} at most see the same shift", len(group))
    dy, dx = np.median(group, axis=0)
    spread = 1.4826 * np.median(np.abs(group - (dy, dx)), axis=0).max()
    if len(group) < _FEW and spread > _TIGHT:
        return _refused(f"{len(group)} windows agree only within {spread:.1f} px, too loosely for so few", len(group))
    return Shift(float(dx), float(dy), len(group), float(spread), True)


def _refused(reason: str, votes: int = 0) -> Shift:
    return Shift(float("nan"), float("nan"), votes, float("nan"), False, reason)
