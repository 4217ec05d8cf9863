"""The tables of a case as pandas and GeoPandas frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from siteline.model.records import Structure
from siteline.model.span import Span
from siteline.model.weighed import ClaimVerdict

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def records_frame(records: Iterable[Any], kind: type) -> pd.DataFrame:
    """Records of one ``kind``, a row each, the columns in the order of its fields.

    A date field ``when`` becomes three columns: ``when`` (EDTF text as written), ``when_start`` and ``when_end``
    (datetime64[us, UTC], half-open, NaT where unbounded or not stated). Lists are joined by ``;``.
    """
    import pandas as pd

    rows = list(records)
    columns: dict[str, Any] = {}
    for name in [f.name for f in fields(kind)]:
        values = [getattr(row, name) for row in rows]
        if any(isinstance(value, Span) for value in values):
            columns[name] = pd.array([span.text for span in values], dtype="object")
            columns[f"{name}_start"] = _instants([span.start for span in values])
            columns[f"{name}_end"] = _instants([span.end for span in values])
        elif any(isinstance(value, tuple) for value in values):
            columns[name] = [";".join(value) for value in values]
        else:
            columns[name] = values
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
    return pd.DataFrame(rows)


def _instants(values: Sequence[datetime | None]) -> pd.Series[Any]:
    import pandas as pd

    naive = [None if value is None else value.replace(tzinfo=None) for value in values]
    return pd.Series(np.array(naive, dtype="datetime64[us]")).dt.tz_localize("UTC")
