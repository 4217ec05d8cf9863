"""Connections to checked addresses, kept open between requests; bodies read under a low-speed limit."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from siteline.guard.addresses import Origin, Trust, is_public, private
from siteline.model.errors import AddressRefused

_CHUNK: Final = 1024 * 1024
_SLOW: Final = 1024
"""Bytes a second below which a transfer counts as stalled."""

_CONNECT_S: Final = 10.0


class Stalled(Exception):
    """The body stopped coming, or came slower than a kilobyte a second."""


class TooLong(Exception):
    """The body is longer than allowed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response. ``headers``: lower-case names. ``whole``: the body is as long as the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class Pool:
    """Open connections by origin; every one goes to an address that was checked when it was made. Thread-safe."""

    def __init__(self, trust: Trust, low_speed_s: float) -> None:
        """Open nothing yet."""
        self._trust, self._low_speed_s = trust, low_speed_s
        self._idle: dict[Origin, list[http.client.HTTPConnection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._tls = threading.local()

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            held = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in held:
            connection.close()

    def exchange(
        self, place: Origin, method: str, target: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> Answer:
        """Send one request and read its answer whole, at most ``limit`` bytes.

        Raises ``OSError`` or ``HTTPException`` for a broken connection, ``Stalled``, ``TooLong``, ``AddressRefused``.
        """
        connection = self._take(place)
        reused = connection is not None
        while True:
            if connection is None:
                connection = self._connect(place)
            try:
                connection.request(method, target, body, {"Host": _host(place), **headers})
                response = connection.getresponse()
                break
            except (OSError, http.client.HTTPException):
                connection.close()
                if not reused:
                    raise
                connection, reused = None, False  # the server had closed an idle connection: that is no failure
        try:
            answer = self._read(response, limit)
        except BaseException:
            connection.close()
            raise
        response.close()  # read to its end: the connection is free for the next request
        if response.will_close or not answer.whole:
            connection.close()
        else:
            with self._lock:
                self._idle[place].append(connection)
        return answer

    def _take(self, place: Origin) -> http.client.HTTPConnection | None:
        with self._lock:
            idle = self._idle.get(place)
            return idle.pop() if idle else None

    def _connect(self, place: Origin) -> http.client.HTTPConnection:
        scheme, host, port = place
        connection = http.client.HTTPConnection(host, port, timeout=self._low_speed_s)
        sock = self._socket(resolve(place, trusted=place in self._trust.origins), port)
        if scheme == "https":
            sock = self._context().wrap_socket(sock, server_hostname=host)
        connection.sock = sock
        connection.auto_open = 0  # it must never open a connection by itself, to an address nobody checked
        return connection

    def _socket(self, addresses: list[str], port: int) -> socket.socket:
        last: OSError | None = None
        for address in addresses:
            try:
                sock = socket.create_connection((address, port), timeout=min(_CONNECT_S, self._low_speed_s))
            except OSError as error:
                last = error
                continue
            sock.settimeout(self._low_speed_s)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise last or OSError("the name has no address")

    def _context(self) -> ssl.SSLContext:
        if not hasattr(self._tls, "context"):
            self._tls.context = ssl.create_default_context()
        context: ssl.SSLContext = self._tls.context
        return context

    def _read(self, response: http.client.HTTPResponse, limit: int) -> Answer:
        headers = {name.lower(): value for name, value in response.getheaders()}
        due = response.length
        if due is not None and due > limit:
            raise TooLong(f"its body has {due:,} bytes where at most {limit:,} are read")
        parts: list[bytes] = []
        got, mark, since = 0, 0, time.monotonic()
        while part := self._part(response):
            parts.append(part)
            got += len(part)
            if got > limit:
                raise TooLong(f"its body is longer than the {limit:,} bytes that are read")
            now = time.monotonic()
            if now - since > self._low_speed_s:
                if got - mark < _SLOW * (now - since):
                    raise Stalled(f"its body came slower than {_SLOW:,} bytes a second")
                mark, since = got, now
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return Answer(response.status, headers, body, due is None or got == due)

    def _part(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read1(_CHUNK)
        except TimeoutError:
            raise Stalled(f"nothing came for {self._low_speed_s:.0f} s") from None
        except http.client.IncompleteRead as error:
            return error.partial


def resolve(place: Origin, *, trusted: bool) -> list[str]:
    """The addresses behind a host, every one of them public unless ``trusted`` (row 20).

    The caller connects to these very addresses and does not ask again (row 21). Raises ``AddressRefused``, ``OSError``.
    """
    try:
        answers = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"its name could not be resolved ({error})") from None
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    if not trusted and not all(map(is_public, found)):
        raise AddressRefused(place.host, private(place.host))
    return found


def _host(place: Origin) -> str:
    scheme, host, port = place
    bare = f"[{host}]" if ":" in host else host
    return bare if (scheme, port) in (("http", 80), ("https", 443)) else f"{bare}:{port}"
