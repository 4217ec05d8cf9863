"""Files that are no TIFF of ours, opened in a child process alone: rows 12, 16, 17 and 18."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image

from fault_server import FaultServer, zeros
from raster_samples import UTM, gdal_window, numbers, window_bounds, write
from siteline.guard import reader as reading
from siteline.guard.foreign import Foreign
from siteline.guard.reader import Reader
from siteline.guard.vault import Vault
from siteline.model.errors import ReadFailed

CRS = "EPSG:32652"
GEOREF = (CRS, (2.0, 0.5, 300_000.0, 0.5, -2.0, 4_400_000.0))
WHOLE = (299_000.0, 4_399_000.0, 301_000.0, 4_401_000.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pictures")
    picture = np.moveaxis(numbers(3, 120, 150, "uint8"), 0, -1)
    Image.fromarray(picture).save(made / "rgb.png")
    Image.fromarray(picture).save(made / "rgb.jpg", quality=90)
    alpha = np.dstack([picture, np.where(np.indices((120, 150))[1] < 40, 0, 255).astype("uint8")])
    Image.fromarray(alpha).save(made / "alpha.png")
    Image.fromarray(numbers(1, 120, 150, "uint16")[0]).save(made / "grey16.png")
    values = numbers(2, 120, 150, "uint16")
    write(made / "two.jp2", values, driver="JP2OpenJPEG", quality=100, reversible="yes", blockxsize=64, blockysize=64)
    (made / "called.tif").write_bytes((made / "two.jp2").read_bytes())
    fax = np.random.default_rng(1).integers(0, 2, (1, 60, 64), "uint8")
    write(made / "fax.tif", fax, compress="ccittfax4", nbits="1")
    return made


@pytest.fixture(scope="module")
def child() -> Iterator[Foreign]:
    shared = Foreign()
    yield shared
    shared.close()


@pytest.fixture
def reader(folder: Path, tmp_path: Path, child: Foreign) -> Iterator[Reader]:
    with Reader(local_roots=(folder, tmp_path)) as opened:
        opened._foreign = _Shared(child)
        yield opened


class _Shared(Foreign):
    """One child for all tests of this file: it takes half a second to start."""

    def __init__(self, child: Foreign) -> None:
        super().__init__()
        self.child = child

    def close(self) -> None:
        """The child stays for the next test."""

    def _ask(self, *args: Any) -> Any:
        return self.child._ask(*args)


@pytest.mark.parametrize("name", ["rgb.png", "rgb.jpg", "grey16.png", "alpha.png"])
def test_pictures_with_a_georeference_are_gdals(folder: Path, reader: Reader, name: str) -> None:
    path = folder / name
    with rasterio.open(path) as source:
        whole, mask = source.read(), source.dataset_mask() != 0
        count = source.count
    got = reader.read(str(path), tuple(range(1, count + 1)), WHOLE, CRS, None, georef=GEOREF)
    np.testing.assert_array_equal(got.values, whole)
    np.testing.assert_array_equal(got.present, mask)
    assert got.present.all() == (name != "alpha.png")
    assert (got.crs, got.transform) == (CRS, GEOREF[1])
    part = reader.read(str(path), (1,), (300_050, 4_399_900, 300_100, 4_399_950), CRS, None, georef=GEOREF)
    rows, cols = part.values.shape[1:]
    col, row = ~rasterio.Affine(*GEOREF[1]) @ (part.transform[2], part.transform[5])
    np.testing.assert_array_equal(part.values[0], whole[0, round(row) : round(row) + rows, round(col) : round(col) + cols])
    assert 0 < rows < 120 and 0 < cols < 150


def test_a_picture_that_lies_nowhere_is_not_guessed_at(folder: Path, reader: Reader) -> None:
    info = reader.info(str(folder / "rgb.png"))
    assert (info.width, info.height, info.count, info.dtype, info.crs) == (150, 120, 3, "uint8", "")
    with pytest.raises(ReadFailed, match=r"scenes\.csv") as failed:
        reader.read(str(folder / "rgb.png"), (1,), WHOLE, CRS, None)
    assert failed.value.kind == "no georeference"
    with pytest.raises(ReadFailed, match="band 0 ") as failed:
        reader.read(str(folder / "rgb.png"), (1, 0), WHOLE, CRS, None, georef=GEOREF)
    assert failed.value.kind == "missing"
    far = reader.read(str(folder / "rgb.png"), (1, 2), (0, 0, 10, 10), CRS, None, georef=GEOREF)
    assert far.values.shape == (2, 0, 0)


@pytest.mark.parametrize("name", ["two.jp2", "called.tif"])
def test_jpeg_2000_is_gdals(folder: Path, reader: Reader, name: str) -> None:
    path = folder / name
    got = reader.read(str(path), (2, 1), window_bounds(UTM, 30, 50, 60, 70), CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(path, got, (2, 1)))
    np.testing.assert_array_equal(got.values[0], numbers(2, 120, 150, "uint16")[1, 28:92, 48:122])
    assert got.crs == CRS and got.present.all()


def test_a_tiff_of_a_kind_not_read_here_is_read_by_the_child(folder: Path, reader: Reader) -> None:
    got = reader.read(str(folder / "fax.tif"), (1,), window_bounds(UTM, 10, 10, 30, 30), CRS, None)
    np.testing.assert_array_equal(got.values, gdal_window(folder / "fax.tif", got, (1,)))
    assert reader.info(str(folder / "fax.tif")).count == 1


def test_jpeg_2000_from_a_server_is_kept_whole_and_read_offline(folder: Path, child: Foreign, tmp_path: Path) -> None:
    raw = (folder / "two.jp2").read_bytes()
    bounds = window_bounds(UTM, 30, 50, 60, 70)
    with FaultServer({"a.jp2": raw}) as server, server.client() as client:
        with Reader(client) as plain, pytest.raises(ReadFailed, match="siteline fetch") as failed:
            plain.read(server.url("a.jp2"), (1,), bounds, CRS, None)
        assert failed.value.kind == "refused"
        with Reader(client, Vault(tmp_path)) as keeping:
            keeping._foreign = _Shared(child)
            first = keeping.read(server.url("a.jp2"), (1,), bounds, CRS, None)
            asked = server.count("a.jp2")
            keeping.read(server.url("a.jp2"), (2,), bounds, CRS, None)
            assert server.count("a.jp2") == asked, "a copy is read first"
        with Reader(client, Vault(tmp_path), offline=True) as offline:
            offline._foreign = _Shared(child)
            again = offline.read(server.url("a.jp2"), (1,), bounds, CRS, None)
        server.files["a.jp2"] = b""
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.values, gdal_window(folder / "two.jp2", first, (1,)))
    (entry,) = Vault(tmp_path).entries()
    assert Vault(tmp_path).read(entry) == raw


def test_row_05_row_08_a_whole_file_comes_in_parts_that_are_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siteline.guard.fetching import Request

    monkeypatch.setattr(reading, "_RUN", 5_000)
    raw = (folder / "two.jp2").read_bytes()
    request_bounds = window_bounds(UTM, 30, 50, 60, 70)
    put, kept = Vault.keep_part, []

    def killed(self: Vault, name: str, data: bytes) -> None:
        put(self, name, data)
        kept.append(name)
        if len(kept) == 3:
            raise KeyboardInterrupt

    with FaultServer({"a.jp2": raw}) as server, server.client() as client:
        request = Request(server.url("a.jp2"), (1,), request_bounds, CRS, None)
        monkeypatch.setattr(Vault, "keep_part", killed)
        with Reader(client, Vault(tmp_path)) as first, pytest.raises(KeyboardInterrupt):
            first.fetch(request)
        monkeypatch.setattr(Vault, "keep_part", put)
        server.asked.clear()
        with Reader(client, Vault(tmp_path)) as second:
            assert second.fetch(request) and not second.fetch(request)
            starts = [headers["range"] for _, _, headers in server.asked]
            assert "bytes=0-4999" not in starts and "bytes=15000-19999" in starts
        (entry,) = Vault(tmp_path).entries()
        assert Vault(tmp_path).read(entry) == raw and not list((tmp_path / "parts").iterdir())
        with Reader(client, Vault(tmp_path / "z")) as third:
            assert third.needs(request) == len(raw)
            server.fault("a.jp2", lambda due: due.answer() if due.start == 0 else zeros(due), None)
            with pytest.raises(ReadFailed) as failed:
                third.fetch(request)
            assert failed.value.kind == "zeros"


def _database(path: Path) -> bytes:
    sqlite3.connect(path).execute("CREATE TABLE gpkg_contents (a)").connection.close()
    return path.read_bytes()


VRT = b"""<VRTDataset rasterXSize="20" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename relativeToVRT="0">%s</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"""

OTHERS = {
    "netcdf": b"CDF\x01" + bytes(200),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "pdf": b"%PDF-1.7\n" + bytes(200),
    "gif": b"GIF89a" + bytes(200),
    "bmp": b"BM" + bytes(200),
    "zip": b"PK\x03\x04" + bytes(200),
    "grid": b"ncols 4\nnrows 4\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3 4\n",
    "wms": b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1/</ServerUrl></Service></GDAL_WMS>",
    "json": b'{"type": "FeatureCollection", "features": []}',
    "html": b"<!DOCTYPE html><html></html>",
    "nitf": b"NITF02.10" + bytes(200),
    "sentinel": b"DUMMY",
    "empty": b"",
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("suffix", ["tif", "jp2", "png"])
@pytest.mark.parametrize("kind", [*OTHERS, "vrt", "gpkg"])
def test_row_17_row_18_files_of_other_formats_are_refused(
    folder: Path, reader: Reader, tmp_path: Path, kind: str, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    made = {"vrt": VRT % str(folder / "rgb.png").encode(), "gpkg": b""} | OTHERS
    path.write_bytes(_database(tmp_path / "db") if kind == "gpkg" else made[kind])
    for ask in (reader.info, lambda href: reader.read(href, (1,), WHOLE, CRS, None, georef=GEOREF)):
        with pytest.raises(ReadFailed, match=rf"a\.{suffix}.*no image of a kind that is read") as failed:
            ask(str(path))
        assert failed.value.kind == "refused"


@pytest.mark.parametrize("href", [
    (VRT % b"/etc/passwd").decode(),
    "/vsicurl/http://127.0.0.1/a.tif",
    "NETCDF:/tmp/a.nc:band",
    "GTIFF_DIR:1:/tmp/a.tif",
    "vrt:///tmp/a.tif",
])  # fmt: skip
def test_row_17_row_19_names_that_gdal_would_obey_are_refused(reader: Reader, href: str) -> None:
    for ask in (reader.info, lambda text: reader.read(text, (1,), WHOLE, CRS, None)):
        with pytest.raises(ReadFailed) as failed:
            ask(href)
        assert failed.value.kind == "refused"


def test_row_17_a_file_beside_a_picture_is_not_obeyed(folder: Path, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes((folder / "rgb.png").read_bytes())
    (tmp_path / "a.png.aux.xml").write_text(
        "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>1,1,0,1,0,-1</GeoTransform></PAMDataset>"
    )
    (tmp_path / "a.wld").write_text("1\n0\n0\n-1\n5\n5\n")
    assert reader.info(str(path)).crs == "" and reader.info(str(path)).transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("name", ["rgb.png", "rgb.jpg", "two.jp2", "grey16.png"])
def test_row_12_pictures_that_are_cut_off_are_named(folder: Path, reader: Reader, tmp_path: Path, name: str) -> None:
    raw = (folder / name).read_bytes()
    for share in (0.02, 0.3, 0.6, 0.9):
        path = tmp_path / name
        path.write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises(ReadFailed, match=name) as failed:
            reader.read(str(path), (1,), WHOLE, CRS, None, georef=GEOREF)
        assert failed.value.kind == "damaged"


def test_row_16_mutated_pictures_fail_by_name_or_read(folder: Path, reader: Reader, tmp_path: Path) -> None:
    rng = random.Random(16)
    for n in range(60):
        name = rng.choice(["rgb.png", "rgb.jpg", "two.jp2", "fax.tif"])
        raw = bytearray((folder / name).read_bytes())
        for _ in range(rng.randint(1, 6)):
            raw[rng.randrange(min(len(raw), 400))] = rng.getrandbits(8)
        path = tmp_path / f"{n}-{name}"
        path.write_bytes(raw)
        try:
            got = reader.read(str(path), (1,), WHOLE, CRS, None, georef=GEOREF)
            assert got.present.shape == got.values.shape[1:]
        except ReadFailed as error:
            assert error.kind in ("damaged", "refused", "missing", "truncated", "too large")
    assert reader.info(str(folder / "rgb.png")).count == 3, "the next one reads"


def _stopped(foreign: Foreign) -> int:
    assert foreign._child is not None
    os.kill(foreign._child.pid, signal.SIGSTOP)
    return foreign._child.pid


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="stops a process")
def test_row_16_a_file_on_which_the_child_hangs_or_dies_costs_that_file_alone(folder: Path) -> None:
    path = folder / "rgb.png"
    with Reader(local_roots=(folder,)) as reader:
        assert reader.info(str(path)).count == 3
        foreign = reader._foreign
        _stopped(foreign)
        foreign._patience_s = 0.3
        with pytest.raises(ReadFailed, match=r"took over 0\.3 s") as failed:
            reader.info(str(path))
        assert failed.value.kind == "damaged"
        foreign._patience_s = 60.0
        assert reader.info(str(path)).count == 3, "the next one reads"
        pid = _stopped(foreign)
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(ReadFailed, match="died on it") as failed:
            reader.read(str(path), (1,), WHOLE, CRS, None, georef=GEOREF)
        got = reader.read(str(path), (1,), WHOLE, CRS, None, georef=GEOREF)
        assert got.values.shape == (1, 120, 150)
        assert foreign._child is not None
        foreign._child.kill()
        while foreign._child.poll() is None:
            time.sleep(0.01)
        assert reader.info(str(path)).count == 3, "a child that is dead already is no fault of the file"
    assert foreign._child is None


def test_several_threads_share_the_child(folder: Path, reader: Reader) -> None:
    def read(name: str) -> Any:
        return reader.read(str(folder / name), (1,), WHOLE, CRS, None, georef=GEOREF).values

    names = ["rgb.png", "rgb.jpg"] * 10
    truth = {name: read(name) for name in names[:2]}
    with ThreadPoolExecutor(6) as pool:
        found = pool.map(read, names)
        for name, values in zip(names, found, strict=True):
            np.testing.assert_array_equal(values, truth[name])


def test_a_picture_that_claims_too_much_is_refused(tmp_path: Path, folder: Path, reader: Reader) -> None:
    import struct
    import zlib

    raw = bytearray((folder / "rgb.png").read_bytes())
    struct.pack_into(">II", raw, 16, 60_000, 60_000)
    struct.pack_into(">I", raw, 29, zlib.crc32(raw[12:29]))
    (tmp_path / "a.png").write_bytes(raw)
    wide = (CRS, (1.0, 0.0, 0.0, 0.0, -1.0, 60_000.0))
    with pytest.raises(ReadFailed, match="too large") as failed:
        reader.read(str(tmp_path / "a.png"), (1,), (0, 0, 60_000, 60_000), CRS, None, georef=wide)
    assert failed.value.kind == "too large"
