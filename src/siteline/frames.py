"""The tables of a case as pandas and GeoPandas frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from siteline.model.records import Structure
from siteline.model.span import Span
from siteline.model.weighed import ClaimVerdict, EventPosition

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


VERDICT_COLUMNS: Final = (
    "claim_id",
    "structure_id",
    "source_id",
    "verdict",
    "verdict_with_own",
    "independent_lines",
    "probability",
    "probability_with_own",
    "because",
    "observations",
)
POSITION_COLUMNS: Final = (
    "event_id",
    "structure_id",
    "to",
    "decided",
    "before",
    "before_low",
    "before_high",
    "during",
    "after",
    "before_with_reports",
)


def records_frame(records: Iterable[Any], kind: type) -> pd.DataFrame:
    """Records of one ``kind``, a row each, the columns in the order of its fields.

    A date field ``when`` becomes three columns: ``when`` (EDTF text as written), ``when_start`` and ``when_end``
    (datetime64[us, UTC], half-open, NaT where unbounded or not stated). Lists are joined by ``;``.
    """
    import pandas as pd

    rows = list(records)
    columns: dict[str, Any] = {}
    for name, declared in [(f.name, str(f.type)) for f in fields(kind)]:
        if name == "pixel_date":  # of looks that siteline adds; no column of a case
            continue
        values = [getattr(row, name) for row in rows]
        if declared == Span.__name__:
            columns[name] = pd.Series([span.text for span in values], dtype="object")
            columns[f"{name}_start"] = _instants([span.start for span in values])
            columns[f"{name}_end"] = _instants([span.end for span in values])
        else:
            texts = [";".join(value) if isinstance(value, tuple) else value for value in values]
            columns[name] = pd.Series(texts, dtype="object")
    return pd.DataFrame(columns)


def structures_frame(structures: Iterable[Structure]) -> gpd.GeoDataFrame:
    """Structures with their footprints (EPSG:4326; None where no footprint is known)."""
    import geopandas as gpd

    table = records_frame(structures, Structure)
    shapes = gpd.GeoSeries.from_wkt(table.pop("geometry_wkt"), crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=shapes)


def verdicts_frame(verdicts: Iterable[ClaimVerdict]) -> pd.DataFrame:
    """Claim verdicts, a row each, the fields of ``siteline claims --json`` (observation ids joined by ``;``)."""
    import pandas as pd

    rows = [{**v.to_json(), "observations": ";".join(v.observation_ids)} for v in verdicts]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def positions_frame(positions: Iterable[EventPosition]) -> pd.DataFrame:
    """Where events fall against transitions, a row each.

    ``before``/``during``/``after`` are probabilities, ``before_low``/``before_high`` the range over prior rates divided
    and multiplied by five; ``decided`` is False where the bracket spans the event, so that only the prior speaks.
    ``before_with_reports`` is P(before) with every further line of evidence added, NaN where there is none.
    """
    import pandas as pd

    rows = [
        {
            "event_id": p.event.event_id,
            "structure_id": p.transition.structure_id,
            "to": p.transition.after_state,
            "decided": p.decided,
            "before": p.before[1],
            "before_low": p.before[0],
            "before_high": p.before[2],
            "during": p.during[1],
            "after": p.after[1],
            "before_with_reports": p.lines[-1].probability if p.lines else np.nan,
        }
        for p in positions
    ]
    return pd.DataFrame(rows, columns=list(POSITION_COLUMNS))


def _instants(values: Sequence[datetime | None]) -> pd.Series[Any]:
    import pandas as pd

    naive = [None if value is None else value.replace(tzinfo=None) for value in values]
    return pd.Series(np.array(naive, dtype="datetime64[us]")).dt.tz_localize("UTC")
