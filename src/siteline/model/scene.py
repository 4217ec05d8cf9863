"""A scene with pixels: one acquisition that a catalogue knows, and the files (assets) that hold it.

The interchange form is a STAC Item (stac-spec 1.0/1.1); ``catalogue.items`` reads one into an ``ImageScene``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from siteline.model.span import UNKNOWN, Span

Quantity = Literal["surface_reflectance", "toa_reflectance", "gamma0", "sigma0", "digital_number"]
"""What pixel values mean once calibrated. ``digital_number``: none is known; values compare only within a scene."""

WhenKind = Literal["acquired", "not_later_than"]
"""``not_later_than``: the date is that of a mosaic or a release; the pixels are that old or older."""

MASKS: Final = ("scl", "qa_pixel", "qa_c1", "udm2", "udm1", "theia_clm", "fmask", "rtc_mask")
"""Kinds of mask layers that siteline reads: Sentinel-2 SCL; Landsat Collection 2 QA_PIXEL and Collection 1 BQA; Planet UDM2
(8 bands) and UDM; THEIA/MAJA CLM; Fmask classes; the OPERA RTC-S1 mask."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One band, or one mask, of a scene, and where its pixels lie.

    ``name``: the provider's key. ``href``: absolute https/http/s3 address, or absolute path of a local file; unsigned.
    ``band``: STAC common name (``red``, ``nir``, ``swir16``, ``vv``), or the mask's kind (``MASKS``) when ``role`` is
    ``mask``. ``index``: band within the file, from 1. ``scale``, ``offset``: as declared by the metadata, None where it
    declares none. ``access``: how to read it (``""`` openly, else a name ``guard.access`` knows). ``sha256`` and ``size``
    (bytes): as declared; "" and None where not.
    """

    name: str
    href: str
    band: str
    role: Literal["data", "mask"] = "data"
    index: int = 1
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    gsd_m: float | None = None
    access: str = ""
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class ImageScene:
    """One acquisition as a catalogue describes it.

    ``scene_id``: unique within a case, ``<source>/<item id>``. ``when``: instant or dated interval, UTC. ``calibration``:
    the rule in ``cube.calibrate`` that turns its numbers into ``quantity``. ``footprint_wkt``: EPSG:4326, or None.
    ``cloud_percent``: of the whole product, as declared. Angles in degrees. ``tile``: the grid cell of the product (MGRS
    tile, WRS path/row, burst). ``datatake``: what identifies one acquisition across reprocessings, "" where unknown.
    ``problems``: why it cannot be trusted or used; a scene with problems is kept and shown, and ``quarantined`` ones are
    never loaded. ``properties``: the STAC properties as they came.
    """

    scene_id: str
    source: str
    when: Span = UNKNOWN
    when_kind: WhenKind = "acquired"
    provider: str = ""
    collection: str = ""
    platform: str = ""
    sensor: Literal["optical", "radar"] = "optical"
    quantity: Quantity = "digital_number"
    calibration: str = "none"
    baseline: str = ""
    gsd_m: float | None = None
    footprint_wkt: str | None = None
    cloud_percent: float | None = None
    tile: str = ""
    datatake: str = ""
    relative_orbit: int | None = None
    orbit_state: str = ""
    sun_azimuth: float | None = None
    sun_elevation: float | None = None
    off_nadir: float | None = None
    licence: str = ""
    credit: str = ""
    assets: tuple[Asset, ...] = ()
    problems: tuple[str, ...] = ()
    quarantined: bool = False
    properties: Mapping[str, object] = field(default_factory=dict)

    def bands(self, names: tuple[str, ...]) -> tuple[Asset | None, ...]:
        """The data assets of the bands ``names``, None where the scene has none of that name."""
        held = {asset.band: asset for asset in reversed(self.assets) if asset.role == "data"}
        return tuple(held.get(name) for name in names)

    @property
    def masks(self) -> tuple[Asset, ...]:
        """The scene's own mask layers."""
        return tuple(asset for asset in self.assets if asset.role == "mask")

    @property
    def georef(self) -> tuple[str, tuple[float, ...]] | None:
        """(CRS, affine coefficients) stated beside files that carry none of their own, such as pictures; None elsewhere."""
        transform = self.properties.get("siteline:transform")
        code = self.properties.get("proj:code") or self.properties.get("proj:epsg")
        if not isinstance(transform, list) or len(transform) < 6 or code is None:
            return None
        return code if isinstance(code, str) else f"EPSG:{code}", tuple(float(number) for number in transform[:6])
