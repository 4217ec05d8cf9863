"""Scenes, fetches and sources on the terminal, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from siteline.cli.ending import print_json
from siteline.cli.plain import clean, quoted
from siteline.cli.show import console, show
from siteline.images.finding import Listing
from siteline.model.errors import BadDate
from siteline.model.imagery import FoundScene
from siteline.model.search import ACCESS_WORDS, Checked, Fetched
from siteline.model.span import Span

MARKS = {"kept": "●", "duplicate": "○", "quarantined": "✗"}
COLOURS = {"kept": "green", "duplicate": "bright_black", "quarantined": "red"}


def show_listing(listing: Listing, case: Path) -> None:
    """The scenes of the case as a table by time, then what each search did."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    for name, justify in (
        ("", "left"),
        ("acquired (UTC)", "left"),
        ("taken by", "left"),
        ("cloud", "right"),
        ("site", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=name != "taken by", overflow="fold")  # type: ignore[arg-type]
    for scene in listing.scenes:
        style = "" if scene.status == "kept" else "bright_black"
        mark = Text(MARKS[scene.status], style=COLOURS[scene.status])
        table.add_row(mark, _when(scene), _title(scene), _cloud(scene), _share(scene.site_share), style=style)
    counts: Counter[str] = Counter(scene.status for scene in listing.scenes)
    told = ", ".join(f"{counts[status]:,} {word}" for status, word in _STATUS_WORDS.items() if counts[status])
    legend = "cloud: over the whole product, as declared → over the site, once its pixels were read. Ids: --json."
    parts: list[RenderableType] = [table] if listing.scenes else []
    parts.append(Text(f" {told or 'no scenes'}"))
    parts += [Padding(Text(legend, style="dim"), (0, 0, 0, 1))] if listing.scenes else []
    parts += [_searched(search) for search in listing.searches]
    show(parts)
    if counts["kept"]:
        typer.echo(f"\nNext: siteline fetch {quoted(case)}")


def listing_json(listing: Listing) -> dict[str, Any]:
    """The listing for programs; numbers that are not known are null."""
    searches = [
        {key: value for key, value in asdict(search).items() if key != "asked"} | {"notes": list(search.notes)}
        for search in listing.searches
    ]
    scenes = [{key: value for key, value in asdict(scene).items() if key != "stac"} for scene in listing.scenes]
    return {"searches": searches, "scenes": scenes}


def show_fetched(done: Fetched, case: Path) -> None:
    """What was copied, how much, and what could not be."""
    out = console()
    there = f"; {done.held:,} were there already" if done.held else ""
    # Small files came with their headers, and those of this machine do not travel.
    due = f", about {_bytes(done.bytes_due)} to transfer" if done.bytes_due else ""
    got = f", {_bytes(done.bytes_got)} transferred" if done.bytes_got else ""
    if done.planned_only:
        out.print(Text(f" {done.scenes:,} scenes: {done.files:,} files to copy{due}{there}"))
        return
    out.print(Text(f" {done.scenes:,} scenes: {done.files:,} files copied{got}{there}"))
    for scene_id, reason in done.failed:
        out.print(Text.assemble((" ✗ ", "red"), f"{clean(scene_id)}: {clean(reason)}"), soft_wrap=True)
    if done.failed:
        out.print(Text(" What failed counts as missing, never as gone. Run the same command again to try these once more."))
    if done.outside and not (done.files or done.held):
        out.print(Text(" None of them reaches the site: check where it is (--area), and what was found: siteline find"))
    elif not done.failed or done.files or done.held:
        typer.echo(f"\nNext: siteline chips {quoted(case)} STRUCTURE")


def fetched_json(done: Fetched) -> dict[str, Any]:
    """The same for programs."""
    told = asdict(done)
    told["failed"] = [{"scene_id": scene_id, "reason": reason} for scene_id, reason in done.failed]
    return told


def show_doctor(checked: Sequence[Checked]) -> None:
    """One line a source: whether it answers, and whether what it needs to be read is set."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for name in ("", "source", "search", "images"):
        table.add_column(name, overflow="fold")
    for source in checked:
        good = source.reached and source.access_ready
        mark = Text("●" if good else "✗", style="green" if good else "red")
        search = f"answers in {source.seconds:.1f} s" if source.reached else source.reason
        table.add_row(mark, clean(source.name), clean(search), clean(source.access_note))
    show([table, Padding(Text(ACCESS_WORDS, style="dim"), (0, 0, 0, 1))])


def doctor_json(checked: Sequence[Checked]) -> dict[str, Any]:
    """The same for programs."""
    return {"sources": [asdict(source) for source in checked]}


def tell_files(paths: Mapping[str, Path], as_json: bool) -> None:
    """The files a command wrote."""
    if as_json:
        print_json({"files": {name: str(path) for name, path in paths.items()}})
        return
    width = max(map(len, paths))
    typer.echo("\n".join(f"{name:<{width}}  {clean(str(path))}" for name, path in paths.items()))


_STATUS_WORDS = {"kept": "scenes kept", "duplicate": "duplicates set aside", "quarantined": "quarantined"}


def _searched(search: Any) -> Text:
    whole = search.completeness == "complete"
    mark = ("✓ ", "green") if whole else ("? ", "dark_orange")
    count = f"{search.returned:,} scenes" + ("" if search.matched is None else f" of {search.matched:,}")
    words = "the search is complete" if whole else "whether these are all is not known"
    if search.returned == 0:
        words = (
            "nothing there shows the site in this period"
            if whole
            else "nothing was found, and whether that is all is not known"
        )
        mark = ("✗ ", "red")
    notes = "".join(f"\n   {clean(note)}" for note in search.notes)
    return Text.assemble(" ", mark, f"{clean(search.source)}: {count}; {words}", (notes, "dim"))


def _when(scene: FoundScene) -> str:
    if not scene.acquired:
        return "not stated"
    try:
        span = Span.parse(scene.acquired)
    except BadDate:  # an interval between two instants, which EDTF has no short form for
        return clean(scene.acquired)
    if span.is_instant and span.start is not None:
        return span.start.strftime("%Y-%m-%d %H:%M")
    return clean(scene.acquired)


def _title(scene: FoundScene) -> str:
    """Who took it; and, for a scene that is not used or doubtful, which it is and why."""
    words = clean(", ".join(dict.fromkeys(filter(None, (scene.platform, scene.provider))))) or clean(scene.scene_id)
    if not scene.why:
        return words
    known = words == clean(scene.scene_id)
    return f"{words}\n{'' if known else clean(scene.scene_id) + ': '}{clean(scene.why)}"


def _cloud(scene: FoundScene) -> str:
    product = "—" if scene.cloud_percent is None else f"{scene.cloud_percent:.0f} %"
    return product if scene.site_cloud_percent is None else f"{product} → {scene.site_cloud_percent:.0f} %"


def _share(share: float | None) -> str:
    if share is None:
        return "?"
    return "all" if share >= 0.9995 else f"{100 * share:.0f} %"


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
