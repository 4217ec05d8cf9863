"""Reading CSV agrees with the csv module, counts lines as editors do, and names what is wrong."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.guard.csvfile import MAX_FIELD, MAX_LINE, MAX_PROBLEMS, CsvFile, csv_lines
from siteline.model.errors import FileTrouble

cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
special = st.sampled_from(['"', "a,b", "x\ny", "x\r\ny", "\r", " ", "", "=1+1", "<script>", "שלום", "発射台", "\ufeff"])


@settings(derandomize=True, deadline=None)
@given(st.lists(st.lists(cell | special, min_size=3, max_size=3), max_size=5))
def test_what_is_written_is_read_by_us_and_by_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = "".join(csv_lines(["x", "y", "z"], rows))
    path.write_bytes(text.encode())
    file = CsvFile(path)
    assert [cells for _, cells in file] == rows
    assert not file.problems
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == rows


def test_lines_are_counted_as_editors_count_them(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"two\nlines"\r\n\r\n3,4')
    assert list(CsvFile(path)) == [(2, ["1", "two\nlines"]), (5, ["3", "4"])]


@pytest.mark.parametrize(
    ("raw", "line", "column", "words"),
    [
        (b"", 1, None, "empty"),
        (b"a,a\n1,2\n", 1, "a", "twice"),
        (b"a,b\n1,2\n3\n", 3, None, "1 cells where the header has 2"),
        (b"a,b\n1,2\n\xff,4\n", 3, None, "not UTF-8"),
        (b"a,b\n1,\x00\n", 2, None, "NUL"),
        (b'a,b\n1,2\n"3,4\n', 3, None, "never closed"),
        (b'a,b\n1,"2"x\n', 2, None, "not readable as CSV"),
        (b"a,b\n1," + b"x" * (MAX_FIELD + 1) + b"\n", 2, "b", "1 MiB"),
        (b"a,b\n1," + b"x" * MAX_LINE + b"\n", 2, None, "longer than"),
        ("a,b\n1,2\n".encode("utf-16"), 1, None, "save the file as UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, raw: bytes, line: int, column: str | None, words: str):
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    file = CsvFile(path)
    list(file)
    first = file.problems[0]
    assert (first.file, first.line, first.column) == ("a.csv", line, column)
    assert words in first.reason


def test_reading_goes_on_after_a_bad_row(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n\xff,1\n2\n3,\x00\n4,5\n")
    file = CsvFile(path)
    assert list(file)[-1] == (5, ["4", "5"])
    assert [p.line for p in file.problems] == [2, 3, 4]


def test_a_field_of_exactly_the_limit_is_read(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "x" * MAX_FIELD + "\n")
    file = CsvFile(path)
    assert [len(cells[0]) for _, cells in file] == [MAX_FIELD]
    assert not file.problems


def test_problems_are_bounded(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1\n" * (MAX_PROBLEMS * 2))
    file = CsvFile(path)
    list(file)
    assert len(file.problems) == MAX_PROBLEMS + 1
    assert "not read" in file.problems[-1].reason


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(FileTrouble, match=r"no\.csv: does not exist; check the path"):
        list(CsvFile(tmp_path / "no.csv"))
