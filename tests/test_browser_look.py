"""The page speaks the visual language of the report: the same colours, the same faces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from siteline.publish import look
from siteline.web.app import STATIC

BASE = (STATIC / "css" / "base.css").read_text(encoding="utf-8")


@pytest.mark.parametrize(("rule", "theme"), [(":root{", look.LIGHT), (":root[data-theme=dark]{", look.DARK)])
def test_colours_are_those_of_the_report(rule: str, theme: dict[str, str]) -> None:
    block = BASE.partition(rule)[2].partition("}")[0]
    told = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", block))
    assert {name.replace("_", "-"): value for name, value in theme.items()}.items() <= told.items()


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [look.LIGHT, look.DARK])
def test_what_is_drawn_on_canvas_can_be_read_too(theme: dict[str, str]) -> None:
    """axe cannot look into a canvas: text there has 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    for ink in ("ink", "muted", "event"):
        for ground in ("paper", "wash"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    assert contrast(theme["on_complete"], theme["complete"]) >= 4.5


def test_faces_are_those_of_the_report() -> None:
    fonts = Path(look.__file__).parent / "fonts"
    for file in (STATIC / "fonts").glob("*.woff2"):
        assert file.read_bytes() == (fonts / file.name).read_bytes()
    assert (STATIC / "fonts" / "OFL.txt").read_bytes() == (fonts / "OFL.txt").read_bytes()
