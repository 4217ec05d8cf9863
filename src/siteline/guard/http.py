"""The only code that speaks HTTP: checked addresses, deadlines, retries, and no answer that is not what was asked.

Built on ``http.client``: a fifth of the cost per request of httpx (benchmarks/http_requests.py), nothing of
a signed address in anybody's log, and the connection is ours to make, so that it goes to the address that was checked.
Proxies of the environment are not used: behind one the proxy resolves the name, and no check here could see to what.
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.client import HTTPException
from types import TracebackType
from typing import Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

from siteline.guard.addresses import Origin, Trust, check_href, origin_of, shown
from siteline.guard.answers import MAX_JSON, Again, RangeAnswer, check_status, document, part
from siteline.guard.connections import Answer, Pool, TooLong
from siteline.guard.wire import Stalled, Unreachable, Unresolved
from siteline.model.errors import AddressRefused, BadAnswer, ServerUnavailable

__all__ = ["MAX_BODY", "STALLS", "TRIES", "Client", "RangeAnswer"]

TRIES: Final = 10
"""Most tries of one request, as object_store makes."""

NAMELESS: Final = 2
"""Tries of a request to a host whose name cannot be resolved: waiting longer rarely helps, and the user waits too."""

STALLS: Final = 2
"""Tries that may end in a stall: with 10 s each, a stalled body fails within 30 s (row 3)."""

MAX_BODY: Final = 1024 * 1024 * 1024
"""Longest body of any kind, in bytes."""

MAX_WHOLE: Final = 32 * 1024 * 1024
"""Longest file, in bytes, that is taken whole from a server that sends no parts."""

_DOWN_S: Final = 30.0  # a host that could not be reached gets one try per request for so long
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 5
_ANYWHERE: Final = frozenset({"range", "accept", "accept-encoding", "content-type", "user-agent"})
_ABOUT_US: Final = {"User-Agent": "siteline"}
T = TypeVar("T")


class Client:
    """Speaks HTTP for siteline. Thread-safe; use as a context manager, or ``close``.

    ``trust``: origins that may be private; none = public addresses only. ``deadline_s``: seconds after which no further try
    is made. ``low_speed_s``: seconds without a kilobyte a second after which a transfer counts as stalled; a document, which
    a server may have to search for, has six times as long to begin. ``requests``: how many were sent.
    """

    def __init__(self, trust: Trust | None = None, *, deadline_s: float = 180.0, low_speed_s: float = 10.0) -> None:
        """Open nothing yet."""
        self.trust = trust or Trust()
        self.requests = 0
        self._pool = Pool(self.trust, low_speed_s)
        self._deadline_s, self._low_speed_s = deadline_s, low_speed_s
        self._down: dict[Origin, float] = {}
        self._random = random.Random()
        self._lock = threading.Lock()

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
        """The JSON answered to the JSON ``body``, a question: it is asked again like any other. Raises ``SourceTrouble``."""
        return self._json("POST", url, {"Content-Type": "application/json", **(headers or {})}, json.dumps(body).encode())

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, limit: int = MAX_BODY) -> bytes:
        """The whole body at ``url``, at most ``limit`` bytes. Raises ``SourceTrouble``."""

        def read(left_s: float) -> bytes:
            answer = self._followed("GET", url, dict(headers or {}), None, limit, min(6 * self._low_speed_s, left_s))
            check_status(answer, url)
            return answer.body

        return self._retried(url, read)

    def get_range(
        self, url: str, offset: int, length: int, *, headers: Mapping[str, str] | None = None, fresh: bool = False
    ) -> RangeAnswer:
        """``length`` bytes from ``offset``; fewer, or none, only where the file ends before that.

        ``fresh``: over a new connection, perhaps to another machine. Raises ``SourceTrouble``.
        """
        asked = {**(headers or {}), "Range": f"bytes={offset}-{offset + length - 1}"}
        limit = max(length, MAX_WHOLE)

        def read(left_s: float) -> RangeAnswer:
            first_s = min(self._low_speed_s, left_s)
            try:
                answer = self._followed("GET", url, asked, None, limit, first_s, fresh)
            except TooLong:
                raise BadAnswer(
                    shown(url), "its server sends no parts of files, and this one is too long to take whole"
                ) from None
            return part(answer, url, offset, length)

        return self._retried(url, read)

    def _json(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        asked = {"Accept": "application/geo+json, application/json", "Accept-Encoding": "gzip", **headers}

        def read(left_s: float) -> Any:
            first_s = min(6 * self._low_speed_s, left_s)
            return document(self._followed(method, url, asked, body, MAX_JSON, first_s), url)

        return self._retried(url, read)

    def _retried(self, url: str, read: Callable[[float], T]) -> T:
        """The first sound answer, asked for again with growing pauses until the deadline."""
        place, _ = _place(url, self.trust)
        started, stalls, tries = time.monotonic(), 0, TRIES
        if place in self._down and started - self._down[place] < _DOWN_S:
            tries = 1
        for number in range(1, tries + 1):
            wait_s = None
            try:
                result = read(max(self._deadline_s - (time.monotonic() - started), 0.1))
                self._down.pop(place, None)
                return result
            except Again as again:
                reason, wait_s = again.reason, again.wait_s
            except Stalled as stall:
                reason, stalls = str(stall), stalls + 1
            except ssl.SSLCertVerificationError as error:
                untrusted = f"its certificate is not to be trusted ({error.verify_message})"
                raise ServerUnavailable(shown(url), untrusted, number, time.monotonic() - started) from None
            except TooLong as error:
                raise BadAnswer(shown(url), str(error)) from None
            except Unreachable as error:
                reason = str(error)
                tries = min(tries, NAMELESS) if isinstance(error, Unresolved) else tries
                if number >= tries:
                    self._down[place] = time.monotonic()
            except (OSError, HTTPException) as error:
                reason = f"the connection broke ({getattr(error, 'strerror', '') or type(error).__name__})"
            pause = self._pause(number) if wait_s is None else wait_s
            spent = time.monotonic() - started
            if number >= tries or stalls >= STALLS or spent + pause > self._deadline_s:
                break
            time.sleep(pause)
        raise ServerUnavailable(shown(url), reason, number, spent)

    def _pause(self, number: int) -> float:
        with self._lock:  # jitter, so that many clients do not come back at once
            return self._random.uniform(0.5, 1.0) * min(15.0, 0.1 * 2.0**number)

    def _followed(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limit: int,
        first_s: float,
        fresh: bool = False,
    ) -> Answer:
        """The answer at ``url`` or where it leads, every hop checked; nothing that may be secret goes to another origin."""
        place, path = _place(url, self.trust)
        headers = {**_ABOUT_US, **headers}
        for _ in range(_HOPS + 1):
            self.requests += 1
            answer = self._pool.exchange(place, method, path, headers, body, limit, first_s=first_s, fresh=fresh)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url = _joined(url, answer.headers["location"])
            there, path = _place(url, self.trust)
            if place.scheme == "https" and there.scheme == "http":
                raise AddressRefused(shown(url), "a redirect leads from https to http")
            if there != place:
                headers = {name: value for name, value in headers.items() if name.lower() in _ANYWHERE}
            if answer.status == 303:
                method, body = "GET", None
            place = there
        raise BadAnswer(shown(url), f"more than {_HOPS} redirects")


@lru_cache(4096)
def _place(url: str, trust: Trust) -> tuple[Origin, str]:
    """Where to connect for ``url``, and what to ask for there; kept, since thousands of ranges are read of one address."""
    checked = check_href(url, trust)
    parts = urlsplit(checked)
    if parts.scheme not in ("http", "https"):
        raise AddressRefused(shown(url), "it is no web address")
    return origin_of(checked), f"{parts.path}?{parts.query}" if parts.query else parts.path


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise AddressRefused(shown(location), "a redirect leads to what is no address") from None
