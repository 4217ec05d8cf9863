"""The child process that opens files which are no TIFF we read ourselves: ``python -m siteline.guard.foreign_child``.

It answers one line of JSON per line of JSON on its input, pixels after it as plain bytes. If a damaged file kills it,
nothing but this file is lost. It never opens a file by another driver than the one it is told, nor an address.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MAX_DECODED = 2**30
MAX_MEMORY = 6 * 2**30


class _TooLarge(ValueError):
    """More would be decoded than is allowed."""


def main() -> None:
    """Answer until the input ends."""
    from siteline.guard.gdal import rasterio, restrict

    restrict()
    module = rasterio()
    _bound_memory()
    out = sys.stdout.buffer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with module.open(asked["path"], driver=asked["driver"], sharing=False) as source:
                told, data = _answer(module, source, asked)
        except (module.errors.RasterioError, module._err.CPLE_BaseError, ValueError, MemoryError) as error:
            kind = "too large" if isinstance(error, _TooLarge) else "damaged"
            told, data = {"error": str(error) or type(error).__name__, "kind": kind}, b""
        out.write(json.dumps(told).encode() + b"\n" + data)
        out.flush()


def _bound_memory() -> None:
    """A file that claims more than it can hold ends this process, not the machine; where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(MAX_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _answer(module: Any, source: Any, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    from siteline.guard.gdal import crs_text

    told: dict[str, Any] = {
        "width": source.width,
        "height": source.height,
        "count": source.count,
        "dtype": source.dtypes[0],
        "crs": crs_text(source.crs),
        "transform": list(source.transform)[:6],
        "nodata": source.nodata,
    }
    if "window" not in asked:
        return told, b""
    row, col, height, width = asked["window"]
    if height * width * len(asked["indexes"]) * 8 > MAX_DECODED:
        raise _TooLarge("the window is too large to decode; choose a smaller area")
    window = module.windows.Window(col, row, width, height)
    values = source.read(asked["indexes"], window=window)
    present = (source.dataset_mask(window=window) != 0) if source.nodata is None else None
    told |= {"shape": list(values.shape), "masked": present is not None}
    return told, values.tobytes() + (present.tobytes() if present is not None else b"")


if __name__ == "__main__":
    main()
