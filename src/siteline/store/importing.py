"""Folders of CSV and GeoJSON in: checked as a whole, then kept as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

from siteline.guard.database import new_database, translated
from siteline.model.records import CaseData
from siteline.store.case import Case, building
from siteline.store.checks import today_utc
from siteline.store.loading import Progress, load_folder
from siteline.store.schema import create_schema
from siteline.store.values import case_data


def import_folder(
    folder: Path,
    case_path: Path,
    *,
    who: str,
    progress: Progress | None = None,
    merge: bool = False,
    today: date | None = None,
) -> Mapping[str, int]:
    """Import ``folder`` into a case file; returns rows read by table.

    A new case appears whole at ``case_path`` or not at all, whatever kills the import. With ``merge`` an existing case
    takes the rows in one transaction: rows of the same key are replaced, others stay, and no file is required. ``who``
    goes into the journal; ``progress`` is called with (table, rows so far); ``today`` (UTC) decides what lies in the
    future. Raises ``BadRows`` with every problem, ``WouldOverwrite``, ``CaseBusy``, ``FileTrouble``.
    """
    day = today or today_utc()
    if merge and case_path.exists():
        with Case.open(case_path) as case, case.writing(who) as db:
            return load_folder(db, folder, today=day, merge=True, progress=progress)
    with building(case_path, who) as db:
        return load_folder(db, folder, today=day, progress=progress)


def read_folder(folder: Path, *, today: date | None = None) -> CaseData:
    """The values of ``folder`` without writing a case.

    ``today`` (UTC) decides what lies in the future. Raises ``BadRows`` with every problem, ``FileTrouble``.
    """
    with translated(folder), closing(new_database(None)) as db:
        create_schema(db)
        db.execute("BEGIN")
        load_folder(db, folder, today=today or today_utc())
        return case_data(db)
