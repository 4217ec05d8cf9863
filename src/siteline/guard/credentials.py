"""Credentials, where their providers' own tools keep them: variables and files. Never kept, logged or shown."""

from __future__ import annotations

import configparser
import netrc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

EARTHDATA: Final = "urs.earthdata.nasa.gov"
CDSE_REMEDY: Final = (
    "CDSE_S3_ACCESS_KEY and CDSE_S3_SECRET_KEY (made at the Copernicus Data Space), or [cdse] in ~/.aws/credentials"
)
EARTHDATA_REMEDY: Final = f"EARTHDATA_TOKEN, or {EARTHDATA} in ~/.netrc"

_CDSE: Final = ("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY")
_AWS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ENDPOINTS: Final = ("AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class AccessState(NamedTuple):
    """Whether what an ``access`` needs is set; ``note`` names the variable or file, never a value."""

    access: str
    ready: bool
    note: str


class Keys:
    """A pair of S3 keys, with the ``token`` of temporary ones. Its ``repr`` shows only where they came from."""

    def __init__(self, key_id: str, secret: str, token: str, place: str) -> None:
        """``place``: the variables or file."""
        self.key_id, self.secret, self.token, self.place = key_id, secret, token, place

    def __repr__(self) -> str:
        """Without values."""
        return f"Keys(from {self.place})"


def credentials_state() -> tuple[AccessState, ...]:
    """What is set on this machine for each access, without values and without asking anybody."""
    pair, token, keys = earthdata_login(), earthdata_token(), cdse()
    earthdata = "EARTHDATA_TOKEN" if token else f"{EARTHDATA} in {_netrc_path()}" if pair else ""
    return (
        AccessState("planetary-computer", True, _pc_note()),
        _state("cdse-s3", keys.place if keys else "", CDSE_REMEDY),
        _state("earthdata", earthdata, EARTHDATA_REMEDY),
        _state("planet", "PL_API_KEY" if planet() else "", "PL_API_KEY"),
    )


def planetary_computer() -> str:
    """The subscription key, "" where there is none; none is needed."""
    return os.environ.get("PC_SDK_SUBSCRIPTION_KEY", "")


def planet() -> str:
    """The API key, "" where there is none."""
    return os.environ.get("PL_API_KEY", "")


def earthdata_token() -> str:
    """The token, "" where there is none."""
    return os.environ.get("EARTHDATA_TOKEN", "")


def earthdata_login() -> tuple[str, str] | None:
    """Name and password from the netrc file, None where it has none."""
    try:
        entry = netrc.netrc(_netrc_path()).authenticators(EARTHDATA)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None
    return (entry[0], entry[2]) if entry and entry[0] and entry[2] else None


def cdse() -> Keys | None:
    """The S3 keys of the Copernicus Data Space: its own variables, else the profile ``cdse``, else those of AWS.

    AWS's variables count only where they are said to be for the Data Space: others are nobody's business there.
    """
    if found := _pair(os.environ, _CDSE, "", " and ".join(_CDSE)):
        return found
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    held = configparser.ConfigParser(interpolation=None)
    try:
        held.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        held.clear()
    names = tuple(name.lower() for name in _AWS)
    if held.has_section("cdse") and (found := _pair(held["cdse"], names, "aws_session_token", f"[cdse] in {path}")):
        return found
    if any("dataspace.copernicus.eu" in os.environ.get(name, "") for name in _ENDPOINTS):
        return _pair(os.environ, _AWS, "AWS_SESSION_TOKEN", " and ".join(_AWS))
    return None


def _pair(held: Mapping[str, str], names: tuple[str, ...], token: str, place: str) -> Keys | None:
    key_id, secret = (held.get(name, "") for name in names)
    return Keys(key_id, secret, held.get(token, ""), place) if key_id and secret else None


def _netrc_path() -> str:
    return os.environ.get("NETRC") or str(Path("~/.netrc").expanduser())


def _state(access: str, place: str, remedy: str) -> AccessState:
    return AccessState(access, bool(place), f"from {place}" if place else f"set {remedy}")


def _pc_note() -> str:
    return "from PC_SDK_SUBSCRIPTION_KEY" if planetary_computer() else "open; signed at read time"
