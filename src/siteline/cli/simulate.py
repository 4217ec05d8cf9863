"""The command that makes a site up: ``simulate``."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import From, Json, To, names
from siteline.cli.plain import clean, quoted
from siteline.model.errors import BadInput

if TYPE_CHECKING:
    from siteline.simulate import Sensor, Simulated

DEFAULT_PERIOD = ("2021-01-01", "2022-12-31")


@ending
def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write; must be missing or empty.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="What everything random follows from.")] = 1,
    start: From = DEFAULT_PERIOD[0],
    end: To = DEFAULT_PERIOD[1],
    sensors: Annotated[
        str, typer.Option("--sensors", metavar="NAMES", help="sentinel-2, landsat, planetscope, sentinel-1.")
    ] = "sentinel-2",
    structures: Annotated[
        int | None, typer.Option("--structures", min=1, max=12, help="How many structures; else 1 to 3.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate a site with known truth: images, a STAC catalogue of them, a ledger to import."""
    from siteline import simulate as simulating
    from siteline.cli.progress import Steps

    with Steps(quiet=as_json) as steps:
        plan = simulating.default_plan(seed, period=_period(start, end), sensors=_sensors(sensors), structures=structures)
        steps.tell(f"simulating site {seed}")
        done = simulating.simulate(plan, out, steps.part)
    if as_json:
        print_json(_json(done))
    else:
        _show(done)


def _period(start: str, end: str) -> tuple[date, date]:
    """First and last day. Raises ``BadDate``, ``BadInput``."""
    from siteline.cli import asking

    first, beyond = asking.period(start, end, "")
    if first is None or beyond is None:
        raise BadInput("a simulation needs both ends of its period; write --from and --to as days")
    return first.date(), (beyond - timedelta(microseconds=1)).date()


def _sensors(text: str) -> tuple[Sensor, ...]:
    """The sensors named. Raises ``BadInput``."""
    from siteline.simulate import SENSORS

    chosen = dict.fromkeys(names(text))
    unknown = [name for name in chosen if name not in SENSORS]
    if unknown or not chosen:
        raise BadInput(f"unknown sensor {', '.join(unknown) or '(none)'}; use {', '.join(SENSORS)}")
    return tuple(SENSORS[name] for name in chosen)


def _json(done: Simulated) -> dict[str, Any]:
    return {
        "folder": str(done.folder),
        "catalogue": str(done.catalogue),
        "ledger": str(done.ledger),
        "truth": str(done.truth),
        "scenes": dict(done.scenes),
    }


def _show(done: Simulated) -> None:
    counts = ", ".join(f"{name} {count:,}" for name, count in done.scenes.items())
    typer.echo(clean(f"scenes: {counts}\ntruth: {done.truth}", lines=True))
    typer.echo(f"Next: siteline import {quoted(done.ledger)} CASE.gpkg")
    typer.echo(f"Then: siteline find CASE.gpkg --source {quoted(done.catalogue)}")
