"""OPERA RTC-S1: radar backscatter of Sentinel-1 bursts, one file per polarisation (NASA JPL, D-102269)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from siteline.catalogue.dates import written
from siteline.catalogue.delivered import providers
from siteline.catalogue.shelf import Draft, Layer, Shelf, grouped

_NAME = re.compile(
    r"(?P<granule>OPERA_L2_RTC-S1_(?P<burst>T(?P<orbit>\d{3})-\d{6}-IW\d)_(?P<taken>\d{8}T\d{6}Z)_(?P<made>\d{8}T\d{6}Z)"
    r"_(?P<satellite>S1[A-D])_\d+_(?P<version>v[\d.]*\d))(?P<rest>[_.].*)?\Z"
)
_LAYER = re.compile(r"_(VV|VH|HH|HV|mask)\.tiff?\Z", re.IGNORECASE)


def find(shelf: Shelf) -> Iterator[Draft]:
    """Every granule, with its polarisations and its mask. The direction of the orbit is not in a name and stays unknown."""
    named = ((match, file) for file in shelf.files if (match := _NAME.match(posixpath.basename(file))))
    keyed = (((match["granule"], posixpath.dirname(file)), file) for match, file in named)
    for (granule, place), files in grouped(keyed).items():
        if draft := _draft(granule, place, files):
            yield draft


def _draft(granule: str, place: str, files: list[str]) -> Draft | None:
    match = _NAME.match(granule)
    found = [(held[1].casefold(), file) for file in files if (held := _LAYER.search(file))]
    if match is None or not found:
        return None
    layers = [Layer(name.upper(), file, band=name) for name, file in found if name != "mask"]
    layers += [Layer("mask", file, mask="rtc_mask") for name, file in found if name == "mask"]
    taken, _ = written(match["taken"])
    made, _ = written(match["made"])
    properties = {
        **taken,
        **providers("NASA JPL/OPERA", "producer", "processor"),
        "platform": f"sentinel-{match['satellite'][1:].casefold()}",
        "processing:datetime": made["datetime"],
        "processing:version": match["version"],
        "sat:relative_orbit": int(match["orbit"]),
        "opera:burst_id": match["burst"],
        "sar:instrument_mode": "IW",
        "sar:frequency_band": "C",
        "sar:polarizations": [layer.name for layer in layers if layer.band],
        "siteline:calibration": "opera-rtc",
        "siteline:quantity": "gamma0",
    }
    return Draft(granule, place, tuple(layers), properties, files=frozenset(files))
