"""How to read a provider's files now: signed at read time, with credentials from ``guard.credentials``.

Nothing here is kept in a case or printed, and no credential goes to a host that is not its provider's.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote, urlsplit

from siteline.guard import credentials
from siteline.guard.addresses import shown
from siteline.guard.credentials import credentials_state
from siteline.guard.sigv4 import signed_headers
from siteline.model.errors import AddressRefused, BadAnswer, CredentialsMissing

__all__ = ["CDSE_S3", "EARTHDATA_TOKENS", "PC_TOKENS", "credentials_state", "request_for"]

PC_TOKENS: Final = "https://planetarycomputer.microsoft.com/api/sas/v1/token"
CDSE_S3: Final = "https://eodata.dataspace.copernicus.eu"
EARTHDATA_TOKENS: Final = "https://urs.earthdata.nasa.gov/api/users/find_or_create_token"

_EARTHDATA: Final = (".earthdata.nasa.gov", ".earthdatacloud.nasa.gov", ".asf.alaska.edu")
_REQUESTER_PAYS: Final = frozenset(
    (
        "usgs-landsat",
        "naip-analytic",
        "naip-source",
        "naip-visualization",
        "sentinel-s1-l1c",
        "sentinel-s2-l1c",
        "sentinel-s2-l2a",
    )
)
_EARLY_S: Final = 120.0  # a token this close to its end is not used any more
_JUST_NOW_S: Final = 5.0  # a token this new is not asked for again: another thread has just renewed it
_DAY_S: Final = 86_400.0

Request = tuple[str, dict[str, str]]
"""Address and headers."""


class JsonClient(Protocol):
    """What is needed of ``guard.http.Client``."""

    def get_json(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON document at ``url``."""
        ...

    def post_json(self, url: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answer to ``body``."""
        ...


class _Tokens:
    """Tokens by what they open, each asked for once at a time and kept until shortly before it ends."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, float, str]] = {}
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, place: str, renew: bool, ask: Callable[[], tuple[str, float]]) -> str:
        """The token for ``place``; ``ask`` gives a new one and when it ends (seconds since 1970)."""
        with self._locks[place]:
            since, until, token = self._held.get(place, (0.0, 0.0, ""))
            now = time.time()
            if now > until - _EARLY_S or (renew and now - since > _JUST_NOW_S):
                token, until = ask()
                self._held[place] = (now, until, token)
            return token


_tokens: Final = _Tokens()


def request_for(
    href: str,
    access: str,
    client: JsonClient,
    *,
    renew: bool = False,
    pc_tokens: str = PC_TOKENS,
    earthdata_tokens: str = EARTHDATA_TOKENS,
) -> Request:
    """The address and headers to read ``href`` (as ``check_href`` returned it) with.

    ``renew``: what was given before has been refused. ``client`` asks for tokens, at ``pc_tokens`` and ``earthdata_tokens``.
    Raises ``CredentialsMissing``, ``AddressRefused`` and what ``client`` raises.
    """
    if access == "planetary-computer":
        return _planetary_computer(href, client, renew, pc_tokens), {}
    if access == "cdse-s3":
        return _cdse(href)
    if access == "earthdata":
        return href, _earthdata(href, client, renew, earthdata_tokens)
    if access == "planet":
        return href, _planet(href)
    if access:
        raise AddressRefused(shown(href), f"siteline does not know the access {access[:40]!r}")
    return _open(href), {}


def _open(href: str) -> str:
    parts = urlsplit(href)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    s3 = parts.scheme == "s3"
    if not s3:
        bucket, _, rest = parts.netloc.partition(".s3.")
        if not rest.endswith("amazonaws.com"):
            return href
    if bucket in _REQUESTER_PAYS:
        remedy = "siteline spends nobody's money; find the same scenes with: siteline find --source planetary-computer"
        raise CredentialsMissing(shown(href), "it lies in storage where the reader pays", remedy)
    if not s3:
        return href
    key = quote(key, safe="/~")
    if "." in bucket:  # a certificate for *.s3.amazonaws.com does not cover a name with more dots
        return f"https://s3.amazonaws.com/{bucket}/{key}"
    return f"https://{bucket}.s3.amazonaws.com/{key}"


def _planetary_computer(href: str, client: JsonClient, renew: bool, tokens: str) -> str:
    parts = urlsplit(href)
    account, container = parts.netloc.partition(".")[0], parts.path.strip("/").partition("/")[0]
    if parts.scheme != "https" or not parts.netloc.endswith(".blob.core.windows.net") or not container:
        return href
    url = f"{tokens}/{account}/{container}"

    def ask() -> tuple[str, float]:
        key = credentials.planetary_computer()
        told = client.get_json(url, headers={"Ocp-Apim-Subscription-Key": key} if key else {})
        try:
            return str(told["token"]), datetime.fromisoformat(str(told["msft:expiry"])).timestamp()
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(url, f"its token cannot be read ({type(error).__name__})") from None

    return f"{href.partition('?')[0]}?{_tokens.get(url, renew, ask)}"


def _cdse(href: str) -> Request:
    keys = credentials.cdse()
    if keys is None:
        raise CredentialsMissing("cdse", "its S3 keys are not set", f"set {credentials.CDSE_REMEDY}")
    url = f"{CDSE_S3}/{quote(href[5:], safe='/~')}" if href.startswith("s3://") else href
    if urlsplit(url)[:2] != urlsplit(CDSE_S3)[:2]:
        return url, {}
    return url, signed_headers(url, keys.key_id, keys.secret, region="default", now=datetime.now(UTC), token=keys.token)


def _earthdata(href: str, client: JsonClient, renew: bool, tokens: str) -> dict[str, str]:
    parts = urlsplit(href)
    if parts.scheme != "https" or not parts.netloc.endswith(_EARTHDATA):
        return {}
    token = credentials.earthdata_token()
    if not token:
        pair = credentials.earthdata_login()
        if pair is None:
            raise CredentialsMissing("earthdata", "no token is set", f"set {credentials.EARTHDATA_REMEDY}")

        def ask() -> tuple[str, float]:  # the storage takes tokens only; the name and password get one
            told = client.post_json(tokens, {}, headers={"Authorization": _basic(*pair)})
            try:
                return str(told["access_token"]), time.time() + _DAY_S
            except (KeyError, TypeError):
                raise BadAnswer(tokens, "its token cannot be read") from None

        token = _tokens.get(tokens, renew, ask)
    return {"Authorization": f"Bearer {token}"}


def _planet(href: str) -> dict[str, str]:
    parts = urlsplit(href)
    if parts.scheme != "https" or not parts.netloc.endswith(".planet.com"):
        return {}
    key = credentials.planet()
    if not key:
        raise CredentialsMissing("planet", "no key is set", "set PL_API_KEY")
    return {"Authorization": _basic(key, "")}


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
