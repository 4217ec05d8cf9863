"""What simulated images show: structures, shadows, seasons, sky, speckle, and nothing else that changes."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from scipy.ndimage import shift as moved

from simulate_plans import box, hall, inside, noiseless, plan
from siteline.model.errors import BadInput, NoScenes
from siteline.simulate import LANDSAT, PLANETSCOPE, SENTINEL1, SENTINEL2, Built, Work, default_plan, render_cube
from siteline.simulate.buildings import Drawn, Pixels
from siteline.simulate.plan import Plan
from siteline.simulate.stages import Stage
from siteline.simulate.sun import sun_position

WHOLE = Stage((0.0, 0.0), (0.0, 1.0), (0.0, 0.0))
NEVER = date(2030, 1, 1)


def position(cube: object, made: Plan, t: int) -> tuple[float, float]:
    at = cube.time.values[t].astype("datetime64[s]").astype(int) / 86400  # type: ignore[attr-defined]
    return sun_position(at, made.lon, made.lat)


@pytest.mark.parametrize("sun", [(150.0, 20.0), (90.0, 45.0), (200.0, 35.0), (315.0, 60.0)])
@pytest.mark.parametrize("degrees", [0.0, 33.0])
def test_shadows_are_as_long_as_height_and_sun_say(sun: tuple[float, float], degrees: float):
    """A convex outline swept by L covers L x its width across the sun's direction beyond itself."""
    outline = box(0, 0, 40, 24, degrees)
    drawn = Drawn(Built("b", outline, 12.0, {}), (0.0, 0.0), Pixels(-150, 150, 3.0, (100, 100)), 0.4)
    seen = drawn.seen(WHOLE, sun, (0.0, 0.0))
    assert seen is not None
    length = 12.0 / math.tan(math.radians(sun[1]))
    azimuth = math.radians(sun[0])
    across = [x * math.cos(azimuth) - y * math.sin(azimuth) for x, y in outline]
    assert seen.shadow.sum() * 9 == pytest.approx(length * (max(across) - min(across)), rel=0.06)
    assert seen.roof.sum() * 9 == pytest.approx(40 * 24, rel=0.02)


@pytest.mark.parametrize("sun", [(150.0, 25.0), (90.0, 40.0), (225.0, 30.0)])
def test_shadows_fall_away_from_the_sun(sun: tuple[float, float]):
    drawn = Drawn(Built("b", box(0, 0, 20, 20), 12.0, {}), (0.0, 0.0), Pixels(-150, 150, 3.0, (100, 100)), 0.4)
    seen = drawn.seen(WHOLE, sun, (0.0, 0.0))
    assert seen is not None
    rows, cols = np.indices(seen.shadow.shape)
    weight = seen.shadow / seen.shadow.sum()
    right = (weight * (cols + seen.cols.start)).sum() + 0.5 - 50
    down = (weight * (rows + seen.rows.start)).sum() + 0.5 - 50
    away = math.degrees(math.atan2(right, -down)) % 360
    assert abs((away - sun[0]) % 360 - 180) < 6


def test_in_the_image_the_ground_behind_a_hall_is_darker_by_the_direct_light():
    sensor = noiseless(PLANETSCOPE)
    facts = {"sensor": sensor, "period": (date(2021, 3, 1), date(2021, 3, 20))}
    tall, flat = plan(hall(height=20.0), **facts), plan(hall(height=0.0), **facts)
    with_shadow, without = render_cube(tall), render_cube(flat)
    ratio = (with_shadow.reflectance / without.reflectance).isel(time=0)
    azimuth, elevation = position(with_shadow, tall, 0)
    reach = 0.5 * 20 / math.tan(math.radians(elevation))
    x, y = tall.centre
    edge = 20 + reach  # from the hall's centre over its northern wall, along the shadow
    there = {"x": x - math.sin(math.radians(azimuth)) * reach, "y": y + edge, "method": "nearest"}
    assert math.cos(math.radians(azimuth)) < 0  # the sun stands in the south, so the shadow lies in the north
    dark = ratio.sel(**there)
    assert float(dark.sel(band="nir")) < float(dark.sel(band="blue")) < 0.5
    assert float(ratio.sel(x=x, y=y - 60, method="nearest").mean()) == pytest.approx(1, abs=1e-5)


def test_a_hall_changes_the_image_in_its_footprint_and_shadow_and_nowhere_else():
    when = date(2021, 6, 1)
    built, absent = plan(hall(Work(when, "built"))), plan(hall(Work(NEVER, "built")))
    with_hall, without = render_cube(built), render_cube(absent)
    before = with_hall.time.values < np.datetime64(when)
    change = np.abs(with_hall.reflectance.values - without.reflectance.values)
    assert change[before].max() == 0
    structure = built.structures[0]
    core, near = inside(with_hall, built, structure, -12), inside(with_hall, built, structure, 70)
    assert change[~before][:, :, core].min() > 0.05
    assert change[~before][:, :, ~near].max() == 0
    roof = [structure.roof[band] for band in with_hall.band.values]
    seen = with_hall.reflectance.values[~before][:, :, core].mean(axis=(0, 2))
    assert seen == pytest.approx(roof, rel=0.1)


def test_works_that_take_time_show_as_a_ramp():
    works = Work(date(2021, 5, 1), "built", 60)
    sensor = noiseless(SENTINEL2)
    made, absent, done = (
        plan(hall(work, height=0.0), sensor=sensor)
        for work in (works, Work(NEVER, "built"), Work(date(2020, 1, 1), "built"))
    )
    cubes = [render_cube(each) for each in (made, absent, done)]
    core = inside(cubes[0], made, made.structures[0], 10)
    blue, none, whole = (cube.reflectance.sel(band="blue").values[:, core].sum(axis=1) for cube in cubes)
    share = (blue - none) / (whole - none)
    at = (cubes[0].time.values - np.datetime64("2021-05-01")) / np.timedelta64(1, "D") / 60
    expected = np.clip(at, 0, 1)
    assert np.abs(share - expected).max() < 0.3  # the earth of the works is brighter than grass
    assert np.all(np.diff(share) > -0.05)
    assert share[expected == 0] == pytest.approx(0, abs=1e-4)
    assert share[expected == 1] == pytest.approx(1, abs=1e-4)


def test_what_is_moved_is_seen_in_its_new_place():
    made = plan(hall(Work(date(2021, 5, 1), "moved", to=(80.0, 60.0)), width=40))
    cube = render_cube(made)
    blue = cube.reflectance.sel(band="blue").values
    old = inside(cube, made, made.structures[0], -10)
    new = inside(cube, made, Built("n", box(80, 60, 40, 40), 1.0, {}), -10)
    after = cube.time.values > np.datetime64("2021-05-01")
    assert blue[~after][:, old].min() > 0.2 > blue[after][:, old].max()
    assert blue[after][:, new].min() > 0.2 > blue[~after][:, new].max()


def test_the_same_seed_gives_the_same_and_another_another():
    facts = {"cloudiness": 0.5, "period": (date(2021, 3, 1), date(2021, 4, 15))}
    one, same, other = (render_cube(plan(hall(), seed=seed, **facts)) for seed in (1, 1, 2))
    assert one.identical(same)
    assert not np.allclose(one.reflectance.values[:5], other.reflectance.values[:5], atol=0.02)


def test_fields_grow_and_are_harvested_and_woods_lose_their_leaves():
    made = plan(period=(date(2021, 1, 1), date(2021, 12, 31)), lat=48.0, side_m=800.0)
    cube = render_cube(made)
    red, nir = (cube.reflectance.sel(band=band) for band in ("red", "nir"))
    index = ((nir - red) / (nir + red)).where(cube.valid).mean(("y", "x")).groupby("time.month").mean()
    assert index.sel(month=[5, 6]).min() > 0.55
    assert index.sel(month=[11, 12]).max() < 0.55
    assert index.sel(month=[5, 6]).mean() > index.sel(month=[11, 12]).mean() + 0.15


def test_the_southern_year_is_half_a_year_apart():
    made = plan(period=(date(2021, 1, 1), date(2021, 12, 31)), lat=-40.0, lon=-65.0)
    cube = render_cube(made)
    red, nir = (cube.reflectance.sel(band=band) for band in ("red", "nir"))
    index = ((nir - red) / (nir + red)).mean(("y", "x")).groupby("time.month").mean()
    assert index.sel(month=[11, 12]).mean() > index.sel(month=[5, 6]).mean() + 0.1


def test_snow_lies_in_cold_winters_and_is_known_to_the_mask():
    made = plan(hall(), period=(date(2020, 12, 1), date(2021, 8, 31)), lat=56.0, lon=40.0)
    cube = render_cube(made)
    snowy = (cube.reason == 8).mean(("y", "x"))
    assert float(snowy.sel(time=slice("2021-01-01", "2021-02-15")).max()) > 0.5
    assert float(snowy.sel(time=slice("2021-06-01", None)).max()) == 0
    deep = cube.isel(time=int(snowy.values.argmax()))
    assert float(deep.reflectance.sel(band="green").where(deep.reason == 8).mean()) > 0.35


def test_bare_roofs_stay_free_of_snow_that_others_keep():
    facts = {"period": (date(2020, 12, 1), date(2021, 2, 28)), "lat": 56.0, "lon": 40.0}
    dark = {"blue": 0.06, "green": 0.06, "red": 0.06, "nir": 0.08}
    cubes = [render_cube(plan(Built("b", box(0, 0, 60, 60), 3.0, dark, snow_stays=stays), **facts)) for stays in (0.0, 1.0)]
    made = plan(Built("b", box(0, 0, 60, 60), 3.0, dark), **facts)
    core = inside(cubes[0], made, made.structures[0], -15)
    bare, kept = (cube.reflectance.sel(band="red").values[:, core].mean(axis=1) for cube in cubes)
    assert bare.max() < 0.15
    assert kept.max() > 0.5


@pytest.mark.parametrize("cloudiness", [0.2, 0.6])
def test_the_sky_is_as_cloudy_as_asked(cloudiness: float):
    cubes = [render_cube(plan(seed=s, cloudiness=cloudiness)) for s in range(8)]
    cover = np.concatenate([(cube.true_cloud.values > 0.3).mean(axis=(1, 2)) for cube in cubes])
    assert cover.mean() == pytest.approx(cloudiness, abs=0.1)


def test_masks_miss_little_and_not_nothing():
    cubes = [render_cube(plan(seed=s, cloudiness=0.5, side_m=600.0)) for s in range(8)]
    valid = np.concatenate([cube.valid.values for cube in cubes])
    spoilt = np.concatenate([(cube.true_cloud.values > 0.2) | (cube.true_shadow.values > 0.35) for cube in cubes])
    share = (valid & spoilt).sum() / valid.sum()
    assert 0 < share < 0.04
    assert 0.15 < valid.mean() < 0.6
    clear = np.concatenate([(cube.true_cloud.values == 0) & (cube.true_shadow.values == 0) for cube in cubes])
    assert (clear & valid).sum() / clear.sum() > 0.7  # and what is clear is mostly called so


def test_clouds_are_bright_and_their_shadows_dark():
    cube = render_cube(plan(seed=4, cloudiness=0.4, side_m=800.0, period=(date(2021, 3, 1), date(2021, 9, 30))))
    red = cube.reflectance.sel(band="red").values
    cloud, shadow = cube.true_cloud.values, cube.true_shadow.values
    clear = (cloud == 0) & (shadow == 0)
    assert red[cloud > 0.9].mean() > 0.45
    assert red[(shadow > 0.9) & (cloud < 0.05)].mean() < 0.5 * red[clear].mean()


def test_the_content_lies_off_by_the_true_shift():
    sharp = replace(noiseless(SENTINEL2), shift_px=0.6)
    facts = {"seed": 9, "period": (date(2021, 6, 1), date(2021, 7, 15))}
    off, right = (
        render_cube(plan(hall(), sensor=sharp, **facts)),
        render_cube(plan(hall(), sensor=replace(sharp, shift_px=0.0), **facts)),
    )
    for t in range(off.sizes["time"]):
        dx, dy = float(off.true_shift_x[t]), float(off.true_shift_y[t])
        image, still = (cube.reflectance.sel(band="red").values[t] for cube in (off, right))
        inner = (slice(4, -4), slice(4, -4))
        put_right = moved(still, (dy, dx), order=3, mode="nearest")
        assert np.abs(image - put_right)[inner].mean() < 0.4 * np.abs(image - still)[inner].mean()
    assert np.std(off.true_shift_x) > 0.2


def test_noise_is_what_the_sensor_says():
    facts = {"period": (date(2021, 6, 1), date(2021, 7, 31))}
    quiet = replace(noiseless(SENTINEL2))
    clean, noisy = (
        render_cube(plan(sensor=quiet, **facts)),
        render_cube(plan(sensor=replace(quiet, noise=(0.002, 0.01)), **facts)),
    )
    level = clean.reflectance.values
    z = (noisy.reflectance.values - level) / (0.002 + 0.01 * level)
    assert z.std() == pytest.approx(1, abs=0.02)
    assert abs(z.mean()) < 0.02


def test_speckle_has_the_number_of_looks_of_the_sensor():
    facts = {"period": (date(2021, 3, 1), date(2021, 6, 30))}
    speckled = render_cube(plan(sensor=SENTINEL1, **facts))
    clean = render_cube(plan(sensor=replace(SENTINEL1, looks=1e7), **facts))
    ratio = speckled.gamma0.values / clean.gamma0.values
    looks = ratio.mean() ** 2 / ratio.var()
    assert looks == pytest.approx(4.4, rel=0.04)
    assert ratio.mean() == pytest.approx(1, abs=0.01)
    along = ratio[:, 0, :, 1:].ravel(), ratio[:, 0, :, :-1].ravel()
    assert abs(np.corrcoef(*along)[0, 1]) < 0.02


@pytest.mark.parametrize("orbit", [88, 37])
def test_walls_that_face_the_antenna_shine(orbit: int):
    look = {88: 78.0, 37: 282.0}[orbit]
    sensor = replace(SENTINEL1, looks=1e7)
    facts = {"sensor": sensor, "period": (date(2021, 3, 1), date(2021, 4, 30))}
    outline = box(0, 0, 30, 80, -(look % 180 - 90) if orbit == 88 else 180 - look + 90)
    bright, none = (
        render_cube(plan(Built("b", outline, 12.0, {}, history), **facts), relative_orbit=orbit)
        for history in ((), (Work(NEVER, "built"),))
    )
    gain = (bright.gamma0 / none.gamma0).sel(band="vv").max(("y", "x"))
    assert float(10 * np.log10(gain).min()) > 6
    place = (bright.gamma0 / none.gamma0).sel(band="vv").isel(time=0)
    brightest = place.argmax(("y", "x"))
    made = plan(Built("b", outline, 12.0, {}), **facts)
    side = float(bright.x[brightest["x"]]) - made.centre[0]
    assert side * math.sin(math.radians(look)) < 0  # on the side the antenna is


def test_radar_of_one_orbit_only_and_sensors_that_never_pass():
    made = plan(sensor=SENTINEL1)
    assert set(render_cube(made).relative_orbit.values) == {88}
    assert set(render_cube(made, relative_orbit=37).relative_orbit.values) == {37}
    with pytest.raises(BadInput, match="37"):
        render_cube(made, relative_orbit=12)
    with pytest.raises(NoScenes, match="2010"):
        render_cube(plan(period=(date(2010, 1, 1), date(2010, 3, 1))))


def test_every_sensor_sees_the_same_place():
    sensors = (noiseless(SENTINEL2), noiseless(LANDSAT), noiseless(PLANETSCOPE))
    made = replace(plan(hall(), side_m=600.0, period=(date(2021, 6, 1), date(2021, 7, 10))), sensors=sensors)
    fine, coarse = render_cube(made, "planetscope"), render_cube(made, "landsat")
    red = fine.reflectance.sel(band="red").median("time").rolling(x=10, y=10, center=True).mean()
    there = red.interp(x=coarse.x, y=coarse.y).values
    other = coarse.reflectance.sel(band="red").median("time").values
    both = np.isfinite(there)
    assert np.corrcoef(there[both], other[both])[0, 1] > 0.9


def test_a_structure_partly_beyond_the_image_and_a_plan_without_any():
    edge = Built("edge", box(190, 190, 20, 20), 30.0, {"blue": 0.4, "green": 0.4, "red": 0.4, "nir": 0.4})
    assert np.isfinite(render_cube(plan(edge)).reflectance.values).all()
    assert np.isfinite(render_cube(plan()).reflectance.values).all()


def test_outlines_of_any_shape_are_drawn_with_their_area():
    ell = ((0.0, 0.0), (60.0, 0.0), (60.0, 20.0), (20.0, 20.0), (20.0, 50.0), (0.0, 50.0))
    drawn = Drawn(Built("ell", ell, 0.0, {}), (0.0, 0.0), Pixels(-150, 150, 10.0, (30, 30)), 0.45)
    seen = drawn.seen(WHOLE, (180.0, 40.0), (0.0, 0.0))
    assert seen is not None
    assert seen.roof.sum() * 100 == pytest.approx(shapely.Polygon(ell).area, rel=0.03)


def test_default_plans_render_with_every_pixel_a_number():
    made = replace(default_plan(12), period=(date(2019, 1, 1), date(2019, 6, 30)))
    cube = render_cube(made)
    assert np.isfinite(cube.reflectance.values).all()
    assert cube.reflectance.dtype == np.float32
    assert 0 < float(cube.reflectance.min()) < float(cube.reflectance.max()) < 1.5
