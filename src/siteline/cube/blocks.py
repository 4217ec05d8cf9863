"""The same cube in blocks: dask arrays whose every block is read when it is needed, by the decisions made beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from siteline.cube import history, survey
from siteline.cube.dataset import assemble
from siteline.cube.reading import fetch, opened
from siteline.cube.slices import Wanted, place
from siteline.cube.speckle import filtered_blocks
from siteline.cube.survey import Decision
from siteline.model.errors import BadInput
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    import xarray

    from siteline.guard.reader import Reader

Spans = tuple[tuple[int, int], ...]


def lazy(
    scenes: Sequence[ImageScene],
    wanted: Wanted,
    reader: Reader | None,
    decisions: Sequence[Decision],
    chunks: Mapping[str, int],
    *,
    speckle: bool,
) -> xarray.Dataset:
    """The Dataset of ``load`` as dask arrays in blocks of ``chunks`` (names among time, y, x; missing or -1: all in one).

    Raises ``BadInput`` for other names or sizes.
    """
    import dask.array as array
    from dask.delayed import delayed

    da: Any = array

    times, rows, cols = _spans(chunks, len(scenes), *wanted.part.shape)
    values, reasons = [], []
    for t in times:
        value_rows, reason_rows = [], []
        for r in rows:
            value_row, reason_row = [], []
            for c in cols:
                part = replace(wanted.part, row=r[0], col=c[0], height=r[1] - r[0], width=c[1] - c[0])
                # a partial, so that dask does not look into the scenes for collections of its own
                read = partial(block, scenes[slice(*t)], replace(wanted, part=part), reader, decisions[slice(*t)])
                block_values, codes = delayed(read, pure=False, nout=2, traverse=False)()
                shape = (t[1] - t[0], *part.shape)
                value_row.append(da.from_delayed(block_values, (shape[0], len(wanted.bands), *shape[1:]), np.float32))
                reason_row.append(da.from_delayed(codes, shape, np.uint8))
            value_rows.append(da.concatenate(value_row, axis=3))
            reason_rows.append(da.concatenate(reason_row, axis=2))
        values.append(da.concatenate(value_rows, axis=2))
        reasons.append(da.concatenate(reason_rows, axis=1))
    reason = da.concatenate(reasons, axis=0)
    records = [decision.record for decision in decisions]
    numbers = da.concatenate(values, axis=0)
    if speckle:
        numbers = filtered_blocks(numbers)
    return assemble(numbers, reason, records, wanted.bands, wanted.part.grid)


def block(
    scenes: Sequence[ImageScene], wanted: Wanted, reader: Reader | None, decisions: Sequence[Decision]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Values, Float32[time, band, y, x], and reasons, Uint8[time, y, x], of some scenes on a part of the grid."""
    values = np.empty((len(scenes), len(wanted.bands), *wanted.part.shape), dtype=np.float32)
    reasons = np.empty((len(scenes), *wanted.part.shape), dtype=np.uint8)
    with opened(reader) as at_hand:
        for i, (scene, decision) in enumerate(zip(scenes, decisions, strict=True)):
            stored = fetch(scene, wanted, at_hand, decision.shift)
            codes = place(stored, wanted, values[i], decision.shift)
            reasons[i] = history.merge(codes, decision.found, wanted.part)
            survey.calibrate(values[i], wanted.bands, decision)
    return values, reasons


def _spans(chunks: Mapping[str, int], time: int, height: int, width: int) -> tuple[Spans, Spans, Spans]:
    unknown = set(chunks) - {"time", "y", "x"}
    if unknown:
        raise BadInput(
            f"chunks: unknown {', '.join(sorted(unknown))}; name time, y and x (all bands of a scene are read together)"
        )

    def spans(name: str, size: int) -> Spans:
        step: Any = chunks.get(name, -1)
        if step == -1:
            step = size
        if not isinstance(step, int) or step < 1:
            raise BadInput(f"chunks: {name} is {step!r}; give a number of at least 1, or -1 for all in one")
        return tuple((start, min(start + step, size)) for start in range(0, size, step))

    return spans("time", time), spans("y", height), spans("x", width)
