"""`python -m benchmarks.dating`: dating and forecasts on SMART; writes docs/benchmarks/dating.md."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from benchmarks import dating_page, dating_peer, smart
from benchmarks.dating_forecast import forecast
from benchmarks.dating_score import Score, score, uniform_score

from siteline.dating.learned import central, learn, thin
from siteline.dating.sequence import COMPLETION, ONSET, Life, contradictions, gap
from siteline.dating.sequence_terms import support

SHARES = (0.5, 0.2, 0.05)
FOLDS = 5
SEED = 20190307
DOCS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks"


@dataclass
class Thinned:
    """Scores by (share kept, change, closed): (region, ours, uniform, Markov chain)."""

    rows: dict[tuple[float, int, bool], list[tuple[str, Score, Score, Score]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    skipped: int = 0


def tell(text: str) -> None:
    """One line of progress on stderr."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def folds(lives: Sequence[Life], by_country: bool = False) -> dict[str, int]:
    """Region -> fold, filled from the largest group down, each into the fold that holds fewest sites."""
    size = Counter(life.region[:2] if by_country else life.region for life in lives)
    held = [0] * FOLDS
    place = {}
    for name, count in sorted(size.items(), key=lambda item: (-item[1], item[0])):
        place[name] = int(np.argmin(held))
        held[place[name]] += count
    return {life.region: place[life.region[:2] if by_country else life.region] for life in lives}


def run_thinning(lives: Sequence[Life], fold: Mapping[str, int], draws: int, repeats: int, own: bool = False) -> Thinned:
    """Date thinned records of each fold with what the other folds taught; ``own``: within each site's own period."""
    periods = {x.site: (float(x.days[0]), float(x.days[-1])) for x in lives} if own else smart.periods(list(lives))
    result = Thinned()
    for held in range(FOLDS):
        train = [life for life in lives if fold[life.region] != held]
        learned = learn(train, periods, seed=SEED + held, draws=draws)
        rate = dating_peer.rates(train, periods)
        tell(f"fold {held + 1} of {FOLDS}: learned from {len(train)} sites")
        rng = np.random.default_rng(SEED + 100 + held)
        for life in lives:
            if fold[life.region] != held:
                continue
            period = periods[life.site if own else life.region]
            for change in (ONSET, COMPLETION):
                truth = gap(life, change)
                if not truth.closed:
                    result.skipped += 1
                    continue
                for share in SHARES * repeats:
                    seen = thin(life, share, rng)
                    bracket, days = gap(seen, change), period[1] - period[0]
                    d = learned.date(seen, change, period)
                    ours = score(d.edges, d.mass, (d.low, d.high), truth, learned.missed, days)
                    flat = uniform_score(*support(bracket, period), truth, learned.missed, days)
                    cuts, mass = dating_peer.density(seen, change, period, rate)
                    peer = score(cuts, mass, central(cuts, mass, 0.9), truth, learned.missed, days)
                    result.rows[share, change, bracket.closed].append((life.region, ours, flat, peer))
    return result


def main() -> int:
    """Run all three parts and write the page. Ends with 2 where ``SITELINE_DATA`` is not set."""
    path = smart.folder()
    if path is None:
        print(
            "bench-dating: set SITELINE_DATA to a folder that holds smart/ (see docs/benchmarks/dating.md)", file=sys.stderr
        )
        return 2
    begun = time.monotonic()
    lives = smart.read_lives(path)
    tell(f"{len(lives)} sites, {sum(life.days.size for life in lives)} looks")
    golden = smart.read_golden(path)
    differing = smart.compare_golden(lives, golden)
    tell(f"golden: {len(golden)} annotated sites, {len(differing)} dates differ")
    fold = folds(lives)
    main_run = run_thinning(lives, fold, draws=3, repeats=3)
    tell("again, each site's own period given")
    strict = run_thinning(lives, fold, draws=3, repeats=2, own=True)
    tell("again, countries held out whole")
    countries = run_thinning(lives, folds(lives, by_country=True), draws=2, repeats=1)
    tell("again, without the looks that told nothing")
    telling = [life.keep(np.flatnonzero(life.phase >= 0)) for life in lives]
    bare = run_thinning([life for life in telling if life.days.size], fold, draws=2, repeats=1)
    tell("forecasts")
    cases = forecast(lives, fold)
    dating_page.write(
        DOCS,
        dating_page.Results(
            sites=len(lives),
            looks=sum(life.days.size for life in lives),
            golden=len(golden),
            differing=differing,
            contradictions=contradictions(lives),
            main=main_run.rows,
            strict=strict.rows,
            countries=countries.rows,
            bare=bare.rows,
            skipped=main_run.skipped,
            cases=cases,
            bare_cases=forecast([life for life in telling if life.days.size], fold),
        ),
    )
    tell(f"wrote docs/benchmarks/dating.md in {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
