"""The command that turns images into numbers: ``measure``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import Bands, CasePath, From, Json, Res, To, Who, names, who_is

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

    parts: list[RenderableType] = []
    for structure_id, stacks in groupby(done.stacks, lambda found: found.structure_id):
        parts += [Text(f" {clean(structure_id)}", style="bold"), Padding(_table(list(stacks)), (0, 0, 1, 1))]
    parts.append(Text(f" {done.rows:,} measurements kept in the case"))
    if done.without:
        listed = ", ".join(map(clean, done.without[:6])) + (", ..." if len(done.without) > 6 else "")
        parts.append(Text(f" without a footprint, not measured: {listed}", style="dim"))
    if done.undated:
        word = "scene has" if done.undated == 1 else "scenes have"
        parts.append(Text(f" {done.undated:,} {word} no date of their own (mosaics, undated files): left out", style="dim"))
    show(parts)
    if any(found.usable for found in done.stacks):
        typer.echo(f"\nNext: siteline detect {quoted(case)}")
    else:
        typer.echo("\nNothing could be measured; see the reasons above, and look at the scenes: siteline chips")


def _table(stacks: Sequence[MeasuredStack]) -> RenderableType:
    from rich import box
    from rich.table import Table

    from siteline.cli.plain import clean

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    table.add_column("stack", overflow="fold")
    table.add_column("usable", justify="right", no_wrap=True)
    table.add_column("from - to", no_wrap=True)
    table.add_column("measures", overflow="fold")
    for found in stacks:
        period = f"{found.first[:10]} - {found.last[:10]}" if found.usable else "—"
        what = _folded(found.measures) if found.usable else ", ".join(found.reasons[:3])
        table.add_row(clean(found.stack), f"{found.usable:,} of {found.scenes:,}", period, clean(what))
    return table


def _folded(measures: Sequence[str]) -> str:
    """The measures with each quantity named once: ``mean, contrast, control: blue, green; texture``."""
    by_quantity: dict[str, list[str]] = {}
    for name in measures:
        quantity, _, band = name.partition(":")
        by_quantity.setdefault(quantity, []).extend([band] if band else [])
    by_bands: dict[tuple[str, ...], list[str]] = {}
    for quantity, of in by_quantity.items():
        by_bands.setdefault(tuple(of), []).append(quantity)
    return "; ".join(", ".join(quantities) + (f": {', '.join(of)}" if of else "") for of, quantities in by_bands.items())
