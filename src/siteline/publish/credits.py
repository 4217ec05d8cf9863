"""Who made the images: one line for all scenes of a figure, each name once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from siteline.publish.cubeview import said

if TYPE_CHECKING:
    import xarray as xr


def credit_of(cube: xr.Dataset, index: int) -> str:
    """The credit of one scene: as its provider words it, else the provider's name, else that none is recorded."""
    return said(cube, "credit", index) or said(cube, "provider", index) or "credit not recorded"


def credit_words(cube: xr.Dataset, indexes: Iterable[int]) -> str:
    """``Images: ...`` with every credit of the scenes once, in order of first use; "" without scenes."""
    named = list(dict.fromkeys(credit_of(cube, index).strip().rstrip(".") for index in indexes))
    return f"Images: {'; '.join(named)}." if named else ""
