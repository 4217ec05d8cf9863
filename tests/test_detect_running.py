"""A series that grows by scenes gives what the whole series gives at once."""

from __future__ import annotations

import numpy as np
import pytest

from siteline.detect.found import detected
from siteline.detect.prior import Prior
from siteline.detect.running import Running
from siteline.detect.trust import judge
from siteline.model.errors import BadInput


def grown(order: np.ndarray, values: np.ndarray, days: np.ndarray, placebos: np.ndarray, start: int) -> Running:
    """A series of the first ``start`` scenes of ``order``, to which the others are added one by one."""
    first = np.sort(order[:start])
    both = np.concatenate([values[None], placebos])
    judged = judge(both[:, :, first], days[first], Prior(), threads=1)
    names = tuple(f"s{k}" for k in first)
    made = Running("shed", "sensor", ("a", "b"), values[:, first], days[first], names, Prior(), judged, 0.8)
    for k in order[start:]:
        made = made.add(f"s{k}", float(days[k]), values[:, k])
    return made


def test_scenes_in_any_order_give_the_answer_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    days = np.sort(rng.uniform(0, 900, 90))
    values = rng.normal(0, 1, (2, 90)) + 3.0 * (days > 500)
    values[:, 20] = np.nan
    placebos = rng.normal(0, 1, (60, 2, 90))
    late = grown(np.arange(90), values, days, placebos, 60)
    shuffled = grown(np.concatenate([np.arange(60), 60 + rng.permutation(30)]), values, days, placebos, 60)
    first, second = (made.answer.changes[0].to_json() for made in (late, shuffled))
    assert first == second
    whole = judge(np.concatenate([values[None], placebos]), days, Prior(), threads=1)
    at_once = detected(
        "shed", "sensor", ("a", "b"), [f"s{k}" for k in range(90)], Prior(), whole, values[None], temperature=0.8
    )
    assert late.answer.changes[0].by_scene == at_once.changes[0].by_scene
    assert late.answer.changes[0].bracket.after < 500 <= late.answer.changes[0].bracket.by


def test_a_change_appears_when_enough_scenes_show_it() -> None:
    rng = np.random.default_rng(4)
    days = np.arange(0, 900, 10.0)
    values = rng.normal(0, 1, (2, 90)) + 6.0 * (days >= 700)
    placebos = rng.normal(0, 1, (60, 2, 90))
    running = grown(np.arange(90), values, days, placebos, 70)
    first = np.arange(70)
    judged = running.judged
    before = Running(
        "shed", "sensor", ("a", "b"), values[:, :70], days[:70], tuple(f"s{k}" for k in first), Prior(), judged, 1.0
    )
    assert not before.answer.changes
    assert running.answer.changes[0].bracket.by == 700.0


def test_what_does_not_fit_is_refused_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(5)
    days = np.arange(0, 400, 10.0)
    running = grown(np.arange(40), rng.normal(0, 1, (2, 40)), days, rng.normal(0, 1, (30, 2, 40)), 40)
    for scene, day, row, words in (
        ("s3", 410.0, [0, 0], "already"),
        ("n", np.nan, [0, 0], "no date"),
        ("n", 410.0, [0], "2 measures"),
    ):
        with pytest.raises(BadInput, match=words):
            running.add(scene, day, row)
    assert len(running.scenes) == 40
