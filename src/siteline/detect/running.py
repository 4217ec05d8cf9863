"""A series that goes on: one more scene, and the answer is brought up to date without starting again.

What costs is kept: the older images are not read again, the noise and the threshold stay as the placebos gave them. The
posterior of the one series is computed anew, in about a millisecond, and is that of the whole series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteline.detect.found import detected
from siteline.detect.prior import Prior
from siteline.detect.series import change_points
from siteline.detect.trust import Judged
from siteline.model.changed import Detected
from siteline.model.errors import BadInput

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Running:
    """One structure in one stack so far: ``values`` Float64[band, time], ``days`` Float64[time] (since 1970), ``scenes`` by
    time; ``judged`` against its placebos, ``temperature`` as injections set it."""

    structure_id: str
    stack: str
    measures: tuple[str, ...]
    values: FloatArray
    days: FloatArray
    scenes: tuple[str, ...]
    prior: Prior
    judged: Judged
    temperature: float

    @property
    def answer(self) -> Detected:
        """What the series shows so far."""
        changes = change_points(self.values[None], self.days, self.prior, self.judged.noise, threads=1)
        order = np.argsort(self.days, kind="stable")
        judged = replace(self.judged, changes=changes)
        ids = [self.scenes[int(k)] for k in order]
        own = self.values[None][:, :, order]
        return detected(
            self.structure_id, self.stack, self.measures, ids, self.prior, judged, own, temperature=self.temperature
        )

    def add(self, scene: str, day: float, values: Sequence[float] | NDArray[Any]) -> Running:
        """The series with one more scene, of any date; NaN where a band could not be measured.

        Raises ``BadInput`` for a scene that is there already, a day that is none, or values that do not fit the bands.
        """
        row = np.asarray(values, dtype=np.float64)
        if scene in self.scenes:
            raise BadInput(f"the scene {scene!r} is in the series already")
        if not np.isfinite(day):
            raise BadInput(f"the scene {scene!r} has no date; leave it out")
        if row.shape != (len(self.measures),):
            raise BadInput(f"the scene {scene!r} gives {row.size} values for {len(self.measures)} measures")
        return replace(
            self,
            values=np.column_stack([self.values, row]),
            days=np.append(self.days, day),
            scenes=(*self.scenes, scene),
        )
