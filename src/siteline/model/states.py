"""The states a structure can be in, and the words that stand for them.

``complete`` and ``intact`` are one state seen at different moments of a life (a standing structure); answers use the word
the observers used. A case may map its own vocabulary onto these (``vocabulary`` in its settings).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from siteline.model.errors import UnknownState

STATES: Final[tuple[str, ...]] = (
    "absent",
    "being_built",
    "complete",
    "being_dismantled",
    "partly_dismantled",
    "dismantled",
    "being_rebuilt",
)
"""Canonical states, in the order every array over states uses."""

SYNONYMS: Final[Mapping[str, str]] = {"intact": "complete"}
"""Words that mean a canonical state; kept as written, understood as the state."""

NO_STATE: Final[frozenset[str]] = frozenset({"obscured", "not_stated"})
"""Words for a look that tells nothing about the state: the ground was hidden, or the state was not reported."""

KNOWN_WORDS: Final[tuple[str, ...]] = (*STATES, *SYNONYMS, *sorted(NO_STATE))

DIRECTIONS: Final[Mapping[str, str]] = {
    "being_built": "construction",
    "being_dismantled": "dismantling",
    "being_rebuilt": "rebuilding",
}
"""Work states and the direction of change they belong to."""

_INTO: Final[Mapping[str, str]] = {"partly_dismantled": "dismantling", "dismantled": "dismantling"}

SMART_VOCABULARY: Final[Mapping[str, str]] = {
    "No Activity": "absent",
    "Site Preparation": "being_built",
    "Active Construction": "being_built",
    "Post Construction": "complete",
    "Unknown": "not_stated",
}
"""Ready-made mapping for ledgers that use construction phases (named ``construction_phases`` in settings)."""


def canonical(word: str, vocabulary: Mapping[str, str] | None = None) -> str | None:
    """The canonical state for ``word``, or None if the word tells nothing about the state.

    ``vocabulary`` maps a case's own words onto known ones. Raises ``UnknownState`` for anything else.
    """
    mapped = vocabulary.get(word, word) if vocabulary else word
    mapped = SYNONYMS.get(mapped, mapped)
    if mapped in NO_STATE:
        return None
    if mapped not in STATES:
        raise UnknownState(word, [*KNOWN_WORDS, *(vocabulary or {})])
    return mapped


def direction(before: str, after: str) -> str:
    """Direction of the change ``before`` -> ``after`` (canonical states): construction, dismantling or rebuilding."""
    if after in DIRECTIONS:
        return DIRECTIONS[after]
    if after in _INTO:
        return _INTO[after]
    if after == "absent":
        return "dismantling"
    return "construction" if before in ("absent", "being_built") else "rebuilding"
