"""Documents from elsewhere (rows 23 to 25): archives, XML, areas; and no loader that runs what it reads is in use."""

from __future__ import annotations

import ast
import gzip
import io
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import from_wkt
from shapely.geometry import box, mapping

import siteline
from siteline.guard.archives import Caps, read_member, safe_name, unpack
from siteline.guard.areas import read_area
from siteline.guard.xmldoc import parse_xml, read_xml
from siteline.model.errors import BadInput, FileTrouble, WouldOverwrite

SOURCE = Path(siteline.__file__).parent


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


# Row 23: archives

PLAIN = {"order/a.tif": b"pixels" * 100, "order/deep/b.xml": b"<x/>", "manifest.json": b"{}"}


@pytest.mark.parametrize("kind", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_row_23_a_good_archive_is_unpacked_whole(tmp_path: Path, kind: str) -> None:
    packed = tmp_path / "order"
    make_zip(packed, PLAIN) if kind == "zip" else make_tar(packed, PLAIN, kind)
    files = unpack(packed, tmp_path / "out")
    assert {str(file.relative_to(tmp_path / "out")): file.read_bytes() for file in files} == PLAIN
    assert sorted(p.name for p in tmp_path.iterdir()) == ["order", "out"], "no temporary folder is left"


SLIPS = ["../x", "a/../../x", "/etc/x", "C:/x", "C:x", "..\\x", "a\\..\\..\\x", "\\x", "a/\x00x", "a\nb", "."]


@pytest.mark.parametrize("name", SLIPS)
def test_row_23_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ValueError):
        safe_name(name)


@given(st.text(st.sampled_from("ab./\\:\x01 C"), max_size=12))
def test_row_23_a_safe_name_stays_below_the_folder(name: str) -> None:
    try:
        plain = safe_name(name)
    except ValueError:
        return
    root = "/srv/in"
    whole = os.path.normpath(os.path.join(root, plain))  # noqa: PTH118
    assert whole.startswith(root + "/") and whole != root


@pytest.mark.parametrize("name", ["../x.tif", "a/../../x.tif", "/tmp/x.tif"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_row_23_archive_slip_writes_nothing(tmp_path: Path, name: str, make: object) -> None:
    packed = tmp_path / "in" / "order"
    packed.parent.mkdir()
    make(packed, {"good.tif": b"1", name: b"2"})  # type: ignore[operator]
    with pytest.raises(FileTrouble, match="leads out"):
        unpack(packed, tmp_path / "in" / "out")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "order"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_row_23_links_and_devices_in_tars_are_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "order.tar", "w") as archive:
        entry = tarfile.TarInfo("a.tif")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(FileTrouble, match="link"):
        unpack(tmp_path / "order.tar", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_row_23_links_in_zips_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "order.zip", "w") as archive:
        entry = zipfile.ZipInfo("a.tif")
        entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(FileTrouble, match="link"):
        unpack(tmp_path / "order.zip", tmp_path / "out")


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_row_23_a_bomb_is_stopped_by_its_ratio(tmp_path: Path, make: object) -> None:
    packed = tmp_path / "bomb"
    make(packed, {"a.tif": bytes(40_000_000)})  # type: ignore[operator]
    assert packed.stat().st_size < 100_000
    with pytest.raises(FileTrouble, match="bomb"):
        unpack(packed, tmp_path / "out")
    assert not (tmp_path / "out").exists() and len(list(tmp_path.iterdir())) == 1


def test_row_23_caps_on_bytes_members_and_repeats(tmp_path: Path) -> None:
    noise = os.urandom(50_000)
    packed = make_zip(tmp_path / "order.zip", {f"{n}.tif": noise for n in range(5)})
    with pytest.raises(FileTrouble, match="too large"):
        unpack(packed, tmp_path / "out", Caps(total=200_000))
    with pytest.raises(FileTrouble, match="more than 4 members"):
        unpack(packed, tmp_path / "out", Caps(members=4))
    twice = make_tar(tmp_path / "twice.tar", {"a.tif": b"1", "A.TIF": b"2"}, "w")
    with pytest.raises(FileTrouble, match="named twice"):
        unpack(twice, tmp_path / "out")


def test_row_23_a_directory_that_lies_about_a_size_is_caught(tmp_path: Path) -> None:
    packed = make_zip(tmp_path / "order.zip", {"a.tif": b"x" * 5000})
    raw = packed.read_bytes()
    size = (5000).to_bytes(4, "little")
    packed.write_bytes(raw.replace(size, (50).to_bytes(4, "little")))
    with pytest.raises(FileTrouble, match="unpacked"):
        unpack(packed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_row_23_a_tar_header_cannot_fill_the_memory(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.XHDTYPE, 1 << 40
    (tmp_path / "order.tar").write_bytes(entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict") + bytes(10_240))
    with pytest.raises(FileTrouble, match="declares more than 1 MiB"):
        unpack(tmp_path / "order.tar", tmp_path / "out")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 not a zip", b"\x1f\x8b broken", gzip.compress(b"no tar in here" * 100)])
def test_row_23_what_is_no_archive_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "order").write_bytes(raw)
    with pytest.raises(FileTrouble):
        unpack(tmp_path / "order", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_row_23_nothing_is_written_over(tmp_path: Path) -> None:
    packed = make_zip(tmp_path / "order.zip", PLAIN)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(WouldOverwrite):
        unpack(packed, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


# Row 24: XML

KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>
<name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>124.70,39.65,0 124.72,39.65,0 124.72,39.67,0
124.70,39.67,0 124.70,39.65,0</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>"""
SITE = box(124.70, 39.65, 124.72, 39.67)


def declared(declaration: str, name: str = "&a;") -> str:
    return KML.format(name=name).replace("?><kml", f"?>{declaration}<kml")


LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "entity bomb": declared(f'<!DOCTYPE x [<!ENTITY l0 "lol">{LOL}]>', "&l9;"),
    "external entity": declared('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "external document type": declared('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "x"),
    "parameter entity": declared('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>', "x"),
    "harmless entity": declared('<!DOCTYPE x [<!ENTITY a "a">]>'),
    "bare declaration": declared("<!DOCTYPE kml>", "x"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_row_24_declarations_in_kml_are_rejected_and_nothing_is_fetched(tmp_path: Path, kind: str) -> None:
    (tmp_path / "area.kml").write_text(HOSTILE[kind])
    with pytest.raises(FileTrouble, match="declares a document type or entities"):
        read_area(str(tmp_path / "area.kml"))
    make_zip(tmp_path / "area.kmz", {"doc.kml": HOSTILE[kind].encode()})
    with pytest.raises(BadInput, match="declares a document type or entities"):
        read_area(str(tmp_path / "area.kmz"))


def test_row_24_xml_in_other_encodings_is_rejected_all_the_same(tmp_path: Path) -> None:
    text = HOSTILE["external entity"].replace("UTF-8", "UTF-16")
    with pytest.raises(BadInput):
        parse_xml(text.encode("utf-16"))


def test_row_24_size_and_depth_are_capped(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<x>" + " " * 2000 + "</x>")
    with pytest.raises(FileTrouble, match="larger than 1000"):
        read_xml(tmp_path / "x.xml", 1000)
    with pytest.raises(BadInput, match="nested"):
        parse_xml(b"<a>" * 5000 + b"</a>" * 5000)
    for raw in (b"", b"<a>", b"no xml", b"\xff\xfe\x00", b'<?xml version="1.0" encoding="none-such"?><a/>'):
        with pytest.raises(BadInput):
            parse_xml(raw)


# Areas


def test_areas_in_every_form_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(KML.format(name="Sohae"))
    make_zip(tmp_path / "a.kmz", {"files/icon.png": b"x", "doc.kml": KML.format(name="Sohae").encode()})
    feature = {"type": "Feature", "properties": None, "geometry": mapping(SITE)}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (tmp_path / "a.wkt").write_text(SITE.wkt + "\n")
    forms = ["124.70,39.65,124.72,39.67", SITE.wkt, f"SRID=4326;{SITE.wkt}", json.dumps(mapping(SITE))]
    forms += [str(tmp_path / f"a.{kind}") for kind in ("kml", "kmz", "geojson", "wkt")]
    for form in forms:
        assert from_wkt(read_area(form)).equals_exact(SITE, 1e-9, normalize=True), form


def test_a_box_across_the_antimeridian_is_two_parts() -> None:
    area = from_wkt(read_area("179.5,-17,-179.5,-16"))
    assert area.geom_type == "MultiPolygon" and area.bounds == (-180, -17, 180, -16) and area.area == pytest.approx(1.0)


def test_a_kml_with_a_hole_a_point_and_heights() -> None:
    ring = "<LinearRing><coordinates>{}</coordinates></LinearRing>"
    outer = ring.format("0,0,9 10,0,9 10,10,9 0,10,9 0,0,9")
    inner = ring.format("4,4 6,4 6,6 4,6 4,4")
    polygon = f"<Polygon><outerBoundaryIs>{outer}</outerBoundaryIs><innerBoundaryIs>{inner}</innerBoundaryIs></Polygon>"
    document = f"<kml>{polygon}<Point><coordinates>20,20,5</coordinates></Point></kml>"
    from siteline.guard.areas import _from_kml

    area = _from_kml(parse_xml(document.encode()), "x")
    assert area.area == pytest.approx(96) and area.bounds == (0, 0, 20, 20)


@pytest.mark.parametrize(
    "text",
    [
        *("124.7,39.67,124.72,39.65", "1,2,1,3", "200,0,210,5", "0,80,5,95", "POLYGON ((0 0, 1 1", "POLYGON EMPTY"),
        *("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "Sohae", "", '{"type": "Polygon"}', '{"type": 5}', '{"a": 1}', "{]"),
        '{"type": "Point", "coordinates": ["a", "b"]}',
        '{"type": "FeatureCollection", "features": []}',
        '{"type": "Point", "coordinates": [310000, 4393000]}',
        '{"type": "Point", "coordinates": [1, 2], "crs": {"type": "name", "properties": {"name": "EPSG:32651"}}}',
    ],
)  # fmt: skip
def test_what_is_no_area_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadInput):
        read_area(text)


def test_a_missing_area_file_and_a_kmz_without_kml(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="does not exist"):
        read_area(str(tmp_path / "none.kml"))
    make_zip(tmp_path / "a.kmz", {"x.txt": b"x"})
    with pytest.raises(FileTrouble, match=r"no \.kml"):
        read_area(str(tmp_path / "a.kmz"))
    make_zip(tmp_path / "bomb.kmz", {"doc.kml": bytes(30_000_000)})
    with pytest.raises(FileTrouble, match=r"bomb|larger"):
        read_area(str(tmp_path / "bomb.kmz"))
    with pytest.raises(FileTrouble, match="larger than 10"):
        read_member(make_zip(tmp_path / "b.zip", {"doc.kml": b"x" * 100}), ".kml", 10)


@given(st.tuples(st.floats(-179, 170), st.floats(-89, 80), st.floats(0.001, 9), st.floats(0.001, 9)))
def test_a_box_comes_back_as_it_was_given(numbers: tuple[float, float, float, float]) -> None:
    west, south, wide, high = numbers
    text = ",".join(repr(value) for value in (west, south, west + wide, south + high))
    assert from_wkt(read_area(text)).bounds == pytest.approx((west, south, west + wide, south + high), rel=1e-14)
    again = read_area(json.dumps(mapping(from_wkt(read_area(text)))))
    assert from_wkt(again).equals_exact(box(west, south, west + wide, south + high), 1e-12, normalize=True)


# Row 25: loaders that run or build what a document names

BANNED_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml", "jsonpickle"}
BANNED_METHODS = {"extractall", "unpack_archive", "read_pickle", "to_pickle"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_XML = {"xml.etree.ElementTree", "xml.etree", "xml.dom", "xml.dom.minidom", "xml.sax", "lxml", "lxml.etree"}
HARMLESS_XML = {"Element", "ParseError", "SubElement", "ElementTree", "tostring", "indent", "register_namespace"}


def offences(text: str) -> list[str]:
    """What a Python source does that row 25 (and row 24) bans: ``line: what``."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [f"{node.lineno}: {what}" for what in _imported(node)]
        elif isinstance(node, ast.Call):
            found += [f"{node.lineno}: {what}" for what in _called(node)]
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [alias.name for alias in node.names]
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
    harmless = isinstance(node, ast.ImportFrom) and set(names) <= HARMLESS_XML
    found = [f"import of {module}" for module in modules if module.partition(".")[0] in BANNED_MODULES]
    return found + [f"{module} without defusedxml" for module in modules if module in UNSAFE_XML and not harmless]


def _called(node: ast.Call) -> list[str]:
    plain = isinstance(node.func, ast.Name)
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    owner = node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
    words = {word.arg: word.value for word in node.keywords}
    safe = isinstance(words.get("allow_pickle"), ast.Constant) and words["allow_pickle"].value is False  # type: ignore[attr-defined]
    numpy_load = owner in ("np", "numpy") and name == "load"
    found = [f"{name}()"] if (plain and name in BANNED_CALLS) or name in BANNED_METHODS else []
    return found + (["allow_pickle"] if (numpy_load or "allow_pickle" in words) and not safe else [])


@pytest.mark.parametrize(
    "text",
    [
        *("import pickle", "from pickle import loads", "import yaml", "x = np.load(f)", "x = np.load(f, allow_pickle=True)"),
        *("eval(text)", "exec(text)", "archive.extractall(folder)", "import xml.etree.ElementTree", "pd.read_pickle(f)"),
        "from xml.etree.ElementTree import fromstring",
    ],
)  # fmt: skip
def test_row_25_the_scan_finds_what_it_is_for(text: str) -> None:
    assert offences(text)


def test_row_25_no_module_loads_yaml_tags_pickles_or_object_arrays() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 50
    found = {str(file.relative_to(SOURCE)): offences(file.read_text(encoding="utf-8")) for file in files}
    assert {name: told for name, told in found.items() if told} == {}
