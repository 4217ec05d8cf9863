"""A few lines to write SVG by hand: every attribute and text escaped, every number written the same way each time."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from siteline.publish.glyphs import clean
from siteline.publish.look import SANS


def num(value: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: str | float | None) -> str:
    """An element. Underscores in attribute names become hyphens, None leaves the attribute out; ``children`` are markup."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            shown = value if isinstance(value, str) else num(value)
            parts.append(f"{key.rstrip('_').replace('_', '-')}={quoteattr(shown)}")
    head = " ".join(parts)
    return f"<{head}>{''.join(children)}</{name}>" if children else f"<{head}/>"


def words(text: str) -> str:
    """Escaped character data for ``text``."""
    return escape(clean(text))


def hover(text: str) -> str:
    """A ``<title>``: what a pointer or a screen reader gets for the element it stands in."""
    return tag("title", words(text)) if text else ""


def document(label: str, drawn: str, width: float, height: float) -> str:
    """``drawn`` as a figure of its own that a page can hold; ``label`` is what a screen reader says first."""
    return tag(
        "svg",
        hover(label),
        drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {num(width)} {height:.0f}",
        width=width,
        height=f"{height:.0f}",
        role="img",
        font_family=SANS,
    )
