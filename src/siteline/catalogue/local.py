"""A folder of this machine as a source of scenes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.catalogue.folder import LocalFolder
from siteline.model.errors import FileTrouble

if TYPE_CHECKING:
    from siteline.catalogue.shelf import ReadHeader
    from siteline.catalogue.source import Source


def source_for(path: Path, read_header: ReadHeader | None = None) -> Source:
    """The folder ``path`` as a source: deliveries and single images in it, at any depth.

    ``read_header``: reads the header of an image at an absolute path; by default the guard's, which opens nothing outside
    the folder. Raises ``FileTrouble`` for what is no folder.
    """
    folder = path.resolve()
    if not folder.is_dir():
        raise FileTrouble(path, "is not a folder", "name the folder that holds the images")
    return LocalFolder(folder, (lambda: nullcontext(read_header)) if read_header else (lambda: _guarded(folder)))


@contextmanager
def _guarded(folder: Path) -> Iterator[ReadHeader]:
    from siteline.guard.reader import Reader

    with Reader(offline=True, local_roots=(folder,)) as reader:
        yield reader.info
