"""STAC items read into scenes. Expected values were read by eye from the JSON, or come from stactools' output."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue_server import FIXTURES, Item, item, needs_data
from siteline.catalogue.footprints import footprint_of
from siteline.catalogue.items import scene_of
from siteline.model.scene import ImageScene

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COPERNICUS = "Contains modified Copernicus Sentinel data"
USGS = "Landsat imagery courtesy of the U.S. Geological Survey"
S2_BANDS = [
    "coastal",
    "blue",
    "green",
    "red",
    "rededge071",
    "rededge075",
    "rededge078",
    "nir",
    "nir08",
    "nir09",
    "swir16",
    "swir22",
]


def fixture(name: str) -> Item:
    """A real item, or the first of a collection of them."""
    document = json.loads((FIXTURES / name).read_text())
    return dict(document.get("features", [document])[0])


def scene(document: Item, source: str = "s") -> ImageScene:
    return scene_of(document, source, now=NOW)


def files(read: ImageScene) -> dict[str, tuple[str, int]]:
    return {asset.band: (asset.name, asset.index) for asset in read.assets}


def made(name: str, assets: dict[str, Any], properties: dict[str, Any] | None = None, **more: Any) -> Item:
    """An item with assets given as key -> extra fields."""
    full = {key: {"href": f"https://x.example/{key}.tif", "type": "image/tiff", **asset} for key, asset in assets.items()}
    return {**item(name, properties=properties or {}), "assets": full, **more}


# ---- real items

EXPECTED = {
    "odc_stac/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json": {
        "provider": "ESA",
        "platform": "sentinel-2b",
        "quantity": "surface_reflectance",
        "calibration": "sentinel-2",
        "baseline": "02.12",
        "tile": "06VVN",
        "datatake": "S2B_20190629T212529",
        "relative_orbit": 43,
        "orbit_state": "descending",
        "cloud_percent": 0.314306,
        "gsd_m": 10.0,
        "sun_azimuth": 170.148039164397,
        "credit": f"{COPERNICUS} 2019",
        "licence": "https://sentinel.esa.int/documents/247904/690755/Sentinel_Data_Legal_Notice",
    },
    "odc_stac/S2A_28QCH_20200714_0_L2A.json": {
        "platform": "sentinel-2a",
        "baseline": "02.14",
        "tile": "28QCH",
        "datatake": "S2A_20200714T115221",
        "relative_orbit": 123,
        "cloud_percent": 2.36,
        "off_nadir": 0.0,
        "collection": "sentinel-s2-l2a-cogs",
    },
    "odc_stac/LC08_L2SP_028030_20200114_20200824_02_T1_SR.json": {
        "provider": "USGS",
        "platform": "landsat-8",
        "quantity": "surface_reflectance",
        "calibration": "landsat-c2-sr",
        "tile": "028030",
        "datatake": "LC08_028030_20200114",
        "baseline": "C2",
        "sun_elevation": 22.57988462,
        "sun_azimuth": 158.45194309,
        "off_nadir": 0.0,
        "gsd_m": 30.0,
        "credit": USGS,
        "licence": "public domain",
    },
    "odc_stac/LE07_L2SP_044033_20210329_20210424_02_T1_SR.json": {
        "platform": "landsat-7",
        "tile": "044033",
        "datatake": "LE07_044033_20210329",
        "cloud_percent": 0.0,
    },
    "odc_stac/LC08_L2SR_081119_20200101_20200823_02_T2.json": {
        "platform": "landsat-8",
        "tile": "081119",
        "sun_elevation": 22.72192082,
        "gsd_m": 30.0,
    },
    "odc_stac/ga_ls8c_ard_3-1-0_088080_2020-05-25_final.stac-item.json": {
        "provider": "Geoscience Australia",
        "platform": "landsat-8",
        "quantity": "surface_reflectance",
        "calibration": "declared",
        "baseline": "3.1.0",
        "tile": "088080",
        "datatake": "LC08_088080_20200525",
        "sun_elevation": 31.7895917,
        "licence": "CC-BY-4.0",
    },
}


@needs_data
@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_item_is_read_as_its_provider_means_it(name: str) -> None:
    read = scene(fixture(name))
    assert {key: getattr(read, key) for key in EXPECTED[name]} == EXPECTED[name]
    assert not read.problems and not read.quarantined and read.footprint_wkt is not None
    assert read.when.start == datetime.fromisoformat(fixture(name)["properties"]["datetime"])


@needs_data
def test_sun_elevation_of_sentinel_2_comes_from_its_zenith() -> None:
    read = scene(fixture("odc_stac/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json"))
    assert read.sun_elevation == pytest.approx(90 - 37.9128805424161)


@needs_data
def test_bands_of_sentinel_2_by_number_and_its_odd_common_names() -> None:
    # the item calls B8A "rededge", as B05 to B07; its band number decides
    read = scene(fixture("odc_stac/S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json"))
    numbers = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
    assert files(read) == {**{band: (key, 1) for band, key in zip(S2_BANDS, numbers, strict=True)}, "scl": ("SCL", 1)}
    assert [mask.band for mask in read.masks] == ["scl"]
    assert {asset.access for asset in read.assets} == {"planetary-computer"}
    assert all(asset.href.startswith("https://sentinel2l2a01.blob.core.windows.net/") for asset in read.assets)
    assert "?" not in read.assets[0].href, "unsigned"


@needs_data
def test_bands_of_landsat_8_7_and_of_a_beta_item_that_names_them_by_index() -> None:
    eight = scene(fixture("odc_stac/LC08_L2SP_028030_20200114_20200824_02_T1_SR.json"))
    assert [a.band for a in eight.assets] == ["coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "qa_pixel"]
    seven = scene(fixture("odc_stac/LE07_L2SP_044033_20210329_20210424_02_T1_SR.json"))
    assert {a.band: a.href[-6:-4] for a in seven.assets if a.role == "data"} == {
        "blue": "B1",
        "green": "B2",
        "red": "B3",
        "nir08": "B4",
        "swir16": "B5",
        "swir22": "B7",
    }
    beta = fixture("odc_stac/LC08_L2SR_081119_20200101_20200823_02_T2.json")
    assert files(scene(beta))["swir22"] == ("SR_B7.TIF", 1) and files(scene(beta))["qa_pixel"] == ("QA_PIXEL.TIF", 1)


@needs_data
def test_bands_and_mask_of_dea() -> None:
    read = scene(fixture("odc_stac/ga_ls8c_ard_3-1-0_088080_2020-05-25_final.stac-item.json"))
    assert files(read) == {
        "blue": ("nbart_blue", 1),
        "coastal": ("nbart_coastal_aerosol", 1),
        "green": ("nbart_green", 1),
        "nir08": ("nbart_nir", 1),
        "pan": ("nbart_panchromatic", 1),
        "red": ("nbart_red", 1),
        "swir16": ("nbart_swir_1", 1),
        "swir22": ("nbart_swir_2", 1),
        "fmask": ("oa_fmask", 1),
    }
    assert {(a.scale, a.offset, a.nodata) for a in read.assets if a.role == "data"} == {(0.0001, 0.0, -999.0)}


@needs_data
def test_hls_of_cmr_that_says_nothing_but_file_names() -> None:
    read = scene(fixture("pystac_client/tests/data/sample-item-collection.json"))
    assert (read.quantity, read.calibration, read.tile, read.cloud_percent) == (
        "surface_reflectance",
        "declared",
        "01GEL",
        17.0,
    )
    assert {b: n for b, (n, _) in files(read).items()} == {
        "coastal": "B01",
        "blue": "B02",
        "green": "B03",
        "red": "B04",
        "nir08": "B05",
        "swir16": "B06",
        "swir22": "B07",
        "cirrus": "B09",
    }
    assert {(a.scale, a.nodata, a.access) for a in read.assets} == {(0.0001, -9999.0, "earthdata")}


@needs_data
def test_naip_is_four_bands_of_one_file_on_a_day_not_at_an_instant() -> None:
    yaml = pytest.importorskip("yaml")
    path = FIXTURES / "pystac_client/cassettes/TestItemSearch.test_intersects_results.yaml"
    recorded = yaml.safe_load(path.read_text())["interactions"][0]["response"]["body"]["string"]
    for document in json.loads(recorded)["features"]:
        read = scene(document, "planetary-computer")
        assert files(read) == {"red": ("image", 1), "green": ("image", 2), "blue": ("image", 3), "nir": ("image", 4)}
        assert (read.quantity, read.calibration) == ("digital_number", "none")
        assert not read.when.is_instant and read.when.is_day, "16:00 is a placeholder"
        assert {a.access for a in read.assets} == {"planetary-computer"} and read.gsd_m == document["properties"]["gsd"]


@needs_data
def test_what_is_no_image_says_so() -> None:
    elevation = scene(fixture("odc_stac/lidar_dem.json"))
    assert "band that siteline knows" in elevation.problems[-1] and not elevation.assets
    labels = "pystac_client/tests/data/test-case-1/country-1/area-1-1/area-1-1-labels/area-1-1-labels.json"
    assert "no" in scene(fixture(labels)).problems[-1] and "image" in scene(fixture(labels)).problems[-1]


STACTOOLS = sorted(FIXTURES.glob("stactools_sentinel2/*/expected_output.json"))


@needs_data
@pytest.mark.parametrize("path", STACTOOLS, ids=lambda p: p.parent.name[:60])
def test_stactools_output_agrees(path: Path) -> None:
    """stactools wrote these items from the products' XML: an independent reading of baseline, tile, orbit and bands."""
    document = json.loads(path.read_text())
    document["links"].append({"rel": "self", "href": "https://x.example/s2/item.json"})
    properties, read = document["properties"], scene(document)
    assert read.baseline == properties["s2:processing_baseline"]
    assert f"MGRS-{read.tile}" == properties["grid:code"]
    assert read.platform == properties["platform"]
    assert (read.sun_elevation, read.cloud_percent) == (properties.get("view:sun_elevation"), properties["eo:cloud_cover"])
    assert read.calibration == "sentinel-2" and not read.problems and not read.quarantined
    level = "toa_reflectance" if properties["s2:product_type"] == "S2MSI1C" else "surface_reflectance"
    assert read.quantity == level
    expected = [*S2_BANDS, "cirrus"] if level == "toa_reflectance" else S2_BANDS
    assert sorted(a.band for a in read.assets if a.role == "data") == sorted(expected)
    if product := properties.get("s2:product_uri"):
        assert f"R{read.relative_orbit:03d}" in product and read.datatake == f"{product[:3]}_{product[11:26]}"
        assert read.datatake[4:] in properties["s2:datatake_id"]
    for asset in read.assets:
        declared = document["assets"][asset.name]
        raster = declared["raster:bands"][0]
        if asset.role == "data":
            assert (asset.scale, asset.offset) == (raster["scale"], raster["offset"])
            finest = min(r for r in (10, 20, 60) if _offers(document, asset.band, declared, r))
            assert raster["spatial_resolution"] == finest
        assert asset.href == "https://x.example/s2/" + declared["href"].removeprefix("./")


def _offers(document: Item, band: str, chosen: Any, res: int) -> bool:
    name = chosen["eo:bands"][0]["name"]
    return any(
        "visual" not in other.get("roles", [])
        and [b["name"] for b in other.get("eo:bands", [])] == [name]
        and other["raster:bands"][0]["spatial_resolution"] == res
        for other in document["assets"].values()
    )


@needs_data
def test_footprints_at_the_antimeridian_stay_narrow() -> None:
    from shapely import from_wkt

    checked = 0
    for path in STACTOOLS:
        document = json.loads(path.read_text())
        west, _, east, _ = document["bbox"]
        shape = from_wkt(scene(document).footprint_wkt)
        if west > east:
            checked += 1
            assert shape.area < 12, "a tile is about one degree wide, up to five at 72 degrees"
            assert shape.bounds[0] >= -180 and shape.bounds[2] <= 180 and shape.is_valid
    assert checked >= 3


# ---- layouts of providers that the fixtures lack, as their documentation gives them


def test_earth_search_prefers_the_cog_to_the_jp2() -> None:
    jp2 = {
        "href": "s3://sentinel-s2-l2a/tiles/B04.jp2",
        "type": "image/jp2",
        "eo:bands": [{"name": "B04", "common_name": "red"}],
    }
    cog = {
        "href": "https://sentinel-cogs.s3.us-west-2.amazonaws.com/B04.tif",
        "type": "image/tiff",
        "eo:bands": [{"name": "B04", "common_name": "red"}],
        "raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}],
    }
    for order in ({"red-jp2": jp2, "red": cog}, {"red": cog, "red-jp2": jp2}):
        document = {**item("S2A_T28QCH_20220714T115221_L2A", collection="sentinel-2-l2a"), "assets": order}
        document["properties"]["earthsearch:boa_offset_applied"] = True
        read = scene(document)
        assert files(read) == {"red": ("red", 1)} and read.assets[0].offset == -0.1
        assert read.properties["earthsearch:boa_offset_applied"] is True and read.tile == "28QCH"
    only = {**item("S2A_T28QCH_20220714T115221_L2A", collection="sentinel-2-l2a"), "assets": {"red-jp2": jp2}}
    assert files(scene(only)) == {"red": ("red-jp2", 1)}, "better than nothing"


def test_cdse_lies_in_s3_at_three_resolutions() -> None:
    product = "S2B_MSIL2A_20240315T021059_N0510_R003_T52SCD_20240315T041513"
    assets = {
        f"B04_{res}m": {"href": f"s3://eodata/{product}.SAFE/R{res}m/B04_{res}m.jp2", "type": "image/jp2", "gsd": res}
        for res in (60, 20, 10)
    }
    assets["SCL_20m"] = {"href": f"s3://eodata/{product}.SAFE/SCL_20m.jp2", "type": "image/jp2", "gsd": 20}
    assets["TCI_10m"] = {"href": f"s3://eodata/{product}.SAFE/TCI_10m.jp2", "type": "image/jp2", "gsd": 10}
    read = scene({**item(product, collection="sentinel-2-l2a"), "assets": assets})
    assert files(read) == {"red": ("B04_10m", 1), "scl": ("SCL_20m", 1)}
    assert {a.access for a in read.assets} == {"cdse-s3"}
    assert (read.baseline, read.relative_orbit, read.tile, read.datatake) == ("05.10", 3, "52SCD", "S2B_20240315T021059")


def test_an_open_alternate_address_is_taken_before_requester_pays() -> None:
    alternates = {
        "https": {"href": "https://open.example/b.tif"},
        "closed": {"href": "https://closed.example/b.tif", "auth:refs": ["oidc"]},
    }
    document = made(
        "LC09_L2SP_115032_20230101_20230103_02_T1", {"red": {"href": "s3://usgs/b.tif", "alternate": alternates}}
    )
    assert scene(document).assets[0].href == "https://open.example/b.tif"
    del alternates["https"]
    assert scene(document).assets[0].href == "s3://usgs/b.tif", "an alternate that needs another login is none"


@pytest.mark.parametrize(
    ("name", "band_4", "quantity", "rule"),
    [
        ("LC08_L1TP_115032_20180101_20180104_01_T1", "red", "toa_reflectance", "landsat-c1-toa"),
        ("LT05_L1TP_115032_20080101_20161104_01_T1", "nir08", "toa_reflectance", "landsat-c1-toa"),
        ("LC09_L1TP_115032_20230101_20230103_02_T1", "red", "toa_reflectance", "landsat-c1-toa"),
        ("LT05_L2SP_115032_20080101_20200829_02_T1", "nir08", "surface_reflectance", "landsat-c2-sr"),
    ],
)
def test_landsat_levels_and_sensors(name: str, band_4: str, quantity: str, rule: str) -> None:
    read = scene(made(name, {"B4": {}, "BQA": {}, "qa_pixel": {}, "B10": {}, "ST_B6": {}}))
    assert (read.quantity, read.calibration, files(read)[band_4]) == (quantity, rule, ("B4", 1))
    assert {mask.band for mask in read.masks} == {"qa_c1", "qa_pixel"}
    assert len(read.assets) == 3, "thermal bands have no reflectance"
    assert read.tile == "115032" and read.datatake == f"{name[:4]}_115032_{name[17:25]}"


def test_radar_of_opera_and_of_the_planetary_computer() -> None:
    name = "OPERA_L2_RTC-S1_T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A_30_v1.0"
    opera = scene(made(name, {f"{name}_VV": {}, f"{name}_VH": {}, f"{name}_mask": {}}, collection="OPERA_L2_RTC-S1_V1"))
    assert {b: n.removeprefix(name) for b, (n, _) in files(opera).items()} == {"vv": "_VV", "vh": "_VH", "rtc_mask": "_mask"}
    assert (opera.sensor, opera.quantity, opera.calibration, opera.relative_orbit) == ("radar", "gamma0", "opera-rtc", 137)
    assert (opera.tile, opera.datatake, opera.platform) == ("T137-292319-IW2", "S1A_20211119T015858", "sentinel-1a")
    rtc = scene(
        made(
            "S1A_IW_GRDH_1SDV_20210105T014929_20210105T014954_036005_0437F9_rtc",
            {"vv": {}, "vh": {}},
            {"sat:orbit_state": "ascending", "sat:relative_orbit": 108},
            collection="sentinel-1-rtc",
        )
    )
    assert (rtc.quantity, rtc.calibration, rtc.relative_orbit, rtc.orbit_state) == ("gamma0", "opera-rtc", 108, "ascending")
    assert rtc.datatake == "S1A_036005_20210105T014929"
    grd = scene(
        made("S1A_IW_GRDH_1SDV_20210105T014929_20210105T014954_036005_0437F9", {"vv": {}}, collection="sentinel-1-grd")
    )
    assert (grd.sensor, grd.quantity, grd.calibration) == ("radar", "digital_number", "none")


def test_planetscope_takes_surface_reflectance_and_udm2() -> None:
    rgbn = [{"name": n, "common_name": n} for n in ("blue", "green", "red", "nir")]
    assets = {
        "basic_analytic_4b": {"eo:bands": rgbn},
        "ortho_analytic_4b": {"eo:bands": rgbn},
        "ortho_analytic_4b_sr": {"eo:bands": rgbn},
        "ortho_udm2": {},
        "ortho_visual": {"eo:bands": rgbn[:3]},
    }
    document = made("20230101_021010_12_2415", assets, {"pl:item_type": "PSScene", "gsd": 3.7}, collection="PSScene")
    read = scene(document)
    assert files(read) == {
        **{band: ("ortho_analytic_4b_sr", n) for n, band in enumerate(("blue", "green", "red", "nir"), 1)},
        "udm2": ("ortho_udm2", 1),
    }
    assert (read.quantity, read.calibration, read.gsd_m) == ("surface_reflectance", "planet-sr", 3.7)
    del document["assets"]["ortho_analytic_4b_sr"]
    radiance = scene(document)
    assert (radiance.quantity, radiance.calibration) == ("digital_number", "none"), "radiance is not called reflectance"


def test_a_colour_picture_is_the_image_only_where_nothing_else_is() -> None:
    document = made(
        "10300100DB064000-visual",
        {"visual": {"roles": ["visual", "data"]}},
        {"ard_metadata_version": "1.0", "catalog_id": "10300100DB064000", "view:off_nadir": 21.3, "gsd": 0.5},
    )
    read = scene(document)
    assert files(read) == {"red": ("visual", 1), "green": ("visual", 2), "blue": ("visual", 3)}
    assert (read.provider, read.quantity, read.off_nadir, read.datatake) == (
        "Maxar/Vantor",
        "digital_number",
        21.3,
        "10300100DB064000",
    )
    sentinel = made("S2A_T28QCH_20220714T115221_L2A", {"visual": {}}, collection="sentinel-2-l2a")
    assert not scene(sentinel).assets and "gone" in scene(sentinel).problems[0]


@pytest.mark.parametrize(
    "asset",
    [
        {
            "eo:bands": [{"name": "1", "common_name": "nir"}, {"name": "2", "common_name": "red"}],
            "raster:bands": [{}, {"scale": 0.5, "offset": 1, "nodata": "nan"}],
        },
        {
            "bands": [
                {"name": "1", "eo:common_name": "nir"},
                {"name": "2", "eo:common_name": "red", "raster:scale": 0.5, "raster:offset": 1, "nodata": "nan"},
            ]
        },
    ],
    ids=["STAC 1.0", "STAC 1.1"],
)
def test_bands_of_a_generic_item_in_both_versions_of_stac(asset: dict[str, Any]) -> None:
    read = scene(made("x", {"data": asset}))
    assert files(read) == {"nir": ("data", 1), "red": ("data", 2)}
    red = read.assets[1]
    assert (red.scale, red.offset) == (0.5, 1.0) and red.nodata is not None and red.nodata != red.nodata
    assert read.calibration == "none", "a scale alone does not make reflectance"


def test_bands_are_guessed_from_keys_where_nothing_names_them() -> None:
    assert set(files(scene(made("x", {"red": {}, "NIR": {}, "swir1": {}, "thing": {}})))) == {"red", "nir", "swir16"}


def test_what_a_local_source_says_is_taken_as_said() -> None:
    assets = {
        "a": {"href": "/data/a.tif", "siteline:band": "pan", "siteline:index": 3},
        "b": {"href": "/data/b.tif", "siteline:mask": "udm1"},
    }
    properties = {
        "siteline:calibration": "theia",
        "siteline:quantity": "surface_reflectance",
        "siteline:problems": ["no georeference"],
        "siteline:quarantined": True,
    }
    read = scene(made("x", assets, properties))
    assert [(a.band, a.role, a.index, a.href) for a in read.assets] == [
        ("pan", "data", 3, "/data/a.tif"),
        ("udm1", "mask", 1, "/data/b.tif"),
    ]
    assert (read.calibration, read.quantity) == ("theia", "surface_reflectance")
    assert read.quarantined and read.problems == ("no georeference",)


def test_checksums_and_sizes_are_kept_where_they_are_sha_256() -> None:
    digest = "ab" * 32
    read = scene(
        made("x", {"red": {"file:checksum": f"1220{digest}", "file:size": 7}, "nir": {"file:checksum": "1340" + "0" * 128}})
    )
    assert [(a.sha256, a.size) for a in read.assets] == [(digest, 7), ("", None)]


# ---- row 29


@pytest.mark.parametrize("assets", [{}, {"B04": {"href": ""}}, {"B04": {"href": None}}, {"thumbnail": {}}, None])
def test_row_29_vanished_images_are_missing_never_demolished(assets: Any) -> None:
    document = item("S2A_T28QCH_20220714T115221_L2A", collection="sentinel-2-l2a")
    document["assets"] = assets
    read = scene(document)
    assert not read.assets and "its images are gone" in read.problems[0]
    assert not read.quarantined, "it is listed: that there was an acquisition is known"


def test_row_29_one_vanished_band_is_named() -> None:
    document = made("x", {"red": {}, "nir": {"href": ""}})
    assert scene(document).problems == ("its files nir are gone",) and files(scene(document)) == {"red": ("red", 1)}


# ---- bad input


@needs_data
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_item_breaks_the_reader(data: st.DataObject) -> None:
    """Real items with parts cut out or replaced by nonsense are read all the same: never an exception."""
    document = copy.deepcopy(_REAL[data.draw(st.integers(0, len(_REAL) - 1))])
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = document
        while isinstance(place, dict) and place:
            key = data.draw(st.sampled_from(sorted(place)))
            if not isinstance(place[key], dict) or data.draw(st.booleans()):
                place[key] = data.draw(
                    st.sampled_from([None, "", 0, -1, [], {}, "x", [None], [1, 2], {"a": None}, True, 1e308])
                )
                break
            place = place[key]
    read = scene(document)
    assert read.scene_id.startswith("s/")


_NAMES = (
    "odc_stac/S2A_28QCH_20200714_0_L2A.json",
    "odc_stac/LC08_L2SR_081119_20200101_20200823_02_T2.json",
    "odc_stac/ga_ls8c_ard_3-1-0_088080_2020-05-25_final.stac-item.json",
    "pystac_client/tests/data/sample-item-collection.json",
)
_REAL = [fixture(name) for name in _NAMES] if FIXTURES.exists() else []


def test_footprints_that_cannot_be_are_unknown_not_nowhere() -> None:
    assert footprint_of(None, None)[0] is None and footprint_of({"type": "Polygon"}, None)[0] is None
    swapped = {"type": "Polygon", "coordinates": [[[39.6, 124.7], [39.7, 124.7], [39.7, 124.8], [39.6, 124.7]]]}
    outline, problem = footprint_of(swapped, None)
    assert outline is None and "swapped" in problem
    assert scene({**item("x"), "geometry": None, "bbox": None}).problems == (footprint_of(None, None)[1],)


def test_a_footprint_written_around_the_world_is_put_across_the_antimeridian() -> None:
    from shapely import from_wkt
    from shapely.geometry import MultiPolygon, box

    across = MultiPolygon([box(179, -1, 180, 1), box(-180, -1, -179, 1)])
    for ring in (
        [[179, -1], [-179, -1], [-179, 1], [179, 1], [179, -1]],
        [[179, -1], [181, -1], [181, 1], [179, 1], [179, -1]],
        [[-181, -1], [-179, -1], [-179, 1], [-181, 1], [-181, -1]],
    ):
        outline, problem = footprint_of({"type": "Polygon", "coordinates": [ring]}, None)
        assert not problem and outline is not None and from_wkt(outline).symmetric_difference(across).area < 1e-9
    boxed, _ = footprint_of(None, [179, -1, -179, 1])
    assert boxed is not None and from_wkt(boxed).symmetric_difference(across).area < 1e-9
