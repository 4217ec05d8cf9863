"""A folder of this machine as a source of scenes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from siteline.catalogue.folder import LocalFolder
from siteline.model.errors import FileTrouble

if TYPE_CHECKING:
    from siteline.catalogue.shelf import ReadHeader
    from siteline.catalogue.source import Source

CATALOGUE: Final = "catalog.json"
"""The file that a folder's own STAC catalogue begins with."""


def source_for(path: Path, read_header: ReadHeader | None = None) -> Source:
    """The folder ``path`` as a source: deliveries and single images in it, at any depth.

    ``read_header``: reads the header of an image at an absolute path; by default the guard's, which opens nothing outside
    the folder. Raises ``FileTrouble`` for what is no folder.
    """
    folder = path.resolve()
    if not folder.is_dir():
        raise FileTrouble(path, "is not a folder", "name the folder that holds the images")
    return LocalFolder(folder, (lambda: nullcontext(read_header)) if read_header else (lambda: _guarded(folder)))


def catalogue_in(folder: Path, read_header: ReadHeader | None = None) -> Path | None:
    """The STAC catalogue (``catalog.json``) that describes the images of ``folder`` (absolute); None where there is none.

    Where providers' deliveries lie in the folder they are read themselves: some come with a catalogue of their own.
    """
    from siteline.catalogue.folder import RECOGNISERS
    from siteline.catalogue.shelf import Shelf
    from siteline.guard.listing import files_below

    if not (folder / CATALOGUE).is_file():
        return None
    with nullcontext(read_header) if read_header else _guarded(folder) as header:
        shelf = Shelf(files_below(folder), header)
        document = shelf.json(CATALOGUE)
        if document is None or document.get("type") != "Catalog" or not isinstance(document.get("links"), list):
            return None
        delivered = any(True for find in RECOGNISERS for _ in find(shelf))
    return None if delivered else folder / CATALOGUE


@contextmanager
def _guarded(folder: Path) -> Iterator[ReadHeader]:
    from siteline.guard.reader import Reader

    with Reader(offline=True, local_roots=(folder,)) as reader:
        yield reader.info
