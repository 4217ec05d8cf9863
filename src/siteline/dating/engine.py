"""Observations in, dated histories out: the one entrance to dating.

Looks are read and told as a story (``reading``, ``narrative``), laid on a grid (``grid``), solved exactly (``reference``, or
``kernel`` where there are many structures) and put together (``answers``), a chunk of structures at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from siteline.dating.answers import history, silent_history
from siteline.dating.batch import Batch, Solved, pack
from siteline.dating.chain import Chain, build
from siteline.dating.grid import Grid
from siteline.dating.grid import build as build_grid
from siteline.dating.narrative import Change, changes, decode
from siteline.dating.pixels import dated
from siteline.dating.priors import Labels
from siteline.dating.reading import Reader, Reading
from siteline.model.dated import Dating, History
from siteline.model.records import Observation
from siteline.model.settings import Settings

COMPILED_FROM: Final = 100
"""Structures from which the compiled kernel pays for loading it (about a second)."""

CHUNK: Final = 256
"""Structures solved at a time; bounds memory beside the answers themselves."""

DEFAULTS: Final = Settings()

Solve = Callable[[Batch], Solved | Future[Solved]]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Structures under way: all ``readings``, and for those with a dated state their changes, grids and solution."""

    readings: list[Reading]
    items: dict[str, tuple[Reading, list[Change], Grid]]
    batch: Batch | None
    solved: Future[Solved] | Solved | None


def date_observations(
    observations: Sequence[Observation], settings: Settings = DEFAULTS, structure_ids: Sequence[str] = ()
) -> Dating:
    """Date every change of every structure.

    ``structure_ids`` are reported even when nobody looked at them, and come first, in this order; other structures follow
    in the order in which ``observations`` name them. The order of observations does not matter. Raises ``UnknownState``
    for a state outside the vocabulary, ``BadInput`` for an unknown confidence.
    """
    return Dating({h.structure_id: h for h in iter_histories(observations, settings, structure_ids)})


def iter_histories(
    observations: Sequence[Observation], settings: Settings = DEFAULTS, structure_ids: Sequence[str] = ()
) -> Iterator[History]:
    """The histories of ``date_observations`` one after another, so that a caller need not hold them all."""
    by_structure: dict[str, list[Observation]] = {name: [] for name in structure_ids}
    for observation in observations:
        by_structure.setdefault(observation.structure_id, []).append(observation)
    for made in _histories(by_structure, settings):
        yield dated(made, by_structure[made.structure_id])


def _histories(by_structure: Mapping[str, list[Observation]], settings: Settings) -> Iterator[History]:
    chain = build(settings.rates)
    reader = Reader(settings.vocabulary, Labels(settings.noise))
    rows = iter(by_structure.items())
    if len(by_structure) < COMPILED_FROM:
        yield from _finish(_prepare(rows, reader, chain, _reference(chain)))
        return
    from siteline.dating import kernel

    # The kernel runs without the interpreter lock, so one chunk is solved while the next is read.
    with ThreadPoolExecutor(max_workers=1) as worker:

        def submit(batch: Batch) -> Future[Solved]:
            return worker.submit(kernel.solve, batch, chain)

        under_way = _prepare(islice(rows, CHUNK), reader, chain, submit)
        while under_way.readings:
            following = _prepare(islice(rows, CHUNK), reader, chain, submit)
            yield from _finish(under_way)
            under_way = following


def _reference(chain: Chain) -> Solve:
    from siteline.dating import reference

    return lambda batch: reference.solve(batch, chain)


def _prepare(rows: Iterable[tuple[str, list[Observation]]], reader: Reader, chain: Chain, solve: Solve) -> _Chunk:
    """Read structures, tell their stories and hand the grids to ``solve``."""
    readings = [reader.read(name, given) for name, given in rows]
    items: dict[str, tuple[Reading, list[Change], Grid]] = {}
    for reading in readings:
        if reading.dates:
            found = changes(reading, decode(reading.dates, chain).tolist())
            items[reading.structure_id] = (reading, found, build_grid(reading.dates, found))
    if not items:
        return _Chunk(readings, items, None, None)
    batch = pack([(reading.dates, found, grid) for reading, found, grid in items.values()], chain)
    return _Chunk(readings, items, batch, solve(batch))


def _finish(chunk: _Chunk) -> Iterator[History]:
    """The histories of a chunk, in order, once it is solved."""
    solved = chunk.solved.result() if isinstance(chunk.solved, Future) else chunk.solved
    done: dict[str, History] = {}
    if chunk.batch is not None and solved is not None:
        batch = chunk.batch
        for s, (name, (reading, found, grid)) in enumerate(chunk.items.items()):
            windows = range(batch.window_start[s], batch.window_start[s + 1])
            masses = [solved.mass[:, batch.mass_start[w] : batch.mass_start[w + 1]] for w in windows]
            states = solved.states[batch.cell_start[s] : batch.cell_start[s + 1]]
            sources = solved.sources[batch.window_start[s] : batch.window_start[s + 1]]
            done[name] = history(reading, found, grid, states, masses, sources)
    for reading in chunk.readings:
        yield done.get(reading.structure_id) or silent_history(reading)
