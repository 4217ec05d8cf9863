"""The providers' own mask layers read as reasons, and widened.

Each table cites the document that defines it. A pixel of a layer becomes one ``Reason``; where several hold, the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    from siteline.guard.reader import Reader

Codes = NDArray[np.uint8]
Layers = NDArray[Any]

UDM2_BANDS: Final = 8

_SHIFTED: Final = 6
"""Largest disk, in pixels, for which shifted copies are faster than distances."""

SCL: Final[Mapping[int, Reason]] = {
    0: Reason.NODATA,
    1: Reason.DEFECTIVE,
    3: Reason.SHADOW,
    8: Reason.CLOUD,
    9: Reason.CLOUD,
    10: Reason.CLOUD,
    11: Reason.SNOW,
}
"""Sentinel-2 scene classification: 0 no data, 1 saturated or defective, 3 cloud shadow, 8 and 9 cloud (medium, high
probability), 10 thin cirrus, 11 snow. 2 (dark, topographic shade), 4 to 7 are usable. Source: ESA, Sentinel-2 PSD, level 2A
SCL; Sen2Cor configuration and user manual (S2-PDGS-MPC-L2A-SUM)."""

QA_PIXEL: Final[Mapping[int, Reason]] = {
    0: Reason.NODATA,
    1: Reason.CLOUD,
    2: Reason.CLOUD,
    3: Reason.CLOUD,
    4: Reason.SHADOW,
    5: Reason.SNOW,
}
"""Landsat Collection 2 QA_PIXEL bits: 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 cloud shadow, 5 snow. Source: USGS,
Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619), table 5-3."""

THEIA_CLM: Final[Mapping[int, Reason]] = {
    0: Reason.SHADOW,
    1: Reason.CLOUD,
    4: Reason.CLOUD,
    5: Reason.SHADOW,
    6: Reason.SHADOW,
    7: Reason.CLOUD,
}
"""THEIA CLM bits: 0 all clouds but the thinnest and all shadows, 1 all clouds but the thinnest, 4 thinnest clouds, 5 shadow
of a detected cloud, 6 shadow of a cloud outside the image, 7 high clouds (1.38 um); 2 and 3 only say how a cloud of bit 1
was found. Source: CNES/CESBIO, THEIA Sentinel-2 L2A product format (MUSCATE)."""

UDM1: Final[Mapping[int, Reason]] = {0: Reason.NODATA, 1: Reason.CLOUD, **dict.fromkeys(range(2, 8), Reason.DEFECTIVE)}
"""Planet unusable data mask bits: 0 black fill, 1 cloud, 2 to 7 missing or suspect in a band. Source: Planet, Imagery
Product Specifications, UDM."""

UDM2: Final[Mapping[int, Reason]] = {
    2: Reason.SNOW,
    3: Reason.SHADOW,
    4: Reason.CLOUD,
    5: Reason.CLOUD,
    6: Reason.CLOUD,
}
"""Planet UDM2 bands that mark: 2 snow, 3 shadow, 4 light haze (in UDM 2.1 all haze), 5 heavy haze, 6 cloud. Band 1 (clear)
is what is left, 7 a confidence, 8 the UDM bits. Source: Planet, UDM2 and UDM 2.1 specification."""

DEA_FMASK: Final[Mapping[int, Reason]] = {0: Reason.NODATA, 2: Reason.CLOUD, 3: Reason.SHADOW, 4: Reason.SNOW}
"""oa_fmask of Geoscience Australia: 0 no data, 1 clear, 2 cloud, 3 shadow, 4 snow, 5 water."""

FMASK: Final[Mapping[int, Reason]] = {2: Reason.SHADOW, 3: Reason.SNOW, 4: Reason.CLOUD, 255: Reason.NODATA}
"""Fmask as its authors code it: 0 clear land, 1 clear water, 2 shadow, 3 snow, 4 cloud, 255 none. Source: Zhu and Woodcock
2012, doi:10.1016/j.rse.2011.10.028."""

RTC_MASK: Final[Mapping[int, Reason]] = {
    1: Reason.DEFECTIVE,
    2: Reason.DEFECTIVE,
    3: Reason.DEFECTIVE,
    255: Reason.NODATA,
}
"""OPERA RTC-S1 mask: 1 radar shadow, 2 layover, 3 both, 255 fill. Source: OPERA RTC-S1 Product Specification (D-102269)."""


def read_mask(kind: str, layers: Layers, name: str = "") -> Codes:
    """Reasons of a mask layer of ``kind`` (``model.scene.MASKS``): ``layers`` Integer[band, row, col] to Uint8[row, col].

    ``name``: the provider's name of the layer, which tells the two codings of Fmask apart. Raises ``ValueError`` where
    the layer cannot be of that kind (floats, too few bands).
    """
    if layers.dtype.kind not in "iub":
        raise ValueError(f"a {kind} mask holds whole numbers, this one {layers.dtype}")
    if kind == "fmask":
        return _classes(DEA_FMASK if name.casefold().startswith("oa") else FMASK)(layers)
    return _READ[kind](layers)


def layers_of(kind: str, index: int) -> tuple[int, ...]:
    """The bands to read of a file that holds a mask of ``kind`` whose asset names band ``index``."""
    return tuple(range(1, UDM2_BANDS + 1)) if kind == "udm2" else (index,)


def lowest(one: Codes, other: Codes) -> Codes:
    """The lower reason of each pixel that is not usable in both (0 = usable)."""
    return np.asarray(np.minimum(one - np.uint8(1), other - np.uint8(1)) + np.uint8(1))


def dilate(codes: Codes, radius: float) -> Codes:
    """``codes`` with clouds and shadows widened by ``radius`` pixels (a disk, centre to centre); Uint8[row, col].

    What is already a lower reason stays; nodata, snow and defects are not widened.
    """
    if radius < 1:
        return codes
    out = codes - np.uint8(1)
    for reason in (Reason.CLOUD, Reason.SHADOW):
        marked = codes == reason
        if marked.any():
            np.minimum(out, np.uint8(reason - 1), out=out, where=_widened(marked, radius))
    return np.asarray(out + np.uint8(1))


def _widened(marked: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Every pixel within ``radius`` of a marked one: by shifted copies for small disks, else by distances."""
    reach = int(radius)
    if reach > _SHIFTED:
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~marked) <= radius)
    height, width = marked.shape
    padded = np.zeros((height + 2 * reach, width + 2 * reach), dtype=bool)
    padded[reach : reach + height, reach : reach + width] = marked
    wide = np.zeros((height, width), dtype=bool)
    for down in range(-reach, reach + 1):
        side = int((radius * radius - down * down) ** 0.5)
        for right in range(-side, side + 1):
            wide |= padded[reach + down : reach + down + height, reach + right : reach + right + width]
    return wide


def cloud_percents(scenes: Sequence[ImageScene], grid: Grid, reader: Reader) -> dict[str, float]:
    """Cloud and cloud shadow over ``grid``, in percent of what the scene covers there, by scene id.

    From the scenes' own mask layers, not widened. Scenes without one, or whose mask cannot be read or does not reach the
    grid, are left out.
    """
    from siteline.cube.positions import Part
    from siteline.cube.reading import fetch_masks
    from siteline.cube.slices import Wanted, place

    wanted = Wanted((), Part.whole(grid), 0.0)
    percents: dict[str, float] = {}
    for scene in scenes:
        stored = fetch_masks(scene, wanted, reader)
        if stored.blind or not stored.masks:
            continue
        codes = place(stored, wanted, np.empty((0, *grid.shape), dtype=np.float32))
        seen = np.count_nonzero((codes == 0) | (codes >= Reason.SATURATED))
        if seen:
            clouded = np.count_nonzero((codes == Reason.CLOUD) | (codes == Reason.SHADOW))
            percents[scene.scene_id] = float(100 * clouded / seen)
    return percents


def _classes(table: Mapping[int, Reason]) -> Callable[[Layers], Codes]:
    lookup = np.zeros(256, dtype=np.uint8)
    for value, reason in table.items():
        lookup[value] = reason
    return lambda layers: lookup[np.clip(layers[0], 0, 255).astype(np.uint8)]


def _bits(table: Mapping[int, Reason], size: int) -> Callable[[Layers], Codes]:
    values = np.arange(size)
    lookup = np.zeros(size, dtype=np.uint8)
    for bit, reason in table.items():
        lookup = lowest(lookup, np.where(values >> bit & 1, np.uint8(reason), np.uint8(0)).astype(np.uint8))
    return lambda layers: lookup[layers[0].astype(np.int64) & (size - 1)]


def _landsat_c1() -> Callable[[Layers], Codes]:
    """Landsat Collection 1 BQA.

    Bits: 0 fill, 1 dropped pixel or terrain occlusion, 2-3 saturated bands, 4 cloud; confidences of 2 bits, 3 = high:
    5 cloud, 7 shadow, 9 snow, 11 cirrus. Source: USGS, Landsat Collection 1 Level 1 Product Definition (LSDS-1656).
    """
    values = np.arange(65536)

    def marked(where: NDArray[np.bool_], reason: Reason) -> Codes:
        return np.where(where, np.uint8(reason), np.uint8(0)).astype(np.uint8)

    high = {shift: (values >> shift & 3) == 3 for shift in (5, 7, 9, 11)}
    codes = marked((values & 1) > 0, Reason.NODATA)
    for where, reason in (
        ((values >> 1 & 1) > 0, Reason.DEFECTIVE),
        ((values >> 2 & 3) > 0, Reason.SATURATED),
        ((values >> 4 & 1) > 0, Reason.CLOUD),
        (high[5], Reason.CLOUD),
        (high[11], Reason.CLOUD),
        (high[7], Reason.SHADOW),
        (high[9], Reason.SNOW),
    ):
        codes = lowest(codes, marked(where, reason))
    return lambda layers: codes[layers[0].astype(np.int64) & 0xFFFF]


def _udm2(layers: Layers) -> Codes:
    if len(layers) < UDM2_BANDS:
        raise ValueError(f"a UDM2 file has {UDM2_BANDS} bands, this one {len(layers)}")
    codes = _bits(UDM1, 256)(layers[UDM2_BANDS - 1 :])
    for band, reason in UDM2.items():
        codes = lowest(codes, np.where(layers[band - 1] == 1, np.uint8(reason), np.uint8(0)).astype(np.uint8))
    return codes


_READ: Final[Mapping[str, Callable[[Layers], Codes]]] = {
    "scl": _classes(SCL),
    "qa_pixel": _bits(QA_PIXEL, 65536),
    "qa_c1": _landsat_c1(),
    "udm2": _udm2,
    "udm1": _bits(UDM1, 256),
    "theia_clm": _bits(THEIA_CLM, 256),
    "rtc_mask": _classes(RTC_MASK),
}
