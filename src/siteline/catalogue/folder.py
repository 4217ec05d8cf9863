"""A folder as a source of scenes: deliveries wherever they lie in it, then single images; the rest is counted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from siteline.catalogue import dimap, landsat, loose, maxar, opera, planet, safe, theia
from siteline.catalogue.dates import over
from siteline.catalogue.drafts import identified, item_of
from siteline.catalogue.filters import chosen
from siteline.catalogue.scenescsv import Tables, read_tables
from siteline.catalogue.shelf import Draft, ReadHeader, Shelf, is_image
from siteline.guard.listing import files_below
from siteline.model.scene import Asset, ImageScene
from siteline.model.search import Found, Query, StacItem

if TYPE_CHECKING:
    from collections.abc import Sequence

RECOGNISERS: Final[Sequence[Callable[[Shelf], Iterator[Draft]]]] = (
    safe.find,
    theia.find,
    opera.find,
    landsat.find,
    dimap.find,
    planet.find,
    maxar.find,
)
"""Each finds its provider's deliveries among files that none before it has claimed."""

_NAMED_AT_MOST = 100
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


class LocalFolder:
    """The images below ``folder`` (absolute). ``headers``: opens what reads image headers for the time of one search."""

    def __init__(self, folder: Path, headers: Callable[[], AbstractContextManager[ReadHeader]]) -> None:
        """``name``: the folder's own, and what tells it from others of that name, so that no scene takes another's place."""
        self.folder = folder
        digest = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:6]
        self.name = f"{re.sub(r'[^A-Za-z0-9.]+', '-', folder.name).strip('-.') or 'folder'}-{digest}"
        self._headers = headers

    def search(self, query: Query) -> Found:
        """See ``Source``. Complete: the folder is read to its end, unless something of it could not be listed.

        Raises ``FileTrouble`` for a folder that cannot be read, ``BadRows`` for a scenes.csv with mistakes.
        """
        listing = files_below(self.folder)
        with self._headers() as read_header:
            shelf = Shelf(listing, read_header)
            tables = read_tables(shelf)
            items = [*_items(shelf, tables)]
        kept, passed = chosen(items, query)
        notes = [*tables.notes, *_notes(shelf), *passed]
        if query.query or query.filter is not None:
            notes.append("a folder cannot evaluate query and filter: they were not applied")
        matched = len(kept)
        if query.max_items is not None and matched > query.max_items:
            notes.append(f"stopped at {query.max_items} of {matched} scenes, as asked")
        complete = "complete" if listing.whole else "unknown"
        return Found(self.name, tuple(kept[: query.max_items]), complete, matched, tuple(notes))  # type: ignore[arg-type]

    def asset(self, scene: ImageScene, band: str) -> Asset | None:
        """See ``Source``."""
        return scene.bands((band,))[0]


def _items(shelf: Shelf, tables: Tables) -> Iterator[StacItem]:
    drafts: list[Draft] = []
    for find in RECOGNISERS:
        found = [*find(shelf)]
        shelf.claim(file for draft in found for file in draft.files)
        drafts += [_told(draft, tables) for draft in found]
    singles = [*loose.find(shelf, tables)]
    shelf.claim(file for draft in singles for file in draft.files)
    for item_id, draft in identified([*drafts, *singles]):
        yield item_of(draft, item_id, shelf)


def _told(draft: Draft, tables: Tables) -> Draft:
    """A delivered scene with what a person has written about one of its files."""
    rows = [row for file in sorted(draft.files) if (row := tables.row(file))]
    if not rows:
        return draft
    properties: dict[str, Any] = over(draft.properties, *(row.properties for row in rows))
    written = [problem for row in rows for problem in row.problems]
    return replace(draft, properties=properties, problems=(*draft.problems, *dict.fromkeys(written)))


def _notes(shelf: Shelf) -> Iterator[str]:
    """What was passed over: counted, and named where it should have been an image."""
    for file, reason in list(shelf.failed.items())[:_NAMED_AT_MOST]:
        yield f"{file} could not be read: {reason}"
    if len(shelf.failed) > _NAMED_AT_MOST:
        yield f"{len(shelf.failed) - _NAMED_AT_MOST} more files could not be read"
    archives = [file for file in shelf.files if file.casefold().endswith(_ARCHIVES)]
    if archives:
        some = ", ".join(archives[:3]) + (", ..." if len(archives) > 3 else "")
        yield f"{len(archives):,} archives were not looked into ({some}); unpack them to search them"
    others = [file for file in shelf.files if file not in shelf.failed and file not in archives]
    pictures = [file for file in others if is_image(file)]
    if pictures:
        some = ", ".join(pictures[:3]) + (", ..." if len(pictures) > 3 else "")
        yield f"{_count(pictures)} neither a date nor a place and were passed over ({some}); describe them in scenes.csv"
    if plain := len(others) - len(pictures):
        yield f"{plain:,} files are no images" if plain != 1 else "1 file is no image"
    if shelf.listing.hidden:
        yield f"{shelf.listing.hidden:,} hidden files and folders were not looked at"
    yield from shelf.listing.skipped[:_NAMED_AT_MOST]
    if len(shelf.listing.skipped) > _NAMED_AT_MOST:
        yield f"{len(shelf.listing.skipped) - _NAMED_AT_MOST} more links or names were passed over"


def _count(pictures: Sequence[str]) -> str:
    return "1 picture has" if len(pictures) == 1 else f"{len(pictures):,} pictures have"
