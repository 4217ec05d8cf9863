"""A process that fetches one window of one file into a vault; tests kill it.

Arguments: folder, address, bounds as JSON, bytes of a part.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from siteline.guard import fetching, tiffcut
from siteline.guard.addresses import Trust
from siteline.guard.fetching import Request
from siteline.guard.http import Client
from siteline.guard.reader import Reader
from siteline.guard.vault import Vault


def main() -> None:
    folder, href, bounds = sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3]))
    tiffcut._RUN = int(sys.argv[4])
    with Client(Trust.of([href])) as client, Reader(client, Vault(Path(folder))) as reader:
        planned = fetching.plan(reader, [Request(href, (1,), bounds, "EPSG:32652", None)], workers=1, progress=_quiet)
        done = fetching.fetch(reader, planned, workers=1, progress=_quiet)
    print(done.done, planned.held, *(str(why) for _, why in (*planned.failed, *done.failed)), flush=True)


def _quiet(done: int, of: int, word: str) -> None:
    del done, of, word


if __name__ == "__main__":
    main()
