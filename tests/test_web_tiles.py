"""Tiles, stretches and chips: every pixel where it lies, missing never a colour, bounded, from what is on this machine."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject
from typer.testing import CliRunner

import image_site
from siteline.cli.commands import app
from siteline.guard.reader import Reader
from siteline.model.errors import BadInput, ReadFailed
from siteline.model.grid import Grid
from siteline.model.scene import Asset, ImageScene
from siteline.model.site import MARGIN_M
from siteline.web import windows
from siteline.web.pictures import Kept
from web_server import Bench, serving

LON, LAT = 124.705, 39.66
WORLD = 2 * math.pi * 6378137.0
NOT_TILES = (
    *("25/0/0.png", "999999999/0/0.png", f"1/{'9' * 3000}/0.png", "3/8/0.png", "3/-1/0.png", "a/b/c.png"),
    *("1/0/0.png?bands=a,b", f"1/0/0.png?bands={'red,' * 900}red"),
    *("1/0/0.png?low=nan&high=1", "1/0/0.png?low=2&high=1", "1/0/0.png?low=1"),
)


def tile_at(z: int, lon: float = LON, lat: float = LAT) -> tuple[int, int, int]:
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)


def ground(height: int, width: int, seed: int = 3) -> NDArray[np.float64]:
    """Smooth hills with a sharp cross, so that a shift by a part of a pixel shows."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = sum(np.sin((x * a + y * b) / 9 + c) for a, b, c in rng.normal(size=(4, 3)))
    waves[height // 2, :] += 3
    waves[:, width // 2] += 3
    return 2000 + 300 * waves


def written(path: Path, crs: str, values: NDArray[np.float64], res: float, *, overviews: bool = False) -> Path:
    """A GeoTIFF of ``values`` [row, column] around the middle of the site."""
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(LON, LAT)
    height, width = values.shape
    origin = from_origin(x - width / 2 * res, y + height / 2 * res, res, res)
    profile = {"driver": "GTiff", "dtype": "uint16", "count": 1, "height": height, "width": width, "crs": crs, "nodata": 0}
    with rasterio.open(path, "w", transform=origin, tiled=True, blockxsize=128, blockysize=128, **profile) as out:
        out.write(np.clip(values, 0, 65535).astype(np.uint16), 1)
        if overviews:
            out.build_overviews([2, 4, 8], Resampling.average)
    return path


def scene(*files: Path, bands: tuple[str, ...] = ("red",)) -> ImageScene:
    assets = tuple(Asset(band, str(file), band) for band, file in zip(bands, files, strict=True))
    return ImageScene("here/one", "here", assets=assets, calibration="none")


def site() -> Grid:
    return Grid.around(LON, LAT, 3000, 10)


def by_gdal(path: Path, at: tuple[int, int, int], how: Resampling) -> NDArray[np.float64]:
    """The tile as GDAL warps it from the file itself."""
    z, x, y = at
    side = WORLD / 2**z
    transform = from_origin(x * side - WORLD / 2, WORLD / 2 - y * side, side / 256, side / 256)
    values = np.full((256, 256), np.nan)
    with rasterio.open(path) as source:
        stored = source.read(1).astype(float)
        stored[stored == 0] = np.nan
        nothing = {"src_nodata": np.nan, "dst_nodata": np.nan}
        place = {
            "src_transform": source.transform,
            "src_crs": source.crs,
            "dst_transform": transform,
            "dst_crs": "EPSG:3857",
        }
        reproject(stored, values, resampling=how, **place, **nothing)
    return values


@pytest.mark.parametrize("crs", ["EPSG:32651", "EPSG:32652", "EPSG:4326", "EPSG:3857", "EPSG:5179"])
@pytest.mark.parametrize("z", [14, 16, 17])
def test_every_pixel_lies_where_gdal_puts_it(tmp_path: Path, crs: str, z: int):
    res = 3.0 if crs != "EPSG:4326" else 3.0 / 111_195
    path = written(tmp_path / "a.tif", crs, ground(400, 420), res)
    tile = tile_at(z)
    with Reader(local_roots=(tmp_path,)) as reader:
        ours = windows.tile(scene(path), ("red",), {}, tile, reader, site())[0]
    metres = WORLD / 2**z / 256 * math.cos(math.radians(LAT))
    how = Resampling.average if metres >= 3.6 else Resampling.bilinear if metres >= 1.5 else Resampling.nearest
    theirs = by_gdal(path, tile, how)
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() > 0.97 * np.isfinite(theirs).sum() > 1000
    off = np.abs(ours - theirs)[both]
    assert np.median(off) < 12
    assert np.percentile(off, 95) < 120
    best = min(
        ((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)),
        key=lambda d: np.nanmean(np.abs(np.roll(ours, d, (0, 1)) - theirs)[2:-2, 2:-2]),
    )
    assert best == (0, 0)


def test_overviews_are_read_from_far_and_a_file_without_them_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    big = ground(1500, 1500)
    plain, coarse = written(tmp_path / "p.tif", "EPSG:32651", big, 10), tmp_path / "c.tif"
    written(coarse, "EPSG:32651", big, 10, overviews=True)
    monkeypatch.setattr(windows, "MOST_READ", 1_000_000)
    with Reader(local_roots=(tmp_path,)) as reader:
        near = windows.tile(scene(plain), ("red",), {}, tile_at(14), reader, site())
        assert np.isfinite(near).any()
        far = windows.tile(scene(coarse), ("red",), {}, tile_at(10), reader, site())
        assert np.nanmean(far) == pytest.approx(2000, abs=50)
        with pytest.raises(BadInput, match="zoom in"):
            windows.tile(scene(plain), ("red",), {}, tile_at(10), reader, site())


def test_what_has_no_number_has_none_in_the_tile(tmp_path: Path):
    values = ground(300, 300)
    values[100:200, 100:200] = 0  # nodata
    path = written(tmp_path / "a.tif", "EPSG:32651", values, 10)
    for z in (12, 13, 14):
        with Reader(local_roots=(tmp_path,)) as reader:
            tile = windows.tile(scene(path), ("red",), {"red": (1e-4, -0.05)}, tile_at(z), reader, site())[0]
        seen = tile[np.isfinite(tile)]
        assert np.isnan(tile).any()
        assert seen.size == 0 or seen.min() > 0.0  # 0 * 1e-4 - 0.05 would be negative


def test_bands_of_several_files_and_sizes_lie_on_one_another(tmp_path: Path):
    values = ground(256, 256)
    fine = written(tmp_path / "f.tif", "EPSG:32651", values, 10)
    halved = values.reshape(128, 2, 128, 2).mean((1, 3))
    half = written(tmp_path / "h.tif", "EPSG:32651", halved, 20)
    with Reader(local_roots=(tmp_path,)) as reader:
        both = windows.tile(scene(fine, half, bands=("red", "swir16")), ("red", "swir16"), {}, tile_at(14), reader, site())
    smooth = np.isfinite(both).all(axis=0)
    assert np.corrcoef(both[0][smooth], both[1][smooth])[0, 1] > 0.9


def test_a_broken_file_is_an_error_not_black(tmp_path: Path):
    path = written(tmp_path / "a.tif", "EPSG:32651", ground(300, 300), 10)
    path.write_bytes(path.read_bytes()[:-60_000])
    with Reader(local_roots=(tmp_path,)) as reader, pytest.raises(ReadFailed):
        windows.tile(scene(path), ("red",), {}, tile_at(13), reader, site())
    with Reader(local_roots=(tmp_path,)) as reader, pytest.raises(windows.Outside):
        windows.tile(
            scene(written(tmp_path / "b.tif", "EPSG:32651", ground(99, 99), 10)), ("red",), {}, (10, 0, 0), reader, site()
        )


@given(sizes=st.lists(st.integers(1, 40), max_size=60), most=st.integers(1, 100))
def test_what_is_kept_is_bounded_and_is_what_was_used_last(sizes: list[int], most: int):
    kept: Kept[int, bytes] = Kept(most, len)
    for n, size in enumerate(sizes):
        kept.put(n, b"x" * size)
        held = [k for k in range(n + 1) if kept._values.get(k) is not None]
        assert sum(sizes[k] for k in held) <= max(most, size)
        assert held == list(range(held[0], n + 1))
        assert kept._total == sum(sizes[k] for k in held)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Bench]]:
    """A case whose scenes were found on a server, and are not copied yet."""
    folder = tmp_path_factory.mktemp("tiles")
    patch = pytest.MonkeyPatch()
    patch.setenv("SITELINE_HOME", str(folder / "home"))
    with image_site.site(folder) as (api, files):
        path = folder / "case.gpkg"
        ran("import", image_site.structures(folder / "in"), path)
        ran("find", path, "--source", api, "--from", "2019", "--to", "2019")
        with serving(path) as bench:
            bench.files = files
            yield path, bench
    patch.undo()


def fetched(path: Path, bench: Bench) -> None:
    ran("fetch", path, "--res", "10", "--trust", bench.files)


def ran(*args: object) -> None:
    result = CliRunner().invoke(app, [str(a) for a in args])
    assert result.exit_code == 0, result.output


def address(bench: Bench, n: int, z: int = 14, more: str = "") -> str:
    drawn = [s for s in bench.state()["scenes"] if s["pixels"] and not s["duplicate"]]
    west, south, east, north = drawn[n]["bounds"]
    _, x, y = tile_at(z, (west + east) / 2, (south + north) / 2)
    return f"/tiles/{quote(drawn[n]['id'], safe='')}/{z}/{x}/{y}.png{more}"


def pixels(body: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(body)).convert("RGBA"))


def test_nothing_is_fetched_and_a_copy_serves_once_there_is_one(found: tuple[Path, Bench]):
    path, bench = found
    answer = bench.get(address(bench, 0))
    assert (answer.status, answer.json["error"]["kind"]) == (503, "ReadFailed")
    assert "siteline fetch" in answer.json["error"]["remedy"]
    fetched(path, bench)
    for z in (12, 14, 17):
        answer = bench.get(address(bench, 0, z))
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        assert (pixels(answer.body)[..., 3] == 255).any()


def test_compared_scenes_are_drawn_alike_whatever_their_processing(found: tuple[Path, Bench]):
    """The scene of baseline 04.00 has numbers 1000 higher; on the ground nothing differs."""
    path, bench = found
    fetched(path, bench)
    drawn = [s["id"] for s in bench.state()["scenes"] if s["pixels"] and not s["duplicate"]]
    pair = [drawn[3], drawn[-1]]
    told = bench.get(f"/api/stretch?scenes={quote(','.join(pair), safe='')}").json
    assert (told["quantity"], len(told["low"]), told["given"]) == ("surface_reflectance", 3, False)
    assert 0 < told["low"][0] < 0.2 < told["high"][0] < 0.6
    limits = f"?low={told['low'][0]}&high={told['high'][0]}"
    made = [pixels(bench.get(address(bench, n, 14, limits)).body).astype(int) for n in (3, len(drawn) - 1)]
    seen = (made[0][..., 3] == 255) & (made[1][..., 3] == 255)
    assert seen.sum() > 2000
    assert abs(np.median(made[0][seen][:, :3] - made[1][seen][:, :3])) <= 2


def test_a_chip_shows_the_structure_with_its_outline(found: tuple[Path, Bench]):
    path, bench = found
    fetched(path, bench)
    drawn = [s["id"] for s in bench.state()["scenes"] if s["pixels"] and not s["duplicate"]]
    before, after = (
        pixels(bench.get(f"/chips/hall/{quote(drawn[n], safe='')}.png?size=96").body).astype(int) for n in (0, 5)
    )
    assert before.shape == (96, 96, 4)
    inner = (slice(40, 56), slice(40, 56))
    assert after[inner][..., :3].mean() > before[inner][..., :3].mean() + 40
    white = (before[..., :3] == 255).all(axis=-1)
    rows, cols = np.nonzero(white)
    assert abs((rows.min() + rows.max()) / 2 - 47.5) <= 2
    assert abs((cols.min() + cols.max()) / 2 - 47.5) <= 2
    for size in ("0", "4000", "-1", "x", "9" * 40):
        assert bench.get(f"/chips/hall/{quote(drawn[0], safe='')}.png?size={size}").status == 422
    assert bench.get(f"/chips/nowhere/{quote(drawn[0], safe='')}.png").status == 404
    assert bench.get("/chips/hall/nothing.png").status == 404


def test_what_is_masked_is_hatched_where_the_mask_lies_and_nowhere_else(found: tuple[Path, Bench]):
    """The cloud of the third scene: columns and rows 90 to 170 of its mask, widened by 40 m, as far as the site reaches."""
    path, bench = found
    fetched(path, bench)
    cloud = address(bench, image_site.CLOUDED, 14).replace("/tiles/", "/masks/")
    z, x, y = (int(part) for part in cloud.removesuffix(".png").split("/")[-3:])
    hatch = bench.get(cloud)
    assert (hatch.status, hatch.headers["content-type"]) == (200, "image/png")
    drawn = pixels(hatch.body)[..., 3] > 0
    side = WORLD / 2**z
    cols, rows = np.meshgrid((np.arange(256) + 0.5) / 256, (np.arange(256) + 0.5) / 256)
    to_site = Transformer.from_crs("EPSG:3857", image_site.CRS, always_xy=True)
    east, north = to_site.transform((x + cols) * side - WORLD / 2, WORLD / 2 - (y + rows) * side)
    col, row = (east - image_site.LEFT) / 10, (image_site.TOP - north) / 10
    beyond = np.hypot(*(np.maximum(0, abs(at - 130) - 40) for at in (col, row)))  # pixels of 10 m from the cloud
    assert not drawn[beyond > 6.5].any()
    hall = [
        np.maximum(0, np.maximum(span.start - at, at - span.stop))
        for span, at in zip(image_site.HALL, (row, col), strict=True)
    ]
    reached = np.maximum(*hall) < MARGIN_M / 10 - 3
    inside = (beyond < 1.5) & reached
    assert inside.sum() > 1000
    assert drawn[inside].mean() == pytest.approx(3 / 8, abs=0.03)  # lines three pixels wide, every eight
    clear = pixels(bench.get(address(bench, 0, 14).replace("/tiles/", "/masks/")).body)
    assert not clear[..., 3].any()
    assert [one["masks"] for one in bench.state()["scenes"] if one["pixels"]].count(False) == 0
    for rest in ("25/0/0.png", "a/b/c.png"):
        assert bench.get(f"/masks/{quote('x', safe='')}/{rest}").status == 422
    assert bench.get("/masks/nothing/14/0/0.png").status == 404


@pytest.mark.parametrize("rest", NOT_TILES)
def test_what_cannot_be_a_tile_is_refused_at_once(found: tuple[Path, Bench], rest: str):
    _, bench = found
    scene_id = next(s["id"] for s in bench.state()["scenes"] if s["pixels"])
    start = time.process_time()
    answer = bench.get(f"/tiles/{quote(scene_id, safe='')}/{rest}")
    assert 400 <= answer.status < 500
    assert time.process_time() - start < 1
    assert bench.get("/api/stretch?scenes=" + "a," * 2000).status == 422


def test_fifty_at_once_get_what_one_gets(found: tuple[Path, Bench]):
    path, bench = found
    fetched(path, bench)
    asked = [address(bench, n % 6, z, f"?low=0.01&high={0.3 + n / 100}") for n in range(10) for z in (13, 14, 15, 16, 17)]
    got: dict[str, tuple[int, bytes]] = {}

    def get(path_: str) -> None:
        answer = bench.get(path_)
        got[path_] = answer.status, answer.body

    threads = [threading.Thread(target=get, args=(one,)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 50
    assert {status for status, _ in got.values()} <= {200, 404}
    with serving(path) as alone:
        for one in asked[::7]:
            assert alone.get(one).body == got[one][1]


def test_figures_of_what_is_on_screen_say_scale_north_date_and_credit(found: tuple[Path, Bench]):
    path, bench = found
    fetched(path, bench)
    drawn = [quote(s["id"], safe="") for s in bench.state()["scenes"] if s["pixels"] and not s["duplicate"]]
    for query in (f"scene.svg?scene={drawn[3]}&structure=hall", f"compare.svg?before={drawn[0]}&after={drawn[3]}"):
        text = bench.get(f"/api/export/{query}").body.decode()
        for words in ("24 Feb 2019", "Copernicus", ">N<", " m<", "Assembly hall", "north"):
            assert words in text, words
    picture = pixels(bench.get(f"/api/export/scene.png?scene={drawn[3]}&theme=dark").body)
    assert picture.shape[1] >= 900
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 500
