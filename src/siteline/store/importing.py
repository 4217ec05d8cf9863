"""Folders of CSV and GeoJSON in: checked as a whole, then kept as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path

from siteline.guard.database import new_database
from siteline.model.records import CaseData
from siteline.store.checks import today_utc
from siteline.store.loading import Progress, load_folder
from siteline.store.schema import create_schema
from siteline.store.values import case_data


def read_folder(folder: Path, *, today: date | None = None) -> CaseData:
    """The values of ``folder`` without writing a case.

    ``today`` (UTC) decides what lies in the future. Raises ``BadRows`` with every problem, ``FileTrouble``.
    """
    with closing(new_database(None)) as db:
        create_schema(db)
        db.execute("BEGIN")
        load_folder(db, folder, today=today or today_utc())
        return case_data(db)
