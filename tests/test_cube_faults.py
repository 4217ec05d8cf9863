"""The count of faults: it runs the tests of rows in a folder and believes their outcomes, not their number."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import cube_faults

TESTS = """
import pytest

def test_row_05_zeros_are_missing(): pass

@pytest.mark.parametrize("size", [1, 2, 3])
def test_row_12_truncated(size): assert size != 2

@pytest.fixture
def broken():
    yield
    raise OSError("teardown")

def test_row_14_ends_badly(broken): pass

@pytest.mark.skip(reason="no data")
def test_row_33_needs_data(): pass

def test_rows_19_20_together(): pass

def test_row_36_belongs_to_another_stage(): pass

def test_throw_05_has_no_row(): assert False
"""


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    return cube_faults.run(folder)


def test_outcomes_are_counted_by_row(figures):
    rows = {row: tuple(told.values()) for row, told in figures["rows"].items() if any(told.values())}
    one = (1, 1, 0, 0)
    assert rows == {5: one, 12: (3, 2, 1, 0), 14: (1, 0, 1, 0), 19: one, 20: one, 33: (0, 0, 0, 1)}
    assert [name.split("::")[1] for name in figures["failed"]] == ["test_row_12_truncated[2]", "test_row_14_ends_badly"]


def test_the_table_says_what_has_no_test_and_what_was_silent(figures):
    text = cube_faults.table(figures)
    assert "| 1 | 500 or 429 when a raster is opened | no test |  |  |  |" in text
    assert "| | all | 7 | 5 | 2 | 1 |" in text
    assert "test_row_12_truncated[2]" in text.splitlines()[-1]


def test_pytest_that_cannot_run_is_no_clean_bill(tmp_path: Path):
    (tmp_path / "test_some.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="could not run"):
        cube_faults.run(tmp_path)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_row_07_etag", [7]),
        ("test_rows_01_02_both", [1, 2]),
        ("test_row_17_row_18_x", [17, 18]),
        ("test_row_04_20_times", [4]),
        ("test_arrow_05", []),
        ("test_row_005", []),
        ("test_x[row_09]", []),
    ],
)
def test_names_and_the_rows_they_claim(name, rows):
    assert cube_faults.rows_of(name) == rows
