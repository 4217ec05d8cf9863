"""Bytes of a file, wherever it lies: exactly those asked for, or a named failure; never zeros for what did not come."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol

from siteline.guard.files import trouble, unreadable
from siteline.guard.http import Client, RangeAnswer
from siteline.model.errors import CredentialsMissing, FileTrouble

Range = tuple[int, int]
"""(offset, length) in bytes."""

_TELLING: Final = 64
"""Bytes from which an answer of nothing but zeros is suspect: compressed pixels are never that."""


class SourceChanged(Exception):
    """The file became another one between two reads: what was read of it must be thrown away."""


class ShortFile(Exception):
    """The file ends before the bytes that were asked for."""


class ZeroBytes(Exception):
    """Nothing but zeros came, twice, where there must be something else."""


class ByteSource(Protocol):
    """A file of which any part can be read. ``version``: changes when the file does, "" if unknown."""

    name: str

    @property
    def size(self) -> int | None:
        """Length in bytes, None until it is known."""
        ...

    @property
    def version(self) -> str:
        """Tells one version of the file from another; "" where nothing does."""
        ...

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, fewer where the file is shorter."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes. Raises ``ShortFile``, ``SourceChanged``, ``SitelineError``."""
        ...

    def read_many(self, ranges: Sequence[Range], *, zeros_ok: bool = False) -> list[bytes]:
        """Each range, in order. ``zeros_ok``: zeros alone may be right (pixels that are not compressed).

        Raises ``ZeroBytes`` and what ``read`` raises.
        """
        ...


class LocalBytes:
    """A file of this machine, read by position; thread-safe. Use as a context manager, or ``close``."""

    def __init__(self, path: Path) -> None:
        """Open ``path``. Raises ``FileTrouble``."""
        self.name, self._handle = str(path), -1
        try:  # not blocking: a pipe would be waited on for ever
            self._handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            state = os.fstat(self._handle)
        except OSError as error:
            raise unreadable(
                path, error, "restore it, or find the images again: siteline find CASE --source FOLDER"
            ) from error
        if not stat.S_ISREG(state.st_mode):
            self.close()
            raise FileTrouble(path, "is no file", "name a file")
        self._size, self._version = state.st_size, f"{state.st_mtime_ns}-{state.st_size}"

    def __enter__(self) -> LocalBytes:
        """The source itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def __del__(self) -> None:
        """Close the file when its last user is gone: a reader drops files that others may still be reading."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    @property
    def version(self) -> str:
        """Time of the last change and length."""
        return self._version

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, fewer where the file is shorter."""
        return self.read(0, min(length, self._size))

    def read(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes. Raises ``ShortFile``, ``FileTrouble``."""
        try:
            data = os.pread(self._handle, length, offset)
        except OSError as error:
            raise trouble(Path(self.name), error) from error
        if len(data) != length:
            raise ShortFile(f"it ends at byte {self._size:,}, before byte {offset + length:,}")
        return data

    def read_many(self, ranges: Sequence[Range], *, zeros_ok: bool = False) -> list[bytes]:
        """Each range, in order. Raises ``ShortFile``, ``ZeroBytes``, ``FileTrouble``."""
        read = [self.read(offset, length) for offset, length in ranges]
        if not zeros_ok and any(map(_blank, read)):
            raise ZeroBytes("a block of it is nothing but zero bytes")
        return read


class MemoryBytes:
    """Bytes at hand, such as those of a copy that was checked."""

    def __init__(self, name: str, data: bytes) -> None:
        """Hold ``data``."""
        self.name, self._data = name, data

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._data)

    @property
    def version(self) -> str:
        """They do not change."""
        return ""

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, fewer where there are fewer."""
        return self._data[:length]

    def read(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes. Raises ``ShortFile``."""
        data = self._data[offset : offset + length]
        if len(data) != length:
            raise ShortFile(f"it ends at byte {len(self._data):,}, before byte {offset + length:,}")
        return data

    def read_many(self, ranges: Sequence[Range], *, zeros_ok: bool = False) -> list[bytes]:
        """Each range, in order. Raises ``ShortFile``."""
        del zeros_ok
        return [self.read(offset, length) for offset, length in ranges]


class RemoteBytes:
    """A file behind HTTP, read by ranges: one version throughout, every answer as long as asked. Thread-safe.

    ``request``: gives the address and the headers to read the file with now; called again when they have expired.
    """

    def __init__(self, client: Client, name: str, request: Callable[[bool], tuple[str, dict[str, str]]]) -> None:
        """Ask nothing yet. ``request(renew)``: ``renew`` = what was given before is refused."""
        self.name = name
        self._client, self._request = client, request
        self._lock = threading.Lock()
        self._size: int | None = None
        self._version: str | None = None
        self._whole: bytes | None = None  # from a server that sends no parts

    @property
    def size(self) -> int | None:
        """Length in bytes, None before the first read."""
        return self._size

    @property
    def version(self) -> str:
        """ETag, else the time of the last change; "" where the server tells neither."""
        return self._version or ""

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, fewer where the file is shorter. Raises ``SourceTrouble``."""
        return self._range(0, length)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes. Raises ``ShortFile``, ``SourceChanged``, ``SourceTrouble``."""
        if self._size is not None and offset + length > self._size:
            raise ShortFile(f"it ends at byte {self._size:,}, before byte {offset + length:,}")
        data = self._range(offset, length)
        if len(data) != length:
            raise ShortFile(f"it ends at byte {offset + len(data):,}, before byte {offset + length:,}")
        return data

    def read_many(self, ranges: Sequence[Range], *, zeros_ok: bool = False) -> list[bytes]:
        """Each range, in order; a range of zeros is asked for once more, over another connection.

        Raises ``ZeroBytes`` and what ``read`` raises.
        """
        read = []
        for offset, length in ranges:
            data = self.read(offset, length)
            if not zeros_ok and _blank(data):
                data = self._range(offset, length, fresh=True)
                if _blank(data):
                    raise ZeroBytes("nothing but zero bytes came, twice, where compressed pixels were due")
                if len(data) != length:
                    raise ShortFile(f"it ends at byte {offset + len(data):,}, before byte {offset + length:,}")
            read.append(data)
        return read

    def _range(self, offset: int, length: int, *, fresh: bool = False) -> bytes:
        if length <= 0:
            return b""
        if self._whole is not None and not fresh:
            return self._whole[offset : offset + length]
        answer = self._ask(offset, length, fresh)
        with self._lock:
            if self._version is None:
                self._version, self._size = answer.etag, answer.total
            elif (answer.etag, answer.total) != (self._version, self._size):
                raise SourceChanged(f"{self.name}: the file on the server changed while it was read")
            self._whole = answer.whole
        return answer.data

    def _ask(self, offset: int, length: int, fresh: bool) -> RangeAnswer:
        url, headers = self._request(False)
        try:
            return self._client.get_range(url, offset, length, headers=headers, fresh=fresh)
        except CredentialsMissing:
            renewed = self._request(True)
            if renewed == (url, headers):
                raise
            return self._client.get_range(renewed[0], offset, length, headers=renewed[1], fresh=fresh)


def _blank(data: bytes) -> bool:
    return len(data) >= _TELLING and not data.lstrip(b"\0")
