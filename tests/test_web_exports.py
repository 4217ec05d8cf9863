"""What is handed out as files: readable by others, the same for the same case, and nothing left beside the case."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
from PIL import Image

from siteline.store.case import Case
from siteline.store.importing import import_folder, read_folder
from siteline.store.values import case_data
from store_folders import SOHAE, small, write
from web_cases import many
from web_server import Bench, serving


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    import_folder(SOHAE, folder / "s.gpkg", who="importer")
    return folder / "s.gpkg"


@pytest.fixture(scope="module")
def bench(path: Path) -> Iterator[Bench]:
    with serving(path) as made:
        yield made


def unpacked(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_imports_to_the_same_case_and_its_sums_are_right(bench: Bench, path: Path, tmp_path: Path):
    answer = bench.get("/api/export/bundle.zip")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="s-bundle.zip"'
    files = unpacked(answer.body)
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"}
    for name, data in files.items():
        if name.startswith("tables/"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(data)
    with Case.open(path) as case:
        assert read_folder(tmp_path / "tables") == case_data(case._db)
        lines = [json.loads(line) for line in files["journal.jsonl"].decode().splitlines()]
        assert [(e["who"], e["table"], e["key"]) for e in lines] == [(e.who, e.table, e.key) for e in case.journal()]
    assert files["report/report.pdf"].startswith(b"%PDF")
    assert bench.get("/api/export/bundle.zip").body == answer.body


def test_a_report_is_that_of_the_command(bench: Bench):
    files = unpacked(bench.get("/api/export/report.zip").body)
    assert set(files) == {"report.html", "report.pdf"}
    assert "cannot be determined" in files["report.html"].decode()


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_figures_are_whole_pictures_that_load_nothing(bench: Bench, theme: str):
    two = "structures=rail_transfer_building,vets_superstructure"
    for query in (f"theme={theme}", f"theme={theme}&{two}"):
        svg = bench.get(f"/api/export/figure.svg?{query}")
        assert svg.headers["content-type"] == "image/svg+xml"
        root = ElementTree.fromstring(svg.body)
        assert root.tag.endswith("svg")
        text = svg.body.decode()
        assert "UTC" in text
        assert "Images:" in text
        assert "<script" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https://", "") or "href=" not in text
        image = np.asarray(Image.open(BytesIO(bench.get(f"/api/export/figure.png?{query}").body)).convert("L"))
        assert image.shape[1] > 2000
        assert (np.abs(image.astype(int) - np.median(image)) > 60).mean() > 0.01
    named = bench.get(f"/api/export/figure.svg?{two}").body.decode()
    assert "Rail-mounted transfer building" in named


def test_layers_open_in_another_program_with_what_the_case_says(tmp_path: Path):
    case = many(tmp_path, structures=3, scenes=200)
    with serving(case) as bench:
        (tmp_path / "l.gpkg").write_bytes(bench.get("/api/export/layers.gpkg").body)
        state = bench.state()
    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "l.gpkg")}
    assert layers == {"structures", "transitions", "layer_styles"}
    structures = pyogrio.read_dataframe(tmp_path / "l.gpkg", layer="structures")
    assert str(structures.crs) == "EPSG:4326"
    assert list(structures["structure_id"]) == [s["id"] for s in state["structures"]]
    assert list(structures["state"]) == [s["segments"][-1]["state"] for s in state["structures"]]
    assert not structures.geometry.is_empty.any()
    changes = pyogrio.read_dataframe(tmp_path / "l.gpkg", layer="transitions")
    assert list(changes["by"]) == [t["by_iso"] or "" for s in state["structures"] for t in s["transitions"]]


def test_nothing_is_left_beside_the_case_and_what_is_not_there_is_said(tmp_path: Path):
    import_folder(write(tmp_path / "in", small()), tmp_path / "c & d.gpkg", who="importer")
    before = {p.name for p in tmp_path.iterdir()}
    with serving(tmp_path / "c & d.gpkg") as bench:
        for kind in ("figure.svg", "figure.png", "report.zip", "bundle.zip", "layers.gpkg"):
            answer = bench.get(f"/api/export/{kind}")
            assert answer.status == 200
            assert f'filename="c-d-{kind}"' in answer.headers["content-disposition"]
        for query in ("case.gpkg", "figure.pdf", "../app.py", "figure.svg?theme=pink", "figure.svg?structures=nowhere"):
            assert bench.get(f"/api/export/{query}").status in (404, 422)
        for query in ("compare.png", "compare.png?before=a&after=b", "chips.png?structure=x", "chips.svg?structure=pad"):
            assert bench.get(f"/api/export/{query}").status in (404, 422)
        assert bench.get("/api/export/figure.svg?structures=" + "pad," * 50).status == 422
    assert {p.name for p in tmp_path.iterdir()} == before
