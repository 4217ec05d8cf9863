"""What a case may set, with the defaults and where they come from.

Settings are one JSON object, kept in the case and written to ``settings.json`` on export. Unknown names are errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from siteline.model.errors import BadDate, BadSetting
from siteline.model.span import Span
from siteline.model.states import KNOWN_WORDS, STATES


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one case.

    ``title``, ``subtitle``: headline of the report. ``period``: ``[start, end]`` EDTF dates of interest, or empty for
    the extent of the observations. ``vocabulary``: the case's own state words -> known words. ``rates``: overrides of
    the prior rate of a transition, ``"complete->being_dismantled"`` -> expected number per year. ``noise``: overrides of
    the share of wrong labels by confidence (``high``, ``medium``, ``low``) or by observer (``observer:<name>``).
    ``area``: the site as a WKT polygon or point in WGS 84 longitude and latitude, or empty for the extent of the footprints.
    ``key_events``: event ids the question turns on. ``key_structures``: structures that lead the report.
    """

    title: str = ""
    subtitle: str = ""
    period: tuple[str, ...] = ()
    area: str = ""
    vocabulary: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)
    key_events: tuple[str, ...] = ()
    key_structures: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Read and check a JSON object. Raises ``BadSetting`` naming the setting and the remedy."""
        try:
            raw = json.loads(text or "{}")
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadSetting("settings.json", f"not JSON ({error}); write one object") from None
        if not isinstance(raw, dict):
            raise BadSetting("settings.json", "must be one JSON object")
        known = {f.name for f in fields(cls)}
        for name in raw:
            if name not in known:
                raise BadSetting(str(name), f"not known; the settings are {', '.join(sorted(known))}")
        return cls(
            title=_text(raw, "title"),
            subtitle=_text(raw, "subtitle"),
            period=_period(raw),
            area=_area(raw),
            vocabulary=_vocabulary(raw),
            rates=_numbers(raw, "rates", 0.0, 366.0, _rate_name),
            noise=_numbers(raw, "noise", 0.0, 1.0, _noise_name),
            key_events=_texts(raw, "key_events"),
            key_structures=_texts(raw, "key_structures"),
        )

    def to_json(self) -> str:
        """The settings as JSON, defaults left out, keys sorted."""
        default = Settings()
        chosen: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if value != getattr(default, f.name):
                chosen[f.name] = (
                    dict(value) if isinstance(value, Mapping) else list(value) if isinstance(value, tuple) else value
                )
        return json.dumps(chosen, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def period_span(self) -> tuple[float, float] | None:
        """Period in days since 1970, or None when the case sets none."""
        if not self.period:
            return None
        return Span.parse(self.period[0]).first_day, Span.parse(self.period[1]).last_day


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise BadSetting(name, "must be text")
    return value


def _texts(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = raw.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise BadSetting(name, 'must be a list of texts, such as ["a", "b"]')
    return tuple(value)


def _period(raw: Mapping[str, Any]) -> tuple[str, ...]:
    period = _texts(raw, "period")
    if not period:
        return ()
    if len(period) != 2:
        raise BadSetting("period", 'must be two dates, such as ["2018-06-01", "2019-05-31"]')
    try:
        start, end = (Span.parse(p) for p in period)
    except BadDate as error:
        raise BadSetting("period", str(error)) from None
    if not (start.known and end.known):
        raise BadSetting("period", "both dates must be given in full")
    if start.first_day >= end.last_day:
        raise BadSetting("period", "its end lies before its start; swap them")
    return period


def _area(raw: Mapping[str, Any]) -> str:
    text = _text(raw, "area")
    if not text:
        return ""
    import shapely

    try:
        shape = shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        raise BadSetting("area", f"not WKT ({error}); write POLYGON ((lon lat, ...))") from None
    west, south, east, north = shape.bounds
    if shape.is_empty or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadSetting("area", "must lie in longitude -180 to 180 and latitude -90 to 90, longitude first")
    return text


def _vocabulary(raw: Mapping[str, Any]) -> Mapping[str, str]:
    value = raw.get("vocabulary", {})
    if not isinstance(value, dict):
        raise BadSetting("vocabulary", 'must be an object, such as {"No Activity": "absent"}')
    for word, target in value.items():
        if target not in KNOWN_WORDS:
            raise BadSetting("vocabulary", f"{word!r} is mapped to {target!r}; use one of {', '.join(KNOWN_WORDS)}")
    return dict(value)


def _numbers(raw: Mapping[str, Any], name: str, low: float, high: float, check: Any) -> Mapping[str, float]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise BadSetting(name, "must be an object of numbers")
    for key, number in value.items():
        if not isinstance(number, int | float) or isinstance(number, bool) or not low < number < high:
            raise BadSetting(name, f"{key!r} must be a number above {low:g} and below {high:g}")
        check(key)
    return {key: float(number) for key, number in value.items()}


def _rate_name(key: str) -> None:
    before, arrow, after = key.partition("->")
    if not arrow or before not in STATES or after not in STATES or before == after:
        raise BadSetting("rates", f"{key!r} is not a transition; write it as 'complete->being_dismantled'")


def _noise_name(key: str) -> None:
    if key not in ("high", "medium", "low") and not key.startswith("observer:"):
        raise BadSetting("noise", f"{key!r} must be high, medium, low or observer:<name>")
