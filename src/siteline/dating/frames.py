"""Observations from tables, and answers as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from siteline.model.dated import Dating
from siteline.model.errors import BadDate, BadInput, shorten
from siteline.model.records import Observation
from siteline.model.span import Span, from_days
from siteline.model.states import STATES
from siteline.model.tables import CONFIDENCES

if TYPE_CHECKING:
    import pandas as pd

REQUIRED: Final = ("structure_id", "acquired_date", "state", "confidence")
_SHOWN: Final = 20


def observations_from_frame(frame: pd.DataFrame) -> list[Observation]:
    """Observations from a frame with the columns of ``observations_from_rows``. Raises ``BadInput`` naming the rows."""
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise BadInput(f"the frame has no column {', '.join(missing)}; it needs {', '.join(REQUIRED)}")
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    return observations_from_rows(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def observations_from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Observation]:
    """Observations from mappings with structure_id, acquired_date, state, confidence[, observation_id, observer, source_id].

    ``acquired_date`` is EDTF text, a date, or a datetime: one at midnight (UTC or without zone) is read as that day, any
    other needs its zone; None, NaT and blank mean not stated. A row without an id is named ``row<number>``, counted from 1.
    Raises ``BadInput`` naming every bad row; states are checked when dating.
    """
    made: list[Observation] = []
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            made.append(_observation(row, number))
        except BadInput as error:
            problems.append(f"row {number}: {error}")
    ids = [observation.observation_id for observation in made]
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        twice = sorted({name for name in ids if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
        problems.append(f"observation_id {', '.join(map(shorten, twice[:5]))} is used twice; ids must differ")
    if problems:
        more = f"\n  ... and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise BadInput("these observations cannot be read:\n  " + "\n  ".join(problems[:_SHOWN]) + more)
    return made


def observations_frame(dating: Dating) -> pd.DataFrame:
    """Every dated look, a row each: ids, ``first``/``last`` (datetime64[us, UTC], half-open), canonical state (None where
    it tells nothing), the word as written, confidence, observer, source and the reason why it could not decide."""
    import pandas as pd

    looks = [look for h in dating.histories.values() for look in h.looks]
    fields = ("structure_id", "observation_id", "state", "word", "confidence", "observer", "source_id", "reason")
    table = pd.DataFrame({name: pd.Series([getattr(x, name) for x in looks], dtype="object") for name in fields})
    table.insert(2, "first", _instants([look.first for look in looks]))
    table.insert(3, "last", _instants([look.last for look in looks]))
    return table


def transitions_frame(dating: Dating) -> pd.DataFrame:
    """Every transition, a row each, with the fields of ``siteline date --json``.

    ``after``/``by`` and the interval ends ``low50`` ... ``high90`` are datetime64[us, UTC], NaT on an open side; lists of
    observation ids are joined by ``;``.
    """
    import pandas as pd

    rows = dating.transitions
    texts = {
        "structure_id": [t.structure_id for t in rows],
        "from": [t.before for t in rows],
        "to": [t.after_state for t in rows],
        "direction": [t.direction for t in rows],
    }
    days: dict[str, list[float | None]] = {
        "after": [t.bracket.after for t in rows],
        "by": [t.bracket.by for t in rows],
        "low50": [t.interval50[0] for t in rows],
        "high50": [t.interval50[1] for t in rows],
        "low90": [t.interval90[0] for t in rows],
        "high90": [t.interval90[1] for t in rows],
    }
    lists = {name: [";".join(getattr(t, name)) for t in rows] for name in ("deciding", "dissenting", "unusable")}
    return pd.DataFrame(
        {
            **{name: pd.Series(values, dtype="object") for name, values in texts.items()},
            **{name: _instants(values) for name, values in days.items()},
            "probability": np.array([t.probability for t in rows], dtype=np.float64),
            **{name: pd.Series(values, dtype="object") for name, values in lists.items()},
            "by_pixels": np.array([t.by_pixels for t in rows], dtype=np.bool_),
        }
    )


def states_frame(dating: Dating) -> pd.DataFrame:
    """P(state) over time, a row per structure and step: structure_id, ``start``/``end`` (datetime64[us, UTC]), a column per
    state. Structures without a dated state have no rows."""
    import pandas as pd

    told = [h for h in dating.histories.values() if len(h.states)]
    names = np.repeat(np.array([h.structure_id for h in told], dtype=object), [len(h.states) for h in told])
    starts = [float(edge) for h in told for edge in h.edges[:-1]]
    ends = [float(edge) for h in told for edge in h.edges[1:]]
    values = np.concatenate([h.states for h in told]) if told else np.zeros((0, len(STATES)))
    frame = pd.DataFrame({"structure_id": names, "start": _instants(starts), "end": _instants(ends)})
    for column, state in enumerate(STATES):
        frame[state] = values[:, column]
    return frame


def _observation(row: Mapping[str, Any], number: int) -> Observation:
    for name in REQUIRED:
        if name not in row:
            raise BadInput(f"{name} is missing; a row needs {', '.join(REQUIRED)}")
    structure, confidence = _text(row["structure_id"]), _text(row["confidence"])
    if not structure:
        raise BadInput("structure_id is blank; name the structure that was looked at")
    if confidence not in CONFIDENCES:
        raise BadInput(f"confidence {shorten(confidence)!r} is not one of {', '.join(CONFIDENCES)}")
    return Observation(
        observation_id=_text(row.get("observation_id")) or f"row{number}",
        structure_id=structure,
        when=_span(row["acquired_date"]),
        state=_text(row["state"]),
        confidence=confidence,
        source_id=_text(row.get("source_id")),
        observer=_text(row.get("observer")),
    )


def _missing(value: object) -> bool:
    """Whether a cell is empty: None, NaN, NaT and pandas' NA do not equal themselves."""
    return value is None or type(value).__name__ == "NAType" or value != value


def _text(value: object) -> str:
    return "" if _missing(value) else str(value).strip()


def _span(value: object) -> Span:
    if _missing(value):
        return Span.parse("")
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        if midnight and not value.utcoffset():
            return Span.parse(f"{value.year:04d}-{value.month:02d}-{value.day:02d}")
        return Span.parse(value.isoformat())
    if isinstance(value, date):
        return Span.parse(value.isoformat())
    if isinstance(value, str):
        return Span.parse(value)
    raise BadDate(str(value), "write YYYY-MM-DD, or give a date or datetime")


def _instants(days: Sequence[float | None]) -> pd.Series[Any]:
    import pandas as pd

    naive = [None if value is None else from_days(value).replace(tzinfo=None) for value in days]
    return pd.Series(np.array(naive, dtype="datetime64[us]")).dt.tz_localize("UTC")
