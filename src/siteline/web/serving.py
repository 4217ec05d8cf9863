"""The workbench on this machine's loopback interface: a free port, a fresh token, the browser opened."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from siteline.model.errors import FileTrouble
from siteline.web.app import make_app

HOST: Final = "127.0.0.1"


class Served:
    """A case being served. ``address``: with the token, for the browser; ``port``."""

    def __init__(self, case: Path, *, port: int = 0, who: str = "siteline", named: str = "", token: str = "") -> None:
        """Take the ``port`` (0: a free one). ``named``: whose page it is, "" to ask. Raises ``FileTrouble`` where another
        program has the port."""
        self._socket = _listening(port)
        self.port = int(self._socket.getsockname()[1])
        self.token = token or secrets.token_urlsafe(24)
        self.address = f"http://{HOST}:{self.port}/?token={self.token}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                make_app(case, self.token, port=self.port, who=who, named=named),
                http="h11",
                loop="asyncio",
                ws="none",
                lifespan="on",
                interface="asgi3",
                access_log=False,
                log_level="error",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
                h11_max_incomplete_event_size=64 * 1024,
            )
        )

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until interrupted, or ``stop``; ``ready`` is called once requests are answered."""
        watch = threading.Thread(target=self._tell, args=(ready,), daemon=True)
        watch.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Finish what is under way, and end ``run``; may be called from another thread."""
        self._server.should_exit = True

    def _tell(self, ready: Callable[[], None]) -> None:
        pause = threading.Event()
        while not (self._server.started or self._server.should_exit):
            pause.wait(0.02)
        if self._server.started:
            ready()


def open_browser(address: str) -> None:
    """Open ``address`` in the user's browser; where there is none, nothing happens."""
    webbrowser.open(address)


def _listening(port: int) -> socket.socket:
    # with its protocol named: asyncio sends at once (TCP_NODELAY) only where it is, and else answers wait for 40 ms
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
    except OSError as error:
        made.close()
        raise FileTrouble(
            f"{HOST}:{port}", f"the port cannot be used ({error.strerror})", "choose another: --port"
        ) from error
    return made
