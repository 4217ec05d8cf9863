"""The stacks of one structure as one answer: evidence multiplied on the union of their dates, judged by joint placebos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.combine import Together, combine
from siteline.detect.found import SURE
from siteline.detect.prior import Prior
from siteline.detect.trust import exceeded
from siteline.images.onestructure import TOO_FEW
from siteline.model.changed import ALL, Detected, PixelChange, Power, Trust
from siteline.model.dated import Bracket, Posterior

if TYPE_CHECKING:
    from siteline.images.onestructure import Part

DRAWS: Final = 400
"""Joint placebos: a place of each stack, drawn together."""


def together(
    key: str, parts: Mapping[str, Part], prior: Prior, nominal: float, seed: int
) -> tuple[Detected, Trust, Mapping[str, str]]:
    """The joint answer about structure ``key``, how far to trust it, and which stacks contradict the others.

    Only stacks that say something (``Part.own``) are asked for. Placebos of different stacks lie in different places and are
    drawn together at random: they share no change, and their noise is that of different sensors.
    """
    found = combine({name: part.own for name, part in parts.items() if part.own is not None})
    evidence = _joint_placebos(parts, seed)
    threshold = max(exceeded(evidence, nominal), 0.0)
    enough = bool(np.isfinite(threshold))
    odds = float(np.exp(min(found.evidence, 700.0))) * prior.change / (1 - prior.change)
    looks = dict(sorted((day, scene) for part in parts.values() for day, scene in part.looks.items()))
    sure = found.evidence > threshold if enough else odds / (1 + odds) >= SURE
    detected = Detected(
        structure_id=key,
        stack=ALL,
        measures=(),
        scenes=len(looks),
        first=min(looks),
        last=max(looks),
        probability=odds / (1 + odds),
        evidence=found.evidence,
        threshold=threshold,
        changes=(_change(found, looks),) if sure and found.mass.size else (),
        prior=prior.named(),
    )
    trust = Trust(
        structure_id=key,
        stack=ALL,
        placebos=len(evidence),
        exceeding=int((evidence >= found.evidence).sum()),
        nominal=nominal,
        threshold=threshold,
        temperature=1.0,
        covered=float("nan"),
        ground_m=min(part.trust.ground_m for part in parts.values()),
        power=_best_power(parts),
        note="" if enough else TOO_FEW,
    )
    return detected, trust, found.conflicts


def _joint_placebos(parts: Mapping[str, Part], seed: int) -> NDArray[np.float64]:
    """Evidence of ``DRAWS`` joint placebos, Float64[draw]; none where a stack has none."""
    if not all(part.placebos for part in parts.values()):
        return np.empty(0)
    rng = np.random.default_rng(seed)
    drawn = (
        {name: part.placebos[int(rng.integers(len(part.placebos)))] for name, part in parts.items()} for _ in range(DRAWS)
    )
    return np.array([combine(one).evidence for one in drawn])


def _best_power(parts: Mapping[str, Part]) -> tuple[Power, ...]:
    """The power curve of the stack that alone finds most: what all of them would have found is that or more."""

    def found(power: tuple[Power, ...]) -> float:
        return sum(point.share for point in power) / len(power) if power else 0.0

    return max((part.trust.power for part in parts.values()), key=found)


def _change(found: Together, looks: Mapping[float, str]) -> PixelChange:
    posterior = Posterior(found.edges, found.mass)
    days = np.array(list(looks))
    cumulative = np.array([posterior.cdf(day) for day in days])
    likeliest = int(np.argmax(np.diff(cumulative)))
    after, by = float(days[likeliest]), float(days[likeliest + 1])
    values: dict[str, Any] = {f"interval{round(100 * s)}": posterior.interval(s) for s in (0.5, 0.9, 0.95)}
    return PixelChange(
        shape="step",
        ramp_days=0.0,
        bracket=Bracket(after, by),
        after_scene=looks[after],
        by_scene=looks[by],
        posterior=posterior,
        probability=float(cumulative[likeliest + 1] - cumulative[likeliest]),
        sizes=(),
        **values,
    )
