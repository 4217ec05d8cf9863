"""Pixels of a file put on a grid: copied where the two grids coincide, else sampled once.

Positions are computed exactly (PROJ) at every 16th pixel of the whole grid and interpolated between, with a check that this
is within a hundredth of a pixel; a part of a grid is therefore sampled exactly as the whole would be. Numbers are
interpolated bilinearly, or averaged where the grid is at least twice as coarse, from pixels that have one: nodata never
bleeds into its neighbours. Masks take the nearest pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.cube.positions import TOLERANCE_PX, Line, Part, Place, coarseness, lines_of, positions, same_crs
from siteline.model.grid import Grid
from siteline.model.reasons import Reason

USABLE: Final = 255
"""In ``state`` arrays (``Reason`` codes less one): nothing is wrong."""

_COARSER: Final = 2.0


@dataclass(frozen=True, slots=True)
class Field:
    """One band as stored: ``values`` Any[row, col], its place, and which of its numbers are none.

    ``present``: Bool[row, col], False = no number, None = all have one. ``nodata``: values that stand for no number.
    """

    values: NDArray[Any]
    place: Place
    present: NDArray[np.bool_] | None = None
    nodata: tuple[float, ...] = ()

    def absent(self, where: tuple[slice, slice] = (slice(None), slice(None))) -> NDArray[np.bool_] | None:
        """Bool[row, col] of the cut ``where``, True = no number; None where every pixel has one."""
        cut = self.values[where]
        found = None if self.present is None or self.present.all() else ~self.present[where]
        if cut.dtype.kind == "f":
            found = _either(found, ~np.isfinite(cut))
        for value in self.nodata:
            if np.isfinite(value) and np.can_cast(np.min_scalar_type(_plain(value)), cut.dtype, "same_kind"):
                found = _either(found, cut == cut.dtype.type(value))
        return found

    def saturated(self, where: tuple[slice, slice] = (slice(None), slice(None))) -> NDArray[np.uint8]:
        """Uint8[row, col] of the cut ``where``, 1 = at the largest integer of the file's type; empty where none is."""
        cut = self.values[where]
        if cut.dtype.kind not in "iu" or not cut.size:
            return _NONE_FULL
        full = cut == np.iinfo(cut.dtype).max
        return full.view(np.uint8) if full.any() else _NONE_FULL


_NONE_FULL: Final = np.empty((0, 0), dtype=np.uint8)


def put(field: Field, part: Part, out: NDArray[np.float32], state: NDArray[np.uint8]) -> None:
    """Write the numbers of ``field`` on ``part`` into ``out``, Float32[y, x], NaN where there is none, as stored.

    ``state``: Uint8[y, x], lowered to ``Reason`` less one where a pixel lies outside, has no number or is saturated.
    """
    if not field.values.size:
        out[...] = np.nan
        np.minimum(state, np.uint8(Reason.OUTSIDE - 1), out=state)
    elif offset := _coincides(field, part.grid):
        _paste(field, part, offset, out, state)
    else:
        _sample(field, part, out, state)


def put_codes(codes: NDArray[np.uint8], place: Place, part: Part, out: NDArray[np.uint8]) -> None:
    """Write ``codes``, Uint8[row, col], that lie where ``place`` says, on ``part`` into ``out``; beyond them it stays."""
    if not codes.size:
        return
    if lines := lines_of(part, place):
        inside = [(line >= 0) & (line < size) for line, size in zip(lines, codes.shape, strict=True)]
        rows, cols = (line[within].astype(np.intp) for line, within in zip(lines, inside, strict=True))
        here = np.ix_(*inside) if not (inside[0].all() and inside[1].all()) else ...
        out[here] = codes.take(rows, axis=0).take(cols, axis=1)
        return
    from siteline.cube import kernels

    nodes, step = positions(part, place)
    kernels.nearest(codes, nodes, step, part.row, part.col, out)


def _coincides(field: Field, grid: Grid) -> tuple[int, int] | None:
    """Row and column of the grid's first pixel in the field, None unless their pixels coincide to a hundredth of one."""
    a, b, c, d, e, f = field.place.transform
    side = max(grid.width, grid.height)
    if b or d or abs(a - grid.res) * side > TOLERANCE_PX * grid.res or abs(e + grid.res) * side > TOLERANCE_PX * grid.res:
        return None
    col, row = (grid.left - c) / grid.res, (f - grid.top) / grid.res
    if abs(col - round(col)) > TOLERANCE_PX or abs(row - round(row)) > TOLERANCE_PX:
        return None
    return (round(row), round(col)) if same_crs(field.place.crs, grid.crs) else None


def _paste(field: Field, part: Part, offset: tuple[int, int], out: NDArray[np.float32], state: NDArray[np.uint8]) -> None:
    top, left = offset[0] + part.row, offset[1] + part.col
    height, width = field.values.shape
    rows, cols = slice(max(top, 0), min(top + part.height, height)), slice(max(left, 0), min(left + part.width, width))
    if rows.stop <= rows.start or cols.stop <= cols.start:
        put(replace(field, values=field.values[:0]), part, out, state)
        return
    here = (slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left))
    cut = (rows, cols)
    if field.values[cut].shape != part.shape:
        out[...] = np.nan
        beyond = np.ones(part.shape, dtype=bool)
        beyond[here] = False
        state[beyond] = np.minimum(state[beyond], np.uint8(Reason.OUTSIDE - 1))
    out[here] = field.values[cut]
    full = field.saturated(cut)
    if full.size:
        _lower(state[here], full.view(bool), Reason.SATURATED)
    absent = field.absent(cut)
    if absent is not None and absent.any():
        out[here][absent] = np.nan
        _lower(state[here], absent, Reason.NODATA)


def _sample(field: Field, part: Part, out: NDArray[np.float32], state: NDArray[np.uint8]) -> None:
    from siteline.cube import kernels

    source = field.values.astype(np.float32)
    absent = field.absent()
    if absent is not None:
        source[absent] = np.nan
    full = field.saturated()
    across, down = coarseness(part.grid, field.place)
    fine = max(across, down) < _COARSER - 1e-6
    lines = lines_of(part, field.place)
    if fine and lines and not full.size and (absent is None or not absent.any()) and _sample_lines(source, lines, out):
        return
    # exact positions where rows and columns run alike, so that a part is sampled as the whole, by whichever way
    nodes, step = (_spread(lines), 1) if lines else positions(part, field.place)
    row, col = (0, 0) if lines else (part.row, part.col)
    if fine:
        kernels.bilinear(source, full, nodes, step, row, col, out, state)
    else:
        kernels.average(source, full, nodes, step, row, col, out, state, max(across, 1.0) / 2, max(down, 1.0) / 2)


def _spread(lines: tuple[Line, Line]) -> NDArray[np.float64]:
    """Float64[2, row + 1, col + 1]: the same positions for every pixel, as ``positions`` gives them at a step of 1."""
    rows, cols = (np.append(line, line[-1]) for line in lines)
    return np.stack(np.broadcast_arrays(cols[None, :], rows[:, None]))


def _sample_lines(source: NDArray[np.float32], lines: tuple[Line, Line], out: NDArray[np.float32]) -> bool:
    """Bilinear sampling by rows and then by columns, where every pixel has its four neighbours; False where one has not.

    Twenty times as fast as pixel by pixel, and the commonest case: bands of 20 m on a grid of 10 m.
    """
    if any(line.min() < 0.5 or line.max() >= size - 0.5 for line, size in zip(lines, source.shape, strict=True)):
        return False
    shares, firsts = [], []
    for line in lines:
        first = np.floor(line - 0.5)
        shares.append((line - 0.5 - first).astype(np.float32))
        firsts.append(first.astype(np.intp))
    left, right = source.take(firsts[1], axis=1), source.take(firsts[1] + 1, axis=1)
    right -= left
    right *= shares[1]
    left += right
    lower = left.take(firsts[0] + 1, axis=0)
    left.take(firsts[0], axis=0, out=out)
    lower -= out
    lower *= shares[0][:, None]
    out += lower
    return True


def _lower(state: NDArray[np.uint8], where: NDArray[np.bool_], reason: Reason) -> None:
    np.minimum(state, np.uint8(reason - 1), out=state, where=where)


def _either(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one | other


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value
