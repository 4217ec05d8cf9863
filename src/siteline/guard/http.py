"""The only code that speaks HTTP: checked addresses, deadlines, retries, and no answer that is not what was asked.

Built on ``http.client``: a third of the cost per request of the larger libraries (benchmarks/cube_http.py), and the
connection is ours to make, so that it goes to the address that was checked. Proxies of the environment are not used: a check
of addresses could not see through them.
"""

from __future__ import annotations

import json
import random
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from types import TracebackType
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

from siteline.guard.addresses import Origin, Trust, check_href, origin_of, shown
from siteline.guard.connections import Answer, Pool, Stalled, TooLong
from siteline.model.errors import AddressRefused, BadAnswer, CredentialsMissing, NotThere, ServerUnavailable

TRIES: Final = 10
STALLS: Final = 2
"""Tries in all, and tries that may end in a stall: a stalled server fails within 30 s (row 3)."""

MAX_JSON: Final = 64 * 1024 * 1024
MAX_BODY: Final = 1024 * 1024 * 1024
"""Longest JSON and longest body of any kind, in bytes."""

_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 5
T = TypeVar("T")

_SECRET: Final = ("authorization", "x-amz-security-token", "x-amz-date", "cookie")


class _Again(Exception):
    """The answer is no good but the next may be; carries the reason, and seconds the server asked to wait."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """Bytes of a file: ``etag`` tells its versions apart ("" if the server does not); ``total``: its length."""

    data: bytes
    etag: str
    total: int | None


class Client:
    """Speaks HTTP for siteline. Thread-safe; use as a context manager, or ``close``.

    ``trust``: see ``guard.addresses``; none = public addresses only. ``deadline_s``: seconds in which a request must have
    succeeded, tries included.
    ``low_speed_s``: seconds without a kilobyte a second after which a transfer counts as stalled.
    """

    def __init__(self, trust: Trust | None = None, *, deadline_s: float = 180.0, low_speed_s: float = 10.0) -> None:
        """Open nothing yet."""
        self.trust = trust or Trust()
        self._pool = Pool(self.trust, low_speed_s)
        self._deadline_s = deadline_s
        self._random = random.Random()
        self._lock = threading.Lock()
        self.requests = 0

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close every connection."""
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def get_json(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON at ``url``. Raises ``SourceTrouble``."""
        return self._json("GET", url, headers or {}, None)

    def post_json(self, url: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answered to the JSON ``body``. Raises ``SourceTrouble``."""
        return self._json("POST", url, headers or {}, json.dumps(body).encode())

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, limit: int = MAX_BODY) -> bytes:
        """The whole body at ``url``, at most ``limit`` bytes. Raises ``SourceTrouble``."""

        def read(answer: Answer) -> bytes:
            _sound(answer, url)
            return answer.body

        return self._retried("GET", url, dict(headers or {}), None, limit, read)

    def get_range(self, url: str, offset: int, length: int, *, headers: Mapping[str, str] | None = None) -> RangeAnswer:
        """``length`` bytes from ``offset``; fewer only where the file ends before that. Raises ``SourceTrouble``."""
        asked = {**(headers or {}), "Range": f"bytes={offset}-{offset + length - 1}"}

        def read(answer: Answer) -> RangeAnswer:
            return _range_of(answer, url, offset, length)

        return self._retried("GET", url, asked, None, length + 64 * 1024, read)

    def _json(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        asked = {"Accept": "application/geo+json, application/json", "Accept-Encoding": "gzip", **headers}
        if body is not None:
            asked["Content-Type"] = "application/json"

        def read(answer: Answer) -> Any:
            _sound(answer, url)
            try:
                return json.loads(_plain(answer, url))
            except RecursionError:
                raise BadAnswer(shown(url), "its JSON is nested too deeply to be read") from None
            except ValueError as error:
                raise _Again(f"answered text that is not JSON ({error})") from None

        return self._retried(method, url, asked, body, MAX_JSON, read)

    def _retried(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int, read: Callable[[Answer], T]
    ) -> T:
        """The first sound answer, asked for again with growing pauses until the deadline."""
        started, stalls, reason = time.monotonic(), 0, ""
        for number in range(1, TRIES + 1):
            wait_s: float | None = None
            try:
                return read(self._followed(method, url, headers, body, limit))
            except _Again as again:
                reason, wait_s = again.reason, again.wait_s
            except (Stalled, TimeoutError) as stall:
                reason, stalls = str(stall) or "it did not answer", stalls + 1
            except (OSError, HTTPException) as error:
                reason = f"the connection broke ({error or type(error).__name__})"
            except TooLong as error:
                raise BadAnswer(shown(url), str(error)) from None
            pause = self._pause(number) if wait_s is None else wait_s
            spent = time.monotonic() - started
            if number == TRIES or stalls >= STALLS or spent + pause > self._deadline_s:
                raise ServerUnavailable(shown(url), reason, number, spent)
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _pause(self, number: int) -> float:
        with self._lock:  # full jitter, so that many clients do not come back at once
            return self._random.uniform(0.05, min(15.0, 0.1 * 2**number))

    def _followed(self, method: str, url: str, headers: dict[str, str], body: bytes | None, limit: int) -> Answer:
        """The answer at ``url`` or where it leads, every hop checked; secrets do not travel to another origin."""
        place, path = _place(url, self.trust)
        for _ in range(_HOPS + 1):
            self.requests += 1
            answer = self._pool.exchange(place, method, path, headers, body, limit)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url = urljoin(url, answer.headers["location"])
            there, path = _place(url, self.trust)
            if place[0] == "https" and there[0] == "http":
                raise AddressRefused(shown(url), "a redirect leads from https to http")
            if there != place:
                headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET}
            if answer.status == 303:
                method, body = "GET", None
            place = there
        raise BadAnswer(shown(url), f"more than {_HOPS} redirects")


@lru_cache(4096)
def _place(url: str, trust: Trust) -> tuple[Origin, str]:
    """Where to connect for ``url``, and what to ask for there; kept, since thousands of ranges are read of one address."""
    parts = urlsplit(check_href(url, trust))
    if parts.scheme not in ("http", "https"):
        raise AddressRefused(shown(url), "it is no web address")
    return origin_of(url), f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


def _sound(answer: Answer, url: str) -> None:
    """Raise unless the answer is a success and whole."""
    status = answer.status
    if status in _BUSY:
        raise _Again(f"the server answered {status}", _retry_after(answer))
    if status in (401, 403):
        remedy = "set the credentials of this provider (siteline doctor says which), or check that they may read this"
        raise CredentialsMissing(shown(url), f"the server answered {status}: not allowed", remedy)
    if status in (404, 410):
        raise NotThere(shown(url), status)
    if not 200 <= status < 300:
        words = " ".join(answer.body[:300].decode("utf-8", "replace").split())
        raise BadAnswer(shown(url), f"the server answered {status}{f': {words}' if words else ''}")
    if not answer.whole:
        raise _Again("the body ended before its stated length")


def _range_of(answer: Answer, url: str, offset: int, length: int) -> RangeAnswer:
    """The range that was asked for. Raises ``_Again`` where asking again may help."""
    _sound(answer, url)
    body, headers = answer.body, answer.headers
    if "html" in headers.get("content-type", "") or body[:15].lstrip()[:9].lower() in (b"<!doctype", b"<html>"):
        raise _Again("the server answered a web page where bytes of an image were due")
    etag = headers.get("etag", "") or headers.get("last-modified", "")
    if answer.status == 200:  # the server does not know ranges: what came is the whole file
        return RangeAnswer(body[offset : offset + length], etag, len(body))
    first, last, total = _content_range(headers.get("content-range", ""), url)
    if first != offset or last - first + 1 != len(body):
        raise _Again(f"bytes {first} to {last} came where {offset} to {offset + length - 1} were asked")
    ends = total is not None and last + 1 == total
    if len(body) != length and not (ends and len(body) < length):
        raise _Again(f"{len(body)} bytes came where {length} were asked")
    return RangeAnswer(body, etag, total)


def _content_range(text: str, url: str) -> tuple[int, int, int | None]:
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    if unit != "bytes" or not (first.isdecimal() and last.isdecimal() and (total == "*" or total.isdecimal())):
        raise BadAnswer(shown(url), f"its Content-Range cannot be read: {text[:80]!r}")
    return int(first), int(last), None if total == "*" else int(total)


def _plain(answer: Answer, url: str) -> bytes:
    if answer.headers.get("content-encoding", "") not in ("gzip", "x-gzip"):
        return answer.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(answer.body, MAX_JSON)
    except zlib.error as error:
        raise _Again(f"answered gzip that is damaged ({error})") from None
    if unpacker.unconsumed_tail:
        raise BadAnswer(shown(url), f"its JSON unpacks to more than {MAX_JSON:,} bytes")
    return text


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), 60.0) if text.isdecimal() else None
