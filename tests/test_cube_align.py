"""Alignment: shifts that are known beforehand, and images that must not be aligned (row 33)."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from scipy import ndimage

from siteline.cube.align import Shift, shift_between
from siteline.model.errors import BadInput

SIDE = 200


def ground(side: int = SIDE, number: int = 0) -> np.ndarray:
    """Texture that is known everywhere: a sum of waves, so that a shifted image is computed, not interpolated."""
    return waves(side, number, 0.0, 0.0)


def waves(side: int, number: int, dx: float, dy: float) -> np.ndarray:
    """Scene ``number``, its content moved by (dx, dy): 400 plane waves of 4 to 30 px with random directions."""
    rng = np.random.default_rng(number)
    length, angle = rng.uniform(4, 30, 400), rng.uniform(0, 2 * np.pi, 400)
    fx, fy, phase = np.cos(angle) / length, np.sin(angle) / length, rng.uniform(0, 2 * np.pi, 400)
    at = np.arange(side)
    right = np.exp(2j * np.pi * (np.outer(fx, at - dx) + phase[:, None] / (2 * np.pi)))
    down = np.exp(2j * np.pi * np.outer(fy, at - dy))
    return np.real(np.einsum("ky,kx->yx", down, right)).astype(np.float32)


def align(reference: np.ndarray, moving: np.ndarray, ok_reference=None, ok_moving=None) -> Shift:
    everywhere = np.ones(reference.shape, bool)
    return shift_between(
        reference,
        moving,
        everywhere if ok_reference is None else ok_reference,
        everywhere if ok_moving is None else ok_moving,
    )


def off(found: Shift, dx: float, dy: float) -> float:
    assert found.aligned, found.reason
    return max(abs(found.dx - dx), abs(found.dy - dy))


def blobs(shape: tuple[int, int], share: float, number: int) -> np.ndarray:
    field = ndimage.gaussian_filter(np.random.default_rng(number).standard_normal(shape), 12)
    return field > np.quantile(field, 1 - share)


@seed(33)
@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 5))
def test_a_known_shift_is_found(dx, dy, number):
    assert off(align(ground(160, number), waves(160, number, dx, dy)), dx, dy) < 0.05


@pytest.mark.parametrize(("dx", "dy"), [(11, -7), (-10.3, 9.6)])
def test_a_long_shift_is_found(dx, dy):
    assert off(align(ground(256), waves(256, 0, dx, dy)), dx, dy) < 0.05


def test_what_does_not_move_has_no_shift():
    assert off(align(ground(), ground()), 0, 0) < 0.005


def test_exchanging_both_images_turns_the_shift_round():
    a, b = ground(), waves(SIDE, 0, 1.7, -2.4)
    there, back = align(a, b), align(b, a)
    assert off(there, -back.dx, -back.dy) < 0.03


@pytest.mark.parametrize(("gain", "offset"), [(1e-4, 0.0), (250.0, 10_000.0), (1.0, -0.1), (-1.0, 0.0), (-0.3, 5.0)])
def test_gain_offset_and_turned_contrast_do_not_matter(gain, offset):
    a, b = ground(), waves(SIDE, 0, 1.25, -0.5)
    assert off(align(a, b * gain + offset), 1.25, -0.5) < 0.05


def test_masked_cloud_is_not_looked_at():
    a, b = ground(), waves(SIDE, 0, -1.3, 2.2)
    plain = align(a, b)
    cloud = blobs(b.shape, 0.3, 1)
    found = [align(a, np.where(cloud, value, b), None, ~cloud) for value in (1e4, -1e4, np.nan)]
    assert all(off(f, -1.3, 2.2) < 0.05 for f in found)
    assert found[0] == found[1] == found[2]
    assert found[0].votes <= plain.votes


def test_cloud_that_no_mask_knows_is_outvoted():
    a, b = ground(256), waves(256, 0, 2.6, 0.4)
    cloud = blobs(b.shape, 0.2, 2)
    bright = 60 + 20 * ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(b.shape), 3)
    assert off(align(a, np.where(cloud, bright, b)), 2.6, 0.4) < 0.1


def test_half_of_the_fields_replaced():
    fields = np.kron(np.random.default_rng(4).random((16, 16)) < 0.5, np.ones((16, 16))).astype(bool)
    a = ground(256)
    b = np.where(fields, waves(256, 9, 0, 0), waves(256, 0, 0.8, -1.6))
    assert off(align(a, b), 0.8, -1.6) < 0.1


def test_numbers_that_are_missing_are_not_looked_at():
    a, b = ground(), waves(SIDE, 0, 0.6, 1.1)
    a[:, :40], b[120:150, 90:] = np.nan, np.inf
    assert off(align(a, b), 0.6, 1.1) < 0.05


def test_an_image_of_80_pixels():
    for number in range(4):
        assert off(align(ground(80, number), waves(80, number, -2.3, 1.4)), -2.3, 1.4) < 0.1


def test_only_a_part_is_shared():
    a, b = ground(), waves(SIDE, 0, 1.0, 0.5)
    left, right = np.zeros((2, SIDE, SIDE), bool)
    left[:, :150], right[:, 60:] = True, True
    assert off(align(a, b, left, right), 1.0, 0.5) < 0.1


NOISE = np.random.default_rng(7).standard_normal((3, 128, 128)).astype(np.float32)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(np.ones((128, 128)), np.ones((128, 128)), id="constant"),
        pytest.param(np.ones((128, 128)), NOISE[0], id="constant and noise"),
        pytest.param(NOISE[0], NOISE[1], id="noise"),
        pytest.param(ndimage.gaussian_filter(NOISE[0], 2), ndimage.gaussian_filter(NOISE[1], 2), id="smooth noise"),
        pytest.param(ground(128, 1), ground(128, 2), id="two places"),
        pytest.param(np.full((128, 128), np.nan), NOISE[0], id="all missing"),
        pytest.param(np.zeros((128, 128), np.uint8), NOISE[0], id="integers"),
        pytest.param(NOISE[0, :1], NOISE[0, :1], id="one row"),
        pytest.param(NOISE[0, :, :1], NOISE[0, :, :1], id="one column"),
        pytest.param(NOISE[0, :20, :20], NOISE[0, :20, :20], id="20 px"),
        pytest.param(NOISE[0, :32], NOISE[1, :32], id="32 rows"),
        pytest.param(NOISE[0, :0, :0], NOISE[0, :0, :0], id="nothing"),
        pytest.param(np.tile(NOISE[0, :8, :8], (16, 16)), np.tile(NOISE[0, :8, :8], (16, 16)), id="periodic"),
        pytest.param(np.outer(np.ones(128), NOISE[0, 0]), np.outer(np.ones(128), NOISE[0, 0]), id="stripes"),
        pytest.param(NOISE[0] * 1e30, NOISE[1] * 1e-30, id="extreme numbers"),
    ],
)
def test_what_cannot_be_aligned_is_not(a, b):
    found = align(a, b)
    assert not found.aligned
    assert found.reason and np.isnan([found.dx, found.dy, found.residual]).all()


def test_nothing_seen_is_not_aligned():
    nothing = np.zeros((128, 128), bool)
    assert not align(NOISE[0], NOISE[0], nothing).aligned
    assert not align(NOISE[0], NOISE[0], nothing, nothing).aligned


@pytest.mark.parametrize("shape", [(128, 127), (127, 128), (128,), (3, 128, 128)])
def test_unequal_shapes_are_refused(shape):
    other = np.zeros(shape, np.float32)
    with pytest.raises(BadInput, match="one shape"):
        shift_between(NOISE[0], other, NOISE[0] > 0, other > 0)


def test_every_image_of_three_axes_is_refused():
    with pytest.raises(BadInput, match="rows and columns"):
        shift_between(NOISE, NOISE, NOISE > -9, NOISE > -9)


def test_the_same_images_give_the_same_answer():
    a, b = ground(), waves(SIDE, 0, 1.7, -2.4)
    assert align(a, b) == align(a, b)


def realistic(number: int) -> np.ndarray:
    """Fields of many sizes with straight borders, two roads and trees: what flips and transposes confuse most.

    An exact lattice of fields is not among them: flipped, its borders do lie on one another.
    """
    rng = np.random.default_rng([number, 5])
    image = np.zeros((240, 240))
    left = [(0, 240, 0, 240)]
    while left:
        top, bottom, west, east = left.pop()
        cut = rng.uniform(0.35, 0.65)
        if max(bottom - top, east - west) < 45:
            image[top:bottom, west:east] = rng.random()
        elif bottom - top > east - west:
            middle = top + int((bottom - top) * cut)
            left += [(top, middle, west, east), (middle, bottom, west, east)]
        else:
            middle = west + int((east - west) * cut)
            left += [(top, bottom, west, middle), (top, bottom, middle, east)]
    image[rng.integers(30, 200)] += 1
    image[:, rng.integers(30, 200)] += 1
    trees = ndimage.gaussian_filter(rng.standard_normal(image.shape), 1.5)
    return ndimage.gaussian_filter(image + trees / trees.std() / 8, 0.7).astype(np.float32)


def real_scenes() -> list[np.ndarray]:
    import rasterio

    if "SITELINE_DATA" not in os.environ:
        pytest.skip("SITELINE_DATA is not set: no real scenes")
    root = Path(os.environ["SITELINE_DATA"])
    paths = sorted((root / "naip-nd").glob("*.tif"))[1::3]
    paths += [next((root / "oscd" / city).glob(f"{city}_2*.tif")) for city in ("bordeaux", "aguasclaras", "hongkong")]
    scenes = []
    for path in paths:
        with rasterio.open(path) as opened:
            scenes.append(opened.read(1, out_shape=tuple(n // (2 if "naip" in path.parts[-2] else 1) for n in opened.shape)))
    return [scene[:300, :300].astype(np.float32) for scene in scenes]


def swapped(scene: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "transposed": scene.T,
        "upside down": scene[::-1],
        "mirrored": scene[:, ::-1],
        "turned by 180": scene[::-1, ::-1],
        "turned by 90": np.rot90(scene),
        "transposed and turned": scene.T[::-1, ::-1],
    }


def confident(scenes: list[np.ndarray]) -> list[tuple[int, str, Shift]]:
    """Every answer claimed for an image whose axes are swapped; there must be none."""
    answers = []
    for number, scene in enumerate(scenes):
        square = scene[: min(scene.shape), : min(scene.shape)]
        for name, other in swapped(square).items():
            found = align(square, np.ascontiguousarray(other))
            answers += [(number, name, found)] if found.aligned else []
    return answers


def test_row_33_swapped_axes_are_refused():
    scenes = [realistic(n) for n in range(5)] + [ground(128, n) for n in range(3)]
    assert confident(scenes) == []


def test_two_places_are_not_aligned():
    places = [realistic(n) for n in range(6)]
    assert [align(a, b) for a, b in itertools.pairwise(places) if align(a, b).aligned] == []


def test_row_33_swapped_axes_are_refused_on_real_scenes():
    assert confident(real_scenes()) == []


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 1), (-1, 0), (1, -1)])
def test_row_33_one_pixel_shift_is_caught(dx, dy):
    for scene in (realistic(1), realistic(2), waves(242, 3, 0, 0)):
        found = align(scene[2:-2, 2:-2], np.roll(scene, (dy, dx), (0, 1))[2:-2, 2:-2])
        assert off(found, dx, dy) < 0.05


def test_row_33_one_pixel_shift_is_caught_on_real_scenes():
    for number, scene in enumerate(real_scenes()):
        dx, dy = [(1, 0), (0, 1), (-1, 0), (0, -1)][number % 4]
        found = align(scene[2:-2, 2:-2], np.roll(scene, (dy, dx), (0, 1))[2:-2, 2:-2])
        assert off(found, dx, dy) < 0.05
