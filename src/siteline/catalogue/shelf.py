"""A folder as the recognisers of deliveries see it: names, small documents, image headers; each read once."""

from __future__ import annotations

import json
import posixpath
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from siteline.guard.files import read_text
from siteline.guard.listing import Listing
from siteline.guard.xmldoc import read_xml
from siteline.model.errors import FileTrouble, SitelineError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

IMAGES: Final = (".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg")
"""Suffixes of files that may be images, in small letters."""

_T = TypeVar("_T")
_NOWHERE: Final = ((1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
MAX_DOCUMENT: Final = 16 * 1024 * 1024


class Header(Protocol):
    """What is read of an image file: ``guard.reader.RasterInfo``. ``crs`` is "" where the file has none."""

    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102
    @property
    def dtype(self) -> str: ...  # noqa: D102
    @property
    def crs(self) -> str: ...  # noqa: D102
    @property
    def transform(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def nodata(self) -> float | None: ...  # noqa: D102


ReadHeader = Callable[[str], Header]
"""Reads the header of the local image at an absolute path. Raises ``SitelineError``."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where an image lies by its metadata: size in pixels, CRS, affine coefficients (see ``model.grid.Grid.transform``)."""

    width: int
    height: int
    crs: str
    transform: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One band or mask of one file (path below the folder). ``grid``: by the metadata, else the header's."""

    name: str
    file: str
    band: str = ""
    index: int = 1
    mask: str = ""
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    gsd_m: float | None = None
    sha256: str = ""
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One scene as a recogniser understands it. ``place``: the folder, or file, that tells it from others of its name.

    ``files``: all that belong to it (bands, masks, metadata, previews), as paths below the folder. ``stated``: (CRS, affine
    coefficients) given beside files that have none. ``footprint``: GeoJSON by the metadata, where no grid is known.
    """

    name: str
    place: str
    layers: tuple[Layer, ...]
    properties: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    stated: tuple[str, tuple[float, ...]] | None = None
    footprint: dict[str, Any] | None = None
    quarantined: bool = False


class Shelf:
    """The files of a listing. Documents and headers are read on demand; what could not be read is in ``failed``."""

    def __init__(self, listing: Listing, read_header: ReadHeader) -> None:
        """Nothing is opened yet."""
        self.listing = listing
        self.files: Sequence[str] = tuple(listing.files)
        """Files that no scene has claimed yet, sorted."""
        self.failed: dict[str, str] = {}
        self._read_header = read_header
        self._headers: dict[str, Header | None] = {}
        self._folders: dict[str, list[str]] = defaultdict(list)
        for name in self.files:
            self._folders[posixpath.dirname(name)].append(name)

    def claim(self, files: Iterable[str]) -> None:
        """These files belong to a scene now."""
        taken = frozenset(files)
        self.files = tuple(name for name in self.files if name not in taken)

    def holds(self, file: str) -> bool:
        """Whether there is such a file, claimed or not."""
        return file in self.listing.files

    def path(self, file: str) -> Path:
        """The absolute path of a listed file."""
        return self.listing.root / file

    def folder(self, folder: str) -> Sequence[str]:
        """The files directly in ``folder``, claimed or not, sorted."""
        return self._folders.get(folder, ())

    def below(self, folder: str) -> Sequence[str]:
        """The unclaimed files at any depth below ``folder``, sorted."""
        if not folder:
            return self.files
        start = bisect_left(self.files, f"{folder}/")
        return self.files[start : bisect_left(self.files, f"{folder}0", start)]  # "0" is the character after "/"

    def header(self, file: str) -> Header | None:
        """The header of an image, None where it cannot be read: the reason is then in ``failed``."""
        if file not in self._headers:
            try:
                self._headers[file] = self._read_header(str(self.path(file)))
            except SitelineError as error:
                self._headers[file] = None
                self.failed[file] = reason_of(error)
        return self._headers[file]

    def text(self, file: str) -> str | None:
        """A small text, None where it cannot be read."""
        return self._document(file, _text)

    def xml(self, file: str) -> Element | None:
        """The root of a small XML document, None where it cannot be read."""
        return self._document(file, _xml)

    def json(self, file: str) -> dict[str, Any] | None:
        """A small JSON object, None where it cannot be read."""
        return self._document(file, _json)

    def _document(self, file: str, read: Callable[[Path], _T]) -> _T | None:
        try:
            return read(self.path(file))
        except SitelineError as error:
            self.failed[file] = reason_of(error)
            return None


def crs_of(header: Header) -> str:
    """The CRS of an image that lies somewhere by itself, "" for one without CRS or without affine coefficients."""
    return header.crs if tuple(header.transform[:6]) not in _NOWHERE else ""


def reason_of(error: SitelineError) -> str:
    """Why, without the path, which the reader of a list sees anyway."""
    return str(getattr(error, "reason", "")) or str(error)


def suffix(file: str) -> str:
    """``.tif`` of ``a/B.TIF``."""
    return posixpath.splitext(file)[1].casefold()


def stem(file: str) -> str:
    """``B`` of ``a/B.TIF``."""
    return posixpath.splitext(posixpath.basename(file))[0]


def is_image(file: str) -> bool:
    """Whether a file's name says that it may be an image."""
    return suffix(file) in IMAGES


def grouped(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    """Files by key, keys in order of first appearance."""
    groups: dict[Any, list[str]] = defaultdict(list)
    for key, file in pairs:
        groups[key].append(file)
    return groups


def _text(path: Path) -> str:
    return read_text(path, MAX_DOCUMENT)


def _xml(path: Path) -> Element:
    return read_xml(path, MAX_DOCUMENT)


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(read_text(path, MAX_DOCUMENT))
    except (ValueError, RecursionError) as error:
        raise FileTrouble(path, f"is not JSON ({error})", "get it again from where it came from") from None
    if not isinstance(document, dict):
        raise FileTrouble(path, "is no JSON object", "get it again from where it came from")
    return document
