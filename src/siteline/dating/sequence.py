"""One site's ordered life - not started, under way, done - as its looks tell it, and the gaps they leave.

Days are counted since 1970-01-01 UTC. A look says whether work had *started* and whether it was *done*: yes, no, or
nothing. A site of several parts has started when any part has, and is done when every part is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from siteline.model.errors import UnknownState

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

PHASES: Final[Mapping[str, int]] = {
    "Unknown": -1,
    "No Activity": 0,
    "Site Preparation": 1,
    "Active Construction": 2,
    "Post Construction": 3,
}
"""Phase words of the ordered life; -1 tells nothing."""

ONSET: Final = 0
COMPLETION: Final = 1


@dataclass(frozen=True, slots=True)
class Life:
    """Looks at one site in time order. ``days`` (n,), ``phase`` (n,) codes of ``PHASES`` (the most advanced part that is
    not done, 3 when all are), ``told`` (2, n): started and done as 1, 0 or -1 for not told. ``region`` groups sites."""

    site: str
    region: str
    days: Floats
    phase: Codes
    told: Codes

    def keep(self, index: npt.NDArray[np.int64]) -> Life:
        """The same site with only the looks at ``index`` (ascending)."""
        return Life(self.site, self.region, self.days[index], self.phase[index], self.told[:, index])

    def until(self, day: float) -> Life:
        """The looks up to and including ``day``."""
        return self.keep(np.flatnonzero(self.days <= day))


@dataclass(frozen=True, slots=True)
class Gap:
    """Last look without and first look with the change, in days since 1970; None where no look bounds that side."""

    after: float | None
    by: float | None

    @property
    def closed(self) -> bool:
        """Whether both sides are bounded."""
        return self.after is not None and self.by is not None


def read_phases(text: str) -> tuple[int, int, int]:
    """(phase, started, done) of one look; ``text`` is one phase word per part, comma-joined.

    Raises ``UnknownState`` for a word outside ``PHASES``.
    """
    codes = []
    for word in text.split(","):
        if word.strip() not in PHASES:
            raise UnknownState(word.strip(), list(PHASES))
        codes.append(PHASES[word.strip()])
    known = [c for c in codes if c >= 0]
    unknown = len(known) < len(codes)
    if not known:
        return -1, -1, -1
    started = 1 if max(known) > 0 else (-1 if unknown else 0)
    done = 0 if min(known) < 3 else (-1 if unknown else 1)
    working = [c for c in known if c < 3]
    return (max(working) if working else 3), started, done


def make_life(site: str, region: str, looks: Sequence[tuple[float, str]]) -> Life:
    """A ``Life`` from (day, phase text) pairs in any order. Raises ``UnknownState`` for a word outside ``PHASES``."""
    rows = sorted((day, *read_phases(text)) for day, text in looks)
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    return Life(site, region, table[:, 0], table[:, 1].astype(np.int8), table[:, 2:].T.astype(np.int8))


def gap(life: Life, change: int) -> Gap:
    """What the looks alone say about ``change``.

    ``ONSET``: (last look without activity before the first with it, that first look]. ``COMPLETION``, for good: (last
    look not done, first look done after it]. Looks that tell nothing never bound a gap.
    """
    told = life.told[change]
    no, yes = life.days[told == 0], life.days[told == 1]
    if change == ONSET:
        by = float(yes[0]) if yes.size else None
        before = no if by is None else no[no < by]
        return Gap(float(before[-1]) if before.size else None, by)
    after = float(no[-1]) if no.size else None
    later = yes if after is None else yes[yes > after]
    return Gap(after, float(later[0]) if later.size else None)


def contradictions(lives: Sequence[Life]) -> tuple[int, int]:
    """(looks that say "not started" after a look that said "started", or "not done" after "done"; telling looks)."""
    against = total = 0
    for life in lives:
        for told in life.told:
            ever = np.maximum.accumulate(told == 1) if told.size else told == 1
            against += int(np.sum(ever & (told == 0)))
            total += int(np.sum(told >= 0))
    return against, total
