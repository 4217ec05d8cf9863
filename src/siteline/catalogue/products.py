"""What product names say: level, baseline, orbit, tile, and which acquisition it is across reprocessings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from siteline.model.search import StacItem

_S2 = re.compile(
    r"(?P<sat>S2[A-D])_MSI(?P<level>L1C|L2A)_(?P<take>\d{8}T\d{6})(?:_N(?P<base>\d{4}))?_R(?P<orbit>\d{3})"
    r"_T(?P<tile>\d{2}[A-Z]{3})_\d{8}T\d{6}"
)
_S2_SHORT = re.compile(r"(?P<sat>S2[A-D])_T?(?P<tile>\d{1,2}[A-Z]{3})_\d{8}(?:T\d{6})?(?:_\d+)?_(?P<level>L1C|L2A)")
_S2_TAKE = re.compile(r"G?(?P<sat>S2[A-D])_(?P<take>\d{8}T\d{6})_\d{6}(?:_N(?P<base>\d\d\.\d\d))?")
_S2_TILE = re.compile(
    r"(?P<sat>S2[A-D])_OPER_MSI_(?P<level>L1C|L2A)_TL_\w+?_T(?P<tile>\d{2}[A-Z]{3})(?:_N(?P<base>\d\d\.\d\d))?"
)
_THEIA = re.compile(r"SENTINEL(?P<sat>2[A-D])_(?P<day>\d{8})-(?P<clock>\d{6})-\d{3}_L2A_T(?P<tile>\d{2}[A-Z]{3})_\w")
_LANDSAT = re.compile(
    r"(?P<sat>L[COTEM]\d\d)_(?P<level>L[12][A-Z0-9]{2})_(?P<tile>\d{6})_(?P<day>\d{8})_\d{8}_(?P<coll>\d\d)_(?P<tier>RT|A1|T1|T2)"
)
_OPERA = re.compile(
    r"OPERA_L2_RTC-S1_(?P<burst>T(?P<orbit>\d{3})-\d{6}-IW\d)_(?P<take>\d{8}T\d{6})Z_\d{8}T\d{6}Z_(?P<sat>S1[A-D])_\d+_(?P<base>v[\d.]+)"
)
_S1 = re.compile(r"(?P<sat>S1[A-D])_\w{2}_\w{4}_\w{4}_(?P<take>\d{8}T\d{6})_\d{8}T\d{6}_(?P<orbit>\d{6})_\w{6}")
_HLS = re.compile(r"HLS\.(?P<half>[LS]30)\.T(?P<tile>\d{2}[A-Z]{3})\.(?P<take>\d{7}T\d{6})\.(?P<base>v[\d.]*\d)")

_NAMED = (
    "s2:product_uri",
    "sentinel:product_id",
    "s2:datatake_id",
    "s2:granule_id",
    "s2:tile_id",
    "landsat:product_id",
    "landsat:landsat_product_id",
    "odc:product",
    "title",
)


@dataclass(frozen=True, slots=True)
class Product:
    """What a name says; "" and None where it does not. ``kind``: ``sentinel-2``, ``theia``, ``landsat``, ``opera``, ...."""

    kind: str = ""
    level: str = ""
    satellite: str = ""
    baseline: str = ""
    relative_orbit: int | None = None
    tile: str = ""
    datatake: str = ""


def names_of(item: StacItem) -> tuple[str, ...]:
    """The names a product goes by in a tidied item: its id, known properties, and its files' names."""
    properties: Mapping[str, Any] = item["properties"]
    named = [str(item.get("id", ""))]
    named += [str(properties[key]) for key in _NAMED if isinstance(properties.get(key), str)]
    named += [unquote(asset["href"])[-400:] for asset in item["assets"].values() if asset.get("href")]
    return tuple(dict.fromkeys(named))[:12]


def product_of(item: StacItem) -> Product:
    """What the names in ``item`` say together; the first that says a thing is believed."""
    return _joined(read for name in names_of(item) for read in _read(name))


def _joined(parts: Iterable[Product]) -> Product:
    whole = Product()
    for part in parts:
        if whole.kind and part.kind != whole.kind:
            continue
        whole = Product(
            kind=whole.kind or part.kind,
            level=whole.level or part.level,
            satellite=whole.satellite or part.satellite,
            baseline=whole.baseline or part.baseline,
            relative_orbit=part.relative_orbit if whole.relative_orbit is None else whole.relative_orbit,
            tile=whole.tile or part.tile,
            datatake=whole.datatake or part.datatake,
        )
    return whole


def _read(name: str) -> Iterator[Product]:
    if m := _S2.search(name):
        base = f"{m['base'][:2]}.{m['base'][2:]}" if m["base"] else ""
        yield Product("sentinel-2", m["level"], m["sat"], base, int(m["orbit"]), m["tile"], f"{m['sat']}_{m['take']}")
    elif m := _S2_TAKE.match(name):
        yield Product("sentinel-2", "", m["sat"], m["base"] or "", None, "", f"{m['sat']}_{m['take']}")
    elif m := _S2_TILE.search(name):
        yield Product("sentinel-2", m["level"], m["sat"], m["base"] or "", None, m["tile"], "")
    elif m := _S2_SHORT.search(name):
        yield Product("sentinel-2", m["level"], m["sat"], "", None, m["tile"].zfill(5), "")
    elif m := _HLS.search(name):
        yield Product("hls", m["half"], "", m["base"], None, m["tile"], f"HLS{m['half']}_{m['take']}")
    elif m := _OPERA.search(name):
        yield Product("opera", "RTC", m["sat"], m["base"], int(m["orbit"]), m["burst"], f"{m['sat']}_{m['take']}")
    elif m := _THEIA.search(name):
        yield Product("theia", "L2A", f"S{m['sat']}", "", None, m["tile"], "")
    elif m := _S1.search(name):
        yield Product("sentinel-1", "", m["sat"], "", None, "", f"{m['sat']}_{m['orbit']}_{m['take']}")
    elif m := _LANDSAT.search(name):
        take = f"{m['sat']}_{m['tile']}_{m['day']}"
        yield Product("landsat", m["level"], m["sat"], f"C{int(m['coll'])}", None, m["tile"], take)
