"""Dates of rows become the intervals that the words mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from siteline.model.errors import BadDate
from siteline.model.span import UNKNOWN, Span
from siteline.store.spans import event_span, look_span, scene_span, zone_of


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("place", "hours"),
    [("Asia/Ho_Chi_Minh", 7), ("UTC+7", 7), ("+09:00", 9), ("-0330", -3.5), ("GMT-5", -5), ("UTC", 0), ("Z", 0)],
)
def test_zones_and_offsets_are_understood(place: str, hours: float):
    zone = zone_of(place)
    assert zone is not None
    assert datetime(2019, 2, 27, tzinfo=zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("place", ["", "Hanoi", "DPRK, Sohae", "US", "../etc/passwd", "+99:00", "x" * 5000, "a\0b", "/"])
def test_anything_else_is_a_place(place: str):
    assert zone_of(place) is None


def test_an_event_in_local_days_starts_at_local_midnight():
    summit = event_span("2019-02-27", "2019-02-28", "Asia/Ho_Chi_Minh")
    local = ZoneInfo("Asia/Ho_Chi_Minh")
    assert summit.start == datetime(2019, 2, 27, tzinfo=local)
    assert summit.end == datetime(2019, 3, 1, tzinfo=local)
    assert event_span("2019-02-27", "2019-02-28", "Hanoi").start == utc(2019, 2, 27)


def test_a_day_on_which_clocks_change_has_its_true_length():
    day = event_span("2019-03-31", "", "Europe/Berlin")
    assert day.start is not None and day.end is not None
    assert day.end - day.start == timedelta(hours=23)


def test_a_blank_end_is_the_same_day_but_says_nothing_after_a_year():
    assert event_span("2019-03-05", "", "").end == utc(2019, 3, 6)
    assert event_span("2012", "", "").end is None
    assert event_span("", "", "") == UNKNOWN


@pytest.mark.parametrize(("start", "end"), [("2019-03-02", "2019-03-01"), ("2019-03", "2019-02"), ("2019", "2018-12-31")])
def test_an_event_that_ends_before_it_starts_is_refused(start: str, end: str):
    with pytest.raises(BadDate, match="ends before it starts"):
        event_span(start, end, "")


def test_a_scene_with_a_time_is_an_instant_in_utc():
    assert scene_span("2019-03-02", "02:11").start == utc(2019, 3, 2, 2, 11)
    assert scene_span("2019-03-02", "02:11:30Z").is_instant
    assert scene_span("2019-03", "").end == utc(2019, 4, 1)


@pytest.mark.parametrize(
    ("date", "time"), [("2019-03", "02:11"), ("", "02:11"), ("2019-03-02", "25:00"), ("2019-03-02", "2pm")]
)
def test_a_time_needs_its_day_and_must_be_one(date: str, time: str):
    with pytest.raises(BadDate):
        scene_span(date, time)


def test_a_look_takes_the_narrower_of_its_two_dates_or_none_if_they_contradict():
    month, day, instant = Span.parse("2019-03"), Span.parse("2019-03-02"), Span.parse("2019-03-02T02:11Z")
    assert look_span(month, day) == day == look_span(day, month)
    assert look_span(day, instant) == instant
    assert look_span(UNKNOWN, day) == day == look_span(day, UNKNOWN)
    assert look_span(day, Span.parse("2019-03-03")) is None
