"""The child process that opens files which are no TIFF we read ourselves: ``python -m siteline.guard.foreign_child``.

It answers one line of JSON per line of JSON on its input, pixels after it as plain bytes. If a damaged file kills it,
nothing but this file is lost. It never opens a file by another driver than the one it is told, nor an address.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MAX_DECODED = 2 * 2**30


def main() -> None:
    """Answer until the input ends."""
    from siteline.guard.gdal import rasterio, restrict

    restrict()
    module = rasterio()
    out = sys.stdout.buffer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with module.open(asked["path"], driver=asked["driver"], sharing=False) as source:
                told, data = _answer(module, source, asked)
        except (module.errors.RasterioError, ValueError, MemoryError) as error:
            told, data = {"error": str(error) or type(error).__name__}, b""
        out.write(json.dumps(told).encode() + b"\n" + data)
        out.flush()


def _answer(module: Any, source: Any, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    told: dict[str, Any] = {
        "width": source.width,
        "height": source.height,
        "count": source.count,
        "dtype": source.dtypes[0],
        "crs": _crs(source.crs),
        "transform": list(source.transform)[:6],
        "nodata": source.nodata,
    }
    if "window" not in asked:
        return told, b""
    row, col, height, width = asked["window"]
    if height * width * len(asked["indexes"]) * 8 > MAX_DECODED:
        raise ValueError("the window is too large to decode; choose a smaller area")
    window = module.windows.Window(col, row, width, height)
    values = source.read(asked["indexes"], window=window)
    present = (source.dataset_mask(window=window) != 0) if source.nodata is None else None
    told |= {"shape": list(values.shape), "masked": present is not None}
    return told, values.tobytes() + (present.tobytes() if present is not None else b"")


def _crs(crs: Any) -> str:
    if not crs:
        return ""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.to_wkt())


if __name__ == "__main__":
    main()
