"""What every source of scenes can do."""

from __future__ import annotations

from typing import Protocol

from siteline.model.scene import Asset, ImageScene
from siteline.model.search import Found, Query


class Source(Protocol):
    """A place that knows scenes: an API, a catalogue, a folder, a delivery."""

    @property
    def name(self) -> str:
        """Short name, the first part of its scenes' ids."""
        ...

    def search(self, query: Query) -> Found:
        """The items in the area and period of ``query``, and whether these are all.

        Raises ``SourceTrouble`` where it cannot be searched; ``IncompleteSearch`` where it gave fewer than it says it has.
        """
        ...

    def asset(self, scene: ImageScene, band: str) -> Asset | None:
        """The file that holds ``band`` (a STAC common name) of ``scene``, None where it has none."""
        ...
