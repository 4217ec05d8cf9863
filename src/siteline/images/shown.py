"""What the pixels of a case show, gathered for the report: answers, measurements, trust, and a few images around each
change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from siteline.images.opening import scenes
from siteline.model.changed import ALL, Detected, Measured
from siteline.model.errors import NoScenes, SitelineError

if TYPE_CHECKING:
    from siteline.images.detecting import Detecting
    from siteline.publish.pixelsection import PixelsShown

SIDES: Final = 3
"""Scenes shown on each side of a change."""

SHEETS: Final = 4
"""Structures that get a sheet of images in a report."""


def _silent(step: str) -> None:
    del step


def detections(case: Path) -> tuple[Detected, ...]:
    """The answers kept in the case. Raises ``FileTrouble``."""
    from siteline.store.case import Case
    from siteline.store.changed import detected

    with Case.open(case) as opened:
        return detected(opened)


def shown(case: Path, told: Callable[[str], None] = _silent, *, offline: bool = False) -> PixelsShown | None:
    """Everything the report says about pixels; None where nothing was detected. Images that cannot be read are left out.

    ``offline``: images are read from copies and local files only.

    Raises ``FileTrouble``.
    """
    from siteline.publish.pixelsection import PixelsShown
    from siteline.store.case import Case
    from siteline.store.changed import detected, measured, trusted

    with Case.open(case) as opened:
        found, rows, trust = detected(opened), measured(opened), trusted(opened)
    if not found:
        return None
    changed = list(dict.fromkeys(item.structure_id for item in found if item.changes))[:SHEETS]
    chips = {key: png for key in changed if (png := _sheet(case, key, found, rows, told, offline=offline))}
    return PixelsShown(found, rows, trust, chips=chips, credits=_credits(case))


def trust_figures(case: Path, done: Detecting, out: Path) -> tuple[Path, ...]:
    """Write the power curve and the placebos of each structure (its first stack) into ``out``. Raises ``FileTrouble``."""
    from siteline.guard.files import make_folder
    from siteline.publish.pixelfiles import write_trust
    from siteline.publish.pixelsection import PixelsShown, series_of
    from siteline.store.case import Case
    from siteline.store.changed import measured

    with Case.open(case) as opened:
        data, rows = opened.data(), measured(opened)
    make_folder(out)
    written: list[Path] = []
    curves = [item for item in done.trust if item.power and item.stack != ALL]  # ALL repeats the best of them
    for item in curves:
        alone = tuple(f for f in done.detected if (f.structure_id, f.stack) == (item.structure_id, item.stack))
        view = PixelsShown(alone, rows, (item,))
        series = series_of(data, view, item.structure_id)
        evidence = done.placebos.get((item.structure_id, item.stack), ())
        several = sum(other.structure_id == item.structure_id for other in curves) > 1
        key = f"{item.structure_id} {item.stack}" if several else item.structure_id
        written += write_trust(series, evidence, key, out)
    return tuple(written)


def _sheet(
    case: Path,
    key: str,
    found: Sequence[Detected],
    rows: Sequence[Measured],
    told: Callable[[str], None],
    *,
    offline: bool,
) -> bytes | None:
    """A contact sheet of the scenes on both sides of the first change, in the stack that shows it; None without images."""
    from siteline.guard.files import read_bytes
    from siteline.images.figures import chips

    stacks = [item for item in found if item.structure_id == key and item.changes and item.stack != ALL]
    if not stacks:
        return None
    chosen = _around(stacks[0], rows)
    try:
        members = [scene for scene in scenes(case) if scene.scene_id in chosen]
        if not members:
            return None
        with TemporaryDirectory() as folder:
            written = chips(
                case,
                key,
                Path(folder),
                chosen=members,
                bands=None,
                res=None,
                reference=None,
                theme="light",
                told=told,
                progress=lambda done, total: None,
                offline=offline,
            )
            return next((read_bytes(path) for name, path in written.items() if name.endswith(".png")), None)
    except SitelineError as error:
        told(f"no images of {key}: {error}")
        return None


def _around(item: Detected, rows: Sequence[Measured]) -> set[str]:
    """Scenes with a measurement, ``SIDES`` on each side of the first change's bracket."""
    days = sorted(
        {
            (row.when, row.scene_id)
            for row in rows
            if (row.structure_id, row.stack) == (item.structure_id, item.stack) and row.value == row.value
        }
    )
    by = item.changes[0].bracket.by
    before = [scene for day, scene in days if by is not None and day < by][-SIDES:]
    after = [scene for day, scene in days if by is not None and day >= by][:SIDES]
    return {*before, *after}


def _credits(case: Path) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(scene.credit for scene in scenes(case) if scene.credit))
    except NoScenes:
        return ()
