"""Public STAC APIs by name, with the collections that siteline can calibrate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Preset:
    """``url``: landing page. ``collections``: searched where none is asked for. ``needs``: what reading its images takes."""

    name: str
    url: str
    collections: tuple[str, ...]
    needs: str = ""


PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset(
            "earth-search",
            "https://earth-search.aws.element84.com/v1",
            ("sentinel-2-c1-l2a", "sentinel-2-l2a", "landsat-c2-l2", "naip"),
            "nothing for Sentinel-2; Landsat and NAIP lie in requester-pays storage",
        ),
        Preset(
            "planetary-computer",
            "https://planetarycomputer.microsoft.com/api/stac/v1",
            ("sentinel-2-l2a", "landsat-c2-l2", "sentinel-1-rtc", "naip"),
            "nothing; PC_SDK_SUBSCRIPTION_KEY lifts limits",
        ),
        Preset(
            "cdse",
            "https://stac.dataspace.copernicus.eu/v1",
            ("sentinel-2-l2a",),
            "CDSE_S3_ACCESS_KEY and CDSE_S3_SECRET_KEY",
        ),
    )
}
"""By name. Uncalibrated radar (Sentinel-1 GRD) is left out on purpose."""
