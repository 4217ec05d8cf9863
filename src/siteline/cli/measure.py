"""The command that turns images into numbers: ``measure``."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import Bands, CasePath, From, Json, Res, To, Who, names, who_is
from siteline.cli.plain import plural

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from siteline.images.measuring import MeasuredStack, Measuring


@ending
def measure(
    case: CasePath,
    structure: Annotated[
        list[str] | None, typer.Option("--structure", metavar="ID", help="Only this structure; may repeat.")
    ] = None,
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Measure every structure in every scene, against its surroundings, and keep the numbers in the case."""
    from siteline.cli import asking
    from siteline.cli.progress import Steps
    from siteline.images.measuring import measure as measured

    first, last = asking.period(start, end, "")
    with Steps(quiet=as_json) as steps:
        done = measured(
            case,
            tuple(structure or ()),
            res=res,
            bands=names(bands) or None,
            start=first,
            end=last,
            told=steps.tell,
            progress=steps.part,
            who=who_is(who),
        )
    if as_json:
        print_json(asdict(done))
    else:
        _show(done, case)


def _show(done: Measuring, case: Path) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from siteline.cli.plain import clean, quoted
    from siteline.cli.show import show
    from siteline.images.reach import outside_words

    parts: list[RenderableType] = []
    for structure_id, stacks in groupby(done.stacks, lambda found: found.structure_id):
        parts.append(Text(f" {clean(structure_id)}", style="bold"))
        for found in stacks:
            parts.append(Padding(Text(clean(_looks(found))), (0, 0, 0, 3)))
            if found.usable:
                parts += [Padding(_table(found), (0, 0, 0, 3)), Padding(Text(_others(found), style="dim"), (0, 0, 1, 3))]
    if done.outside:
        parts.append(Text(f" {clean(outside_words(done.outside, done.scenes))}"))
    if done.without:
        listed = ", ".join(map(clean, done.without[:6])) + (", ..." if len(done.without) > 6 else "")
        parts.append(Text(f" without a footprint, not measured: {listed}", style="dim"))
    if done.undated:
        word = "scene has" if done.undated == 1 else "scenes have"
        parts.append(Text(f" {done.undated:,} {word} no date of their own (mosaics, undated files): left out", style="dim"))
    parts.append(Text(f" {plural(done.rows, 'measurement')} kept in the case"))
    show(parts)
    typer.echo(f"Numbers: siteline export {quoted(case)} FOLDER -> measurements.csv")
    if any(found.usable for found in done.stacks):
        typer.echo(f"\nNext: siteline detect {quoted(case)}")
    else:
        typer.echo("\nNothing could be measured; see the reasons above, and look at the scenes: siteline chips")


def _looks(found: MeasuredStack) -> str:
    """``sentinel-2 10 m: 49 of 115 looks usable, 2021-06-05 - 2022-12-27; the others: cloud, shadow``."""
    period = f", {found.first[:10]} - {found.last[:10]}" if found.usable else ""
    why = f"; the others: {', '.join(found.reasons[:3])}" if found.reasons else ""
    return f"{found.stack}: {found.usable:,} of {plural(found.scenes, 'look')} usable{period}{why}"


def _table(found: MeasuredStack) -> RenderableType:
    from rich import box
    from rich.table import Table

    from siteline.cli.plain import clean

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    for name in ("measure", "first", "last", "lowest", "highest"):
        table.add_column(name, justify="left" if name == "measure" else "right", no_wrap=True)
    for item in found.values:
        if _is_shown(item.measure):
            numbers = (item.first, item.last, item.lowest, item.highest)
            table.add_row(clean(item.measure), *map(_number, numbers))
    return table


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _is_shown(measure: str) -> bool:
    """Whether a measure is one of those that a reader of images knows: brightness, and contrast to the surroundings."""
    quantity, _, band = measure.partition(":")
    return quantity in ("mean", "contrast") and band not in ("texture", "edges")


def _others(found: MeasuredStack) -> str:
    from siteline.cli.plain import clean

    shown = {name.partition(":")[0] for name in found.measures if _is_shown(name)}
    others = [name for name in dict.fromkeys(name.partition(":")[0] for name in found.measures) if name not in shown]
    return f"also measured: {', '.join(map(clean, others))}" if others else ""
