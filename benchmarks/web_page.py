"""The workbench's page, measured in Chromium: the first view, a label saved and everything drawn anew; and its pictures.

``python -m benchmarks.web_page FOLDER`` takes the pictures of README and docs into a folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import web_cases

RUNS, LABELS = 5, 12
DRAWN = "() => document.getElementById('map-a').dataset.drawn !== undefined"
WATCH = """() => {
  const told = document.querySelector('#panel-observe .labelform > .muted');
  const start = performance.now();
  let drawn = false;
  window.took = null;
  told.textContent = '';
  const seen = new MutationObserver((changes) => {
    drawn ||= changes.some((one) => !told.contains(one.target));
    if (!drawn || !told.textContent) return;
    window.took = performance.now() - start;
    seen.disconnect();
  });
  seen.observe(document.querySelector('#time table').parentElement, { childList: true, subtree: true });
  seen.observe(told, { childList: true });
}"""
"""Time until the page says that it is saved, and the time line is drawn anew."""


@contextmanager
def pages(case: Path) -> Iterator[tuple[Any, str]]:
    """A Chromium, and the address of ``case`` served to it."""
    sys.path.insert(0, str(web_cases.ROOT / "tests"))
    from playwright.sync_api import sync_playwright

    from browser import ARGS, found
    from web_server import serving

    with serving(case, who="benchmark") as bench, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found(), args=list(ARGS))
        yield chromium, f"http://{bench.host}/?token={bench.token}"
        chromium.close()


def opened(chromium: Any, address: str, *, size: tuple[int, int] = (1280, 800), dark: bool = False, scale: int = 1) -> Any:
    """A page in a profile of its own, drawn."""
    view = {"width": size[0], "height": size[1]}
    context = chromium.new_context(viewport=view, color_scheme="dark" if dark else "light", device_scale_factor=scale)
    context.add_init_script("localStorage.setItem('siteline.who', 'Ana')")
    tab = context.new_page()
    tab.goto(address)
    tab.wait_for_selector("html[data-ready=yes]")
    if tab.locator("#map-a canvas").count() and tab.locator("#board").is_hidden():
        tab.wait_for_function(DRAWN)
    return tab


def demo(folder: Path) -> tuple[Path, Path]:
    """The cases of ``siteline demo``: the bundled one, and the simulated one with images."""
    code = "from siteline.cli import main; main()"
    command = [sys.executable, "-c", code, "demo", "--out", str(folder / "demo")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SITELINE_HOME": str(folder / "home")})
    os.environ["SITELINE_HOME"] = str(folder / "home")
    return folder / "demo" / "sohae.gpkg", folder / "demo" / "simulated" / "site.gpkg"


def first_views(case: Path) -> float:
    """Seconds from the request to a page with its map drawn; the middle of ``RUNS``, each with an empty cache."""
    seconds = []
    with pages(case) as (chromium, address):
        for _ in range(RUNS):
            tab = opened(chromium, address)
            seconds.append(tab.evaluate("performance.now()") / 1000)
            tab.context.close()
    return median(seconds)


def labels(case: Path) -> list[float]:
    """Seconds from Enter until the label is told as saved and the time line is drawn anew, for each of ``LABELS``."""
    seconds = []
    with pages(case) as (chromium, address):
        tab = opened(chromium, address)
        tab.locator("#tab-observe").click()
        tab.get_by_label("then the next scene").uncheck()
        for n in range(LABELS):
            tab.keyboard.press("Escape")
            tab.keyboard.press(str(1 + 2 * (n % 2)))
            tab.evaluate(WATCH)
            tab.keyboard.press("Enter")
            tab.wait_for_function("() => window.took !== null")
            seconds.append(tab.evaluate("window.took") / 1000)
    return sorted(seconds)


def measured() -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = os.getloadavg()[0]
        sohae, simulated = demo(folder)
        (folder / "many").mkdir()
        many = web_cases.labelled(folder / "many")
        rows = [
            f"| first view, {what} | {first_views(case):.2f} s |"
            for what, case in (
                ("the bundled case", sohae),
                ("the simulated site, scenes drawn", simulated),
                (f"{web_cases.STRUCTURES} x {web_cases.SCENES}", many),
            )
        ]
        took = labels(many)
    rows.append(f"| a label by keyboard, time line drawn anew, 50 x 300 | {median(took):.2f} s (slowest {took[-1]:.2f} s) |")
    return "\n".join(
        [
            "| in Chromium, its graphics done in software | |",
            "| --- | ---: |",
            *rows,
            "",
            f"First views: the middle of {RUNS}, each in a fresh profile. Labels: {LABELS}. Load average of the machine",
            f"when this began: {load:.1f} on {os.cpu_count()} cores.",
        ]
    )


def pictures(out: Path) -> None:
    """What README and docs show."""
    with tempfile.TemporaryDirectory() as name:
        sohae, simulated = demo(Path(name))
        with pages(simulated) as (chromium, address):
            for file, size, dark in (
                ("workbench.png", (1280, 800), False),
                ("workbench-dark.png", (1280, 800), True),
                ("workbench-tablet.png", (820, 1180), False),
            ):
                tab = opened(chromium, f"{address}#s=hall", size=size, dark=dark, scale=2)
                tab.get_by_role("button", name="Compare before and after").click()
                tab.wait_for_timeout(1500)
                tab.get_by_role("heading", name="Scene by scene").scroll_into_view_if_needed()
                tab.wait_for_timeout(2500)
                tab.screenshot(path=out / file)
                tab.context.close()
        with pages(sohae) as (chromium, address):
            tab = opened(chromium, address, scale=2)
            tab.locator("#tab-weigh").click()
            tab.wait_for_timeout(800)
            tab.screenshot(path=out / "workbench-weigh.png")


if __name__ == "__main__":
    pictures(Path(sys.argv[1]))
