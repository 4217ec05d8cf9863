"""Arguments and options that several commands share."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated

import typer

from siteline.model.errors import BadInput

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout (schemas: docs/schema).")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the report; made if missing.")]
CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="A case file (.gpkg).")]
Who = Annotated[str, typer.Option("--who", help="Name for the journal; else SITELINE_WHO, else the login name.")]
From = Annotated[str, typer.Option("--from", metavar="DATE", help="First day (EDTF, UTC).")]
To = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, included.")]
Res = Annotated[
    float | None, typer.Option("--res", metavar="METRES", min=0.01, help="Pixel size; else that of the finest scenes.")
]
Bands = Annotated[str, typer.Option("--bands", metavar="NAMES", help="Bands by their common names, joined by commas.")]


def share(given: float, low: float, high: float) -> float:
    """The value of ``--false-alarms``: a share within ``low`` and ``high``. Raises ``BadInput``."""
    if not low <= given <= high:
        hint = f"; {given:g} % is {given / 100:g}" if low <= given / 100 <= high else ""
        raise BadInput(f"--false-alarms {given:g} is no share from {low:g} to {high:g}{hint}")
    return given


def named(given: str) -> str:
    """The name that somebody gave for the journal, "" where nobody did."""
    return given or os.environ.get("SITELINE_WHO", "")


def who_is(given: str) -> str:
    """The name for the journal."""
    if name := named(given):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def names(text: str) -> tuple[str, ...]:
    """The names in a list joined by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
