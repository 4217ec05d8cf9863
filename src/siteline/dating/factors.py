"""The posterior of each change of one structure under many factors on the prior rates, not only a fifth, one and five."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from siteline.dating.answers import posterior
from siteline.dating.batch import pack
from siteline.dating.chain import DAY, build, generator, step_tables
from siteline.dating.engine import date_observations
from siteline.dating.grid import build as build_grid
from siteline.dating.grid import window
from siteline.dating.narrative import changes, decode
from siteline.dating.priors import PHASES, RATES, Labels
from siteline.dating.reading import Reader
from siteline.dating.reference import solve
from siteline.model.dated import Posterior
from siteline.model.records import Observation
from siteline.model.settings import Settings


def posteriors(
    observations: Sequence[Observation], settings: Settings, structure_id: str, factors: Sequence[float]
) -> list[list[Posterior]]:
    """Of every change of the structure, in order, its posterior by factor on all prior rates, each given that it happened.

    The changes and their brackets rest on looks alone and are those of ``date_observations``. Raises as that does.
    """
    reading = Reader(settings.vocabulary, Labels(settings.noise)).read(structure_id, list(observations))
    if not reading.dates:
        return []
    chain = build(settings.rates)
    found = changes(reading, decode(reading.dates, chain).tolist())
    grid = build_grid(reading.dates, found)
    batch = pack([(reading.dates, found, grid)], chain)
    full, _ = generator({**RATES, **settings.rates}, PHASES)
    if not found:
        return []
    every = replace(chain, tables=np.stack([step_tables(full * factor) for factor in factors]))
    solved = solve(batch, every)
    made = []
    for w, change in enumerate(found):
        start, end = window(grid, change)
        edges = grid.edges[start : end + 1] / DAY
        made.append([posterior(edges, row) for row in solved.mass[:, batch.mass_start[w] : batch.mass_start[w + 1]]])
    told = date_observations(observations, settings, (structure_id,)).histories[structure_id].transitions
    return [[t.posterior] * len(factors) if t.by_pixels else each for t, each in zip(told, made, strict=True)]
