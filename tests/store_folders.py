"""Small folders for the tests of the store, written with the standard library alone."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

TODAY = date(2026, 1, 15)
SOHAE = Path(__file__).parents[1] / "src" / "siteline" / "data" / "sohae"

Rows = list[dict[str, str]]


def small() -> dict[str, Rows]:
    """Every table, a row or two each, all of it sound."""
    return {
        "sources.csv": [
            {
                "source_id": "s1",
                "publisher": "P",
                "authors": "A; B",
                "title_paraphrase": "T",
                "url": "https://example.org/a",
                "published": "2019-03-05",
                "repeats": "",
            },
            {
                "source_id": "s2",
                "publisher": "Q",
                "authors": "",
                "title_paraphrase": "",
                "url": "",
                "published": "2019-03",
                "repeats": "s1",
            },
        ],
        "structures.csv": [
            {"structure_id": "pad", "name": "Pad", "kind": "pad", "aliases": "", "notes": ""},
            {"structure_id": "stand", "name": "Stand", "kind": "", "aliases": "x; y", "notes": "n"},
        ],
        "images.csv": [
            {
                "image_id": "i1",
                "provider": "",
                "sensor_if_stated": "",
                "acquired_date": "2019-03-02",
                "acquired_time_utc_if_stated": "02:11",
                "credit": "",
                "source_ids": "s1;s2",
            },
        ],
        "observations.csv": [
            {
                "observation_id": "o1",
                "structure_id": "pad",
                "image_id": "i1",
                "acquired_date": "2019-03-02",
                "state": "being_rebuilt",
                "activity": "crane",
                "confidence": "high",
                "paraphrase": "",
                "source_id": "s1",
            },
            {
                "observation_id": "o2",
                "structure_id": "stand",
                "image_id": "",
                "acquired_date": "2018-06",
                "state": "obscured",
                "activity": "",
                "confidence": "low",
                "paraphrase": "",
                "source_id": "s2",
            },
        ],
        "findings.csv": [
            {
                "finding_id": "f1",
                "structure_id": "pad",
                "claim_type": "began",
                "after_date": "2019-02-16",
                "before_date": "2019-03-02",
                "direction": "rebuilding",
                "paraphrase": "",
                "source_id": "s1",
            },
        ],
        "events.csv": [
            {
                "event_id": "e1",
                "start_date": "2019-02-27",
                "end_date": "2019-02-28",
                "timezone_or_place": "Asia/Ho_Chi_Minh",
                "what": "Summit",
                "source_id": "s1",
            },
        ],
        "statements.csv": [
            {
                "statement_id": "t1",
                "speaker": "X",
                "affiliation": "",
                "role": "",
                "date": "2019",
                "paraphrase": "",
                "about": "",
                "stance": "signal",
                "source_id": "s2",
            },
        ],
        "hypotheses.csv": [{"hypothesis_id": "h1", "title": "Signal", "explanation": "", "author": "us"}],
        "readings.csv": [
            {
                "reading_id": "r1",
                "hypothesis_id": "h1",
                "item": "stance:signal",
                "reading": "consistent",
                "why": "",
                "author": "us",
            },
        ],
        "searches.csv": [
            {
                "search_id": "q1",
                "source": "folder",
                "asked": "{}",
                "searched_at": "2026-01-14T00:00:00Z",
                "returned": "1",
                "matched": "",
                "completeness": "unknown",
                "notes": "",
            },
        ],
        "imagery.csv": [
            {
                "scene_id": "folder/a",
                "search_id": "q1",
                "source": "folder",
                "acquired": "2019-03-02T02:11:00Z",
                "provider": "P",
                "platform": "",
                "cloud_percent": "",
                "site_cloud_percent": "",
                "site_share": "1",
                "structure_shares": "{}",
                "licence": "",
                "credit": "",
                "status": "kept",
                "why": "",
                "stac": '{"type": "Feature", "id": "a"}',
            },
        ],
        **_shown_by_pixels(),
    }


def _shown_by_pixels() -> dict[str, Rows]:
    return {
        "measurements.csv": [
            {
                "measurement_id": "pad/folder/a/mean:nir",
                "structure_id": "pad",
                "scene_id": "folder/a",
                "stack": "sentinel-2 10 m",
                "when_days": "17957.09",
                "acquired": "2019-03-02T02:11Z",
                "measure": "mean:nir",
                "value": "",
                "spread": "",
                "usable_share": "0.25",
                "reasons": "cloud 75 %",
            },
        ],
        "detections.csv": [
            {
                "detection_id": "pad/all",
                "structure_id": "pad",
                "stack": "all",
                "measures": '["mean:nir"]',
                "scenes": "1",
                "first_days": "17957.09",
                "last_days": "17957.09",
                "probability": "0.02",
                "evidence": "-3.5",
                "threshold": "inf",
                "changes": "[]",
                "prior": '{"changes_per_year":0.1}',
                "doubts": "[]",
                "conflict": "",
                "note": "too few scenes",
            },
        ],
        "trust.csv": [
            {
                "trust_id": "pad/all",
                "structure_id": "pad",
                "stack": "all",
                "placebos": "200",
                "exceeding": "3",
                "nominal": "0.05",
                "threshold": "3",
                "temperature": "0.8",
                "covered": "0.95",
                "ground_m": "10",
                "power": "[]",
                "note": "",
            },
        ],
    }


def write(folder: Path, tables: dict[str, Rows]) -> Path:
    """Write ``tables`` to ``folder`` with the csv module; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            # The csv module leaves a lone carriage return unquoted, which no reader could tell from a line's end.
            lone = any("\r" in text for row in rows for pair in row.items() for text in pair)
            quoting = csv.QUOTE_ALL if lone else csv.QUOTE_MINIMAL
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n", quoting=quoting)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def read(path: Path) -> Rows:
    """The rows of a CSV file by the csv module."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
