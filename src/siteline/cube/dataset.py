"""The cube as an xarray Dataset: pixels, why some are not usable, and what is known of each scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.model.scene import ImageScene

if TYPE_CHECKING:
    import xarray

_FLAGS: Final = {
    "long_name": "why a pixel is not usable",
    "flag_values": np.array([reason.value for reason in Reason], dtype=np.uint8),
    "flag_meanings": " ".join(reason.word.replace(" ", "_") for reason in Reason),
}


@dataclass(slots=True)
class Record:
    """What loading found out about one scene. ``shift``: pixels taken off (right, down); NaN where none was looked for.

    ``unread``: why a file of it could not be read, so that none of its pixels is used; "" where all were.
    """

    scene: ImageScene
    doubts: list[str] = field(default_factory=list)
    usable_share: float = float("nan")
    alignment: str = "not tried"
    shift: tuple[float, float] = (float("nan"), float("nan"))
    residual: float = float("nan")
    votes: int = 0
    unread: str = ""


def assemble(values: Any, reason: Any, records: Sequence[Record], bands: Sequence[str], grid: Grid) -> xarray.Dataset:
    """The Dataset of ``values`` (Float32[time, band, y, x]) and ``reason`` (Uint8[time, y, x]), NumPy or dask."""
    import xarray

    radar = any(record.scene.sensor == "radar" for record in records)
    valid = reason == 0
    meaning = "gamma0 backscatter, linear" if radar else "reflectance"
    return xarray.Dataset(
        {
            "gamma0" if radar else "reflectance": (
                ("time", "band", "y", "x"),
                values,
                {"units": "1", "long_name": meaning, "grid_mapping": "spatial_ref"},
            ),
            "valid": (
                ("time", "y", "x"),
                valid,
                {"long_name": "usable in every band", "grid_mapping": "spatial_ref"},
            ),
            "reason": (("time", "y", "x"), reason, {**_FLAGS, "grid_mapping": "spatial_ref"}),
        },
        coords={
            **_place(grid),
            "band": ("band", np.array(bands, dtype=object).astype(str)),
            "time": ("time", times(records), {"long_name": "start of the acquisition, UTC"}),
            **_about(records),
            "usable_share": ("time", np.array([record.usable_share for record in records]), {"units": "1"}),
        },
        attrs={"Conventions": "CF-1.11"},
    )


def times(records: Sequence[Record]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Start of each scene in UTC as datetime64[ns]; NaT where none is known."""
    starts = [record.scene.when.start for record in records]
    return np.array(
        [
            np.datetime64("NaT", "ns") if s is None else np.datetime64(s.astimezone(UTC).replace(tzinfo=None), "ns")
            for s in starts
        ],
        dtype="datetime64[ns]",
    )


def _place(grid: Grid) -> dict[str, Any]:
    from pyproj import CRS

    crs = CRS.from_user_input(grid.crs)
    a, b, c, d, e, f = grid.transform
    # projected CRS or degrees: the names that CF gives the two
    names = ("latitude", "longitude") if crs.is_geographic else ("projection_y_coordinate", "projection_x_coordinate")
    units = ("degrees_north", "degrees_east") if crs.is_geographic else (crs.axis_info[0].unit_name,) * 2
    mapping = {**crs.to_cf(), "GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"}
    return {
        "y": ("y", grid.ys(), {"standard_name": names[0], "units": units[0]}),
        "x": ("x", grid.xs(), {"standard_name": names[1], "units": units[1]}),
        "spatial_ref": ((), np.int32(0), mapping),
    }


def _about(records: Sequence[Record]) -> dict[str, Any]:
    def text(values: list[str]) -> Any:
        return ("time", np.array(values, dtype=str))

    scenes = [record.scene for record in records]
    orbits = [-1 if scene.relative_orbit is None else scene.relative_orbit for scene in scenes]
    return {
        "scene_id": text([scene.scene_id for scene in scenes]),
        "source": text([scene.source for scene in scenes]),
        "provider": text([scene.provider for scene in scenes]),
        "platform": text([scene.platform for scene in scenes]),
        "when": text([scene.when.text for scene in scenes]),
        "when_kind": text([scene.when_kind for scene in scenes]),
        "credit": text([scene.credit for scene in scenes]),
        "licence": text([scene.licence for scene in scenes]),
        "quantity": text([scene.quantity for scene in scenes]),
        "calibration": text([scene.calibration for scene in scenes]),
        "baseline": text([scene.baseline for scene in scenes]),
        "relative_orbit": ("time", np.array(orbits, dtype=np.int64)),
        "doubt": text(["; ".join(record.doubts) for record in records]),
        "unread": text([record.unread for record in records]),
        "alignment": text([record.alignment for record in records]),
        "shift_x": ("time", np.array([record.shift[0] for record in records]), {"units": "pixels"}),
        "shift_y": ("time", np.array([record.shift[1] for record in records]), {"units": "pixels"}),
        "residual": ("time", np.array([record.residual for record in records]), {"units": "pixels"}),
        "votes": ("time", np.array([record.votes for record in records], dtype=np.int64)),
    }
