"""The whole job, readable as one line: find -> fetch -> look; data -> date -> weigh -> publish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siteline.images.detecting import detect
from siteline.images.doctor import check_sources
from siteline.images.fetching import fetch
from siteline.images.figures import chips, compare
from siteline.images.finding import find, set_area
from siteline.images.measuring import measure
from siteline.images.opening import cube, trust
from siteline.images.opening import scenes as choose
from siteline.images.shown import detections, shown, trust_figures
from siteline.model.dated import Dating
from siteline.model.errors import NothingToDate
from siteline.model.records import CaseData, Observation
from siteline.model.settings import Settings
from siteline.model.weighed import Weighing

if TYPE_CHECKING:
    from siteline.publish.pixelsection import PixelsShown

__all__ = [
    "Answer",
    "answer",
    "check_sources",
    "chips",
    "choose",
    "compare",
    "cube",
    "date",
    "detect",
    "detections",
    "fetch",
    "find",
    "measure",
    "publish",
    "read",
    "require_dated",
    "set_area",
    "shown",
    "trust",
    "trust_figures",
    "with_images",
]

Told = Callable[[str], None]
"""Called with a few words when a step begins."""


def _silent(step: str) -> None:
    del step


@dataclass(frozen=True, slots=True)
class Answer:
    """A case with what was dated and weighed from it."""

    data: CaseData
    dating: Dating
    weighing: Weighing


def read(path: Path) -> CaseData:
    """Everything in the case file ``path``. Raises ``FileTrouble`` (missing, not a case, too new)."""
    from siteline.store.case import Case

    with Case.open(path) as case:
        return case.data()


def with_images(path: Path, data: CaseData) -> CaseData:
    """``data`` with the looks that changes found in the pixels add to it (``dating.pixels``). Raises ``FileTrouble``."""
    from siteline.dating.pixels import with_pixels

    return with_pixels(data, detections(path))


def date(data: CaseData) -> Dating:
    """Date every structure of a case, in the case's order; structures never looked at are listed too."""
    return _dater(data.settings, tuple(data.structures))(data.observations)


def answer(data: CaseData, told: Told = _silent) -> Answer:
    """Date and weigh a case. Raises ``NothingToDate`` when it has no observation with a date."""
    from siteline.weigh.weighing import weigh

    require_dated(data.observations)
    told(f"dating {len(data.structures)} structures from {len(data.observations)} observations")
    dating = date(data)
    told(f"weighing {len(data.claims)} claims against independent observations")
    return Answer(data, dating, weigh(data, dating, _dater(data.settings, tuple(data.structures))))


def publish(given: Answer, out: Path, told: Told = _silent, pixels: PixelsShown | None = None) -> tuple[Path, Path]:
    """Write the HTML and PDF report into folder ``out`` (made if missing), with what the ``pixels`` show where they were
    read (``shown``). Raises ``FileTrouble``."""
    from siteline.publish.report import write_report

    told("setting the report (HTML and PDF)")
    return write_report(given.data, given.dating, given.weighing, out, pixels)


def require_dated(observations: Sequence[Observation]) -> None:
    """Raise ``NothingToDate``, saying what to do, unless one observation has a date."""
    if not observations:
        raise NothingToDate("there are no observations; import a folder with observations.csv first")
    if not any(o.when.known for o in observations):
        raise NothingToDate(
            f"none of the {len(observations)} observations has a date; fill acquired_date (YYYY-MM-DD, or an EDTF interval)"
        )


def _dater(settings: Settings, structure_ids: Sequence[str]) -> Callable[[Sequence[Observation]], Dating]:
    from siteline.dating.engine import date_observations

    def redate(observations: Sequence[Observation]) -> Dating:
        return date_observations(observations, settings, structure_ids)

    return redate
