"""Import, export, import: nothing is lost, whatever stands in the cells."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from siteline.model.settings import Settings
from siteline.model.tables import BY_NAME
from siteline.store.case import Case
from siteline.store.exporting import export_folder
from siteline.store.importing import import_folder, read_folder
from store_folders import SOHAE, TODAY, read, small, write

nasty = st.sampled_from(
    ["<script>alert(1)</script>", "\"'`;--", "a,b", "two\nlines", "two\r\nlines", "\r", "שלום ‮‎x", "発射台", "é vs é", " "]
)
text = nasty | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=15)
key = text.filter(lambda t: t == t.strip() and t and not any(c in t for c in ";\x7f") and min(t) >= " ")
dates = st.sampled_from(
    ["", "2019", "2018-06", "2019-03-02", "2019-02-16/2019-03-02", "2019-03-02?", "2019-03-02T02:11Z", "../2019"]
)


@st.composite
def folders(draw: st.DrawFn) -> dict[str, list[dict[str, str]]]:
    """A folder in which every free cell, key and extra column is anything at all."""
    tables = small()
    for name, rows in tables.items():
        table = next(t for t in BY_NAME.values() if t.file == name)
        extras = draw(st.lists(text.filter(lambda t: "\ufeff" not in t), max_size=2, unique=True))
        for row in rows:
            for column in table.columns:
                if column.kind == "text" and not column.required and column.name in row and "time" not in column.name:
                    row[column.name] = draw(text)
                elif column.kind == "date" and table.name in ("sources", "statements"):
                    row[column.name] = draw(dates)
            row.update({n: draw(text) for n in extras if table.column(n) is None})
    structure, source = draw(key), draw(key)
    for rows in tables.values():
        for row in rows:
            for column, old, new in (
                ("structure_id", "pad", structure),
                ("source_id", "s1", source),
                ("repeats", "s1", source),
            ):
                if row.get(column) == old:
                    row[column] = new
    tables["structures.csv"][1]["structure_id"] += structure
    tables["observations.csv"][1]["structure_id"] += structure
    tables["sources.csv"][1]["source_id"] = second = source + "2"
    tables["images.csv"][0]["source_ids"] = f"{source}; {second}"
    for name in ("observations.csv", "statements.csv"):
        for row in tables[name]:
            row["source_id"] = second if row["source_id"] == "s2" else row["source_id"]
    tables["readings.csv"][0]["item"] = "f1"
    return tables


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(folders())
def test_every_value_comes_back(tables: dict[str, list[dict[str, str]]]):
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        first = write(base / "first", tables)
        import_folder(first, base / "a.gpkg", who="t", today=TODAY)
        export_folder(base / "a.gpkg", base / "second")
        for file, rows in tables.items():
            back = read(base / "second" / file)
            blank = {c: "" for row in rows for c in row}
            assert [{**blank, **row} for row in back] == rows
        import_folder(base / "second", base / "b.gpkg", who="t", today=TODAY)
        with Case.open(base / "a.gpkg") as one, Case.open(base / "b.gpkg") as two:
            assert one.data() == two.data() == read_folder(first, today=TODAY)


def test_the_bundled_case_comes_back_byte_for_byte(tmp_path: Path):
    import_folder(SOHAE, tmp_path / "a.gpkg", who="t")
    counts = export_folder(tmp_path / "a.gpkg", tmp_path / "out")
    for path in SOHAE.glob("*.csv"):
        assert read(tmp_path / "out" / path.name) == read(path)
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    assert counts["sources"] == len(read(SOHAE / "sources.csv")) == 164
    again = Settings.from_json((tmp_path / "out" / "settings.json").read_text())
    assert again == Settings.from_json((SOHAE / "settings.json").read_text())


degrees = st.tuples(st.floats(-179, 178), st.floats(-89, 88))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(degrees, degrees, json_values, text)
def test_footprints_and_unknown_properties_come_back(
    point: tuple[float, float], corner: tuple[float, float], value: Any, note: str
):
    west, south = corner
    square = [[west, south], [west + 0.5, south], [west + 0.5, south + 0.5], [west, south + 0.5], [west, south]]
    features = [
        _feature("pad", {"type": "Point", "coordinates": list(point)}, mine=value, notes=note),
        _feature("stand", {"type": "Polygon", "coordinates": [square]}),
        _feature("shed", None),
    ]
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        folder = _spatial_folder(base / "in", features)
        import_folder(folder, base / "a.gpkg", who="t", today=TODAY)
        export_folder(base / "a.gpkg", base / "out")
        assert not (base / "out" / "structures.csv").exists()
        back = json.loads((base / "out" / "structures.geojson").read_text(encoding="utf-8"))["features"]
        assert back[0]["properties"]["mine"] == value
        assert back[0]["properties"]["notes"] == note
        for given_feature, feature in zip(features, back, strict=True):
            if given_feature["geometry"] is None:
                assert feature["geometry"] is None
            else:
                assert mapping(shape(feature["geometry"])) == mapping(shape(given_feature["geometry"]))
        data = read_folder(folder, today=TODAY)
        wkt = data.structures["pad"].geometry_wkt
        assert wkt is not None
        assert shapely.from_wkt(wkt).coords[0] == point
        assert data == read_folder(base / "out", today=TODAY)


def test_unknown_properties_that_are_no_text_keep_geojson_even_without_footprints(tmp_path: Path):
    folder = _spatial_folder(tmp_path / "in", [_feature("pad", None, floors=3), _feature("stand", None)])
    import_folder(folder, tmp_path / "a.gpkg", who="t", today=TODAY)
    export_folder(tmp_path / "a.gpkg", tmp_path / "out")
    back = json.loads((tmp_path / "out" / "structures.geojson").read_text())
    assert back["features"][0]["properties"]["floors"] == 3


def _feature(name: str, geometry: object, **more: object) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"structure_id": name, "name": name, **more}, "geometry": geometry}


def _spatial_folder(folder: Path, features: list[dict[str, Any]]) -> Path:
    tables = small()
    del tables["structures.csv"]
    write(folder, tables)
    collection = {"type": "FeatureCollection", "features": features}
    (folder / "structures.geojson").write_text(json.dumps(collection), encoding="utf-8")
    return folder
