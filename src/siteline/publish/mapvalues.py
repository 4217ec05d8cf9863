"""What a map of change holds: values on a grid, areas with their own dates, and what is said of them in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.records import Structure
from siteline.publish.cubeview import Ground, ground_at
from siteline.publish.words import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EVEN: Final = 0.5
"""Probability from which on an area is called changed."""


@dataclass(frozen=True, slots=True)
class Found:
    """An area of the map. ``outline_wkt``: EPSG:4326. ``after``/``by``: its own bracket, days. ``size``: signed, in the
    unit of the map, NaN where unknown. ``probability``: of a change there."""

    name: str
    outline_wkt: str
    after: float | None
    by: float | None
    probability: float
    size: float = math.nan

    @property
    def likely(self) -> bool:
        """Whether a change here is at least as likely as none; else it is only possible."""
        return self.probability >= EVEN


@dataclass(frozen=True, slots=True)
class ChangeMap:
    """Change pixel by pixel on ``grid``.

    ``probability``: Float[y, x], 0 to 1; ``date``: Float64[y, x], days; ``size``: Float[y, x], after minus before in
    ``unit``; all NaN where nothing can be said. ``background``: Float[y, x], any one band or grey image. ``unusable``:
    Bool[y, x], True where too few scenes show the ground. Dates and sizes are shown where ``probability`` reaches
    ``threshold``, which chance alone would let the share ``chance`` of unchanged ground do (NaN: not known).
    ``credit``: who made the images. Raises ``BadInput`` where an array does not fit the grid.
    """

    grid: Grid
    probability: NDArray[np.floating]
    date: NDArray[np.floating]
    size: NDArray[np.floating]
    background: NDArray[np.floating]
    unusable: NDArray[np.bool_]
    unit: str = ""
    objects: tuple[Found, ...] = ()
    structures: tuple[Structure, ...] = ()
    threshold: float = 0.5
    credit: str = ""
    chance: float = math.nan

    def __post_init__(self) -> None:
        """Check once, at birth."""
        for name in ("probability", "date", "size", "background", "unusable"):
            shape = getattr(self, name).shape
            if shape != self.grid.shape:
                raise BadInput(f"map layer {name!r} is {shape} but its grid is {self.grid.shape} (rows, columns)")

    @property
    def ground(self) -> Ground:
        """Where the map lies, for outlines, scale and north."""
        return ground_at(self.grid.crs, (self.grid.left, self.grid.top), self.grid.res, self.grid.width, self.grid.height)

    def shown(self) -> NDArray[np.bool_]:
        """Bool[y, x]: where a change is found."""
        import numpy as np

        found = np.asarray(self.probability) >= self.threshold
        return np.asarray(found & ~self.unusable & np.isfinite(self.probability))


def map_words(values: ChangeMap) -> str:
    """What the maps show in a sentence."""
    usable, shown = _counts(values)
    if not usable:
        return "nothing can be said anywhere: no ground is seen often enough"
    if not shown:
        return "no change is found anywhere on the ground that is seen"
    if not values.objects:
        return f"a change is found on {_share(values)}"
    likely = sum(found.likely for found in values.objects)
    possible = len(values.objects) - likely
    if not likely:
        return f"a change is possible in {plural(possible, 'area')}"
    more = f" and possible in {possible:,} more" if possible else ""
    return f"a change is found in {plural(likely, 'area')}{more}"


def chance_words(values: ChangeMap) -> str:
    """How much of the ground that is, beside what chance alone would give; "" where nothing is found."""
    if not all(_counts(values)):
        return ""
    about = "" if not values.objects else f"On {_share(values)}."
    if not math.isfinite(values.chance):
        return about
    chance = f"{100 * values.chance:.2g}\u00a0%"
    if not about:
        return f"Chance alone would give {chance}, most of that in single pixels."
    return f"{about[:-1]}; chance alone would give {chance}, most of that in single pixels."


def _share(values: ChangeMap) -> str:
    usable, shown = _counts(values)
    return f"{100 * shown / usable:.2g}\u00a0% of the ground that is seen"


def _counts(values: ChangeMap) -> tuple[int, int]:
    """How many pixels can be judged, and on how many a change is found."""
    import numpy as np

    return int((~values.unusable & np.isfinite(values.probability)).sum()), int(values.shown().sum())


def date_limits(values: ChangeMap) -> tuple[float, float] | None:
    """First and last day of the dates shown; None where no date is."""
    import numpy as np

    dates = np.asarray(values.date, dtype=np.float64)[values.shown()]
    dates = dates[np.isfinite(dates)]
    if not dates.size:
        return None
    first, last = float(dates.min()), float(dates.max())
    room = max(0.02 * (last - first), 15.0 if last - first < 30 else 1.0)
    return first - room, last + room


def size_limit(values: ChangeMap) -> float | None:
    """The size at both ends of the scale: the 98th percentile of those shown; None where no size is."""
    import numpy as np

    sizes = np.abs(np.asarray(values.size, dtype=np.float64)[values.shown()])
    sizes = sizes[np.isfinite(sizes)]
    most = float(np.percentile(sizes, 98)) if sizes.size else 0.0
    return float(f"{most:.2g}") if most > 0 else None
