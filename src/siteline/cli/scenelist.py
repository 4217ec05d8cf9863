"""Scenes, fetches and sources on the terminal, and as JSON."""

from __future__ import annotations

import shlex
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
from siteline.cli.plain import clean, plural, quoted
from siteline.cli.show import console, show
from siteline.images.finding import Listing
from siteline.images.reach import outside_words
from siteline.model.errors import BadDate
from siteline.model.imagery import FoundScene
from siteline.model.search import ACCESS_WORDS, Checked, Fetched
from siteline.model.span import Span

MARKS = {"kept": "●", "duplicate": "○", "quarantined": "✗"}
COLOURS = {"kept": "green", "duplicate": "bright_black", "quarantined": "red"}


LISTED = 20
"""Scenes shown on the terminal; of more, as many of the first and the last."""

REASONS = 5
"""Reasons for quarantine shown on the terminal."""

NOTES = 10
"""Notes of a search shown on the terminal."""

FEWEST = 9
"""Looks that ``detect`` needs at least (``detect.prior.Prior.min_looks`` on both sides of a change, and one)."""

LEGEND = "cloud: over the whole product, as declared → over the site, once its pixels were read. Ids: --json."


def show_listing(listing: Listing, case: Path) -> None:
    """The scenes that were found, as a table by time, what else the case holds, then what each search did."""
    found = listing.found
    parts: list[RenderableType] = []
    if found:
        table = _scenes_table(found)
        parts += [*([table] if table.row_count else []), Text(f" {_counted(found)}")]
        parts.append(Padding(Text(LEGEND, style="dim"), (0, 0, 0, 1)))
    if len(found) > LISTED:
        parts += [Text(f" quarantined: {line}") for line in _quarantined(found)]
    held = f"{plural(len(listing.kept), 'scene')}{_period(listing)}"
    if not found:
        parts.append(Text(f" none new; the case still has {held}" if listing.scenes else " no scenes"))
    elif {scene.scene_id for scene in listing.kept} - {scene.scene_id for scene in found}:
        parts.append(Text(f" with those of other searches the case holds {held}"))
    if listing.outside:
        parts.append(Text(f" {clean(outside_words(listing.outside, len(listing.kept)))}"))
    show([*parts, *(_searched(search) for search in listing.searches)])
    if listing.kept and not listing.nothing:
        typer.echo(f"\nNext: siteline {_next_step(listing, case)}")


def _scenes_table(found: Sequence[FoundScene]) -> Table:
    """The scenes by time; of many, the first and the last that are not quarantined."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    for name, justify in (
        ("", "left"),
        ("acquired (UTC)", "left"),
        ("taken by", "left"),
        ("cloud", "right"),
        ("site", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=name != "taken by", overflow="fold")  # type: ignore[arg-type]
    shown = [scene for scene in found if len(found) <= LISTED or scene.status != "quarantined"]
    skipped = len(shown) - LISTED
    for n, scene in enumerate(shown):
        if skipped > 0 and n == LISTED // 2:
            table.add_row("", f"... {skipped:,} more", "(--json lists them)", "", "", style="dim")
        if skipped <= 0 or n < LISTED // 2 or n >= len(shown) - LISTED // 2:
            style = "" if scene.status == "kept" else "bright_black"
            mark = Text(MARKS[scene.status], style=COLOURS[scene.status])
            table.add_row(mark, _when(scene), _title(scene), _cloud(scene), _share(scene.site_share), style=style)
    return table


def _counted(found: Sequence[FoundScene]) -> str:
    counts: Counter[str] = Counter(scene.status for scene in found)
    words = {
        "kept": plural(counts["kept"], "scene kept", "scenes kept"),
        "duplicate": plural(counts["duplicate"], "duplicate set aside", "duplicates set aside"),
        "quarantined": f"{counts['quarantined']:,} quarantined",
    }
    return ", ".join(text for status, text in words.items() if counts[status])


def _quarantined(found: Sequence[FoundScene]) -> list[str]:
    """The reasons for quarantine with the number of scenes, the commonest first, and one scene as an example."""
    by_reason: dict[str, list[str]] = {}
    for scene in found:
        if scene.status == "quarantined":
            by_reason.setdefault(_reason(scene), []).append(scene.scene_id)
    ordered = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    told = [f"{len(ids):,} x {clean(reason)} (such as {clean(ids[0])})" for reason, ids in ordered[:REASONS]]
    more = len(ordered) - REASONS
    return [*told, f"and {more:,} other reasons: --json"] if more > 0 else told


def _reason(scene: FoundScene) -> str:
    """Why, without the names of the scene's own files, which would make every reason another one."""
    told = [part.partition(": ")[2] if "." in part.partition(": ")[0] else part for part in scene.why.split("; ")]
    return "; ".join(dict.fromkeys(filter(None, told)))


def _period(listing: Listing) -> str:
    days = sorted(scene.acquired[:10] for scene in listing.kept if scene.acquired)
    return f", {days[0]} to {days[-1]}" if days else ""


def _next_step(listing: Listing, case: Path) -> str:
    """What follows a search: files of this machine need not be fetched, and few looks are for the eye."""
    inside = [key for key in listing.footprints if key not in listing.outside]
    if not listing.local:
        return f"fetch {quoted(case)}"
    if not inside:
        return f"compare {quoted(case)} BEFORE AFTER"
    return (
        f"detect {quoted(case)}" if len(listing.kept) >= FEWEST else f"chips {quoted(case)} {shlex.quote(clean(inside[0]))}"
    )


def listing_json(listing: Listing) -> dict[str, Any]:
    """The listing for programs; numbers that are not known are null."""
    searches = [
        {key: value for key, value in asdict(search).items() if key != "asked"} | {"notes": list(search.notes)}
        for search in listing.searches
    ]
    scenes = [{key: value for key, value in asdict(scene).items() if key != "stac"} for scene in listing.scenes]
    return {"searches": searches, "scenes": scenes, "outside": list(listing.outside)}


def show_fetched(done: Fetched, case: Path) -> None:
    """What was copied, how much, and what could not be."""
    out = console()
    there = f"; {done.held:,} were there already" if done.held else ""
    # Small files came with their headers, and those of this machine do not travel.
    due = f", about {_bytes(done.bytes_due)} to transfer" if done.bytes_due else ""
    got = f", {_bytes(done.bytes_got)} transferred" if done.bytes_got else ""
    if done.planned_only:
        out.print(Text(f" {plural(done.scenes, 'scene')}: {done.files:,} files to copy{due}{there}"))
        return
    out.print(Text(f" {plural(done.scenes, 'scene')}: {done.files:,} files copied{got}{there}"))
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


def _searched(search: Any) -> Text:
    whole = search.completeness == "complete"
    mark = ("✓ ", "green") if whole else ("? ", "dark_orange")
    count = plural(search.returned, "scene") + ("" if search.matched is None else f" of {search.matched:,}")
    words = "the search is complete" if whole else "whether these are all is not known"
    if search.returned == 0:
        words = (
            "nothing there shows the site in this period"
            if whole
            else "nothing was found, and whether that is all is not known"
        )
        mark = ("✗ ", "red")
    notes = "".join(f"\n   {clean(note)}" for note in search.notes[:NOTES])
    if (more := len(search.notes) - NOTES) > 0:
        notes += f"\n   and {plural(more, 'more note')}: --json"
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
