"""A table of a case and its columns: what each holds and what makes a value wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["id", "ref", "refs", "text", "date", "word", "url", "number", "share", "count", "json"]

NUMBERS: Final[Mapping[str, str]] = {
    "number": r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf)",
    "share": r"0(\.\d*)?|1(\.0*)?|\.\d+|\d(\.\d*)?[eE]-\d+",
    "count": r"\d{1,15}",
}
"""How numbers are written, by kind of column: regular expressions of the whole cell (also read by JSON Schema)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds and what makes a value wrong.

    ``kind``: ``id`` this table's key; ``ref`` a key of ``table``; ``refs`` several, joined by ``;``; ``date`` EDTF, blank =
    not stated; ``word`` one of ``words`` (or, for states, mapped by settings); ``url`` http(s) address; ``number`` any
    (``inf`` too), ``share`` one from 0 to 1, ``count`` a whole one from 0, each blank where it is not known; ``json`` a JSON
    value; ``text`` anything.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    table: str = ""
    words: tuple[str, ...] = ()
    optional_column: bool = False  # the whole column may be missing from the file


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in the case file, its file in a folder, its columns in the order they are written.

    ``derived``: computed again whenever it is wanted, in rows too many for the journal, which gets a line for each run.
    """

    name: str
    file: str
    doc: str
    columns: tuple[Column, ...]
    required_file: bool = False
    derived: bool = False

    @property
    def key(self) -> str:
        """Name of the id column."""
        return next(c.name for c in self.columns if c.kind == "id")

    def column(self, name: str) -> Column | None:
        """The declared column ``name``, or None for an extra one."""
        return next((c for c in self.columns if c.name == name), None)
