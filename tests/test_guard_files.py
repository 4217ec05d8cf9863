"""Files are written whole or not at all, never over another, and every refusal names path and remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siteline.guard import files
from siteline.model.errors import FileTrouble, WouldOverwrite


def test_text_comes_back_without_its_mark(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf\xe7\x99\xba\r\n")
    assert files.read_text(path) == "発\r\n"


@pytest.mark.parametrize(("raw", "words"), [(b"ok\n\xff", "line 2 is not UTF-8"), (b"12345", "larger than 4 bytes")])
def test_unreadable_text_is_refused(tmp_path: Path, raw: bytes, words: str):
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    with pytest.raises(FileTrouble, match=words):
        files.read_text(path, limit=4)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileTrouble, match="the disk is full; free some space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_placing_never_overwrites(tmp_path: Path):
    new, target = tmp_path / "new", tmp_path / "target"
    new.write_text("new")
    target.write_text("old")
    with pytest.raises(WouldOverwrite):
        files.place_new(new, target)
    assert target.read_text() == "old"


@pytest.mark.parametrize("links", [True, False])
def test_placing_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    new, target = tmp_path / "new", tmp_path / "target"
    new.write_text("new")
    files.place_new(new, target)
    assert [p.name for p in tmp_path.iterdir()] == ["target"]
    new.write_text("newer")
    with pytest.raises(WouldOverwrite):
        files.place_new(new, target)


def test_a_folder_is_placed_only_where_nothing_is(tmp_path: Path):
    new, target = tmp_path / "new", tmp_path / "target"
    new.mkdir()
    (new / "a").write_text("1")
    target.mkdir()
    files.place_folder(new, target)
    assert (target / "a").read_text() == "1"
    new.mkdir()
    with pytest.raises(WouldOverwrite):
        files.place_folder(new, target)


def test_temporaries_of_dead_processes_are_swept_and_those_of_living_ones_kept(tmp_path: Path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    target = tmp_path / "case[1].gpkg"
    gone = tmp_path / f".case[1].gpkg.{dead.pid}.tmp"
    alive = tmp_path / f".case[1].gpkg.{os.getppid()}.tmp"
    other = tmp_path / f".other.gpkg.{dead.pid}.tmp"
    for path in (gone, gone.with_name(gone.name + "-wal"), alive, other):
        path.write_text("x")
    mine = files.temporary_beside(target)
    assert {p.name for p in tmp_path.iterdir()} == {alive.name, other.name}
    assert mine.parent == tmp_path
    assert str(os.getpid()) in mine.name
