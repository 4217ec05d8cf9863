"""The demo's second part: a simulated site goes the whole way, and what it says holds what is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from siteline.cli.commands import app
from siteline.cli.simulated import BUILT_ON, Beside, Works
from siteline.model.changed import Detected, PixelChange
from siteline.model.dated import Bracket, Posterior

NAN = float("nan")


@pytest.fixture(scope="module")
def second(demo: tuple[Path, Result]) -> dict[str, Any]:
    """What the demo says of the simulated site."""
    told: dict[str, Any] = json.loads(demo[1].stdout)["simulated"]
    return told


def test_the_bracket_contains_the_truth_and_nothing_else_is_found(second: dict[str, Any]):
    hall, barn = second["structures"]
    assert [works["what"] for works in hall["truth"]] == ["built"]
    assert hall["truth"][0]["start"] == str(BUILT_ON)
    (change,) = hall["found"]
    assert change["after"][:10] <= str(BUILT_ON) <= change["by"][:10]
    assert change["interval95"][0][:10] <= str(BUILT_ON) <= change["interval95"][1][:10]
    assert barn["truth"] == barn["found"] == []
    assert [hall["outcome"], barn["outcome"]] == ["right", "right"]
    assert barn["probability"] < 0.5 < hall["probability"]


def test_claims_are_judged_as_they_are(second: dict[str, Any]):
    told = {claim["claim_id"]: (claim["true"], claim["verdict"]) for claim in second["claims"]}
    assert told["f1"][0] is True
    assert told["f1"][1] in ("supported", "consistent")
    assert told["f2"][0] is False
    assert told["f2"][1] in ("goes further than the evidence", "contradicted")


def test_the_report_shows_what_the_pixels_show(second: dict[str, Any]):
    assert all(Path(path).stat().st_size > 0 for path in second["files"].values())
    page = Path(second["files"]["html"]).read_text(encoding="utf-8")
    assert "What the pixels show" in page


def test_a_second_run_uses_what_is_there_and_prints_truth_beside_answer(demo: tuple[Path, Result]):
    told = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["demo", "--out", str(demo[0])])
    assert told.exit_code == 0
    assert "simulating" not in told.stderr
    table = told.stdout.split("Truth beside answer")[1]
    assert "built 12 Apr 2022" in table
    assert "nothing changed" in table
    assert str(demo[0] / "simulated" / "report.html") in table


def changed(*brackets: tuple[float, float]) -> Detected:
    """An answer with a change in each of ``brackets``."""
    made = tuple(
        PixelChange("step", 0.0, Bracket(*b), "a", "b", Posterior([*b], [1.0]), b, b, b, 1.0, ())  # type: ignore[arg-type]
        for b in brackets
    )
    return Detected("hall", "s", (), 40, 0.0, 700.0, 0.5, 0.0, 0.0, made)


@pytest.mark.parametrize(
    ("truth", "found", "outcome"),
    [
        ((), changed(), "right"),
        ((), changed((10, 20)), "false alarm"),
        ((Works("built", 15, 15),), changed(), "missed"),
        ((Works("built", 15, 15),), changed((10, 20)), "right"),
        ((Works("built", 21, 21),), changed((10, 20)), "wrong"),
        ((Works("built", 5, 12),), changed((10, 20)), "right"),
        ((Works("built", 15, 15),), changed((10, 20), (30, 40)), "wrong"),
        ((Works("built", 15, 15), Works("dismantled", 35, 35)), changed((10, 20), (30, 40)), "right"),
    ],
)
def test_outcomes(truth: tuple[Works, ...], found: Detected, outcome: str):
    assert Beside("Hall", truth, found).outcome == outcome
