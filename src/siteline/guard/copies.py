"""Windows kept in the vault: which copy holds a window, reading it, keeping one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from siteline.guard import opened as rasters
from siteline.guard import tiffcut
from siteline.guard.bytesource import MemoryBytes
from siteline.guard.opened import Bounds, Opened, Window
from siteline.guard.pieces import Piece, decoded
from siteline.guard.pixels import Affine, Pixels
from siteline.guard.vault import Entry, Vault
from siteline.model.errors import FileTrouble


def keep(vault: Vault, bare: str, piece: Piece, frame: Affine, small: bytes, hidden: bytes | None) -> None:
    """Keep the small TIFF of ``piece``, and of its mask, as copies of the file ``bare`` (without secrets)."""
    blocks, level = piece.blocks, piece.level
    about = {
        "crs": piece.opened.crs,
        "frame": list(frame),
        "size": [level.height, level.width],
        "corner": list(blocks.corner),
        "window": list(blocks.size),
        "bands": [plane + 1 for plane in blocks.planes] if level.separate else list(range(1, level.samples + 1)),
        "whole": list(piece.opened.affine),
        "version": piece.opened.source.version,
        "mask": hidden is not None,
    }
    key = hashlib.sha256(json.dumps([bare, about], sort_keys=True).encode()).hexdigest()
    if hidden is not None:
        vault.put(f"{key}-mask", f"{bare}#mask", hidden, about)
    vault.put(key, bare, small, about)


def held(
    vault: Vault, bare: str, indexes: tuple[int, ...], bounds: Bounds, crs: str, res: float | None
) -> tuple[Entry, Window] | None:
    """A copy that holds all of the window, and the window's place in it; None where there is none."""
    for entry in vault.find(bare):
        about = entry.about
        if "frame" not in about or not set(indexes) <= set(about["bands"]):
            continue
        own = rasters.bounds_in(bounds, crs, about["crs"])
        height, width = about["size"]
        row, col, rows, cols = rasters.window_of(tuple(about["frame"]), width, height, own)
        (row0, col0), (tall, wide) = about["corner"], about["window"]
        inside = row0 <= row and col0 <= col and row + rows <= row0 + tall and col + cols <= col0 + wide
        if rows and cols and inside and _fine_enough(about, own, bounds, res):
            return entry, (row - row0, col - col0, rows, cols)
    return None


def read(vault: Vault, entry: Entry, indexes: tuple[int, ...], window: Window) -> Pixels:
    """The window from a copy. Raises ``DigestMismatch`` where it is not what was kept, ``FileTrouble``."""
    about = entry.about
    copy = Opened.of(MemoryBytes(entry.href, vault.read(entry)))
    level = copy.layout.levels[0]
    picked = tuple(about["bands"].index(index) + 1 for index in indexes)
    blocks = copy.blocks(level, window, picked)
    data = tiffcut.read_blocks(copy.source, copy.layout, blocks)
    hidden = None
    if about["mask"]:
        other = next(e for e in vault.find(f"{entry.href}#mask") if e.key == f"{entry.key}-mask")
        hidden = vault.read(other)
    row0, col0 = about["corner"]
    frame = rasters.moved(tuple(about["frame"]), row0, col0)
    whole = Piece(Opened(copy.source, copy.layout, about["crs"], frame), level, window, picked, blocks, None)
    small = tiffcut.cut(copy.layout, blocks, data, frame)
    pixels = decoded(whole, frame, data, small, None)
    if hidden is not None:
        pixels.present[:] &= rasters.decode(hidden, (1,), window)[0] != 0
    return pixels


def sound(vault: Vault, entry: Entry) -> bool:
    """Whether a copy is what was kept; one that is not is forgotten, so that it is fetched anew."""
    try:
        vault.read(entry)
    except FileTrouble:
        vault.forget(entry)
        return False
    return True


def _fine_enough(about: Any, own: Bounds, bounds: Bounds, res: float | None) -> bool:
    """Whether a copy is at least as fine as ``res``; the whole resolution always is."""
    if about["frame"] == about["whole"] or res is None:
        return bool(about["frame"] == about["whole"])
    a, _, _, d, _, _ = about["frame"]
    unit = (bounds[2] - bounds[0]) / max(own[2] - own[0], 1e-12)
    return bool((a * a + d * d) ** 0.5 * unit <= res * 1.0001)
