"""Which scenes may lie in one series."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cube_scenes import PlainReader, data, scene
from siteline.cube.load import load
from siteline.cube.stacks import changes, one_stack, stacks
from siteline.model.errors import MixedStack
from siteline.model.grid import Grid
from siteline.model.scene import Asset, ImageScene


def radar(name: str, orbit: int | None, state: str = "", **facts: object) -> ImageScene:
    return scene(name, "2022-01-01", sensor="radar", relative_orbit=orbit, orbit_state=state, **facts)


def test_optical_together_radar_by_orbit_and_direction() -> None:
    scenes = [
        scene("o1", "2020"), radar("a", 137, "ascending"), scene("o2", "2021", platform="landsat-8"),
        radar("b", 64, "descending"), radar("c", 137, "ascending"), radar("d", 137, "descending"),
        radar("e", 137, "Ascending"),
    ]  # fmt: skip
    found = {name: [s.scene_id[5:] for s in group] for name, group in stacks(scenes).items()}
    assert found == {
        "optical": ["o1", "o2"], "radar 137 ascending": ["a", "c", "e"], "radar 64 descending": ["b"],
        "radar 137 descending": ["d"],
    }  # fmt: skip


def test_unknown_orbits_are_stacks_of_their_own_by_burst() -> None:
    scenes = [
        radar("a", None, tile="T137-292319-IW2"),
        radar("b", None, tile="T137-292319-IW2"),
        radar("c", None),
        radar("d", None),
    ]
    assert [len(group) for group in stacks(scenes).values()] == [2, 1, 1]


def test_mixed_stacks_are_refused_by_name() -> None:
    with pytest.raises(MixedStack, match=r"2 stacks \(radar 1, radar 2\)") as caught:
        one_stack([radar("a", 1), radar("b", 2)])
    assert caught.value.stacks == ("radar 1", "radar 2")
    assert one_stack([radar("a", 1), radar("b", 1)]) == "radar 1"


def test_changes_of_platform_and_processor_are_doubts_of_radar_alone() -> None:
    scenes = [
        radar("a", 1, platform="sentinel-1a", baseline="1.0"), radar("b", 1, platform="sentinel-1b", baseline="1.0"),
        radar("c", 1, platform="sentinel-1b", baseline="1.1"), radar("d", 1, platform="sentinel-1b", baseline="1.1"),
    ]  # fmt: skip
    found = changes(scenes)
    assert list(found) == ["test/b", "test/c"]
    assert found["test/b"] == "platform changes from sentinel-1a to sentinel-1b here"
    assert "processor changes from 1.0 to 1.1" in found["test/c"]
    assert changes([scene("o1", "2020", platform="a"), scene("o2", "2021", platform="b")]) == {}


def santa_barbara(root: Path) -> list[ImageScene]:
    by_date: dict[str, list[Path]] = {}
    for path in sorted(root.glob("OPERA*.tif")):
        found = re.search(r"_(\d{8}T\d{6})Z_", path.name)
        assert found
        by_date.setdefault(found[1], []).append(path)
    scenes = []
    for stamp, paths in by_date.items():
        assets = [Asset(path.stem[-2:], str(path), path.stem[-2:].lower()) for path in paths]
        when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}Z"
        unit = "sentinel-1b" if "_S1B_" in paths[0].name else "sentinel-1a"
        scenes.append(
            scene(
                stamp,
                when,
                *assets,
                sensor="radar",
                calibration="opera-rtc",
                quantity="gamma0",
                relative_orbit=137,
                platform=unit,
            )
        )
    return scenes


def test_the_radar_control_loads_as_stored() -> None:
    import rasterio

    scenes = santa_barbara(data("santa-barbara-s1"))
    grid = Grid("EPSG:32611", 244920.0, 3816660.0, 30.0, 100, 100)
    cube = load(scenes, grid, reader=PlainReader())
    assert cube.sizes == {"time": 21, "band": 2, "y": 100, "x": 100} and list(cube.band.values) == ["vv", "vh"]
    assert "platform changes" in str(cube.doubt.values[1]) and (cube.relative_orbit == 137).all()
    with rasterio.open(scenes[3].assets[1].href) as source:
        stored = source.read(1)
    assert np.array_equal(cube.gamma0.sel(band="vv").values[3], stored, equal_nan=True)
