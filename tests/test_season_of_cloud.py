"""A season in which nothing can be seen: the bracket widens, says why, and nothing is taken for a change."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import siteline
from cube_scenes import PlainReader, made
from siteline.model.grid import Grid
from siteline.model.reasons import Reason

CLOUDED = [f"2020-{month:02d}-{day:02d}" for month in (4, 5, 6) for day in (5, 15, 25)]


def look(day: str, state: str) -> dict[str, str]:
    return {"observation_id": day, "structure_id": "hall", "acquired_date": day, "state": state, "confidence": "high"}


def test_row_34_a_season_of_cloud_widens_the_bracket_and_says_why():
    ends = [look("2020-02-01", "complete"), look("2020-03-01", "complete"), look("2020-07-10", "dismantled")]
    season = [look(day, "obscured") for day in CLOUDED]
    change = siteline.date([*ends, *season]).transitions[-1].to_json()
    assert (change["after"], change["by"]) == ("2020-03-01", "2020-07-10")
    assert change["unusable"] == CLOUDED
    seen = [look(day, "complete") if day == "2020-05-15" else look(day, "obscured") for day in CLOUDED]
    narrower = siteline.date([*ends, *seen]).transitions[-1].to_json()
    assert (narrower["after"], narrower["by"]) == ("2020-05-15", "2020-07-10")
    assert narrower["unusable"] == [day for day in CLOUDED if day > "2020-05-15"]


def test_row_34_clouded_scenes_stay_in_the_cube_and_are_usable_nowhere(tmp_path: Path):
    area = Grid("EPSG:32631", 500_000, 5_500_000, 20, 40, 40)
    scenes = []
    for n, day in enumerate(CLOUDED):
        layers = {"red": np.full((40, 40), 7000 if n else 2000, np.uint16)}
        masks = {"scl": np.full((40, 40), 9 if n else 4, np.uint8)}
        scenes.append(made(tmp_path, day, f"{day}T10:00Z", area, layers, masks, nodata=0))
    cube = siteline.load(scenes, area, bands=["red"], reader=PlainReader())
    assert cube.sizes["time"] == len(CLOUDED)
    assert cube.valid[0].all() and not cube.valid[1:].any()
    assert np.unique(cube.reason[1:]).tolist() == [Reason.CLOUD]
    assert np.isfinite(cube.reflectance).all()  # the cloud itself is there to be looked at
