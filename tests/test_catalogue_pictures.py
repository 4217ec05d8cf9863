"""Pictures without georeference: control points, corner coordinates, world files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely import Point, from_wkt

from local_samples import bands, noted, says, scene, search, write, write_picture, write_tif
from siteline.catalogue.pictures import fit_affine
from siteline.model.errors import BadRows

GEOD = Geod(ellps="WGS84")


def points_csv(points: list[tuple[float, float, float, float]]) -> str:
    return "col,row,lon,lat\n" + "".join(",".join(map(repr, point)) + "\n" for point in points)


def placed(col: float, row: float, crs: str, transform: tuple[float, ...]) -> tuple[float, float]:
    """Longitude and latitude of a place in a picture, by its georeference."""
    a, b, c, d, e, f = transform
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(a * col + b * row + c, d * col + e * row + f)
    return float(lon), float(lat)


def ground(col: float, row: float) -> tuple[float, float]:
    """A picture of 60 x 40 px, 2 m a pixel, turned by 20 degrees, near Sohae."""
    turn, size = math.radians(20), 2.0
    x = 310_000 + size * (math.cos(turn) * col + math.sin(turn) * row)
    y = 4_393_000 + size * (math.sin(turn) * col - math.cos(turn) * row)
    lon, lat = Transformer.from_crs("EPSG:32651", "EPSG:4326", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def test_exact_control_points_place_a_turned_picture_to_the_millimetre(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02_sohae.png")
    table = [(col, row, *ground(col, row)) for col, row in ((0.0, 0.0), (60.0, 0.0), (60.0, 40.0), (5.0, 31.0))]
    write(tmp_path / "2019-03-02_sohae.points.csv", points_csv(table))
    one = scene(tmp_path)
    assert one.georef is not None and not one.quarantined and bands(one).keys() == {"red", "green", "blue"}
    for col, row in ((0, 0), (60, 40), (17, 23)):
        *_, metres = GEOD.inv(*placed(col, row, *one.georef), *ground(col, row))
        assert metres < 0.01
    assert says(one, "residual 0.00 m", "4 points") and one.gsd_m == pytest.approx(2.0, abs=1e-3)
    assert from_wkt(one.footprint_wkt).covers(Point(ground(30, 20)))


@settings(max_examples=30, deadline=None)
@given(st.integers(4, 30), st.floats(0, 5), st.integers(0, 10_000))
def test_the_residual_is_that_of_an_independent_least_squares_fit(count: int, noise_m: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.uniform(0, 1000, (count, 2))
    x = 700_000 + 3 * pixels[:, 0] - 0.5 * pixels[:, 1] + random.normal(0, noise_m, count)
    y = 4_400_000 + 0.4 * pixels[:, 0] - 3.1 * pixels[:, 1] + random.normal(0, noise_m, count)
    lon, lat = Transformer.from_crs("EPSG:32651", "EPSG:4326", always_xy=True).transform(x, y)
    crs, transform, residual = fit_affine(list(zip(*pixels.T.tolist(), lon.tolist(), lat.tolist(), strict=True)))
    assert crs == "EPSG:32651"
    design = np.column_stack([pixels, np.ones(count)])
    solved = np.linalg.pinv(design.T @ design) @ design.T @ np.column_stack([x, y])
    assert transform == pytest.approx(solved.T.ravel().tolist(), rel=1e-5, abs=1e-3)
    off = design @ solved - np.column_stack([x, y])
    assert residual == pytest.approx(math.sqrt((off**2).sum() / count), abs=1e-3)


def test_three_points_fit_and_say_that_nothing_checks_them(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.points.csv", points_csv([(c, r, *ground(c, r)) for c, r in ((0, 0), (60, 0), (0, 40))]))
    assert says(scene(tmp_path), "three points", "not known") and not scene(tmp_path).quarantined


@pytest.mark.parametrize(
    ("pixels", "word"), [([(0, 0), (60, 0)], "2 points"), ([(0, 0), (30, 20), (60, 40), (15, 10)], "in one line")]
)
def test_points_that_cannot_place_a_picture_are_refused_with_the_reason(
    tmp_path: Path, pixels: list[tuple[int, int]], word: str
) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.points.csv", points_csv([(c, r, *ground(c, r)) for c, r in pixels]))
    assert says(scene(tmp_path), word) and scene(tmp_path).quarantined and scene(tmp_path).georef is None


def test_mistakes_in_a_table_of_points_are_told_with_their_place(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.points.csv", "col,row,lon,lat\n0,0,224.7,39.6\n1,x,124.7,39.6\n2,2,39.6,124.7\n")
    with pytest.raises(BadRows) as caught:
        search(tmp_path)
    assert [(p.line, p.column) for p in caught.value.problems] == [(2, "lon"), (3, "row"), (4, "lat")]
    write(tmp_path / "2019-03-02.points.csv", "x,y\n1,2\n")
    with pytest.raises(BadRows, match="col"):
        search(tmp_path)


def test_points_across_the_antimeridian_are_one_place() -> None:
    points = [
        (0.0, 0.0, 179.99, 10.0),
        (200.0, 0.0, -179.99, 10.0),
        (200.0, 100.0, -179.99, 9.99),
        (0.0, 100.0, 179.99, 9.99),
    ]
    crs, transform, residual = fit_affine(points)
    assert abs(transform[0]) == pytest.approx(2192 / 200, rel=0.01) and residual < 1 and crs in ("EPSG:32601", "EPSG:32660")


def test_corners_of_scenes_csv_place_an_exported_picture(tmp_path: Path) -> None:
    write_picture(tmp_path / "export.jpg")
    corners = "124.70 39.67, 124.72 39.67, 124.72 39.66, 124.70 39.66"
    write(
        tmp_path / "scenes.csv",
        f'file,acquired,date_is,provider,corners\nexport.jpg,2018-11,not_later_than,Google,"{corners}"\n',
    )
    one = scene(tmp_path)
    assert one.georef is not None and one.when_kind == "not_later_than" and one.provider == "Google"
    for (col, row), place in {(0, 0): (124.70, 39.67), (60, 40): (124.72, 39.66)}.items():
        *_, metres = GEOD.inv(*placed(col, row, *one.georef), *place)
        assert metres < 2.0, "an affine map of a box in degrees"
    assert says(one, "corners of scenes.csv", "residual")


def test_a_world_file_names_the_centre_of_the_first_pixel(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.pgw", "2.0\n0.0\n0.0\n-2.0\n310001.0\n4392999.0\n")
    assert scene(tmp_path).quarantined and says(scene(tmp_path), "names no CRS", ".prj")
    write(tmp_path / "scenes.csv", "file,crs\n2019-03-02.png,EPSG:32651\n")
    one = scene(tmp_path)
    assert one.georef == ("EPSG:32651", (2.0, 0.0, 310000.0, 0.0, -2.0, 4393000.0)) and not one.quarantined


def test_a_world_file_with_prj_and_one_in_degrees(tmp_path: Path) -> None:
    from pyproj import CRS

    write_tif(tmp_path / "2019-03-02.tif", 3, crs=None)
    write(tmp_path / "2019-03-02.tfw", "2.0\n0.0\n0.0\n-2.0\n310001.0\n4392999.0\n")
    write(tmp_path / "2019-03-02.prj", CRS("EPSG:32651").to_wkt("WKT1_ESRI"))
    write_picture(tmp_path / "2019-03-03.jpg")
    write(tmp_path / "2019-03-03.jgw", "0.0001\n0\n0\n-0.0001\n124.70005\n39.66995\n")
    first, second = search(tmp_path).items
    assert first["properties"]["proj:code"] == "EPSG:32651" and "siteline:problems" in second["properties"]
    assert second["properties"]["proj:code"] == "EPSG:4326"
    assert second["bbox"] == pytest.approx([124.70, 39.666, 124.706, 39.67], abs=1e-6)


@pytest.mark.parametrize("text", ["", "1\n2\n3\n", "a\nb\nc\nd\ne\nf\n", "0\n0\n0\n0\n1\n2\n", "1\n0\n0\nnan\n1\n2\n"])
def test_what_is_no_world_file_places_nothing(tmp_path: Path, text: str) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.pgw", text)
    assert scene(tmp_path).quarantined and says(scene(tmp_path), "2019-03-02.pgw")


def test_a_picture_is_read_where_its_points_say(tmp_path: Path) -> None:
    from siteline.guard.reader import Reader

    write_picture(tmp_path / "2019-03-02.png")
    write(tmp_path / "2019-03-02.pgw", "2.0\n0.0\n0.0\n-2.0\n310001.0\n4392999.0\n")
    write(tmp_path / "scenes.csv", "file,crs\n2019-03-02.png,EPSG:32651\n")
    one = scene(tmp_path)
    red = one.bands(("red",))[0]
    assert red is not None
    with Reader(local_roots=(tmp_path,)) as reader:
        got = reader.read(
            red.href, (red.index,), (310_010, 4_392_970, 310_050, 4_392_990), "EPSG:32651", None, georef=one.georef
        )
    assert got.crs == "EPSG:32651" and got.values.size and (got.values == 90).all()


def test_the_files_beside_a_picture_are_its_own(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    for name in ("2019-03-02.pgw", "2019-03-02.prj", "2019-03-02.png.aux.xml"):
        write(tmp_path / name, "1")
    assert not noted(search(tmp_path), "no image")
