"""Radar measures: decibels, the speckle's own spread, orbits apart."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cube_samples import cube
from cube_scenes import data, scene
from siteline.measure.areas import ground_of
from siteline.measure.pixels import pixels_of
from siteline.measure.radar import looks, speckle_db
from siteline.measure.stacks import family, stack_name, with_facts
from siteline.measure.table import measure
from siteline.model.changed import Measured

SIDE, DATES = 50, 30
HALL = np.zeros((SIDE, SIDE), bool)
HALL[20:26, 20:26] = True


def speckled(looks_: float, change: int = 0) -> np.ndarray:
    """Gamma-distributed intensity about 0.1, Float[time, band, y, x]; the hall is 6 dB above from date ``change`` on."""
    rng = np.random.default_rng(8)
    mean = np.full((DATES, 2, SIDE, SIDE), 0.1)
    mean[change:, :, HALL] *= 10**0.6
    return mean * rng.gamma(looks_, 1 / looks_, mean.shape)


def passes(values: np.ndarray, **facts: object) -> xr.Dataset:
    when = [str(np.datetime64("2019-01-01T06:00") + np.timedelta64(6 * n, "D")) + "Z" for n in range(len(values))]
    orbits = {"relative_orbit": [137] * len(values), "platform": ["sentinel-1a"] * len(values), **facts}
    return cube(values, None, when, bands=("vv", "vh"), name="gamma0", **orbits)  # type: ignore[arg-type]


def column(rows: tuple[Measured, ...], name: str, field: str = "value") -> np.ndarray:
    return np.array([getattr(row, field) for row in rows if row.measure == name])


@pytest.mark.parametrize("number", [1.0, 4.9, 12.0])
def test_the_number_of_looks_is_found(number: float):
    found = looks(pixels_of(passes(speckled(number)), HALL))
    assert found == pytest.approx(number, rel=0.15)


@pytest.mark.parametrize("number", [1.0, 4.9])
def test_contrast_is_recovered_and_its_spread_is_the_scatter(number: float):
    rows = measure(passes(speckled(number)), {"hall": HALL})
    assert {row.measure for row in rows} == {
        f"{kind}:{band}" for kind in ("mean", "contrast", "control") for band in ("vv", "vh")
    }
    contrast = column(rows, "contrast:vv")
    assert contrast.mean() == pytest.approx(6.0, abs=0.3)
    assert contrast.std() == pytest.approx(column(rows, "contrast:vv", "spread").mean(), rel=0.35)
    assert {row.stack for row in rows} == {"sentinel-1 10 m orbit 137"}


def test_a_change_is_a_step_in_decibels():
    rows = measure(passes(speckled(4.9, change=15)), {"hall": HALL})
    for name in ("contrast:vh", "control:vh", "mean:vh"):
        found = column(rows, name)
        assert found[15:].mean() - found[:15].mean() == pytest.approx(6.0, abs=0.4), name


def test_backscatter_that_is_not_positive_is_missing():
    values = speckled(4.9)
    values[3] = 0.0
    values[4, :, HALL] = -1.0
    values[5, :, HALL] = np.nan
    rows = measure(passes(values), {"hall": HALL})
    assert np.isnan(column(rows, "mean:vv")[3:6]).all()
    assert np.isfinite(column(rows, "mean:vv")[6:]).all()


def test_orbits_are_series_of_their_own():
    rows = measure(passes(speckled(4.9), relative_orbit=[137, 64] * (DATES // 2)), {"hall": HALL})
    counts = {stack: sum(r.stack == stack and r.measure == "mean:vv" for r in rows) for stack in {r.stack for r in rows}}
    assert counts == {"sentinel-1 10 m orbit 137": 15, "sentinel-1 10 m orbit 64": 15}


def test_stacks_are_named_by_family_pixel_meaning_and_orbit():
    assert [family(p) for p in ("sentinel-2a", "Sentinel-2C", "LANDSAT_8", "landsat-9", "landsat-7", "")] == [
        *("sentinel-2", "sentinel-2", "landsat 8-9", "landsat 8-9", "landsat-7", "unknown sensor"),
    ]
    assert family("planetscope 1034") == family("planetscope 2201") == "planetscope"
    s2 = scene("a", "2019-01-01", platform="sentinel-2b", quantity="surface_reflectance")
    assert stack_name(s2, 10.0) == "sentinel-2 10 m"
    raw = scene("b", "2019-01-01", platform="worldview-3")
    assert stack_name(raw, 0.5) == "worldview-3 0.5 m uncalibrated"
    facts = {"platform": "sentinel-1a", "sensor": "radar", "quantity": "gamma0"}
    up = scene("c", "2019-01-01", relative_orbit=137, orbit_state="ascending", **facts)
    assert stack_name(up, 10.0) == "sentinel-1 10 m orbit 137 ascending"
    assert stack_name(scene("d", "2019-01-01", tile="T137", **facts), 30.0) == "sentinel-1 30 m unknown orbit T137"


def test_the_facts_of_scenes_come_to_their_own_dates():
    pair = [scene(f"s{n}", "2019-01-01", platform="sentinel-2a", sun_azimuth=a) for n, a in ((1, 150.0), (0, None))]
    told = with_facts(cube(np.full((2, 3, 4, 4), 0.1)), pair, 10.0)
    assert np.isnan(told.sun_azimuth.values[0]) and told.sun_azimuth.values[1] == 150.0
    assert list(told["stack"].values) == ["sentinel-2 10 m uncalibrated"] * 2


def test_real_backscatter_without_a_change_stays_level():
    import rasterio

    files = sorted(data("santa-barbara-s1").rglob("*VV*.tif"))
    if not files:
        pytest.skip("santa-barbara-s1 has no files named VV")
    values = []
    for path in files:
        with rasterio.open(path) as file:
            values.append(file.read(1)[:90, :90])
    stack = np.stack(values)[:, None]
    made = passes(np.concatenate([stack, stack], axis=1))
    assert ground_of(made).shape == stack.shape[-2:]
    spot = np.zeros(stack.shape[-2:], bool)
    spot[40:45, 40:45] = True
    contrast = column(measure(made, {"hall": spot}), "control:vv")
    assert np.nanstd(contrast) < 4
    assert np.all(speckle_db(pixels_of(made, spot)) > 0.3)
