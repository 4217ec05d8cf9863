"""How far one image lies from another, and that a wrong pair is refused. Truth: a finer ground is moved and averaged."""

from __future__ import annotations

import math
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from siteline.cube.align import Shift, shift_between
from siteline.model.errors import BadInput

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


def found(reference: np.ndarray, moving: np.ndarray, ok_moving: np.ndarray | None = None, **more: int) -> Shift:
    everything = np.ones(reference.shape, bool)
    return shift_between(reference, moving, everything, everything if ok_moving is None else ok_moving, **more)


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


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_row_33_a_shift_of_one_pixel_is_caught_and_its_direction_known(land, dx, dy):
    assert off(found(seen(land), seen(land, dx, dy)), dx, dy) < 0.05


@pytest.mark.parametrize("dx", [-11, 11])
def test_large_shifts_are_found_as_well(land, dx):
    assert off(found(seen(land), seen(land, dx, -dx)), dx, -dx) < 0.05


def test_row_33_shifts_beyond_reach_are_refused_not_guessed(land):
    assert refused(found(seen(land), np.roll(seen(land), (25, -30), (0, 1))))


def test_an_image_lies_on_itself(land):
    answer = found(seen(land), seen(land))
    assert off(answer, 0, 0) < 1e-3
    assert answer.residual < 1e-3


def test_the_other_way_round_is_the_opposite(land):
    first, second = seen(land), seen(ground(1, changed=0.3), 1.25, -0.75)
    there, back = found(first, second), found(second, first)
    assert off(there, -back.dx, -back.dy) < 0.06


@given(gain=st.floats(0.01, 100), offset=st.floats(-1e4, 1e4), turned=st.booleans())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_gain_offset_and_inverted_contrast_do_not_matter(land, gain, offset, turned):
    moving = seen(land, 0.5, 1.25) * (-gain if turned else gain) + offset
    assert off(found(seen(land), moving), 0.5, 1.25) < 0.08


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, np.float64, ">i2"])
def test_stored_numbers_of_any_type(land, dtype):
    first, second = (seen(land, dx).clip(0, 255).astype(dtype) for dx in (0.0, 1.5))
    before = second.copy()
    assert off(found(first, second), 1.5, 0) < 0.05
    assert np.array_equal(second, before)


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


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "turn",
    [lambda a: a.T, lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a[::-1, ::-1], np.rot90],
    ids=["axes swapped", "upside down", "mirrored", "turned by 180 degrees", "turned by 90 degrees"],
)
def test_row_33_swapped_and_flipped_axes_are_refused(turn, seed):
    image = seen(ground(seed))
    assert refused(found(image, np.ascontiguousarray(turn(image))))
    assert refused(found(image[:160, 30:190], np.ascontiguousarray(turn(image[:160, 30:190]))))


@pytest.mark.parametrize("seed", range(6))
def test_row_33_what_has_nothing_in_common_is_refused(seed):
    rng = np.random.default_rng(seed)
    image = seen(ground(seed))
    assert refused(found(image, rng.normal(size=image.shape)))
    assert refused(found(image, gaussian_filter(rng.normal(size=image.shape), 2)))
    assert refused(found(image, seen(ground(seed + 77))))
    assert refused(found(rng.normal(size=image.shape), rng.normal(size=image.shape)))


@pytest.mark.parametrize("value", [0.0, 7.5, np.nan, np.inf])
def test_images_without_texture_are_refused(land, value):
    flat = np.full((SIDE, SIDE), value)
    for pair in ((seen(land), flat), (flat, seen(land)), (flat, flat)):
        assert refused(found(*pair))


def test_images_that_nobody_may_look_at_are_refused(land):
    nothing = np.zeros((SIDE, SIDE), bool)
    everything = ~nothing
    left, right = everything.copy(), everything.copy()
    left[:, SIDE // 2 :] = right[:, : SIDE // 2] = False
    for first, second in ((nothing, everything), (everything, nothing), (nothing, nothing), (left, right)):
        assert refused(shift_between(seen(land), seen(land, 1), first, second))


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


def test_the_window_can_be_chosen(land):
    few, many = (found(seen(land), seen(land, 1.25), window=side) for side in (128, 48))
    assert many.votes > few.votes
    assert max(off(few, 1.25, 0), off(many, 1.25, 0)) < 0.05


def test_a_part_that_neither_shows_is_left_out(land):
    first, second = (np.full((500, 600), np.nan) for _ in range(2))
    first[150 : 150 + SIDE, 300 : 300 + SIDE] = seen(land)
    second[150 : 150 + SIDE, 300 : 300 + SIDE] = seen(land, -0.5, 2)
    assert off(found(first, second), -0.5, 2) < 0.05


@pytest.mark.parametrize(
    "shapes", [((64, 64), (64, 65), (64, 64), (64, 64)), ((64, 64), (64, 64), (64, 64), (60, 64)), ((3, 64, 64),) * 4]
)
def test_arrays_of_unequal_shape_are_bad_input(shapes):
    first, second, *masks = (np.ones(shape) for shape in shapes)
    with pytest.raises(BadInput, match="shape"):
        shift_between(first, second, *(mask > 0 for mask in masks))


def test_row_33_real_years_moved_by_a_known_shift():
    """NAIP of two years, moved by whole 5 m pixels and averaged to 15 m: the difference of two answers is the shift."""
    if "SITELINE_DATA" not in os.environ:
        pytest.skip("SITELINE_DATA does not name the folder of real data")
    rasterio = pytest.importorskip("rasterio")
    paths = sorted((Path(os.environ["SITELINE_DATA"]) / "naip-nd").glob("*.tif"))
    years = []
    for path in (paths[1], paths[7]):
        with rasterio.open(path) as opened:
            years.append(opened.read([1, 2, 3]).mean(0))

    def cut(image: np.ndarray, dx: int, dy: int) -> np.ndarray:
        part = image[12 - dy : 12 - dy + 690, 12 - dx : 12 - dx + 900]
        return part.reshape(230, 3, 300, 3).mean((1, 3))

    before = found(cut(years[0], 0, 0), cut(years[1], 0, 0))
    assert off(before, 0, 0) < 1  # the published accuracy of these images is 6 m
    for dx, dy in ((1, 0), (-3, 3), (5, -7)):
        assert off(found(cut(years[0], 0, 0), cut(years[1], dx, dy)), before.dx + dx / 3, before.dy + dy / 3) < 0.2
