"""How to read a provider's files now: credentials from its own variables and files, signatures made at read time.

Nothing here is kept in a case or printed.
"""

from __future__ import annotations

import base64
import configparser
import netrc
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from siteline.guard.http import Client
from siteline.guard.sigv4 import signed_headers
from siteline.model.errors import AddressRefused, BadAnswer, CredentialsMissing

PC_TOKENS: Final = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
CDSE_S3: Final = "https://eodata.dataspace.copernicus.eu"
EARTHDATA: Final = "urs.earthdata.nasa.gov"
_EARLY_S: Final = 120.0

_tokens: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class AccessState:
    """Whether what an ``access`` needs is set; ``note`` names the variable or file, never a value."""

    access: str
    ready: bool
    note: str


def request_for(
    href: str, access: str, client: Client, *, renew: bool = False, pc_tokens: str = PC_TOKENS
) -> tuple[str, dict[str, str]]:
    """The address and headers to read ``href`` with. ``renew``: what was given before has been refused.

    Raises ``CredentialsMissing``, ``AddressRefused``, ``SourceTrouble``.
    """
    if access == "planetary-computer":
        return _with_token(href, client, renew, pc_tokens), {}
    if access == "cdse-s3":
        return _cdse(href)
    if access == "earthdata":
        return href, {"Authorization": _earthdata(href)}
    if access == "planet":
        return href, {"Authorization": _planet(href)}
    if access:
        raise AddressRefused(href, f"siteline does not know the access {access!r}")
    if href.startswith("s3://"):
        bucket, _, key = href[5:].partition("/")
        return f"https://{bucket}.s3.amazonaws.com/{quote(key)}", {}
    return href, {}


def credentials_state() -> tuple[AccessState, ...]:
    """What is set on this machine for each access, without values."""
    return (
        AccessState("planetary-computer", True, _pc_note()),
        _state("cdse-s3", _cdse_keys(), "CDSE_S3_ACCESS_KEY and CDSE_S3_SECRET_KEY, or [cdse] in ~/.aws/credentials"),
        _state("earthdata", _earthdata_token(), f"EARTHDATA_TOKEN, or {EARTHDATA} in ~/.netrc"),
        _state("planet", (os.environ.get("PL_API_KEY", ""), "PL_API_KEY"), "PL_API_KEY"),
    )


def _state(access: str, found: tuple[str, str], remedy: str) -> AccessState:
    value, place = found
    return AccessState(access, bool(value), f"from {place}" if value else f"set {remedy}")


def _pc_note() -> str:
    return "from PC_SDK_SUBSCRIPTION_KEY" if os.environ.get("PC_SDK_SUBSCRIPTION_KEY") else "open; signed at read time"


def _with_token(href: str, client: Client, renew: bool, tokens: str) -> str:
    parts = urlsplit(href)
    account, container = parts.netloc.partition(".")[0], parts.path.strip("/").partition("/")[0]
    if not parts.netloc.endswith(".blob.core.windows.net"):
        return href
    place = (account, container)
    with _lock:
        until, token = _tokens.get(place, (0.0, ""))
    if renew or time.time() > until - _EARLY_S:
        key = os.environ.get("PC_SDK_SUBSCRIPTION_KEY", "")
        headers = {"Ocp-Apim-Subscription-Key": key} if key else {}
        url = f"{tokens}/{account}/{container}"
        told = client.get_json(url, headers=headers)
        try:
            token = str(told["token"])
            until = datetime.fromisoformat(str(told["msft:expiry"])).timestamp()
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(url, f"its token cannot be read ({type(error).__name__})") from None
        with _lock:
            _tokens[place] = (until, token)
    return f"{href.partition('?')[0]}?{token}"


def _cdse(href: str) -> tuple[str, dict[str, str]]:
    (key_id, secret), _ = _cdse_pair()
    if not (key_id and secret):
        remedy = "set CDSE_S3_ACCESS_KEY and CDSE_S3_SECRET_KEY (Copernicus Data Space), or [cdse] in ~/.aws/credentials"
        raise CredentialsMissing("cdse", "its S3 keys are not set", remedy)
    url = f"{CDSE_S3}/{quote(href[5:])}" if href.startswith("s3://") else href
    return url, signed_headers(url, key_id, secret, region="default", now=datetime.now(UTC))


def _cdse_keys() -> tuple[str, str]:
    (key_id, secret), place = _cdse_pair()
    return (key_id if secret else ""), place


def _cdse_pair() -> tuple[tuple[str, str], str]:
    names = ("CDSE_S3_ACCESS_KEY", "CDSE_S3_SECRET_KEY")
    if all(os.environ.get(name) for name in names):
        return (os.environ[names[0]], os.environ[names[1]]), " and ".join(names)
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    held = configparser.ConfigParser(interpolation=None)
    try:
        held.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return ("", ""), str(path)
    section = held["cdse"] if held.has_section("cdse") else {}
    return (section.get("aws_access_key_id", ""), section.get("aws_secret_access_key", "")), f"[cdse] in {path}"


def _earthdata(href: str) -> str:
    token, _ = _earthdata_token()
    if not token:
        raise CredentialsMissing("earthdata", "no token is set", f"set EARTHDATA_TOKEN, or {EARTHDATA} in ~/.netrc")
    del href
    return token


def _earthdata_token() -> tuple[str, str]:
    if token := os.environ.get("EARTHDATA_TOKEN"):
        return f"Bearer {token}", "EARTHDATA_TOKEN"
    try:
        entry = netrc.netrc(os.environ.get("NETRC") or None).authenticators(EARTHDATA)
    except (OSError, netrc.NetrcParseError):
        return "", "~/.netrc"
    if entry is None:
        return "", "~/.netrc"
    pair = base64.b64encode(f"{entry[0]}:{entry[2]}".encode()).decode()
    return f"Basic {pair}", "~/.netrc"


def _planet(href: str) -> str:
    key = os.environ.get("PL_API_KEY", "")
    if not key:
        raise CredentialsMissing("planet", "no key is set", "set PL_API_KEY")
    del href
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()
