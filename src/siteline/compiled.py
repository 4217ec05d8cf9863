"""Functions compiled by numba: without the interpreter lock, and kept on disk where a folder for that can be written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
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
    settings = cast(Any, numba.config)
    given = settings.CACHE_DIR
    settings.CACHE_DIR = str(kept_in(Path(given) if given else None))
    try:
        return cast(F, numba.njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:  # numba's "no locator available": neither the package nor the cache folder can be written
        return cast(F, numba.njit(nogil=True, **options)(function))
    finally:
        settings.CACHE_DIR = given


@cache
def kept_in(given: Path | None, package: Path = Path(__file__).parent) -> Path:
    """The folder of compiled functions: one for every state of their source, within ``given`` or beside this file.

    numba looks at the file of a function alone: once one that it calls, in another file, is changed (an update by git), it
    would go on with the old one and give the old answers.
    """
    state = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        if b"siteline.compiled import" in text:
            state.update(text)
    return (given or package / "__pycache__") / f"siteline-{state.hexdigest()[:16]}"
