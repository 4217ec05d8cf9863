"""Files whose headers were read, kept for the next window of them: each header is read once, by one thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from siteline.guard.bytesource import LocalBytes
from siteline.guard.opened import Opened
from siteline.guard.pixels import Georef

Key = tuple[str, str, Georef | None]
"""(href, access, georef)"""

_MOST: Final = 128


class OpenFiles:
    """The latest files opened, at most 128. Thread-safe. A file of this machine that has changed is opened anew."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._files: OrderedDict[Key, Opened] = OrderedDict()
        self._busy: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Opened]) -> Opened:
        """The file of ``key``, by ``make`` where it is not open. Raises what ``make`` raises."""
        with self._lock:
            if (found := self._held(key)) is not None:
                return found
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:
            with self._lock:
                if (found := self._held(key)) is not None:
                    return found
            opened = make()
            with self._lock:
                self._files[key] = opened
                self._busy.pop(key, None)
                while len(self._files) > _MOST:
                    self._files.popitem(last=False)
            return opened

    def drop(self, href: str) -> None:
        """Forget ``href``: it changed."""
        with self._lock:
            for key in [key for key in self._files if key[0] == href]:
                del self._files[key]

    def clear(self) -> None:
        """Forget all; a file is closed when its last reader is done."""
        with self._lock:
            self._files.clear()

    def _held(self, key: Key) -> Opened | None:
        opened = self._files.get(key)
        if opened is None:
            return None
        source = opened.source
        if isinstance(source, LocalBytes) and source.version != _version(source.name):
            del self._files[key]
            return None
        self._files.move_to_end(key)
        return opened


def _version(path: str) -> str:
    try:
        state = Path(path).stat()
    except OSError:
        return ""
    return f"{state.st_mtime_ns}-{state.st_size}"
