"""The command that maps what changed on the whole site: ``map``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import Bands, CasePath, From, Json, Res, To, Who, names, share, who_is
from siteline.cli.plain import plural
from siteline.model.errors import NoScenes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from siteline.images.mapping import Mapped, MappedArea

LISTED = 20
"""Areas shown on the terminal."""


@ending
def map_(
    case: CasePath,
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made if missing.")] = Path("siteline-map"),
    stack: Annotated[str, typer.Option("--stack", metavar="NAME", help="Scenes to use; else the stack with most.")] = "",
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="AREA", help="Make this area a structure; may repeat.")
    ] = None,
    false_alarms: Annotated[
        float, typer.Option("--false-alarms", metavar="SHARE", help="Share of unchanged pixels that may be reported.")
    ] = 0.01,
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    dark: Annotated[bool, typer.Option("--dark", help="Dark instead of light.")] = False,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Map what changed on the whole site, pixel by pixel: where, when, how probably, and by how much."""
    from siteline.cli import asking
    from siteline.cli.progress import Steps
    from siteline.images.mapping import map_changes

    first, last = asking.period(start, end, "")
    with Steps(quiet=as_json) as steps:
        done = map_changes(
            case,
            out,
            stack=stack,
            keep=tuple(keep or ()),
            nominal=share(false_alarms, 0.0001, 0.49),
            res=res,
            bands=names(bands) or None,
            start=first,
            end=last,
            theme="dark" if dark else "light",
            told=steps.tell,
            progress=steps.part,
            who=who_is(who),
        )
    if as_json:
        print_json(_json(done))
    else:
        _show(done, case)
    if done.unknown == done.pixels:
        raise typer.Exit(NoScenes.exit_code)


def _json(done: Mapped) -> dict[str, Any]:
    from siteline.model.span import iso

    areas = [
        {
            "area_id": area.area_id,
            "name": area.name,
            "after": iso(area.after),
            "by": iso(area.by),
            "interval95": [iso(day) for day in area.interval95],
            "probability": round(area.probability, 4),
            "size": round(area.size, 6),
            "pixels": area.pixels,
            "area_m2": round(area.area_m2, 2),
            "doubt": area.doubt,
            "outline_wkt": area.outline_wkt,
        }
        for area in done.areas
    ]
    return {
        "stack": done.stack,
        "scenes": done.scenes,
        "used": done.used,
        "pixels": done.pixels,
        "unknown": done.unknown,
        "nominal": done.nominal,
        "threshold": round(done.threshold, 4),
        "found": done.found,
        "unit": done.unit,
        "areas": areas,
        "files": {name: str(path) for name, path in done.files.items()},
        "doubts": list(done.doubts),
        "kept": list(done.kept),
    }


def _show(done: Mapped, case: Path) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from siteline.cli.plain import clean, quoted
    from siteline.cli.show import show

    seen = done.pixels - done.unknown
    if not seen:
        _show_nothing(done, case)
        return
    share = f"{100 * done.found / seen:.2g} % of the ground that is seen"
    used = f"{done.used:,} of {plural(done.scenes, 'scene')} used"
    parts: list[RenderableType] = [
        Text(f" {clean(done.stack)}", style="bold"),
        Text(f" {used}; {plural(done.found, 'pixel')} changed, {share}"),
        Text(f" chance alone would give {100 * done.nominal:.2g} % of it, most of that in single pixels", style="dim"),
    ]
    if done.unknown:
        parts.append(Text(f" {done.unknown:,} pixels are seen too seldom to say anything", style="dim"))
    if done.areas:
        parts.append(Padding(_table(done.areas[:LISTED], done.unit), (1, 0, 1, 1)))
    if len(done.areas) > LISTED:
        parts.append(Text(f" and {len(done.areas) - LISTED:,} more, see the GeoPackage", style="dim"))
    parts += [Text(f" {clean(str(path))}", style="dim") for path in done.files.values()]
    if done.kept:
        parts.append(Text(f" now structures of the case: {', '.join(map(clean, done.kept))}"))
    show(parts)
    if done.kept:
        typer.echo(f"\nNext: siteline detect {quoted(case)}")
    elif done.areas:
        typer.echo(f"\nNext: siteline map {quoted(case)} --keep {done.areas[0].area_id}, to follow it as a structure")


def _show_nothing(done: Mapped, case: Path) -> None:
    """What to do where no pixel is seen often enough to say anything of it."""
    from siteline.cli.plain import clean, quoted
    from siteline.detect.prior import Prior

    needed = 2 * Prior().min_looks + 1
    used = f"{plural(done.used, 'usable scene')} of {clean(done.stack)}"
    typer.echo(f" {used}; nothing can be said of a pixel that is seen in fewer than {needed}, as all are.")
    typer.echo("\nFind more (siteline find, with a wider --from and --to), or look at two scenes:")
    typer.echo(f"  siteline compare {quoted(case)} BEFORE AFTER")


def _table(areas: Sequence[MappedArea], unit: str) -> RenderableType:
    from rich import box
    from rich.table import Table

    from siteline.cli.plain import clean
    from siteline.model.span import iso

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    table.add_column("area", no_wrap=True)
    table.add_column("changed", no_wrap=True)
    table.add_column("m²", justify="right", no_wrap=True)
    table.add_column("prob.", justify="right", no_wrap=True)
    table.add_column(unit, justify="right", no_wrap=True)
    doubted = any(area.doubt for area in areas)
    if doubted:
        table.add_column("doubt", overflow="fold")
    for area in areas:
        when = f"{iso(area.after)[:10]} - {iso(area.by)[:10]}"
        size = f"{area.size:+.2g}".replace("-", "−")
        chance = f"{min(max(area.probability, 0.01), 0.99):.2f}"
        cells = (clean(area.area_id), when, f"{area.area_m2:,.0f}", chance, size)
        table.add_row(*cells, *((clean(area.doubt),) if doubted else ()))
    return table
