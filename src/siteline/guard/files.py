"""Opening and writing files safely: size limits when reading, all or nothing when writing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from siteline.model.errors import FileTrouble

MAX_TEXT = 64 * 1024 * 1024
"""Largest text file read whole, in bytes."""

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space and run again; nothing was changed"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and run again; nothing was changed"),
    errno.EFBIG: ("the file would grow past the allowed size", "raise the limit or free space; nothing was changed"),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written"),
    errno.EACCES: ("permission denied", "check the permissions or choose another place"),
    errno.EPERM: ("not permitted", "check the permissions or choose another place"),
    errno.ENOENT: ("does not exist", "check the path; folders are not made on the way"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "check the path"),
    errno.EISDIR: ("is a folder, not a file", "name a file"),
}


def trouble(path: Path, error: OSError) -> FileTrouble:
    """The ``FileTrouble`` that says in plain words what the operating system answered for ``path``."""
    fallback = (error.strerror or str(error), "check the path and the disk")
    return FileTrouble(path, *_REASONS.get(error.errno or 0, fallback))


def read_text(path: Path, limit: int = MAX_TEXT) -> str:
    """The UTF-8 text of ``path`` (byte order mark removed). Raises ``FileTrouble``, also beyond ``limit`` bytes."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise trouble(path, error) from error
    if len(raw) > limit:
        raise FileTrouble(path, f"is larger than {limit} bytes", "split it or make it smaller")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileTrouble(path, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from error


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, all or nothing. Raises ``FileTrouble``."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` through a synced temporary file that is renamed into place. Raises ``FileTrouble``."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        remove(temporary)
        raise trouble(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable. Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def place_new(temporary: Path, target: Path, exists: Callable[[], Exception]) -> None:
    """Move the finished ``temporary`` to ``target``, never over another file.

    Raises what ``exists`` returns if ``target`` is there, ``FileTrouble`` for anything else.
    """
    try:
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        try:
            os.link(temporary, target)
        except FileExistsError:
            raise exists() from None
        except OSError:  # some file systems have no hard links
            if target.exists():
                raise exists() from None
            temporary.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise trouble(target, error) from error
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Remove a temporary file if it is there; one that cannot be removed is harmless and left."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
