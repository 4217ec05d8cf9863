"""GDAL, kept on a short lead.

In this process it is given nothing but small TIFFs whose header siteline wrote, by the one driver named; its settings are
left to the program that siteline is part of. Files that others wrote are opened in a child process, under ``restrict``.
"""

from __future__ import annotations

import os
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
    """The module ``rasterio``, imported when it is first needed."""
    import rasterio as module

    return module
