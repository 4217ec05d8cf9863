"""The workbench in a real browser: a page that notices what must never happen, and pictures of what is drawn.

``chromium``, ``window``, ``site`` and ``sohae`` are fixtures; a test file that uses them imports them by name, or, where its
tests change the case, ``own_site`` and ``own_sohae`` in their place. Where no Chromium is found, the tests are skipped;
``SITELINE_CHROMIUM`` names one that lies elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from typer.testing import Result

from web_server import Bench, serving

ARGS = (
    *("--no-sandbox", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, TABLET = (1280, 800), (820, 1180)
PATIENCE = 20_000  # ms


def found() -> str | None:
    """The Chromium of this machine."""
    return os.environ.get("SITELINE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a test file."""
    path = found()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        yield browser
        browser.close()


class Window:
    """Pages of one test, and what went on in them that no page of ours may do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.contexts: list[BrowserContext] = []
        self.wrong: list[str] = []
        self.tolerated: tuple[str, ...] = ()  # besides a server that ended before the page

    def open(
        self, bench: Bench, *, at: str = "", size: tuple[int, int] = DESK, who: str = "", dark: bool = False, **options: Any
    ) -> Page:
        """A page of a browser of its own, with everything drawn. ``at``: the hash of its address."""
        width, height = size
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        if who:
            context.add_init_script(f"localStorage.setItem('siteline.who', {who!r})")
        page = context.new_page()
        self._watch(page)
        page.goto(f"http://{bench.host}/?token={bench.token}#{at}")  # what follows # outlives the redirection
        settled(page)
        return page

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(f"error in the page: {error}"))
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda said: said.type == "error" and self.wrong.append(f"console: {said.text}"))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.wrong.append(f"request outside: {url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        tolerated = (*self.tolerated, "ERR_CONNECTION_REFUSED")
        wrong = [text for text in self.wrong if not any(part in text for part in tolerated)]
        assert not wrong, wrong


@pytest.fixture
def window(chromium: Browser) -> Iterator[Window]:
    """Pages for one test; at its end nothing may have gone wrong in them."""
    made = Window(chromium)
    yield made
    made.close()


def settled(page: Page) -> None:
    """Wait until the page is built and its map, where it has one, is drawn."""
    page.wait_for_selector("html[data-ready=yes]")
    if page.locator("#map-a canvas").count() and page.locator("#board").is_hidden():
        drawn(page)


def drawn(page: Page, scene: str | None = None, which: str = "a") -> None:
    """Wait until a map shows ``scene`` (None: whatever it shows) wholly."""
    page.wait_for_function(
        "([id, scene]) => { const held = document.getElementById(id).dataset.drawn;"
        " return held !== undefined && (scene === null || held === scene); }",
        arg=[f"map-{which}", scene],
    )


def picture(page: Page, selector: str = "#mapwrap") -> NDArray[np.int16]:
    """What is drawn there, [row, column, red/green/blue]."""
    shot = page.locator(selector).first.screenshot(animations="disabled")
    with Image.open(BytesIO(shot)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)


def differing(a: NDArray[np.int16], b: NDArray[np.int16], by: int = 12) -> float:
    """Share of pixels whose colour differs by more than ``by`` in any channel."""
    return float((np.abs(a - b).max(axis=2) > by).mean())


def addressed(page: Page) -> None:
    """Wait until the address says what is on screen; it follows once nothing moves any more."""
    page.wait_for_timeout(250)  # a map that moves begins to with its next frame
    page.wait_for_function("() => document.documentElement.dataset.address === undefined")


def shown(page: Page) -> dict[str, str]:
    """What the address says is on screen."""
    addressed(page)
    return dict(page.evaluate("() => Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"))


def copied(case: Path, name: str) -> Path:
    """A copy of a case file beside it, where it finds the same images."""
    target = case.with_name(f"{name}.gpkg")
    target.unlink(missing_ok=True)
    shutil.copyfile(case, target)
    return target


def _own_name(request: pytest.FixtureRequest) -> str:
    """What the copies of a test file are called: ``page`` in ``test_browser_page``."""
    return str(request.module.__name__).rpartition("test_browser_")[2]


@pytest.fixture(scope="module")
def site(demo: tuple[Path, Result], request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The simulated site of the demo, in a copy for one test file: a hall that is built on a known day, 146 scenes."""
    with serving(copied(demo[0] / "simulated" / "site.gpkg", _own_name(request))) as bench:
        yield bench


@pytest.fixture(scope="module")
def sohae(demo: tuple[Path, Result], request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The bundled case, in a copy for one test file: no images, no places."""
    with serving(copied(demo[0] / "sohae.gpkg", _own_name(request))) as bench:
        yield bench


@pytest.fixture
def own_site(demo: tuple[Path, Result], request: pytest.FixtureRequest) -> Iterator[Bench]:
    """As ``site``, in a copy for one test."""
    with serving(copied(demo[0] / "simulated" / "site.gpkg", _own_name(request))) as bench:
        yield bench


@pytest.fixture
def own_sohae(demo: tuple[Path, Result], request: pytest.FixtureRequest) -> Iterator[Bench]:
    """As ``sohae``, in a copy for one test."""
    with serving(copied(demo[0] / "sohae.gpkg", _own_name(request))) as bench:
        yield bench


def eventually(holds: Callable[[], bool], page: Page, wait_ms: int = 5000) -> bool:
    """Whether ``holds`` becomes true in time."""
    for _ in range(wait_ms // 50):
        if holds():
            return True
        page.wait_for_timeout(50)
    return holds()
