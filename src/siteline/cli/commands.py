"""The commands. Each says what it does in one line, works on paths, and leaves the work to ``flow`` and ``store``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from siteline.cli import demo, detect, images, measure, simulate
from siteline.cli.ending import ending, print_json, print_paths
from siteline.cli.map import map_
from siteline.cli.options import CasePath, Json, Out, Who, who_is
from siteline.cli.plain import clean, quoted
from siteline.cli.serve import serve

app = typer.Typer(
    name="siteline",
    help="When did it change, and how do we know? Dated, weighed, published answers about one site.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 done, 2 wrong input, 3 file trouble, 4 nothing to work on, 5 source unusable, 130 interrupted.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from siteline import __version__

        typer.echo(f"siteline {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """When did it change, and how do we know?"""


app.command("demo")(demo.demo)


@app.command()
@ending
def new(
    case: CasePath,
    title: Annotated[str, typer.Option("--title", help="Headline of the report.")] = "",
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Make an empty case file."""
    from siteline.model.settings import Settings
    from siteline.store.case import Case

    with Case.create(case, who=who_is(who), settings=Settings(title=title)):
        pass
    if as_json:
        print_json({"case": str(case)})
    else:
        typer.echo(f"{clean(str(case))} is ready and empty.\nNext: siteline import FOLDER {quoted(case)} --merge")


@app.command("import")
@ending
def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of CSV/GeoJSON (see docs/case-format.md).")],
    case: CasePath,
    merge: Annotated[
        bool, typer.Option("--merge", help="Add to a case that exists; rows with the same id are updated.")
    ] = False,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Read a folder of tables into a case file: all of it, or nothing."""
    from siteline.cli.progress import Steps
    from siteline.store.importing import import_folder

    with Steps(quiet=as_json) as steps:
        steps.tell(f"importing {folder}")
        counts = dict(import_folder(folder, case, who=who_is(who), progress=steps.rows, merge=merge))
    if as_json:
        print_json({"case": str(case), "rows": counts})
    else:
        typer.echo(_counted(counts))
        from siteline.images.opening import awaits_images

        step = "date" if counts.get("observations") else "find"
        typer.echo(f"Next: siteline {step} {quoted(case)}")
        if step == "date" and awaits_images(case):
            typer.echo(f"And for images of it: siteline find {quoted(case)} --source SOURCE")


@app.command("export")
@ending
def export_(
    case: CasePath,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the tables go; must not hold any yet.")],
    as_json: Json = False,
) -> None:
    """Write a case back to a folder of CSV/GeoJSON; importing it again gives the same case."""
    from siteline.store.exporting import export_folder

    counts = dict(export_folder(case, folder))
    if as_json:
        print_json({"folder": str(folder), "rows": counts})
    else:
        typer.echo(f"{clean(str(folder))}: {_counted(counts)}")


@app.command("check")
@ending
def check(
    path: Annotated[Path, typer.Argument(metavar="CASE|FOLDER", help="A case file, or a folder to be imported.")],
    as_json: Json = False,
) -> None:
    """Validate a case file or a folder: every problem with its file, line and column."""
    from siteline.model.errors import BadRows
    from siteline.store.checking import check_case
    from siteline.store.importing import read_folder

    try:
        if path.is_dir():
            read_folder(path)
            problems = []
        else:
            problems = list(check_case(path))
    except BadRows as error:
        problems = list(error.problems)
    if as_json:
        print_json({"ok": not problems, "problems": [asdict(problem) for problem in problems]})
    elif problems:
        sys.stderr.write("".join(f"{clean(str(problem))}\n" for problem in problems))
    else:
        typer.echo(f"{clean(str(path))}: no problems")
    if problems:
        raise typer.Exit(BadRows.exit_code)


@app.command("date")
@ending
def date_(
    case: Annotated[Path | None, typer.Argument(metavar="CASE", help="A case file (.gpkg).")] = None,
    observations: Annotated[
        Path | None,
        typer.Option(
            "--observations",
            metavar="CSV",
            help="Date a CSV of looks instead: structure_id, acquired_date, state, confidence.",
        ),
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", metavar="JSON", help="With --observations: vocabulary, rates, noise.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what changed and when: bracket, 50 and 90 % intervals, what decides and what could not."""
    from siteline.model.errors import BadInput

    if (case is None) == (observations is None):
        raise BadInput("name either a case file or --observations CSV (one of the two)")
    if case is not None and settings is not None:
        raise BadInput("--settings goes with --observations; a case file holds its own settings")
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        dating, names, first = _date_case(case, steps) if case else _date_looks(observations or Path(), settings, steps)
    if as_json:
        print_json(dating.to_json())
        return
    from siteline.cli import show

    show.show(show.transitions(dating, names, first))


@app.command("claims")
@ending
def claims_(case: CasePath, as_json: Json = False) -> None:
    """Hold every published claim against observations that do not come from its own source."""
    from siteline import flow
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        steps.tell(f"reading {case}")
        answer = flow.answer(flow.with_images(case, flow.read(case)), steps.tell)
    if as_json:
        print_json({"claims": [verdict.to_json() for verdict in answer.weighing.claims]})
        return
    from siteline.cli import show

    show.show(show.claims(answer.weighing.claims, answer.data))


@app.command("report")
@ending
def report_(case: CasePath, out: Out, as_json: Json = False) -> None:
    """Write the report (report.html, report.pdf) into a folder."""
    from siteline import flow
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        steps.tell(f"reading {case}")
        answer = flow.answer(flow.with_images(case, flow.read(case)), steps.tell)
        html, pdf = flow.publish(answer, out, steps.tell, flow.shown(case, steps.tell))
    if as_json:
        print_json({"html": str(html), "pdf": str(pdf)})
    else:
        print_paths({"report": html, "for print": pdf})


for _name, _command in (
    ("find", images.find),
    ("fetch", images.fetch),
    ("chips", images.chips),
    ("compare", images.compare),
    ("doctor", images.doctor),
    ("measure", measure.measure),
    ("detect", detect.detect),
    ("trust", detect.trust),
    ("map", map_),
    ("simulate", simulate.simulate),
    ("serve", serve),
):
    app.command(_name)(_command)


def _date_case(case: Path, steps: Any) -> tuple[Any, dict[str, str], tuple[str, ...]]:
    from siteline import flow

    steps.tell(f"reading {case}")
    data = flow.with_images(case, flow.read(case))
    flow.require_dated(data.observations)
    steps.tell(f"dating {len(data.structures):,} structures")
    names = {s.structure_id: s.name for s in data.structures.values()}
    return flow.date(data), names, data.settings.key_structures


def _date_looks(observations: Path, settings: Path | None, steps: Any) -> tuple[Any, dict[str, str], tuple[str, ...]]:
    from siteline import flow
    from siteline.dating.engine import date_observations
    from siteline.guard.files import read_text
    from siteline.model.settings import Settings
    from siteline.store.looks import read_looks

    chosen = Settings.from_json(read_text(settings)) if settings else Settings()
    steps.tell(f"reading {observations}")
    looks = read_looks(observations, chosen)
    flow.require_dated(looks)
    steps.tell(f"dating {len({look.structure_id for look in looks}):,} structures")
    return date_observations(looks, chosen), {}, ()


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{table} {count:,}" for table, count in counts.items() if count) or "no rows"
