"""Which sources can be reached from here, and whether what reading them needs is set."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from siteline.images.opening import client
from siteline.model.errors import ServerUnavailable, SourceTrouble
from siteline.model.search import Checked

_ACCESS = {"planetary-computer": "planetary-computer", "cdse": "cdse-s3"}

PATIENCE_S = 8.0
"""Seconds a source has to answer here; a search waits longer."""


def check_sources(case: Path | None, named: Sequence[str], told: Callable[[str], None]) -> tuple[Checked, ...]:
    """Ask each preset, the sources ``named`` and those the case has searched for their front page.

    Nothing is searched and nothing is kept. Raises ``FileTrouble`` for a case that cannot be read.
    """
    from siteline.catalogue.presets import PRESETS

    places = {name: preset.url for name, preset in PRESETS.items()}
    places |= {name: name for name in (*named, *_searched(case)) if name not in places}
    needs = {name: _ACCESS.get(name, "") for name in PRESETS}
    told(f"asking {len(places)} sources")
    with ThreadPoolExecutor(8) as pool:
        return tuple(pool.map(lambda place: _check(place[0], place[1], needs.get(place[0], ""), named), places.items()))


def _check(name: str, url: str, access: str, named: Sequence[str]) -> Checked:
    return _folder(name) if "://" not in url else _ask(name, url, access, named)


def _ask(name: str, url: str, access: str, named: Sequence[str]) -> Checked:
    started, reason = time.monotonic(), ""
    try:
        with client(named, deadline_s=PATIENCE_S) as opened:
            opened.get_json(url)
    except ServerUnavailable as trouble:
        reason = trouble.reason
    except SourceTrouble as trouble:
        reason = str(trouble)
    ready, note = _access(access)
    return Checked(name, url, not reason, time.monotonic() - started, reason, ready, note)


def _folder(name: str) -> Checked:
    there = Path(name).exists()
    return Checked(name, name, there, 0.0, "" if there else "is not there any more", True, "files on this machine")


def _access(access: str) -> tuple[bool, str]:
    from siteline.guard.access import credentials_state

    for state in credentials_state():
        if state.access == access:
            return state.ready, state.note
    return True, "open to read"


def _searched(case: Path | None) -> tuple[str, ...]:
    if case is None:
        return ()
    from siteline.store.case import Case
    from siteline.store.imagery import searches

    with Case.open(case) as opened:
        return tuple(dict.fromkeys(search.source for search in searches(opened)))
