"""Static STAC catalogues on disk and over HTTP: all of it is seen, or it is said what was not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from catalogue_server import FIXTURES, Item, instant, item, items, needs_data, page, served, trusting
from siteline.catalogue import staticstac
from siteline.catalogue.remote import source_named
from siteline.guard.http import Client
from siteline.model.errors import BadAnswer, FileTrouble
from siteline.model.search import Found, Query

WORLD = Query((-180.0, -90.0, 180.0, 90.0))
BOX = (9.0, 49.0, 12.0, 52.0)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as opened:
        yield opened


def catalog(name: str, *links: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"type": "Catalog", "id": name, "links": [{"rel": rel, "href": href} for rel, href in links], **more}


def collection(name: str, bbox: list[float], interval: list[Any], *links: tuple[str, str]) -> dict[str, Any]:
    extent = {"spatial": {"bbox": [bbox]}, "temporal": {"interval": [interval]}}
    return catalog(name, *links) | {"type": "Collection", "extent": extent}


def written(folder: Path, documents: dict[str, Any]) -> str:
    """The path of catalog.json in a folder of JSON documents by their paths."""
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(folder / "catalog.json")


def ids(found: Found) -> list[str]:
    return sorted(feature["id"] for feature in found.items)


def relative(name: str, when: str = "2020-01-01T10:00:00Z") -> Item:
    document = item(name, when)
    document["assets"]["red"]["href"] = f"./{name}.tif"
    return document


@needs_data
def test_a_real_catalogue_is_walked_to_its_end(client: Client) -> None:
    root = FIXTURES / "pystac_client/tests/data/test-case-1"
    found = source_named(str(root / "catalog.json"), client).search(WORLD)
    expected = [json.loads(path.read_text()) for path in root.rglob("*.json")]
    assert ids(found) == sorted(document["id"] for document in expected if document["type"] == "Feature")
    assert (len(found.items), found.completeness, found.matched) == (8, "complete", 8)


@needs_data
def test_the_same_catalogue_over_http() -> None:
    app = Starlette(routes=[Mount("/", StaticFiles(directory=FIXTURES / "pystac_client/tests/data/test-case-1"))])
    with served(app) as address, trusting(address) as client:
        found = source_named(f"{address}/catalog.json", client).search(WORLD)
    assert len(found.items) == 8 and found.completeness == "complete"


@needs_data
def test_a_collection_that_lies_elsewhere_is_not_entered_and_it_is_told(client: Client) -> None:
    root = FIXTURES / "pystac_client/tests/data/test-case-1/catalog.json"
    found = source_named(str(root), client).search(Query((100.0, 0.0, 101.0, 1.0)))
    assert not found.items and found.completeness == "complete"
    assert sum("outside the area" in note for note in found.notes) == 4
    early = source_named(str(root), client).search(Query(WORLD.bbox, None, instant("2019-01-01T00:00:00+00:00")))
    assert sum("outside the period" in note for note in early.notes) == 4


@needs_data
def test_items_of_stactools_become_scenes_with_paths(client: Client) -> None:
    from siteline.catalogue.items import scene_of

    path = next(FIXTURES.glob("stactools_sentinel2/S2B_MSIL2A_20220413*/expected_output.json"))
    found = source_named(str(path), client).search(WORLD)
    scene = scene_of(found.items[0], found.source)
    red = scene.bands(("red",))[0]
    assert red is not None and red.href.startswith(f"{path.resolve().parent}/GRANULE/") and red.href.endswith("_B04_10m.tif")


def test_area_period_and_assets_are_asked_of_every_item(tmp_path: Path, client: Client) -> None:
    features = items(20)
    links = [("item", f"items/{feature['id']}.json") for feature in features]
    documents = {f"items/{f['id']}.json": relative(f["id"], f["properties"]["datetime"]) for f in features}
    path = written(tmp_path, {"catalog.json": catalog("root", *links), **documents})
    query = Query(BOX, instant("2020-01-03T00:00:00+00:00"), instant("2020-01-10T00:00:00+00:00"))
    found = source_named(path, client).search(query)
    expected = [f["id"] for f in features if "2020-01-03" <= f["properties"]["datetime"] < "2020-01-10"]
    assert ids(found) == expected and 0 < len(expected) < 20
    assert found.items[0]["assets"]["red"]["href"] == str(tmp_path.resolve() / "items" / f"{found.items[0]['id']}.tif")


def test_an_item_collection_file_is_a_source(tmp_path: Path, client: Client) -> None:
    path = tmp_path / "found.json"
    path.write_text(json.dumps(page(items(5))))
    assert len(source_named(str(path), client).search(Query(BOX)).items) == 5


def test_an_unreadable_child_is_told_and_the_rest_is_found(tmp_path: Path, client: Client) -> None:
    links = [("item", "a.json"), ("item", "missing.json"), ("item", "broken.json"), ("child", "list.json")]
    documents = {"catalog.json": catalog("root", *links), "a.json": item("a"), "broken.json": "{", "list.json": [1]}
    found = source_named(written(tmp_path, documents), client).search(Query(BOX))
    assert ids(found) == ["a"] and found.completeness == "unknown" and found.matched is None
    for name in ("missing.json", "broken.json", "list.json"):
        assert any(name in note for note in found.notes)


def test_the_root_itself_must_be_readable(tmp_path: Path, client: Client) -> None:
    path = written(tmp_path, {"catalog.json": "no json"})
    with pytest.raises(BadAnswer, match="not JSON"):
        source_named(path, client).search(WORLD)
    source = source_named(path, client)
    (tmp_path / "catalog.json").unlink()
    with pytest.raises(FileTrouble):
        source.search(WORLD)


def test_row_10_a_catalogue_that_links_in_a_circle_ends(tmp_path: Path, client: Client) -> None:
    documents = {
        "catalog.json": catalog("root", ("child", "sub/catalog.json"), ("child", "./catalog.json")),
        "sub/catalog.json": catalog("sub", ("child", "../catalog.json"), ("child", "catalog.json"), ("item", "../a.json")),
        "a.json": item("a"),
    }
    found = source_named(written(tmp_path, documents), client).search(Query(BOX))
    assert ids(found) == ["a"] and found.completeness == "complete"


def test_caps_on_depth_and_number_are_told(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {f"{n}.json": catalog(str(n), ("child", f"{n + 1}.json")) for n in range(staticstac.MAX_DEPTH + 5)}
    deep = source_named(written(tmp_path / "deep", {"catalog.json": catalog("r", ("child", "0.json")), **chain}), client)
    found = deep.search(WORLD)
    assert found.completeness == "unknown" and any("levels deep" in note for note in found.notes)
    monkeypatch.setattr(staticstac, "MAX_DOCUMENTS", 5)
    wide = {f"{n}.json": item(str(n)) for n in range(9)}
    links = [("item", name) for name in wide]
    found = source_named(written(tmp_path / "wide", {"catalog.json": catalog("r", *links), **wide}), client).search(WORLD)
    assert found.completeness == "unknown" and any("more than 5 documents" in note for note in found.notes)


OUTSIDE = ("../secret.json", "/etc/passwd", "file:///etc/passwd", "https://example.org/x.json", "link.json")


@pytest.mark.parametrize("href", OUTSIDE)
def test_links_out_of_the_folder_are_not_followed(href: str, tmp_path: Path, client: Client) -> None:
    folder = tmp_path / "catalogue"
    path = written(folder, {"catalog.json": catalog("root", ("item", href), ("item", "a.json")), "a.json": item("a")})
    (tmp_path / "secret.json").write_text(json.dumps(item("secret")))
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    found = source_named(path, client).search(Query(BOX))
    assert ids(found) == ["a"] and found.completeness == "unknown" and any("not opened" in note for note in found.notes)


def test_links_to_another_host_are_not_followed(tmp_path: Path) -> None:
    written(
        tmp_path,
        {"catalog.json": catalog("r", ("item", "http://127.0.0.1:9/x.json"), ("item", "a.json")), "a.json": item("a")},
    )
    with served(Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path))])) as address, trusting(address) as client:
        found = source_named(f"{address}/catalog.json", client).search(Query(BOX))
    assert ids(found) == ["a"] and found.completeness == "unknown"


def test_collections_are_chosen_by_id_and_extent(tmp_path: Path, client: Client) -> None:
    documents = {
        "catalog.json": catalog("root", ("child", "c.json"), ("child", "d.json"), ("child", "far.json")),
        "c.json": collection("c", [9, 49, 12, 52], ["2019-01-01T00:00:00Z", None], ("item", "a.json")),
        "d.json": collection("d", [9, 49, 12, 52], [None, None], ("item", "b.json")),
        "far.json": collection("far", [170, -10, -170, 10], [None, None], ("item", "far-item.json")),
        "a.json": item("a"),
        "b.json": item("b", collection="d"),
        "far-item.json": item("far", collection="far"),
    }
    source = source_named(written(tmp_path, documents), client)
    assert ids(source.search(Query(BOX))) == ["a", "b"]
    assert ids(source.search(Query(BOX, collections=("d",)))) == ["b"]
    assert source.search(Query((-179.5, -5.0, -179.0, 5.0))).completeness == "complete"


def test_what_cannot_be_evaluated_and_a_cap_are_told(tmp_path: Path, client: Client) -> None:
    path = tmp_path / "found.json"
    path.write_text(json.dumps(page(items(5))))
    source = source_named(str(path), client)
    capped = source.search(Query(BOX, max_items=2))
    assert len(capped.items) == 2 and capped.completeness == "unknown" and any("stopped at 2" in n for n in capped.notes)
    assert source.search(Query(BOX, query={"a": {"eq": 1}})).completeness == "unknown"
