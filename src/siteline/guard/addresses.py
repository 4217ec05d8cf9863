"""Which addresses may be opened. What a document names is material: it is checked here before anything is asked of it."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from siteline.model.errors import AddressRefused

MAX_HREF: Final = 8192
"""Longest address, in characters."""

_PORTS: Final = {"http": 80, "https": 443}
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?\Z")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HARMLESS: Final = frozenset(
    ("bbox", "collections", "datetime", "ids", "limit", "page", "intersects", "sortby", "fields", "query", "filter")
)
_SECRET: Final = re.compile(
    r"sig|token|key|secret|pass|pwd|pw$|auth|cred|policy|jwt|code|session|ticket|account|user|login|email|skoid|sktid|^x-"
)
_TELLING: Final = 40  # a longer value of a name nobody knows may be a secret
_HIDDEN: Final = "..."
_ODD_BLOCKS: Final = tuple(
    ipaddress.ip_network(block)
    for block in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
)
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Origin(NamedTuple):
    """Where a connection goes. ``scheme``: "http" or "https". ``host``: lower case, without brackets."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Trust:
    """The origins that the user named himself: only these may lie in a private network or on this machine."""

    origins: frozenset[Origin] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str]) -> Trust:
        """Trust in the origins of ``urls``; what is no HTTP address adds none."""
        origins = set()
        for url in urls:
            try:
                parts = urlsplit(url)
                if parts.scheme in _PORTS and parts.hostname:
                    origins.add(_origin(parts))
            except ValueError:
                continue
        return cls(frozenset(origins))


def check_href(href: str, base: Trust, local_roots: tuple[Path, ...] = ()) -> str:
    """``href`` in the form in which it may be opened: an http(s) or s3 address, or the real path of a local file.

    ``base``: origins that may be private. ``local_roots``: folders the user named; a path is allowed only where it resolves,
    links followed, inside one of them. What lies behind a host name is checked when the connection is made.
    Raises ``AddressRefused``.
    """
    _check_text(href)
    if href.startswith("/"):
        return _local(href, local_roots)
    scheme = _SCHEME.match(href)
    if scheme is None:
        raise AddressRefused(shown(href), "it is no absolute address")
    if scheme[1].lower() not in ("http", "https", "s3"):
        raise AddressRefused(shown(href), f"only https, http and s3 addresses are opened, not {scheme[1]}:")
    parts = _parts(href)
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(shown(href), "it carries a user name or password; set credentials in the environment instead")
    return _s3(href, parts) if parts.scheme == "s3" else _http(href, parts, base)


def origin_of(url: str) -> Origin:
    """The origin of an address that ``check_href`` returned."""
    return _origin(urlsplit(url))


def private(host: str) -> str:
    """Why ``host`` is refused, with the remedy."""
    return f"{host} is not a public address; if the server is yours: siteline fetch CASE --trust ADDRESS"


def is_public(address: str) -> bool:
    """Whether an IP address (text) is one of the public internet; addresses that wrap an IPv4 one count as that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if wrapped is not None:
            return is_public(str(wrapped))
        if ip not in _GLOBAL_V6 or ip.teredo is not None:
            return False
    elif any(ip in block for block in _ODD_BLOCKS):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local)


def shown(url: str) -> str:
    """``url`` as it may appear in a message: no user name, no fragment, no query value that may be secret.

    Two addresses that differ in what is no secret stay different, so that it can name a file.
    """
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return re.split(r"[?#]", url)[0].rpartition("@")[2]
    kept = "&".join(f"{name}={_HIDDEN if _may_be_secret(name.lower(), value) else value}" for name, value in query)
    scheme = url[: len(parts.scheme)] or parts.scheme  # as written: GDAL's prefixes parse as schemes
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], parts.path, kept, ""))


def _may_be_secret(name: str, value: str) -> bool:
    if name in _HARMLESS:
        return False
    return len(value) > _TELLING or _SECRET.search(name) is not None


def _check_text(href: str) -> None:
    if not href or len(href) > MAX_HREF:
        raise AddressRefused(shown(href), "it is empty" if not href else f"it is longer than {MAX_HREF} characters")
    plain = href
    for _ in range(3):  # a second coat of percent signs hides what the first pass would find
        _check_layer(href, plain)
        if (further := unquote(plain)) == plain:
            return
        plain = further
    _check_layer(href, plain)


def _check_layer(href: str, plain: str) -> None:
    path = re.split(r"[?#]", plain)[0]
    reason = ""
    if _CONTROL.search(plain):
        reason = "it holds control characters"
    elif plain.lstrip().startswith("<"):
        reason = "it is XML, not an address"
    elif "\\" in path:
        reason = "it holds a backslash"
    elif "header_file=" in plain.casefold():
        reason = "it names a file of this machine (header_file)"
    elif path.casefold().startswith("/vsi") or "/vsi" in path.casefold().partition(":")[2]:
        reason = "it names one of GDAL's virtual file systems (/vsi)"
    elif ".." in path.split("/"):
        reason = "it leaves its folder (..)"
    if reason:
        raise AddressRefused(shown(_CONTROL.sub("?", href)), reason)


def _local(href: str, roots: tuple[Path, ...]) -> str:
    real = os.path.realpath(href)
    for root in roots:
        top = os.path.realpath(root)
        if real == top or real.startswith(top.rstrip(os.sep) + os.sep):
            return real
    if not os.path.lexists(href):
        raise AddressRefused(href, "there is no such file on this machine; name the folder it is in: siteline find --source")
    raise AddressRefused(
        href, "it is a file of this machine outside the folders you named; name its folder: siteline find --source"
    )


def _s3(href: str, parts: SplitResult) -> str:
    key = parts.path.lstrip("/")
    if not _BUCKET.match(parts.netloc) or not key:
        raise AddressRefused(shown(href), "it names no bucket and key")
    if parts.query or parts.fragment or not re.fullmatch(r"[\w!.*'()/=+,@:&$~ -]+", unquote(key)):
        raise AddressRefused(shown(href), "its key holds characters that no image's has")
    return f"s3://{parts.netloc}/{key}"


def _http(href: str, parts: SplitResult, base: Trust) -> str:
    try:
        place = _origin(parts)
    except ValueError:
        raise AddressRefused(shown(href), "its host is no valid name") from None
    if (literal := _literal(place.host)) is None and not _HOST.match(place.host):
        raise AddressRefused(shown(href), "its host is no valid name")
    near = place.host.rstrip(".").endswith("localhost") or (literal is not None and not is_public(literal))
    if near and place not in base.origins:
        raise AddressRefused(shown(href), private(place.host))
    host = f"[{place.host}]" if ":" in place.host else place.host
    netloc = host if place.port == _PORTS[place.scheme] else f"{host}:{place.port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((place.scheme, netloc, path, quote(parts.query, safe="/?%:@!$&'()*+,;=~-._"), ""))


def _parts(href: str) -> SplitResult:
    try:
        parts = urlsplit(href)
        return parts if parts.port is None or parts.port > 0 else parts._replace(netloc="")
    except ValueError:
        raise AddressRefused(shown(href), "it is no valid address") from None


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _origin(parts: SplitResult) -> Origin:
    host = (parts.hostname or "").lower()
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    return Origin(parts.scheme, host, parts.port or _PORTS[parts.scheme])
