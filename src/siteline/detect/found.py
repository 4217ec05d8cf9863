"""From the answer of the kernel to what is kept of one structure in one stack: changes with brackets, scenes and
intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.intervals import GRADUAL, bracket, intervals, tempered
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import Changes, beside
from siteline.detect.trust import Judged, named_prior, two_told
from siteline.model.changed import Detected, PixelChange, Size
from siteline.model.dated import Bracket, Posterior

FloatArray = NDArray[np.float64]

NOTHING: Final = "fewer usable scenes than a change could be told from"

SURE: Final = 0.95
"""P(change) from which a change is reported where there are too few placebos to say how rare its evidence is."""


def detected(
    structure_id: str,
    stack: str,
    measures: Sequence[str],
    scenes: Sequence[str],
    prior: Prior,
    judged: Judged,
    values: NDArray[Any],
    *,
    temperature: float = 1.0,
) -> Detected:
    """What one stack shows of one structure. ``scenes``: ids by time, in the order of ``judged.changes.days``;
    ``values``: Float[1, band, time], the structure's own series in that order.

    A change is reported where the evidence exceeds that of the placebos; without enough placebos, where its probability
    reaches ``SURE``. A second one only where two explain the series better than one by more than a change of use does.
    """
    changes = judged.changes
    looks = changes.weights[:1] > 0
    days = changes.days
    seen = days[looks[0]]
    first, last = (float(seen[0]), float(seen[-1])) if seen.size else (float("nan"), float("nan"))
    evidence = float(changes.evidence[0])
    known = bool(np.isfinite(evidence))
    probability = float(1 - changes.p_none[0]) if known else float("nan")
    certain = evidence > judged.threshold if np.isfinite(judged.threshold) else probability >= SURE
    found: tuple[PixelChange, ...] = ()
    if known and certain:
        pair = bool(two_told(changes, judged.second)[0])
        found = (
            _two(changes, values, prior, judged.noise, looks, scenes, measures, temperature)
            if pair
            else _one(changes, looks, scenes, measures, temperature)
        )
    return Detected(
        structure_id=structure_id,
        stack=stack,
        measures=tuple(measures),
        scenes=int(seen.size),
        first=first,
        last=last,
        probability=probability,
        evidence=evidence,
        threshold=judged.threshold,
        changes=found,
        prior=named_prior(prior, judged.noise),
        note="" if known else NOTHING,
    )


def _one(
    changes: Changes, looks: NDArray[np.bool_], scenes: Sequence[str], measures: Sequence[str], temperature: float
) -> tuple[PixelChange, ...]:
    mass = tempered(changes.mass[:1], changes.days, looks, temperature)
    after, by = bracket(changes.mass[:1], changes.step_mass[:1], changes.days, looks)
    gradual = changes.ramp[0] >= GRADUAL
    sizes = [Size(m, float(s), float(sd)) for m, s, sd in zip(measures, changes.size[0], changes.size_sd[0], strict=True)]
    length = float(changes.ramp_days[0]) if gradual else 0.0
    return (_change(mass, changes.days, looks, scenes, (float(after[0]), float(by[0])), sizes, length),)


def _two(
    changes: Changes,
    values: NDArray[Any],
    prior: Prior,
    noise: Noise,
    looks: NDArray[np.bool_],
    scenes: Sequence[str],
    measures: Sequence[str],
    temperature: float,
) -> tuple[PixelChange, ...]:
    masses, step_masses, shapes, sizes, sds = beside(values, changes, 0, prior, noise)
    made = []
    for q in range(2):
        mass = tempered(masses[q : q + 1], changes.days, looks, temperature)
        after, by = bracket(masses[q : q + 1], step_masses[q : q + 1], changes.days, looks)
        named = [Size(m, float(s), float(sd)) for m, s, sd in zip(measures, sizes[q], sds[q], strict=True)]
        length = float(shapes[q, 1]) if shapes[q, 0] >= GRADUAL else 0.0
        made.append(_change(mass, changes.days, looks, scenes, (float(after[0]), float(by[0])), named, length))
    return tuple(made)


def _change(
    mass: FloatArray,
    days: FloatArray,
    looks: NDArray[np.bool_],
    scenes: Sequence[str],
    between: tuple[float, float],
    sizes: Sequence[Size],
    ramp_days: float,
) -> PixelChange:
    ends = {share: intervals(mass, days, looks, share) for share in (0.5, 0.9, 0.95)}
    at = np.flatnonzero(looks[0])
    inside = [k for k in at if days[k] == between[1]]
    own = float(mass[0, inside].sum() / mass[0].sum())
    named = {float(days[k]): scenes[int(k)] for k in at}
    edges, parts = days[at], mass[0, at][1:]
    distinct = np.concatenate([[True], np.diff(edges) > 0])
    # looks of one instant bound no gap between them
    posterior = Posterior(edges[distinct], parts[distinct[1:]] / parts[distinct[1:]].sum())
    pairs = {share: (float(e[0][0]), float(e[1][0])) for share, e in ends.items()}
    return PixelChange(
        shape="ramp" if ramp_days else "step",
        ramp_days=ramp_days,
        bracket=Bracket(*between),
        after_scene=named[between[0]],
        by_scene=named[between[1]],
        posterior=posterior,
        interval50=pairs[0.5],
        interval90=pairs[0.9],
        interval95=pairs[0.95],
        probability=own,
        sizes=tuple(sizes),
    )
