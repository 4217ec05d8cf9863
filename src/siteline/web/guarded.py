"""Who may ask, and what an answer says about itself: token, Host, Origin, size of bodies, content security policy.

The server listens on the loopback interface. A page of another site, open in the same browser, can still send requests to
it, and a name of its own can be made to point to it (DNS rebinding). So every request must name this server by its own
address, must not come from a foreign page, and must carry the token that ``siteline serve`` printed.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
MOST_BODY: Final = 512 * 1024
"""Largest body of a request, in bytes."""

MOST_ADDRESS: Final = 8 * 1024
"""Longest path and query of a request, in bytes."""

_ASK: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>siteline</title></head><body>
<h1>This page needs its token</h1>
<p>Open the address that <code>siteline serve</code> printed in the terminal, with everything after the question mark. It is
new each time the server starts.</p></body></html>
"""


def failure(kind: str, message: str, remedy: str = "", **more: object) -> dict[str, object]:
    """The one form of a failure: ``{"error": {"kind", "message", "remedy", ...}}``."""
    return {"error": {"kind": kind, "message": message, "remedy": remedy, **more}}


def hosts_of(port: int) -> frozenset[str]:
    """The names by which a request may address this server."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


class Guarded:
    """ASGI middleware around the whole application. ``token``: what a request must carry; ``port``: where it is served."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        """Guard ``app``."""
        self._app, self._token, self._hosts = app, token, hosts_of(port)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._cookie = f"siteline-{port}"  # cookies know no ports: another server on this machine has its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or let the application answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await refused(scope, receive, dressed)
            return
        await _Bounded(self._app)(scope, receive, dressed)

    def _refused(self, scope: Scope) -> Response | None:
        """The refusal, None where the request may pass."""
        headers = Headers(scope=scope)
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MOST_ADDRESS:
            return JSONResponse(failure("AddressTooLong", "the address is too long", "ask for less at a time"), 414)
        if headers.getlist("host") not in ([host] for host in self._hosts):
            return _forbidden("it does not address this server by its own name", "open the address that siteline printed")
        if self._foreign(scope, headers):
            return _forbidden("it comes from a page of another site", "use the workbench's own page")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return JSONResponse(failure("MethodNotAllowed", f"{scope['method']} is not answered", "use GET or POST"), 405)
        return self._unknown(scope, headers)

    def _foreign(self, scope: Scope, headers: Headers) -> bool:
        """Whether a page of another site sent it; a link followed from there is none of its doing."""
        origins = headers.getlist("origin")
        site = headers.get("sec-fetch-site", "none")
        foreign = any(origin not in self._origins for origin in origins) or site not in ("none", "same-origin")
        followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        return foreign and not (scope["method"] == "GET" and followed and not origins)

    def _unknown(self, scope: Scope, headers: Headers) -> Response | None:
        """How a request without the token is answered, and one that brings it in the address; None for all others."""
        if scope["path"] == "/" and scope["method"] == "GET" and self._is_token(_in_address(scope)):
            back = RedirectResponse("/", 303)
            back.set_cookie(self._cookie, self._token, path="/", httponly=True, samesite="strict")
            return back
        if self._is_token(_cookie(headers, self._cookie)) or self._is_token(_bearer(headers)):
            return None
        if "text/html" in headers.get("accept", ""):
            return HTMLResponse(_ASK, 401)
        remedy = "open the address that siteline serve printed, or send the token as Authorization: Bearer"
        return JSONResponse(failure("TokenMissing", "the request carries no token, or a wrong one", remedy), 401)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token.encode())


class _Bounded:
    """The application with bodies of at most ``MOST_BODY``; reading on beyond that raises ``BodyTooLong``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 12 or int(declared) > MOST_BODY:
            await body_too_long()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BODY:
                raise BodyTooLong
            return message

        await self._app(scope, counted, send)


class BodyTooLong(Exception):
    """A body that goes on beyond ``MOST_BODY``."""


def body_too_long() -> Response:
    """The answer to a body that is too long; the connection ends with it."""
    told = failure("BodyTooLong", f"the body is larger than {MOST_BODY // 1024} KiB", "send less at a time")
    return JSONResponse(told, 413, headers={"connection": "close"})


def _forbidden(reason: str, remedy: str) -> Response:
    return JSONResponse(failure("Forbidden", f"the request was refused: {reason}", remedy), 403)


def _in_address(scope: Scope) -> str:
    try:
        fields: dict[str, list[str]] = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
    except ValueError:  # more fields than that
        return ""
    return fields.get("token", [""])[0]


def _cookie(headers: Headers, name: str) -> str:
    pairs = (part.strip().partition("=") for line in headers.getlist("cookie") for part in line.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _bearer(headers: Headers) -> str:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""
