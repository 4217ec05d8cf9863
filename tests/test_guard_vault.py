"""Copies beside a case: killed, damaged, full, shared by processes: nothing is lost and nothing false is read.

Rows 8, 14, 22 and 36.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.responses import Response

from fault_server import Due, FaultServer
from raster_samples import UTM, gdal_window, numbers, served_anew, window_bounds, write
from siteline.guard import fetching, tiffcut, vault
from siteline.guard.fetching import Request
from siteline.guard.http import Client
from siteline.guard.reader import Reader
from siteline.guard.vault import Vault, VaultTrouble
from siteline.model.errors import DigestMismatch, FileTrouble, ReadFailed

CRS = "EPSG:32652"
HERE = Path(__file__).parent
SITE = window_bounds(UTM, 0, 0, 512, 512)


def quiet(done: int, of: int, word: str) -> None:
    del done, of, word


@pytest.fixture(scope="module")
def cog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.random.default_rng(1).integers(1, 60_000, (1, 512, 512), "uint16")
    return write(
        tmp_path_factory.mktemp("cog") / "a.tif", values, tiled=True, blockxsize=64, blockysize=64, compress="deflate"
    )


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with FaultServer({}) as started:
        yield started


@pytest.fixture
def server(running: FaultServer, cog: Path) -> FaultServer:
    return served_anew(running, {"a.tif": cog.read_bytes(), "b.tif": cog.read_bytes()})


@pytest.fixture
def client(server: FaultServer) -> Iterator[Client]:
    with server.client() as opened:
        yield opened


def fetched(reader: Reader, *requests: Request) -> fetching.Result:
    return fetching.fetch(reader, fetching.plan(reader, requests, workers=2, progress=quiet), workers=2, progress=quiet)


def digests(folder: Path) -> set[str]:
    """SHA-256 of every copy, computed from its bytes."""
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "pieces").rglob("*.tif")}


def test_what_was_put_is_read_with_where_it_came_from(tmp_path: Path) -> None:
    kept = Vault(tmp_path / "not" / "there" / "yet")
    assert kept.entries() == () and kept.find("https://x.example/a.tif") == () and not kept.folder.exists()
    before = datetime.now(UTC).replace(microsecond=0)
    entry = kept.put("k", "https://x.example/a.tif", b"bytes", {"crs": "EPSG:32652", "größe": [1, 2.5, None]})
    assert entry.sha256 == hashlib.sha256(b"bytes").hexdigest() and entry.length == 5
    assert before <= datetime.fromisoformat(entry.fetched_at) <= datetime.now(UTC)
    kept.close()
    again = Vault(kept.folder)
    assert again.find("https://x.example/a.tif") == (entry,) == again.entries()
    assert again.read(entry) == b"bytes" and list(again.problems()) == []
    again.close()


def test_a_copy_tells_what_it_is_a_copy_of(server: FaultServer, client: Client, tmp_path: Path) -> None:
    href = server.url("a.tif") + "?sig=very-secret-signature-of-many-characters"
    server.etags["a.tif"] = '"version 7"'
    with Reader(client, Vault(tmp_path)) as reader:
        assert fetched(reader, Request(href, (1,), SITE, CRS, None)).done == 1
        (entry,) = reader.vault.entries() if reader.vault else ()
    assert entry.about["version"] == '"version 7"' and entry.about["crs"] == CRS
    assert entry.about["frame"] == pytest.approx(list(UTM)[:6]) and entry.about["bands"] == [1]
    assert entry.href.startswith(server.url("a.tif"))
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"very-secret" not in everything, "a credential is never stored"


def test_the_providers_blocks_are_kept_byte_for_byte(server: FaultServer, client: Client, tmp_path: Path, cog: Path) -> None:
    with Reader(client, Vault(tmp_path)) as reader:
        fetched(reader, Request(server.url("a.tif"), (1,), SITE, CRS, None))
    (path,) = (tmp_path / "pieces").rglob("*.tif")
    from siteline.guard.bytesource import LocalBytes
    from siteline.guard.tiff import read_layout

    blocks = []
    for one in (cog, path):
        with LocalBytes(one) as source:
            layout = read_layout(source)
            wanted = tiffcut.blocks_of(layout, layout.levels[0], (0, 0, 512, 512), (1,))
            blocks.append(tiffcut.read_blocks(source, layout, wanted))
    assert blocks[0] == blocks[1]


PART = 40_000


def _run(folder: Path, server: FaultServer) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "fetch_child.py"), str(folder), server.url("a.tif"), json.dumps(SITE), str(PART)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_row_08_a_fetch_that_is_killed_goes_on_where_it_was(
    server: FaultServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiffcut, "_RUN", PART)
    with Reader(client, Vault(tmp_path / "whole")) as reader:
        fetched(reader, Request(server.url("a.tif"), (1,), SITE, CRS, None))
    truth, runs = digests(tmp_path / "whole"), server.count("a.tif") - 1
    assert len(truth) == 1 and runs > 9
    rng = random.Random(8)
    folder = tmp_path / "killed"
    server.fault("a.tif", _slow, None)
    server.asked.clear()
    for kills in range(1, 4):
        child = _run(folder, server)
        while child.poll() is None and server.count("a.tif") < 4 * kills:
            time.sleep(0.002)
        time.sleep(rng.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        assert child.communicate()[0] == "" and child.returncode == -signal.SIGKILL, "killed before it was done"
        with closing(Vault(folder)) as held:
            assert list(held.problems()) == []
    child = _run(folder, server)
    assert child.communicate()[0] == "1 0\n" and child.returncode == 0
    assert digests(folder) == truth and not list((folder / "parts").iterdir())
    asked = Counter(headers["range"] for _, _, headers in server.asked if headers["range"] != "bytes=0-32767")
    assert len(asked) == runs and sum(asked.values()) <= runs + 3, "a kill costs the part it fell into, no other"


async def _slow(due: Due) -> Response:
    import asyncio

    await asyncio.sleep(0.02)
    return due.answer()


def test_row_08_parts_that_came_are_not_asked_for_again(
    server: FaultServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiffcut, "_RUN", 40_000)
    request = Request(server.url("a.tif"), (1,), SITE, CRS, None)
    put = Vault.keep_part

    def killed(self: Vault, name: str, data: bytes) -> None:
        put(self, name, data)
        if len(list((self.folder / "parts").iterdir())) == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(Vault, "keep_part", killed)
    with Reader(client, Vault(tmp_path / "a")) as reader, pytest.raises(KeyboardInterrupt):
        reader.fetch(request)
    monkeypatch.undo()
    monkeypatch.setattr(tiffcut, "_RUN", 40_000)
    came = [headers["range"] for _, _, headers in server.asked][1:]
    assert len(came) == 7
    server.asked.clear()
    with Reader(client, Vault(tmp_path / "a")) as reader:
        assert reader.fetch(request)
    later = [headers["range"] for _, _, headers in server.asked][1:]
    assert later and not set(came) & set(later) and not list((tmp_path / "a" / "parts").iterdir())
    with Reader(client, Vault(tmp_path / "b")) as reader:
        reader.fetch(request)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_row_08_parts_of_another_version_or_damaged_ones_are_not_used(
    server: FaultServer, client: Client, tmp_path: Path, cog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiffcut, "_RUN", 40_000)
    request = Request(server.url("a.tif"), (1,), SITE, CRS, None)
    dropping = Vault.drop_part
    monkeypatch.setattr(Vault, "drop_part", lambda self, name: None)
    with Reader(client, Vault(tmp_path)) as reader:
        reader.fetch(request)
    monkeypatch.setattr(Vault, "drop_part", dropping)
    for path in sorted((tmp_path / "parts").iterdir())[::2]:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    for entry in Vault(tmp_path).entries():
        Vault(tmp_path).forget(entry)
    with Reader(client, Vault(tmp_path)) as reader:
        reader.fetch(request)
        got = reader.read(request.href, (1,), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(cog, got, (1,)))


def test_row_14_a_flipped_bit_stops_the_use_of_a_copy(
    server: FaultServer, client: Client, tmp_path: Path, cog: Path
) -> None:
    request = Request(server.url("a.tif"), (1,), SITE, CRS, None)
    rng = random.Random(14)
    for _ in range(5):
        with Reader(client, Vault(tmp_path)) as reader:
            assert fetched(reader, request).failed == ()
        (path,) = (tmp_path / "pieces").rglob("*.tif")
        raw = bytearray(path.read_bytes())
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        path.write_bytes(raw)
        with Reader(client, Vault(tmp_path)) as reader:
            with pytest.raises(DigestMismatch, match="siteline fetch"):
                reader.read(request.href, (1,), SITE, CRS, None)
            assert [type(why) for why in Vault(tmp_path).problems()] == [DigestMismatch]
            done = fetched(reader, request)
            assert done.done == 1 and done.failed == ()
            got = reader.read(request.href, (1,), SITE, CRS, None)
            np.testing.assert_array_equal(got.values, gdal_window(cog, got, (1,)))


def test_row_14_a_mask_that_was_changed_or_lost_is_fetched_anew(client: Client, server: FaultServer, tmp_path: Path) -> None:
    masked = write(tmp_path / "m.tif", numbers(1, 90, 90, "uint8"), mask=np.eye(90) < 1, compress="deflate")
    server.files["m.tif"] = masked.read_bytes()
    request = Request(server.url("m.tif"), (1,), window_bounds(UTM, 0, 0, 90, 90), CRS, None)
    for harm in (lambda path: path.write_bytes(b"another"), Path.unlink):
        with Reader(client, Vault(tmp_path / "v")) as reader:
            fetched(reader, request)
            first = reader.read(*_asked(request))
            held = Vault(tmp_path / "v")
            (mask,) = held.find(f"{request.href}#mask")
            harm(held.path(mask))
            with pytest.raises((DigestMismatch, ReadFailed)):
                reader.read(*_asked(request))
            assert fetched(reader, request).done == 1
            np.testing.assert_array_equal(reader.read(*_asked(request)).present, first.present)
            assert not first.present.all()


def _asked(request: Request) -> tuple[Any, ...]:
    return request.href, request.indexes, request.bounds, request.crs, request.res


def test_a_copy_that_is_gone_is_read_from_the_source_again(server: FaultServer, client: Client, tmp_path: Path) -> None:
    request = Request(server.url("a.tif"), (1,), SITE, CRS, None)
    with Reader(client, Vault(tmp_path)) as reader:
        fetched(reader, request)
        first = reader.read(*_asked(request))
        (path,) = (tmp_path / "pieces").rglob("*.tif")
        path.unlink()
        assert [why.reason for why in Vault(tmp_path).problems()] == ["does not exist"]
        np.testing.assert_array_equal(reader.read(*_asked(request)).values, first.values)
        assert path.exists() and list(Vault(tmp_path).problems()) == []


def test_copies_of_the_same_bytes_share_a_file_and_survive_each_other(
    server: FaultServer, client: Client, tmp_path: Path
) -> None:
    both = [Request(server.url(name), (1,), SITE, CRS, None) for name in ("a.tif", "b.tif")]
    with Reader(client, Vault(tmp_path)) as reader:
        fetched(reader, *both)
        kept = Vault(tmp_path)
        (a,), (b,) = (kept.find(request.href) for request in both)
        assert a.sha256 == b.sha256
        kept.forget(a)
        assert kept.find(a.href) == () and kept.read(b)
        fetched(reader, *both)
        kept.path(b).write_bytes(b"damaged")
        planned = fetching.plan(reader, both, workers=1, progress=quiet)
        assert len(planned.due) == 2, "where one is damaged, both are due"
        assert fetching.fetch(reader, planned, workers=2, progress=quiet).failed == ()
        assert all(kept.read(entry) for entry in kept.entries()) and len(kept.entries()) == 2
        for entry in kept.entries():
            kept.forget(entry)
        assert digests(tmp_path) == set()


@pytest.mark.parametrize(
    "key", ["../../x", "/etc/passwd", "a\0b", "CON", "\u202egnp.exe", "x" * 5000, "..", "a/b\\c", "'; DROP TABLE pieces; --"]
)
def test_row_22_no_name_from_outside_becomes_a_file_name(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "deep" / "v"
    kept = Vault(folder)
    entry = kept.put(key, f"https://x.example/{key}", b"1", {"name": key})
    kept.keep_part(key, b"2")
    assert kept.find(f"https://x.example/{key}") == (entry,) and kept.part(key) == b"2"
    kept.drop_part(key)
    kept.keep_part(key, b"3")
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    digest, part = hashlib.sha256(b"1").hexdigest(), hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    expected = {f"deep/v/pieces/{digest[:2]}/{digest[2:]}.tif", f"deep/v/parts/{part}", "deep/v/index.sqlite"}
    assert names - {"deep/v/index.sqlite-wal", "deep/v/index.sqlite-shm"} == expected
    kept.close()


CHILD = """
import sys
from pathlib import Path
from siteline.guard.vault import Vault
kept = Vault(Path(sys.argv[1]))
for n in range(40):
    kept.put(f"{sys.argv[2]}-{n}", f"https://x.example/{n}.tif", b"%d" % (n % 10) * 5000, {"n": n})
    kept.keep_part(f"part {n % 3}", b"%d" % n)
kept.close()
"""


def test_two_processes_and_threads_put_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path / "v")]
    children = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE, text=True) for n in range(3)]
    one, other = Vault(tmp_path / "v"), Vault(tmp_path / "v")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: (one, other)[n % 2].put(f"t{n}", "https://x.example/t", b"same" * 1000, {}), range(40)))
        list(pool.map(lambda n: (one, other)[n % 2].keep_part("part 1", b"%d" % n), range(20)))
    assert [child.communicate()[1] for child in children] == ["", "", ""]
    assert len(one.entries()) == 3 * 40 + 40 and list(one.problems()) == []
    assert len(digests(tmp_path / "v")) == 11
    assert not list((tmp_path / "v").rglob("*.tmp*"))
    one.close()
    other.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_row_36_a_full_disk_leaves_what_was_there(
    server: FaultServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with Reader(client, Vault(tmp_path)) as reader:
        fetched(reader, Request(server.url("a.tif"), (1,), SITE, CRS, None))
        before, entries = digests(tmp_path), Vault(tmp_path).entries()

        def full(handle: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "fsync", full)
        inner = Request(server.url("b.tif"), (1,), window_bounds(UTM, 0, 0, 300, 300), CRS, None)
        planned = fetching.plan(reader, [inner], workers=1, progress=quiet)
        with pytest.raises(VaultTrouble) as failed:
            fetching.fetch(reader, planned, workers=1, progress=quiet)
        assert isinstance(failed.value, FileTrouble) and str(tmp_path) in str(failed.value)
        monkeypatch.undo()
        assert digests(tmp_path) == before and Vault(tmp_path).entries() == entries
        assert not list(tmp_path.rglob("*.tmp*"))
        assert fetched(reader, inner).done == 1


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a small file system needs Linux and root")
def test_row_36_a_disk_that_is_really_full(server: FaultServer, client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        inner = Request(server.url("a.tif"), (1,), window_bounds(UTM, 0, 0, 100, 100), CRS, None)
        with Reader(client, Vault(folder)) as reader:
            assert fetched(reader, inner).done == 1
            before = digests(folder)
            with pytest.raises(VaultTrouble, match="disk is full"):
                fetched(reader, Request(server.url("b.tif"), (1,), SITE, CRS, None))
            assert digests(folder) == before and list(Vault(folder).problems()) == []
            assert reader.read(*_asked(inner)).values.size
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_copies_on_a_disc_that_cannot_be_written_are_read(
    server: FaultServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request(server.url("a.tif"), (1,), SITE, CRS, None)
    with Reader(client, Vault(tmp_path)) as reader:
        fetched(reader, request)
        first = reader.read(*_asked(request))
    monkeypatch.setattr(vault.os, "access", lambda path, mode: False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with Reader(None, Vault(tmp_path), offline=True) as offline:
        np.testing.assert_array_equal(offline.read(*_asked(request)).values, first.values)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_an_index_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"this is no database at all, not even a small one" * 50)
    with pytest.raises(FileTrouble, match="index of copies"):
        Vault(tmp_path).entries()
