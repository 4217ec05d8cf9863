"""Who may ask the workbench, and for how much: other sites, other names, no token, giant requests."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from siteline.store.importing import import_folder
from store_folders import small, write
from web_server import Bench, serving

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LABEL = {"structure_id": "pad", "state": "complete", "confidence": "high"}
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\"'\u202e\u2028&lt",
    "javascript:alert(1)",
)
PATHS = (
    *("/../app.py", "/..%2fapp.py", "/%2e%2e/app.py", "/static/../../app.py"),
    *("//etc/passwd", "/%2fetc/passwd", "/..\\app.py", "/%00"),
)
NAMES = ("evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", "")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("guard")
    import_folder(write(folder / "in", small()), folder / "c.gpkg", who="importer")
    with serving(folder / "c.gpkg", who="Ana") as made:
        yield made


def test_every_answer_carries_the_policy_and_nothing_is_kept_by_the_browser(bench: Bench):
    for answer in (
        bench.get("/"),
        bench.get("/api/state"),
        bench.get("/nothing"),
        bench.get("/api/state", Authorization=None),
        bench.get("/api/state", Host="evil.example"),
        bench.ask("PUT", "/api/state"),
    ):
        assert answer.headers["content-security-policy"] == CSP
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


@pytest.mark.parametrize("host", NAMES)
def test_another_name_for_this_server_is_refused(bench: Bench, host: str):
    """DNS rebinding: a name of the attacker's that now points here."""
    answer = bench.get("/api/state", Host=host.format(port=bench.port))
    assert (answer.status, answer.json["error"]["kind"]) == (403, "Forbidden")


def test_two_hosts_or_none_are_refused(bench: Bench):
    for lines in (f"Host: 127.0.0.1:{bench.port}\r\nHost: evil.example\r\n", ""):
        request = f"GET /api/state HTTP/1.1\r\n{lines}Authorization: Bearer {bench.token}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", bench.port), timeout=10) as raw:
            raw.sendall(request.encode())
            assert b" 40" in raw.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_names_are_answered(bench: Bench, name: str):
    own = f"{name}:{bench.port}"
    assert bench.get("/api/state", Host=own, Origin=f"http://{own}", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_a_post_from_another_site_is_refused_even_with_the_token(bench: Bench, headers: dict[str, str]):
    before = bench.get("/api/revision").json["revision"]
    body = json.dumps({"base": None, "cells": LABEL}).encode()
    answer = bench.ask("POST", "/api/rows/observations/csrf", body, {"Content-Type": "application/json", **headers})
    assert answer.status == 403
    assert bench.get("/api/revision").json["revision"] == before


def test_a_link_from_another_site_opens_the_page_but_no_frame_or_image(bench: Bench):
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert bench.get("/", **followed, Sec_Fetch_Dest="document").status == 200
    assert bench.get("/", **followed, Sec_Fetch_Dest="iframe").status == 403
    assert (
        bench.get("/api/state", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="image").status == 403
    )


def test_a_form_cannot_send_what_is_taken(bench: Bench):
    body = json.dumps({"base": None, "cells": LABEL}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = bench.ask("POST", "/api/rows/observations/form", body, {"Content-Type": kind})
        assert (answer.status, answer.json["error"]["kind"]) == (422, "BadInput")


def test_the_token_is_asked_for_in_words(bench: Bench):
    for headers in (
        {"Authorization": None},
        {"Authorization": "Bearer wrong"},
        {"Authorization": None, "Cookie": "siteline-1=x"},
    ):
        answer = bench.get("/api/state", **headers)
        assert (answer.status, answer.json["error"]["kind"]) == (401, "TokenMissing")
    page = bench.get("/", Authorization=None, Accept="text/html")
    assert page.status == 401
    assert b"siteline serve" in page.body
    assert b"<script" not in page.body


def test_the_address_with_the_token_sets_a_cookie_that_serves_from_then_on(bench: Bench):
    answer = bench.get(f"/?token={bench.token}", Authorization=None, Accept="text/html")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert bench.get("/api/state", Authorization=None, Cookie=cookie.partition(";")[0]).status == 200
    assert bench.get("/?token=wrong", Authorization=None).status == 401
    assert bench.get("/?" + "a=1&" * 50 + f"token={bench.token}", Authorization=None).status == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_not_answered(bench: Bench, method: str):
    assert bench.ask(method, "/api/state").status == 405


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_page(bench: Bench, path: str):
    answer = bench.get(path)
    assert answer.status == 404
    assert b"import" not in answer.body


def timed(bench: Bench, *args: object, **more: object) -> tuple[int, float]:
    start = time.process_time()
    answer = bench.ask(*args, **more)  # type: ignore[arg-type]
    return answer.status, time.process_time() - start


def outline(count: int) -> dict[str, object]:
    ring = [[124.7 + n * 1e-7, 39.65 + (n % 2) * 1e-6] for n in range(count)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def test_giant_requests_are_refused_at_once(bench: Bench):
    before = bench.get("/api/revision").json["revision"]
    asked: list[tuple[str, str, object]] = [
        ("observations", "big", {**LABEL, "paraphrase": "x" * 100_000}),
        ("observations", "big", {**LABEL, "paraphrase": "x" * 10**7}),
        ("observations", "big", {f"c{n}": "x" for n in range(10_000)}),
        ("structures", "big", {"geometry": outline(4_000)}),
        ("structures", "big", {"geometry": outline(400_000)}),
        ("structures", "big", {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}),
        ("structures", "big", {"geometry": {"type": "GeometryCollection", "geometries": [outline(3)] * 100}}),
        ("observations", "k" * 7000, {**LABEL, "structure_id": ""}),
    ]
    for table, key, cells in asked:
        body = json.dumps({"base": None, "cells": cells}).encode()
        status, seconds = timed(bench, "POST", f"/api/rows/{table}/{key}", body, {"Content-Type": "application/json"})
        assert 400 <= status < 500
        assert seconds < 1
    nested = (
        b'{"base": null, "cells": {"geometry": {"type": "Polygon", "coordinates": ' + b"[" * 90_000 + b"]" * 90_000 + b"}}}"
    )
    for body in (nested, b"[" * 200_000, b"\xff\xfe", b"{", b'{"base": NaN, "cells": null}', b"[]", b""):
        status, seconds = timed(bench, "POST", "/api/rows/structures/x", body, {"Content-Type": "application/json"})
        assert 400 <= status < 500
        assert seconds < 1
    assert timed(bench, "GET", "/api/journal?limit=" + "9" * 30)[0] == 422
    assert timed(bench, "GET", "/api/state?" + "x" * 20_000)[0] == 414
    assert bench.get("/api/revision").json["revision"] == before


def test_a_body_without_a_length_is_read_only_so_far(bench: Bench):
    with socket.create_connection(("127.0.0.1", bench.port), timeout=10) as raw:
        head = f"POST /api/rows/observations/x HTTP/1.1\r\nHost: {bench.host}\r\nAuthorization: Bearer {bench.token}\r\n"
        raw.sendall((head + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode())
        sent = 0
        with suppress(OSError):
            while sent < 50 * 1024 * 1024:
                raw.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
        assert sent < 20 * 1024 * 1024
        with suppress(ConnectionError):  # closed while it was still being sent to
            assert raw.recv(4096).split(b" ")[1] == b"413"
    for length in ("-1", "1e9", "999999999999999", "abc"):
        answer = bench.ask("POST", "/api/undo", None, {"Content-Type": "application/json", "Content-Length": length})
        assert answer.status in (400, 413)


def test_hostile_text_comes_back_as_it_is_in_json_and_nowhere_else(bench: Bench):
    for n, text in enumerate(HOSTILE):
        cells = {**LABEL, "paraphrase": text, "activity": text}
        assert bench.put("observations", f"{text} {n}", cells, who=f"Eve {n}").status == 200
    assert bench.put("observations", "w", LABEL, who="a\u202eb\n").status == 422
    answer = bench.get("/api/state")
    assert answer.headers["content-type"] == "application/json"
    said = {o["id"]: o["paraphrase"] for o in answer.json["observations"]}
    assert all(said[f"{text} {n}"] == text for n, text in enumerate(HOSTILE))
    refused = bench.put("observations", "h", {**LABEL, "state": HOSTILE[0]})
    assert refused.headers["content-type"] == "application/json"
    assert HOSTILE[0] in refused.json["error"]["message"]


def test_nobody_else_on_the_network_is_listened_to(bench: Bench):
    table = Path("/proc/net/tcp")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    own = [row[1] for row in rows if row[1].endswith(f":{bench.port:04X}") and row[3] == "0A"]
    assert own == ["0100007F" + own[0][8:]] if rows else own == []
