"""Searches and found scenes in the case: whole, journalled, lossless."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from siteline.model.errors import BadRows
from siteline.model.imagery import FoundScene, Search
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.exporting import export_folder
from siteline.store.imagery import found_scenes, keep_search, keep_site_clouds, searches
from siteline.store.importing import import_folder

ASKED = Search("q1", "earth-search", '{"bbox": [1, 2, 3, 4]}', "2026-01-14T00:00:00Z", 2, 2, "complete", ("one", "two"))
EARLY = FoundScene(
    scene_id="earth-search/a",
    search_id="q1",
    stac={"type": "Feature", "id": "a", "properties": {"eo:cloud_cover": 12.5, "title": "発射場\n2"}},
    source="earth-search",
    acquired="2019-02-16T02:11:00Z",
    provider="ESA",
    cloud_percent=12.5,
    site_share=1.0,
    structure_shares={"pad": 0.25},
)
LATE = replace(EARLY, scene_id="earth-search/b", acquired="2019-03-02T02:11:00Z", status="duplicate", why="of a: newer")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.gpkg"
    with Case.create(path) as made:
        keep_search(made, ASKED, [LATE, EARLY], "Ann")
    return path


def test_what_was_found_is_kept_whole_and_in_time_order(case: Path):
    with Case.open(case) as opened:
        assert found_scenes(opened) == (EARLY, LATE)
        assert searches(opened) == (ASKED,)
        assert {(e.who, e.table) for e in opened.journal()} == {("Ann", "searches"), ("Ann", "imagery")}
    assert check_case(case) == []


def test_a_later_search_updates_and_keeps_what_the_pixels_told(case: Path):
    with Case.open(case) as opened:
        keep_site_clouds(opened, {"earth-search/a": 40.4}, "Ann")
        newer = replace(EARLY, search_id="q2", cloud_percent=None)
        keep_search(opened, replace(ASKED, search_id="q2"), [newer], "Bob")
        assert found_scenes(opened)[0] == replace(newer, site_cloud_percent=40.0)
        assert len(found_scenes(opened)) == 2


def test_export_and_import_lose_nothing(case: Path, tmp_path: Path):
    export_folder(case, tmp_path / "out")
    import_folder(tmp_path / "out", tmp_path / "again.gpkg", who="t")
    with Case.open(case) as first, Case.open(tmp_path / "again.gpkg") as second:
        assert found_scenes(first) == found_scenes(second)
        assert searches(first) == searches(second)


def test_a_row_spoilt_by_another_program_is_named(case: Path):
    with Case.open(case) as opened:
        with opened.writing("x") as db:
            db.execute("UPDATE imagery SET stac = '{' WHERE scene_id = 'earth-search/b'")
        with pytest.raises(BadRows, match=r"imagery\[earth-search/b\]"):
            found_scenes(opened)
