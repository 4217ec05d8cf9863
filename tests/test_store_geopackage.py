"""The case file is a valid GeoPackage: by the standard's own tables, and as GDAL sees it."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from siteline.model.tables import TABLES
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.geometry import to_wkt
from siteline.store.importing import import_folder
from store_folders import SOHAE, TODAY, small, write

SQUARE = shapely.box(124.70, 39.65, 124.71, 39.66)
POINT = shapely.Point(124.705, 39.660)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    tables = small()
    del tables["structures.csv"]
    folder = write(tmp_path / "in", tables)
    shapes = {"pad": SQUARE, "stand": POINT, "shed": None}
    features = [
        {
            "type": "Feature",
            "properties": {"structure_id": name, "name": f"<{name}> 発"},
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for name, shape in shapes.items()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    (folder / "structures.geojson").write_text(json.dumps(collection))
    import_folder(folder, tmp_path / "case.gpkg", who="t", today=TODAY)
    return tmp_path / "case.gpkg"


@pytest.fixture
def db(case: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(case)) as opened:
        yield opened


def test_the_file_says_what_it_is(db: sqlite3.Connection, case: Path):
    raw = case.read_bytes()[:100]
    assert raw[68:72] == b"GPKG"  # application id, OGC 12-128r19 requirement 2
    assert struct.unpack(">I", raw[60:64]) == (10400,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_table_is_registered(db: sqlite3.Connection):
    contents = dict(db.execute("SELECT table_name, data_type FROM gpkg_contents"))
    present = {n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")}
    assert {t.name for t in TABLES} <= set(contents)
    assert set(contents) == {n for n in present if not n.startswith("gpkg_")}
    assert [n for n, kind in contents.items() if kind == "features"] == ["structures"]
    assert set(contents.values()) == {"features", "attributes"}
    for name in contents:  # requirements 29 and 119: one integer primary key
        keys = [row for row in db.execute(f"PRAGMA table_info({name})") if row[5]]
        assert [(row[2], row[5]) for row in keys] == [("INTEGER", 1)]
    for (when,) in db.execute("SELECT last_change FROM gpkg_contents"):
        assert len(when) == len("2019-03-02T00:00:00.000Z") and when.endswith("Z")


def test_the_reference_systems_are_there(db: sqlite3.Connection):
    rows = db.execute("SELECT srs_id, organization, organization_coordsys_id FROM gpkg_spatial_ref_sys").fetchall()
    assert set(rows) == {(-1, "NONE", -1), (0, "NONE", 0), (4326, "EPSG", 4326)}
    from pyproj import CRS

    (wkt,) = db.execute("SELECT definition FROM gpkg_spatial_ref_sys WHERE srs_id=4326").fetchone()
    assert CRS.from_wkt(wkt).to_epsg() == 4326


def test_the_geometry_column_is_declared_and_its_extent_true(db: sqlite3.Connection):
    assert db.execute("SELECT * FROM gpkg_geometry_columns").fetchall() == [("structures", "geom", "GEOMETRY", 4326, 2, 0)]
    sql = "SELECT min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents WHERE table_name='structures'"
    assert db.execute(sql).fetchone() == (*SQUARE.bounds, 4326)
    for (blob,) in db.execute("SELECT geom FROM structures WHERE geom IS NOT NULL"):
        assert blob[:4] == b"GP\0\1"  # magic, version, little endian without envelope
        assert struct.unpack("<i", blob[4:8]) == (4326,)


def test_gdal_reads_the_layers_and_the_footprints(case: Path):
    layers = dict(pyogrio.list_layers(case))
    assert set(layers) >= {t.name for t in TABLES}
    assert layers["structures"] == "Unknown" and layers["observations"] is None
    frame = pyogrio.read_dataframe(case, layer="structures")
    assert frame.crs.to_epsg() == 4326
    assert list(frame["structure_id"]) == ["pad", "stand", "shed"]
    assert list(frame["name"]) == ["<pad> 発", "<stand> 発", "<shed> 発"]
    assert frame.geometry[0].equals(SQUARE) and frame.geometry[1].equals(POINT)
    assert frame.geometry[2] is None
    assert list(pyogrio.read_dataframe(case, layer="observations")["state"]) == ["being_rebuilt", "obscured"]
    assert {p.name for p in case.parent.iterdir()} == {"case.gpkg", "in"}


def test_what_gdal_writes_is_journalled_and_read_back(case: Path):
    new = gpd.GeoDataFrame({"structure_id": ["new"], "name": ["New"]}, geometry=[SQUARE.buffer(0.01)], crs=4326)
    new["kind"] = new["aliases"] = new["notes"] = ""
    new["extra"] = "{}"
    pyogrio.write_dataframe(new, case, layer="structures", append=True)
    with Case.open(case) as opened:
        last = opened.journal()[-1]
        wkt = opened.data().structures["new"].geometry_wkt
    assert (last.who, last.what, last.key) == ("another program", "insert", "new")
    assert wkt is not None
    assert shapely.from_wkt(wkt).equals(new.geometry[0])
    assert check_case(case, today=TODAY) == []


def test_blobs_with_an_envelope_are_read():
    blob = b"GP\0\3" + struct.pack("<i4d", 4326, *SQUARE.bounds) + shapely.to_wkb(SQUARE)
    wkt = to_wkt(blob)
    assert wkt is not None
    assert shapely.from_wkt(wkt).equals(SQUARE)


@pytest.mark.parametrize("blob", [b"", b"GP", b"XX\0\1\0\0\0\0\0", b"GP\0\1\0\0\0\0rubbish"])
def test_other_blobs_are_refused(blob: bytes):
    with pytest.raises(ValueError, match="not a GeoPackage geometry"):
        to_wkt(blob)


def test_the_bundled_case_opens_in_gdal(tmp_path: Path):
    import_folder(SOHAE, tmp_path / "sohae.gpkg", who="t")
    assert len(pyogrio.read_dataframe(tmp_path / "sohae.gpkg", layer="structures")) == 21
    assert len(pyogrio.read_dataframe(tmp_path / "sohae.gpkg", layer="claims")) == 91
