"""An open case as values of ``model.records``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from siteline.model.errors import UnknownState
from siteline.model.records import (
    CaseData,
    Claim,
    Event,
    Hypothesis,
    Observation,
    Reading,
    Scene,
    Source,
    Statement,
    Structure,
)
from siteline.model.settings import Settings
from siteline.model.span import UNKNOWN
from siteline.model.states import canonical
from siteline.model.tables import BY_NAME
from siteline.store.crosschecks import split_keys
from siteline.store.geometry import to_wkt
from siteline.store.spans import day_span, event_span, look_span, scene_span


def case_data(db: sqlite3.Connection) -> CaseData:
    """Everything in ``db``, in the order of the case file, read in one transaction.

    Raises ``BadDate``, ``BadSetting`` or ``ValueError`` where another program wrote what siteline would not;
    ``siteline check`` lists it.
    """
    inside = db.in_transaction
    if not inside:
        db.execute("BEGIN")
    try:
        return _case_data(db)
    finally:
        if not inside:
            db.execute("ROLLBACK")


def observations_of(db: sqlite3.Connection, keys: Iterable[str], scenes: dict[str, Scene]) -> dict[str, Observation]:
    """The observations ``keys`` that are there, by key; ``scenes`` are those of the case. Raises as ``case_data`` does."""
    columns = ", ".join(f'"{c.name}"' for c in BY_NAME["observations"].columns)
    sql = f"SELECT {columns} FROM observations WHERE observation_id = ?"
    rows = (row for key in keys for row in db.execute(sql, (key,)))
    made = (_observation(["" if cell is None else str(cell) for cell in row], scenes) for row in rows)
    return {o.observation_id: o for o in made}


def without_observations(db: sqlite3.Connection) -> CaseData:
    """As ``case_data``, inside the caller's transaction, but without the observations, of which there may be very many."""
    return _case_data(db, looks=False)


def case_settings(db: sqlite3.Connection) -> Settings:
    """The settings kept in ``db``. Raises ``BadSetting`` where another program wrote what siteline would not."""
    row = db.execute("SELECT json FROM siteline_settings").fetchone()
    return Settings.from_json(row[0] if row else "{}")


def unknown_states(db: sqlite3.Connection, settings: Settings) -> list[str]:
    """The states observations use that neither the known words nor the ``settings``' vocabulary cover."""
    unknown = []
    for (word,) in db.execute("SELECT DISTINCT state FROM observations ORDER BY state"):
        try:
            canonical(word, settings.vocabulary)
        except UnknownState:
            unknown.append(word)
    return unknown


def _case_data(db: sqlite3.Connection, *, looks: bool = True) -> CaseData:
    scenes = {s.scene_id: s for s in map(_scene, _rows(db, "scenes"))}
    observations = tuple(_observation(cells, scenes) for cells in _rows(db, "observations")) if looks else ()
    return CaseData(
        settings=case_settings(db),
        structures={s.structure_id: s for s in _structures(db)},
        scenes=scenes,
        sources={s.source_id: s for s in map(_source, _rows(db, "sources"))},
        observations=observations,
        claims=tuple(map(_claim, _rows(db, "claims"))),
        events={e.event_id: e for e in map(_event, _rows(db, "events"))},
        statements=tuple(map(_statement, _rows(db, "statements"))),
        hypotheses=tuple(Hypothesis(*cells) for cells in _rows(db, "hypotheses")),
        readings=tuple(Reading(*cells) for cells in _rows(db, "readings")),
    )


def _rows(db: sqlite3.Connection, name: str) -> Iterator[list[str]]:
    """Cells of each row in the order of ``tables``; NULL (no key) as blank."""
    columns = ", ".join(f'"{c.name}"' for c in BY_NAME[name].columns)
    for row in db.execute(f'SELECT {columns} FROM "{name}" ORDER BY fid'):
        yield ["" if cell is None else str(cell) for cell in row]


def _structures(db: sqlite3.Connection) -> Iterator[Structure]:
    blobs = db.execute("SELECT geom FROM structures ORDER BY fid")
    for cells, (blob,) in zip(_rows(db, "structures"), blobs, strict=True):
        key, name, kind, aliases, notes = cells
        yield Structure(key, name, kind, aliases, notes, to_wkt(blob))


def _source(cells: list[str]) -> Source:
    key, publisher, authors, title, url, published, repeats = cells
    return Source(key, publisher, authors, title, url, day_span(published), split_keys(repeats))


def _scene(cells: list[str]) -> Scene:
    key, provider, sensor, date, time, credit, sources = cells
    return Scene(key, provider, sensor, scene_span(date, time), credit, split_keys(sources))


def _observation(cells: list[str], scenes: dict[str, Scene]) -> Observation:
    key, structure, scene, date, state, activity, confidence, paraphrase, source, observer = cells
    own = day_span(date)
    when = look_span(own, scenes[scene].when if scene in scenes else UNKNOWN)
    return Observation(
        observation_id=key,
        structure_id=structure,
        when=own if when is None else when,
        state=state,
        confidence=confidence,
        activity=activity,
        paraphrase=paraphrase,
        source_id=source,
        scene_id=scene,
        observer=observer,
    )


def _claim(cells: list[str]) -> Claim:
    key, structure, kind, after, before, direction, paraphrase, source, basis = cells
    return Claim(key, structure, kind, day_span(after), day_span(before), direction, paraphrase, source, basis)


def _event(cells: list[str]) -> Event:
    key, start, end, place, what, source = cells
    return Event(key, event_span(start, end, place), place, what, source)


def _statement(cells: list[str]) -> Statement:
    key, speaker, affiliation, role, date, paraphrase, about, stance, source = cells
    return Statement(key, speaker, affiliation, role, day_span(date), paraphrase, about, stance, source)
