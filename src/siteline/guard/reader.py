"""The one way to the pixels of a file: copies first, then the file, by blocks; never a number for what did not come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from siteline.guard import copies
from siteline.guard import opened as rasters
from siteline.guard.access import request_for
from siteline.guard.addresses import Trust, check_href, shown
from siteline.guard.bytesource import ByteSource, LocalBytes, RemoteBytes, SourceChanged, ZeroBytes
from siteline.guard.foreign import Foreign, recognised
from siteline.guard.http import Client
from siteline.guard.opened import Opened
from siteline.guard.openfiles import OpenFiles
from siteline.guard.pieces import PartBytes, Piece, failures, unpacked
from siteline.guard.pixels import Bounds, Georef, Pixels, RasterInfo, Request
from siteline.guard.tiff import BadTiff, NotTiff
from siteline.guard.vault import Entry, Vault, VaultTrouble
from siteline.guard.windows import Window
from siteline.model.errors import ReadFailed

__all__ = ["Pixels", "RasterInfo", "ReadFailed", "Reader"]

T = TypeVar("T")
_RUN: Final = 8 * 1024 * 1024
_RESTARTS: Final = 2


class Reader:
    """Reads windows of rasters. Thread-safe; use as a context manager, or ``close``.

    ``client``: None = nothing is read over HTTP. ``vault``: copies that are read first, and where what is read over HTTP is
    kept. ``offline``: copies and local files only. ``local_roots``: folders the user named. ``not_kept``: why what was read
    last could not be kept; its pixels are given all the same.
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
        self.not_kept: VaultTrouble | None = None
        self._files, self._foreign = OpenFiles(), Foreign()

    def __enter__(self) -> Reader:
        """The reader itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close every file."""
        self.close()

    def close(self) -> None:
        """Close every file, the index of copies and the child process."""
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
                _only_unusual(error)
                return self._foreign.info(shown(href), self._whole(href, access), georef)

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
        of ``crs``) is read; None = the whole resolution. Raises ``ReadFailed`` with what kind of failure it was, and
        ``DigestMismatch`` for a copy that is not what was kept.
        """
        request = Request(href, tuple(indexes), bounds, crs, res, access, georef)
        return self._named(href, lambda: self._read(request))

    def cost(self, request: Request) -> int:
        """How many pixels of each band ``read`` would unpack: what a caller may bound. Raises ``ReadFailed``."""

        def ask() -> int:
            entries = self._copies(request.href)
            found = copies.held(entries, request)
            if found is None and copies.whole_of(entries) is None:
                try:
                    piece = self._piece(request)
                except (NotTiff, BadTiff) as error:
                    _only_unusual(error)
                else:
                    return piece.values[0].size if isinstance(piece, Pixels) else piece.window[2] * piece.window[3]
            if found is not None:
                return 0 if isinstance(found, Pixels) else found[1][2] * found[1][3]
            info = self._foreign.info(shown(request.href), self._whole(request.href, request.access), request.georef)
            return info.width * info.height

        return self._named(request.href, ask)

    def needs(self, request: Request) -> Piece | Pixels | int | None:
        """What ``fetch`` would do: copy a piece, or a whole file of so many bytes; None = a sound copy is there already.

        Empty ``Pixels``: the window does not touch the raster. A copy that is not what was kept is forgotten. Raises
        ``ReadFailed``, ``VaultTrouble``.
        """
        return self._named(request.href, lambda: self._needs(request))

    def fetch(self, request: Request) -> bool:
        """Keep a copy of the window (see ``read``); False where there was nothing to do.

        Raises ``ReadFailed``, ``VaultTrouble``.
        """

        def ask() -> bool:
            needed = self._needs(request)
            if isinstance(needed, Piece):
                self._take(request.href, needed, keep=True, parts=True)
            elif isinstance(needed, int):
                self._whole(request.href, request.access)
            return isinstance(needed, Piece | int)

        return self._named(request.href, ask)

    def _read(self, request: Request) -> Pixels:
        href = request.href
        entries = self._copies(href)
        if (found := copies.held(entries, request)) is not None:
            return found if isinstance(found, Pixels) else self._copied(found, request)
        if copies.whole_of(entries) is not None:
            return self._foreign.read(shown(href), self._whole(href, request.access), request)
        try:
            piece = self._piece(request)
        except (NotTiff, BadTiff) as error:
            _only_unusual(error)
            return self._foreign.read(shown(href), self._whole(href, request.access), request)
        return self._take(href, piece, keep=self.vault is not None and not href.startswith("/"))

    def _copied(self, found: tuple[Entry, Window], request: Request) -> Pixels:
        assert self.vault is not None
        return copies.read(self.vault, found[0], request.indexes, found[1])

    def _needs(self, request: Request) -> Piece | Pixels | int | None:
        href, vault = request.href, self.vault
        found = copies.held(self._copies(href), request)
        if vault is not None and isinstance(found, tuple) and copies.sound(vault, found[0]):
            return None
        whole = copies.whole_of(self._copies(href))
        if vault is not None and whole is not None and copies.sound(vault, whole):
            return None
        try:
            return self._piece(request)
        except (NotTiff, BadTiff) as error:
            _only_unusual(error)
        source = self._source(href, request.access)
        recognised(shown(href), source.head(64))
        return None if href.startswith("/") else source.size or 0

    def _copies(self, href: str) -> tuple[Entry, ...]:
        return self.vault.find(shown(href)) if self.vault is not None else ()

    def _piece(self, request: Request) -> Piece | Pixels:
        """What is to be read, from the header alone; empty ``Pixels`` where the bounds do not touch the raster."""
        opened = self._opened(request.href, request.access, request.georef)
        if not opened.crs:
            remedy = "add a world file, or corners in scenes.csv"
            raise ReadFailed(shown(request.href), "no georeference", "nothing says where its pixels lie", remedy)
        own = opened.place(request.bounds, request.crs)
        level = opened.level_for(own, request.res, request.crs)
        window = opened.window(level, own)
        if not (window[2] and window[3]):
            dtype, nodata = rasters.dtype_of(opened.layout), rasters.nodata_of(opened.layout)
            return rasters.empty(opened.crs, dtype, len(request.indexes), nodata)
        blocks = opened.blocks(level, window, request.indexes)
        mask = opened.mask_of(level)
        masked = opened.blocks(mask, window, (1,)) if mask is not None else None
        return Piece(opened, level, window, request.indexes, blocks, masked)

    def _take(self, href: str, piece: Piece | Pixels, *, keep: bool, parts: bool = False) -> Pixels:
        """Read what ``piece`` names. ``keep``: as a copy too; ``parts``: so that a fetch cut off can go on."""
        if isinstance(piece, Pixels):
            return piece
        source: ByteSource = piece.opened.source
        kept = PartBytes(source, self.vault) if parts and self.vault and isinstance(source, RemoteBytes) else None
        try:
            pixels, small, hidden = unpacked(piece, kept or source)
        except (BadTiff, ZeroBytes) as error:
            if kept is not None:
                kept.drop()
            elif isinstance(error, ZeroBytes) or not isinstance(source, RemoteBytes):
                raise
            pixels, small, hidden = unpacked(piece, source)  # broken on the way, perhaps
        if keep and self.vault is not None:
            try:
                copies.keep(self.vault, shown(href), piece, small, hidden)
            except VaultTrouble as error:
                if parts:
                    raise
                self.not_kept = error
        if kept is not None:
            kept.drop()
        return pixels

    def _opened(self, href: str, access: str, georef: Georef | None) -> Opened:
        return self._files.get((href, access, georef), lambda: Opened.of(self._source(href, access), georef))

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
        if self.vault is None:
            raise ReadFailed(shown(href), "refused", "its format is read from copies only", "fetch it first: siteline fetch")
        if (entry := copies.whole_of(self._copies(href))) is not None:
            self.vault.read(entry)
            return self.vault.path(entry)
        source = self._source(href, access)
        recognised(shown(href), source.head(64))
        size = source.size or 0
        kept = PartBytes(source, self.vault) if isinstance(source, RemoteBytes) else source
        runs = [(start, min(_RUN, size - start)) for start in range(0, size, _RUN)]
        data = b"".join(kept.read_many(runs))
        key = hashlib.sha256(f"{shown(href)}|{source.version}".encode()).hexdigest()
        made = self.vault.put(key, shown(href), data, {"whole_file": True, "version": source.version})
        if isinstance(kept, PartBytes):
            kept.drop()
        return self.vault.path(made)

    def _named(self, href: str, ask: Callable[[], T]) -> T:
        """What ``ask`` gives, every failure named; asked anew from the header where the file changed meanwhile."""
        for _ in range(_RESTARTS + 1):
            with failures(shown(href)):
                try:
                    return ask()
                except SourceChanged:
                    self._files.drop(href)
        raise ReadFailed(shown(href), "changed", f"the file on the server changed {_RESTARTS + 1} times while it was read")


def _only_unusual(error: NotTiff | BadTiff) -> None:
    """Raises ``error`` again, unless the child process may know the format of the file."""
    if isinstance(error, BadTiff) and not error.unusual:
        raise error
