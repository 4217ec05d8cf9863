"""Speed and memory of dating: 10,000 structures x 60 observations x 5 years, beside a peer, each in a process of its own.

Run ``python -m benchmarks.speed`` (``make bench-speed``); writes docs/benchmarks/speed.md.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "speed.md"
STRUCTURES, LOOKS, YEARS = 10_000, 60, 5
PEER_STRUCTURES = 200
RUNS = 3


def observations(count: int) -> list[object]:
    """``count`` simulated structures: one is built, taken down and rebuilt over five years; one label in fifty is wrong."""
    from siteline.model.records import Observation
    from siteline.model.span import Span
    from siteline.model.states import STATES

    rng = np.random.default_rng(11)
    life = ("absent", "being_built", "complete", "being_dismantled", "dismantled", "being_rebuilt", "complete")
    spans = [Span.parse(str(np.datetime64("2015-01-01") + d)) for d in range(YEARS * 365)]
    made: list[object] = []
    for s in range(count):
        turns = np.sort(rng.uniform(0, YEARS * 365, len(life) - 1))
        days = np.sort(rng.choice(YEARS * 365, LOOKS, replace=False))
        wrong = rng.uniform(size=LOOKS) < 0.02
        for k, (day, stage) in enumerate(zip(days, np.searchsorted(turns, days), strict=True)):
            state = str(rng.choice(STATES)) if wrong[k] else life[stage]
            made.append(Observation(f"{s}-{k}", f"s{s}", spans[day], state, "high"))
    return made


def ours(count: int) -> dict[str, float]:
    """Seconds from observations to brackets, posteriors and states, numba's loading included."""
    from siteline.dating.engine import iter_histories

    given = observations(count)
    start = time.perf_counter()
    transitions = sum(len(history.transitions) for history in iter_histories(given))  # type: ignore[arg-type]
    return {"seconds": time.perf_counter() - start, "answers": transitions}


def peer(count: int) -> dict[str, float]:
    """hmmlearn's CategoricalHMM (compiled forward-backward), a state and a label a day, "no look" being a label of its own:
    P(state) by day and the Viterbi path; no brackets, no date distributions, no ranges over rates."""
    from hmmlearn.hmm import CategoricalHMM
    from scipy.linalg import expm

    from siteline.dating.chain import DAY, generator
    from siteline.dating.priors import RATES, confusion
    from siteline.model.states import STATES

    states = len(STATES)
    model = CategoricalHMM(n_components=states, n_features=states + 1, init_params="")
    matrix, _ = generator(RATES, {})
    model.startprob_ = np.full(states, 1 / states)
    step = np.maximum(expm(matrix * DAY), 0.0)
    model.transmat_ = step / step.sum(axis=1, keepdims=True)
    model.emissionprob_ = np.hstack(
        [confusion(0.02) * (LOOKS / (YEARS * 365)), np.full((states, 1), 1 - LOOKS / (YEARS * 365))]
    )
    given = observations(count)
    start = time.perf_counter()
    by_structure: dict[str, np.ndarray] = {}
    for o in given:
        days = by_structure.setdefault(o.structure_id, np.full(YEARS * 365, states))  # type: ignore[attr-defined]
        days[int(o.when.first_day - 16436)] = STATES.index(o.state)  # type: ignore[attr-defined]
    changes = 0
    for days in by_structure.values():
        model.predict_proba(days[:, None])
        changes += int((np.diff(model.predict(days[:, None])) != 0).sum())
    return {"seconds": time.perf_counter() - start, "answers": changes}


def case(count: int) -> dict[str, float]:
    """The bundled case of 144 observations, dated once in a fresh process (imports excluded)."""
    del count
    from siteline.dating.engine import date_observations
    from siteline.store.importing import read_folder

    data = read_folder(Path(__file__).parent.parent / "src" / "siteline" / "data" / "sohae")
    start = time.perf_counter()
    dating = date_observations(data.observations, data.settings, tuple(data.structures))
    return {"seconds": time.perf_counter() - start, "answers": len(dating.transitions)}


JOBS = {"ours": ours, "peer": peer, "case": case}


def measured(job: str, count: int) -> dict[str, float]:
    """One job in a fresh process: seconds, answers, peak memory (MiB)."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", job, str(count)], check=True, capture_output=True, text=True
    )
    return dict(json.loads(told.stdout))


def page(results: dict[str, dict[str, float]]) -> str:
    """The benchmark page."""
    our_rate = STRUCTURES / results["ours"]["seconds"]
    peer_rate = PEER_STRUCTURES / results["peer"]["seconds"]
    rows = "\n".join(
        f"| {name} | {count:,} | {results[job]['seconds']:.2f} s | {count / results[job]['seconds']:,.0f} | "
        f"{results[job]['peak_mib']:,.0f} MiB | {results[job]['answers']:,.0f} |"
        for name, job, count in (
            ("siteline", "ours", STRUCTURES),
            ("hmmlearn 0.3, daily grid", "peer", PEER_STRUCTURES),
        )
    )
    return f"""# Speed of dating

Reproduce with `make bench-speed` (a few minutes). {STRUCTURES:,} simulated structures with {LOOKS} observations each over
{YEARS} years; every job in a fresh process, the middle of {RUNS} runs, on {os.cpu_count()} cores, Python
{platform.python_version()}. Peak memory is that of the whole process, input included.

| | structures | time | structures per second | peak memory | changes told |
| --- | ---: | ---: | ---: | ---: | ---: |
{rows}

Asked: under 60 s and under 2 GB. Reached: {results["ours"]["seconds"]:.1f} s and
{results["ours"]["peak_mib"] / 1024:.2f} GB; {our_rate:,.0f} structures per second,
{our_rate / peer_rate:.1f} times as many as the peer in the same run.

The two do not do the same job. The peer gives the probability of each state on each day and the likeliest path, for one set
of rates, on seven states without phases. siteline gives that, and for every change its bracket, the distribution of its date
for three sets of rates, and the looks it rests on; its grid is coarse where nothing happens. The peer dates
{PEER_STRUCTURES} structures here, and its rate is assumed to hold for more.

The bundled case ({results["case"]["answers"]:.0f} changes) is dated in {results["case"]["seconds"] * 1000:.0f} ms.
"""


def main() -> None:
    """Measure everything and write the page; with a job's name, run that job and print JSON."""
    if len(sys.argv) == 3:
        told = JOBS[sys.argv[1]](int(sys.argv[2]))
        told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(told))
        return
    results = {}
    for job, count in (("ours", STRUCTURES), ("peer", PEER_STRUCTURES), ("case", 1)):
        print(f"{job}: {count:,} structures, {RUNS} runs", file=sys.stderr, flush=True)
        runs = sorted((measured(job, count) for _ in range(RUNS)), key=lambda run: run["seconds"])
        results[job] = runs[RUNS // 2]
        print(f"  {results[job]}", file=sys.stderr, flush=True)
    PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
