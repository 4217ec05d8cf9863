"""What pixels show, as cells of a case's tables and back: nothing is rounded, missing numbers are blank (null in JSON)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from siteline.model.changed import Detected, Measured, PixelChange, Power, Size, Trust
from siteline.model.dated import Bracket, Posterior
from siteline.model.errors import BracketReversed, shorten

T = TypeVar("T")


class BadCell(ValueError):
    """A cell that cannot be read; says why, and how to make the row anew."""

    def __init__(self, column: str, reason: str, remedy: str) -> None:
        """Keep the ``column``."""
        self.column = column
        super().__init__(f"{reason}; {remedy}")


def number_text(value: float | None) -> str:
    """The shortest text that reads back as the same float64; "" for NaN and None."""
    return "" if value is None or math.isnan(value) else repr(float(value))


def number_of(text: str) -> float:
    """A number from its text; NaN for ""."""
    return float(text) if text else math.nan


def escaped(key: str) -> str:
    """``key`` as a part of a joined key: the parts stay apart whatever stands in them."""
    return key.replace("%", "%25").replace("/", "%2F")


def measured_row(row: Measured) -> tuple[str, ...]:
    """The cells of one measurement, in the order of the table's columns."""
    return (
        f"{escaped(row.structure_id)}/{row.scene_id}/{escaped(row.measure)}",
        row.structure_id,
        row.scene_id,
        row.stack,
        number_text(row.when),
        row.acquired,
        row.measure,
        number_text(row.value),
        number_text(row.spread),
        number_text(row.usable_share),
        row.reasons,
    )


def detected_cells(found: Detected) -> dict[str, str]:
    """The cells of what was found in one stack."""
    return {
        "detection_id": f"{escaped(found.structure_id)}/{found.stack}",
        "structure_id": found.structure_id,
        "stack": found.stack,
        "measures": _json(list(found.measures)),
        "scenes": str(found.scenes),
        "first_days": number_text(found.first),
        "last_days": number_text(found.last),
        "probability": number_text(found.probability),
        "evidence": number_text(found.evidence),
        "threshold": number_text(found.threshold),
        "changes": _json([_change_json(change) for change in found.changes]),
        "prior": _json({name: _told(value) for name, value in found.prior.items()}),
        "doubts": _json(list(found.doubts)),
        "conflict": found.conflict,
        "note": found.note,
    }


def detected_of(cells: Mapping[str, str]) -> Detected:
    """What was found, from its cells. Raises ``BadCell``."""
    remedy = "detect again: siteline detect"
    return Detected(
        structure_id=cells["structure_id"],
        stack=cells["stack"],
        measures=_read(cells, "measures", _texts, remedy),
        scenes=int(cells["scenes"]),
        first=number_of(cells["first_days"]),
        last=number_of(cells["last_days"]),
        probability=number_of(cells["probability"]),
        evidence=number_of(cells["evidence"]),
        threshold=number_of(cells["threshold"]),
        changes=_read(cells, "changes", lambda value: tuple(map(_change, _list(value))), remedy),
        prior=_read(cells, "prior", lambda value: {name: _number(v) for name, v in dict(value).items()}, remedy),
        doubts=_read(cells, "doubts", _texts, remedy),
        conflict=cells["conflict"],
        note=cells["note"],
    )


def trust_cells(trust: Trust) -> dict[str, str]:
    """The cells of what placebos and injections told."""
    return {
        "trust_id": f"{escaped(trust.structure_id)}/{trust.stack}",
        "structure_id": trust.structure_id,
        "stack": trust.stack,
        "placebos": str(trust.placebos),
        "exceeding": str(trust.exceeding),
        "nominal": number_text(trust.nominal),
        "threshold": number_text(trust.threshold),
        "temperature": number_text(trust.temperature),
        "covered": number_text(trust.covered),
        "ground_m": number_text(trust.ground_m),
        "power": _json([_power_json(power) for power in trust.power]),
        "note": trust.note,
    }


def trust_of(cells: Mapping[str, str]) -> Trust:
    """What placebos and injections told, from its cells. Raises ``BadCell``."""
    return Trust(
        structure_id=cells["structure_id"],
        stack=cells["stack"],
        placebos=int(cells["placebos"]),
        exceeding=int(cells["exceeding"]),
        nominal=number_of(cells["nominal"]),
        threshold=number_of(cells["threshold"]),
        temperature=number_of(cells["temperature"]),
        covered=number_of(cells["covered"]),
        ground_m=number_of(cells["ground_m"]),
        power=_read(cells, "power", lambda value: tuple(map(_power, _list(value))), "try again: siteline trust"),
        note=cells["note"],
    )


def _change_json(change: PixelChange) -> dict[str, Any]:
    return {
        "shape": change.shape,
        "ramp_days": _told(change.ramp_days),
        "after": None if change.bracket.after is None else _told(change.bracket.after),
        "by": None if change.bracket.by is None else _told(change.bracket.by),
        "after_scene": change.after_scene,
        "by_scene": change.by_scene,
        "edges": [_told(day) for day in change.posterior.edges],
        "mass": [_told(mass) for mass in change.posterior.mass],
        "interval50": [_told(day) for day in change.interval50],
        "interval90": [_told(day) for day in change.interval90],
        "interval95": [_told(day) for day in change.interval95],
        "probability": _told(change.probability),
        "sizes": [[size.measure, _told(size.size), _told(size.sd)] for size in change.sizes],
    }


def _change(value: Any) -> PixelChange:
    edges, mass = (np.array([_number(v) for v in _list(value[name])], dtype=np.float64) for name in ("edges", "mass"))
    if value["shape"] not in ("step", "ramp"):
        raise ValueError(f"{value['shape']!r} is neither step nor ramp")
    if len(edges) != len(mass) + 1:
        raise ValueError(f"a posterior has {len(mass)} masses between {len(edges)} edges")
    ends = (None if value[name] is None else _number(value[name]) for name in ("after", "by"))
    return PixelChange(
        shape=value["shape"],
        ramp_days=_number(value["ramp_days"]),
        bracket=Bracket(*ends),
        after_scene=_text(value["after_scene"]),
        by_scene=_text(value["by_scene"]),
        posterior=Posterior(edges, mass),
        interval50=_pair(value["interval50"]),
        interval90=_pair(value["interval90"]),
        interval95=_pair(value["interval95"]),
        probability=_number(value["probability"]),
        sizes=tuple(Size(_text(name), _number(size), _number(sd)) for name, size, sd in _list(value["sizes"])),
    )


def _power_json(power: Power) -> dict[str, Any]:
    return {
        "size_m": _told(power.size_m),
        "contrast": _told(power.contrast),
        "unit": power.unit,
        "days": _told(power.days),
        "injected": power.injected,
        "found": power.found,
        "dated": power.dated,
    }


def _power(value: Any) -> Power:
    counts = [value[name] for name in ("injected", "found", "dated")]
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("injected, found and dated must be whole numbers")
    numbers = (_number(value[name]) for name in ("size_m", "contrast", "days"))
    size, contrast, days = numbers
    return Power(size, contrast, _text(value["unit"]), days, *counts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _told(value: float) -> float | str | None:
    """A number for strict JSON, which has none for NaN and infinity."""
    value = float(value)
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if value in ("inf", "-inf") or (isinstance(value, int | float) and not isinstance(value, bool)):
        return float(value)
    raise ValueError(f"{shorten(str(value))!r} is not a number")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shorten(str(value))!r} is not text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{shorten(str(value))!r} is not a list")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _pair(value: Any) -> tuple[float, float]:
    first, last = _list(value)
    return _number(first), _number(last)


def _read(cells: Mapping[str, str], column: str, take: Callable[[Any], T], remedy: str) -> T:
    """The JSON of one cell as what it should be. Raises ``BadCell``."""
    try:
        return take(json.loads(cells[column]))
    except json.JSONDecodeError as error:
        raise BadCell(column, f"is not JSON ({error.msg} at character {error.pos + 1})", remedy) from None
    except KeyError as error:
        raise BadCell(column, f"lacks {error.args[0]!r}", remedy) from None
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError, BracketReversed) as error:
        raise BadCell(column, f"is not what it should be ({error})", remedy) from None
