"""GDAL, kept on a short lead: no driver that opens other files or addresses, no sidecar files, no network."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

_ENVIRONMENT = {
    "GDAL_SKIP": "VRT,WMS,WCS,WMTS,OGCAPI,STACTA,STACIT,PLMosaic,DAAS,EEDAI,EEDA,TileDB,Zarr,HTTP,NGW,PostGISRaster",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_CACHEMAX": "64",
}


@cache
def rasterio() -> Any:
    """The module ``rasterio``, imported after the environment that GDAL reads once when it starts was set."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import rasterio as module

    return module
