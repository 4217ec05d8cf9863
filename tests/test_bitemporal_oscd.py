"""The OSCD benchmark: its scoring on made answers, and one small real city."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.detect_oscd import CLASSICAL, OWN, Answer, own, scored, table
from benchmarks.detect_oscd_pairs import BANDS, City, city, clouded
from benchmarks.detect_oscd_peers import one_pass, otsu

from siteline.cube.align import Shift

pytest.importorskip("sklearn", reason="scikit-learn is of the bench group")


def made(name: str, share: float, seed: int) -> City:
    rng = np.random.default_rng(seed)
    scene = rng.random((len(BANDS), 30, 40)).astype("f4")
    return City(name, scene, scene, np.ones((30, 40), bool), rng.random((30, 40)) < share, Shift(0, 0, 3, 0, True))


def test_a_perfect_answer_scores_one_and_chance_scores_the_share_changed():
    pairs = [made("abudhabi", 0.1, 0), made("bercy", 0.3, 1)]
    perfect = scored(pairs, [Answer(p.truth.astype("f4"), p.truth) for p in pairs])
    assert {perfect[key] for key in ("pooled", "developed", "confirmed", "mean", "precision", "recall", "f1")} == {1.0}
    rng = np.random.default_rng(2)
    chance = scored(pairs, [Answer(rng.random(p.truth.shape), rng.random(p.truth.shape) < 0.5) for p in pairs])
    assert chance["developed"] == pytest.approx(0.1, abs=0.04) and chance["confirmed"] == pytest.approx(0.3, abs=0.05)
    assert chance["recall"] == pytest.approx(0.5, abs=0.07)


def test_pooling_asks_for_one_scale_of_scores():
    pairs = [made("abudhabi", 0.2, 0), made("bercy", 0.2, 1)]
    shifted = scored(pairs, [Answer(p.truth + np.float32(5 * k), p.truth) for k, p in enumerate(pairs)])
    assert shifted["mean"] == 1 and shifted["pooled"] < 0.7


def test_what_is_not_seen_counts_as_least_likely():
    pair = made("bercy", 0.2, 0)
    score = pair.truth.astype("f4") + 1
    score[pair.truth] = np.nan
    assert scored([pair, pair], [Answer(score, pair.truth)] * 2)["confirmed"] < 0.25


def test_the_table_has_a_row_for_each_method():
    told = dict.fromkeys(("pooled", "developed", "confirmed", "mean", "precision", "recall", "f1"), 0.5)
    lines = table({"methods": dict.fromkeys([*CLASSICAL, OWN], told)}).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == [*CLASSICAL, OWN]


def test_otsu_splits_two_heaps():
    rng = np.random.default_rng(0)
    heaps = np.concatenate([rng.normal(1, 0.1, 5000), rng.normal(3, 0.3, 800), [500.0]])
    assert 1.3 < otsu(heaps) < 2.3


def test_only_large_bright_areas_are_clouds():
    scene = np.full((len(BANDS), 120, 120), 1000.0)
    scene[:, 5:12, 5:12] = 6000  # a roof
    assert not clouded(scene).any()
    scene[:, 60:100, 60:100] = 6000
    found = clouded(scene)
    assert found[62:98, 62:98].all() and not found[:30].any()


@pytest.mark.skipif("SITELINE_DATA" not in os.environ, reason="SITELINE_DATA is not set: real scenes are not at hand")
def test_on_a_real_city_the_map_orders_pixels_better_than_mad():
    pair = city(Path(os.environ["SITELINE_DATA"]).resolve() / "oscd" / "bercy")
    assert pair.shift.aligned and pair.valid.mean() > 0.98
    told = scored([pair, pair], [own(pair)] * 2)["confirmed"]
    plain = one_pass(pair.before, pair.after, pair.valid)
    assert told > 1.5 * scored([pair, pair], [Answer(plain, plain > 30)] * 2)["confirmed"]
