"""What the pixels themselves show: measurements of structures, changes found in their series, and how far to trust them.

Times are days since 1970-01-01T00:00Z (float64); ``span.iso`` prints them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from siteline.model.dated import Bracket, Posterior
from siteline.model.span import iso

Shape = Literal["step", "ramp"]

ALL: Final = "all"
"""The name of all stacks together, in place of one stack's own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number taken from one structure in one scene.

    ``stack``: the series it belongs to, scenes that may be compared with one another (one optical sensor, one radar orbit).
    ``when``: days; ``acquired``: the same as the scene states it (EDTF). ``measure``: what was measured, a quantity and a
    band such as ``contrast:nir``. ``value`` is NaN where the structure could not be measured, never zero; ``spread`` is its
    standard error in the same unit. ``usable_share``: 0 to 1, of the footprint's pixels. ``reasons``: why the others were
    not usable, such as ``cloud 40 %``, joined by ``; ``.
    """

    structure_id: str
    scene_id: str
    stack: str
    when: float
    acquired: str
    measure: str
    value: float
    spread: float
    usable_share: float
    reasons: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """How much one measure changed: ``size`` after minus before, ``sd`` its standard deviation, in the measure's unit."""

    measure: str
    size: float
    sd: float


@dataclass(frozen=True, slots=True)
class PixelChange:
    """One change of a structure's series, given that it happened.

    ``bracket``: the clear looks that bound it (``after_scene``, ``by_scene`` name their scenes). ``posterior``: over the
    date (of a ramp: its start), tempered so that its intervals hold what they say. ``probability``: P(a change within the
    bracket); ``interval50/90/95``: central, days. ``shape``: the likelier of step and ramp; ``ramp_days``: its length.
    """

    shape: Shape
    ramp_days: float
    bracket: Bracket
    after_scene: str
    by_scene: str
    posterior: Posterior
    interval50: tuple[float, float]
    interval90: tuple[float, float]
    interval95: tuple[float, float]
    probability: float
    sizes: tuple[Size, ...]

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline detect --json`` (dates ISO, UTC)."""
        return {
            "shape": self.shape,
            "ramp_days": round(self.ramp_days, 1),
            "after": None if self.bracket.after is None else iso(self.bracket.after),
            "by": None if self.bracket.by is None else iso(self.bracket.by),
            "after_scene": self.after_scene,
            "by_scene": self.by_scene,
            "interval50": [iso(day) for day in self.interval50],
            "interval90": [iso(day) for day in self.interval90],
            "interval95": [iso(day) for day in self.interval95],
            "probability": round(self.probability, 4),
            "sizes": [{"measure": s.measure, "size": round(s.size, 6), "sd": round(s.sd, 6)} for s in self.sizes],
        }


@dataclass(frozen=True, slots=True)
class Detected:
    """What one stack of scenes, or all of them together (``stack`` = ``ALL``), shows of one structure.

    ``probability``: P(one change or more) under ``prior``; ``evidence``: natural log Bayes factor of change against none.
    ``scenes`` counts the dates used, ``first``/``last`` bound them (days; NaN where there are none). ``changes``: in order
    of time, empty where the evidence does not reach ``threshold``. ``prior``: what was assumed, by name. ``doubts``: what
    else could have made the change (a sensor, baseline or orbit that changes at the same gap). ``conflict``: how other
    stacks contradict this one, else "". ``note``: why nothing could be said, else "".
    """

    structure_id: str
    stack: str
    measures: tuple[str, ...]
    scenes: int
    first: float
    last: float
    probability: float
    evidence: float
    threshold: float
    changes: tuple[PixelChange, ...] = ()
    prior: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    conflict: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline detect --json``; None for what is not known."""
        return {
            "structure_id": self.structure_id,
            "stack": self.stack,
            "measures": list(self.measures),
            "scenes": self.scenes,
            "first": iso(self.first) if math.isfinite(self.first) else None,
            "last": iso(self.last) if math.isfinite(self.last) else None,
            "probability": known(self.probability),
            "evidence": known(self.evidence),
            "threshold": known(self.threshold),
            "changes": [change.to_json() for change in self.changes],
            "prior": dict(self.prior),
            "doubts": list(self.doubts),
            "conflict": self.conflict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Power:
    """One point of the power curve: changes of ``size_m`` metres (side) and ``contrast`` (standard deviations of the series,
    or the measure's unit as ``unit`` says) lasting ``days`` (inf = for good), put into real pixels ``injected`` times."""

    size_m: float
    contrast: float
    unit: str
    days: float
    injected: int
    found: int
    dated: int

    @property
    def share(self) -> float:
        """Share found, with Laplace's rule, so that 20 of 20 is not certainty."""
        return (self.found + 1) / (self.injected + 2)

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline trust --json``; ``days`` is None for good."""
        return {
            "size_m": self.size_m,
            "contrast": self.contrast,
            "unit": self.unit,
            "days": known(self.days),
            "injected": self.injected,
            "found": self.found,
            "dated": self.dated,
        }


@dataclass(frozen=True, slots=True)
class Trust:
    """How often the answer about one structure would be wrong, measured on the user's own images.

    ``placebos``: how many footprints were laid where nothing is known to have changed; ``exceeding``: how many of them show
    as much evidence as the structure itself. ``nominal``: the share of false alarms that ``threshold`` (log Bayes factor)
    allows. ``temperature``: power that the posterior over dates is raised to so that ``covered`` of the injected dates lie
    in 95 % intervals. ``power``: what would have been found. ``ground_m``: pixel size.
    """

    structure_id: str
    stack: str
    placebos: int
    exceeding: int
    nominal: float
    threshold: float
    temperature: float
    covered: float
    ground_m: float
    power: tuple[Power, ...] = ()
    note: str = ""

    @property
    def false_alarm(self) -> float:
        """Share of placebos with as much evidence as the structure (Laplace's rule: never exactly zero)."""
        return (self.exceeding + 1) / (self.placebos + 1)

    def to_json(self) -> dict[str, Any]:
        """The stable form of ``siteline trust --json``; None for what is not known."""
        return {
            "structure_id": self.structure_id,
            "stack": self.stack,
            "placebos": self.placebos,
            "exceeding": self.exceeding,
            "nominal": self.nominal,
            "threshold": known(self.threshold),
            "temperature": self.temperature,
            "covered": known(self.covered),
            "ground_m": self.ground_m,
            "power": [point.to_json() for point in self.power],
            "note": self.note,
        }


def known(value: float | None) -> float | None:
    """A finite number to four decimals, as JSON has it; None for what is not known, or has no end."""
    return None if value is None or not math.isfinite(value) else round(float(value), 4)
