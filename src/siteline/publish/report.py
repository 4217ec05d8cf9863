"""The report of a case: one HTML file and one PDF, the same bytes for the same inputs."""

from __future__ import annotations

from pathlib import Path

from siteline.guard.files import trouble, write_bytes
from siteline.model.dated import Dating
from siteline.model.records import CaseData
from siteline.model.weighed import Weighing
from siteline.publish.pixelsection import PixelsShown


def write_report(
    data: CaseData, dating: Dating, weighing: Weighing, out: Path, pixels: PixelsShown | None = None
) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.pdf`` into the folder ``out`` (made if missing) and return their paths.

    ``pixels``: what the images themselves show, where they were measured; the report then has a section about it.
    Both are finished before either is written, and each replaces its predecessor in one step. Raises ``FileTrouble``;
    warns ``glyphs.UnprintableText`` when the PDF's fonts lack characters.
    """
    page, paper = render(data, dating, weighing, pixels)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise trouble(out, error) from error
    targets = out / "report.html", out / "report.pdf"
    for target, content in zip(targets, (page.encode("utf-8"), paper), strict=True):
        write_bytes(target, content)
    return targets


def render(data: CaseData, dating: Dating, weighing: Weighing, pixels: PixelsShown | None = None) -> tuple[str, bytes]:
    """The HTML text and the PDF bytes, without touching the disk."""
    from siteline.publish.page import html, html_figures
    from siteline.publish.paper import pdf, pdf_figures
    from siteline.publish.prepare import prepare

    page = html(prepare(data, dating, weighing, html_figures, pixels))
    return page, pdf(prepare(data, dating, weighing, pdf_figures, pixels))
