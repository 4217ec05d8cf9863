"""What file names say where nothing else does: when, by which satellite, of which provider.

Only conventions that state a time zone, by the provider's own specification, give an instant; a date alone is a day in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from siteline.catalogue.dates import written
from siteline.catalogue.delivered import providers
from siteline.catalogue.products import product_of
from siteline.model.errors import BadDate

_MONTHS: Final = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_PLANET = re.compile(
    r"(?<!\d)(20\d{2})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})_(?:(\d{2})_)?(?:(ss[a-z]+\d+)|[0-9a-f]{4})(?![0-9A-Za-z])"
)
_MAXAR = re.compile(r"(?<![0-9A-Za-z])(\d{2})([A-Z]{3})(\d{2})(\d{2})(\d{2})(\d{2})(?!\d)")
_AIRBUS = re.compile(r"_(?:PHR1[AB]|PNEO[34]|SPOT[67])_[A-Z-]+_(20\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\d*(?!\d)")
_THEIA = re.compile(r"SENTINEL2[A-D]_(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-(\d{3})_")
_SENSED = re.compile(r"(?:S2[A-D]_MSIL\w{2}|_T\d{2}[A-Z]{3}|\AT\d{2}[A-Z]{3}|RTC-S1_T\d{3}-\d{6}-IW\d)_(\d{8}T\d{6})Z?_")
_LANDSAT = re.compile(r"L[COTEM]\d{2}_L\w{3}_\d{6}_(\d{8})(?!\d)")
_NAIP = re.compile(r"\Am_\d{7}_[ns][ew]_\d{1,2}_\w+?_(\d{8})(?:_\d{8})?\Z")
_ISO = re.compile(r"(?<!\d)(\d{4})([-_.])(\d{2})\2(\d{2})(?:[T_ -](\d{2})[-:_]?(\d{2})(?:[-:_]?(\d{2}))?(Z?))?(?![0-9])")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:[T_-]?(\d{2})(\d{2})(\d{2})(Z?))?(?!\d)")
_REVERSED = re.compile(r"(?<!\d)\d{1,2}([-_.])\d{1,2}\1(?:19|20)\d{2}(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d{2})-(0[1-9]|1[0-2])(?!\d)")


@dataclass(frozen=True, slots=True)
class Said:
    """STAC ``properties`` that a name states ({} for none), and what is doubtful about them or why they were refused."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def said_by(name: str) -> Said:
    """What the file name ``name`` (no folder, no suffix) says about time and platform. Never raises."""
    for pattern, read in _PROVIDERS:
        if match := pattern.search(name):
            return _checked(name, *read(match))
    return _plain(name)


def _plain(name: str) -> Said:
    found = {_iso(match) for match in _ISO.finditer(name)} or {_compact(match) for match in _COMPACT.finditer(name)}
    if len(found) > 1:
        listed = " and ".join(sorted(found))
        return Said({}, (f"its name holds several dates ({listed}); say which is meant in scenes.csv, column acquired",))
    if found:
        return _checked(name, found.pop(), {})
    if match := _REVERSED.search(name):
        text = match[0]
        return Said({}, (f"the date {text} in its name is refused: day and month cannot be told apart; use scenes.csv",))
    if match := _MONTH.search(name):
        return _checked(name, f"{match[1]}-{match[2]}", {})
    return Said()


def _checked(name: str, text: str, more: Mapping[str, Any]) -> Said:
    try:
        properties, doubt = written(text)
    except BadDate as error:
        return Said(more, (f"the date in its name {name} is refused: {error.reason}; write it in scenes.csv",))
    return Said({**properties, **more}, (doubt,) if doubt else ())


def _planet(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    year, month, day, hour, minute, second, hundredths, skysat = match.groups()
    fraction = f".{hundredths}" if hundredths else ""
    named: dict[str, Any] = {"platform": f"SkySat {skysat}"} if skysat else {"constellation": "planetscope"}
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z", {**named, **providers("Planet")}


def _maxar(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    year, month, day, hour, minute, second = match.groups()
    place = _MONTHS.find(month)
    return f"20{year}-{place // 3 + 1 if place % 3 == 0 else 0:02}-{day}T{hour}:{minute}:{second}Z", providers(
        "Maxar/Vantor"
    )


def _airbus(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}Z", providers("Airbus")


def _theia(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    year, month, day, hour, minute, second, thousandths = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}.{thousandths}Z", _product(match.string)


def _sensed(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    return f"{match[1]}Z", _product(match.string)


def _landsat(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    return match[1], _product(match.string)


def _naip(match: re.Match[str]) -> tuple[str, Mapping[str, Any]]:
    return match[1], {"platform": "aircraft", "license": "public domain", **providers("USDA NAIP")}


def _product(name: str) -> dict[str, Any]:
    """Platform and relative orbit by the name of a product."""
    product = product_of({"id": name, "properties": {}, "assets": {}})
    letter = product.satellite[1:].casefold()
    named = {"S": f"sentinel-{letter}", "L": f"landsat-{product.satellite[-1:]}"}
    known: dict[str, Any] = {"platform": named[product.satellite[0]]} if product.satellite[:1] in named else {}
    return known | ({} if product.relative_orbit is None else {"sat:relative_orbit": product.relative_orbit})


def _iso(match: re.Match[str]) -> str:
    year, _, month, day, hour, minute, second, zone = match.groups()
    clock = f"T{hour}:{minute}:{second or '00'}{zone}" if hour and int(hour) < 24 and int(minute) < 60 else ""
    return f"{year}-{month}-{day}{clock}"


def _compact(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = match.groups()
    clock = f"T{hour}:{minute}:{second}{zone}" if hour and int(hour) < 24 and int(minute) < 60 else ""
    return f"{year}-{month}-{day}{clock}"


_PROVIDERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, Mapping[str, Any]]]], ...]] = (
    (_THEIA, _theia),
    (_SENSED, _sensed),
    (_LANDSAT, _landsat),
    (_PLANET, _planet),
    (_AIRBUS, _airbus),
    (_MAXAR, _maxar),
    (_NAIP, _naip),
)
