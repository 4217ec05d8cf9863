"""XML from elsewhere: no document type, no entities, nothing fetched, no more than so many bytes (row 24)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from siteline.guard.files import unreadable
from siteline.model.errors import BadInput, FileTrouble

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML: Final = 64 * 1024 * 1024
"""Largest XML document that is read, in bytes."""

MAX_DEPTH: Final = 200
"""Deepest nesting of elements."""


def read_xml(path: Path, limit: int = MAX_XML) -> Element:
    """The root element of the XML file ``path``.

    Raises ``FileTrouble`` for a file that cannot be read, is larger than ``limit`` bytes, is not well-formed, or declares a
    document type or entities, which no metadata of an image and no KML needs.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        return parse_xml(raw, limit)
    except BadInput as error:
        raise FileTrouble(path, str(error), "get the file again from where it came from") from None


def parse_xml(raw: bytes, limit: int = MAX_XML) -> Element:
    """The root element of the XML document ``raw``. Raises ``BadInput`` as ``read_xml`` raises ``FileTrouble``."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(raw) > limit:
        raise BadInput(f"the XML is larger than {limit} bytes")
    try:
        root: Element = fromstring(raw, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise BadInput("the XML declares a document type or entities, which are not read") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadInput(f"is not well-formed XML ({error})") from None
    if _deeper_than(root, MAX_DEPTH):
        raise BadInput(f"the XML is nested more than {MAX_DEPTH} levels deep")
    return root


def plain(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def first_text(root: Element, *names: str) -> str:
    """The text of the first element, in document order, that has one of ``names`` (no namespace); "" if there is none."""
    for element in root.iter():
        if isinstance(element.tag, str) and plain(element.tag) in names and (element.text or "").strip():
            return (element.text or "").strip()
    return ""


def all_named(root: Element, name: str) -> list[Element]:
    """Every element called ``name`` (no namespace) at or below ``root``, in document order."""
    return [element for element in root.iter() if isinstance(element.tag, str) and plain(element.tag) == name]


def _deeper_than(root: Element, most: int) -> bool:
    level = [root]
    for _ in range(most):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True
