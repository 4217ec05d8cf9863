"""Reading a figure back: its texts and its images out of the SVG, its colours out of the PNG."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from defusedxml.ElementTree import fromstring
from PIL import Image

_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Drawn:
    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray


def tree(svg: str):
    return fromstring(svg)


def texts(svg: str) -> list[str]:
    """Every line of text in the order it is drawn; a reader that selects text gets these."""
    return [element.text or "" for element in tree(svg).iter(f"{_SVG}text")]


def images(svg: str) -> list[Drawn]:
    """Every picture (not masks) with its pixels."""
    root = tree(svg)
    masks = {id(image) for mask in root.iter(f"{_SVG}mask") for image in mask.iter(f"{_SVG}image")}
    return [_drawn(image) for image in root.iter(f"{_SVG}image") if id(image) not in masks]


def masks(svg: str) -> list[Drawn]:
    """What the hatching lies on."""
    return [_drawn(image) for mask in tree(svg).iter(f"{_SVG}mask") for image in mask.iter(f"{_SVG}image")]


def of_class(svg: str, name: str) -> list:
    return [element for element in tree(svg).iter() if element.get("class") == name]


def png(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def saturation(rgb: np.ndarray) -> float:
    """Mean of (max - min) over the channels, 0 to 255."""
    return float(np.mean(rgb[..., :3].max(axis=-1).astype(float) - rgb[..., :3].min(axis=-1)))


def contrast(a: str, b: str) -> float:
    """WCAG 2.2 contrast ratio of two colours given as #rrggbb."""
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(code: str) -> float:
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _drawn(image) -> Drawn:
    raw = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    place = (float(image.get(key)) for key in ("x", "y", "width", "height"))
    return Drawn(*place, np.asarray(Image.open(io.BytesIO(raw))))
