"""What else changes in the gap of a change, and may pass for one: another satellite, orbit, calibration or processing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import xarray

FACTS: Final = {
    "baseline": "the processing baseline",
    "calibration": "the calibration",
    "platform": "the satellite",
    "relative_orbit": "the relative orbit",
}
"""Coordinates of a cube (``cube.dataset``) and what they are called."""


def changed_too(cube: xarray.Dataset, before: int, by: int) -> list[str]:
    """A sentence for each fact that differs between scenes ``before`` and ``by`` of ``cube`` (sorted by time) for good: one
    of the two is of a kind that the other side does not have."""
    made = []
    for fact, words in FACTS.items():
        values = [str(v) for v in cube[fact].values] if fact in cube.coords else []
        if not values or values[before] == values[by]:
            continue
        if values[by] not in values[: before + 1] or values[before] not in values[by:]:
            old, new = (values[k] or "none stated" for k in (before, by))
            made.append(f"{words} changes from {old} to {new} in the same gap")
    return made
