"""One CSV of looks, for dating without a case: structure_id, acquired_date, state, confidence[, observer, source_id]."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from siteline.guard.csvfile import CsvFile
from siteline.model.errors import BadDate, BadRows, RowProblem, UnknownState, shorten
from siteline.model.records import Observation
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.model.states import canonical
from siteline.model.tables import CONFIDENCES

REQUIRED: Final = ("structure_id", "acquired_date", "state", "confidence")
OPTIONAL: Final = ("observation_id", "observer", "source_id")


def read_looks(path: Path, settings: Settings, now: datetime | None = None) -> tuple[Observation, ...]:
    """Read and check a CSV of looks; a row without ``observation_id`` is named ``row<line>``.

    ``acquired_date`` is EDTF (a time of day needs its zone), ``state`` a known word or one of the settings' vocabulary;
    ``now`` (UTC) stands in for the clock when dates in the future are refused. Raises ``BadRows`` with every problem at
    once, ``FileTrouble`` if the file cannot be read.
    """
    horizon = (now or datetime.now(UTC)) + timedelta(days=1)
    rows = CsvFile(path)
    problems: list[RowProblem] = []
    looks: dict[str, Observation] = {}
    for line, values in rows:
        cells = dict(zip(rows.header, values, strict=True))
        if missing := [name for name in REQUIRED if name not in cells]:
            reason = f"the column is missing; a file of looks needs {', '.join(REQUIRED)}"
            raise BadRows([RowProblem(path.name, 1, name, reason) for name in missing])
        reader = _Row(path.name, line, cells, settings, horizon)
        look = reader.observation()
        if look.observation_id in looks:
            reader.wrong("observation_id", f"{shorten(look.observation_id)!r} is used twice; ids must differ")
        problems += reader.problems
        looks[look.observation_id] = look
    problems += rows.problems
    if problems:
        raise BadRows(sorted(problems, key=lambda p: p.line or 0))
    return tuple(looks.values())


class _Row:
    """One row under check; collects what is wrong with it."""

    def __init__(self, file: str, line: int, cells: Mapping[str, str], settings: Settings, horizon: datetime) -> None:
        self.file, self.line, self.cells = file, line, cells
        self.settings, self.horizon = settings, horizon
        self.problems: list[RowProblem] = []

    def wrong(self, column: str, reason: str) -> None:
        self.problems.append(RowProblem(self.file, self.line, column, reason))

    def observation(self) -> Observation:
        cells = self.cells
        if not cells["structure_id"].strip():
            self.wrong("structure_id", "is blank; name the structure that was looked at")
        try:
            canonical(cells["state"], self.settings.vocabulary)
        except UnknownState as error:
            self.wrong("state", str(error))
        if cells["confidence"] not in CONFIDENCES:
            self.wrong("confidence", f"{shorten(cells['confidence'])!r} is not one of {', '.join(CONFIDENCES)}")
        return Observation(
            observation_id=cells.get("observation_id") or f"row{self.line}",
            structure_id=cells["structure_id"],
            when=self._when(),
            state=cells["state"],
            confidence=cells["confidence"],
            source_id=cells.get("source_id", ""),
            observer=cells.get("observer", ""),
        )

    def _when(self) -> Span:
        try:
            when = Span.parse(self.cells["acquired_date"])
        except BadDate as error:
            self.wrong("acquired_date", str(error))
            return Span("", None, None)
        if when.start is not None and when.start > self.horizon:
            self.wrong("acquired_date", f"{when.text} lies in the future; nobody has looked yet")
        return when
