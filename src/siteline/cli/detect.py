"""The commands that read changes out of the images: ``detect`` and ``trust``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import Bands, CasePath, From, Json, Res, To, Who, names, share, who_is
from siteline.model.errors import NoScenes

if TYPE_CHECKING:
    from rich.console import RenderableType

    from siteline.images.detecting import Detecting
    from siteline.model.changed import Detected

Structures = Annotated[
    list[str] | None, typer.Option("--structure", metavar="ID", help="Only this structure, by id or name; may repeat.")
]
Rate = Annotated[float, typer.Option("--false-alarms", metavar="RATE", help="Share of false alarms to allow: 0.05 for 5 %.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the figures; made if missing.")]


@ending
def detect(
    case: CasePath,
    structure: Structures = None,
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    false_alarms: Rate = 0.05,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Find and date what changed on each structure in the pixels, and keep it in the case."""
    done = _run(case, structure, (start, end), names(bands), res, false_alarms, who, as_json, power=False)
    if as_json:
        print_json(_json(done))
    else:
        _show(done, case, power=False)
    _end(done)


@ending
def trust(
    case: CasePath,
    structure: Structures = None,
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    false_alarms: Rate = 0.05,
    out: OutFolder = Path("siteline-figures"),
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Say how often detect would be wrong on these images: placebos, and injected changes of known size."""
    from siteline import flow

    done = _run(case, structure, (start, end), names(bands), res, false_alarms, who, as_json, power=True)
    figures = flow.trust_figures(case, done, out)
    if as_json:
        print_json({**_json(done), "figures": [str(path) for path in figures]})
    else:
        _show(done, case, power=True)
        for path in figures:
            typer.echo(str(path))
    _end(done)


def _end(done: Detecting) -> None:
    """End as a command does that has nothing to work on where nothing could be said of any structure."""
    if done.silent:
        raise typer.Exit(NoScenes.exit_code)


def _run(
    case: Path,
    structure: list[str] | None,
    period: tuple[str, str],
    bands: tuple[str, ...],
    res: float | None,
    false_alarms: float,
    who: str,
    quiet: bool,
    *,
    power: bool,
) -> Detecting:
    from siteline import flow
    from siteline.cli import asking
    from siteline.cli.progress import Steps

    first, last = asking.period(*period, "")
    with Steps(quiet=quiet) as steps:
        return flow.detect(
            case,
            tuple(structure or ()),
            nominal=share(false_alarms, 0.001, 0.3),
            power=power,
            res=res,
            bands=bands or None,
            start=first,
            end=last,
            told=steps.tell,
            progress=steps.part,
            who=who_is(who),
        )


def _json(done: Detecting) -> dict[str, Any]:
    return {
        "detected": [found.to_json() for found in done.detected],
        "trust": [item.to_json() for item in done.trust],
        "without": list(done.without),
        "outside": list(done.outside),
        "replaced": [found.to_json() for found in done.replaced],
    }


def _show(done: Detecting, case: Path, *, power: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from siteline.cli.plain import clean, quoted
    from siteline.cli.show import show
    from siteline.images.reach import outside_words

    parts: list[RenderableType] = [Text("What the pixels show", style="bold")]
    replaced = {found.structure_id: found for found in done.replaced}
    for key in done.answers:
        found = [item for item in done.detected if item.structure_id == key]
        said = _said(done, key, found, replaced.get(key), power=power)
        parts += [Text(f" {clean(key)}", style="bold")]
        parts += [Padding(Text(clean(text)), (0, 0, 0, 3)) for text in said if text]
        parts.append(Padding(_table(found), (0, 0, 1, 3)))
    if done.outside:
        parts.append(Text(f" {clean(outside_words(done.outside, done.scenes))}"))
    if done.without:
        parts.append(Text(f" without a footprint, not looked at: {', '.join(map(clean, done.without[:6]))}", style="dim"))
    show(parts)
    if done.silent:
        typer.echo(
            "\nNothing can be said from these looks. Find more (siteline find, with a wider --from and --to), or look at "
            f"two scenes:\n  siteline compare {quoted(case)} BEFORE AFTER"
        )
        return
    follow = f"siteline report {quoted(case)} --out report" if power else f"siteline trust {quoted(case)}"
    typer.echo(f"\nNext: {follow}")


def _said(done: Detecting, key: str, found: list[Detected], before: Detected | None, *, power: bool) -> list[str]:
    """Sentences about one structure: the verdict and, where something could be said, how often that is wrong."""
    from siteline.model.changed import ALL
    from siteline.publish.unseen import alarm_words, missed_words, verdict

    judged = {item.stack: item for item in done.trust if item.structure_id == key}
    lead = done.answers[key]
    told = verdict(lead, judged.get(lead.stack), found)
    said = [f"{told.headline}.", *told.doubts]
    if before is not None:
        said.append(f"This replaces an earlier answer: {_earlier(before)}.")
    if lead.note or not lead.scenes:
        return said
    said.append(alarm_words(judged.get(lead.stack), changed=bool(lead.changes)))
    if power:
        tried = [item for item in judged.values() if item.power and item.stack != ALL]  # ALL repeats its best stack
        each = [text if len(tried) < 2 else f"{item.stack}: {text}" for item in tried for text in missed_words(item)]
        said += each or missed_words(None)
    return said


def _earlier(before: Detected) -> str:
    from siteline.publish.unseen import dates

    if before.note:
        return "nothing could be said"
    brackets = [dates(change) for change in before.changes]
    return f"changed {', and '.join(brackets)}" if brackets else "no change was found"


def _table(found: list[Detected]) -> RenderableType:
    from rich import box
    from rich.table import Table

    from siteline.cli.plain import clean
    from siteline.model.changed import ALL

    notes = any(item.note for item in found)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    table.add_column("stack", overflow="fold")
    table.add_column("looks", justify="right", no_wrap=True)
    table.add_column("after", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("95 %", no_wrap=not notes, overflow="fold")
    for item in found:
        name = "all together" if item.stack == ALL else clean(item.stack)
        if not item.changes:
            table.add_row(
                name, f"{item.scenes:,}", "—", "—", clean(item.note.partition(";")[0]) or "no change told from chance"
            )
        for change in (one.to_json() for one in item.changes):
            interval = " – ".join(day[:10] for day in change["interval95"])
            table.add_row(name, f"{item.scenes:,}", change["after"][:10], change["by"][:10], interval)
    return table
