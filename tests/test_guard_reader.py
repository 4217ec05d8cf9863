"""Windows of remote and local files: what breaks on the way has a name and is never a pixel (rows 1, 4 to 7, 29)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine
from starlette.responses import Response

from fault_server import Due, FaultServer, changed, page, short, shorter, status, whole, zeros
from raster_samples import UTM, gdal_window, numbers, served_anew, window_bounds, write
from siteline.guard import http
from siteline.guard.addresses import Trust
from siteline.guard.bytesource import LocalBytes
from siteline.guard.http import Client
from siteline.guard.opened import Opened
from siteline.guard.pixels import Bounds, Pixels
from siteline.guard.reader import Reader
from siteline.guard.vault import Vault, VaultTrouble
from siteline.model.errors import ReadFailed

CRS = "EPSG:32652"
SITE = window_bounds(UTM, 300, 400, 150, 160)
LATER = window_bounds(UTM, 500, 10, 60, 60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COG of three bands whose site lies far beyond what is read with the header, and others."""
    made = tmp_path_factory.mktemp("rasters")
    values = numbers(3, 800, 800, "uint16")
    write(made / "cog.tif", values, driver="COG", blocksize=128, compress="deflate", predictor="yes")
    write(made / "bands.tif", values, tiled=True, blockxsize=128, blockysize=128, compress="zstd", interleave="band")
    write(made / "plain.tif", values[:1, :600], tiled=True, blockxsize=64, blockysize=64)
    y, x = np.mgrid[:800, :800]
    masked = {"mask": np.hypot(x - 470, y - 370) < 60, "overviews": (2,), "blockysize": 9, "compress": "lzw"}
    write(made / "masked.tif", numbers(1, 800, 800, "uint8"), **masked)
    write(made / "nowhere.tif", values[:, :64, :64], crs=None)
    return made


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with FaultServer({}) as started:
        yield started


@pytest.fixture
def server(running: FaultServer, folder: Path) -> FaultServer:
    return served_anew(running, {path.name: path.read_bytes() for path in folder.glob("*.tif")})


@pytest.fixture
def client(server: FaultServer) -> Iterator[Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def reader(client: Client) -> Iterator[Reader]:
    with Reader(client) as opened:
        yield opened


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which are not slept."""
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    return slept


def equal(one: Pixels, other: Pixels) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.present, other.present)
    assert one.transform == pytest.approx(other.transform, abs=1e-6)
    assert one.values.dtype == other.values.dtype
    assert (one.crs, one.nodata) == (other.crs, other.nodata)


def after_header(server: FaultServer, reader: Reader, name: str, fault: Any, times: int | None) -> None:
    """Break what comes after the header of ``name``."""
    reader.info(server.url(name))
    server.fault(name, fault, times)


@pytest.mark.parametrize("name", ["cog.tif", "bands.tif", "plain.tif"])
def test_a_remote_window_is_gdals_of_the_file(server: FaultServer, reader: Reader, folder: Path, name: str) -> None:
    indexes = (1,) if name == "plain.tif" else (3, 1)
    got = reader.read(server.url(name), indexes, SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / name, got, indexes))
    assert got.present.all()
    sent = sum(_asked_length(headers) for _, _, headers in server.asked)
    assert sent < len(server.files[name]) / 2, "only a part of the file was asked for"


def _asked_length(headers: dict[str, str]) -> int:
    first, _, last = headers["range"].removeprefix("bytes=").partition("-")
    return int(last) - int(first) + 1


def test_overviews_are_read_remotely(server: FaultServer, reader: Reader, folder: Path) -> None:
    got = reader.read(server.url("cog.tif"), (2,), SITE, CRS, 25.0)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (2,), 0))


@pytest.mark.parametrize("fault", [short, shorter, page, zeros, status(503), status(429, Retry_After="1")])
def test_row_01_row_04_row_05_row_06_one_broken_answer_is_overcome(
    server: FaultServer, reader: Reader, folder: Path, waits: list[float], fault: Any
) -> None:
    after_header(server, reader, "cog.tif", fault, 1)
    got = reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (1,)))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (short, "unavailable"),
        (shorter, "unavailable"),
        (page, "unavailable"),
        (zeros, "zeros"),
        (status(500), "unavailable"),
        (status(404), "missing"),
        (status(410), "missing"),
        (status(403), "refused"),
    ],
)
def test_row_01_row_04_row_05_row_06_row_29_a_lasting_failure_has_its_kind(
    server: FaultServer, reader: Reader, waits: list[float], fault: Any, kind: str
) -> None:
    after_header(server, reader, "cog.tif", fault, None)
    with pytest.raises(ReadFailed, match=r"cog\.tif") as failed:
        reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    assert failed.value.kind == kind


@pytest.mark.parametrize("fault", [short, page, zeros, status(500), status(404)])
def test_a_header_that_does_not_come_is_no_damaged_file(
    server: FaultServer, reader: Reader, waits: list[float], fault: Any
) -> None:
    server.fault("cog.tif", fault, None)
    with pytest.raises(ReadFailed) as failed:
        reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    assert failed.value.kind in ("unavailable", "missing", "refused")


def test_row_05_zeros_where_pixels_are_not_compressed_are_missing(server: FaultServer, reader: Reader) -> None:
    after_header(server, reader, "plain.tif", zeros, None)
    got = reader.read(server.url("plain.tif"), (1,), SITE, CRS, None)
    assert not got.present.any(), "zeros imitate dismantling"


def test_row_05_zeros_in_a_part_of_an_answer_are_noticed(server: FaultServer, reader: Reader, folder: Path) -> None:
    def patched(due: Due) -> Response:
        body = bytearray(due.body)
        body[len(body) // 4 : len(body) // 4 * 3] = bytes(len(body) // 4 * 3 - len(body) // 4)
        return due.answer(bytes(body))

    after_header(server, reader, "cog.tif", patched, 1)
    got = reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (1,)))


def test_row_07_another_version_between_ranges_starts_anew(server: FaultServer, reader: Reader, folder: Path) -> None:
    reader.info(server.url("cog.tif"))
    other = write(folder.parent / "other.tif", numbers(3, 800, 800, "uint16", seed=9), driver="COG", blocksize=128)
    server.files["cog.tif"], server.etags["cog.tif"] = other.read_bytes(), '"two"'
    got = reader.read(server.url("cog.tif"), (1, 2), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(other, got, (1, 2)))


def test_row_07_a_file_that_never_stays_the_same_fails(server: FaultServer, reader: Reader) -> None:
    count = iter(range(1000))
    server.fault("cog.tif", lambda due: due.answer(ETag=f'"{next(count)}"'), None)
    with pytest.raises(ReadFailed, match="changed 3 times") as failed:
        reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    assert failed.value.kind == "changed"


def test_row_07_one_odd_answer_is_thrown_away(server: FaultServer, reader: Reader, folder: Path) -> None:
    after_header(server, reader, "cog.tif", changed, 1)
    got = reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (1,)))


def test_a_server_without_ranges(server: FaultServer, reader: Reader, folder: Path) -> None:
    server.fault("cog.tif", whole, None)
    got = reader.read(server.url("cog.tif"), (1, 3), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (1, 3)))
    assert server.count("cog.tif") == 1


def test_a_server_that_does_not_tell_the_length(server: FaultServer, reader: Reader, folder: Path) -> None:
    def unknown(due: Due) -> Response:
        if due.start >= len(due.data):
            return Response(b"", 416, {"Content-Range": f"bytes */{len(due.data)}"})
        return due.answer(Content_Range=f"bytes {due.start}-{due.stop - 1}/*")

    server.fault("bands.tif", unknown, None)
    got = reader.read(server.url("bands.tif"), (1, 3), SITE, CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "bands.tif", got, (1, 3)))


@pytest.mark.parametrize("name", ["cog.tif", "bands.tif", "masked.tif", "plain.tif"])
@pytest.mark.parametrize("res", [None, 25.0])
def test_copies_read_offline_are_what_the_source_gives(
    server: FaultServer, client: Client, folder: Path, tmp_path: Path, name: str, res: float | None
) -> None:
    indexes = (3, 1) if name in ("cog.tif", "bands.tif") else (1,)
    with Reader(client) as plain, Reader(client, Vault(tmp_path / "v")) as keeping:
        first = keeping.read(server.url(name), indexes, SITE, CRS, res)
        equal(first, plain.read(server.url(name), indexes, SITE, CRS, res))
        asked = len(server.asked)
        equal(keeping.read(server.url(name), indexes, SITE, CRS, res), first)
        assert len(server.asked) == asked, "a copy is read first"
        inner = (SITE[0] + 300, SITE[1] + 200, SITE[2] - 400, SITE[3] - 500)
        with Reader(client, Vault(tmp_path / "v"), offline=True) as offline:
            equal(offline.read(server.url(name), indexes, SITE, CRS, res), first)
            for bands in (indexes, indexes[::-1], indexes[:1]):
                equal(
                    offline.read(server.url(name), bands, inner, CRS, res),
                    plain.read(server.url(name), bands, inner, CRS, res),
                )
            with pytest.raises(ReadFailed, match="not among the copies") as failed:
                offline.read(server.url(name), indexes, LATER, CRS, res)
            assert failed.value.kind == "unavailable"
    if name == "masked.tif":
        assert 0 < first.present.mean() < 1
        np.testing.assert_array_equal(first.values, gdal_window(folder / name, first, (1,), None if res is None else 0))


def test_of_several_copies_the_one_that_serves_best(server: FaultServer, client: Client, tmp_path: Path) -> None:
    with Reader(client, Vault(tmp_path)) as keeping:
        fine = keeping.read(server.url("cog.tif"), (1,), SITE, CRS, None)
        asked = len(server.asked)
        equal(keeping.read(server.url("cog.tif"), (1,), SITE, CRS, 25.0), fine)
        assert len(server.asked) == asked, "the whole resolution serves for any"
    with Reader(client, Vault(tmp_path / "b")) as keeping:
        coarse = keeping.read(server.url("cog.tif"), (1,), SITE, CRS, 25.0)
        assert coarse.transform[0] == 20.0
        equal(keeping.read(server.url("cog.tif"), (1,), SITE, CRS, None), fine)
        equal(keeping.read(server.url("cog.tif"), (1,), SITE, CRS, 25.0), coarse)
        equal(keeping.read(server.url("cog.tif"), (1,), SITE, CRS, 12.0), fine)


def test_a_copy_tells_offline_that_a_window_lies_outside(server: FaultServer, client: Client, tmp_path: Path) -> None:
    beyond = window_bounds(UTM, 900, 900, 9, 9)
    with Reader(client, Vault(tmp_path)) as keeping:
        keeping.read(server.url("cog.tif"), (1,), SITE, CRS, None)
        online = keeping.read(server.url("cog.tif"), (1,), beyond, CRS, None)
    with Reader(client, Vault(tmp_path), offline=True) as offline:
        equal(offline.read(server.url("cog.tif"), (1,), beyond, CRS, None), online)


def test_corners_stated_anew_are_not_read_from_an_old_copy(server: FaultServer, client: Client, tmp_path: Path) -> None:
    old, new = (CRS, (2.0, 0.0, 0.0, 0.0, -2.0, 128.0)), (CRS, (2.0, 0.0, 500.0, 0.0, -2.0, 628.0))
    with Reader(client, Vault(tmp_path)) as keeping:
        first = keeping.read(server.url("nowhere.tif"), (1,), (0, 0, 128, 128), CRS, None, georef=old)
        moved = keeping.read(server.url("nowhere.tif"), (1,), (500, 500, 628, 628), CRS, None, georef=new)
        np.testing.assert_array_equal(first.values, moved.values)
        assert (first.transform[2], moved.transform[2]) == (0.0, 500.0)
        with pytest.raises(ReadFailed) as failed:
            keeping.read(server.url("nowhere.tif"), (1,), (0, 0, 128, 128), CRS, None)
        assert failed.value.kind == "no georeference"
    with Reader(client, Vault(tmp_path), offline=True) as offline:
        equal(offline.read(server.url("nowhere.tif"), (1,), (500, 500, 628, 628), CRS, None, georef=new), moved)


def test_a_copy_that_cannot_be_kept_costs_no_pixels(
    server: FaultServer, client: Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise VaultTrouble(tmp_path, "the disk is full", "free some space")

    monkeypatch.setattr(Vault, "put", full)
    with Reader(client, Vault(tmp_path)) as keeping:
        got = keeping.read(server.url("cog.tif"), (1,), SITE, CRS, None)
        np.testing.assert_array_equal(got.values, gdal_window(folder / "cog.tif", got, (1,)))
        assert keeping.not_kept is not None and "disk is full" in str(keeping.not_kept)


def test_only_folders_the_user_named_are_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link.tif").symlink_to(folder / "cog.tif")
    with Reader(local_roots=(tmp_path,)) as reader:
        for href in (str(folder / "cog.tif"), str(tmp_path / "link.tif"), f"{tmp_path}/../{folder.name}/cog.tif"):
            with pytest.raises(ReadFailed) as failed:
                reader.read(href, (1,), SITE, CRS, None)
            assert failed.value.kind == "refused"
        with pytest.raises(ReadFailed) as failed:
            reader.read(str(tmp_path / "none.tif"), (1,), SITE, CRS, None)
        assert failed.value.kind == "missing"


def test_an_address_of_another_host_is_refused(folder: Path, server: FaultServer) -> None:
    with Client(Trust()) as strict, Reader(strict) as reader, pytest.raises(ReadFailed) as failed:
        reader.read(server.url("cog.tif"), (1,), SITE, CRS, None)
    assert failed.value.kind == "refused"


def test_without_georeference_nothing_is_guessed(folder: Path) -> None:
    with Reader(local_roots=(folder,)) as reader:
        path = str(folder / "nowhere.tif")
        info = reader.info(path)
        assert (info.crs, info.transform) == ("", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
        with pytest.raises(ReadFailed, match=r"scenes\.csv") as failed:
            reader.read(path, (1,), SITE, CRS, None)
        assert failed.value.kind == "no georeference"
        stated = (CRS, (3.0, 1.0, 300_000.0, 1.0, -3.0, 4_400_000.0))
        got = reader.read(path, (2,), (300_050, 4_399_950, 300_100, 4_399_990), CRS, None, georef=stated)
        with rasterio.open(folder / "nowhere.tif") as source:
            col, row = ~Affine(*stated[1]) @ (got.transform[2], got.transform[5])
            rows, cols = got.values.shape[1:]
            window = rasterio.windows.Window(round(col), round(row), cols, rows)
            np.testing.assert_array_equal(got.values, source.read([2], window=window))


@pytest.mark.parametrize("index", [0, -1, 4, 99])
def test_a_band_it_has_not_is_missing(folder: Path, index: int) -> None:
    with Reader(local_roots=(folder,)) as reader, pytest.raises(ReadFailed, match=f"band {index} ") as failed:
        reader.read(str(folder / "bands.tif"), (1, index), SITE, CRS, None)
    assert failed.value.kind == "missing"


def test_eight_threads_read_the_same(server: FaultServer, client: Client, folder: Path, tmp_path: Path) -> None:
    rng = random.Random(8)
    windows = [window_bounds(UTM, rng.randrange(700), rng.randrange(700), 90, 90) for _ in range(12)]
    names = ("cog.tif", "bands.tif", "masked.tif")
    tasks = [(server.url(name), bounds) for bounds in windows for name in names]
    rng.shuffle(tasks)
    with Reader(client, Vault(tmp_path)) as shared, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda task: shared.read(task[0], (1,), task[1], CRS, None), tasks * 2))
        heads = [h for _, path, h in server.asked if path == "/cog.tif" and h["range"] == "bytes=0-32767"]
        assert len(heads) == 1, "each header is read once"
    with Reader(local_roots=(folder,)) as local:
        for (href, bounds), got in zip(tasks * 2, found, strict=True):
            equal(got, local.read(str(folder / href.rpartition("/")[2]), (1,), bounds, CRS, None))


def test_a_local_file_that_changed_is_opened_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 64, 64, "uint8"))
    with Reader(local_roots=(tmp_path,)) as reader:
        reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 64, 64), CRS, None)
        write(path, numbers(1, 90, 70, "uint16", seed=2))
        got = reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 90, 70), CRS, None)
        np.testing.assert_array_equal(got.values, gdal_window(path, got, (1,)))
        assert got.values.shape == (1, 90, 70)


def _handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files through /proc")
def test_files_are_closed_when_others_take_their_place(tmp_path: Path) -> None:
    raw = write(tmp_path / "a.tif", numbers(1, 8, 8, "uint8")).read_bytes()
    for n in range(300):
        (tmp_path / f"{n}.tif").write_bytes(raw)
    (tmp_path / "bad.tif").write_bytes(raw[:100])
    with Reader(local_roots=(tmp_path,)) as reader:
        reader.read(str(tmp_path / "a.tif"), (1,), window_bounds(UTM, 0, 0, 8, 8), CRS, None)
        before = _handles()
        for n in range(300):
            reader.read(str(tmp_path / f"{n}.tif"), (1,), window_bounds(UTM, 0, 0, 8, 8), CRS, None)
            with pytest.raises(ReadFailed):
                reader.info(str(tmp_path / "bad.tif"))
        assert _handles() - before <= 128 + 16, "the files, and what libraries open once"
    assert _handles() - before <= 16


@pytest.mark.parametrize(
    ("crs", "transform", "bounds", "asked"),
    [
        ("EPSG:4326", Affine(0.01, 0, 120, 0, -0.01, 41), (300_000.0, 4_380_000.0, 303_000.0, 4_384_000.0), "EPSG:32651"),
        ("EPSG:3413", Affine(500, 0, -50_000, 0, -500, 50_000), (-30.0, 89.8, 40.0, 89.95), "EPSG:4326"),
        ("EPSG:3031", Affine(100, 0, -2_100_000, 0, -100, 850_000), (3e5, 2_275_000.0, 3.02e5, 2_278_000.0), "EPSG:32720"),
        ("EPSG:32601", Affine(10, 0, 200_000, 0, -10, 1_110_000), (-179.74, 9.99, -179.71, 10.02), "EPSG:4326"),
        ("EPSG:4326", Affine(0.001, 0, 179.8, 0, -0.001, 10.1), (179.9, 9.99, 180.0, 10.02), "EPSG:4326"),
        ("EPSG:4326", Affine(0.001, 0, 180.0, 0, -0.001, 10.1), (-179.97, 9.99, -179.9, 10.02), "EPSG:4326"),
        ("EPSG:4326", Affine(0.001, 0, 179.8, 0, -0.001, 10.1), (167_000.0, 1_105_000.0, 175_000.0, 1.112e6), "EPSG:32601"),
    ],
)  # fmt: skip
def test_every_point_of_the_area_lies_in_the_window(
    tmp_path: Path, crs: str, transform: Affine, bounds: Bounds, asked: str
) -> None:
    from pyproj import Transformer

    size = 400
    path = write(tmp_path / "a.tif", numbers(1, size, size, "uint8"), crs=crs, transform=transform)
    with Reader(local_roots=(tmp_path,)) as reader:
        got = reader.read(str(path), (1,), bounds, asked, None)
    xs, ys = np.meshgrid(np.linspace(bounds[0], bounds[2], 60), np.linspace(bounds[1], bounds[3], 60))
    own_x, own_y = Transformer.from_crs(asked, crs, always_xy=True).transform(xs, ys)
    if crs == "EPSG:4326":
        own_x = np.where(own_x < transform.c - 1e-9, own_x + 360, own_x)
    cols, rows = ~transform @ (own_x, own_y)
    inside = (cols >= 0) & (cols < size) & (rows >= 0) & (rows < size)
    assert inside.any(), "the case is a case"
    part_cols, part_rows = ~Affine(*got.transform) @ (own_x[inside], own_y[inside])
    height, width = got.values.shape[1:]
    assert part_cols.min() >= 0 and part_cols.max() <= width and part_rows.min() >= 0 and part_rows.max() <= height
    tall, wide = np.ptp(rows[inside]), np.ptp(cols[inside])
    assert height <= tall + 0.2 * tall + 8 and width <= wide + 0.2 * wide + 8, "and not much more than the area"


def test_an_area_across_the_antimeridian_gives_the_larger_part(tmp_path: Path) -> None:
    values = numbers(1, 100, 3600, "uint8")
    path = write(tmp_path / "a.tif", values, crs="EPSG:4326", transform=Affine(0.1, 0, -180, 0, -0.1, 5))
    with Reader(local_roots=(tmp_path,)) as reader:
        got = reader.read(str(path), (1,), (179.0, -1.0, -176.0, 1.0), "EPSG:4326", None)
        assert got.transform[2] == pytest.approx(-180.0) and 40 <= got.values.shape[2] <= 44
        got = reader.read(str(path), (1,), (176.0, -1.0, -179.0, 1.0), "EPSG:4326", None)
        assert got.transform[2] == pytest.approx(175.8) and 40 <= got.values.shape[2] <= 44
        np.testing.assert_array_equal(got.values, gdal_window(path, got, (1,)))


def test_an_area_that_cannot_be_there_touches_nothing(folder: Path) -> None:
    with Reader(local_roots=(folder,)) as reader:
        for bounds, crs in [((1e12, 1e12, 2e12, 2e12), "EPSG:3413"), ((-170.0, -80.0, -160.0, -79.0), "EPSG:4326")]:
            assert reader.read(str(folder / "cog.tif"), (1,), bounds, crs, None).values.size == 0


def test_what_is_read_of_an_open_file_stays_itself_when_it_is_dropped(folder: Path) -> None:
    opened = Opened.of(LocalBytes(folder / "cog.tif"))
    with Reader(local_roots=(folder,)) as reader:
        before = reader.read(str(folder / "cog.tif"), (1,), SITE, CRS, None)
        reader._files.clear()
        equal(reader.read(str(folder / "cog.tif"), (1,), SITE, CRS, None), before)
    assert opened.info().count == 3
    assert opened.source.name.endswith("cog.tif")
