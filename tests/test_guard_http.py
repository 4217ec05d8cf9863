"""Bytes over HTTP against a real server that breaks: rows 1 to 7, 20 and 21."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import json
import logging
import random
import shutil
import socket
import subprocess
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fault_server import (
    Fault,
    FaultServer,
    changed,
    elsewhere,
    page,
    redirect,
    short,
    shorter,
    silent,
    stall,
    status,
    trickle,
    typed_page,
    whole,
    zeros,
)
from siteline.guard import http
from siteline.guard.addresses import Trust
from siteline.guard.bytesource import LocalBytes, RemoteBytes, ShortFile, SourceChanged, ZeroBytes
from siteline.guard.http import Client
from siteline.model.errors import (
    AddressRefused,
    BadAnswer,
    CredentialsMissing,
    FileTrouble,
    NotThere,
    ServerUnavailable,
)

DATA = random.Random(3).randbytes(300_000)
JSON = json.dumps({"type": "Catalog", "n": list(range(100))}).encode()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer({"a.tif": DATA, "b.tif": DATA[::-1], "stac": JSON}) as running:
        yield running


@pytest.fixture
def client(server: FaultServer) -> Iterator[Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are not slept."""
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    return slept


def remote(server: FaultServer, client: Client, name: str = "a.tif") -> RemoteBytes:
    return RemoteBytes(client, name, lambda renew: (server.url(name), {}))


def test_any_range_is_the_files_own_bytes(server: FaultServer, client: Client) -> None:
    rng = random.Random(1)
    for _ in range(40):
        offset = rng.randrange(len(DATA))
        length = rng.randrange(1, 70_000)
        answer = client.get_range(server.url("a.tif"), offset, length)
        assert answer.data == DATA[offset : offset + length]
        assert (answer.etag, answer.total) == ('"one"', len(DATA))
    assert client.get_range(server.url("a.tif"), len(DATA) + 5, 10).data == b""


def test_many_threads_share_few_connections(server: FaultServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: (made.append(address), real(sock, address))[1])
    with ThreadPoolExecutor(6) as pool:
        read = list(pool.map(lambda n: client.get_range(server.url("a.tif"), n * 1000, 1000).data, range(200)))
    assert b"".join(read) == DATA[:200_000]
    assert client.requests == 200 and len(made) <= 6


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(server: FaultServer, client: Client) -> None:
    client.get_range(server.url("a.tif"), 0, 10)
    for idle in client._pool._idle.values():
        idle[0].wire.sock.shutdown(socket.SHUT_RDWR)
    assert client.get_range(server.url("a.tif"), 0, 10).data == DATA[:10]


@pytest.mark.parametrize("code", [500, 502, 503, 504, 429, 408])
def test_row_01_a_busy_server_is_asked_again(server: FaultServer, client: Client, waits: list[float], code: int) -> None:
    server.fault("a.tif", status(code, b"x" * 200_000), times=3)
    assert client.get_range(server.url("a.tif"), 5, 50).data == DATA[5:55]
    assert server.count("a.tif") == 4
    assert all(0.05 * 2**n <= wait <= 0.1 * 2**n for n, wait in enumerate(waits, 1))


def test_row_01_a_server_that_stays_busy_is_named(server: FaultServer, client: Client, waits: list[float]) -> None:
    server.fault("a.tif", status(500), times=None)
    named = pytest.raises(ServerUnavailable, match=r"a\.tif: the server answered 500 \(tried 10 times")
    with server.client(deadline_s=180.0) as patient, named as caught:
        patient.get_range(server.url("a.tif"), 0, 10)
    assert caught.value.tries == server.count("a.tif") == 10
    assert sum(waits) < 60 and max(waits) <= 15


def test_row_01_no_try_begins_after_the_deadline(server: FaultServer) -> None:
    server.fault("a.tif", status(503, Retry_After="40"), times=None)
    with server.client(deadline_s=30.0) as client, pytest.raises(ServerUnavailable, match="tried once"):
        client.get_range(server.url("a.tif"), 0, 10)


@pytest.mark.parametrize(
    ("asked", "least", "most"), [("3", 3, 3), ("9999", 60, 60), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0), ("soon", 0.1, 0.2)]
)
def test_row_01_the_wait_a_server_asks_for(
    server: FaultServer, waits: list[float], asked: str, least: int, most: int
) -> None:
    server.fault("a.tif", status(429, Retry_After=asked))
    with server.client(deadline_s=180.0) as client:
        assert client.get_range(server.url("a.tif"), 0, 10).data == DATA[:10]
    assert least <= waits[0] <= most


@pytest.mark.parametrize(
    ("code", "kind"), [(404, NotThere), (410, NotThere), (401, CredentialsMissing), (403, CredentialsMissing)]
)
def test_what_would_not_change_is_asked_once(server: FaultServer, client: Client, code: int, kind: type[Exception]) -> None:
    server.fault("a.tif", status(code, b"SECRET"), times=None)
    with pytest.raises(kind) as caught:
        client.get_range(server.url("a.tif"), 0, 10)
    assert server.count("a.tif") == 1 and "SECRET" not in str(caught.value)


def test_row_02_a_bare_503_on_a_search_is_asked_again(server: FaultServer, client: Client, waits: list[float]) -> None:
    server.fault("stac", status(503, b""), times=2)
    assert client.post_json(server.url("stac"), {"bbox": [1, 2, 3, 4]}) == json.loads(JSON)
    assert [method for method, _, _ in server.asked] == ["POST"] * 3
    server.fault("stac", status(503, b""), times=None)
    with pytest.raises(ServerUnavailable, match="503"):
        client.post_json(server.url("stac"), {})


@pytest.mark.parametrize("fault", [stall, trickle, silent])
def test_row_03_a_stalled_answer_fails_soon(server: FaultServer, client: Client, fault: Fault) -> None:
    server.fault("a.tif", fault, times=None)
    with pytest.raises(ServerUnavailable, match=r"stalled|no answer") as caught:
        client.get_range(server.url("a.tif"), 0, 20_000)
    assert caught.value.tries == 2
    shipped_s = inspect.signature(Client).parameters["low_speed_s"].default
    assert http.STALLS * shipped_s + 0.4 < 30, "a stall is noticed after low_speed_s, and the pause after it is under 0.4 s"


@pytest.mark.parametrize("fault", [stall, trickle, silent])
def test_row_03_one_stall_is_overcome(server: FaultServer, client: Client, fault: Fault) -> None:
    server.fault("a.tif", fault)
    assert client.get_range(server.url("a.tif"), 0, 20_000).data == DATA[:20_000]


def test_row_03_a_search_has_longer_to_begin_than_a_range(server: FaultServer) -> None:
    async def slow(due):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0.5)
        return due.answer()

    server.fault("stac", slow, times=None)
    with server.client(low_speed_s=0.2) as client:
        assert client.post_json(server.url("stac"), {}) == json.loads(JSON)
    assert server.count("stac") == 1


@pytest.mark.parametrize("fault", [short, shorter, elsewhere])
def test_row_04_a_short_body_once_recovers_always_fails(
    server: FaultServer, client: Client, waits: list[float], fault: Fault
) -> None:
    server.fault("a.tif", fault)
    source = remote(server, client)
    assert source.read(100, 5000) == DATA[100:5100]
    server.fault("a.tif", fault, times=None)
    with pytest.raises(ServerUnavailable, match=r"broke|bytes"):
        source.read(100, 5000)


def test_row_04_a_file_that_ends_too_early_is_short_not_unavailable(server: FaultServer, client: Client) -> None:
    source = remote(server, client)
    assert source.head(10**6) == DATA
    for offset, length in ((len(DATA) - 10, 20), (len(DATA) + 1, 5)):
        with pytest.raises(ShortFile, match="ends at byte"):
            source.read(offset, length)
        with pytest.raises(ShortFile, match="ends at byte"):
            remote(server, client).read(offset, length)
    assert server.count("a.tif") == 3, "what is known to lie beyond the end is not asked for"


def test_row_05_zeros_are_asked_for_again_then_refused(server: FaultServer, client: Client) -> None:
    source = remote(server, client)
    server.fault("a.tif", zeros)
    assert source.read_many([(0, 100), (500, 200)]) == [DATA[:100], DATA[500:700]]
    server.fault("a.tif", zeros, times=None)
    with pytest.raises(ZeroBytes, match="twice"):
        source.read_many([(500, 200)])
    assert source.read_many([(500, 200)], zeros_ok=True) == [bytes(200)], "pixels that are not compressed may be zero"
    assert source.read_many([(500, 8)]) == [bytes(8)], "so little tells nothing"


def test_row_05_the_second_answer_comes_over_another_connection(
    server: FaultServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = remote(server, client)
    source.head(10)
    made = []
    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: (made.append(address), real(sock, address))[1])
    server.fault("a.tif", zeros)
    source.read_many([(500, 200)])
    assert len(made) == 1


@pytest.mark.parametrize("fault", [page, typed_page])
def test_row_06_a_web_page_is_never_bytes_of_an_image(
    server: FaultServer, client: Client, waits: list[float], fault: Fault
) -> None:
    server.fault("a.tif", fault, times=2)
    assert remote(server, client).read(0, 500) == DATA[:500]
    server.fault("a.tif", fault, times=None)
    with pytest.raises(ServerUnavailable, match="web page"):
        remote(server, client).read(0, 500)


@pytest.mark.parametrize("start", [b"<html lang=en>", b"\xef\xbb\xbf\r\n <!DOCTYPE HTML>", b"<HTML>"])
def test_row_06_web_pages_of_every_kind(server: FaultServer, client: Client, waits: list[float], start: bytes) -> None:
    server.fault("a.tif", lambda due: due.answer(start.ljust(500)))
    assert remote(server, client).read(0, 500) == DATA[:500]
    assert server.count("a.tif") == 2


def test_row_07_another_version_is_noticed_and_nothing_of_it_given(server: FaultServer, client: Client) -> None:
    source = remote(server, client)
    source.head(100)
    server.fault("a.tif", changed)
    with pytest.raises(SourceChanged):
        source.read(200, 100)


def test_row_07_another_length_or_time_tells_as_well(server: FaultServer, client: Client) -> None:
    server.etags["a.tif"] = 'W/"weak"'
    source = remote(server, client)
    source.head(100)
    server.fault("a.tif", lambda due: due.answer(ETag='W/"other"'))
    assert source.read(200, 100) == DATA[200:300], "a weak ETag promises nothing about bytes"
    server.fault("a.tif", lambda due: due.answer(Last_Modified="Wed, 21 Oct 2015 07:28:00 GMT"))
    with pytest.raises(SourceChanged):
        source.read(200, 100)
    server.files["a.tif"] = DATA + b"more"
    with pytest.raises(SourceChanged):
        source.read(200, 100)


def test_a_server_without_ranges_is_asked_once_for_a_small_file(server: FaultServer, client: Client) -> None:
    server.fault("a.tif", whole, times=None)
    source = remote(server, client)
    assert source.head(64) == DATA[:64]
    assert source.read_many([(1000, 500), (0, 10)]) == [DATA[1000:1500], DATA[:10]]
    assert source.size == len(DATA) and server.count("a.tif") == 1


def test_a_server_without_ranges_is_refused_for_a_large_file(
    server: FaultServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_WHOLE", 100_000)
    server.fault("a.tif", whole, times=None)
    with pytest.raises(BadAnswer, match="no parts"):
        client.get_range(server.url("a.tif"), 0, 10)


def test_ranges_that_cannot_be_read_or_came_packed_are_refused(server: FaultServer, client: Client) -> None:
    server.fault("a.tif", lambda due: due.answer(Content_Range="pages 1-2/3"))
    with pytest.raises(BadAnswer, match="Content-Range"):
        client.get_range(server.url("a.tif"), 0, 10)
    server.fault("a.tif", lambda due: due.answer(Content_Encoding="gzip"))
    with pytest.raises(BadAnswer, match="packed"):
        client.get_range(server.url("a.tif"), 0, 10)


def test_bodies_have_limits(server: FaultServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get(server.url("a.tif"), limit=len(DATA)) == DATA
    with pytest.raises(BadAnswer, match="at most"):
        client.get(server.url("a.tif"), limit=len(DATA) - 1)
    monkeypatch.setattr("siteline.guard.answers.MAX_JSON", 10_000)
    server.fault("stac", lambda due: due.answer(gzip.compress(b"[" + b"0," * 10**6 + b"0]"), Content_Encoding="gzip"))
    with pytest.raises(BadAnswer, match="unpacks"):
        client.get_json(server.url("stac"))


def test_json_comes_packed_or_plain(server: FaultServer, client: Client) -> None:
    server.fault("stac", lambda due: due.answer(gzip.compress(due.body), Content_Encoding="gzip"))
    assert client.get_json(server.url("stac")) == client.get_json(server.url("stac")) == json.loads(JSON)


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"[" * 100_000 + b"]" * 100_000, "nested"), (b"<html>Log in</html>", "web page"), (b"\n<?xml?>", "XML")],
)
def test_what_is_no_json_is_refused_at_once(server: FaultServer, client: Client, body: bytes, told: str) -> None:
    server.fault("stac", lambda due: due.answer(body), times=None)
    with pytest.raises(BadAnswer, match=told):
        client.get_json(server.url("stac"))
    assert server.count("stac") == 1


def test_broken_json_is_asked_for_again(server: FaultServer, client: Client, waits: list[float]) -> None:
    server.fault("stac", lambda due: due.answer(due.body[:-5]))
    assert client.get_json(server.url("stac")) == json.loads(JSON)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed_on_the_same_server(server: FaultServer, client: Client, code: int) -> None:
    server.fault("old", redirect("/b.tif", code))
    answer = client.get_range(server.url("old"), 10, 20, headers={"Authorization": "Bearer x"})
    assert answer.data == DATA[::-1][10:30]
    assert server.asked[-1][2]["authorization"] == "Bearer x"


def test_a_redirected_search_stays_a_search(server: FaultServer, client: Client) -> None:
    server.fault("old", redirect("/stac", 307))
    client.post_json(server.url("old"), {"limit": 1})
    server.fault("old", redirect("/stac", 303))
    client.post_json(server.url("old"), {"limit": 1})
    assert [method for method, path, _ in server.asked if path == "/stac"] == ["POST", "GET"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433", "0x7f.1"])
def test_row_20_a_redirect_to_a_private_address_is_not_followed(server: FaultServer, host: str) -> None:
    with FaultServer({"inside": b"secret"}) as inside, server.client() as client:
        server.fault("a.tif", redirect(f"http://{host}:{inside.port}/inside"), times=None)
        with pytest.raises(AddressRefused, match="public"):
            client.get_range(server.url("a.tif"), 0, 10)
        assert not inside.asked


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "//user@x.example/", "http://[x/", "/vsicurl/a", "s3://bucket/key"]
)
def test_row_20_a_redirect_to_no_web_address_is_not_followed(server: FaultServer, client: Client, location: str) -> None:
    server.fault("a.tif", redirect(location), times=None)
    with pytest.raises(AddressRefused):
        client.get_range(server.url("a.tif"), 0, 10)
    assert server.count("a.tif") == 1


def test_row_20_redirects_end(server: FaultServer, client: Client) -> None:
    server.fault("a.tif", redirect("/a.tif"), times=None)
    with pytest.raises(BadAnswer, match="redirects"):
        client.get_range(server.url("a.tif"), 0, 10)
    assert server.count("a.tif") == 6


def test_credentials_stay_with_their_server(server: FaultServer) -> None:
    with FaultServer({"a.tif": DATA}) as other, Client(Trust.of([server.url(), other.url()])) as client:
        server.fault("a.tif", redirect(other.url("a.tif")))
        secret = {"Authorization": "SECRET", "Ocp-Apim-Subscription-Key": "SECRET", "Cookie": "SECRET", "X-Own": "SECRET"}
        assert client.get_range(server.url("a.tif"), 3, 9, headers=secret).data == DATA[3:12]
        assert "SECRET" in str(server.asked) and "SECRET" not in str(other.asked)
        assert other.asked[0][2]["range"] == "bytes=3-11"


class Names:
    """A name server that answers as told, and keeps where connections went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], port: int) -> None:
        self.answers, self.port, self.connected, self.asked = answers, port, [], 0  # type: ignore[var-annotated]
        self._connect = socket.socket.connect
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        monkeypatch.setattr(socket.socket, "connect", lambda sock, address: self._to(sock, address))

    def _resolve(self, host: str, port: int, *rest: object, **more: object) -> list[tuple[object, ...]]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def _to(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.connected.append(address[0])
        self._connect(sock, ("127.0.0.1", self.port))


def test_row_21_the_connection_goes_to_the_address_that_was_checked(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, [["93.184.216.34"], ["127.0.0.1"]], server.port)
    with Client() as client:
        assert client.get_range("http://rebinding.example/a.tif", 0, 10).data == DATA[:10]
        assert (names.connected, names.asked) == (["93.184.216.34"], 1)
        assert server.asked[0][2]["host"] == "rebinding.example"
        with pytest.raises(AddressRefused, match=r"rebinding\.example is not a public address"):
            client.get_range("http://rebinding.example/a.tif", 0, 10, fresh=True)
    assert names.connected == ["93.184.216.34"]


def test_row_21_one_private_address_among_public_ones_is_enough(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, [["93.184.216.34", "10.0.0.1"]], server.port)
    with Client() as client, pytest.raises(AddressRefused):
        client.get_range("http://mixed.example/a.tif", 0, 10)
    assert not names.connected


def test_row_21_a_name_the_user_gave_may_be_private(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, [["10.1.2.3"]], server.port)
    with Client(Trust.of(["http://images.lan/stac"])) as client:
        assert client.get_range("http://images.lan/a.tif", 0, 10).data == DATA[:10]
    assert names.connected == ["10.1.2.3"]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key, and a certificate for ``named.example`` signed with it."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    names = "-subj /CN=named.example -addext subjectAltName=DNS:named.example"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 {names}"
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


def test_row_21_tls_is_checked_by_name_while_the_connection_goes_to_the_checked_address(
    certified: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certified[1]))
    with FaultServer({"a.tif": DATA}, tls=certified) as secure, Client(low_speed_s=0.5, deadline_s=3.0) as client:
        names = Names(monkeypatch, [["93.184.216.34"]], secure.port)
        for offset in (0, 1000, 50_000):
            assert client.get_range("https://named.example/a.tif", offset, 99_999).data == DATA[offset : offset + 99_999]
        assert names.connected == ["93.184.216.34"]
        secure.fault("a.tif", stall)
        assert client.get_range("https://named.example/a.tif", 0, 50_000).data == DATA[:50_000]
        secure.fault("a.tif", short)
        assert client.get_range("https://named.example/a.tif", 0, 50_000).data == DATA[:50_000]
        with pytest.raises(ServerUnavailable, match=r"certificate is not to be trusted.*tried once"):
            client.get_range("https://other.example/a.tif", 0, 10)


def test_a_certificate_nobody_vouches_for_is_refused_at_once(certified: tuple[Path, Path]) -> None:
    with FaultServer({"a.tif": DATA}, tls=certified) as secure, secure.client() as client:
        with pytest.raises(ServerUnavailable, match=r"certificate is not to be trusted.*tried once"):
            client.get_range(secure.url("a.tif"), 0, 10)
        assert not secure.asked


def test_proxies_of_the_environment_are_not_used(
    server: FaultServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert client.get_range(server.url("a.tif"), 0, 10).data == DATA[:10]


def test_a_host_that_is_down_costs_one_request_its_tries_not_all_of_them(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.tif"
    with Client(Trust.of([url]), deadline_s=180.0) as client:
        with pytest.raises(ServerUnavailable, match="could not be reached") as first:
            client.get_range(url, 0, 10)
        with pytest.raises(ServerUnavailable, match="could not be reached") as second:
            client.get_range(url, 0, 10)
    assert (first.value.tries, second.value.tries) == (http.TRIES, 1)


def test_a_name_that_does_not_resolve_is_named(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with Client() as client, pytest.raises(ServerUnavailable, match=r"nowhere\.example.*could not be resolved") as told:
        client.get_json("https://nowhere.example/")
    assert told.value.tries == http.NAMELESS  # asking ten times would only keep the user waiting


def test_no_secret_in_messages_traces_or_logs(
    server: FaultServer, client: Client, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "uvicorn")
    url = server.url("a.tif") + "?sv=1&sig=SECRET"
    told = []
    faults = [status(500), status(403), status(404), status(400), short, page, redirect("http://10.0.0.1/?sig=SECRET")]
    for fault in [*faults, redirect("file:///?sig=SECRET"), lambda due: due.answer(Content_Range="x")]:
        server.fault("a.tif", fault, times=http.TRIES)
        with pytest.raises((ServerUnavailable, BadAnswer, CredentialsMissing, AddressRefused)) as caught:
            client.get_range(url, 0, 1000, headers={"Authorization": "SECRET"})
        told += [str(caught.value), repr(caught.value), *(str(v) for v in vars(caught.value).values())]
        told += traceback.format_exception_only(caught.value)
        server._planned.clear()
    assert "a.tif" in "".join(told)
    assert "SECRET" not in "".join(told) + caplog.text + repr(client)


def test_closing_leaves_no_socket_open(server: FaultServer) -> None:
    with server.client() as client:
        client.get_range(server.url("a.tif"), 0, 10)
        held = [connection.wire.sock for idle in client._pool._idle.values() for connection in idle]
        assert held
    assert all(sock.fileno() == -1 for sock in held)


def test_local_bytes_are_the_files_own(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(DATA + bytes(100))
    with LocalBytes(path) as source:
        with ThreadPoolExecutor(4) as pool:
            read = list(pool.map(lambda n: source.read(n * 1000, 1000), range(300)))
        assert b"".join(read) == DATA and source.size == len(DATA) + 100 and source.head(10**9) == DATA + bytes(100)
        with pytest.raises(ShortFile, match="ends at byte"):
            source.read(len(DATA), 101)
        with pytest.raises(ZeroBytes):
            source.read_many([(0, 10), (len(DATA), 100)])
        assert source.read_many([(len(DATA), 100)], zeros_ok=True) == [bytes(100)]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "absent"):
        with pytest.raises(FileTrouble):
            LocalBytes(path)


def test_credentials_are_renewed_once_when_refused(server: FaultServer, client: Client) -> None:
    asked = []

    def request(renew: bool) -> tuple[str, dict[str, str]]:
        asked.append(renew)
        return server.url("a.tif"), {"Authorization": "new" if renew else "old"}

    server.fault("a.tif", status(403))
    assert RemoteBytes(client, "a.tif", request).read(0, 10) == DATA[:10]
    assert asked == [False, True] and [headers["authorization"] for *_, headers in server.asked] == ["old", "new"]
    server.fault("a.tif", status(403), times=None)
    with pytest.raises(CredentialsMissing):
        RemoteBytes(client, "a.tif", request).read(0, 10)
    assert server.count("a.tif") == 4


def test_one_source_in_many_threads(server: FaultServer, client: Client) -> None:
    source = remote(server, client)
    failed = []

    def read(n: int) -> None:
        if source.read(n * 100, 100) != DATA[n * 100 : n * 100 + 100]:
            failed.append(n)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and source.size == len(DATA)
