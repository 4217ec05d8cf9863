"""Opening and writing files safely: size limits when reading, all or nothing when writing."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from siteline.model.errors import FileTrouble, WouldOverwrite

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

_SIDECARS = ("", "-wal", "-shm", "-journal")
"""What SQLite may leave beside a database."""


def trouble(path: Path, error: OSError) -> FileTrouble:
    """The ``FileTrouble`` that says in plain words what the operating system answered for ``path``."""
    fallback = (error.strerror or str(error), "check the path and the disk")
    return FileTrouble(path, *_REASONS.get(error.errno or 0, fallback))


def unreadable(path: Path, error: OSError, missing: str = "check the path") -> FileTrouble:
    """``trouble`` in reading; ``missing``: what to do where there is no such file."""
    return FileTrouble(path, "does not exist", missing) if error.errno == errno.ENOENT else trouble(path, error)


def read_text(path: Path, limit: int = MAX_TEXT) -> str:
    """The UTF-8 text of ``path`` (byte order mark removed). Raises ``FileTrouble``, also beyond ``limit`` bytes."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(raw) > limit:
        raise FileTrouble(path, f"is larger than {limit} bytes", "split it or make it smaller")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileTrouble(path, f"line {line} is not UTF-8", "save the file as UTF-8") from error


def read_bytes(path: Path) -> bytes:
    """The bytes of ``path``. Raises ``FileTrouble``."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def modified(path: Path) -> tuple[int, ...]:
    """What changes when SQLite writes to ``path``: times and sizes of it and of what lies beside it; 0 where nothing is."""
    told: list[int] = []
    for tail in _SIDECARS:
        try:
            found = path.with_name(path.name + tail).stat()
        except OSError:
            told += [0, 0]
        else:
            told += [found.st_mtime_ns, found.st_size]
    return tuple(told)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, all or nothing. Raises ``FileTrouble``."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` through a synced temporary file that is renamed into place. Raises ``FileTrouble``."""
    temporary = temporary_beside(path)
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise trouble(path, error) from error
    finally:
        remove(temporary)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write ``lines`` as UTF-8, one by one, so that memory stays bounded. Raises ``FileTrouble``."""
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise trouble(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable. Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary_beside(path: Path) -> Path:
    """A hidden name beside ``path`` that belongs to this process; what killed processes left there is swept away."""
    for old in path.parent.glob(f".{_escaped(path.name)}.*.tmp*"):
        owner = old.name.removeprefix(f".{path.name}.").partition(".")[0]
        if owner.isdecimal() and not _alive(int(owner)):
            remove(old)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def place_new(temporary: Path, target: Path) -> None:
    """Move the finished file ``temporary`` to ``target`` in one step, never over another file.

    Raises ``WouldOverwrite`` if ``target`` is there, ``FileTrouble`` for anything else. A kill at any moment leaves no
    ``target`` or the whole of it.
    """
    try:
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        try:
            os.link(temporary, target)  # unlike rename, refuses an existing target
        except FileExistsError:
            raise would_overwrite(target) from None
        except OSError:  # some file systems have no hard links
            if target.exists():
                raise would_overwrite(target) from None
            temporary.rename(target)
        remove(temporary)
        sync_folder(target.parent)
    except OSError as error:
        raise trouble(target, error) from error


def place_folder(temporary: Path, target: Path) -> None:
    """Move the finished folder ``temporary`` to ``target``, which must be missing or empty.

    Raises ``WouldOverwrite`` or ``FileTrouble``.
    """
    try:
        temporary.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR) and target.exists():
            raise would_overwrite(target) from None
        raise trouble(target, error) from error


def would_overwrite(path: Path) -> WouldOverwrite:
    """The failure that says ``path`` is there already and was left alone."""
    return WouldOverwrite(path, "exists already and was left as it is", "choose another name, or move it away first")


def remove(path: Path) -> None:
    """Remove a temporary file, database or folder if it is there; what cannot be removed is harmless and left."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    for suffix in _SIDECARS:
        try:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it where missing. Raises ``FileTrouble``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileTrouble(folder, "is a file, not a folder", "name another folder") from error
    except OSError as error:
        raise trouble(folder, error) from error
