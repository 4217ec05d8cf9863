"""The command line as a process: terminals, pipes, interrupts, and text that means harm."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from siteline.cli.ending import ending
from siteline.cli.plain import clean, plural
from siteline.model.doubts import NotAligned
from store_folders import SOHAE, small, write

PROGRAM = [sys.executable, "-c", "from siteline.cli import main; main()"]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NASTY = "<script>alert(\"x\")</script> \x1b[31mred\x1b]0;title\x07 \u202eesrever \x9b2J 東倉里 אתר 'q' [bold]x[/bold] :o:"


def run(*args: object, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "NO_COLOR", "COLUMNS")}
    command = [*PROGRAM, *map(str, args)]
    return subprocess.run(
        command, env={**given, "COLUMNS": "80", **environment}, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def sohae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("terminal") / "sohae.gpkg"
    assert run("import", SOHAE, case).returncode == 0
    return case


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    tables = small()
    tables["structures.csv"][0]["name"] = NASTY
    tables["sources.csv"][0]["publisher"] = NASTY
    tables["findings.csv"][0]["paraphrase"] = NASTY
    tables["events.csv"][0]["what"] = NASTY
    tables["observations.csv"].insert(
        0,
        {
            **tables["observations.csv"][0],
            "observation_id": "o0",
            "image_id": "",
            "acquired_date": "2019-02-16",
            "state": "dismantled",
        },
    )
    folder = write(tmp_path / "in", tables)
    settings = {"title": NASTY, "key_events": ["e1"], "key_structures": ["pad"]}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv = ['siteline', '--help']\nfrom siteline.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print(sorted({'numpy', 'pandas', 'numba', 'geopandas', 'typst', 'jinja2', 'shapely'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_the_program_is_installed_under_its_name():
    program = Path(sys.executable).parent / "siteline"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"siteline \d+\.\d+\.\d+\n", done.stdout)


def test_hostile_text_never_drives_the_terminal(hostile: Path, tmp_path: Path):
    case, out = tmp_path / "a.gpkg", tmp_path / "out"
    for args in (
        ["import", hostile, case],
        ["check", case],
        ["date", case],
        ["claims", case],
        ["report", case, "--out", out],
    ):
        done = run(*args)
        assert done.returncode == 0, done.stderr
        assert not CONTROLS.search(done.stdout + done.stderr), args
    told = run("date", case).stdout
    assert '<script>alert("x")</script>' in told  # shown as it is, only harmless
    assert "[bold]x[/bold] :o:" in told
    as_json = run("claims", case, "--json").stdout
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", as_json)


def test_hostile_ids_and_paths_are_harmless_and_kept_in_json(tmp_path: Path):
    looks = tmp_path / "look\x1b[31ms.csv"
    looks.write_text(
        f"structure_id,acquired_date,state,confidence\n{chr(0x9B)}2J,2020-01-01,absent,high\n{chr(0x9B)}2J,2020-03-01,complete,high\n",
        encoding="utf-8",
    )
    done = run("date", "--observations", looks)
    assert done.returncode == 0
    assert not CONTROLS.search(done.stdout + done.stderr)
    told = run("date", "--observations", looks, "--json").stdout
    assert "\x9b" not in told
    assert json.loads(told)["structures"][0]["structure_id"] == "\x9b2J"
    wrong = run("date", "--observations", tmp_path / "\x1b]0;no\x07.csv")
    assert wrong.returncode == 3
    assert not CONTROLS.search(wrong.stderr)


def test_file_names_that_are_not_utf8_give_json(tmp_path: Path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.gpkg")
    done = run("new", name, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["case"] == name


@pytest.mark.parametrize(
    ("given", "expected"), [("a\tb\nc", "a b c"), ("\x1b[0m", "\ufffd[0m"), ("می\u200cرود", "می\u200cرود")]
)
def test_cleaning(given: str, expected: str):
    assert clean(given) == expected
    assert clean("a\nb", lines=True) == "a\nb"


def test_one_scene_is_no_plural():
    assert [plural(n, "scene") for n in (0, 1, 1234)] == ["0 scenes", "1 scene", "1,234 scenes"]
    assert plural(2, "duplicate set aside", "duplicates set aside") == "2 duplicates set aside"


def test_progress_goes_to_stderr_and_pipes_have_no_colour(sohae: Path):
    done = run("claims", sohae)
    assert "\x1b" not in done.stdout + done.stderr
    assert "✓" in done.stderr
    assert "✓" not in done.stdout
    quiet = run("claims", sohae, "--json")
    assert quiet.stderr == ""


def test_colour_when_asked_for(sohae: Path):
    assert "\x1b[" in run("date", sohae, FORCE_COLOR="1").stdout


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_lines_fit_and_nothing_is_cut(sohae: Path, columns: int):
    told = run("date", sohae, COLUMNS=str(columns)).stdout
    assert max(map(len, told.splitlines())) <= min(columns, 100)
    assert "…" not in told
    assert not re.search(" \n", told)
    assert re.search(r"after 16 Feb 2019, by\s+2 Mar 2019", told)


def test_the_key_structures_lead_and_silence_is_not_called_no_change(sohae: Path):
    told = " ".join(run("date", sohae).stdout.split())
    assert told.index("Rail-mounted") < told.index("Nothing can be said of")
    quiet, silent = told.split("No change between the looks at:")[1].split("Nothing can be said of:")
    assert "none has a date" in silent
    assert "none" not in quiet


def test_a_terminal_without_arrows_gets_question_marks(sohae: Path):
    done = run("date", sohae, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "intact ? being dismantled" in done.stdout


@pytest.mark.parametrize("args", [["date"], ["date", "--json"]])
def test_a_reader_that_stops_reading_is_no_fault(sohae: Path, args: list[str]):
    process = subprocess.Popen([*PROGRAM, *args, str(sohae)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == 1
    assert "Traceback" not in told
    assert "Exception ignored" not in told


def test_interrupt_ends_with_130(tmp_path: Path):
    looks = tmp_path / "looks.csv"
    looks.write_text("structure_id,acquired_date,state,confidence\nx,2020-01-01,absent,high\n", encoding="utf-8")
    pipe = tmp_path / "settings.json"
    os.mkfifo(pipe)
    command = [*PROGRAM, "date", "--observations", str(looks), "--settings", str(pipe)]
    # a shell that runs the tests in the background ignores the signal for all that it starts
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    end = opened(pipe, process)  # the program now waits for settings that never come
    for _ in range(6):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
            break
        except subprocess.TimeoutExpired:
            continue  # the signal fell between opening and reading, and the read has begun since: as a user, press again
    out, err = process.communicate(timeout=60)
    os.close(end)
    assert process.returncode == 130
    assert "stopped" in err
    assert "Traceback" not in err
    assert out == ""


def opened(pipe: Path, process: subprocess.Popen[str]) -> int:
    """The writing end of ``pipe``, as soon as ``process`` reads from it."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    raise AssertionError(process.communicate())


def test_a_warning_is_a_note(tmp_path: Path, hostile: Path):
    case = tmp_path / "a.gpkg"
    assert run("import", hostile, case).returncode == 0
    done = run("report", case, "--out", tmp_path / "out")
    assert "siteline: note: the PDF's fonts lack" in done.stderr
    assert ".py" not in done.stderr


def test_scenes_that_are_not_aligned_make_one_note(capsys: pytest.CaptureFixture[str]):
    def command(count: int, as_json: bool = False) -> None:
        for n in range(count):
            reason = f"reason {n}" if n % 3 else "its 5 windows disagree"  # told by what it is, not by its words
            warnings.warn(NotAligned(f"scene {n}", reason, unseen=n % 3 > 0), stacklevel=1)

    ending(command)(9)
    many = capsys.readouterr().err
    assert many.count("\n") == 1 and "9 scenes could not be aligned" in many
    assert "6 of them: too little of them is clear" in many and "still used" in many
    ending(command)(1)
    assert "scene 0 could not be aligned to the others (its 5 windows disagree)" in capsys.readouterr().err
    ending(command)(0)
    assert capsys.readouterr().err == ""


def test_words_and_dates_on_the_terminal():
    from siteline.cli.show import day, near, percent

    assert [percent(x) for x in (0.0, 0.004, 0.5, 0.996, 1.0)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]
    assert day(17956.0) == "1 Mar 2019"
    assert day(17956.5) == "1 Mar 2019 12:00 UTC"
    assert day(None) == "—"
    assert near((17895.5, 17956.5)) == "30 Dec 2018 – 1 Mar 2019"
