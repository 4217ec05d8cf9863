"""Signature Version 4 of S3 (AWS, "Authenticating Requests: Using the Authorization Header"), for reading only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_EMPTY = hashlib.sha256(b"").hexdigest()


def signed_headers(
    url: str,
    key_id: str,
    secret: str,
    *,
    region: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
    token: str = "",
) -> dict[str, str]:
    """The headers that sign a GET of ``url`` (path-style or virtual-hosted) at ``now`` (aware).

    ``headers``: others that are signed too. ``token``: of temporary credentials. Ranges need not be signed.
    """
    parts = urlsplit(url)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    day = stamp[:8]
    signed = {name.lower(): value for name, value in (headers or {}).items()}
    signed |= {"host": parts.netloc, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    if token:
        signed["x-amz-security-token"] = token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    canonical = "\n".join(["GET", quote(unquote(parts.path)), _query(parts.query), lines, names, _EMPTY])
    scope = f"{day}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    authorization = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
    told = {name: value for name, value in signed.items() if name.startswith("x-amz-")}
    return {**told, "Authorization": authorization}


def _query(text: str) -> str:
    pairs = ((quote(name, safe="~"), quote(value, safe="~")) for name, value in parse_qsl(text, keep_blank_values=True))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
