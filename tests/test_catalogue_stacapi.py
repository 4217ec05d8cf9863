"""Searches of STAC APIs: a real server, recorded answers, and a stub for the faults of rows 2, 9, 10 and 11."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from catalogue_server import (
    FIXTURES,
    Item,
    Stub,
    instant,
    item,
    items,
    needs_data,
    page,
    rustac_serving,
    served,
    trusting,
    within,
)
from siteline.catalogue.paging import MAX_BARREN
from siteline.catalogue.presets import PRESETS
from siteline.catalogue.remote import source_named
from siteline.catalogue.stacapi import StacApi
from siteline.guard.http import Client
from siteline.model.errors import AddressRefused, BadAnswer, BadInput, IncompleteSearch, ServerUnavailable
from siteline.model.search import Found, Query

BOX = (9.0, 49.0, 12.0, 52.0)
YEAR = Query(BOX, instant("2020-01-01T00:00:00+00:00"), instant("2021-01-01T00:00:00+00:00"), limit=10)


def ask(stub: Stub, query: Query = YEAR, **more: Any) -> Found:
    with served(stub.app) as address, trusting(address, **more) as client:
        return StacApi("stub", address + "/", client).search(query)


def ids(found: Found) -> list[str]:
    return [feature["id"] for feature in found.items]


def pages_of(features: list[Item], size: int, **more: Any) -> Any:
    """A search that pages by POST with ``skip`` in the body of its next links."""

    def search(body: dict[str, Any], base: str) -> Any:
        held = within(features, body)
        skip, limit = int(body.get("skip", 0)), min(size, int(body["limit"]))
        rest = {"rel": "next", "href": f"{base}/search", "method": "POST", "merge": True, "body": {"skip": skip + limit}}
        return page(held[skip : skip + limit], [rest] if skip + limit < len(held) else [], **more)

    return search


# ---- a real server


def test_a_real_server_gives_every_item_of_area_and_period(tmp_path: Path) -> None:
    far = item("far", geometry={"type": "Point", "coordinates": [100, 0]}, bbox=[100, 0, 100, 0])
    features = [*items(47), far]
    query = Query(BOX, instant("2020-01-10T00:00:00+00:00"), instant("2020-02-10T00:00:00+00:00"), limit=10)
    with rustac_serving(features, tmp_path) as address, trusting(address) as client:
        found = source_named(address + "/", client).search(query)
    expected = [f["id"] for f in features[:47] if "2020-01-10" <= f["properties"]["datetime"] < "2020-02-10"]
    assert len(expected) == 25 and sorted(ids(found)) == sorted(expected)
    assert found.completeness == "unknown" and any("does not say how many" in note for note in found.notes)


def test_a_real_server_s_refusal_is_shown_in_its_own_words(tmp_path: Path) -> None:
    with (
        rustac_serving(items(2), tmp_path) as address,
        trusting(address) as client,
        pytest.raises(BadAnswer, match='invalid type: string "many"'),
    ):
        StacApi("real", address + "/", client).search(Query(BOX, limit="many"))  # type: ignore[arg-type]


@needs_data
def test_real_items_survive_a_real_server(tmp_path: Path) -> None:
    recorded = json.loads((FIXTURES / "odc_stac" / "site2-2020_jun_jul-35MNM.geojson").read_text())["features"]
    with rustac_serving(recorded, tmp_path) as address, trusting(address) as client:
        found = source_named(address + "/", client).search(
            Query((27.0, -8.0, 27.5, -7.5), instant("2020-07-01T00:00:00+00:00"), collections=("sentinel-2-l2a",))
        )
    expected = {feature["id"] for feature in recorded if feature["properties"]["datetime"] >= "2020-07-01"}
    assert set(ids(found)) == expected and len(expected) > 3
    assert all(feature["assets"]["B04"]["href"].startswith("https://") for feature in found.items)


# ---- recorded answers of the Planetary Computer


@needs_data
@pytest.mark.parametrize(
    ("cassette", "count"),
    [
        ("TestAPISearch.test_search_max_items_unlimited_default", 162),
        ("TestItemSearch.test_datetime_results", 33),
        ("TestItemSearch.test_intersects_results", 42),
    ],
)
def test_recorded_searches_of_the_planetary_computer(cassette: str, count: int) -> None:
    yaml = pytest.importorskip("yaml")
    first = yaml.safe_load((FIXTURES / "pystac_client" / "cassettes" / f"{cassette}.yaml").read_text())["interactions"][0]
    asked, answer = json.loads(first["request"]["body"]), json.loads(first["response"]["body"]["string"])
    start, _, end = asked.get("datetime", "../..").partition("/")

    def search(body: dict[str, Any], base: str) -> Any:
        return {**answer, "features": within(answer["features"], body)}

    stub = Stub(search)
    found = ask(
        stub,
        Query(
            tuple(asked.get("bbox", (-180, -90, 180, 90))),
            None if start == ".." else instant(start),
            None if end == ".." else instant(end),
            intersects=asked.get("intersects"),
            collections=tuple(asked["collections"]),
            limit=250,
        ),
    )
    assert len(found.items) == count == len({feature["id"] for feature in answer["features"]})
    assert {key: stub.asked[0].get(key) for key in asked} == asked, "the same question as the recorded one"
    assert found.completeness == "unknown"


# ---- what is sent


def test_the_options_of_stac_client_search_are_sent_as_the_standard_has_them() -> None:
    stub = Stub(lambda body, base: page([]))
    query = Query(
        BOX,
        instant("2020-01-01T00:00:00+09:00"),
        None,
        intersects={"type": "Point", "coordinates": [10, 50]},
        collections=("a", "b"),
        ids=("x",),
        query={"eo:cloud_cover": {"lt": 20}},
        filter={"op": "=", "args": [{"property": "platform"}, "s"]},
        sortby=("-properties.datetime", "id"),
        fields=("id", "-links"),
        limit=7,
    )
    ask(stub, query)
    assert stub.asked[0] == {
        "limit": 7,
        "intersects": {"type": "Point", "coordinates": [10, 50]},
        "datetime": "2019-12-31T15:00:00Z/..",
        "collections": ["a", "b"],
        "ids": ["x"],
        "query": {"eo:cloud_cover": {"lt": 20}},
        "filter": {"op": "=", "args": [{"property": "platform"}, "s"]},
        "filter-lang": "cql2-json",
        "sortby": [{"field": "properties.datetime", "direction": "desc"}, {"field": "id", "direction": "asc"}],
        "fields": {"include": ["id"], "exclude": ["links"]},
    }


def test_an_api_that_links_get_only_is_asked_by_get() -> None:
    features = items(25)

    def search(body: dict[str, Any], base: str) -> Any:
        skip = int(body.get("skip", 0))
        rest = {"rel": "next", "href": f"search?limit=10&skip={skip + 10}"}  # relative, without a method: GET
        return page(features[skip : skip + 10], [rest] if skip + 10 < 25 else [], numberMatched=25)

    stub = Stub(search, ("GET",))
    found = ask(stub, Query(BOX, collections=("c",), sortby=("-properties.datetime",), limit=10))
    assert len(found.items) == 25 and (found.completeness, found.matched) == ("complete", 25)
    assert stub.asked[0] == {
        "limit": "10",
        "bbox": "9.0,49.0,12.0,52.0",
        "collections": "c",
        "sortby": "-properties.datetime",
    }


def test_a_box_across_the_antimeridian_is_asked_in_two_and_each_item_counted_once() -> None:
    ring = [[179, -1], [181, -1], [181, 1], [179, 1], [179, -1]]
    both = item("both", geometry={"type": "Polygon", "coordinates": [ring]}, bbox=[179, -1, -179, 1])
    west = item("west", geometry={"type": "Point", "coordinates": [179.5, 0]}, bbox=[179.5, 0, 179.5, 0])

    def search(body: dict[str, Any], base: str) -> Any:
        assert body["bbox"][0] <= body["bbox"][2]
        hit = [both, west] if body["bbox"][2] == 180 else [both]
        return page(hit, numberMatched=len(hit))

    stub = Stub(search)
    found = ask(stub, Query((179.0, -1.0, -179.0, 1.0)))
    assert [body["bbox"] for body in stub.asked] == [[179.0, -1.0, 180.0, 1.0], [-180.0, -1.0, -179.0, 1.0]]
    assert ids(found) == ["both", "west"] and (found.completeness, found.matched) == ("complete", 2)


def test_presets_ask_for_calibrated_collections_at_any_address() -> None:
    for name, preset in PRESETS.items():
        stub = Stub(lambda body, base: page([], numberMatched=0))
        with served(stub.app) as address, trusting(address) as client:
            source = source_named(name, client, urls={name: address + "/"})
            assert source.name == name and source.search(YEAR).completeness == "complete"
        assert stub.asked[0]["collections"] == list(preset.collections)
        assert not any("grd" in collection for collection in preset.collections)


# ---- completeness: rows 2, 9, 10, 11


@pytest.mark.parametrize("once", [True, False])
def test_row_02_a_bare_503_is_retried_then_a_clear_error(once: bool) -> None:
    left = [1] if once else [10_000]

    def search(body: dict[str, Any], base: str) -> Any:
        left[0] -= 1
        return Response(status_code=503) if left[0] >= 0 else page(items(3), numberMatched=3)

    if once:
        assert len(ask(Stub(search)).items) == 3
    else:
        with pytest.raises(ServerUnavailable, match="503"):
            ask(Stub(search), deadline_s=1.0)


def test_row_09_an_empty_middle_page_is_passed_when_a_link_leads_on() -> None:
    features = items(3)

    def search(body: dict[str, Any], base: str) -> Any:
        number = int(body.get("page", 1))
        rest = {"rel": "next", "href": f"{base}/search", "method": "POST", "merge": True, "body": {"page": number + 1}}
        held = {1: features[:2], 2: [], 3: features[2:]}[number]
        return page(held, [rest] if number < 3 else [], numberMatched=3)

    found = ask(Stub(search))
    assert len(found.items) == 3 and (found.completeness, found.matched) == ("complete", 3)


@pytest.mark.parametrize("count", [{"numberMatched": 3}, {"context": {"matched": 3, "returned": 2}}])
def test_row_09_fewer_than_counted_is_an_incomplete_search(count: dict[str, Any]) -> None:
    with pytest.raises(IncompleteSearch) as caught:
        ask(Stub(lambda body, base: page(items(2), **count)))
    assert (caught.value.got, caught.value.matched, caught.value.source) == (2, 3, "stub")


def test_row_09_a_repeated_item_does_not_hide_a_missing_one() -> None:
    first = items(2)
    with pytest.raises(IncompleteSearch):
        ask(Stub(lambda body, base: page([*first, first[0]], numberMatched=3)))


def test_row_10_a_next_link_to_itself_ends_and_is_told() -> None:
    features = items(20)

    def search(body: dict[str, Any], base: str) -> Any:
        return page(within(features, body)[:10], [{"rel": "next", "href": f"{base}/search", "method": "POST", "body": body}])

    stub = Stub(search)
    found = ask(stub)
    assert len(found.items) == 20, "what the circle hid is found by date slices"
    assert found.completeness == "unknown" and any("circle" in note for note in found.notes)
    assert len(stub.asked) < 40


def test_row_10_a_longer_circle_with_a_count_is_incomplete() -> None:
    features = items(4)

    def search(body: dict[str, Any], base: str) -> Any:
        number = int(body.get("page", 0))
        rest = {"rel": "next", "href": f"{base}/search", "method": "POST", "merge": True, "body": {"page": 1 - number}}
        return page(features[number : number + 1], [rest], numberMatched=4)

    stub = Stub(search)
    with pytest.raises(IncompleteSearch):
        ask(stub)
    assert len(stub.asked) == 3  # as asked, page 1, page 0


def test_row_10_ever_new_links_with_nothing_new_behind_them_end() -> None:
    def search(body: dict[str, Any], base: str) -> Any:
        number = int(body.get("page", 0))
        rest = {"rel": "next", "href": f"{base}/search", "method": "POST", "merge": True, "body": {"page": number + 1}}
        return page(items(1), [rest])

    stub = Stub(search)
    found = ask(stub)
    assert found.completeness == "unknown" and any("do not end" in note for note in found.notes)
    assert len(stub.asked) <= 3 * (MAX_BARREN + 2)


@pytest.mark.parametrize("kept", [10, 25])
def test_row_11_without_next_and_count_a_full_page_is_recounted_by_dates(kept: int) -> None:
    features = items(95)

    def search(body: dict[str, Any], base: str) -> Any:
        return page(within(features, body)[:kept])

    stub = Stub(search)
    found = ask(stub, Query(BOX, YEAR.start, YEAR.end, limit=250))
    assert sorted(ids(found)) == [feature["id"] for feature in features]
    assert found.completeness == "unknown" and any(f"{95 - kept} more items" in note for note in found.notes)


def test_row_11_with_an_open_period() -> None:
    features = items(60, step_hours=2000)
    found = ask(Stub(lambda body, base: page(within(features, body)[:10])), Query(BOX, limit=100))
    held = [f for f in features if instant(f["properties"]["datetime"]) < datetime.now(UTC)]
    assert set(ids(found)) >= {f["id"] for f in held}


def test_row_11_what_slices_cannot_settle_is_told() -> None:
    features = items(30, step_hours=0)  # all at one instant: no slice is ever smaller
    stub = Stub(lambda body, base: page(within(features, body)[:10]))
    found = ask(stub)
    assert found.completeness == "unknown" and any("did not settle" in note for note in found.notes)
    assert len(stub.asked) < 500


def test_row_11_a_short_answer_without_a_count_is_unknown_but_not_recounted() -> None:
    stub = Stub(lambda body, base: page(items(3)))
    found = ask(stub)
    assert found.completeness == "unknown" and len(stub.asked) == 1


def test_max_items_is_told() -> None:
    stub = Stub(pages_of(items(40), 10))
    found = ask(stub, Query(BOX, YEAR.start, YEAR.end, limit=10, max_items=15))
    assert len(found.items) == 15 and found.completeness == "unknown" and any("stopped at 15" in n for n in found.notes)
    assert len(stub.asked) == 2
    enough = ask(Stub(pages_of(items(4), 10, numberMatched=4)), Query(BOX, limit=10, max_items=15))
    assert enough.completeness == "complete"


# ---- trust


def test_a_next_link_to_another_host_is_refused() -> None:
    for href in ("http://169.254.169.254/latest", "http://127.0.0.1:1/search", "file:///etc/passwd", "http://[::1"):
        stub = Stub(lambda body, base, href=href: page(items(1), [{"rel": "next", "href": href}]))  # type: ignore[misc]
        with pytest.raises(AddressRefused):
            ask(stub)


def test_an_item_cannot_name_files_of_this_machine() -> None:
    bad = item("a")
    bad["assets"] = {
        "red": {"href": "/etc/shadow", "type": "image/tiff"},
        "nir": {"href": "file:///etc/shadow", "type": "image/tiff"},
        "green": {"href": "/vsicurl/http://x", "type": "image/tiff"},
        "blue": {"href": "../b.tif", "type": "image/tiff"},
    }
    with served(Stub(lambda body, base: page([bad], numberMatched=1)).app) as address, trusting(address) as client:
        found = StacApi("stub", address + "/", client).search(YEAR)
        got = {key: asset["href"] for key, asset in found.items[0]["assets"].items()}
    assert got == {"red": f"{address}/etc/shadow", "nir": "", "green": "", "blue": f"{address}/b.tif"}


def test_a_server_that_ignores_the_question_is_filtered_and_it_is_told() -> None:
    far = item("far", geometry={"type": "Point", "coordinates": [100, 0]}, bbox=[100, 0, 100, 0])
    late, cloudy, clear = item("late", "2021-01-01T00:00:01Z"), item("cloudy"), item("clear")
    cloudy["properties"]["eo:cloud_cover"], clear["properties"]["eo:cloud_cover"] = 80, 5
    nowhere = item("nowhere", geometry=None)
    del nowhere["bbox"]
    features = [far, late, cloudy, clear, nowhere]
    found = ask(Stub(lambda body, base: page(features, numberMatched=5)), Query(BOX, YEAR.start, YEAR.end, max_cloud=20))
    assert ids(found) == ["clear", "nowhere"], "an item whose place is not known is not turned away"
    assert {note.partition(" items ")[2] for note in found.notes} == {
        "outside the area were passed over",
        "outside the period were passed over",
        "with more than 20 % cloud were passed over",
    }


def test_an_item_listed_twice_with_different_clouds_is_kept_once_by_a_rule_that_is_told() -> None:
    old = item("a", properties={"eo:cloud_cover": 10, "updated": "2020-01-02T00:00:00Z"})
    new = item("a", properties={"eo:cloud_cover": 90, "updated": "2020-03-02T00:00:00Z"})
    for order in ([old, new], [new, old]):
        found = ask(Stub(lambda body, base, order=order: page(order)))  # type: ignore[misc]
        assert [f["properties"]["eo:cloud_cover"] for f in found.items] == [90]
        assert any("newest listing" in note for note in found.notes)


# ---- what is no STAC API


def test_the_server_s_own_words_are_shown() -> None:
    words = {"code": "InvalidParameter", "description": "limit must be 200 or less"}
    with pytest.raises(BadAnswer, match="limit must be 200 or less"):
        ask(Stub(lambda body, base: JSONResponse(words, status_code=400)))


@pytest.mark.parametrize("answer", [[], {}, {"features": "no"}, {"features": [1]}, "x"])
def test_an_answer_that_is_no_page_of_items_is_named(answer: Any) -> None:
    with pytest.raises(BadAnswer, match="search"):
        ask(Stub(lambda body, base: JSONResponse(answer)))


def test_a_name_that_is_no_source_lists_what_is() -> None:
    with Client() as client, pytest.raises(BadInput, match="earth-search, planetary-computer, cdse"):
        source_named("earthsearch", client)


def test_a_catalogue_without_search_is_told_so() -> None:
    with (
        served(Stub(lambda body, base: page([]), ()).app) as address,
        trusting(address) as client,
        pytest.raises(BadAnswer, match="has no search"),
    ):
        StacApi("stub", address + "/", client).search(YEAR)
