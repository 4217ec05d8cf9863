"""siteline's map of two scenes: works are found, seasons and calibration are not, and what was not seen says nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from siteline.detect.bitemporal.built import HIGH, LOW, built
from siteline.detect.bitemporal.foreseen import unforeseen
from siteline.model.errors import BadInput

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
SIDE = 160
SEEN = np.ones((SIDE, SIDE), bool)
SPECTRA = {
    "roof": (0.22, 0.24, 0.26, 0.30, 0.32, 0.30),
    "road": (0.10, 0.10, 0.11, 0.13, 0.15, 0.14),
    "bare": (0.10, 0.14, 0.19, 0.26, 0.34, 0.30),
    "dry": (0.08, 0.11, 0.14, 0.24, 0.28, 0.20),
    "green": (0.04, 0.07, 0.04, 0.40, 0.18, 0.09),
}
WORKS = (slice(100, 112), slice(30, 45))


def ground(rng: np.random.Generator) -> np.ndarray:
    """Kind of ground by pixel: a town of roofs and roads at the left, fields at the right."""
    kinds = np.full((SIDE, SIDE), "road", dtype="<U5")
    kinds[rng.random((SIDE // 3 + 1, SIDE // 3 + 1)).repeat(3, 0).repeat(3, 1)[:SIDE, :SIDE] < 0.5] = "roof"
    fields = rng.choice(["green", "bare"], (4, 2)).repeat(40, 0).repeat(40, 1)
    kinds[:, 80:] = fields
    return kinds


def picture(kinds: np.ndarray, rng: np.random.Generator, noise: float = 0.004) -> np.ndarray:
    """Float32[band, y, x]: spectra of ``kinds`` under the sensor's blur, with shading of its own and noise."""
    spectra = np.moveaxis(np.array([[SPECTRA[kind] for kind in row] for row in kinds]), 2, 0)
    shade = np.exp(0.1 * gaussian_filter(np.random.default_rng(99).normal(size=kinds.shape), 0.7))
    return np.stack([gaussian_filter(band * shade, 0.6) + noise * rng.normal(size=band.shape) for band in spectra]).astype(
        "f4"
    )


def made(works: bool = True, season: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Before and after: some of the town is cleared; all green fields dry; haze and gain of the second differ."""
    rng = np.random.default_rng(0)
    kinds = ground(rng)
    before = picture(kinds, rng)
    later = kinds.copy()
    if season:
        later[kinds == "green"] = "dry"
    if works:
        later[WORKS] = "bare"
    return before, picture(later, rng) * 0.9 + 0.02


def truth() -> np.ndarray:
    out = np.zeros((SIDE, SIDE), bool)
    out[WORKS] = True
    return out


def average_precision(score: np.ndarray, changed: np.ndarray) -> float:
    """Mean precision at each changed pixel, in order of score."""
    right = changed.ravel()[np.argsort(-score, axis=None, kind="stable")]
    return float((np.cumsum(right) / np.arange(1, right.size + 1))[right].mean())


def test_works_are_found_among_drying_fields():
    before, after = made()
    found = built(before, after, SEEN, BANDS, pixel_m=10)
    assert len(found.objects.found) == 1
    overlap = (found.changed & truth()).sum() / (found.changed | truth()).sum()
    assert overlap > 0.6
    assert average_precision(found.score, truth()) > 0.9


@pytest.mark.parametrize("season", [False, True])
def test_without_works_there_is_nothing(season):
    found = built(*made(works=False, season=season), SEEN, BANDS, pixel_m=10)
    assert not found.changed.any() and found.score.max() < LOW


def test_the_order_of_the_scenes_does_not_matter():
    before, after = made()
    assert np.allclose(
        built(before, after, SEEN, BANDS, pixel_m=10).score, built(after, before, SEEN, BANDS, pixel_m=10).score, atol=1e-5
    )


def test_calibration_of_one_scene_hardly_matters():
    before, after = made()
    expected = built(before, after, SEEN, BANDS, pixel_m=10)
    found = built(before, after * 1.15 + 0.01, SEEN, BANDS, pixel_m=10)
    assert np.corrcoef(found.score.ravel(), expected.score.ravel())[0, 1] > 0.99
    assert (found.changed & expected.changed).sum() > 0.85 * (found.changed | expected.changed).sum()


def test_order_of_bands_and_bands_of_no_use_do_not_matter():
    before, after = made()
    expected = built(before, after, SEEN, BANDS, pixel_m=10).score
    order = [3, 5, 0, 2, 1, 4]
    extra = [np.concatenate([scene[order], scene[:1] * 0 + 0.5]) for scene in (before, after)]
    names = [*(BANDS[k] for k in order), "nir09"]
    assert np.allclose(built(*extra, SEEN, names, pixel_m=10).score, expected, atol=1e-4)


def test_what_is_not_seen_has_no_answer_and_does_not_leak():
    before, after = made()
    cloud = SEEN.copy()
    cloud[20:60, 20:60] = False
    hidden = after.copy()
    hidden[:, ~cloud] = 5.0
    hidden[2, 0, 0] = np.nan
    found = built(before, hidden, cloud, BANDS, pixel_m=10)
    assert np.isnan(found.score[20:60, 20:60]).all() and np.isnan(found.score[0, 0])
    assert not found.changed[~cloud].any()
    clear = built(before, after, SEEN, BANDS, pixel_m=10).score
    assert np.nanmax(np.abs(found.score - clear)) < 0.03
    assert average_precision(np.nan_to_num(found.score), truth()) > 0.9


def test_the_same_scene_twice_has_not_changed():
    before, _ = made()
    found = built(before, before, SEEN, BANDS, pixel_m=10)
    assert found.score.max() < 1e-3 and not found.changed.any()


def test_sizes_are_metres():
    before, after = made()
    expected = built(before, after, SEEN, BANDS, pixel_m=10)
    fine = [np.stack([zoom(band, 2, order=1) for band in scene]) for scene in (before, after)]
    found = built(*fine, np.ones((2 * SIDE, 2 * SIDE), bool), BANDS, pixel_m=5)
    assert len(found.objects.found) == 1
    assert found.changed.sum() / 4 == pytest.approx(expected.changed.sum(), rel=0.25)


def test_visible_bands_alone_are_enough():
    before, after = made(season=False)
    found = built(before[:3], after[:3], SEEN, BANDS[:3], pixel_m=10)
    assert average_precision(found.score, truth()) > 0.9


def test_a_change_of_one_kind_everywhere_is_foreseen_and_one_pixel_is_not():
    before, after = made(works=False)
    after[:, 10, 10] = 0.8
    left = unforeseen(before, after, SEEN, BANDS)
    assert np.median(left) < 0.03
    assert left[:3, 10, 10].min() > 0.3


def test_wrong_input_is_refused():
    before, after = made()
    for bands, size, pixel_m in ((BANDS[3:], 3, 10), (BANDS, 3, 10), (BANDS, 6, 0)):
        with pytest.raises(BadInput, match="blue, green or red"):
            built(before[-size:], after[-size:], SEEN, bands, pixel_m=pixel_m)
    with pytest.raises(BadInput, match="one shape"):
        built(before, after[:, 1:], SEEN, BANDS, pixel_m=10)
    with pytest.raises(BadInput, match="only 0 pixels"):
        built(before, after, ~SEEN, BANDS, pixel_m=10)
    assert LOW < HIGH


@pytest.mark.skipif("SITELINE_DATA" not in os.environ, reason="SITELINE_DATA is not set: real scenes are not at hand")
def test_of_farmland_without_construction_little_is_called_changed():
    """naip-nd: four bands at 5 m; fields sown otherwise and ponds that come and go pass for works."""
    import rasterio

    pairs = (("2009", "2010"), ("2014", "2015"), ("2018", "2019"))
    scenes = {}
    for file in sorted((Path(os.environ["SITELINE_DATA"]).resolve() / "naip-nd").glob("*.tif")):
        year = re.findall(r"_(\d{4})\d{4}", file.name)[0]
        if any(year in pair for pair in pairs):
            with rasterio.open(file) as source:
                scenes[year] = source.read([3, 2, 1, 4], window=((0, 400), (0, 400))).astype("f4") / 255
    shares = []
    for one, other in ((scenes[first], scenes[second]) for first, second in pairs):
        valid = (one > 0).all(axis=0) & (other > 0).all(axis=0)
        shares.append(built(one, other, valid, BANDS[:4], pixel_m=5).changed[valid].mean())
    assert np.median(shares) < 0.08
