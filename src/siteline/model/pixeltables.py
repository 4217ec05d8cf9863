"""The tables of what images hold and show: searches, scenes, measurements, changes found, how far to trust them."""

from __future__ import annotations

from typing import Final

from siteline.model.columns import Column, Table

COMPLETENESS: Final = ("complete", "unknown")
STATUSES: Final = ("kept", "duplicate", "quarantined")

PIXEL_TABLES: Final[tuple[Table, ...]] = (
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
    Table(
        "measurements",
        "measurements.csv",
        "What was measured of each structure in each scene.",
        (
            Column("measurement_id", "id", "Key: structure, scene and measure.", True),
            Column("structure_id", "ref", "What was measured.", True, "structures"),
            Column("scene_id", "ref", "The scene it was measured in.", True, "imagery"),
            Column("stack", "text", "The series it belongs to: scenes that may be compared with one another.", True),
            Column("when_days", "number", "When the scene was taken: days since 1970-01-01T00:00Z."),
            Column("acquired", "text", "The same as the scene states it."),
            Column("measure", "text", "What was measured: a quantity and a band, such as contrast:nir.", True),
            Column("value", "number", "Its value; blank = could not be measured."),
            Column("spread", "number", "Its standard error, in the same unit."),
            Column("usable_share", "share", "Share of the footprint's pixels that were usable."),
            Column("reasons", "text", "Why the others were not, joined by ';'."),
        ),
        derived=True,
    ),
    Table(
        "detections",
        "detections.csv",
        "What the pixels show of each structure: whether it changed, and when.",
        (
            Column("detection_id", "id", "Key: structure and stack.", True),
            Column("structure_id", "ref", "What may have changed.", True, "structures"),
            Column("stack", "text", "The stack of scenes that shows it; 'all' = all of them together.", True),
            Column("measures", "json", "The measures used, as a JSON list.", True),
            Column("scenes", "count", "Number of dates used.", True),
            Column("first_days", "number", "The first of them: days since 1970-01-01T00:00Z."),
            Column("last_days", "number", "The last of them."),
            Column("probability", "share", "Probability of one change or more."),
            Column("evidence", "number", "Natural logarithm of the Bayes factor of change against none."),
            Column("threshold", "number", "The evidence that was asked for."),
            Column("changes", "json", "The changes in order of time, each with its bracket and posterior, as JSON.", True),
            Column("prior", "json", "What was assumed, by name, as a JSON object.", True),
            Column("doubts", "json", "What else could have made the change, as a JSON list.", True),
            Column("conflict", "text", "How other stacks contradict this one."),
            Column("note", "text", "Why nothing could be said."),
        ),
    ),
    Table(
        "trust",
        "trust.csv",
        "How often the answer about a structure would be wrong, measured on its own images.",
        (
            Column("trust_id", "id", "Key: structure and stack.", True),
            Column("structure_id", "ref", "The structure whose answer was tried.", True, "structures"),
            Column("stack", "text", "The stack of scenes it was tried in.", True),
            Column("placebos", "count", "Footprints laid where nothing is known to have changed.", True),
            Column("exceeding", "count", "How many of them show as much evidence as the structure.", True),
            Column("nominal", "share", "Share of false alarms that the threshold allows."),
            Column("threshold", "number", "Evidence (log Bayes factor) at which a change is reported."),
            Column("temperature", "number", "Power that the posterior over dates is raised to."),
            Column("covered", "share", "Share of the injected dates inside their 95 % intervals."),
            Column("ground_m", "number", "Pixel size in metres."),
            Column("power", "json", "What would have been found: a JSON list of sizes, contrasts and counts.", True),
            Column("note", "text", "Why it could not be tried."),
        ),
    ),
)
