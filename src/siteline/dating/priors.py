"""Every number that dating assumes before it sees a look, in one place, each with where it comes from.

Rates are expected numbers per year; a case overrides them with ``rates`` in its settings, wrong labels with ``noise``.
Every result is computed with all rates divided and multiplied by ``SPREAD`` as well, so that a reader sees how much of it
is assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.dated import Look
from siteline.model.errors import BadInput, shorten
from siteline.model.states import STATES

FloatArray = NDArray[np.float64]

SPREAD: Final = 5.0
"""Factor by which all rates are divided (slow) and multiplied (fast)."""

RATES: Final[Mapping[str, float]] = {
    # 365.25 / 750: mean time from start of work to completion at 692 sites of IARPA SMART seen from before to after
    # (brackets' middles; median 661 days).
    "being_built->complete": 0.49,
    # Assumed: a structure worth watching is begun or taken down about once in twenty years.
    "absent->being_built": 0.05,
    "complete->being_dismantled": 0.05,
    # Assumed: taking down or putting back one structure takes weeks to months: six and a half weeks, two months on
    # average; one dismantling in four stops half-way; rebuilding is seldom broken off.
    "being_dismantled->dismantled": 6.0,
    "being_dismantled->partly_dismantled": 2.0,
    "being_rebuilt->complete": 5.9,
    "being_rebuilt->being_dismantled": 0.1,
    # Assumed: what was left half-way is taken up again within about a year, either way; cleared ground within a few years.
    "partly_dismantled->being_dismantled": 0.5,
    "partly_dismantled->being_rebuilt": 0.5,
    "dismantled->being_rebuilt": 0.3,
    "dismantled->absent": 0.2,
}
"""Expected number per year of each transition while in its first state. What is not listed does not happen in one step;
``dismantled->partly_dismantled`` is physically impossible, so that such labels show up as dissent."""

PHASES: Final[Mapping[str, int]] = {"being_dismantled": 2, "being_rebuilt": 2}
"""Erlang phases of the work states: work neither ends on its first day nor goes on for ever. Two is assumed. Construction
has one, like all other states: three would fit its durations (squared mean over variance 3.2 at the 692 SMART sites), but
dates of thinned records there come out worse with three or two than with one (docs/benchmarks/engine.md)."""

NOISE: Final[Mapping[str, float]] = {"high": 0.02, "medium": 0.05, "low": 0.25}
"""Share of wrong labels by stated confidence. Assumed; declare or learn it per observer where there is truth
(``observer:<name>`` in settings)."""

NEIGHBOUR_SHARE: Final = 0.7
"""Share of wrong labels that name a state easily confused with the true one (``CONFUSABLE``). Assumed."""

TEMPER: Final = 0.5
"""n labels of one date count as n ** TEMPER independent ones: readers of one picture share its faults, and many reports
repeat one reading. Assumed; 0 would count them as one, 1 as independent."""

CHANGE_COST: Final = 1.25
"""What one step of change costs a story, against the log-likelihood of the labels it disregards. Assumed, and free of rates:
a change that later looks bear out is told from one firm label. A lone label that would need a change there and back (four
steps or more) is told if its confidence is high, or medium and hard to mistake; else it is shown as dissent."""

RARE: Final[Mapping[str, int]] = {"being_rebuilt->being_dismantled": 4}
"""Transitions that cost a story more than one step."""

UNDOING: Final[Mapping[str, int]] = {"dismantled->partly_dismantled": 8, "dismantled->being_dismantled": 8}
"""What a story pays, in steps, for a structure that was put back and taken down again between two looks with nobody seeing
it stand. Labels that need it are more often two readers' words for the same ruin, and are shown as dissent."""

SMALLEST: Final = 1e-12
"""No label makes a state less likely than this, so that contradiction never divides by zero."""

CONFUSABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "absent": ("being_built", "dismantled"),
    "being_built": ("absent", "complete", "being_rebuilt"),
    "complete": ("being_built", "being_dismantled", "being_rebuilt"),
    "being_dismantled": ("complete", "partly_dismantled", "dismantled", "being_rebuilt"),
    "partly_dismantled": ("being_dismantled", "dismantled", "being_rebuilt"),
    "dismantled": ("absent", "being_dismantled", "partly_dismantled"),
    "being_rebuilt": ("complete", "being_built", "being_dismantled", "partly_dismantled"),
}
"""True state -> labels it is easily mistaken for: neighbours in a life, work of either direction, bare ground."""


def confusion(wrong: float) -> FloatArray:
    """Float[state, label], P(label | true state) for a share ``wrong`` of wrong labels; rows sum to 1."""
    count = len(STATES)
    table = np.zeros((count, count))
    for row, state in enumerate(STATES):
        near = [STATES.index(name) for name in CONFUSABLE[state]]
        far = [i for i in range(count) if i != row and i not in near]
        table[row, near] = wrong * NEIGHBOUR_SHARE / len(near)
        table[row, far] = wrong * (1 - NEIGHBOUR_SHARE) / len(far)
        table[row, row] = 1 - wrong
    return table


class Labels:
    """Log-likelihoods of labels, with a case's overrides of the share of wrong ones."""

    def __init__(self, noise: Mapping[str, float]) -> None:
        """``noise``: share of wrong labels by confidence or ``observer:<name>`` (observer or source id)."""
        self._noise = {**NOISE, **noise}
        self._known: dict[tuple[str, str, str], FloatArray] = {}

    def log_likelihood(self, look: Look, state: int) -> FloatArray:
        """Float[len(STATES)], log P(this look says ``STATES[state]`` | true state). Shared: do not write into it."""
        key = (look.confidence, look.observer, look.source_id)
        if key not in self._known:
            self._known[key] = np.log(np.maximum(confusion(self._wrong(look)), SMALLEST)).T.copy()
        row: FloatArray = self._known[key][state]
        return row

    def _wrong(self, look: Look) -> float:
        for name in (f"observer:{look.observer}", f"observer:{look.source_id}", look.confidence):
            if name in self._noise and name != "observer:":
                return self._noise[name]
        raise BadInput(
            f"observation {shorten(look.observation_id)!r}: confidence {shorten(look.confidence)!r} is not known; "
            "use high, medium or low"
        )
