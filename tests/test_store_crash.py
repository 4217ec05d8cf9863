"""Whatever ends an import - SIGKILL, a full disk - there is no case or a whole one, the old one or the new one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from siteline.store.importing import import_folder
from store_folders import SOHAE, TODAY, small, write


def child(*arguments: object) -> Any:
    """The answer of ``store_child.py``; its failed assertions fail the test."""
    command = [sys.executable, str(Path(__file__).with_name("store_child.py")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "in", small())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A case to merge into, with rows the folder changes and rows it does not know."""
    tables = small()
    tables["structures.csv"][0]["name"] = "Old name"
    tables["structures.csv"].append({**tables["structures.csv"][1], "structure_id": "shed"})
    path = tmp_path / "old.gpkg"
    import_folder(write(tmp_path / "before", tables), path, who="t", today=TODAY)
    return path


def test_200_kills_at_random_moments_of_a_new_import(folder: Path, tmp_path: Path):
    assert sum(child("random", folder, tmp_path / "a.gpkg", "", 200).values()) == 200


def test_100_kills_at_random_moments_of_a_merge(folder: Path, old: Path, tmp_path: Path):
    assert sum(child("random", folder, tmp_path / "a.gpkg", old, 100).values()) == 100


def test_kills_at_chosen_steps_of_a_new_import(folder: Path, tmp_path: Path):
    found = child("placed", folder, tmp_path / "a.gpkg", "")
    assert found == {
        "progress 1": "old",
        "progress 5": "old",
        "progress 9": "old",
        "before the end of the transaction": "old",
        "before it is placed": "old",
        "before the link": "old",
        "after the link": "new",
        "after it is placed": "new",
    }


def test_kills_at_chosen_steps_of_a_merge(folder: Path, old: Path, tmp_path: Path):
    found = child("placed", folder, tmp_path / "a.gpkg", old)
    assert found.pop("after the transaction") == "new"
    assert set(found.values()) == {"old"}


@pytest.mark.parametrize("limit", [1, 40_000, 400_000])
@pytest.mark.parametrize("merge", [False, True])
def test_a_disk_that_refuses_to_grow(folder: Path, tmp_path: Path, merge: bool, limit: int):
    place = tmp_path / "place"
    place.mkdir()
    path = place / "a.gpkg"
    if merge:
        import_folder(folder, path, who="t", today=TODAY)
    said = child("starved", SOHAE, path, "merge" if merge else "new", limit)
    assert said["kind"] == "FileTrouble"
    assert str(path) in said["text"]
    assert "space" in said["text"]
    assert [p.name for p in place.iterdir()] == (["a.gpkg"] if merge else [])


@pytest.mark.parametrize("merge", [False, True])
def test_a_full_disk(folder: Path, tmp_path: Path, merge: bool):
    """On a real, small file system, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    size = "size=600k" if merge else "size=300k"  # the case alone needs 400 kB and more
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        path = place / "a.gpkg"
        if merge:
            import_folder(folder, path, who="t", today=TODAY)
        said = child("starved", SOHAE, path, "merge" if merge else "new", 0)
        assert said["kind"] == "FileTrouble"
        assert "the disk is full; free some space" in said["text"]
        assert [p.name for p in place.iterdir()] == (["a.gpkg"] if merge else [])
    finally:
        subprocess.run(["umount", str(place)], check=True)
