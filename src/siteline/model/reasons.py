"""Why a pixel is not usable: one code per pixel, the first cause in this order."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Codes of the ``reason`` layer; 0 = usable. Where several hold, the lowest non-zero code is kept."""

    USABLE = 0
    OUTSIDE = 1
    """The scene does not reach here."""
    FAILED_READ = 2
    """The file could not be read; never to be taken for a change on the ground."""
    NODATA = 3
    """The provider says there is no value here (or the tile is missing)."""
    SATURATED = 4
    DEFECTIVE = 5
    """Sensor artefact: dropped line, SLC-off stripe, layover or radar shadow."""
    CLOUD = 6
    SHADOW = 7
    SNOW = 8

    @property
    def word(self) -> str:
        """As it is printed: ``failed read``."""
        return self.name.lower().replace("_", " ")
