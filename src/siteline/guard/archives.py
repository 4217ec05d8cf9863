"""Archives from elsewhere: unpacked only below the folder named, plain files only, within caps (row 23).

A member is checked before it is written and counted while it is written, since an archive's directory can lie. The folder
appears only once all of it is there.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from siteline.guard.files import make_folder, place_folder, remove, temporary_beside, trouble
from siteline.model.errors import FileTrouble

_CHUNK: Final = 1024 * 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_REMEDY = "nothing was unpacked; ask for it again from where it came from, or unpack it by hand if you trust it"
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile),
    *(EOFError, NotImplementedError, RuntimeError, ValueError),
)
_PACKED: Final = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open))


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is unpacked: bytes in all, members, and unpacked bytes per byte of the archive (above 1 MiB)."""

    total: int = 64 * 1024**3
    members: int = 100_000
    ratio: float = 200.0


@dataclass(frozen=True, slots=True)
class _Member:
    """A plain file of an archive; ``stream`` is read before the next member is asked for."""

    name: str
    size: int
    stream: IO[bytes]


def unpack(path: Path, into: Path, caps: Caps | None = None) -> list[Path]:
    """Unpack the ZIP or TAR (gzip, bzip2, xz) archive ``path`` into the new folder ``into``. Returns its files, sorted.

    Raises ``FileTrouble`` for an archive that cannot be read, is encrypted, goes past ``caps``, or has a member that is a
    link or a device, leads out of the folder, or is named twice; ``WouldOverwrite`` where ``into`` holds anything already.
    """
    temporary = temporary_beside(into)
    try:
        make_folder(temporary)
        names = [_write(member, temporary) for member in _checked(path, caps or Caps())]
        place_folder(temporary, into)
    except _BROKEN as error:
        raise FileTrouble(path, f"cannot be unpacked: {error}", _REMEDY) from None
    except OSError as error:
        raise trouble(path, error) from error
    finally:
        remove(temporary)
    return sorted(into / name for name in names)


def read_member(path: Path, suffix: str, limit: int) -> bytes:
    """The first member of an archive whose name ends in ``suffix`` (small letters), at most ``limit`` bytes long.

    Raises ``FileTrouble`` as ``unpack`` does, and where there is none.
    """
    try:
        for member in _checked(path, Caps(total=16 * limit, members=10_000)):
            if member.name.casefold().endswith(suffix):
                data = member.stream.read(limit + 1)
                if len(data) > limit:
                    raise ValueError(f"{member.name} is larger than {limit} bytes")
                return data
    except _BROKEN as error:
        raise FileTrouble(path, f"cannot be unpacked: {error}", _REMEDY) from None
    except OSError as error:
        raise trouble(path, error) from error
    raise FileTrouble(path, f"holds no {suffix} file", "name another file")


def safe_name(name: str) -> str:
    """A member's name as a relative path below the folder. Raises ``ValueError`` for one that leads elsewhere."""
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or _DRIVE.match(name) or ".." in parts or any(ord(sign) < 32 for sign in name):
        raise ValueError(f"{name[:80]!r} leads out of the folder")
    normal = posixpath.normpath("/".join(parts))
    if normal == "." or len(normal) > 1000 or any(len(part.encode("utf-8", "replace")) > 250 for part in parts):
        raise ValueError(f"{name[:80]!r} is no name of a file")
    return normal


def _checked(path: Path, caps: Caps) -> Iterator[_Member]:
    """The members, each within what the caps leave. Raises ``ValueError`` and what opening raises."""
    packed = path.stat().st_size
    most = min(caps.total, max(_CHUNK, int(caps.ratio * packed)))
    seen: set[str] = set()
    total = 0
    with _members(path, most) as members:
        for member in members:
            name = safe_name(member.name)
            total += member.size
            if len(seen) >= caps.members:
                raise ValueError(f"it has more than {caps.members} members")
            if name.casefold() in seen:
                raise ValueError(f"{name!r} is named twice")
            if total > most:
                raise ValueError(f"{packed} bytes unpack to more than {most}: too large, or a decompression bomb")
            seen.add(name.casefold())
            yield _Member(name, member.size, member.stream)


def _write(member: _Member, folder: Path) -> str:
    """Write one member, exactly as many bytes as it declares."""
    target = folder / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with target.open("xb") as out:
        while chunk := member.stream.read(_CHUNK):
            written += len(chunk)
            if written > member.size:
                raise ValueError(f"{member.name!r} is longer than it declares")
            out.write(chunk)
    if written != member.size:
        raise ValueError(f"{member.name!r} is shorter than it declares")
    return member.name


@contextmanager
def _members(path: Path, most: int) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield _zipped(archive)
        return
    with path.open("rb") as raw:
        start = raw.read(6)
    opening = next((opener for magic, opener in _PACKED if start.startswith(magic)), open)
    with opening(path, "rb") as stream:
        counted: Any = _Counted(stream, most + _CHUNK)
        with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Info) as archive:
            yield _tarred(archive)


def _zipped(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for entry in archive.infolist():
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{entry.filename[:80]!r} is a link or a device")
        if entry.flag_bits & 1:
            raise ValueError(f"{entry.filename[:80]!r} is encrypted")
        if entry.is_dir():
            safe_name(entry.filename)
            continue
        with archive.open(entry) as stream:
            yield _Member(entry.filename, entry.file_size, stream)


def _tarred(archive: tarfile.TarFile) -> Iterator[_Member]:
    for entry in archive:
        if entry.isdir():
            if entry.name not in (".", "./"):
                safe_name(entry.name)
            continue
        stream = archive.extractfile(entry) if entry.isreg() and not entry.issparse() else None
        if stream is None:
            raise ValueError(f"{entry.name[:80]!r} is a link, a device or a sparse file")
        yield _Member(entry.name, entry.size, stream)


class _Info(tarfile.TarInfo):
    """A tar header whose extended headers are short: the library reads those whole into memory, whatever they declare."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if not self.isreg() and self.size > _CHUNK:
            raise tarfile.ReadError("a header that declares more than 1 MiB")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


class _Counted:
    """A stream that ends in ``ValueError`` past ``most`` bytes."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("it unpacks to far more than its size: a decompression bomb")
        return data
