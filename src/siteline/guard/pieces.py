"""What one read needs of a file, and what becomes of it; every failure on the way has a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from siteline.guard import opened as rasters
from siteline.guard import tiffcut, windows
from siteline.guard.bytesource import ByteSource, Range, RemoteBytes, ShortFile, ZeroBytes
from siteline.guard.opened import Opened
from siteline.guard.pixels import Affine, Pixels
from siteline.guard.tiff import BadTiff, Level, NotTiff
from siteline.guard.tiffcut import Blocks
from siteline.guard.vault import Vault, VaultTrouble
from siteline.guard.windows import Window
from siteline.model.errors import (
    AddressRefused,
    BadAnswer,
    CredentialsMissing,
    DigestMismatch,
    FileTrouble,
    NotThere,
    ReadFailed,
    ReadKind,
    ServerUnavailable,
    SourceTrouble,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one read needs of a file: ``blocks`` of ``window`` at ``level``, and those of its mask where it has one."""

    opened: Opened
    level: Level
    window: Window
    indexes: tuple[int, ...]
    blocks: Blocks
    mask: Blocks | None

    @property
    def frame(self) -> Affine:
        """The affine coefficients of the level."""
        return self.opened.frame(self.level)

    @property
    def due(self) -> list[Range]:
        """The stretches of the file to read."""
        both = filter(None, (self.blocks, self.mask))
        return [run for blocks in both for run in blocks.due(self.opened.layout)]

    @property
    def length(self) -> int:
        """Bytes to read."""
        return sum(length for _, length in self.due)


class PartBytes:
    """A remote file whose parts are kept as they come, so that a fetch that was killed goes on where it was.

    Of a file whose versions cannot be told apart nothing is kept: parts of two must never meet in one copy.
    """

    def __init__(self, source: RemoteBytes, vault: Vault) -> None:
        """Read ``source`` through the parts in ``vault``."""
        self._source, self._vault = source, vault
        self._kept: set[str] = set()
        self.name = source.name

    @property
    def size(self) -> int | None:
        """Length of the file in bytes."""
        return self._source.size

    @property
    def version(self) -> str:
        """Version of the file."""
        return self._source.version

    def head(self, length: int) -> bytes:
        """The first bytes."""
        return self._source.head(length)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes."""
        return self.read_many([(offset, length)], zeros_ok=True)[0]

    def read_many(self, ranges: Sequence[tuple[int, int]], *, zeros_ok: bool = False) -> list[bytes]:
        """Each range, from its part where there is one."""
        read = []
        for run in ranges:
            name = part_name(self._source, run)
            data = self._vault.part(name) if self.version else None
            if data is None or len(data) != run[1]:
                data = self._source.read_many([run], zeros_ok=zeros_ok)[0]
                if self.version:
                    self._vault.keep_part(name, data)
            self._kept.add(name)
            read.append(data)
        return read

    def drop(self) -> None:
        """Remove the parts that were used: the copy they were for is kept, or they are no good."""
        for name in self._kept:
            self._vault.drop_part(name)
        self._kept.clear()


def part_name(source: ByteSource, run: tuple[int, int]) -> str:
    """The name of a stretch of one version of a file."""
    return f"{source.name}|{source.version}|{source.size}|{run[0]}|{run[1]}"


def unpacked(piece: Piece, source: ByteSource) -> tuple[Pixels, bytes, bytes | None]:
    """The pixels of ``piece``, whose bytes ``source`` gives, and the small TIFFs of its blocks and of its mask.

    Raises ``BadTiff`` and what ``source`` raises.
    """
    layout = piece.opened.layout
    data = tiffcut.read_blocks(source, layout, piece.blocks)
    small, hidden = tiffcut.cut(layout, piece.blocks, data, piece.frame), None
    if piece.mask is not None:
        hidden = tiffcut.cut(layout, piece.mask, tiffcut.read_blocks(source, layout, piece.mask), piece.frame)
    return decoded(piece, data, small, hidden, classes=piece.opened.classes), small, hidden


def decoded(piece: Piece, data: Sequence[bytes], small: bytes, hidden: bytes | None, *, classes: bool) -> Pixels:
    """The pixels of ``piece`` from its small TIFF ``small`` (blocks ``data``) and the one of its mask, ``hidden``.

    ``classes``: see ``Opened.classes``. Raises ``BadTiff``.
    """
    opened, level = piece.opened, piece.level
    row, col, height, width = piece.window
    down, across = row - piece.blocks.corner[0], col - piece.blocks.corner[1]
    picked = range(1, len(piece.indexes) + 1) if level.separate else piece.indexes
    values = rasters.decode(small, tuple(picked), (down, across, height, width))
    present = rasters.present_of(piece.blocks, data, piece.window, classes=classes)
    if hidden is not None and piece.mask is not None:
        top, left = row - piece.mask.corner[0], col - piece.mask.corner[1]
        present &= rasters.decode(hidden, (1,), (top, left, height, width))[0] != 0
    return Pixels(values, windows.moved(piece.frame, row, col), opened.crs, rasters.nodata_of(opened.layout), present)


@contextmanager
def failures(href: str) -> Iterator[None]:
    """Every failure inside the block as ``ReadFailed``."""
    kinds: tuple[tuple[type[Exception], ReadKind], ...] = (
        (NotThere, "missing"),
        (ServerUnavailable, "unavailable"),
        (CredentialsMissing, "refused"),
        (AddressRefused, "refused"),
        (BadAnswer, "refused"),
        (SourceTrouble, "unavailable"),
    )
    try:
        yield
    except (ReadFailed, DigestMismatch, VaultTrouble):
        raise
    except BadTiff as error:
        raise ReadFailed(href, error.kind, error.reason) from None
    except NotTiff:
        raise ReadFailed(href, "refused", "it is no image of a kind that is read") from None
    except ShortFile as error:
        raise ReadFailed(href, "truncated", str(error)) from None
    except ZeroBytes as error:
        raise ReadFailed(href, "zeros", str(error)) from None
    except SourceTrouble as error:
        kind = next(kind for failure, kind in kinds if isinstance(error, failure))
        raise ReadFailed(href, kind, str(error)) from error
    except FileTrouble as error:
        raise ReadFailed(href, "missing", error.reason, error.remedy) from error
