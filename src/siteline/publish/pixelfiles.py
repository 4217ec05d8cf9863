"""The figures about pixels as files: each a PNG and an SVG that can stand alone, with its finding as headline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from siteline.publish.canvas import Canvas, lines, rasterise
from siteline.publish.changemap import map_body
from siteline.publish.chips import Page, Paper
from siteline.publish.draw import Pen
from siteline.publish.figure import PAGE, SCREEN
from siteline.publish.figurefiles import slug, write_figures
from siteline.publish.glyphs import printable
from siteline.publish.mapvalues import ChangeMap, chance_words, map_words
from siteline.publish.panels import fit
from siteline.publish.placeboplot import placebo_body
from siteline.publish.powerplot import power_body
from siteline.publish.seriesdata import Series
from siteline.publish.seriesplot import series_body
from siteline.publish.svg import tag
from siteline.publish.unseen import alarm_words, missed_words, verdict

MARGIN: Final = 32.0
MEASURE: Final = 860.0
Body = Callable[[Canvas, float], float]
"""Draws a figure from a y down, ``MARGIN`` from the left, and returns the y below."""


def write_series(series: Series, key: str, out: Path, *, theme: Paper = "light", credit: str = "") -> tuple[Path, ...]:
    """Write ``series-<key>.png`` (2 px per unit) and ``.svg`` into the folder ``out``; the same input, the same bytes.

    Raises ``FileTrouble`` when writing fails.
    """
    told = verdict(series.combined, series.trust, series.apart, series.labels)

    def body(canvas: Canvas, y: float) -> float:
        return _put(canvas, *series_body(Pen(theme, "m"), series, SCREEN), y)

    deck = " ".join([*told.doubts, *missed_words(series.trust)[:1], alarm_words(series.trust, changed=told.changed)])
    return _write(f"series-{slug(key)}", figure_page(series.name, told.headline, deck, credit, body, theme), out)


def write_trust(
    series: Series, evidence: Sequence[float], key: str, out: Path, *, theme: Paper = "light"
) -> tuple[Path, ...]:
    """Write ``trust-<key>.png`` and ``.svg``: the power curve, and the placebos' ``evidence`` beside the real answer's.

    Without a ``trust`` in ``series`` nothing is written. Raises ``FileTrouble`` when writing fails.
    """
    trust, found = series.trust, series.combined
    if trust is None:
        return ()
    answer = found.evidence if found is not None else float("nan")
    changed = found is not None and bool(found.changes)

    def body(canvas: Canvas, y: float) -> float:
        y = _put(canvas, *power_body(Pen(theme, "p"), trust, PAGE), y) + 12
        y = canvas.paragraph(MARGIN, y + 12, PAGE, alarm_words(trust, changed=changed), 14, fill="ink") + 4
        return _put(canvas, *placebo_body(Pen(theme, "q"), evidence, answer, trust, PAGE), y)

    deck = " ".join(missed_words(trust))
    page = figure_page(series.name, "What would have been found", deck, trust.note, body, theme, width=PAGE)
    return _write(f"trust-{slug(key)}", page, out)


def write_map(values: ChangeMap, title: str, key: str, out: Path, *, theme: Paper = "light") -> tuple[Path, ...]:
    """Write ``map-<key>.png`` and ``.svg`` into the folder ``out``. Raises ``FileTrouble`` when writing fails."""

    def body(canvas: Canvas, y: float) -> float:
        return map_body(canvas, values, SCREEN, MARGIN, y, "g")

    words = map_words(values)
    page = figure_page(title, f"{words[:1].upper()}{words[1:]}", chance_words(values), "", body, theme)
    return _write(f"map-{slug(key)}", page, out)


def figure_page(
    name: str, headline: str, deck: str, caption: str, body: Body, theme: Paper, *, width: float = SCREEN
) -> Page:
    """A name, the finding as a headline, a paragraph, the figure and its caption as one document, also to rasterise."""
    (svg, height), (plain, _) = (
        _page(Canvas(theme, flat), name, headline, deck, caption, body, width) for flat in (False, True)
    )
    return Page(svg, plain, width + 2 * MARGIN, height)


def _page(canvas: Canvas, name: str, headline: str, deck: str, caption: str, body: Body, width: float) -> tuple[str, float]:
    canvas.text(MARGIN, 40, fit(canvas.shown(name), width, 14, bold=True), 14, font_weight=600)
    y = 70.0
    for line in lines(canvas.shown(headline), width, 26, "Newsreader-SemiBold"):
        canvas.title(MARGIN, y, line, 26)
        y += 31
    y = canvas.paragraph(MARGIN, y, min(width, MEASURE), deck, 14, fill="ink") if deck else y - 14
    y = body(canvas, y + 6)
    if caption:
        y = canvas.paragraph(MARGIN, y + 20, min(width, MEASURE), caption, 12)
    height = float(round(y + 18))
    return canvas.svg(width + 2 * MARGIN, height, f"{name}: {headline}"), height


def _put(canvas: Canvas, drawn: str, high: float, y: float) -> float:
    """Finished markup of a figure, moved into place; on a plain canvas with only the characters the fonts hold."""
    if canvas.plain:
        drawn, missing = printable(drawn)
        canvas.missing += missing
    canvas.add(tag("g", drawn, transform=f"translate({MARGIN:g} {y:g})"))
    return y + high


def _write(stem: str, page: Page, out: Path) -> tuple[Path, ...]:
    png = rasterise(page.plain, page.width, page.height)
    return write_figures(out, {f"{stem}.png": png, f"{stem}.svg": page.svg.encode("utf-8")})
