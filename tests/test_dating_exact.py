"""The solver against the enumeration of every path, matrix exponentials, and its compiled twin."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from siteline.dating import chain as chains
from siteline.dating import kernel, reference
from siteline.dating.batch import Batch, Solved
from siteline.dating.chain import DAY, STEPS, Chain
from siteline.dating.priors import PHASES, RATES, SPREAD
from siteline.model.states import STATES

CHAIN = chains.build({})


def batch(seed: int, cells: list[int], dates: int = 2) -> Batch:
    """Structures of ``cells`` cells each, with random steps, looks and windows."""
    rng = np.random.default_rng(seed)
    starts = np.concatenate(([0], np.cumsum(cells)))
    emits = np.full(starts[-1], -1)
    rows = []
    for s, count in enumerate(cells):
        at = rng.choice(count, size=min(dates, count), replace=False)
        emits[starts[s] + at] = np.arange(len(at)) + sum(min(dates, c) for c in cells[:s])
        first = int(rng.integers(0, count))
        rows.append(
            (first, int(rng.integers(first + 1, count + 1)), int(rng.integers(0, 2)), int(rng.integers(0, len(STATES))))
        )
    likely = rng.uniform(0.01, 1.0, (sum(min(dates, c) for c in cells), len(STATES)))[:, CHAIN.member]
    windows = np.array(rows, dtype=np.int64)
    return Batch(
        starts.astype(np.int64),
        rng.choice([STEPS.index(DAY << k) for k in (3, 5, 6)], size=starts[-1]).astype(np.int64),
        emits.astype(np.int64),
        likely,
        np.arange(len(cells) + 1, dtype=np.int64),
        windows,
        np.concatenate(([0], np.cumsum(windows[:, 1] - windows[:, 0]))).astype(np.int64),
    )


def enumerated(given: Batch, chain: Chain, rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P(state) by cell, mass by step, mass by state left) of a one-structure batch, by summing over all paths."""
    count = len(given.steps)
    matrices = []
    for k in range(count):
        seen = given.emissions[given.emits[k]] if given.emits[k] >= 0 else np.ones(len(chain.member))
        matrices.append(chain.tables[rate][given.steps[k]] * (seen[:, None] + seen[None, :]) / 2)
    start, end, unbounded, then = (int(v) for v in given.windows[0])
    states = np.zeros((count, len(STATES)))
    mass, source, total = np.zeros(end - start), np.zeros(len(STATES)), 0.0
    for path in product(range(len(chain.member)), repeat=count + 1):
        weight = chain.initial[path[0]]
        for k in range(count):
            weight *= matrices[k][path[k], path[k + 1]]
        total += weight
        lived = [int(chain.member[p]) for p in path]
        for k in range(count):
            states[k, lived[k]] += weight / 2
            states[k, lived[k + 1]] += weight / 2
        entries = [k for k in range(start, end) if lived[k] != then and lived[k + 1] == then]
        if entries:
            mass[entries[-1] - start] += weight
            source[lived[entries[-1]]] += weight
        elif unbounded and lived[start] == then:
            mass[0] += weight
            source[then] += weight
    return states / total, mass / total, source / total


@pytest.mark.parametrize("seed", range(6))
def test_answers_equal_the_sum_over_all_paths(seed: int) -> None:
    given = batch(seed, [3])
    solved = reference.solve(given, CHAIN)
    for rate in range(3):
        states, mass, source = enumerated(given, CHAIN, rate)
        np.testing.assert_allclose(solved.mass[rate], mass, rtol=1e-9, atol=1e-14)
        if rate == 1:
            np.testing.assert_allclose(solved.states, states, rtol=1e-9, atol=1e-14)
            np.testing.assert_allclose(solved.sources[0], source, rtol=1e-9, atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 6))
def test_the_compiled_twin_gives_the_same_answer(seed: int, cells: list[int], dates: int) -> None:
    given_batch = batch(seed, cells, dates)
    slow, fast = reference.solve(given_batch, CHAIN), kernel.solve(given_batch, CHAIN)
    for name in Solved.__dataclass_fields__:
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-9, atol=1e-14)


def test_steps_are_matrix_exponentials() -> None:
    matrix, member = chains.generator(RATES, PHASES)
    assert len(member) == len(STATES) + sum(count - 1 for count in PHASES.values())
    tables = chains.step_tables(matrix)
    for k, minutes in enumerate(STEPS):
        np.testing.assert_allclose(tables[k], expm(matrix * minutes), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(tables.sum(axis=2), 1.0, rtol=1e-12)


def test_slow_and_fast_are_all_rates_divided_and_multiplied() -> None:
    matrix, _ = chains.generator(RATES, PHASES)
    day = STEPS.index(DAY)
    for k, factor in enumerate((1 / SPREAD, 1.0, SPREAD)):
        np.testing.assert_allclose(CHAIN.tables[k][day], expm(matrix * factor * DAY), rtol=1e-6, atol=1e-9)


def test_phases_keep_the_mean_duration() -> None:
    matrix, member = chains.generator(RATES, PHASES)
    for state in PHASES:
        inside = np.flatnonzero(member == STATES.index(state))
        mean = np.linalg.solve(-matrix[np.ix_(inside, inside)], np.ones(len(inside)))[0] / (365.25 * DAY)
        left = sum(rate for name, rate in RATES.items() if name.startswith(f"{state}->"))
        assert mean == pytest.approx(1 / left)


def test_the_chain_starts_where_it_stays() -> None:
    matrix, _ = chains.generator(RATES, PHASES)
    assert CHAIN.initial.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(CHAIN.initial @ matrix / np.abs(matrix).max(), 0.0, atol=1e-12)


@given(st.integers(0, 10**9))
def test_parts_add_up(minutes: int) -> None:
    assert sum(STEPS[i] for i in chains.parts(minutes)) == minutes


def test_a_dismantled_structure_is_never_partly_dismantled_next() -> None:
    row, column = STATES.index("dismantled"), STATES.index("partly_dismantled")
    assert chains.steps_apart(RATES)[row, column] >= 8
    assert "dismantled->partly_dismantled" not in RATES
