"""A whole simulated site on disk: images, a catalogue of them, a ledger to import, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from siteline.guard.files import make_folder, place_folder, remove, temporary_beside, would_overwrite
from siteline.model.errors import NoScenes
from siteline.simulate.calendars import passes
from siteline.simulate.files import CATALOGUE, write_catalogue, write_json, write_scene
from siteline.simulate.frames import frames
from siteline.simulate.ground import ground
from siteline.simulate.ledger import write_ledger
from siteline.simulate.plan import Plan
from siteline.simulate.products import product_of
from siteline.simulate.scenery import Scenery
from siteline.simulate.truth import SceneTruth, Watcher, truth_json
from siteline.simulate.weather import weather

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was written: ``scenes`` counts them by sensor. ``catalogue``: a static STAC catalogue, the source of images.

    ``ledger``: the folder to import. ``truth``: JSON with every change and, for every scene, what it could have shown.
    """

    folder: Path
    catalogue: Path
    ledger: Path
    truth: Path
    scenes: Mapping[str, int]


def simulate(plan: Plan, out_folder: Path, progress: Progress | None = None) -> Simulated:
    """Write the site of ``plan`` to ``out_folder``, which must be missing or empty; the same plan gives the same bytes.

    The folder appears whole or not at all. ``progress``: called with scenes written, in all. Raises ``WouldOverwrite``,
    ``FileTrouble``, and ``NoScenes`` where no sensor ever passes in the period.
    """
    if out_folder.exists() and (not out_folder.is_dir() or any(out_folder.iterdir())):
        raise would_overwrite(out_folder)
    total = sum(len(passes(plan, sensor)) for sensor in plan.sensors)
    if not total:
        raise NoScenes(f"no sensor takes an image from {plan.period[0]} to {plan.period[1]}; simulate a longer period")
    make_folder(out_folder.parent)
    temporary = temporary_beside(out_folder)
    try:
        make_folder(temporary)
        counts = _write(plan, temporary, lambda done: progress(done, total) if progress else None)
        place_folder(temporary, out_folder)
    finally:
        remove(temporary)
    return Simulated(out_folder, out_folder / CATALOGUE, out_folder / "ledger", out_folder / "truth.json", counts)


def _write(plan: Plan, folder: Path, told: Callable[[int], None]) -> dict[str, int]:
    land, days = ground(plan), weather(plan)
    truths: list[SceneTruth] = []
    items = {}
    for sensor in plan.sensors:
        scenery = Scenery.of(plan, sensor, land, days)
        watcher, written = Watcher(scenery), []
        for frame in frames(scenery):
            product = product_of(frame.taken, plan)
            place = folder / sensor.name / product.item_id
            written.append(write_scene(place, frame, product, plan, (scenery.grid, scenery.mask_grid)))
            truths.append(watcher.see(frame, product))
            told(len(truths))
        if written:
            items[sensor.name] = written
    truths.sort(key=lambda scene: (scene.days, scene.item_id))
    optical = {sensor.name for sensor in plan.sensors if sensor.looks is None}
    write_catalogue(folder, plan, items)
    write_ledger(folder / "ledger", plan, [scene for scene in truths if scene.sensor in optical])
    write_json(folder / "truth.json", truth_json(plan, truths))
    return {name: len(listed) for name, listed in items.items()}
