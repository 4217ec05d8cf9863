"""The PDF report, set by typst from the same view as the page.

The data goes to typst as JSON and is never part of its markup. Only the bundled fonts are used, so the result does not
depend on the machine; characters they lack are printed as code points and a warning says so.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from importlib.resources import as_file, files
from typing import Any

from siteline.publish.figure import PAGE
from siteline.publish.glyphs import UnprintableText, printable
from siteline.publish.look import LIGHT, THEMES

_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")


def pdf_figures(draw: Callable[[int], str]) -> dict[str, str]:
    """A figure at the width of a printed page, in print colours (typst does not know CSS variables)."""
    return {"page": _VARIABLE.sub(lambda m: THEMES["print"][m[1].replace("-", "_")], draw(PAGE))}


def pdf(view: dict[str, Any]) -> bytes:
    """The PDF of a prepared ``view`` whose figures come from ``pdf_figures``.

    Warns ``UnprintableText`` when the bundled fonts lack characters of the data.
    """
    import typst

    shown, missing = _drawable(view)
    if missing:
        warnings.warn(
            f"the PDF's fonts lack {missing} characters of the data; they are printed as code points, the HTML shows them",
            UnprintableText,
            stacklevel=2,
        )
    shown["missing"] = missing
    shown["colours"] = dict(LIGHT)
    root = files("siteline.publish")
    with as_file(root.joinpath("templates")) as templates, as_file(root.joinpath("fonts")) as fonts:
        made = typst.compile(
            templates / "report.typ",
            root=templates,
            font_paths=[fonts],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"view": json.dumps(shown, ensure_ascii=False, sort_keys=True)},
            timestamp=0,
        )
    return bytes(made)


def _drawable(value: Any) -> tuple[Any, int]:
    """``value`` with every text printable in the bundled fonts, and how many characters were replaced."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        pairs = {key: (item, 0) if key in ("to", "url") else _drawable(item) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(value, list):
        items = [_drawable(item) for item in value]
        return [item for item, _ in items], sum(n for _, n in items)
    return value, 0
