"""Where things are in the report: one anchor per record, safe in an address whatever the id holds."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def anchor(kind: str, key: str) -> str:
    """Fragment of record ``key``; other characters than letters, digits, ``_`` and ``-`` become ``.hex.`` (one to one)."""
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9_-]", lambda m: f".{ord(m[0]):x}.", key[:200])


def web_address(url: str) -> str | None:
    """``url`` if it is an http(s) address with a host, else None (and then it is printed, not linked)."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else None
