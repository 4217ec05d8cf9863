"""Plans, calendars, the sun, and how far works have come."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

import numpy as np
import pytest

from simulate_plans import box, hall, plan
from siteline.model.errors import BadInput
from siteline.model.states import canonical
from siteline.simulate import LANDSAT, PLANETSCOPE, SENTINEL1, SENTINEL2, Built, Plan, Work, default_plan
from siteline.simulate.calendars import passes
from siteline.simulate.ledger import state
from siteline.simulate.plan import instant
from siteline.simulate.stages import share_standing, stages
from siteline.simulate.sun import sun_position


def days(*when: int) -> float:
    return (datetime(*when) - datetime(1970, 1, 1)).total_seconds() / 86400


def test_the_sun_is_where_a_published_example_has_it():
    """Reda and Andreas 2004, doi:10.1016/j.solener.2003.12.003, table A5.1; 0.016 degrees of it is refraction."""
    azimuth, elevation = sun_position(days(2003, 10, 17, 19, 30, 30), -105.1786, 39.742476)
    assert azimuth == pytest.approx(194.3402, abs=0.02)
    assert elevation == pytest.approx(90 - 50.1116 - 0.016, abs=0.02)


@pytest.mark.parametrize(("lat", "noon"), [(0.0, 66.56), (50.0, 63.44), (-35.0, 31.56)])
def test_the_sun_stands_as_high_at_noon_of_the_june_solstice_as_latitude_says(lat: float, noon: float):
    heights = [sun_position(days(2021, 6, 21) + h / 1440, 0.0, lat)[1] for h in range(660, 780)]
    assert max(heights) == pytest.approx(noon, abs=0.02)


def test_sentinel2_passes_every_five_days_by_turns_at_half_past_ten():
    made = plan(period=(date(2019, 1, 1), date(2019, 12, 31)))
    found = passes(made, SENTINEL2)
    apart = [round(b.days) - round(a.days) for a, b in pairwise(found)]
    assert len(found) == 73
    assert set(apart) == {5}
    assert all(a.orbit.platform != b.orbit.platform for a, b in pairwise(found))
    local = [(each.days % 1) * 24 + made.lon / 15 for each in found]
    assert np.abs(np.array(local) - 10.5).max() < 0.2


def test_before_a_satellite_is_in_service_it_does_not_pass():
    made = plan(period=(date(2021, 6, 1), date(2022, 5, 31)))
    by_platform = Counter(each.orbit.platform for each in passes(made, LANDSAT))
    first = min(each.days for each in passes(made, LANDSAT) if each.orbit.platform == "landsat-9")
    assert by_platform["landsat-8"] in (22, 23)
    assert instant(first).date() >= date(2021, 10, 31)
    assert not passes(plan(period=(date(2010, 1, 1), date(2012, 1, 1))), SENTINEL2)


def test_planetscope_misses_some_days_and_radar_has_two_orbits_of_twelve():
    made = plan(period=(date(2021, 1, 1), date(2021, 12, 31)))
    assert 250 < len(passes(made, PLANETSCOPE)) < 330
    for orbit in (88, 37):
        found = passes(made, SENTINEL1, orbit)
        assert len(found) in (30, 31)
        assert {round(b.days - a.days) for a, b in pairwise(found)} == {12}


def test_optical_images_need_daylight_radar_does_not():
    north = plan(lat=72.0, lon=20.0, period=(date(2021, 11, 15), date(2022, 1, 31)))
    assert passes(north, SENTINEL2) == []
    assert passes(north, SENTINEL1)


@pytest.mark.parametrize(
    ("history", "word"),
    [
        ((Work(date(2021, 5, 1), "rebuilt"),), "rebuilt"),
        ((Work(date(2021, 5, 1), "built", 30), Work(date(2021, 5, 10), "dismantled")), "before others are done"),
        ((Work(date(2021, 5, 1), "dismantled"), Work(date(2021, 6, 1), "dismantled")), "does not stand"),
        ((Work(date(2021, 5, 1), "built"), Work(date(2021, 6, 1), "built")), "stands then"),
        ((Work(date(2021, 5, 1), "built", -1),), "before others"),
    ],
)
def test_histories_that_cannot_be_are_refused(history: tuple[Work, ...], word: str):
    if history[0].what == "rebuilt":
        history = (Work(date(2021, 4, 1), "built"), *history)
    with pytest.raises(BadInput, match=word):
        hall(*history)


def test_plans_that_cannot_be_are_refused():
    with pytest.raises(BadInput, match="no area"):
        Built("flat", ((0, 0), (1, 1), (2, 2)), 5.0, {})
    with pytest.raises(BadInput, match="beyond"):
        plan(Built("far", box(500, 0, 10, 10), 5.0, {}))
    with pytest.raises(BadInput, match="one id"):
        plan(hall(), hall())
    with pytest.raises(BadInput, match="reversed"):
        plan(period=(date(2021, 5, 1), date(2021, 4, 1)))
    with pytest.raises(BadInput, match="sensor"):
        Plan(1, sensors=())
    with pytest.raises(BadInput, match="landsat"):
        plan().sensor("landsat")


def test_works_grow_over_their_days_and_leave_earth_behind():
    built = hall(Work(date(2021, 5, 1), "built", 20), Work(date(2021, 7, 1), "dismantled", 10))
    at = [share_standing(built, days(2021, 5, 1) + d) for d in (-1, 0, 5, 10, 20, 60, 61, 66, 71, 90)]
    assert at == pytest.approx([0, 0, 0.25, 0.5, 1, 1, 1, 0.5, 0, 0])
    assert stages(built, days(2021, 4, 1)) == []
    assert stages(built, days(2021, 9, 1))[0].earth == (0.0, 1.0)


def test_what_is_moved_leaves_one_place_as_it_fills_the_other():
    moved = hall(Work(date(2021, 5, 1), "moved", 10, to=(90.0, 0.0)))
    old, new = stages(moved, days(2021, 5, 6))
    assert old.shift == (0.0, 0.0)
    assert new.shift == (90.0, 0.0)
    assert old.roof == pytest.approx((0.5, 1.0))
    assert new.roof == pytest.approx((0.0, 0.5))


def test_an_analyst_has_a_word_for_every_moment():
    built = hall(
        Work(date(2021, 5, 1), "built", 20), Work(date(2021, 7, 1), "dismantled"), Work(date(2021, 8, 1), "rebuilt", 5)
    )
    words = [state(built, days(2021, *when)) for when in ((4, 30), (5, 5), (6, 1), (7, 2), (8, 3), (9, 1))]
    assert words == ["absent", "being_built", "complete", "dismantled", "being_rebuilt", "complete"]
    assert all(canonical(word) for word in words)


def test_default_plans_are_plausible_and_all_different():
    plans = [default_plan(seed) for seed in range(150)]
    counts = Counter(len(structure.history) for made in plans for structure in made.structures)
    total = sum(counts.values())
    assert counts[0] / total == pytest.approx(0.4, abs=0.1)
    assert counts[1] / total == pytest.approx(0.4, abs=0.1)
    assert len({(made.lon, made.lat) for made in plans}) == len(plans)
    for made in plans:
        for structure in made.structures:
            for work in structure.history:
                assert made.period[0] < work.on < made.period[1]
    assert default_plan(3) == default_plan(3)


def test_default_plans_keep_structures_apart():
    import shapely

    made = default_plan(8, structures=6)
    shapes = [shapely.Polygon(structure.outline) for structure in made.structures]
    assert all(a.distance(b) > 20 for i, a in enumerate(shapes) for b in shapes[:i])


def test_default_plans_say_what_does_not_fit():
    with pytest.raises(BadInput, match="1 to 12"):
        default_plan(1, structures=0)
    with pytest.raises(BadInput, match="too small"):
        default_plan(1, side_m=300.0)


def test_sensors_can_be_made_to_order():
    sharp = replace(SENTINEL2, name="sharp", res_m=5.0)
    assert plan(sensor=sharp).grid(sharp).shape == (80, 80) or plan(sensor=sharp).grid(sharp).shape == (81, 81)
