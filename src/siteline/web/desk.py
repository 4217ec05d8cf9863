"""One thread that holds the case: everything that reads or writes it for the page happens there, one thing after another."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from siteline.web.live import Held, Live
from siteline.web.state import Memory, state

T = TypeVar("T")


class Desk:
    """The case at ``path``, for the routes. ``who``: the name for changes that bring none; ``named``: whose page it is."""

    def __init__(self, path: Path, who: str, named: str = "") -> None:
        """Open nothing yet; ``open`` does."""
        self.path, self.who, self.named = path, who, named
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="siteline-case")
        self._live: Live | None = None
        self._memory = Memory()
        self._told: tuple[int, bytes] = (-1, b"")
        self.ready = threading.Event()
        """Set once the first state was made, or could not be."""
        self.latest: Held | None = None
        """The case as it was last read: for what need not wait for a change that is under way."""

    def open(self) -> None:
        """Open the case, and begin to read and date it. Raises ``FileTrouble``."""
        self._worker.submit(self._opened).result()
        first = self._worker.submit(self._state)  # what goes wrong is told to whoever asks
        first.add_done_callback(lambda done: self.ready.set())

    def close(self) -> None:
        """Finish what is under way, and close the case."""

        def close() -> None:
            if self._live is not None:
                self._live.close()

        self._worker.submit(close).result()
        self._worker.shutdown()

    async def run(self, work: Callable[[Live], T]) -> T:
        """What ``work`` gives, on the case's thread. It runs to its end even if nobody waits for it any more."""
        future = self._worker.submit(lambda: work(self._opened()))
        return await asyncio.shield(asyncio.wrap_future(future))

    async def state(self) -> bytes:
        """The state for the page, as JSON in UTF-8. Raises ``FileTrouble``, ``BadRows``."""
        return await self.run(lambda live: self._state())

    async def held(self) -> Held:
        """The case as it is now. Raises ``FileTrouble``, ``BadRows``."""
        return await self.run(self._held)

    def refresh(self) -> None:
        """Begin to date what changed, so that it is ready when the page asks for it."""
        self._worker.submit(self._state)

    def _opened(self) -> Live:
        if self._live is None:
            self._live = Live(self.path)
        return self._live

    def _held(self, live: Live) -> Held:
        self.latest = live.held()
        return self.latest

    def _state(self) -> bytes:
        live = self._opened()
        held = self._held(live)
        if self._told[0] != held.revision:
            told = state(held, case=self.path.name, read_only=live.case.read_only, memory=self._memory)
            name = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]  # for what the browser keeps of it
            mine = {"id": name, "who": self.named}
            text = json.dumps({**mine, **told}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            self._told = held.revision, text.encode("utf-8", "backslashreplace")
        return self._told[1]
