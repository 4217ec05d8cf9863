"""Pages of other sites, open in the same browser as the workbench: they read nothing and write nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Page

from browser import Window, chromium, sohae, window
from web_server import Bench

__all__ = ["chromium", "sohae", "window"]


class _Foreign(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title><form method=post></form>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def foreign() -> Iterator[str]:
    """The address of a page that is not the workbench's. Of this machine, as cookies see it: the harder case."""
    server = HTTPServer(("127.0.0.1", 0), _Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def other_page(window: Window, sohae: Bench, address: str) -> Page:
    """A tab of the browser that holds the workbench's cookie, with the other site in it."""
    tab = window.open(sohae).context.new_page()
    tab.goto(address)
    return tab


ROW = '{"base": null, "cells": {"name": "planted"}, "who": "nobody"}'


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_script_of_another_site_writes_nothing(window: Window, sohae: Bench, kind: str) -> None:
    before = sohae.state()["revision"]
    with foreign() as address:
        tab = other_page(window, sohae, address)
        answers: list[int] = []
        tab.on("response", lambda answer: answers.append(answer.status))
        tab.evaluate(
            "([url, body, kind]) => Promise.allSettled(['no-cors', 'cors'].map((mode) => fetch(url,"
            " {method: 'POST', mode, credentials: 'include', headers: {'Content-Type': kind}, body})))",
            [f"http://{sohae.host}/api/rows/structures/planted", ROW, kind],
        )
    assert not any(status < 400 for status in answers)
    assert sohae.state()["revision"] == before


def test_a_form_of_another_site_writes_nothing_and_a_script_reads_nothing(window: Window, sohae: Bench) -> None:
    before = sohae.state()["revision"]
    with foreign() as address:
        tab = other_page(window, sohae, address)
        read = tab.evaluate(
            "(url) => fetch(url, {credentials: 'include'}).then((answer) => answer.text(), () => 'unread')",
            f"http://{sohae.host}/api/state",
        )
        assert read == "unread"
        with tab.expect_navigation() as moved:
            tab.evaluate(
                "(url) => { const f = document.forms[0]; f.action = url; f.submit(); }", f"http://{sohae.host}/api/undo"
            )
        assert moved.value is not None and moved.value.status == 403
    assert sohae.state()["revision"] == before


def test_another_site_can_neither_frame_the_page_nor_draw_its_tiles(window: Window, sohae: Bench) -> None:
    with foreign() as address:
        tab = other_page(window, sohae, address)
        drawn = tab.evaluate(
            "(url) => new Promise((told) => { const image = new Image(); image.onload = () => told(true);"
            " image.onerror = () => told(false); image.src = url; })",
            f"http://{sohae.host}/icon.svg",
        )
        assert drawn is False
        tab.evaluate(
            "(url) => new Promise((told) => { const f = document.createElement('iframe'); f.onload = told; f.src = url;"
            " document.body.append(f); })",
            f"http://{sohae.host}/",
        )
        assert not any(frame.locator("#bar").count() for frame in tab.frames if frame is not tab.main_frame)


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/x/99/1/1.png",
        "/tiles/x/24/99999999999999999999/1.png",
        "/chips/x/y.png?size=1000000",
        f"/api/stretch?scenes={'x,' * 6000}",
        "/api/journal?limit=99999999999",
    ],
)
def test_what_would_cost_too_much_is_refused(window: Window, sohae: Bench, path: str) -> None:
    page = window.open(sohae)
    window.tolerated = ("console",)
    assert 400 <= page.evaluate("(path) => fetch(path).then((answer) => answer.status)", path) < 500
