"""What is true of a simulated site: every change with its dates, and what each scene could have shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from siteline.simulate.chance import Maps
from siteline.simulate.frames import Frame
from siteline.simulate.plan import Built, Metres, Plan, instant
from siteline.simulate.products import Product
from siteline.simulate.scenery import Scenery
from siteline.simulate.stages import share_standing, stages

_HAZY, _DIM, _WHITE = 0.1, 0.2, 0.4
"""Cloud opacity, lost sunlight and snow share from which a pixel does not count as clear."""


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """``days`` since 1970-01-01T00:00Z. ``clear``, ``standing``: share by structure id, of its footprint and of itself.

    ``clear`` counts pixels without cloud, cloud shadow or snow, whatever a mask layer says. ``shift_px``: misregistration,
    content moved right and down.
    """

    item_id: str
    sensor: str
    days: float
    sun: tuple[float, float]
    cloud_share: float
    snow_share: float
    shift_px: Metres
    clear: Mapping[str, float]
    standing: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """As ``truth.json`` has it."""
        return {
            "scene": self.item_id,
            "sensor": self.sensor,
            "acquired": iso(self.days),
            "sun_azimuth": round(self.sun[0], 3),
            "sun_elevation": round(self.sun[1], 3),
            "cloud_share": round(self.cloud_share, 4),
            "snow_share": round(self.snow_share, 4),
            "shift_px": [round(v, 4) for v in self.shift_px],
            "clear": {key: round(v, 4) for key, v in self.clear.items()},
            "standing": {key: round(v, 4) for key, v in self.standing.items()},
        }


@dataclass
class Watcher:
    """Takes down what is true of the scenes of one sensor."""

    scenery: Scenery
    _weights: dict[tuple[str, Metres], tuple[slice, slice, Maps]] = field(default_factory=dict)

    def see(self, frame: Frame, product: Product) -> SceneTruth:
        """What is true of one scene."""
        taken, plan = frame.taken, self.scenery.plan
        clear = (frame.cloud < _HAZY) & (frame.shadow < _DIM) & (frame.snow < _WHITE)
        return SceneTruth(
            product.item_id, taken.sensor.name, taken.days, (taken.sun_azimuth, taken.sun_elevation),
            float((frame.cloud >= _HAZY).mean()), float((frame.snow >= _WHITE).mean()), frame.shift_px,
            {each.structure_id: self._clear(each, taken.days, clear) for each in plan.structures},
            {each.structure_id: share_standing(each, taken.days) for each in plan.structures},
        )  # fmt: skip

    def _clear(self, structure: Built, days: float, clear: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
        placed = stages(structure, days)
        rows, cols, weights = self._footprint(structure, placed[-1].shift if placed else (0.0, 0.0))
        total = float(weights.sum())
        return float(weights[clear[rows, cols]].sum()) / total if total else 0.0

    def _footprint(self, structure: Built, shift: Metres) -> tuple[slice, slice, Maps]:
        """Where a footprint lies in the image, and its share of each pixel there."""
        key = structure.structure_id, shift
        if key not in self._weights:
            drawn = self.scenery.drawing(structure, shift)
            row, col, rows, cols = drawn.window
            shares = drawn.whole.reshape(rows, drawn.fine, cols, drawn.fine).mean(axis=(1, 3), dtype=np.float32)
            self._weights[key] = slice(row, row + rows), slice(col, col + cols), np.asarray(shares)
        return self._weights[key]


def truth_json(plan: Plan, scenes: list[SceneTruth]) -> dict[str, Any]:
    """The whole of ``truth.json``; times are ISO 8601, UTC; metres are east and north of the centre."""
    return {
        "seed": plan.seed,
        "centre": [plan.lon, plan.lat],
        "side_m": plan.side_m,
        "period": [day.isoformat() for day in plan.period],
        "structures": [_structure(each) for each in plan.structures],
        "scenes": [scene.to_json() for scene in scenes],
    }


def iso(days: float) -> str:
    """Days since 1970-01-01T00:00Z as ISO 8601, UTC."""
    return f"{instant(days):%Y-%m-%dT%H:%M:%SZ}"


def _structure(structure: Built) -> dict[str, Any]:
    changes = [
        {"what": work.what, "start": iso(work.start), "end": iso(work.end)}
        | ({"moved_m": list(work.to)} if work.what == "moved" else {})
        for work in structure.history
    ]
    return {
        "structure_id": structure.structure_id,
        "outline_m": [list(corner) for corner in structure.outline],
        "height_m": structure.height_m,
        "stands_at_first": structure.stands_at_first,
        "changes": changes,
    }
