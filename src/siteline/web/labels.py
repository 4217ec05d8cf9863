"""A label given in the workbench as rows of the case: the look, the scene it is of, and whose look it is.

A look needs a source, by which independent lines of evidence are told apart: what an observer labels here is a line of
its own, in their name. And it needs its scene among those looked at; one that a search found becomes that by its first look.
"""

from __future__ import annotations

from datetime import UTC
from typing import Final

from siteline.model.scene import ImageScene
from siteline.store.editing import Row
from siteline.web.live import Held
from siteline.web.scenelist import same_scene

SOURCE: Final = "workbench:"
"""What the key of an observer's own source begins with."""


def with_companions(held: Held, row: Row, who: str, *, new: bool) -> tuple[Row, tuple[Row, ...]]:
    """The ``row`` as it is to be put under the name ``who``, and the rows it refers to that the case may not have."""
    if row.table != "observations" or row.cells is None:
        return row, ()
    cells, others = dict(row.cells), list[Row]()
    if new and not cells.get("source_id"):
        source = own_source(who)
        cells |= {"source_id": source.key, "observer": cells.get("observer") or who}
        others.append(source)
    if (wanted := cells.get("image_id")) and isinstance(wanted, str):
        cells["image_id"], found = _looked_at(held, wanted)
        if found is not None:
            others.append(found)
        if new and not cells.get("acquired_date"):
            cells["acquired_date"] = _day(held, cells["image_id"], found)
    return Row(row.table, row.key, cells), tuple(others)


def own_source(who: str) -> Row:
    """The source of the looks that ``who`` labels in the workbench."""
    key = SOURCE + who.replace(";", ",")
    return Row("sources", key, {"publisher": who, "title_paraphrase": f"Looks of {who}, labelled in the workbench"})


def _looked_at(held: Held, wanted: str) -> tuple[str, Row | None]:
    """The key of the scene ``wanted`` among those looked at, and its row where it is not there yet."""
    if wanted in held.data.scenes or wanted not in held.images:
        return wanted, None
    known = {found: name for name, found in same_scene({s.scene_id: s for s in held.found}, held.data.scenes).items()}
    return (known[wanted], None) if wanted in known else (wanted, scene_row(wanted, held.images[wanted]))


def scene_row(scene_id: str, image: ImageScene) -> Row:
    """A found scene as one that was looked at; of a mosaic or a release the date is only the latest it can be from."""
    when, day, time = image.when, image.when.text, ""
    if when.is_instant and when.start is not None:
        instant = when.start.astimezone(UTC)
        day, time = instant.strftime("%Y-%m-%d"), instant.strftime("%H:%M:%S")
    if image.when_kind == "not_later_than" and when.is_day:
        day, time = f"../{day[:10]}", ""
    cells = {
        "provider": image.provider,
        "sensor_if_stated": image.platform,
        "acquired_date": day,
        "acquired_time_utc_if_stated": time,
        "credit": image.credit,
    }
    return Row("scenes", scene_id, cells)


def _day(held: Held, image_id: str, found: Row | None) -> str:
    """The day of the scene as it is written; "" where none is stated."""
    if found is not None and found.cells is not None:
        return str(found.cells["acquired_date"])
    scene = held.data.scenes.get(image_id)
    if scene is None or not scene.when.known:
        return ""
    return scene.when.text[:10] if scene.when.is_instant else scene.when.text
