"""What pixels show, in an open case: measurements, changes found, how far to trust them; each call is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from siteline.model.changed import Detected, Measured, Trust
from siteline.model.errors import BadInput, BadRows, RowProblem
from siteline.model.tables import BY_NAME
from siteline.store.case import Case
from siteline.store.keeping import upsert
from siteline.store.pixelcells import (
    BadCell,
    detected_cells,
    detected_of,
    measured_row,
    number_of,
    trust_cells,
    trust_of,
)
from siteline.store.schema import note_run

T = TypeVar("T")
_APART = "\x1f"  # stands in no key


def keep_measured(case: Case, rows: Iterable[Measured], who: str) -> None:
    """Keep measurements in place of the earlier ones of the same structures and stacks.

    Earlier rows of the same structures in the same scenes go too, whatever their stack was called: no scene counts twice.
    The journal gets one line for all of them. Raises ``BadInput`` (a structure or scene that the case does not have, the
    same measure twice), ``CaseBusy``, ``FileTrouble``.
    """
    given = tuple(rows)
    if not given:
        return
    table = BY_NAME["measurements"]
    structures = dict.fromkeys(row.structure_id for row in given)
    stacks = dict.fromkeys((row.structure_id, row.stack) for row in given)
    scenes = dict.fromkeys((row.structure_id, row.scene_id) for row in given)
    with case.writing(who) as db:
        _known(db, "structures", structures)
        _known(db, "imagery", dict.fromkeys(scene for _, scene in scenes))
        gone = 0
        for column, keys in (("stack", stacks), ("scene_id", scenes)):
            chosen = json.dumps([_APART.join(pair) for pair in keys], ensure_ascii=False)
            among = f"structure_id || '{_APART}' || {column} IN (SELECT value FROM json_each(?))"
            gone += db.execute(f"DELETE FROM measurements WHERE {among}", (chosen,)).rowcount
        names = ", ".join(c.name for c in table.columns)
        sql = f"INSERT OR IGNORE INTO measurements ({names}) VALUES ({', '.join('?' * len(table.columns))})"
        if (new := db.executemany(sql, map(measured_row, given)).rowcount) < len(given):
            raise BadInput(f"{len(given) - new} measurements name a structure, scene and measure twice; give each once")
        run = {"rows": len(given), "replaced": gone, "structures": list(structures)}
        note_run(db, table, {**run, "stacks": list(dict.fromkeys(stack for _, stack in stacks))})


def measured(case: Case, structure_id: str = "") -> tuple[Measured, ...]:
    """The measurements of one structure, or of all, in the order they were kept.

    Raises ``FileTrouble``; ``BadRows`` where another program wrote what cannot be read.
    """
    names = [c.name for c in BY_NAME["measurements"].columns]
    where, values = ("WHERE structure_id = ?", (structure_id,)) if structure_id else ("", ())
    with case.reading() as db:
        rows = db.execute(f"SELECT {', '.join(names)} FROM measurements {where} ORDER BY fid", values).fetchall()
    made = []
    for row in rows:
        key, structure, scene, stack, when, acquired, measure, value, spread, share, reasons = row
        try:
            day, number, sd, usable = map(number_of, (when, value, spread, share))
            made.append(Measured(structure, scene, stack, day, acquired, measure, number, sd, usable, reasons))
        except (ValueError, TypeError) as error:
            raise _unreadable(case, f"measurements[{key}]", f"{error}; measure again: siteline measure") from error
    return tuple(made)


def usable_shares(case: Case) -> dict[str, tuple[float, str]]:
    """By scene id: the part of the footprints that could be measured in it, 0 to 1, and the reasons of the worst one."""
    sql = (
        "SELECT scene_id, avg(CAST(usable_share AS REAL)), min(CAST(usable_share AS REAL)), reasons "  # bare column: SQLite
        "FROM measurements WHERE usable_share <> '' GROUP BY scene_id"  # takes it from the row of the minimum
    )
    with case.reading() as db:
        return {scene: (float(share), str(reasons)) for scene, share, _, reasons in db.execute(sql)}


def keep_detected(case: Case, detected: Iterable[Detected], who: str) -> None:
    """Keep what was found, in place of everything found earlier of the same structures.

    Raises ``BadInput`` (a structure that the case does not have, a stack of one twice), ``CaseBusy``, ``FileTrouble``.
    """
    _keep(case, "detections", [detected_cells(found) for found in detected], who)


def detected(case: Case) -> tuple[Detected, ...]:
    """What was found of every structure, in the order it was kept. Raises as ``measured`` does."""
    return _kept(case, "detections", detected_of)


def keep_trust(case: Case, trust: Iterable[Trust], who: str) -> None:
    """Keep what placebos and injections told, in place of everything they told earlier of the same structures.

    Raises as ``keep_detected`` does.
    """
    _keep(case, "trust", [trust_cells(one) for one in trust], who)


def trusted(case: Case) -> tuple[Trust, ...]:
    """What placebos and injections told of every structure, in the order it was kept. Raises as ``measured`` does."""
    return _kept(case, "trust", trust_of)


def _keep(case: Case, name: str, rows: Sequence[Mapping[str, str]], who: str) -> None:
    """Keep ``rows`` by their keys; they are then all there is of their structures."""
    table = BY_NAME[name]
    keys = [row[table.key] for row in rows]
    if twice := next((row for n, row in enumerate(rows) if row[table.key] in keys[:n]), None):
        raise BadInput(f"structure {twice['structure_id']!r} comes twice with the stack {twice['stack']!r}; give it once")
    with case.writing(who) as db:
        structures = dict.fromkeys(row["structure_id"] for row in rows)
        _known(db, "structures", structures)
        chosen = "structure_id IN (SELECT value FROM json_each(?))"
        others = f"{table.key} NOT IN (SELECT value FROM json_each(?))"
        db.execute(f"DELETE FROM {name} WHERE {chosen} AND {others}", (json.dumps([*structures]), json.dumps(keys)))
        for row in rows:
            upsert(db, table, row)


def _kept(case: Case, name: str, read: Callable[[Mapping[str, str]], T]) -> tuple[T, ...]:
    table = BY_NAME[name]
    names = [c.name for c in table.columns]
    with case.reading() as db:
        rows = db.execute(f"SELECT {', '.join(names)} FROM {name} ORDER BY fid").fetchall()
    made = []
    for row in rows:
        cells = dict(zip(names, map(str, row), strict=True))
        try:
            made.append(read(cells))
        except BadCell as error:
            raise _unreadable(case, f"{name}[{cells[table.key]}].{error.column}", str(error)) from error
        except ValueError as error:
            raise _unreadable(case, f"{name}[{cells[table.key]}]", f"{error}; siteline check says where") from error
    return tuple(made)


def _known(db: sqlite3.Connection, name: str, keys: Iterable[str]) -> None:
    """Raise ``BadInput`` for keys that the table ``name`` does not have."""
    key = BY_NAME[name].key
    sql = f"SELECT value FROM json_each(?) WHERE value NOT IN (SELECT {key} FROM {name})"
    missing = [value for (value,) in db.execute(sql, (json.dumps([*keys], ensure_ascii=False),))]
    if missing:
        word, remedy = ("structures", "siteline import") if name == "structures" else ("scenes", "siteline find")
        named = ", ".join(map(repr, missing[:5]))
        raise BadInput(f"the case has no {word} {named}; add them first: {remedy}")


def _unreadable(case: Case, place: str, reason: str) -> BadRows:
    return BadRows([RowProblem(case.path.name, None, place, reason)])
