"""Connections to checked addresses, kept open between requests; bodies read whole, up to a limit."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from siteline.guard.addresses import Origin, Trust
from siteline.guard.wire import Wire, connect

_IDLE: Final = 32  # connections kept open to one origin
_EXCUSE: Final = 64 * 1024  # bytes read of the body of a failure


class TooLong(Exception):
    """The body is longer than allowed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response. ``headers``: lower-case names. ``whole``: the body is as long as the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class _Connection(http.client.HTTPConnection):
    """HTTP over a wire that is there already; it never opens one itself, to an address nobody checked."""

    auto_open = 0

    def __init__(self, wire: Wire) -> None:
        super().__init__("")
        self.wire = wire
        self.sock = wire

    def shut(self) -> None:
        """Close it for good."""
        self.close()
        self.wire.shut()


class Pool:
    """Open connections by origin; every one goes to an address that was checked when it was made. Thread-safe."""

    def __init__(self, trust: Trust, low_speed_s: float) -> None:
        """Open nothing yet."""
        self._trust, self._low_speed_s = trust, low_speed_s
        self._idle: dict[Origin, list[_Connection]] = defaultdict(list)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            held = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in held:
            connection.shut()

    def exchange(
        self,
        place: Origin,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limit: int,
        *,
        first_s: float,
        fresh: bool = False,
    ) -> Answer:
        """Send one request and read its answer whole, at most ``limit`` bytes; of a failure's body only the beginning.

        ``first_s``: seconds until the answer must have begun. ``fresh``: over a new connection, perhaps to another machine.
        Raises ``OSError`` or ``HTTPException`` for a broken connection, ``Stalled``, ``TooLong``, ``AddressRefused``.
        """
        connection = None if fresh else self._take(place)
        while True:
            reused = connection is not None
            connection = connection or self._connect(place)
            try:
                connection.wire.begins(first_s)
                connection.request(method, target, body, {"Host": _host(place), **headers})
                response = connection.getresponse()
                connection.wire.flows(response.length or limit)
                answer = _read(response, limit)
            except (ConnectionError, http.client.BadStatusLine):
                connection.shut()
                if not reused:
                    raise
                connection = None  # the server had closed an idle connection: that is no failure
                continue
            except BaseException:
                connection.shut()
                raise
            self._keep(place, connection, response)
            return answer

    def _take(self, place: Origin) -> _Connection | None:
        with self._lock:
            idle = self._idle.get(place)
            return idle.pop() if idle else None

    def _keep(self, place: Origin, connection: _Connection, response: http.client.HTTPResponse) -> None:
        done = response.isclosed() and not response.will_close
        response.close()
        with self._lock:
            if done and len(self._idle[place]) < _IDLE:
                self._idle[place].append(connection)
                return
        connection.shut()

    def _connect(self, place: Origin) -> _Connection:
        trusted = place in self._trust.origins
        return _Connection(connect(place, self._context, trusted=trusted, low_speed_s=self._low_speed_s))

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def _read(response: http.client.HTTPResponse, limit: int) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    due, good = response.length, response.status < 300
    if good and due is not None and due > limit:
        raise TooLong(f"its body has {due:,} bytes where at most {limit:,} are read")
    try:
        body = response.read(limit + 1 if good else _EXCUSE)  # one more, so that the end of a chunked body is seen
    except http.client.IncompleteRead as error:
        return Answer(response.status, headers, error.partial, False)
    if len(body) > limit and good:
        raise TooLong(f"its body is longer than the {limit:,} bytes that are read")
    return Answer(response.status, headers, body, due is None or len(body) == due or not good)


def _host(place: Origin) -> str:
    scheme, host, port = place
    bare = f"[{host}]" if ":" in host else host
    return bare if (scheme, port) in (("http", 80), ("https", 443)) else f"{bare}:{port}"
