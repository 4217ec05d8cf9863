"""The one way to the pixels of a file: copies first, then the file, by blocks; never a number for what did not come."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from siteline.guard import copies, tiffcut
from siteline.guard import opened as rasters
from siteline.guard.access import request_for
from siteline.guard.addresses import Trust, check_href, shown
from siteline.guard.bytesource import ByteSource, LocalBytes, RemoteBytes, SourceChanged
from siteline.guard.foreign import Foreign, recognised
from siteline.guard.http import Client
from siteline.guard.opened import Bounds, Opened
from siteline.guard.pieces import PartBytes, Piece, decoded, failures, part_name
from siteline.guard.pixels import Georef, Pixels, RasterInfo
from siteline.guard.tiff import BadTiff, NotTiff
from siteline.guard.tiffcut import Blocks
from siteline.guard.vault import Vault
from siteline.model.errors import ReadFailed

__all__ = ["Pixels", "RasterInfo", "ReadFailed", "Reader"]

T = TypeVar("T")
_OPEN: Final = 128
_RESTARTS: Final = 2


class Reader:
    """Reads windows of rasters. Thread-safe; use as a context manager, or ``close``.

    ``client``: None = nothing is read over HTTP. ``vault``: copies that are read first, and where what is read over HTTP is
    kept. ``offline``: copies and local files only. ``local_roots``: folders the user named.
    """

    def __init__(
        self,
        client: Client | None = None,
        vault: Vault | None = None,
        *,
        offline: bool = False,
        local_roots: tuple[Path, ...] = (),
    ) -> None:
        """Open nothing yet."""
        self.client, self.vault, self._offline, self._roots = client, vault, offline, local_roots
        self._files: OrderedDict[tuple[str, Georef | None], Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._foreign = Foreign()

    def __enter__(self) -> Reader:
        """The reader itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close every file."""
        self.close()

    def close(self) -> None:
        """Close every file, the index of copies and the child process."""
        with self._lock:
            self._files.clear()
        self._foreign.close()
        if self.vault is not None:
            self.vault.close()

    def info(self, href: str, access: str = "", georef: Georef | None = None) -> RasterInfo:
        """The raster at ``href`` by its header. Raises ``ReadFailed``."""

        def ask() -> RasterInfo:
            try:
                return self._opened(href, access, georef).info()
            except (NotTiff, BadTiff) as error:
                if isinstance(error, BadTiff) and not error.unusual:
                    raise
                return self._foreign.info(self._whole(href, access), georef)

        return self._named(href, ask)

    def read(
        self,
        href: str,
        indexes: Sequence[int],
        bounds: Bounds,
        crs: str,
        res: float | None,
        access: str = "",
        georef: Georef | None = None,
    ) -> Pixels:
        """The part of a raster that covers ``bounds`` (left, bottom, right, top in ``crs``) and two pixels more, as stored.

        ``indexes``: bands, from 1. ``res``: where the file has overviews, the coarsest that is not coarser than this (units
        of ``crs``) is read; None = the whole resolution. Raises ``ReadFailed`` with what kind of failure it was.
        """

        def ask() -> Pixels:
            if self.vault is not None and (held := copies.held(self.vault, shown(href), tuple(indexes), bounds, crs, res)):
                return copies.read(self.vault, held[0], tuple(indexes), held[1])
            try:
                piece = self.piece(href, tuple(indexes), bounds, crs, res, access, georef)
            except (NotTiff, BadTiff) as error:
                if isinstance(error, BadTiff) and not error.unusual:
                    raise
                return self._foreign.read(self._whole(href, access), tuple(indexes), bounds, crs, georef)
            keep = self.vault is not None and not href.startswith("/")
            return self.take(href, piece, keep=keep)

        return self._named(href, ask)

    def needs(
        self,
        href: str,
        indexes: tuple[int, ...],
        bounds: Bounds,
        crs: str,
        res: float | None,
        access: str = "",
        georef: Georef | None = None,
    ) -> Piece | Pixels | int | None:
        """What ``fetch`` would do: copy a piece, or a whole file of so many bytes; None = a sound copy is there already.

        Empty ``Pixels``: the window does not touch the raster. A copy that is not what was kept is forgotten. Raises
        ``ReadFailed``.
        """

        def ask() -> Piece | Pixels | int | None:
            held = copies.held(self.vault, shown(href), indexes, bounds, crs, res) if self.vault else None
            if self.vault is not None and held is not None and copies.sound(self.vault, held[0]):
                return None
            try:
                return self.piece(href, indexes, bounds, crs, res, access, georef)
            except (NotTiff, BadTiff) as error:
                if isinstance(error, BadTiff) and not error.unusual:
                    raise
            source = self._source(href, access)
            recognised(shown(href), source.head(64))
            whole = self.vault is not None and any("whole_file" in e.about for e in self.vault.find(shown(href)))
            return None if whole or href.startswith("/") else source.size or 0

        return self._named(href, ask)

    def fetch(
        self,
        href: str,
        indexes: tuple[int, ...],
        bounds: Bounds,
        crs: str,
        res: float | None,
        access: str = "",
        georef: Georef | None = None,
    ) -> bool:
        """Keep a copy of the window (see ``read``); False where there was nothing to do. Raises ``ReadFailed``."""

        def ask() -> bool:
            needed = self.needs(href, indexes, bounds, crs, res, access, georef)
            if isinstance(needed, Piece):
                self.take(href, needed, keep=True, parts=True)
            elif isinstance(needed, int):
                self._whole(href, access)
            return isinstance(needed, Piece | int)

        return self._named(href, ask)

    def piece(
        self,
        href: str,
        indexes: tuple[int, ...],
        bounds: Bounds,
        crs: str,
        res: float | None,
        access: str = "",
        georef: Georef | None = None,
    ) -> Piece | Pixels:
        """What ``read`` would read, from the header alone; empty ``Pixels`` where ``bounds`` do not touch the raster.

        Raises ``ReadFailed``, ``NotTiff``, ``BadTiff`` and what the source raises.
        """
        opened = self._opened(href, access, georef)
        if not opened.crs:
            remedy = "add a world file, or corners in scenes.csv"
            raise ReadFailed(shown(href), "no georeference", "nothing says where its pixels lie", remedy)
        own = rasters.bounds_in(bounds, crs, opened.crs)
        level = opened.level_for(own, (bounds[2] - bounds[0], bounds[3] - bounds[1]), res)
        window = opened.window(level, own)
        if not (window[2] and window[3]):
            dtype, nodata = rasters.dtype_of(opened.layout), rasters.nodata_of(opened.layout)
            return rasters.empty(opened.crs, dtype, len(indexes), nodata)
        blocks = opened.blocks(level, window, indexes)
        mask = opened.mask_of(level)
        masked = opened.blocks(mask, window, (1,)) if mask is not None else None
        return Piece(opened, level, window, indexes, blocks, masked)

    def take(self, href: str, piece: Piece | Pixels, *, keep: bool, parts: bool = False) -> Pixels:
        """Read what ``piece`` names. ``keep``: as a copy too; ``parts``: so that a fetch cut off can go on.

        Raises ``BadTiff`` and what the source raises.
        """
        if isinstance(piece, Pixels):
            return piece
        opened, layout = piece.opened, piece.opened.layout
        frame = opened.frame(piece.level)
        data = self._bytes(piece, piece.blocks, parts)
        small = tiffcut.cut(layout, piece.blocks, data, frame)
        hidden = None
        if piece.mask is not None:
            masked = self._bytes(piece, piece.mask, parts)
            hidden = tiffcut.cut(layout, piece.mask, masked, frame)
        pixels = decoded(piece, frame, data, small, hidden)
        if keep and self.vault is not None:
            copies.keep(self.vault, shown(href), piece, frame, small, hidden)
            if parts:
                self._drop_parts(piece)
        return pixels

    def _bytes(self, piece: Piece, blocks: Blocks, parts: bool) -> list[bytes]:
        source: ByteSource = piece.opened.source
        if parts and self.vault is not None and isinstance(source, RemoteBytes):
            source = PartBytes(source, self.vault)
        return tiffcut.read_blocks(source, piece.opened.layout, blocks)

    def _drop_parts(self, piece: Piece) -> None:
        assert self.vault is not None
        source = piece.opened.source
        if isinstance(source, RemoteBytes):
            for blocks in filter(None, (piece.blocks, piece.mask)):
                for run in tiffcut.runs(blocks.ranges):
                    self.vault.drop_part(part_name(source, run))

    def _opened(self, href: str, access: str, georef: Georef | None) -> Opened:
        key = (href, georef)
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        opened = Opened.of(self._source(href, access), georef)
        with self._lock:
            self._files[key] = opened
            while len(self._files) > _OPEN:
                self._files.popitem(last=False)
        return opened

    def _source(self, href: str, access: str) -> ByteSource:
        checked = check_href(href, self.client.trust if self.client else Trust(), self._roots)
        if checked.startswith("/"):
            return LocalBytes(Path(checked))
        if self.client is None or self._offline:
            raise ReadFailed(shown(href), "unavailable", "it is not among the copies and nothing is read from outside now")
        client = self.client
        return RemoteBytes(client, shown(href), lambda renew: request_for(checked, access, client, renew=renew))

    def _whole(self, href: str, access: str) -> Path:
        """A file on this machine with all of ``href``, of a format that is read in the child process."""
        checked = check_href(href, self.client.trust if self.client else Trust(), self._roots)
        if checked.startswith("/"):
            return Path(checked)
        if self.vault is None or self.client is None:
            raise ReadFailed(shown(href), "refused", "its format is read from copies only", "fetch it first: siteline fetch")
        for entry in self.vault.find(shown(href)):
            if "whole_file" in entry.about:
                self.vault.read(entry)
                return self.vault.path(entry)
        source = self._source(href, access)
        recognised(shown(href), source.head(64))
        data = source.read(0, source.size or 0)
        key = hashlib.sha256(f"{shown(href)}|{source.version}".encode()).hexdigest()
        return self.vault.path(self.vault.put(key, shown(href), data, {"whole_file": True, "version": source.version}))

    def _named(self, href: str, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, every failure named; asked anew from the header where the file changed meanwhile."""
        for _ in range(_RESTARTS + 1):
            with failures(shown(href)):
                try:
                    return ask()
                except SourceChanged:
                    with self._lock:
                        self._files = OrderedDict((k, v) for k, v in self._files.items() if k[0] != href)
        raise ReadFailed(shown(href), "changed", f"the file on the server changed {_RESTARTS + 1} times while it was read")
