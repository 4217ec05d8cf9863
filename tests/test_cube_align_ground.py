"""Alignment on ground of fields and streets: moved on a finer grid and averaged, mirrored, clouded, changed (row 33)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from siteline.cube.align import Shift, shift_between

FINE = 4
SIDE = 240
EDGE = 16


def fields(rng: np.random.Generator, side: int) -> np.ndarray:
    """Int[y, x]: a number for each patch of a street grid of uneven width."""
    cuts = [np.repeat(np.arange(side), rng.integers(40, 140, side))[:side] for _ in range(2)]
    return cuts[0][:, None] * side + cuts[1][None, :]


@lru_cache(maxsize=24)
def ground(seed: int, side: int = SIDE, changed: float = 0.0) -> np.ndarray:
    """Float[y, x], four times as fine: fields with brightness and texture; ``changed``: share of fields with other ones."""
    rng = np.random.default_rng(seed)
    size = (side + 2 * EDGE) * FINE
    patches, where = np.unique(fields(rng, size), return_inverse=True)
    where = where.reshape(size, size)
    texture = gaussian_filter(rng.normal(size=(size, size)), 5)
    level = rng.uniform(100, 200, len(patches))
    other = np.random.default_rng(seed + 1000)
    turned = other.permutation(len(patches)) < changed * len(patches)
    level = np.where(turned, other.uniform(100, 200, len(patches)), level)
    anew = gaussian_filter(other.normal(size=(size, size)), 5)
    return level[where] + 15 * np.where(turned[where], anew / anew.std(), texture / texture.std())


def seen(fine: np.ndarray, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """What a sensor sees of ``fine`` once it lies (dx, dy) pixels further right and down; quarters of a pixel."""
    top, left = round((EDGE - dy) * FINE), round((EDGE - dx) * FINE)
    side = fine.shape[0] // FINE - 2 * EDGE
    cut = fine[top : top + side * FINE, left : left + side * FINE]
    return cut.reshape(side, FINE, side, FINE).mean((1, 3))


def found(reference: np.ndarray, moving: np.ndarray, ok_moving: np.ndarray | None = None) -> Shift:
    everything = np.ones(reference.shape, bool)
    return shift_between(reference, moving, everything, everything if ok_moving is None else ok_moving)


def off(shift: Shift, dx: float, dy: float) -> float:
    """Pixels from the truth; an answer is due."""
    assert shift.aligned, shift.reason
    return math.hypot(shift.dx - dx, shift.dy - dy)


def refused(shift: Shift) -> bool:
    """An honest refusal: no number that could be used, and a reason."""
    return not shift.aligned and math.isnan(shift.dx) and math.isnan(shift.dy) and len(shift.reason) > 10


@pytest.fixture(scope="module")
def land() -> np.ndarray:
    return ground(1)


@given(dx=st.integers(-3 * FINE, 3 * FINE), dy=st.integers(-3 * FINE, 3 * FINE))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_any_shift_is_found_within_a_twentieth_of_a_pixel(land, dx, dy):
    dx, dy = dx / FINE, dy / FINE
    answer = found(seen(land), seen(land, dx, dy))
    assert off(answer, dx, dy) < 0.05
    assert answer.votes >= 3
    assert answer.residual < 0.1


def test_row_33_shifts_beyond_reach_are_refused_not_guessed(land):
    assert refused(found(seen(land), np.roll(seen(land), (25, -30), (0, 1))))


def cloud(seed: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Opacity in 0..1 with soft edges, and where there is any."""
    rough = gaussian_filter(np.random.default_rng(seed).normal(size=(SIDE, SIDE)), 12)
    rough = (rough - np.quantile(rough, 1 - share)) / rough.std()
    opacity = np.clip(rough / 0.2, 0, 1)
    return opacity, opacity > 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.2, 0.4])
def test_what_lies_under_a_mask_does_not_matter(share, seed):
    first, second = seen(ground(seed)), seen(ground(seed), -1.75, 0.5)
    _, hidden = cloud(seed, share)
    answers = [found(first, np.where(hidden, under, second), ~hidden) for under in (0.0, 9e4, np.nan, -np.inf)]
    assert off(answers[0], -1.75, 0.5) < 0.06
    assert all((a.dx, a.dy, a.votes) == (answers[0].dx, answers[0].dy, answers[0].votes) for a in answers)


@pytest.mark.parametrize("seed", range(3))
def test_row_33_a_cloud_nobody_masked_does_not_pull(seed):
    opacity, _ = cloud(seed, 0.2)
    second = seen(ground(seed), 2.25, -0.5) * (1 - opacity) + 400 * opacity
    assert off(found(seen(ground(seed)), second), 2.25, -0.5) < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_clouds_masked_in_both_images_at_different_places(seed):
    hidden = [cloud(seed + n, 0.2)[1] for n in (0, 50)]
    first, second = (np.where(h, 400, seen(ground(seed), dx)) for h, dx in zip(hidden, (0, 0.5), strict=True))
    assert off(shift_between(first, second, ~hidden[0], ~hidden[1]), 0.5, 0) < 0.06


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("share", "within"), [(0.5, 0.06), (0.9, 0.25)])
def test_row_33_changed_fields_leave_the_shift(share, within, seed):
    """Half, then nine tenths, of the fields in other brightness and with other texture: right, or refused, never wrong."""
    answer = found(seen(ground(seed)), seen(ground(seed, changed=share), 1.25, 0.75))
    assert refused(answer) if share > 0.8 and not answer.aligned else off(answer, 1.25, 0.75) < within


@pytest.mark.parametrize("seed", (0, 6, 7, 8, 12, 14, 20, 23, 26, 32, 35))
@pytest.mark.parametrize(
    "turn",
    [lambda a: a.T, lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a[::-1, ::-1], np.rot90],
    ids=["axes swapped", "upside down", "mirrored", "turned by 180 degrees", "turned by 90 degrees"],
)
def test_row_33_swapped_and_flipped_axes_are_refused(turn, seed):
    image = seen(ground(seed))
    assert refused(found(image, np.ascontiguousarray(turn(image))))
    for part in (image[:160, 30:190], image[100:180, 100:180]):
        assert refused(found(part, np.ascontiguousarray(turn(part))))


@pytest.mark.parametrize("seed", range(6))
def test_row_33_what_has_nothing_in_common_is_refused(seed):
    rng = np.random.default_rng(seed)
    image = seen(ground(seed))
    assert refused(found(image, rng.normal(size=image.shape)))
    assert refused(found(image, gaussian_filter(rng.normal(size=image.shape), 2)))
    assert refused(found(image, seen(ground(seed + 77))))
    assert refused(found(rng.normal(size=image.shape), rng.normal(size=image.shape)))


@pytest.mark.parametrize(
    "shape", [(0, 0), (0, 9), (1, 1), (1, 400), (400, 1), (2, 300), (31, 31), (31, 500), (32, 32), (33, 47)]
)
def test_any_shape_has_an_answer(shape):
    image = gaussian_filter(np.random.default_rng(4).normal(size=shape), 1.0) if min(shape) else np.zeros(shape)
    answer = found(image, image.copy())
    assert off(answer, 0, 0) < 0.05 if answer.aligned else refused(answer)


@pytest.mark.parametrize("seed", range(4))
def test_small_images_have_small_windows(seed):
    small = ground(seed, side=80)
    assert off(found(seen(small), seen(small, 0.75, -1.5)), 0.75, -1.5) < 0.1


def test_a_part_that_neither_shows_is_left_out(land):
    first, second = (np.full((500, 600), np.nan) for _ in range(2))
    first[150 : 150 + SIDE, 300 : 300 + SIDE] = seen(land)
    second[150 : 150 + SIDE, 300 : 300 + SIDE] = seen(land, -0.5, 2)
    assert off(found(first, second), -0.5, 2) < 0.05
