"""GDAL, kept on a short lead.

In this process it is given nothing but small TIFFs whose header siteline wrote, by the one driver named; its settings are
left to the program that siteline is part of. Files that others wrote are opened in a child process, under ``restrict``.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_ENVIRONMENT = {
    "GDAL_SKIP": "VRT,WMS,WCS,WMTS,OGCAPI,STACTA,STACIT,PLMosaic,DAAS,EEDAI,EEDA,TileDB,Zarr,HTTP,NGW,PostGISRaster",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    # a file that is cut off must fail: by default each of these drivers gives zeros or noise for what is not there
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "TRUE",
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",
    "GDAL_NUM_THREADS": "1",
}


def restrict() -> None:
    """Before GDAL starts: no driver that opens other files or addresses, no sidecar files, no network (rows 12, 17)."""
    os.environ.update(_ENVIRONMENT)


@cache
def rasterio() -> Any:
    """The module ``rasterio``, imported when it is first needed, and told then where PROJ's database is.

    Else the first thread that asks for a CRS may do so before another has told it.
    """
    import rasterio as module

    with module.Env():
        return module


def crs_text(crs: Any) -> str:
    """A rasterio CRS as ``EPSG:<code>`` where it is just that one, else as WKT; "" for none."""
    if not crs:
        return ""
    code = crs.to_epsg()
    same = code is not None and type(crs).from_epsg(code) == crs  # its guesses may be near ones
    return f"EPSG:{code}" if same else str(crs.to_wkt())


_heard = threading.local()


def _hear(record: logging.LogRecord) -> bool:
    """Keep what GDAL says to a thread that listens; let pass the rest."""
    told: list[str] | None = getattr(_heard, "told", None)
    if told is not None:
        told.append(record.getMessage())
    return told is None


@contextmanager
def listening() -> Iterator[list[str]]:
    """What GDAL warns of in this thread inside the block: decoders that go on where they should stop say so there.

    Nothing is heard where the program has set the level of rasterio's loggers above WARNING.
    """
    for name in ("rasterio._err", "rasterio._env"):
        logging.getLogger(name).addFilter(_hear)  # the same one: it is there once, however often it is added
    _heard.told = []
    try:
        yield _heard.told
    finally:
        _heard.told = None
