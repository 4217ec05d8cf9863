"""Whether anything could be read is told by what happened, not by the words of a doubt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import cube_samples
from siteline.images.reach import Readings
from siteline.model.errors import FileTrouble
from siteline.model.scene import Asset, ImageScene

CASE = Path("case.gpkg")


def scenes(count: int) -> xr.Dataset:
    return cube_samples.cube(np.full((count, 1, 8, 8), 0.1, np.float32), bands=("red",))


def readings(*, doubt: str, unread: str) -> Readings:
    told = Readings()
    cube = scenes(2)
    cube["doubt"] = ("time", [doubt] * 2)
    cube["unread"] = ("time", [unread] * 2)
    told.take(cube)
    return told


def test_a_doubt_that_sounds_like_it_is_no_scene_that_was_not_read():
    readings(doubt="a scene called red not read: by anybody", unread="").require(CASE, ())


@pytest.mark.parametrize(
    ("href", "remedy"), [("/images/a.tif", "put the folder back"), ("https://example.org/a.tif", "siteline fetch case.gpkg")]
)
def test_where_nothing_was_read_the_reason_and_the_remedy_are_told(href: str, remedy: str):
    told = readings(doubt="something else", unread=f"{href}: missing: does not exist")
    first = str(scenes(2)["scene_id"].values[0])
    with pytest.raises(FileTrouble, match="none of its 2 scenes can be read, and nothing was written") as failed:
        told.require(CASE, (ImageScene(first, "test", assets=(Asset("red", href, "red"),)),))
    assert f"(first: {href}: missing: does not exist)" in str(failed.value) and remedy in str(failed.value)


def test_one_scene_that_was_read_is_enough():
    told = readings(doubt="", unread="gone")
    told.take(scenes(1).assign_coords(scene_id=("time", ["another"])))
    told.require(CASE, ())
