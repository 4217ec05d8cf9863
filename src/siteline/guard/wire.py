"""One socket, watched: what it brings must come, and fast enough, whether it is a header or a body."""

from __future__ import annotations

import io
import socket
import ssl
import time
from typing import Any, Final

from siteline.guard.addresses import Origin, is_public, private
from siteline.model.errors import AddressRefused

SLOW: Final = 1024
"""Bytes a second below which a transfer counts as stalled."""

_BUFFER: Final = 32 * 1024
_CONNECT_S: Final = 10.0
_HONEST: Final = 64 * 1024  # bytes a second at which a long body may still take its time


class Stalled(Exception):
    """Nothing came, or slower than a kilobyte a second."""


class Unreachable(Exception):
    """No connection could be made."""


class Unresolved(Unreachable):
    """The name of a host could not be resolved: it is wrong, or this machine has no network."""


class Wire(io.RawIOBase):
    """A connected socket as ``http.client`` wants it, reading under two limits.

    An answer must begin within ``first_s`` seconds and its header be whole by then; after ``flows`` no stretch of
    ``low_speed_s`` seconds may bring less than ``SLOW`` bytes a second. Socket timeouts alone would let a server that sends
    one byte now and then hold a reader for ever (row 3).
    """

    def __init__(self, sock: socket.socket, low_speed_s: float) -> None:
        """Take ``sock``, connected."""
        self.sock, self._low_speed_s = sock, low_speed_s
        self._end = self._until = 0.0
        self._got, self._in_header, self._span = 0, True, low_speed_s

    def begins(self, first_s: float) -> None:
        """A request is about to be sent."""
        self._span, self._in_header, self._got = first_s, True, 0
        self._end = time.monotonic() + first_s
        self.sock.settimeout(first_s)

    def flows(self, due: int) -> None:
        """The header is here; a body of ``due`` bytes follows."""
        now = time.monotonic()
        self._span, self._in_header, self._got = self._low_speed_s, False, 0
        self._end, self._until = now + self._span, now + 6 * self._span + due / _HONEST

    def sendall(self, data: Any) -> None:
        """Send ``data``. Raises ``OSError``."""
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What ``http.client`` reads a response from."""
        del mode
        return io.BufferedReader(self, _BUFFER)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, into: Any) -> int:
        """Some bytes into a buffer; 0 at the end. Raises ``Stalled``, ``OSError``."""
        while True:
            left = self._end - time.monotonic()
            if left > 0:
                self.sock.settimeout(left)
                try:
                    got = self.sock.recv_into(into)
                except TimeoutError:
                    continue
                self._got += got
                return got
            if self._in_header:
                raise Stalled(f"no answer came for {self._span:.3g} s")
            if self._got < SLOW * self._span:
                raise Stalled(f"its body stalled: {self._got:,} bytes came in {self._span:.3g} s")
            if self._end > self._until:
                raise Stalled("its body takes too long")
            self._end, self._got = self._end + self._span, 0

    def close(self) -> None:
        """Nothing: ``http.client`` closes what a response was read from, but the next request needs the socket."""

    def shut(self) -> None:
        """Close the socket."""
        self.sock.close()


def connect(place: Origin, context: ssl.SSLContext, *, trusted: bool, low_speed_s: float) -> Wire:
    """A wire to a checked address of ``place``; a TLS certificate is still checked by name.

    Raises ``AddressRefused``, ``Unreachable``, ``SSLCertVerificationError``.
    """
    reason = "its name has no address"
    patience = min(_CONNECT_S, low_speed_s)
    for family, kind, protocol, address in resolve(place, trusted=trusted):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(patience)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.scheme == "https":
                sock = context.wrap_socket(sock, server_hostname=place.host)
        except ssl.SSLCertVerificationError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            reason = f"it could not be reached ({error.strerror or error or 'no answer'})"
            continue
        return Wire(sock, low_speed_s)
    raise Unreachable(reason)


Address = tuple[int, int, int, Any]
"""Family, type, protocol and the numeric address, as ``socket`` takes them."""


def resolve(place: Origin, *, trusted: bool) -> list[Address]:
    """The addresses behind a host, every one of them public unless ``trusted`` (row 20).

    The caller connects to these very addresses and asks no name server again (row 21).
    Raises ``AddressRefused``, ``Unreachable``.
    """
    try:
        answers = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise Unreachable("its name is no valid host name") from None
    except socket.gaierror as error:
        raise Unresolved(f"its name could not be resolved ({error.strerror})") from None
    if not trusted and not all(is_public(str(answer[4][0])) for answer in answers):
        raise AddressRefused(place.host, private(place.host))
    return [(int(answer[0]), int(answer[1]), answer[2], answer[4]) for answer in answers]
