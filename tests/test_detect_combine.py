"""Several stacks as one answer: held against a sum over days, against truth, and against stacks that disagree."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.detect import reference
from siteline.detect.combine import VISIBLE, ByDay, by_day, combine
from siteline.detect.prior import Noise, Prior
from siteline.detect.series import change_points
from siteline.images.onestructure import Part
from siteline.images.together import together
from siteline.model.changed import Detected, Trust
from siteline.model.span import iso
from test_detect_kernel import standard

PRIOR = Prior()
START = 18_000


def stacked(*edges: float, factors: list[float]) -> ByDay:
    return ByDay(np.array(edges, dtype=float), np.array(factors))


def series(
    seed: int, every: float, *, bands: int = 1, step: float = 0.0, at: float = 500.0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    days = START + np.arange(rng.uniform(0, every), 1000, every)
    values = rng.normal(size=(1, bands, days.size)) + step * (days >= START + at)
    values[:, :, rng.random(days.size) < 0.3] = np.nan
    return values, days


def part_of(seed: int, every: float, **change: float) -> ByDay:
    values, days = series(seed, every, **change)
    return by_day(change_points(values, days, PRIOR, Noise.plain(1), threads=1), PRIOR.min_looks)


def span(edges: np.ndarray, mass: np.ndarray, share: float = 0.95) -> tuple[float, float]:
    low, high = np.interp(((1 - share) / 2, (1 + share) / 2), np.concatenate([[0], np.cumsum(mass)]), edges)
    return float(low), float(high)


@pytest.mark.parametrize("step", [0.0, 1.5, 4.0])
def test_evidence_by_day_is_that_of_the_dense_reference(step: float) -> None:
    values, days = series(1, 15.0, bands=2, step=step)
    changes = change_points(values, days, PRIOR, Noise.plain(2), threads=1)
    found = by_day(changes, PRIOR.min_looks)
    y, at, index = standard(values[0], days)
    dense = reference.one_change(y, days, index, changes.weights[0, index], PRIOR, Noise.plain(2))["shape"]
    lengths = len(PRIOR.ramp_days)
    shares = np.log([1 - PRIOR.ramp, *[PRIOR.ramp / lengths] * lengths])
    expected = np.logaddexp.reduce(dense + shares[:, None], axis=0)[1:]
    np.testing.assert_array_equal(found.edges, at)
    known = np.isfinite(expected)
    np.testing.assert_array_equal(found.factor[~known], 0)
    likely = known & (expected > expected[known].max() - 10)
    np.testing.assert_allclose(found.factor[likely], expected[likely], atol=1e-5)
    # where a step is hopeless the kernel leaves ramps out
    assert (found.factor[known & ~likely] < expected[known & ~likely] + 1e-5).all()
    warm = by_day(changes, PRIOR.min_looks, 0.5)
    np.testing.assert_allclose(warm.factor, 0.5 * found.factor)


@pytest.mark.parametrize("step", [1.0, 5.0, 80.0])
def test_one_stack_alone_keeps_its_evidence_and_dates_however_strong(step: float) -> None:
    rng = np.random.default_rng(2)
    days = np.arange(0.0, 1200, 5)
    values = rng.normal(size=(1, 6, days.size)) + step * (days >= 600)
    changes = change_points(values, days, PRIOR, Noise.plain(6), threads=1)
    alone = combine({"a": by_day(changes, PRIOR.min_looks)}, visible=1 - 1e-12)
    can_change = (days[-PRIOR.min_looks] - days[PRIOR.min_looks - 1]) / (days[-1] - days[0])
    assert alone.evidence == pytest.approx(changes.one[0] + np.log(can_change), abs=0.01)
    np.testing.assert_allclose(alone.mass, changes.mass[0, 1:], atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.1, 0.99))
def test_stacks_together_are_a_sum_over_days(seed: int, count: int, visible: float) -> None:
    rng = np.random.default_rng(seed)
    parts = {}
    for n in range(count):
        edges = np.sort(rng.choice(120, rng.integers(2, 9), replace=False)).astype(float)
        parts[f"s{n}"] = ByDay(edges, rng.normal(0, 4, edges.size - 1))
    together_ = combine(parts, visible=visible)
    first, last = (int(f([f(p.edges) for p in parts.values()])) for f in (min, max))
    odds = []
    for day in range(first, last):
        told = 1.0
        for part in parts.values():
            inside = [f for a, b, f in zip(part.edges, part.edges[1:], part.factor, strict=False) if a <= day < b]
            told *= 1 - visible + visible * np.exp(inside[0] if inside else 0.0)
        odds.append(told)
    assert together_.evidence == pytest.approx(np.log(np.mean(odds)), abs=1e-9)
    daily = np.array(odds) / np.sum(odds)
    sums = [daily[int(a) - first : int(b) - first].sum() for a, b in zip(together_.edges, together_.edges[1:], strict=False)]
    np.testing.assert_allclose(together_.mass, sums, atol=1e-12)
    np.testing.assert_array_equal(together_.edges, np.unique(np.concatenate([p.edges for p in parts.values()])))


def test_order_does_not_matter() -> None:
    parts = {"a": part_of(3, 9, step=2.0), "b": part_of(4, 11, step=1.0), "c": part_of(5, 20, step=3.0, at=800.0)}
    base = combine(parts)
    assert base.conflicts
    for order in permutations(parts):
        other = combine({name: parts[name] for name in order})
        assert other.evidence == pytest.approx(base.evidence, abs=1e-9)
        np.testing.assert_allclose(other.mass, base.mass, atol=1e-12)
        assert other.conflicts == base.conflicts


def test_a_stack_that_sees_nothing_changes_little() -> None:
    sure = part_of(6, 6, step=3.0)
    alone = combine({"a": sure})
    mute = ByDay(sure.edges[[0, -1]], np.zeros(1))
    with_mute = combine({"a": sure, "mute": mute})
    assert with_mute.evidence == pytest.approx(alone.evidence)
    np.testing.assert_allclose(with_mute.mass, alone.mass, atol=1e-12)
    blind = combine({"a": sure, "blind": part_of(7, 12)})
    # it may not be able to see the change: all it can take away is what that is worth
    assert alone.evidence - blind.evidence < -np.log(1 - VISIBLE)
    assert span(blind.edges, blind.mass) == pytest.approx(span(alone.edges, alone.mass), abs=6)
    nothing = combine({"blind": part_of(7, 12), "too": part_of(8, 9)})
    assert nothing.evidence < 1 and nothing.conflicts == {}


def test_two_stacks_narrow_the_interval_and_still_hold_the_truth() -> None:
    hits, narrower, widths = 0, 0, []
    for seed in range(40):
        at = float(np.random.default_rng(seed).uniform(200, 800))
        parts = {"a": part_of(2 * seed, 12, step=2.0, at=at), "b": part_of(2 * seed + 1, 12, step=2.0, at=at)}
        both = combine(parts)
        low, high = span(both.edges, both.mass)
        hits += low <= START + at <= high
        alone = [combine({name: part}) for name, part in parts.items()]
        each = [high - low for low, high in (span(one.edges, one.mass) for one in alone)]
        narrower += high - low < min(each)
        widths.append((high - low) / min(each))
        assert both.evidence > max(one.evidence for one in alone)
    assert hits >= 33  # binomial(40, 0.95) lies below with probability 0.001
    assert narrower >= 32
    assert np.median(widths) < 0.75


def test_a_stack_that_dates_the_change_otherwise_is_named_with_its_dates() -> None:
    parts = {"optical": part_of(9, 6, step=3.0, at=300.0), "radar": part_of(10, 12, step=3.0, at=700.0)}
    told = combine(parts)
    assert set(told.conflicts) == {"optical", "radar"}
    assert iso(START + 300)[:7] in told.conflicts["optical"] and "it dates the change to" in told.conflicts["optical"]
    # nothing is averaged: no date between the two is made out of them
    middle = (told.edges[1:] > START + 400) & (told.edges[1:] < START + 600)
    assert told.mass[middle].sum() < 1e-6


def test_a_stack_that_sees_no_change_where_others_date_one_is_named() -> None:
    days = np.linspace(START, START + 1000, 200)
    sees = stacked(*days, factors=[12.0 if 95 <= n <= 99 else -6.0 for n in range(199)])
    denies = stacked(*days, factors=[-5.0] * 199)
    shrugs = stacked(*days, factors=[-2.0] * 199)
    told = combine({"sees": sees, "denies": denies, "shrugs": shrugs})
    assert list(told.conflicts) == ["denies"]
    assert told.conflicts["denies"].startswith("it shows no change where the others date one, ")
    assert told.evidence < combine({"sees": sees}).evidence
    assert combine({"denies": denies, "shrugs": shrugs}).conflicts == {}


def test_agreement_is_no_conflict() -> None:
    named = 0
    for seed in range(30):
        parts = {
            "a": part_of(100 + seed, 10, step=2.0),
            "b": part_of(200 + seed, 12, step=2.0),
            "c": part_of(300 + seed, 24),
        }
        named += bool(combine({name: parts[name] for name in ("a", "b")}).conflicts)
    assert named <= 4  # two honest 95 % intervals exclude one another now and then


def kept(name: str, own: ByDay, placebos: list[ByDay]) -> Part:
    days = own.edges.tolist()
    nan = float("nan")
    detected = Detected("hall", name, (), len(days), days[0], days[-1], 0.5, 0.0, 0.0)
    trust = Trust("hall", name, len(placebos), 0, 0.05, 0.0, 1.0, nan, 10.0)
    return Part(detected, trust, (), own, tuple(placebos), {day: f"{name} {day:.2f}" for day in days})


def quiet(seed: int, every: float, count: int) -> list[ByDay]:
    """Series without a change that wander more than their noise says; what chance can do."""
    rng = np.random.default_rng(seed)
    days = START + np.arange(1.0, 1000, every)
    walk = np.cumsum(rng.normal(0, 0.25, (count, 1, days.size)), axis=2)
    changes = change_points(rng.normal(size=walk.shape) + walk, days, PRIOR, Noise.plain(1), threads=1)
    return [by_day(changes, PRIOR.min_looks, row=row) for row in range(count)]


def test_joint_placebos_hold_the_rate_of_false_alarms() -> None:
    alarms = 0
    for seed in range(3):
        optical, radar = quiet(seed, 15, 100), quiet(50 + seed, 24, 100)
        parts = {"optical": kept("optical", optical[0], optical), "radar": kept("radar", radar[0], radar)}
        threshold = together("hall", parts, Prior(), 0.05, seed)[1].threshold
        fresh = zip(quiet(100 + seed, 15, 300), quiet(150 + seed, 24, 300), strict=True)
        alarms += sum(combine({"optical": a, "radar": b}).evidence > threshold for a, b in fresh)
        assert threshold > 0
    # 900 pairs at thresholds of 100 independent placebos a stack: sd 0.022 / sqrt(3) and 0.007
    assert 0.05 - 3 * 0.0145 < alarms / 900 < 0.05 + 3 * 0.0145


def test_the_joint_change_lies_between_two_scenes_of_any_stack() -> None:
    at = 500.0
    own = {"optical": part_of(11, 10, step=4.0, at=at), "radar": part_of(12, 12, step=4.0, at=at)}
    parts = {name: kept(name, own[name], quiet(13, 15, 40)) for name in own}
    found, trust, conflicts = together("hall", parts, Prior(), 0.05, 1)
    assert (found.stack, trust.stack, conflicts) == ("all", "all", {})
    (change,) = found.changes
    assert change.bracket.after is not None and change.bracket.by is not None
    assert change.bracket.after < START + at <= change.bracket.by
    looks = {day: scene for part in parts.values() for day, scene in part.looks.items()}
    assert (looks[change.bracket.after], looks[change.bracket.by]) == (change.after_scene, change.by_scene)
    assert not [day for day in looks if change.bracket.after < day < change.bracket.by]
    assert change.interval95[0] <= change.interval90[0] <= change.interval50[0] <= change.interval50[1]
    assert (found.scenes, found.first, found.last) == (len(looks), min(looks), max(looks))
    assert trust.placebos == 400 and trust.exceeding == 0 and trust.note == ""
    again = together("hall", parts, Prior(), 0.05, 1)
    assert (again[0].evidence, again[1].threshold) == (found.evidence, trust.threshold)


def test_without_placebos_of_every_stack_the_rate_is_not_known_and_it_says_so() -> None:
    own = {"optical": part_of(14, 10, step=4.0), "radar": part_of(15, 12, step=4.0)}
    parts = {"optical": kept("optical", own["optical"], quiet(16, 15, 40)), "radar": kept("radar", own["radar"], [])}
    found, trust, _ = together("hall", parts, Prior(), 0.05, 1)
    assert found.threshold == trust.threshold == float("inf")
    assert "the rate is not known" in trust.note
    assert len(found.changes) == 1 and found.probability > 0.95
    still = {name: replace(part, own=part_of(17, 15)) for name, part in parts.items()}
    assert together("hall", still, Prior(), 0.05, 1)[0].changes == ()
