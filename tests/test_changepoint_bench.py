"""The change-point benchmark's own arithmetic: the oracle, the working point, seasons and bands, and the peers' answers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import detect_peers_common
from benchmarks.changepoint_data import Batch, Found, batch, folder, score
from benchmarks.changepoint_oracle import covariance, interval, oracle, profiles
from benchmarks.detect_peers import PEERS
from benchmarks.detect_peers_common import at_working_point, brackets, looks_earlier, whitened, without_season

yardstick = pytest.mark.skipif(
    folder() is None, reason="no yardstick: set SITELINE_DATA to the data folder, with bench/changepoint beside it"
)
PACKAGES = {"Rbeast": "Rbeast", "ruptures": "ruptures", "nrt": "nrt"}
QUICK = [m for m in PEERS if m.name.split(" ")[0].rstrip(",") in PACKAGES and m.name != "Rbeast, tuned"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small matrices in many threads wait for one another on a busy machine."""
    if importlib.util.find_spec("threadpoolctl") is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def plain(values: np.ndarray, days: np.ndarray) -> Batch:
    """A batch without truth, half of it quiet."""
    changed = np.arange(len(values)) % 2 == 0
    return Batch(values, days, {"changed": changed}, tuple(range(values.shape[1])), "std")


def test_covariance_of_hard_noise_is_its_parts() -> None:
    days = np.array([0.0, 40.0, 365.25])
    told = covariance(days, "hard", 1.0)
    assert np.allclose(np.diag(told), 1 + 0.09 * (days / 365.25) ** 2)
    assert told[0, 1] == pytest.approx(0.3 / np.e) and np.array_equal(covariance(days, "std", 1.0), np.eye(3))


def test_profiles_of_a_step_and_of_a_ramp() -> None:
    days = np.array([0.0, 10.0, 30.0, 60.0])
    assert np.array_equal(profiles(days, 0.0)[:, 1], [0, 0, 1, 1])
    assert np.allclose(profiles(days, 40.0)[:, 1], [0, 0, 0.25, 1])  # begins on day 20


def test_an_even_interval_leaves_out_an_even_tail() -> None:
    assert interval(np.array([1.0, 3.0]), np.array([0.0, 10.0, 40.0])) == pytest.approx((1.0, 39.0))


@pytest.mark.parametrize("count", [60, 101, 1000])
def test_the_working_point_is_the_most_sensitive_with_few_false_alarms(count: int) -> None:
    strength = np.random.default_rng(1).uniform(1, 100, 2 * count)
    quiet = np.arange(2 * count) < count
    strength[~quiet] *= 1.5

    def run(setting: float) -> tuple[np.ndarray, float]:
        return np.where(strength > setting, 5.0, np.nan), 1.0

    found = at_working_point(run, quiet, 0.1, 200.0)
    rate = found.score[quiet].mean()
    assert 0.046 - 2.5 / count <= rate <= 0.05
    threshold = np.quantile(found.score[quiet], 0.95, method="higher")
    assert np.array_equal(found.score > threshold, found.score == 1)


def test_dates_are_laid_between_the_looks_of_their_own_series() -> None:
    days = np.arange(0.0, 30.0, 5.0)
    values = np.ones((3, 1, 6), np.float32)
    values[1, 0, [1, 2]] = np.nan
    given = plain(values, days)
    after, by = brackets(given, np.array([7.0, 7.0, np.nan]))
    assert after.tolist() == [5.0, 0.0, 20.0] and by.tolist() == [10.0, 15.0, 25.0]
    assert looks_earlier(given, np.array([20.0, 20.0, np.nan]), 2)[:2].tolist() == [10.0, 0.0]


def test_a_season_is_taken_off_and_a_step_stays() -> None:
    rng = np.random.default_rng(3)
    days = np.arange(0.0, 1461.0, 5.0)
    noise = rng.normal(0, 50, (40, 2, days.size))
    values = 2000 + 800 * np.cos(2 * np.pi * days / 365.25) + noise
    values[:, :, rng.random(days.size) < 0.5] = np.nan
    values[:, :, 20] = 9000.0
    rest = without_season(values, days)
    usual = np.abs(rest) < 10
    assert rest[usual].std() == pytest.approx(1.0, abs=0.1) and np.isfinite(rest).sum() == np.isfinite(values).sum()
    values[:, :, days > 700] += 300
    moved = without_season(values, days)
    assert np.nanmedian(moved[:, :, days > 700]) - np.nanmedian(moved[:, :, days < 700]) > 2


def test_whitened_bands_are_independent() -> None:
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(np.array([[1.0, 0.8], [0.8, 1.0]]) * 90.0**2)
    values = np.einsum("ab,nbt->nat", root, rng.normal(size=(300, 2, 120))) + 1000.0
    values[:, :, ::3] = np.nan
    flat = whitened(values).transpose(1, 0, 2).reshape(2, -1)
    assert np.cov(flat[:, np.isfinite(flat[0])]) == pytest.approx(np.eye(2), abs=0.06)


@yardstick
@pytest.mark.parametrize(("bands", "published"), [(1, 0.76), (6, 0.94)])
def test_the_oracle_reaches_what_was_published(bands: int, published: float) -> None:
    given = batch(1, "std", bands, 600)
    told = score(given, oracle(given))
    steps = 600 * 0.5 * 0.7
    assert abs(told["hit"] - published) < 3 * np.sqrt(published * (1 - published) / steps)
    assert told["f1"] == pytest.approx(0.976, abs=0.008)
    assert abs(told["cover"] - 0.95) < 3 * np.sqrt(0.95 * 0.05 / steps)


@yardstick
def test_knowing_less_cannot_beat_the_oracle() -> None:
    given = batch(1, "hard", 1, 600).first(300)
    known = oracle(given)
    rng = np.random.default_rng(0)
    blind = Found(rng.normal(size=300), known.after, rng.permutation(known.by), 1.0)
    assert score(given, known)["found and dated"] > 0.6 > 0.1 > score(given, blind)["found and dated"]
    assert score(given, known, 200) != score(given, known)


@yardstick
@pytest.mark.parametrize("method", QUICK, ids=lambda m: m.name)
def test_a_peer_answers_every_series(method: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect_peers_common, "STEPS", 3)  # a rough working point will do
    name, run, bands = method.name, method.run, method.bands  # type: ignore[attr-defined]
    package = PACKAGES[name.split(" ")[0].rstrip(",")]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (uv sync --group bench)")
    answer: Callable[[Batch], Found] = run
    for count in bands:
        given = batch(1, "std", count, 600).first(60)
        found = answer(given)
        assert all(part.shape == (60,) for part in (found.score, found.after, found.by))
        assert np.isfinite(found.score).all() and (found.after < found.by).all() and found.seconds > 0
        seen = np.isfinite(given.values[:, 0])
        assert all(np.isin([a, b], given.days[s]).all() for a, b, s in zip(found.after, found.by, seen, strict=True))
        if found.early is not None and found.late is not None:
            told = np.isfinite(found.early)
            assert told.any() and (found.early[told] <= found.late[told]).all()
