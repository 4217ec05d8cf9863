"""What the page hands out as files: figures, the report, a bundle, layers. Nothing is written beside the case."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siteline.guard.files import read_bytes
from siteline.model.errors import BadInput, CaseBusy, shorten
from siteline.web.desk import Desk
from siteline.web.live import Held
from siteline.web.scenelist import can_be_drawn

KINDS: Final[Mapping[str, str]] = {
    "figure.svg": "image/svg+xml",
    "figure.png": "image/png",
    "scene.svg": "image/svg+xml",
    "scene.png": "image/png",
    "compare.svg": "image/svg+xml",
    "compare.png": "image/png",
    "chips.svg": "image/svg+xml",
    "chips.png": "image/png",
    "report.zip": "application/zip",
    "bundle.zip": "application/zip",
    "layers.gpkg": "application/geopackage+sqlite3",
}
THEMES: Final = ("light", "dark", "print")
MOST_WAITING: Final = 8
"""Files that may be asked for before the first of them is done."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class Exports:
    """Makes one file at a time: a report takes seconds, and must not hold up the page."""

    def __init__(self, desk: Desk) -> None:
        """Start nothing yet."""
        self._desk, self._waiting = desk, 0
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="siteline-export")

    def close(self) -> None:
        """Finish what is under way."""
        self._worker.shutdown(cancel_futures=True)

    def routes(self) -> list[Route]:
        """The route for files."""
        return [Route("/api/export/{kind}", self._export)]

    async def _export(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in KINDS:
            raise BadInput(f"{shorten(kind)!r} is not exported; there are {', '.join(KINDS)}")
        query = dict(request.query_params)
        if query.get("theme", "light") not in THEMES:
            raise BadInput(f"theme must be one of {', '.join(THEMES)}")
        if self._waiting >= MOST_WAITING:
            raise CaseBusy(self._desk.path.name, f"{self._waiting} files are being made", "wait until they are done")
        self._waiting += 1
        try:
            held = await self._desk.held()
            made = await asyncio.wrap_future(self._worker.submit(self._made, kind, held, query))
        finally:
            self._waiting -= 1
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", self._desk.path.stem).strip("-") or "case"
        name = f"{stem}-{kind}"
        return Response(made, media_type=KINDS[kind], headers={"content-disposition": f'attachment; filename="{name}"'})

    def _made(self, kind: str, held: Held, query: Mapping[str, str]) -> bytes:
        name, _, form = kind.partition(".")
        case = self._desk.path
        makers: Mapping[str, Callable[[], bytes]] = {
            "figure": lambda: figure(held, form, query),
            "scene": lambda: _scene(case, held, form, query),
            "compare": lambda: _drawn(lambda out: _compare(case, out, held, query), form),
            "chips": lambda: _drawn(lambda out: _chips(case, out, held, query), form),
            "report": lambda: zipped(report(case, held)),
            "bundle": lambda: zipped(bundle(case, held)),
            "layers": lambda: layers(held),
        }
        return makers[name]()


def figure(held: Held, form: str, query: Mapping[str, str]) -> bytes:
    """The time line of the structures named by ``structures``, joined by commas, or the key figure."""
    from siteline.publish.timeline import MOST, timeline_page, timeline_png

    text = query.get("structures", "")
    chosen = [text] if text in held.data.structures else [key for key in text.split(",") if key]
    if len(chosen) > MOST:
        raise BadInput(f"a figure shows at most {MOST} structures")
    if unknown := [key for key in chosen if key not in held.data.structures]:
        raise BadInput(f"the case has no structure {shorten(unknown[0])!r}")
    theme: Any = query.get("theme", "light")
    page = timeline_page(held.evidence, held.dating, held.weighing, chosen, theme=theme)
    return timeline_png(page) if form == "png" else page.svg.encode("utf-8")


def report(case: Path, held: Held) -> dict[str, bytes]:
    """The report's files, by name."""
    from siteline.images.shown import shown
    from siteline.publish.report import render

    page, paper = render(held.evidence, held.dating, held.weighing, shown(case, offline=True))
    return {"report.html": page.encode("utf-8"), "report.pdf": paper}


def bundle(case: Path, held: Held) -> dict[str, bytes]:
    """Tables, report, journal, and the SHA-256 of each of them, by name."""
    from siteline.store.case import Case
    from siteline.store.exporting import export_folder

    with TemporaryDirectory() as folder:
        tables = Path(folder) / "tables"
        export_folder(case, tables)
        made = {f"tables/{path.name}": read_bytes(path) for path in sorted(tables.iterdir())}
    made |= {f"report/{name}": data for name, data in report(case, held).items()}
    with Case.open(case) as opened:
        lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in opened.journal()]
    made["journal.jsonl"] = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in made.items())
    return {**made, "SHA256SUMS": sums.encode()}


def layers(held: Held) -> bytes:
    """The GeoPackage of ``publish.layers``."""
    from siteline.publish.layers import write_layers

    drawn = [held.images[scene.scene_id] for scene in held.found if can_be_drawn(scene, held.images[scene.scene_id])]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "layers.gpkg"
        write_layers(held.evidence, held.dating, drawn, path)
        return read_bytes(path)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The ``files`` in a ZIP archive; the same files give the same bytes."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _drawn(draw: Callable[[Path], Mapping[str, Path]], form: str) -> bytes:
    """The first file of the kind ``form`` that ``draw`` writes into a folder."""
    with TemporaryDirectory() as folder:
        written = draw(Path(folder))
        return next(read_bytes(path) for path in written.values() if path.suffix == f".{form}")


def _scene(case: Path, held: Held, form: str, query: Mapping[str, str]) -> bytes:
    """The figure of one scene with scale, north, date and credit."""
    from siteline.images.figures import alone
    from siteline.publish.canvas import rasterise

    if not query.get("scene"):
        raise BadInput("name a scene: scene")
    theme: Any = query.get("theme", "light")
    page = alone(case, query["scene"], structure=_around(held, query), bands=_bands(query), theme=theme, offline=True)
    return rasterise(page.plain, page.width, page.height) if form == "png" else page.svg.encode("utf-8")


def _around(held: Held, query: Mapping[str, str]) -> str:
    """The structure that a figure is drawn around: that of the query, if it has a footprint; else the whole site."""
    key = query.get("structure", "")
    found = held.data.structures.get(key)
    return key if found is not None and found.geometry_wkt else ""


def _compare(case: Path, out: Path, held: Held, query: Mapping[str, str]) -> Mapping[str, Path]:
    """The figure of two scenes with scale, north, dates and credits."""
    from siteline.images.figures import compare

    if not (query.get("before") and query.get("after")):
        raise BadInput("name two scenes: before and after")
    theme: Any = query.get("theme", "light")
    names, structure = (query["before"], query["after"]), _around(held, query)
    bands = _bands(query)
    return compare(
        case, *names, out, structure=structure, bands=bands, res=None, align=False, theme=theme, told=_silent, offline=True
    )


def _chips(case: Path, out: Path, held: Held, query: Mapping[str, str]) -> Mapping[str, Path]:
    """The contact sheet of one structure."""
    from siteline.images.figures import chips
    from siteline.images.opening import scenes

    if query.get("structure", "") not in held.data.structures:
        raise BadInput("name a structure of the case: structure")
    theme: Any = query.get("theme", "light")
    return chips(
        case,
        query["structure"],
        out,
        chosen=scenes(case),
        bands=_bands(query),
        res=None,
        reference=None,
        theme=theme,
        told=_silent,
        progress=lambda done, total: None,
        offline=True,
    )


def _bands(query: Mapping[str, str]) -> tuple[str, ...] | None:
    return tuple(filter(None, query.get("bands", "").split(","))) or None


def _silent(step: str) -> None:
    del step
