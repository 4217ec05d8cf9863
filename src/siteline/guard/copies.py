"""Windows kept in the vault: which copy holds a window, reading it, keeping one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from siteline.guard import opened as rasters
from siteline.guard import tiffcut, windows
from siteline.guard.bytesource import MemoryBytes
from siteline.guard.opened import FINE, Opened
from siteline.guard.pieces import Piece, decoded
from siteline.guard.pixels import Pixels, Request
from siteline.guard.vault import Entry, Vault
from siteline.guard.windows import Window
from siteline.model.errors import FileTrouble


def keep(vault: Vault, bare: str, piece: Piece, small: bytes, hidden: bytes | None) -> None:
    """Keep the small TIFF of ``piece``, and of its mask, as copies of the file ``bare`` (without secrets).

    Raises ``VaultTrouble``.
    """
    blocks, level, opened = piece.blocks, piece.level, piece.opened
    about = {
        "crs": opened.crs,
        "frame": list(piece.frame),
        "size": [level.height, level.width],
        "corner": list(blocks.corner),
        "window": list(blocks.size),
        "bands": [plane + 1 for plane in blocks.planes] if level.separate else list(range(1, level.samples + 1)),
        "whole": list(opened.affine),
        "stated": opened.stated,
        "dtype": rasters.dtype_of(opened.layout),
        "nodata": repr(rasters.nodata_of(opened.layout)),
        "classes": opened.classes,
        "version": opened.source.version,
        "mask": list(piece.mask.corner) if hidden is not None and piece.mask is not None else None,
    }
    key = hashlib.sha256(json.dumps([bare, about], sort_keys=True).encode()).hexdigest()
    if hidden is not None:
        vault.put(f"{key}-mask", f"{bare}#mask", hidden, about)
    vault.put(key, bare, small, about)


def whole_of(entries: Sequence[Entry]) -> Entry | None:
    """The copy of a whole file among ``entries``, None where there is none."""
    return next((entry for entry in entries if "whole_file" in entry.about), None)


def held(entries: Sequence[Entry], request: Request) -> tuple[Entry, Window] | Pixels | None:
    """The copy that holds all of the window, and the window's place in it; None where there is none.

    Of several the one that the file itself would have been read at: the coarsest that is not coarser than asked, then the
    latest. Empty ``Pixels``: the window does not touch the file, as its copies tell.
    """
    best: tuple[float, Entry, Window] | None = None
    for entry in entries:
        about = entry.about
        if "frame" not in about or not _placed_so(about, request):
            continue
        frame, (height, width) = tuple(about["frame"]), about["size"]
        own = windows.place(request.bounds, request.crs, about["crs"], frame, width, height)
        row, col, rows, cols = windows.window_of(frame, width, height, own)
        if not (rows and cols):
            return rasters.empty(about["crs"], about["dtype"], len(request.indexes), _nodata(about))
        (row0, col0), (tall, wide) = about["corner"], about["window"]
        inside = row0 <= row and col0 <= col and row + rows <= row0 + tall and col + cols <= col0 + wide
        if not inside or not set(request.indexes) <= set(about["bands"]):
            continue
        side = windows.side_in(frame, own, about["crs"], request.crs)
        whole = about["frame"] == about["whole"]
        fine = whole or (request.res is not None and side <= request.res * FINE)
        if fine and (best is None or side > best[0]):
            best = side, entry, (row - row0, col - col0, rows, cols)
    return (best[1], best[2]) if best else None


def read(vault: Vault, entry: Entry, indexes: tuple[int, ...], window: Window) -> Pixels:
    """The window from a copy. Raises ``DigestMismatch`` where it is not what was kept, ``FileTrouble``."""
    about = entry.about
    copy = Opened.of(MemoryBytes(entry.href, vault.read(entry)))
    level = copy.layout.levels[0]
    picked = tuple(about["bands"].index(index) + 1 for index in indexes)
    blocks = copy.blocks(level, window, picked)
    data = tiffcut.read_blocks(copy.source, copy.layout, blocks, checked=True)
    hidden = None if about["mask"] is None else vault.read(_mask(vault, entry))
    row0, col0 = about["corner"]
    frame = windows.moved(tuple(about["frame"]), row0, col0)
    piece = Piece(Opened(copy.source, copy.layout, about["crs"], frame), level, window, picked, blocks, None)
    small = tiffcut.cut(copy.layout, blocks, data, frame)
    pixels = decoded(piece, data, small, None, classes=about["classes"])
    if hidden is not None:
        (top, left), (row, col, rows, cols) = about["mask"], window
        inner = (row0 + row - top, col0 + col - left, rows, cols)
        pixels.present[:] &= rasters.decode(hidden, (1,), inner)[0] != 0
    return pixels


def sound(vault: Vault, entry: Entry) -> bool:
    """Whether a copy, and its mask, is what was kept; one that is not is forgotten, so that it is fetched anew."""
    try:
        if entry.about.get("mask") is not None:
            vault.read(_mask(vault, entry))
        vault.read(entry)
    except FileTrouble:
        vault.forget(entry)
        return False
    return True


def _mask(vault: Vault, entry: Entry) -> Entry:
    for other in vault.find(f"{entry.href}#mask"):
        if other.key == f"{entry.key}-mask":
            return other
    raise FileTrouble(vault.path(entry), "has lost the mask that was kept with it", "fetch it again: siteline fetch")


def _placed_so(about: Any, request: Request) -> bool:
    """Whether a copy lies where the request says: what is stated beside a file may have been corrected since."""
    if request.georef is None:
        return not about["stated"]
    crs, affine = request.georef
    return bool(about["stated"]) and about["crs"] == crs and about["whole"] == list(affine)


def _nodata(about: Any) -> float | None:
    return None if about["nodata"] == "None" else float(about["nodata"])
