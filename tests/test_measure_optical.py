"""Optical measures on cubes of known numbers, against plain loops and scipy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize_scalar
from scipy.stats import median_abs_deviation

from cube_samples import cube
from siteline.measure.areas import area_of_mask
from siteline.measure.robust import huber
from siteline.measure.table import measure
from siteline.model.changed import Measured

BANDS = ("blue", "green", "red", "nir")
SIDE, DATES = 60, 24
HALL = np.zeros((SIDE, SIDE), bool)
HALL[28:33, 27:34] = True


def ground(seed: int = 5, noise: float = 0.004) -> np.ndarray:
    """Quiet ground, Float[time, band, y, x], with a season and a hall that is 0.2 brighter."""
    rng = np.random.default_rng(seed)
    level = np.array([0.06, 0.08, 0.1, 0.2])[:, None, None]
    season = 0.03 * np.sin(np.arange(DATES) / 4)[:, None, None, None] * level / 0.1
    pattern = 0.01 * rng.normal(size=(SIDE, SIDE))
    values = level + season + pattern + rng.normal(0, noise, (DATES, 4, SIDE, SIDE))
    return values + 0.2 * HALL


def scenes(values: np.ndarray, reason: np.ndarray | None = None, **facts: object) -> xr.Dataset:
    when = [str(np.datetime64("2019-01-01T10:00") + np.timedelta64(10 * n, "D")) + "Z" for n in range(len(values))]
    bands = BANDS[: values.shape[1]]
    return cube(values, reason, when, bands=bands, **facts)  # type: ignore[arg-type]


def series(rows: tuple[Measured, ...], measure_: str, structure: str = "hall") -> np.ndarray:
    found = np.array([row.value for row in rows if row.measure == measure_ and row.structure_id == structure])
    assert len(found), measure_
    return found


def spreads(rows: tuple[Measured, ...], measure_: str) -> np.ndarray:
    return np.array([row.spread for row in rows if row.measure == measure_])


def test_the_huber_mean_is_that_of_a_minimiser():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(5, 1, 40), [30.0, -12.0, 18.0]])
    w = rng.uniform(0.1, 1, len(x))
    sd = median_abs_deviation(x) * 1.4826

    def loss(m: float) -> float:
        r = np.abs(x - m) / sd
        return float((w * np.where(r <= 1.345, r**2 / 2, 1.345 * (r - 1.345 / 2))).sum())

    found = huber(x, w)
    assert float(found.value) == pytest.approx(minimize_scalar(loss, bounds=(0, 10), method="bounded").x, abs=1e-4)
    draws = np.array([huber(rng.normal(0, 1, 40), np.ones(40))[:2] for _ in range(600)])
    assert draws[:, 0].std() == pytest.approx(draws[:, 1].mean(), rel=0.1)  # the error says how far it scatters


def test_huber_of_one_pixel_of_equal_ones_and_of_none():
    one = huber(np.array([[0.3]]), np.array([0.2]))
    assert one.value[0] == 0.3 and np.isnan(one.error[0])
    same = huber(np.full(9, 0.25), np.ones(9))
    assert (same.value, same.error) == (0.25, 0)
    none = huber(np.array([[np.nan, np.nan], [1.0, np.inf]]), np.ones(2))
    assert np.isnan(none.value[0]) and none.number[0] == 0 and none.value[1] == 1.0


def test_a_constant_contrast_is_recovered_and_its_spread_says_how_well():
    rows = measure(scenes(ground()), {"hall": HALL})
    for band in BANDS:
        assert series(rows, f"contrast:{band}") == pytest.approx(0.2, abs=0.012)
        steady = series(rows, f"control:{band}")
        assert np.std(steady) < 0.003  # the season is gone
    assert np.ptp(series(rows, "mean:nir")) > 0.08
    off = series(rows, "contrast:nir") - series(rows, "contrast:nir").mean()
    assert off.std() < 1.5 * spreads(rows, "contrast:nir").mean()


def test_a_change_is_seen_by_every_measure_of_its_kind():
    values = ground()
    values[12:] -= 0.2 * HALL
    rows = measure(scenes(values), {"hall": HALL})
    for name in ("contrast:red", "control:red"):
        found = series(rows, name)
        assert found[:12].mean() - found[12:].mean() == pytest.approx(0.2, abs=0.01), name
    edges = series(rows, "contrast:edges")
    assert edges[:12].mean() - edges[12:].mean() > 1


def test_haze_that_both_share_cancels():
    haze = np.random.default_rng(0).uniform(0, 0.1, (DATES, 4, 1, 1))
    clear, hazy = (measure(scenes(ground() + more), {"hall": HALL}) for more in (0 * haze, haze))
    for kind, band in product(("contrast",), BANDS):
        assert series(hazy, f"{kind}:{band}") == pytest.approx(series(clear, f"{kind}:{band}"), abs=1e-5)
    for name in ("texture", "edges", "contrast:texture", "contrast:edges", "coherence"):
        assert series(hazy, name) == pytest.approx(series(clear, name), abs=1e-4)
    assert np.std(series(hazy, "control:red")) < 0.004 < 0.02 < np.std(series(hazy, "mean:red"))


def test_gain_scales_a_contrast_by_itself_and_leaves_ratios_alone():
    gain = np.linspace(0.8, 1.2, DATES)[:, None, None, None]
    plain, scaled = (measure(scenes(ground() * more), {"hall": HALL}) for more in (gain**0, gain))
    assert series(scaled, "contrast:red") == pytest.approx(series(plain, "contrast:red") * gain.ravel(), abs=1e-5)
    assert series(scaled, "contrast:texture") == pytest.approx(series(plain, "contrast:texture"), abs=1e-4)


def test_numbers_without_calibration_compare_within_their_scene():
    gain, haze = np.random.default_rng(2).uniform([[0.5], [-1]], [[5], [9]], (2, DATES))[..., None, None, None]
    facts = {"quantity": ["digital_number"] * DATES}
    plain, stretched = (measure(scenes(v, **facts), {"hall": HALL}) for v in (ground(), ground() * 100 * gain + 100 * haze))
    for name in ("mean:red", "contrast:red", "control:nir", "contrast:texture"):
        assert series(stretched, name) == pytest.approx(series(plain, name), abs=2e-3), name
    assert plain[0].stack.endswith("uncalibrated")


def test_means_contrasts_and_patterns_are_those_of_plain_loops():
    values = ground()
    rows = measure(scenes(values), {"hall": HALL})
    t = 7
    inside = [float(values[t, 2].astype(np.float32)[p]) for p in zip(*np.nonzero(HALL), strict=True)]
    assert series(rows, "mean:red")[t] == pytest.approx(np.mean(inside), abs=0.004)
    grey = values[t, [2, 1, 0]].astype(np.float32).astype(float).mean(axis=0)
    fine, slopes = [], []
    for r, c in zip(*np.nonzero(HALL), strict=True):
        fine.append(grey[r, c] - grey[r - 1 : r + 2, c - 1 : c + 2].mean())
        slopes.append(np.hypot(grey[r, c + 1] - grey[r, c - 1], grey[r + 1, c] - grey[r - 1, c]) / 2)
    assert series(rows, "texture")[t] == pytest.approx(np.std(fine), rel=1e-5)
    assert series(rows, "edges")[t] == pytest.approx(np.mean(slopes), rel=1e-5)


def test_coherence_tells_stripes_from_a_mess():
    rng = np.random.default_rng(4)
    stripes = np.broadcast_to(0.2 + 0.1 * np.sin(np.arange(SIDE) / 2), (3, 4, SIDE, SIDE))
    mess = 0.2 + 0.1 * rng.normal(size=(3, 4, SIDE, SIDE))
    of = {name: measure(scenes(v), {"hall": HALL}) for name, v in (("stripes", stripes), ("mess", mess))}
    assert series(of["stripes"], "coherence") == pytest.approx(1.0, abs=1e-6)
    assert series(of["mess"], "coherence").max() < 0.6


SUNNY = np.full((SIDE, SIDE), 0.3)


def shaded(azimuth: float, length: int, res: float = 10.0) -> np.ndarray:
    """A hall of 6 x 6 pixels whose shadow falls ``length`` pixels away from the sun."""
    values = SUNNY.copy()
    for step in range(1, length + 1):
        down, right = (round(step * s) for s in (np.cos(np.radians(azimuth)), -np.sin(np.radians(azimuth))))
        values[27 + down : 33 + down, 27 + right : 33 + right] = 0.05
    values[27:33, 27:33] = 0.35
    return values


@pytest.mark.parametrize("azimuth", [20.0, 90.0, 163.0, 225.0])
def test_the_side_away_from_the_sun_is_darker(azimuth: float):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[27:33, 27:33] = True
    values = np.broadcast_to(np.stack([shaded(azimuth, 1), SUNNY])[:, None], (2, 3, SIDE, SIDE)).copy()
    sun = {"sun_azimuth": [azimuth, azimuth], "sun_elevation": [45.0, 45.0]}
    rows = measure(scenes(values, **sun), {"hall": mask})
    assert series(rows, "shadow") == pytest.approx([0.25, 0.0], abs=0.02)
    wrong = measure(scenes(values, **{**sun, "sun_azimuth": [azimuth + 180] * 2}), {"hall": mask})
    assert series(wrong, "shadow")[0] == pytest.approx(-0.25, abs=0.02)
    assert not [row for row in measure(scenes(values), {"hall": mask}) if row.measure == "shadow"]


def test_height_is_hinted_where_pixels_are_fine():
    mask = np.zeros((SIDE, SIDE), bool)
    mask[27:33, 27:33] = True
    values = np.broadcast_to(shaded(180.0, 12), (1, 3, SIDE, SIDE))
    sun = {"sun_azimuth": [180.0], "sun_elevation": [45.0]}
    rows = measure(scenes(values, res=1.0, **sun), {"hall": mask})
    assert series(rows, "height")[0] == pytest.approx(12.0, abs=1.5)
    coarse = measure(scenes(values, **sun), {"hall": mask})
    assert "height" not in {row.measure for row in coarse}
    flat = measure(scenes(np.broadcast_to(SUNNY, (1, 3, SIDE, SIDE)), res=1.0, **sun), {"hall": mask})
    assert np.isnan(series(flat, "height")[0])


def test_one_pixel_is_measured_and_borrows_its_spread_from_the_ring():
    one = np.zeros((SIDE, SIDE), bool)
    one[30, 30] = True
    values = ground()
    rows = measure(scenes(values), {"hall": one})
    assert series(rows, "mean:red") == pytest.approx(values[:, 2, 30, 30], abs=1e-6)
    assert (spreads(rows, "mean:red") > 0.003).all()
    assert not {row.measure for row in rows} & {"texture", "edges", "coherence"}


def test_a_share_of_a_pixel_weighs_as_little():
    halves = area_of_mask(np.array([[1.0, 0.25]]))
    assert huber(np.array([0.2, 0.6]), halves.weights).value == pytest.approx((0.2 + 0.25 * 0.6) / 1.25, abs=0.02)
