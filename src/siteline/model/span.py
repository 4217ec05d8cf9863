"""Time as it is known: a half-open interval in UTC, with the words it came in.

A day is the interval from its midnight to the next, not an instant; a month or a year is an interval as long as it says.
Nothing here invents a day. Text follows EDTF (ISO 8601-2:2019); the common forms are read directly, the rest by the
``edtf`` library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from siteline.model.errors import BadDate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)
_TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """When something was, as far as the record says.

    ``text`` is what was written (EDTF). ``start`` and ``end`` bound the half-open UTC interval ``[start, end)``; None
    means unbounded or not stated on that side. An instant has ``start == end``.
    """

    text: str
    start: datetime | None
    end: datetime | None

    @classmethod
    def parse(cls, text: str, zone: tzinfo = UTC) -> Span:
        """Read EDTF ``text``; calendar days are taken in ``zone``.

        Raises ``BadDate`` for text that is not EDTF, a time without an offset, or a year outside 1 to 9999.
        """
        text = text.strip()
        if not text:
            return UNKNOWN
        if match := _DAY.match(text):
            year, month, day = (int(part) if part else None for part in match.groups())
            return _calendar(text, year or 0, month, day, zone)
        if _TIMED.match(text) and "/" not in text:
            return _instant(text)
        return _edtf(text, zone)

    @property
    def known(self) -> bool:
        """Whether both ends are known."""
        return self.start is not None and self.end is not None

    @property
    def is_instant(self) -> bool:
        """Whether a time of day is known, not only a calendar date."""
        return self.known and self.start == self.end

    @property
    def is_day(self) -> bool:
        """Whether the interval is at most one calendar day long."""
        return self.start is not None and self.end is not None and self.end - self.start <= timedelta(days=1)

    @property
    def first_day(self) -> float:
        """Start in days since 1970-01-01T00:00Z; -inf when unbounded."""
        return float("-inf") if self.start is None else to_days(self.start)

    @property
    def last_day(self) -> float:
        """End (exclusive) in days since 1970-01-01T00:00Z; +inf when unbounded."""
        return float("inf") if self.end is None else to_days(self.end)


UNKNOWN = Span("", None, None)


def to_days(instant: datetime) -> float:
    """Days since 1970-01-01T00:00Z of an aware ``instant``."""
    return (instant - EPOCH) / timedelta(days=1)


def from_days(days: float) -> datetime:
    """UTC instant ``days`` after 1970-01-01T00:00Z, to the second."""
    return EPOCH + timedelta(seconds=round(days * 86400))


def iso(days: float) -> str:
    """ISO text of a time in days since 1970: the date alone at midnight UTC, else to the minute with ``Z``."""
    instant = from_days(days)
    if (instant.hour, instant.minute, instant.second) == (0, 0, 0):
        return instant.strftime("%Y-%m-%d") if instant.year >= 1000 else instant.date().isoformat()
    return instant.strftime("%Y-%m-%dT%H:%MZ")


def _calendar(text: str, year: int, month: int | None, day: int | None, zone: tzinfo) -> Span:
    if year == 0:
        raise BadDate(text, "year 0 does not exist in this calendar; the earliest year is 0001")
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=zone)
        if day:
            end = start + timedelta(days=1)
        elif month:
            end = start.replace(year=year + (month == 12), month=month % 12 + 1)
        else:
            end = start.replace(year=year + 1)
        return Span(text, start.astimezone(UTC), end.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise BadDate(text, f"{error}; write YYYY-MM-DD, YYYY-MM or YYYY") from None


def _instant(text: str) -> Span:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadDate(text, f"{error}; write 2019-03-02T02:11Z") from None
    if instant.tzinfo is None:
        raise BadDate(text, "a time needs its zone; add Z for UTC or an offset such as +09:00")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise BadDate(text, "outside the years 1 to 9999") from None
    return Span(text, instant, instant)


def _edtf(text: str, zone: tzinfo) -> Span:
    if len(text) > 100:
        raise BadDate(text, "far too long for a date")
    from edtf import parse_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    try:
        parsed = parse_edtf(text)
        lower, upper = parsed.lower_strict(), parsed.upper_strict()
    except (EDTFParseException, ValueError, AttributeError, TypeError, OverflowError):
        raise BadDate(text, "write an EDTF date such as 2019-03-02, 2019-03, 2019 or 2019-02-16/2019-03-02") from None
    try:
        first = None if _unbounded(lower) else datetime(lower.tm_year, lower.tm_mon, lower.tm_mday, tzinfo=zone)
        last = None if _unbounded(upper) else datetime(upper.tm_year, upper.tm_mon, upper.tm_mday, tzinfo=zone)
        if first and last and last < first:
            raise BadDate(text, "the interval ends before it starts; swap its ends")
        return Span(text, first and first.astimezone(UTC), last and (last + timedelta(days=1)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise BadDate(text, "outside the years 1 to 9999") from None


def _unbounded(value: object) -> bool:
    return value is None or isinstance(value, float)
