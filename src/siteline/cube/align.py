"""How far one image lies from another: many windows vote, and too few or contradicting votes mean "not aligned".

Each window is high-passed, masked, tapered and cross-correlated without amplitude normalisation: plain phase correlation
(Kuglin & Hines 1975) gives every frequency the same say, noise and unmasked cloud included. Beside brightness, edges vote
by the double angle of their gradient, which does not care whether a field turned from dark to bright. The whole pixels that
most windows agree on are taken out and every window looks again, since a taper that lies on different ground in both images
pulls towards zero. An answer needs windows that agree, and the sum of all windows' correlations must have its peak there
too; the fewer agree, the closer they must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siteline.cube.correlate import REACH, features, peaks, refined, spectrum, surfaces, taper
from siteline.model.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST: Final = 32
"""Smallest window side in pixels; smaller images are not aligned."""

VOTES: Final = 3
"""Fewest agreeing windows for an answer."""

_OVERLAP: Final = 0.4
_PEAK: Final = 0.12
_LEAD: Final = 1.25
_TOGETHER: Final = 0.7
_APART: Final = 0.4
_SHARE: Final = 0.3
_FEW: Final = 6
_MAJORITY: Final = 0.6
_TIGHT: Final = 0.25
_STACK_LEAD: Final = 1.5
# Mirrored street grids get few votes with a lead of up to 2.7; one in a hundred right answers lies between that and 3.
_STACK_LEAD_FEW: Final = 3.0
_STACK_NEAR: Final = 0.5
_NEAR: Final = 1.5
_MANY: Final = 25


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the moving image's content lies relative to the reference, in pixels: ``dx`` to the right, ``dy`` down.

    ``votes``: windows that agree, no two of which lie closer than 0.4 of a side. ``residual``: spread of the votes of all
    that agree (1.4826 x median absolute deviation, the larger axis), in pixels. Where ``aligned`` is False ``dx``, ``dy``
    and ``residual`` are NaN and ``reason`` says why; ``unseen``: because too little can be seen in both images to compare.
    """

    dx: float
    dy: float
    votes: int
    residual: float
    aligned: bool
    reason: str = ""
    unseen: bool = False


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
        return _refused("what both scenes show is smaller than 32 px", unseen=True)
    corners = _corners(ok[0] & ok[1], side)
    if len(corners) < VOTES:
        return _refused("too little of it can be seen in both scenes", unseen=True)
    return _decide(*_looks(features(reference, ok[0]), features(moving, ok[1]), corners, side), corners, side)


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


def _corners(seen: NDArray[np.bool_], side: int) -> list[tuple[int, int]]:
    """Row and column of the windows that both scenes fill well enough; closer together where there is room for few."""
    import numpy as np

    rows, cols = seen.shape
    step = side // 2 if (2 * rows // side - 1) * (2 * cols // side - 1) >= _MANY else side // 4
    need = _OVERLAP * float(taper(side).sum())
    every = [(row, col) for row in _starts(rows, side, step) for col in _starts(cols, side, step)]
    return [(r, c) for r, c in every if np.sum(taper(side), where=seen[r : r + side, c : c + side]) >= need]


def _starts(length: int, side: int, step: int) -> list[int]:
    count = max(1, -(-(length - side) // step) + 1)
    return sorted({round(n * (length - side) / max(count - 1, 1)) for n in range(count)})


def _looks(
    first: NDArray[np.float32], second: NDArray[np.float32], corners: Sequence[tuple[int, int]], side: int
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Correlations of every window, Float32[n, 2, y, x], about the whole pixels (dy, dx) that most agree on; and those."""
    import numpy as np

    fixed = [(spectrum(first[:, r : r + side, c : c + side]), r, c) for r, c in corners]
    padded = np.pad(second, ((0, 0), (REACH, REACH), (REACH, REACH)))
    following = (0, 0)
    for pace in (2 if len(corners) > _MANY else 1, 1, 1):
        y, x = following
        seen = np.stack(
            [
                surfaces(own, spectrum(padded[:, r + y : r + y + side, c + x : c + x + side]), side)
                for own, r, c in ((own, r + REACH, c + REACH) for own, r, c in fixed[::pace])
            ]
        )
        votes, _ = _votes(seen)
        move = np.round(votes[_together(votes)].mean(axis=0)[:2]).astype(int)
        following = (int(np.clip(y + move[0], -REACH, REACH)), int(np.clip(x + move[1], -REACH, REACH)))
        if following == (y, x) and pace == 1:
            break
    return seen, (y, x)


def _votes(seen: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Float64[n, 4] as ``peaks``, and of what, Float32[n, y, x]: all features, or edges alone where brightness turned."""
    import numpy as np

    both = seen.mean(axis=1)
    votes, edges = peaks(both), peaks(seen[:, 1])
    alone = ~_strong(votes) & (edges[:, 3] > votes[:, 3])
    return np.where(alone[:, None], edges, votes), np.where(alone[:, None, None], seen[:, 1], both)


def _strong(votes: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (votes[:, 2] >= _PEAK) & (votes[:, 3] >= _LEAD)


def _weight(votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much a vote counts: the height of its peak, and how far it stands out."""
    import numpy as np

    return votes[:, 2] * np.clip(votes[:, 3] - 1, 0.02, 1)


def _together(votes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Bool[n]: the heaviest group of votes within a pixel of one of them."""
    import numpy as np

    near = np.hypot(*(votes[:, None, :2] - votes[None, :, :2]).transpose(2, 0, 1)) <= 1
    return np.asarray(near[int((near @ _weight(votes)).argmax())])


def _decide(seen: NDArray[np.float32], whole: tuple[int, int], corners: Sequence[tuple[int, int]], side: int) -> Shift:
    """Count the windows that agree with the sum of all, and answer their weighted mean."""
    import numpy as np

    votes, chosen = _votes(seen)
    centre, lead = _stack(seen)
    strong = _strong(votes)
    fine = refined(chosen)
    agree = strong & (np.hypot(*votes[:, :2].T) <= _NEAR) & (np.hypot(*(fine - centre).T) <= _TOGETHER)
    count, voters = _apart(corners, agree, side), _apart(corners, strong, side)
    if count < VOTES:
        return _refused(f"{count} windows see a shift that both scenes share; {VOTES} are needed", count)
    if count < _SHARE * voters:
        return _refused(f"its {voters} windows disagree: {count} at most see the same shift", count)
    weight = _weight(votes[agree])
    dy, dx = weight @ fine[agree] / weight.sum()
    spread = float(1.4826 * np.median(np.abs(fine[agree] - np.median(fine[agree], axis=0)), axis=0).max())
    if lead < (_STACK_LEAD if count > _FEW else _STACK_LEAD_FEW) or np.hypot(dy - centre[0], dx - centre[1]) > _STACK_NEAR:
        return _refused("all windows together do not show one shift", count)
    minority = count < _MAJORITY * voters or 2 * np.count_nonzero(agree) < np.count_nonzero(strong)
    if count < _FEW and (minority or spread > _TIGHT):
        return _refused(
            f"{count} of {voters} windows agree, within {spread:.2f} px: too few, or too loosely for so few", count
        )
    if max(abs(whole[0] + dy), abs(whole[1] + dx)) > REACH:
        return _refused(f"it would lie more than {REACH} px away, further than is looked for", count)
    return Shift(float(whole[1] + dx), float(whole[0] + dy), count, spread, True)


def _stack(seen: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """(dy, dx) of the highest point near the middle of all windows' sum, and how many times as high as the next peak it is.

    Lead 0 where the sum has its peak elsewhere. Edges alone are taken where they show it better.
    """
    import numpy as np

    sums = np.stack([seen.sum(axis=(0, 1)), seen[:, 1].sum(axis=0)])
    found = peaks(sums)
    best = int(found[1, 3] > found[0, 3])
    dy, dx, _, lead = found[best]
    return refined(sums[best : best + 1])[0], float(lead) if np.hypot(dy, dx) <= _NEAR else 0.0


def _apart(corners: Sequence[tuple[int, int]], chosen: NDArray[np.bool_], side: int) -> int:
    """How many of the ``chosen`` windows can be counted so that no two lie closer than 0.4 of a side."""
    taken: list[tuple[int, int]] = []
    for (r, c), wanted in zip(corners, chosen, strict=True):
        if wanted and all(max(abs(r - a), abs(c - b)) >= _APART * side for a, b in taken):
            taken.append((r, c))
    return len(taken)


def _refused(reason: str, votes: int = 0, *, unseen: bool = False) -> Shift:
    return Shift(float("nan"), float("nan"), votes, float("nan"), False, reason, unseen)
