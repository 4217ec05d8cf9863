"""Every way siteline can fail, on one page.

Each failure carries its facts as attributes and prints one sentence that says what is wrong, where, and what to do
about it. The command line maps each branch to one exit code (``exit_code``), documented in ``docs/commands.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal


class SitelineError(Exception):
    """Root of every expected failure. ``exit_code`` is what the command line ends with."""

    exit_code: ClassVar[int] = 1


class BadInput(SitelineError):
    """What the user gave cannot be read as what it should be."""

    exit_code = 2


class BadDate(BadInput):
    """A date that is not EDTF, has no time zone where it has a time, or lies outside the years 1 to 9999."""

    def __init__(self, text: str, reason: str) -> None:
        """Keep the offending ``text`` and the ``reason`` in plain words."""
        self.text, self.reason = text, reason
        super().__init__(f"{shorten(text)!r} is not a usable date: {reason}")


class BracketReversed(BadInput):
    """A bracket whose ``after`` lies later than its ``by``."""

    def __init__(self, after: str, by: str) -> None:
        """Keep both ends as written."""
        self.after, self.by = after, by
        super().__init__(f"the bracket is reversed: after {after} is later than by {by}; swap the two dates")


class UnknownState(BadInput):
    """A state that is neither in the vocabulary nor mapped onto it by the case's settings."""

    def __init__(self, state: str, known: Sequence[str]) -> None:
        """Keep the unknown ``state`` and the words that would have been understood."""
        self.state, self.known = state, tuple(known)
        super().__init__(
            f"unknown state {shorten(state)!r}; use one of {', '.join(known)}, "
            "or map it in the case's settings under vocabulary"
        )


class BadSetting(BadInput):
    """A setting with an unknown name, a wrong type or a value outside its range."""

    def __init__(self, name: str, reason: str) -> None:
        """Keep the setting's ``name`` and the ``reason``."""
        self.name, self.reason = name, reason
        super().__init__(f"setting {shorten(name)!r}: {reason}")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one place of one file. ``line`` counts from 1 as editors do; None means the whole file."""

    file: str
    line: int | None
    column: str | None
    reason: str

    def __str__(self) -> str:
        """``file:line: column: reason``, clickable in most terminals."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


class BadRows(BadInput):
    """All problems found in a folder, at once. Nothing was written."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        """Keep every problem; the message shows the first twenty."""
        self.problems = tuple(problems)
        shown = "\n".join(f"  {p}" for p in self.problems[:20])
        more = len(self.problems) - 20
        rest = f"\n  ... and {more} more (--json lists them all)" if more > 0 else ""
        count = len(self.problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} found, nothing was written; mend and import again:\n{shown}{rest}"
        )


class BadRow(BadInput):
    """A change of one row that would leave the case unsound. Nothing was written."""

    def __init__(self, table: str, key: str, problems: Sequence[RowProblem]) -> None:
        """Keep the ``table``, the ``key`` and every problem (its ``file`` is the table that it is in)."""
        self.table, self.key, self.problems = table, key, tuple(problems)
        told = "; ".join(f"{p.column}: {p.reason}" if p.column else p.reason for p in self.problems[:5])
        super().__init__(f"{table} {shorten(key)!r} was not saved: {told}")


class BadGrid(BadInput):
    """A grid that cannot be: no area, no pixels, or far too many."""

    def __init__(self, reason: str) -> None:
        """Keep the ``reason``, with its remedy."""
        self.reason = reason
        super().__init__(f"the grid cannot be used: {reason}")


class NoArea(BadInput):
    """Nothing says where the site, or a structure, is."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep the ``reason`` and the ``remedy``."""
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}; {remedy}")


class MixedStack(BadInput):
    """Scenes that must not lie in one series: radar of several orbits or directions, or optical with radar."""

    def __init__(self, stacks: Sequence[str]) -> None:
        """Keep the names of the ``stacks`` the scenes fall into."""
        self.stacks = tuple(stacks)
        super().__init__(
            f"the scenes belong to {len(stacks)} stacks ({', '.join(stacks)}); load each alone (siteline.stacks)"
        )


class FileTrouble(SitelineError):
    """A file or folder cannot be read or written."""

    exit_code = 3

    def __init__(self, path: Path | str, reason: str, remedy: str) -> None:
        """Keep the ``path``, the ``reason`` and the ``remedy``."""
        self.path, self.reason, self.remedy = str(path), reason, remedy
        super().__init__(f"{path}: {reason}; {remedy}")


class NotACase(FileTrouble):
    """The file is not a siteline case."""


class CaseTooNew(FileTrouble):
    """The case was written by a newer siteline than this one."""

    def __init__(self, path: Path | str, found: int, known: int) -> None:
        """Keep the schema version ``found`` in the file and the newest one ``known`` here."""
        self.found, self.known = found, known
        super().__init__(
            path,
            f"the case has schema version {found}, this siteline reads up to {known}",
            "upgrade siteline; the file was not touched",
        )


class CaseBusy(FileTrouble):
    """Another program is writing to the case."""


class RowChanged(SitelineError):
    """A row was changed by somebody else since it was read; nothing was written over their change."""

    exit_code = 3

    def __init__(self, table: str, key: str, who: str, at: str, version: int, present: Mapping[str, Any] | None) -> None:
        """Keep ``who`` changed it and when (``at``, UTC), its ``version`` now and its ``present`` cells (None: removed)."""
        self.table, self.key, self.who, self.at, self.version, self.present = table, key, who, at, version, present
        what = "removed" if present is None else "changed"
        super().__init__(
            f"{table} {shorten(key)!r} was {what} by {shorten(who)} at {at} after it was read; nothing was written: "
            "look at it as it is now, and change it again"
        )


class WouldOverwrite(FileTrouble):
    """The target exists already and was left as it is."""


class BadRaster(FileTrouble):
    """An image file that is truncated, damaged, of a kind that is not read, or claims what cannot be."""


ReadKind = Literal[
    "missing", "unavailable", "truncated", "damaged", "refused", "zeros", "too large", "no georeference", "changed"
]


class ReadFailed(BadRaster):
    """Pixels could not be read: they are missing, which says nothing about the ground."""

    def __init__(self, href: str, kind: ReadKind, reason: str, remedy: str = "its pixels count as missing") -> None:
        """Keep the ``href`` (without secrets), the ``kind`` of failure and the ``reason``."""
        self.href, self.kind = href, kind
        super().__init__(shorten(href, 200), f"{kind}: {reason}", remedy)


class DigestMismatch(FileTrouble):
    """A stored file is not the one that was stored."""

    def __init__(self, path: Path | str, expected: str, found: str) -> None:
        """Keep both SHA-256 digests (hex)."""
        self.expected, self.found = expected, found
        reason = f"its SHA-256 is {found[:12]}... where {expected[:12]}... was stored"
        super().__init__(path, reason, "it is not used; fetch it again (siteline fetch)")


class SourceTrouble(SitelineError):
    """A source of images cannot be used now, or must not be."""

    exit_code = 5


class ServerUnavailable(SourceTrouble):
    """A server did not answer, or not with what was asked, until the deadline."""

    def __init__(self, url: str, reason: str, tries: int, seconds: float) -> None:
        """Keep ``url`` (without secrets), the last ``reason``, how many ``tries`` were made and in how many ``seconds``."""
        self.url, self.reason, self.tries, self.seconds = url, reason, tries, seconds
        times = "once" if tries == 1 else f"{tries} times in {seconds:.0f} s"
        super().__init__(f"{shorten(url, 200)}: {reason} (tried {times}); try again later, or check: siteline doctor")


class BadAnswer(SourceTrouble):
    """A server answered something that is not what it should be, and asking again would not help."""

    def __init__(self, url: str, reason: str) -> None:
        """Keep ``url`` (without secrets) and the ``reason``."""
        self.url, self.reason = url, reason
        super().__init__(f"{shorten(url, 200)}: {reason}")


class NotThere(BadAnswer):
    """There is nothing (any more) at an address: missing, which is not the same as demolished."""

    def __init__(self, url: str, status: int) -> None:
        """Keep ``url`` (without secrets) and the HTTP ``status``."""
        self.status = status
        super().__init__(url, f"there is nothing at this address ({status})")


class AddressRefused(SourceTrouble):
    """An address that a document or a redirect gave and that must not be opened."""

    def __init__(self, href: str, reason: str) -> None:
        """Keep the ``href`` and the ``reason``."""
        self.href, self.reason = href, reason
        super().__init__(f"{shorten(href, 200)!r} was not opened: {reason}")


class IncompleteSearch(SourceTrouble):
    """A source returned fewer scenes than it says it has."""

    def __init__(self, source: str, got: int, matched: int) -> None:
        """Keep how many scenes were ``got`` and how many the source says ``matched``."""
        self.source, self.got, self.matched = source, got, matched
        super().__init__(
            f"{source}: {got} of {matched} scenes were returned; nothing was kept, since a missing scene can hide a change; "
            "search again, or in shorter periods"
        )


class CredentialsMissing(SourceTrouble):
    """A source needs credentials that are not set, or refuses those that are."""

    def __init__(self, source: str, reason: str, remedy: str) -> None:
        """Keep what is missing (never a value)."""
        self.source, self.reason, self.remedy = source, reason, remedy
        super().__init__(f"{source}: {reason}; {remedy}")


class NoScenes(SitelineError):
    """There is no scene to work on."""

    exit_code = 4


class NothingToDate(SitelineError):
    """There are no dated observations to work on."""

    exit_code = 4


def shorten(text: str, limit: int = 80) -> str:
    """``text`` cut to ``limit`` characters for a message, with the full length named when it was cut."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"
