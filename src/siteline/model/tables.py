"""The tables of a case, each column declared once.

The CSV reader, the case file's schema, the JSON Schema and the reference page of the case format all derive from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from siteline.model.columns import Column, Table
from siteline.model.pixeltables import PIXEL_TABLES

__all__ = ["BY_NAME", "CLAIM_TYPES", "CONFIDENCES", "READINGS", "TABLES", "Column", "Table"]

CONFIDENCES: Final = ("high", "medium", "low")
CLAIM_TYPES: Final = ("began", "ended", "no_change", "activity")
READINGS: Final = ("consistent", "inconsistent", "neutral")

TABLES: Final[tuple[Table, ...]] = (
    Table(
        "sources",
        "sources.csv",
        "Documents something was taken from.",
        (
            Column("source_id", "id", "Key.", True),
            Column("publisher", "text", "Who published it."),
            Column("authors", "text", "Named authors, joined by ';'."),
            Column("title_paraphrase", "text", "What it says, in one line."),
            Column("url", "url", "Where it can be read."),
            Column("published", "date", "Date of publication; blank where the page shows none."),
            Column(
                "repeats",
                "refs",
                "Sources this one only repeats: not independent of them.",
                table="sources",
                optional_column=True,
            ),
        ),
        required_file=True,
    ),
    Table(
        "structures",
        "structures.csv",
        "Named things on the site.",
        (
            Column("structure_id", "id", "Key. 'site' stands for the whole place.", True),
            Column("name", "text", "Name as it should be printed."),
            Column("kind", "text", "What kind of structure."),
            Column("aliases", "text", "Other names, joined by ';'."),
            Column("notes", "text", "Anything a reader should know."),
        ),
        required_file=True,
    ),
    Table(
        "scenes",
        "images.csv",
        "Acquisitions that somebody looked at.",
        (
            Column("image_id", "id", "Key.", True),
            Column("provider", "text", "Who sells or publishes the image."),
            Column("sensor_if_stated", "text", "Sensor or platform, where a source names it."),
            Column("acquired_date", "date", "Day of acquisition; blank = not stated."),
            Column("acquired_time_utc_if_stated", "text", "Time of day in UTC (HH:MM or HH:MM:SS), where known."),
            Column("credit", "text", "Credit line."),
            Column("source_ids", "refs", "Sources that show or cite it.", table="sources"),
        ),
    ),
    Table(
        "observations",
        "observations.csv",
        "State of one structure in one scene, by one observer.",
        (
            Column("observation_id", "id", "Key.", True),
            Column("structure_id", "ref", "What was looked at.", True, "structures"),
            Column("image_id", "ref", "The scene; blank = not stated.", table="scenes"),
            Column("acquired_date", "date", "Day of acquisition; blank = not stated."),
            Column("state", "word", "State seen; 'obscured' and 'not_stated' say nothing about it.", True),
            Column("activity", "text", "Activity seen, joined by ';'."),
            Column("confidence", "word", "How sure the label is.", True, words=CONFIDENCES),
            Column("paraphrase", "text", "What the observer says, in our words."),
            Column("source_id", "ref", "The document it was taken from.", True, "sources"),
            Column("observer", "text", "Who looked, if not the source's publisher.", optional_column=True),
        ),
        required_file=True,
    ),
    Table(
        "claims",
        "findings.csv",
        "Dated assertions somebody published; checked, never believed.",
        (
            Column("finding_id", "id", "Key.", True),
            Column("structure_id", "ref", "What it is about.", True, "structures"),
            Column("claim_type", "word", "What is claimed.", True, words=CLAIM_TYPES),
            Column("after_date", "date", "The source's own lower bound; blank = none."),
            Column("before_date", "date", "The source's own upper bound; blank = none."),
            Column(
                "direction",
                "text",
                "Direction of the change claimed (construction, dismantling, rebuilding, none, ...).",
            ),
            Column("paraphrase", "text", "The claim, in our words."),
            Column("source_id", "ref", "Who published it.", True, "sources"),
            Column(
                "basis",
                "text",
                "What the claim rests on: imagery, materials, official, repeat or inference; blank = not judged.",
                optional_column=True,
            ),
        ),
    ),
    Table(
        "events",
        "events.csv",
        "Dated things the question turns on.",
        (
            Column("event_id", "id", "Key.", True),
            Column("start_date", "date", "First day."),
            Column("end_date", "date", "Last day; blank = same as the first, where the first is a day."),
            Column(
                "timezone_or_place",
                "text",
                "IANA zone or UTC offset if the days are local; otherwise a place, and days are UTC.",
            ),
            Column("what", "text", "What happened."),
            Column("source_id", "ref", "Who reports it.", True, "sources"),
        ),
    ),
    Table(
        "statements",
        "statements.csv",
        "What a named person or body said.",
        (
            Column("statement_id", "id", "Key.", True),
            Column("speaker", "text", "Who said it."),
            Column("affiliation", "text", "For whom."),
            Column("role", "text", "In what role."),
            Column("date", "date", "When it was said."),
            Column("paraphrase", "text", "What was said, in our words."),
            Column("about", "text", "What it is about."),
            Column("stance", "text", "Reading it takes; 'other' rather than a forced one."),
            Column("source_id", "ref", "Who reports it.", True, "sources"),
        ),
    ),
    Table(
        "hypotheses",
        "hypotheses.csv",
        "Competing explanations.",
        (
            Column("hypothesis_id", "id", "Key.", True),
            Column("title", "text", "The explanation in a few words.", True),
            Column("explanation", "text", "What it would mean, in one sentence."),
            Column("author", "text", "Who wrote it down."),
        ),
    ),
    Table(
        "readings",
        "readings.csv",
        "How one item bears on one hypothesis: a judgement with an author.",
        (
            Column("reading_id", "id", "Key.", True),
            Column("hypothesis_id", "ref", "The hypothesis.", True, "hypotheses"),
            Column(
                "item",
                "text",
                "A statement_id, a finding_id, or 'stance:<stance>' for every statement of that stance.",
                True,
            ),
            Column("reading", "word", "Would one expect the item if the hypothesis were true?", True, words=READINGS),
            Column("why", "text", "The reason, in one sentence."),
            Column("author", "text", "Who judged."),
        ),
    ),
    *PIXEL_TABLES,
)

BY_NAME: Final[Mapping[str, Table]] = {table.name: table for table in TABLES}
