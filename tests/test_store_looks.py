"""A file of looks without a case: read as the case's observations are, with every problem named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from siteline.model.errors import BadRows
from siteline.model.settings import Settings
from siteline.store.looks import read_looks

HEADER = "structure_id,acquired_date,state,confidence\n"
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def looks(tmp_path: Path, text: str):
    path = tmp_path / "looks.csv"
    path.write_text(text, encoding="utf-8")
    return read_looks(path, Settings(), NOW)


def test_rows_become_observations_named_by_their_line(tmp_path: Path):
    first, second = looks(tmp_path, HEADER + "pad,2019-03-02,intact,high\n発,2019-03,obscured,low\n")
    assert (first.observation_id, first.structure_id, first.state, first.confidence) == ("row2", "pad", "intact", "high")
    assert first.when.is_day and not second.when.is_day
    assert second.structure_id == "発"


def test_optional_columns_are_taken(tmp_path: Path):
    (look,) = looks(tmp_path, "observer,source_id,observation_id," + HEADER + "Ann,s1,o9,pad,2019,intact,high\n")
    assert (look.observer, look.source_id, look.observation_id) == ("Ann", "s1", "o9")


def test_every_problem_is_named_at_once(tmp_path: Path):
    with pytest.raises(BadRows) as caught:
        looks(tmp_path, HEADER + ",2019-02-30,gone,sure\npad,2026-02,intact,high\npad,2019\n")
    found = [(p.line, p.column) for p in caught.value.problems]
    assert found == [
        (2, "structure_id"),
        (2, "state"),
        (2, "confidence"),
        (2, "acquired_date"),
        (3, "acquired_date"),
        (4, None),
    ]


def test_missing_columns_are_all_named(tmp_path: Path):
    with pytest.raises(BadRows) as caught:
        looks(tmp_path, "structure_id,state\npad,intact\n")
    assert {p.column for p in caught.value.problems} == {"acquired_date", "confidence"}


def test_a_key_used_twice_is_named(tmp_path: Path):
    with pytest.raises(BadRows, match=r"looks\.csv:3: observation_id: 'a' is used twice"):
        looks(tmp_path, "observation_id," + HEADER + "a,pad,2019,intact,high\na,pad,2019,intact,high\n")
