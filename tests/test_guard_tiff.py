"""TIFFs by our own header against GDAL's reading of the whole file: rows 12, 13, 15, 16 and every kind of layout."""

from __future__ import annotations

import os
import random
import struct
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from raster_samples import UTM, gdal_mask, gdal_window, numbers, window_bounds, write
from siteline.guard import tiffcut
from siteline.guard.bytesource import LocalBytes, MemoryBytes
from siteline.guard.reader import Reader
from siteline.guard.tiff import BadTiff, Header, NotTiff, read_layout
from siteline.guard.tiffcut import write_tiff
from siteline.model.errors import ReadFailed

CRS = "EPSG:32652"
DATA = str(Path(os.environ["SITELINE_DATA"]).resolve()) if os.environ.get("SITELINE_DATA") else ""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(local_roots=(tmp_path,)) as opened:
        yield opened


def same(reader: Reader, path: Path, where: tuple[int, int, int, int], *, indexes: tuple[int, ...] = (1,)) -> Any:
    """Read pixels ``where`` (row, column, rows, columns) and compare with GDAL: numbers, place, CRS, nodata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path) as source:
            transform, crs, nodata, shape = source.transform, source.crs, source.nodata, source.shape
    got = reader.read(str(path), indexes, window_bounds(transform, *where), crs.to_string(), None)
    rows, cols = got.values.shape[1:]
    if not rows:
        assert where[0] >= shape[0] or where[1] >= shape[1] or where[0] + where[2] <= 0 or where[1] + where[3] <= 0
        return got
    np.testing.assert_array_equal(got.values, gdal_window(path, got, indexes))
    row, col = [round(v) for v in (~transform @ (got.transform[2], got.transform[5]))[::-1]]
    inside = (
        slice(max(where[0], 0), min(where[0] + where[2], shape[0])),
        slice(max(where[1], 0), min(where[1] + where[3], shape[1])),
    )
    assert row <= inside[0].start and row + rows >= inside[0].stop, "the window is not covered"
    assert col <= inside[1].start and col + cols >= inside[1].stop, "the window is not covered"
    assert rasterio.CRS.from_user_input(got.crs) == crs
    assert got.nodata == nodata or (np.isnan(got.nodata) and np.isnan(nodata))
    assert got.present.all()
    return got


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "plain tiled": {"tiled": True, "blockxsize": 32, "blockysize": 16},
    "one row a strip": {"blockysize": 1},
    "strips of seven": {"blockysize": 7, "compress": "deflate"},
    "deflate": {"compress": "deflate", "tiled": True, "blockxsize": 48, "blockysize": 80},
    "deflate predictor 2": {"compress": "deflate", "predictor": 2, "tiled": True, "blockxsize": 64, "blockysize": 64},
    "lzw": {"compress": "lzw"},
    "lzw predictor 2": {"compress": "lzw", "predictor": 2, "blockysize": 11},
    "zstd": {"compress": "zstd", "tiled": True, "blockxsize": 16, "blockysize": 16},
    "zstd predictor 2": {"compress": "zstd", "predictor": 2},
    "lzma": {"compress": "lzma", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "packbits": {"compress": "packbits", "blockysize": 5},
    "lerc": {"compress": "lerc", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "lerc zstd": {"compress": "lerc_zstd", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "lerc deflate": {"compress": "lerc_deflate", "blockysize": 9},
    "bigtiff": {"bigtiff": "yes", "compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64},
    "big endian": {"endianness": "big", "compress": "deflate", "predictor": 2, "blockysize": 13},
    "big endian bigtiff": {"endianness": "big", "bigtiff": "yes", "tiled": True, "blockxsize": 32, "blockysize": 32},
    "big endian little": {"endianness": "little", "blockysize": 3},
}
DTYPES = ("uint8", "int8", "int16", "uint16", "int32", "uint32", "float32", "float64")


@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("kind", KINDS)
def test_windows_are_gdals(tmp_path: Path, reader: Reader, kind: str, interleave: str) -> None:
    rng = random.Random(f"{kind}{interleave}")
    for dtype in DTYPES:
        path = write(tmp_path / f"{dtype}.tif", numbers(3, 101, 93, dtype), interleave=interleave, **KINDS[kind])
        for _ in range(3):
            where = rng.randint(-20, 100), rng.randint(-20, 92), rng.randint(1, 90), rng.randint(1, 90)
            indexes = rng.choice([(1,), (3,), (2, 1), (1, 2, 3), (3, 1)])
            same(reader, path, where, indexes=indexes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("endianness", ["little", "big"])
def test_the_predictor_of_floats(tmp_path: Path, reader: Reader, dtype: str, endianness: str) -> None:
    for interleave in ("pixel", "band"):
        path = write(
            tmp_path / f"{interleave}.tif",
            numbers(2, 70, 90, dtype),
            compress="zstd",
            predictor=3,
            endianness=endianness,
            interleave=interleave,
            tiled=True,
            blockxsize=32,
            blockysize=32,
        )
        same(reader, path, (10, 20, 40, 50), indexes=(2, 1))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"compress": "jpeg", "photometric": "ycbcr", "interleave": "pixel"}, 3),
        ({"compress": "jpeg", "photometric": "rgb", "interleave": "pixel"}, 3),
        ({"compress": "jpeg", "interleave": "band"}, 3),
        ({"compress": "jpeg", "photometric": "minisblack"}, 1),
        ({"compress": "webp", "webp_lossless": "yes", "interleave": "pixel"}, 3),
        ({"compress": "webp", "webp_level": "60", "interleave": "pixel"}, 4),
        ({"photometric": "rgb", "alpha": "yes"}, 4),
        ({"photometric": "cmyk"}, 4),
        ({"photometric": "miniswhite", "compress": "deflate"}, 1),
        ({"nbits": "1"}, 1),
        ({"nbits": "4", "compress": "lzw"}, 1),
    ],
)
def test_pictures_in_tiffs(tmp_path: Path, reader: Reader, options: dict[str, Any], count: int) -> None:
    values = numbers(count, 100, 110, "uint8")
    if "nbits" in options:
        values = values % 2 ** int(options["nbits"])
        values[:, ::7] = 1
    path = write(tmp_path / "a.tif", values, tiled=True, blockxsize=48, blockysize=32, **options)
    same(reader, path, (20, 30, 40, 50), indexes=tuple(range(1, count + 1)))
    same(reader, path, (90, 100, 40, 50), indexes=(count,))


def test_odd_widths_of_numbers(tmp_path: Path, reader: Reader) -> None:
    for bits, dtype in ((12, "uint16"), (10, "uint16"), (20, "uint32")):
        path = write(tmp_path / f"{bits}.tif", numbers(1, 50, 61, dtype) % 2**9 + 1, nbits=str(bits))
        same(reader, path, (10, 10, 20, 20))
    path = write(tmp_path / "16.tif", numbers(1, 50, 61, "float32"), nbits="16")
    same(reader, path, (10, 10, 20, 20))
    path = write(tmp_path / "c.tif", numbers(1, 30, 30, "float32").astype("complex64"))
    same(reader, path, (5, 5, 9, 9))


def test_a_palette_gives_its_indexes(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 40, 40, "uint8"), photometric="palette")
    same(reader, path, (3, 4, 20, 20))


SIDE = st.integers(1, 70)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_layout_and_any_window(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    height, width, count = data.draw(SIDE), data.draw(SIDE), data.draw(st.integers(1, 4))
    options: dict[str, Any] = {"interleave": data.draw(st.sampled_from(["pixel", "band"]))}
    if data.draw(st.booleans()):
        side = st.sampled_from([16, 32, 48, 112])
        options |= {"tiled": True, "blockxsize": data.draw(side), "blockysize": data.draw(side)}
    else:
        options["blockysize"] = data.draw(st.integers(1, height))
    options["compress"] = data.draw(st.sampled_from(["none", "deflate", "lzw", "zstd", "lzma", "packbits"]))
    options["endianness"] = data.draw(st.sampled_from(["little", "big"]))
    options["bigtiff"] = data.draw(st.sampled_from(["yes", "no"]))
    dtype = data.draw(st.sampled_from(DTYPES))
    path = write(folder / "a.tif", numbers(count, height, width, dtype), **options)
    index = st.lists(st.integers(1, count), min_size=1, max_size=count, unique=True)
    start, length = st.integers(-80, 80), st.integers(1, 90)
    with Reader(local_roots=(folder,)) as reader:
        for _ in range(2):
            where = data.draw(start), data.draw(start), data.draw(length), data.draw(length)
            same(reader, path, where, indexes=tuple(data.draw(index)))


def test_windows_at_edges_and_outside(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 60, 70, "uint16"), tiled=True, blockxsize=32, blockysize=32)
    for where in [(0, 0, 1, 1), (59, 69, 1, 1), (-9, -9, 200, 200), (-9, 0, 10, 70), (59, 0, 9, 9), (31, 31, 2, 2)]:
        same(reader, path, where)
    for where in [(-9, 0, 9, 9), (60, 0, 9, 9), (0, 70, 9, 9), (0, -9, 9, 9), (900, 900, 5, 5)]:
        got = same(reader, path, where)
        assert got.values.shape == (1, 0, 0) and got.present.shape == (0, 0) and got.values.dtype == "uint16"
    one = write(tmp_path / "one.tif", numbers(1, 1, 1, "int16"))
    assert same(reader, one, (0, 0, 1, 1)).values.shape == (1, 1, 1)


@pytest.mark.parametrize("nodata", [0, 255, -9999.0, float("nan"), -3.4028234663852886e38, 1e-3])
def test_nodata_is_what_the_file_declares(tmp_path: Path, reader: Reader, nodata: float) -> None:
    dtype = "uint8" if nodata in (0, 255) else "float32"
    path = write(tmp_path / "a.tif", numbers(1, 20, 20, dtype), nodata=nodata)
    same(reader, path, (3, 3, 9, 9))


@pytest.mark.parametrize(
    "transform",
    [
        Affine(9.0, 2.0, 300_000.0, 2.5, -8.0, 4_400_000.0),
        Affine.translation(3e5, 4.4e6) @ Affine.rotation(37) @ Affine.scale(4.0, -4.0),
        Affine(10.0, 0.0, 300_000.0, 0.0, -20.0, 4_400_000.0),
        Affine(10.0, 0.0, 300_000.0, 0.0, 10.0, 4_400_000.0),
    ],
)
@pytest.mark.parametrize("point", ["Point", "Area"])
def test_rotated_sheared_uneven_and_by_centres(tmp_path: Path, reader: Reader, transform: Affine, point: str) -> None:
    path = write(
        tmp_path / "a.tif", numbers(2, 80, 90, "uint16"), transform=transform, tags={"AREA_OR_POINT": point}, overviews=(2,)
    )
    got = same(reader, path, (20, 30, 15, 20), indexes=(1, 2))
    with rasterio.open(path) as source:
        info = reader.info(str(path))
        assert info.transform == pytest.approx(tuple(source.transform)[:6], abs=1e-6)
        assert (info.width, info.height, info.count, info.dtype) == (90, 80, 2, "uint16")
    assert got.crs == CRS


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:4326",
        "EPSG:3857",
        "EPSG:3413",
        "EPSG:5070",
        "EPSG:27700",
        "EPSG:2154",
        "+proj=utm +zone=52 +datum=WGS84 +units=km",
        "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m",
        "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m",
    ],
)
def test_the_crs_is_gdals(tmp_path: Path, reader: Reader, crs: str) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 9, 9, "uint8"), crs=crs, transform=Affine(0.5, 0, 20.0, 0, -0.5, 60.0))
    with rasterio.open(path) as source:
        assert rasterio.CRS.from_user_input(reader.info(str(path)).crs) == source.crs


def test_a_name_of_a_crs_that_is_no_utf_8_costs_no_pixels(tmp_path: Path, reader: Reader) -> None:
    """Old software writes Latin-1 there; rasterio cannot open such a file."""
    path = write(tmp_path / "a.tif", numbers(1, 30, 30, "uint8"))
    where = window_bounds(UTM, 0, 0, 30, 30)
    sound = reader.read(str(path), (1,), where, CRS, None)
    raw = path.read_bytes()
    assert b"WGS 84 / UTM" in raw
    path.write_bytes(raw.replace(b"WGS 84 / UTM", b"WGS 84 \xe9 UTM"))
    got = reader.read(str(path), (1,), where, CRS, None)
    np.testing.assert_array_equal(got.values, sound.values)
    assert got.crs == sound.crs == CRS


@pytest.mark.parametrize("mask_of", ["tiles", "strips"])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_internal_masks(tmp_path: Path, reader: Reader, mask_of: str, interleave: str) -> None:
    y, x = np.mgrid[:150, :160]
    mask = np.sin(x / 11.0) + np.cos(y / 13.0) > 0
    layout = {"tiled": True, "blockxsize": 64, "blockysize": 64} if mask_of == "tiles" else {"blockysize": 7}
    path = write(
        tmp_path / "a.tif",
        numbers(3, 150, 160, "uint8"),
        mask=mask,
        interleave=interleave,
        compress="deflate",
        overviews=(2, 4),
        **layout,
    )
    for res, level in ((None, None), (20.0, 0), (45.0, 1)):
        got = reader.read(str(path), (2,), window_bounds(UTM, 30, 40, 70, 80), CRS, res)
        np.testing.assert_array_equal(got.values, gdal_window(path, got, (2,), level))
        np.testing.assert_array_equal(got.present, gdal_mask(path, got, level))
        assert 0 < got.present.mean() < 1


@pytest.mark.parametrize("driver", ["GTiff", "COG"])
def test_overviews_are_chosen_by_res_and_are_gdals(tmp_path: Path, reader: Reader, driver: str) -> None:
    values = numbers(2, 701, 523, "uint16")
    if driver == "COG":
        path = write(tmp_path / "a.tif", values, driver="COG", blocksize=128, compress="deflate")
    else:
        path = write(tmp_path / "a.tif", values, overviews=(2, 4, 8), tiled=True, blockxsize=128, blockysize=128)
    with rasterio.open(path) as source:
        factors = source.overviews(1)
    bounds = window_bounds(UTM, 200, 100, 300, 310)
    for res, level in [
        (None, None),
        (5.0, None),
        (10.0, None),
        (19.0, None),
        (20.1, 0),
        (39.0, 0),
        (41.0, 1),
        (1e6, len(factors) - 1),
    ]:
        got = reader.read(str(path), (2, 1), bounds, CRS, res)
        np.testing.assert_array_equal(got.values, gdal_window(path, got, (2, 1), level))
        assert res is None or level is None or abs(got.transform[0]) <= res * 1.001


def test_an_overview_is_no_coarser_than_asked_in_another_crs(tmp_path: Path, reader: Reader) -> None:
    from pyproj import Transformer

    path = write(
        tmp_path / "a.tif",
        numbers(1, 800, 800, "uint8"),
        crs="EPSG:3413",
        transform=Affine(10, 0, 1_500_000, 0, -10, -1_000_000),
        overviews=(2, 4, 8, 16),
        tiled=True,
        blockxsize=64,
        blockysize=64,
    )
    to_utm = Transformer.from_crs("EPSG:3413", "EPSG:32627", always_xy=True)
    to_polar = Transformer.from_crs("EPSG:32627", "EPSG:3413", always_xy=True)
    x, y = to_utm.transform(1_504_000, -1_004_000)
    for res in (10.0, 15.0, 21.0, 33.0, 47.0, 100.0):
        got = reader.read(str(path), (1,), (x - 900, y - 500, x + 900, y + 500), "EPSG:32627", res)
        side = got.transform[0]
        px, py = to_polar.transform(x, y)
        ux, uy = to_utm.transform(px + side, py)
        length = float(np.hypot(ux - x, uy - y))
        assert length <= res * 1.01 or side == 10
        assert length * 2 > res * 0.99, "a coarser one would have done"


def test_sparse_and_large_in_little_memory(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "large.tif"
    tile = numbers(1, 256, 256, "uint8")[0]
    profile = {"driver": "GTiff", "width": 60_000, "height": 60_000, "count": 1, "dtype": "uint8", "sparse_ok": True}
    with rasterio.open(
        path, "w", crs=CRS, transform=UTM, tiled=True, blockxsize=256, blockysize=256, compress="deflate", **profile
    ) as out:
        out.write(tile, 1, window=rasterio.windows.Window(30_208, 40_192, 256, 256))
    tracemalloc.start()
    got = reader.read(str(path), (1,), window_bounds(UTM, 40_150, 30_180, 120, 100), CRS, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(got.values, gdal_window(path, got, (1,)))
    np.testing.assert_array_equal(got.present, got.values[0] != 0)
    assert got.present.any() and not got.present.all() and peak < 4_000_000


def test_row_13_a_block_that_is_left_out_is_no_number(tmp_path: Path, reader: Reader) -> None:
    values = numbers(2, 128, 128, "uint16")
    values[1, 64:, :64] = 0
    for interleave in ("pixel", "band"):
        path = write(
            tmp_path / f"{interleave}.tif",
            values if interleave == "band" else values * (values[1:] != 0),
            sparse_ok=True,
            interleave=interleave,
            tiled=True,
            blockxsize=64,
            blockysize=64,
            compress="zstd",
        )
        got = reader.read(str(path), (1, 2), window_bounds(UTM, 0, 0, 128, 128), CRS, None)
        assert not got.present[64:, :64].any() and got.present.sum() == 3 * 64 * 64
        whole = reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 128, 128), CRS, None)
        assert whole.present.all() == (interleave == "band"), "another band's gap is not this one's"


@pytest.mark.parametrize("layout", [{"tiled": True, "blockxsize": 64, "blockysize": 64}, {"blockysize": 64}])
def test_row_13_stored_blocks_of_zeros_alone_are_no_image(tmp_path: Path, reader: Reader, layout: dict[str, Any]) -> None:
    values = numbers(1, 128, 64, "uint16")
    values[:, 64:] = 0
    path = write(tmp_path / "a.tif", values, **layout)
    got = reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 128, 64), CRS, None)
    assert got.present[:64].all() and not got.present[64:].any()


def test_a_mask_of_zeros_alone_says_that_all_is_clear(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1, 40, 40), "uint8"))
    got = reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 40, 40), CRS, None)
    assert got.present.all() and not got.values.any()


@pytest.mark.parametrize("layout", [{"tiled": True, "blockxsize": 64, "blockysize": 64}, {"blockysize": 32}])
def test_a_hole_of_zeros_in_compressed_blocks_is_named(tmp_path: Path, reader: Reader, layout: dict[str, Any]) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 128, 128, "uint16"), compress="deflate", **layout)
    with LocalBytes(path) as source:
        image = read_layout(source)
        level = image.levels[0]
        tag = level.tags[324 if level.tiled else 273]
        counts = level.tags[325 if level.tiled else 279]
        start, length = image.header.some(tag, 1, 1)[0], image.header.some(counts, 1, 1)[0]
    raw = bytearray(path.read_bytes())
    raw[start : start + length] = bytes(length)
    path.write_bytes(raw)
    with pytest.raises(ReadFailed) as failed:
        reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 128, 128), CRS, None)
    assert failed.value.kind == "zeros"
    assert reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 20, 20), CRS, None).values.size, "the rest is sound"


@pytest.mark.parametrize("compress", ["deflate", "lzw", "zstd", "lzma", "packbits", "jpeg", "lerc", "webp"])
def test_a_block_cut_short_never_becomes_pixels(tmp_path: Path, reader: Reader, compress: str) -> None:
    layout = {"tiled": True, "blockxsize": 64, "blockysize": 64, "interleave": "pixel"}
    path = write(tmp_path / "a.tif", numbers(3, 64, 64, "uint8"), compress=compress, **layout)
    raw = bytearray(path.read_bytes())
    with LocalBytes(path) as source:
        counts = read_layout(source).levels[0].tags[325]
        order = read_layout(source).header.order
    size = {3: "H", 4: "I", 16: "Q"}[counts.kind]
    length = struct.unpack_from(f"{order}{size}", raw, counts.at)[0]
    struct.pack_into(f"{order}{size}", raw, counts.at, length // 2)
    path.write_bytes(raw)
    with pytest.raises(ReadFailed) as failed:
        reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 64, 64), CRS, None)
    assert failed.value.kind == ("truncated" if compress == "jpeg" else "damaged")


def test_the_largest_float_written_with_few_digits_is_that_float(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 9, 9, "float32"), nodata=-3.4028234663852886e38)
    raw = path.read_bytes()
    text = b"-3.4028234663852886e+38"
    assert text in raw
    path.write_bytes(raw.replace(text, b"-3.40282346638529e+38\0\0"))
    same(reader, path, (0, 0, 9, 9))


def test_row_12_a_truncated_file_is_named(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 512, 512, "uint16"), driver="COG", blocksize=128, compress="deflate")
    whole = path.read_bytes()
    kinds = set()
    for n, share in enumerate((0.0, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999)):
        cut = tmp_path / f"{n}.tif"
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ReadFailed, match=rf"{n}\.tif") as failed:
            reader.read(str(cut), (1,), window_bounds(UTM, 0, 0, 512, 512), CRS, None)
        kinds.add(failed.value.kind)
    assert kinds <= {"truncated", "refused"} and "truncated" in kinds


def _claims(side: int) -> bytes:
    """A TIFF of one empty tile that says that it is ``side`` pixels long and wide."""

    def long(*values: int) -> bytes:
        return struct.pack(f"<{len(values)}I", *values)

    entries = [
        (256, 4, 1, long(side)),
        (257, 4, 1, long(side)),
        (258, 3, 1, struct.pack("<H", 64)),
        (259, 3, 1, struct.pack("<H", 8)),
        (262, 3, 1, struct.pack("<H", 1)),
        (277, 3, 1, struct.pack("<H", 1)),
        (322, 4, 1, long(32_768)),
        (323, 4, 1, long(32_768)),
    ]
    blocks = (-(-side // 32_768)) ** 2
    return write_tiff("<", entries, [b"\x78\x9c\x01\x02"] * blocks, tiled=True)


def test_row_15_a_file_that_claims_too_much_is_refused_from_its_header(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "bomb.tif"
    path.write_bytes(_claims(300_000).ljust(4_000_000, b"\1"))
    tracemalloc.start()
    with pytest.raises(ReadFailed, match=r"720 GB of pixels in a file of 4\.0 MB") as failed:
        reader.info(str(path))
    assert failed.value.kind == "refused" and tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_row_15_a_window_too_large_is_refused_before_it_is_read(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 8, 8, "uint8"))
    path.write_bytes(_claims(60_000))
    with Reader(local_roots=(tmp_path,)) as placed, pytest.raises(ReadFailed) as failed:
        placed.read(str(path), (1,), (0, 0, 60_000, 60_000), CRS, None, georef=(CRS, (1, 0, 0, 0, -1, 60_000)))
    assert failed.value.kind == "too large"


def _seeds(folder: Path) -> list[bytes]:
    values = numbers(2, 100, 90, "uint16")
    tiled = {"tiled": True, "blockxsize": 32, "blockysize": 32, "compress": "deflate"}
    return [
        write(folder / "a.tif", values, overviews=(2, 4), **tiled).read_bytes(),
        write(folder / "b.tif", values, bigtiff="yes", interleave="band", **tiled).read_bytes(),
        write(folder / "c.tif", values, blockysize=3, endianness="big").read_bytes(),
        write(
            folder / "d.tif", numbers(3, 64, 64, "uint8"), compress="jpeg", photometric="ycbcr", mask=np.eye(64) > 0
        ).read_bytes(),
        write(folder / "e.tif", values.astype("float32"), transform=Affine.rotation(30) @ UTM, compress="lzw").read_bytes(),
    ]


def _mutated(raw: bytes, rng: random.Random) -> bytes:
    """``raw`` with its header hurt: bits, bytes, counts, kinds and places of tags; or cut off."""
    data = bytearray(raw)
    layout = read_layout(MemoryBytes("seed", raw))
    header = layout.header
    choice = rng.randrange(5)
    if choice == 0:
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(min(len(data), 2_000))] ^= 1 << rng.randrange(8)
    elif choice == 1:
        del data[rng.randrange(len(data)) :]
    else:
        size, start = (20, header.first + 8) if header.big else (12, header.first + 2)
        for _ in range(rng.randint(1, 3)):
            entry = start + size * rng.randrange(len(layout.levels[0].tags))
            at, form = rng.choice([(0, "H"), (2, "H"), (4, "Q" if header.big else "I"), (size - 4, "I")])
            worst = rng.choice([0, 1, 2, 7, 255, 65_535, 2**31 - 1, 2**31, 2**32 - 1, rng.getrandbits(32)])
            most = 2**16 - 1 if form == "H" else 2**32 - 1
            struct.pack_into(header.order + form, data, entry + at, worst & most)
    return bytes(data)


def test_row_16_mutated_headers_fail_by_name_or_read(tmp_path: Path, reader: Reader) -> None:
    rng = random.Random(16)
    seeds = _seeds(tmp_path)
    path = tmp_path / "mutated.tif"
    failed = read = 0
    tracemalloc.start()
    for _ in range(500):
        path.write_bytes(_mutated(rng.choice(seeds), rng))
        try:
            reader.info(str(path))
            got = reader.read(str(path), (1, 2), window_bounds(UTM, 0, 0, 100, 90), CRS, rng.choice([None, 25.0]))
            read += 1
            assert got.present.shape == got.values.shape[1:]
        except ReadFailed as error:
            failed += 1
            assert error.reason and error.kind in (
                "damaged",
                "truncated",
                "refused",
                "missing",
                "too large",
                "zeros",
                "no georeference",
            )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert failed > 150 and read > 50 and peak < 300_000_000


def test_row_16_noise_is_no_tiff() -> None:
    rng = random.Random(3)
    for _ in range(300):
        start = rng.choice([b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0", b""])
        with pytest.raises((NotTiff, BadTiff)):
            read_layout(MemoryBytes("noise", start + rng.randbytes(rng.randint(0, 400))))


def test_a_header_of_many_pieces_is_kept_in_little(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + random.Random(1).randbytes(20_000_000))
    with LocalBytes(path) as source:
        header = Header(source)
        for offset in range(0, 19_000_000, 70_000):
            assert header.read(offset, 9) == source.read(offset, 9)
        assert sum(len(piece) for _, piece in header._pieces) < 3_000_000


def test_only_images_of_the_same_shape_are_overviews(tmp_path: Path, reader: Reader) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = write(tmp_path / "a.tif", numbers(1, 200, 100, "uint8"), overviews=(2,))
    raw = bytearray(path.read_bytes())
    with LocalBytes(path) as source:
        tag = read_layout(source).levels[1].tags[256]
    struct.pack_into("<H" if tag.kind == 3 else "<I", raw, tag.at, 90)
    path.write_bytes(raw)
    with LocalBytes(path) as source:
        assert [level.width for level in read_layout(source).levels] == [100]


def test_a_tile_far_larger_than_its_image_is_refused(tmp_path: Path) -> None:
    """A decoder takes memory for the whole tile: a file of 200 bytes made it take 8 GB."""
    path = tmp_path / "a.tif"
    path.write_bytes(_claims(4))
    with Reader(local_roots=(tmp_path,)) as placed, pytest.raises(ReadFailed) as failed:
        placed.read(str(path), (1,), (0, 0, 4, 4), CRS, None, georef=(CRS, (1, 0, 0, 0, -1, 4)))
    assert failed.value.kind == "too large"


def test_bits_are_counted_as_the_bytes_they_become(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.ones((1, 40_000, 8), "uint8"), nbits="1", blockysize=40_000, compress="deflate")
    raw = bytearray(path.read_bytes())
    with LocalBytes(path) as source:
        tag = read_layout(source).levels[0].tags[256]
    struct.pack_into("<H" if tag.kind == 3 else "<I", raw, tag.at, 40_000)
    path.write_bytes(raw)
    with Reader(local_roots=(tmp_path,)) as reader, pytest.raises(ReadFailed) as failed:
        reader.read(str(path), (1,), (0, 0, 9e9, 9e9), CRS, None)
    assert failed.value.kind == "too large"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("endianness", ["little", "big"])
def test_a_plain_file_of_one_strip_is_read_in_parts(
    tmp_path: Path, reader: Reader, count: int, interleave: str, endianness: str
) -> None:
    values = numbers(count, 900, 333, "uint16")
    values[:, 500:700] = 0
    options = {"blockysize": 900, "interleave": interleave, "endianness": endianness}
    path = write(tmp_path / "a.tif", values, **options)
    with LocalBytes(path) as source:
        image = read_layout(source)
        level = image.levels[0]
        assert level.chopped and level.down > 5
        window = tiffcut.blocks_of(image, level, (300, 5, 9, 9), tuple(range(1, count + 1)))
        assert window.length < 3 * 64 * 1024 < path.stat().st_size
    for where in [(0, 0, 900, 333), (300, 5, 9, 9), (890, 300, 50, 90), (0, 0, 1, 1)]:
        got = reader.read(str(path), tuple(range(count, 0, -1)), window_bounds(UTM, *where), CRS, None)
        np.testing.assert_array_equal(got.values, gdal_window(path, got, tuple(range(count, 0, -1))))
        assert got.present.all() == (where[0] != 0 or where[2] < 900)
    cut = tmp_path / "cut.tif"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(ReadFailed) as failed:
        reader.read(str(cut), (count,), window_bounds(UTM, 800, 0, 99, 99), CRS, None)
    assert failed.value.kind == "truncated"


def test_a_strip_too_short_for_its_image_is_cut_off(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 900, 333, "uint16"), blockysize=900)
    raw = bytearray(path.read_bytes())
    with LocalBytes(path) as source:
        counts = read_layout(source).levels[0].tags[279]
    struct.pack_into("<I", raw, counts.at, 333 * 2 * 500)
    path.write_bytes(raw)
    same(reader, path, (100, 100, 50, 50))
    with pytest.raises(ReadFailed) as failed:
        reader.read(str(path), (1,), window_bounds(UTM, 600, 100, 50, 50), CRS, None)
    assert failed.value.kind == "truncated"


def _doubles(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


SCALE, TIE = (33550, 12, 3, _doubles(10, 10, 0)), (33922, 12, 6, _doubles(2, 3, 0, 500_000, 4_000_000, 0))
MATRIX = (34264, 12, 16, _doubles(5, 1, 0, 100, 1, -5, 0, 200, 0, 0, 0, 0, 0, 0, 0, 1))


@pytest.mark.parametrize("point", [1, 2])
@pytest.mark.parametrize("placed", [
    [SCALE, TIE],
    [SCALE, TIE, MATRIX],
    [MATRIX],
    [(33550, 12, 3, _doubles(10, -10, 0)), TIE],
    [(33550, 12, 3, _doubles(0, 10, 0)), TIE, MATRIX],
    [(33550, 11, 3, struct.pack("<3f", 10, 10, 0)), TIE],
])  # fmt: skip
def test_of_several_placements_gdals_is_taken(tmp_path: Path, reader: Reader, placed: list[Any], point: int) -> None:
    keys = (34735, 3, 16, struct.pack("<16H", 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, point, 3072, 0, 1, 32652))
    one = [(number, 3, 1, struct.pack("<H", value)) for number, value in ((256, 8), (257, 8), (258, 8), (259, 1), (262, 1))]
    path = tmp_path / "a.tif"
    path.write_bytes(
        write_tiff("<", [*one, (277, 3, 1, b"\1\0"), (278, 3, 1, b"\x08\0"), keys, *placed], [bytes(64)], tiled=False)
    )
    with rasterio.open(path) as source:
        assert reader.info(str(path)).transform == pytest.approx(tuple(source.transform)[:6], rel=1e-12)
    assert reader.info(str(path)).crs == CRS


@pytest.mark.parametrize("georef", [
    ("nonsense", (1, 0, 0, 0, -1, 0)),
    ("EPSG:999999", (1, 0, 0, 0, -1, 0)),
    ("+proj=longlat +R=1737400 +no_defs", (1, 0, 0, 0, -1, 0)),
    (CRS, (1, 0, 0, 0, -1)),
    (CRS, (1, 0, float("nan"), 0, -1, 0)),
    (CRS, (1, 1, 0, 1, 1, 0)),
])  # fmt: skip
def test_a_place_stated_beside_a_file_that_is_none_is_named(tmp_path: Path, reader: Reader, georef: Any) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 9, 9, "uint8"))
    with pytest.raises(ReadFailed) as failed:
        reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 9, 9), CRS, None, georef=georef)
    assert failed.value.kind == "no georeference"


def test_a_crs_that_leads_nowhere_is_named(tmp_path: Path, reader: Reader) -> None:
    path = write(tmp_path / "a.tif", numbers(1, 9, 9, "uint8"), crs='LOCAL_CS["a plan",UNIT["metre",1]]')
    with pytest.raises(ReadFailed, match="nothing leads from") as failed:
        reader.read(str(path), (1,), window_bounds(UTM, 0, 0, 9, 9), CRS, None)
    assert failed.value.kind == "no georeference"


REAL = ("naip-nd/*.tif", "oscd/*/*.tif", "santa-barbara-s1/*.tif", "landsat8-ny/**/*.TIF", "verdun-s2/SENTINEL/*/*/**/*.tif")


@pytest.mark.skipif(not DATA, reason="SITELINE_DATA names no folder of real images")
@pytest.mark.parametrize("pattern", REAL)
def test_real_files_are_read_as_gdal_reads_them(pattern: str) -> None:
    rng = random.Random(pattern)
    paths = sorted(Path(DATA).glob(pattern))
    with Reader(local_roots=(Path(DATA),)) as reader:
        for path in rng.sample(paths, min(12, len(paths))):
            with rasterio.open(path) as source:
                if not source.crs:
                    continue
                height, width, count = *source.shape, source.count
                where = rng.randrange(height), rng.randrange(width), rng.randint(1, height), rng.randint(1, width)
                bounds = window_bounds(source.transform, *where)
                indexes = tuple(rng.sample(range(1, count + 1), min(count, 3)))
                got = reader.read(str(path), indexes, bounds, source.crs.to_string(), None)
                assert rasterio.CRS.from_user_input(got.crs) == source.crs
                assert got.nodata == source.nodata or (np.isnan(got.nodata) and np.isnan(source.nodata))
                blank = (path.stat().st_size, source.compression)
            np.testing.assert_array_equal(got.values, gdal_window(path, got, indexes), err_msg=str(path))
            assert got.present.all() or (blank[1] is None and not got.values[:, ~got.present].all())
