"""Rows 30 to 32: dates are read as exactly as they were written, or refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue_server import item
from siteline.catalogue.items import scene_of
from siteline.catalogue.times import When, instant_or_span, when_of
from siteline.model.errors import BadDate
from siteline.model.span import Span

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(**properties: Any) -> When:
    return when_of(properties, NOW)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_an_rfc_3339_instant_is_an_instant() -> None:
    when = read(datetime="2019-03-02T02:11:07.5Z")
    assert when.span.is_instant and when.span.start == utc(2019, 3, 2, 2, 11, 7, 500000) and not when.problems


def test_row_30_a_local_zone_is_converted_not_dropped() -> None:
    # 05:30 in Pyongyang (+09:00) is half past eight in the evening before, UTC
    span = read(datetime="2019-03-02T05:30:00+09:00").span
    assert (span.start, span.text) == (utc(2019, 3, 1, 20, 30), "2019-03-01T20:30:00Z")


def test_row_30_a_year_is_the_whole_year_and_no_day_of_it() -> None:
    span = read(datetime="2024").span
    assert (span.start, span.end) == (utc(2024, 1, 1), utc(2025, 1, 1)) and not span.is_instant


@pytest.mark.parametrize("text", ["03/04/2024", "4.3.2024", "20240304", "spring 2024", "2024-13-01T00:00:01Z", "yesterday"])
def test_row_30_an_ambiguous_date_is_refused_with_the_reason(text: str) -> None:
    when = read(datetime=text)
    assert when.quarantined and not when.span.known and text in when.problems[0] and "no time" in when.problems[0]


def test_row_30_a_time_without_zone_is_every_day_it_can_be_on_earth_and_says_so() -> None:
    # local 10:00 may be 20:00 UTC of the day before (UTC+14) to 22:00 UTC of the same day (UTC-12)
    when = read(datetime="2024-03-04T10:00:00")
    assert (when.span.start, when.span.end) == (utc(2024, 3, 3), utc(2024, 3, 5))
    assert "no zone" in when.problems[0] and not when.quarantined
    assert Span.parse(when.span.text) == when.span, "the text says the same interval"


@given(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)), st.integers(-12 * 4, 14 * 4))
def test_row_30_a_zoneless_interval_holds_the_instant_whatever_the_zone(local: datetime, quarters: int) -> None:
    true = local.replace(tzinfo=UTC) - timedelta(minutes=15 * quarters)
    span, doubt = instant_or_span(local.isoformat())
    if (local.hour, local.minute, local.second, local.microsecond) != (0, 0, 0, 0):
        assert doubt
    assert span.start is not None and span.end is not None and span.start <= true <= span.end


def test_a_date_without_time_is_its_day() -> None:
    for text in ("2018-10-19", "2018-10-19T00:00:00Z", "2018-10-19T00:00:00.000Z", "2018-10-19T00:00:00+00:00"):
        span = read(datetime=text).span
        assert (span.start, span.end, span.text) == (utc(2018, 10, 19), utc(2018, 10, 20), "2018-10-19")
    assert read(datetime="2018-10-19T00:00:01Z").span.is_instant


def test_null_datetime_with_start_and_end_is_the_interval() -> None:
    when = read(datetime=None, start_datetime="2019-02-16T01:00:00Z", end_datetime="2019-03-02T01:00:00Z")
    assert (when.span.start, when.span.end) == (utc(2019, 2, 16, 1), utc(2019, 3, 2, 1)) and not when.problems


def test_a_nominal_instant_beside_a_long_interval_is_not_believed() -> None:
    # composites carry their first day or their middle as "datetime"
    when = read(datetime="2019-01-01T00:00:00Z", start_datetime="2019-01-01T00:00:00Z", end_datetime="2019-12-31T23:59:59Z")
    assert when.span.end is not None and when.span.end > utc(2019, 12, 31)
    short = read(datetime="2020-05-25T23:35:47Z", start_datetime="2020-05-25T23:35:32Z", end_datetime="2020-05-25T23:36:02Z")
    assert short.span.start == utc(2020, 5, 25, 23, 35, 47), "a pass of seconds keeps its instant"


def test_a_reversed_interval_and_no_time_at_all_are_quarantined() -> None:
    assert read(start_datetime="2020-02-01T01:00:00Z", end_datetime="2020-01-01T01:00:00Z").quarantined
    missing = read()
    assert missing.quarantined and "no time" in missing.problems[0]
    assert read(datetime=20200101).quarantined, "a number is no date"


def test_edtf_of_a_local_source_is_kept_as_written() -> None:
    span = read(**{"datetime": None, "siteline:when": "2019-02-16/2019-03-02"}).span
    assert (span.text, span.end) == ("2019-02-16/2019-03-02", utc(2019, 3, 3))


@pytest.mark.parametrize("collection", ["esri-wayback", "planet-basemaps", "global_monthly_mosaic", "google-earth"])
def test_row_31_a_release_date_is_a_limit_not_a_capture(collection: str) -> None:
    assert scene_of(item("a", collection=collection), "s", now=NOW).when_kind == "not_later_than"


def test_row_31_a_source_may_say_that_its_date_is_a_limit() -> None:
    scene = scene_of(item("a", properties={"siteline:when_kind": "not_later_than"}), "s", now=NOW)
    assert scene.when_kind == "not_later_than" and scene_of(item("a"), "s", now=NOW).when_kind == "acquired"


def test_row_32_a_future_date_is_quarantined() -> None:
    assert "future" in read(datetime="2026-01-03T00:00:01Z").problems[0]
    assert read(datetime="2026-01-03T00:00:01Z").quarantined
    assert not read(datetime="2026-01-01T23:00:00Z").quarantined, "within a day: clocks differ"


@pytest.mark.parametrize("key", ["created", "processing:datetime", "s2:generation_time"])
def test_row_32_processed_before_acquired_is_quarantined(key: str) -> None:
    when = read(**{"datetime": "2020-05-02T10:00:00Z", key: "2020-05-01T09:00:00Z"})
    assert when.quarantined and "before it was acquired" in when.problems[0] and key in when.problems[0]
    assert not read(**{"datetime": "2020-05-02T10:00:00Z", key: "2020-05-02T12:00:00Z"}).quarantined
    same_day = read(**{"datetime": "2020-05-02T10:00:00Z", key: "2020-05-02T00:00:00Z"})
    assert not same_day.quarantined, "a processing date without a time is the whole day"


def test_quarantine_reaches_the_scene() -> None:
    scene = scene_of(item("a", "2031-01-01T10:00:00Z"), "s", now=NOW)
    assert scene.quarantined and any("future" in problem for problem in scene.problems)


def test_refusals_are_typed() -> None:
    with pytest.raises(BadDate):
        instant_or_span("03/04/2024")
