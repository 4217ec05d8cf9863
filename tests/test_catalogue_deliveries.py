"""Deliveries as providers send them: real THEIA, Landsat, OPERA and SAFE metadata; Planet, Maxar and DIMAP made here."""

from __future__ import annotations

import json
import math
import os
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import rasterio
from rasterio.transform import Affine
from shapely import from_wkt
from shapely.geometry import shape

from local_samples import bands, ids, noted, says, scene, scenes, search, write, write_tif
from siteline.catalogue.duplicates import resolve

DATA = os.environ.get("SITELINE_DATA", "")
real = pytest.mark.skipif(not DATA, reason="SITELINE_DATA is not set: no real deliveries to read")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


# THEIA


@real
def test_verdun_is_187_theia_scenes_with_their_clouds() -> None:
    found = scenes(Path(DATA) / "verdun-s2")
    theia = [one for one in found if one.calibration == "theia"]
    assert len(theia) == 187 and not any(one.quarantined or one.problems for one in theia)
    assert len({one.when.start for one in theia}) == 187
    first, last = theia[0], theia[-1]
    assert first.when.start == datetime(2015, 12, 3, 10, 58, 18, 575000, UTC) and last.when.start.year == 2020
    for one in theia:
        assert sorted(bands(one)) == ["blue", "green", "nir08", "red", "swir16", "swir22"]
        assert [mask.band for mask in one.masks] == ["theia_clm"] and one.gsd_m == 10
        assert one.quantity == "surface_reflectance" and one.tile == "31UFQ" and one.assets[0].nodata == -10000
    assert {one.platform for one in theia} == {"sentinel-2a", "sentinel-2b"}
    west, south, east, north = from_wkt(first.footprint_wkt).bounds
    assert (west, south, east, north) == pytest.approx((5.34466, 49.27503, 5.35599, 49.28244), abs=1e-4)


@real
def test_every_asset_of_verdun_is_the_file_that_it_names() -> None:
    for one in scenes(Path(DATA) / "verdun-s2" / "SENTINEL")[::40]:
        for asset in one.assets:
            with rasterio.open(asset.href) as source:
                assert source.count == 1 and source.width == (80 if asset.gsd_m == 10 else 40)
            number = {"red": "B4", "green": "B3", "blue": "B2", "nir08": "B8A", "swir16": "B11", "swir22": "B12"}
            assert asset.href.endswith(f"_FRE_{number[asset.band]}.tif" if asset.role == "data" else "_CLM_R2.tif")


THEIA_XML = """<Muscate_Metadata_Document><Product_Characteristics>
<ACQUISITION_DATE>2019-03-29T10:47:25.707Z</ACQUISITION_DATE><PRODUCTION_DATE>2019-03-30T01:00:00.0Z</PRODUCTION_DATE>
<ORBIT_NUMBER type="Absolute">10757</ORBIT_NUMBER><ORBIT_NUMBER type="Relative">8</ORBIT_NUMBER></Product_Characteristics>
<Geometric_Informations><Mean_Value_List><Sun_Angles><ZENITH_ANGLE unit="deg">47.5</ZENITH_ANGLE>
<AZIMUTH_ANGLE unit="deg">159.5</AZIMUTH_ANGLE></Sun_Angles></Mean_Value_List></Geometric_Informations>
<Quality_Informations><QUALITY_INDEX name="CloudPercent">7</QUALITY_INDEX></Quality_Informations>
</Muscate_Metadata_Document>"""


def test_theia_metadata_are_read_and_missing_clouds_are_said(tmp_path: Path) -> None:
    product = "SENTINEL2B_20190329-104725-707_L2A_T31UFQ_C_V2-0"
    write_tif(tmp_path / "x" / f"{product}_SRE_B4.tif", dtype="int16")
    write(tmp_path / "x" / f"{product}_MTD_ALL.xml", THEIA_XML)
    one = scene(tmp_path)
    assert (one.cloud_percent, one.sun_elevation, one.sun_azimuth, one.relative_orbit) == (7, 42.5, 159.5, 8)
    assert says(one, "no CLM") and says(one, "SRE") and bands(one) == {"red": (f"{product}_SRE_B4.tif", 1)}


def test_one_product_in_two_folders_is_listed_twice(tmp_path: Path) -> None:
    product = "SENTINEL2B_20190329-104725-707_L2A_T31UFQ_C_V2-0"
    for folder in ("one", "two"):
        write_tif(tmp_path / folder / product / f"{product}_FRE_B4.tif", dtype="int16")
    found = scenes(tmp_path)
    assert len({one.scene_id for one in found}) == 2 and found[0].when == found[1].when
    assert len(resolve(found).kept) == 1, "which of the two is used is decided by the rule for duplicates"


# Landsat


@real
def test_landsat_8_of_new_york_by_its_names_alone() -> None:
    found = scenes(Path(DATA) / "landsat8-ny")
    assert len(found) == 19 and not any(one.quarantined for one in found)
    one = next(one for one in found if "/LC08_L1TP_014031_20180530_20180614_01_T1" in one.scene_id)
    assert (one.when.start, one.when.end) == (utc(2018, 5, 30), utc(2018, 5, 31)), "a day, since names have no time"
    assert (one.platform, one.calibration, one.quantity, one.tile) == (
        "landsat-8",
        "landsat-c1-toa",
        "toa_reflectance",
        "014031",
    )
    assert set(bands(one)) == {"coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "pan", "cirrus"}
    assert all((asset.scale, asset.offset, asset.nodata) == (2e-5, -0.1, 0) for asset in one.assets if asset.role == "data")
    assert [mask.band for mask in one.masks] == ["qa_c1"] and says(one, "sun's elevation is not known")
    assert len({one.footprint_wkt for one in found}) > 3, "their grids differ"


MTL = """GROUP = L1_METADATA_FILE
  GROUP = METADATA_FILE_INFO
    FILE_DATE = 2018-02-07T15:00:00Z
  END_GROUP = METADATA_FILE_INFO
  GROUP = PRODUCT_METADATA
    DATE_ACQUIRED = 2018-01-31
    SCENE_CENTER_TIME = "15:39:35.8460870Z"
  END_GROUP = PRODUCT_METADATA
  GROUP = IMAGE_ATTRIBUTES
    CLOUD_COVER = 12.30
    SUN_AZIMUTH = 156.12
    SUN_ELEVATION = 28.51
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.1000E-05
    REFLECTANCE_ADD_BAND_4 = -0.110000
  END_GROUP = RADIOMETRIC_RESCALING
END_GROUP = L1_METADATA_FILE
END
"""


def test_the_mtl_file_gives_time_sun_and_coefficients(tmp_path: Path) -> None:
    product = "LC08_L1TP_013032_20180131_20180207_01_T1"
    write_tif(tmp_path / f"{product}_B4.TIF")
    write_tif(tmp_path / f"{product}_BQA.TIF")
    write(tmp_path / f"{product}_MTL.txt", MTL)
    one = scene(tmp_path)
    assert one.when.start == datetime(2018, 1, 31, 15, 39, 35, 846087, UTC) and one.when.is_instant
    assert (one.cloud_percent, one.sun_azimuth, one.sun_elevation) == (12.3, 156.12, 28.51)
    assert (one.assets[0].scale, one.assets[0].offset) == (2.1e-5, -0.11) and not one.problems


def test_collection_2_level_2_by_json_and_its_quality_file(tmp_path: Path) -> None:
    product = "LC09_L2SP_116032_20230302_20230304_02_T1"
    for rest in ("SR_B4", "SR_B5", "ST_B10", "QA_PIXEL", "QA_RADSAT"):
        write_tif(tmp_path / f"{product}_{rest}.TIF")
    write(tmp_path / f"{product}_thumb_small.jpeg", "x")
    metadata = {
        "IMAGE_ATTRIBUTES": {"DATE_ACQUIRED": "2023-03-02", "SCENE_CENTER_TIME": "02:11:33.5Z", "CLOUD_COVER": "3.5"}
    }
    write(tmp_path / f"{product}_MTL.json", json.dumps({"LANDSAT_METADATA_FILE": metadata}))
    one = scene(tmp_path)
    assert set(bands(one)) == {"red", "nir08"} and [mask.band for mask in one.masks] == ["qa_pixel"]
    assert (one.calibration, one.quantity, one.platform) == ("landsat-c2-sr", "surface_reflectance", "landsat-9")
    assert one.when.start == datetime(2023, 3, 2, 2, 11, 33, 500000, UTC) and one.cloud_percent == 3.5
    assert not noted(search(tmp_path), "no images"), "its other files are its own"


def test_older_landsats_without_coefficients_are_digital_numbers_with_the_reason(tmp_path: Path) -> None:
    write_tif(tmp_path / "LT05_L1TP_013032_19990131_20160207_01_T1_B4.TIF", dtype="uint8")
    one = scene(tmp_path)
    assert one.quantity == "digital_number" and says(one, "coefficients") and set(bands(one)) == {"nir08"}


# OPERA


@real
def test_opera_of_santa_barbara() -> None:
    found = scenes(Path(DATA) / "santa-barbara-s1")
    assert len(found) == 21 and not any(one.problems for one in found)
    for one in found:
        assert (one.sensor, one.quantity, one.calibration) == ("radar", "gamma0", "opera-rtc")
        assert (one.relative_orbit, one.orbit_state, one.tile) == (137, "", "T137-292319-IW2")
        assert set(bands(one)) == {"vv", "vh"} and all(math.isnan(asset.nodata) for asset in one.assets)
    assert {one.platform for one in found} == {"sentinel-1a", "sentinel-1b"}
    assert found[0].when.start == utc(2021, 11, 19, 1, 58, 58) and found[0].when.is_instant
    assert found[0].properties["processing:datetime"] == "2025-08-30T12:03:33Z"


# Sentinel-2 SAFE

TILE_XML = """<n1:Level-2A_Tile_ID xmlns:n1="x"><n1:Geometric_Info><Tile_Geocoding metadataLevel="Brief">
<HORIZONTAL_CS_CODE>EPSG:{code}</HORIZONTAL_CS_CODE>
<Size resolution="10"><NROWS>10980</NROWS><NCOLS>10980</NCOLS></Size>
<Size resolution="20"><NROWS>5490</NROWS><NCOLS>5490</NCOLS></Size>
<Size resolution="60"><NROWS>1830</NROWS><NCOLS>1830</NCOLS></Size>
<Geoposition resolution="10"><ULX>{x}</ULX><ULY>{y}</ULY><XDIM>10</XDIM><YDIM>-10</YDIM></Geoposition>
<Geoposition resolution="20"><ULX>{x}</ULX><ULY>{y}</ULY><XDIM>20</XDIM><YDIM>-20</YDIM></Geoposition>
<Geoposition resolution="60"><ULX>{x}</ULX><ULY>{y}</ULY><XDIM>60</XDIM><YDIM>-60</YDIM></Geoposition>
</Tile_Geocoding><Tile_Angles><Mean_Sun_Angle><ZENITH_ANGLE unit="deg">{zenith}</ZENITH_ANGLE>
<AZIMUTH_ANGLE unit="deg">{azimuth}</AZIMUTH_ANGLE></Mean_Sun_Angle></Tile_Angles></n1:Geometric_Info>
</n1:Level-2A_Tile_ID>"""


def safe_products() -> list[str]:
    folder = Path(DATA or "/nonexistent") / "stac-fixtures" / "stactools_sentinel2"
    return sorted(path.parent.name for path in folder.glob("*.SAFE/expected_output.json"))


@real
@pytest.mark.parametrize("product", safe_products())
def test_safe_products_agree_with_the_items_made_of_them_by_others(tmp_path: Path, product: str) -> None:
    source = Path(DATA) / "stac-fixtures" / "stactools_sentinel2" / product
    expected = json.loads((source / "expected_output.json").read_text())
    told, root = expected["properties"], tmp_path / product
    root.mkdir()
    for name in ("MTD_MSIL2A.xml", "manifest.safe"):
        if (source / name).exists():
            shutil.copyfile(source / name, root / name)
    blue = expected["assets"]["blue"]
    for asset in expected["assets"].values():  # images by name only: where they lie is in the tile's metadata
        if "/IMG_DATA/" in asset["href"]:
            write(root / asset["href"], "")
    x, y = blue["proj:transform"][2], blue["proj:transform"][5]
    tile_id = product.partition("_T")[2]  # an MGRS tile begins with its UTM zone and latitude band
    zone = f"EPSG:32{'6' if tile_id[2] >= 'N' else '7'}{tile_id[:2]}"
    height, azimuth = told.get("view:sun_elevation", 40.0), told.get("view:sun_azimuth", 150.0)
    tile = TILE_XML.format(code=zone[5:], x=x, y=y, zenith=90 - height, azimuth=azimuth)
    write((root / blue["href"]).parents[2 if "MSIL2A" in product else 1] / "MTD_TL.xml", tile)
    one = scene(tmp_path)
    assert abs((one.when.start - datetime.fromisoformat(told["datetime"])).total_seconds()) < 1
    assert (one.platform, one.relative_orbit, one.tile) == (
        told["platform"],
        told["sat:relative_orbit"],
        told["grid:code"][5:],
    )
    assert one.calibration == "sentinel-2" and one.orbit_state == told["sat:orbit_state"]
    assert one.quantity == ("toa_reflectance" if told["s2:product_type"] == "S2MSI1C" else "surface_reflectance")
    assert (one.sun_elevation, one.sun_azimuth) == pytest.approx((height, azimuth))
    if (source / "MTD_MSIL2A.xml").exists():
        assert one.cloud_percent == pytest.approx(told["eo:cloud_cover"]) and one.baseline == told["s2:processing_baseline"]
        declared = blue["raster:bands"][0]
        red = next(asset for asset in one.assets if asset.band == "red")
        assert red.scale == pytest.approx(declared["scale"]) and (red.offset or 0) == pytest.approx(declared["offset"])
    assert {name for name in ("blue", "green", "red", "nir") if name in expected["assets"]} <= set(bands(one))
    for band in ("blue", "nir"):
        assert bands(one)[band][0] == Path(expected["assets"][band]["href"]).name, "the finest file"
    if expected["geometry"]:
        whole, part = from_wkt(one.footprint_wkt), shape(expected["geometry"])
        assert part.intersection(whole).area >= 0.98 * part.area, "its valid part lies in its tile"


@real
def test_a_safe_product_without_tile_metadata_opens_an_image_to_know_where_it_lies(tmp_path: Path) -> None:
    product = "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857.SAFE"
    source = Path(DATA) / "stac-fixtures" / "stactools_sentinel2" / product
    shutil.copytree(source, tmp_path / product)
    where = Affine(10, 0, 600000, 0, -10, 6500020)
    image = tmp_path / product / "GRANULE" / "L2A_x" / "IMG_DATA" / "R10m" / "T07HFE_20190212T192651_B04_10m.tif"
    write_tif(image, crs="EPSG:32707", transform=where)
    one = scene(tmp_path)
    assert bands(one) == {"red": (image.name, 1)} and not one.quarantined and says(one, "no scene classification")


# Planet

ITEM = "20190302_021133_1032"
PLANET_XML = """<?xml version="1.0" encoding="UTF-8"?>
<ps:EarthObservation xmlns:ps="http://schemas.planet.com/ps/v1/planet_product_metadata_geocorrected_level"
 xmlns:eop="http://earth.esa.int/eop" xmlns:opt="http://earth.esa.int/opt" xmlns:gml="http://www.opengis.net/gml">
<gml:using><eop:EarthObservationEquipment><eop:platform><eop:Platform><eop:serialIdentifier>1032</eop:serialIdentifier>
</eop:Platform></eop:platform><eop:acquisitionParameters><ps:Acquisition><eop:orbitDirection>DESCENDING</eop:orbitDirection>
<opt:illuminationAzimuthAngle uom="deg">149.2</opt:illuminationAzimuthAngle>
<opt:illuminationElevationAngle uom="deg">38.4</opt:illuminationElevationAngle>
<ps:spaceCraftViewAngle uom="deg">-2.1</ps:spaceCraftViewAngle>
<ps:acquisitionDateTime>2019-03-02T02:11:33.216900+00:00</ps:acquisitionDateTime></ps:Acquisition>
</eop:acquisitionParameters></eop:EarthObservationEquipment></gml:using>
<gml:resultOf><opt:cloudCoverPercentage uom="percentage">3.0</opt:cloudCoverPercentage>{bands}</gml:resultOf>
</ps:EarthObservation>"""
COEFFICIENTS = (2.27e-05, 2.2e-05, 2.35e-05, 3.5e-05)


def planet_xml(coefficients: tuple[float, ...] = COEFFICIENTS) -> str:
    entry = (
        "<ps:bandSpecificMetadata><ps:bandNumber>{}</ps:bandNumber><ps:radiometricScaleFactor>0.01"
        "</ps:radiometricScaleFactor><ps:reflectanceCoefficient>{}</ps:reflectanceCoefficient></ps:bandSpecificMetadata>"
    )
    return PLANET_XML.replace("{bands}", "".join(entry.format(n, k) for n, k in enumerate(coefficients, 1)))


def test_a_planet_order_with_surface_reflectance_udm2_and_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "order" / "PSScene"
    image = write_tif(folder / f"{ITEM}_3B_AnalyticMS_SR_clip.tif", 4)
    write_tif(folder / f"{ITEM}_3B_AnalyticMS_clip.tif", 4)
    write_tif(folder / f"{ITEM}_3B_udm2_clip.tif", 8, dtype="uint8")
    write(folder / f"{ITEM}_3B_AnalyticMS_metadata_clip.xml", planet_xml())
    properties = {
        "acquired": "2019-03-02T02:11:33.2169Z", "cloud_cover": 0.05, "instrument": "PS2", "satellite_id": "1032",
        "sun_azimuth": 149.2, "sun_elevation": 38.4, "view_angle": -2.1, "gsd": 3.9, "item_type": "PSScene",
    }  # fmt: skip
    write(folder / f"{ITEM}_metadata.json", json.dumps({"id": ITEM, "type": "Feature", "properties": properties}))
    digest = sha256(image.read_bytes()).hexdigest()
    files = [{"path": f"PSScene/{image.name}", "digests": {"md5": "x", "sha256": digest}, "annotations": {}}]
    write(tmp_path / "order" / "manifest.json", json.dumps({"name": "", "files": files}))
    one = scene(tmp_path)
    assert one.when.start == datetime(2019, 3, 2, 2, 11, 33, 216900, UTC) and one.provider == "Planet"
    assert list(bands(one).items()) == [(name, (image.name, n)) for n, name in enumerate(("blue", "green", "red", "nir"), 1)]
    assert (one.quantity, one.calibration) == ("surface_reflectance", "planet-sr")
    assert [mask.band for mask in one.masks] == ["udm2"] and {a.sha256 for a in one.assets if a.role == "data"} == {digest}
    assert (one.cloud_percent, one.off_nadir, one.sun_elevation) == (5, 2.1, 38.4)
    assert one.platform == "planetscope-1032" and one.datatake == ITEM and not one.problems
    assert not noted(search(tmp_path), "no images"), "every file of the order is its own"


def test_planet_radiance_becomes_reflectance_by_the_coefficients_of_its_xml(tmp_path: Path) -> None:
    write_tif(tmp_path / f"{ITEM}_3B_AnalyticMS.tif", 4)
    write(tmp_path / f"{ITEM}_3B_AnalyticMS_metadata.xml", planet_xml())
    write_tif(tmp_path / f"{ITEM}_3B_AnalyticMS_DN_udm.tif", dtype="uint8")
    one = scene(tmp_path)
    assert (one.quantity, one.calibration) == ("toa_reflectance", "declared")
    assert tuple(asset.scale for asset in one.assets if asset.role == "data") == COEFFICIENTS
    assert [mask.band for mask in one.masks] == ["udm1"] and one.orbit_state == "descending"


def test_planet_radiance_without_all_coefficients_is_digital_numbers_with_the_reason(tmp_path: Path) -> None:
    write_tif(tmp_path / f"{ITEM}_3B_AnalyticMS.tif", 4)
    write(tmp_path / f"{ITEM}_3B_AnalyticMS_metadata.xml", planet_xml(COEFFICIENTS[:3]))
    one = scene(tmp_path)
    assert (one.quantity, one.calibration) == ("digital_number", "none")
    assert says(one, "reflectanceCoefficient") and says(one, "no UDM2") and not one.quarantined


def test_planet_eight_bands_harmonized_before_four_and_hundredths_in_the_name(tmp_path: Path) -> None:
    item = "20220405_181503_57_2424"
    for rest, count in (("AnalyticMS_SR_8b_harmonized", 8), ("AnalyticMS_SR_8b", 8), ("AnalyticMS_SR", 4)):
        write_tif(tmp_path / f"{item}_3B_{rest}.tif", count)
    one = scene(tmp_path)
    assert bands(one)["nir"] == (f"{item}_3B_AnalyticMS_SR_8b_harmonized.tif", 8) and len(bands(one)) == 8
    assert one.when.start == datetime(2022, 4, 5, 18, 15, 3, 570000, UTC)


def test_a_planet_manifest_whose_paths_lead_elsewhere_names_nothing(tmp_path: Path) -> None:
    write_tif(tmp_path / "in" / f"{ITEM}_3B_AnalyticMS_SR.tif", 4)
    entry = {"path": "../../../etc/passwd", "digests": {"sha256": "0" * 64}}
    write(tmp_path / "in" / "manifest.json", json.dumps({"files": [entry, 7, None]}))
    assert all(not asset.sha256 for asset in scene(tmp_path).assets)


# Maxar

IMD = """version = "28.3";
generationTime = 2019-03-03T08:00:00.000000Z;
productOrderId = "058800151010_01_P001";
bandId = "{band_id}";
{groups}BEGIN_GROUP = IMAGE_1
	satId = "WV02";
	mode = "FullSwath";
	catId = "{catalog}";
	firstLineTime = {time};
	meanSunAz = 151.3;
	meanSunEl = 38.7;
	meanSatAz = 24.1;
	meanOffNadirViewAngle = 12.4;
	cloudCover = 0.012;
END_GROUP = IMAGE_1
END;
"""
ORDER = "058800151010_01"


def imd(letters: str = "B G R N", time: str = "2019-03-02T02:11:33.358375Z", catalog: str = "103001008D5E1A00") -> str:
    group = "BEGIN_GROUP = BAND_{0}\n\tULLon = 124.7;\n\tabsCalFactor = 9.3e-03;\nEND_GROUP = BAND_{0}\n"
    groups = "".join(group.format(letter) for letter in letters.split())
    return IMD.format(band_id="Multi", groups=groups, time=time, catalog=catalog)


def maxar_part(root: Path, part: str, tiles: tuple[str, ...] = ("",), **more: str) -> None:
    for mode, kind, count, letters in (("M2AS", "MUL", 4, "B G R N"), ("P2AS", "PAN", 1, "P")):
        folder = root / f"{ORDER}_{part}_{kind}"
        stamp = "19MAR02021133" if kind == "MUL" else "19MAR02021132"
        for place, tile in enumerate(tiles):
            name = f"{stamp}-{mode}{tile and f'_{tile}'}-{ORDER}_{part}.TIF"
            where = Affine(2, 0, 300_000 + 2000 * place, 0, -2, 4_400_000)
            write_tif(folder / name, count, transform=where, shape=(20, 20))
        write(folder / f"{stamp}-{mode}-{ORDER}_{part}.IMD", imd(letters, **more))
        write(folder / f"{stamp}-{mode}-{ORDER}_{part}-BROWSE.JPG", "x")


def test_a_maxar_order_with_tiles_is_one_scene_per_tile_with_its_panchromatic_band(tmp_path: Path) -> None:
    maxar_part(tmp_path, "P001", ("R1C1", "R1C2"))
    first, second = scenes(tmp_path)
    assert list(bands(first)) == ["blue", "green", "red", "nir", "pan"] == list(bands(second))
    assert bands(first)["nir"] == (f"19MAR02021133-M2AS_R1C1-{ORDER}_P001.TIF", 4)
    assert first.when.start == datetime(2019, 3, 2, 2, 11, 33, 358375, UTC) and first.platform == "worldview-2"
    assert (first.cloud_percent, first.off_nadir, first.sun_elevation) == (pytest.approx(1.2), 12.4, 38.7)
    assert (first.quantity, first.calibration, first.quarantined) == ("digital_number", "none", False)
    assert says(first, "digital numbers", "gains") and "order" in first.licence and "2019 Maxar" in first.credit
    assert first.datatake == second.datatake == "103001008D5E1A00" and first.tile != second.tile
    assert len(resolve([first, second]).kept) == 2, "tiles of one acquisition are not duplicates"
    assert from_wkt(first.footprint_wkt).centroid.x < from_wkt(second.footprint_wkt).centroid.x


def test_parts_of_a_maxar_order_are_scenes_of_their_own(tmp_path: Path) -> None:
    maxar_part(tmp_path, "P001")
    maxar_part(tmp_path, "P002", catalog="103001008D5E1B00", time="2019-03-02T02:12:01.1Z")
    assert [one.tile for one in scenes(tmp_path)] == ["MAXAR-P001", "MAXAR-P002"]
    assert not noted(search(tmp_path), "pictures")


def test_maxar_xml_is_read_where_there_is_no_imd_and_names_where_there_is_neither(tmp_path: Path) -> None:
    name = f"19MAR02021133-S2AS-{ORDER}_P001"
    write_tif(tmp_path / f"{name}.TIF", 3, dtype="uint8")
    bare = scene(tmp_path)
    assert (
        bare.when.start == utc(2019, 3, 2, 2, 11, 33)
        and says(bare, "no readable IMD")
        and set(bands(bare)) == {"red", "green", "blue"}
    )
    tags = "<SATID>GE01</SATID><FIRSTLINETIME>2019-03-02T02:11:33.5Z</FIRSTLINETIME><CLOUDCOVER>-999</CLOUDCOVER>"
    groups = "<BAND_R><ULLON>1</ULLON></BAND_R><BAND_G><ULLON>1</ULLON></BAND_G><BAND_B><ULLON>1</ULLON></BAND_B>"
    write(tmp_path / f"{name}.XML", f"<isd><IMD><VERSION>R</VERSION>{groups}<IMAGE>{tags}</IMAGE></IMD></isd>")
    one = scene(tmp_path)
    assert (one.platform, one.cloud_percent) == ("geoeye-1", None) and one.when.start.microsecond == 500000


def test_a_maxar_product_of_several_passes_has_the_interval_of_them(tmp_path: Path) -> None:
    name = f"19MAR02021133-M2AS-{ORDER}_P001"
    write_tif(tmp_path / f"{name}.TIF", 4)
    times = "earliestAcqTime = 2018-11-05T02:00:00Z;\nlatestAcqTime = 2019-03-02T02:11:40Z;\n"
    mosaic = f"BEGIN_GROUP = MAP_PROJECTED_PRODUCT\n{times}END_GROUP = MAP_PROJECTED_PRODUCT\n"
    write(tmp_path / f"{name}.IMD", mosaic + imd())
    one = scene(tmp_path)
    assert (one.when.start, one.when.end) == (utc(2018, 11, 5, 2), utc(2019, 3, 2, 2, 11, 40)) and says(
        one, "passes between"
    )


def test_maxar_level_1b_is_kept_and_not_used(tmp_path: Path) -> None:
    name = f"19MAR02021133-M1BS-{ORDER}_P001"
    write_tif(tmp_path / f"{name}.TIF", 4, crs=None)
    write(tmp_path / f"{name}.IMD", imd())
    assert scene(tmp_path).quarantined and says(scene(tmp_path), "not map-projected", "RPC")


# DIMAP

DIMAP = """<?xml version="1.0" encoding="UTF-8"?><Dimap_Document>
<Metadata_Identification><METADATA_FORMAT version="2.15">DIMAP</METADATA_FORMAT></Metadata_Identification>
<Dataset_Identification><DATASET_NAME>DS_PHR1A_201903020211331_FR1</DATASET_NAME></Dataset_Identification>
<Dataset_Content><CLOUD_COVERAGE unit="percent">4.5</CLOUD_COVERAGE></Dataset_Content>
<Product_Information><Delivery_Identification><PRODUCTION_DATE>2019-03-03T10:00:00.000Z</PRODUCTION_DATE>
</Delivery_Identification></Product_Information>
<Processing_Information><Product_Settings><Radiometric_Settings><RADIOMETRIC_PROCESSING>{processing}</RADIOMETRIC_PROCESSING>
</Radiometric_Settings></Product_Settings></Processing_Information>
<Raster_Data><Data_Access><DATA_FILE_TILES>true</DATA_FILE_TILES><Data_Files>{files}</Data_Files></Data_Access>
<Raster_Dimensions><NBANDS>4</NBANDS></Raster_Dimensions>
<Raster_Display><Band_Display_Order><RED_CHANNEL>B2</RED_CHANNEL><GREEN_CHANNEL>B1</GREEN_CHANNEL>
<BLUE_CHANNEL>B0</BLUE_CHANNEL><ALPHA_CHANNEL>B3</ALPHA_CHANNEL></Band_Display_Order>
<Special_Value><SPECIAL_VALUE_COUNT>0</SPECIAL_VALUE_COUNT><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT></Special_Value>
</Raster_Display></Raster_Data>
<Radiometric_Data><Radiometric_Calibration><Instrument_Calibration><Band_Measurement_List>{bands}</Band_Measurement_List>
</Instrument_Calibration></Radiometric_Calibration></Radiometric_Data>
<Geometric_Data><Use_Area><Located_Geometric_Values><LOCATION_TYPE>Top Center</LOCATION_TYPE>
<TIME>2019-03-02T02:11:32.0Z</TIME></Located_Geometric_Values>
<Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE><TIME>2019-03-02T02:11:33.1000000Z</TIME>
<Acquisition_Angles><VIEWING_ANGLE unit="deg">-13.5</VIEWING_ANGLE><INCIDENCE_ANGLE unit="deg">15.1</INCIDENCE_ANGLE>
</Acquisition_Angles><Solar_Incidences><SUN_AZIMUTH unit="deg">150.2</SUN_AZIMUTH><SUN_ELEVATION unit="deg">30.0
</SUN_ELEVATION></Solar_Incidences></Located_Geometric_Values></Use_Area></Geometric_Data>
<Dataset_Sources><Source_Identification><SOURCE_ID>DS_PHR1A_201903020211331</SOURCE_ID><Strip_Source><MISSION>PHR</MISSION>
<MISSION_INDEX>1A</MISSION_INDEX><IMAGING_DATE>2019-03-02</IMAGING_DATE><IMAGING_TIME>02:11:33.1</IMAGING_TIME></Strip_Source>
</Source_Identification></Dataset_Sources></Dimap_Document>"""
RADIANCE = "<Band_Radiance><BAND_ID>{0}</BAND_ID><GAIN>{1}</GAIN><BIAS>0</BIAS></Band_Radiance>"
SUN = "<Band_Solar_Irradiance><BAND_ID>{0}</BAND_ID><VALUE>{1}</VALUE></Band_Solar_Irradiance>"
NAME = "PHR1A_MS_201903020211331_ORT"


def dimap(folder: Path, tiles: tuple[str, ...], processing: str, measured: str) -> None:
    entry = '<Data_File tile_R="{0}" tile_C="{1}"><DATA_FILE_PATH href="IMG_{2}_R{0}C{1}.TIF"/></Data_File>'
    files = "".join(entry.format(tile[1], tile[3], NAME) for tile in tiles)
    write(folder / f"DIM_{NAME}.XML", DIMAP.format(processing=processing, files=files, bands=measured))
    write(folder / f"RPC_{NAME}.XML", "<Dimap_Document/>")
    write(folder / f"PREVIEW_{NAME}.JPG", "x")


def test_an_airbus_order_with_tiles_is_calibrated_by_its_gains_and_irradiance(tmp_path: Path) -> None:
    folder = tmp_path / "IMG_PHR1A_MS_001"
    dimap(
        folder,
        ("R1C1", "R1C2"),
        "BASIC",
        "".join(RADIANCE.format(b, 10) + SUN.format(b, 1500) for b in ("B0", "B1", "B2", "B3")),
    )
    for place in (1, 2):
        write_tif(folder / f"IMG_{NAME}_R1C{place}.TIF", 4, transform=Affine(2, 0, 300_000 + 2000 * place, 0, -2, 4_400_000))
    first, second = scenes(tmp_path)
    assert bands(first)["red"] == (f"IMG_{NAME}_R1C1.TIF", 1) and bands(first)["nir"][1] == 4
    assert first.when.start == datetime(2019, 3, 2, 2, 11, 33, 100000, UTC) and first.platform == "pleiades-1a"
    assert (first.cloud_percent, first.off_nadir, first.sun_elevation, first.provider) == (4.5, 13.5, 30, "Airbus")
    # pi d2 / (GAIN E0 sin 30) with d = 0.991 AU on 2 March (Astronomical Almanac)
    assert first.assets[0].scale == pytest.approx(math.pi * 0.991**2 / (10 * 1500 * 0.5), rel=1e-3)
    assert (first.quantity, first.calibration, first.assets[0].nodata) == ("toa_reflectance", "declared", 0)
    assert first.tile != second.tile and len(resolve([first, second]).kept) == 2
    assert not noted(search(tmp_path), "no images") and not noted(search(tmp_path), "pictures")


@pytest.mark.parametrize(
    ("processing", "measured"),
    [
        ("DISPLAY", RADIANCE.format("B0", 10) + SUN.format("B0", 1500)),
        ("BASIC", RADIANCE.format("B0", 10) + SUN.format("B0", 999)),
        ("BASIC", RADIANCE.format("B0", 10)),
        ("BASIC", ""),
        ("", ""),
    ],
)
def test_airbus_numbers_that_cannot_be_calibrated_stay_numbers_with_the_reason(
    tmp_path: Path, processing: str, measured: str
) -> None:
    dimap(tmp_path, ("R1C1",), processing, measured)
    write_tif(tmp_path / f"IMG_{NAME}_R1C1.TIF", 4)
    one = scene(tmp_path)
    assert (one.quantity, one.calibration) == ("digital_number", "none") and says(one, "digital numbers")
    assert all(asset.scale is None for asset in one.assets) and not one.quarantined


def test_airbus_reflectance_is_divided_by_its_gain_and_a_missing_tile_is_said(tmp_path: Path) -> None:
    entry = "<Band_Reflectance><BAND_ID>{0}</BAND_ID><GAIN>10000</GAIN><BIAS>0</BIAS></Band_Reflectance>"
    dimap(tmp_path, ("R1C1", "R2C1"), "REFLECTANCE", "".join(entry.format(b) for b in ("B0", "B1", "B2", "B3")))
    write_tif(tmp_path / f"IMG_{NAME}_R1C1.TIF", 4)
    one = scene(tmp_path)
    assert {asset.scale for asset in one.assets} == {1e-4} and says(one, "R2C1.TIF", "not there") and says(one, "haze")


def test_a_dimap_document_whose_paths_lead_elsewhere_names_nothing(tmp_path: Path) -> None:
    write_tif(tmp_path / "secret.tif", 4)
    folder = tmp_path / "order"
    dimap(folder, ("R1C1",), "BASIC", "")
    text = (folder / f"DIM_{NAME}.XML").read_text().replace(f"IMG_{NAME}_R1C1.TIF", "../secret.tif")
    write(folder / f"DIM_{NAME}.XML", text)
    one = scene(folder)
    assert one.quarantined and not one.assets and says(one, "not there")


def test_several_deliveries_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    write_tif(tmp_path / f"{ITEM}_3B_AnalyticMS_SR.tif", 4)
    write_tif(tmp_path / f"19MAR02021133-M2AS-{ORDER}_P001.TIF", 4)
    write(tmp_path / f"19MAR02021133-M2AS-{ORDER}_P001.IMD", imd())
    write_tif(tmp_path / "LC08_L1TP_013032_20180131_20180207_01_T1_B4.TIF")
    write_tif(tmp_path / "sohae_2019-03-02.tif", 3)
    write(tmp_path / "scenes.csv", f"file,credit\n{ITEM}_3B_AnalyticMS_SR.tif,Planet for us\n")
    found = search(tmp_path)
    assert len(found.items) == 4 and set(ids(found)) >= {ITEM, "sohae_2019-03-02.tif"} and not noted(found, "could not")
    assert {one.credit for one in scenes(tmp_path) if one.provider == "Planet"} == {"Planet for us"}


def test_xml_with_declarations_is_not_read_and_the_scene_goes_on(tmp_path: Path) -> None:
    write_tif(tmp_path / f"{ITEM}_3B_AnalyticMS.tif", 4)
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "9">]>' + planet_xml().partition("?>")[2]
    write(tmp_path / f"{ITEM}_3B_AnalyticMS_metadata.xml", bomb)
    found = search(tmp_path)
    assert len(found.items) == 1 and noted(found, "metadata.xml", "declares")


def test_a_band_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    product = "SENTINEL2B_20190329-104725-707_L2A_T31UFQ_C_V2-0"
    for band in ("B3", "B4"):
        write_tif(tmp_path / f"{product}_FRE_{band}.tif", dtype="int16")
    broken = tmp_path / f"{product}_FRE_B4.tif"
    broken.write_bytes(broken.read_bytes()[:30])
    one = scene(tmp_path)
    assert set(bands(one)) == {"green"} and says(one, "FRE_B4.tif", "could not be read") and not one.quarantined
    assert noted(search(tmp_path), "FRE_B4.tif", "could not be read")
    (tmp_path / f"{product}_FRE_B3.tif").write_bytes(b"")
    one = scene(tmp_path)
    assert one.quarantined and not one.assets and says(one, "none of its image files could be read")


def test_pleiades_neo_files_of_one_tile_are_one_scene_in_the_order_that_is_listed(tmp_path: Path) -> None:
    entry = "<Raster_Index><BAND_ID>{}</BAND_ID><BAND_INDEX>{}</BAND_INDEX></Raster_Index>"
    groups = ""
    for kind, listed in (("RGB", ("R", "G", "B")), ("NED", ("NIR", "RE", "DB"))):
        file = f"IMG_PNEO3_{kind}_R1C1.TIF"
        write_tif(tmp_path / file, 3)
        order = "".join(entry.format(band, index) for index, band in enumerate(listed, 1))
        named = f'<Data_File tile_R="1" tile_C="1"><DATA_FILE_PATH href="{file}"/></Data_File>'
        display = f"<Raster_Display><Raster_Index_List>{order}</Raster_Index_List></Raster_Display>"
        groups += f"<Data_Files>{named}{display}</Data_Files>"
    text = DIMAP.format(processing="DISPLAY", files="", bands="").replace("<Data_Files></Data_Files>", groups)
    text = text.replace("<MISSION>PHR", "<MISSION>PNEO").replace("<MISSION_INDEX>1A", "<MISSION_INDEX>3")
    write(tmp_path / "DIM_PNEO3_201903020211331_MS-FS_ORT.XML", text)
    one = scene(tmp_path)
    assert bands(one) == {
        "red": ("IMG_PNEO3_RGB_R1C1.TIF", 1), "green": ("IMG_PNEO3_RGB_R1C1.TIF", 2), "blue": ("IMG_PNEO3_RGB_R1C1.TIF", 3),
        "nir": ("IMG_PNEO3_NED_R1C1.TIF", 1), "rededge": ("IMG_PNEO3_NED_R1C1.TIF", 2),
        "coastal": ("IMG_PNEO3_NED_R1C1.TIF", 3),
    }  # fmt: skip
    assert one.platform == "pleiades-neo-3" and not says(one, "display order")


def test_one_order_split_over_two_folders_by_somebody_is_still_read(tmp_path: Path) -> None:
    write_tif(tmp_path / "a" / f"{ITEM}_3B_AnalyticMS_SR.tif", 4)
    write_tif(tmp_path / "b" / f"{ITEM}_3B_udm2.tif", 8, dtype="uint8")
    one = scene(tmp_path)
    assert [mask.band for mask in one.masks] == ["udm2"] and not one.problems
    write_tif(tmp_path / "c" / f"{ITEM}_3B_AnalyticMS_SR.tif", 4)
    first, second = (one for one in scenes(tmp_path) if one.provider == "Planet" and one.calibration == "planet-sr")
    assert not first.masks and not second.masks, "which of two copies the mask belongs to is not guessed"


def test_a_stray_metadata_file_does_not_swallow_what_lies_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "MTD_MSIL2A.xml", "<x/>")
    write_tif(tmp_path / "20190302.tif")
    write_tif(tmp_path / "deep" / f"{ITEM}_3B_AnalyticMS_SR.tif", 4)
    assert {"20190302.tif", ITEM} <= set(ids(search(tmp_path)))
