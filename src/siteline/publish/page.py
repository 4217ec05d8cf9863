"""The HTML report: one file, no outside request, every value from data escaped."""

from __future__ import annotations

import base64
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.glyphs import font_bytes
from siteline.publish.look import css_variables

_FONTS = (
    ("Fira Sans", 400, "FiraSans-Regular"),
    ("Fira Sans", 600, "FiraSans-SemiBold"),
    ("Newsreader", 400, "Newsreader-Regular"),
    ("Newsreader", 600, "Newsreader-SemiBold"),
)


def html_figures(draw: Callable[[int], str]) -> dict[str, str]:
    """A figure at the three widths a page chooses from; one that is the same at every width is held once."""
    drawn = {"screen": draw(SCREEN), "page": draw(PAGE), "phone": draw(PHONE)}
    return {"all": drawn["screen"]} if len(set(drawn.values())) == 1 else drawn


def html(view: dict[str, Any]) -> str:
    """The page for a prepared ``view`` (see ``prepare``) whose figures come from ``html_figures``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def figure(drawn: dict[str, str]) -> Markup:
        """The figure's own markup: written and escaped by ``svg``, so it passes as it is."""
        return Markup("").join(Markup('<div class="on-{}">{}</div>').format(k, Markup(v)) for k, v in drawn.items())

    environment = Environment(
        loader=PackageLoader("siteline.publish", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure
    return environment.get_template("report.html.j2").render(view=view, style=Markup(_style(measured="pixels" in view)))


def _style(*, measured: bool) -> str:
    templates = files("siteline.publish").joinpath("templates")
    names = ("report.css", "pixels.css") if measured else ("report.css",)
    sheet = "".join(templates.joinpath(name).read_text("utf-8") for name in names)
    faces = "".join(
        f"@font-face{{font-family:'{family}';font-weight:{weight};font-style:normal;src:url(data:font/woff2;base64,"
        f"{base64.b64encode(font_bytes(f'{name}.woff2')).decode()}) format('woff2')}}"
        for family, weight, name in _FONTS
    )
    themes = (
        f":root{{color-scheme:light dark;{css_variables('light')}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{css_variables('dark')}}}}}"
        f"@media print{{:root{{color-scheme:light;{css_variables('print')}}}}}"
    )
    return faces + themes + sheet
