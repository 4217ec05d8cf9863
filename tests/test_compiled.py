"""Compiled functions are kept, and never those of another state of the source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from siteline.compiled import kept_in

CALLED = "from siteline.compiled import compiled\n@compiled\ndef called(x):\n    return x + {}\n"
CALLER = """
from siteline.compiled import compiled
from called import called

@compiled
def caller(x):
    return 2 * called(x)
"""
ASK = """
import sys
from pathlib import Path
import siteline.compiled as made
made.kept_in.__wrapped__.__defaults__ = (Path(sys.path[0]),)
from caller import caller
print(caller(1), sum(caller.stats.cache_hits.values()))
"""


def test_every_state_of_the_source_has_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(CALLED.format(1))
    (tmp_path / "other.py").write_text("# has nothing compiled\n")
    before = kept_in(None, tmp_path)
    kept_in.cache_clear()
    (tmp_path / "other.py").write_text("# still nothing\n")
    assert kept_in(None, tmp_path) == before and before.parent == tmp_path / "__pycache__"
    kept_in.cache_clear()
    (tmp_path / "one.py").write_text(CALLED.format(2))
    assert kept_in(None, tmp_path) != before
    assert kept_in(tmp_path / "elsewhere", tmp_path).parent == tmp_path / "elsewhere"
    kept_in.cache_clear()


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_function_follows_what_it_calls_in_another_file(tmp_path: Path, elsewhere: bool) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "ask.py").write_text(ASK)
    (source / "caller.py").write_text(CALLER)
    environment = {**os.environ, **({"NUMBA_CACHE_DIR": str(tmp_path / "kept")} if elsewhere else {})}

    def answer(adds: int) -> tuple[int, int]:
        (source / "called.py").write_text(CALLED.format(adds))
        asked = subprocess.run(
            [sys.executable, str(source / "ask.py")], env=environment, capture_output=True, text=True, check=True
        )
        value, hits = asked.stdout.split()
        return int(value), int(hits)

    assert answer(1) == (4, 0)
    assert answer(1) == (4, 1)  # kept
    assert answer(2) == (6, 0)  # caller.py is as it was
