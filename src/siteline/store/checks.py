"""What makes one row wrong, whatever the other rows say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from siteline.model.columns import NUMBERS
from siteline.model.errors import BadDate, UnknownState, shorten
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.model.states import canonical
from siteline.model.tables import Column, Table
from siteline.store.pixelcells import BadCell, detected_of, trust_of
from siteline.store.spans import day_span, event_span, scene_span

_URL = re.compile(r"https?://[^\s<>\"\x00-\x20]+\Z", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f;]")

Found = tuple[str, str]
"""(column, reason)"""


def today_utc() -> date:
    """The present day in UTC."""
    return datetime.now(UTC).date()


class RowChecks:
    """The checks of one table, prepared once and applied to many rows."""

    def __init__(self, table: Table, settings: Settings, today: date) -> None:
        """Prepare for ``table``; dates that start later than the day after ``today`` (UTC) are in the future."""
        self._settings = settings
        self._limit = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=2)
        self._columns = [(c.name, check) for c in table.columns if (check := self._check_of(c))]
        self._whole = {
            "scenes": self._scene,
            "claims": _claim,
            "events": self._event,
            "detections": _pixel_row(detected_of),
            "trust": _pixel_row(trust_of),
        }.get(table.name)

    def problems(self, cells: Mapping[str, str]) -> Iterator[Found]:
        """Yield everything wrong with one row; ``cells`` holds every declared column."""
        wrong = False
        for name, check in self._columns:
            if reason := check(cells[name]):
                wrong = True
                yield name, reason
        if self._whole is not None and not wrong:  # cells are compared only where each can be read
            yield from self._whole(cells)

    def _check_of(self, column: Column) -> Callable[[str], str] | None:
        if column.kind == "id":
            return _id_problem
        if column.kind == "ref":
            return _required if column.required else None
        if column.name == "state":
            return self._state_problem
        if column.words:
            return _word_check(column)
        if column.kind == "date":
            return self._date_problem
        if column.kind == "url":
            return _url_problem
        if column.kind in NUMBERS:
            return _number_check(column)
        return _required if column.required else None

    def _date_problem(self, text: str) -> str:
        try:
            span = day_span(text)
        except BadDate as error:
            return str(error)
        return self._future(span)

    def _future(self, span: Span) -> str:
        if span.start is not None and span.start >= self._limit:
            return f"{span.text!r} lies in the future; correct the date"
        return ""

    def _state_problem(self, word: str) -> str:
        if not word.strip():
            return _required(word)
        try:
            canonical(word, self._settings.vocabulary)
        except UnknownState as error:
            return str(error)
        return ""

    def _scene(self, cells: Mapping[str, str]) -> Iterator[Found]:
        try:
            scene_span(cells["acquired_date"], cells["acquired_time_utc_if_stated"])
        except BadDate as error:
            yield "acquired_time_utc_if_stated", str(error)

    def _event(self, cells: Mapping[str, str]) -> Iterator[Found]:
        try:
            event_span(cells["start_date"], cells["end_date"], cells["timezone_or_place"])
        except BadDate as error:
            yield "end_date", str(error)


def _claim(cells: Mapping[str, str]) -> Iterator[Found]:
    after, before = day_span(cells["after_date"]), day_span(cells["before_date"])
    if after.start is not None and before.end is not None and after.start >= before.end and after != before:
        reason = f"the bracket is reversed: after {after.text} is later than before {before.text}; swap the two dates"
        yield "after_date", reason


def _pixel_row(read: Callable[[Mapping[str, str]], object]) -> Callable[[Mapping[str, str]], Iterator[Found]]:
    def check(cells: Mapping[str, str]) -> Iterator[Found]:
        try:
            read(cells)
        except BadCell as error:
            yield error.column, str(error)

    return check


def _required(text: str) -> str:
    return "" if text.strip() else "is empty; this column must be filled in"


def _id_problem(text: str) -> str:
    if not text.strip():
        return _required(text)
    if _CONTROL.search(text) or text != text.strip():
        return f"{shorten(text)!r} cannot be a key; leave out ';', line breaks, control characters and outer spaces"
    return ""


def _url_problem(text: str) -> str:
    if not text or _URL.match(text):
        return ""
    return f"{shorten(text)!r} is not a web address; write http:// or https:// and no spaces, or leave it blank"


def _number_check(column: Column) -> Callable[[str], str]:
    pattern = re.compile(NUMBERS[column.kind], re.ASCII)
    wanted = {"number": "a number", "share": "a number from 0 to 1", "count": "a whole number"}[column.kind]
    remedy = "correct it" if column.required else "correct it, or leave it blank where it is not known"

    def check(text: str) -> str:
        if pattern.fullmatch(text) or (not text and not column.required):
            return ""
        return f"{shorten(text)!r} is not {wanted}; {remedy}"

    return check


def _word_check(column: Column) -> Callable[[str], str]:
    known = frozenset(column.words)

    def check(text: str) -> str:
        if text in known or (not text and not column.required):
            return ""
        return f"{shorten(text)!r} is not one of {', '.join(column.words)}"

    return check
