"""Folders of loose images: what is recognised, what is passed over and said, scenes.csv, times (rows 30 to 32)."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import Affine
from rasterio.warp import transform_bounds
from shapely import from_wkt

from local_samples import UTM, WORLD, bands, ids, noted, says, scene, scenes, search, write, write_picture, write_tif
from siteline.catalogue.dates import written
from siteline.catalogue.filenames import said_by
from siteline.catalogue.items import scene_of
from siteline.catalogue.local import catalogue_in, source_for
from siteline.catalogue.outline import box, outline_of
from siteline.guard.listing import files_below
from siteline.model.errors import BadDate, BadRows, FileTrouble
from siteline.model.search import Query
from siteline.model.span import Span


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_a_dated_geotiff_is_a_scene_with_its_place_and_its_bands(tmp_path: Path) -> None:
    file = write_tif(tmp_path / "deep" / "er" / "sohae_2019-03-02.tif", 3)
    one = scene(tmp_path)
    assert (one.when.start, one.when.end) == (utc(2019, 3, 2), utc(2019, 3, 3)) and not one.quarantined
    assert bands(one) == {"red": (file.name, 1), "green": (file.name, 2), "blue": (file.name, 3)}
    assert one.quantity == "digital_number" and one.calibration == "none" and one.gsd_m == pytest.approx(10)
    with rasterio.open(file) as source:
        expected = transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21)
    assert from_wkt(one.footprint_wkt).bounds == pytest.approx(expected, abs=1e-6)


def test_a_folder_with_a_catalogue_of_its_own_is_read_by_it_unless_deliveries_lie_there(tmp_path: Path) -> None:
    write_tif(tmp_path / "images" / "a" / "blue.tif")
    assert catalogue_in(tmp_path) is None
    for text in ("no JSON", "[]", '{"type": "Order", "links": []}', '{"type": "Catalog"}'):
        write(tmp_path / "catalog.json", text)
        assert catalogue_in(tmp_path) is None
    write(tmp_path / "catalog.json", '{"type": "Catalog", "id": "farm", "links": []}')
    assert catalogue_in(tmp_path) == tmp_path / "catalog.json"
    write_tif(tmp_path / "delivered" / "LC08_L1TP_014032_20190302_20190309_01_T1_B4.TIF")
    assert catalogue_in(tmp_path) is None


def test_a_thousand_unrelated_files_are_counted_and_passed_over(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif")
    for number in range(1000):
        write(tmp_path / f"d{number % 7}" / f"letter{number}.docx", "x")
    for number in range(30):
        write(tmp_path / "icons" / f"icon{number}.png", "no picture at all")
    found = search(tmp_path)
    assert ids(found) == ["20190302.tif"] and found.completeness == "complete" and found.matched == 1
    assert noted(found, "1,000 files are no images") and noted(found, "30 pictures have neither a date nor a place")


def test_files_that_cannot_be_read_are_named_with_the_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif")
    write(tmp_path / "20190303.tif", "this is a letter, not an image")
    whole = write_tif(tmp_path / "20190304.tif", shape=(300, 300)).read_bytes()
    (tmp_path / "20190304.tif").write_bytes(whole[:40])
    (tmp_path / "20190305.tif").write_bytes(b"")
    found = search(tmp_path)
    assert ids(found) == ["20190302.tif"]
    for name in ("20190303.tif", "20190304.tif", "20190305.tif"):
        assert noted(found, name, "could not be read")


def test_sixteen_bit_tiffs_without_georeference_are_listed_with_a_remedy(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif", crs=None)
    one = scene(tmp_path)
    assert one.quarantined and says(one, "no georeference", "world file", "corners") and one.footprint_wkt is None


def test_a_crs_without_coordinates_is_no_place(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif", transform=None)
    assert scene(tmp_path).quarantined and says(scene(tmp_path), "no georeference")


def test_scenes_in_five_crs_and_one_of_one_pixel_lie_where_rasterio_says(tmp_path: Path) -> None:
    places = {
        "EPSG:32652": Affine(10, 0, 300_000, 0, -10, 4_400_000),
        "EPSG:32651": Affine(10, 0, 800_000, 0, -10, 4_400_000),
        "EPSG:4326": Affine(1e-4, 0, 124.7, 0, -1e-4, 39.7),
        "EPSG:3857": Affine(5, 0, 13_880_000, 0, -5, 4_820_000),
        "EPSG:5179": Affine(2, 0, 700_000, 0, -2, 2_200_000),
    }
    for day, (crs, transform) in enumerate(places.items(), 1):
        write_tif(tmp_path / f"2019030{day}.tif", crs=crs, transform=transform, shape=(1, 1) if day == 5 else (50, 70))
    found = scenes(tmp_path)
    assert len(found) == 5 and not any(one.quarantined for one in found)
    for day, (one, crs) in enumerate(zip(found, places, strict=True), 1):
        with rasterio.open(tmp_path / f"2019030{day}.tif") as source:
            expected = transform_bounds(crs, "EPSG:4326", *source.bounds, densify_pts=21)
        assert from_wkt(one.footprint_wkt).bounds == pytest.approx(expected, abs=2e-6)
        assert 0 < one.gsd_m <= 12


def test_only_what_touches_the_area_and_period_is_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif")
    write_tif(tmp_path / "20200302.tif")
    write_tif(tmp_path / "20190303.tif", transform=Affine(10, 0, 500_000, 0, -10, 4_400_000))
    found = search(tmp_path, Query((126.6, 39.6, 126.8, 39.8), utc(2019, 1, 1), utc(2020, 1, 1)))
    assert ids(found) == ["20190302.tif"] and noted(found, "1 items outside the area") and noted(found, "outside the period")


def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write_tif(tmp_path / "secret" / "20190301.tif")
    folder = tmp_path / "images"
    write_tif(folder / "20190302.tif")
    (folder / "20190303.tif").symlink_to(tmp_path / "secret" / "20190301.tif")
    (folder / "all").symlink_to(tmp_path / "secret")
    (folder / "20190304.tif").symlink_to(folder / "20190302.tif")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.tif").symlink_to(folder / "nothing")
    found = search(folder)
    assert ids(found) == ["20190302.tif", "20190304.tif"]
    assert (
        noted(found, "20190303.tif", "leads out")
        and noted(found, "all", "leads out")
        and noted(found, "gone.tif", "nowhere")
    )


def test_the_order_is_fixed_and_two_searches_answer_the_same(tmp_path: Path) -> None:
    for name in ("c_20190302.tif", "a_20190303.tif", "b/20190301.tif"):
        write_tif(tmp_path / name)
    first, second = search(tmp_path), search(tmp_path)
    assert json.dumps(first.items) == json.dumps(second.items)
    assert ids(first) == ["a_20190303.tif", "b/20190301.tif", "c_20190302.tif"]


def test_folders_of_one_name_have_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a" / "images").mkdir(parents=True)
    (tmp_path / "b" / "images").mkdir(parents=True)
    one, other = source_for(tmp_path / "a" / "images").name, source_for(tmp_path / "b" / "images").name
    assert one != other and one.startswith("images-") and source_for(tmp_path / "a" / "images").name == one


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="not a folder"):
        source_for(tmp_path / "missing")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_makes_the_search_incomplete(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert search(tmp_path).completeness == "unknown"


def test_hidden_files_are_counted_not_listed(tmp_path: Path) -> None:
    write_tif(tmp_path / ".20190302.tif")
    listing = files_below(tmp_path)
    assert listing.hidden == 1 and not listing.files and noted(search(tmp_path), "1 hidden")


def test_files_that_differ_in_the_band_are_one_scene(tmp_path: Path) -> None:
    for band in ("red", "nir", "swir16"):
        write_tif(tmp_path / f"site_20190302_{band}.tif")
    one = scene(tmp_path)
    assert bands(one) == {band: (f"site_20190302_{band}.tif", 1) for band in ("red", "nir", "swir16")}
    assert one.scene_id.endswith("/site_20190302")


def test_four_bands_without_names_are_not_guessed_in_full(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif", 4)
    one = scene(tmp_path)
    assert "nir" not in bands(one) and says(one, "nothing names its bands", "scenes.csv")


def test_a_scene_without_time_is_kept_and_quarantined_with_the_remedy(tmp_path: Path) -> None:
    write_tif(tmp_path / "orthophoto.tif")
    one = scene(tmp_path)
    assert one.quarantined and not one.when.known and says(one, "scenes.csv", "file,acquired")


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("20190302_021133_1032_3B_AnalyticMS", utc(2019, 3, 2, 2, 11, 33), None),
        ("20220405_181503_57_2424_3B_AnalyticMS", datetime(2022, 4, 5, 18, 15, 3, 570000, UTC), None),
        ("18JAN12110111-P1BS", utc(2018, 1, 12, 11, 1, 11), None),
        ("WV02_18JAN12110111", utc(2018, 1, 12, 11, 1, 11), None),
        ("SENTINEL2A_20151230-105153-392_L2A_T31UFQ_D_V1-1_FRE", datetime(2015, 12, 30, 10, 51, 53, 392000, UTC), None),
        (
            "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0",
            utc(2021, 11, 19, 1, 58, 58),
            None,
        ),
        ("S2A_MSIL2A_20190302T021133_N0211_R060_T52SDJ_20190302T060000", utc(2019, 3, 2, 2, 11, 33), None),
        ("T31UFQ_20190302T021133_B04_10m", utc(2019, 3, 2, 2, 11, 33), None),
        ("IMG_PHR1A_MS_201903020211331_ORT", utc(2019, 3, 2, 2, 11, 33), None),
        ("LC08_L1TP_013032_20180131_20180207_01_T1", utc(2018, 1, 31), utc(2018, 2, 1)),
        ("m_4709963_se_14_1_20120731", utc(2012, 7, 31), utc(2012, 8, 1)),
        ("sohae20190302", utc(2019, 3, 2), utc(2019, 3, 3)),
        ("sohae_2019_03_02_final", utc(2019, 3, 2), utc(2019, 3, 3)),
        ("2019-03 overview", utc(2019, 3, 1), utc(2019, 4, 1)),
        ("20190302T021133Z", utc(2019, 3, 2, 2, 11, 33), None),
    ],
)
def test_row_30_what_names_say_of_time(name: str, start: datetime, end: datetime | None) -> None:
    properties = said_by(name).properties
    when = Span.parse(str(properties.get("siteline:when") or properties["datetime"]))
    assert (when.start, when.end) == (start, end or start)


def test_row_30_a_clock_without_zone_in_a_name_is_the_days_it_can_be(tmp_path: Path) -> None:
    write_tif(tmp_path / "export_20190302T101500.tif")
    one = scene(tmp_path)
    assert (one.when.start, one.when.end) == (utc(2019, 3, 1), utc(2019, 3, 3)) and says(one, "no zone")


@pytest.mark.parametrize(
    "name", ["site_03-04-2024", "3.4.2024 site", "20190216_20190302_difference", "20191345", "99999999"]
)
def test_row_30_ambiguous_dates_in_names_are_refused(tmp_path: Path, name: str) -> None:
    write_tif(tmp_path / f"{name}.tif")
    assert scene(tmp_path).quarantined and not scene(tmp_path).when.known


@given(st.dates(date(1972, 1, 1), date(2025, 12, 31)), st.sampled_from(["{:%Y%m%d}", "{:%Y-%m-%d}", "a_{:%Y_%m_%d}_b"]))
def test_row_30_a_day_in_a_name_is_that_day(day: date, form: str) -> None:
    assert said_by(form.format(day)).properties["siteline:when"] == f"{day:%Y-%m-%d}"


@pytest.mark.parametrize("text", ["03/04/2024", "3.4.2024", "04-03-24", "2019-03-02T10:00 KST", "last week", "2019-13-01"])
def test_row_30_handwritten_dates_that_are_refused(text: str) -> None:
    with pytest.raises(BadDate):
        written(text)


def test_row_30_handwritten_offsets_are_converted() -> None:
    assert written("2019-03-02 11:11 +09:00")[0]["datetime"] == "2019-03-02T02:11:00Z"
    assert written("2019-03-02 02:11 UTC")[0]["datetime"] == "2019-03-02T02:11:00Z"
    assert written("20240304")[0]["siteline:when"] == "2024-03-04"


TABLE = """file,acquired,provider,platform,bands,scale,offset,quantity,gsd_m,cloud_percent,off_nadir,licence,credit,analyst
a.tif,2019-03-02T11:11:00+09:00,Airbus,Pleiades 1A,"red,green,blue,nir",0.0001,-0.1,toa_reflectance,0.5,12,25,bought,Me,Kim
old/*.tif,2018,Google,,"1=red,3=blue",,,,,,,,,
"""


def test_scenes_csv_says_what_files_do_not(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif", 4)
    write_tif(tmp_path / "old" / "b.tif", 3)
    write(tmp_path / "scenes.csv", TABLE)
    first, second = scenes(tmp_path)
    assert first.when.start == utc(2019, 3, 2, 2, 11) and first.properties["siteline:written"] == "2019-03-02T11:11:00+09:00"
    assert (first.provider, first.platform, first.cloud_percent, first.off_nadir) == ("Airbus", "pleiades-1a", 12, 25)
    assert (first.quantity, first.calibration, first.gsd_m) == ("toa_reflectance", "declared", 0.5)
    assert [(asset.band, asset.scale, asset.offset) for asset in first.assets][3] == ("nir", 0.0001, -0.1)
    assert (first.licence, first.credit, first.properties["siteline:csv_analyst"]) == ("bought", "Me", "Kim")
    assert bands(second) == {"red": ("b.tif", 1), "blue": ("b.tif", 3)}
    assert (second.when.start, second.when.end) == (utc(2018, 1, 1), utc(2019, 1, 1))


def test_row_31_a_release_date_is_a_limit_not_a_time(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif", 3)
    write(tmp_path / "scenes.csv", "file,acquired,date_is\na.tif,2019-03-02,not_later_than\n")
    assert scene(tmp_path).when_kind == "not_later_than" and scene(tmp_path).when.end == utc(2019, 3, 3)


def test_row_32_future_dates_and_processing_before_acquisition_are_quarantined(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif")
    write_tif(tmp_path / "b.tif")
    write(tmp_path / "scenes.csv", "file,acquired,processed\na.tif,2199-03-02,\nb.tif,2019-03-02,2019-02-01\n")
    future, early = scenes(tmp_path)
    assert future.quarantined and says(future, "future") and early.quarantined and says(early, "processed", "before")


def test_every_mistake_of_a_table_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    write_tif(tmp_path / "a.tif")
    rows = [
        "a.tif,03/04/2024,,,,,",
        "a.tif,2019-03-02,ultraviolet,,,,",
        ",2019-03-02,,x1,,,",
        "c.tif,2019-03-02,,,acquired?,,",
        "d.tif,2019-03-02,,0.1,,1 2 3,",
        "e.tif,2019-03-02,,,,,150",
    ]
    write(tmp_path / "scenes.csv", "file,acquired,bands,scale,date_is,corners,cloud_percent\n" + "\n".join(rows) + "\n")
    with pytest.raises(BadRows) as caught:
        search(tmp_path)
    told = {(problem.line, problem.column) for problem in caught.value.problems}
    assert told >= {(2, "acquired"), (3, "bands"), (4, "file"), (4, "scale"), (5, "date_is"), (6, "corners")}
    assert told >= {(3, "file"), (7, "cloud_percent")} and all(
        problem.file == "scenes.csv" for problem in caught.value.problems
    )


def test_rows_that_no_file_answers_to_and_tables_without_the_column_file(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif")
    write(tmp_path / "scenes.csv", "file,acquired\nmissing.tif,2019-03-02\n../x.tif,2019-03-02\n")
    found = search(tmp_path)
    assert noted(found, "scenes.csv:2", "missing.tif") and noted(found, "scenes.csv:3")
    write(tmp_path / "scenes.csv", "name,acquired\na,b\n")
    with pytest.raises(BadRows, match="file"):
        search(tmp_path)


def test_files_named_as_one_scene_are_one_and_masks_can_be_named(tmp_path: Path) -> None:
    for name in ("x1.tif", "x2.tif", "clouds.tif"):
        write_tif(tmp_path / name, dtype="uint8")
    rows = "x1.tif,s,2019-03-02,red,\nx2.tif,s,2019-03-02,nir,\nclouds.tif,s,2019-03-02,,scl\n"
    write(tmp_path / "scenes.csv", f"file,scene,acquired,bands,mask\n{rows}")
    one = scene(tmp_path)
    assert bands(one) == {"red": ("x1.tif", 1), "nir": ("x2.tif", 1)} and [mask.band for mask in one.masks] == ["scl"]


def test_radar_is_told_by_the_table(tmp_path: Path) -> None:
    write_tif(tmp_path / "s1.tif", 2, dtype="float32")
    header = "file,acquired,sensor,bands,quantity,relative_orbit,orbit_state"
    write(tmp_path / "scenes.csv", f'{header}\ns1.tif,2019-03-02T02:11Z,radar,"vv,vh",gamma0,137,descending\n')
    one = scene(tmp_path)
    assert (one.sensor, one.quantity, one.relative_orbit, one.orbit_state) == ("radar", "gamma0", 137, "descending")


def test_more_scenes_than_asked_for_are_counted(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        write_tif(tmp_path / f"2019030{day}.tif")
    found = search(tmp_path, Query(WORLD.bbox, max_items=2))
    assert len(found.items) == 2 and found.matched == 3 and noted(found, "stopped at 2 of 3")


def test_the_outline_of_an_image_across_the_antimeridian_is_cut_there() -> None:
    # 300 km wide in UTM zone 1 from x = 350 km: 178.7 W +- ; its west edge lies beyond 180
    geometry = outline_of("EPSG:32701", (1000.0, 0.0, 50_000.0, 0.0, -1000.0, 8_200_000.0), 300, 100)
    assert geometry is not None and geometry["type"] == "MultiPolygon"
    west, _, east, _ = box(geometry)
    assert west > 0 > east, "west > east: across the antimeridian (RFC 7946)"
    longitudes = [lon for part in geometry["coordinates"] for ring in part for lon, _ in ring]
    assert max(longitudes) == 180 and min(longitudes) == -180


def test_the_outline_of_an_image_over_the_pole_reaches_up_to_it() -> None:
    from shapely import Point
    from shapely.geometry import shape

    geometry = outline_of("EPSG:3413", (1000.0, 0.0, -200_000.0, 0.0, -1000.0, 200_000.0), 400, 400)
    assert geometry is not None
    outline = shape(geometry)
    for lon in (-170, -60, 10, 120):
        assert outline.contains(Point(lon, 89.5)) and not outline.contains(Point(lon, 86))


def test_a_crs_of_another_world_is_no_place() -> None:
    assert outline_of("EPSG:32652", (1e12, 0.0, 1e15, 0.0, -1e12, 1e15), 10, 10) is None
    assert outline_of("NOT A CRS", tuple(UTM)[:6], 10, 10) is None


def test_items_are_stac_and_read_back_the_same(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif", 3, dtype="float32", nodata=float("nan"))
    (item,) = search(tmp_path).items
    again = json.loads(json.dumps(item, allow_nan=False))
    assert repr(scene_of(again, "x")) == repr(scene_of(item, "x"))
    assert item["type"] == "Feature" and item["stac_version"].startswith("1.") and len(item["bbox"]) == 4
    assert all(asset["href"].startswith("/") for asset in item["assets"].values())


def test_a_picture_with_a_date_is_listed_and_one_without_is_counted(tmp_path: Path) -> None:
    write_picture(tmp_path / "2019-03-02.png")
    write_picture(tmp_path / "holiday.jpg")
    found = search(tmp_path)
    assert ids(found) == ["2019-03-02.png"] and noted(found, "1 picture has", "holiday.jpg")


def test_archives_are_named_not_looked_into(tmp_path: Path) -> None:
    write(tmp_path / "order.zip", "x")
    assert noted(search(tmp_path), "archives", "order.zip", "unpack")


def test_an_image_in_a_crs_without_a_code_lies_where_rasterio_says(tmp_path: Path) -> None:
    crs = "+proj=laea +lat_0=39.7 +lon_0=124.7 +datum=WGS84 +units=m"
    file = write_tif(tmp_path / "20190302.tif", crs=crs, transform=Affine(10, 0, -500, 0, -10, 500), shape=(100, 100))
    one = scene(tmp_path)
    with rasterio.open(file) as source:
        expected = transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21)
    assert from_wkt(one.footprint_wkt).bounds == pytest.approx(expected, abs=1e-6) and not one.quarantined


def test_folders_that_cannot_be_listed_and_those_too_deep_make_the_answer_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tif(tmp_path / "20190302.tif")
    write_tif(tmp_path / "closed" / "20190303.tif")
    real = os.scandir

    def refuse(folder: str | Path) -> object:
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    found = search(tmp_path)
    assert found.completeness == "unknown" and ids(found) == ["20190302.tif"] and noted(found, "closed", "Permission")
    monkeypatch.setattr("siteline.guard.listing.MAX_DEPTH", 0)
    assert not files_below(tmp_path).whole


def test_more_files_than_are_listed_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in (1, 2, 3):
        write_tif(tmp_path / f"2019030{day}.tif")
    monkeypatch.setattr("siteline.guard.listing.MAX_FILES", 2)
    found = search(tmp_path)
    assert found.completeness == "unknown" and noted(found, "more than 2 files")


def test_names_that_are_not_text_are_passed_over_and_said(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif").rename(os.fsdecode(os.fsencode(tmp_path) + b"/20190302\xff.tif"))
    found = search(tmp_path)
    assert not found.items and noted(found, "not UTF-8")


def test_what_only_an_api_can_evaluate_is_said(tmp_path: Path) -> None:
    write_tif(tmp_path / "20190302.tif")
    found = search(tmp_path, Query(WORLD.bbox, query={"gsd": {"lt": 1}}))
    assert len(found.items) == 1 and noted(found, "not applied")
