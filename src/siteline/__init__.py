"""siteline: when did it change, and how do we know?

``siteline.open("case.gpkg")`` reads a case; ``siteline.date(observations)`` dates looks without one; ``siteline.load(scenes,
grid)`` gives their pixels. Imports are lazy, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from siteline.api import OpenCase, date, open
    from siteline.cube.load import load
    from siteline.cube.stacks import stacks
    from siteline.dating.frames import states_frame, transitions_frame
    from siteline.model.doubts import Doubt, strict
    from siteline.model.errors import BadInput, FileTrouble, NothingToDate, SitelineError, SourceTrouble
    from siteline.model.grid import Grid
    from siteline.model.scene import Asset, ImageScene

__version__ = "0.1.0"
__all__ = [
    "Asset",
    "BadInput",
    "Doubt",
    "FileTrouble",
    "Grid",
    "ImageScene",
    "NothingToDate",
    "OpenCase",
    "SitelineError",
    "SourceTrouble",
    "__version__",
    "date",
    "load",
    "open",
    "stacks",
    "states_frame",
    "strict",
    "transitions_frame",
]

_HOMES = {
    "Asset": "siteline.model.scene",
    "Doubt": "siteline.model.doubts",
    "Grid": "siteline.model.grid",
    "ImageScene": "siteline.model.scene",
    "SourceTrouble": "siteline.model.errors",
    "load": "siteline.cube.load",
    "stacks": "siteline.cube.stacks",
    "strict": "siteline.model.doubts",
    "BadInput": "siteline.model.errors",
    "FileTrouble": "siteline.model.errors",
    "NothingToDate": "siteline.model.errors",
    "SitelineError": "siteline.model.errors",
    "OpenCase": "siteline.api",
    "date": "siteline.api",
    "open": "siteline.api",
    "states_frame": "siteline.dating.frames",
    "transitions_frame": "siteline.dating.frames",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'siteline' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
