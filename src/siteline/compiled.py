"""Functions compiled by numba: without the interpreter lock, and kept on disk where a folder for that can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

_FAST: Final = {"reassoc", "contract", "arcp", "nsz"}
"""Fast mathematics without the flags that would let NaN be forgotten."""


def compiled(function: F) -> F:
    """``function`` compiled with the arithmetic of Python, to the last bit."""
    return _kept(function, {})


def vectorised(function: F) -> F:
    """``function`` compiled so that sums may be reordered into vector instructions; division by zero gives infinity."""
    return _kept(function, {"error_model": "numpy", "fastmath": _FAST})


def _kept(function: F, options: dict[str, Any]) -> F:
    try:
        return cast(F, numba.njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:  # numba's "no locator available": neither the package nor the cache folder can be written
        return cast(F, numba.njit(nogil=True, **options)(function))
