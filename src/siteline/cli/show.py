"""Answers on the terminal: the same order as the report, findings first. Data is printed as text, never as markup."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from siteline.cli.plain import clean
from siteline.flow import Answer
from siteline.model.dated import Dating, History, Transition
from siteline.model.records import CaseData
from siteline.model.span import from_days
from siteline.model.weighed import VERDICTS, ClaimVerdict, EventPosition, Weighing
from siteline.weigh.words import likelihood

WIDTH = 100
COLUMN = 34
"""Columns for a bracket, the longest being ``after 16 Feb 2019, by 22 Mar 2019``."""

_PADDING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)
"""Spaces at the end of a line, before the codes that end its colours."""

LEGEND = (
    "After the last look without the change, by the first look with it; how likely it is that the change happened "
    "in between. Dates are UTC."
)
COLOURS = {"dismantling": "dark_orange", "rebuilding": "medium_purple", "construction": "dark_cyan"}
MARKS = {
    "supported": "green",
    "consistent": "cyan",
    "goes further than the evidence": "dark_orange",
    "contradicted": "red",
    "not testable": "bright_black",
}


def console() -> Console:
    """Stdout, as wide as the terminal (or ``COLUMNS``) up to a readable measure."""
    out = Console(highlight=False, markup=False, emoji=False)
    return out if out.width <= WIDTH else Console(highlight=False, markup=False, emoji=False, width=WIDTH)


def day(days: float | None, missing: str = "—") -> str:
    """A date as people write it (``2 Mar 2019``; the hour in UTC where one is known), or ``missing``."""
    if days is None:
        return missing
    instant = from_days(days)
    date = f"{instant.day} {instant:%b} {instant.year}"
    return date if (instant.hour, instant.minute) == (0, 0) else f"{date} {instant:%H:%M} UTC"


def near(interval: tuple[float, float]) -> str:
    """An interval to the nearest day; the year once where both ends share it."""
    first, last = (from_days(round(x - 0.5)) for x in interval)
    early = f"{first.day} {first:%b}" + ("" if first.year == last.year else f" {first.year}")
    return f"{early} – {last.day} {last:%b} {last.year}"


def percent(share: float) -> str:
    """A probability as a percentage, never a false 0 or 100."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share * 100:.0f} %"


def heading(text: str) -> RenderableType:
    """A section's heading, with air above it."""
    return Padding(Text(text, style="bold"), (1, 0, 0, 0))


def title(data: CaseData) -> Iterable[RenderableType]:
    """What the case is and what it holds."""
    yield Padding(Text(clean(data.settings.title) or "Untitled case", style="bold"), (1, 0, 0, 0))
    if data.settings.subtitle:
        yield Text(clean(data.settings.subtitle))
    counts = (
        (len(data.sources), "sources"),
        (len(data.scenes), "scenes"),
        (len(data.structures), "structures"),
        (len(data.observations), "observations"),
        (len(data.claims), "claims"),
    )
    yield Text(" · ".join(f"{count:,} {name}" for count, name in counts), style="dim")


def findings(weighing: Weighing) -> Iterable[RenderableType]:
    """Key findings, each with its confidence in a sentence of its own."""
    if not weighing.findings:
        return
    yield heading("What the evidence says")
    for finding in weighing.findings:
        text = Text.assemble(("• ", "dim"), clean(finding.text))
        if finding.confidence:
            text.append(f" {clean(finding.confidence)}", style="dim")
        yield Padding(text, (0, 0, 0, 1))


def transitions(dating: Dating, names: dict[str, str] | None = None, first: Sequence[str] = ()) -> Iterable[RenderableType]:
    """Per structure its transitions: bracket, likelihood, 50 and 90 % interval, what decides; key structures ``first``."""
    place = {structure_id: k for k, structure_id in enumerate(first)}
    ordered = sorted(dating.histories.values(), key=lambda h: place.get(h.structure_id, len(place)))
    called = {h.structure_id: clean((names or {}).get(h.structure_id) or h.structure_id) for h in ordered}
    yield heading("What changed, and when")
    if any(h.transitions for h in ordered):
        yield Padding(Text(LEGEND, style="dim"), (0, 0, 0, 1))
    else:
        yield Padding(Text("No change of state was found.", style="dim"), (0, 0, 0, 1))
    for history in (h for h in ordered if h.transitions):
        yield Padding(Text(called[history.structure_id], style="bold"), (1, 0, 0, 1))
        for transition in history.transitions:
            yield Padding(Text(_change(transition), style=COLOURS.get(transition.direction, "")), (0, 0, 0, 3))
            yield Padding(Text("\n".join(_facts(transition))), (0, 0, 0, 5))
    yield from _unchanged([h for h in ordered if not h.transitions], called)


def _change(t: Transition) -> str:
    before = "earlier state unseen" if t.bracket.after is None else clean(t.before).replace("_", " ")
    return f"{before} → {clean(t.after_state).replace('_', ' ')}"


def _facts(t: Transition) -> Iterable[str]:
    """The lines below a transition: bracket and likelihood, intervals, observations."""
    after, by = t.bracket.after, t.bracket.by
    bounds = [f"after {day(after)}" if after is not None else "", f"by {day(by)}" if by is not None else ""]
    bracket = ", ".join(bound for bound in bounds if bound) or "no look bounds it"
    yield f"{bracket:<{COLUMN}} {likelihood(t.probability)} ({percent(t.probability)})"
    if t.bracket.closed:
        yield f"{f'90 %: {near(t.interval90)}':<{COLUMN}} 50 %: {near(t.interval50)}"
    elif after is None:
        yield "no earlier look bounds it, so no interval is given"
    else:
        yield "no later look bounds it, so no interval is given"
    told = (("decided by", t.deciding), ("against it", t.dissenting), ("could not tell", t.unusable))
    yield " · ".join(f"{label}: {_ids(ids)}" for label, ids in told if ids)


def _ids(ids: Sequence[str], most: int = 4) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(map(clean, ids[:most])) + more


def _unchanged(histories: Sequence[History], called: dict[str, str]) -> Iterable[RenderableType]:
    """Structures without a transition, by why: an unchanging record is not the same as none."""
    quiet = [called[h.structure_id] for h in histories if not h.note]
    if quiet:
        yield Padding(Text(f"No change between the looks at: {'; '.join(quiet)}.", style="dim"), (1, 0, 0, 1))
    silent = [f"{called[h.structure_id]} ({clean(h.note)})" for h in histories if h.note]
    if silent:
        yield Padding(Text(f"Nothing can be said of: {'; '.join(silent)}.", style="dim"), (1, 0, 0, 1))


def positions(given: Sequence[EventPosition], names: dict[str, str]) -> Iterable[RenderableType]:
    """Events that fall inside brackets, and what further lines of evidence add."""
    spanning = [p for p in given if not p.decided]
    if not spanning:
        return
    yield heading("Events inside brackets: the images cannot decide before or after")
    for p in spanning:
        what = f"{clean(p.event.what).rstrip('.')} ({clean(p.event.when.text)})"
        where = clean(names.get(p.transition.structure_id) or p.transition.structure_id)
        change = p.transition.after_state.replace("_", " ")
        low, centre, high = p.before
        line = Text.assemble(("• ", "dim"), (f"{where}, {change}: ", "bold"), what, ". ")
        if p.transition.by_pixels:
            line.append(f"P(before), by the pixels: {percent(centre)}.")
        else:
            line.append(f"P(before), prior alone: {percent(centre)} (range {percent(low)} to {percent(high)}).")
        for shift in p.lines[1:]:  # the first row is printed above
            line.append(f"\n    + {clean(shift.label)}: {percent(shift.probability)}", style="dim")
            line.append(f" ({percent(shift.low)} to {percent(shift.high)})", style="dim")
        yield Padding(line, (0, 0, 0, 1))


def claims(verdicts: Sequence[ClaimVerdict], data: CaseData, only: Sequence[str] = VERDICTS) -> Iterable[RenderableType]:
    """Claims by verdict: who said it, what, and why the verdict is what it is."""
    counted = Counter(v.verdict for v in verdicts)
    summary = Text("\n").join(Text(f"{counted[word]:>3} {word}", style=MARKS[word]) for word in VERDICTS)
    yield heading("Published claims against independent observations")
    yield summary
    for word in (w for w in VERDICTS if w in only and counted[w]):
        yield Padding(Text(word[0].upper() + word[1:], style=f"bold {MARKS[word]}"), (1, 0, 0, 1))
        for verdict in (v for v in verdicts if v.verdict == word):
            source = data.sources.get(verdict.claim.source_id)
            who = clean(source.publisher if source else verdict.claim.source_id)
            line = Text.assemble(
                (f"{verdict.claim.claim_id}  ", "dim"), (f"{who}: ", "bold"), clean(verdict.claim.paraphrase)
            )
            yield Padding(line, (0, 0, 0, 2))
            yield Padding(Text(clean(verdict.because), style="dim"), (0, 0, 0, 8))


def everything(answer: Answer) -> Iterable[RenderableType]:
    """What an analyst wants first, in the order of the report."""
    names = {s.structure_id: s.name for s in answer.data.structures.values()}
    yield from title(answer.data)
    yield from findings(answer.weighing)
    yield from transitions(answer.dating, names, answer.data.settings.key_structures)
    yield from positions(answer.weighing.positions, names)
    yield from claims(answer.weighing.claims, answer.data, ("goes further than the evidence", "contradicted"))


def show(parts: Iterable[RenderableType]) -> None:
    """Print ``parts`` to stdout, without the spaces that padding leaves at the ends of lines."""
    out = console()
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    sys.stdout.write(_PADDING.sub(r"\1", captured.get()))
