"""Layers for map programs: every structure in one of them, and the styles that QGIS gives them when it opens them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pyogrio
import pytest

from siteline.dating.engine import date_observations
from siteline.model.dated import Dating
from siteline.model.records import CaseData
from siteline.model.scene import ImageScene
from siteline.publish.layers import write_layers
from siteline.publish.look import LIGHT, STATE_STYLES
from siteline.publish.qgisstyle import state_marks
from siteline.store.importing import read_folder
from web_cases import ledger

AREA = "POLYGON ((124.7 39.65, 124.701 39.65, 124.701 39.651, 124.7 39.65))"
POINT = "POINT (124.705 39.655)"
LINE = "LINESTRING (124.706 39.655, 124.707 39.655)"
BOTH = f"GEOMETRYCOLLECTION ({POINT}, GEOMETRYCOLLECTION ({AREA}, {POINT}))"
GIVEN = {"b0": AREA, "b1": POINT, "b2": None, "b3": LINE, "b4": BOTH, "b5": AREA}
LOOKS = {"b0": 20, "b1": 90, "b2": 90, "b3": 150, "b4": 70, "b5": 0}
"""How many scenes of each are looked at: their last states differ."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> CaseData:
    held = read_folder(ledger(tmp_path_factory.mktemp("layers") / "ledger", 6, 160, claims=0))
    structures = {key: replace(s, geometry_wkt=GIVEN[key]) for key, s in held.structures.items()}
    looks = tuple(o for o in held.observations if int(o.observation_id.split("-")[1]) < LOOKS[o.structure_id])
    return replace(held, structures=structures, observations=looks)


@pytest.fixture(scope="module")
def path(data: CaseData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("layers") / "layers.gpkg"
    scene = ImageScene("a/1", "a", footprint_wkt=AREA)
    write_layers(data, dated(data), [scene], made)
    return made


def dated(data: CaseData) -> Dating:
    return date_observations(data.observations, data.settings, tuple(data.structures))


def styles(path: Path) -> dict[str, ElementTree.Element]:
    """The default style of each layer."""
    table = pyogrio.read_dataframe(path, layer="layer_styles")
    assert list(table.columns) == [
        *("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD"),
        *("useAsDefault", "description", "owner", "ui", "update_time"),
    ]
    assert set(table["f_geometry_column"]) == {"geom"} and table["useAsDefault"].astype(bool).all()
    return {name: ElementTree.fromstring(qml) for name, qml in zip(table["f_table_name"], table["styleQML"], strict=True)}


def categories(style: ElementTree.Element) -> dict[str, str]:
    return {c.get("value", "?"): c.get("label", "?") for c in style.iter("category")}


def colours(style: ElementTree.Element) -> Iterator[tuple[str, set[str]]]:
    """The value of each category, and the colours of its symbol."""
    symbols = {s.get("name"): s for s in style.findall("renderer-v2/symbols/symbol")}
    for category in style.iter("category"):
        props = symbols[category.get("symbol")].iter("prop")
        yield category.get("value", "?"), {p.get("v", "") for p in props if "color" in p.get("k", "")}


def rgba(code: str) -> str:
    return ",".join(str(n) for n in bytes.fromhex(code[1:])) + ",255"


def test_each_layer_holds_one_kind_of_geometry_and_no_structure_is_lost(path: Path):
    kinds = {name: kind for name, kind in pyogrio.list_layers(path) if name != "layer_styles"}
    assert kinds == {
        "structures": "MultiPolygon",
        "structures_lines": "MultiLineString",
        "structures_points": "MultiPoint",
        "transitions": "MultiPolygon",
        "transitions_lines": "MultiLineString",
        "transitions_points": "MultiPoint",
        "scenes": "MultiPolygon",
    }
    held = {name: list(pyogrio.read_dataframe(path, layer=name).iloc[:, 0]) for name in kinds}
    assert held["structures"] == ["b0", "b2", "b4", "b5"]  # b2 lies nowhere
    assert (held["structures_lines"], held["structures_points"]) == (["b3"], ["b1"])
    assert pyogrio.read_dataframe(path, layer="structures").geometry.iloc[2].area > 0


def test_every_layer_opens_in_its_style_with_the_states_of_the_case(path: Path):
    made = styles(path)
    names = [name for name, _ in pyogrio.list_layers(path) if name != "layer_styles"]
    assert list(made) == names
    for name in names:
        column = {"structures": "state", "transitions": "to_state"}.get(name.split("_")[0])
        if column is None:
            continue
        frame, style = pyogrio.read_dataframe(path, layer=name), made[name]
        assert style.find("renderer-v2").get("attr") == column
        told = categories(style)
        assert set(told) == set(frame[column])
        assert all(label == STATE_STYLES[value].label for value, label in told.items() if value)
        for value, used in colours(style):
            assert {rgba(LIGHT[value or "muted"]), rgba(LIGHT["paper"])} == used  # in a casing, over any image
    assert {value for name in made for value in categories(made[name])} >= {"absent", "being_built", "complete", ""}


def test_symbols_fit_the_geometry_and_structures_are_named(path: Path):
    made = styles(path)
    for name, kind in (("structures", "fill"), ("structures_lines", "line"), ("structures_points", "marker")):
        assert {s.get("type") for s in made[name].findall("renderer-v2/symbols/symbol")} == {kind}
        assert made[name].get("labelsEnabled") == "1"
        assert made[name].find("labeling/settings/text-style").get("fieldName") == '"name"'
    assert made["scenes"].find("renderer-v2").get("type") == "singleSymbol"
    assert made["scenes"].find("labeling") is None
    diamonds = {p.get("v") for p in made["transitions"].iter("prop") if p.get("k") == "name"}
    assert diamonds == {"diamond"}


def test_no_two_states_differ_by_colour_alone_but_the_two_that_are_told_apart_by_it():
    marks = {mark.value: mark for mark in state_marks(["", *STATE_STYLES])}
    assert len(marks) == len(STATE_STYLES) + 1
    going_on = {name for name, mark in marks.items() if mark.pen == "dash"}
    assert going_on == {"being_built", "being_dismantled", "being_rebuilt"}
    assert {name for name, mark in marks.items() if mark.pen == "dot"} == {"absent", "dismantled", ""}
    assert marks["complete"].width > marks["partly_dismantled"].width


def test_a_case_without_footprints_has_its_layer_too(data: CaseData, tmp_path: Path):
    bare = replace(data, structures={key: replace(s, geometry_wkt=None) for key, s in data.structures.items()})
    write_layers(bare, dated(bare), [], tmp_path / "l.gpkg")
    assert list(pyogrio.read_dataframe(tmp_path / "l.gpkg", layer="structures")["structure_id"]) == list(GIVEN)
    empty = replace(bare, structures={}, observations=())
    write_layers(empty, dated(empty), [], tmp_path / "e.gpkg")
    assert {name for name, _ in pyogrio.list_layers(tmp_path / "e.gpkg")} == {"structures", "layer_styles"}


def test_names_of_the_data_cannot_break_a_style(data: CaseData, tmp_path: Path):
    odd = {key: replace(s, name="</qgis>\"&' %<", kind="<b>") for key, s in data.structures.items()}
    write_layers(replace(data, structures=odd), dated(data), [], tmp_path / "l.gpkg")
    assert len(styles(tmp_path / "l.gpkg")) == 6
    assert json.dumps(list(pyogrio.read_dataframe(tmp_path / "l.gpkg", layer="structures")["name"])).count("qgis") == 4
