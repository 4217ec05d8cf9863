"""Images that lie beside a case, in its folder or below: found there wherever the case, with its folder, was moved to.

An item keeps the absolute address of each file of this machine, and beside it the path from the case's folder where it leads
down from there. Both are a document's words: what they lead to is opened only after ``addresses.check_href``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

Item = dict[str, Any]
"""A STAC Item."""

BESIDE: Final = "siteline:beside"
"""Field of an asset: the path of its file from the folder of the case, with ``/``."""


def roots(case: Path) -> tuple[Path, ...]:
    """The folder of ``case``, which is read as if the user had named it; none where that is the home folder or holds it.

    A case may be somebody else's, and could name any picture that lies below.
    """
    folder = case.resolve().parent
    try:
        home = Path.home().resolve()
    except RuntimeError:  # a user without one
        return (folder,)
    return () if home.is_relative_to(folder) else (folder,)


def noted(item: Item, case: Path) -> Item:
    """A copy of ``item`` that says of each file below the folder of ``case`` where it lies from there."""
    folder = case.resolve().parent

    def note(asset: Mapping[str, Any], href: str) -> dict[str, Any]:
        path = Path(href)
        below = path.is_relative_to(folder) and ".." not in path.parts
        return {**asset, BESIDE: path.relative_to(folder).as_posix()} if below else {**asset}

    return _each(item, note)


def found(item: Item, case: Path) -> Item:
    """A copy of ``item`` in which files that lie beside ``case`` have the addresses they have now; others keep theirs."""
    folder = case.resolve().parent

    def find(asset: Mapping[str, Any], href: str) -> dict[str, Any]:
        path = asset.get(BESIDE)
        if not isinstance(path, str) or path.startswith("/") or ".." in path.split("/"):
            return {**asset}
        return {**asset, "href": f"{folder}/{path}" if _is_there(folder / path) else href}

    return _each(item, find)


def _each(item: Item, change: Callable[[Mapping[str, Any], str], dict[str, Any]]) -> Item:
    """``change`` applied to every asset whose file lies on this machine; no other says where it lies beside a case."""
    assets = item.get("assets")
    if not isinstance(assets, dict):
        return item
    made = {}
    for name, asset in assets.items():
        href = asset.get("href") if isinstance(asset, dict) else None
        if isinstance(href, str) and href.startswith("/"):
            made[name] = change(asset, href)
        else:
            made[name] = {k: v for k, v in asset.items() if k != BESIDE} if isinstance(asset, dict) else asset
    return {**item, "assets": made}


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
