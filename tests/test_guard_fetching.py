"""Fetching many windows: planned from headers, copied once, and what fails or is cut off costs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fault_server import FaultServer, page, status
from raster_samples import UTM, numbers, served_anew, window_bounds, write
from siteline.guard import fetching
from siteline.guard.fetching import Request
from siteline.guard.http import Client
from siteline.guard.reader import Reader
from siteline.guard.vault import Vault
from siteline.model.errors import ReadFailed

CRS = "EPSG:32652"
SITE = window_bounds(UTM, 300, 400, 150, 160)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    made = tmp_path_factory.mktemp("rasters")
    values = numbers(3, 800, 800, "uint16")
    tiled = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    write(made / "cog.tif", values, driver="COG", blocksize=128, compress="deflate")
    write(made / "bands.tif", values, compress="zstd", interleave="band", **tiled)
    write(made / "plain.tif", values[:1], **tiled)
    write(made / "masked.tif", numbers(1, 800, 800, "uint8"), mask=np.tri(800) > 0, compress="lzw", blockysize=9)
    write(made / "small.tif", values[:1, 320:380, 420:480], transform=UTM @ UTM.translation(420, 320), compress="lzw")
    write(made / "whole.jp2", values[:, :500, :600], driver="JP2OpenJPEG", quality=100, reversible="yes")
    write(made / "far.tif", values[:1], transform=UTM @ UTM.translation(9000, 0))
    return {path.name: path.read_bytes() for path in made.iterdir() if not path.name.endswith(".xml")}


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with FaultServer({}) as started:
        yield started


@pytest.fixture
def server(running: FaultServer, files: dict[str, bytes]) -> FaultServer:
    return served_anew(running, files)


@pytest.fixture
def client(server: FaultServer) -> Iterator[Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def reader(client: Client, tmp_path: Path) -> Iterator[Reader]:
    with Reader(client, Vault(tmp_path / "v")) as opened:
        yield opened


def quiet(done: int, of: int, word: str) -> None:
    del done, of, word


def plan(reader: Reader, requests: list[Request], workers: int = 3) -> fetching.Plan:
    return fetching.plan(reader, requests, workers=workers, progress=quiet)


def fetch(reader: Reader, planned: fetching.Plan, workers: int = 3) -> fetching.Result:
    return fetching.fetch(reader, planned, workers=workers, progress=quiet)


def request(server: FaultServer, name: str, *indexes: int, res: float | None = None) -> Request:
    return Request(server.url(name), indexes or (1,), SITE, CRS, res)


def everything(server: FaultServer) -> list[Request]:
    several = [request(server, "cog.tif", 1, 2, 3), request(server, "bands.tif", 3, 1)]
    single = [request(server, name) for name in ("plain.tif", "masked.tif", "whole.jp2")]
    return [*several, *single, request(server, "cog.tif", 1, res=25.0)]


def came(server: FaultServer) -> int:
    """Bytes that were asked for since ``asked`` was cleared."""
    total = 0
    for _, path, headers in server.asked:
        first, _, last = headers["range"].removeprefix("bytes=").partition("-")
        total += min(int(last) + 1, len(server.files[path[1:]])) - int(first)
    return total


def test_a_plan_reads_headers_alone_and_keeps_nothing(server: FaultServer, reader: Reader, tmp_path: Path) -> None:
    planned = plan(reader, everything(server))
    assert [one for one, _ in planned.due] == everything(server)
    assert planned.held == planned.outside == 0 and planned.failed == ()
    assert came(server) < 6 * 70_000 and not (tmp_path / "v").exists()


def test_the_bytes_a_plan_tells_are_those_that_are_fetched(server: FaultServer, reader: Reader) -> None:
    for one in reversed(everything(server)):
        planned = plan(reader, [one])
        server.asked.clear()
        done = fetch(reader, planned)
        assert done.failed == () and done.done == 1
        again = 32_768 + 2 * 64 if one.href.endswith("jp2") else 0  # its first bytes tell its kind, once more
        assert came(server) - again == planned.bytes_due == done.bytes_got > 1000, one.href


def test_what_is_held_is_not_fetched_again(server: FaultServer, reader: Reader, client: Client, tmp_path: Path) -> None:
    fetch(reader, plan(reader, everything(server)))
    with Reader(client, Vault(tmp_path / "v")) as other:
        server.asked.clear()
        planned = plan(other, everything(server))
        assert (planned.held, planned.due, planned.bytes_due) == (6, (), 0) and server.asked == []
        inner = Request(server.url("bands.tif"), (1,), window_bounds(UTM, 330, 430, 20, 20), CRS, None)
        assert plan(other, [inner]).held == 1
        another_band = plan(other, [request(server, "bands.tif", 2)])
        assert another_band.held == 0 and fetch(other, another_band).done == 1


def test_what_was_fetched_is_read_offline(server: FaultServer, reader: Reader, client: Client, tmp_path: Path) -> None:
    fetch(reader, plan(reader, everything(server)))
    with Reader(client, Vault(tmp_path / "v"), offline=True) as offline, Reader(client, Vault(tmp_path / "w")) as plain:
        for one in everything(server):
            asked: tuple[Any, ...] = (one.href, one.indexes, one.bounds, one.crs, one.res)
            here, there = offline.read(*asked), plain.read(*asked)
            np.testing.assert_array_equal(here.present, there.present)
            if one.res is None:
                np.testing.assert_array_equal(here.values, there.values)


@pytest.mark.parametrize("workers", [1, 4])
def test_what_fails_does_not_stop_the_rest(
    server: FaultServer, reader: Reader, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siteline.guard import http

    monkeypatch.setattr(http.time, "sleep", lambda seconds: None)
    server.files["cut.tif"] = server.files["bands.tif"][:50_000]
    server.files["noise.tif"] = b"no image"
    server.fault("masked.tif", status(403), None)
    names = ("gone.tif", "cut.tif", "noise.tif", "masked.tif", "plain.tif", "bands.tif", "far.tif")
    requests = [request(server, name) for name in names] + [request(server, "bands.tif", 9)]
    planned = plan(reader, requests, workers)
    kinds = {one.href.rpartition("/")[2]: why.kind for one, why in planned.failed if isinstance(why, ReadFailed)}
    assert kinds == {
        "gone.tif": "missing",
        "cut.tif": "truncated",
        "noise.tif": "refused",
        "masked.tif": "refused",
        "bands.tif": "missing",
    }
    assert planned.outside == 1 and len(planned.due) == 2
    server.fault("bands.tif", page, None)
    done = fetch(reader, planned, workers)
    assert done.done == 1 and [one.href for one, _ in done.failed] == [server.url("bands.tif")]
    assert done.bytes_got == dict(planned.due)[request(server, "plain.tif")]
    assert all(server.url(name) in str(why) for one, why in planned.failed for name in [one.href.rpartition("/")[2]])


def test_bands_in_the_same_blocks_have_one_copy(server: FaultServer, reader: Reader, tmp_path: Path) -> None:
    requests = [request(server, "cog.tif", n) for n in (1, 2, 3, 1)]
    done = fetch(reader, plan(reader, requests, 4), 4)
    assert done.failed == () and len(Vault(tmp_path / "v").entries()) == 1
    assert plan(reader, requests).due == ()


def test_progress_counts_to_the_end(server: FaultServer, reader: Reader) -> None:
    told: list[tuple[int, int]] = []
    planned = fetching.plan(reader, everything(server), workers=3, progress=lambda done, of, word: told.append((done, of)))
    assert told == [(n, 6) for n in range(1, 7)]
    told.clear()
    fetching.fetch(reader, planned, workers=3, progress=lambda done, of, word: told.append((done, of)))
    assert told == [(n, 6) for n in range(1, 7)]


@pytest.mark.parametrize("after", [1, 3])
def test_ctrl_c_leaves_whole_copies(server: FaultServer, reader: Reader, tmp_path: Path, after: int) -> None:
    def interrupted(done: int, of: int, word: str) -> None:
        if done == after:
            raise KeyboardInterrupt

    planned = plan(reader, everything(server))
    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(reader, planned, workers=1, progress=interrupted)
    kept = Vault(tmp_path / "v")
    assert len(kept.entries()) >= after and list(kept.problems()) == []
    rest = plan(reader, everything(server))
    assert rest.held >= after and fetch(reader, rest).failed == ()
    assert plan(reader, everything(server)).due == ()


def test_nothing_to_do(reader: Reader) -> None:
    planned = plan(reader, [])
    assert planned == fetching.Plan((), 0, 0, ()) and fetch(reader, planned) == fetching.Result(0, 0, ())


def test_a_small_file_came_with_its_header(server: FaultServer, reader: Reader) -> None:
    planned = plan(reader, [request(server, "small.tif")])
    assert planned.bytes_due == 0 and fetch(reader, planned).done == 1
    assert server.count("small.tif") == 1
