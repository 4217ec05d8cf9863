"""Objects from scores: what is kept, what is dropped, and how it is described."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from siteline.detect.bitemporal.objects import objects
from siteline.model.errors import BadInput


def scene() -> np.ndarray:
    score = np.zeros((40, 60))
    score[5:9, 5:15] = 0.6  # a block that reaches 0.9 at one pixel
    score[6, 7] = 0.9
    score[20:24, 20:24] = 0.6  # a block that never does
    score[30, 5:50] = 0.95  # a sliver
    score[2, 40] = 0.99  # a speck
    score[14:18, 50:54] = 1.0
    score[18, 54] = 0.7  # touches at a corner
    return score


def test_only_what_is_strong_somewhere_large_and_wide_enough_is_kept():
    found = objects(scene(), high=0.8, low=0.5)
    assert [(one.label, one.peak, one.pixels) for one in found.found] == [(1, 1.0, 17), (2, 0.9, 40)]
    assert (np.bincount(found.labels.ravel())[1:] == [17, 40]).all()
    assert found.labels[18, 54] == 1


def test_objects_are_described_in_pixels():
    block = objects(scene(), high=0.8, low=0.5).found[1]
    assert block.rows == (5, 9) and block.cols == (5, 15) and block.centre == (6.5, 9.5)
    assert block.width == 3 and block.elongation == pytest.approx(10 / 4, rel=1e-6)
    assert block.mean == pytest.approx(0.6 + 0.3 / 40)


@pytest.mark.parametrize("seed", range(3))
def test_without_shape_and_size_it_is_plain_hysteresis(seed):
    score = np.random.default_rng(seed).random((50, 50))
    found = objects(score, high=0.9, low=0.6, least_pixels=1, least_width=1)
    parts, count = label(score >= 0.6, np.ones((3, 3)))
    strong = [n for n in range(1, count + 1) if score[parts == n].max() >= 0.9]
    assert ((found.labels > 0) == np.isin(parts, strong)).all()
    assert len(found.found) == len(strong)
    peaks = [one.peak for one in found.found]
    assert peaks == sorted(peaks, reverse=True)


def test_slivers_and_specks_stay_where_they_are_asked_for():
    found = objects(scene(), high=0.8, low=0.5, least_pixels=1, least_width=1)
    assert sorted(one.width for one in found.found) == [1, 1, 3, 3]
    assert max(one.elongation for one in found.found) == pytest.approx(45)


def test_what_was_not_seen_is_no_object_and_divides():
    score = np.ones((10, 21))
    score[:, 10] = np.nan
    assert len(objects(score, high=1, low=1).found) == 2
    assert not len(objects(score * np.nan, high=1, low=1).found)


def test_wrong_thresholds_are_refused():
    with pytest.raises(BadInput, match="low <= high"):
        objects(scene(), high=0.2, low=0.5)
    with pytest.raises(BadInput, match="rows and columns"):
        objects(scene()[0], high=0.5, low=0.2)
