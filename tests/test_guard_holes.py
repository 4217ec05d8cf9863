"""Zeros inside compressed blocks, where bytes did not come: noticed, asked for again, never pixels (row 5)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.responses import Response

from fault_server import Due, FaultServer
from raster_samples import UTM, gdal_window, numbers, window_bounds, write
from siteline.guard.bytesource import LocalBytes
from siteline.guard.fetching import Request
from siteline.guard.reader import Reader
from siteline.guard.tiff import block_ranges, read_layout
from siteline.guard.vault import Vault
from siteline.model.errors import ReadFailed

CRS = "EPSG:32652"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(local_roots=(tmp_path,)) as opened:
        yield opened


CODECS: dict[str, tuple[dict[str, Any], int, str]] = {
    "deflate": ({"compress": "deflate"}, 1, "uint16"),
    "deflate predictor 2": ({"compress": "deflate", "predictor": 2}, 1, "uint16"),
    "lzw": ({"compress": "lzw"}, 1, "uint16"),
    "lzma": ({"compress": "lzma"}, 1, "uint16"),
    "packbits": ({"compress": "packbits"}, 1, "uint8"),
    "jpeg": ({"compress": "jpeg"}, 1, "uint8"),
    "jpeg ycbcr": ({"compress": "jpeg", "photometric": "ycbcr"}, 3, "uint8"),
    "lerc": ({"compress": "lerc"}, 1, "float32"),
    "lerc zstd": ({"compress": "lerc_zstd"}, 1, "float32"),
    "webp": ({"compress": "webp"}, 3, "uint8"),
    "webp lossless": ({"compress": "webp", "webp_lossless": "yes"}, 3, "uint8"),
}


@pytest.mark.parametrize("kind", CODECS)
def test_row_05_a_hole_inside_a_compressed_block_never_becomes_pixels(tmp_path: Path, reader: Reader, kind: str) -> None:
    """A part of one block is zeros, as after an answer that broke off: libtiff alone decodes many of these, silently."""
    options, count, dtype = CODECS[kind]
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256, "interleave": "pixel"}
    path = write(tmp_path / "a.tif", numbers(count, 256, 256, dtype), **layout, **options)
    raw, where = path.read_bytes(), window_bounds(UTM, 0, 0, 256, 256)
    sound = reader.read(str(path), (1,), where, CRS, None).values
    with LocalBytes(path) as source:
        image = read_layout(source)
        ((start, length),) = block_ranges(image, image.levels[0], range(1))
    rng = random.Random(5)
    failed = 0
    for n in range(16):
        first = rng.randrange(length * 9 // 10)
        last = length if n % 2 else min(length, first + rng.randint(200, 2_000))
        hurt = bytearray(raw)
        hurt[start + first : start + last] = bytes(last - first)
        path.write_bytes(hurt)
        try:
            got = reader.read(str(path), (1,), where, CRS, None)
            np.testing.assert_array_equal(got.values, sound)
        except ReadFailed as error:
            failed += 1
            assert error.kind in ("zeros", "damaged", "truncated")
    assert failed >= 14


@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd", "packbits", "jpeg", "webp"])
def test_flat_and_striped_images_have_no_holes(tmp_path: Path, reader: Reader, compress: str) -> None:
    """What packs into long runs of zero bytes is read, however flat."""
    rng = np.random.default_rng(1)
    noise = rng.integers(1, 255, (1024, 1024))
    striped = noise.copy()
    striped[np.arange(1024) % 40 < 3] = 0
    rare = np.where(rng.random((1024, 1024)) < 1e-4, 200, 0)
    for n, values in enumerate((np.zeros((1024, 1024)), np.full((1024, 1024), 255), striped, np.tri(1024) * noise, rare)):
        bands = np.stack([values] * 3).astype("uint8")
        for side in (256, 1024):
            layout = {"tiled": True, "blockxsize": side, "blockysize": side, "interleave": "pixel"}
            path = write(tmp_path / f"{n}-{side}.tif", bands, compress=compress, **layout)
            got = reader.read(str(path), (1, 3), window_bounds(UTM, 0, 0, 1024, 1024), CRS, None)
            np.testing.assert_array_equal(got.values, gdal_window(path, got, (1, 3)))


@pytest.mark.parametrize("compress", ["deflate", "webp", "jpeg", "packbits"])
def test_row_05_a_hole_in_an_answer_is_asked_for_again_and_its_part_is_not_kept(tmp_path: Path, compress: str) -> None:
    options: dict[str, Any] = {"compress": compress, "interleave": "pixel", "blockysize": 64}
    options |= {"webp": {"webp_lossless": "yes"}, "jpeg": {"jpeg_quality": 95}}.get(compress, {})
    path = write(tmp_path / "a.tif", numbers(3, 512, 512, "uint8"), **options)
    assert path.stat().st_size > 100_000
    bounds = window_bounds(UTM, 0, 0, 512, 512)

    def holed(due: Due) -> Response:
        body = bytearray(due.body)
        for at in range(20_000, len(body) - 2_500, 40_000):
            body[at : at + 2_000] = bytes(2_000)
        return due.answer(bytes(body))

    with FaultServer({"a.tif": path.read_bytes()}) as server, server.client() as client:
        request = Request(server.url("a.tif"), (1, 2, 3), bounds, CRS, None)
        for vault in (None, Vault(tmp_path / "v")):
            with Reader(client, vault) as reader:
                reader.info(request.href)
                server.fault("a.tif", holed, 1)
                if vault is not None:
                    assert reader.fetch(request) and not list((tmp_path / "v" / "parts").iterdir())
                got = reader.read(request.href, request.indexes, bounds, CRS, None)
                np.testing.assert_array_equal(got.values, gdal_window(path, got, (1, 2, 3)))
        with Reader(client, Vault(tmp_path / "w")) as reader:
            reader.info(request.href)
            server.fault("a.tif", holed, None)
            with pytest.raises(ReadFailed):
                reader.fetch(request)
            server._planned.clear()
            assert reader.fetch(request), "what was kept of the broken answers does not come back"
