"""Files that are no TIFF of a kind we read ourselves (JPEG 2000, PNG, JPEG, odd TIFFs), opened in a child process alone."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from siteline.guard import opened as rasters
from siteline.guard import windows
from siteline.guard.bytesource import LocalBytes
from siteline.guard.georef import stated
from siteline.guard.pixels import Affine, Georef, Pixels, RasterInfo, Request
from siteline.model.errors import ReadFailed

PATIENCE_S: Final = 60.0
"""Seconds a file may take to be opened or read."""

_KINDS: Final = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}


_DRIVERS: Final = {"PNG": "PNG", "JPEG": "JPEG", "JPEG 2000": "JP2OpenJPEG", "TIFF": "GTiff"}


def recognised(name: str, start: bytes) -> str:
    """The format of a file by its first bytes. Raises ``ReadFailed`` for any that is not read (rows 17, 18)."""
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            return kind
    raise ReadFailed(name, "refused", "it is no image of a kind that is read (TIFF, JPEG 2000, PNG, JPEG)")


class Foreign:
    """Asks a child process to open files, one at a time; a child that dies or hangs costs that file alone. Thread-safe."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        """Start nothing yet."""
        self._patience_s = patience_s
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def info(self, name: str, path: Path, georef: Georef | None) -> RasterInfo:
        """The raster ``name``, which lies at ``path``, by its header. Raises ``ReadFailed``, ``FileTrouble``."""
        told, _ = self._ask(name, path, {})
        crs, affine = _placed(told, georef)
        side = (affine[0] ** 2 + affine[3] ** 2) ** 0.5
        return RasterInfo(told["width"], told["height"], told["count"], told["dtype"], crs, affine, told["nodata"], side)

    def read(self, name: str, path: Path, request: Request) -> Pixels:
        """As ``Reader.read``, of the file ``name``, which lies at ``path``. Raises ``ReadFailed``, ``FileTrouble``."""
        import numpy as np

        indexes = request.indexes
        told, _ = self._ask(name, path, {})
        own_crs, affine = _placed(told, request.georef)
        if not own_crs:
            remedy = "add a world file, or corners in scenes.csv"
            raise ReadFailed(name, "no georeference", "nothing says where its pixels lie", remedy)
        if strange := [index for index in indexes if not 1 <= index <= told["count"]]:
            raise ReadFailed(name, "missing", f"band {strange[0]} was asked for and it has {told['count']}")
        size = (told["width"], told["height"])
        own = windows.place(request.bounds, request.crs, own_crs, affine, *size)
        window = windows.window_of(affine, *size, own)
        if not (window[2] and window[3]):
            return rasters.empty(own_crs, told["dtype"], len(indexes), told["nodata"])
        answer, raw = self._ask(name, path, {"window": list(window), "indexes": list(indexes)})
        values = np.frombuffer(raw, answer["dtype"], count=int(np.prod(answer["shape"]))).reshape(answer["shape"]).copy()
        present = np.ones(window[2:], bool)
        if answer["masked"]:
            present = np.frombuffer(raw, bool, offset=values.nbytes).reshape(window[2:]).copy()
        return Pixels(values, windows.moved(affine, window[0], window[1]), own_crs, told["nodata"], present)

    def _ask(self, name: str, path: Path, more: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        with LocalBytes(path) as source:
            driver = _DRIVERS[recognised(name, source.head(64))]
        with self._lock:
            child = self._running()
            assert child.stdin is not None
            try:
                child.stdin.write(json.dumps({"path": str(path), "driver": driver, **more}).encode() + b"\n")
                child.stdin.flush()
                told = json.loads(self._line(child))
                raw = self._exactly(child, _length(told))
            except (OSError, EOFError, ValueError) as error:
                self._end()
                slow = isinstance(error, TimeoutError)
                reason = f"it took over {self._patience_s:g} s" if slow else "the reader died on it"
                raise ReadFailed(name, "damaged", reason) from None
        if "error" in told:
            raise ReadFailed(name, told["kind"], told["error"].replace(str(path), "it"))
        return told, raw

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self._end()
        if self._child is None:  # -P: nothing is imported from the folder where the user happens to be
            command = [sys.executable, "-P", "-m", "siteline.guard.foreign_child"]
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    stream.close()
            self._child = None

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            line += self._some(child, 1)
        return bytes(line)

    def _exactly(self, child: subprocess.Popen[bytes], length: int) -> bytes:
        parts, due = [], length
        while due:
            part = self._some(child, min(due, 1024 * 1024))
            parts.append(part)
            due -= len(part)
        return b"".join(parts)

    def _some(self, child: subprocess.Popen[bytes], most: int) -> bytes:
        assert child.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            if not ready.select(self._patience_s):
                raise TimeoutError
        part = child.stdout.read(most)
        if not part:
            raise EOFError
        return part


def _placed(told: dict[str, Any], georef: Georef | None) -> tuple[str, Affine]:
    if georef:
        return georef[0], stated(georef)
    a, b, c, d, e, f = told["transform"]
    return told["crs"], (a, b, c, d, e, f)


def _length(told: dict[str, Any]) -> int:
    if "shape" not in told:
        return 0
    import numpy as np

    bands, rows, cols = told["shape"]
    return int(bands) * int(rows) * int(cols) * int(np.dtype(told["dtype"]).itemsize) + (
        rows * cols if told["masked"] else 0
    )
