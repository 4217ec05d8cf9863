"""Styles that QGIS 3 reads with a layer (QML): the states in their colours, clear over an image, and a label.

A pale casing lies under every line, so that it is seen on dark ground and on bright. Work going on is dashed, what is gone
is dotted: nothing rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree import ElementTree as Xml

from siteline.publish.look import LIGHT, STATE_STYLES

Kind = Literal["points", "lines", "areas"]
"""What a layer holds; QGIS knows them as 0, 1 and 2."""

Pen = Literal["solid", "dash", "dot"]

_KINDS: Final[dict[Kind, tuple[str, str]]] = {"points": ("0", "marker"), "lines": ("1", "line"), "areas": ("2", "fill")}
_VERSION: Final = "3.4.0"
_CASING_MM: Final = 0.7
"""How much wider than its line a casing is."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How features of one ``value`` are drawn; ``label``: in the legend. ``width`` in mm."""

    value: str
    label: str
    colour: str
    pen: Pen = "solid"
    width: float = 0.9


def state_marks(states: Iterable[str]) -> tuple[Mark, ...]:
    """The marks of those canonical ``states`` that are among the given, in the order of a life; "" is no state seen."""
    held = set(states)
    marks = []
    for name, style in STATE_STYLES.items():
        if name in held:
            pen: Pen = "dash" if style.hatch else "solid" if style.height >= 0.5 else "dot"
            marks.append(Mark(name, style.label, LIGHT[name], pen, 0.5 + 0.5 * style.height))
    return (*marks, Mark("", "no state seen", LIGHT["muted"], "dot", 0.5)) if "" in held else tuple(marks)


def by_value(kind: Kind, column: str, marks: Sequence[Mark], label: str, *, diamonds: bool = False) -> str:
    """A style with one mark for each value of ``column``, a column or an expression, and ``label``, an expression, above
    the middle of every feature. ``diamonds``: a diamond there in place of the outline, and the label below it."""
    root, renderer = _document(kind, "categorizedSymbol", {"attr": column})
    categories = Xml.SubElement(renderer, "categories")
    symbols = Xml.SubElement(renderer, "symbols")
    for n, mark in enumerate(marks):
        Xml.SubElement(categories, "category", value=mark.value, label=mark.label, symbol=str(n), render="true")
        _symbol(symbols, kind, str(n), mark, diamonds)
    _labelled(root, kind, label, below=diamonds)
    return _text(root)


def plain(kind: Kind, mark: Mark) -> str:
    """A style in which all features have one ``mark``, without a label."""
    root, renderer = _document(kind, "singleSymbol", {})
    _symbol(Xml.SubElement(renderer, "symbols"), kind, "0", mark, False)
    return _text(root)


def _document(kind: Kind, renderer: str, more: dict[str, str]) -> tuple[Xml.Element, Xml.Element]:
    root = Xml.Element("qgis", version=_VERSION, styleCategories="Symbology|Labeling")
    return root, Xml.SubElement(root, "renderer-v2", {"type": renderer, "symbollevels": "0", **more})


def _symbol(parent: Xml.Element, kind: Kind, name: str, mark: Mark, diamonds: bool) -> None:
    symbol = Xml.SubElement(parent, "symbol", type=_KINDS[kind][1], name=name, alpha="1", clip_to_extent="1")
    if kind == "points":
        _markers(symbol, mark, diamonds)
    elif diamonds:
        inner = _layer(symbol, "CentroidFill" if kind == "areas" else "MarkerLine", {"placement": "centralpoint"})
        _markers(Xml.SubElement(inner, "symbol", type="marker", name=f"@{name}@0", alpha="1"), mark, diamonds)
    else:
        _line(symbol, LIGHT["paper"], "solid", mark.width + _CASING_MM)
        _line(symbol, mark.colour, mark.pen, mark.width)


def _line(symbol: Xml.Element, colour: str, pen: Pen, width: float) -> None:
    dashes = {"dash": "3;1.6", "dot": "0.8;1.4"}
    told = {"line_color": _rgba(colour), "line_width": f"{width:.2f}", "line_width_unit": "MM", "joinstyle": "round"}
    if pen != "solid":
        told |= {"use_custom_dash": "1", "customdash": dashes[pen], "customdash_unit": "MM", "capstyle": "flat"}
    _layer(symbol, "SimpleLine", {"line_style": "solid", **told})


def _markers(symbol: Xml.Element, mark: Mark, diamonds: bool) -> None:
    """A casing and a dot in the mark's colour; hollow where a line would not be solid."""
    shape = "diamond" if diamonds else "circle"
    for colour, edge, size in ((LIGHT["paper"], LIGHT["paper"], 4.6), (mark.colour, mark.colour, 3.4)):
        hollow = edge == mark.colour and mark.pen != "solid"
        told = {"name": shape, "size": str(size), "size_unit": "MM", "color": _rgba(LIGHT["paper"] if hollow else colour)}
        _layer(
            symbol, "SimpleMarker", {**told, "outline_color": _rgba(edge), "outline_style": "solid", "outline_width": "0.7"}
        )


def _layer(symbol: Xml.Element, name: str, told: dict[str, str]) -> Xml.Element:
    layer = Xml.SubElement(symbol, "layer", {"class": name, "enabled": "1", "locked": "0", "pass": "0"})
    for key, value in told.items():
        Xml.SubElement(layer, "prop", k=key, v=value)
    return layer


def _labelled(root: Xml.Element, kind: Kind, label: str, *, below: bool) -> None:
    root.set("labelsEnabled", "1")
    settings = Xml.SubElement(Xml.SubElement(root, "labeling", type="simple"), "settings")
    text = {"fieldName": label, "isExpression": "1", "fontSize": "9", "fontSizeUnit": "Point"}
    style = Xml.SubElement(settings, "text-style", {**text, "textColor": _rgba(LIGHT["ink"]), "textOpacity": "1"})
    halo = {"bufferDraw": "1", "bufferSize": "1", "bufferSizeUnits": "MM", "bufferOpacity": "1"}
    Xml.SubElement(style, "text-buffer", {**halo, "bufferColor": _rgba(LIGHT["paper"])})
    side = {"quadOffset": "7", "yOffset": "2.6"} if below else {"quadOffset": "1", "yOffset": "-2.6"}
    place = {"placement": "2" if kind == "lines" else "1", "dist": "1.5", "distUnits": "MM"}  # along the line, at a point
    Xml.SubElement(settings, "placement", {**place, **side, "xOffset": "0", "labelOffsetInMapUnits": "0"})
    Xml.SubElement(settings, "rendering", drawLabels="1", obstacle="0", scaleVisibility="0")


def _text(root: Xml.Element) -> str:
    Xml.indent(root, " ")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{Xml.tostring(root, encoding='unicode')}\n"


def _rgba(code: str) -> str:
    """``#2b6a9b`` as QGIS writes it: ``43,106,155,255``."""
    return ",".join(str(int(code[n : n + 2], 16)) for n in (1, 3, 5)) + ",255"
