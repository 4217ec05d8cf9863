"""The commands that bring images in: ``find, fetch, chips, compare, doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import Bands, CasePath, From, Json, Res, To, Who, names, who_is
from siteline.model.errors import NoScenes, SourceTrouble

Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="SOURCE", help="earth-search, planetary-computer, cdse, a STAC address, a folder."),
]
Reference = Annotated[str, typer.Option("--reference", metavar="SCENE", help="Scene to align to; 'none' = do not align.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the figures; made if missing.")]


@ending
def find(
    case: CasePath,
    start: From = "",
    end: To = "",
    source: Sources = None,
    area: Annotated[
        str, typer.Option("--area", metavar="AREA", help="The site: W,S,E,N, WKT, GeoJSON or KML file; kept.")
    ] = "",
    max_cloud: Annotated[
        float | None, typer.Option("--max-cloud", metavar="PERCENT", min=0, max=100, help="Most cloud, of the product.")
    ] = None,
    collections: Annotated[
        list[str] | None, typer.Option("--collections", "-c", help="STAC collections; may repeat.")
    ] = None,
    ids: Annotated[list[str] | None, typer.Option("--ids", help="Item ids; may repeat.")] = None,
    bbox: Annotated[str, typer.Option("--bbox", help="W,S,E,N in degrees instead of the site's area, this once.")] = "",
    intersects: Annotated[str, typer.Option("--intersects", help="GeoJSON geometry or its file, this once.")] = "",
    datetime: Annotated[
        str, typer.Option("--datetime", help="RFC 3339 instant or interval (a/b, ../b) for --from, --to.")
    ] = "",
    query: Annotated[list[str] | None, typer.Option("--query", "-q", help="Condition such as eo:cloud_cover<20.")] = None,
    filter_: Annotated[str, typer.Option("--filter", help="CQL2 JSON or its file.")] = "",
    sortby: Annotated[list[str] | None, typer.Option("--sortby", help="Field, with - for descending.")] = None,
    fields: Annotated[list[str] | None, typer.Option("--fields", help="Fields to return, with - to leave out.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Scenes a page.", min=1, max=10_000)] = 100,
    max_items: Annotated[int | None, typer.Option("--max-items", help="Most scenes in all; else every one.", min=1)] = None,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """List the scenes of the site from every source, and keep them in the case."""
    from siteline import flow
    from siteline.cli import asking, scenelist
    from siteline.cli.progress import Steps

    given = {
        "bbox": bbox,
        "intersects": intersects,
        "collections": collections or (),
        "ids": ids or (),
        "query": query or (),
        "filter": filter_,
        "sortby": sortby or (),
        "fields": fields or (),
        "limit": limit,
        "max_items": max_items,
    }
    first, last = asking.period(start, end, datetime)
    with Steps(quiet=as_json) as steps:
        if area:
            flow.set_area(case, area, who_is(who))
        listing = flow.find(
            case,
            tuple(source or ()),
            lambda site: asking.question(site, first, last, given, max_cloud),
            who=who_is(who),
            told=steps.tell,
        )
    if as_json:
        print_json(scenelist.listing_json(listing))
    else:
        scenelist.show_listing(listing, case)
    if listing.nothing:
        raise typer.Exit(NoScenes.exit_code)


@ending
def fetch(
    case: CasePath,
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    max_cloud: Annotated[
        float | None, typer.Option("--max-cloud", metavar="PERCENT", min=0, max=100, help="Most cloud, of the product.")
    ] = None,
    plan_only: Annotated[bool, typer.Option("--plan", help="Say how many bytes it would be, and stop.")] = False,
    workers: Annotated[int, typer.Option("--workers", help="Files at once.", min=1, max=32)] = 8,
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="ADDRESS", help="A file server of yours that is not public; remembered."),
    ] = None,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Copy the site's part of every scene beside the case; a fetch that was cut off goes on where it was."""
    from siteline import flow
    from siteline.cli import asking, scenelist
    from siteline.cli.progress import Steps

    first, last = asking.period(start, end, "")
    with Steps(quiet=as_json) as steps:
        flow.trust(tuple(trust or ()))
        chosen = flow.choose(case, first, last, max_cloud)
        done = flow.fetch(
            case,
            chosen,
            bands=names(bands) or None,
            res=res,
            plan_only=plan_only,
            workers=workers,
            who=who_is(who),
            told=steps.tell,
            progress=steps.part,
        )
    if as_json:
        print_json(scenelist.fetched_json(done))
    else:
        scenelist.show_fetched(done, case)
    if done.failed and not (done.files or done.held):
        raise typer.Exit(SourceTrouble.exit_code)


@ending
def chips(
    case: CasePath,
    structure: Annotated[str, typer.Argument(metavar="STRUCTURE", help="A structure with a footprint, by id or name.")],
    out: OutFolder = Path("siteline-figures"),
    start: From = "",
    end: To = "",
    bands: Bands = "",
    res: Res = None,
    reference: Reference = "auto",
    dark: Annotated[bool, typer.Option("--dark", help="Dark instead of light.")] = False,
    as_json: Json = False,
) -> None:
    """Write a contact sheet of one structure: every scene, same stretch, dated."""
    from siteline import flow
    from siteline.cli import asking, scenelist
    from siteline.cli.progress import Steps

    first, last = asking.period(start, end, "")
    with Steps(quiet=as_json) as steps:
        paths = flow.chips(
            case,
            _structure_id(case, structure),
            out,
            chosen=flow.choose(case, first, last, None),
            bands=names(bands) or None,
            res=res,
            reference=None if reference == "none" else reference,
            theme="dark" if dark else "light",
            told=steps.tell,
            progress=steps.part,
        )
    scenelist.tell_files(paths, as_json)


@ending
def compare(
    case: CasePath,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A scene id, or its date (YYYY-MM-DD).")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="A scene id, or its date.")],
    out: OutFolder = Path("siteline-figures"),
    structure: Annotated[str, typer.Option("--structure", help="Around this structure; else the whole site.")] = "",
    bands: Bands = "",
    res: Res = None,
    align: Annotated[bool, typer.Option("--align/--no-align", help="Align the second scene to the first.")] = True,
    dark: Annotated[bool, typer.Option("--dark", help="Dark instead of light.")] = False,
    as_json: Json = False,
) -> None:
    """Write a before/after figure of two scenes and an animation that flickers between them."""
    from siteline import flow
    from siteline.cli import scenelist
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        paths = flow.compare(
            case,
            before,
            after,
            out,
            structure=_structure_id(case, structure),
            bands=names(bands) or None,
            res=res,
            align=align,
            theme="dark" if dark else "light",
            told=steps.tell,
        )
    scenelist.tell_files(paths, as_json)


def _structure_id(case: Path, named: str) -> str:
    """The id of the structure that is named by its id or its name; "" for none."""
    from siteline import flow
    from siteline.images.reach import structure_named

    return structure_named(flow.read(case), named) if named else ""


@ending
def doctor(
    case: Annotated[Path | None, typer.Argument(metavar="CASE", help="Also check the sources this case has used.")] = None,
    source: Sources = None,
    as_json: Json = False,
) -> None:
    """Check which sources can be reached from here, and with which credentials."""
    from siteline import flow
    from siteline.cli import scenelist
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        checked = flow.check_sources(case, tuple(source or ()), steps.tell)
    if as_json:
        print_json(scenelist.doctor_json(checked))
    else:
        scenelist.show_doctor(checked)
