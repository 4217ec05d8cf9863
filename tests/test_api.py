"""``import siteline``: cases as frames, dating without a case."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

import siteline
from siteline.frames import POSITION_COLUMNS, VERDICT_COLUMNS
from siteline.model.errors import BadSetting, UnknownState
from siteline.model.records import Observation
from siteline.model.span import Span
from siteline.store.case import Case
from siteline.store.importing import import_folder
from store_folders import SOHAE, read, small, write

LOOKS = [
    {"structure_id": "hall", "acquired_date": "2020-01-01", "state": "absent", "confidence": "high"},
    {"structure_id": "hall", "acquired_date": "2020-03-01", "state": "being_built", "confidence": "high"},
]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> siteline.OpenCase:
    path = tmp_path_factory.mktemp("api") / "sohae.gpkg"
    import_folder(SOHAE, path, who="test")
    return siteline.open(path)


def first(dating: Any) -> dict[str, Any]:
    (transition,) = dating.transitions
    found: dict[str, Any] = transition.to_json()
    return found


def test_what_is_public():
    assert set(siteline.__all__) <= set(dir(siteline))
    assert all(getattr(siteline, name) is not None for name in siteline.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        siteline.nonsense  # noqa: B018


def test_importing_is_light():
    code = "import sys, siteline; print(sorted({'numpy', 'pandas', 'numba', 'geopandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_frames_hold_what_the_files_hold(case: siteline.OpenCase):
    rows = read(SOHAE / "observations.csv")
    frame = case.observations
    assert frame.observation_id.tolist() == [r["observation_id"] for r in rows]
    assert frame.state.tolist() == [r["state"] for r in rows]
    dated = [r["acquired_date"] for r in rows]
    assert frame.when_start.dt.strftime("%Y-%m-%d").fillna("").tolist() == dated
    length = (frame.when_end - frame.when_start).dropna()
    assert (length == pd.Timedelta(days=1)).all()  # a day is a day long
    for name, file in (("sources", "sources"), ("scenes", "images"), ("claims", "findings"), ("events", "events")):
        assert len(getattr(case, name)) == len(read(SOHAE / f"{file}.csv"))
    assert len(case.statements) == len(read(SOHAE / "statements.csv"))
    repeats = {r["source_id"]: r["repeats"] for r in read(SOHAE / "sources.csv")}
    assert dict(zip(case.sources.source_id, case.sources.repeats, strict=True)) == repeats


def test_answers_as_frames(case: siteline.OpenCase):
    changes = case.transitions
    assert len(changes) == len(case.answer.dating.transitions)
    assert ((changes.low90 <= changes.low50) & (changes.low50 <= changes.high50) & (changes.high50 <= changes.high90)).all()
    assert tuple(case.verdicts.columns) == VERDICT_COLUMNS
    assert case.verdicts.claim_id.tolist() == case.claims.claim_id.tolist()
    assert tuple(case.positions.columns) == POSITION_COLUMNS
    total = case.positions.before + case.positions.during + case.positions.after
    assert np.allclose(total, 1, atol=1e-6)
    assert (case.positions.before_low <= case.positions.before_high).all()
    states = case.states.drop(columns=["structure_id", "start", "end"]).to_numpy()
    assert np.allclose(states.sum(axis=1), 1)


def test_the_report_is_written(case: siteline.OpenCase, tmp_path: Path):
    html, pdf = case.report(tmp_path / "r")
    assert html.read_text(encoding="utf-8").startswith("<!")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_an_empty_case_has_all_columns_and_no_answer(tmp_path: Path, case: siteline.OpenCase):
    Case.create(tmp_path / "e.gpkg").close()
    empty = siteline.open(str(tmp_path / "e.gpkg"))
    for name in ("structures", "observations", "scenes", "sources", "claims", "events", "statements"):
        got, full = getattr(empty, name), getattr(case, name)
        assert len(got) == 0
        assert list(got.columns) == list(full.columns)
        assert got.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()
    with pytest.raises(siteline.NothingToDate):
        empty.transitions  # noqa: B018


def test_footprints_are_geometries(tmp_path: Path):
    tables = small()
    del tables["structures.csv"]
    folder = write(tmp_path / "in", tables)
    (folder / "structures.geojson").write_text(
        '{"type": "FeatureCollection", "features": ['
        '{"type": "Feature", "properties": {"structure_id": "pad"}, '
        '"geometry": {"type": "Point", "coordinates": [124.7, 39.6]}},'
        '{"type": "Feature", "properties": {"structure_id": "stand"}, "geometry": null}]}',
        encoding="utf-8",
    )
    import_folder(folder, tmp_path / "a.gpkg", who="test")
    frame = siteline.open(tmp_path / "a.gpkg").structures
    assert isinstance(frame, gpd.GeoDataFrame)
    assert frame.crs == "EPSG:4326"
    assert frame.geometry[0] == Point(124.7, 39.6)
    assert frame.geometry[1] is None


def test_every_way_of_giving_looks_gives_the_same_answer():
    expected = first(siteline.date(LOOKS))
    assert (expected["after"], expected["by"]) == ("2020-01-01", "2020-03-01")
    frame = pd.DataFrame(LOOKS)
    assert first(siteline.date(frame)) == expected
    assert first(siteline.date(frame.iloc[::-1]))["interval90"] == expected["interval90"]
    frame["acquired_date"] = pd.to_datetime(frame.acquired_date)
    assert first(siteline.date(frame)) == expected
    as_dates = [{**row, "acquired_date": date.fromisoformat(row["acquired_date"])} for row in LOOKS]
    assert first(siteline.date(iter(as_dates))) == expected
    records = [
        Observation(f"row{k}", r["structure_id"], Span.parse(r["acquired_date"]), r["state"], r["confidence"])
        for k, r in enumerate(LOOKS, 1)
    ]
    assert first(siteline.date(records)) == expected


def test_times_keep_their_zone():
    korea = timezone(timedelta(hours=9))
    rows = [{**LOOKS[0], "acquired_date": datetime(2020, 1, 1, 11, 0, tzinfo=korea)}, LOOKS[1]]
    assert first(siteline.date(rows))["after"] == "2020-01-01T02:00Z"
    with pytest.raises(siteline.BadInput, match=r"row 1.*zone"):
        siteline.date([{**LOOKS[0], "acquired_date": datetime(2020, 1, 1, 11, 0)}])
    assert datetime(2020, 1, 1, 2, tzinfo=UTC) == datetime(2020, 1, 1, 11, tzinfo=korea)


@pytest.mark.parametrize("blank", [None, "", float("nan"), pd.NaT, pd.NA])
def test_missing_dates_stay_missing(blank: Any):
    rows = [{**LOOKS[0], "acquired_date": blank}, LOOKS[1]]
    history = siteline.date(rows).histories["hall"]
    assert history.undated == ("row1",)
    with pytest.raises(siteline.NothingToDate, match="acquired_date"):
        siteline.date([rows[0]])


def test_rates_move_intervals_and_never_brackets():
    usual, fast = (first(siteline.date(LOOKS, rates=r)) for r in ({}, {"absent->being_built": np.float32(100)}))
    assert (usual["after"], usual["by"]) == (fast["after"], fast["by"])
    assert usual["interval50"] != fast["interval50"]


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"rates": {"x": 1}}, "rates"),
        ({"rates": {"absent->being_built": -1}}, "rates"),
        ({"noise": {"sure": 0.1}}, "noise"),
        ({"noise": {"high": float("nan")}}, "noise"),
        ({"vocabulary": {"a": "b"}}, "vocabulary"),
        ({"vocabulary": {"a": object()}}, "vocabulary"),
    ],
)
def test_settings_are_checked(given: dict[str, Any], setting: str):
    with pytest.raises(BadSetting, match=setting):
        siteline.date(LOOKS, **given)


def test_bad_looks_are_named():
    rows = [{**LOOKS[0], "acquired_date": "2020-02-30"}, {**LOOKS[1], "confidence": "sure"}, {"structure_id": "x"}]
    with pytest.raises(siteline.BadInput) as caught:
        siteline.date(rows)
    assert all(f"row {k}" in str(caught.value) for k in (1, 2, 3))
    with pytest.raises(UnknownState, match="gone"):
        siteline.date([{**LOOKS[0], "state": "gone"}])
    with pytest.raises(siteline.BadInput, match="state"):
        siteline.date(pd.DataFrame(LOOKS).drop(columns="state"))
    with pytest.raises(siteline.BadInput, match="mappings"):
        siteline.date({"structure_id": "x"})
    with pytest.raises(siteline.NothingToDate):
        siteline.date([])


def test_files_in_trouble(tmp_path: Path):
    with pytest.raises(siteline.FileTrouble):
        siteline.open(tmp_path / "missing.gpkg")
    assert not (tmp_path / "missing.gpkg").exists()
