"""The visual language: one colour, one bar height and one texture per state, the same in every figure and table.

Height says how much of the structure stands, texture says that work is going on, so nothing rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from siteline.model.span import Span, from_days, iso

Theme = Literal["auto", "light", "dark", "print"]
SANS: Final = "Fira Sans, system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class StateStyle:
    """How one canonical state is drawn: ``label`` in plain words, ``height`` as a share of the band, ``hatch`` in degrees
    (0 = solid)."""

    label: str
    height: float
    hatch: int


STATE_STYLES: Final[Mapping[str, StateStyle]] = {
    "absent": StateStyle("absent", 0.08, 0),
    "being_built": StateStyle("being built", 0.72, 45),
    "complete": StateStyle("standing", 1.0, 0),
    "being_dismantled": StateStyle("being dismantled", 0.72, -45),
    "partly_dismantled": StateStyle("partly dismantled", 0.5, 0),
    "dismantled": StateStyle("dismantled", 0.18, 0),
    "being_rebuilt": StateStyle("being rebuilt", 0.72, 45),
}

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#fffefb",
    "ink": "#1d1c1a",
    "muted": "#65635e",
    "hair": "#dedbd4",
    "wash": "#f4f1ea",
    "event": "#b8412c",
    "link": "#1d5480",
    "complete": "#2b6a9b",
    "being_dismantled": "#cc6a1a",
    "partly_dismantled": "#e9b478",
    "dismantled": "#848c93",
    "absent": "#a9afb4",
    "being_rebuilt": "#7b4fa0",
    "being_built": "#1f8f85",
    "on_complete": "#ffffff",
}
DARK: Final[Mapping[str, str]] = {
    "paper": "#14161a",
    "ink": "#ece9e3",
    "muted": "#a7a49d",
    "hair": "#363a40",
    "wash": "#1d2025",
    "event": "#f08a72",
    "link": "#8cc4ee",
    "complete": "#5ea3d6",
    "being_dismantled": "#ee8f3c",
    "partly_dismantled": "#f0c892",
    "dismantled": "#98a1a9",
    "absent": "#777f86",
    "being_rebuilt": "#b48fdb",
    "being_built": "#48bdb0",
    "on_complete": "#0d1116",
}
PRINT: Final[Mapping[str, str]] = {**LIGHT, "paper": "#ffffff", "wash": "#f3f2ef"}
THEMES: Final[Mapping[str, Mapping[str, str]]] = {"light": LIGHT, "dark": DARK, "print": PRINT}


def colour(name: str, theme: Theme) -> str:
    """The colour ``name`` in ``theme``; ``auto`` gives a CSS variable that the page sets for light, dark and print."""
    return f"var(--{name.replace('_', '-')})" if theme == "auto" else THEMES[theme][name]


def css_variables(theme: Literal["light", "dark", "print"]) -> str:
    """The declarations that ``auto`` colours refer to."""
    return "".join(f"--{name.replace('_', '-')}:{value};" for name, value in THEMES[theme].items())


def state_word(word: str) -> str:
    """A state as it reads in a sentence: ``being_rebuilt`` -> ``being rebuilt``."""
    return word.replace("_", " ")


def day(days: float, *, year: bool = True) -> str:
    """A time in days since 1970 in words: ``2 Mar 2019``, with the UTC time where it is not midnight."""
    instant = from_days(days)
    text = f"{instant.day} {instant:%b}" + (f" {instant.year}" if year else "")
    return text if iso(days)[10:] == "" else f"{text}, {instant:%H:%M} UTC"


def day_only(days: float, *, year: bool = True) -> str:
    """The calendar day of a time in days since 1970, without the time of day (estimates know no better)."""
    return day(float(int(days // 1)), year=year)


def day_range(first: float, last: float) -> str:
    """Two days as a range, without repeating what they share: ``27–28 Feb 2019``."""
    a, b = from_days(first), from_days(last)
    if a.date() == b.date():
        return day_only(last)
    if (a.year, a.month) == (b.year, b.month):
        return f"{a.day}–{day_only(last)}"
    return f"{day_only(first, year=a.year != b.year)} – {day_only(last)}"


def span_words(span: Span) -> str:
    """A span as a reader expects it; what the record does not state stays unstated."""
    if not span.text and not span.known:
        return ""
    if span.is_day and span.start is not None:
        return day(span.first_day)
    if len(span.text) == 7 and span.start is not None:
        return f"{span.start:%b} {span.start.year}"
    return span.text


def bracket_words(after: float | None, by: float | None, *, year: bool = True) -> str:
    """A bracket in words; None reads as a missing look, never as a date."""
    if after is None and by is None:
        return "no look bounds it"
    if after is None:
        return f"by {day(by or 0.0, year=year)}; no earlier look without it"
    if by is None:
        return f"after {day(after, year=year)}; no later look with it"
    same = from_days(after).year == from_days(by).year
    return f"after {day(after, year=year and not same)}, by {day(by, year=year)}"


def percent(share: float) -> str:
    """A probability for reading: whole per cent, never 0 % or 100 %."""
    if share < 0.01:
        return "under 1\u00a0%"
    if share > 0.99:
        return "over 99\u00a0%"
    return f"{100 * share:.0f}\u00a0%"


def likelihood(share: float) -> str:
    """The ICD 203 word (Office of the Director of National Intelligence, 2015) for a probability."""
    words = (
        (0.05, "almost no chance"),
        (0.20, "very unlikely"),
        (0.45, "unlikely"),
        (0.55, "roughly even chance"),
        (0.80, "likely"),
        (0.95, "very likely"),
    )
    return next((word for limit, word in words if share < limit), "almost certain")
