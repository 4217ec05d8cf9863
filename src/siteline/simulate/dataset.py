"""A simulated site as the cube that loading its files would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from siteline.model.errors import BadInput, NoScenes
from siteline.model.grid import Grid
from siteline.model.reasons import Reason
from siteline.simulate.frames import Codes, Frame, frames, scenery_of
from siteline.simulate.plan import Plan
from siteline.simulate.products import Product, product_of
from siteline.simulate.scenery import Scenery
from siteline.simulate.sensors import Sensor

if TYPE_CHECKING:
    import xarray

DILATE_M: Final = 40.0
"""Metres by which ``cube.load`` widens clouds and shadows unless told otherwise."""


def render_cube(plan: Plan, sensor: str = "", relative_orbit: int | None = None) -> xarray.Dataset:
    """The cube of one sensor of ``plan`` (its first, unless named), as ``cube.load`` gives it, without writing files.

    Radar has a cube for each ``relative_orbit``; the first is taken where none is given. Returns a Dataset with
    ``reflectance`` (or ``gamma0``), Float32[time, band, y, x], all of it finite; ``valid``, Bool[time, y, x];
    ``reason``, Uint8[time, y, x], clouds and shadows that the mask layer knows, widened by 40 m; and the coordinates of
    ``cube.dataset``. Beside them the truth: ``true_cloud``, Float32[time, y, x] (opacity), ``true_shadow`` (share of direct
    light taken by clouds), both without what the mask layer misses or adds, and ``true_shift_x``, ``true_shift_y``,
    Float64[time], pixels by which the content lies too far right and down.

    Raises ``BadInput`` for a sensor or an orbit that the plan does not have, ``NoScenes`` where it never passes.
    """
    chosen = plan.sensor(sensor)
    orbit = _one_orbit(chosen, relative_orbit)
    scenery = scenery_of(plan, chosen)
    taken = list(frames(scenery, orbit))
    if not taken:
        raise NoScenes(f"{chosen.name} takes no image from {plan.period[0]} to {plan.period[1]}; simulate a longer period")
    values = np.stack([frame.values for frame in taken])
    reason = np.stack([reasons(frame, scenery) for frame in taken])
    products = [product_of(frame.taken, plan) for frame in taken]
    return _assembled(values, reason, taken, products, chosen, scenery.grid)


def reasons(frame: Frame, scenery: Scenery) -> Codes:
    """Why pixels are not usable, Uint8[y, x], as loading finds it from the mask layer: clouds and shadows widened."""
    grid, coarse = scenery.grid, scenery.mask_grid
    if frame.mask is None:
        return np.zeros(grid.shape, dtype=np.uint8)
    wide = _widened(frame.mask, max(DILATE_M, grid.res / 2) / coarse.res)
    rows = ((coarse.top - grid.ys()) / coarse.res).astype(np.intp)
    cols = ((grid.xs() - coarse.left) / coarse.res).astype(np.intp)
    return wide.take(rows, axis=0).take(cols, axis=1)


def _one_orbit(sensor: Sensor, named: int | None) -> int | None:
    known = [orbit.relative_orbit for orbit in sensor.orbits]
    if named is not None and named not in known:
        raise BadInput(f"{sensor.name} has no relative orbit {named}; it has {', '.join(map(str, known))}")
    return known[0] if named is None and sensor.looks is not None else named


def _widened(codes: Codes, radius: float) -> Codes:
    """Clouds and shadows widened by a disk of ``radius`` cells, centre to centre; where several hold, the lowest code."""
    from scipy.ndimage import distance_transform_edt

    out = codes - np.uint8(1)  # 0, usable, becomes the highest
    for reason in (Reason.CLOUD, Reason.SHADOW):
        marked = codes == reason
        if marked.all():
            return codes
        if radius >= 1 and marked.any():
            np.minimum(out, np.uint8(reason - 1), out=out, where=distance_transform_edt(~marked) <= radius)
    return np.asarray(out + np.uint8(1))


def _assembled(
    values: Any, reason: Any, taken: Sequence[Frame], products: Sequence[Product], sensor: Sensor, grid: Grid
) -> xarray.Dataset:
    import xarray
    from pyproj import CRS

    n, radar = len(taken), sensor.looks is not None
    a, b, c, d, e, f = grid.transform
    mapping = {**CRS.from_user_input(grid.crs).to_cf(), "GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"}
    cubes, layers = ("time", "band", "y", "x"), ("time", "y", "x")
    flags = {
        "flag_values": np.array([each.value for each in Reason], dtype=np.uint8),
        "flag_meanings": " ".join(each.word.replace(" ", "_") for each in Reason),
    }
    return xarray.Dataset(
        {
            "gamma0" if radar else "reflectance": (cubes, values, {"units": "1", "grid_mapping": "spatial_ref"}),
            "valid": (layers, reason == 0, {"grid_mapping": "spatial_ref"}),
            "reason": (layers, reason, {**flags, "grid_mapping": "spatial_ref"}),
            "true_cloud": (layers, np.stack([frame.cloud for frame in taken])),
            "true_shadow": (layers, np.stack([frame.shadow for frame in taken])),
        },
        coords={
            "y": ("y", grid.ys(), {"standard_name": "projection_y_coordinate", "units": "metre"}),
            "x": ("x", grid.xs(), {"standard_name": "projection_x_coordinate", "units": "metre"}),
            "spatial_ref": ((), np.int32(0), mapping),
            "band": ("band", np.array(sensor.bands, dtype=str)),
            "time": ("time", _times(taken), {"long_name": "start of the acquisition, UTC"}),
            **{name: ("time", column) for name, column in _about(taken, products).items()},
            "usable_share": ("time", (reason == 0).reshape(n, -1).mean(axis=1), {"units": "1"}),
        },
        attrs={"Conventions": "CF-1.11"},
    )


def _times(taken: Sequence[Frame]) -> Any:
    return np.array([round(frame.taken.days * 86400) for frame in taken], dtype="datetime64[s]").astype("datetime64[ns]")


def _about(taken: Sequence[Frame], products: Sequence[Product]) -> dict[str, Any]:
    """Coordinates along time, as ``cube.dataset`` names them, and the true misregistration."""
    n = len(taken)
    names = (
        "scene_id",
        "source",
        "provider",
        "platform",
        "when",
        "credit",
        "licence",
        "quantity",
        "calibration",
        "baseline",
    )
    texts = {name: np.array([getattr(product, name) for product in products], dtype=str) for name in names}
    return {
        **texts,
        "when_kind": np.array(["acquired"] * n),
        "relative_orbit": np.array([_or(product.relative_orbit, -1) for product in products], dtype=np.int64),
        "doubt": np.array([""] * n, dtype=str),
        "unread": np.array([""] * n, dtype=str),
        "alignment": np.array(["not tried"] * n),
        "shift_x": np.full(n, math.nan),
        "shift_y": np.full(n, math.nan),
        "residual": np.full(n, math.nan),
        "votes": np.zeros(n, dtype=np.int64),
        "true_shift_x": np.array([frame.shift_px[0] for frame in taken]),
        "true_shift_y": np.array([frame.shift_px[1] for frame in taken]),
    }


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
