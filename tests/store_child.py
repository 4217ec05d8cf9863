"""Run by the tests of the store in a process of its own: imports that are killed, starved of disk, or measured."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from siteline.guard import files
from siteline.model.errors import SitelineError
from siteline.store import case as case_module
from siteline.store.case import Case
from siteline.store.checking import check_case
from siteline.store.importing import import_folder


def state(path: Path) -> str:
    """What a person would find at ``path``, as text that differs whenever anything differs; "" for nothing."""
    if not path.exists():
        return ""
    assert check_case(path) == [], "the case is not sound"
    with Case.open(path) as case:
        journal = [(e.table, e.key, e.what, e.after) for e in case.journal()]
        return f"{case.data()}{journal}"


def in_child(work: Callable[[], object]) -> int:
    """Start ``work`` in a forked child, which ends without cleaning up; returns its process id."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Trial:
    """Imports of ``folder`` into ``path``; with ``old``, merges into a copy of that case."""

    def __init__(self, folder: Path, path: Path, old: Path | None) -> None:
        self.folder, self.path, self.old = folder, path, old
        self.before = "" if old is None else state(old)
        self.reset()
        self.work()
        self.after = state(path)
        assert self.after not in ("", self.before)

    def reset(self) -> None:
        files.remove(self.path)
        if self.old is not None:
            shutil.copyfile(self.old, self.path)

    def work(self, progress: Callable[[str, int], None] | None = None) -> None:
        import_folder(self.folder, self.path, who="t", merge=self.old is not None, progress=progress)

    def found(self) -> str:
        """ "old" or "new"; anything else fails."""
        found = state(self.path)
        assert found in (self.before, self.after), "half-written"
        return "new" if found == self.after else "old"


def random_kills(trial: Trial, count: int, seed: int) -> Counter[str]:
    """Kill ``count`` imports at random moments of their life."""
    lengths = []
    for _ in range(3):
        trial.reset()
        start = time.perf_counter()
        os.waitpid(in_child(trial.work), 0)
        lengths.append(time.perf_counter() - start)
    rng, outcomes = random.Random(seed), Counter[str]()
    for _ in range(count):
        trial.reset()
        child = in_child(trial.work)
        time.sleep(rng.uniform(0, 1.1 * sorted(lengths)[1]))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        outcomes[trial.found()] += 1
    trial.reset()
    trial.work()
    leftovers = [p.name for p in trial.path.parent.iterdir() if ".tmp" in p.name]
    assert not leftovers, leftovers
    return outcomes


def placed_kills(trial: Trial) -> dict[str, str]:
    """Kill imports at chosen steps; what is found after each."""

    def at_progress(call: int) -> Callable[[], None]:
        calls = [0]

        def progress(*_: object) -> None:
            calls[0] += 1
            if calls[0] == call:
                die()

        return lambda: trial.work(progress)

    def patched(module: object, name: str, after: bool) -> Callable[[], None]:
        def work() -> None:
            original = getattr(module, name)

            def replacement(*args: object) -> None:
                if after:
                    original(*args)
                die()

            setattr(module, name, replacement)
            trial.work()

        return work

    steps = {f"progress {n}": at_progress(n) for n in (1, 5, 9)}
    steps["before the end of the transaction"] = patched(case_module, "note_extent", after=True)
    if trial.old is None:
        steps["before it is placed"] = patched(case_module, "place_new", after=False)
        steps["before the link"] = patched(os, "link", after=False)
        steps["after the link"] = patched(os, "link", after=True)
        steps["after it is placed"] = patched(case_module, "place_new", after=True)
    else:
        steps["after the transaction"] = patched(Case, "close", after=False)
    found = {}
    for name, work in steps.items():
        trial.reset()
        _, status = os.waitpid(in_child(work), 0)
        assert os.WIFSIGNALED(status), name
        found[name] = trial.found()
    return found


def starved(folder: Path, path: Path, merge: bool, limit: int) -> dict[str, str]:
    """Import where no file may grow past ``limit`` bytes (0: no limit of ours); the failure, in words."""
    before = state(path)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        import_folder(folder, path, who="t", merge=merge)
        return {}
    except SitelineError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert state(path) == before, "the old case changed"
        return {"kind": type(error).__name__, "text": str(error)}


def measured(folder: Path, path: Path) -> dict[str, float]:
    """Import; rows, the process's peak memory in MiB and seconds."""
    start = time.perf_counter()
    counts = import_folder(folder, path, who="t")
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return {"rows": counts["observations"], "peak_mib": peak, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    what, folder, path, *more = sys.argv[1:]
    arguments = Path(folder), Path(path)
    if what in ("random", "placed"):
        trial = Trial(*arguments, Path(more[0]) if more[0] else None)
        result: object = random_kills(trial, int(more[1]), seed=7) if what == "random" else placed_kills(trial)
    elif what == "starved":
        result = starved(*arguments, more[0] == "merge", int(more[1]))
    else:
        result = measured(*arguments)
    print(json.dumps(result))
