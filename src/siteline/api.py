"""What ``import siteline`` offers: open a case, or date observations without one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from siteline import flow
from siteline.model.dated import Dating
from siteline.model.errors import BadInput, BadSetting
from siteline.model.records import CaseData, Claim, Event, Observation, Scene, Source, Statement
from siteline.model.settings import Settings

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import xarray as xr

    from siteline.model.scene import ImageScene


class OpenCase:
    """A case as it was when opened: tables as frames, and the answers computed from them when first asked for.

    The case file is read once and closed; a later change to it shows after opening it again.
    """

    def __init__(self, path: Path, data: CaseData) -> None:
        """Hold ``data`` read from ``path``."""
        self.path, self.data = path, data

    @property
    def structures(self) -> gpd.GeoDataFrame:
        """Structures, with footprints in EPSG:4326 where they are known."""
        from siteline.frames import structures_frame

        return structures_frame(self.data.structures.values())

    @property
    def observations(self) -> pd.DataFrame:
        """Observations; ``when_start``/``when_end`` are half-open UTC bounds of the look, NaT where not stated."""
        return _frame(self.data.observations, Observation)

    @property
    def scenes(self) -> pd.DataFrame:
        """Scenes (acquisitions)."""
        return _frame(self.data.scenes.values(), Scene)

    @property
    def sources(self) -> pd.DataFrame:
        """Sources, with whom they repeat."""
        return _frame(self.data.sources.values(), Source)

    @property
    def claims(self) -> pd.DataFrame:
        """Claims as published."""
        return _frame(self.data.claims, Claim)

    @property
    def events(self) -> pd.DataFrame:
        """Events."""
        return _frame(self.data.events.values(), Event)

    @property
    def statements(self) -> pd.DataFrame:
        """Statements."""
        return _frame(self.data.statements, Statement)

    @cached_property
    def answer(self) -> flow.Answer:
        """Everything dated and weighed, changes found in the pixels included. Raises ``NothingToDate``."""
        return flow.answer(flow.with_images(self.path, self.data))

    @property
    def transitions(self) -> pd.DataFrame:
        """Dated transitions: bracket, intervals, probability (see ``siteline date --json``)."""
        from siteline.dating.frames import transitions_frame

        return transitions_frame(self.answer.dating)

    @property
    def states(self) -> pd.DataFrame:
        """P(state) of each structure over time."""
        from siteline.dating.frames import states_frame

        return states_frame(self.answer.dating)

    @property
    def verdicts(self) -> pd.DataFrame:
        """Verdict on each claim (see ``siteline claims --json``)."""
        from siteline.frames import verdicts_frame

        return verdicts_frame(self.answer.weighing.claims)

    @property
    def positions(self) -> pd.DataFrame:
        """Where key events fall against transitions: P(before, during, after) and whether the images decide."""
        from siteline.frames import positions_frame

        return positions_frame(self.answer.weighing.positions)

    @cached_property
    def images(self) -> tuple[ImageScene, ...]:
        """The scenes with pixels that searches found and that are used, by time. Raises ``NoScenes``."""
        return flow.choose(self.path)

    def cube(
        self,
        *,
        structure: str = "",
        res: float | None = None,
        bands: Sequence[str] | None = None,
        reference: str | None = None,
        chunks: Mapping[str, int] | None = None,
        offline: bool = False,
    ) -> xr.Dataset:
        """The pixels of ``images`` on the grid of the site, or around one structure; see ``siteline.load``.

        ``res``: metres a pixel, else those of the finest scene. ``offline``: copies and local files only. Raises
        ``NoScenes``, ``NoArea``, ``MixedStack``, ``BadInput``.
        """
        return flow.cube(
            self.path,
            self.images,
            structure=structure,
            res=res,
            bands=bands,
            reference=reference,
            chunks=chunks,
            offline=offline,
        )

    def report(self, out: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write the report into folder ``out``; returns the paths of the HTML and the PDF. Raises ``FileTrouble``."""
        return flow.publish(self.answer, Path(out), pixels=flow.shown(self.path))


def open(path: str | os.PathLike[str]) -> OpenCase:
    """Read the case file ``path``. Raises ``FileTrouble`` if it is missing, no case, or from a newer siteline."""
    return OpenCase(Path(path), flow.read(Path(path)))


def date(
    observations: pd.DataFrame | Iterable[Mapping[str, Any]] | Sequence[Observation],
    *,
    vocabulary: Mapping[str, str] | None = None,
    rates: Mapping[str, float] | None = None,
    noise: Mapping[str, float] | None = None,
) -> Dating:
    """Date observations without a case file.

    ``observations``: a frame or rows with structure_id, acquired_date (EDTF, or a date), state, confidence and, where
    known, observation_id, observer, source_id; or ``Observation`` records. ``vocabulary``, ``rates`` (per year) and
    ``noise`` are as in a case's settings. ``transitions_frame(result)`` and ``states_frame(result)`` give frames. Raises
    ``BadInput`` naming the row, ``BadSetting`` naming the setting, ``NothingToDate`` when no observation has a date.
    """
    from siteline.dating.engine import date_observations
    from siteline.dating.frames import observations_from_frame, observations_from_rows

    settings = _settings(vocabulary=vocabulary or {}, rates=rates or {}, noise=noise or {})
    records: Sequence[Observation]
    if _is_frame(observations):
        records = observations_from_frame(observations)
    else:
        given = list(observations)
        ready = [row for row in given if isinstance(row, Observation)]
        loose = [cast(Mapping[str, Any], row) for row in given if not isinstance(row, Observation)]
        if not all(isinstance(row, Mapping) for row in loose):
            raise BadInput("observations must be a frame, or a list of mappings or Observation records")
        records = [*ready, *observations_from_rows(loose)]
    flow.require_dated(records)
    return date_observations(records, settings)


def _settings(**given: Mapping[str, Any]) -> Settings:
    """The settings checked as those of a case are, whatever kind of mapping or number they came in."""
    try:
        text = json.dumps({name: dict(value) for name, value in given.items()}, default=float)
    except (TypeError, ValueError) as error:
        raise BadSetting(" or ".join(given), f"{error}; give mappings from text to text or numbers") from None
    return Settings.from_json(text)


def _is_frame(given: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a frame, without importing pandas for those who give none."""
    return hasattr(given, "columns")


def _frame(records: Iterable[Any], kind: type) -> pd.DataFrame:
    from siteline.frames import records_frame

    return records_frame(records, kind)
