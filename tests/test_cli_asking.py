"""The question a command line asks: periods, boxes, conditions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from siteline.cli.asking import conditions, json_option, period, question
from siteline.model.errors import BadDate, BadInput
from siteline.model.site import Site

SITE = Site("POLYGON ((124.7 39.6, 124.8 39.6, 124.8 39.7, 124.7 39.7, 124.7 39.6))", {})
PLAIN: dict[str, Any] = {
    "bbox": "", "intersects": "", "collections": (), "ids": (), "query": (), "filter": "", "sortby": (), "fields": (),
    "limit": 100, "max_items": None,
}  # fmt: skip


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("start", "end", "interval", "expected"),
    [
        ("2019-02-16", "2019-03-02", "", (at(2019, 2, 16), at(2019, 3, 3))),
        ("2019-02", "", "", (at(2019, 2, 1), None)),
        ("", "2019", "", (None, at(2020, 1, 1))),
        ("", "", "", (None, None)),
        ("", "", "2019-02-16/2019-03-02", (at(2019, 2, 16), at(2019, 3, 3))),
        ("", "", "../2019-03-02", (None, at(2019, 3, 3))),
        ("", "", "2019-02-16T00:00:00Z/..", (at(2019, 2, 16), None)),
        ("", "", "2019-02-16", (at(2019, 2, 16), at(2019, 2, 17))),
        ("2019-02-16T09:00:00+09:00", "", "", (at(2019, 2, 16), None)),
    ],
)
def test_periods_are_half_open_and_days_are_whole(start: str, end: str, interval: str, expected: tuple[Any, Any]):
    assert period(start, end, interval) == expected


@pytest.mark.parametrize("text", ["03/04/2024", "2019-02-16T09:00", "yesterday"])
def test_row_30_a_day_is_never_invented(text: str):
    with pytest.raises(BadDate, match="is not a usable date"):
        period(text, "", "")


def test_contradicting_periods_are_refused():
    with pytest.raises(BadInput, match="leave out --from and --to"):
        period("2019", "", "2019/2020")
    with pytest.raises(BadInput, match="reversed"):
        period("2020", "2019", "")


def test_conditions_read_like_those_of_stac_client():
    assert conditions(["eo:cloud_cover<20", "platform=sentinel-2a", "a>=3", "a<=4"]) == {
        "eo:cloud_cover": {"lt": 20},
        "platform": {"eq": "sentinel-2a"},
        "a": {"gte": 3, "lte": 4},
    }
    assert conditions(['{"gsd": {"lt": 11}}']) == {"gsd": {"lt": 11}}
    with pytest.raises(BadInput, match="write it as eo:cloud_cover<20"):
        conditions(["cloudy"])


def test_the_site_is_asked_for_unless_a_box_is_given():
    assert question(SITE, None, None, PLAIN, None).bbox == pytest.approx((124.7, 39.6, 124.8, 39.7))
    assert question(SITE, None, None, {**PLAIN, "bbox": "1,2,3,4"}, None).bbox == (1, 2, 3, 4)
    assert question(SITE, None, None, {**PLAIN, "bbox": "179 -17 -179 -16"}, None).bbox == (179, -17, -179, -16)
    for wrong in ("1,2,3", "a,b,c,d", "0,95,1,96", "1,4,3,2"):
        with pytest.raises(BadInput, match="--bbox"):
            question(SITE, None, None, {**PLAIN, "bbox": wrong}, None)


def test_json_comes_as_text_or_from_a_file(tmp_path: Path):
    (tmp_path / "f.json").write_text('{"op": "="}', encoding="utf-8")
    assert json_option(str(tmp_path / "f.json"), "--filter") == {"op": "="} == json_option('{"op": "="}', "--filter")
    with pytest.raises(BadInput, match="--filter is not JSON"):
        json_option("{", "--filter")
