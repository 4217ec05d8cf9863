"""The page on dating against the code: every assumed number, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from siteline.dating.priors import CHANGE_COST, NEIGHBOUR_SHARE, NOISE, PHASES, RATES, SPREAD, TEMPER

PAGE = (Path(__file__).parent.parent / "docs" / "concepts" / "dating.md").read_text(encoding="utf-8")


def test_every_rate_phase_and_noise_is_on_the_page() -> None:
    rows = dict(re.findall(r"^\| `?([\w>:-]+)`? \| ([\d.]+) \|", PAGE, flags=re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == {**RATES, **PHASES, **NOISE}


def test_the_other_assumptions_are_as_the_page_says() -> None:
    assert f"costs {CHANGE_COST:g} units" in PAGE
    assert f"{NEIGHBOUR_SHARE:.0%}".replace("%", " %") in PAGE
    assert SPREAD == 5.0 and "divided and multiplied by five" in PAGE
    assert TEMPER == 0.5 and "√n" in PAGE
