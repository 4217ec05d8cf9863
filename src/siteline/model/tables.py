"""The tables of a case, each column declared once.

The CSV reader, the case file's schema, the JSON Schema and the reference page of the case format all derive from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["id", "ref", "refs", "text", "date", "word", "url"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds and what makes a value wrong.

    ``kind``: ``id`` this table's key; ``ref`` a key of ``table``; ``refs`` several, joined by ``;``; ``date`` EDTF, blank =
    not stated; ``word`` one of ``words`` (or, for states, mapped by settings); ``url`` http(s) address; ``text`` anything.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    table: str = ""
    words: tuple[str, ...] = ()
    optional_column: bool = False  # the whole column may be missing from the file


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in the case file, its file in a folder, its columns in the order they are written."""

    name: str
    file: str
    doc: str
    columns: tuple[Column, ...]
    required_file: bool = False

    @property
    def key(self) -> str:
        """Name of the id column."""
        return next(c.name for c in self.columns if c.kind == "id")

    def column(self, name: str) -> Column | None:
        """The declared column ``name``, or None for an extra one."""
        return next((c for c in self.columns if c.name == name), None)


CONFIDENCES: Final = ("high", "medium", "low")
CLAIM_TYPES: Final = ("began", "ended", "no_change", "activity")
COMPLETENESS: Final = ("complete", "unknown")
STATUSES: Final = ("kept", "duplicate", "quarantined")
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
    Table(
        "searches",
        "searches.csv",
        "What was asked of a source of scenes, and whether its answer was complete.",
        (
            Column("search_id", "id", "Key.", True),
            Column("source", "text", "The source: a preset, the address of a STAC API or catalogue, or a folder."),
            Column("asked", "text", "The question as JSON: area, period, options."),
            Column("searched_at", "text", "When (UTC)."),
            Column("returned", "text", "Number of scenes returned."),
            Column("matched", "text", "Number of scenes there are by the source's own count; blank = it does not say."),
            Column("completeness", "word", "Whether these are all.", True, words=COMPLETENESS),
            Column("notes", "text", "What a reader of the list must know, a line each."),
        ),
    ),
    Table(
        "imagery",
        "imagery.csv",
        "Scenes with pixels that searches found, kept whole as STAC Items.",
        (
            Column("scene_id", "id", "Key: the source, then the id it gives.", True),
            Column("search_id", "ref", "The latest search that returned it.", True, "searches"),
            Column("source", "text", "The source's short name, as the key begins with it."),
            Column("acquired", "text", "When it was taken: an instant or an EDTF interval, UTC; blank = not stated."),
            Column("provider", "text", "Who sells or publishes the images."),
            Column("platform", "text", "The satellite or aircraft."),
            Column("cloud_percent", "text", "Cloud over the whole product, as declared; blank = not declared."),
            Column("site_cloud_percent", "text", "Cloud over the site, from the pixels; blank = not known yet."),
            Column("site_share", "text", "Share of the site that its footprint covers, 0 to 1; blank = not known."),
            Column("structure_shares", "text", "The same for each structure with a footprint, as a JSON object."),
            Column("licence", "text", "Licence, as declared."),
            Column("credit", "text", "Credit line."),
            Column("status", "word", "Whether it is used.", True, words=STATUSES),
            Column(
                "why", "text", "Why it is not used (the rule, and the scene kept instead), or what is doubtful about it."
            ),
            Column("stac", "text", "The STAC Item as JSON.", True),
        ),
    ),
)

BY_NAME: Final[Mapping[str, Table]] = {table.name: table for table in TABLES}
